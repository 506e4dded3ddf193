//! Every broken promise, with its evidence and the line that shows it again.

use std::fmt::Write;

use super::heading::{section, wrapped};
use super::style::{BAD, KNOWN, QUIET, TITLE, paint};
use super::words::counted;
use super::{Comparison, Judgement};
use crate::business::PromiseId;
use crate::check::{Verdict, Violation};
use crate::lab::Trial;
use crate::scenario::Expectation;

/// More lines of evidence than this are too many to be read.
const MOST_EVIDENCE: usize = 10;

pub(super) fn explanations(of: &Comparison<'_>) -> String {
    let mut text = String::new();
    for promise in of.scenario.promises() {
        for trial in of.trials {
            if let Some((verdict, expectation)) = of.verdict(trial, promise) {
                text.push_str(&explanation(of, trial, promise, verdict, expectation));
            }
        }
    }
    text
}

fn explanation(
    of: &Comparison<'_>,
    trial: &Trial,
    promise: PromiseId,
    verdict: &Verdict,
    expectation: Expectation,
) -> String {
    let judgement = of.judge(verdict, expectation);
    let (word, body) = match verdict {
        Verdict::Holds | Verdict::NotApplicable { .. } if judgement == Judgement::AsExpected => {
            return String::new();
        }
        Verdict::Holds => ("holds", String::new()),
        Verdict::NotApplicable { why } => ("means nothing", wrapped(why, "  ", "  ")),
        Verdict::Violated(violation) => ("violated", violated(violation)),
        Verdict::Inconclusive { why } => ("inconclusive", wrapped(why, "  ", "  ")),
    };
    let mut text = section(&format!(
        "{} {word} under {}",
        of.scenario.promise_name(promise),
        trial.protocol
    ));
    text.push_str(&body);
    text.push_str(&format!("  {}\n", expected(judgement, expectation)));
    let _ = writeln!(
        text,
        "  {} {}",
        paint(QUIET, "again:"),
        of.invocation.line(trial.protocol)
    );
    text
}

fn expected(judgement: Judgement, expectation: Expectation) -> String {
    match (judgement, expectation) {
        (Judgement::NotAsExpected, Expectation::Breaks) => {
            paint(BAD, "Not expected: the scenario says that it breaks.")
        }
        (Judgement::NotAsExpected, _) => {
            paint(BAD, "Not expected: the scenario says that it holds.")
        }
        (_, Expectation::Breaks) => paint(KNOWN, "Expected: the scenario says that it breaks."),
        (_, Expectation::MayBreak) => {
            paint(KNOWN, "Expected: the scenario says that it may break.")
        }
        (_, Expectation::Holds) => paint(KNOWN, "The scenario says that it holds."),
    }
}

fn violated(violation: &Violation) -> String {
    let mut text = wrapped(&violation.what, "  ", "  ");
    let times: Vec<String> = violation
        .evidence
        .iter()
        .map(|evidence| evidence.at.to_string())
        .collect();
    let width = times.iter().map(String::len).max().unwrap_or(0);
    for (evidence, time) in violation.evidence.iter().zip(&times).take(MOST_EVIDENCE) {
        let lead = format!("  {time:>width$} ms  ");
        let hang = " ".repeat(lead.len());
        text.push_str(&wrapped(&evidence.line, &lead, &hang));
    }
    if violation.more > 0 {
        let more = counted(u64::from(violation.more), "more like it", "more like it");
        let _ = writeln!(text, "  {}", paint(TITLE, &format!("and {more}")));
    }
    text
}
