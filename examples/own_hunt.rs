//! Hunting a protocol of your own: the *best effort* of `own_machine.rs` under
//! two hundred seeds, each with faults and a workload that are drawn for it; what
//! broke, grouped into bugs; and the smallest scenario that still shows one.
//!
//! ```console
//! $ cargo run --release --example own_hunt
//! ```
//!
//! Everything is a function from data to data: give the scenario as text, take
//! records as they come, put them together in any order.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

#[allow(dead_code, unreachable_pub)]
#[path = "own_machine.rs"]
mod own_machine;

use std::ops::ControlFlow;

use indoubt::lab;
use indoubt::lab::Subject;
use indoubt::lab::hunt::{Hunt, SeedRange, Shard, Summary};
use indoubt::lab::shrink::{Shrink, shrink};
use indoubt::protocol::{Protocol, Safeguards};
use indoubt::vocab::Seed;
use own_machine::BestEffort;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/points-mall.toml");
    let hunt = Hunt {
        subject: Subject::load(file, &[])?,
        protocols: vec![BestEffort::KIND],
        safeguards: Safeguards::all(),
        swarm: true,
        cross_check: 20, // every twentieth seed on madsim, too
        runner: lab::own::<BestEffort>(),
    };
    let seeds = SeedRange {
        from: 0,
        until: 200,
    };
    let mut summary = Summary::default();
    hunt.run(Shard::WHOLE.seeds(seeds), 2, |record| {
        summary.take(&record);
        ControlFlow::Continue(())
    });

    println!("{} seeds, {} events", summary.seeds, summary.events);
    for (finding, group) in summary.unexpected() {
        println!(
            "{}: {} ({} seeds, the first {})",
            finding.promise, finding.how, group.seeds, group.first
        );
    }

    let Some((finding, group)) = summary.unexpected().max_by_key(|(_, group)| group.seeds) else {
        return Ok(());
    };
    let seed = Seed(group.smallest);
    let shrunk = shrink(
        &Shrink {
            subject: hunt.subject.swarmed(seed)?,
            seed,
            protocol: BestEffort::KIND,
            safeguards: hunt.safeguards,
            promise: Some(finding.promise.clone()),
            budget: 2_000,
            runner: hunt.runner,
        },
        |_| (),
    )?;
    println!("\n# {}\n{}", shrunk.violation.what, shrunk.text);
    Ok(())
}
