//! The theories, each with its formula beside it.

use super::contention::{deadlock_rate, deadlocks, thrashing};
use super::gauges::{Answers, Gauge, RowUse};
use super::reading::Reading;
use super::utilisation::utilisation;
use super::{Claim, Effort, Experiment, Point, Theory};
use crate::protocol::ProtocolKind;
use crate::vocab::{SimDuration, SimTime};

/// All theories, in the order in which they are told.
pub fn experiments(effort: Effort) -> Vec<Theory> {
    vec![
        holds(),
        hot_row(effort),
        littles_law(effort),
        utilisation(effort),
        queues(effort),
        waits(effort),
        deadlocks(effort),
        deadlock_rate(effort),
        thrashing(effort),
        group_commit(effort),
    ]
}

pub(super) const HOT_ROW: (&str, &str) = shipped!("scenarios/lessons/13-hot-row.toml");
pub(super) const QUEUE: (&str, &str) = shipped!("scenarios/validation/queue.toml");
const ROWS: (&str, &str) = shipped!("scenarios/validation/rows.toml");
pub(super) const GROUP_COMMIT: (&str, &str) = shipped!("scenarios/validation/group-commit.toml");

/// The runs of an experiment in which nothing varies.
pub(super) fn one_run() -> Vec<Point> {
    vec![Point {
        at: 1.0,
        sets: Vec::new(),
    }]
}

pub(super) fn sets<const N: usize>(sets: [String; N]) -> Vec<String> {
    sets.to_vec()
}

// ---- one row ----

/// What things cost in the scenario of the hot row, in microseconds.
#[derive(Clone, Copy)]
pub(super) struct Costs {
    /// A message, one way.
    pub(super) delay: u64,
    /// A forced write.
    pub(super) flush: u64,
}

pub(super) const COSTS: [Costs; 4] = [
    Costs {
        delay: 250,
        flush: 1_000,
    },
    Costs {
        delay: 250,
        flush: 5_000,
    },
    Costs {
        delay: 1_000,
        flush: 1_000,
    },
    Costs {
        delay: 50,
        flush: 50,
    },
];
/// A statement of the database, and what a worker computes before one.
const STATEMENT: u64 = 100;
const SERVICE: u64 = 100;

/// As many as want the row at any time: fewer than the 16 workers, who would else be a
/// queue of their own.
const CLIENTS: u32 = 14;

pub(super) const LIMITED: [ProtocolKind; 3] = [
    ProtocolKind::Monolith,
    ProtocolKind::TwoPhaseCommit,
    ProtocolKind::OrchestratedSaga,
];

impl Costs {
    pub(super) fn sets(self) -> [String; 2] {
        [
            format!("network.delay={}us", self.delay),
            format!("defaults.database.flush={}us", self.flush),
        ]
    }

    pub(super) fn name(self, protocol: ProtocolKind) -> String {
        let ms = |micros: u64| SimDuration::from_micros(micros);
        format!("{protocol}, d = {}, F = {}", ms(self.delay), ms(self.flush))
    }

    /// How long a purchase has the row, in microseconds.
    pub(super) fn hold(self, protocol: ProtocolKind) -> u64 {
        let Costs { delay, flush } = self;
        match protocol {
            // Both statements and the one that commits, in one local transaction.
            ProtocolKind::Monolith => 3 * STATEMENT + flush,
            // One step is one local transaction.
            ProtocolKind::OrchestratedSaga | ProtocolKind::ChoreographedSaga => STATEMENT + flush,
            // Its own statement; done, the work of the other, done; PREPARE, the
            // vote's flush, yes; the decision's statement and flush; COMMIT and the
            // flush of the outcome.
            ProtocolKind::TwoPhaseCommit => {
                let work = STATEMENT + 3 * delay + SERVICE + STATEMENT;
                let vote = delay + SERVICE + flush + delay;
                let decision = STATEMENT + flush;
                work + vote + decision + delay + flush
            }
            ProtocolKind::Own(_) => unreachable!("it is not among those that ship"),
        }
    }
}

fn on_one_row(
    effort: Effort,
    gauge: &Gauge,
    clients: u32,
    claim: impl Fn(Costs, ProtocolKind) -> Claim,
) -> Vec<Experiment> {
    let transactions = match effort {
        _ if clients == 1 => 20,
        Effort::Quick => 1_000,
        Effort::Full => 20_000,
    };
    let protocols = |costs| LIMITED.map(|protocol| (costs, protocol));
    let all = COSTS.into_iter().flat_map(protocols);
    all.map(|(costs, protocol)| {
        let [delay, flush] = costs.sets();
        Experiment {
            name: costs.name(protocol),
            file: HOT_ROW.0,
            text: HOT_ROW.1,
            sets: sets([
                delay,
                flush,
                format!("workload.transactions={transactions}"),
                format!("workload.arrivals.clients={clients}"),
                "policies.give-up-after=1s".to_owned(),
                "policies.idle-branch-after=2s".to_owned(),
                "policies.resend-after=1s".to_owned(),
            ]),
            protocol,
            claim: claim(costs, protocol),
            seeds: 1,
            series: one_run(),
            gauge: gauge.clone(),
            reading: Reading::Only,
        }
    })
    .collect()
}

