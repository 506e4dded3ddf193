//! `indoubt list`: what there is.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::exit::{Exit, Failure};
use super::flags::Format;
use super::output::{Screen, page};
use crate::report::Shelf;
use crate::report::list::{self, ScenarioContent, ScenarioEntry};
use crate::scenario;

/// Where the scenarios are that ship with the repository.
pub(super) const SCENARIOS: &str = "scenarios";
const LESSONS: &str = "scenarios/lessons";

/// What `list` can be told.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// What to list [default: what can be listed]
    #[arg(value_parser = listed(), value_name = "WHAT")]
    what: Option<What>,

    /// For `scenarios`: the folder to look in, and in those under it
    /// [default: scenarios]
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,

    /// How the list is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// What can be listed: files, or what stands on a shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Scenarios,
    /// Only the scenarios of the course.
    Lessons,
    Shelf(Shelf),
}

fn listed() -> impl TypedValueParser<Value = What> {
    let shelves = Shelf::ALL.map(|shelf| (shelf.name(), shelf.meaning()));
    let files = [list::SCENARIOS, list::LESSONS];
    let values = files.into_iter().chain(shelves);
    let values =
        values.map(|(name, meaning)| PossibleValue::new(name).help(meaning.trim_end_matches('.')));
    PossibleValuesParser::new(values).map(|name| match Shelf::named(&name) {
        Some(shelf) => What::Shelf(shelf),
        None if name == list::LESSONS.0 => What::Lessons,
        None => What::Scenarios,
    })
}

/// Prints the list.
pub(super) fn list(args: &ListArgs) -> Result<Exit, Failure> {
    if args.folder.is_some() && args.what != Some(What::Scenarios) {
        return Err(Failure::Usage(
            "only `list scenarios` looks into a folder".to_owned(),
        ));
    }
    let page = page();
    let text = match (args.what, args.format) {
        (None, Format::Text) => list::shelves(page),
        (None, Format::Json) => list::shelves_json(),
        (Some(What::Shelf(shelf)), Format::Text) => list::shelf(shelf, page),
        (Some(What::Shelf(shelf)), Format::Json) => list::shelf_json(shelf),
        (Some(what @ (What::Scenarios | What::Lessons)), format) => {
            let (shipped, name) = match what {
                What::Lessons => (LESSONS, list::LESSONS.0),
                _ => (SCENARIOS, list::SCENARIOS.0),
            };
            let folder = args.folder.as_deref().unwrap_or(Path::new(shipped));
            let files = scenarios(folder)?;
            match format {
                Format::Text => list::scenarios(&folder.display().to_string(), &files, page),
                Format::Json => list::scenarios_json(name, &files),
            }
        }
    };
    let mut screen = Screen::new();
    screen.write_all(text.as_bytes())?;
    screen.flush()?;
    Ok(Exit::AsExpected)
}

fn scenarios(folder: &Path) -> Result<Vec<ScenarioEntry>, Failure> {
    let files = toml_files(folder).map_err(|error| {
        Failure::Usage(format!(
            "the folder {} cannot be read: {error}",
            folder.display()
        ))
    })?;
    Ok(files.iter().map(|file| entry(file)).collect())
}

/// The TOML files of a folder and of those under it, in order of their paths.
pub(super) fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            files.extend(toml_files(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn entry(file: &Path) -> ScenarioEntry {
    let content = match scenario::load(file) {
        Ok(scenario) => ScenarioContent::Scenario {
            name: scenario.name,
            about: scenario.about,
        },
        Err(errors) => {
            let all = errors.to_string();
            let first = all.lines().next().unwrap_or_default();
            ScenarioContent::Refused {
                error: first.trim_start_matches("error: ").to_owned(),
            }
        }
    };
    ScenarioEntry {
        file: file.display().to_string(),
        content,
    }
}
