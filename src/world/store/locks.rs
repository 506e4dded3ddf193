//! The lock table: shared and exclusive locks on rows, one queue a row. Nobody
//! overtakes whom it does not go before: who comes while others wait, waits
//! behind them, even if the lock itself would be free for it. First come, first
//! served, unless the caller says whom somebody goes before. Only a holder that
//! wants more of the same row goes to the front, since all who wait there wait
//! for it anyway.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::api::TranId;
use crate::protocol::Row;
use crate::vocab::{FastMap, SimTime};

/// What a lock allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// Reading by somebody who will write nothing, and so may read the value
    /// that an intent is about to replace.
    Peek,
    /// Reading.
    Shared,
    /// Writing.
    Exclusive,
}

/// The answer to a request for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It has it already, or something stronger.
    Held,
    /// It has it now.
    Granted,
    /// Somebody is in the way.
    Busy {
        /// One of those who hold the lock.
        behind: TranId,
        /// Whether that is an intent, for which nobody waits.
        intent: bool,
    },
}

/// A wait that is over because the lock is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) who: TranId,
    pub(super) row: Row,
    pub(super) mode: Mode,
}

/// The lock table.
#[derive(Clone, Debug, Default)]
pub(super) struct Locks {
    rows: FastMap<Row, Entry>,
    /// What everybody who waits waits for.
    waiting: FastMap<TranId, Row>,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    holders: SmallVec<[Holder; 2]>,
    queue: VecDeque<Waiter>,
}

#[derive(Clone, Copy, Debug)]
struct Holder {
    who: TranId,
    mode: Mode,
    since: SimTime,
    /// An exclusive lock that has become an intent, that is, a mark in the row.
    intent: bool,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    who: TranId,
    mode: Mode,
}

impl Holder {
    fn allows(&self, other: Mode) -> bool {
        match (self.mode, other) {
            (Mode::Exclusive, Mode::Peek) => self.intent,
            (Mode::Exclusive, _) | (_, Mode::Exclusive) => false,
            _ => true,
        }
    }
}

impl Entry {
    /// The holders, other than `who`, that are in the way.
    fn obstacles(&self, who: TranId, mode: Mode) -> impl Iterator<Item = &Holder> {
        let holders = self.holders.iter();
        holders.filter(move |h| h.who != who && !h.allows(mode))
    }

    /// All for whom one at this place in the queue waits: the holders in its way,
    /// then those before it.
    fn ahead(&self, who: TranId, mode: Mode, place: usize) -> impl Iterator<Item = TranId> {
        let holders = self.obstacles(who, mode).map(|h| h.who);
        holders.chain(self.queue.iter().take(place).map(|w| w.who))
    }

    /// Where somebody joins the queue.
    fn place(&self, who: TranId, goes_before: impl Fn(TranId) -> bool) -> usize {
        if self.holders.iter().any(|h| h.who == who) {
            return 0;
        }
        let first = self.queue.iter().position(|w| goes_before(w.who));
        first.unwrap_or(self.queue.len())
    }

    fn grant(&mut self, who: TranId, mode: Mode, now: SimTime) {
        match self.holders.iter_mut().find(|h| h.who == who) {
            Some(holder) => holder.mode = mode,
            None => self.holders.push(Holder {
                who,
                mode,
                since: now,
                intent: false,
            }),
        }
    }
}

impl Locks {
    /// Asks for a lock; who finds it busy may [`queue`](Locks::queue).
    /// `goes_before`: whether it goes before one who waits.
    pub(super) fn ask(
        &mut self,
        who: TranId,
        (row, mode): (Row, Mode),
        now: SimTime,
        goes_before: impl Fn(TranId) -> bool,
    ) -> Asked {
        let entry = self.rows.entry(row).or_default();
        let own = entry.holders.iter().find(|h| h.who == who);
        if own.is_some_and(|own| own.mode >= mode) {
            return Asked::Held;
        }
        let upgrade = own.is_some();
        let obstacle = entry.obstacles(who, mode).next().copied();
        match obstacle {
            Some(holder) => Asked::Busy {
                behind: holder.who,
                intent: holder.intent,
            },
            None if !upgrade && entry.queue.front().is_some_and(|w| !goes_before(w.who)) => {
                Asked::Busy {
                    behind: entry.holders[0].who,
                    intent: false,
                }
            }
            None => {
                entry.grant(who, mode, now);
                Asked::Granted
            }
        }
    }

