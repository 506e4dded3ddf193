//! Hunting: one scenario under many seeds, each with what the swarm draws for
//! it, on as many threads as there are; what was found is put together as it
//! comes, in any order, to the same summary.

mod manifest;
mod plan;
mod record;
mod summary;

use std::ops::ControlFlow;
use std::sync::Arc;

pub use manifest::Manifest;
pub use plan::{SeedRange, Shard};
pub use record::{Crossed, Found, PANIC, RunRecord, SeedRecord};
pub use summary::{Finding, Group, Outcome, Summary, Unseen};

use super::pool::as_done;
use super::{HostChoice, RunOptions, Runner, Subject, Trial, catch};
use crate::check::{Coverage, Verdict};
use crate::protocol::{ProtocolKind, Safeguards};
use crate::scenario::{Expectation, Scenario};
use crate::vocab::Seed;

/// What is hunted over.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// The scenario.
    pub subject: Subject,
    /// Under which protocols; those that it cannot run are left out.
    pub protocols: Vec<ProtocolKind>,
    /// The rules in force.
    pub safeguards: Safeguards,
    /// Whether every seed draws its own faults and workload; else the scenario is
    /// run as it stands.
    pub swarm: bool,
    /// Every how-many-th seed is carried by both hosts; 0 for none.
    pub cross_check: u64,
    /// Who makes the runs.
    pub runner: Runner,
}

impl Hunt {
    /// The scenario as this seed runs it.
    pub fn scenario(&self, seed: Seed) -> Arc<Scenario> {
        match self.swarm {
            true => self.subject.swarm(seed).1,
            false => Arc::clone(self.subject.scenario()),
        }
    }

    /// Runs one seed under every protocol. A panic becomes a finding.
    pub fn seed(&self, seed: Seed) -> SeedRecord {
        let scenario = self.scenario(seed);
        let crossed = self.cross_check > 0 && seed.0.is_multiple_of(self.cross_check);
        let options = RunOptions {
            seed,
            safeguards: self.safeguards,
            host: match crossed {
                true => HostChoice::crossed(),
                false => HostChoice::Direct,
            },
        };
        let protocols = self.protocols.iter();
        let able = protocols.filter(|&&protocol| scenario.can_run(protocol).is_ok());
        SeedRecord {
            seed: seed.0,
            transactions: scenario.workload.transactions,
            faults: scenario.plan(seed).faults.len() as u32,
            runs: able
                .map(|&protocol| one_run(self.runner, &scenario, protocol, &options))
                .collect(),
        }
    }

    /// Runs these seeds on so many threads and gives each record to `observe`, in
    /// the order in which they are done, until that says [`ControlFlow::Break`]
    /// or there are none left. Seeds that are in flight then are still done.
    pub fn run(
        &self,
        seeds: impl IntoIterator<Item = Seed, IntoIter: Send>,
        threads: usize,
        observe: impl FnMut(SeedRecord) -> ControlFlow<()>,
    ) {
        as_done(seeds, threads, |seed| self.seed(seed), observe);
    }
}

fn one_run(
    runner: Runner,
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    options: &RunOptions,
) -> RunRecord {
    let mut coverage = Coverage::new(scenario);
    let outcome = catch(|| runner(scenario, protocol, options, &mut coverage));
    let (trial, panic) = match outcome {
        Ok(Ok(trial)) => (Some(trial), None),
        Ok(Err(error)) => (None, Some(error.to_string())),
        Err(invariant) => (None, Some(invariant)),
    };
    let seen = coverage.seen().into_iter().map(|s| s.to_string()).collect();
    let Some(trial) = trial else {
        let what = panic.unwrap_or_default();
        return RunRecord {
            protocol: protocol.to_string(),
            digest: String::new(),
            events: 0,
            hosts: Crossed::No,
            found: vec![Found {
                promise: PANIC.to_owned(),
                how: place_of(&what).to_owned(),
                expected: Expectation::Holds,
                what,
            }],
            inconclusive: Vec::new(),
            seen,
        };
    };
    RunRecord {
        protocol: protocol.to_string(),
        digest: trial.digest.to_string(),
        events: trial.events,
        hosts: match trial.hosts {
            super::Hosts::Agree => Crossed::Agree,
            super::Hosts::Differ { .. } => Crossed::Differ,
            super::Hosts::Direct | super::Hosts::Madsim => Crossed::No,
        },
        found: found(scenario, &trial),
        inconclusive: inconclusive(scenario, &trial),
        seen,
    }
}

/// Two panics of one place are the same bug: `src/a.rs:17` of `... (src/a.rs:17)`.
pub(super) fn place_of(what: &str) -> &str {
    what.rsplit_once(" (")
        .map_or(what, |(_, place)| place.trim_end_matches(')'))
}

pub(super) fn found(scenario: &Scenario, trial: &Trial) -> Vec<Found> {
    let verdicts = trial.verdicts.iter();
    let broken = verdicts.filter_map(|(promise, verdict, expected)| match verdict {
        Verdict::Violated(violation) => Some(Found {
            promise: scenario.promise_name(*promise).to_owned(),
            how: violation.how.to_owned(),
            expected: *expected,
            what: violation.what.clone(),
        }),
        _ => None,
    });
    broken.collect()
}

pub(super) fn inconclusive(scenario: &Scenario, trial: &Trial) -> Vec<String> {
    let verdicts = trial.verdicts.iter();
    let unsaid = verdicts.filter(|(_, verdict, _)| matches!(verdict, Verdict::Inconclusive { .. }));
    unsaid
        .map(|(promise, ..)| scenario.promise_name(*promise).to_owned())
        .collect()
}
