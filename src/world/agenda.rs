//! The agenda: everything that will happen, by model time and, within an
//! instant, in an order that is drawn from the seed by identity.
//!
//! Most of what stands on it are timers far ahead that are taken back before
//! they run out. Those wait in buckets by time, unsorted; what is left of a
//! bucket when its time comes is dealt out to the bucket's slots, and one slot at
//! a time is sorted: so few that a sorted list is quicker than a heap.

use std::collections::BTreeMap;

use crate::vocab::{Chance, Identity, SimTime};

/// Everything that will happen. Its head is the only clock of the world.
#[derive(Clone, Debug)]
pub struct Agenda<T> {
    /// What happens before `next_slot`: the next at the end.
    soon: Vec<Entry>,
    /// Counted from the run's beginning.
    next_slot: u64,
    /// What happens from there to `horizon`: slots of one bucket, unsorted.
    slots: [Vec<Entry>; SLOTS],
    /// Which of them hold anything: a bit each.
    filled: u64,
    /// The first bucket that is not in the slots.
    horizon: u64,
    /// What happens from there on, by bucket.
    later: BTreeMap<u64, Vec<Entry>>,
    /// The items stay where they are; only their places are moved. A place with
    /// nothing in it was taken back.
    items: Vec<Option<T>>,
    free: Vec<u32>,
    /// Empty buckets, kept for their memory.
    spare: Vec<Vec<Entry>>,
    chance: Chance,
    pushed: u64,
}

/// Where an item stands, to take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(u32);

/// Ordered by time, then rank, then the order of pushing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// The time, and under it the rank: one number to compare.
    when: u128,
    pushed: u64,
    place: u32,
}

impl Entry {
    fn at(&self) -> SimTime {
        SimTime::from_micros((self.when >> 64) as u64)
    }
}

/// 64 microseconds a slot.
const SLOT_BITS: u32 = 6;

/// 64 slots a bucket, for their bits are in one word.
const SLOTS: usize = 64;

fn slot(at: SimTime) -> u64 {
    at.as_micros() >> SLOT_BITS
}

fn bucket(slot: u64) -> u64 {
    slot / SLOTS as u64
}

impl<T> Agenda<T> {
    /// An empty agenda whose ties this chance decides.
    pub fn new(chance: Chance) -> Self {
        Agenda {
            soon: Vec::new(),
            next_slot: 0,
            slots: [const { Vec::new() }; SLOTS],
            filled: 0,
            horizon: 1,
            later: BTreeMap::new(),
            items: Vec::new(),
            free: Vec::new(),
            spare: Vec::new(),
            chance,
            pushed: 0,
        }
    }

    /// `item` will happen at `at`; among what happens at one instant, `who`
    /// decides the order, differently for every seed.
    pub fn push(&mut self, at: SimTime, who: Identity, item: T) -> Handle {
        let rank = self.chance.rank(who) | 1;
        self.insert(at, rank, item)
    }

    /// `item` will happen at `at`, before all that was pushed with an identity,
    /// in the order of these calls.
    pub fn push_front(&mut self, at: SimTime, item: T) -> Handle {
        self.insert(at, 0, item)
    }

    /// Takes an item back that has not happened yet. A handle must not be used
    /// after its item happened: its place may be another's by then.
    pub fn take_back(&mut self, handle: Handle) {
        self.items[handle.0 as usize] = None;
    }

    fn insert(&mut self, at: SimTime, rank: u64, item: T) -> Handle {
        let place = match self.free.pop() {
            Some(place) => {
                self.items[place as usize] = Some(item);
                place
            }
            None => {
                self.items.push(Some(item));
                (self.items.len() - 1) as u32
            }
        };
        let entry = Entry {
            when: u128::from(at.as_micros()) << 64 | u128::from(rank),
            pushed: self.pushed,
            place,
        };
        self.pushed += 1;
        let slot = slot(at);
        let bucket = bucket(slot);
        if slot < self.next_slot {
            let place = self.soon.partition_point(|other| *other > entry);
            self.soon.insert(place, entry);
        } else if bucket < self.horizon {
            self.put(slot, entry);
        } else {
            let spare = &mut self.spare;
            let later = self.later.entry(bucket);
            later
                .or_insert_with(|| spare.pop().unwrap_or_default())
                .push(entry);
        }
        Handle(place)
    }

    fn put(&mut self, slot: u64, entry: Entry) {
        let n = slot as usize % SLOTS;
        self.slots[n].push(entry);
        self.filled |= 1 << n;
    }

    /// When the next happens.
    pub fn next_at(&mut self) -> Option<SimTime> {
        loop {
            let Some(entry) = self.soon.last() else {
                if !self.advance() {
                    return None;
                }
                continue;
            };
            if self.items[entry.place as usize].is_some() {
                return Some(entry.at());
            }
            self.free.push(entry.place);
            self.soon.pop();
        }
    }

