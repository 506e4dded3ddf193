use serde::Serialize;

use crate::business::PromiseId;
use crate::check::Verdict;
use crate::fault::FaultPlan;
use crate::history::Digest;
use crate::measure::Figures;
use crate::protocol::{ProtocolKind, Safeguards};
use crate::scenario::Expectation;
use crate::vocab::{Seed, SimTime};

/// One protocol's run of a scenario, judged and measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Which protocol.
    pub protocol: ProtocolKind,
    /// Of which seed.
    pub seed: Seed,
    /// The rules that were in force.
    pub safeguards: Safeguards,
    /// What went wrong by plan.
    pub plan: FaultPlan,
    /// Faults of the plan (their positions) that this protocol has nobody for.
    pub not_applicable: Vec<u32>,
    /// Faults of the plan whose trigger was never reached.
    pub never_struck: Vec<u32>,
    /// The fingerprint of the history.
    pub digest: Digest,
    /// The digest on the madsim host, if it ran there too.
    pub hosts: Hosts,
    /// How many events the history has.
    pub events: u64,
    /// When the run was over.
    pub ended: SimTime,
    /// Every promise, in the scenario's order, with what was expected of it.
    pub verdicts: Vec<(PromiseId, Verdict, Expectation)>,
    /// What it cost.
    pub figures: Figures,
}

/// Which hosts carried a run, and whether they agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(tag = "hosts", rename_all = "kebab-case")]
pub enum Hosts {
    /// Only the direct host.
    Direct,
    /// Only the madsim host.
    Madsim,
    /// Both, with the same digest.
    Agree,
    /// Both, and the madsim host had another digest: a bug of the bench.
    Differ {
        /// What the madsim host had.
        #[schemars(with = "String")]
        madsim: Digest,
    },
}
