//! `indoubt validate`: what is measured, held against theory.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failure};
use super::files::write_whole;
use super::flags::{jobs, threads};
use super::output::Screen;
use super::progress::{bar, counting};
use crate::lab::validation::{
    Charged, Effort, Theory, Validated, charged, experiments, tariffs, validate as validated,
};
use crate::report::validation::page;

const EXAMPLES: &str = "\
Examples:
  indoubt validate
  indoubt validate --full --out reports/validation.md

Exit codes:
   0  every number is within its bound
   1  one is not
   2  usage error, or output cannot be written";

/// What `validate` can be told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ValidateArgs {
    /// Run for minutes, not seconds, and hold the numbers to narrow bounds
    #[arg(long)]
    full: bool,

    /// How many runs at once; it changes nothing but the time that it takes
    /// [default: as many as there are cores]
    #[arg(long, short, value_name = "N", allow_hyphen_values = true, value_parser = jobs())]
    jobs: Option<u16>,

    /// Write the page to a file, not to standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Simulates, compares and writes the page.
pub(super) fn validate(args: &ValidateArgs) -> Result<Exit, Failure> {
    let effort = match args.full {
        true => Effort::Full,
        false => Effort::Quick,
    };
    let theories = experiments(effort);
    let runs = theories.iter().flat_map(Theory::runs).count();
    let progress = bar(Some(runs as u64), &counting(" runs"));
    let bills = charged(tariffs());
    let found = validated(theories, threads(args.jobs), || progress.inc(1));
    progress.finish_and_clear();
    let page = page(&bills, &found, effort);
    let mut screen = Screen::new();
    match &args.out {
        None => screen.write_all(page.as_bytes())?,
        Some(file) => {
            write_whole(file, &page)?;
            writeln!(screen, "{} is written.", file.display())?;
        }
    }
    screen.flush()?;
    let mut all = found.iter().flat_map(Validated::comparisons);
    let holds = bills.iter().all(Charged::holds) && all.all(|of| of.holds());
    Ok(match holds {
        true => Exit::AsExpected,
        false => Exit::NotAsExpected,
    })
}
