//! The agenda: everything that will happen, by model time and, within an
//! instant, in an order that is drawn from the seed by identity.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::vocab::{Chance, Identity, SimTime};

/// A heap of what will happen. Its head is the only clock of the world.
#[derive(Debug)]
pub struct Agenda<T> {
    heap: BinaryHeap<Reverse<Entry>>,
    /// The items stay where they are; the heap moves only their places.
    items: Vec<Option<T>>,
    free: Vec<u32>,
    chance: Chance,
    pushed: u64,
}

/// Ordered by time, then rank, then the order of pushing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: SimTime,
    rank: u64,
    pushed: u64,
    place: u32,
}

impl<T> Agenda<T> {
    /// An empty agenda whose ties this chance decides.
    pub fn new(chance: Chance) -> Self {
        Agenda {
            heap: BinaryHeap::new(),
            items: Vec::new(),
            free: Vec::new(),
            chance,
            pushed: 0,
        }
    }

    /// `item` will happen at `at`; among what happens at one instant, `who`
    /// decides the order, differently for every seed.
    pub fn push(&mut self, at: SimTime, who: Identity, item: T) {
        let rank = self.chance.rank(who) | 1;
        self.insert(at, rank, item);
    }

    /// `item` will happen at `at`, before all that was pushed with an identity,
    /// in the order of these calls.
    pub fn push_front(&mut self, at: SimTime, item: T) {
        self.insert(at, 0, item);
    }

    fn insert(&mut self, at: SimTime, rank: u64, item: T) {
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
        self.heap.push(Reverse(Entry {
            at,
            rank,
            pushed: self.pushed,
            place,
        }));
        self.pushed += 1;
    }

    /// Takes what happens next.
    pub fn pop(&mut self) -> Option<(SimTime, T)> {
        let Reverse(entry) = self.heap.pop()?;
        self.free.push(entry.place);
        let item = self.items[entry.place as usize]
            .take()
            .expect("every entry of the heap has an item at its place");
        Some((entry.at, item))
    }

    /// How many items were ever pushed: what a bare heap would have to move.
    pub fn pushed(&self) -> u64 {
        self.pushed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::Seed;

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
    fn taking_one_away_leaves_the_order_of_the_others() {
        let whole: Vec<u64> = order(1, &[1, 2, 3, 4, 5])
            .into_iter()
            .filter(|&n| n != 3)
            .collect();
        assert_eq!(whole, order(1, &[1, 2, 4, 5]));
    }
}