fn holds() -> Theory {
    Theory {
        name: "How long a lock is held",
        says: "The sum of what happens while a purchase has its first row. For two-phase commit \
               with the statement s, the worker's time w, the one-way delay d and the flush F: \
               3s + 2w + 6d + 3F; for a local step of a saga s + F; for the monolith 3s + F. One \
               client alone, so that nobody waits.",
        measured: "ms",
        experiments: on_one_row(
            Effort::Quick,
            &Gauge::RowHold(RowUse::default()),
            1,
            |costs, protocol| Claim::Equal(costs.hold(protocol) as f64 / 1_000.0),
        ),
    }
}

fn hot_row(effort: Effort) -> Theory {
    Theory {
        name: "Throughput on one hot row",
        says: "Fourteen clients want the same row at any time, so it is given back 1 / hold times a \
               second, with the hold from the sum above.",
        measured: "times a second",
        experiments: on_one_row(
            effort,
            &Gauge::RowRate(RowUse::default()),
            CLIENTS,
            |costs, protocol| Claim::Within {
                of: 1e6 / costs.hold(protocol) as f64,
                share: 0.02,
            },
        ),
    }
}

fn littles_law(effort: Effort) -> Theory {
    Theory {
        name: "Little's law",
        says: "L = λW (Little 1961): fourteen clients that do not think are fourteen requests under \
               way; the simulation says how many were answered a second times how long each \
               took. A run begins with nobody waiting and ends so, which is what it lacks.",
        measured: "requests",
        experiments: on_one_row(
            effort,
            &Gauge::UnderWay(Answers::default()),
            CLIENTS,
            |_, _| Claim::Within {
                of: f64::from(CLIENTS),
                share: 0.02,
            },
        ),
    }
}

// ---- queues ----

/// The probability that all of `servers` are busy, at this offered load (Erlang C).
fn erlang_c(servers: u32, load: f64) -> f64 {
    let blocked = (1..=servers).fold(1.0, |b, n| load * b / (f64::from(n) + load * b));
    let busy = load / f64::from(servers);
    blocked / (1.0 - busy * (1.0 - blocked))
}

/// The mean service time, in microseconds.
pub(super) const MEAN: u64 = 10_000;

fn queues(effort: Effort) -> Theory {
    let mut experiments = Vec::new();
    for (name, servers) in [("M/M/1", 1), ("M/D/1", 1), ("M/M/2", 2), ("M/M/8", 8)] {
        // With many servers and little to do, hardly anybody ever waits.
        let least = if servers > 2 { 0.8 } else { 0.5 };
        for busy in [0.5, 0.8, 0.9].into_iter().filter(|&busy| busy >= least) {
            let servers_as = f64::from(servers);
            // Whole microseconds; the theory is of what is run.
            let every = (MEAN as f64 / servers_as / busy) as u64;
            let load = MEAN as f64 / every as f64;
            let rho = load / servers_as;
            let (service, theory) = match name {
                "M/D/1" => (format!("\"{MEAN}us\""), rho / (2.0 * (1.0 - rho))),
                _ => (
                    format!("{{ least = \"0\", mean = \"{MEAN}us\" }}"),
                    erlang_c(servers, load) / (servers_as * (1.0 - rho)),
                ),
            };
            // The closer to saturation, the longer a crowd is remembered.
            let (seeds, transactions, within) = match (effort, busy) {
                (Effort::Quick, 0.9) => (6, 10_000, 0.25),
                (Effort::Quick, _) => (4, 6_000, 0.15),
                (Effort::Full, 0.9) => (40, 60_000, 0.03),
                (Effort::Full, _) => (20, 30_000, 0.03),
            };
            let from = SimTime::from_micros(every * transactions / 20);
            experiments.push(Experiment {
                name: format!("{name}, ρ = {busy}"),
                file: QUEUE.0,
                text: QUEUE.1,
                sets: sets([
                    format!("machines.clerk.process.workers={servers}"),
                    format!("machines.clerk.process.service-time={service}"),
                    format!("workload.arrivals.every={every}us"),
                    format!("workload.transactions={transactions}"),
                ]),
                protocol: ProtocolKind::Monolith,
                claim: Claim::Within {
                    of: theory,
                    share: within,
                },
                seeds,
                series: one_run(),
                gauge: Gauge::Wait(SimDuration::from_micros(MEAN), Answers::since(from)),
                reading: Reading::Only,
            });
        }
    }
    Theory {
        name: "Waiting for a worker",
        says: "Poisson arrivals, c workers, exponential (M/M/c) or fixed (M/D/1) service time S, \
               utilisation ρ = λS/c. The mean wait is C·S/(c(1 − ρ)) with Erlang's C (1917), and \
               ρS/(2(1 − ρ)) for M/D/1 (Pollaczek 1930). The first twentieth of each run is left \
               out.",
        measured: "mean wait / S",
        experiments,
    }
}

