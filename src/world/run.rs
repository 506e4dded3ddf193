//! What a run is made from, and how it went.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fault::FaultPlan;
use crate::protocol::{ProtocolKind, Safeguards, Setting, Wanted};
use crate::scenario::{Arrivals, Scenario};
use crate::vocab::{Chance, RequestId, Seed, SimTime};

/// What a run is made from.
#[derive(Clone, Debug)]
pub struct RunSpec {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// All chance comes from it.
    pub seed: Seed,
    /// The rules in force.
    pub safeguards: Safeguards,
    /// What goes wrong.
    pub plan: FaultPlan,
    /// Requests that are left out: their clients behave as if they had never
    /// wanted them. Every draw of all others stays as it was.
    pub leave_out: BTreeSet<RequestId>,
}

impl RunSpec {
    /// Which transaction each request is for.
    fn wanted(&self) -> Wanted {
        let business = &self.scenario.business;
        match &self.scenario.workload.arrivals {
            _ if business.transactions.is_empty() => Wanted::One,
            Arrivals::Listed(wishes) => {
                let listed = wishes.iter();
                let listed = listed.map(|w| (w.request, business.wanted(&w.params) as u8));
                Wanted::Listed(listed.collect())
            }
            Arrivals::Closed { .. } | Arrivals::Open { .. } => {
                Wanted::drawn(Chance::new(self.seed), business)
            }
        }
    }

    /// What every machine of a protocol is given at birth.
    pub fn setting(&self, protocol: ProtocolKind) -> Setting {
        let scenario = &self.scenario;
        Setting {
            protocol,
            business: scenario.business_under(protocol),
            nodes: scenario.nodes.clone(),
            policies: scenario.policies.clone(),
            two_phase: scenario.two_phase,
            step_order: scenario.step_order(protocol),
            safeguards: self.safeguards.seen_by(protocol),
            wanted: self.wanted(),
        }
    }
}

/// How a run went, beside its history.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd {
    /// When it was over.
    pub ended: SimTime,
    /// Faults that this protocol has nobody for, by their position in the plan.
    pub not_applicable: Vec<u32>,
    /// Faults that never struck: their moment did not come.
    pub never_struck: Vec<u32>,
    /// How many events the agenda had.
    pub agenda_events: u64,
    /// For which share of the time, up to the last work of any process, the workers of
    /// the busiest one were busy, 0 to 1.
    pub worker_utilisation: f64,
    /// For which share of the time, up to the end of the last message on any link, the
    /// busiest link was carrying one, one way, 0 to 1; `None` if no link has a bandwidth.
    pub link_utilisation: Option<f64>,
    /// How many messages the broker held at a time, at the most, that were not
    /// acknowledged; `None` if the protocol does not use it.
    pub broker_backlog: Option<u64>,
}
