//! `indoubt run --save`: a history in a file.

use std::path::Path;

use super::exit::Failure;
use super::files::{cannot_write, write_with};
use super::source::Whole;
use crate::lab::{self, HostChoice, RunOptions, Trial};
use crate::report::Invocation;
use crate::report::saved::{Header, Writing};

/// Saves the history of a run that has been made. It is made once more, into the
/// file: only at its end its digest is known, which the file says first.
pub(super) fn save(
    file: &Path,
    whole: &Whole,
    invocation: &Invocation,
    trial: &Trial,
) -> Result<(), Failure> {
    let Whole { scenario, toml } = whole;
    let header = Header::of(scenario, invocation, trial, toml.clone());
    let options = RunOptions {
        seed: trial.seed,
        safeguards: trial.safeguards,
        host: HostChoice::Direct,
    };
    write_with(file, |out| {
        let failed = |error: std::io::Error| cannot_write(file, &error);
        let mut writing = Writing::new(&header, (scenario, &trial.plan), out).map_err(failed)?;
        let again = lab::run(scenario, trial.protocol, &options, &mut writing);
        let again = again.map_err(Failure::Run)?;
        writing.finish().map_err(failed)?;
        match again.digest == trial.digest {
            true => Ok(()),
            false => Err(Failure::Bug {
                invariant: format!(
                    "the same run of {} came to two histories, {} and {}",
                    trial.protocol, trial.digest, again.digest
                ),
                again: invocation.line(trial.protocol),
            }),
        }
    })
}