// ---- locks on many rows ----

fn waits(effort: Effort) -> Theory {
    let (seeds, transactions, within) = match effort {
        Effort::Quick => (2, 8_000, 0.12),
        Effort::Full => (20, 25_000, 0.03),
    };
    const LOCKS: u32 = 4;
    let experiments = [(5, 500), (10, 500), (10, 1_000)].map(|(clients, size)| {
        let rows = LOCKS * size;
        Experiment {
            name: format!("N = {clients}, k = {LOCKS}, D = {rows}"),
            file: ROWS.0,
            text: ROWS.1,
            sets: ["a", "b", "c", "d"]
                .map(|domain| format!("domains.{domain}.size={size}"))
                .into_iter()
                .chain([
                    format!("workload.arrivals.clients={clients}"),
                    format!("workload.transactions={transactions}"),
                ])
                .collect(),
            protocol: ProtocolKind::Monolith,
            claim: Claim::Within {
                of: f64::from((clients - 1) * LOCKS * LOCKS) / f64::from(2 * rows),
                share: within,
            },
            seeds,
            series: one_run(),
            gauge: Gauge::Waits {
                waits: 0,
                committed: 0,
            },
            reading: Reading::Only,
        }
    });
    Theory {
        name: "Waits for a lock",
        says: "N transactions at a time, each with k exclusive locks on rows chosen at random \
               among D, half of which it has on average: at low load (N − 1)k²/(2D) waits for \
               each that commits (Gray, Helland, O'Neil & Shasha, SIGMOD 1996).",
        measured: "waits per commit",
        experiments: experiments.to_vec(),
    }
}

// ---- the disk ----

fn group_commit(effort: Effort) -> Theory {
    let (transactions, seeds, within) = match effort {
        Effort::Quick => (5_000, 4, 0.05),
        Effort::Full => (10_000, 20, 0.01),
    };
    let experiments = [(1_000, 1), (1_000, 4), (250, 4), (250, 10)].map(|(every, timer)| {
        let timer_micros = timer * 1_000;
        Experiment {
            name: format!("λ = {} a second, T = {timer} ms", 1_000_000 / every),
            file: GROUP_COMMIT.0,
            text: GROUP_COMMIT.1,
            sets: sets([
                format!("workload.arrivals.every={every}us"),
                format!("machines.ledger.database.group-commit={timer}ms"),
                format!("workload.transactions={transactions}"),
            ]),
            protocol: ProtocolKind::Monolith,
            claim: Claim::Within {
                of: 1.0 + f64::from(timer_micros) / f64::from(every),
                share: within,
            },
            seeds,
            series: one_run(),
            gauge: Gauge::Company {
                records: 0,
                flushes: 0,
            },
            reading: Reading::Only,
        }
    });
    Theory {
        name: "Group commit",
        says: "The first record waits for a time T before the log is flushed, and Poisson \
               arrivals at a rate λ go with it: 1 + λT records a flush.",
        measured: "records a flush",
        experiments: experiments.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erlang_c_is_that_of_the_tables() {
        for (servers, load, expected) in [
            (1, 0.5, 0.5),
            (2, 1.0, 0.3333),
            (2, 1.6, 0.7111),
            (4, 3.0, 0.5094),
            (8, 6.4, 0.4576),
            (16, 14.0, 0.5085),
        ] {
            let found = erlang_c(servers, load);
            assert!((found - expected).abs() < 5e-5, "{servers} {load}: {found}");
        }
    }

    /// The formula behind the waits needs a transaction that holds half of its locks on
    /// average: the scenario's own times must say so.
    #[test]
    fn a_transaction_of_the_rows_holds_two_of_its_four_locks_on_average() {
        let rows = crate::scenario::parse(ROWS.0, ROWS.1).expect("it is right");
        let bank = &rows.machines[1];
        let (first, statement) = (bank.process.service_time.mean(), bank.database.statement);
        let life = first + statement * 5;
        let held: SimDuration = (2..=5).map(|statements| statement * statements).sum();
        assert_eq!(held, life * 2);
    }
}
