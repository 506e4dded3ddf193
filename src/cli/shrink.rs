//! `indoubt shrink`: from a run that breaks a promise to the smallest file that
//! still does.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::bug::this_very_command;
use super::exit::{Exit, Failure};
use super::files::write_whole;
use super::flags::{chosen, protocols, safeguards, seed, transactions};
use super::output::{Screen, say};
use super::progress::bar;
use super::source::Source;
use crate::lab::shipped;
use crate::lab::shrink::{Shrink, ShrinkError, Shrunk, shrink as shrunk};
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::report::{line_to_paste, quoted};
use crate::vocab::Seed;

/// What `shrink` can be told: which run, as for `run`.
#[derive(Debug, Args)]
pub(super) struct ShrinkArgs {
    /// The scenario file (TOML)
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,

    /// The seed of the run [default: the scenario's own]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = seed)]
    seed: Option<Seed>,

    /// With the faults and the workload that `hunt` draws for the seed
    #[arg(long)]
    swarm: bool,

    /// The protocol of the run [default: the first under which something breaks]
    #[arg(long, value_name = "PROTOCOL", value_parser = protocols())]
    protocol: Option<ProtocolKind>,

    /// Take a safeguard away; may be repeated
    #[arg(long = "without", value_name = "SAFEGUARD", value_delimiter = ',', value_parser = safeguards())]
    without: Vec<Safeguard>,

    /// How many transactions the run has [default: the scenario's own]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = transactions())]
    transactions: Option<u32>,

    /// Say something else than the file; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,

    /// The promise that must go on to break [default: the first that broke, before
    /// all one that is expected to hold]
    #[arg(long, value_name = "NAME")]
    promise: Option<String>,

    /// How many runs it may take
    #[arg(
        long,
        value_name = "RUNS",
        allow_hyphen_values = true,
        default_value_t = 3_000
    )]
    budget: u32,

    /// Write the scenario to this file [default: print it]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Shrinks, and prints the file or writes it.
pub(super) fn shrink(args: &ShrinkArgs) -> Result<Exit, Failure> {
    let done = smallest(args)?;
    match &args.out {
        Some(path) => {
            write_whole(path, &done.text)?;
            let file = quoted(&path.display().to_string());
            let protocol = done.target.protocol;
            let run = line_to_paste(&format!("run {file} --protocol {protocol}"));
            say(&words(&done, &run));
        }
        None => {
            let mut screen = Screen::new();
            screen.write_all(done.text.as_bytes())?;
            screen.flush()?;
            let kept = format!("{} --out shrunk.toml", this_very_command());
            say(&words(&done, &kept));
        }
    }
    Ok(Exit::AsExpected)
}

/// Under the protocol that was asked for, or the first under which it breaks.
fn smallest(args: &ShrinkArgs) -> Result<Shrunk, Failure> {
    let subject = Source::of(&args.scenario, &args.sets, args.transactions).subject()?;
    let seed = args.seed.unwrap_or(subject.scenario().seed);
    let subject = match args.swarm {
        true => subject.swarmed(seed).map_err(Failure::Scenario)?,
        false => subject,
    };
    let mut nothing = None;
    for protocol in chosen(args.protocol.as_slice()) {
        let wanted = Shrink {
            subject: subject.clone(),
            seed,
            protocol,
            safeguards: Safeguards::all().less(&args.without),
            promise: args.promise.clone(),
            budget: args.budget,
            runner: shipped,
        };
        let bar = bar(None, "{spinner} {msg}");
        let outcome = shrunk(&wanted, |so_far| {
            bar.set_message(format!(
                "{} faults, {} transactions left after {} runs",
                so_far.faults, so_far.requests, so_far.runs
            ));
            bar.tick();
        });
        bar.finish_and_clear();
        match outcome {
            Ok(done) => return Ok(done),
            Err(error @ (ShrinkError::NothingBroke { .. } | ShrinkError::CannotRun(_))) => {
                nothing = Some(error);
            }
            Err(error) => return Err(Failure::Usage(error.to_string())),
        }
    }
    let why = match (args.protocol, nothing) {
        (Some(_), Some(error)) => error.to_string(),
        _ => format!("nothing to shrink: no promise broke under any protocol on seed {seed}"),
    };
    Err(Failure::Usage(why))
}

/// What was done, and the line to paste next.
fn words(done: &Shrunk, next: &str) -> String {
    let cut = match done.cut_short {
        true => " (--budget ended it: more could have been tried)",
        false => "",
    };
    format!(
        "{} under {}: {}\n\
         {} of {} faults and {} of {} transactions are left, after {} runs{cut}; digest {}\n\
         {next}",
        done.target.promise,
        done.target.protocol,
        done.violation.what,
        done.faults.1,
        done.faults.0,
        done.requests.1,
        done.requests.0,
        done.runs,
        done.digest,
    )
}
