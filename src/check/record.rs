//! What the world did for one request, as small copyable facts in their order.

use smallvec::SmallVec;

use super::court::Court;
use crate::business::{BusinessRow, Params, Reason};
use crate::history::{LossReason, Part as DownPart, RollbackReason};
use crate::protocol::{ClientOutcome, Decision};
use crate::vocab::{Direction, NodeId, RequestId, RequestKey, ServiceId, SimTime, StepId, TxId};

/// Everything that is known of one request.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Whose it is.
    pub(super) request: RequestId,
    /// What it is about, once it was asked.
    pub(super) params: Option<Params>,
    /// Whether it is known from its first ask; otherwise it was closed before
    /// and something of it came late.
    pub(super) whole: bool,
    /// The number of the event that it began with.
    pub(super) born: u32,
    /// When nothing owned it any more, for the last time.
    pub(super) quiet_at: Option<SimTime>,
    /// What happened, in order.
    pub(super) facts: Vec<Fact>,
}

/// Something that happened for a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fact {
    /// When.
    pub(super) at: SimTime,
    /// The number of its event, for what comes before what.
    pub(super) nth: u32,
    /// Where.
    pub(super) node: NodeId,
    /// What.
    pub(super) deed: Deed,
}

/// An attempt of a request: a [`TxId`] without the request, which is the
/// record's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    fresh: u16,
    attempt: u16,
    epoch: u32,
}

impl Attempt {
    /// Which attempt a transaction is.
    pub(super) fn of(tx: TxId) -> Self {
        Attempt {
            fresh: tx.key.fresh,
            attempt: tx.attempt,
            epoch: tx.epoch,
        }
    }

    /// The transaction that is this attempt of a request.
    pub(super) fn tx(self, request: RequestId) -> TxId {
        TxId {
            key: RequestKey {
                request,
                fresh: self.fresh,
            },
            epoch: self.epoch,
            attempt: self.attempt,
        }
    }
}

/// Some attempts of a request: most often one.
pub(super) type Attempts = SmallVec<[Attempt; 2]>;

/// A step of an attempt, done or undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Of which attempt.
    pub(super) attempt: Attempt,
    /// Which step.
    pub(super) step: StepId,
    /// Doing or undoing.
    pub(super) direction: Direction,
}

/// A change of a business row that took effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Did {
    /// By what.
    pub(super) part: Part,
    /// Why it was undone, as stamped.
    pub(super) reason: Option<Reason>,
    /// Which row.
    pub(super) row: BusinessRow,
    /// Its number before.
    pub(super) before: i64,
    /// Its number after.
    pub(super) after: i64,
    /// How often the step was done (or undone) in that local transaction:
    /// counted on its first effect, 0 on the others.
    pub(super) times: u16,
    /// Whether a crash took it back.
    pub(super) lost: bool,
}

impl Did {
    /// By how much the row changed.
    pub(super) fn delta(&self) -> i64 {
        self.after - self.before
    }
}

/// What can happen for a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Deed {
    /// Its client asked.
    Asked { retry: u16 },
    /// Something died while it was in flight.
    Down(DownPart),
    /// A message of it, from here, never arrives.
    Lost {
        kind: &'static str,
        to: NodeId,
        why: LossReason,
    },
    /// A change took effect.
    Did(Did),
    /// A crash took a change back.
    TakenBack { part: Part, row: BusinessRow },
    /// A step was refused.
    Refused { part: Part, reason: Reason },
    /// A compensation found nothing to undo.
    Null { part: Part },
    /// The saga turned back, by its log, its failure event or its note.
    Turned { attempt: Attempt, reason: Reason },
    /// The coordinator sends PREPARE.
    WorkDone { attempt: Attempt },
    /// A branch is prepared here.
    Prepared { attempt: Attempt },
    /// A crash took the prepared branch back.
    PreparedLost { attempt: Attempt },
    /// A restarted database found the prepared branch.
    Restored { attempt: Attempt },
    /// The participant here voted.
    Voted { attempt: Attempt, yes: bool },
    /// The coordinator received a vote.
    Heard {
        attempt: Attempt,
        service: ServiceId,
        yes: bool,
    },
    /// The coordinator says that it has decided.
    Decided {
        attempt: Attempt,
        decision: Decision,
    },
    /// The coordinator's commit record is in its log.
    Logged { attempt: Attempt, durable: bool },
    /// A crash took the commit record back.
    LogLost { attempt: Attempt },
    /// The branch here took effect.
    BranchCommitted { attempt: Attempt, durable: bool },
    /// A crash took that back.
    BranchLost { attempt: Attempt },
    /// The branch here was undone.
    RolledBack {
        attempt: Attempt,
        why: RollbackReason,
        prepared: bool,
    },
    /// The participant here acknowledged the decision.
    Acked { attempt: Attempt },
    /// The participant here ended its branch by itself.
    Unilateral { attempt: Attempt },
    /// A real action was performed by its provider.
    Performed { part: Part, row: BusinessRow },
    /// A machine does not try any more.
    GivenUp,
    /// It is not asked for any more until somebody looks.
    Parked { part: Part },
    /// Somebody has looked, and it is asked for again.
    PutBack { part: Part },
    /// The client was told.
    Told { fresh: u16, outcome: ClientOutcome },
    /// The client stopped asking.
    ClientGaveUp,
}

