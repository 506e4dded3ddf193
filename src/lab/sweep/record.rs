use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lab::hunt::{Found, PANIC};

/// What one point gave on one seed: plain data, so that it can be written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Which point, in the order of the axes' product, from 0; the last axis goes
    /// round first.
    pub point: u32,
    /// Which seed.
    pub seed: u64,
    /// A run a protocol, of those that can run there.
    pub runs: Vec<Measured>,
}

/// What a run of one protocol gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Which protocol.
    pub protocol: String,
    /// The digest of its history, in hexadecimal; empty after a panic.
    pub digest: String,
    /// How many events its history has.
    pub events: u64,
    /// Every figure that is one number, by name; `null` where it means nothing.
    pub figures: BTreeMap<String, Option<f64>>,
    /// What broke.
    pub found: Vec<Found>,
    /// Promises that the run does not say anything about.
    pub inconclusive: Vec<String>,
}

impl Measured {
    /// A figure, if it means something.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.get(name).copied().flatten()
    }

    /// What the run panicked with.
    pub fn panic(&self) -> Option<&str> {
        let mut found = self.found.iter();
        let panic = found.find(|found| found.promise == PANIC);
        panic.map(|found| found.what.as_str())
    }
}
