use serde::{Deserialize, Serialize};

use super::{Record, Sweep, SweepError};
use crate::lab::hunt::SeedRange;
use crate::lab::journal::{self, first_difference};
use crate::lab::{Subject, shipped};
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::scenario::Axis;

/// What a sweep is, written down: two sweeps with the same manifest measure the
/// same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the bench.
    pub bench: String,
    /// The scenario file, as it was given.
    pub file: String,
    /// What was set on top of it.
    pub sets: Vec<String>,
    /// The whole scenario, with what was set on top.
    pub scenario: String,
    /// What varies.
    pub axes: Vec<Axis>,
    /// Under which protocols.
    pub protocols: Vec<String>,
    /// The safeguards that are taken away.
    pub without: Vec<String>,
    /// Which seeds.
    pub seeds: SeedRange,
}

impl Manifest {
    /// The sweep.
    ///
    /// # Errors
    /// What is wrong with the scenario or with a value of an axis.
    pub fn sweep(&self) -> Result<Sweep, SweepError> {
        let subject = Subject::parse(&self.file, self.scenario.clone());
        Sweep::new(Sweep {
            subject: subject.map_err(SweepError::Scenario)?,
            axes: self.axes.clone(),
            protocols: self.protocols(),
            safeguards: Safeguards::all().less(&self.without()),
            seeds: self.seeds,
            runner: shipped,
            points: Vec::new(),
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
    type Record = Record;
    const WHAT: &'static str = "sweep";
    const ABOUT: &'static str = "sweep.json";
    const LINES: &'static str = "runs.jsonl";

    fn differs_from(&self, other: &Manifest) -> Option<&'static str> {
        first_difference([
            (self.bench != other.bench, "version of the bench"),
            (self.scenario != other.scenario, "scenario"),
            (self.axes != other.axes, "choice of what varies"),
            (self.protocols != other.protocols, "choice of protocols"),
            (self.without != other.without, "choice of safeguards"),
            (self.seeds != other.seeds, "range of seeds"),
        ])
    }
}
