//! Rows of one table, locked in any order: deadlocks, and the crowd that does nothing
//! but wait.

use super::experiments::one_run;
use super::gauges::{Crowd, Deadlocks, Gauge, Per};
use super::reading::Reading;
use super::{Claim, Effort, Experiment, Point, Theory};
use crate::protocol::ProtocolKind;

const TABLE: (&str, &str) = shipped!("scenarios/validation/table.toml");

// ---- deadlocks ----

/// Something that varies, and what theory says that deadlocks do then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Varied {
    /// The rows of the table.
    Rows,
    /// Transactions a second.
    Rate,
    /// Locks of a transaction, at so many transactions at a time.
    LocksAmongClients,
    /// Locks of a transaction, at so many transactions a second.
    LocksAtARate,
}

/// How a series is made.
struct Size {
    /// Rows of the table, where they do not vary.
    rows: u32,
    /// The least of what varies, and the greatest, which is twice that.
    values: [u32; 2],
    /// At the least and at the greatest: more where deadlocks are rare.
    transactions: [u32; 2],
    seeds: u64,
    /// By how much the exponent may differ.
    by: f64,
}

const CLIENTS: u32 = 3;
/// Time between two arrivals, in microseconds, where it does not vary.
const EVERY: u32 = 2_000;

const VARIED: [Varied; 4] = [
    Varied::Rows,
    Varied::Rate,
    Varied::LocksAmongClients,
    Varied::LocksAtARate,
];

impl Varied {
    fn name(self, size: &Size) -> String {
        let rows = size.rows;
        match self {
            Varied::Rows => format!("per commit, with D; N = {CLIENTS}, k = 4"),
            Varied::Rate => {
                format!("per second, with the transactions a second; k = 4, D = {rows}")
            }
            Varied::LocksAmongClients => {
                format!("per commit, with k; N = {CLIENTS}, D = {rows}")
            }
            Varied::LocksAtARate => format!(
                "per second, with k; {} transactions a second, D = {rows}",
                1_000_000 / EVERY
            ),
        }
    }

    /// What the exponent is between the least of what varies and the greatest.
    fn exponent(self, size: &Size) -> f64 {
        let [least, greatest] = size.values;
        let between = |of: fn(u32) -> f64| {
            let ratio = of(greatest) / of(least);
            libm::log(ratio) / libm::log(f64::from(greatest) / f64::from(least))
        };
        match self {
            Varied::Rows => -2.0,
            Varied::Rate => 2.0,
            Varied::LocksAmongClients => between(|k| chances(k) / life(k)),
            Varied::LocksAtARate => between(chances),
        }
    }

    fn per(self) -> Per {
        match self {
            Varied::Rows | Varied::LocksAmongClients => Per::ThousandCommits,
            Varied::Rate | Varied::LocksAtARate => Per::Second,
        }
    }

    /// The run at one value: its place on the axis, and its settings.
    fn point(self, size: &Size, n: usize) -> Point {
        let (value, rows) = (size.values[n], size.rows);
        let locks = |k| format!("first-steps={k}");
        let table = |rows| format!("domains.row.size={rows}");
        let closed = format!("workload.arrivals.clients={CLIENTS}");
        let open =
            |every| format!("workload.arrivals={{ kind = \"open\", every = \"{every}us\" }}");
        let [k, table, arrivals] = match self {
            Varied::Rows => [locks(4), table(value), closed],
            Varied::Rate => [locks(4), table(rows), open(1_000_000 / value)],
            Varied::LocksAmongClients => [locks(value), table(rows), closed],
            Varied::LocksAtARate => [locks(value), table(rows), open(EVERY)],
        };
        let transactions = format!("workload.transactions={}", size.transactions[n]);
        Point {
            at: f64::from(value),
            sets: vec![k, table, arrivals, transactions],
        }
    }

    /// Few deadlocks, so that each is of two transactions and the theory is right, but
    /// many enough for a slope.
    fn size(self, effort: Effort) -> Size {
        let (rows, values, transactions) = match (self, effort) {
            (Varied::Rows, Effort::Quick) => (0, [60, 120], [4_000, 10_000]),
            (Varied::Rows, Effort::Full) => (0, [100, 200], [20_000, 60_000]),
            (Varied::Rate, Effort::Quick) => (100, [1_000, 2_000], [10_000, 4_000]),
            (Varied::Rate, Effort::Full) => (200, [1_250, 2_500], [60_000, 20_000]),
            (Varied::LocksAmongClients, Effort::Quick) => (400, [6, 12], [16_000, 3_000]),
            (Varied::LocksAmongClients, Effort::Full) => (800, [8, 16], [30_000, 8_000]),
            (Varied::LocksAtARate, Effort::Quick) => (300, [6, 12], [16_000, 3_000]),
            (Varied::LocksAtARate, Effort::Full) => (850, [8, 16], [40_000, 8_000]),
        };
        let (seeds, by) = match effort {
            Effort::Quick => (1, 1.0),
            Effort::Full => (10, 0.3),
        };
        Size {
            rows,
            values,
            transactions,
            seeds,
            by,
        }
    }

