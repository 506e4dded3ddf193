//! What matters: the requests that a violation names, or everything.

use std::collections::BTreeSet;

use crate::check::Violation;
use crate::history::{Event, MsgId, Owner, Sink, What};
use crate::vocab::{RequestId, SimTime, TxId};

/// What a diagram is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// Whose transactions; `None`: everybody's.
    requests: Option<BTreeSet<RequestId>>,
    /// When others (readers, the operator) did what the evidence names.
    moments: BTreeSet<SimTime>,
}

impl Concern {
    /// Everything.
    pub fn everything() -> Self {
        Concern {
            requests: None,
            moments: BTreeSet::new(),
        }
    }

    /// One request, whatever became of it.
    pub fn of_request(request: RequestId) -> Self {
        Concern {
            requests: Some(BTreeSet::from([request])),
            moments: BTreeSet::new(),
        }
    }

    /// The request that broke the promise, and those that the evidence names: a
    /// violation of isolation is about two. Everything, if it names none.
    pub fn of_violation(violation: &Violation) -> Self {
        let lines = violation.evidence.iter().map(|evidence| &evidence.line);
        let named = lines.chain([&violation.what]).flat_map(|line| named(line));
        let requests: BTreeSet<RequestId> = named.chain(violation.request).collect();
        Concern {
            requests: (!requests.is_empty()).then_some(requests),
            moments: violation.evidence.iter().map(|e| e.at).collect(),
        }
    }

    /// Whether it is everything.
    pub fn is_everything(&self) -> bool {
        self.requests.is_none()
    }

    /// The requests that it is about, if it is not everything.
    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.requests.iter().flatten().copied()
    }

    pub(super) fn is_about(&self, request: RequestId) -> bool {
        let of_nobody = request == TxId::NOBODY.request();
        match &self.requests {
            None => !of_nobody,
            Some(requests) => requests.contains(&request),
        }
    }

    pub(super) fn is_about_owner(&self, owner: Owner) -> bool {
        match owner {
            Owner::Tx(tx) => self.is_about(tx.request()),
            Owner::Reader(..) | Owner::Operator(_) => self.is_everything(),
        }
    }

    /// Whether somebody else's deed at this moment is part of the evidence.
    pub(super) fn names_moment(&self, at: SimTime) -> bool {
        self.is_everything() || self.moments.contains(&at)
    }
}

/// The requests that a line of evidence names: `c3.17`, or in `c3.17#1.0`.
fn named(line: &str) -> impl Iterator<Item = RequestId> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .filter_map(|word| word.trim_end_matches('.').parse().ok())
}

/// Keeps those events of a history that a diagram of a concern is drawn from.
#[derive(Debug)]
pub struct Kept {
    concern: Concern,
    /// Which messages are the concern's, for what names them by number alone.
    messages: BTreeSet<u64>,
    events: Vec<Event>,
}

impl Kept {
    /// Nothing yet.
    pub fn of(concern: Concern) -> Self {
        Kept {
            concern,
            messages: BTreeSet::new(),
            events: Vec::new(),
        }
    }

    /// What was kept, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    fn matters(&mut self, event: &Event) -> bool {
        let about = |tx: TxId| self.concern.is_about(tx.request());
        match &event.what {
            What::Asked { key, .. } | What::Told { key, .. } => self.concern.is_about(key.request),
            What::GaveUp { request } | What::Quiet { request } => self.concern.is_about(*request),
            What::Sent { id, tx, .. } => {
                let about = about(*tx);
                if about {
                    self.messages.insert(id.0);
                }
                about
            }
            What::Duplicated { id, copy } => self.copied(*id, *copy),
            What::Delivered { tx, .. }
            | What::Lost { tx, .. }
            | What::Prepared { tx, .. }
            | What::CommitLost { tx, .. }
            | What::PreparedLost { tx }
            | What::RolledBack { tx, .. }
            | What::Restored { tx }
            | What::Appended { tx, .. } => about(*tx),
            What::Ran { stamp, .. } | What::Committed { stamp, .. } => about(stamp.tx),
            What::Stored { id } | What::HandedOver { id, .. } => about(id.tx),
            What::Noted(note) => about(note.tx),
            What::Locked { owner, .. } | What::Unlocked { owner, .. } | What::Failed { owner } => {
                self.concern.is_about_owner(*owner)
            }
            // Whoever waits behind the concern pays for it.
            What::Waiting { owner, behind, .. } => {
                self.concern.is_about_owner(*owner) || self.concern.is_about_owner(*behind)
            }
            What::Conflicted { owner, behind, .. } => {
                self.concern.is_about_owner(*owner)
                    || behind.is_some_and(|behind| self.concern.is_about_owner(behind))
            }
            What::Read { .. } | What::Operated { .. } => self.concern.names_moment(event.at),
            What::FaultBegan { .. } | What::FaultEnded { .. } | What::Down(_) | What::Up(_) => true,
            What::Flushed { .. } | What::Rest(_) => false,
        }
    }

    fn copied(&mut self, id: MsgId, copy: MsgId) -> bool {
        let ours = self.messages.contains(&id.0);
        if ours {
            self.messages.insert(copy.0);
        }
        ours
    }
}

impl Sink for Kept {
    fn event(&mut self, event: &Event) {
        if self.matters(event) {
            self.events.push(event.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_evidence_names_its_requests() {
        let names = |line| {
            let names: Vec<String> = named(line).map(|request| request.to_string()).collect();
            names.join(" ")
        };
        assert_eq!(names("points: take-points took 50 (c68.0#1.0)"), "c68.0");
        assert_eq!(
            names("after c3.17 took 50, c4.0 read it; c5.1."),
            "c3.17 c4.0 c5.1"
        );
        assert_eq!(names("a client, c4, cx.y and 1.5 ms"), "");
    }
}
