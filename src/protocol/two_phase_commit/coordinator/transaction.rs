//! One transaction at the coordinator: a phase, and a total transition.

use smallvec::SmallVec;

use crate::business::Reason;
use crate::protocol::two_phase_commit::message::{Standing, Vote, WorkResult};
use crate::protocol::{Decision, Safeguard, Safeguards};
use crate::vocab::{ServiceId, StepId};

/// Some of the participants, in their order.
pub(super) type Participants = SmallVec<[ServiceId; 4]>;

/// How far a transaction is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// This step's work is out; the steps before it are done.
    Working(StepId),
    /// PREPARE is out. The second phase begins when all votes are in (Mohan,
    /// Lindsay & Obermarck 1986, section 2), whatever they are.
    Voting(Ballot),
    /// All have voted yes; the commit record is being written.
    Deciding,
    /// The commit record is on disk and COMMIT is out; these have not
    /// acknowledged it yet.
    Committing(Participants),
    /// The end record is being written.
    Ending,
    /// Aborted and forgotten, as presumed abort allows; only what the client is
    /// to be told is still being stored.
    Refusing(Reason),
    /// Aborted and forgotten; the request waits for its next attempt.
    Restarting,
}

/// The votes so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ballot {
    /// Who has not voted yet.
    pub(super) awaited: Participants,
    /// Who has voted no: their branches are gone.
    noes: Participants,
    /// Why, if anybody has. A business no outweighs all others, for trying again
    /// would not change it.
    refusal: Option<Reason>,
}

/// What every transaction of a scenario has in common.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// Which service does which step.
    pub(super) services: Vec<ServiceId>,
    /// All services that take part, each once.
    pub(super) participants: Participants,
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
    /// All work is done: send PREPARE to all.
    SendPrepare,
    /// Only wait for the others.
    Wait,
    /// All have voted yes: write the commit record.
    Decide,
    /// The decision is on disk: tell the participants and the client.
    Announce,
    /// The acknowledgements are here: write the end record.
    End,
    /// The end is written: forget.
    Forget,
    /// Send ABORT, and forget.
    Abort {
        /// To all who may have open work and have not said that it is gone.
        tell: Participants,
        /// Why.
        reason: Reason,
    },
    /// No branch is open: write the refusal, with no further attempt.
    Refuse(Reason),
    /// The refusal is on disk: tell the client.
    TellRefusal(Reason),
    /// Write again what may not have been written, after a while.
    WriteLater,
    /// Write it again.
    WriteAgain,
    /// Begin the next attempt.
    Restart,
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
    /// The transition. An abort leads to [`Phase::Refusing`]; whether the
    /// request gets another attempt instead is not the transaction's business.
    pub(super) fn next(
        &self,
        course: &Course,
        happening: Happening,
    ) -> Result<(Phase, Act), Ignored> {
        match happening {
            Happening::Worked { step, result } => self.on_worked(course, step, result),
            Happening::Voted { service, vote } => self.on_vote(course, service, vote),
            Happening::Acked(service) => self.on_ack(course.rules, service),
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
                Ok(abort(
                    course.working_until(step, |s| s != course.service(step)),
                    reason,
                ))
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
                let ballot = ballot.with(service, vote)?;
                Ok(match ballot.refusal {
                    _ if !ballot.awaited.is_empty() => (Phase::Voting(ballot), Act::Wait),
                    None => (Phase::Deciding, Act::Decide),
                    Some(reason) => abort(ballot.still_open(course), reason),
                })
            }
            Phase::Working(_) => Err(Ignored::Unasked),
            _ => Err(Ignored::TooLate),
        }
    }

    /// A commit may be forgotten only when everybody has it on disk: whoever
    /// asks later would be told abort.
    fn on_ack(&self, rules: Safeguards, service: ServiceId) -> Result<(Phase, Act), Ignored> {
        match self {
            Phase::Committing(awaited) => match without(awaited, service) {
                None => Err(Ignored::Repeated),
                Some(awaited)
                    if awaited.is_empty() || !rules.keep(Safeguard::ForgetAfterAllAcks) =>
                {
                    Ok((Phase::Ending, Act::End))
                }
                Some(awaited) => Ok((Phase::Committing(awaited), Act::Wait)),
            },
            Phase::Ending => Err(Ignored::Repeated),
            _ => Err(Ignored::Unasked),
        }
    }

    fn on_written(&self, course: &Course) -> Result<(Phase, Act), Ignored> {
        match self {
            Phase::Deciding => Ok((
                Phase::Committing(course.participants.clone()),
                Act::Announce,
            )),
            Phase::Ending => Ok((Phase::Ending, Act::Forget)),
            Phase::Refusing(reason) => Ok((Phase::Refusing(*reason), Act::TellRefusal(*reason))),
            _ => Err(Ignored::Unasked),
        }
    }

    /// A commit record that may have been written is written again, never
    /// presumed.
    fn on_not_written(&self) -> Result<(Phase, Act), Ignored> {
        match self {
            Phase::Deciding | Phase::Ending | Phase::Refusing(_) => {
                Ok((self.clone(), Act::WriteLater))
            }
            _ => Err(Ignored::Unasked),
        }
    }

    fn on_rested(&self) -> Result<(Phase, Act), Ignored> {
        match self {
            Phase::Deciding | Phase::Ending | Phase::Refusing(_) => {
                Ok((self.clone(), Act::WriteAgain))
            }
            Phase::Restarting => Ok((Phase::Restarting, Act::Restart)),
            _ => Err(Ignored::Stale),
        }
    }

    fn on_give_up(&self, course: &Course) -> Result<(Phase, Act), Ignored> {
        match self {
            Phase::Working(step) => {
                let tell = course.working_until(*step, |_| true);
                Ok(abort(tell, Reason::TimedOut(*step)))
            }
            Phase::Voting(ballot) => {
                let silent = course.first_step_of(ballot.awaited[0]);
                let reason = ballot.refusal.unwrap_or(Reason::TimedOut(silent));
                Ok(abort(ballot.still_open(course), reason))
            }
            _ => Err(Ignored::Stale),
        }
    }

    /// Until all votes are in, the coordinator is free to abort for any reason
    /// (Mohan, Lindsay & Obermarck 1986).
    fn on_cancelled(&self, course: &Course) -> Result<(Phase, Act), Ignored> {
        let reason = Reason::Cancelled;
        match self {
            Phase::Working(step) => Ok(abort(course.working_until(*step, |_| true), reason)),
            Phase::Voting(ballot) => Ok(abort(ballot.still_open(course), reason)),
            Phase::Restarting => Ok((Phase::Refusing(reason), Act::Refuse(reason))),
            Phase::Refusing(_) => Err(Ignored::Repeated),
            Phase::Deciding | Phase::Committing(_) | Phase::Ending => Err(Ignored::TooLate),
        }
    }

    /// What a participant in doubt is told. What is aborted is forgotten, and
    /// what is forgotten is aborted.
    pub(super) fn standing(&self) -> Standing {
        match self {
            Phase::Working(_) | Phase::Voting(_) | Phase::Deciding => Standing::Wait,
            Phase::Committing(_) | Phase::Ending => Standing::Decided(Decision::Commit),
            Phase::Refusing(_) | Phase::Restarting => Standing::Decided(Decision::Abort),
        }
    }
}