    /// All for whom somebody would wait if it queued now: the holders in its way,
    /// then those who wait and whom it does not go before.
    pub(super) fn in_the_way(
        &self,
        who: TranId,
        (row, mode): (Row, Mode),
        goes_before: impl Fn(TranId) -> bool,
    ) -> SmallVec<[TranId; 4]> {
        let Some(entry) = self.rows.get(&row) else {
            return SmallVec::new();
        };
        let place = entry.place(who, goes_before);
        entry.ahead(who, mode, place).collect()
    }

    /// Waits for a lock that is busy.
    pub(super) fn queue(
        &mut self,
        who: TranId,
        (row, mode): (Row, Mode),
        goes_before: impl Fn(TranId) -> bool,
    ) {
        let entry = self.rows.entry(row).or_default();
        let place = entry.place(who, goes_before);
        entry.queue.insert(place, Waiter { who, mode });
        self.waiting.insert(who, row);
    }

    /// Whether somebody who has just queued waits for itself. Everybody waits
    /// for the holders of its row (and for those before it in the queue, who
    /// wait for the same holders), so it is enough to follow holders. A circle
    /// can close only when somebody begins to wait: locks that are granted
    /// add nobody to wait for.
    pub(super) fn deadlocked(&self, who: TranId) -> bool {
        let mut seen: SmallVec<[TranId; 8]> = SmallVec::new();
        let mut ahead: SmallVec<[TranId; 8]> = smallvec::smallvec![who];
        while let Some(next) = ahead.pop() {
            let Some(row) = self.waiting.get(&next) else {
                continue;
            };
            for holder in &self.rows[row].holders {
                if holder.who == next {
                    continue;
                }
                if holder.who == who {
                    return true;
                }
                if !seen.contains(&holder.who) {
                    seen.push(holder.who);
                    ahead.push(holder.who);
                }
            }
        }
        false
    }

    /// Whether somebody waits.
    pub(super) fn waits(&self, who: TranId) -> bool {
        self.waiting.contains_key(&who)
    }

    /// Who is in the way of somebody who waits.
    pub(super) fn behind(&self, who: TranId) -> Option<TranId> {
        let entry = self.rows.get(self.waiting.get(&who)?)?;
        entry.holders.iter().map(|h| h.who).find(|&h| h != who)
    }

    /// Who waits for whom.
    #[cfg(test)]
    pub(super) fn edges(&self) -> Vec<(TranId, TranId)> {
        let mut edges = Vec::new();
        for entry in self.rows.values() {
            for (place, &Waiter { who, mode }) in entry.queue.iter().enumerate() {
                edges.extend(entry.ahead(who, mode, place).map(|other| (who, other)));
            }
        }
        edges
    }

    /// Waits no longer; others may get on.
    pub(super) fn give_up(&mut self, who: TranId, now: SimTime, granted: &mut Vec<Grant>) {
        if let Some(row) = self.waiting.remove(&who) {
            if let Some(entry) = self.rows.get_mut(&row) {
                entry.queue.retain(|w| w.who != who);
            }
            self.advance(row, now, granted);
        }
    }

    /// Releases a lock; answers since when it was held.
    pub(super) fn release(
        &mut self,
        who: TranId,
        row: Row,
        now: SimTime,
        granted: &mut Vec<Grant>,
    ) -> Option<SimTime> {
        let entry = self.rows.get_mut(&row)?;
        let place = entry.holders.iter().position(|h| h.who == who)?;
        let since = entry.holders.remove(place).since;
        self.advance(row, now, granted);
        Some(since)
    }

    /// Turns an exclusive lock into an intent: readers that will not write get
    /// on, and everybody else who waits for the row is to be turned away.
    /// Answers whether it was an exclusive lock.
    pub(super) fn intend(
        &mut self,
        who: TranId,
        row: Row,
        now: SimTime,
        granted: &mut Vec<Grant>,
        refused: &mut Vec<TranId>,
    ) -> bool {
        let Some(entry) = self.rows.get_mut(&row) else {
            return false;
        };
        let mine = |h: &&mut Holder| h.who == who && h.mode == Mode::Exclusive;
        let Some(holder) = entry.holders.iter_mut().find(mine) else {
            return false;
        };
        holder.intent = true;
        let writers = entry.queue.iter().filter(|w| w.mode != Mode::Peek);
        refused.extend(writers.map(|w| w.who));
        self.advance(row, now, granted);
        true
    }