    fn experiment(self, effort: Effort) -> Experiment {
        let size = self.size(effort);
        Experiment {
            name: self.name(&size),
            file: TABLE.0,
            text: TABLE.1,
            sets: Vec::new(),
            protocol: ProtocolKind::Monolith,
            claim: Claim::Near {
                of: self.exponent(&size),
                by: size.by,
            },
            seeds: size.seeds,
            series: [0, 1].map(|n| self.point(&size, n)).to_vec(),
            gauge: Gauge::Deadlocks(Deadlocks::per(self.per())),
            reading: Reading::Exponent,
        }
    }
}

pub(super) fn deadlocks(effort: Effort) -> Theory {
    Theory {
        name: "Deadlocks",
        says: "Transactions that each lock k of D rows, in any order: deadlocks are as D^-2, as the \
               square of the transactions a second, and as k^5, or as k^4 where it is not the \
               transactions a second that are the same but those under way, N (Gray, Helland, \
               O'Neil & Shasha, SIGMOD 1996). That is for many locks. For few it is steeper, since \
               a deadlock needs a lock that is held and one that is still wanted: k^5 is \
               k²(k - 1)²(k + 1), as below, and k^4 is that over k + 3, the life of a transaction \
               in statements. The theory of a row is the slope of these through the logarithms of \
               the same two k, and goes to 5 and 4.",
        measured: "the exponent",
        experiments: VARIED.map(|varied| varied.experiment(effort)).to_vec(),
    }
}

/// In how many ways one transaction of k locks can come to be in a deadlock with another,
/// twelvefold.
///
/// It wants its i-th lock, i from 1, while it has i - 1, and the other, which has j and
/// wants k - j more, has that one: j/D. The other then wants one of the i - 1, at one of
/// its k - j requests: (i - 1)(k - j)/D. The sum over i is k(k - 1)/2, and that over j,
/// k(k - 1)(k + 1)/6.
fn chances(locks: u32) -> f64 {
    let k = f64::from(locks);
    k * k * (k - 1.0) * (k - 1.0) * (k + 1.0)
}

/// How long a transaction lives, in statements; it has j locks for one of them.
fn life(locks: u32) -> f64 {
    f64::from(locks + 3)
}

/// Deadlocks for each commit: N - 1 others, each with j locks for one part in k + 3 of
/// its life.
fn per_commit(clients: u32, locks: u32, rows: u32) -> f64 {
    let others = f64::from(clients - 1);
    let rows = f64::from(rows);
    others * chances(locks) / (12.0 * life(locks) * rows * rows)
}

pub(super) fn deadlock_rate(effort: Effort) -> Theory {
    // N, k, D, transactions.
    let (sizes, seeds, share) = match effort {
        Effort::Quick => ([(3, 4, 80, 8_000), (5, 16, 1_600, 3_000)], 1, 0.5),
        Effort::Full => ([(3, 4, 160, 40_000), (5, 16, 2_000, 8_000)], 10, 0.15),
    };
    let experiments = sizes.map(|(clients, locks, rows, transactions)| Experiment {
        name: format!("N = {clients}, k = {locks}, D = {rows}"),
        file: TABLE.0,
        text: TABLE.1,
        sets: vec![
            format!("first-steps={locks}"),
            format!("domains.row.size={rows}"),
            format!("workload.arrivals.clients={clients}"),
            format!("workload.transactions={transactions}"),
        ],
        protocol: ProtocolKind::Monolith,
        claim: Claim::Within {
            of: 1_000.0 * per_commit(clients, locks, rows),
            share,
        },
        seeds,
        series: one_run(),
        gauge: Gauge::Deadlocks(Deadlocks::per(Per::ThousandCommits)),
        reading: Reading::Only,
    });
    Theory {
        name: "How many deadlocks",
        says: "One transaction wants its i-th lock while it has i - 1; another, which has j, has \
               that one; and it comes to want one of the i - 1 at one of its k - j requests. \
               Summed over i and over j, for one statement in the k + 3 of a life each, that \
               is (N - 1)k²(k - 1)²(k + 1) / (12(k + 3)D²) deadlocks of two for each that \
               commits, as long as few wait. The second row, at k²N/D = 0.64, comes out above it; circles \
               of more than two would add to it, but nothing here tests that they do. For many locks it is (N - 1)k^4 / (12D²), \
               a third of the Nk^4 / (4D²) of Gray et al. 1996, where the other makes all of its k \
               requests while somebody waits for it: on average a third of them are left.",
        measured: "deadlocks per 1,000 commits",
        experiments: experiments.to_vec(),
    }
}

