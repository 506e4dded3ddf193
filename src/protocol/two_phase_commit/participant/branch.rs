//! One branch of one transaction at a participant: a state, and a total
//! transition.

use crate::business::{Params, Reason};
use crate::protocol::two_phase_commit::message::{Ops, WorkResult};
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
    /// The branch is open and waits: for more work, for PREPARE, for ABORT.
    Open(Work),
    /// The database is asked to prepare it.
    Preparing,
    /// Prepared, and the vote was yes: it holds its locks and waits to be told,
    /// and never decides alone.
    InDoubt,
    /// Told to commit; the database is asked to.
    Committing,
    /// The database is asked to roll it back.
    RollingBack(Ended),
    /// It is over, and remembered for a while.
    Ended(Ended),
}

/// What was done in a branch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Work {
    /// The steps that are done, in order.
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
}

/// What happens to a branch.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Happening {
    /// Work arrived.
    Work { step: StepId, params: Params },
    /// PREPARE arrived, with what the coordinator believes was done.
    Prepare { ops: Ops },
    /// COMMIT or ABORT arrived, or was the answer to an inquiry.
    Told(Decision),
    /// The answer to an inquiry: not decided yet.
    Wait,
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
    /// Say yes: it is prepared.
    VoteYes,
    /// Say yes, once more.
    VoteYesAgain,
    /// Say no: the branch is gone.
    VoteNo(Reason),
    /// Ask the database to roll back. What depends on it follows its answer.
    RollBack,
    /// The same, by its own decision.
    GiveUp,
    /// Ask the database to commit.
    AskToCommit,
    /// It is committed: acknowledge.
    CommittedAndAck,
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

type Transition = Result<(State, Act), Ignored>;

impl State {
    /// The transition. Of the safeguards it asks for those that are a plan: what
    /// is checked before the vote, and who decides after it.
    pub(super) fn next(&self, rules: Safeguards, happening: Happening) -> Transition {
        match happening {
            Happening::Work { step, params } => self.on_work(step, params),
            Happening::Ran(outcome) => self.on_ran(outcome),
            Happening::Prepare { ops } => self.on_prepare(rules, &ops),
            Happening::Prepared(outcome) => self.on_prepared(outcome),
            Happening::Told(Decision::Commit) => self.on_commit(),
            Happening::Told(Decision::Abort) => self.on_abort(),
            Happening::Wait => Err(Ignored::StillWaiting),
            Happening::Finished(outcome) => self.on_finished(&outcome),
            Happening::Found => self.on_found(),
            Happening::Idle => self.on_idle(),
            Happening::Doubtful => self.on_doubtful(rules),
            Happening::Rested => self.on_rested(),
        }
    }

    /// The timer that runs in this state: something is due if nothing comes. In
    /// doubt nothing is, to one who neither asks nor decides alone.
    pub(super) fn timer(&self, rules: Safeguards) -> Option<Tag> {
        let waits_for_ever = rules.keep(Safeguard::NoUnilateralAbortAfterVote)
            && !rules.keep(Safeguard::ParticipantInquiry);
        match self {
            State::Open(_) => Some(Tag::GiveUp),
            State::InDoubt if !waits_for_ever => Some(Tag::Inquire),
            _ => None,
        }
    }

    fn on_work(&self, step: StepId, params: Params) -> Transition {
        match self {
            State::Unheard => Ok(run(Work::new(params), step)),
            State::Open(work) if !work.ops.contains(&step) => Ok(run(work.clone(), step)),
            State::Open(_) => Ok((self.clone(), Act::ReplyDoneAgain(step))),
            State::Working { .. } => Err(Ignored::UnderWay),
            State::Ended(ended @ Ended::AtWork(which, result)) if *which == step => {
                Ok((State::Ended(*ended), Act::ReplyFailed(step, *result)))
            }
            State::Preparing
            | State::InDoubt
            | State::Committing
            | State::RollingBack(_)
            | State::Ended(_) => Err(Ignored::TooLate),
        }
    }

