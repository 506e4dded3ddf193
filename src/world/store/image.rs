//! What a database holds: tables, prepared branches and what became of those
//! that were finished. The same type serves as the live state and as the last
//! checkpoint, and [`Image::apply`] serves both running and replay.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::record::{Kind, Record, WriteSet};
use crate::business::BusinessRow;
use crate::protocol::{
    ClientOutcome, Decision, Durable, Letter, LetterId, LogEntry, Reply, Row, Stamp, Value,
};
use crate::vocab::{
    Direction, FastMap, FastSet, RequestId, RequestKey, SimDuration, SimTime, StepId, TxId,
};
use crate::world::disk::Lsn;

type InboxKey = (TxId, StepId, Direction);

/// What a database holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Image {
    business: FastMap<BusinessRow, i64>,
    inbox: FastMap<InboxKey, Reply>,
    tombstones: FastSet<(TxId, StepId)>,
    outcomes: FastMap<RequestKey, ClientOutcome>,
    log: BTreeMap<TxId, LogEntry>,
    outbox: Outbox,
    /// Branches that are prepared and have no outcome.
    pub(super) prepared: BTreeMap<TxId, PreparedBranch>,
    finished: FastMap<TxId, Finished>,
    /// What is forgotten when, oldest first.
    expiry: VecDeque<(SimTime, Expiring)>,
}

/// A prepared branch, as its record has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PreparedBranch {
    /// Of its last statement.
    pub(super) stamp: Stamp,
    /// What it will write.
    pub(super) set: Arc<WriteSet>,
    /// Its record.
    pub(super) lsn: Lsn,
}

/// What became of a branch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Finished {
    pub(super) decision: Decision,
    /// The record that says so; `None` for an abort that left none.
    pub(super) lsn: Option<Lsn>,
}

/// What is kept for a while only, as a time-to-live index keeps it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expiring {
    Inbox(InboxKey),
    Tombstone(TxId, StepId),
    Outcome(RequestKey),
    Finished(TxId),
}

/// The unsent letters in the order of their commits.
#[derive(Clone, Debug, Default, PartialEq)]
struct Outbox {
    letters: BTreeMap<u64, Letter>,
    places: FastMap<LetterId, u64>,
    next: u64,
}

/// Something that belongs to a request appears (+1) or goes (-1).
pub(super) type Owned = Vec<(RequestId, i32)>;

impl Image {
    /// Does what a record says. What was written is kept for `retention` if it
    /// is not kept for good.
    pub(super) fn apply(
        &mut self,
        lsn: Lsn,
        record: &Record,
        retention: SimDuration,
        owned: &mut Owned,
    ) {
        let until = record.at + retention;
        match record.kind {
            Kind::Prepared(tx) => {
                let branch = PreparedBranch {
                    stamp: record.stamp,
                    set: Arc::clone(&record.set),
                    lsn,
                };
                self.prepared.insert(tx, branch);
            }
            Kind::Commit(tx) => {
                self.prepared.remove(&tx);
                self.write(&record.set, until, owned);
                self.finish(tx, Decision::Commit, Some(lsn), until);
            }
            Kind::Abort(tx) => {
                self.prepared.remove(&tx);
                self.finish(tx, Decision::Abort, Some(lsn), until);
            }
            Kind::Local(branch) => {
                self.write(&record.set, until, owned);
                if let Some(tx) = branch {
                    self.finish(tx, Decision::Commit, Some(lsn), until);
                }
            }
            Kind::Operator => self.write(&record.set, until, owned),
        }
    }

    /// Remembers what became of a branch.
    pub(super) fn finish(
        &mut self,
        tx: TxId,
        decision: Decision,
        lsn: Option<Lsn>,
        until: SimTime,
    ) {
        self.finished.insert(tx, Finished { decision, lsn });
        self.expiry.push_back((until, Expiring::Finished(tx)));
    }

    /// What became of a branch, if that is still remembered.
    pub(super) fn finished(&self, tx: TxId) -> Option<Finished> {
        self.finished.get(&tx).copied()
    }

    /// A business row's number; `None` if it was never written.
    pub(super) fn number(&self, row: BusinessRow) -> Option<i64> {
        self.business.get(&row).copied()
    }

    /// What a row that is not business holds.
    ///
    /// # Panics
    /// If it is business: that has [`Image::number`].
    pub(super) fn get(&self, row: Row) -> Option<Value> {
        match row {
            Row::Business(_) => unreachable!("business rows are numbers"),
            Row::Inbox {
                tx,
                step,
                direction,
            } => {
                let reply = self.inbox.get(&(tx, step, direction));
                reply.copied().map(Value::Reply)
            }
            Row::Tombstone { tx, step } => self.tombstones.get(&(tx, step)).map(|_| Value::Marker),
            Row::Log(tx) => self.log.get(&tx).copied().map(Value::Log),
            Row::Outcome(key) => self.outcomes.get(&key).copied().map(Value::Outcome),
            Row::Outbox(id) => self.outbox.get(id).copied().map(Value::Letter),
        }
    }

    /// Whether letters wait.
    pub(super) fn has_unsent(&self) -> bool {
        !self.outbox.letters.is_empty()
    }