// ---- thrashing ----

/// Locks of a transaction.
const LOCKS: u32 = 8;
/// Rows of the table.
const ROWS: u32 = 3_200;

pub(super) fn thrashing(effort: Effort) -> Theory {
    // k²N/D, in hundredths.
    let (loads, seeds, transactions): (&[u32], _, u32) = match effort {
        Effort::Quick => (&[75, 150, 225], 1, 3_000),
        Effort::Full => (&[100, 125, 150, 175, 200], 5, 10_000),
    };
    let point = |&load: &u32| {
        let clients = load * ROWS / (LOCKS * LOCKS) / 100;
        Point {
            at: f64::from(LOCKS * LOCKS * clients) / f64::from(ROWS),
            sets: vec![format!("workload.arrivals.clients={clients}")],
        }
    };
    let crowd = |name: &str, claim, reading| Experiment {
        name: format!("{name}, k = {LOCKS}, D = {ROWS}"),
        file: TABLE.0,
        text: TABLE.1,
        sets: vec![
            format!("first-steps={LOCKS}"),
            format!("domains.row.size={ROWS}"),
            format!("workload.transactions={transactions}"),
        ],
        protocol: ProtocolKind::Monolith,
        claim,
        seeds,
        series: loads.iter().map(point).collect(),
        gauge: Gauge::Crowd(Crowd::new(transactions.into())),
        reading,
    };
    let peak = Claim::Between { from: 1.3, to: 2.2 };
    let blocked = Claim::Between {
        from: 0.25,
        to: 0.45,
    };
    Theory {
        name: "Thrashing",
        says: "N clients that do not think, each with k locks on rows of D, which begins anew with \
               the same rows after a deadlock: as N grows, throughput grows to a peak and then \
               falls, since ever more of them wait. The peak is where k²N/D is about 1.5 (Tay, \
               Goodman & Suri, TODS 1985), with some three tenths (the best) to 0.378 (the edge) \
               of all transactions blocked (Thomasian 1991). The sources differ, so these are \
               ranges. The peak is that of the parabola through the highest of several loads and \
               its neighbours.",
        measured: "k²N/D, and as a share of the clients",
        experiments: vec![
            crowd("throughput is the greatest at k²N/D", peak, Reading::Peak),
            crowd("blocked there", blocked, Reading::BesideThePeak),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::SimDuration;

    /// Summed as it is told, lock by lock.
    #[test]
    fn the_chances_of_a_deadlock_are_the_sum_over_both_transactions() {
        for locks in [2, 4, 8, 16] {
            let mine: u32 = (1..=locks).map(|i| i - 1).sum();
            let theirs: u32 = (0..=locks).map(|j| j * (locks - j)).sum();
            let chances = chances(locks);
            assert_eq!(chances, f64::from(12 * mine * theirs));
        }
    }

    #[test]
    fn for_many_locks_the_exponents_are_those_of_the_paper() {
        let many = Size {
            rows: 1,
            values: [10_000, 20_000],
            transactions: [1, 1],
            seeds: 1,
            by: 0.0,
        };
        for (varied, exponent) in [
            (Varied::LocksAmongClients, 4.0),
            (Varied::LocksAtARate, 5.0),
        ] {
            let found = varied.exponent(&many);
            assert!((found - exponent).abs() < 1e-3, "{varied:?}: {found}");
        }
    }

    /// As for the waits: half of its locks, over its whole life.
    #[test]
    fn a_transaction_of_the_table_holds_half_of_its_locks_on_average() {
        for locks in [4, 8, 16] {
            let set = format!("first-steps={locks}");
            let table = crate::scenario::parse_with(TABLE.0, TABLE.1, &[set]).expect("it is right");
            let bank = &table.machines[1];
            let (first, statement) = (bank.process.service_time.mean(), bank.database.statement);
            let life = first + statement * (locks + 1);
            let held: SimDuration = (2..=locks + 1).map(|n| statement * n).sum();
            assert_eq!(held * 2, life * locks);
        }
    }
}
