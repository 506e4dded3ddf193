//! What a database holds: its tables, and what is on its way: log rows of the
//! manager, unsent letters, prepared branches.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::record::{Kind, Record, WriteSet};
use super::tables::{Finished, Layer, Tables};
use crate::business::BusinessRow;
use crate::protocol::{Durable, Letter, LetterId, LogEntry, LogState, Row, Stamp, Value};
use crate::vocab::{FastMap, RequestId, SimDuration, SimTime, TxId};
use crate::world::disk::Lsn;

/// What a database holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    tables: Tables,
    /// What is on its way, as it is visible now.
    live: OnItsWay,
    /// The same, as of the last checkpoint.
    checkpoint: OnItsWay,
}

/// What should all be gone once everything has ended: little, so that it can be
/// held twice.
#[derive(Clone, Debug, Default)]
struct OnItsWay {
    log: FastMap<TxId, LogEntry>,
    outbox: Outbox,
    /// Semantic locks, and whose they are.
    marks: FastMap<BusinessRow, TxId>,
    prepared: FastMap<TxId, PreparedBranch>,
}

/// A prepared branch, as its record has it.
#[derive(Clone, Debug)]
pub(super) struct PreparedBranch {
    /// Of its last statement.
    pub(super) stamp: Stamp,
    /// What it will write.
    pub(super) set: Arc<WriteSet>,
    /// Its record.
    pub(super) lsn: Lsn,
}

/// The unsent letters in the order of their commits.
#[derive(Clone, Debug, Default)]
struct Outbox {
    letters: BTreeMap<u64, Letter>,
    places: FastMap<LetterId, u64>,
    next: u64,
}

/// Something that belongs to a request appears (+1) or goes (-1).
pub(super) type Owned = Vec<(RequestId, i32)>;

impl Image {
    /// A record takes effect.
    pub(super) fn apply(&mut self, lsn: Lsn, record: &Record, owned: &mut Owned) {
        self.tables.apply(Layer::Recent, lsn, record);
        self.live
            .apply(lsn, record, |request, by| owned.push((request, by)));
    }

    /// A record, which has taken effect, is taken into the checkpoint.
    pub(super) fn settle(&mut self, lsn: Lsn, record: &Record) {
        self.tables.apply(Layer::Settled, lsn, record);
        self.checkpoint.apply(lsn, record, |_, _| {});
    }

    /// A crash: the checkpoint remains, and what replay of the log adds to it.
    pub(super) fn recover<'a>(&mut self, log: impl Iterator<Item = (Lsn, &'a Record)>) {
        self.tables.forget_recent();
        self.live = self.checkpoint.clone();
        for (lsn, record) in log {
            self.tables.apply(Layer::Recent, lsn, record);
            self.live.apply(lsn, record, |_, _| {});
        }
    }

    /// Remembers that a branch was aborted that left nothing in the log.
    pub(super) fn remember_abort(&mut self, tx: TxId) {
        self.tables.remember_abort(tx);
    }

    /// What became of a branch, if that is still remembered.
    pub(super) fn finished(&self, tx: TxId) -> Option<Finished> {
        self.tables.finished(tx)
    }

    /// A business row's number; `None` if it was never written.
    pub(super) fn number(&self, row: BusinessRow) -> Option<i64> {
        self.tables.number(row)
    }

    /// What a row holds; `None` for a business row that was never written.
    pub(super) fn get(&self, row: Row) -> Option<Value> {
        match row {
            Row::Log(tx) => self.live.log.get(&tx).copied().map(Value::Log),
            Row::Outbox(id) => self.live.outbox.get(id).copied().map(Value::Letter),
            Row::Mark(row) => self.mark(row).map(Value::MarkedBy),
            row => self.tables.get(row),
        }
    }

    /// Whose semantic lock is on a row.
    pub(super) fn mark(&self, row: BusinessRow) -> Option<TxId> {
        self.live.marks.get(&row).copied()
    }

    /// All semantic locks, in order of their rows.
    pub(super) fn marks(&self) -> Vec<(BusinessRow, TxId)> {
        let mut all: Vec<_> = self
            .live
            .marks
            .iter()
            .map(|(&row, &tx)| (row, tx))
            .collect();
        all.sort_unstable();
        all
    }

    /// Whether letters wait.
    pub(super) fn has_unsent(&self) -> bool {
        !self.live.outbox.letters.is_empty()
    }

    /// The unsent letters, oldest commit first.
    pub(super) fn unsent(&self) -> impl Iterator<Item = &Letter> {
        self.live.outbox.letters.values()
    }

    /// The rows of the manager's log, in order.
    pub(super) fn log(&self) -> Vec<(TxId, LogEntry)> {
        sorted(&self.live.log)
    }

    /// The prepared branches, in order.
    pub(super) fn prepared(&self) -> Vec<(TxId, PreparedBranch)> {
        sorted(&self.live.prepared)
    }

    /// Every business row of which something is reserved, and how much, in order.
    pub(super) fn reserved_rows(&self) -> Vec<(BusinessRow, i64)> {
        self.tables.reserved_rows()
    }

    /// Every business row that was ever written, in order.
    pub(super) fn business_rows(&self) -> Vec<(BusinessRow, i64)> {
        self.tables.business_rows()
    }

    /// What a starting process reads.
    pub(super) fn durable(&self) -> Durable {
        Durable {
            prepared: self.prepared().into_iter().map(|(tx, _)| tx).collect(),
            log: self.log(),
            outcomes: self.tables.outcomes(),
            unsent: self.has_unsent(),
        }
    }

    /// Counts every log row and every letter, `by` each.
    pub(super) fn count_owned(&self, by: i32, owned: &mut Owned) {
        owned.extend(self.log().iter().map(|(tx, _)| (tx.request(), by)));
        owned.extend(self.unsent().map(|l| (l.id.tx.request(), by)));
    }

    /// Forgets what was kept long enough.
    pub(super) fn purge(&mut self, now: SimTime, retention: SimDuration) {
        self.tables.purge(now, retention);
    }
}