    fn on_ran(&self, outcome: Outcome) -> Transition {
        match self {
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
            State::RollingBack(ended) | State::Ended(ended)
                if matches!(outcome, Outcome::Open(_)) =>
            {
                Ok((State::RollingBack(*ended), Act::RollBack))
            }
            _ => Err(Ignored::Stale),
        }
    }

    /// Branch amnesia: who lost part of the work must not vote yes on the rest.
    /// What a process has forgotten is seen here; what its database has lost
    /// while it lived on, the database says when it is asked to prepare, for the
    /// connection over which the branch was opened is broken.
    fn on_prepare(&self, rules: Safeguards, ops: &Ops) -> Transition {
        let checked = rules.keep(Safeguard::BranchCheck);
        match self {
            State::Open(work) if !checked || work.did(ops) => {
                Ok((State::Preparing, Act::AskToPrepare(work.clone())))
            }
            State::Unheard if !checked => {
                Ok((State::Preparing, Act::AskToPrepare(Work::default())))
            }
            State::Open(_) | State::Unheard => Ok(no(Reason::Amnesia)),
            State::Working { .. } => Err(Ignored::Busy),
            State::Preparing => Err(Ignored::UnderWay),
            State::InDoubt => Ok((State::InDoubt, Act::VoteYesAgain)),
            State::Ended(Ended::VotedNo(reason)) => Ok((self.clone(), Act::VoteNo(*reason))),
            State::RollingBack(Ended::VotedNo(_)) => Err(Ignored::UnderWay),
            State::RollingBack(Ended::Aborted) | State::Ended(Ended::Aborted) => {
                Ok((self.clone(), Act::VoteNo(Reason::Amnesia)))
            }
            State::Committing | State::RollingBack(_) | State::Ended(_) => Err(Ignored::TooLate),
        }
    }

    fn on_prepared(&self, outcome: Outcome) -> Transition {
        match (self, outcome) {
            (State::Preparing, Outcome::Prepared) => Ok((State::InDoubt, Act::VoteYes)),
            (State::Preparing, Outcome::Refused(reason)) => Ok(gone(reason)),
            (State::Preparing, Outcome::Conflict) => Ok(gone(Reason::Conflict)),
            (State::Preparing, Outcome::Unknown) => Ok(no(Reason::Amnesia)),
            // An earlier process had it prepared and committed.
            (State::Preparing, Outcome::Committed { .. }) => {
                Ok((State::Ended(Ended::Committed), Act::Forget))
            }
            (State::Preparing, _) => Ok(gone(Reason::Amnesia)),
            // ABORT came while the prepared record was being written.
            (
                State::RollingBack(ended) | State::Ended(ended),
                Outcome::Prepared | Outcome::Unknown,
            ) => Ok((State::RollingBack(*ended), Act::RollBack)),
            _ => Err(Ignored::Stale),
        }
    }

    fn on_commit(&self) -> Transition {
        match self {
            // An earlier process of this participant may have prepared it, or
            // committed and not been able to say so: the database knows.
            State::InDoubt | State::Unheard => Ok((State::Committing, Act::AskToCommit)),
            State::Committing => Err(Ignored::UnderWay),
            State::Ended(ended) => Ok((State::Ended(*ended), Act::AckAgain)),
            State::RollingBack(Ended::Unilaterally) => Ok((self.clone(), Act::AckAgain)),
            State::RollingBack(_) => Err(Ignored::Contradiction),
            State::Working { .. } | State::Open(_) | State::Preparing => Err(Ignored::NotVoted),
        }
    }

    fn on_abort(&self) -> Transition {
        match self {
            State::Unheard
            | State::Working { .. }
            | State::Open(_)
            | State::Preparing
            | State::InDoubt => Ok((State::RollingBack(Ended::Aborted), Act::RollBack)),
            State::Committing => Err(Ignored::Contradiction),
            State::RollingBack(_) => Err(Ignored::UnderWay),
            State::Ended(_) => Err(Ignored::TooLate),
        }
    }

