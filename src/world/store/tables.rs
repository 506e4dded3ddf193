//! Tables in two layers: what the last checkpoint has, and what came after it. A
//! crash takes the second layer; replay of the log makes it anew; a checkpoint
//! moves it into the first. So nothing is held twice, and recovery costs what
//! the log holds, not what the tables hold.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use super::record::Record;
use crate::business::{BusinessRow, ResourceId};
use crate::protocol::{ClientOutcome, Decision, Reply, Row, Value};
use crate::vocab::{Direction, FastMap, RequestKey, SimDuration, SimTime, StepId, TxId};
use crate::world::disk::Lsn;

/// The step of a transaction that an inbox row is about.
type InboxKey = (TxId, StepId, Direction);

/// What a step of a transaction has seen of a resource.
type MemoKey = (TxId, StepId, ResourceId);

/// Which step of a transaction is done, and what waits for it.
type HeardKey = (TxId, StepId, Option<StepId>);

/// Everything that is looked up by its key, and may be much.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    business: Layered<BusinessRow, i64>,
    inbox: Layered<InboxKey, Reply>,
    tombstones: Layered<(TxId, StepId), ()>,
    outcomes: Layered<RequestKey, ClientOutcome>,
    memos: Layered<MemoKey, i64>,
    /// Kept for as long as anything is reserved, like the business rows.
    reserved: Layered<BusinessRow, i64>,
    heard: Layered<HeardKey, ()>,
    finished: Layered<TxId, Finished>,
    /// Branches that were aborted and left nothing in the log.
    aborted: Layered<TxId, ()>,
    /// When the tables with a retention last changed their generation.
    turned: SimTime,
}

/// What became of a branch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Finished {
    pub(super) decision: Decision,
    /// The record that says so; `None` for an abort that left none.
    pub(super) lsn: Option<Lsn>,
}

/// Which layer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// What came after the checkpoint.
    Recent,
    /// The checkpoint.
    Settled,
}

impl Tables {
    /// Does what a record says.
    ///
    /// # Panics
    /// If a value is not of the kind that such a row holds: a machine wrote
    /// nonsense.
    pub(super) fn apply(&mut self, layer: Layer, lsn: Lsn, record: &Record) {
        if let Some((tx, decision)) = record.finishes() {
            let finished = Finished {
                decision,
                lsn: Some(lsn),
            };
            self.finished.set(layer, tx, Some(finished), lsn);
        }
        let Some(set) = record.writes() else {
            return;
        };
        for effect in &set.effects {
            self.business
                .set(layer, effect.row, Some(effect.after), lsn);
        }
        for written in &set.writes {
            self.write(layer, lsn, written.row, written.value);
        }
    }

    fn write(&mut self, layer: Layer, lsn: Lsn, row: Row, value: Option<Value>) {
        match (row, value) {
            (
                Row::Inbox {
                    tx,
                    step,
                    direction,
                },
                Some(Value::Reply(_)) | None,
            ) => {
                let reply = match value {
                    Some(Value::Reply(reply)) => Some(reply),
                    _ => None,
                };
                self.inbox.set(layer, (tx, step, direction), reply, lsn);
            }
            (Row::Tombstone { tx, step }, Some(Value::Marker) | None) => {
                let marker = value.map(|_| ());
                self.tombstones.set(layer, (tx, step), marker, lsn);
            }
            (Row::Heard { tx, done, next }, Some(Value::Marker) | None) => {
                let marker = value.map(|_| ());
                self.heard.set(layer, (tx, done, next), marker, lsn);
            }
            (Row::Outcome(key), Some(Value::Outcome(_)) | None) => {
                let outcome = match value {
                    Some(Value::Outcome(outcome)) => Some(outcome),
                    _ => None,
                };
                self.outcomes.set(layer, key, outcome, lsn);
            }
            (Row::Memo { tx, step, resource }, Some(Value::Number(_)) | None) => {
                let number = match value {
                    Some(Value::Number(number)) => Some(number),
                    _ => None,
                };
                self.memos.set(layer, (tx, step, resource), number, lsn);
            }
            (Row::Reserved(row), Some(Value::Number(_)) | None) => {
                let number = match value {
                    Some(Value::Number(number)) => Some(number),
                    _ => None,
                };
                self.reserved.set(layer, row, number, lsn);
            }
            (Row::Log(_), Some(Value::Log(_)) | None)
            | (Row::Outbox(_), Some(Value::Letter(_)) | None)
            | (Row::Mark(_), Some(Value::MarkedBy(_)) | None) => {}
            (row, value) => panic!("{row:?} cannot hold {value:?}: each table has its kind"),
        }
    }

    /// Remembers that a branch was aborted that left nothing in the log: a crash
    /// forgets it, and presumes the same.
    pub(super) fn remember_abort(&mut self, tx: TxId) {
        self.aborted.young.insert(tx, ());
    }

    /// What became of a branch, if that is still remembered.
    pub(super) fn finished(&self, tx: TxId) -> Option<Finished> {
        let aborted = Finished {
            decision: Decision::Abort,
            lsn: None,
        };
        let finished = self.finished.get(&tx).copied();
        finished.or_else(|| self.aborted.get(&tx).map(|()| aborted))
    }

