//! Rows of one table, locked in any order: deadlocks, and the crowd that does nothing
//! but wait.

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

    fn exponent(self) -> f64 {
        match self {
            Varied::Rows => -2.0,
            Varied::Rate => 2.0,
            Varied::LocksAmongClients => 4.0,
            Varied::LocksAtARate => 5.0,
        }
    }

    fn per(self) -> Per {
        match self {
            Varied::Rows | Varied::LocksAmongClients => Per::Commit,
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
            Effort::Full => (10, 0.5),
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
                of: self.exponent(),
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
               O'Neil & Shasha, SIGMOD 1996). Only the exponents are compared: the constant of \
               the paper is several times too high. They are slopes through logarithms; for few \
               locks k^4 is nearer to (k - 1)²k(k + 1), since a deadlock needs a lock that is \
               held, and one that is still wanted. The paper assumes that hardly anybody waits; \
               at 16 locks k²N/D is 0.96 here, and deadlocks grow faster.",
        measured: "the exponent",
        experiments: VARIED.map(|varied| varied.experiment(effort)).to_vec(),
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
