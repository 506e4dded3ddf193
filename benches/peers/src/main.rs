//! The same two-phase commit, the same workload: how many committed transactions a
//! second of real time the bench simulates, and how many its peers do. The bench is
//! given a scenario, `benches/three-participants.toml`; for turmoil and for madsim
//! the protocol is written out as `async` functions ([`plain`]). Ratios within one
//! run are what counts.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml`
//!
//! All simulate 64 clients who think for 1 ms, 10,000 accounts, 20 messages a
//! transaction (the client's two among them), 7 forced records, time-outs, and row
//! locks from the work to the decision. Each run holds that every transaction was
//! committed, and that the balances are right. They differ in this:
//!
//! | | the bench | turmoil | madsim |
//! | --- | --- | --- | --- |
//! | a message takes | 250 µs | to the next tick: 1 ms | 250 µs, and 1 ms each to be sent and received |
//! | a statement takes | 100 µs, and as much to be taken up | 1 ms, the shortest sleep | 1 ms, the shortest sleep |
//! | a disk | flushes together what comes together, and can lose or tear it | sleeps | sleeps |
//! | a database | has deadlock detection, a log that is replayed, checkpoints | has a lock a row | has a lock a row |
//! | a crash | can come at any moment | forgets nothing, so must not come | as turmoil's |
//! | messages are | values | datagrams, encoded | values |
//! | a history is | recorded, digested and, but for *no checks*, judged and measured | not kept | not kept |
//!
//! A finer tick would not make turmoil's time finer. tokio's timers, by which it
//! counts its ticks, are whole milliseconds: with a tick of 500 µs it takes as many
//! steps, and says that half the time has gone by. Slow motion, ten ticks to a
//! millisecond, would be as fine as the bench's time; it costs turmoil about a fifth
//! of its rate, so it is not what is measured here.
//!
//! tokio is the real one for turmoil, as `--cfg madsim` replaces nothing but what
//! comes from crates of madsim's family. So both live in one binary.

#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]

#[cfg(madsim)]
mod on_madsim;
mod on_turmoil;
mod ours;
mod plain;

use std::time::Instant;

use ours::Ours;

const ROUNDS: usize = 5;

fn main() {
    // Enough for about a second each.
    let ours = Ours::new(20_000);
    let mut contestants = vec![
        Contestant::new("InDoubt, direct host", 20_000, |_| ours.direct()),
        Contestant::new("InDoubt, direct host, no checks", 20_000, |_| {
            ours.direct_unchecked()
        }),
        Contestant::new("turmoil", 40_000, on_turmoil::run),
    ];
    #[cfg(madsim)]
    {
        contestants.push(Contestant::new("InDoubt, madsim host", 20_000, |_| {
            ours.on_madsim()
        }));
        contestants.push(Contestant::new("madsim", 10_000, on_madsim::run));
    }
    // In turns, so that a machine that slows down slows all of them down.
    for _ in 0..ROUNDS {
        for contestant in &mut contestants {
            contestant.run();
        }
    }
    let base = contestants[0].rate();
    println!(
        "{:<32} {:>14} {:>14} {:>8}",
        "", "transactions/s", "messages each", "ratio"
    );
    for contestant in &contestants {
        let rate = contestant.rate();
        println!(
            "{:<32} {:>14.0} {:>14.2} {:>8.3}",
            contestant.name,
            rate,
            contestant.messages as f64 / f64::from(contestant.transactions),
            rate / base,
        );
    }
}

/// Something to be timed.
struct Contestant<'a> {
    name: &'static str,
    transactions: u32,
    /// Runs so many transactions, and says how many messages there were.
    run: Box<dyn Fn(u32) -> u64 + 'a>,
    messages: u64,
    seconds: Vec<f64>,
}

impl<'a> Contestant<'a> {
    fn new(name: &'static str, transactions: u32, run: impl Fn(u32) -> u64 + 'a) -> Self {
        Contestant {
            name,
            transactions,
            run: Box::new(run),
            messages: 0,
            seconds: Vec::new(),
        }
    }

    fn run(&mut self) {
        let start = Instant::now();
        self.messages = (self.run)(self.transactions);
        self.seconds.push(start.elapsed().as_secs_f64());
    }

    /// Committed transactions a second, in the median round.
    fn rate(&self) -> f64 {
        let mut seconds = self.seconds.clone();
        seconds.sort_unstable_by(f64::total_cmp);
        f64::from(self.transactions) / seconds[seconds.len() / 2]
    }
}