    /// Takes what happens next.
    pub fn pop(&mut self) -> Option<(SimTime, T)> {
        loop {
            let Some(entry) = self.soon.pop() else {
                if !self.advance() {
                    return None;
                }
                continue;
            };
            self.free.push(entry.place);
            if let Some(item) = self.items[entry.place as usize].take() {
                return Some((entry.at(), item));
            }
        }
    }

    /// Sorts the next slot; `false` if there is none.
    fn advance(&mut self) -> bool {
        while self.filled == 0 {
            if !self.deal_out() {
                return false;
            }
        }
        let n = self.filled.trailing_zeros();
        self.filled &= self.filled - 1;
        self.next_slot = (self.horizon - 1) * SLOTS as u64 + u64::from(n) + 1;
        std::mem::swap(&mut self.soon, &mut self.slots[n as usize]);
        self.soon.sort_unstable_by(|a, b| b.cmp(a));
        true
    }

    /// Deals what is left of the next bucket out to its slots; `false` if there
    /// is none.
    fn deal_out(&mut self) -> bool {
        let Some((bucket, mut entries)) = self.later.pop_first() else {
            return false;
        };
        self.next_slot = bucket * SLOTS as u64;
        self.horizon = bucket + 1;
        for entry in entries.drain(..) {
            if self.items[entry.place as usize].is_some() {
                self.put(slot(entry.at()), entry);
            } else {
                self.free.push(entry.place);
            }
        }
        self.spare.push(entries);
        true
    }

    /// How many items were ever pushed: what a bare heap would have to move.
    pub fn pushed(&self) -> u64 {
        self.pushed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::{Seed, SimDuration};

    fn order(seed: u64, who: &[u64]) -> Vec<u64> {
        let mut agenda = Agenda::new(Chance::new(Seed(seed)));
        for &n in who {
            agenda.push(SimTime::from_micros(5), Identity::new().with(n), n);
        }
        std::iter::from_fn(|| agenda.pop().map(|(_, n)| n)).collect()
    }

    #[test]
    fn time_goes_first() {
        let mut agenda = Agenda::new(Chance::new(Seed(1)));
        for micros in [30, 10, 20] {
            agenda.push(SimTime::from_micros(micros), Identity::new(), micros);
        }
        agenda.push_front(SimTime::from_micros(20), 19);
        let all: Vec<u64> = std::iter::from_fn(|| agenda.pop().map(|(_, n)| n)).collect();
        assert_eq!(all, [10, 19, 20, 30]);
    }

    #[test]
    fn the_order_of_an_instant_is_the_seeds_and_not_that_of_pushing() {
        assert_eq!(order(1, &[1, 2, 3, 4, 5]), order(1, &[5, 3, 4, 2, 1]));
        assert_ne!(order(1, &[1, 2, 3, 4, 5]), order(2, &[1, 2, 3, 4, 5]));
    }

    #[test]
    fn what_was_taken_back_does_not_happen_and_the_rest_keeps_its_order() {
        let mut agenda = Agenda::new(Chance::new(Seed(1)));
        let millis = |n: u64| SimTime::from_micros(n * 1_000);
        let handles: Vec<Handle> = (0..100)
            .map(|n| agenda.push(millis(100 - n), Identity::new().with(n), n))
            .collect();
        for handle in handles.iter().step_by(2) {
            agenda.take_back(*handle);
        }
        assert_eq!(agenda.pop(), Some((millis(1), 99)));
        agenda.push(millis(1), Identity::new(), 1_000);
        let rest: Vec<u64> = std::iter::from_fn(|| agenda.pop().map(|(_, n)| n)).collect();
        let mut expected = vec![1_000];
        expected.extend((0..98).rev().filter(|n| n % 2 == 1));
        assert_eq!(rest, expected);
    }

    #[test]
    fn what_is_pushed_meanwhile_falls_into_its_place() {
        let mut agenda = Agenda::new(Chance::new(Seed(1)));
        let push = |agenda: &mut Agenda<u64>, after: SimTime, n: u64| {
            // Into the slot that is going on, the next ones and other buckets.
            let later = SimDuration::from_micros(n * n * 31 % 9_000);
            agenda.push(after + later, Identity::new().with(n), n);
        };
        (0..50).for_each(|n| push(&mut agenda, SimTime::ZERO, n));
        let (mut last, mut happened) = (SimTime::ZERO, 0);
        while let Some((at, n)) = agenda.pop() {
            assert!(at >= last, "{n} comes too late");
            (last, happened) = (at, happened + 1);
            if n < 2_000 {
                push(&mut agenda, at, n + 50);
            }
        }
        assert_eq!(happened, 2_050);
    }

    #[test]
    fn taking_one_away_leaves_the_order_of_the_others() {
        let whole: Vec<u64> = order(1, &[1, 2, 3, 4, 5])
            .into_iter()
            .filter(|&n| n != 3)
            .collect();
        assert_eq!(whole, order(1, &[1, 2, 4, 5]));
    }
}
