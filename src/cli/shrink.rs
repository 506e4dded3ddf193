//! `indoubt shrink`: from a run that breaks a promise to the smallest file that
//! still does.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::exit::{Exit, Failure};
use super::files::write_whole;
use super::flags::ShrinkArgs;
use super::output::{Screen, say};
use crate::lab::shrink::{Shrink, ShrinkError, Shrunk, shrink as shrunk};
use crate::lab::{Subject, shipped};
use crate::protocol::{ProtocolKind, Safeguards};
use crate::report::quoted;

/// Shrinks, and prints the file or writes it.
pub(super) fn shrink(args: &ShrinkArgs) -> Result<Exit, Failure> {
    let done = smallest(args)?;
    match &args.out {
        Some(path) => {
            write_whole(path, &done.text)?;
            say(&words(&done, &path.display().to_string()));
        }
        None => {
            let mut screen = Screen::new();
            screen.write_all(done.text.as_bytes())?;
            screen.flush()?;
            say(&words(&done, "SHRUNK.toml"));
        }
    }
    Ok(Exit::AsExpected)
}

/// Under the protocol that was asked for, or the first under which it breaks.
fn smallest(args: &ShrinkArgs) -> Result<Shrunk, Failure> {
    let subject = subject(args)?;
    let seed = args.seed.unwrap_or(subject.scenario().seed);
    let subject = match args.swarm {
        true => subject.swarmed(seed).map_err(Failure::Scenario)?,
        false => subject,
    };
    let protocols = match args.protocol {
        Some(protocol) => vec![protocol],
        None => ProtocolKind::ALL.to_vec(),
    };
    let mut nothing = None;
    for protocol in protocols {
        let wanted = Shrink {
            subject: subject.clone(),
            seed,
            protocol,
            safeguards: args
                .without
                .iter()
                .fold(Safeguards::all(), |rules, &rule| rules.without(rule)),
            promise: args.promise.clone(),
            budget: args.budget,
            runner: shipped,
        };
        let bar = bar();
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

fn subject(args: &ShrinkArgs) -> Result<Subject, Failure> {
    let mut sets = args.sets.clone();
    if let Some(transactions) = args.transactions {
        sets.push(format!("workload.transactions={transactions}"));
    }
    Subject::load(&args.scenario, &sets).map_err(Failure::Scenario)
}

/// A line that says how far it is, where somebody sees it.
fn bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar
}

fn words(done: &Shrunk, file: &str) -> String {
    let cut = match done.cut_short {
        true => " (--budget ended it: more could have been tried)",
        false => "",
    };
    format!(
        "{} under {}: {}\n\
         {} of {} faults and {} of {} transactions are left, after {} runs{cut}; digest {}\n\
         cargo run --release -- run {} --protocol {}",
        done.target.promise,
        done.target.protocol,
        done.violation.what,
        done.faults.1,
        done.faults.0,
        done.requests.1,
        done.requests.0,
        done.runs,
        done.digest,
        quoted(file),
        done.target.protocol,
    )
}
