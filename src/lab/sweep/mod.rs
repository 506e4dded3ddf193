//! Sweeping: one scenario at every value of some of its parameters, under every
//! protocol, on several seeds; what each cost, as means with intervals.
//!
//! A *point* is a value for every axis: there are as many as their product has. The
//! protocols of one point and seed meet the same day, and their rates are taken over
//! the window that all of them have. A *cell* is a protocol at a point, over all
//! seeds.

mod grid;
mod manifest;
mod record;
mod statistics;

use std::ops::ControlFlow;
use std::sync::Arc;

pub use grid::{Broken, Cell, Grid};
pub use manifest::Manifest;
pub use record::{Measured, Record};
pub use statistics::Estimate;

use super::hunt::{Found, PANIC, SeedRange, found, inconclusive, place_of};
use super::pool::as_done;
use super::{HostChoice, RunOptions, Runner, Subject, Trial, catch};
use crate::measure::{COLUMNS, Figures, over_common_window};
use crate::protocol::{ProtocolKind, Safeguards};
use crate::scenario::{Axis, Expectation, Scenario, ScenarioErrors};
use crate::vocab::Seed;

/// A sweep of more points is refused.
pub const MOST_POINTS: u64 = 100_000;

/// What is swept over.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The scenario.
    pub subject: Subject,
    /// What varies; without any, the scenario as it stands is the only point.
    pub axes: Vec<Axis>,
    /// Under which protocols; those that cannot run a point are left out there.
    pub protocols: Vec<ProtocolKind>,
    /// The rules in force.
    pub safeguards: Safeguards,
    /// On which seeds.
    pub seeds: SeedRange,
    /// Who makes the runs.
    pub runner: Runner,
    /// The product of the axes; the last goes round first. [`Sweep::new`] makes
    /// it.
    pub points: Vec<Point>,
}

/// A value for every axis.
#[derive(Clone, Debug)]
pub struct Point {
    /// The values, in the order of the axes.
    pub values: Vec<String>,
    /// The scenario with them.
    pub scenario: Arc<Scenario>,
}

/// Why a sweep cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SweepError {
    /// A scenario is wrong, as it stands or at a point.
    #[error(transparent)]
    Scenario(ScenarioErrors),
    /// Nobody waits for so much.
    #[error("the axes make {0} points, and there can be {MOST_POINTS}: take fewer values")]
    TooMany(u64),
    /// A parameter cannot have two values at once.
    #[error("`{0}` is swept twice")]
    Twice(String),
}

impl Sweep {
    /// The same with its points.
    ///
    /// # Errors
    /// What is wrong with the scenario at one of them, or that they are too many.
    pub fn new(mut of: Sweep) -> Result<Sweep, SweepError> {
        for (n, axis) in of.axes.iter().enumerate() {
            if of.axes[..n].iter().any(|other| other.path == axis.path) {
                return Err(SweepError::Twice(axis.path.clone()));
            }
        }
        let sizes = of.axes.iter().map(|axis| axis.values.len() as u64);
        let count = sizes.fold(1_u64, u64::saturating_mul);
        if count > MOST_POINTS {
            return Err(SweepError::TooMany(count));
        }
        let mut points = Vec::new();
        for values in product(&of.axes) {
            let settings = settings(&of.axes, &values);
            let scenario = of.subject.at(&settings).map_err(SweepError::Scenario)?;
            points.push(Point {
                values,
                scenario: Arc::new(scenario),
            });
        }
        of.points = points;
        Ok(of)
    }

    /// How many points and seeds there are.
    pub fn wanted(&self) -> u64 {
        self.points.len() as u64 * self.seeds.count()
    }

    /// What a point sets on top of the scenario.
    pub fn settings(&self, point: u32) -> Vec<String> {
        match self.points.get(point as usize) {
            Some(point) => settings(&self.axes, &point.values),
            None => Vec::new(),
        }
    }

    /// Runs all points and seeds that are not `done` on so many threads and gives
    /// each record to `observe`, in the order in which they are done, until that says
    /// [`ControlFlow::Break`].
    pub fn run(&self, done: &Grid, threads: usize, observe: impl FnMut(Record) -> ControlFlow<()>) {
        let points = 0..self.points.len() as u32;
        let seeds = self.seeds;
        let all = points.flat_map(|p| (seeds.from..seeds.until).map(move |seed| (p, seed)));
        let left: Vec<(u32, u64)> = all.filter(|&(p, seed)| !done.has(p, seed)).collect();
        as_done(left, threads, |(p, seed)| self.record(p, seed), observe);
    }

    /// Runs one point on one seed under every protocol that can run it. A panic
    /// becomes a finding.
    ///
    /// # Panics
    /// When there is no such point.
    pub fn record(&self, point: u32, seed: u64) -> Record {
        let scenario = &self.points[point as usize].scenario;
        let options = RunOptions {
            seed: Seed(seed),
            safeguards: self.safeguards,
            host: HostChoice::Direct,
        };
        let able = self.protocols.iter().copied();
        let able = able.filter(|&protocol| scenario.can_run(protocol).is_ok());
        let mut runs: Vec<(ProtocolKind, Result<Trial, String>)> = able
            .map(|protocol| {
                let run = catch(|| (self.runner)(scenario, protocol, &options, &mut ()));
                let run = run.and_then(|run| run.map_err(|error| error.to_string()));
                (protocol, run)
            })
            .collect();
        let trials = runs.iter_mut().filter_map(|(_, run)| run.as_mut().ok());
        over_common_window(trials.map(|trial| &mut trial.figures));
        let measured = runs.iter().map(|(protocol, run)| match run {
            Ok(trial) => measured(scenario, trial),
            Err(invariant) => panicked(*protocol, invariant),
        });
        Record {
            point,
            seed,
            runs: measured.collect(),
        }
    }
}

/// Every choice of a value an axis; the last axis goes round first.
fn product(axes: &[Axis]) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    for axis in axes {
        let longer = |values: Vec<String>| {
            axis.values.iter().map(move |value| {
                let mut values = values.clone();
                values.push(value.clone());
                values
            })
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

fn settings(axes: &[Axis], values: &[String]) -> Vec<String> {
    let values = axes.iter().zip(values);
    values.map(|(axis, value)| axis.setting(value)).collect()
}

fn measured(scenario: &Scenario, trial: &Trial) -> Measured {
    Measured {
        protocol: trial.protocol.name().to_owned(),
        digest: trial.digest.to_string(),
        events: trial.events,
        figures: numbers(&trial.figures),
        found: found(scenario, trial),
        inconclusive: inconclusive(scenario, trial),
    }
}

fn numbers(figures: &Figures) -> std::collections::BTreeMap<String, Option<f64>> {
    let columns = COLUMNS.iter();
    columns
        .map(|column| (column.name.to_owned(), column.value(figures)))
        .collect()
}

fn panicked(protocol: ProtocolKind, invariant: &str) -> Measured {
    Measured {
        protocol: protocol.name().to_owned(),
        digest: String::new(),
        events: 0,
        figures: std::collections::BTreeMap::new(),
        found: vec![Found {
            promise: PANIC.to_owned(),
            how: place_of(invariant).to_owned(),
            expected: Expectation::Holds,
            what: invariant.to_owned(),
        }],
        inconclusive: Vec::new(),
    }
}
