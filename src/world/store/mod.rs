//! What a service's database promises: local ACID transactions over rows, locks
//! from the first statement to the end, a write-ahead log, recovery by replay,
//! and prepared branches that survive a crash with their locks.
//!
//! A [`Store`] is synchronous and knows no clock: the driver tells it the time
//! with every call, and does what it finds in [`Io`] afterwards.
//!
//! - `execute`: a statement's way; `statement`: what it locks and what it does.
//! - `prepare`, `commit`, `finish`, `release`: how transactions end.
//! - `locks`: the lock table; `policy`: who waits for a busy one, and who is given
//!   up; `age`: by which time stamp.
//! - `log`, `record`: the write-ahead log and its group commit.
//! - `tables`, `image`: what is there, live and as of the last checkpoint.
//! - `recovery`: crash, replay, checkpoint.

mod age;
mod api;
mod commit;
mod execute;
mod finish;
mod image;
mod locks;
mod log;
mod policy;
mod prepare;
mod record;
mod recovery;
mod release;
mod statement;
mod tables;
#[cfg(test)]
mod tests;
mod tran;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use super::disk::Crash;
pub use api::{Answer, Io, Request, Ticket, Wake};

use api::{Alarm, TranId};
use execute::Statement;
use finish::Finish;
use image::Image;
use locks::{Grant, Locks};
use log::{Log, Then, Waiting};
use tran::{State, Trans};

use crate::history::{Left, Owner, Rest, RollbackReason};
use crate::protocol::{
    Answer as Said, Case, Change, End, Force, LogState, Outcome, Row, Safeguard, Setting, Stamp,
    Txn,
};
use crate::scenario::DatabaseSpec;
use crate::vocab::{Chance, FastMap, NodeId, SimTime, TxId};
use crate::world::disk::Lsn;

/// A database.
#[derive(Clone, Debug)]
pub struct Store {
    node: NodeId,
    spec: DatabaseSpec,
    setting: Arc<Setting>,
    chance: Chance,
    condition: Condition,
    /// What is visible; while it is down, what a restart would find.
    image: Image,
    log: Log,
    locks: Locks,
    trans: Trans,
    branches: FastMap<TxId, TranId>,
    /// When waits for locks are given up, oldest first.
    timeouts: VecDeque<(SimTime, TranId)>,
    timeout_armed: bool,
    /// Ends of branches while the end of their intents is being written.
    finishes: BTreeMap<Ticket, Finish>,
    /// Statements that can go on.
    ready: VecDeque<TranId>,
    /// Branches that have ended and whose session does not know it: nothing of
    /// them can go on.
    broken: FastMap<TxId, Broken>,
    /// How often it has died.
    crashes: u64,
    /// Kept for its memory.
    granted: Vec<Grant>,
}

/// A branch whose end its session has not heard of.
#[derive(Clone, Copy, Debug)]
struct Broken {
    /// The session that worked on it.
    session: Option<u32>,
    by: By,
}

/// What has ended a branch without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// A crash: its session's connection is broken.
    Crash,
    /// An older transaction, while it had no statement at work. Its session is
    /// told at its next statement, and it is forgotten.
    Wound,
}

/// How a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Up,
    Down,
    Recovering,
}

impl Store {
    /// An empty database that is up.
    pub fn new(node: NodeId, spec: &DatabaseSpec, setting: Arc<Setting>, chance: Chance) -> Store {
        Store {
            node,
            spec: spec.clone(),
            setting,
            chance,
            condition: Condition::Up,
            image: Image::default(),
            log: Log::new(spec),
            locks: Locks::default(),
            trans: Trans::default(),
            branches: FastMap::default(),
            timeouts: VecDeque::new(),
            timeout_armed: false,
            finishes: BTreeMap::new(),
            ready: VecDeque::new(),
            broken: FastMap::default(),
            crashes: 0,
            granted: Vec::new(),
        }
    }

    /// A process has started and opens its session. With
    /// [`Safeguard::SessionFencing`] everything that older sessions had queued or
    /// open (not what is prepared, not what is appended to the log) is ended
    /// before anything of the new session is answered. Does nothing while the
    /// database is down: its crash has ended all of it.
    pub fn open_session(&mut self, now: SimTime, epoch: u32, io: &mut Io) {
        let older = |session: Option<u32>| session.is_some_and(|s| s < epoch);
        self.broken.retain(|_, broken| !older(broken.session));
        if !self.setting.safeguards.keep(Safeguard::SessionFencing) {
            return;
        }
        let trans = self.trans.iter();
        let open = trans.filter(|(_, t)| older(t.session) && matches!(t.state, State::Open));
        let open: Vec<TranId> = open.map(|(id, _)| id).collect();
        for id in open {
            self.cancel(now, id, RollbackReason::SessionOver, io);
        }
        self.finishes.retain(|&ticket, finish| {
            let over = older(finish.session);
            if over {
                io.answer(ticket, Outcome::Unknown);
            }
            !over
        });
        self.settle(now, io);
    }

