//! `indoubt check`: whether scenario files are right, without a run.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::output::{self, Screen};
use crate::business::Step;
use crate::protocol::ProtocolKind;
use crate::scenario::{self, Scenario, Style};

/// What a scenario that comes from no file is called.
const STDIN: &str = "standard input";

/// What `check` can be told.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The scenario files (TOML); `-` is standard input
    #[arg(value_name = "SCENARIO", required = true)]
    files: Vec<PathBuf>,

    /// Say something else than the files, like `workload.retries=0`; may be
    /// repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,

    /// Print the whole scenario as TOML, with its bases and what is set in it
    #[arg(long)]
    expanded: bool,
}

/// Says of every file what it is, or what is wrong with it.
pub(super) fn check(args: &CheckArgs) -> Result<Exit, Failure> {
    let mut screen = Screen::new();
    let mut exit = Exit::AsExpected;
    for file in &args.files {
        let said = match (file == Path::new("-"), args.expanded) {
            (false, true) => scenario::expand(file, &args.sets),
            (false, false) => scenario::load_with(file, &args.sets).map(|good| line(file, &good)),
            (true, true) => scenario::expand_loaded(STDIN, text()?, &args.sets),
            (true, false) => scenario::load_text(STDIN, text()?, &args.sets)
                .map(|good| line(Path::new(STDIN), &good)),
        };
        match said {
            Ok(text) => writeln!(screen, "{}", text.trim_end())?,
            Err(errors) => {
                screen.flush()?;
                output::say(&format!("{}\n", errors.render(Style::Coloured)));
                exit = Exit::Usage;
            }
        }
    }
    screen.flush()?;
    Ok(exit)
}

/// What standard input says.
fn text() -> Result<String, Failure> {
    io::read_to_string(io::stdin())
        .map_err(|error| Failure::Usage(format!("{STDIN} cannot be read: {error}")))
}

/// What a scenario is, on one line.
fn line(file: &Path, scenario: &Scenario) -> String {
    let business = &scenario.business;
    let counts = [
        counted(business.services.len(), "service"),
        steps(&business.steps) + &of_transactions(business.transactions.len()),
        counted(scenario.workload.transactions as usize, "transaction"),
    ];
    let cannot = ProtocolKind::ALL.into_iter().filter_map(|protocol| {
        let why = scenario.can_run(protocol).err()?;
        Some(format!("; {protocol} cannot run it: {why}"))
    });
    let cannot: String = cannot.collect();
    format!("{}: ok, {}{cannot}", file.display(), counts.join(", "))
}

/// How many steps the file has, and how many the bench has added at the end.
fn steps(all: &[Step]) -> String {
    let count = |which: fn(&Step) -> bool| all.iter().filter(|step| which(step)).count();
    let releasing = count(|step| step.releases.is_some());
    let confirming = count(|step| step.confirms.is_some());
    let mut text = counted(all.len() - releasing - confirming, "step");
    for (added, one, more) in [
        (confirming, "confirms a reservation", "confirm reservations"),
        (
            releasing,
            "releases a semantic lock",
            "release semantic locks",
        ),
    ] {
        match added {
            0 => {}
            1 => text.push_str(&format!(" and 1 that {one}")),
            n => text.push_str(&format!(" and {n} that {more}")),
        }
    }
    text
}

/// Of how many transactions, if the file has several.
fn of_transactions(n: usize) -> String {
    match n {
        0 => String::new(),
        n => format!(" of {} of transaction", counted(n, "kind")),
    }
}

fn counted(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}
