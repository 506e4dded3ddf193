//! Transactions in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;

use super::age::Age;
use super::api::{Io, Ticket, TranId};
use super::image::Image;
use super::locks::Mode;
use super::record::WriteSet;
use super::statement;
use crate::business::{Business, BusinessRow};
use crate::history::{Owner, What};
use crate::protocol::{Case, End, Force, Letter, Row, Safeguards, Stamp, Txn};
use crate::vocab::{SimDuration, SimTime, TxId};
use crate::world::disk::Lsn;

/// A transaction: a branch, or one that is a single call.
#[derive(Clone, Debug)]
pub(super) struct Tran {
    /// Who holds its locks.
    pub(super) owner: Owner,
    /// How old it is.
    pub(super) age: Age,
    /// Its name if it is a branch.
    pub(super) branch: Option<TxId>,
    /// The session that opened it.
    pub(super) session: Option<u32>,
    /// Of its last statement.
    pub(super) stamp: Stamp,
    /// How far it is.
    pub(super) state: State,
    /// What it writes, if it has written anything; nobody else has it while it
    /// is open.
    pub(super) set: Option<Arc<WriteSet>>,
    /// Letters that the process will send itself.
    pub(super) letters: Vec<Letter>,
    /// The rows that it has locked, in order.
    pub(super) held: SmallVec<[Row; 4]>,
    /// The statement that is at work.
    pub(super) running: Option<Running>,
    /// Statements that wait for it.
    pub(super) backlog: VecDeque<Running>,
}

impl Tran {
    /// A transaction that has done nothing and does nothing.
    pub(super) fn idle(owner: Owner, age: Age, branch: Option<TxId>, stamp: Stamp) -> Self {
        Tran {
            owner,
            age,
            branch,
            session: None,
            stamp,
            state: State::Open,
            set: None,
            letters: Vec::new(),
            held: SmallVec::new(),
            running: None,
            backlog: VecDeque::new(),
        }
    }

    /// Has a lock that it had to wait for so long.
    pub(super) fn hold(&mut self, row: Row, mode: Mode, waited: SimDuration, io: &mut Io) {
        if !self.held.contains(&row) {
            self.held.push(row);
        }
        if let Row::Business(row) = row {
            io.events.push(What::Locked {
                owner: self.owner,
                row,
                exclusive: mode == Mode::Exclusive,
                waited,
            });
        }
    }

    /// Whether it is prepared.
    pub(super) fn is_prepared(&self) -> bool {
        matches!(self.state, State::Prepared(_))
    }

    /// Whether it has written nothing.
    pub(super) fn wrote_nothing(&self) -> bool {
        self.set.as_ref().is_none_or(|set| set.is_empty())
    }

    /// Writes a case's changes.
    pub(super) fn write(
        &mut self,
        case: &Case,
        stamp: Stamp,
        image: &Image,
        business: &Business,
        safeguards: Safeguards,
    ) {
        if case.then.is_empty() {
            return;
        }
        let set = Arc::make_mut(self.set.get_or_insert_default());
        let letters = &mut self.letters;
        statement::change(case, stamp, image, business, set, letters, safeguards);
    }
}

/// How far a transaction is.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Nothing of it is in the log.
    Open,
    /// Its prepared record waits for the disk.
    Preparing(Sealed),
    /// It is prepared.
    Prepared(Sealed),
    /// Its commit record waits for the disk.
    Committing(Lsn),
}

/// What a transaction writes, once nothing can be added.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    pub(super) set: Arc<WriteSet>,
    /// Its prepared record.
    pub(super) lsn: Lsn,
}

/// A statement at work.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) ticket: Ticket,
    pub(super) work: Work,
    /// The rows to lock, in order.
    pub(super) rows: SmallVec<[(Row, Mode); 4]>,
    /// How many of them it has.
    pub(super) locked: usize,
    /// When it began to wait for the next.
    pub(super) waits_since: SimTime,
    /// How long it waited in all.
    pub(super) waited: SimDuration,
    pub(super) stage: Stage,
}

/// What a statement does.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// A machine's, or the operator's.
    Txn {
        stamp: Stamp,
        txn: Box<Txn>,
        end: End,
        force: Force,
    },
    /// A background reader's.
    Read(SmallVec<[BusinessRow; 2]>),
}

/// How far a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It takes its locks.
    Locking,
    /// It has them, and takes its time.
    Working,
    /// Its branch's intents are being written.
    WritingIntents,
}

/// All transactions.
#[derive(Clone, Debug, Default)]
pub(super) struct Trans {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Slot {
    serial: u32,
    tran: Option<Tran>,
}

impl Trans {
    pub(super) fn insert(&mut self, tran: Tran) -> TranId {
        if let Some(slot) = self.free.pop() {
            let place = &mut self.slots[slot as usize];
            place.serial += 1;
            place.tran = Some(tran);
            let serial = place.serial;
            return TranId { slot, serial };
        }
        let slot = self.slots.len() as u32;
        self.slots.push(Slot {
            serial: 0,
            tran: Some(tran),
        });
        TranId { slot, serial: 0 }
    }

    pub(super) fn get(&self, id: TranId) -> Option<&Tran> {
        let slot = &self.slots[id.slot as usize];
        slot.tran.as_ref().filter(|_| slot.serial == id.serial)
    }

    pub(super) fn get_mut(&mut self, id: TranId) -> Option<&mut Tran> {
        let slot = &mut self.slots[id.slot as usize];
        slot.tran.as_mut().filter(|_| slot.serial == id.serial)
    }

    /// Forgets one; its name, if it is a branch.
    pub(super) fn forget(&mut self, id: TranId) -> Option<TxId> {
        let slot = &mut self.slots[id.slot as usize];
        if slot.serial != id.serial {
            return None;
        }
        let branch = slot.tran.as_ref()?.branch;
        slot.tran = None;
        self.free.push(id.slot);
        branch
    }

    /// All of them, by their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TranId, &Tran)> {
        self.slots.iter().zip(0..).filter_map(|(place, slot)| {
            let serial = place.serial;
            let tran = place.tran.as_ref()?;
            Some((TranId { slot, serial }, tran))
        })
    }

    /// Takes all of them out, by their places.
    pub(super) fn take_all(&mut self) -> Vec<(TranId, Tran)> {
        let mut all = Vec::new();
        for (place, slot) in self.slots.iter_mut().zip(0..) {
            let serial = place.serial;
            if let Some(tran) = place.tran.take() {
                all.push((TranId { slot, serial }, tran));
                self.free.push(slot);
            }
        }
        all
    }
}
