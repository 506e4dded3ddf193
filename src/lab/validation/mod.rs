//! Simulated against theory: whether the numbers that the bench measures are those
//! that queueing theory, and the papers on locks and logs, say they must be.
//!
//! An [`Experiment`] is one number: a scenario with settings, a protocol, what theory
//! says and why, and how it is counted: in one run, or over a series of runs. [`validate`]
//! runs each over many seeds. A [`Tariff`] says what a single transaction costs, to be
//! equal message by message and record by record: [`charged`].

/// A scenario of the project, by its file.
macro_rules! shipped {
    ($file:literal) => {
        (
            $file,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $file)),
        )
    };
}

mod bills;
mod busy;
mod claim;
mod contention;
mod experiments;
mod gauges;
mod reading;
mod utilisation;

use std::num::NonZeroUsize;
use std::sync::Arc;

pub use bills::{Bill, Charged, Linear, PARTICIPANTS, Tariff, charged, tariffs};
pub use claim::{Claim, Difference};
pub use experiments::experiments;

use gauges::Gauge;
use reading::{Count, Reading};

use super::pool::in_order;
use super::sweep::Estimate;
use super::{HostChoice, RunOptions, run};
use crate::history::Sink;
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
    /// What theory says, and how closely it must be met.
    pub claim: Claim,
    /// Over so many seeds, from 1 on.
    pub seeds: u64,
    /// The runs of each seed; one, if nothing varies.
    pub series: Vec<Point>,
    gauge: Gauge,
    reading: Reading,
}

/// A run of a series.
#[derive(Clone, Debug)]
pub struct Point {
    /// What varies, as a number.
    pub at: f64,
    /// What is set for that, beside what the experiment sets.
    pub sets: Vec<String>,
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
    /// By how much the simulation differs from a number of theory.
    pub fn difference(&self) -> Option<Difference> {
        self.experiment.claim.difference(self.simulated.mean)
    }

    /// Whether that is within the bound.
    pub fn holds(&self) -> bool {
        self.experiment.claim.holds(self.simulated.mean)
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
    /// The seeds that its experiments take.
    pub fn runs(&self) -> impl Iterator<Item = (&Experiment, Seed)> {
        let seeds = |of: &Experiment| (1..=of.seeds).map(Seed);
        let experiments = self.experiments.iter();
        experiments.flat_map(move |of| seeds(of).map(move |seed| (of, seed)))
    }
}

impl Experiment {
    /// What its first run sets on top of the scenario.
    pub fn first_sets(&self) -> Vec<String> {
        let first = self.series.first();
        let more = first.map_or(&[][..], |point| &point.sets);
        [&self.sets, more].concat()
    }

    /// How many runs it takes.
    pub fn runs(&self) -> u64 {
        self.seeds * self.series.len() as u64
    }

    /// The number that one seed gives.
    fn simulated(&self, seed: Seed) -> f64 {
        let count = |point: &Point| {
            let sets = [&self.sets[..], &point.sets].concat();
            let gauge = observed(
                (self.file, self.text),
                &sets,
                self.protocol,
                seed,
                self.gauge.clone(),
            );
            Count {
                at: point.at,
                number: gauge.number(),
                beside: gauge.beside(),
            }
        };
        let series: Vec<Count> = self.series.iter().map(count).collect();
        self.reading.of(&series)
    }
}

/// Runs a scenario of the project with all safeguards, and gives back who looked on.
///
/// # Panics
/// On a bug of the bench: the scenarios are its own.
fn observed<S: Sink>(
    (file, text): (&str, &str),
    sets: &[String],
    protocol: ProtocolKind,
    seed: Seed,
    mut sink: S,
) -> S {
    let scenario =
        scenario::parse_with(file, text, sets).unwrap_or_else(|errors| panic!("{errors}"));
    let options = RunOptions {
        seed,
        safeguards: Safeguards::all(),
        host: HostChoice::Direct,
    };
    run(&Arc::new(scenario), protocol, &options, &mut sink)
        .unwrap_or_else(|error| panic!("{file}: {error}"));
    sink
}
