//! How many runs a second `exhaust` makes: all single faults of the mall with one
//! transaction, judged, on one core and on two; what a world and a judge cost before
//! their first event; and how long all pairs take on two cores (the goal: two
//! minutes, single faults included).
//!
//! `cargo bench --bench exhaust`

#![allow(clippy::print_stdout, reason = "a benchmark says what it measured")]
#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]

mod support;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Instant;

use indoubt::check::Judge;
use indoubt::lab::exhaust::{Count, Depth, ExhaustOptions, Pruning, exhaust};
use indoubt::protocol::two_phase_commit::TwoPhaseCommit;
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::world::World;

const ROUNDS: usize = 3;

fn main() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/points-mall.toml");
    let mut mall = scenario::load(file).unwrap_or_else(|errors| panic!("{errors}"));
    mall.workload.transactions = 1;
    println!("all single faults of points-mall, one transaction\n");
    println!("{:<16} {:>6} {:>10} {:>14}", "", "jobs", "runs", "runs/s");
    for protocol in ProtocolKind::ALL {
        for jobs in [1, 2] {
            let (runs, seconds) = singles(&mall, protocol, jobs);
            let rate = runs as f64 / seconds;
            println!("{:<16} {jobs:>6} {runs:>10} {rate:>14.0}", protocol.name());
            if (protocol, jobs) == (ProtocolKind::TwoPhaseCommit, 1) {
                bare(&mall, runs, seconds);
            }
        }
    }
    set_up(mall.clone());
    pairs(&mall);
}

/// How many runs there are, and how long the median round of them takes.
fn singles(mall: &Scenario, protocol: ProtocolKind, jobs: usize) -> (u64, f64) {
    let options = options(mall, protocol, Depth::Single, jobs);
    let mut runs = 0;
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let outcome = exhaust(mall, &options, &());
            runs = Count::sum(outcome.sides[0].singles.values()).tried;
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_unstable_by(f64::total_cmp);
    (runs, seconds[ROUNDS / 2])
}

/// As many events as whole runs of two-phase commit have without a fault, in a bare
/// heap. (A run of `exhaust` begins where its fault strikes.)
fn bare(mall: &Scenario, runs: u64, seconds: f64) {
    let (_, events) = support::direct(&support::spec(alone(mall.clone())));
    let start = Instant::now();
    support::bare_heap(runs * events);
    let bare = start.elapsed().as_secs_f64();
    println!(
        "{:<16} {:>6} {:>10} {:>14.0}  {events} events each; ratio {:.3}",
        "  bare heap",
        1,
        runs,
        runs as f64 / bare,
        bare / seconds
    );
}

/// The mall with no fault of its own.
fn alone(mut mall: Scenario) -> Scenario {
    mall.faults.clear();
    mall.seeded = None;
    mall
}

fn options(mall: &Scenario, protocol: ProtocolKind, depth: Depth, jobs: usize) -> ExhaustOptions {
    ExhaustOptions {
        depth,
        seeds: vec![mall.seed],
        protocols: vec![protocol],
        safeguards: Safeguards::all(),
        pruning: Pruning::On,
        kinds: Vec::new(),
        jobs: NonZeroUsize::new(jobs).expect("not zero"),
    }
}

/// All single faults and all pairs, once.
fn pairs(mall: &Scenario) {
    println!("\nall single faults and all pairs of points-mall, one transaction, two jobs\n");
    println!("{:<16} {:>10} {:>10} {:>14}", "", "runs", "s", "runs/s");
    let (mut runs, mut seconds) = (0, 0.0);
    let line = |name: &str, runs: u64, seconds: f64| {
        let rate = runs as f64 / seconds;
        println!("{name:<16} {runs:>10} {seconds:>10.1} {rate:>14.0}");
    };
    for protocol in ProtocolKind::ALL {
        let start = Instant::now();
        let outcome = exhaust(mall, &options(mall, protocol, Depth::Pairs, 2), &());
        let side = &outcome.sides[0];
        let tried = Count::sum(side.singles.values().chain(side.pairs.values())).tried;
        let took = start.elapsed().as_secs_f64();
        line(protocol.name(), tried, took);
        (runs, seconds) = (runs + tried, seconds + took);
    }
    line("in all", runs, seconds);
}

fn set_up(mall: Scenario) {
    const WORLDS: u32 = 20_000;
    let spec = support::spec(alone(mall));
    let start = Instant::now();
    for _ in 0..WORLDS {
        black_box(World::<TwoPhaseCommit, ()>::new(&spec, ()));
        black_box(Judge::new(&spec.scenario, ProtocolKind::TwoPhaseCommit));
    }
    let micros = start.elapsed().as_secs_f64() * 1e6 / f64::from(WORLDS);
    println!("\na world and its judge before the first event, 2pc: {micros:.1} µs");
}
