//! One branch of one transaction at a participant: a state, and a total
//! transition.

use crate::business::{Params, Reason};
use crate::protocol::two_phase_commit::message::{Ops, Standing, WorkResult};
use crate::protocol::two_phase_commit::{LockTime, Presumption};
use crate::protocol::{Decision, Outcome, Safeguard, Safeguards, Tag};
use crate::vocab::StepId;

/// How far a branch is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// Nothing was ever heard of it, or not by this process.
    Unheard,
    /// A statement is with the database.
    Working {
        /// What was done before.
        work: Work,
        /// Which step it does.
        step: StepId,
    },
    /// The branch is open and waits: for more work, for PREPARE, for ABORT. (Where
    /// locks are taken at PREPARE, its database has not heard of it.)
    Open(Work),
    /// Asked to end the first phase, it does the work that it had put off, and so
    /// takes its locks.
    Locking {
        /// What is to be done.
        work: Work,
        /// How many steps of it are.
        done: usize,
        /// What it was asked for.
        then: Then,
    },
    /// The database is asked to prepare it.
    Preparing,
    /// Prepared, and the vote was yes: it holds its locks and waits to be told,
    /// and never decides alone.
    InDoubt,
    /// Told to commit; the database is asked to.
    Committing {
        /// Whether that is to be acknowledged.
        ack: bool,
    },
    /// Asked to commit in one phase, it has decided to; the database is asked to.
    CommittingOnePhase,
    /// The database is asked to roll it back.
    RollingBack(Ended, Abort),
    /// It is over, and remembered for a while.
    Ended(Ended),
}

/// How the first phase ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It prepares, and votes.
    Prepare,
    /// It commits in one phase.
    CommitOnePhase,
}

/// What was done in a branch, or is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Work {
    /// The steps, in order.
    pub(super) ops: Ops,
    /// What the request is about.
    pub(super) params: Params,
}

/// How a branch ended: what a late or doubled message is answered from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ended {
    /// It is committed.
    Committed,
    /// The coordinator said abort, or it was idle too long.
    Aborted,
    /// This step ended it.
    AtWork(StepId, WorkResult),
    /// It voted no, or is about to.
    VotedNo(Reason),
    /// It aborted by itself although it had voted yes.
    Unilaterally,
    /// It has only read, and was over when it was asked to prepare.
    ReadOnly,
}

/// How much care is taken over an abort's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Abort {
    /// None: if it is lost, the branch is in doubt again, asks, and is told the
    /// same; or it was never prepared.
    Lazy,
    /// It is on disk before anything else is said, for nobody will acknowledge it,
    /// and whoever is asked later may presume something else.
    Forced,
    /// It is on disk before it is acknowledged.
    Acknowledged,
    /// It is on disk before it is said that the commit in one phase is refused: late
    /// work, and the message once more, must not commit it after all.
    OnePhase,
}

/// The rules by which a participant goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// The safeguards in force.
    pub(super) safeguards: Safeguards,
    /// What the coordinator presumes.
    pub(super) presumption: Presumption,
    /// Whether it only reads, and so may leave at PREPARE without a record.
    pub(super) may_leave_reading: bool,
    /// When it does its work.
    pub(super) locks: LockTime,
}

impl Rules {
    fn keep(self, safeguard: Safeguard) -> bool {
        self.safeguards.keep(safeguard)
    }

    /// The first phase ends for a branch with this work.
    fn end_of_work(self, work: Work, then: Then) -> (State, Act) {
        match self.locks {
            LockTime::Early => finish(work, then),
            LockTime::AtPrepare => go_on(work, 0, then),
        }
    }

    /// A decision, as the coordinator would tell it: what that remembers until then is
    /// to be acknowledged to it, whoever tells.
    pub(super) fn decided(self, decision: Decision) -> Standing {
        let ack = match decision {
            Decision::Commit => self.presumption.acknowledges_commit(),
            Decision::Abort => self.presumption.acknowledges_abort(),
        };
        Standing::Decided { decision, ack }
    }

    /// The care that is taken over the abort of what may be prepared, where the
    /// coordinator does not wait for an acknowledgement. Under presumed abort a
    /// lost record does no harm.
    fn unasked(self) -> Abort {
        match self.presumption.acknowledges_abort() {
            true => Abort::Forced,
            false => Abort::Lazy,
        }
    }
}

