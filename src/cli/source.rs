//! From a scenario file, and what the command line says otherwise, to what is run.

use std::path::Path;
use std::sync::Arc;

use super::exit::Failure;
use crate::lab::Subject;
use crate::scenario::{self, Scenario};
use crate::vocab::Seed;

/// A scenario file, and what the command line says otherwise.
pub(super) struct Source<'a> {
    path: &'a Path,
    sets: &'a [String],
    transactions: Option<u32>,
}

/// A scenario as it is run, and as a text that stands for itself.
pub(super) struct Whole {
    pub(super) scenario: Arc<Scenario>,
    /// All but a smaller number of transactions, which is no setting: `[[requests]]`
    /// have no such number.
    pub(super) toml: String,
}

impl<'a> Source<'a> {
    pub(super) fn of(path: &'a Path, sets: &'a [String], transactions: Option<u32>) -> Self {
        Source {
            path,
            sets,
            transactions,
        }
    }

    /// As it stands.
    pub(super) fn whole(&self) -> Result<Whole, Failure> {
        let mut scenario = scenario::load_with(self.path, self.sets).map_err(Failure::Scenario)?;
        if let Some(transactions) = self.transactions {
            scenario.workload.limit(transactions);
        }
        Ok(Whole {
            scenario: Arc::new(scenario),
            toml: scenario::expand(self.path, self.sets).map_err(Failure::Scenario)?,
        })
    }

    /// With the faults and the workload that a hunt draws for a seed: this one, or
    /// the scenario's own.
    pub(super) fn swarm(&self, seed: Option<Seed>) -> Result<Whole, Failure> {
        let subject = self.subject()?;
        let (drawn, scenario) = subject.swarm(seed.unwrap_or(subject.scenario().seed));
        let mut sets = self.settings();
        sets.extend(drawn);
        let toml = scenario::expand(self.path, &sets).map_err(Failure::Scenario)?;
        Ok(Whole { scenario, toml })
    }

    /// To experiment on: the number of transactions is a setting too.
    pub(super) fn subject(&self) -> Result<Subject, Failure> {
        Subject::load(self.path, &self.settings()).map_err(Failure::Scenario)
    }

    fn settings(&self) -> Vec<String> {
        let transactions = self.transactions.iter();
        let transactions = transactions.map(|n| format!("workload.transactions={n}"));
        self.sets.iter().cloned().chain(transactions).collect()
    }
}