impl Deed {
    /// Whether it may have to do with an attempt.
    pub(super) fn concerns(&self, attempt: Attempt) -> bool {
        self.attempt().is_none_or(|a| a == attempt)
    }

    /// Whose attempt it belongs to, if it is one's.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        match *self {
            Deed::Did(Did { part, .. })
            | Deed::TakenBack { part, .. }
            | Deed::Refused { part, .. }
            | Deed::Null { part }
            | Deed::Parked { part }
            | Deed::PutBack { part }
            | Deed::Performed { part, .. } => Some(part.attempt),
            Deed::Turned { attempt, .. }
            | Deed::WorkDone { attempt }
            | Deed::Prepared { attempt }
            | Deed::PreparedLost { attempt }
            | Deed::Restored { attempt }
            | Deed::Voted { attempt, .. }
            | Deed::Heard { attempt, .. }
            | Deed::Decided { attempt, .. }
            | Deed::Logged { attempt, .. }
            | Deed::LogLost { attempt }
            | Deed::BranchCommitted { attempt, .. }
            | Deed::BranchLost { attempt }
            | Deed::RolledBack { attempt, .. }
            | Deed::Acked { attempt }
            | Deed::Unilateral { attempt } => Some(attempt),
            Deed::Asked { .. }
            | Deed::Down(_)
            | Deed::Lost { .. }
            | Deed::GivenUp
            | Deed::Told { .. }
            | Deed::ClientGaveUp => None,
        }
    }
}

/// How often a step was done and undone for a request, all attempts together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Net {
    /// Forward effects that stand.
    pub(super) done: u32,
    /// Compensations that stand.
    pub(super) undone: u32,
}

impl Net {
    /// What is left of it.
    pub(super) fn effect(self) -> i64 {
        i64::from(self.done) - i64::from(self.undone)
    }
}

/// A [`Net`] for every step of the business, by its index.
pub(super) type Nets = SmallVec<[Net; 8]>;

/// From so many facts on, one that was recorded before is not recorded again:
/// resends in a long outage must not fill the memory.
const MANY_FACTS: usize = 64;

impl Record {
    /// A record without facts; `room` is where they will be kept.
    pub(super) fn new(request: RequestId, born: u32, mut room: Vec<Fact>) -> Self {
        room.clear();
        Record {
            request,
            params: None,
            whole: false,
            born,
            quiet_at: None,
            facts: room,
        }
    }

    /// Adds a fact.
    pub(super) fn push(&mut self, fact: Fact) {
        let repeated = self.facts.len() >= MANY_FACTS
            && !matches!(fact.deed, Deed::Did(_) | Deed::Down(_))
            && self
                .facts
                .iter()
                .any(|f| f.node == fact.node && f.deed == fact.deed);
        if !repeated {
            self.facts.push(fact);
        }
    }

    /// Its changes that took effect and were not taken back by a crash.
    pub(super) fn effects(&self) -> impl DoubleEndedIterator<Item = (&Fact, &Did)> {
        self.facts.iter().filter_map(|fact| match &fact.deed {
            Deed::Did(did) if !did.lost => Some((fact, did)),
            _ => None,
        })
    }

    /// The facts of one attempt.
    pub(super) fn of_attempt(&self, attempt: Attempt) -> impl Iterator<Item = &Fact> {
        self.facts
            .iter()
            .filter(move |fact| fact.deed.attempt() == Some(attempt))
    }

    /// All attempts, in the order in which they were first heard of.
    pub(super) fn attempts(&self) -> Attempts {
        let mut attempts = Attempts::new();
        for attempt in self.facts.iter().filter_map(|fact| fact.deed.attempt()) {
            // Most often it is the one that was heard of last.
            if attempts.last() != Some(&attempt) && !attempts.contains(&attempt) {
                attempts.push(attempt);
            }
        }
        attempts
    }

    /// Whether something died at a node between two events.
    pub(super) fn died_between(&self, node: NodeId, from: u32, to: u32) -> bool {
        self.facts.iter().any(|fact| {
            fact.node == node
                && matches!(fact.deed, Deed::Down(_))
                && (from..to).contains(&fact.nth)
        })
    }

    /// The client's final answers.
    pub(super) fn final_answers(&self) -> impl Iterator<Item = (&Fact, ClientOutcome)> {
        self.facts.iter().filter_map(|fact| match fact.deed {
            Deed::Told { outcome, .. } if outcome.is_final() => Some((fact, outcome)),
            _ => None,
        })
    }

    /// What stands of every step.
    pub(super) fn nets(&self, court: &Court) -> Nets {
        let mut nets: Nets = SmallVec::from_elem(Net::default(), court.business().steps.len());
        for (_, did) in self.effects() {
            let net = &mut nets[did.part.step.index()];
            match did.part.direction {
                Direction::Forward => net.done += u32::from(did.times),
                Direction::Backward => net.undone += u32::from(did.times),
            }
        }
        nets
    }

    /// When something last happened to its effects; else when it began.
    pub(super) fn last_change(&self) -> SimTime {
        self.facts
            .iter()
            .rev()
            .find(|fact| matches!(fact.deed, Deed::Did(_) | Deed::TakenBack { .. }))
            .or(self.facts.last())
            .map_or(SimTime::ZERO, |fact| fact.at)
    }
}
