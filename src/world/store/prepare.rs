//! Preparing a branch, natively or through intents.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Store;
use super::api::{Io, Ticket, TranId};
use super::log::Then;
use super::record::{Kind, WriteSet};
use super::tran::{Running, Sealed, State};
use crate::history::What;
use crate::protocol::{Outcome, Row, Safeguard};
use crate::scenario::Preparation;
use crate::vocab::SimTime;

impl Store {
    /// Prepares a branch: appends its record, and answers at once or when it is
    /// on disk.
    pub(super) fn prepare(&mut self, now: SimTime, id: TranId, running: &Running, io: &mut Io) {
        let forced = self.waits(running.force());
        let tran = self.trans.get_mut(id).expect("it is being prepared");
        let branch = tran.branch.expect("only a branch can be prepared");
        let set = tran.set.take().unwrap_or_default();
        let stamp = tran.stamp;
        let kind = Kind::Prepared(branch);
        let lsn = self.append(now, kind, stamp, Arc::clone(&set), forced, io);
        let tran = self.trans.get_mut(id).expect("it is being prepared");
        tran.state = State::Preparing(Sealed { set, lsn });
        let again: Vec<Running> = tran.backlog.drain(..).collect();
        if forced {
            self.wait(lsn, running.ticket, Then::Prepared(id), io);
        } else {
            self.prepared(now, id, false, io);
            io.answer(running.ticket, Outcome::Prepared);
        }
        for statement in again {
            self.asked_again(id, &statement, io);
        }
    }

    /// Whether a branch has only read: what it has written down of what it saw is
    /// for its own later steps alone.
    pub(super) fn only_read(&self, id: TranId) -> bool {
        self.trans.get(id).is_some_and(|tran| {
            let set = tran.set.as_deref();
            let only_memos =
                |set: &WriteSet| set.writes.iter().all(|w| matches!(w.row, Row::Memo { .. }));
            tran.letters.is_empty()
                && tran.backlog.is_empty()
                && set.is_none_or(|set| set.effects.is_empty() && only_memos(set))
        })
    }

    /// A branch that has only read ends here, whatever is decided: it leaves no
    /// record, and nothing is remembered of it.
    pub(super) fn release_read_only(
        &mut self,
        now: SimTime,
        id: TranId,
        ticket: Ticket,
        io: &mut Io,
    ) {
        let tran = self.trans.get(id).expect("it is being prepared");
        io.events.push(What::Committed {
            stamp: tran.stamp,
            branch: false,
            effects: SmallVec::new(),
            writes: Vec::new(),
            durable: true,
        });
        self.leave(now, id, io);
        io.answer(ticket, Outcome::ReadOnly);
    }

    /// A branch's prepared record is where it has to be.
    pub(super) fn prepared(&mut self, now: SimTime, id: TranId, durable: bool, io: &mut Io) {
        let tran = self.trans.get_mut(id).expect("it is being prepared");
        let State::Preparing(sealed) = &tran.state else {
            unreachable!("a branch is prepared once");
        };
        let sealed = sealed.clone();
        io.events.push(What::Prepared {
            tx: tran.branch.expect("only a branch can be prepared"),
            effects: sealed.set.effects_told(),
            durable,
        });
        let lsn = sealed.lsn;
        tran.state = State::Prepared(sealed);
        let record = self.log.announce(lsn);
        self.apply(now, lsn, &record, io);
        if !self
            .setting
            .safeguards
            .keep(Safeguard::HoldLocksUntilDecision)
        {
            self.release_locks(now, id, io);
        } else if self.spec.prepare == Preparation::Intents {
            self.turn_into_intents(now, id, io);
        }
    }

    /// The local transaction that wrote the intents is over: its shared locks
    /// go, and whoever waits to write finds an intent, which is a conflict.
    pub(super) fn turn_into_intents(&mut self, now: SimTime, id: TranId, io: &mut Io) {
        let tran = self.trans.get_mut(id).expect("it is prepared");
        let (owner, held) = (tran.owner, std::mem::take(&mut tran.held));
        let mut refused = Vec::new();
        let (intents, shared): (_, Vec<_>) = held.into_iter().partition(|&row| {
            self.locks
                .intend(id, row, now, &mut self.granted, &mut refused)
        });
        for row in shared {
            self.release(now, id, owner, row, io);
        }
        let tran = self.trans.get_mut(id).expect("it is prepared");
        tran.held = intents.into();
        self.let_in(now, io);
        for waiter in refused {
            let running = self.trans.get(waiter).and_then(|t| t.running.as_ref());
            if let Some(row) = running.map(|r| r.rows[r.locked].0) {
                self.conflict(now, waiter, row, Some(id), io);
            }
        }
    }

    /// A statement comes to a branch to which nothing can be added. Whether it
    /// is prepared can be asked again.
    pub(super) fn asked_again(&mut self, id: TranId, running: &Running, io: &mut Io) {
        let tran = self.trans.get(id).expect("a named branch is in memory");
        let lsn = match &tran.state {
            State::Preparing(sealed) | State::Prepared(sealed) if running.prepares() => sealed.lsn,
            _ => {
                let answer = running.given_up(Outcome::Aborted);
                return io.answers.push((running.ticket, answer));
            }
        };
        if tran.is_prepared() && !self.must_wait(running.force(), lsn) {
            return io.answer(running.ticket, Outcome::Prepared);
        }
        self.wait(lsn, running.ticket, Then::StillPrepared(id), io);
    }
}
