//! One transaction at the coordinator: a phase, and a total transition.

use super::ballot::{Ballot, Participants, without};
use crate::business::Reason;
use crate::protocol::two_phase_commit::message::{OnePhaseOutcome, Standing, Vote, WorkResult};
use crate::protocol::two_phase_commit::{PrepareOrder, Presumption, Variant};
use crate::protocol::{ClientOutcome, Decision, Safeguard, Safeguards};
use crate::vocab::{ServiceId, StepId};

/// How far a transaction is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// This step's work is out; the steps before it are done.
    Working(StepId),
    /// Where commit is presumed: the record of who takes part is being written. If
    /// the client takes its wish back meanwhile, nobody is asked.
    Collecting {
        /// Why it is aborted as soon as that is written, if it is.
        refusal: Option<Reason>,
    },
    /// In one phase: it is being written down that the decision is handed over.
    HandingOver,
    /// In one phase: the only participant was asked to commit, decides itself, and is
    /// asked until it has said how.
    HandedOver,
    /// In one phase: it is known how it ended, and so is what the client is told; that
    /// is being stored.
    Concluding(ClientOutcome),
    /// PREPARE is out. The second phase begins when all votes are in (Mohan,
    /// Lindsay & Obermarck 1986, section 2), whatever they are.
    Voting(Ballot),
    /// All have voted yes; the commit record is being written. These are to be told.
    Deciding(Participants),
    /// The commit record is on disk and COMMIT is out; these have not
    /// acknowledged it yet.
    Committing(Participants),
    /// Where nothing is presumed: the abort record is being written.
    Refuting(Refused),
    /// It is over for everybody but its client: only what that is to be told is
    /// still being stored.
    Storing(ClientOutcome, Debt),
    /// Aborted; the request waits for its next attempt.
    Restarting(Debt),
    /// Aborted, and the request goes its own way: these have not acknowledged it
    /// yet.
    Aborting(Participants),
    /// The end record is being written.
    Ending(Decision),
}

/// Who is still to acknowledge an abort; `None`: nobody ever has to, and there is no
/// record to be ended (presumed abort, or nobody was asked to prepare).
pub(super) type Debt = Option<Participants>;

/// A transaction that is to be aborted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refused {
    /// Why.
    pub(super) reason: Reason,
    /// All who may have open work and have not said that it is gone.
    pub(super) tell: Participants,
    /// Those of them who have to acknowledge it.
    pub(super) debt: Debt,
}

/// What every transaction of a scenario has in common.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// The first step.
    pub(super) first: StepId,
    /// Which service does which step, from the first.
    pub(super) services: Vec<ServiceId>,
    /// All services that take part, each once.
    pub(super) participants: Participants,
    /// Which two-phase commit.
    pub(super) variant: Variant,
    /// The rules in force.
    pub(super) rules: Safeguards,
}

/// What happens to a transaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Happening {
    /// A participant's work is done, or not.
    Worked { step: StepId, result: WorkResult },
    /// A vote arrived.
    Voted { service: ServiceId, vote: Vote },
    /// An acknowledgement arrived.
    Acked(ServiceId),
    /// The only participant has committed in one phase, or refused.
    OnePhase(OnePhaseOutcome),
    /// The record that was being written is on disk, or buffered if that is
    /// enough for it.
    Written,
    /// The database was away, or nobody knows.
    NotWritten,
    /// Nothing has come for too long.
    GaveUp,
    /// The wait after a failed write, or before the next attempt, is over.
    Rested,
    /// The client has taken its wish back.
    Cancelled,
}

