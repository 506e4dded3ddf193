//! What was not as expected: the first of each, in words and as a line to paste.

use super::Exhaustion;
use crate::history::PointKind;
use crate::lab::exhaust::{Finding, Planned, Side, Surprise};
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
            (BAD, format!("{protocol} breaks {promise}: {}", finding.how))
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

/// Every fault of a plan in words, with where it strikes.
pub(super) fn plan(of: &Exhaustion<'_>, finding: &Finding) -> Vec<String> {
    let scenario = of.scenario;
    let told = |planned: &Planned| {
        let when = words::moment(scenario, &planned.fault.when);
        let (at, node) = (planned.point.at, scenario.node_name(planned.point.node));
        let next = comes_next(planned.point.kind);
        let what = words::fault(scenario, &planned.fault);
        format!("{when} ({at} ms, before {next} at {node}), {what}")
    };
    finding.plan.iter().map(told).collect()
}

/// What would have come next at a point.
fn comes_next(kind: PointKind) -> &'static str {
    match kind {
        PointKind::Delivery => "a delivery",
        PointKind::Send => "a send",
        PointKind::Call => "a call of the database",
        PointKind::Statement => "a statement",
        PointKind::Write => "a write",
        PointKind::Sync => "a sync",
        PointKind::Answer => "an answer of the database",
        PointKind::Timer => "a timer",
        PointKind::Memory => "the setting of a timer",
        PointKind::Note => "a milestone",
        PointKind::Recovery => "a recovery",
        PointKind::Wish => "a wish",
        PointKind::Fault => "the end of a fault",
    }
}
