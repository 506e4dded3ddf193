//! `indoubt list`: what there is.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::flags::Format;
use super::output::{Screen, page};
use crate::report::Shelf;
use crate::report::list::{self, ScenarioContent, ScenarioEntry};
use crate::scenario;

/// Where the scenarios are that ship with the repository.
const SCENARIOS: &str = "scenarios";

/// What `list` can be told.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// What to list [default: what can be listed]
    #[arg(value_enum, value_name = "WHAT")]
    what: Option<What>,

    /// For `scenarios`: the folder to look in, and in those under it
    /// [default: scenarios]
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,

    /// How the list is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// The scenario files under a folder
    Scenarios,
    /// The protocols that are put on trial
    Protocols,
    /// The rules that can be taken away, and what the world does without them
    Safeguards,
    /// What can go wrong
    Faults,
    /// The moments that can set off a fault
    Triggers,
    /// What is judged in every run
    Promises,
    /// What is measured in every run
    Metrics,
    /// What every scenario must keep
    Rules,
}

impl What {
    /// The shelf that it stands on; scenarios are files.
    fn shelf(self) -> Option<Shelf> {
        match self {
            What::Scenarios => None,
            What::Protocols => Some(Shelf::Protocols),
            What::Safeguards => Some(Shelf::Safeguards),
            What::Faults => Some(Shelf::Faults),
            What::Triggers => Some(Shelf::Triggers),
            What::Promises => Some(Shelf::Promises),
            What::Metrics => Some(Shelf::Metrics),
            What::Rules => Some(Shelf::Rules),
        }
    }
}

/// Prints the list.
pub(super) fn list(args: &ListArgs) -> Result<Exit, Failure> {
    if args.folder.is_some() && args.what != Some(What::Scenarios) {
        return Err(Failure::Usage(
            "only `list scenarios` looks into a folder".to_owned(),
        ));
    }
    let page = page();
    let text = match (args.what.map(What::shelf), args.format) {
        (None, Format::Text) => list::shelves(page),
        (None, Format::Json) => list::shelves_json(),
        (Some(Some(shelf)), Format::Text) => list::shelf(shelf, page),
        (Some(Some(shelf)), Format::Json) => list::shelf_json(shelf),
        (Some(None), format) => {
            let folder = args.folder.as_deref().unwrap_or(Path::new(SCENARIOS));
            let files = scenarios(folder)?;
            match format {
                Format::Text => list::scenarios(&folder.display().to_string(), &files, page),
                Format::Json => list::scenarios_json(&files),
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
fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
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
