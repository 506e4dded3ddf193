//! How busy links are: each carries one message after another, for as long as its
//! bandwidth wants for them.

use std::collections::BTreeMap;

use crate::scenario::Network;
use crate::vocab::{NodeId, SimDuration, SimTime};

/// The links that have a bandwidth, one way each, in nanoseconds: a microsecond is long
/// for a fast one.
#[derive(Clone, Debug)]
pub(super) struct Links {
    /// Whether any has one.
    bounded: bool,
    carriers: BTreeMap<(NodeId, NodeId), Carrier>,
}

/// One way of a link.
#[derive(Clone, Copy, Debug, Default)]
struct Carrier {
    /// When it has carried everything that it was given.
    free: u64,
    /// For how long it carried anything.
    busy: u64,
}

impl Links {
    pub(super) fn new(network: &Network) -> Self {
        Links {
            bounded: network.is_bounded(),
            carriers: BTreeMap::new(),
        }
    }

    /// Gives a link a message of so many bytes: how long it takes until the last of them
    /// has left, behind all that was given before. Not before the next whole microsecond.
    #[inline]
    pub(super) fn carry(
        &mut self,
        network: &Network,
        (from, to): (NodeId, NodeId),
        bytes: u32,
        now: SimTime,
    ) -> SimDuration {
        match self.bounded {
            true => self.carry_bounded(network, (from, to), bytes, now),
            false => SimDuration::ZERO,
        }
    }

    fn carry_bounded(
        &mut self,
        network: &Network,
        (from, to): (NodeId, NodeId),
        bytes: u32,
        now: SimTime,
    ) -> SimDuration {
        // From a node to itself there is no link.
        let Some(bandwidth) = network.link(from, to).bandwidth.filter(|_| from != to) else {
            return SimDuration::ZERO;
        };
        let takes = bandwidth.nanos(bytes);
        let carrier = self.carriers.entry((from, to)).or_default();
        carrier.free = carrier.free.max(now.as_micros() * 1_000) + takes;
        carrier.busy += takes;
        SimTime::from_micros(carrier.free.div_ceil(1_000)).since(now)
    }

    /// For which share of the time, up to the end of the last message on any of them, the
    /// busiest was carrying one; nothing if none has a bandwidth.
    pub(super) fn utilisation(&self) -> Option<f64> {
        let carriers = || self.carriers.values();
        let until = carriers().map(|carrier| carrier.free).max().unwrap_or(0);
        let busiest = carriers().map(|carrier| carrier.busy).max().unwrap_or(0);
        self.bounded
            .then(|| busiest as f64 / (until as f64).max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Dist, Link, Sizes};
    use crate::vocab::Probability;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    fn network(bandwidth: &str) -> Network {
        let default = Link {
            delay: Dist::Fixed(SimDuration::ZERO),
            loss: Probability::NEVER,
            duplicate: Probability::NEVER,
            bandwidth: bandwidth.parse().ok(),
        };
        Network {
            default,
            links: BTreeMap::new(),
            sizes: Sizes::default(),
        }
    }

    /// What a link is given, in bytes and when, and how long each takes, in microseconds.
    fn taken(bandwidth: &str, given: &[(u32, u64)]) -> Vec<u64> {
        let network = network(bandwidth);
        let mut links = Links::new(&network);
        let carried = given.iter().map(|&(bytes, at)| {
            let takes = links.carry(&network, (A, B), bytes, SimTime::from_micros(at));
            takes.as_micros()
        });
        carried.collect()
    }

    #[test]
    fn one_message_after_another() {
        // 8 Mbit/s: a byte a microsecond. The third finds the link free.
        let given = [(100, 0), (50, 10), (10, 500), (10, 500)];
        assert_eq!(taken("8Mbit/s", &given), [100, 140, 10, 20]);
    }

    #[test]
    fn parts_of_a_microsecond_add_up() {
        // A byte takes an eighth of one.
        let takes = taken("64Mbit/s", &[(1, 0); 17]);
        assert_eq!(takes[..9], [1, 1, 1, 1, 1, 1, 1, 1, 2]);
        assert_eq!(takes[16], 3);
    }

    #[test]
    fn each_way_is_a_link_of_its_own_and_a_node_needs_none_to_itself() {
        let network = network("8Mbit/s");
        let mut links = Links::new(&network);
        let mut carry = |ends| {
            let takes = links.carry(&network, ends, 100, SimTime::ZERO);
            takes.as_micros()
        };
        assert_eq!([carry((A, B)), carry((B, A)), carry((A, A))], [100, 100, 0]);
    }

    #[test]
    fn the_busiest_is_told_up_to_the_end_of_the_last_message() {
        let network = network("8Mbit/s");
        let mut links = Links::new(&network);
        assert_eq!(links.utilisation(), Some(0.0));
        links.carry(&network, (A, B), 100, SimTime::ZERO);
        links.carry(&network, (A, B), 100, SimTime::from_micros(150));
        links.carry(&network, (B, A), 100, SimTime::from_micros(300));
        assert_eq!(links.utilisation(), Some(0.5));
    }

    #[test]
    fn without_a_bandwidth_nothing_takes_time_and_nothing_is_told() {
        assert_eq!(taken("none", &[(1_000_000, 0); 2]), [0, 0]);
        assert_eq!(Links::new(&network("none")).utilisation(), None);
    }
}