/// What happens to a branch.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Happening {
    /// Work arrived.
    Work { step: StepId, params: Params },
    /// PREPARE arrived, with what the coordinator believes was done.
    Prepare { ops: Ops },
    /// It is to commit in one phase, with what the coordinator believes was done.
    CommitOnePhase { ops: Ops },
    /// COMMIT or ABORT arrived, or was the answer to an inquiry.
    Told {
        /// What was decided, or is presumed.
        decision: Decision,
        /// Whether that is to be acknowledged.
        ack: bool,
    },
    /// The answer to an inquiry: not decided yet.
    Wait,
    /// Another participant knows no more.
    NoHelp,
    /// The database answered a statement.
    Ran(Outcome),
    /// The database answered the request to prepare.
    Prepared(Outcome),
    /// The database answered the request to commit or roll back.
    Finished(Outcome),
    /// A (re)started database found it prepared.
    Found,
    /// Nothing came for too long, and it was not asked to vote.
    Idle,
    /// In doubt, and not told for too long.
    Doubtful,
    /// The wait after a failed commit or rollback is over.
    Rested,
    /// Another participant, in doubt, asks how it stands, and this one has not voted.
    Asked,
}

/// What the participant does about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Run this step's statement.
    RunStatement(StepId, Params),
    /// Say that the step is done; its branch is open.
    ReplyDone(StepId),
    /// Say that it is done, once more.
    ReplyDoneAgain(StepId),
    /// Say why it is not.
    ReplyFailed(StepId, WorkResult),
    /// Ask the database to prepare what was done.
    AskToPrepare(Work),
    /// Ask the database to commit what was done, in one phase.
    AskToCommitOnePhase(Work),
    /// It is committed in one phase: say so.
    CommittedOnePhase,
    /// Say that it was committed in one phase.
    SayCommitted,
    /// Say that its commit in one phase is refused: the branch is gone for good.
    SayRefused(Reason),
    /// Say yes: it is prepared.
    VoteYes,
    /// Say yes, once more.
    VoteYesAgain,
    /// Say no: the branch is gone.
    VoteNo(Reason),
    /// Say that the branch has only read, and is over.
    VoteReadOnly,
    /// Ask the database to roll back. What depends on it follows its answer.
    RollBack(Abort),
    /// The same, by its own decision.
    GiveUp(Abort),
    /// Ask the database to commit: for good, if that is to be acknowledged.
    AskToCommit {
        /// Whether it is.
        ack: bool,
    },
    /// It is committed: acknowledge.
    CommittedAndAck,
    /// It is committed, and nobody waits to hear it.
    Committed,
    /// It is aborted: acknowledge.
    AbortedAndAck,
    /// Acknowledge what was over before.
    AckAgain,
    /// Nobody knows what the database did: ask it again later.
    FinishLater,
    /// Ask the coordinator what was decided.
    Inquire,
    /// Just found in doubt: ask at once.
    FoundInDoubt,
    /// Nothing: only the state has changed.
    Forget,
}

/// Pairs of state and happening that change nothing, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ignored {
    /// The same is being done already.
    UnderWay,
    /// It came too late: the branch is past it, or over.
    TooLate,
    /// A decision that nobody can have made before this participant voted.
    NotVoted,
    /// A statement is still running. Whoever asks will ask again.
    Busy,
    /// Another decision than the one that is being carried out: only a broken
    /// coordinator says so.
    Contradiction,
    /// Not decided yet; the inquiry is repeated anyway.
    StillWaiting,
    /// An answer or a timer that nobody waits for any more.
    Stale,
}

/// What a participant can tell another one that is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Testimony {
    /// This.
    Says(Standing),
    /// Abort: it has not voted yes and never will. That is to be on disk before it is
    /// told, or a crash and whatever comes late could make it vote after all.
    Abort,
    /// It remembers nothing: its database may know of a commit.
    LookUp,
}

type Transition = Result<(State, Act), Ignored>;

impl State {
    /// The transition. Of the safeguards it asks for those that are a plan: what
    /// is checked before the vote, and who decides after it.
    pub(super) fn next(&self, rules: Rules, happening: Happening) -> Transition {
        match happening {
            Happening::Work { step, params } => self.on_work(rules, step, params),
            Happening::Ran(outcome) => self.on_ran(rules, outcome),
            Happening::Prepare { ops } => self.on_prepare(rules, &ops),
            Happening::CommitOnePhase { ops } => self.on_commit_one_phase(rules, &ops),
            Happening::Prepared(outcome) => self.on_prepared(rules, outcome),
            Happening::Told { decision, ack } => match decision {
                Decision::Commit => self.on_commit(ack),
                Decision::Abort => self.on_abort(ack),
            },
            Happening::Wait | Happening::NoHelp => Err(Ignored::StillWaiting),
            Happening::Finished(outcome) => self.on_finished(&outcome),
            Happening::Found => self.on_found(rules),
            Happening::Idle => self.on_idle(),
            Happening::Doubtful => self.on_doubtful(rules),
            Happening::Rested => self.on_rested(),
            Happening::Asked => self.on_asked(rules),
        }
    }