    /// The unsent letters, oldest commit first.
    pub(super) fn unsent(&self) -> impl Iterator<Item = &Letter> {
        self.outbox.letters.values()
    }

    /// The rows of the manager's log.
    pub(super) fn log(&self) -> impl Iterator<Item = (TxId, LogEntry)> {
        self.log.iter().map(|(&tx, &entry)| (tx, entry))
    }

    /// Every business row that was ever written, in order.
    pub(super) fn business_rows(&self) -> Vec<(BusinessRow, i64)> {
        let mut rows: Vec<_> = self.business.iter().map(|(&r, &n)| (r, n)).collect();
        rows.sort_unstable();
        rows
    }

    /// What a starting process reads.
    pub(super) fn durable(&self) -> Durable {
        let mut outcomes: Vec<_> = self.outcomes.iter().map(|(&k, &o)| (k, o)).collect();
        outcomes.sort_unstable_by_key(|&(key, _)| key);
        Durable {
            prepared: self.prepared.keys().copied().collect(),
            log: self.log().collect(),
            outcomes,
            unsent: self.has_unsent(),
        }
    }

    /// Counts everything in it that belongs to a request, `by` each.
    pub(super) fn count_owned(&self, by: i32, owned: &mut Owned) {
        owned.extend(self.log.keys().map(|tx| (tx.request(), by)));
        owned.extend(self.unsent().map(|l| (l.id.tx.request(), by)));
    }

    /// Forgets what was kept long enough.
    pub(super) fn purge(&mut self, now: SimTime) {
        while let Some(&(until, what)) = self.expiry.front() {
            if until > now {
                break;
            }
            self.expiry.pop_front();
            match what {
                Expiring::Inbox(key) => drop(self.inbox.remove(&key)),
                Expiring::Tombstone(tx, step) => drop(self.tombstones.remove(&(tx, step))),
                Expiring::Outcome(key) => drop(self.outcomes.remove(&key)),
                Expiring::Finished(tx) => drop(self.finished.remove(&tx)),
            }
        }
    }

    fn write(&mut self, set: &WriteSet, until: SimTime, owned: &mut Owned) {
        for effect in &set.effects {
            self.business.insert(effect.row, effect.after);
        }
        for written in &set.writes {
            match written.value {
                Some(value) => self.put(written.row, value, until, owned),
                None => self.delete(written.row, owned),
            }
        }
    }

    /// # Panics
    /// If the value is not of the kind that such a row holds: a machine wrote
    /// nonsense.
    fn put(&mut self, row: Row, value: Value, until: SimTime, owned: &mut Owned) {
        match (row, value) {
            (
                Row::Inbox {
                    tx,
                    step,
                    direction,
                },
                Value::Reply(reply),
            ) => {
                let key = (tx, step, direction);
                self.inbox.insert(key, reply);
                self.expiry.push_back((until, Expiring::Inbox(key)));
            }
            (Row::Tombstone { tx, step }, Value::Marker) => {
                self.tombstones.insert((tx, step));
                let tombstone = Expiring::Tombstone(tx, step);
                self.expiry.push_back((until, tombstone));
            }
            (Row::Outcome(key), Value::Outcome(outcome)) => {
                self.outcomes.insert(key, outcome);
                self.expiry.push_back((until, Expiring::Outcome(key)));
            }
            (Row::Log(tx), Value::Log(entry)) => {
                if self.log.insert(tx, entry).is_none() {
                    owned.push((tx.request(), 1));
                }
            }
            (Row::Outbox(id), Value::Letter(letter)) => {
                if self.outbox.put(letter) {
                    owned.push((id.tx.request(), 1));
                }
            }
            (row, value) => panic!("{row:?} cannot hold {value:?}: each table has its kind"),
        }
    }

    fn delete(&mut self, row: Row, owned: &mut Owned) {
        match row {
            Row::Business(_) => unreachable!("business rows are never deleted"),
            Row::Inbox {
                tx,
                step,
                direction,
            } => drop(self.inbox.remove(&(tx, step, direction))),
            Row::Tombstone { tx, step } => drop(self.tombstones.remove(&(tx, step))),
            Row::Outcome(key) => drop(self.outcomes.remove(&key)),
            Row::Log(tx) => {
                if self.log.remove(&tx).is_some() {
                    owned.push((tx.request(), -1));
                }
            }
            Row::Outbox(id) => {
                if self.outbox.remove(id) {
                    owned.push((id.tx.request(), -1));
                }
            }
        }
    }
}

impl Outbox {
    fn get(&self, id: LetterId) -> Option<&Letter> {
        self.letters.get(self.places.get(&id)?)
    }

    /// Whether it is new.
    fn put(&mut self, letter: Letter) -> bool {
        if let Some(place) = self.places.get(&letter.id) {
            self.letters.insert(*place, letter);
            return false;
        }
        self.places.insert(letter.id, self.next);
        self.letters.insert(self.next, letter);
        self.next += 1;
        true
    }

    /// Whether it was there.
    fn remove(&mut self, id: LetterId) -> bool {
        match self.places.remove(&id) {
            Some(place) => self.letters.remove(&place).is_some(),
            None => false,
        }
    }
}
