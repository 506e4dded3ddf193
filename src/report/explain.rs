//! A page for everything that has a name.

use serde::Serialize;

use super::document::written;
use super::heading::first_sentence;
use super::list::{capital, protocols};
use super::page::{Page, section};
use super::style::{QUIET, TITLE, paint};
use super::terms::{Facts, Missed, Term, measured, shipped};
use super::words::list;
use super::{line_to_paste, quoted};
use crate::business::equation::Measure;
use crate::business::{Equation, PromiseId};
use crate::protocol::ProtocolKind;
use crate::scenario::{Accepted, Expectation, Scenario};

/// Longer paths do not push the others aside.
const WIDEST_PATH: usize = 34;

/// What is said beside a term's own facts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// What else is called so.
    pub others: &'a [Term],
    /// A scenario in which it stands.
    pub scenario: Option<&'a str>,
}

/// All about a term: what it is, what goes without it and who notices, where it
/// comes from, and the command that shows it.
pub fn explanation(of: &Term, beside: Beside<'_>, page: Page) -> String {
    let facts = facts(of, beside);
    let mut text = format!("{}  {}\n", paint(TITLE, facts.name), paint(QUIET, facts.is));
    if !facts.meaning.is_empty() {
        text.push_str(&page.paragraph(&as_sentence(facts.meaning), "", ""));
    }
    let entries = entries(of, &facts);
    if !entries.is_empty() {
        text.push('\n');
        text.push_str(&page.entries(&entries));
    }
    text.push_str(&listed("Accepted", facts.words, page));
    if !facts.keys.is_empty() {
        text.push_str(&section("Keys"));
        text.push_str(&page.paragraph(&facts.keys.join(", "), "  ", "  "));
    }
    if let Some(example) = &facts.example {
        text.push_str(&section("In a scenario"));
        let lines = example.lines().map(|line| format!("  {line}\n"));
        text.push_str(&lines.collect::<String>());
    }
    if let Some(setting) = &facts.setting {
        text.push_str(&section("On the command line"));
        text.push_str(&format!("  {setting}\n"));
    }
    if let Some(line) = &facts.see {
        text.push_str(&section("See it"));
        text.push_str(&format!("  {line}\n"));
    }
    if !beside.others.is_empty() {
        text.push_str(&section("Of the same name"));
        text.push_str(&page.entries(&named(beside.others)));
    }
    text
}

fn facts(of: &Term, beside: Beside<'_>) -> Facts {
    let mut facts = of.facts();
    let show = match of.name() {
        "sweep" => measured,
        _ => shipped,
    };
    facts.see = facts.see.or_else(|| beside.scenario.map(show));
    facts
}

/// The words that a key accepts; where nothing is said of them, they need no lines.
fn listed(title: &str, words: &[Accepted], page: Page) -> String {
    let name = |word: &Accepted| word.name.clone();
    match words {
        [] => String::new(),
        words if words.iter().all(|word| word.meaning.is_empty()) => {
            let names: Vec<String> = words.iter().map(name).collect();
            section(title) + &page.paragraph(&names.join(", "), "  ", "  ")
        }
        words => {
            let entry = |word: &Accepted| (name(word), word.meaning.clone());
            section(title) + &page.entries(&words.iter().map(entry).collect::<Vec<_>>())
        }
    }
}

/// Terms that have a name in common, each by the one that it has alone.
fn named(terms: &[Term]) -> Vec<(String, String)> {
    let entry = |term: &Term| match term {
        Term::Accepted(key, word) => (
            format!("{} = {}", key.path(), word.name),
            word.meaning.clone(),
        ),
        term => {
            let facts = term.facts();
            (
                facts.name.to_owned(),
                first_sentence(facts.meaning).to_owned(),
            )
        }
    };
    terms.iter().map(entry).collect()
}

/// Several things of one name, to choose from.
pub fn choice(name: &str, of: &[Term], page: Page) -> String {
    let title = format!("{}  {}", paint(TITLE, name), paint(QUIET, "one of several"));
    format!("{title}\n{}", page.columns(&named(of), WIDEST_PATH))
}

/// The same for programs.
pub fn document(of: &Term, beside: Beside<'_>) -> String {
    written(&facts(of, beside))
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
    let quantile = match of {
        Term::Quantile(_, column) => column.name.split('.').next_back().unwrap_or_default(),
        _ => "",
    };
    let listed =
        |names: &[&str], words: fn(&[&str]) -> String| (!names.is_empty()).then(|| words(names));
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let default = match facts.required {
        true => Some("none: it must be there"),
        false => facts.default,
    };
    let missed = (!facts.missed.is_empty()).then(|| missed(&facts.missed));
    [
        ("without it", owned(facts.without)),
        ("what breaks", missed),
        ("smallest fault", owned(facts.smallest_fault)),
        ("raised by", listed(&facts.raised_by, protocols)),
        (safeguards, listed(&facts.safeguards, |names| list(names))),
        ("in the table", owned(facts.label)),
        (quantile, owned(facts.quantile)),
        ("unit", owned(facts.unit)),
        ("value of", owned(facts.of)),
        ("accepts", owned(facts.accepts)),
        ("default", owned(default)),
        ("also at", listed(&facts.also_at, |paths| paths.join(", "))),
        (
            "can be broken as",
            listed(&facts.allowed_as, |names| list(names)),
        ),
        ("source", owned(facts.source)),
        ("see also", listed(facts.related, |names| names.join(", "))),
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
    use crate::report::Found;

    fn page_of(name: &str) -> String {
        let Found::One(term, others) = Term::find(name) else {
            panic!("`{name}` is a name");
        };
        let beside = Beside {
            others: &others,
            scenario: None,
        };
        anstream::adapter::strip_str(&explanation(&term, beside, Page::NARROW)).to_string()
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
            "latency.p95",
            "workload.retries",
            "lock-policy",
            "wait-die",
            "faults.message",
            "steps",
            "workload.arrivals",
            "in doubt",
        ];
        let pages = names.map(page_of);
        insta::assert_snapshot!(pages.join("\n----\n"));
    }

    #[test]
    fn every_page_fits_and_no_safeguard_is_without_its_fault() {
        let root = env!("CARGO_MANIFEST_DIR");
        for term in Term::all() {
            let page = page_of(term.name());
            let to_paste = |line: &&str| line.contains("cargo run") || line.contains("--set");
            for line in page.lines().filter(|line| !to_paste(line)) {
                assert!(textwrap::core::display_width(line) <= 80, "{line}");
            }
            if let Term::Safeguard(safeguard) = term {
                let file = format!("{root}/tests/safeguards/{safeguard}.toml");
                assert!(std::path::Path::new(&file).exists(), "{file}");
            }
        }
    }
}
