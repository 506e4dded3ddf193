//! Faults drawn from the seed.

use rand::RngExt;

use super::{Fault, FaultKind, Moment, Select, Ways};
use crate::vocab::{Chance, Identity, NodeId, Probability, SimDuration, SimTime, Stream};

/// A mix of faults to be drawn: how many, of which kinds, when, for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Seeded {
    /// How many faults are drawn.
    pub count: u32,
    /// Which kinds may be drawn: names as in [`FaultKind::name`].
    pub kinds: Vec<&'static str>,
    /// The earliest beginning.
    pub from: SimTime,
    /// The latest beginning.
    pub until: SimTime,
    /// The shortest.
    pub shortest: SimDuration,
    /// The longest.
    pub longest: SimDuration,
    /// How likely each message is lost or duplicated while such a fault lasts.
    pub rate: Probability,
}

impl Seeded {
    /// The kinds that can be drawn: all.
    pub const KINDS: [&'static str; 8] = FaultKind::NAMES;

    /// Draws the faults; `machines` can crash (manager, services, broker) and
    /// `databases` is the part of them that has a database. The n-th fault is a
    /// function of the seed and n alone.
    pub fn draw(&self, chance: Chance, machines: &[NodeId], databases: &[NodeId]) -> Vec<Fault> {
        (0..self.count)
            .map(|n| self.one(chance, n, machines, databases))
            .collect()
    }

    fn one(&self, chance: Chance, n: u32, machines: &[NodeId], databases: &[NodeId]) -> Fault {
        let mut rng = chance.draw(Stream::Faults, Identity::named("fault").with(u64::from(n)));
        let kind = self.kinds[rng.random_range(0..self.kinds.len() as u32) as usize];
        let at = rng.random_range(self.from.as_micros()..=self.until.as_micros());
        let lasts = rng.random_range(self.shortest.as_micros()..=self.longest.as_micros());
        let machine = machines[rng.random_range(0..machines.len() as u32) as usize];
        let database = databases[rng.random_range(0..databases.len() as u32) as usize];
        let others: Vec<NodeId> = machines.iter().copied().filter(|&m| m != machine).collect();
        let one_way = rng.random_range(0..2u32) == 1;
        let extra = rng.random_range(1..=20u64);
        let any = Select {
            from: one_way.then_some(machine),
            to: (!one_way).then_some(machine),
            ..Select::default()
        };
        let kind = match kind {
            "crash" => FaultKind::CrashProcess(machine),
            "database-crash" => FaultKind::CrashDatabase(database),
            "power-loss" => FaultKind::PowerLoss(machine),
            "pause" => FaultKind::Pause(machine),
            "partition" => FaultKind::Partition {
                from: vec![machine],
                to: others,
                ways: if one_way { Ways::OneWay } else { Ways::Both },
            },
            "latency-spike" => FaultKind::LatencySpike {
                select: any,
                extra: SimDuration::from_millis(extra),
            },
            "loss" => FaultKind::Loss {
                select: any,
                rate: self.rate,
            },
            "duplicate" => FaultKind::Duplicate {
                select: any,
                rate: self.rate,
                after: SimDuration::from_micros(extra * 500),
            },
            other => {
                unreachable!("`{other}` is not one of Seeded::KINDS, which the scenario checked")
            }
        };
        Fault {
            kind,
            when: Moment::At(SimTime::from_micros(at)),
            lasts: SimDuration::from_micros(lasts),
        }
    }
}