impl Course {
    /// After this step: the next one, or the vote.
    fn after(&self, step: StepId) -> (Phase, Act) {
        let next = StepId(step.0 + 1);
        if next.index() < self.services.len() {
            (Phase::Working(next), Act::SendWork(next))
        } else {
            let ballot = Ballot::new(self.participants.clone());
            (Phase::Voting(ballot), Act::SendPrepare)
        }
    }

    /// Who does a step.
    pub(super) fn service(&self, step: StepId) -> ServiceId {
        self.services[step.index()]
    }

    /// The steps that a service does, in order.
    pub(super) fn steps_of(&self, service: ServiceId) -> impl Iterator<Item = StepId> {
        let services = self.services.iter().zip(0u8..);
        services
            .filter(move |(who, _)| **who == service)
            .map(|(_, step)| StepId(step))
    }

    /// Those of the services that have been given work, up to this step.
    fn working_until(&self, step: StepId, which: impl Fn(ServiceId) -> bool) -> Participants {
        let reached = &self.services[..=step.index()];
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

impl Ballot {
    fn new(awaited: Participants) -> Self {
        Ballot {
            awaited,
            noes: Participants::new(),
            refusal: None,
        }
    }

    /// With one vote more.
    fn with(&self, service: ServiceId, vote: Vote) -> Result<Ballot, Ignored> {
        let awaited = without(&self.awaited, service).ok_or(Ignored::Repeated)?;
        let mut ballot = Ballot {
            awaited,
            ..self.clone()
        };
        if let Vote::No(reason) = vote {
            ballot.noes.push(service);
            let outweighed = ballot.refusal.is_none_or(|known| !is_business(known));
            if ballot.refusal.is_none() || (outweighed && is_business(reason)) {
                ballot.refusal = Some(reason);
            }
        }
        Ok(ballot)
    }

    /// Whose branches may still be there.
    fn still_open(&self, course: &Course) -> Participants {
        let participants = course.participants.iter().copied();
        participants.filter(|s| !self.noes.contains(s)).collect()
    }
}

/// Whether trying again would change nothing.
pub(super) fn is_business(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::Conflict | Reason::Amnesia | Reason::TimedOut(_)
    )
}

fn abort(tell: Participants, reason: Reason) -> (Phase, Act) {
    (Phase::Refusing(reason), Act::Abort { tell, reason })
}

/// The others; `None` if this one is not awaited.
fn without(awaited: &Participants, service: ServiceId) -> Option<Participants> {
    let at = awaited.iter().position(|s| *s == service)?;
    let mut others = awaited.clone();
    others.remove(at);
    Some(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: ServiceId = ServiceId(0);
    const SECOND: ServiceId = ServiceId(1);

    fn course() -> Course {
        Course {
            services: vec![FIRST, SECOND],
            participants: [FIRST, SECOND].into_iter().collect(),
            rules: Safeguards::all(),
        }
    }

    fn phases() -> Vec<Phase> {
        let one = || -> Participants { [SECOND].into_iter().collect() };
        let refused = Ballot::new(course().participants)
            .with(FIRST, Vote::No(Reason::Late))
            .expect("the first has not voted");
        vec![
            Phase::Working(StepId(0)),
            Phase::Working(StepId(1)),
            Phase::Voting(Ballot::new(course().participants)),
            Phase::Voting(Ballot::new(one())),
            Phase::Voting(refused),
            Phase::Deciding,
            Phase::Committing(course().participants),
            Phase::Committing(one()),
            Phase::Ending,
            Phase::Refusing(Reason::Conflict),
            Phase::Restarting,
        ]
    }

    fn happenings() -> Vec<Happening> {
        let mut all = vec![
            Happening::Written,
            Happening::NotWritten,
            Happening::GaveUp,
            Happening::Rested,
            Happening::Cancelled,
        ];
        for service in [FIRST, SECOND] {
            for vote in [Vote::Yes, Vote::No(Reason::Late)] {
                all.push(Happening::Voted { service, vote });
            }
            all.push(Happening::Acked(service));
            for result in [
                WorkResult::Done,
                WorkResult::Refused(Reason::Late),
                WorkResult::Conflict,
                WorkResult::Failed,
            ] {
                let step = StepId(service.0);
                all.push(Happening::Worked { step, result });
            }
        }
        all
    }

    fn transitions() -> Vec<(Phase, Happening, Phase, Act)> {
        let mut all = Vec::new();
        for phase in phases() {
            for happening in happenings() {
                if let Ok((to, act)) = phase.next(&course(), happening) {
                    all.push((phase.clone(), happening, to, act));
                }
            }
        }
        all
    }

    #[test]
    fn from_all_votes_on_nothing_leads_to_an_abort() {
        for (from, by, to, act) in transitions() {
            let decided = matches!(from, Phase::Deciding | Phase::Committing(_) | Phase::Ending);
            let aborts = matches!(act, Act::Abort { .. })
                || to.standing() == Standing::Decided(Decision::Abort);
            assert!(!(decided && aborts), "{from:?} by {by:?}");
        }
    }

    #[test]
    fn a_decision_is_announced_only_when_it_is_written() {
        for (from, by, _, act) in transitions() {
            if act == Act::Announce {
                assert_eq!((from, by), (Phase::Deciding, Happening::Written));
            }
        }
    }

    #[test]
    fn it_is_decided_by_the_last_yes_and_by_nothing_else() {
        for (from, by, to, _) in transitions() {
            if to == Phase::Deciding && from != Phase::Deciding {
                let vote = Vote::Yes;
                let service = SECOND;
                assert_eq!(by, Happening::Voted { service, vote });
                assert_eq!(
                    from,
                    Phase::Voting(Ballot::new([SECOND].into_iter().collect()))
                );
            }
        }
    }

    #[test]
    fn what_is_aborted_stays_aborted() {
        for (from, by, to, _) in transitions() {
            if from.standing() == Standing::Decided(Decision::Abort) {
                let standing = to.standing();
                assert_eq!(standing, from.standing(), "{from:?} by {by:?}");
            }
        }
    }
}
