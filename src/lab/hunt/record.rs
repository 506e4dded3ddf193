use serde::{Deserialize, Serialize};

use crate::scenario::Expectation;

/// What one seed gave: plain data, so that it can be written down, sent and put
/// together with others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeedRecord {
    /// Which seed.
    pub seed: u64,
    /// How many transactions it had.
    pub transactions: u32,
    /// How many faults were planned.
    pub faults: u32,
    /// A run a protocol.
    pub runs: Vec<RunRecord>,
}

/// What a run of one protocol gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// Which protocol.
    pub protocol: String,
    /// The digest of its history, in hexadecimal; empty after a panic.
    pub digest: String,
    /// How many events its history has.
    pub events: u64,
    /// Whether both hosts carried it, and had the same history.
    pub hosts: Crossed,
    /// What broke.
    pub found: Vec<Found>,
    /// Promises that the run does not say anything about.
    pub inconclusive: Vec<String>,
    /// What happened of that which must happen sometimes.
    pub seen: Vec<String>,
}

/// Whether a run was carried by both hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Crossed {
    /// By one alone.
    No,
    /// By both, with the same digest.
    Agree,
    /// By both, with two digests: a bug of the bench.
    Differ,
}

/// Something that broke in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Which promise; [`PANIC`] where the run did not come to its end.
    pub promise: String,
    /// How it broke, in two or three words; see [`Violation::how`](crate::check::Violation::how).
    pub how: String,
    /// What was expected of it.
    pub expected: Expectation,
    /// The violation in a sentence.
    pub what: String,
}

/// Stands for a promise where a protocol or a check panicked.
pub const PANIC: &str = "panic";
