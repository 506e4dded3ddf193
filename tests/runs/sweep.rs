//! 2,000 seeds of both shipped scenarios with seeded faults, all protocols, all
//! safeguards on: every promise that is expected to hold holds. With every other
//! seed some clients click twice, some take their wish back, and a
//! watchdog looks after choreographed sagas. With two of every four, sagas reserve
//! what they take, and what nobody answers is parked for a while.

use std::sync::Arc;

use indoubt::scenario::{self, Dist, Impulse, Scenario};
use indoubt::vocab::{Probability, Seed, SimDuration};

use crate::support::{on_all_cores, path, protocols, shipped, surprises_of, with_faults};

const SEEDS: u64 = 2_000;

/// What this share of the clients does within so many microseconds.
fn impulse(share: f64, within: u64) -> Impulse {
    Impulse {
        share: Probability::new(share).expect("a probability"),
        after: Dist::Uniform(SimDuration::ZERO, SimDuration::from_micros(within)),
    }
}

fn restless(mut scenario: Scenario) -> Scenario {
    scenario.workload.cancel = Some(impulse(0.3, 30_000));
    scenario.workload.double_click = Some(impulse(0.2, 15_000));
    scenario.policies.watchdog = Some(SimDuration::from_millis(250));
    scenario
}

fn sweep(name: &str, careful: &[&str]) {
    let plain = with_faults(shipped(name));
    let parked = ["policies.park-after=4", "policies.parked-for=300ms"];
    let sets: Vec<String> = careful
        .iter()
        .chain(&parked)
        .map(|s| s.to_string())
        .collect();
    let careful = scenario::load_with(path(name), &sets);
    let careful = with_faults(careful.unwrap_or_else(|errors| panic!("{errors}")));
    let scenarios = [
        plain.clone(),
        restless(plain),
        careful.clone(),
        restless(careful),
    ];
    let scenarios = scenarios.map(Arc::new);
    let found = on_all_cores(SEEDS, |seed| {
        let mut found = Vec::new();
        let scenario = &scenarios[seed as usize % scenarios.len()];
        for protocol in protocols(scenario) {
            found.extend(surprises_of(scenario, protocol, Seed(seed)));
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
    // The only step that a saga takes back here is reserved, so nobody sees it.
    let careful = [
        "steps.take-points.reserve-then-confirm=true",
        "expect.orchestrated.isolation=holds",
        "expect.choreographed.isolation=holds",
    ];
    sweep("scenarios/points-mall.toml", &careful);
}

#[test]
fn order_stock_keeps_its_promises_over_2000_seeds() {
    let careful = ["steps.take-from-stock.reserve-then-confirm=true"];
    sweep("scenarios/order-stock.toml", &careful);
}