    /// Forgets everything: the database has died.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.waiting.clear();
    }

    /// Grants what can be granted at the head of a row's queue.
    fn advance(&mut self, row: Row, now: SimTime, granted: &mut Vec<Grant>) {
        let Some(entry) = self.rows.get_mut(&row) else {
            return;
        };
        while let Some(&Waiter { who, mode }) = entry.queue.front() {
            if entry.obstacles(who, mode).next().is_some() {
                return;
            }
            entry.queue.pop_front();
            entry.grant(who, mode, now);
            self.waiting.remove(&who);
            granted.push(Grant { who, row, mode });
        }
        if entry.holders.is_empty() {
            self.rows.remove(&row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::business::{BusinessRow, Facet, ResourceId};

    const NOW: SimTime = SimTime::ZERO;

    fn row(key: u64) -> Row {
        Row::Business(BusinessRow {
            resource: ResourceId(0),
            facet: Facet::Value,
            key,
        })
    }

    fn who(slot: u32) -> TranId {
        TranId { slot, serial: 0 }
    }

    /// Asks, and queues if it is busy; whether it was granted.
    fn take(locks: &mut Locks, slot: u32, key: u64, mode: Mode) -> bool {
        take_before(locks, slot, (key, mode), |_| false)
    }

    /// The same, by somebody who goes before some of those who wait.
    fn take_before(
        locks: &mut Locks,
        slot: u32,
        (key, mode): (u64, Mode),
        goes_before: fn(TranId) -> bool,
    ) -> bool {
        let lock = (row(key), mode);
        match locks.ask(who(slot), lock, NOW, goes_before) {
            Asked::Busy { .. } => {
                locks.queue(who(slot), lock, goes_before);
                false
            }
            _ => true,
        }
    }

    fn release(locks: &mut Locks, slot: u32, key: u64) -> Vec<u32> {
        let mut granted = Vec::new();
        locks.release(who(slot), row(key), NOW, &mut granted);
        granted.iter().map(|g| g.who.slot).collect()
    }

    #[test]
    fn readers_share_and_writers_do_not() {
        let mut locks = Locks::default();
        assert!(take(&mut locks, 1, 0, Mode::Shared));
        assert!(take(&mut locks, 2, 0, Mode::Shared));
        assert!(!take(&mut locks, 3, 0, Mode::Exclusive));
        assert!(release(&mut locks, 1, 0).is_empty());
        assert_eq!(release(&mut locks, 2, 0), [3]);
    }

    #[test]
    fn nobody_overtakes_and_readers_in_a_row_go_together() {
        let mut locks = Locks::default();
        assert!(take(&mut locks, 1, 0, Mode::Shared));
        assert!(!take(&mut locks, 2, 0, Mode::Exclusive));
        assert!(!take(&mut locks, 3, 0, Mode::Shared));
        assert!(!take(&mut locks, 4, 0, Mode::Shared));
        assert!(!take(&mut locks, 5, 0, Mode::Exclusive));
        assert_eq!(release(&mut locks, 1, 0), [2]);
        assert_eq!(release(&mut locks, 2, 0), [3, 4]);
        assert!(release(&mut locks, 4, 0).is_empty());
        assert_eq!(release(&mut locks, 3, 0), [5]);
    }

    #[test]
    fn a_sole_reader_upgrades_past_the_queue_and_two_deadlock() {
        let mut locks = Locks::default();
        assert!(take(&mut locks, 1, 0, Mode::Shared));
        assert!(!take(&mut locks, 2, 0, Mode::Exclusive));
        assert!(take(&mut locks, 1, 0, Mode::Exclusive));

        assert!(take(&mut locks, 3, 1, Mode::Shared));
        assert!(take(&mut locks, 4, 1, Mode::Shared));
        assert!(!take(&mut locks, 3, 1, Mode::Exclusive));
        assert!(!locks.deadlocked(who(3)));
        assert!(!take(&mut locks, 4, 1, Mode::Exclusive));
        assert!(locks.deadlocked(who(4)));
    }

    #[test]
    fn a_circle_of_three_is_found_by_who_closes_it() {
        let mut locks = Locks::default();
        for n in 0..3 {
            assert!(take(&mut locks, n, u64::from(n), Mode::Exclusive));
        }
        for n in 0..2 {
            assert!(!take(&mut locks, n, u64::from(n) + 1, Mode::Exclusive));
            assert!(!locks.deadlocked(who(n)));
        }
        assert!(!take(&mut locks, 2, 0, Mode::Exclusive));
        assert!(locks.deadlocked(who(2)));
    }

    #[test]
    fn a_circle_through_somebody_further_up_in_the_queue_is_found() {
        let mut locks = Locks::default();
        assert!(take(&mut locks, 1, 0, Mode::Exclusive));
        assert!(take(&mut locks, 2, 1, Mode::Exclusive));
        assert!(!take(&mut locks, 3, 0, Mode::Exclusive));
        assert!(!take(&mut locks, 2, 0, Mode::Exclusive));
        assert!(!locks.deadlocked(who(2)));
        assert!(!take(&mut locks, 1, 1, Mode::Exclusive));
        assert!(locks.deadlocked(who(1)));
    }

    #[test]
    fn who_gives_up_lets_those_behind_it_get_on() {
        let mut locks = Locks::default();
        assert!(take(&mut locks, 1, 0, Mode::Shared));
        assert!(!take(&mut locks, 2, 0, Mode::Exclusive));
        assert!(!take(&mut locks, 3, 0, Mode::Shared));
        let mut granted = Vec::new();
        locks.give_up(who(2), NOW, &mut granted);
        assert_eq!(granted.len(), 1);
        assert_eq!(granted[0].who, who(3));
    }

    #[test]
    fn who_goes_before_others_that_wait_waits_for_the_holders_alone() {
        let mut locks = Locks::default();
        assert!(take(&mut locks, 1, 0, Mode::Shared));
        assert!(!take(&mut locks, 5, 0, Mode::Exclusive));
        assert!(!take(&mut locks, 6, 0, Mode::Exclusive));
        let before_six = |w: TranId| w.slot == 6;
        let wants = (row(0), Mode::Exclusive);
        let way = locks.in_the_way(who(2), wants, before_six);
        assert_eq!(way.as_slice(), [who(1), who(5)]);
        assert!(!take_before(
            &mut locks,
            2,
            (0, Mode::Exclusive),
            before_six
        ));
        assert!(take_before(&mut locks, 3, (0, Mode::Shared), |_| true));
        assert!(release(&mut locks, 3, 0).is_empty());
        assert_eq!(release(&mut locks, 1, 0), [5]);
        assert_eq!(release(&mut locks, 5, 0), [2]);
        assert_eq!(release(&mut locks, 2, 0), [6]);
    }

    #[test]
    fn an_intent_lets_readers_by_and_turns_writers_away() {
        let mut locks = Locks::default();
        assert!(take(&mut locks, 1, 0, Mode::Exclusive));
        assert!(!take(&mut locks, 2, 0, Mode::Exclusive));
        assert!(!take(&mut locks, 3, 0, Mode::Peek));
        let (mut granted, mut refused) = (Vec::new(), Vec::new());
        assert!(locks.intend(who(1), row(0), NOW, &mut granted, &mut refused));
        assert_eq!(refused, [who(2)]);
        locks.give_up(who(2), NOW, &mut granted);
        assert_eq!(granted.len(), 1);
        assert!(take(&mut locks, 4, 0, Mode::Peek));
        let asked = locks.ask(who(5), (row(0), Mode::Shared), NOW, |_| false);
        let intent = Asked::Busy {
            behind: who(1),
            intent: true,
        };
        assert_eq!(asked, intent);
    }

    #[test]
    fn a_row_that_nobody_locks_takes_no_memory() {
        let mut locks = Locks::default();
        take(&mut locks, 1, 0, Mode::Exclusive);
        take(&mut locks, 2, 0, Mode::Exclusive);
        release(&mut locks, 1, 0);
        release(&mut locks, 2, 0);
        assert!(locks.rows.is_empty() && locks.waiting.is_empty());
    }
}