/// What the coordinator does about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Send this step's work.
    SendWork(StepId),
    /// All work is done: write down who takes part, before anybody is asked.
    Collect,
    /// All work is done: write down that the decision is handed over.
    HandOver,
    /// Ask the only participant to commit in one phase.
    SendCommitOnePhase,
    /// It is known how it ended: tell the client, and store that.
    TellAndConclude(ClientOutcome),
    /// All work is done: send PREPARE, to all or to the first.
    SendPrepare,
    /// Send PREPARE to the next.
    SendNextPrepare,
    /// Only wait for the others.
    Wait,
    /// All have voted yes: write the commit record.
    Decide,
    /// The decision is on disk: tell the participants and the client, and remember it
    /// until all have acknowledged it.
    Announce(Participants),
    /// The decision is on disk: tell the participants and the client, and forget it.
    AnnounceAndForget(Participants),
    /// All have only read, and nobody is to be told but the client: write that.
    Conclude,
    /// The acknowledgements are here: write the end record.
    End,
    /// The end is written: forget.
    Forget,
    /// Write the abort record, with what the client is told if it is told anything.
    Refute(Reason),
    /// Send ABORT.
    Abort {
        /// To whom, and why.
        refused: Refused,
        /// Whether what the client is to be told is on disk by now, if it is to be
        /// told.
        stored: bool,
    },
    /// No branch is open: write the refusal, with no further attempt.
    Refuse(Reason),
    /// What the client is to be told is on disk: tell it.
    Tell(ClientOutcome, Rest),
    /// Write again what may not have been written, after a while.
    WriteLater,
    /// Write it again.
    WriteAgain,
    /// Begin the next attempt.
    Restart(Rest),
}

/// What is left to do for a transaction when its request goes its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing: forget it.
    Forget,
    /// Write the end record.
    End,
    /// Wait for acknowledgements.
    AwaitAcks,
}

/// Pairs of phase and happening that change nothing, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ignored {
    /// It was heard before.
    Repeated,
    /// The transaction is past it.
    TooLate,
    /// A timer that nobody waits for any more.
    Stale,
    /// It answers nothing that this coordinator has asked.
    Unasked,
}

impl Phase {
    /// The transition. An abort leads to [`Phase::Storing`]; whether the request
    /// gets another attempt instead is not the transaction's business.
    pub(super) fn next(
        &self,
        course: &Course,
        happening: Happening,
    ) -> Result<(Phase, Act), Ignored> {
        match happening {
            Happening::Worked { step, result } => self.on_worked(course, step, result),
            Happening::Voted { service, vote } => self.on_vote(course, service, vote),
            Happening::Acked(service) => self.on_ack(course.rules, service),
            Happening::OnePhase(outcome) => self.on_one_phase(outcome),
            Happening::Written => self.on_written(course),
            Happening::NotWritten => self.on_not_written(),
            Happening::GaveUp => self.on_give_up(course),
            Happening::Rested => self.on_rested(),
            Happening::Cancelled => self.on_cancelled(course),
        }
    }

    fn on_worked(
        &self,
        course: &Course,
        step: StepId,
        result: WorkResult,
    ) -> Result<(Phase, Act), Ignored> {
        match self {
            Phase::Working(current) if *current == step => {
                let reason = match result {
                    WorkResult::Done => return Ok(course.after(step)),
                    WorkResult::Refused(reason) => reason,
                    WorkResult::Conflict => Reason::Conflict,
                    WorkResult::Failed => Reason::Amnesia,
                };
                let others = |s| s != course.service(step);
                Ok(course.abort_work(step, others, reason))
            }
            Phase::Working(current) if step < *current => Err(Ignored::Repeated),
            Phase::Working(_) => Err(Ignored::Unasked),
            _ => Err(Ignored::TooLate),
        }
    }

    fn on_vote(
        &self,
        course: &Course,
        service: ServiceId,
        vote: Vote,
    ) -> Result<(Phase, Act), Ignored> {
        match self {
            Phase::Voting(ballot) => {
                let ballot = ballot.with(course, service, vote)?;
                Ok(match ballot.refusal {
                    _ if !ballot.is_over(course) => {
                        let act = match course.variant.prepare {
                            PrepareOrder::Parallel => Act::Wait,
                            PrepareOrder::Serial => Act::SendNextPrepare,
                        };
                        (Phase::Voting(ballot), act)
                    }
                    None => course.all_yes(&ballot),
                    Some(reason) => course.abort_vote(&ballot, reason),
                })
            }
            Phase::Working(_) | Phase::Collecting { .. } => Err(Ignored::Unasked),
            _ => Err(Ignored::TooLate),
        }
    }

