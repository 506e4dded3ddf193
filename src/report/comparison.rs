use super::{Invocation, Judgement, judge};
use crate::business::PromiseId;
use crate::check::Verdict;
use crate::lab::{Hosts, Trial};
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::scenario::{Expectation, Scenario};

/// One scenario under several protocols: all that a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// How it was asked for.
    pub invocation: &'a Invocation,
    /// What came of it, a trial a protocol.
    pub trials: &'a [Trial],
    /// The protocols that this scenario cannot run.
    pub unable: &'a [Unable],
}

/// A protocol that a scenario cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unable {
    /// Which protocol.
    pub protocol: ProtocolKind,
    /// Why not: `the database of ... cannot prepare`.
    pub why: String,
}

impl Comparison<'_> {
    /// What the whole of it comes to: the worst judgement of all promises.
    pub fn judgement(&self) -> Judgement {
        self.trials
            .iter()
            .flat_map(|trial| trial.verdicts.iter())
            .map(|(_, verdict, expectation)| self.judge(verdict, *expectation))
            .max()
            .unwrap_or(Judgement::AsExpected)
    }

    /// The safeguards that were taken away: by the scenario and by whoever asked.
    pub(super) fn without(&self) -> Vec<Safeguard> {
        let asked = Safeguards::all().less(&self.invocation.without);
        self.scenario.safeguards(asked).missing().collect()
    }

    /// The first trial whose hosts came to different histories: a bug of the
    /// bench.
    pub fn disagreement(&self) -> Option<&Trial> {
        self.trials
            .iter()
            .find(|trial| matches!(trial.hosts, Hosts::Differ { .. }))
    }

    /// What a verdict is worth, given what was expected.
    pub(super) fn judge(&self, verdict: &Verdict, expectation: Expectation) -> Judgement {
        judge(
            verdict,
            expectation,
            self.invocation.standing(self.scenario),
        )
    }

    /// The verdict and expectation of one promise in one trial.
    pub(super) fn verdict<'t>(
        &self,
        trial: &'t Trial,
        promise: PromiseId,
    ) -> Option<(&'t Verdict, Expectation)> {
        trial
            .verdicts
            .iter()
            .find(|(id, ..)| *id == promise)
            .map(|(_, verdict, expectation)| (verdict, *expectation))
    }
}
