//! What is written to the log.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::history::{Class, Effect, Written};
use crate::protocol::{Decision, LogState, Row, Stamp, Value};
use crate::vocab::{RequestId, SimTime, TxId};

/// Everything that a transaction writes, as after-images.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct WriteSet {
    /// The changes of business rows, in order; a row may be among them more than
    /// once.
    pub(super) effects: SmallVec<[Effect; 1]>,
    /// The last word on every other row.
    pub(super) writes: Vec<Written>,
}

impl WriteSet {
    pub(super) fn is_empty(&self) -> bool {
        self.effects.is_empty() && self.writes.is_empty()
    }

    /// The changes of business rows, as the history has them.
    pub(super) fn effects_told(&self) -> SmallVec<[Effect; 1]> {
        SmallVec::from_slice(&self.effects)
    }

    /// The rows that it writes; a business row perhaps more than once.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        let business = self.effects.iter().map(|e| Row::Business(e.row));
        business.chain(self.writes.iter().map(|w| w.row))
    }

    /// The class of a local transaction that writes this.
    pub(super) fn class(&self) -> Class {
        let has = |what: fn(&Written) -> bool| self.writes.iter().any(what);
        let only = |what: fn(&Written) -> bool| {
            self.effects.is_empty() && !self.writes.is_empty() && self.writes.iter().all(what)
        };
        let logs = |w: &Written| match w.value {
            Some(Value::Log(entry)) => Some(entry.state),
            _ => None,
        };
        if self.effects.is_empty() && has(|w| matches!(w.row, Row::Log(_))) {
            match self.writes.iter().find_map(logs) {
                Some(LogState::Committed | LogState::CommittedAndForgotten | LogState::Aborted) => {
                    Class::Decision
                }
                Some(LogState::Collecting) => Class::Collecting,
                // For clients that ask again, and for nobody else.
                Some(LogState::HandedOver | LogState::HandedBack) => Class::Outcome,
                Some(LogState::Saga(_) | LogState::Parked(_)) => Class::SagaLog,
                None => Class::End,
            }
        } else if only(|w| matches!(w.row, Row::Outcome(_))) {
            Class::Outcome
        } else if only(|w| matches!(w.row, Row::Outbox(_)) && w.value.is_none()) {
            Class::Mark
        } else {
            Class::Step
        }
    }
}

/// A record of the log.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// When it was appended.
    pub(super) at: SimTime,
    /// What it does.
    pub(super) kind: Kind,
    /// On whose behalf.
    pub(super) stamp: Stamp,
    /// What is written; of an ended branch, what it had prepared.
    pub(super) set: Arc<WriteSet>,
    /// Whether anybody could see it yet, by an answer or in the rows: if so, its
    /// loss is an event. Not a part of what is on disk.
    pub(super) announced: bool,
}

/// What a record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A branch is prepared.
    Prepared(TxId),
    /// A prepared branch is committed.
    Commit(TxId),
    /// A prepared branch is aborted.
    Abort(TxId),
    /// A transaction that was not prepared is committed; a branch, if it has a
    /// name.
    Local(Option<TxId>),
    /// The operator's transaction is committed.
    Operator,
}

impl Record {
    /// Whose it is; `None` if it is no request's: the operator's, a relay's.
    pub(super) fn request(&self) -> Option<RequestId> {
        let tx = self.stamp.tx;
        (tx != TxId::NOBODY).then(|| tx.request())
    }

    /// What it changes in the tables, if it changes anything.
    pub(super) fn writes(&self) -> Option<&WriteSet> {
        match self.kind {
            Kind::Commit(_) | Kind::Local(_) | Kind::Operator => Some(&self.set),
            Kind::Prepared(_) | Kind::Abort(_) => None,
        }
    }

    /// Which branch it ends, and how.
    pub(super) fn finishes(&self) -> Option<(TxId, Decision)> {
        match self.kind {
            Kind::Commit(tx) | Kind::Local(Some(tx)) => Some((tx, Decision::Commit)),
            Kind::Abort(tx) => Some((tx, Decision::Abort)),
            Kind::Prepared(_) | Kind::Local(None) | Kind::Operator => None,
        }
    }

    /// Its class in the history.
    pub(super) fn class(&self) -> Class {
        match self.kind {
            Kind::Prepared(_) => Class::Prepared,
            Kind::Commit(_) => Class::Commit,
            Kind::Abort(_) => Class::Abort,
            Kind::Local(_) => self.set.class(),
            Kind::Operator => Class::Operator,
        }
    }
}
