//! One run among very many: judged, not measured; a panic is an outcome too.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::strikes::Planned;
use super::survey::Survey;
use crate::business::PromiseId;
use crate::check::{Judge, Verdict};
use crate::fault::FaultPlan;
use crate::history::Sink;
use crate::lab::panics::catch;
use crate::protocol::choreographed::ChoreographedSaga;
use crate::protocol::monolith::Monolith;
use crate::protocol::orchestrated::OrchestratedSaga;
use crate::protocol::two_phase_commit::TwoPhaseCommit;
use crate::protocol::{Protocol, ProtocolKind, Safeguards};
use crate::scenario::{Expectation, Scenario};
use crate::vocab::Seed;
use crate::world::{RunSpec, host};

/// What is the same in all runs of one protocol on one seed.
pub(super) struct Bench<'a> {
    pub(super) scenario: &'a Arc<Scenario>,
    pub(super) protocol: ProtocolKind,
    pub(super) seed: Seed,
    pub(super) safeguards: Safeguards,
}

/// Something that came out otherwise than it should.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Surprise {
    /// A promise broke that is expected to hold.
    Broken(PromiseId),
    /// A run did not say whether such a promise held.
    Unsaid(PromiseId),
    /// The run panicked: a bug of the bench or of a protocol.
    Panicked,
}

/// A surprise of one run.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) surprise: Surprise,
    /// In a few words, the same for all that are the same.
    pub(super) how: String,
    /// In one sentence.
    pub(super) what: String,
}

impl Bench<'_> {
    /// Whether a run under this plan keeps what it should.
    pub(super) fn judge(&self, plan: &[Planned]) -> Vec<Found> {
        self.run(plan, ()).0
    }

    /// The same, and where the next fault could strike; nothing after a panic.
    pub(super) fn survey(&self, plan: &[Planned]) -> (Vec<Found>, Survey) {
        let (found, survey) = self.run(plan, Survey::default());
        (found, survey.unwrap_or_default())
    }

    fn run<S: Sink>(&self, plan: &[Planned], sink: S) -> (Vec<Found>, Option<S>) {
        let run = || match self.protocol {
            ProtocolKind::Monolith => self.run_as::<Monolith, S>(plan, sink),
            ProtocolKind::TwoPhaseCommit => self.run_as::<TwoPhaseCommit, S>(plan, sink),
            ProtocolKind::OrchestratedSaga => self.run_as::<OrchestratedSaga, S>(plan, sink),
            ProtocolKind::ChoreographedSaga => self.run_as::<ChoreographedSaga, S>(plan, sink),
            ProtocolKind::Own(_) => unreachable!("only what ships with the bench is enumerated"),
        };
        match catch(run) {
            Ok((found, sink)) => (found, Some(sink)),
            Err(invariant) => {
                let found = Found {
                    surprise: Surprise::Panicked,
                    how: invariant.clone(),
                    what: invariant,
                };
                (vec![found], None)
            }
        }
    }

    fn run_as<P: Protocol, S: Sink>(&self, plan: &[Planned], sink: S) -> (Vec<Found>, S) {
        let spec = RunSpec {
            scenario: Arc::clone(self.scenario),
            seed: self.seed,
            safeguards: self.safeguards,
            plan: FaultPlan {
                faults: plan.iter().map(|planned| planned.fault.clone()).collect(),
            },
            leave_out: BTreeSet::new(),
        };
        let judge = Judge::new(self.scenario, self.protocol);
        let ((judge, sink), end) = host::direct::run::<P, _>(&spec, (judge, sink));
        assert!(
            end.never_struck.is_empty(),
            "a run is the same until its first fault, so every surveyed point is reached"
        );
        let verdicts = judge.verdicts().into_iter();
        let found = verdicts.filter_map(|(promise, verdict)| self.surprise(promise, verdict));
        (found.collect(), sink)
    }

    /// What was not expected. What may break, or breaks in the scenario's own
    /// run, is no surprise.
    fn surprise(&self, promise: PromiseId, verdict: Verdict) -> Option<Found> {
        if self.scenario.expects(self.protocol, promise) != Expectation::Holds {
            return None;
        }
        match verdict {
            Verdict::Violated(violation) => Some(Found {
                surprise: Surprise::Broken(promise),
                how: violation.how.to_owned(),
                what: violation.what,
            }),
            Verdict::Inconclusive { why } => Some(Found {
                surprise: Surprise::Unsaid(promise),
                how: why.clone(),
                what: why,
            }),
            Verdict::Holds | Verdict::NotApplicable { .. } => None,
        }
    }
}
