//! One saga as its orchestrator sees it: its stages and the one function that
//! leads from each to the next, in life as in recovery.

use crate::business::{Reason, StepKind};
use crate::protocol::attempt::Persistence;
use crate::protocol::{ClientOutcome, Detail, Milestone, Note, Reply, SagaPhase, Setting, plan};
use crate::vocab::{Direction, StepId, TxId};

/// How far a saga is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The intent is being written; its command has not left.
    Logging(SagaPhase),
    /// The intent is on disk and its command may be out; the answer is due. Of steps
    /// that were commanded together, some have answered. Every saga found in the log
    /// is here, with nobody's answer.
    Commanded(SagaPhase, Answered),
    /// Its command was sent in vain as often as its step allows, and that is being
    /// written.
    Parking(SagaPhase),
    /// That is on disk: the command is not sent any more, until somebody looks. An
    /// answer to an earlier one still counts.
    Parked(SagaPhase),
    /// The end is being written; the client knows nothing yet.
    Ending(ClientOutcome),
    /// The end is on disk.
    Over(ClientOutcome),
}

/// Which of the steps that were commanded together are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answered(u64);

/// What happens to a saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// The record that was asked for is on disk.
    Written,
    /// A service answered.
    Answered {
        /// Which step.
        step: StepId,
        /// To doing or undoing it.
        direction: Direction,
        /// What.
        reply: Reply,
    },
    /// The answer to the command for this step is overdue.
    TimedOut(StepId),
    /// The command was sent as often as its step allows.
    OutOfTries,
    /// An operator has looked at what is parked.
    PutBack,
    /// The client has taken its wish back.
    Cancelled,
}

/// Where a saga goes, and the milestone that it passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Move {
    pub(super) passing: Option<Milestone>,
    pub(super) detail: Detail,
    pub(super) to: Stage,
}

/// Why nothing changes: pairs of stage and happening that lead nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stay {
    /// The answer to a command that was answered before, or given up: it came
    /// twice, or late.
    AnsweredBefore,
    /// A step that must succeed said no: the resend asks it again.
    MustSucceed,
    /// The saga may neither turn nor go on before it knows: the resend asks
    /// again.
    MustKnow,
    /// A record that nobody asked for was written.
    NothingWritten,
    /// A step answered what it cannot answer.
    NoSuchAnswer,
    /// The record must be on disk before the saga can turn, or take an answer.
    NotYet,
    /// The saga has turned, or can only go on.
    TooLate,
}

impl Stage {
    /// The transition: what a happening makes of this stage.
    pub(super) fn next(self, setting: &Setting, happening: Happening) -> Result<Move, Stay> {
        match (self, happening) {
            (Stage::Logging(phase), Happening::Written) => Ok(passing(
                Milestone::OrchestratorLogged,
                phase.step(),
                Stage::Commanded(phase, Answered::default()),
            )),
            (Stage::Ending(outcome), Happening::Written) => Ok(Move {
                passing: Some(Milestone::OrchestratorEnded),
                detail: Detail::None,
                to: Stage::Over(outcome),
            }),
            (Stage::Parking(phase), Happening::Written) => Ok(Move {
                passing: Some(Milestone::OrchestratorParked),
                detail: Detail::Asked(phase.step(), phase.direction()),
                to: Stage::Parked(phase),
            }),
            (Stage::Commanded(..) | Stage::Parked(_) | Stage::Over(_), Happening::Written) => {
                Err(Stay::NothingWritten)
            }

            (
                Stage::Commanded(phase, _) | Stage::Parked(phase),
                Happening::Answered {
                    step,
                    direction,
                    reply,
                },
            ) if self.awaits(setting, step, direction) => match phase {
                SagaPhase::Forward(first) => done(setting, first, self.answered(), step, reply),
                SagaPhase::Backward { undo, last, reason } => {
                    undone(setting, undo, last, reason, reply)
                }
            },
            (
                Stage::Parking(phase),
                Happening::Answered {
                    step, direction, ..
                },
            ) if (step, direction) == (phase.step(), phase.direction()) => Err(Stay::NotYet),
            (_, Happening::Answered { .. }) => Err(Stay::AnsweredBefore),

            (Stage::Commanded(phase, _), Happening::TimedOut(step)) => {
                overdue(setting, phase, step)
            }
            (_, Happening::TimedOut(_)) => Err(Stay::AnsweredBefore),

            (Stage::Commanded(phase, _), Happening::OutOfTries) => Ok(Move {
                passing: None,
                detail: Detail::None,
                to: Stage::Parking(phase),
            }),
            (_, Happening::OutOfTries) => Err(Stay::AnsweredBefore),

            (Stage::Parked(phase), Happening::PutBack) => Ok(Move {
                passing: Some(Milestone::OrchestratorPutBack),
                detail: Detail::Asked(phase.step(), phase.direction()),
                to: Stage::Logging(phase),
            }),
            (_, Happening::PutBack) => Err(Stay::AnsweredBefore),

            (Stage::Commanded(phase, _) | Stage::Parked(phase), Happening::Cancelled) => {
                cancelled(setting, phase)
            }
            (
                Stage::Logging(SagaPhase::Forward(_)) | Stage::Parking(SagaPhase::Forward(_)),
                Happening::Cancelled,
            ) => Err(Stay::NotYet),
            (Stage::Parking(SagaPhase::Backward { .. }), Happening::Cancelled) => {
                Err(Stay::TooLate)
            }
            (Stage::Logging(_) | Stage::Ending(_) | Stage::Over(_), Happening::Cancelled) => {
                Err(Stay::TooLate)
            }
        }
    }

