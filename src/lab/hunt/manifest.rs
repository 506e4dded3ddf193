use serde::{Deserialize, Serialize};

use super::plan::{SeedRange, Shard};
use super::{Hunt, SeedRecord};
use crate::lab::journal::{self, first_difference};
use crate::lab::{Subject, shipped};
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::scenario::ScenarioErrors;

/// What a hunt is, written down: two hunts with the same manifest find the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the bench.
    pub bench: String,
    /// The scenario file, as it was given.
    pub file: String,
    /// What was set on top of it.
    pub sets: Vec<String>,
    /// The number of transactions, where it is not the scenario's own.
    pub transactions: Option<u32>,
    /// The whole scenario, with what was set on top.
    pub scenario: String,
    /// Under which protocols.
    pub protocols: Vec<String>,
    /// The safeguards that are taken away.
    pub without: Vec<String>,
    /// Whether every seed draws its own faults and workload.
    pub swarm: bool,
    /// Every how-many-th seed is carried by both hosts.
    pub cross_check: u64,
    /// Which seeds.
    pub seeds: SeedRange,
    /// Which part of them.
    pub shard: Shard,
}

impl Manifest {
    /// The hunt.
    ///
    /// # Errors
    /// What is wrong with the scenario.
    pub fn hunt(&self) -> Result<Hunt, ScenarioErrors> {
        Ok(Hunt {
            subject: Subject::parse(&self.file, self.scenario.clone())?,
            protocols: self.protocols(),
            safeguards: Safeguards::all().less(&self.without()),
            swarm: self.swarm,
            cross_check: self.cross_check,
            runner: shipped,
        })
    }

    /// The protocols.
    pub fn protocols(&self) -> Vec<ProtocolKind> {
        let names = self.protocols.iter();
        names.filter_map(|name| ProtocolKind::named(name)).collect()
    }

    /// The safeguards that are taken away.
    pub fn without(&self) -> Vec<Safeguard> {
        let names = self.without.iter();
        names.filter_map(|name| Safeguard::named(name)).collect()
    }
}

impl journal::Manifest for Manifest {
    type Record = SeedRecord;
    const WHAT: &'static str = "hunt";
    const ABOUT: &'static str = "hunt.json";
    const LINES: &'static str = "seeds.jsonl";

    fn differs_from(&self, other: &Manifest) -> Option<&'static str> {
        first_difference([
            (self.bench != other.bench, "version of the bench"),
            (self.scenario != other.scenario, "scenario"),
            (self.protocols != other.protocols, "choice of protocols"),
            (self.without != other.without, "choice of safeguards"),
            (self.swarm != other.swarm, "choice of swarm or no swarm"),
            (self.cross_check != other.cross_check, "cross-check"),
            (self.seeds != other.seeds, "range of seeds"),
            (self.shard != other.shard, "shard"),
        ])
    }
}
