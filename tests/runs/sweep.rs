//! 2,000 seeds of both shipped scenarios with seeded faults, all protocols, all
//! safeguards on: every promise that is expected to hold holds. With every other
//! seed some clients click twice, some take their wish back, and a
//! watchdog looks after choreographed sagas.

use std::sync::Arc;

use indoubt::fault::Seeded;
use indoubt::protocol::Safeguards;
use indoubt::scenario::{Dist, Impulse};
use indoubt::vocab::{Probability, Seed, SimDuration, SimTime};

use crate::support::{on_all_cores, protocols, run, shipped, surprises};

const SEEDS: u64 = 2_000;

/// What this share of the clients does within so many microseconds.
fn impulse(share: f64, within: u64) -> Impulse {
    Impulse {
        share: Probability::new(share).expect("a probability"),
        after: Dist::Uniform(SimDuration::ZERO, SimDuration::from_micros(within)),
    }
}

fn sweep(name: &str) {
    let mut scenario = shipped(name);
    // Beside what the file schedules, every seed draws faults of all kinds.
    scenario.seeded.get_or_insert_with(|| Seeded {
        count: 4,
        kinds: Seeded::KINDS.to_vec(),
        from: SimTime::from_micros(20_000),
        until: SimTime::from_micros(800_000),
        shortest: SimDuration::from_millis(20),
        longest: SimDuration::from_millis(200),
        rate: Probability::new(0.3).expect("a probability"),
    });
    let mut restless = scenario.clone();
    restless.workload.cancel = Some(impulse(0.3, 30_000));
    restless.workload.double_click = Some(impulse(0.2, 15_000));
    restless.policies.watchdog = Some(SimDuration::from_millis(250));
    let scenarios = [Arc::new(scenario), Arc::new(restless)];
    let found = on_all_cores(SEEDS, |seed| {
        let mut found = Vec::new();
        let scenario = &scenarios[seed as usize % 2];
        for protocol in protocols(scenario) {
            let trial = run(scenario, protocol, Seed(seed), Safeguards::all());
            found.extend(surprises(scenario, &trial));
        }
        found
    });
    let shown: Vec<&String> = found.iter().take(5).collect();
    assert!(
        found.is_empty(),
        "{} promises broke in {SEEDS} seeds of {name}:\n{}",
        found.len(),
        shown
            .iter()
            .map(|s| s.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    );
}

#[test]
fn points_mall_keeps_its_promises_over_2000_seeds() {
    sweep("scenarios/points-mall.toml");
}

#[test]
fn order_stock_keeps_its_promises_over_2000_seeds() {
    sweep("scenarios/order-stock.toml");
}