    /// The steps whose answer is due.
    pub(super) fn due(self, setting: &Setting) -> impl Iterator<Item = StepId> {
        let steps = match self {
            Stage::Commanded(phase, _) | Stage::Parked(phase) => Some(phase.together(setting)),
            Stage::Logging(_) | Stage::Parking(_) | Stage::Ending(_) | Stage::Over(_) => None,
        };
        let answered = self.answered();
        steps
            .into_iter()
            .flatten()
            .filter(move |step| !answered.contains(*step))
    }

    /// Whether the answer to this command is due.
    pub(super) fn awaits(self, setting: &Setting, step: StepId, direction: Direction) -> bool {
        match self {
            Stage::Commanded(phase, _) | Stage::Parked(phase) => {
                phase.direction() == direction && self.due(setting).any(|due| due == step)
            }
            Stage::Logging(_) | Stage::Parking(_) | Stage::Ending(_) | Stage::Over(_) => false,
        }
    }

    fn answered(self) -> Answered {
        match self {
            Stage::Commanded(_, answered) => answered,
            _ => Answered::default(),
        }
    }
}

impl Answered {
    fn contains(self, step: StepId) -> bool {
        self.0 & (1 << step.0) != 0
    }

    fn with(self, step: StepId) -> Self {
        Answered(self.0 | (1 << step.0))
    }
}

/// A step answered, that was commanded together with `first`.
fn done(
    setting: &Setting,
    first: StepId,
    answered: Answered,
    step: StepId,
    reply: Reply,
) -> Result<Move, Stay> {
    let last = setting.last_together(first);
    match reply {
        Reply::Done => {
            let forward = SagaPhase::Forward(first);
            let answered = answered.with(step);
            let mut together = forward.together(setting);
            let to = match together.all(|step| answered.contains(step)) {
                true => after(setting, last),
                false => Stage::Commanded(forward, answered),
            };
            Ok(passing(Milestone::OrchestratorStepDone, step, to))
        }
        Reply::Refused(reason) => match setting.business.step(step).kind {
            // A step that says no has had no effect: only those before it have, and
            // those commanded with it may have.
            StepKind::Compensable | StepKind::Pivot => {
                let last = if step == last {
                    before(setting, step)
                } else {
                    Some(last)
                };
                Ok(turn(setting, step, last, reason))
            }
            StepKind::Retriable => {
                give_up_if_once(setting, SagaPhase::Forward(step), Stay::MustSucceed)
            }
        },
        Reply::Null => Err(Stay::NoSuchAnswer),
    }
}

/// A compensation answered.
fn undone(
    setting: &Setting,
    undo: StepId,
    last: StepId,
    reason: Reason,
    reply: Reply,
) -> Result<Move, Stay> {
    match reply {
        Reply::Done | Reply::Null => {
            let next = plan::undo_order(setting, last)
                .into_iter()
                .skip_while(|&step| step != undo)
                .nth(1);
            let to = match next {
                Some(undo) => Stage::Logging(SagaPhase::Backward { undo, last, reason }),
                None => Stage::Ending(ClientOutcome::Refused(reason)),
            };
            Ok(passing(Milestone::OrchestratorUndone, undo, to))
        }
        // A compensation may not refuse (Garcia-Molina & Salem 1987).
        Reply::Refused(_) => Err(Stay::NoSuchAnswer),
    }
}