    /// What it tells another participant that is in doubt (Bernstein, Hadzilacos &
    /// Goodman 1987, section 7.4). Who may have left at PREPARE, in an earlier life
    /// that it has forgotten, cannot say that it has not voted.
    pub(super) fn testimony(&self, rules: Rules) -> Testimony {
        match self {
            State::Unheard => Testimony::LookUp,
            // It may be about to vote yes; or has, and what it did then is no
            // decision.
            State::Preparing
            | State::InDoubt
            | State::CommittingOnePhase
            | State::RollingBack(Ended::Unilaterally, _)
            | State::Ended(Ended::Unilaterally) => Testimony::Says(Standing::Uncertain),
            State::Committing { .. } | State::Ended(Ended::Committed) => {
                Testimony::Says(rules.decided(Decision::Commit))
            }
            State::RollingBack(Ended::ReadOnly, _) | State::Ended(Ended::ReadOnly) => {
                Testimony::Says(Standing::Unknown)
            }
            _ if rules.may_leave_reading => Testimony::Says(Standing::Unknown),
            State::Working { .. }
            | State::Open(_)
            | State::Locking { .. }
            | State::RollingBack(..)
            | State::Ended(_) => Testimony::Abort,
        }
    }

    /// The timer that runs in this state: something is due if nothing comes. In
    /// doubt nothing is, to one who neither asks nor decides alone.
    pub(super) fn timer(&self, rules: Rules) -> Option<Tag> {
        let waits_for_ever = rules.keep(Safeguard::NoUnilateralAbortAfterVote)
            && !rules.keep(Safeguard::ParticipantInquiry);
        match self {
            State::Open(_) => Some(Tag::GiveUp),
            State::InDoubt if !waits_for_ever => Some(Tag::Inquire),
            _ => None,
        }
    }

    fn on_work(&self, rules: Rules, step: StepId, params: Params) -> Transition {
        let begin = |work: Work| match rules.locks {
            LockTime::Early => run(work, step),
            LockTime::AtPrepare => done(work, step),
        };
        match self {
            State::Unheard => Ok(begin(Work::new(params))),
            State::Open(work) if !work.ops.contains(&step) => Ok(begin(work.clone())),
            State::Open(_) => Ok((self.clone(), Act::ReplyDoneAgain(step))),
            State::Working { .. } => Err(Ignored::UnderWay),
            State::Ended(ended @ Ended::AtWork(which, result)) if *which == step => {
                Ok((State::Ended(*ended), Act::ReplyFailed(step, *result)))
            }
            State::Locking { .. }
            | State::Preparing
            | State::InDoubt
            | State::Committing { .. }
            | State::CommittingOnePhase
            | State::RollingBack(..)
            | State::Ended(_) => Err(Ignored::TooLate),
        }
    }

    fn on_ran(&self, rules: Rules, outcome: Outcome) -> Transition {
        match self {
            State::Locking { work, done, then } => {
                let reason = match outcome {
                    Outcome::Open(_) => return Ok(go_on(work.clone(), done + 1, *then)),
                    Outcome::Refused(reason) => reason,
                    Outcome::Conflict => Reason::Conflict,
                    _ => Reason::Amnesia,
                };
                Ok(match then {
                    // With nothing presumed a no is on disk before it is said.
                    Then::Prepare if rules.presumption == Presumption::Nothing => no(reason, rules),
                    Then::Prepare => gone(reason),
                    Then::CommitOnePhase => refuse(reason),
                })
            }
            State::Working { work, step } => {
                let result = match outcome {
                    Outcome::Open(_) => return Ok(done(work.clone(), *step)),
                    Outcome::Refused(reason) => WorkResult::Refused(reason),
                    Outcome::Conflict => WorkResult::Conflict,
                    _ => WorkResult::Failed,
                };
                let ended = Ended::AtWork(*step, result);
                Ok((State::Ended(ended), Act::ReplyFailed(*step, result)))
            }
            // The statement waited for a worker or a lock while the branch was
            // ended, and has opened it again: a zombie that nobody would end.
            State::RollingBack(ended, how) if matches!(outcome, Outcome::Open(_)) => {
                Ok(roll_back(*ended, *how))
            }
            State::Ended(ended) if matches!(outcome, Outcome::Open(_)) => {
                Ok(roll_back(*ended, Abort::Lazy))
            }
            _ => Err(Ignored::Stale),
        }
    }