    /// The participant has decided, and has that on disk. A refusal has undone the
    /// branch for good, so the request may begin again.
    fn on_one_phase(&self, outcome: OnePhaseOutcome) -> Result<(Phase, Act), Ignored> {
        match (self, outcome) {
            (Phase::HandedOver, OnePhaseOutcome::Committed) => {
                let outcome = ClientOutcome::Committed;
                Ok((Phase::Concluding(outcome), Act::TellAndConclude(outcome)))
            }
            (Phase::HandedOver, OnePhaseOutcome::Refused(reason)) => Ok(abort(Refused {
                reason,
                tell: Participants::new(),
                debt: Some(Participants::new()),
            })),
            (Phase::Working(_) | Phase::HandingOver, _) => Err(Ignored::Unasked),
            _ => Err(Ignored::Repeated),
        }
    }

    /// A decision that is not what is presumed may be forgotten only when everybody
    /// has it on disk: whoever asks later would be told the other.
    fn on_ack(&self, rules: Safeguards, service: ServiceId) -> Result<(Phase, Act), Ignored> {
        let less = |awaited: &Participants| -> Result<Participants, Ignored> {
            let others = without(awaited, service).ok_or(Ignored::Repeated)?;
            Ok(match rules.keep(Safeguard::ForgetAfterAllAcks) {
                true => others,
                false => Participants::new(),
            })
        };
        let after = |awaited: Participants, decision| match (awaited.is_empty(), decision) {
            (true, decision) => (Phase::Ending(decision), Act::End),
            (false, Decision::Commit) => (Phase::Committing(awaited), Act::Wait),
            (false, Decision::Abort) => (Phase::Aborting(awaited), Act::Wait),
        };
        match self {
            Phase::Committing(awaited) => Ok(after(less(awaited)?, Decision::Commit)),
            Phase::Aborting(awaited) => Ok(after(less(awaited)?, Decision::Abort)),
            // One record is written at a time: the end comes after the request has
            // gone its way.
            Phase::Storing(outcome, Some(awaited)) => {
                Ok((Phase::Storing(*outcome, Some(less(awaited)?)), Act::Wait))
            }
            Phase::Restarting(Some(awaited)) => {
                Ok((Phase::Restarting(Some(less(awaited)?)), Act::Wait))
            }
            Phase::Ending(_) => Err(Ignored::Repeated),
            _ => Err(Ignored::Unasked),
        }
    }

    fn on_written(&self, course: &Course) -> Result<(Phase, Act), Ignored> {
        match self {
            Phase::Collecting { refusal: None } => Ok(course.vote()),
            // Nobody was asked to prepare, so nobody has to acknowledge anything: only
            // the record is to be ended.
            Phase::Collecting {
                refusal: Some(reason),
            } => Ok(abort(Refused {
                reason: *reason,
                tell: course.participants.clone(),
                debt: Some(Participants::new()),
            })),
            Phase::Deciding(tell) if course.variant.presumption.acknowledges_commit() => {
                Ok((Phase::Committing(tell.clone()), Act::Announce(tell.clone())))
            }
            Phase::Deciding(tell) => Ok((self.clone(), Act::AnnounceAndForget(tell.clone()))),
            Phase::Refuting(refused) => {
                let refused = refused.clone();
                let outcome = ClientOutcome::Refused(refused.reason);
                let phase = Phase::Storing(outcome, refused.debt.clone());
                let stored = true;
                Ok((phase, Act::Abort { refused, stored }))
            }
            Phase::Storing(outcome, debt) => {
                let (phase, rest) = self.without_request(debt);
                Ok((phase, Act::Tell(*outcome, rest)))
            }
            Phase::Ending(decision) => Ok((Phase::Ending(*decision), Act::Forget)),
            Phase::HandingOver => Ok((Phase::HandedOver, Act::SendCommitOnePhase)),
            Phase::Concluding(outcome) => Ok((Phase::Concluding(*outcome), Act::Forget)),
            _ => Err(Ignored::Unasked),
        }
    }

    /// A record that may have been written is written again, and its opposite never
    /// presumed.
    fn on_not_written(&self) -> Result<(Phase, Act), Ignored> {
        match self {
            _ if self.writes() => Ok((self.clone(), Act::WriteLater)),
            _ => Err(Ignored::Unasked),
        }
    }

