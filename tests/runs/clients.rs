//! Clients who wait before they try again, retries that are rationed, and readers who
//! read much at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use indoubt::history::{Event, Part, What};
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::{RequestId, Seed, SimTime};

use crate::support::{path, run_into};

const TWO_PHASE: ProtocolKind = ProtocolKind::TwoPhaseCommit;

fn shipped_with(name: &str, sets: &[&str]) -> Arc<Scenario> {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let scenario = scenario::load_with(path(name), &sets);
    Arc::new(scenario.unwrap_or_else(|errors| panic!("{errors}")))
}

fn history(scenario: &Arc<Scenario>, protocol: ProtocolKind) -> Vec<Event> {
    let mut events = Vec::new();
    run_into(scenario, protocol, Seed(1), Safeguards::all(), &mut events);
    events
}

/// Nobody answers: the only service is gone before the first request, for longer than
/// anybody waits.
fn with_nobody_there(sets: &[&str]) -> Vec<Event> {
    let mut all = vec![
        "workload.transactions=40",
        "workload.arrivals={ kind = \"open\", every = \"20ms\", poisson = false }",
        "workload.timeout=100ms",
        "workload.retries=3",
        "faults=[{ kind = \"crash\", target = \"manager\", at = \"1ms\", lasts = \"30s\" }]",
    ];
    all.extend(sets);
    history(
        &shipped_with("scenarios/lessons/13-hot-row.toml", &all),
        TWO_PHASE,
    )
}

/// When each request was asked for, first and again, until the manager was back.
fn asked(events: &[Event]) -> BTreeMap<RequestId, Vec<SimTime>> {
    let mut asked: BTreeMap<_, Vec<SimTime>> = BTreeMap::new();
    let is_back = |event: &&Event| matches!(event.what, What::Up(Part::Process));
    for event in events.iter().take_while(|event| !is_back(event)) {
        if let What::Asked { key, .. } = event.what {
            asked.entry(key.request).or_default().push(event.at);
        }
    }
    asked
}

/// The times between the tries of each request, in milliseconds.
fn pauses(events: &[Event]) -> Vec<Vec<u64>> {
    let between = |times: Vec<SimTime>| {
        let pairs = times.windows(2).map(|two| two[1].since(two[0]));
        pairs.map(|pause| pause.as_micros() / 1_000).collect()
    };
    asked(events).into_values().map(between).collect()
}

#[test]
fn a_client_that_does_not_back_off_tries_again_at_every_time_out() {
    for pauses in pauses(&with_nobody_there(&[])) {
        assert_eq!(pauses, [100, 100, 100]);
    }
}

#[test]
fn a_client_that_backs_off_waits_twice_as_long_before_each_retry() {
    for pauses in pauses(&with_nobody_there(&["workload.backoff=50ms"])) {
        assert_eq!(pauses, [150, 200, 300]);
    }
}

#[test]
fn jitter_lengthens_every_wait_by_a_share_of_its_own() {
    let all = pauses(&with_nobody_there(&[
        "workload.backoff=50ms",
        "workload.jitter=0.5",
    ]));
    let first: Vec<u64> = all.iter().map(|pauses| pauses[0]).collect();
    assert!(first.iter().all(|pause| (150..=175).contains(pause)));
    assert!(all.iter().all(|pauses| (300..=400).contains(&pauses[2])));
    let mut different = first.clone();
    different.sort_unstable();
    different.dedup();
    assert!(different.len() > 10, "{different:?}");
}

#[test]
fn a_retry_budget_bounds_the_retries_of_all_clients() {
    let retries = |events: &[Event]| -> usize {
        let tries = asked(events).into_values();
        tries.map(|times| times.len() - 1).sum()
    };
    assert_eq!(retries(&with_nobody_there(&[])), 40 * 3);
    // Ten that they begin with, and one for every four requests.
    let rationed = with_nobody_there(&["workload.retry-budget=0.25"]);
    let gave_up = |event: &&Event| matches!(event.what, What::GaveUp { .. });
    // What the first ones earn finds the bucket full.
    assert_eq!(retries(&rationed), 18);
    assert_eq!(rationed.iter().filter(gave_up).count(), 40);
}

#[test]
fn an_answer_that_comes_while_its_client_waits_to_try_again_is_taken() {
    let scenario = shipped_with(
        "scenarios/lessons/13-hot-row.toml",
        &["workload.timeout=2ms", "workload.backoff=1s"],
    );
    let events = history(&scenario, TWO_PHASE);
    let told = events
        .iter()
        .filter(|e| matches!(e.what, What::Told { .. }));
    let again = |e: &&Event| matches!(e.what, What::Asked { retry: 1.., .. });
    assert_eq!(told.count(), scenario.workload.transactions as usize);
    assert_eq!(events.iter().filter(again).count(), 0);
}

#[test]
fn an_auditor_reads_its_rows_once_each_around_the_table() {
    let scenario = shipped_with(
        "scenarios/performance/audit.toml",
        &["readers.auditor.rows=150", "workload.until=1s"],
    );
    for protocol in [ProtocolKind::Monolith, TWO_PHASE] {
        let events = history(&scenario, protocol);
        let mut reads = 0;
        for event in &events {
            let What::Read { saw, .. } = &event.what else {
                continue;
            };
            reads += 1;
            let keys: Vec<u64> = saw.iter().map(|(row, _)| row.key).collect();
            assert_eq!(keys.len(), 150);
            assert!(keys.is_sorted_by(|a, b| a < b) && keys.iter().all(|&key| key < 200));
            // One stretch of the table, or its two ends.
            let gaps = keys.windows(2).filter(|two| two[1] - two[0] > 1).count();
            assert!(gaps == 0 || (gaps == 1 && keys[0] == 0 && keys[149] == 199));
        }
        assert!(reads >= 9, "{reads} reads under {protocol}");
    }
}

#[test]
fn whoever_wants_to_write_waits_until_the_auditor_is_through() {
    let longest = |rows: &str| {
        let rows = format!("readers.auditor.rows={rows}");
        let sets = ["workload.until=1s", "workload.arrivals.clients=1", &rows];
        let scenario = shipped_with("scenarios/performance/audit.toml", &sets);
        let events = history(&scenario, TWO_PHASE);
        let waits = events.iter().filter_map(|event| match event.what {
            What::Locked {
                exclusive: true,
                waited,
                ..
            } => Some(waited.as_micros()),
            _ => None,
        });
        waits.max().unwrap_or_default()
    };
    // It takes 0.1 ms for every row.
    assert!(longest("1") <= 100);
    let whole = longest("200");
    assert!((10_000..=20_000).contains(&whole), "{whole} us");
}