    /// Branch amnesia: who lost part of the work must not vote yes on the rest.
    /// What a process has forgotten is seen here; what its database has lost
    /// while it lived on, the database says when it is asked to prepare, for the
    /// connection over which the branch was opened is broken.
    fn on_prepare(&self, rules: Rules, ops: &Ops) -> Transition {
        let checked = rules.keep(Safeguard::BranchCheck);
        match self {
            State::Open(work) if !checked || work.did(ops) => {
                Ok(rules.end_of_work(work.clone(), Then::Prepare))
            }
            State::Unheard if !checked => Ok(finish(Work::default(), Then::Prepare)),
            State::Open(_) | State::Unheard => Ok(no(Reason::Amnesia, rules)),
            State::Working { .. } => Err(Ignored::Busy),
            State::Locking { .. } | State::Preparing => Err(Ignored::UnderWay),
            State::InDoubt => Ok((State::InDoubt, Act::VoteYesAgain)),
            State::Ended(Ended::VotedNo(reason)) => Ok((self.clone(), Act::VoteNo(*reason))),
            State::Ended(Ended::ReadOnly) => Ok((self.clone(), Act::VoteReadOnly)),
            State::RollingBack(Ended::VotedNo(_), _) => Err(Ignored::UnderWay),
            State::RollingBack(Ended::Aborted, _) | State::Ended(Ended::Aborted) => {
                Ok((self.clone(), Act::VoteNo(Reason::Amnesia)))
            }
            State::Committing { .. }
            | State::CommittingOnePhase
            | State::RollingBack(..)
            | State::Ended(_) => Err(Ignored::TooLate),
        }
    }

    /// The decision is this participant's. Whatever it remembers of the branch but that
    /// it has committed or refused, its database knows better: an earlier process may
    /// have committed it.
    fn on_commit_one_phase(&self, rules: Rules, ops: &Ops) -> Transition {
        let checked = rules.keep(Safeguard::BranchCheck);
        match self {
            State::Open(work) if !checked || work.did(ops) => {
                Ok(rules.end_of_work(work.clone(), Then::CommitOnePhase))
            }
            State::Unheard if !checked => Ok(finish(Work::default(), Then::CommitOnePhase)),
            State::Ended(Ended::Committed) => Ok((self.clone(), Act::SayCommitted)),
            State::Ended(Ended::VotedNo(reason)) => Ok((self.clone(), Act::SayRefused(*reason))),
            State::Open(_) | State::Unheard | State::Ended(_) => Ok(refuse(Reason::Amnesia)),
            State::Working { .. } => Err(Ignored::Busy),
            State::Locking { .. } | State::CommittingOnePhase | State::RollingBack(..) => {
                Err(Ignored::UnderWay)
            }
            State::Preparing | State::InDoubt | State::Committing { .. } => {
                Err(Ignored::Contradiction)
            }
        }
    }

    fn on_prepared(&self, rules: Rules, outcome: Outcome) -> Transition {
        match (self, outcome) {
            (State::Preparing, Outcome::Prepared) => Ok((State::InDoubt, Act::VoteYes)),
            (State::Preparing, Outcome::ReadOnly) => {
                Ok((State::Ended(Ended::ReadOnly), Act::VoteReadOnly))
            }
            (State::Preparing, Outcome::Refused(reason)) => Ok(gone(reason)),
            (State::Preparing, Outcome::Conflict) => Ok(gone(Reason::Conflict)),
            (State::Preparing, Outcome::Unknown) => Ok(no(Reason::Amnesia, rules)),
            // An earlier process had it prepared and committed.
            (State::Preparing, Outcome::Committed { .. }) => {
                Ok((State::Ended(Ended::Committed), Act::Forget))
            }
            (State::Preparing, _) => Ok(gone(Reason::Amnesia)),
            // ABORT came while the prepared record was being written.
            (State::RollingBack(ended, how), Outcome::Prepared | Outcome::Unknown) => {
                Ok(roll_back(*ended, *how))
            }
            (State::Ended(ended), Outcome::Prepared | Outcome::Unknown) => {
                Ok(roll_back(*ended, rules.unasked()))
            }
            _ => Err(Ignored::Stale),
        }
    }

