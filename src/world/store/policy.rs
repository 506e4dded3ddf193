//! Lock policies: who waits for a busy lock, and who is given up.
//!
//! # Why wait-die and wound-wait leave no circle of waits
//!
//! Somebody who waits, waits for the holders in its way *and* for everybody before
//! it in the queue. That set only shrinks while it waits: who comes later joins the
//! queue behind it, with two exceptions, and who is granted the lock was before it.
//! So it is enough to judge everybody in that set when somebody begins to wait,
//! and to look at the exceptions.
//!
//! *Wait-die*: first come, first served, and somebody waits only if it is older than
//! all of them; else it dies. The exception is a holder that wants more of its row,
//! which goes to the front. All who wait there wait for it already, directly or
//! through one before them: the first in the queue finds it in its way, for else
//! either that one or the holder would have the lock. Every wait is of an older for
//! a younger.
//!
//! *Wound-wait*: the queue is ordered by age, the oldest first, so that somebody
//! waits for the holders in its way and for older ones. Of those holders, it wounds
//! the younger. The exceptions, an older one that joins in the middle and a holder
//! that goes to the front, give those behind them only somebody older to wait for (a
//! younger holder would have been wounded by the first in the queue). Every wait is
//! of a younger for an older, but for those for a younger that cannot be wounded:
//! one that is prepared, being prepared or committing.
//!
//! The age is the same in every database, so both hold for a distributed
//! transaction. What is left is to show that a wait for a younger that cannot be
//! wounded is in no circle. Whoever is committing waits for nothing. Whoever is
//! prepared here may still wait elsewhere, but only to be prepared there, for all
//! work comes before the first PREPARE; and *who is asked to prepare never waits for
//! an older one: it votes no*. So it waits for a younger one that cannot be wounded
//! either, and so on to ever younger ones: no way leads back.
//!
//! Where one branch is prepared while another still works, in a protocol of one's own
//! or with locks taken at PREPARE
//! ([`LockTime`](crate::protocol::two_phase_commit::LockTime)), that last step does not
//! hold for *wound-wait*; the lock time-out, which is in force under every policy, ends
//! such a circle. *Wait-die* needs no such step.
//!
//! (Rosenkrantz, Stearns & Lewis, TODS 3(2), 1978: there, too, a wound has no effect
//! on whoever has begun to terminate.)

use smallvec::SmallVec;

use super::age::Age;
use super::api::{Io, TranId};
use super::locks::{Asked, Mode};
use super::tran::{State, Tran, Trans};
use super::{Broken, By, Store};
use crate::history::What;
use crate::protocol::{Outcome, Row};
use crate::scenario::LockPolicy;
use crate::vocab::{SimTime, TxId};

/// A lock that somebody wants and has found busy.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    pub(super) id: TranId,
    pub(super) lock: (Row, Mode),
    /// One who is in the way.
    pub(super) behind: TranId,
}

impl Store {
    /// Asks for a lock.
    pub(super) fn ask(&mut self, now: SimTime, id: TranId, lock: (Row, Mode)) -> Asked {
        let trans = &self.trans;
        match self.spec.lock_policy {
            LockPolicy::WoundWait => {
                let age = age_of(trans, id);
                self.locks.ask(id, lock, now, |w| is_older(trans, age, w))
            }
            _ => self.locks.ask(id, lock, now, |_| false),
        }
    }

    /// Somebody has found a lock busy.
    pub(super) fn busy(&mut self, now: SimTime, wish: Wish, io: &mut Io) {
        match self.spec.lock_policy {
            LockPolicy::Wait => self.wait_unless_deadlocked(now, wish, io),
            LockPolicy::NoWait => self.conflict(now, wish.id, wish.lock.0, Some(wish.behind), io),
            LockPolicy::WaitDie => self.wait_or_die(now, wish, io),
            LockPolicy::WoundWait => self.wound_or_wait(now, wish, io),
            LockPolicy::TimeOut => {
                self.queue(wish, io);
                self.limit_wait(now, wish.id, io);
            }
        }
    }

    /// Whoever closes a circle is its victim.
    fn wait_unless_deadlocked(&mut self, now: SimTime, wish: Wish, io: &mut Io) {
        let Wish { id, lock, behind } = wish;
        self.queue(wish, io);
        if self.locks.deadlocked(id) {
            return self.conflict(now, id, lock.0, Some(behind), io);
        }
        self.limit_wait(now, id, io);
    }

