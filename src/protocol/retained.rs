//! What is remembered for a stated time and then forgotten.

use std::collections::VecDeque;
use std::hash::Hash;

use crate::vocab::{FastMap, SimDuration, SimTime};

/// A memory of what is over: outcomes, ended branches. What is older than its
/// retention is forgotten when the next input comes, not by a timer, which would
/// keep a finished request in flight.
#[derive(Clone, Debug)]
pub(super) struct Retained<K, V> {
    retention: SimDuration,
    by_key: FastMap<K, (SimTime, V)>,
    by_age: VecDeque<(SimTime, K)>,
}

impl<K: Copy + Eq + Hash, V> Retained<K, V> {
    /// An empty memory that keeps everything for so long.
    pub(super) fn new(retention: SimDuration) -> Self {
        Retained {
            retention,
            by_key: FastMap::default(),
            by_age: VecDeque::new(),
        }
    }

    /// What is remembered of this.
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.by_key.get(key).map(|(_, value)| value)
    }

    /// Remembers this from now on.
    pub(super) fn remember(&mut self, now: SimTime, key: K, value: V) {
        self.by_key.insert(key, (now, value));
        self.by_age.push_back((now, key));
    }

    /// Forgets this, and says what it was.
    pub(super) fn take(&mut self, key: &K) -> Option<V> {
        self.by_key.remove(key).map(|(_, value)| value)
    }

    /// Forgets what is too old.
    pub(super) fn prune(&mut self, now: SimTime) {
        while let Some(&(since, key)) = self.by_age.front()
            && now.since(since) > self.retention
        {
            self.by_age.pop_front();
            // It may have been remembered anew since.
            if self.by_key.get(&key).is_some_and(|&(at, _)| at == since) {
                self.by_key.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(u64) -> SimTime = SimTime::from_micros;

    #[test]
    fn a_memory_lasts_for_its_retention_and_no_longer() {
        let mut memory = Retained::new(SimDuration::from_micros(10));
        memory.remember(AT(0), "old", 1);
        memory.remember(AT(5), "young", 2);
        memory.prune(AT(10));
        assert_eq!(memory.get(&"old"), Some(&1));
        memory.prune(AT(11));
        assert_eq!(memory.get(&"old"), None);
        assert_eq!(memory.get(&"young"), Some(&2));
    }

    #[test]
    fn what_is_remembered_anew_is_kept_anew() {
        let mut memory = Retained::new(SimDuration::from_micros(10));
        memory.remember(AT(0), "again", 1);
        assert_eq!(memory.take(&"again"), Some(1));
        memory.remember(AT(8), "again", 2);
        memory.prune(AT(15));
        assert_eq!(memory.get(&"again"), Some(&2));
    }
}