    fn on_commit(&self, ack: bool) -> Transition {
        match self {
            // An earlier process of this participant may have prepared it, or
            // committed and not been able to say so: the database knows.
            State::InDoubt | State::Unheard => {
                Ok((State::Committing { ack }, Act::AskToCommit { ack }))
            }
            State::Committing { .. } | State::CommittingOnePhase => Err(Ignored::UnderWay),
            State::RollingBack(Ended::Unilaterally, _) | State::Ended(_) if ack => {
                Ok((self.clone(), Act::AckAgain))
            }
            State::RollingBack(Ended::Unilaterally, _) | State::Ended(_) => Err(Ignored::TooLate),
            State::RollingBack(..) => Err(Ignored::Contradiction),
            State::Working { .. } | State::Open(_) | State::Locking { .. } | State::Preparing => {
                Err(Ignored::NotVoted)
            }
        }
    }

    fn on_abort(&self, ack: bool) -> Transition {
        let how = if ack {
            Abort::Acknowledged
        } else {
            Abort::Lazy
        };
        match self {
            State::Unheard
            | State::Working { .. }
            | State::Open(_)
            | State::Locking { .. }
            | State::Preparing
            | State::InDoubt => Ok(roll_back(Ended::Aborted, how)),
            State::Committing { .. } | State::CommittingOnePhase => Err(Ignored::Contradiction),
            // If it is not acknowledged then, it will be said again.
            State::RollingBack(..) => Err(Ignored::UnderWay),
            State::Ended(Ended::Committed) => Err(Ignored::TooLate),
            State::Ended(Ended::ReadOnly) if ack => Ok((self.clone(), Act::AckAgain)),
            // Whether its record is on disk, the database knows.
            State::Ended(ended) if ack => Ok(roll_back(*ended, how)),
            State::Ended(_) => Err(Ignored::TooLate),
        }
    }

    fn on_finished(&self, outcome: &Outcome) -> Transition {
        let unknown = matches!(outcome, Outcome::Unknown | Outcome::Conflict);
        match self {
            State::Committing { .. } | State::RollingBack(..) if unknown => {
                Ok((self.clone(), Act::FinishLater))
            }
            State::CommittingOnePhase => Ok(match outcome {
                Outcome::Committed { .. } => {
                    (State::Ended(Ended::Committed), Act::CommittedOnePhase)
                }
                Outcome::Refused(reason) => refuse(*reason),
                Outcome::Conflict => refuse(Reason::Conflict),
                // It was away, or died in the middle, or has lost the branch: it is
                // asked to abort, and says then if it has committed.
                _ => refuse(Reason::Amnesia),
            }),
            State::RollingBack(_, Abort::OnePhase)
                if matches!(outcome, Outcome::Committed { .. }) =>
            {
                Ok((State::Ended(Ended::Committed), Act::SayCommitted))
            }
            State::RollingBack(Ended::VotedNo(reason), Abort::OnePhase) => Ok((
                State::Ended(Ended::VotedNo(*reason)),
                Act::SayRefused(*reason),
            )),
            State::Committing { ack } => {
                let act = match (outcome, ack) {
                    (Outcome::Committed { .. }, true) => Act::CommittedAndAck,
                    (Outcome::Committed { .. }, false) => Act::Committed,
                    // There is no such branch (any more), so there is nothing
                    // that a repeated COMMIT could do.
                    (_, true) => Act::AckAgain,
                    (_, false) => Act::Forget,
                };
                Ok((State::Ended(Ended::Committed), act))
            }
            // A PREPARE that came twice, to one who has forgotten that he voted:
            // the database has not.
            State::RollingBack(..) if matches!(outcome, Outcome::Committed { .. }) => {
                Ok((State::Ended(Ended::Committed), Act::Forget))
            }
            State::RollingBack(ended, Abort::Acknowledged) => {
                Ok((State::Ended(*ended), Act::AbortedAndAck))
            }
            State::RollingBack(ended @ Ended::VotedNo(reason), _) => {
                Ok((State::Ended(*ended), Act::VoteNo(*reason)))
            }
            State::RollingBack(ended, _) => Ok((State::Ended(*ended), Act::Forget)),
            _ => Err(Ignored::Stale),
        }
    }

