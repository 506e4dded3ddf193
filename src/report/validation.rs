//! Simulated against theory, as a page of Markdown.

use std::fmt::Write;

use super::invocation::{in_a_clone, quoted};
use crate::lab::validation::{Comparison, Effort, Experiment, Validated};

/// The page: a section a theory, with a table of its numbers and a command that runs
/// the first of them.
pub fn page(validated: &[Validated], effort: Effort) -> String {
    let mut text = head(validated, effort);
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
            let _ = write!(text, "\n```console\n$ {}\n```\n", command(first));
        }
    }
    text
}

fn head(validated: &[Validated], effort: Effort) -> String {
    let all = || validated.iter().flat_map(Validated::comparisons);
    let (within, of) = (all().filter(|c| c.holds()).count(), all().count());
    let seeds: u64 = all().map(|c| c.experiment.seeds).sum();
    let again = match effort {
        Effort::Quick => "validate",
        Effort::Full => "validate --full",
    };
    format!(
        "# Validation\n\nWhat the bench measures, held against what theory says it must be. {within} \
         of {of} numbers are within their bounds, over {seeds} runs. The interval is Student's, \
         over seeds; where there is none, nothing is drawn that matters, or a run is long. A \
         command under a table makes the first run of it.\n\n```console\n$ {}\n```\n",
        in_a_clone(again)
    )
}

fn row(of: &Comparison<'_>, text: &mut String) {
    let experiment = of.experiment;
    let interval = match (of.simulated.low, of.simulated.high) {
        (Some(low), Some(high)) => format!("{low:.4} to {high:.4}"),
        _ => String::new(),
    };
    let bound = match experiment.within {
        0.0 => "equal".to_owned(),
        within => format!("{} %", within * 100.0),
    };
    let _ = writeln!(
        text,
        "| {} | {:.4} | {:.4} | {interval} | {:+.2} % | {bound} | {} |",
        experiment.name,
        experiment.theory,
        of.simulated.mean,
        of.difference() * 100.0,
        if of.holds() { "within" } else { "**outside**" }
    );
}

fn command(experiment: &Experiment) -> String {
    let sets: Vec<String> = experiment
        .sets
        .iter()
        .map(|set| format!(" --set {}", quoted(set)))
        .collect();
    let run = format!(
        "run {} --seed 1 --protocol {}{}",
        experiment.file,
        experiment.protocol,
        sets.concat()
    );
    in_a_clone(&run)
}
