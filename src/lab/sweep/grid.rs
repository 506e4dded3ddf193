use std::collections::BTreeMap;

use serde::Serialize;

use super::{Estimate, Measured, Record, Sweep};
use crate::lab::hunt::Outcome;
use crate::measure::COLUMNS;
use crate::protocol::ProtocolKind;
use crate::scenario::Expectation;

/// What was measured so far. Records can be taken in in any order: it comes to the
/// same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    records: BTreeMap<(u32, u64), Record>,
}

/// What came of one protocol at one point, over all seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Which point.
    pub point: u32,
    /// Under which protocol.
    pub protocol: ProtocolKind,
    /// How many seeds were run.
    pub seeds: u64,
    /// Every figure, in the order of [`COLUMNS`]; `None` where it means nothing on
    /// any seed.
    pub figures: Vec<Option<Estimate>>,
    /// Promises that broke.
    pub broken: Vec<Broken>,
    /// Promises that some runs do not say anything about, and how many runs.
    pub inconclusive: BTreeMap<String, u64>,
}

/// A promise that broke in a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Broken {
    /// Which; [`PANIC`](crate::lab::hunt::PANIC) where runs did not come to their
    /// end.
    pub promise: String,
    /// What was expected of it.
    pub expected: Expectation,
    /// On how many seeds.
    pub seeds: u64,
    /// The first of them.
    pub first: u64,
    /// How it broke there, in a sentence.
    pub what: String,
}

impl Cell {
    /// What broke although it is expected to hold.
    pub fn unexpected(&self) -> impl Iterator<Item = &Broken> {
        let broken = self.broken.iter();
        broken.filter(|broken| broken.expected == Expectation::Holds)
    }

    /// A figure by its column's name.
    pub fn figure(&self, name: &str) -> Option<&Estimate> {
        let place = COLUMNS.iter().position(|column| column.name == name)?;
        self.figures.get(place)?.as_ref()
    }

    fn of(point: u32, protocol: ProtocolKind, runs: &[(u64, &Measured)]) -> Cell {
        let estimate = |name: &str| {
            let numbers = runs.iter().filter_map(|(_, run)| run.figure(name));
            Estimate::of(&numbers.collect::<Vec<f64>>())
        };
        let mut inconclusive = BTreeMap::new();
        for promise in runs.iter().flat_map(|(_, run)| &run.inconclusive) {
            *inconclusive.entry(promise.clone()).or_default() += 1;
        }
        Cell {
            point,
            protocol,
            seeds: runs.len() as u64,
            figures: COLUMNS.iter().map(|c| estimate(c.name)).collect(),
            broken: broken(runs),
            inconclusive,
        }
    }
}

fn broken(runs: &[(u64, &Measured)]) -> Vec<Broken> {
    let mut broken: BTreeMap<&str, Broken> = BTreeMap::new();
    for (seed, run) in runs {
        for found in &run.found {
            let fresh = || Broken {
                promise: found.promise.clone(),
                expected: found.expected,
                seeds: 0,
                first: *seed,
                what: found.what.clone(),
            };
            broken.entry(&found.promise).or_insert_with(fresh).seeds += 1;
        }
    }
    broken.into_values().collect()
}

impl Grid {
    /// Takes in what a point gave on a seed.
    pub fn take(&mut self, record: Record) {
        self.records.insert((record.point, record.seed), record);
    }

    /// Whether this is done.
    pub fn has(&self, point: u32, seed: u64) -> bool {
        self.records.contains_key(&(point, seed))
    }

    /// How many points and seeds are done.
    pub fn done(&self) -> u64 {
        self.records.len() as u64
    }

    /// Everything that is done, by point and seed.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// A cell a point and protocol, by point, of the protocols that can run there.
    pub fn cells(&self, of: &Sweep) -> Vec<Cell> {
        let mut cells = Vec::new();
        for point in 0..of.points.len() as u32 {
            let records = self.records.range((point, 0)..=(point, u64::MAX));
            let records: Vec<&Record> = records.map(|(_, record)| record).collect();
            for &protocol in &of.protocols {
                let runs: Vec<(u64, &Measured)> = records
                    .iter()
                    .flat_map(|record| record.runs.iter().map(|run| (record.seed, run)))
                    .filter(|(_, run)| run.protocol == protocol.name())
                    .collect();
                if !runs.is_empty() {
                    cells.push(Cell::of(point, protocol, &runs));
                }
            }
        }
        cells
    }

    /// What it comes to, of so many points and seeds that were wanted.
    pub fn outcome(&self, wanted: u64) -> Outcome {
        let runs = || self.records.values().flat_map(|record| &record.runs);
        let unexpected = |run: &Measured| {
            let mut found = run.found.iter();
            found.any(|found| found.expected == Expectation::Holds)
        };
        if runs().any(|run| run.panic().is_some()) {
            Outcome::Bug
        } else if runs().any(unexpected) {
            Outcome::NotAsExpected
        } else if self.done() < wanted || runs().any(|run| !run.inconclusive.is_empty()) {
            Outcome::Inconclusive
        } else {
            Outcome::AsExpected
        }
    }
}
