//! How the cost of a run grows: real time and memory, over the number of
//! transactions, of keys, of services and of clients at once. What is O(log n) or
//! better has an exponent near 0; memory that does not grow with the transactions is
//! flat. Two-phase commit, no faults, all promises checked, the history folded and
//! not kept.
//!
//! `cargo bench --bench scale`

#![allow(clippy::print_stdout, reason = "a benchmark says what it measured")]
#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]

mod support;

use std::time::Instant;

use indoubt::scenario;
use indoubt::world::RunSpec;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const THREE: (&str, &str) = (
    "three-participants.toml",
    include_str!("three-participants.toml"),
);
const TRIP: (&str, &str) = (
    "participants.toml",
    include_str!("../scenarios/performance/participants.toml"),
);

/// What grows: its name, the settings for a size, and the sizes.
struct Dimension {
    name: &'static str,
    file: (&'static str, &'static str),
    sets: fn(u64) -> Vec<String>,
    sizes: &'static [u64],
}

const DIMENSIONS: [Dimension; 4] = [
    Dimension {
        name: "transactions",
        file: THREE,
        sets: |n| vec![format!("workload.transactions={n}")],
        sizes: &[10_000, 100_000, 1_000_000],
    },
    Dimension {
        name: "keys of each resource",
        file: THREE,
        sets: |n| vec![format!("domains.account.size={n}")],
        sizes: &[1_000, 10_000, 100_000, 1_000_000],
    },
    Dimension {
        name: "services",
        file: TRIP,
        sets: |n| {
            vec![
                format!("first-steps={n}"),
                "workload.transactions=10000".to_owned(),
            ]
        },
        sizes: &[1, 2, 4, 8],
    },
    Dimension {
        name: "clients at once",
        file: THREE,
        sets: |n| {
            vec![
                format!("workload.arrivals.clients={n}"),
                "workload.transactions=50000".to_owned(),
                "defaults.process.workers=1000".to_owned(),
                "domains.account.size=1000000".to_owned(),
                // Nobody is late: the same work, with more of it under way.
                "policies.give-up-after=10s".to_owned(),
                "policies.resend-after=5s".to_owned(),
                "policies.inquire-after=5s".to_owned(),
                "policies.idle-branch-after=20s".to_owned(),
                "workload.timeout=30s".to_owned(),
            ]
        },
        sizes: &[16, 64, 256, 1_024, 4_096],
    },
];

/// What a run cost.
struct Cost {
    committed: u64,
    events: u64,
    seconds: f64,
    peak: usize,
}

fn main() {
    for dimension in &DIMENSIONS {
        println!(
            "{:<24} {:>12} {:>12} {:>12} {:>14} {:>12}",
            dimension.name, "committed", "events each", "ns an event", "us committed", "peak, MiB"
        );
        let mut slopes = (Vec::new(), Vec::new());
        for &size in dimension.sizes {
            let cost = cost(dimension, size);
            let each = cost.seconds / cost.committed as f64;
            let an_event = cost.seconds / cost.events as f64;
            println!(
                "{size:<24} {:>12} {:>12.1} {:>12.0} {:>14.1} {:>12.1}",
                cost.committed,
                cost.events as f64 / cost.committed as f64,
                an_event * 1e9,
                each * 1e6,
                cost.peak as f64 / f64::from(1 << 20),
            );
            let log = libm::log(size as f64);
            slopes.0.push((log, libm::log(an_event)));
            slopes.1.push((log, libm::log(cost.peak as f64)));
        }
        println!(
            "{:<24} {:>38.2} {:>27.2}\n",
            "  exponent",
            slope(&slopes.0),
            slope(&slopes.1),
        );
    }
}

/// The cheapest of three runs, or one that takes long.
fn cost(of: &Dimension, size: u64) -> Cost {
    let (name, text) = of.file;
    let scenario = scenario::parse_with(name, text, &(of.sets)(size));
    let spec = support::spec(scenario.unwrap_or_else(|errors| panic!("{errors}")));
    let mut best = run(&spec);
    for _ in 0..2 {
        if best.seconds < 5.0 {
            let again = run(&spec);
            if again.seconds < best.seconds {
                best = again;
            }
        }
    }
    best
}

fn run(spec: &RunSpec) -> Cost {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let start = Instant::now();
    let (committed, events) = support::direct(spec);
    Cost {
        committed,
        events,
        seconds: start.elapsed().as_secs_f64(),
        peak: MEMORY.peak_usage().saturating_sub(before),
    }
}

/// Least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), p| (x + p.0, y + p.1));
    let (x, y) = (x / n, y / n);
    let (over, under) = points.iter().fold((0.0, 0.0), |(over, under), p| {
        (over + (p.0 - x) * (p.1 - y), under + (p.0 - x) * (p.0 - x))
    });
    over / under
}
