//! One run among very many: judged, not measured; a panic is an outcome too.

use std::collections::BTreeSet;
use std::slice;
use std::sync::Arc;

use super::strikes::Planned;
use super::survey::Survey;
use super::trunk::Trunk;
use crate::business::PromiseId;
use crate::check::{Judge, Verdict};
use crate::fault::FaultPlan;
use crate::lab::panics::catch;
use crate::protocol::choreographed::ChoreographedSaga;
use crate::protocol::monolith::Monolith;
use crate::protocol::orchestrated::OrchestratedSaga;
use crate::protocol::two_phase_commit::TwoPhaseCommit;
use crate::protocol::{Protocol, ProtocolKind, Safeguards};
use crate::scenario::{Expectation, Scenario};
use crate::vocab::Seed;
use crate::world::host::direct::{self, Run};
use crate::world::{RunEnd, RunSpec};

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
    /// What comes of a run under this plan, and where the next fault could
    /// strike: nowhere after a panic.
    pub(super) fn survey(&self, plan: &[Planned]) -> (Vec<Found>, Survey) {
        let surveyed = catch(|| match self.protocol {
            ProtocolKind::Monolith => self.survey_as::<Monolith>(plan),
            ProtocolKind::TwoPhaseCommit => self.survey_as::<TwoPhaseCommit>(plan),
            ProtocolKind::OrchestratedSaga => self.survey_as::<OrchestratedSaga>(plan),
            ProtocolKind::ChoreographedSaga => self.survey_as::<ChoreographedSaga>(plan),
            ProtocolKind::Own(_) => unreachable!("only what ships with the bench is enumerated"),
        });
        surveyed.unwrap_or_else(|invariant| (panicked(invariant), Survey::default()))
    }

    /// What comes of each of these second faults after a first one. They are in
    /// the order of their points in the run as it is after the first.
    pub(super) fn judge_after(&self, first: &Planned, seconds: &[Planned]) -> Vec<Vec<Found>> {
        match self.protocol {
            ProtocolKind::Monolith => self.judge_after_as::<Monolith>(first, seconds),
            ProtocolKind::TwoPhaseCommit => self.judge_after_as::<TwoPhaseCommit>(first, seconds),
            ProtocolKind::OrchestratedSaga => {
                self.judge_after_as::<OrchestratedSaga>(first, seconds)
            }
            ProtocolKind::ChoreographedSaga => {
                self.judge_after_as::<ChoreographedSaga>(first, seconds)
            }
            ProtocolKind::Own(_) => unreachable!("only what ships with the bench is enumerated"),
        }
    }

    fn survey_as<P: Protocol>(&self, plan: &[Planned]) -> (Vec<Found>, Survey) {
        let sink = (self.judge(), Survey::default());
        let ((judge, survey), end) = direct::run::<P, _>(&self.spec(plan), sink);
        (self.found(judge, &end), survey)
    }

    fn judge_after_as<P>(&self, first: &Planned, seconds: &[Planned]) -> Vec<Vec<Found>>
    where
        P: Protocol + Clone,
        P::Machine: Clone,
    {
        let mut trunk = Trunk::<P, Judge>::new(self.spec(slice::from_ref(first)), self.judge());
        let outages = seconds.chunk_by(Planned::is_shorter_than);
        outages
            .flat_map(|outage| self.judge_outage(&mut trunk, outage))
            .collect()
    }

    /// What comes of a fault that strikes at one point, by how long it lasts, the
    /// shortest first: while the longest lasts, the others are the same run. If
    /// that panics, so do all that are not over by then.
    fn judge_outage<P>(&self, trunk: &mut Trunk<P, Judge>, outage: &[Planned]) -> Vec<Vec<Found>>
    where
        P: Protocol + Clone,
        P::Machine: Clone,
    {
        let (longest, shorter) = outage
            .split_last()
            .expect("nothing is cut into empty pieces");
        let judged = |run: Run<P, Judge>| {
            let (judge, end) = run.finish();
            self.found(judge, &end)
        };
        let mut all = Vec::with_capacity(outage.len());
        let last = catch(|| {
            let mut branch = trunk.branch(longest);
            for planned in shorter {
                let run = branch.shorter(planned.point.at + planned.fault.lasts);
                all.push(catch(|| judged(run)).unwrap_or_else(panicked));
            }
            judged(branch.longest())
        });
        all.resize(outage.len(), last.unwrap_or_else(panicked));
        all
    }

    fn judge(&self) -> Judge {
        Judge::new(self.scenario, self.protocol)
    }

    fn spec(&self, plan: &[Planned]) -> RunSpec {
        RunSpec {
            scenario: Arc::clone(self.scenario),
            seed: self.seed,
            safeguards: self.safeguards,
            plan: FaultPlan {
                faults: plan.iter().map(|planned| planned.fault.clone()).collect(),
            },
            leave_out: BTreeSet::new(),
        }
    }

    /// What was not as expected in a run that is over.
    fn found(&self, judge: Judge, end: &RunEnd) -> Vec<Found> {
        assert!(
            end.never_struck.is_empty(),
            "a run is the same until its first fault, so every surveyed point is reached"
        );
        let verdicts = judge.verdicts().into_iter();
        let found = verdicts.filter_map(|(promise, verdict)| self.surprise(promise, verdict));
        found.collect()
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

fn panicked(invariant: String) -> Vec<Found> {
    vec![Found {
        surprise: Surprise::Panicked,
        how: invariant.clone(),
        what: invariant,
    }]
}