fn sorted<V: Clone>(map: &FastMap<TxId, V>) -> Vec<(TxId, V)> {
    let mut all: Vec<_> = map.iter().map(|(&tx, v)| (tx, v.clone())).collect();
    all.sort_unstable_by_key(|&(tx, _)| tx);
    all
}

impl OnItsWay {
    /// Does what a record says; `owned` hears of log rows and letters that
    /// appear (+1) or go (-1).
    fn apply(&mut self, lsn: Lsn, record: &Record, mut owned: impl FnMut(RequestId, i32)) {
        match record.kind {
            Kind::Prepared(tx) => {
                let branch = PreparedBranch {
                    stamp: record.stamp,
                    set: Arc::clone(&record.set),
                    lsn,
                };
                self.prepared.insert(tx, branch);
            }
            Kind::Commit(tx) | Kind::Abort(tx) => drop(self.prepared.remove(&tx)),
            Kind::Local(_) | Kind::Operator => {}
        }
        for written in record.writes().iter().flat_map(|set| &set.writes) {
            let change = self.write(written.row, written.value);
            if let Some((tx, by)) = change {
                owned(tx.request(), by);
            }
        }
    }

    /// Whose log row or letter has appeared or gone, if one has.
    fn write(&mut self, row: Row, value: Option<Value>) -> Option<(TxId, i32)> {
        match (row, value) {
            (Row::Log(tx), Some(Value::Log(entry)))
                if matches!(
                    entry.state,
                    LogState::CommittedAndForgotten | LogState::HandedBack
                ) =>
            {
                self.log.remove(&tx).map(|_| (tx, -1))
            }
            (Row::Log(tx), Some(Value::Log(entry))) => {
                let new = self.log.insert(tx, entry).is_none();
                new.then_some((tx, 1))
            }
            (Row::Log(tx), None) => self.log.remove(&tx).map(|_| (tx, -1)),
            (Row::Outbox(id), Some(Value::Letter(letter))) => {
                self.outbox.put(letter).then_some((id.tx, 1))
            }
            (Row::Outbox(id), None) => self.outbox.remove(id).then_some((id.tx, -1)),
            (Row::Mark(row), Some(Value::MarkedBy(tx))) => {
                self.marks.insert(row, tx);
                None
            }
            (Row::Mark(row), None) => {
                self.marks.remove(&row);
                None
            }
            _ => None,
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
