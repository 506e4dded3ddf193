//! Simulated against theory, as a page of Markdown.

use std::fmt::Write;

use super::invocation::{in_a_clone, quoted};
use crate::lab::validation::{
    Charged, Claim, Comparison, Difference, Effort, Experiment, PARTICIPANTS, Tariff, Validated,
};
use crate::protocol::ProtocolKind;

/// The page: what a transaction costs, then a section a theory, each with a table of
/// its numbers and a command that runs the first of them.
pub fn page(charged: &[Charged], validated: &[Validated], effort: Effort) -> String {
    let mut text = head(charged, validated, effort);
    bills(charged, &mut text);
    for of in validated {
        let theory = &of.theory;
        let _ = write!(
            text,
            "\n## {}\n\n{}\n\n| | theory | simulated | 95 % interval | difference | bound | |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | --- |\n",
            theory.name, theory.says
        );
        of.comparisons().for_each(|of| row(&of, &mut text));
        let _ = writeln!(text, "\nIn {}.", theory.measured);
        if let Some(first) = theory.experiments.first() {
            console(&of_experiment(first), &mut text);
        }
    }
    text
}

fn head(charged: &[Charged], validated: &[Validated], effort: Effort) -> String {
    let all = || validated.iter().flat_map(Validated::comparisons);
    let (within, of) = (all().filter(|c| c.holds()).count(), all().count());
    let runs: u64 = all().map(|c| c.experiment.runs()).sum();
    let bills: usize = charged.iter().map(|of| of.bills.len()).sum();
    let right = charged.iter().filter(|of| of.holds()).count();
    let again = match effort {
        Effort::Quick => "validate",
        Effort::Full => "validate --full",
    };
    format!(
        "# Validation\n\nWhat the bench measures, held against what theory says it must be. {right} \
         of {} costs of a transaction are equal, over {bills} runs; {within} of {of} other numbers \
         are within their bounds, over {runs} runs. The interval is Student's, over seeds; where \
         there is none, nothing is drawn that matters, or a run is long. A command under a table \
         makes the first run of it.\n\n```console\n$ {}\n```\n",
        charged.len(),
        in_a_clone(again)
    )
}

/// Numbers of participants that are shown; all are compared.
const SHOWN: [u32; 3] = [2, 5, 8];

const BILLS: &str = "Messages, forced and unforced log records of one transaction with n \
participants, or of a saga of n steps: for two-phase commit the table of Mohan, Lindsay & Obermarck \
(TODS 1986) and Lampson & Lomet (VLDB 1993), for sagas what follows from Garcia-Molina & Salem \
(SIGMOD 1987). Messages of clients count apart, and so do those of \
work under two-phase commit. A refusal comes at PREPARE, when all others have voted. An orchestrated \
saga commands each of its n steps and, where the last refuses, n − 1 compensations, and is \
answered each time; its log has a record before each command and one at the end, and each of these \
local transactions has one, the refusal too. A choreographed saga has an event after each of \
them, but that there is none after the last one other than that of the end; it has no log, and the \
records of its relay and its answers to clients are not counted. Gray & Lamport (TODS 2006) count by another convention: who initiates \
needs no PREPARE, and acknowledgements and what is written after the decision do not count, which \
makes 3n − 1 messages and n + 1 stable writes of the same run.";

fn bills(charged: &[Charged], text: &mut String) {
    let _ = write!(
        text,
        "\n## Exact counts\n\n{BILLS}\n\n| | messages | forced | unforced |"
    );
    for n in SHOWN {
        let _ = write!(text, " n = {n} |");
    }
    let _ = writeln!(
        text,
        " n from {} to {} |\n| --- | ---: | ---: | ---: |{} --- |",
        PARTICIPANTS.start(),
        PARTICIPANTS.end(),
        " ---: |".repeat(SHOWN.len())
    );
    for of in charged {
        bill(of, text);
    }
    let _ = writeln!(
        text,
        "\nThe first three columns are theory, the next what was counted: messages / forced / \
         unforced."
    );
    if let Some(first) = charged.first() {
        console(&of_tariff(&first.tariff), text);
    }
}

fn bill(of: &Charged, text: &mut String) {
    let tariff = &of.tariff;
    let _ = write!(
        text,
        "| {} | {} | {} | {} |",
        tariff.name, tariff.messages, tariff.forced, tariff.unforced
    );
    for n in SHOWN {
        let found = of.bills.iter().find(|(participants, _)| *participants == n);
        let words = found.map_or_else(String::new, |(_, bill)| bill.to_string());
        let _ = write!(text, " {words} |");
    }
    let verdict = if of.holds() {
        "all equal"
    } else {
        "**outside**"
    };
    let _ = writeln!(text, " {verdict} |");
}

fn row(of: &Comparison<'_>, text: &mut String) {
    let experiment = of.experiment;
    let interval = match (of.simulated.low, of.simulated.high) {
        (Some(low), Some(high)) => format!("{low:.4} to {high:.4}"),
        _ => String::new(),
    };
    let difference = match of.difference() {
        Some(Difference::Share(share)) => format!("{:+.2} %", share * 100.0),
        Some(Difference::Absolute(by)) => format!("{by:+.2}"),
        None => String::new(),
    };
    let bound = match experiment.claim {
        Claim::Equal(_) => "equal".to_owned(),
        Claim::Within { share, .. } => format!("{} %", share * 100.0),
        Claim::Near { by, .. } => format!("± {by}"),
        Claim::Between { .. } => "range".to_owned(),
    };
    let _ = writeln!(
        text,
        "| {} | {} | {:.4} | {interval} | {difference} | {bound} | {} |",
        experiment.name,
        experiment.claim,
        of.simulated.mean,
        if of.holds() { "within" } else { "**outside**" }
    );
}

fn of_experiment(of: &Experiment) -> String {
    command(of.file, of.protocol, &of.first_sets())
}

fn of_tariff(of: &Tariff) -> String {
    command(of.file(), of.protocol, &of.sets(SHOWN[0]))
}

fn command(file: &str, protocol: ProtocolKind, sets: &[String]) -> String {
    let sets = sets.iter().map(|set| format!(" --set {}", quoted(set)));
    let sets: String = sets.collect();
    in_a_clone(&format!("run {file} --seed 1 --protocol {protocol}{sets}"))
}

fn console(command: &str, text: &mut String) {
    let _ = write!(text, "\n```console\n$ {command}\n```\n");
}