    /// A call. `session` is the epoch of the process that makes it; `None` for
    /// readers and the operator, who belong to no session. While the database is
    /// down it is answered at once: with `Aborted`; a `Finish` with `Unknown`, for
    /// its branch may be prepared; a reader and [`Request::Recover`] with
    /// `ReadFailed`.
    pub fn submit(
        &mut self,
        now: SimTime,
        session: Option<u32>,
        ticket: Ticket,
        request: Request,
        io: &mut Io,
    ) {
        if self.condition != Condition::Up {
            let answer = match request {
                Request::Read { .. } | Request::Recover => Answer::ReadFailed,
                Request::Finish { .. } => Answer::plain(Outcome::Unknown),
                _ => Answer::plain(Outcome::Aborted),
            };
            return io.answers.push((ticket, answer));
        }
        match request {
            Request::Execute {
                owner,
                stamp,
                branch,
                txn,
                end,
                force,
            } => {
                let running = self.statement(ticket, stamp, txn, end, force);
                let statement = Statement {
                    owner,
                    session,
                    branch,
                    stamp,
                    running,
                };
                self.begin(now, statement, io);
            }
            Request::Finish {
                branch,
                decision,
                force,
            } => {
                let finish = Finish {
                    branch,
                    decision,
                    force,
                    session,
                };
                self.finish(now, ticket, finish, io);
            }
            Request::Unsent { limit } => {
                let letters = self.image.unsent().take(limit).copied().collect();
                io.answer(ticket, Outcome::Letters(letters));
            }
            Request::Recover => self.recover(ticket, io),
            Request::Read { owner, rows } => {
                let statement = Statement {
                    owner,
                    session: None,
                    branch: None,
                    stamp: Stamp::bookkeeping(TxId::NOBODY),
                    running: self.reading(ticket, rows),
                };
                self.begin(now, statement, io);
            }
            Request::Operate { owner, row, value } => {
                let case = Case::always([Change::Set(row, value)], Said::Done);
                let txn = Box::new(Txn {
                    cases: vec![case],
                    ..Txn::default()
                });
                let stamp = Stamp::bookkeeping(TxId::NOBODY);
                let statement = Statement {
                    owner,
                    session: None,
                    branch: None,
                    stamp,
                    running: self.statement(ticket, stamp, txn, End::Commit, Force::Always),
                };
                self.begin(now, statement, io);
            }
        }
        self.settle(now, io);
    }

    /// A [`Wake`] is due.
    pub fn wake(&mut self, now: SimTime, wake: Wake, io: &mut Io) {
        if wake.life != self.log.life {
            return;
        }
        match wake.what {
            Alarm::Statement(id) => self.statement_through(now, id, io),
            Alarm::Finish(ticket) => {
                if let Some(finish) = self.finishes.remove(&ticket) {
                    self.finish_now(now, ticket, finish, io);
                }
            }
            Alarm::Gathered => self.log.gathered(io),
            Alarm::Flushed => self.flushed(now, io),
            Alarm::Lazy => self.log.lazy(now, io),
            Alarm::LockTimeout => self.lock_timeout(now, io),
            Alarm::Up => self.come_up(now, io),
        }
        self.settle(now, io);
    }

    /// Whether it answers.
    pub fn is_up(&self) -> bool {
        self.condition == Condition::Up
    }

    /// Whether letters wait in the outbox.
    pub fn has_unsent(&self) -> bool {
        self.image.has_unsent()
    }

    /// An independent look at what is there and what is left over, added to
    /// `rest`: rows in order, then prepared branches, locks, unsent letters and
    /// log rows without an end. Of a database that is down, what a restart would
    /// find.
    pub fn rest(&self, rest: &mut Rest) {
        let node = self.node;
        rest.rows.extend(self.image.business_rows());
        let prepared = self.image.prepared().into_iter();
        rest.left
            .extend(prepared.map(|(tx, _)| Left::PreparedBranch(node, tx)));
        let mut locks: Vec<_> = self
            .trans
            .iter()
            .flat_map(|(_, tran)| tran.held.iter().map(|&row| (row, tran.owner)))
            .collect();
        locks.sort_unstable();
        rest.left.extend(
            locks
                .into_iter()
                .map(|(row, owner)| Left::Lock(node, owner, row)),
        );
        let marks = self.image.marks().into_iter();
        rest.left
            .extend(marks.map(|(row, tx)| Left::Lock(node, Owner::Tx(tx), Row::Mark(row))));
        let reserved = self.image.reserved_rows().into_iter();
        rest.left
            .extend(reserved.map(|(row, amount)| Left::Reserved(node, row, amount)));
        let unsent = self.image.unsent();
        rest.left.extend(unsent.map(|l| Left::Unsent(node, l.id)));
        let log = self.image.log().into_iter();
        rest.left.extend(log.map(|(tx, entry)| match entry.state {
            LogState::Parked(phase) => Left::Parked(node, tx, phase.step(), phase.direction()),
            _ => Left::Unended(node, tx),
        }));
    }

    /// A starting process reads: once everything before it is on disk.
    fn recover(&mut self, ticket: Ticket, io: &mut Io) {
        let end = self.log.disk.end();
        if end == self.log.disk.synced() {
            let durable = self.image.durable();
            return io.answers.push((ticket, Answer::Durable(durable)));
        }
        let waiting = Waiting {
            lsn: Lsn(end.0 - 1),
            ticket,
            then: Then::Recover,
        };
        self.log.wait(waiting, io);
    }

    /// Statements that were let in by what has just been done go on, until
    /// nobody can.
    fn settle(&mut self, now: SimTime, io: &mut Io) {
        while let Some(id) = self.ready.pop_front() {
            self.proceed(now, id, io);
        }
    }
}
