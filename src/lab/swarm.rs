//! What a hunt draws for every seed, beside the seed's own chance: which kinds of
//! fault may occur, how many there are, when, and the shape of the workload.
//!
//! A run in which everything may go wrong is not the one in which a given thing
//! goes wrong most often: with some features left out, others have room (Groce,
//! Zhang, Eide, Chen & Regehr 2012, "Swarm Testing"). What is drawn is said in
//! the scenario language, as settings to be put on top of the file, so that it
//! can be read, run alone and shrunk.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::fault::{Fault, FaultKind, Moment, Seeded, Select, Ways};
use crate::protocol::{Milestone, ProtocolKind};
use crate::scenario::{Arrivals, Scenario, faults_setting};
use crate::vocab::{Chance, Identity, NodeId, Probability, Seed, SimDuration, SimTime, Stream};

/// The most transactions that a drawn workload has: small runs find as much, and
/// sooner.
const MOST_TRANSACTIONS: u32 = 40;
const MOST_FAULTS: u32 = 6;

/// What is drawn for a seed, as settings (`path=value`) on top of the scenario.
/// The same for every protocol, whichever of them are run.
pub fn swarm(scenario: &Scenario, seed: Seed) -> Vec<String> {
    let mut sets = Vec::new();
    let workload = shape(scenario, &mut rng(seed, "shape"), &mut sets);
    speeds(scenario, &mut rng(seed, "speeds"), &mut sets);
    let mut faults = scenario.faults.clone();
    faults.extend(drawn(scenario, workload, &mut rng(seed, "faults")));
    if scenario.seeded.is_some() {
        sets.push("seeded-faults=none".to_owned());
    }
    sets.push(faults_setting(scenario, &faults));
    sets
}

fn rng(seed: Seed, part: &str) -> ChaCha8Rng {
    Chance::new(seed).draw(Stream::Swarm, Identity::named(part))
}

/// A workload as far as faults must know it.
#[derive(Clone, Copy)]
struct Shape {
    transactions: u32,
    /// About when the last request comes.
    ends: SimTime,
}

/// How many transactions, how many clients, how patient, how contended.
fn shape(scenario: &Scenario, rng: &mut ChaCha8Rng, sets: &mut Vec<String>) -> Shape {
    let most = scenario.workload.transactions.min(MOST_TRANSACTIONS);
    let transactions = log_uniform(rng, 1, u64::from(most)) as u32;
    let ends = match &scenario.workload.arrivals {
        Arrivals::Listed(wishes) => {
            return Shape {
                transactions: wishes.len() as u32,
                ends: wishes.last().map_or(SimTime::ZERO, |wish| wish.at),
            };
        }
        Arrivals::Closed { clients, think } => {
            let clients = log_uniform(rng, 1, u64::from(*clients) * 2) as u32;
            let think = match rng.random_range(0..3u32) {
                0 => SimDuration::from_micros(200),
                1 => SimDuration::from_millis(20),
                _ => think.mean(),
            };
            let think_time = format!("{}us", think.as_micros());
            sets.push(format!(
                "workload.arrivals={{ kind = \"closed\", clients = {clients}, think = \"{think_time}\" }}"
            ));
            let each = think + SimDuration::from_millis(20);
            SimTime::ZERO + each * u64::from(transactions.div_ceil(clients))
        }
        Arrivals::Open { every, ramp, .. } => {
            let slowest = ramp.map_or(*every, |ramp| ramp.to.max(*every));
            SimTime::ZERO + slowest * u64::from(transactions)
        }
    };
    sets.push(format!("workload.transactions={transactions}"));
    for domain in &scenario.business.domains {
        let choice = match rng.random_range(0..4u32) {
            0 => "\"uniform\"".to_owned(),
            1 => "{ zipf = 1.2 }".to_owned(),
            2 if domain.size > 1 => "{ hot = 1, share = 0.8 }".to_owned(),
            _ => continue,
        };
        sets.push(format!("domains.{}.choice={choice}", domain.name));
    }
    Shape { transactions, ends }
}

/// Perhaps a slow service, perhaps a slow network: what must wait arrives out of
/// order.
fn speeds(scenario: &Scenario, rng: &mut ChaCha8Rng, sets: &mut Vec<String>) {
    if rng.random_range(0..3u32) == 0 {
        let slow = &scenario.machines[rng.random_range(0..scenario.machines.len() as u32) as usize];
        let mean = log_uniform(rng, 1_000, 30_000);
        let time = format!("{{ least = \"50us\", mean = \"{mean}us\" }}");
        sets.push(format!(
            "machines.{}.process.service-time={time}",
            slow.name
        ));
    }
    if rng.random_range(0..3u32) == 0 {
        let most = log_uniform(rng, 1_000, 20_000);
        sets.push(format!(
            "network.delay={{ from = \"50us\", to = \"{most}us\" }}"
        ));
    }
}

