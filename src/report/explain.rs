//! A page for everything that has a name.

use serde::Serialize;

use super::document::written;
use super::list::{capital, protocols};
use super::page::{Page, section};
use super::style::{QUIET, TITLE, paint};
use super::terms::{Facts, Missed, Term};
use super::words::list;
use super::{line_to_paste, quoted};
use crate::business::equation::Measure;
use crate::business::{Equation, PromiseId};
use crate::protocol::ProtocolKind;
use crate::scenario::{Expectation, Scenario};

/// All about a term: what it is, what goes without it and who notices, where it
/// comes from, and the command that shows it.
pub fn explanation(of: &Term, page: Page) -> String {
    let facts = of.facts();
    let mut text = format!("{}  {}\n", paint(TITLE, facts.name), paint(QUIET, facts.is));
    text.push_str(&page.paragraph(&as_sentence(facts.meaning), "", ""));
    let entries = entries(of, &facts);
    if !entries.is_empty() {
        text.push('\n');
        text.push_str(&page.entries(&entries));
    }
    if let Some(example) = &facts.example {
        text.push_str(&section("In a scenario"));
        let lines = example.lines().map(|line| format!("  {line}\n"));
        text.push_str(&lines.collect::<String>());
    }
    if let Some(line) = &facts.see {
        text.push_str(&section("See it"));
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// The same for programs.
pub fn document(of: &Term) -> String {
    written(&of.facts())
}

/// A promise in a scenario's own words.
#[derive(Serialize)]
struct OwnPromise<'a> {
    name: &'a str,
    is: &'static str,
    scenario: &'a str,
    /// `For every player: ...`
    meaning: String,
    judged: &'static str,
    expected: String,
    see: String,
}

impl<'a> OwnPromise<'a> {
    fn new(scenario: &'a Scenario, equation: &'a Equation, file: &str) -> Self {
        let domain = &scenario.business.domains[usize::from(equation.per)].name;
        let mut terms = equation.left.iter().chain(&equation.right);
        let judged = match terms.any(|term| matches!(term.measure, Measure::InFlight(_))) {
            true => "at every instant, with what requests under way have taken counted in",
            false => "at rest, when nothing is under way any more",
        };
        OwnPromise {
            name: &equation.name,
            is: "promise in a scenario's own words",
            scenario: &scenario.name,
            meaning: format!("For every {domain}: {}", equation.text),
            judged,
            expected: expected(scenario, equation),
            see: line_to_paste(&format!("run {}", quoted(file))),
        }
    }
}

/// `holds under monolith and 2pc, may break under orchestrated`.
fn expected(scenario: &Scenario, equation: &Equation) -> String {
    let all = scenario.business.equations.iter();
    let place = (0..).zip(all).find(|(_, known)| *known == equation);
    let promise = place.map(|(n, _)| PromiseId::Equation(n));
    let expects = |protocol| promise.map(|promise| scenario.expects(protocol, promise));
    let words = [
        (Expectation::Holds, "holds"),
        (Expectation::MayBreak, "may break"),
        (Expectation::Breaks, "breaks"),
    ];
    let parts = words.into_iter().filter_map(|(expectation, word)| {
        let who = ProtocolKind::ALL.into_iter();
        let who = who.filter(|&protocol| expects(protocol) == Some(expectation));
        let who: Vec<&str> = who.map(ProtocolKind::name).collect();
        (!who.is_empty()).then(|| format!("{word} under {}", protocols(&who)))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// All about a promise in a scenario's own words; `file` is where the scenario is.
pub fn own_promise(scenario: &Scenario, equation: &Equation, file: &str, page: Page) -> String {
    let of = OwnPromise::new(scenario, equation, file);
    let is = format!("promise of {}", scenario.name);
    let entries = [
        (paint(QUIET, "judged"), of.judged.to_owned()),
        (paint(QUIET, "expected"), of.expected),
    ];
    let mut text = format!("{}  {}\n", paint(TITLE, of.name), paint(QUIET, &is));
    text.push_str(&page.paragraph(&of.meaning, "", ""));
    text.push('\n');
    text.push_str(&page.entries(&entries));
    text.push_str(&section("See it"));
    text.push_str(&format!("  {}\n", of.see));
    text
}

/// The same for programs.
pub fn own_promise_document(scenario: &Scenario, equation: &Equation, file: &str) -> String {
    let of = OwnPromise::new(scenario, equation, file);
    written(&of)
}

fn entries(of: &Term, facts: &Facts) -> Vec<(String, String)> {
    let safeguards = match of {
        Term::Promise(_) => "kept by",
        _ => "safeguards",
    };
    let listed =
        |names: &[&str], words: fn(&[&str]) -> String| (!names.is_empty()).then(|| words(names));
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let missed = (!facts.missed.is_empty()).then(|| missed(&facts.missed));
    [
        ("without it", owned(facts.without)),
        ("what breaks", missed),
        ("smallest fault", owned(facts.smallest_fault)),
        ("raised by", listed(&facts.raised_by, protocols)),
        (safeguards, listed(&facts.safeguards, |names| list(names))),
        ("in the table", owned(facts.label)),
        ("unit", owned(facts.unit)),
        (
            "can be broken as",
            listed(&facts.allowed_as, |names| list(names)),
        ),
        ("source", owned(facts.source)),
    ]
    .into_iter()
    .filter_map(|(word, says)| Some((paint(QUIET, word), says?)))
    .collect()
}

/// `irrevocable under monolith and 2pc; all-or-nothing under choreographed`.
fn missed(all: &[Missed]) -> String {
    let mut promises: Vec<&str> = Vec::new();
    for missed in all {
        if !promises.contains(&missed.promise) {
            promises.push(missed.promise);
        }
    }
    let parts = promises.into_iter().map(|promise| {
        let who = all.iter().filter(|missed| missed.promise == promise);
        let who: Vec<&str> = who.map(|missed| missed.protocol).collect();
        format!("{promise} under {}", protocols(&who))
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn as_sentence(phrase: &str) -> String {
    let stop = if phrase.ends_with('.') { "" } else { "." };
    format!("{}{stop}", capital(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(name: &str) -> String {
        let term = Term::named(name).unwrap_or_else(|| panic!("`{name}` is a name"));
        anstream::adapter::strip_str(&explanation(&term, Page::NARROW)).to_string()
    }

    #[test]
    fn a_page_of_every_kind() {
        let names = [
            "outbox",
            "force-decision",
            "2pc",
            "partition",
            "coordinator.all-votes",
            "agreement",
            "latency",
            "pivot",
        ];
        let pages = names.map(page_of);
        insta::assert_snapshot!(pages.join("\n----\n"));
    }

    #[test]
    fn every_page_fits_and_no_safeguard_is_without_its_fault() {
        let root = env!("CARGO_MANIFEST_DIR");
        for term in Term::all() {
            let page = page_of(term.name());
            for line in page.lines().filter(|line| !line.contains("cargo run")) {
                assert!(textwrap::core::display_width(line) <= 80, "{line}");
            }
            if let Term::Safeguard(safeguard) = term {
                let file = format!("{root}/tests/safeguards/{safeguard}.toml");
                assert!(std::path::Path::new(&file).exists(), "{file}");
            }
        }
    }
}
