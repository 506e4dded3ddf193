//! Simulated against theory: whether the numbers that the bench measures are those
//! that queueing theory, and the papers on locks and logs, say they must be.
//!
//! An [`Experiment`] is one number: a scenario with settings, a protocol, what theory
//! says and why, and how it is counted. [`validate`] runs each over many seeds.

mod experiments;
mod gauges;

use std::ops::ControlFlow;
use std::sync::Arc;

pub use experiments::experiments;

use gauges::Gauge;

use super::pool::as_done;
use super::sweep::Estimate;
use super::{HostChoice, RunOptions, run};
use crate::protocol::{ProtocolKind, Safeguards};
use crate::scenario::{self, Scenario};
use crate::vocab::Seed;

/// How long it may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effort {
    /// Seconds: what is exact is exact, the rest is close.
    #[default]
    Quick,
    /// Minutes: as close as the bounds of the long form.
    Full,
}

/// A theory, and the experiments about it.
#[derive(Clone, Debug)]
pub struct Theory {
    /// What it is called.
    pub name: &'static str,
    /// What it says, in a few sentences, with its source.
    pub says: &'static str,
    /// What is compared: the unit is in here.
    pub measured: &'static str,
    /// The numbers.
    pub experiments: Vec<Experiment>,
}

/// One number, from theory and to be simulated.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Under which circumstances.
    pub name: String,
    /// The scenario's file, from the project's folder.
    pub file: &'static str,
    text: &'static str,
    /// What is set beside what it says.
    pub sets: Vec<String>,
    /// Under which protocol.
    pub protocol: ProtocolKind,
    /// What theory says.
    pub theory: f64,
    /// By how much the simulation may differ, as a share of `theory`; 0: not at all,
    /// but for rounding.
    pub within: f64,
    /// Over so many seeds, from 1 on.
    pub seeds: u64,
    gauge: Gauge,
}

/// An experiment that was made.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Which.
    pub experiment: Experiment,
    /// What the simulation says.
    pub simulated: Estimate,
}

impl Comparison {
    /// By how much the simulation differs, as a share of the theory.
    pub fn difference(&self) -> f64 {
        self.simulated.mean / self.experiment.theory - 1.0
    }

    /// Whether that is within the bound.
    pub fn holds(&self) -> bool {
        // Sums of whole microseconds, divided: nothing is rounded but the last bits.
        self.difference().abs() <= self.experiment.within + 1e-9
    }
}

/// A theory, and what came of its experiments.
#[derive(Clone, Debug)]
pub struct Validated {
    /// Which.
    pub theory: Theory,
    /// In the order of its experiments.
    pub comparisons: Vec<Comparison>,
}

/// Makes all experiments, on so many threads; `observe` hears of each run that is
/// done.
///
/// # Panics
/// On a bug of the bench: the scenarios are its own.
pub fn validate(effort: Effort, threads: usize, mut observe: impl FnMut()) -> Vec<Validated> {
    let theories = experiments(effort);
    let all: Vec<&Experiment> = theories.iter().flat_map(|t| &t.experiments).collect();
    let mut found: Vec<Vec<f64>> = all.iter().map(|e| vec![0.0; e.seeds as usize]).collect();
    let numbered = all.iter().enumerate();
    let pieces = numbered.flat_map(|(n, e)| (0..e.seeds).map(move |seed| (n, *e, seed)));
    let work = |(n, experiment, seed): (usize, &Experiment, u64)| {
        (n, seed, experiment.simulated(Seed(seed + 1)))
    };
    as_done(pieces, threads, work, |(n, seed, number)| {
        found[n][seed as usize] = number;
        observe();
        ControlFlow::Continue(())
    });
    let mut found = found.into_iter();
    theories
        .iter()
        .map(|theory| Validated {
            theory: theory.clone(),
            comparisons: theory
                .experiments
                .iter()
                .zip(&mut found)
                .map(|(experiment, numbers)| Comparison {
                    experiment: experiment.clone(),
                    simulated: Estimate::of(&numbers).expect("there is a seed"),
                })
                .collect(),
        })
        .collect()
}

/// How many runs [`validate`] will make.
pub fn runs(effort: Effort) -> u64 {
    let theories = experiments(effort);
    let all = theories.iter().flat_map(|t| &t.experiments);
    all.map(|experiment| experiment.seeds).sum()
}

impl Experiment {
    fn scenario(&self) -> Scenario {
        scenario::parse_with(self.file, self.text, &self.sets)
            .unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// The number that one seed gives.
    fn simulated(&self, seed: Seed) -> f64 {
        let scenario = Arc::new(self.scenario());
        let options = RunOptions {
            seed,
            safeguards: Safeguards::all(),
            host: HostChoice::Direct,
        };
        let mut gauge = self.gauge.clone();
        run(&scenario, self.protocol, &options, &mut gauge)
            .unwrap_or_else(|error| panic!("{}: {error}", self.file));
        gauge.number()
    }
}
