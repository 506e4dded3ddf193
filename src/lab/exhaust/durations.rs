//! How long faults last: just under and just over each time-out.

use crate::business::ResourceKind;
use crate::protocol::{Family, ProtocolKind, StepPolicy};
use crate::scenario::{Engine, Scenario};
use crate::vocab::SimDuration;

/// The smallest step of model time.
const MOMENT: SimDuration = SimDuration::from_micros(1);

/// The canonical durations of a scenario under a protocol.
///
/// A duration matters by which time-outs run out meanwhile, so there is one
/// between every two neighbouring time-outs (just under the longer, and so over
/// the shorter), one just under the shortest, and one just over the longest. What
/// dies is away until it is up again: its restart is part of it.
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

    /// How long faults of a machine last, if it needs a `restart` after that: so
    /// that it is away just under each time-out, and over the longest. A time-out
    /// under which it cannot come back is met by the shortest fault there is.
    pub(super) fn lasts(&self, restart: SimDuration) -> Vec<SimDuration> {
        let under = self.time_outs.iter().map(|&time_out| time_out - MOMENT);
        let under = under.map(|away| (away - restart).max(MOMENT));
        let mut all: Vec<SimDuration> = under.chain(self.longest()).collect();
        all.dedup();
        all
    }

    /// How late messages come: past each time-out.
    pub(super) fn late(&self) -> impl Iterator<Item = SimDuration> {
        self.time_outs.iter().map(|&time_out| time_out + MOMENT)
    }

    /// Past everybody's patience.
    pub(super) fn longest(&self) -> Option<SimDuration> {
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
        .filter(|machine| {
            let database = &machine.database;
            database.engine == Engine::Locking && database.lock_policy.waits()
        })
        .map(|machine| machine.database.lock_timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_away_just_under_each_time_out_and_over_the_longest() {
        let millis = SimDuration::from_millis;
        let durations = Durations {
            time_outs: vec![millis(20), millis(30), millis(150)],
        };
        let micros = |restart| -> Vec<u64> {
            let lasts = durations.lasts(restart).into_iter();
            lasts.map(SimDuration::as_micros).collect()
        };
        assert_eq!(
            micros(SimDuration::ZERO),
            [19_999, 29_999, 149_999, 150_001]
        );
        assert_eq!(micros(millis(20)), [1, 9_999, 129_999, 150_001]);
        assert_eq!(micros(millis(40)), [1, 109_999, 150_001]);
    }
}
