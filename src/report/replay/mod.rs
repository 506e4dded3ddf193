//! A run told again: whether it was the same, what broke, and how.
//!
//! - [`text`]: the screen, with the diagram.
//! - [`json`]: the same for programs.
//! - [`report`]: a bug report for a tracker.

mod account;
pub mod json;
pub mod report;
mod sentence;
pub mod text;

use crate::business::PromiseId;
use crate::check::{Verdict, Violation};
use crate::history::Digest;
use crate::lab::Trial;
use crate::report::diagram::{Caption, Concern, Diagram, Moment, Signs};
use crate::report::invocation::{in_a_clone, words_of};
use crate::report::saved::Parting;
use crate::report::{Comparison, Invocation, Judgement};
use crate::scenario::Scenario;
use crate::vocab::RequestId;

/// A run that was made again, and what of it is to be explained.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// How it was asked for.
    pub invocation: &'a Invocation,
    /// What came of it.
    pub trial: &'a Trial,
    /// What came of it under the other protocols, where no promise broke under
    /// any and nobody said which protocol is meant.
    pub beside: &'a [Trial],
    /// What it was compared with.
    pub compared: Compared,
    /// What is explained.
    pub subject: Subject<'a>,
    /// The diagram of the subject.
    pub diagram: Diagram,
    /// With which signs the terminal draws it.
    pub signs: Signs,
    /// The command that shows it again.
    pub again: String,
}

/// What a replay was compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Compared {
    /// With nothing: nobody said what it should be.
    Nothing,
    /// With a fingerprint.
    Digest(Digest),
    /// With a saved history, whose fingerprint this is; and where they part, if
    /// they do.
    Saved(Digest, Option<Box<Parting>>),
}

/// What a replay explains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subject<'a> {
    /// A broken promise.
    Broken(PromiseId, &'a Violation),
    /// A request, whatever became of it.
    Request(RequestId),
    /// The whole run.
    Everything,
    /// Nothing: every promise held, and nobody asked for a request. This one could be
    /// asked for.
    Nothing(Option<RequestId>),
}

impl Subject<'_> {
    /// What its diagram is about.
    pub fn concern(&self) -> Concern {
        match self {
            Subject::Broken(_, violation) => Concern::of_violation(violation),
            Subject::Request(request) => Concern::of_request(*request),
            Subject::Everything | Subject::Nothing(_) => Concern::everything(),
        }
    }

    /// When the promise broke, for the diagram's banner.
    pub fn moment(&self, scenario: &Scenario) -> Option<Moment> {
        let Subject::Broken(promise, violation) = self else {
            return None;
        };
        let name = scenario.promise_name(*promise);
        Some(Moment {
            at: violation.at,
            words: format!("{name}: {}", violation.what),
        })
    }
}

/// The broken promises of a run, those that should have held first.
pub fn broken<'t>(
    scenario: &Scenario,
    invocation: &Invocation,
    trial: &'t Trial,
) -> Vec<(PromiseId, &'t Violation)> {
    let of = Comparison {
        scenario,
        invocation,
        trials: std::slice::from_ref(trial),
        unable: &[],
    };
    let mut broken: Vec<(Judgement, PromiseId, &Violation)> = trial
        .verdicts
        .iter()
        .filter_map(|(promise, verdict, expectation)| match verdict {
            Verdict::Violated(violation) => {
                Some((of.judge(verdict, *expectation), *promise, violation))
            }
            _ => None,
        })
        .collect();
    broken.sort_by_key(|(judgement, ..)| std::cmp::Reverse(*judgement));
    broken
        .into_iter()
        .map(|(_, promise, violation)| (promise, violation))
        .collect()
}

impl Replay<'_> {
    /// Whether the run was the one that was meant; `None` if nobody said which.
    pub fn is_same(&self) -> Option<bool> {
        match &self.compared {
            Compared::Nothing => None,
            Compared::Digest(digest) => Some(*digest == self.trial.digest),
            Compared::Saved(digest, parting) => {
                Some(*digest == self.trial.digest && parting.is_none())
            }
        }
    }

    /// What it all comes to against its scenario's expectations.
    pub fn judgement(&self) -> Judgement {
        let judgements = self.trials().map(|trial| self.judged(trial));
        judgements.max().unwrap_or(Judgement::AsExpected)
    }

    /// The run, and those under other protocols beside it.
    fn trials(&self) -> impl Iterator<Item = &Trial> {
        std::iter::once(self.trial).chain(self.beside)
    }

    fn judged(&self, trial: &Trial) -> Judgement {
        Comparison {
            scenario: self.scenario,
            invocation: self.invocation,
            trials: std::slice::from_ref(trial),
            unable: &[],
        }
        .judgement()
    }

    /// What the picture of it shows.
    pub fn caption(&self) -> Caption {
        let protocol = self.trial.protocol;
        let title = match self.subject {
            Subject::Broken(promise, _) => {
                let name = self.scenario.promise_name(promise);
                format!("{name}: violated under {protocol}")
            }
            Subject::Request(request) => format!("Request {request} under {protocol}"),
            Subject::Everything | Subject::Nothing(_) => format!("The whole run under {protocol}"),
        };
        Caption {
            title,
            run: format!("{}, {}; time in ms", self.scenario.name, self.run()),
            again: in_a_clone(words_of(&self.again)),
        }
    }

    /// Seed, protocol, and what was taken away.
    fn run(&self) -> String {
        let mut run = format!("seed {}, {}", self.trial.seed, self.trial.protocol);
        // Those that the scenario itself does without are gone as well.
        for safeguard in self.trial.safeguards.missing() {
            run.push_str(&format!(", without {safeguard}"));
        }
        run
    }

    /// The other promises that broke.
    fn others(&self) -> Vec<PromiseId> {
        let shown = match self.subject {
            Subject::Broken(promise, _) => Some(promise),
            _ => None,
        };
        let broken = broken(self.scenario, self.invocation, self.trial);
        let broken = broken.into_iter().map(|(promise, _)| promise);
        broken.filter(|promise| Some(*promise) != shown).collect()
    }
}

#[cfg(test)]
mod tests;
