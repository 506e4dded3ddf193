//! A step's local transaction at its service: run, and run again in place after
//! a conflict. Both sagas do it so; only what follows differs.

use super::machine::Reads;
use super::{Milestone, Outcome, Reply, Safeguard, Setting, StepPolicy};
use crate::business::{Reason, StepKind};
use crate::vocab::{Direction, SimDuration, StepId};

/// A step and its direction as the number of a call's or a timer's key: steps
/// from 1, as people count, and their compensations from 1001.
pub(super) fn key_number(step: StepId, direction: Direction) -> u32 {
    let step = u32::from(step.0) + 1;
    match direction {
        Direction::Forward => step,
        Direction::Backward => COMPENSATIONS + step,
    }
}

/// The step and direction of a [`key_number`].
pub(super) fn step_of(number: u32) -> (StepId, Direction) {
    let step = |n: u32| StepId((n - 1) as u8);
    match number.checked_sub(COMPENSATIONS) {
        Some(n) => (step(n), Direction::Backward),
        None => (step(number), Direction::Forward),
    }
}

const COMPENSATIONS: u32 = 1_000;

/// How far a service is with a local transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It is with the database, after so many conflicts.
    Running { conflicts: u32 },
    /// It met so many conflicts, and waits before it runs again.
    Resting { conflicts: u32 },
}

/// What comes to an attempt.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Arrival {
    /// The database's answer.
    Executed(Outcome),
    /// The wait is over.
    Rested,
}

/// How it goes on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// It is committed, or its no is.
    Answered(Answered),
    /// Run it again.
    Run(Attempt),
    /// Wait so long, then run it again.
    Rest(Attempt, SimDuration),
    /// It is not tried again here: whoever sent it will send it again.
    LeftToSender,
    /// It met more conflicts than it may, and nothing of it is left: whoever sent it
    /// will send it again, unless that is a person who waits.
    OutOfRetries,
    /// It is not tried again at all.
    GivenUp,
}

/// What a committed local transaction answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answered {
    /// The step's reply.
    pub(super) reply: Reply,
    /// Whether it was handled before.
    pub(super) replayed: bool,
    /// The rows that were asked for.
    pub(super) reads: Reads,
}

/// Pairs of state and input that do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Impossible {
    /// An answer, but nothing was asked of the database.
    NothingAsked,
    /// The wait is over, but nobody waits.
    NobodyRests,
    /// An answer that a one-shot transaction never gets.
    NotOneShot,
}

/// How often a step is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Persistence {
    /// Until it is answered.
    UntilAnswered,
    /// Once: the safeguard that makes it persist is taken away.
    Once,
}

impl Persistence {
    /// What is in force for this step: a compensation may not fail
    /// (Garcia-Molina & Salem 1987, section 4), and after the pivot there is no
    /// way but on (Mehrotra et al. 1992, section 3).
    pub(super) fn of(setting: &Setting, step: StepId, direction: Direction) -> Self {
        let persists = match direction {
            Direction::Backward => setting.safeguards.keep(Safeguard::RetryCompensation),
            Direction::Forward if setting.business.step(step).kind == StepKind::Retriable => {
                setting.safeguards.keep(Safeguard::RetryAfterPivot)
            }
            Direction::Forward => true,
        };
        if persists {
            Persistence::UntilAnswered
        } else {
            Persistence::Once
        }
    }
}

impl Attempt {
    /// The first one.
    pub(super) const FIRST: Attempt = Attempt::Running { conflicts: 0 };

    /// The transition: what an arrival makes of this attempt.
    pub(super) fn next(
        self,
        policy: StepPolicy,
        persistence: Persistence,
        arrival: Arrival,
    ) -> Result<Next, Impossible> {
        match (self, arrival) {
            (Attempt::Running { conflicts }, Arrival::Executed(outcome)) => {
                after_answer(conflicts, policy, persistence, outcome)
            }
            (Attempt::Resting { conflicts }, Arrival::Rested) => {
                Ok(Next::Run(Attempt::Running { conflicts }))
            }
            (Attempt::Resting { .. }, Arrival::Executed(_)) => Err(Impossible::NothingAsked),
            (Attempt::Running { .. }, Arrival::Rested) => Err(Impossible::NobodyRests),
        }
    }
}

fn after_answer(
    conflicts: u32,
    policy: StepPolicy,
    persistence: Persistence,
    outcome: Outcome,
) -> Result<Next, Impossible> {
    match outcome {
        Outcome::Committed {
            reply,
            replayed,
            reads,
        } => Ok(Next::Answered(Answered {
            reply,
            replayed,
            reads,
        })),
        Outcome::Refused(reason) => Ok(Next::Answered(Answered::refused(reason))),
        Outcome::Conflict | Outcome::Aborted | Outcome::Unknown
            if persistence == Persistence::Once =>
        {
            Ok(Next::GivenUp)
        }
        Outcome::Conflict if conflicts < policy.conflict_retries => Ok(Next::Rest(
            Attempt::Resting {
                conflicts: conflicts + 1,
            },
            policy.backoff(conflicts),
        )),
        Outcome::Conflict => Ok(Next::OutOfRetries),
        // The database was away, or nobody knows what became of it: the inbox
        // will, when it is sent again.
        Outcome::Aborted | Outcome::Unknown => Ok(Next::LeftToSender),
        Outcome::Open(_) | Outcome::Prepared | Outcome::ReadOnly | Outcome::Letters(_) => {
            Err(Impossible::NotOneShot)
        }
    }
}

impl Answered {
    /// What a service has reached with it.
    pub(super) fn milestones(&self) -> &'static [Milestone] {
        match self.reply {
            _ if self.replayed => &[Milestone::StepReplayed],
            Reply::Done => &[Milestone::StepExecuted],
            Reply::Null => &[Milestone::StepExecuted, Milestone::StepNullCompensation],
            Reply::Refused(Reason::Late) => &[Milestone::StepTooLate],
            Reply::Refused(_) => &[],
        }
    }

    fn refused(reason: Reason) -> Self {
        Answered {
            reply: Reply::Refused(reason),
            replayed: false,
            reads: Reads::new(),
        }
    }
}
