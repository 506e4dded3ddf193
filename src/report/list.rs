//! What there is: scenarios, and everything that has a name.

use serde::Serialize;

use super::document::written;
use super::heading::first_sentence;
use super::page::Page;
use super::style::{BAD, SECTION, TITLE, paint};
use super::terms::{Facts, Shelf, Term};
use super::words::list;
use crate::protocol::ProtocolKind;

/// Wider names do not push the others aside.
const WIDEST_NAME: usize = 30;

/// The one list that is no shelf: its name on the command line, and what is on it.
pub const SCENARIOS: (&str, &str) = ("scenarios", "The scenario files under a folder.");

/// A scenario file, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScenarioEntry {
    /// The file, as `run` takes it.
    pub file: String,
    /// What is in it.
    #[serde(flatten)]
    pub content: ScenarioContent,
}

/// What is in a scenario file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ScenarioContent {
    /// A scenario.
    Scenario {
        /// What it is called.
        name: String,
        /// What it says of itself.
        about: String,
    },
    /// Something that does not parse.
    Refused {
        /// The first thing that is wrong with it.
        error: String,
    },
}

/// What can be listed, with how many there are of each.
pub fn shelves(page: Page) -> String {
    let (name, meaning) = SCENARIOS;
    let scenarios = (name.to_owned(), meaning.to_owned());
    let shelves = Shelf::ALL.map(|shelf| {
        let count = Term::on(shelf).len();
        (
            shelf.name().to_owned(),
            format!("{} ({count})", shelf.meaning()),
        )
    });
    let all: Vec<(String, String)> = [scenarios].into_iter().chain(shelves).collect();
    let mut text = format!("{}\n", paint(SECTION, "indoubt list WHAT"));
    text.push_str(&page.entries(&all));
    text.push_str("\n`indoubt explain NAME` says all about one of them.\n");
    text
}

/// Everything on a shelf, a sentence each.
pub fn shelf(of: Shelf, page: Page) -> String {
    let entries: Vec<(String, String)> = Term::on(of)
        .iter()
        .map(|term| (term.name().to_owned(), sentence(term)))
        .collect();
    let title = paint(SECTION, &capital(of.name()));
    let meaning = page.paragraph(of.meaning(), "", "");
    let entries = page.columns(&entries, WIDEST_NAME);
    format!("{title}\n{meaning}\n{entries}")
}

fn sentence(term: &Term) -> String {
    let facts = term.facts();
    match term {
        Term::Safeguard(_) => {
            let users = facts.missed.iter().map(|missed| missed.protocol);
            let without = facts.without.unwrap_or_default();
            format!(
                "Without it: {without} ({})",
                protocols(&users.collect::<Vec<_>>())
            )
        }
        Term::Trigger(_) => format!("{} ({})", facts.meaning, protocols(&facts.raised_by)),
        Term::Metric(metric) => format!("{} ({})", facts.meaning, metric.unit.name()),
        _ => facts.meaning.to_owned(),
    }
}

/// Protocols in words: all of them have one word.
pub(super) fn protocols(names: &[&str]) -> String {
    if names.len() == ProtocolKind::ALL.len() {
        return "every protocol".to_owned();
    }
    list(names)
}

/// A word with a capital.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Scenario files, with the first sentence of each.
pub fn scenarios(folder: &str, files: &[ScenarioEntry], page: Page) -> String {
    if files.is_empty() {
        return format!("No scenario file (*.toml) is under {folder}.\n");
    }
    let mut text = String::new();
    for ScenarioEntry { file, content } in files {
        let (title, says) = match content {
            ScenarioContent::Scenario { name, about } => {
                let title = match file.ends_with(&format!("{name}.toml")) {
                    true => paint(TITLE, file),
                    false => format!("{}  {name}", paint(TITLE, file)),
                };
                (title, first_sentence(about).to_owned())
            }
            ScenarioContent::Refused { error } => (
                format!("{}  {}", paint(TITLE, file), paint(BAD, "does not parse")),
                error.clone(),
            ),
        };
        text.push_str(&format!("{title}\n{}", page.paragraph(&says, "  ", "  ")));
    }
    text
}

#[derive(Serialize)]
struct Document<'a, T> {
    format: u32,
    list: &'a str,
    entries: &'a [T],
}

/// Everything on a shelf for programs.
pub fn shelf_json(of: Shelf) -> String {
    let entries: Vec<Facts> = Term::on(of).iter().map(Term::facts).collect();
    document(of.name(), &entries)
}

/// Scenario files for programs.
pub fn scenarios_json(files: &[ScenarioEntry]) -> String {
    document(SCENARIOS.0, files)
}

/// What can be listed for programs.
pub fn shelves_json() -> String {
    #[derive(Serialize)]
    struct Entry {
        name: &'static str,
        meaning: &'static str,
    }
    let shelves = Shelf::ALL.map(|shelf| (shelf.name(), shelf.meaning()));
    let all = [SCENARIOS].into_iter().chain(shelves);
    let entries: Vec<Entry> = all.map(|(name, meaning)| Entry { name, meaning }).collect();
    document("shelves", &entries)
}

fn document<T: Serialize>(list: &str, entries: &[T]) -> String {
    written(&Document {
        format: 1,
        list,
        entries,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let text = anstream::adapter::strip_str(text).to_string();
        for line in text.lines() {
            assert!(textwrap::core::display_width(line) <= 80, "{line}");
        }
        text
    }

    #[test]
    fn every_shelf_is_a_sentence_a_name() {
        let mut text = plain(&shelves(Page::NARROW));
        for of in Shelf::ALL {
            text.push_str(&format!("\n{}", plain(&shelf(of, Page::NARROW))));
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_scenario_is_listed_by_its_file_and_its_first_sentence() {
        let entry = |file: &str, content| ScenarioEntry {
            file: file.to_owned(),
            content,
        };
        let says = |name: &str, about: &str| ScenarioContent::Scenario {
            name: name.to_owned(),
            about: about.to_owned(),
        };
        let files = [
            entry("scenarios/mall.toml", says("mall", "Points. And more.")),
            entry("scenarios/x.toml", says("shop", "A shop.")),
            entry(
                "scenarios/lessons/wrong.toml",
                ScenarioContent::Refused {
                    error: "`transactoins` is not a key".to_owned(),
                },
            ),
        ];
        insta::assert_snapshot!(plain(&scenarios("scenarios", &files, Page::NARROW)), @r"
        scenarios/mall.toml
          Points.
        scenarios/x.toml  shop
          A shop.
        scenarios/lessons/wrong.toml  does not parse
          `transactoins` is not a key
        ");
        let document: serde_json::Value =
            serde_json::from_str(&scenarios_json(&files)).expect("a document");
        assert_eq!(document["entries"][1]["name"], "shop");
        assert!(document["entries"][2]["name"].is_null());
    }
}