    fn on_rested(&self) -> Result<(Phase, Act), Ignored> {
        match self {
            _ if self.writes() => Ok((self.clone(), Act::WriteAgain)),
            Phase::Restarting(debt) => {
                let (phase, rest) = self.without_request(debt);
                Ok((phase, Act::Restart(rest)))
            }
            _ => Err(Ignored::Stale),
        }
    }

    /// Whether a record is being written.
    pub(super) fn writes(&self) -> bool {
        match self {
            Phase::Collecting { .. }
            | Phase::Deciding(_)
            | Phase::Refuting(_)
            | Phase::Storing(..)
            | Phase::HandingOver
            | Phase::Concluding(_)
            | Phase::Ending(_) => true,
            Phase::Working(_)
            | Phase::HandedOver
            | Phase::Voting(_)
            | Phase::Committing(_)
            | Phase::Restarting(_)
            | Phase::Aborting(_) => false,
        }
    }

    /// What becomes of a transaction whose request goes its own way: it never waits
    /// for acknowledgements.
    fn without_request(&self, debt: &Debt) -> (Phase, Rest) {
        let decision = match self {
            Phase::Storing(ClientOutcome::Committed, _) => Decision::Commit,
            _ => Decision::Abort,
        };
        match debt {
            None => (self.clone(), Rest::Forget),
            Some(awaited) if awaited.is_empty() => (Phase::Ending(decision), Rest::End),
            Some(awaited) => (Phase::Aborting(awaited.clone()), Rest::AwaitAcks),
        }
    }

    fn on_give_up(&self, course: &Course) -> Result<(Phase, Act), Ignored> {
        match self {
            Phase::Working(step) => {
                let reason = Reason::TimedOut(*step);
                Ok(course.abort_work(*step, |_| true, reason))
            }
            Phase::Voting(ballot) => {
                let silent = course.first_step_of(ballot.awaited[0]);
                let reason = ballot.refusal.unwrap_or(Reason::TimedOut(silent));
                Ok(course.abort_vote(ballot, reason))
            }
            _ => Err(Ignored::Stale),
        }
    }

    /// Until all votes are in, the coordinator is free to abort for any reason
    /// (Mohan, Lindsay & Obermarck 1986).
    fn on_cancelled(&self, course: &Course) -> Result<(Phase, Act), Ignored> {
        let reason = Reason::Cancelled;
        match self {
            Phase::Working(step) => Ok(course.abort_work(*step, |_| true, reason)),
            Phase::Collecting { .. } => {
                let refusal = Some(reason);
                Ok((Phase::Collecting { refusal }, Act::Wait))
            }
            Phase::Voting(ballot) => Ok(course.abort_vote(ballot, reason)),
            Phase::Restarting(debt) => {
                let outcome = ClientOutcome::Refused(reason);
                let phase = Phase::Storing(outcome, debt.clone());
                Ok((phase, Act::Refuse(reason)))
            }
            Phase::Storing(..) => Err(Ignored::Repeated),
            Phase::Deciding(_)
            | Phase::Committing(_)
            | Phase::Refuting(_)
            | Phase::Aborting(_)
            | Phase::HandingOver
            | Phase::HandedOver
            | Phase::Concluding(_)
            | Phase::Ending(_) => Err(Ignored::TooLate),
        }
    }

    /// What a participant in doubt is told. What it is to be remembered of is to be
    /// acknowledged, by an answer as by the decision itself.
    pub(super) fn standing(&self, presumption: Presumption) -> Standing {
        let (decision, ack) = match self {
            Phase::Working(_)
            | Phase::Collecting { .. }
            | Phase::Voting(_)
            | Phase::Deciding(_)
            | Phase::HandingOver
            | Phase::HandedOver
            | Phase::Refuting(_) => return Standing::Wait,
            Phase::Committing(_) => (Decision::Commit, true),
            Phase::Aborting(_) => (Decision::Abort, true),
            Phase::Storing(ClientOutcome::Committed, _)
            | Phase::Concluding(ClientOutcome::Committed) => (Decision::Commit, false),
            Phase::Concluding(_) => (Decision::Abort, false),
            Phase::Storing(_, debt) | Phase::Restarting(debt) => (Decision::Abort, debt.is_some()),
            Phase::Ending(Decision::Commit) => {
                (Decision::Commit, presumption.acknowledges_commit())
            }
            Phase::Ending(Decision::Abort) => (Decision::Abort, true),
        };
        Standing::Decided { decision, ack }
    }
}

