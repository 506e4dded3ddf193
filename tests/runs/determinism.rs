//! The same build, scenario and seed give the same history, bit for bit.

use std::sync::Arc;

use indoubt::protocol::Safeguards;
use indoubt::vocab::Seed;

#[cfg(madsim)]
use crate::support::apart;
use crate::support::{on_all_cores, protocols, run, shipped, shorten};

const SCENARIOS: [&str; 2] = ["scenarios/points-mall.toml", "scenarios/order-stock.toml"];

/// A digest that changes without a reason is a bug. With a reason, say it in
/// the commit that changes it.
#[test]
fn golden_digests() {
    let mut lines = Vec::new();
    for name in SCENARIOS {
        let scenario = Arc::new(shipped(name));
        for protocol in protocols(&scenario) {
            let trial = run(&scenario, protocol, scenario.seed, Safeguards::all());
            lines.push(format!(
                "{name} {protocol} {} {} events",
                trial.digest, trial.events
            ));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn threads_and_the_order_of_seeds_change_nothing() {
    let mut scenario = shipped(SCENARIOS[0]);
    shorten(&mut scenario, 40);
    let scenario = Arc::new(scenario);
    let digests = |seed: u64| {
        protocols(&scenario)
            .into_iter()
            .map(|protocol| run(&scenario, protocol, Seed(seed), Safeguards::all()).digest)
            .collect::<Vec<_>>()
    };
    let parallel = on_all_cores(20, digests);
    let mut backwards: Vec<_> = (0..20).rev().map(digests).collect();
    backwards.reverse();
    assert_eq!(parallel, backwards.concat());
}

/// No leak of executor order, wall clock or madsim's own randomness survives
/// this.
#[cfg(madsim)]
#[test]
fn both_hosts_give_the_same_digest_over_500_seeds_with_faults() {
    for name in SCENARIOS {
        let mut scenario = shipped(name);
        shorten(&mut scenario, 25);
        let scenario = Arc::new(scenario);
        let parted = on_all_cores(500, |seed| {
            let apart = |protocol| apart(&scenario, protocol, Seed(seed));
            protocols(&scenario).into_iter().filter_map(apart).collect()
        });
        assert!(parted.is_empty(), "{name}: {}", parted.join("\n"));
    }
}
