//! How a database dies, and what it knows when it is up again: the checkpoint,
//! and the log after it up to the first record whose checksum fails.

use super::age::Age;
use super::api::{Alarm, Answer, Io, Ticket, TranId};
use super::image::Owned;
use super::locks::{Asked, Mode};
use super::log::{Then, Waiting};
use super::record::{Kind, Record};
use super::tran::{Sealed, State, Tran, Work};
use super::{Broken, Condition, Store};
use crate::history::{Owner, RollbackReason, What};
use crate::protocol::{End, Outcome, Row, Safeguard};
use crate::scenario::Preparation;
use crate::vocab::{FastSet, Identity, SimDuration, SimTime, Stream, TxId};
use crate::world::disk::{Crash, Lsn, Remains};

impl Store {
    /// The database dies. Calls in flight are answered: with `Unknown` if they
    /// might have committed, prepared or finished something, with `Aborted` (or
    /// `ReadFailed`, for readers and [`Request::Recover`](super::Request)) otherwise.
    /// Also while it is down or recovering: power can fail then.
    pub fn crash(&mut self, now: SimTime, how: Crash, io: &mut Io) {
        let before = self.owned_now(-1);
        self.answer_calls(io);
        self.end_transactions(now, io);
        self.crashes += 1;
        let lost = self.lose(how);
        report_lost(&lost, io);
        self.condition = Condition::Down;
        self.image.recover(self.log.disk.scan(Lsn(0)));
        io.owned.extend(self.owned_now(1));
        io.owned.extend(before);
        for record in &lost {
            io.owned
                .extend(record.request().map(|request| (request, -1)));
        }
    }

    /// Recovery begins; [`Io::up`] is set by the wake that ends it, after
    /// `restart` and `replay` for each record that is read. No effect unless it
    /// is down and not recovering already.
    pub fn restart(&mut self, _now: SimTime, io: &mut Io) {
        if self.condition != Condition::Down {
            return;
        }
        self.condition = Condition::Recovering;
        let records = self.log.disk.scan(Lsn(0)).count() as u64;
        let takes = self.spec.restart + self.spec.replay * records;
        self.log.alarm(takes, Alarm::Up, io);
    }

    /// Recovery is through.
    pub(super) fn come_up(&mut self, now: SimTime, io: &mut Io) {
        self.condition = Condition::Up;
        io.up = true;
        self.log.recover(io);
        self.tell_survivors(io);
        self.restore_branches(now, io);
        self.checkpoint();
    }

    /// What is on disk is taken into the checkpoint, if there is enough of it:
    /// memory and replay stay bounded.
    pub(super) fn checkpoint(&mut self) {
        let disk = &mut self.log.disk;
        if disk.releasable() < u64::from(self.spec.checkpoint_every) {
            return;
        }
        for (lsn, record) in disk.release() {
            self.image.settle(lsn, &record);
        }
    }

    /// Everything that the store holds of requests, but for unsynced records.
    fn owned_now(&self, by: i32) -> Owned {
        let mut owned = Vec::new();
        self.image.count_owned(by, &mut owned);
        let mut branch = |tx: TxId| owned.push((tx.request(), by));
        if self.condition == Condition::Up {
            let branches = self.trans.iter().filter_map(|(_, tran)| tran.branch);
            branches.for_each(&mut branch);
        } else {
            let prepared = self.image.prepared().into_iter();
            prepared.for_each(|(tx, _)| branch(tx));
        }
        owned
    }

    /// Calls in flight learn that their database has died, in the order in which
    /// they were made.
    fn answer_calls(&mut self, io: &mut Io) {
        let mut answers: Vec<(Ticket, Answer)> = Vec::new();
        for (_, tran) in self.trans.iter() {
            for running in tran.running.iter().chain(&tran.backlog) {
                let outcome = match running.work {
                    Work::Txn { end: End::Open, .. } => Outcome::Aborted,
                    _ => Outcome::Unknown,
                };
                answers.push((running.ticket, running.given_up(outcome)));
            }
        }
        for Waiting { ticket, then, .. } in self.log.die() {
            let answer = match then {
                Then::Recover => Answer::ReadFailed,
                _ => Answer::plain(Outcome::Unknown),
            };
            answers.push((ticket, answer));
        }
        let finishes = std::mem::take(&mut self.finishes);
        let unknown = |ticket| (ticket, Answer::plain(Outcome::Unknown));
        answers.extend(finishes.into_keys().map(unknown));
        answers.sort_unstable_by_key(|&(ticket, _)| ticket);
        io.answers.append(&mut answers);
    }

