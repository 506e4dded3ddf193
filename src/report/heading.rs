//! What is run: the scenario, the rules that were taken away, the fault plan,
//! who answers the client.

use std::fmt::Write;

use super::style::{BAD, QUIET, SECTION, TITLE, paint};
use super::table::PAGE;
use super::words;
use super::{Comparison, Unable};
use crate::lab::Trial;
use crate::protocol::{ProtocolKind, Safeguard};
use crate::scenario::{Preparation, Scenario};

/// A longer plan is cut on the screen; `--format json` has all of it.
const MOST_FAULTS: usize = 20;

pub(super) fn heading(of: &Comparison<'_>) -> String {
    let mut text = title(of);
    text.push_str(&taken_away(of));
    text.push_str(&faults(of));
    text.push_str(&answers(of));
    text
}

fn title(of: &Comparison<'_>) -> String {
    let scenario = of.scenario;
    let mut text = format!(
        "{}  {}\n",
        paint(TITLE, &scenario.name),
        paint(
            QUIET,
            &format!(
                "seed {}, {}",
                of.invocation.seed,
                words::counted(
                    u64::from(scenario.workload.transactions),
                    "transaction",
                    "transactions"
                ),
            )
        ),
    );
    text.push_str(&wrapped(first_sentence(&scenario.about), "", ""));
    text
}

fn taken_away(of: &Comparison<'_>) -> String {
    if of.invocation.without.is_empty() {
        return String::new();
    }
    let mut text = section("Safeguards taken away");
    let width = of
        .invocation
        .without
        .iter()
        .map(|safeguard| safeguard.name().len())
        .max()
        .unwrap_or(0);
    for safeguard in &of.invocation.without {
        let lead = format!("  {:width$}  ", safeguard.name());
        let hang = " ".repeat(lead.len());
        let lead = lead.replace(safeguard.name(), &paint(BAD, safeguard.name()));
        let mut body = safeguard.without().to_owned();
        body.push_str(&unused(of, *safeguard));
        push_entry(&mut text, &lead, &hang, &body);
    }
    text
}

/// Which of the protocols on trial never had a use for a safeguard.
fn unused(of: &Comparison<'_>, safeguard: Safeguard) -> String {
    let idle: Vec<&str> = of
        .trials
        .iter()
        .map(|trial| trial.protocol)
        .filter(|protocol| !safeguard.used_by(*protocol))
        .map(ProtocolKind::name)
        .collect();
    if idle.is_empty() {
        return String::new();
    }
    format!(" (Not used by {}.)", words::list(idle))
}

fn faults(of: &Comparison<'_>) -> String {
    let Some(trial) = of.trials.first() else {
        return String::new();
    };
    if trial.plan.faults.is_empty() {
        return section("Faults: none");
    }
    let mut text = section("Faults, the same for every protocol");
    let shown = trial.plan.faults.iter().take(MOST_FAULTS);
    let moments: Vec<String> = shown
        .clone()
        .map(|fault| words::moment(of.scenario, &fault.when))
        .collect();
    let width = moments
        .iter()
        .map(|moment| textwrap::core::display_width(moment))
        .max()
        .unwrap_or(0);
    for (n, (fault, moment)) in shown.zip(&moments).enumerate() {
        let pad = width - textwrap::core::display_width(moment);
        let lead = format!("  {moment}{}  ", " ".repeat(pad));
        let hang = " ".repeat(width + 4);
        let mut body = words::fault(of.scenario, fault);
        body.push_str(&missed(of.trials, n as u32));
        push_entry(&mut text, &lead, &hang, &body);
    }
    let hidden = trial.plan.faults.len().saturating_sub(MOST_FAULTS);
    if hidden > 0 {
        let _ = writeln!(text, "  ... and {hidden} more, which --format json lists");
    }
    text
}

/// The protocols that a fault cannot meet, or did not.
fn missed(trials: &[Trial], fault: u32) -> String {
    let of = |which: fn(&Trial) -> &Vec<u32>| {
        let names = trials
            .iter()
            .filter(|trial| which(trial).contains(&fault))
            .map(|trial| trial.protocol.name());
        words::list(names)
    };
    let mut text = String::new();
    let not_applicable = of(|trial| &trial.not_applicable);
    if !not_applicable.is_empty() {
        text.push_str(&format!(" (not applicable to {not_applicable})"));
    }
    let never = of(|trial| &trial.never_struck);
    if !never.is_empty() {
        text.push_str(&format!(" (never came to it under {never})"));
    }
    text
}