impl Course {
    /// After this step: the next one, or the vote.
    fn after(&self, step: StepId) -> (Phase, Act) {
        let next = StepId(step.0 + 1);
        if self.place(next) < self.services.len() {
            return (Phase::Working(next), Act::SendWork(next));
        }
        if self.in_one_phase() {
            return (Phase::HandingOver, Act::HandOver);
        }
        match self.variant.presumption {
            // Who is prepared and asks in vain would presume a commit.
            Presumption::Commit => (Phase::Collecting { refusal: None }, Act::Collect),
            Presumption::Nothing | Presumption::Abort => self.vote(),
        }
    }

    /// Whether there is only one participant, which is asked to commit in one phase.
    fn in_one_phase(&self) -> bool {
        self.variant.commits_in_one_phase(self.participants.len())
    }

    fn vote(&self) -> (Phase, Act) {
        let ballot = Ballot::new(self.participants.clone());
        (Phase::Voting(ballot), Act::SendPrepare)
    }

    /// Nobody has voted no. Who has only read is not told.
    fn all_yes(&self, ballot: &Ballot) -> (Phase, Act) {
        let tell = ballot.still_open(self);
        if !tell.is_empty() {
            return (Phase::Deciding(tell), Act::Decide);
        }
        let debt = match self.variant.presumption {
            Presumption::Commit => Some(Participants::new()),
            Presumption::Nothing | Presumption::Abort => None,
        };
        (
            Phase::Storing(ClientOutcome::Committed, debt),
            Act::Conclude,
        )
    }

    /// Nobody is prepared: there is nothing to remember, whatever is presumed.
    fn abort_work(
        &self,
        step: StepId,
        which: impl Fn(ServiceId) -> bool,
        reason: Reason,
    ) -> (Phase, Act) {
        let debt = None;
        let tell = self.working_until(step, which);
        abort(Refused { reason, tell, debt })
    }

    /// Somebody may be prepared.
    fn abort_vote(&self, ballot: &Ballot, reason: Reason) -> (Phase, Act) {
        let presumption = self.variant.presumption;
        let acks = presumption.acknowledges_abort();
        let refused = Refused {
            reason,
            tell: ballot.still_open(self),
            debt: acks.then(|| ballot.maybe_prepared(self)),
        };
        match presumption {
            Presumption::Nothing => (Phase::Refuting(refused), Act::Refute(reason)),
            Presumption::Abort | Presumption::Commit => abort(refused),
        }
    }

    /// The how-many-th step it is, from 0.
    fn place(&self, step: StepId) -> usize {
        step.index() - self.first.index()
    }

    /// Who does a step.
    pub(super) fn service(&self, step: StepId) -> ServiceId {
        self.services[self.place(step)]
    }

    /// The steps that a service does, in order.
    pub(super) fn steps_of(&self, service: ServiceId) -> impl Iterator<Item = StepId> {
        let services = self.services.iter().zip(self.first.0..);
        services
            .filter(move |(who, _)| **who == service)
            .map(|(_, step)| StepId(step))
    }

    /// Those of the services that have been given work, up to this step.
    fn working_until(&self, step: StepId, which: impl Fn(ServiceId) -> bool) -> Participants {
        let reached = &self.services[..=self.place(step)];
        let participants = self.participants.iter().copied();
        participants
            .filter(|&service| reached.contains(&service) && which(service))
            .collect()
    }

    fn first_step_of(&self, service: ServiceId) -> StepId {
        self.steps_of(service)
            .next()
            .expect("a participant does at least one step")
    }
}

/// Whether trying again would change nothing.
pub(super) fn is_business(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::Conflict | Reason::Amnesia | Reason::TimedOut(_)
    )
}

fn abort(refused: Refused) -> (Phase, Act) {
    let outcome = ClientOutcome::Refused(refused.reason);
    let phase = Phase::Storing(outcome, refused.debt.clone());
    let stored = false;
    (phase, Act::Abort { refused, stored })
}

#[cfg(test)]
mod tests;
