//! How fast the bench itself is: two-phase commit with three participants, no
//! faults, all promises checked, the history folded and not kept; beside a bare
//! binary heap and a bare madsim loop that move the same number of agenda
//! events. Ratios within one run are what counts; absolute figures are the
//! machine's.
//!
//! `cargo bench --bench throughput`

#![allow(clippy::print_stdout, reason = "a benchmark says what it measured")]
#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]

mod support;

use std::hint::black_box;
use std::time::Instant;

use indoubt::check::Judge;
use indoubt::history::DigestSink;
use indoubt::measure::Meter;
use indoubt::protocol::ProtocolKind;
use indoubt::protocol::two_phase_commit::TwoPhaseCommit;
use indoubt::scenario::{self, Scenario};
use indoubt::world::{RunSpec, host};
use support::{bare_heap, direct};

const ROUNDS: usize = 5;

fn main() {
    let spec = spec(20_000);
    let (committed, events) = direct(&spec);
    println!(
        "two-phase commit, 3 participants, no faults, all promises: {committed} transactions, \
         {:.1} agenda events each\n",
        events as f64 / committed as f64
    );

    let mut contestants: Vec<Contestant> = vec![
        Contestant::new("direct host", || _ = direct(&spec)),
        Contestant::new("direct host, no checks", || _ = unchecked(&spec)),
        Contestant::new("bare binary heap", || bare_heap(events)),
    ];
    #[cfg(madsim)]
    {
        contestants.push(Contestant::new("madsim host", || _ = on_madsim(&spec)));
        contestants.push(Contestant::new("bare madsim loop", || bare_madsim(events)));
    }
    // In turns, so that a machine that slows down slows all of them down.
    for _ in 0..ROUNDS {
        for contestant in &mut contestants {
            contestant.run();
        }
    }
    let base = contestants[0].median();
    println!(
        "{:<24} {:>14} {:>14} {:>12}",
        "", "transactions/s", "events/s", "time, ratio"
    );
    for contestant in &contestants {
        let seconds = contestant.median();
        println!(
            "{:<24} {:>14.0} {:>14.0} {:>12.3}",
            contestant.name,
            committed as f64 / seconds,
            events as f64 / seconds,
            seconds / base,
        );
    }
}

/// Something to be timed.
struct Contestant<'a> {
    name: &'static str,
    run: Box<dyn Fn() + 'a>,
    seconds: Vec<f64>,
}

impl<'a> Contestant<'a> {
    fn new(name: &'static str, run: impl Fn() + 'a) -> Self {
        Contestant {
            name,
            run: Box::new(run),
            seconds: Vec::new(),
        }
    }

    fn run(&mut self) {
        let start = Instant::now();
        (self.run)();
        self.seconds.push(start.elapsed().as_secs_f64());
    }

    fn median(&self) -> f64 {
        let mut seconds = self.seconds.clone();
        seconds.sort_unstable_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    }
}

fn spec(transactions: u32) -> RunSpec {
    let text = include_str!("three-participants.toml");
    let mut scenario: Scenario =
        scenario::parse("three-participants.toml", text).expect("the benchmark's own scenario");
    scenario.workload.transactions = transactions;
    support::spec(scenario)
}

fn unchecked(spec: &RunSpec) -> u64 {
    let (digest, _) = host::direct::run::<TwoPhaseCommit, _>(spec, DigestSink::default());
    digest.events()
}

#[cfg(madsim)]
fn on_madsim(spec: &RunSpec) -> u64 {
    let judge = Judge::new(&spec.scenario, ProtocolKind::TwoPhaseCommit);
    let sink = (
        DigestSink::default(),
        (
            judge,
            Meter::new(&spec.scenario, ProtocolKind::TwoPhaseCommit),
        ),
    );
    let ((digest, (judge, _)), _) = host::madsim::run::<TwoPhaseCommit, _>(spec, sink);
    black_box(judge.verdicts());
    digest.events()
}

/// A bare madsim loop: a pump and a task, and one message each way an event.
#[cfg(madsim)]
fn bare_madsim(events: u64) {
    use tokio::sync::mpsc::unbounded_channel;
    let runtime = madsim::runtime::Runtime::new();
    runtime.block_on(async move {
        let (to_node, mut inbox) = unbounded_channel::<u64>();
        let (answer, mut answers) = unbounded_channel::<u64>();
        let node = madsim::runtime::Handle::current().create_node().build();
        node.spawn(async move {
            while let Some(n) = inbox.recv().await {
                if answer.send(n + 1).is_err() {
                    return;
                }
            }
        });
        for n in 0..events {
            if to_node.send(n).is_err() {
                return;
            }
            black_box(answers.recv().await);
        }
    });
}