    /// Transactions of which nothing is in the log are undone; whatever is in
    /// it is the log's affair.
    fn end_transactions(&mut self, now: SimTime, io: &mut Io) {
        let mut granted = Vec::new();
        for (id, tran) in self.trans.take_all() {
            if let (Some(tx), false) = (tran.branch, tran.is_prepared()) {
                self.broken.insert(tx, Broken::by_crash(tran.session));
            }
            if let (State::Open, Some(tx)) = (&tran.state, tran.branch) {
                io.events.push(What::RolledBack {
                    tx,
                    why: RollbackReason::Crash,
                    prepared: false,
                });
            }
            for row in tran.held {
                let since = self.locks.release(id, row, now, &mut granted);
                if let (Some(since), Some(row)) = (since, row.business()) {
                    let (owner, held) = (tran.owner, now.since(since));
                    io.events.push(What::Unlocked { owner, row, held });
                }
            }
        }
        self.locks.clear();
        self.branches.clear();
        self.timeouts.clear();
        self.timeout_armed = false;
        self.ready.clear();
        self.granted.clear();
    }

    /// What the disk does not have any more. What power loss takes is drawn by
    /// node, ordinal of the crash and record.
    fn lose(&mut self, how: Crash) -> Vec<Record> {
        let chance = self.chance;
        let who = Identity::new()
            .with(u64::from(self.node.0))
            .with(self.crashes);
        self.log.disk.crash(how, |lsn| {
            match chance.unit(Stream::Disk, who.with(lsn.0)) {
                u if u < 0.5 => Remains::Whole,
                u if u < 0.75 => Remains::Torn,
                _ => Remains::Nothing,
            }
        })
    }

    /// What was in flight at the crash and whose record survived has happened
    /// now, though nobody was told.
    fn tell_survivors(&mut self, io: &mut Io) {
        let silent = |(lsn, record): (Lsn, &Record)| (!record.announced).then_some(lsn);
        let survivors: Vec<Lsn> = self.log.disk.scan(Lsn(0)).filter_map(silent).collect();
        for lsn in survivors {
            let record = self.log.announce(lsn);
            if let Kind::Prepared(tx) = record.kind {
                let effects = record.set.effects_told();
                let durable = true;
                io.events.push(What::Prepared {
                    tx,
                    effects,
                    durable,
                });
            }
            record.tell(true, io);
        }
    }

    /// Prepared branches take the locks on what they wrote again.
    fn restore_branches(&mut self, now: SimTime, io: &mut Io) {
        let hold = self
            .setting
            .safeguards
            .keep(Safeguard::HoldLocksUntilDecision);
        for (tx, branch) in self.image.prepared() {
            let rows: Vec<Row> = match hold {
                true => branch.set.rows().collect(),
                false => Vec::new(),
            };
            let sealed = Sealed {
                set: branch.set,
                lsn: branch.lsn,
            };
            let id = self.trans.insert(Tran {
                state: State::Prepared(sealed),
                ..Tran::idle(Owner::Tx(tx), Age::of_branch(tx), Some(tx), branch.stamp)
            });
            self.branches.insert(tx, id);
            for row in rows {
                self.take_again(now, id, row, io);
            }
            if hold && self.spec.prepare == Preparation::Intents {
                self.turn_into_intents(now, id, io);
            }
            io.events.push(What::Restored { tx });
        }
    }

    fn take_again(&mut self, now: SimTime, id: TranId, row: Row, io: &mut Io) {
        match self.locks.ask(id, (row, Mode::Exclusive), now, |_| false) {
            Asked::Granted => {
                if let Some(tran) = self.trans.get_mut(id) {
                    tran.hold(row, Mode::Exclusive, SimDuration::ZERO, io);
                }
            }
            Asked::Held => {}
            Asked::Busy { .. } => unreachable!("prepared branches never share a row"),
        }
    }
}

/// Whatever anybody knew of these records was taken back, the last first.
fn report_lost(lost: &[Record], io: &mut Io) {
    let mut aborted: FastSet<TxId> = FastSet::default();
    for record in lost.iter().rev() {
        match (record.kind, record.announced) {
            (Kind::Commit(_) | Kind::Local(_), true) => io.events.push(What::CommitLost {
                tx: record.stamp.tx,
                branch: matches!(record.kind, Kind::Commit(_)),
                effects: record.set.effects_told(),
                writes: record.set.writes.clone(),
            }),
            (Kind::Prepared(tx), true) if !aborted.contains(&tx) => {
                io.events.push(What::PreparedLost { tx });
            }
            (Kind::Prepared(tx) | Kind::Local(Some(tx)), false) => {
                io.events.push(What::RolledBack {
                    tx,
                    why: RollbackReason::Crash,
                    prepared: false,
                });
            }
            (Kind::Abort(tx), _) => drop(aborted.insert(tx)),
            _ => {}
        }
    }
}