    fn on_found(&self, rules: Rules) -> Transition {
        match self {
            State::Unheard => Ok((State::InDoubt, Act::FoundInDoubt)),
            // The database has lost the record of a decision that the process
            // still knows.
            State::Ended(Ended::Committed) => {
                let ack = rules.presumption.acknowledges_commit();
                Ok((State::Committing { ack }, Act::AskToCommit { ack }))
            }
            State::Ended(ended) => Ok(roll_back(*ended, rules.unasked())),
            State::InDoubt
            | State::Working { .. }
            | State::Open(_)
            | State::Locking { .. }
            | State::Preparing
            | State::Committing { .. }
            | State::CommittingOnePhase
            | State::RollingBack(..) => Err(Ignored::UnderWay),
        }
    }

    fn on_idle(&self) -> Transition {
        match self {
            State::Open(_) => Ok(give_up(Ended::Aborted, Abort::Lazy)),
            _ => Err(Ignored::Stale),
        }
    }

    /// Until it votes, a participant is free to abort.
    fn on_asked(&self, rules: Rules) -> Transition {
        match self {
            State::Working { .. } | State::Open(_) | State::Locking { .. }
                if self.testimony(rules) == Testimony::Abort =>
            {
                Ok(give_up(Ended::Aborted, Abort::Forced))
            }
            State::RollingBack(..) => Err(Ignored::UnderWay),
            _ => Err(Ignored::TooLate),
        }
    }

    fn on_doubtful(&self, rules: Rules) -> Transition {
        match self {
            State::InDoubt if !rules.keep(Safeguard::NoUnilateralAbortAfterVote) => {
                Ok(give_up(Ended::Unilaterally, Abort::Lazy))
            }
            State::InDoubt => Ok((State::InDoubt, Act::Inquire)),
            _ => Err(Ignored::Stale),
        }
    }

    fn on_rested(&self) -> Transition {
        match self {
            State::Committing { ack } => Ok((self.clone(), Act::AskToCommit { ack: *ack })),
            State::RollingBack(ended, how) => Ok(roll_back(*ended, *how)),
            _ => Err(Ignored::Stale),
        }
    }
}

impl Work {
    fn new(params: Params) -> Self {
        Work {
            ops: Ops::new(),
            params,
        }
    }

    /// Whether exactly these steps were done here, in whatever order.
    fn did(&self, ops: &Ops) -> bool {
        self.ops.len() == ops.len() && ops.iter().all(|op| self.ops.contains(op))
    }
}

fn run(work: Work, step: StepId) -> (State, Act) {
    let params = work.params;
    let act = Act::RunStatement(step, params);
    (State::Working { work, step }, act)
}

/// Does what is left of the work that was put off, one statement after the other.
fn go_on(work: Work, done: usize, then: Then) -> (State, Act) {
    match work.ops.get(done) {
        Some(&step) => {
            let act = Act::RunStatement(step, work.params);
            (State::Locking { work, done, then }, act)
        }
        None => finish(work, then),
    }
}

/// All work is done: the database is asked to end the first phase.
fn finish(work: Work, then: Then) -> (State, Act) {
    match then {
        Then::Prepare => (State::Preparing, Act::AskToPrepare(work)),
        Then::CommitOnePhase => (State::CommittingOnePhase, Act::AskToCommitOnePhase(work)),
    }
}

fn done(mut work: Work, step: StepId) -> (State, Act) {
    if !work.ops.contains(&step) {
        work.ops.push(step);
    }
    (State::Open(work), Act::ReplyDone(step))
}

fn roll_back(ended: Ended, how: Abort) -> (State, Act) {
    (State::RollingBack(ended, how), Act::RollBack(how))
}

/// It does not commit in one phase, unless it has: the database knows.
fn refuse(reason: Reason) -> (State, Act) {
    roll_back(Ended::VotedNo(reason), Abort::OnePhase)
}

fn give_up(ended: Ended, how: Abort) -> (State, Act) {
    (State::RollingBack(ended, how), Act::GiveUp(how))
}

/// It is to vote no, and the branch may still be there, even prepared: the vote
/// follows its end.
fn no(reason: Reason, rules: Rules) -> (State, Act) {
    roll_back(Ended::VotedNo(reason), rules.unasked())
}

/// It votes no, and the branch is gone already.
fn gone(reason: Reason) -> (State, Act) {
    (State::Ended(Ended::VotedNo(reason)), Act::VoteNo(reason))
}

#[cfg(test)]
mod tests;
