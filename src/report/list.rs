//! What there is: scenarios, and everything that has a name.

use std::borrow::Cow;

use serde::Serialize;

use super::document::written;
use super::heading::first_sentence;
use super::page::Page;
use super::style::{BAD, SECTION, TITLE, paint};
use super::terms::{Facts, Shelf, Term};
use super::words::list;
use crate::protocol::ProtocolKind;
use crate::scenario::{Key, keys};

/// Wider names do not push the others aside.
const WIDEST_NAME: usize = 30;

/// The lists that are no shelf: their names on the command line, and what is on them.
pub const SCENARIOS: (&str, &str) = ("scenarios", "The scenario files under a folder.");
/// Of them the scenarios of the course.
pub const LESSONS: (&str, &str) = ("lessons", "The scenarios of the course, in their order.");

/// A line of the list of keys is no longer: it is to be searched, and its key's page
/// says the rest.
const LONGEST_LINE: usize = 100;
/// Longer paths do not push the others aside, and longer defaults are cut.
const WIDEST_PATH: usize = 34;
const WIDEST_DEFAULT: usize = 16;

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
    let files = [SCENARIOS, LESSONS];
    let files = files.map(|(name, meaning)| (name.to_owned(), meaning.to_owned()));
    let shelves = Shelf::ALL.map(|shelf| {
        let count = Term::on(shelf).len();
        (
            shelf.name().to_owned(),
            format!("{} ({count})", shelf.meaning()),
        )
    });
    let all: Vec<(String, String)> = files.into_iter().chain(shelves).collect();
    let mut text = format!("{}\n", paint(SECTION, "indoubt list WHAT"));
    text.push_str(&page.entries(&all));
    text.push_str("\n`indoubt explain NAME` says all about one of them.\n");
    text
}

/// Everything on a shelf, a sentence each.
pub fn shelf(of: Shelf, page: Page) -> String {
    let title = paint(SECTION, &capital(of.name()));
    let meaning = page.paragraph(of.meaning(), "", "");
    if of == Shelf::Keys {
        let lines: String = keys().iter().map(line).collect();
        return format!("{title}\n{meaning}\n{lines}");
    }
    let entries: Vec<(String, String)> = Term::on(of)
        .iter()
        .map(|term| (term.name().to_owned(), sentence(term)))
        .collect();
    let entries = page.columns(&entries, WIDEST_NAME);
    format!("{title}\n{meaning}\n{entries}")
}

/// A key on one line, as far as that goes.
fn line(key: &Key) -> String {
    let default = match (key.required, &key.default) {
        (true, _) => "must be there",
        (false, Some(default)) => default,
        (false, None) => "",
    };
    let default = cut(default, WIDEST_DEFAULT);
    let lead = format!("  {:WIDEST_PATH$}  {default:WIDEST_DEFAULT$}  ", key.path());
    let line = format!("{lead}{}", first_sentence(&key.meaning));
    format!("{}\n", cut(line.trim_end(), LONGEST_LINE))
}

/// A text, or so much of it as there is room for.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.chars().count() <= width {
        return Cow::from(text);
    }
    let cut: String = text.chars().take(width).collect();
    let whole = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(whole, _)| whole);
    let whole = whole.trim_end_matches([',', ':', ';', ' ']);
    Cow::from(format!("{whole}…"))
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

/// Several things of one name for programs.
pub fn terms_json(name: &str, of: &[Term]) -> String {
    let entries: Vec<Facts> = of.iter().map(Term::facts).collect();
    document(name, &entries)
}

/// Everything on a shelf for programs.
pub fn shelf_json(of: Shelf) -> String {
    terms_json(of.name(), &Term::on(of))
}

/// Scenario files for programs, under the name of their list.
pub fn scenarios_json(list: &str, files: &[ScenarioEntry]) -> String {
    document(list, files)
}

/// What can be listed for programs.
pub fn shelves_json() -> String {
    #[derive(Serialize)]
    struct Entry {
        name: &'static str,
        meaning: &'static str,
    }
    let shelves = Shelf::ALL.map(|shelf| (shelf.name(), shelf.meaning()));
    let all = [SCENARIOS, LESSONS].into_iter().chain(shelves);
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
        for of in Shelf::ALL.into_iter().filter(|of| *of != Shelf::Keys) {
            text.push_str(&format!("\n{}", plain(&shelf(of, Page::NARROW))));
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn every_key_is_a_line() {
        let text = shelf(Shelf::Keys, Page::NARROW);
        let text = anstream::adapter::strip_str(&text).to_string();
        for line in text.lines() {
            assert!(
                textwrap::core::display_width(line) <= LONGEST_LINE,
                "{line}"
            );
        }
        assert_eq!(text.lines().count(), keys().len() + 3);
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
            serde_json::from_str(&scenarios_json("scenarios", &files)).expect("a document");
        assert_eq!(document["entries"][1]["name"], "shop");
        assert!(document["entries"][2]["name"].is_null());
    }
}
