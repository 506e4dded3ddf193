//! A page for everything that has a name.

use super::list::{capital, protocols};
use super::page::{Page, section};
use super::style::{QUIET, TITLE, paint};
use super::terms::{Facts, Missed, Term};
use super::words::list;

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
    text.push_str(&see(of, &facts, page));
    text
}

/// The same for programs.
pub fn document(of: &Term) -> String {
    let mut text = serde_json::to_string_pretty(&of.facts())
        .expect("facts are plain data with string keys, which JSON can always hold");
    text.push('\n');
    text
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

fn see(of: &Term, facts: &Facts, page: Page) -> String {
    match (of, &facts.see) {
        (_, Some(line)) => section("See it") + &format!("  {line}\n"),
        (Term::Safeguard(safeguard), None) => {
            section("See it")
                + &page.paragraph(
                    "No shipped scenario shows it yet. Its smallest fault is in",
                    "  ",
                    "  ",
                )
                + &format!("  tests/safeguards/{safeguard}.toml\n")
        }
        _ => String::new(),
    }
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
