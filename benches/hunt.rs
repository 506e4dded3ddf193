//! How many seeds a second a hunt runs, on one thread and on two, beside a bare
//! binary heap that moves as many events; and how long shrinking takes.
//!
//! `cargo bench --bench hunt`

#![allow(clippy::print_stdout, reason = "a benchmark says what it measured")]
#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]

mod support;

use std::ops::ControlFlow;
use std::time::Instant;

use indoubt::lab::hunt::{Hunt, SeedRange, Shard, Summary};
use indoubt::lab::shrink::{Shrink, shrink};
use indoubt::lab::{Subject, shipped};
use indoubt::protocol::{ProtocolKind, Safeguard, Safeguards};
use indoubt::vocab::Seed;

use support::bare_heap;

const ROUNDS: usize = 5;
const SEEDS: SeedRange = SeedRange {
    from: 0,
    until: 400,
};

fn main() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/points-mall.toml");
    let sets = ["workload.transactions=10".to_owned()];
    let subject = Subject::load(file, &sets).unwrap_or_else(|errors| panic!("{errors}"));
    let hunt = Hunt {
        subject,
        protocols: ProtocolKind::ALL.to_vec(),
        safeguards: Safeguards::all(),
        swarm: true,
        cross_check: 0,
        runner: shipped,
    };
    println!("points-mall, up to 10 transactions, drawn faults, all promises, 4 protocols\n");
    // Taken in turns, so that a machine that is slow for a while is so for all.
    let mut seconds = [const { Vec::new() }; 3];
    let mut events = 0;
    for _ in 0..ROUNDS {
        for threads in [1, 2] {
            let start = Instant::now();
            events = hunted(&hunt, threads).events;
            seconds[threads - 1].push(start.elapsed().as_secs_f64());
        }
        let start = Instant::now();
        bare_heap(events);
        seconds[2].push(start.elapsed().as_secs_f64());
    }
    let [one, two, bare] = seconds.map(median);
    let seeds = SEEDS.count() as f64;
    println!("1 thread    {:>8.0} seeds/s", seeds / one);
    println!(
        "2 threads   {:>8.0} seeds/s  {:.2} times",
        seeds / two,
        one / two
    );
    println!(
        "bare heap   {:>8.0} seeds/s  of as many events",
        seeds / bare
    );
    println!("ratio       {:>8.4} of the bare heap's speed\n", bare / one);
    shrinking(&hunt);
}

fn hunted(hunt: &Hunt, threads: usize) -> Summary {
    let mut summary = Summary::default();
    hunt.run(Shard::WHOLE.seeds(SEEDS), threads, |record| {
        summary.take(&record);
        ControlFlow::Continue(())
    });
    summary
}

/// Every kind of finding that the mall has without an outbox, shrunk.
fn shrinking(hunt: &Hunt) {
    let safeguards = Safeguards::all().without(Safeguard::Outbox);
    let weak = Hunt {
        safeguards,
        ..hunt.clone()
    };
    let found = hunted(&weak, 2);
    let mut seconds = Vec::new();
    let mut runs = 0;
    for (finding, group) in found.unexpected() {
        let seed = Seed(group.first);
        let subject = weak.subject.swarmed(seed).expect("it was run before");
        let wanted = Shrink {
            subject,
            seed,
            protocol: ProtocolKind::named(&finding.protocol).expect("a shipped protocol"),
            safeguards,
            promise: Some(finding.promise.clone()),
            budget: 3_000,
            runner: shipped,
        };
        let start = Instant::now();
        runs += shrink(&wanted, |_| ()).map_or(0, |shrunk| shrunk.runs);
        seconds.push(start.elapsed().as_secs_f64());
    }
    let longest = seconds.iter().copied().fold(0.0, f64::max);
    println!(
        "shrinking   {} findings, {runs} runs: median {:.0} ms, longest {:.0} ms",
        seconds.len(),
        median(seconds) * 1e3,
        longest * 1e3
    );
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or_default()
}