    fn on_finished(&self, outcome: &Outcome) -> Transition {
        let unknown = matches!(outcome, Outcome::Unknown | Outcome::Conflict);
        match self {
            State::Committing if unknown => Ok((State::Committing, Act::FinishLater)),
            State::Committing => {
                let ended = State::Ended(Ended::Committed);
                match outcome {
                    Outcome::Committed { .. } => Ok((ended, Act::CommittedAndAck)),
                    // There is no such branch (any more), so there is nothing
                    // that a repeated COMMIT could do.
                    _ => Ok((ended, Act::AckAgain)),
                }
            }
            State::RollingBack(ended) if unknown => {
                Ok((State::RollingBack(*ended), Act::FinishLater))
            }
            // A PREPARE that came twice, to one who has forgotten that he voted:
            // the database has not.
            State::RollingBack(_) if matches!(outcome, Outcome::Committed { .. }) => {
                Ok((State::Ended(Ended::Committed), Act::Forget))
            }
            State::RollingBack(ended @ Ended::VotedNo(reason)) => {
                Ok((State::Ended(*ended), Act::VoteNo(*reason)))
            }
            State::RollingBack(ended) => Ok((State::Ended(*ended), Act::Forget)),
            _ => Err(Ignored::Stale),
        }
    }

    fn on_found(&self) -> Transition {
        match self {
            State::Unheard => Ok((State::InDoubt, Act::FoundInDoubt)),
            // The database has lost the record of a decision that the process
            // still knows.
            State::Ended(Ended::Committed) => Ok((State::Committing, Act::AskToCommit)),
            State::Ended(ended) => Ok((State::RollingBack(*ended), Act::RollBack)),
            State::InDoubt
            | State::Working { .. }
            | State::Open(_)
            | State::Preparing
            | State::Committing
            | State::RollingBack(_) => Err(Ignored::UnderWay),
        }
    }

    fn on_idle(&self) -> Transition {
        match self {
            State::Open(_) => Ok((State::RollingBack(Ended::Aborted), Act::GiveUp)),
            _ => Err(Ignored::Stale),
        }
    }

    fn on_doubtful(&self, rules: Safeguards) -> Transition {
        match self {
            State::InDoubt if !rules.keep(Safeguard::NoUnilateralAbortAfterVote) => {
                Ok((State::RollingBack(Ended::Unilaterally), Act::GiveUp))
            }
            State::InDoubt => Ok((State::InDoubt, Act::Inquire)),
            _ => Err(Ignored::Stale),
        }
    }