/// The command for a step was not answered in time.
fn overdue(setting: &Setting, phase: SagaPhase, step: StepId) -> Result<Move, Stay> {
    match phase {
        // It may have been executed, so what is undone begins with it, or with the
        // last that was commanded together with it.
        SagaPhase::Forward(first) if setting.business.step(step).kind == StepKind::Compensable => {
            let last = setting.last_together(first);
            Ok(turn(setting, step, Some(last), Reason::TimedOut(step)))
        }
        SagaPhase::Forward(_) => give_up_if_once(setting, SagaPhase::Forward(step), Stay::MustKnow),
        SagaPhase::Backward { .. } => give_up_if_once(setting, phase, Stay::MustKnow),
    }
}

/// A command that is out may have been executed; so as long as it can be undone,
/// what is undone begins with it. A pivot decides, and not the client.
fn cancelled(setting: &Setting, phase: SagaPhase) -> Result<Move, Stay> {
    match phase {
        SagaPhase::Forward(step) if setting.business.step(step).kind == StepKind::Compensable => {
            let last = setting.last_together(step);
            Ok(turn(setting, step, Some(last), Reason::Cancelled))
        }
        SagaPhase::Forward(_) | SagaPhase::Backward { .. } => Err(Stay::TooLate),
    }
}

/// The saga goes backwards from `at`, undoing the steps up to `last`; or ends,
/// if there is nothing to undo.
fn turn(setting: &Setting, at: StepId, last: Option<StepId>, reason: Reason) -> Move {
    let first = last.and_then(|last| {
        let undo = plan::undo_order(setting, last).into_iter().next()?;
        Some(SagaPhase::Backward { undo, last, reason })
    });
    match first {
        Some(phase) => Move {
            passing: Some(Milestone::OrchestratorTurned),
            detail: Detail::Reason(at, reason),
            to: Stage::Logging(phase),
        },
        None => Move {
            passing: None,
            detail: Detail::None,
            to: Stage::Ending(ClientOutcome::Refused(reason)),
        },
    }
}

/// Without the safeguard that makes this command persist, the saga ends as it
/// is: committed if it is past its pivot, otherwise refused.
fn give_up_if_once(setting: &Setting, phase: SagaPhase, otherwise: Stay) -> Result<Move, Stay> {
    match Persistence::of(setting, phase.step(), phase.direction()) {
        Persistence::UntilAnswered => Err(otherwise),
        Persistence::Once => {
            let outcome = match phase {
                SagaPhase::Forward(_) => ClientOutcome::Committed,
                SagaPhase::Backward { reason, .. } => ClientOutcome::Refused(reason),
            };
            let to = Stage::Ending(outcome);
            Ok(passing(Milestone::OrchestratorGaveUp, phase.step(), to))
        }
    }
}

/// What follows when this step is done.
fn after(setting: &Setting, step: StepId) -> Stage {
    let next = StepId(step.0 + 1);
    if next <= setting.business.last() {
        Stage::Logging(SagaPhase::Forward(next))
    } else {
        Stage::Ending(ClientOutcome::Committed)
    }
}

fn before(setting: &Setting, step: StepId) -> Option<StepId> {
    (step > setting.business.first).then(|| StepId(step.0 - 1))
}

fn passing(milestone: Milestone, step: StepId, to: Stage) -> Move {
    Move {
        passing: Some(milestone),
        detail: Detail::Step(step),
        to,
    }
}

impl Move {
    /// The note of what it passes.
    pub(super) fn note(&self, tx: TxId) -> Option<Note> {
        self.passing.map(|milestone| Note {
            milestone,
            tx,
            detail: self.detail,
        })
    }
}

impl SagaPhase {
    /// The steps whose commands leave together.
    pub(super) fn together(self, setting: &Setting) -> impl Iterator<Item = StepId> + use<> {
        let last = match self {
            SagaPhase::Forward(first) => setting.last_together(first),
            SagaPhase::Backward { undo, .. } => undo,
        };
        (self.step().0..=last.0).map(StepId)
    }

    /// The step whose command is due, or the first of those.
    pub fn step(self) -> StepId {
        match self {
            SagaPhase::Forward(step) => step,
            SagaPhase::Backward { undo, .. } => undo,
        }
    }

    /// Whether it is to be done or undone.
    pub fn direction(self) -> Direction {
        match self {
            SagaPhase::Forward(_) => Direction::Forward,
            SagaPhase::Backward { .. } => Direction::Backward,
        }
    }
}
