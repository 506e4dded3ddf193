//! Sagas that begin together what has no order, commanded or by events: every promise
//! holds under faults, both hosts agree, a tombstone is missed, and it is what it is for:
//! faster, while it commits and refuses the same.

use std::sync::Arc;

use indoubt::business::PromiseId;
use indoubt::protocol::{ProtocolKind, Safeguard, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::Seed;

#[cfg(madsim)]
use crate::support::apart;
use crate::support::{broke, on_all_cores, path, run, surprises_of, with_faults};

const ORCHESTRATED: ProtocolKind = ProtocolKind::OrchestratedSaga;
const CHOREOGRAPHED: ProtocolKind = ProtocolKind::ChoreographedSaga;
const SAGAS: [ProtocolKind; 2] = [ORCHESTRATED, CHOREOGRAPHED];
const SEEDS: u64 = 100;

const ORDER_STOCK: &str = "scenarios/order-stock.toml";
const SIX_STEPS: &str = "scenarios/lessons/22-six-steps.toml";

/// Two steps before the pivot; three before it and two after it; groups after groups, at
/// services that do several steps.
const FILES: [&str; 3] = [ORDER_STOCK, SIX_STEPS, "tests/runs/parallel_steps.toml"];

fn with_steps(file: &str, order: &str) -> Scenario {
    with_sets(file, order, &[])
}

fn with_sets(file: &str, order: &str, sets: &[&str]) -> Scenario {
    let orders = SAGAS.map(|saga| format!("{saga}-saga.steps={order}"));
    let sets = orders
        .into_iter()
        .chain(sets.iter().map(|s| (*s).to_owned()));
    scenario::load_with(path(file), &Vec::from_iter(sets))
        .unwrap_or_else(|errors| panic!("{errors}"))
}

/// The first of the seeds that show something unexpected of either saga, and how many do.
fn hold(scenario: Scenario, what: &str) {
    let scenario = Arc::new(with_faults(scenario));
    for saga in SAGAS {
        let found = on_all_cores(SEEDS, |seed| surprises_of(&scenario, saga, Seed(seed)));
        let (first, all) = (found.first(), found.len());
        assert!(
            first.is_none(),
            "{what} under {saga}: {all} broke: {first:?}"
        );
    }
}

#[test]
fn steps_in_parallel_keep_their_promises_whatever_goes_wrong() {
    for file in FILES {
        hold(with_steps(file, "parallel"), file);
    }
}

/// Where nothing runs out, most sagas go all the way; where a watchdog is short of
/// patience, many are cancelled in the middle.
#[test]
fn steps_in_parallel_keep_their_promises_with_plenty_and_with_a_watchdog() {
    let plenty = ["seats", "rooms", "cars", "wallet"];
    let plenty = plenty.map(|name| format!("resources.{name}.initial=100"));
    let plenty = plenty.each_ref().map(String::as_str);
    hold(with_sets(FILES[2], "parallel", &plenty), "plenty");
    let watched = ["policies.watchdog=30ms", "workload.cancel=none"];
    hold(with_sets(FILES[2], "parallel", &watched), "a watchdog");
}

#[cfg(madsim)]
#[test]
fn both_hosts_give_the_same_digest_of_steps_in_parallel() {
    for file in FILES {
        let scenario = Arc::new(with_faults(with_steps(file, "parallel")));
        for saga in SAGAS {
            let parted = on_all_cores(20, |seed| {
                Vec::from_iter(apart(&scenario, saga, Seed(seed)))
            });
            assert!(parted.is_empty(), "{file}: {}", parted.join("\n"));
        }
    }
}

/// When one of several says no, the command or event of another may still be under way:
/// its compensation overtakes it.
#[test]
fn a_tombstone_is_missed_where_one_of_several_is_late_and_another_says_no() {
    let late = |what: &str| {
        format!("faults=[{{ kind = \"latency-spike\", at = \"0\", lasts = \"1s\", {what} }}]")
    };
    let cases = [
        (
            ORCHESTRATED,
            ORDER_STOCK,
            late("extra = \"10ms\", to = \"order\", message = \"command\""),
        ),
        (
            CHOREOGRAPHED,
            SIX_STEPS,
            late("extra = \"60ms\", to = \"coupon\", message = \"deliver\", most = 1"),
        ),
    ];
    for (saga, file, late) in cases {
        let sets = ["resources.stock.initial=0", late.as_str()];
        let scenario = Arc::new(with_sets(file, "parallel", &sets));
        let broken = |safeguards| {
            let trial = run(&scenario, saga, scenario.seed, safeguards);
            broke(&trial, PromiseId::AllOrNothing)
        };
        assert!(!broken(Safeguards::all()), "{saga}");
        let without = Safeguards::all().without(Safeguard::CompensationTombstone);
        assert!(broken(without), "{saga}");
    }
}

/// One record of the orchestrator for all that it commands together, and one round
/// trip; as many messages. Where nobody commands, whoever waits for several is sent an
/// event of each, and writes down all but the last; and it is four hops, not six.
#[test]
fn steps_in_parallel_take_less_time_and_what_they_cost_is_known() {
    let run_with = |saga, order| {
        let scenario = Arc::new(with_steps(SIX_STEPS, order));
        run(&scenario, saga, scenario.seed, Safeguards::all()).figures
    };
    let costs = [
        (ORCHESTRATED, (14.0, 14.0), (13.0, 10.0)),
        (CHOREOGRAPHED, (26.0, 34.0), (7.0, 9.0)),
    ];
    for (saga, messages, forced_writes) in costs {
        let (serial, parallel) = (run_with(saga, "serial"), run_with(saga, "parallel"));
        assert_eq!(serial.committed, parallel.committed);
        assert_eq!((serial.messages, parallel.messages), messages);
        assert_eq!(
            (serial.forced_writes, parallel.forced_writes),
            forced_writes
        );
        // Of the orchestrator's, six round trips and seven flushes, or three and four.
        let (long, short) = (serial.latency.p50, parallel.latency.p50);
        assert!(
            short.as_micros() * 4 < long.as_micros() * 3,
            "{short} for {long}"
        );
    }
}

/// The first step sets off all others, so beside it nothing is begun: two steps before
/// the pivot are one after the other, as ever.
#[test]
fn nothing_changes_for_a_choreographed_saga_where_nothing_can_be_begun_together() {
    let digest = |order| {
        let scenario = Arc::new(with_faults(with_steps(ORDER_STOCK, order)));
        run(&scenario, CHOREOGRAPHED, scenario.seed, Safeguards::all()).digest
    };
    assert_eq!(digest("serial"), digest("parallel"));
}
