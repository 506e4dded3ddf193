//! How a transaction takes effect: its record is in the log, or on disk, as was
//! asked.

use std::sync::Arc;

use super::Store;
use super::api::{Answer, Io, Ticket, TranId};
use super::log::{Then, Waiting};
use super::record::{Kind, Record, WriteSet};
use super::tran::{Running, State, Work};
use crate::history::{Owner, What};
use crate::protocol::{Force, Letter, Outcome, Stamp};
use crate::vocab::SimTime;
use crate::world::disk::Lsn;

/// Who is to be answered, and whether the answer waits for the disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) ticket: Ticket,
    pub(super) force: Force,
}

impl Store {
    /// Commits a transaction that was not prepared. One that has written nothing
    /// leaves nothing in the log, unless it is a branch, whose end somebody may
    /// ask for.
    pub(super) fn commit(
        &mut self,
        now: SimTime,
        id: TranId,
        call: Call,
        outcome: Outcome,
        io: &mut Io,
    ) {
        let tran = self.trans.get_mut(id).expect("it is being committed");
        if tran.branch.is_none() && tran.wrote_nothing() {
            let letters = std::mem::take(&mut tran.letters);
            let answer = Answer::Outcome { outcome, letters };
            io.answers.push((call.ticket, answer));
            return self.leave(now, id, io);
        }
        let kind = match tran.owner {
            Owner::Operator(_) => Kind::Operator,
            _ => Kind::Local(tran.branch),
        };
        let (stamp, set) = (tran.stamp, tran.set.take().unwrap_or_default());
        let forced = self.waits(call.force);
        let lsn = self.append(now, kind, stamp, set, forced, io);
        self.appended_commit(now, id, lsn, call, outcome, io);
    }

    /// A commit record is in the log: who waits for the disk is answered when it
    /// is there.
    pub(super) fn appended_commit(
        &mut self,
        now: SimTime,
        id: TranId,
        lsn: Lsn,
        call: Call,
        outcome: Outcome,
        io: &mut Io,
    ) {
        let forced = self.waits(call.force);
        let tran = self.trans.get_mut(id).expect("it is being committed");
        tran.state = State::Committing(lsn);
        if forced {
            self.wait(lsn, call.ticket, Then::Committed(id, outcome), io);
        } else {
            let letters = self.committed(now, id, lsn, false, io);
            let answer = Answer::Outcome { outcome, letters };
            io.answers.push((call.ticket, answer));
        }
    }

    /// A commit record is where it has to be: the transaction has taken effect.
    fn committed(
        &mut self,
        now: SimTime,
        id: TranId,
        lsn: Lsn,
        durable: bool,
        io: &mut Io,
    ) -> Vec<Letter> {
        let record = self.log.announce(lsn);
        self.apply(now, lsn, &record, io);
        record.tell(durable, io);
        let tran = self.trans.get_mut(id).expect("it is being committed");
        let letters = std::mem::take(&mut tran.letters);
        self.leave(now, id, io);
        letters
    }

    /// A flush is through: everybody whose record is on disk is served.
    pub(super) fn flushed(&mut self, now: SimTime, io: &mut Io) {
        self.log.flushed(now, io);
        while let Some(Waiting { lsn, ticket, then }) = self.log.next_flushed() {
            let answer = self.on_disk(now, lsn, then, io);
            io.answers.push((ticket, answer));
        }
        self.checkpoint();
    }

    fn on_disk(&mut self, now: SimTime, lsn: Lsn, then: Then, io: &mut Io) -> Answer {
        match then {
            Then::Prepared(id) => match self.trans.get(id).map(|tran| &tran.state) {
                Some(State::Preparing(_)) => {
                    self.prepared(now, id, true, io);
                    Answer::plain(Outcome::Prepared)
                }
                _ => Answer::plain(Outcome::Aborted),
            },
            Then::StillPrepared(id) => match self.trans.get(id) {
                Some(_) => Answer::plain(Outcome::Prepared),
                None => Answer::plain(Outcome::Aborted),
            },
            Then::Committed(id, outcome) => {
                let letters = self.committed(now, id, lsn, true, io);
                Answer::Outcome { outcome, letters }
            }
            Then::Answer(outcome) => Answer::plain(outcome),
            Then::Recover => Answer::Durable(self.image.durable()),
        }
    }

    pub(super) fn append(
        &mut self,
        now: SimTime,
        kind: Kind,
        stamp: Stamp,
        set: Arc<WriteSet>,
        forced: bool,
        io: &mut Io,
    ) -> Lsn {
        let record = Record {
            at: now,
            kind,
            stamp,
            set,
            announced: false,
        };
        self.log.append(now, record, forced, io)
    }

    pub(super) fn apply(&mut self, now: SimTime, lsn: Lsn, record: &Record, io: &mut Io) {
        self.image.apply(lsn, record, &mut io.owned);
        let retention = self.setting.policies.retention;
        self.image.purge(now, retention);
    }

    pub(super) fn wait(&mut self, lsn: Lsn, ticket: Ticket, then: Then, io: &mut Io) {
        self.log.wait(Waiting { lsn, ticket, then }, io);
    }

    /// Whether such an answer waits for the disk.
    pub(super) fn waits(&self, force: Force) -> bool {
        match force {
            Force::Always => true,
            Force::Guarded(safeguard) => self.setting.safeguards.keep(safeguard),
            Force::Lazy => false,
        }
    }

    pub(super) fn must_wait(&self, force: Force, lsn: Lsn) -> bool {
        self.waits(force) && !self.log.has(lsn)
    }
}

impl Running {
    pub(super) fn force(&self) -> Force {
        match self.work {
            Work::Txn { force, .. } => force,
            Work::Read(_) => Force::Lazy,
        }
    }

    pub(super) fn call(&self) -> Call {
        Call {
            ticket: self.ticket,
            force: self.force(),
        }
    }
}

impl Record {
    /// A commit, as the history has it.
    pub(super) fn tell(&self, durable: bool, io: &mut Io) {
        let set = &self.set;
        match self.kind {
            Kind::Commit(_) | Kind::Local(_) => io.events.push(What::Committed {
                stamp: self.stamp,
                branch: matches!(self.kind, Kind::Commit(_)),
                effects: set.effects_told(),
                writes: set.writes.clone(),
                durable,
            }),
            Kind::Prepared(_) | Kind::Abort(_) | Kind::Operator => {}
        }
    }
}
