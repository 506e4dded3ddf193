//! `indoubt run --save`: a history in a file.

use std::path::Path;
use std::sync::Arc;

use super::exit::Failure;
use super::files::{cannot_write, write_with};
use super::flags::RunArgs;
use crate::lab::{self, HostChoice, RunOptions, Subject, Trial};
use crate::report::Invocation;
use crate::report::saved::{Header, Writing};
use crate::scenario::{self, Scenario};
use crate::vocab::Seed;

/// Saves the history of a run that has been made. It is made once more, into the
/// file: only at its end its digest is known, which the file says first.
pub(super) fn save(
    file: &Path,
    args: &RunArgs,
    (scenario, invocation): (&Arc<Scenario>, &Invocation),
    trial: &Trial,
) -> Result<(), Failure> {
    let swarm = args.swarm.then_some(SeedOfSwarm(Some(trial.seed)));
    let Whole { toml, .. } = whole(&args.scenario, &args.sets, args.transactions, swarm)?;
    let header = Header::of(scenario, invocation, trial, toml);
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

/// A scenario as it is run, and as a text that stands for itself.
pub(super) struct Whole {
    pub(super) scenario: Arc<Scenario>,
    /// All but a smaller number of transactions, which is no setting: `[[requests]]`
    /// have no such number.
    pub(super) toml: String,
}

/// Reads a scenario with what is set on top of it and, in a hunt's swarm, with
/// what is drawn for the seed.
pub(super) fn whole(
    path: &Path,
    sets: &[String],
    transactions: Option<u32>,
    swarm: Option<SeedOfSwarm>,
) -> Result<Whole, Failure> {
    let Some(SeedOfSwarm(seed)) = swarm else {
        let mut scenario = scenario::load_with(path, sets).map_err(Failure::Scenario)?;
        if let Some(transactions) = transactions {
            scenario.workload.limit(transactions);
        }
        let toml = scenario::expand(path, sets).map_err(Failure::Scenario)?;
        let scenario = Arc::new(scenario);
        return Ok(Whole { scenario, toml });
    };
    let mut sets = sets.to_vec();
    sets.extend(transactions.map(|n| format!("workload.transactions={n}")));
    let subject = Subject::load(path, &sets).map_err(Failure::Scenario)?;
    let (drawn, scenario) = subject.swarm(seed.unwrap_or(subject.scenario().seed));
    sets.extend(drawn);
    let toml = scenario::expand(path, &sets).map_err(Failure::Scenario)?;
    Ok(Whole { scenario, toml })
}

/// For which seed a hunt's swarm is drawn; `None`: for the scenario's own.
pub(super) struct SeedOfSwarm(pub(super) Option<Seed>);
