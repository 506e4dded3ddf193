//! What was not as expected: the first of each, in words and as a line to paste.

use super::Exhaustion;
use crate::lab::exhaust::{Finding, Side, Surprise};
use crate::report::page::{Page, section};
use crate::report::style::{BAD, KNOWN, QUIET, paint};
use crate::report::words::{self, counted};

pub(super) fn findings(of: &Exhaustion<'_>, page: Page) -> String {
    let sides = of.outcome.sides.iter();
    let all = sides.flat_map(|side| side.findings.iter().map(move |finding| (side, finding)));
    let told: String = all
        .map(|(side, finding)| told(of, page, side, finding))
        .collect();
    if told.is_empty() {
        return told;
    }
    section("Findings") + &told
}

fn told(of: &Exhaustion<'_>, page: Page, side: &Side, finding: &Finding) -> String {
    let protocol = side.protocol;
    let (style, title) = match finding.surprise {
        Surprise::Broken(promise) => {
            let promise = of.scenario.promise_name(promise);
            (BAD, format!("{protocol} breaks {promise}"))
        }
        Surprise::Unsaid(promise) => {
            let promise = of.scenario.promise_name(promise);
            (KNOWN, format!("{protocol} does not say of {promise}"))
        }
        Surprise::Panicked => (BAD, format!("{protocol} panics, a bug")),
    };
    let runs = counted(finding.runs, "run", "runs");
    let mut text = format!("\n{}, in {runs}\n", paint(style, &title));
    let mut entries = vec![("first".to_owned(), finding.what.clone())];
    entries.extend(
        plan(of, finding)
            .into_iter()
            .map(|fault| ("fault".to_owned(), fault)),
    );
    text.push_str(&page.entries(&entries));
    text.push_str(&format!("  {}\n", paint(QUIET, "again")));
    text.push_str(&format!("    {}\n", of.line(protocol, finding)));
    text
}

pub(super) fn plan(of: &Exhaustion<'_>, finding: &Finding) -> Vec<String> {
    let scenario = of.scenario;
    let faults = finding.faults.iter();
    faults
        .map(|fault| {
            let when = words::moment(scenario, &fault.when);
            format!("{when}, {}", words::fault(scenario, fault))
        })
        .collect()
}
