//! The utilisation law.

use super::busy::{Busy, Server};
use super::experiments::{COSTS, Costs, GROUP_COMMIT, HOT_ROW, MEAN, QUEUE, one_run, sets};
use super::gauges::Gauge;
use super::reading::Reading;
use super::{Claim, Effort, Experiment, Theory};
use crate::protocol::ProtocolKind;
use crate::scenario::Sizes;
use crate::vocab::SimDuration;

pub(super) fn utilisation(effort: Effort) -> Theory {
    let transactions = match effort {
        Effort::Quick => 2_000,
        Effort::Full => 50_000,
    };
    let mut experiments = Vec::new();
    for servers in [1, 2, 8] {
        for busy in [0.5, 0.9] {
            experiments.push(workers(servers, busy, transactions));
        }
    }
    for protocol in [ProtocolKind::Monolith, ProtocolKind::OrchestratedSaga] {
        experiments.extend(COSTS.map(|costs| row(costs, protocol, transactions / 10)));
    }
    experiments.extend([500, 2_000, 8_000].map(|every| disk(every, transactions)));
    experiments.extend([0.5, 0.9].map(|busy| link(busy, transactions)));
    experiments.push(commands(transactions / 10));
    Theory {
        name: "The utilisation law",
        says: "U = XS/c (Denning & Buzen 1978): c servers, each of whose customers it keeps for a \
               time S, are busy for a share U of the time if they serve X a second. The simulation \
               says for how long somebody was with a worker, had the row, waited for the disk or \
               was on the link, and how many they were. S is the service time of a worker, the sum \
               above of a row, the flush of a disk, which is one for all who wait when it begins, \
               and of a link the bits of a message over its bandwidth; it is always the same, so \
               the law is exact.",
        measured: "Uc / (XS)",
        experiments,
    }
}

fn experiment(name: String, file: (&'static str, &'static str), gauge: Busy) -> Experiment {
    Experiment {
        name,
        file: file.0,
        text: file.1,
        sets: Vec::new(),
        protocol: ProtocolKind::Monolith,
        claim: Claim::Equal(1.0),
        seeds: 1,
        series: one_run(),
        gauge: Gauge::Busy(gauge),
        reading: Reading::Only,
    }
}

fn workers(servers: u32, busy: f64, transactions: u32) -> Experiment {
    let every = (MEAN as f64 / f64::from(servers) / busy) as u64;
    let service = SimDuration::from_micros(MEAN);
    Experiment {
        sets: sets([
            format!("machines.clerk.process.workers={servers}"),
            format!("machines.clerk.process.service-time={MEAN}us"),
            format!("workload.arrivals.every={every}us"),
            format!("workload.transactions={transactions}"),
        ]),
        ..experiment(
            format!("workers, M/D/{servers}, ρ = {busy}"),
            QUEUE,
            Busy::new(Server::Worker, servers, service),
        )
    }
}

/// Few clients, who think, so that the row is free at times.
fn row(costs: Costs, protocol: ProtocolKind, transactions: u32) -> Experiment {
    let hold = costs.hold(protocol);
    let [delay, flush] = costs.sets();
    Experiment {
        protocol,
        sets: sets([
            delay,
            flush,
            format!("workload.transactions={transactions}"),
            "workload.arrivals.clients=3".to_owned(),
            format!(
                "workload.arrivals.think={{ least = \"0\", mean = \"{}us\" }}",
                4 * hold
            ),
        ]),
        ..experiment(
            format!("row, {}", costs.name(protocol)),
            HOT_ROW,
            Busy::new(Server::Row(None), 1, SimDuration::from_micros(hold)),
        )
    }
}

fn disk(every: u32, transactions: u32) -> Experiment {
    Experiment {
        sets: sets([
            format!("workload.arrivals.every={every}us"),
            "machines.ledger.database.group-commit=0us".to_owned(),
            "machines.ledger.database.flush=2ms".to_owned(),
            format!("workload.transactions={transactions}"),
        ]),
        ..experiment(
            format!("disk, λ = {} a second, F = 2 ms", 1_000_000 / every),
            GROUP_COMMIT,
            Busy::new(
                Server::Disk(Default::default()),
                1,
                SimDuration::from_millis(2),
            ),
        )
    }
}

/// Requests alone on a link of 1 Mbit/s, which all take as long as the mean of a queue.
fn link(busy: f64, transactions: u32) -> Experiment {
    let every = (MEAN as f64 / busy) as u64;
    Experiment {
        sets: sets([
            "network.bandwidth=1Mbit/s".to_owned(),
            format!("network.sizes.request={}", MEAN / 8),
            "machines.clerk.process.service-time=0us".to_owned(),
            format!("workload.arrivals.every={every}us"),
            format!("workload.transactions={transactions}"),
        ]),
        ..experiment(
            format!("link, M/D/1, {} bytes at 1 Mbit/s, ρ = {busy}", MEAN / 8),
            QUEUE,
            Busy::new(
                Server::Link("request", None),
                1,
                SimDuration::from_micros(MEAN),
            ),
        )
    }
}

/// What a command takes: which of the orchestrator's messages it is, the saga's name, the
/// step, and four numbers that say what it is about.
const COMMAND: u32 = Sizes::OVERHEAD + 4 + 16 + 1 + 4 * 4;

/// Commands of an orchestrator to the first service, as large as what they say.
fn commands(transactions: u32) -> Experiment {
    Experiment {
        protocol: ProtocolKind::OrchestratedSaga,
        sets: sets([
            "network.bandwidth=8Mbit/s".to_owned(),
            "network.delay=0us".to_owned(),
            format!("workload.transactions={transactions}"),
        ]),
        ..experiment(
            format!("link, commands of {COMMAND} bytes at 8 Mbit/s"),
            HOT_ROW,
            Busy::new(
                Server::Link("command", None),
                1,
                SimDuration::from_micros(u64::from(COMMAND)),
            ),
        )
    }
}