    /// A business row's number; `None` if it was never written.
    pub(super) fn number(&self, row: BusinessRow) -> Option<i64> {
        self.business.get(&row).copied()
    }

    /// What an inbox row, a tombstone or an outcome holds.
    pub(super) fn get(&self, row: Row) -> Option<Value> {
        match row {
            Row::Inbox {
                tx,
                step,
                direction,
            } => {
                let reply = self.inbox.get(&(tx, step, direction));
                reply.copied().map(Value::Reply)
            }
            Row::Tombstone { tx, step } => self.tombstones.get(&(tx, step)).map(|()| Value::Marker),
            Row::Heard { tx, done, next } => {
                let marker = self.heard.get(&(tx, done, next));
                marker.map(|()| Value::Marker)
            }
            Row::Outcome(key) => self.outcomes.get(&key).copied().map(Value::Outcome),
            Row::Business(row) => self.number(row).map(Value::Number),
            Row::Memo { tx, step, resource } => {
                let number = self.memos.get(&(tx, step, resource));
                number.copied().map(Value::Number)
            }
            Row::Reserved(row) => self.reserved.get(&row).copied().map(Value::Number),
            Row::Log(_) | Row::Outbox(_) | Row::Mark(_) => None,
        }
    }

    /// Every business row that was ever written, in order.
    pub(super) fn business_rows(&self) -> Vec<(BusinessRow, i64)> {
        self.business.sorted()
    }

    /// Every business row of which something is reserved, and how much, in order.
    pub(super) fn reserved_rows(&self) -> Vec<(BusinessRow, i64)> {
        self.reserved.sorted()
    }

    /// All outcomes that are kept, in the order of their keys.
    pub(super) fn outcomes(&self) -> Vec<(RequestKey, ClientOutcome)> {
        self.outcomes.sorted()
    }

    /// A crash: what came after the checkpoint is gone.
    pub(super) fn forget_recent(&mut self) {
        self.business.recent.clear();
        self.inbox.recent.clear();
        self.tombstones.recent.clear();
        self.outcomes.recent.clear();
        self.memos.recent.clear();
        self.reserved.recent.clear();
        self.heard.recent.clear();
        self.finished.recent.clear();
        self.aborted = Layered::default();
    }

    /// Forgets what was kept long enough: everything but business rows is kept
    /// for `retention` at the least, and for twice as long at the most.
    pub(super) fn purge(&mut self, now: SimTime, retention: SimDuration) {
        if now < self.turned + retention {
            return;
        }
        self.turned = now;
        self.inbox.turn();
        self.tombstones.turn();
        self.outcomes.turn();
        self.memos.turn();
        self.heard.turn();
        self.finished.turn();
        self.aborted.turn();
    }
}

/// One table. The checkpoint's layer has two generations, so that what is old
/// can be forgotten all at once.
#[derive(Clone, Debug)]
struct Layered<K, V> {
    recent: FastMap<K, Recent<V>>,
    young: FastMap<K, V>,
    old: FastMap<K, V>,
}

/// What a record has put, `None` if it has deleted, and which it was.
#[derive(Clone, Debug)]
struct Recent<V> {
    value: Option<V>,
    lsn: Lsn,
}

impl<K, V> Default for Layered<K, V> {
    fn default() -> Self {
        Layered {
            recent: FastMap::default(),
            young: FastMap::default(),
            old: FastMap::default(),
        }
    }
}

impl<K: Copy + Eq + Hash + Ord, V: Copy> Layered<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        if let Some(recent) = self.recent.get(key) {
            return recent.value.as_ref();
        }
        self.young.get(key).or_else(|| self.old.get(key))
    }

    fn set(&mut self, layer: Layer, key: K, value: Option<V>, lsn: Lsn) {
        match layer {
            Layer::Recent => self.put(key, value, lsn),
            Layer::Settled => self.settle(key, value, lsn),
        }
    }

    /// Of two records that write the same, the later in the log has the last
    /// word, whichever took effect first: replay would say the same.
    fn put(&mut self, key: K, value: Option<V>, lsn: Lsn) {
        let recent = Recent { value, lsn };
        match self.recent.entry(key) {
            Entry::Vacant(entry) => drop(entry.insert(recent)),
            Entry::Occupied(entry) if entry.get().lsn > lsn => {}
            Entry::Occupied(mut entry) => drop(entry.insert(recent)),
        }
    }

    fn settle(&mut self, key: K, value: Option<V>, lsn: Lsn) {
        match value {
            Some(value) => drop(self.young.insert(key, value)),
            None => {
                self.young.remove(&key);
                self.old.remove(&key);
            }
        }
        if self.recent.get(&key).is_some_and(|r| r.lsn <= lsn) {
            self.recent.remove(&key);
        }
    }

    fn turn(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }

    /// Everything in it, in the order of the keys.
    fn sorted(&self) -> Vec<(K, V)> {
        let mut all: BTreeMap<K, V> = BTreeMap::new();
        all.extend(self.old.iter().chain(&self.young));
        for (key, recent) in &self.recent {
            match recent.value {
                Some(value) => drop(all.insert(*key, value)),
                None => drop(all.remove(key)),
            }
        }
        all.into_iter().collect()
    }
}
