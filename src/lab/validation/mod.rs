//! Simulated against theory: whether the numbers that the bench measures are those
//! that queueing theory, and the papers on locks and logs, say they must be.
//!
//! An [`Experiment`] is one number: a scenario with settings, a protocol, what theory
//! says and why, and how it is counted. [`validate`] runs each over many seeds.

mod experiments;
mod gauges;

use std::num::NonZeroUsize;
use std::sync::Arc;

pub use experiments::experiments;

use gauges::Gauge;

use super::pool::in_order;
use super::sweep::Estimate;
use super::{HostChoice, RunOptions, run};
use crate::protocol::{ProtocolKind, Safeguards};
use crate::scenario;
use crate::vocab::Seed;

/// How long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Seconds: what is exact is exact, the rest is close.
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

/// A theory, and what came of its experiments.
#[derive(Clone, Debug)]
pub struct Validated {
    /// Which.
    pub theory: Theory,
    /// What the simulation says, in the order of its experiments.
    simulated: Vec<Estimate>,
}

/// An experiment, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// Which.
    pub experiment: &'a Experiment,
    /// What the simulation says.
    pub simulated: Estimate,
}

impl Validated {
    /// The experiments, each with what came of it.
    pub fn comparisons(&self) -> impl Iterator<Item = Comparison<'_>> {
        let pairs = self.theory.experiments.iter().zip(&self.simulated);
        pairs.map(|(experiment, &simulated)| Comparison {
            experiment,
            simulated,
        })
    }
}

impl Comparison<'_> {
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

/// Makes all experiments, on so many threads; `observe` hears of each run that is
/// done.
///
/// # Panics
/// On a bug of the bench: the scenarios are its own.
pub fn validate(
    theories: Vec<Theory>,
    threads: NonZeroUsize,
    observe: impl Fn() + Sync,
) -> Vec<Validated> {
    let runs: Vec<(&Experiment, Seed)> = theories.iter().flat_map(Theory::runs).collect();
    let numbers = in_order(
        threads,
        runs.len(),
        || false,
        |n| {
            let (experiment, seed) = runs[n];
            let number = experiment.simulated(seed);
            observe();
            number
        },
    );
    let mut numbers = numbers.into_iter();
    let mut estimate = |experiment: &Experiment| {
        let numbers: Vec<f64> = numbers.by_ref().take(experiment.seeds as usize).collect();
        Estimate::of(&numbers).expect("there is a seed")
    };
    theories
        .into_iter()
        .map(|theory| Validated {
            simulated: theory.experiments.iter().map(&mut estimate).collect(),
            theory,
        })
        .collect()
}

impl Theory {
    /// The runs that its experiments take.
    pub fn runs(&self) -> impl Iterator<Item = (&Experiment, Seed)> {
        let seeds = |of: &Experiment| (1..=of.seeds).map(Seed);
        let experiments = self.experiments.iter();
        experiments.flat_map(move |of| seeds(of).map(move |seed| (of, seed)))
    }
}

impl Experiment {
    /// The number that one seed gives.
    fn simulated(&self, seed: Seed) -> f64 {
        let scenario = scenario::parse_with(self.file, self.text, &self.sets)
            .unwrap_or_else(|errors| panic!("{errors}"));
        let options = RunOptions {
            seed,
            safeguards: Safeguards::all(),
            host: HostChoice::Direct,
        };
        let mut gauge = self.gauge.clone();
        run(&Arc::new(scenario), self.protocol, &options, &mut gauge)
            .unwrap_or_else(|error| panic!("{}: {error}", self.file));
        gauge.number()
    }
}