/// Who answers the client, and when: without it the latencies of the protocols
/// cannot be compared.
fn answers(of: &Comparison<'_>) -> String {
    let mut text = section("Who answers the client, and when");
    let names = of
        .trials
        .iter()
        .map(|trial| trial.protocol)
        .chain(of.unable.iter().map(|unable| unable.protocol));
    let width = names
        .map(|protocol| protocol.name().len())
        .max()
        .unwrap_or(0);
    for trial in of.trials {
        let lead = format!("  {:width$}  ", trial.protocol.name());
        let body = answer(of.scenario, trial.protocol);
        push_entry(&mut text, &lead, &" ".repeat(width + 4), &body);
    }
    for Unable { protocol, why } in of.unable {
        let lead = format!("  {:width$}  ", protocol.name());
        let body = format!("cannot run here: {why}");
        push_entry(&mut text, &lead, &" ".repeat(width + 4), &body);
    }
    text
}

fn answer(scenario: &Scenario, protocol: ProtocolKind) -> String {
    let business = &scenario.business;
    let first = &business.services[usize::from(business.steps[0].service.0)];
    match protocol {
        ProtocolKind::Monolith => {
            format!("{first}, once its one local transaction is committed")
        }
        ProtocolKind::TwoPhaseCommit => {
            "the coordinator, once its decision is on disk, before the participants have ended"
                .to_owned()
        }
        ProtocolKind::OrchestratedSaga => {
            "the orchestrator, once the end of the saga is in its log".to_owned()
        }
        ProtocolKind::ChoreographedSaga => format!(
            "{first}: `accepted` after its own step, the final answer when the event that ends \
             the saga has come back to it"
        ),
    }
}

/// What must be known to read the columns.
pub(super) fn footnotes(of: &Comparison<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let runs = |protocol| of.trials.iter().any(|trial| trial.protocol == protocol);
    if runs(ProtocolKind::TwoPhaseCommit) {
        let through_intents = intent_tables(of.scenario);
        if !through_intents.is_empty() {
            notes.push(format!(
                "2pc: the database of {} has no prepared transactions of its own. It takes part \
                 through a table of intents: preparing is a local transaction, and so is ending. \
                 Both are counted.",
                words::list(through_intents)
            ));
        }
    }
    if runs(ProtocolKind::Monolith) && of.trials.len() > 1 {
        let business = &of.scenario.business;
        let first = &business.services[usize::from(business.steps[0].service.0)];
        notes.push(format!(
            "monolith: all tables are in the database of {first}. It is the baseline: what the \
             same work costs where nothing is distributed."
        ));
    }
    notes
}

fn intent_tables(scenario: &Scenario) -> Vec<&str> {
    scenario
        .business
        .participants()
        .into_iter()
        .map(|service| &scenario.machines[usize::from(scenario.nodes.service(service).0)])
        .filter(|machine| machine.database.prepare == Preparation::Intents)
        .map(|machine| machine.name.as_str())
        .collect()
}

/// The first sentence of a text, or all of it.
fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|&(at, c)| c == '。' || c == '.' && text[at + 1..].starts_with(char::is_whitespace))
        .map(|(at, c)| at + c.len_utf8());
    &text[..end.unwrap_or(text.len())]
}

/// A section's title, after an empty line.
pub(super) fn section(title: &str) -> String {
    format!("\n{}\n", paint(SECTION, title))
}

/// A paragraph within the page.
pub(super) fn wrapped(text: &str, lead: &str, hang: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let options = textwrap::Options::new(PAGE)
        .initial_indent(lead)
        .subsequent_indent(hang)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let mut wrapped = textwrap::fill(&words.join(" "), options);
    wrapped.push('\n');
    wrapped
}

/// An entry whose lead may be coloured, so that only the body is wrapped.
fn push_entry(text: &mut String, lead: &str, hang: &str, body: &str) {
    let options = textwrap::Options::new(PAGE.saturating_sub(hang.len()).max(30))
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for (n, line) in textwrap::wrap(body, options).iter().enumerate() {
        text.push_str(if n == 0 { lead } else { hang });
        text.push_str(line);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_ends_at_its_full_stop() {
        for (text, first) in [
            ("One. Two.", "One."),
            ("Takes 1.5 ms. More.", "Takes 1.5 ms."),
            ("No stop", "No stop"),
            ("积分换人物。热门。", "积分换人物。"),
            ("", ""),
        ] {
            assert_eq!(first_sentence(text), first);
        }
    }
}
