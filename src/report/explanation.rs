//! Every promise that did not simply hold: what it claims, the evidence, and
//! the line that shows it again.

use super::claims::claim;
use super::page::{Page, section};
use super::style::{BAD, KNOWN, QUIET, paint};
use super::words::grouped;
use super::{Comparison, Judgement};
use crate::business::PromiseId;
use crate::check::{Verdict, Violation};
use crate::lab::Trial;
use crate::scenario::Expectation;

/// More lines of evidence than this are too many to be read.
const MOST_EVIDENCE: usize = 10;

pub(super) fn explanations(of: &Comparison<'_>, page: Page) -> String {
    let mut text = String::new();
    for promise in of.scenario.promises() {
        for trial in of.trials {
            if let Some((verdict, expectation)) = of.verdict(trial, promise) {
                let about = (promise, verdict, expectation);
                text.push_str(&explanation(of, page, trial, about));
            }
        }
    }
    text
}

/// Only what is not as the scenario expects, and in short: what was found, and the
/// line that tells all of it.
pub(super) fn surprises(of: &Comparison<'_>, page: Page) -> String {
    let mut text = String::new();
    for trial in of.trials {
        let mut lines = Vec::new();
        for (promise, verdict, expectation) in &trial.verdicts {
            if of.judge(verdict, *expectation) == Judgement::AsExpected {
                continue;
            }
            let found = match verdict {
                Verdict::Violated(violation) => &violation.what,
                Verdict::Inconclusive { why } | Verdict::NotApplicable { why } => why,
                Verdict::Holds => "it holds, although the scenario says that it breaks",
            };
            lines.push(format!("{}: {found}", of.scenario.promise_name(*promise)));
        }
        if !lines.is_empty() {
            text.push_str(&section(trial.protocol.name()));
            text.push_str(&page.bullets(&lines));
            text.push_str(&format!("  {}\n", of.invocation.line(trial.protocol)));
        }
    }
    text
}

fn explanation(
    of: &Comparison<'_>,
    page: Page,
    trial: &Trial,
    (promise, verdict, expectation): (PromiseId, &Verdict, Expectation),
) -> String {
    let judgement = of.judge(verdict, expectation);
    let (word, found) = match verdict {
        Verdict::Holds | Verdict::NotApplicable { .. } if judgement == Judgement::AsExpected => {
            return String::new();
        }
        Verdict::Holds => ("Not violated", String::new()),
        Verdict::NotApplicable { why } => ("Means nothing", entry(page, "found", why)),
        Verdict::Violated(violation) => ("Violated", evidence(page, violation)),
        Verdict::Inconclusive { why } => ("Inconclusive", entry(page, "found", why)),
    };
    let although = match (verdict, judgement) {
        (Verdict::Holds, Judgement::NotAsExpected) => ", although the scenario says that it breaks",
        _ => "",
    };
    let title = format!(
        "{word} under {}: {}{although}",
        trial.protocol,
        of.scenario.promise_name(promise)
    );
    let mut text = match judgement {
        Judgement::NotAsExpected => format!("\n{}\n", paint(BAD, &title)),
        _ => section(&title),
    };
    text.push_str(&entry(page, "promised", &claim(of.scenario, promise)));
    text.push_str(&found);
    text.push_str(&format!(
        "  {}  {}\n  {}     {}\n",
        paint(QUIET, "expected"),
        expected(judgement, expectation),
        paint(QUIET, "again"),
        of.invocation.line(trial.protocol)
    ));
    text
}

/// A paragraph behind a word that says what it is.
fn entry(page: Page, word: &str, text: &str) -> String {
    let lead = format!("  {word:8}  ");
    let plain = page.paragraph(text, &lead, "            ");
    plain.replacen(word, &paint(QUIET, word), 1)
}

fn expected(judgement: Judgement, expectation: Expectation) -> String {
    let claim = match expectation {
        Expectation::Holds => "the scenario says that it holds",
        Expectation::MayBreak => "the scenario says that it may break",
        Expectation::Breaks => "the scenario says that it breaks on its own seed",
    };
    match judgement {
        Judgement::NotAsExpected => paint(BAD, &format!("no: {claim}")),
        Judgement::AsExpected => paint(KNOWN, &format!("yes: {claim}")),
        Judgement::Inconclusive => paint(KNOWN, &format!("open: {claim}")),
    }
}

fn evidence(page: Page, violation: &Violation) -> String {
    let mut text = entry(page, "found", &violation.what);
    let times: Vec<String> = violation
        .evidence
        .iter()
        .map(|evidence| evidence.at.to_string())
        .collect();
    let width = times.iter().map(String::len).max().unwrap_or(0);
    for (evidence, time) in violation.evidence.iter().zip(&times).take(MOST_EVIDENCE) {
        let lead = format!("  {time:>width$} ms  ");
        let hang = " ".repeat(lead.len());
        text.push_str(&page.paragraph(&evidence.line, &lead, &hang));
    }
    if violation.more > 0 {
        let more = grouped(u64::from(violation.more));
        text.push_str(&format!("  ... and {more} more of the kind\n"));
    }
    text
}
