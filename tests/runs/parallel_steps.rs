//! Sagas whose orchestrator commands together what has no order: every promise holds
//! under faults, both hosts agree, a tombstone is missed, and it is what it is for:
//! faster, with fewer records, while it commits and refuses the same.

use std::sync::Arc;

use indoubt::business::PromiseId;
use indoubt::protocol::{ProtocolKind, Safeguard, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::Seed;

#[cfg(madsim)]
use crate::support::apart;
use crate::support::{broke, on_all_cores, path, run, surprises_of, with_faults};

const SAGA: ProtocolKind = ProtocolKind::OrchestratedSaga;
const SEEDS: u64 = 100;

/// Two steps before the pivot; three before it and two after it.
const FILES: [&str; 2] = [
    "scenarios/order-stock.toml",
    "scenarios/lessons/22-six-steps.toml",
];

fn with_steps(file: &str, order: &str) -> Scenario {
    let set = format!("orchestrated-saga.steps={order}");
    scenario::load_with(path(file), &[set]).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn steps_in_parallel_keep_their_promises_whatever_goes_wrong() {
    for file in FILES {
        let scenario = Arc::new(with_faults(with_steps(file, "parallel")));
        let found = on_all_cores(SEEDS, |seed| surprises_of(&scenario, SAGA, Seed(seed)));
        let first = found.first();
        assert!(first.is_none(), "{file}: {} broke: {first:?}", found.len());
    }
}

#[cfg(madsim)]
#[test]
fn both_hosts_give_the_same_digest_of_steps_in_parallel() {
    for file in FILES {
        let scenario = Arc::new(with_faults(with_steps(file, "parallel")));
        let parted = on_all_cores(20, |seed| {
            Vec::from_iter(apart(&scenario, SAGA, Seed(seed)))
        });
        assert!(parted.is_empty(), "{file}: {}", parted.join("\n"));
    }
}

/// When one of several says no, the command of another may still be under way: its
/// compensation overtakes it.
#[test]
fn a_tombstone_is_missed_where_one_of_several_is_late_and_another_says_no() {
    let late = "faults=[{ kind = \"latency-spike\", at = \"0\", lasts = \"1s\", \
                extra = \"10ms\", to = \"order\", message = \"command\" }]";
    let sets = [
        "orchestrated-saga.steps=parallel",
        "resources.stock.initial=0",
        late,
    ];
    let loaded = scenario::load_with(path(FILES[0]), &sets.map(str::to_owned));
    let scenario = Arc::new(loaded.unwrap_or_else(|errors| panic!("{errors}")));
    let broken = |safeguards| {
        let trial = run(&scenario, SAGA, scenario.seed, safeguards);
        broke(&trial, PromiseId::AllOrNothing)
    };
    assert!(!broken(Safeguards::all()));
    assert!(broken(
        Safeguards::all().without(Safeguard::CompensationTombstone)
    ));
}

/// One record of the orchestrator for all that it commands together, and one round
/// trip; as many messages.
#[test]
fn steps_in_parallel_cost_fewer_records_and_less_time() {
    let run_with = |order| {
        let scenario = Arc::new(with_steps(FILES[1], order));
        run(&scenario, SAGA, scenario.seed, Safeguards::all()).figures
    };
    let (serial, parallel) = (run_with("serial"), run_with("parallel"));
    assert_eq!(serial.committed, parallel.committed);
    assert_eq!((serial.messages, parallel.messages), (14.0, 14.0));
    assert_eq!((serial.forced_writes, parallel.forced_writes), (13.0, 10.0));
    // Six round trips and seven flushes of the orchestrator, or three and four.
    let (long, short) = (serial.latency.p50, parallel.latency.p50);
    assert!(
        short.as_micros() * 10 < long.as_micros() * 6,
        "{short} for {long}"
    );
}