    fn on_rested(&self) -> Transition {
        match self {
            State::Committing => Ok((State::Committing, Act::AskToCommit)),
            State::RollingBack(ended) => Ok((State::RollingBack(*ended), Act::RollBack)),
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

fn done(mut work: Work, step: StepId) -> (State, Act) {
    if !work.ops.contains(&step) {
        work.ops.push(step);
    }
    (State::Open(work), Act::ReplyDone(step))
}

/// It is to vote no, and the branch may still be there: the vote follows its
/// end.
fn no(reason: Reason) -> (State, Act) {
    (State::RollingBack(Ended::VotedNo(reason)), Act::RollBack)
}

/// It votes no, and the branch is gone already.
fn gone(reason: Reason) -> (State, Act) {
    (State::Ended(Ended::VotedNo(reason)), Act::VoteNo(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Reply;

    const STEP: StepId = StepId(0);

    fn work() -> Work {
        done(Work::new(Params::default()), STEP).0.into_work()
    }

    impl State {
        fn into_work(self) -> Work {
            match self {
                State::Open(work) => work,
                other => panic!("{other:?} is not open"),
            }
        }
    }

    fn states() -> Vec<State> {
        let ends = [
            Ended::Committed,
            Ended::Aborted,
            Ended::AtWork(STEP, WorkResult::Conflict),
            Ended::VotedNo(Reason::Amnesia),
            Ended::Unilaterally,
        ];
        let working = State::Working {
            work: Work::new(Params::default()),
            step: STEP,
        };
        let mut all = vec![
            State::Unheard,
            working,
            State::Open(work()),
            State::Preparing,
            State::InDoubt,
            State::Committing,
        ];
        all.extend(ends.map(State::RollingBack));
        all.extend(ends.map(State::Ended));
        all
    }

    fn happenings() -> Vec<Happening> {
        let outcomes = [
            Outcome::Open(Vec::new()),
            Outcome::Prepared,
            Outcome::Committed {
                reply: Reply::Done,
                replayed: false,
                reads: Vec::new(),
            },
            Outcome::Refused(Reason::Late),
            Outcome::Conflict,
            Outcome::Aborted,
            Outcome::Unknown,
        ];
        let params = Params::default();
        let mut all = vec![
            Happening::Work { step: STEP, params },
            Happening::Prepare { ops: work().ops },
            Happening::Prepare { ops: Ops::new() },
            Happening::Told(Decision::Commit),
            Happening::Told(Decision::Abort),
            Happening::Wait,
            Happening::Found,
            Happening::Idle,
            Happening::Doubtful,
            Happening::Rested,
        ];
        all.extend(outcomes.iter().cloned().map(Happening::Ran));
        all.extend(outcomes.iter().cloned().map(Happening::Prepared));
        all.extend(outcomes.map(Happening::Finished));
        all
    }

    /// Every transition that there is, from every state, by everything.
    fn transitions(rules: Safeguards) -> Vec<(State, Happening, State, Act)> {
        let mut all = Vec::new();
        for state in states() {
            for happening in happenings() {
                if let Ok((to, act)) = state.next(rules, happening.clone()) {
                    all.push((state.clone(), happening, to, act));
                }
            }
        }
        all
    }

    #[test]
    fn who_is_in_doubt_stays_in_doubt_until_it_is_told() {
        for (from, by, to, _) in transitions(Safeguards::all()) {
            if from == State::InDoubt && to != State::InDoubt {
                assert!(matches!(by, Happening::Told(_)), "{by:?} leads to {to:?}");
            }
        }
    }

    #[test]
    fn a_yes_is_said_only_in_doubt() {
        for (from, by, to, act) in transitions(Safeguards::all()) {
            if matches!(act, Act::VoteYes | Act::VoteYesAgain) {
                assert_eq!(to, State::InDoubt, "{from:?} by {by:?}");
            }
        }
    }

    #[test]
    fn no_statement_runs_and_nothing_is_prepared_in_a_branch_that_is_over() {
        for (from, by, _, act) in transitions(Safeguards::all()) {
            let over = matches!(from, State::RollingBack(_) | State::Ended(_));
            let goes_on = matches!(act, Act::RunStatement(..) | Act::AskToPrepare(_));
            assert!(!(over && goes_on), "{from:?} by {by:?}");
        }
    }

    #[test]
    fn what_is_committed_is_never_undone_and_what_is_undone_never_committed() {
        for (from, by, to, _) in transitions(Safeguards::all()) {
            let undone = |s: &State| match s {
                State::RollingBack(ended) | State::Ended(ended) => *ended != Ended::Committed,
                _ => false,
            };
            let committed =
                |s: &State| matches!(s, State::Committing | State::Ended(Ended::Committed));
            assert!(!(committed(&from) && undone(&to)), "{from:?} by {by:?}");
            // Only the database knows better than a process that has forgotten.
            let told_by_database = matches!(by, Happening::Finished(Outcome::Committed { .. }));
            assert!(
                !(undone(&from) && committed(&to)) || told_by_database,
                "{from:?} by {by:?}"
            );
        }
    }

    #[test]
    fn an_acknowledgement_follows_the_database_or_is_a_repeat() {
        for (from, by, _, act) in transitions(Safeguards::all()) {
            match act {
                Act::CommittedAndAck => assert!(
                    matches!(by, Happening::Finished(Outcome::Committed { .. })),
                    "{from:?} by {by:?}"
                ),
                Act::AckAgain => assert!(
                    matches!(from, State::Committing | State::Ended(_))
                        || from == State::RollingBack(Ended::Unilaterally),
                    "{from:?} by {by:?}"
                ),
                _ => {}
            }
        }
    }
}