    fn wait_or_die(&mut self, now: SimTime, wish: Wish, io: &mut Io) {
        let Wish { id, lock, .. } = wish;
        let age = age_of(&self.trans, id);
        let in_the_way = self.locks.in_the_way(id, lock, |_| false);
        let mut in_the_way = in_the_way.into_iter();
        if let Some(older) = in_the_way.find(|&other| !is_older(&self.trans, age, other)) {
            return self.conflict(now, id, lock.0, Some(older), io);
        }
        self.queue(wish, io);
        self.limit_wait(now, id, io);
    }

    /// It queues before it wounds: what is released then goes to the oldest.
    fn wound_or_wait(&mut self, now: SimTime, wish: Wish, io: &mut Io) {
        let Wish { id, lock, .. } = wish;
        let trans = &self.trans;
        let age = age_of(trans, id);
        let older = |other| is_older(trans, age, other);
        let in_the_way = self.locks.in_the_way(id, lock, older);
        if self.is_to_vote(id)
            && let Some(&elder) = in_the_way.iter().find(|&&other| !older(other))
        {
            return self.conflict(now, id, lock.0, Some(elder), io);
        }
        let younger = in_the_way.into_iter().filter(|&other| older(other));
        let wounded: SmallVec<[TranId; 4]> = younger.filter(|&w| self.can_be_wounded(w)).collect();
        self.queue(wish, io);
        for victim in wounded {
            self.wound(now, victim, lock.0, id, io);
        }
        if self.locks.waits(id) {
            self.limit_wait(now, id, io);
        }
    }

    fn queue(&mut self, wish: Wish, io: &mut Io) {
        let Wish { id, lock, behind } = wish;
        let trans = &self.trans;
        match self.spec.lock_policy {
            LockPolicy::WoundWait => {
                let age = age_of(trans, id);
                self.locks.queue(id, lock, |w| is_older(trans, age, w));
            }
            _ => self.locks.queue(id, lock, |_| false),
        }
        if let (Some(row), Some(owner), Some(behind)) =
            (lock.0.business(), self.owner(id), self.owner(behind))
        {
            io.events.push(What::Waiting { owner, row, behind });
        }
    }

    /// An older one needs its lock: it is given up. If no statement of it is at
    /// work, its session learns that from the next.
    fn wound(&mut self, now: SimTime, victim: TranId, row: Row, by: TranId, io: &mut Io) {
        let idle = self.trans.get(victim).filter(|t| t.running.is_none());
        if let Some(Tran {
            branch: Some(tx),
            session,
            ..
        }) = idle
        {
            self.broken.insert(*tx, Broken::by_wound(*session));
        }
        self.conflict(now, victim, row, Some(by), io);
    }

    /// What is in the log cannot be taken back for somebody else's sake.
    fn can_be_wounded(&self, id: TranId) -> bool {
        let tran = self.trans.get(id);
        tran.is_some_and(|tran| matches!(tran.state, State::Open))
    }

    fn is_to_vote(&self, id: TranId) -> bool {
        let running = self.trans.get(id).and_then(|tran| tran.running.as_ref());
        running.is_some_and(|running| running.prepares())
    }

    /// What answers a statement of a branch that has ended without a word.
    pub(super) fn lost(&mut self, tx: TxId, session: Option<u32>) -> Option<Outcome> {
        let broken = self.broken.get(&tx)?;
        if broken.session != session {
            return None;
        }
        Some(match broken.by {
            By::Crash => Outcome::Aborted,
            By::Wound => {
                self.heal(tx);
                Outcome::Conflict
            }
        })
    }

    /// Its session knows that it was wounded, or knows better. Answers whether it
    /// was.
    pub(super) fn heal(&mut self, tx: TxId) -> bool {
        let wounded = self.broken.get(&tx).is_some_and(|b| b.by == By::Wound);
        if wounded {
            self.broken.remove(&tx);
        }
        wounded
    }
}

impl Broken {
    pub(super) fn by_crash(session: Option<u32>) -> Self {
        let by = By::Crash;
        Broken { session, by }
    }

    fn by_wound(session: Option<u32>) -> Self {
        let by = By::Wound;
        Broken { session, by }
    }
}

fn age_of(trans: &Trans, id: TranId) -> Age {
    trans.get(id).expect("who asks for a lock is there").age
}

/// Whether somebody of this age is older than another.
fn is_older(trans: &Trans, age: Age, other: TranId) -> bool {
    let other = trans.get(other);
    other.is_some_and(|other| age.is_older_than(other.age))
}