fn drawn(scenario: &Scenario, workload: Shape, rng: &mut ChaCha8Rng) -> Vec<Fault> {
    let mut kinds = Seeded::KINDS.to_vec();
    kinds.retain(|_| rng.random_range(0..2u32) == 0);
    if kinds.is_empty() {
        kinds.push(Seeded::KINDS[rng.random_range(0..Seeded::KINDS.len() as u32) as usize]);
    }
    let count = rng.random_range(0..=MOST_FAULTS);
    let mut faults = Vec::new();
    for _ in 0..count {
        let kind = kinds[rng.random_range(0..kinds.len() as u32) as usize];
        let lasts = SimDuration::from_millis(log_uniform(rng, 2, 500));
        if rng.random_range(0..3u32) == 0 {
            let at = rng.random_range(0..=workload.ends.as_micros() * 5 / 4);
            let node = machine(scenario, rng);
            let when = Moment::At(SimTime::from_micros(at));
            faults.extend(strike(scenario, kind, node, when, lasts, rng));
            continue;
        }
        // One moment for each protocol, so that none of them is spared.
        let nth = log_uniform(rng, 1, u64::from(workload.transactions)) as u32;
        for protocol in ProtocolKind::ALL {
            let (milestone, node) = moment(scenario, protocol, rng);
            let when = Moment::On {
                milestone,
                node: Some(node),
                nth,
            };
            let fault = strike(scenario, kind, node, when, lasts, rng);
            faults.extend(fault.filter(|fault| !faults.contains(fault)));
        }
    }
    faults
}

/// Something that a protocol comes to, and where.
fn moment(
    scenario: &Scenario,
    protocol: ProtocolKind,
    rng: &mut ChaCha8Rng,
) -> (Milestone, NodeId) {
    let all: Vec<Milestone> = Milestone::ALL
        .iter()
        .copied()
        .filter(|m| m.raised_by(protocol) && !m.name().starts_with("client."))
        .collect();
    let milestone = all[rng.random_range(0..all.len() as u32) as usize];
    let nodes = &scenario.nodes;
    let services = rng.random_range(1..scenario.machines.len() as u32) as u16;
    let node = match milestone.name().split('.').next() {
        Some("coordinator" | "orchestrator") => nodes.manager(),
        Some("broker") => nodes.broker(),
        _ => NodeId(services),
    };
    (milestone, node)
}

/// Any machine that can die: the manager, a service, the broker.
fn machine(scenario: &Scenario, rng: &mut ChaCha8Rng) -> NodeId {
    NodeId(rng.random_range(0..=u32::from(scenario.nodes.broker().0)) as u16)
}

/// A fault of this kind that concerns this node; `None` where it has nothing that
/// could fail so.
fn strike(
    scenario: &Scenario,
    kind: &'static str,
    node: NodeId,
    when: Moment,
    lasts: SimDuration,
    rng: &mut ChaCha8Rng,
) -> Option<Fault> {
    let broker = scenario.nodes.broker();
    let sends = rng.random_range(0..2u32) == 0;
    let rate = Probability::new([0.1, 0.3, 1.0][rng.random_range(0..3u32) as usize])?;
    let late = SimDuration::from_micros(log_uniform(rng, 500, 300_000));
    let select = Select {
        from: sends.then_some(node),
        to: (!sends).then_some(node),
        ..Select::default()
    };
    let kind = match kind {
        "crash" => FaultKind::CrashProcess(node),
        "database-crash" if node == broker => return None,
        "database-crash" => FaultKind::CrashDatabase(node),
        "power-loss" => FaultKind::PowerLoss(node),
        "pause" => FaultKind::Pause(node),
        "partition" => FaultKind::Partition {
            from: vec![node],
            to: (0..=broker.0).map(NodeId).filter(|&n| n != node).collect(),
            ways: if sends { Ways::OneWay } else { Ways::Both },
        },
        "latency-spike" => FaultKind::LatencySpike {
            select,
            extra: late,
        },
        "loss" => FaultKind::Loss { select, rate },
        _ => FaultKind::Duplicate {
            select,
            rate,
            after: late,
        },
    };
    Some(Fault { kind, when, lasts })
}

/// A whole number between two, small ones as likely as large ones.
fn log_uniform(rng: &mut ChaCha8Rng, least: u64, most: u64) -> u64 {
    let (low, high) = (
        libm::log(least as f64),
        libm::log(most.max(least) as f64 + 1.0),
    );
    let unit = f64::from(rng.random::<u32>()) / 4_294_967_296.0;
    (libm::exp(low + unit * (high - low)) as u64).clamp(least, most.max(least))
}
