//! How long faults last: just under and just over each time-out.

use crate::business::ResourceKind;
use crate::protocol::{Family, ProtocolKind, StepPolicy};
use crate::scenario::{Engine, Scenario};
use crate::vocab::SimDuration;

/// The smallest step of model time.
const MOMENT: SimDuration = SimDuration::from_micros(1);

/// The canonical durations of a scenario under a protocol.
///
/// A duration matters by which time-outs run out while it lasts, so there is one
/// between every two neighbouring time-outs (just under the longer, and so over
/// the shorter), one just under the shortest, and one just over the longest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durations {
    time_outs: Vec<SimDuration>,
}

impl Durations {
    /// Those of a scenario under a protocol.
    pub fn of(scenario: &Scenario, protocol: ProtocolKind) -> Self {
        let mut time_outs = time_outs(scenario, protocol);
        time_outs.retain(|time_out| *time_out > MOMENT);
        time_outs.sort_unstable();
        time_outs.dedup();
        Durations { time_outs }
    }

    /// The distinct time-outs, shortest first.
    pub fn time_outs(&self) -> &[SimDuration] {
        &self.time_outs
    }

    /// How long crashes, power losses and pauses last: under each time-out, and
    /// over the longest.
    pub fn lasts(&self) -> impl Iterator<Item = SimDuration> {
        let under = self.time_outs.iter().map(|&time_out| time_out - MOMENT);
        under.chain(self.longest())
    }

    /// How late messages come: past each time-out.
    pub fn late(&self) -> impl Iterator<Item = SimDuration> {
        self.time_outs.iter().map(|&time_out| time_out + MOMENT)
    }

    /// Past everybody's patience.
    pub fn longest(&self) -> Option<SimDuration> {
        self.time_outs.last().map(|&time_out| time_out + MOMENT)
    }
}

/// Every time-out that can run out under a protocol. Relays wait for their
/// answers as long as anybody else.
fn time_outs(scenario: &Scenario, protocol: ProtocolKind) -> Vec<SimDuration> {
    let policies = &scenario.policies;
    let mut all = vec![scenario.workload.timeout, policies.resend_after];
    all.extend(lock_timeouts(scenario));
    let steps = || policies.steps.values().copied().chain([policies.common()]);
    let manager = protocol.family() == Family::TwoPhase || protocol.is_saga();
    let own = matches!(protocol, ProtocolKind::Own(_));
    if manager && !protocol.uses_broker() || own {
        all.extend(steps().map(|step: StepPolicy| step.resend_after));
        all.extend(steps().map(|step| step.give_up_after));
    }
    if protocol.family() == Family::TwoPhase || own {
        all.extend([policies.inquire_after, policies.idle_branch_after]);
    }
    if protocol.uses_broker() || own {
        all.push(scenario.broker.redeliver_after);
        all.extend(policies.watchdog);
    }
    all
}

/// Of the databases in which somebody can wait for a lock on a business row.
fn lock_timeouts(scenario: &Scenario) -> impl Iterator<Item = SimDuration> {
    let locked = |kind: &ResourceKind| !matches!(kind, ResourceKind::Action);
    let resources = scenario.business.resources.iter();
    let homes = resources.filter(move |resource| locked(&resource.kind));
    homes
        .map(|resource| &scenario.machines[scenario.nodes.service(resource.service).0 as usize])
        .filter(|machine| machine.database.engine == Engine::Locking)
        .map(|machine| machine.database.lock_timeout)
}
