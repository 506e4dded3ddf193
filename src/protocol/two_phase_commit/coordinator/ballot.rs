//! The votes on a transaction, as far as they are in.

use smallvec::SmallVec;

use super::transaction::{Course, Ignored, is_business};
use crate::business::Reason;
use crate::protocol::two_phase_commit::PrepareOrder;
use crate::protocol::two_phase_commit::message::Vote;
use crate::vocab::ServiceId;

/// Some of the participants, in their order.
pub(super) type Participants = SmallVec<[ServiceId; 4]>;

/// The votes so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ballot {
    /// Who has not voted yet.
    pub(super) awaited: Participants,
    /// Who has voted no, or read-only: their branches are gone.
    gone: Participants,
    /// Why, if anybody has voted no. A business no outweighs all others, for trying
    /// again would not change it.
    pub(super) refusal: Option<Reason>,
}

impl Ballot {
    pub(super) fn new(awaited: Participants) -> Self {
        Ballot {
            awaited,
            gone: Participants::new(),
            refusal: None,
        }
    }

    /// With one vote more.
    pub(super) fn with(
        &self,
        course: &Course,
        service: ServiceId,
        vote: Vote,
    ) -> Result<Ballot, Ignored> {
        let awaited = without(&self.awaited, service).ok_or(Ignored::Repeated)?;
        if !self.asked(course).contains(&service) {
            return Err(Ignored::Unasked);
        }
        let mut ballot = Ballot {
            awaited,
            ..self.clone()
        };
        match vote {
            Vote::Yes => {}
            Vote::ReadOnly => ballot.gone.push(service),
            Vote::No(reason) => {
                ballot.gone.push(service);
                let outweighed = ballot.refusal.is_none_or(|known| !is_business(known));
                if ballot.refusal.is_none() || (outweighed && is_business(reason)) {
                    ballot.refusal = Some(reason);
                }
            }
        }
        Ok(ballot)
    }

    /// Of those who have not voted, who has been asked to.
    pub(super) fn asked(&self, course: &Course) -> &[ServiceId] {
        match course.variant.prepare {
            PrepareOrder::Parallel => &self.awaited,
            PrepareOrder::Serial => &self.awaited[..self.awaited.len().min(1)],
        }
    }

    /// Whether nothing that comes could change the outcome, or nobody has been asked
    /// who could: all have voted, or one has refused before the next was asked.
    pub(super) fn is_over(&self, course: &Course) -> bool {
        let serial = course.variant.prepare == PrepareOrder::Serial;
        self.awaited.is_empty() || (serial && self.refusal.is_some())
    }

    /// Whose branches may still be there: who has voted yes, or not voted.
    pub(super) fn still_open(&self, course: &Course) -> Participants {
        let participants = course.participants.iter().copied();
        participants.filter(|s| !self.gone.contains(s)).collect()
    }

    /// Those of them who may be prepared: who has not even been asked is not.
    pub(super) fn maybe_prepared(&self, course: &Course) -> Participants {
        let still_open = self.still_open(course).into_iter();
        let after = match self.is_over(course) {
            true => &self.awaited[..],
            false => &self.awaited[self.asked(course).len()..],
        };
        still_open.filter(|s| !after.contains(s)).collect()
    }
}

/// The others; `None` if this one is not awaited.
pub(super) fn without(awaited: &Participants, service: ServiceId) -> Option<Participants> {
    let at = awaited.iter().position(|s| *s == service)?;
    let mut others = awaited.clone();
    others.remove(at);
    Some(others)
}
