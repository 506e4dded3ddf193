//! Chance belongs to identities: taking one transaction away leaves every draw
//! of the others as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indoubt::business::Params;
use indoubt::history::{Event, MsgId, What};
use indoubt::protocol::orchestrated::OrchestratedSaga;
use indoubt::protocol::two_phase_commit::TwoPhaseCommit;
use indoubt::protocol::{Protocol, Safeguards};
use indoubt::vocab::{ClientId, NodeId, RequestId, RequestKey, Seed, SimTime, StepId, TxId};
use indoubt::world::{RunSpec, host};

use crate::support::shipped;

/// What tells a message from all others: who, to whom, what, the how-many-th.
type Message = (NodeId, NodeId, &'static str, TxId, Option<StepId>, u32);

/// Every draw of a run that has an identity, but for the requests left out.
#[derive(Debug, Default, PartialEq)]
struct Draws {
    wishes: BTreeMap<RequestKey, Params>,
    delays: BTreeMap<Message, u64>,
}

fn draws<P: Protocol>(leave_out: &BTreeSet<RequestId>) -> Draws {
    let mut scenario = shipped("scenarios/order-stock.toml");
    // Latencies that are drawn, and no faults: those strike by time.
    scenario.faults.clear();
    scenario.seeded = None;
    scenario.workload.transactions = 120;
    let spec = RunSpec {
        plan: scenario.plan(Seed(5)),
        scenario: Arc::new(scenario),
        seed: Seed(5),
        safeguards: Safeguards::all(),
        leave_out: leave_out.clone(),
    };
    let (events, _) = host::direct::run::<P, Vec<Event>>(&spec, Vec::new());
    collect(&events)
}

fn collect(events: &[Event]) -> Draws {
    let mut draws = Draws::default();
    let mut sent: BTreeMap<MsgId, (Message, SimTime)> = BTreeMap::new();
    let mut times: BTreeMap<Message, u32> = BTreeMap::new();
    for event in events {
        match event.what {
            What::Asked {
                key,
                params,
                retry: 0,
            } => {
                draws.wishes.insert(key, params);
            }
            What::Sent {
                id,
                to,
                kind,
                tx,
                step,
                ..
            } => {
                let first = (event.node, to, kind, tx, step, 0);
                let n = times.entry(first).or_default();
                sent.insert(id, ((event.node, to, kind, tx, step, *n), event.at));
                *n += 1;
            }
            What::Delivered { id, .. } => {
                if let Some((message, at)) = sent.get(&id) {
                    draws
                        .delays
                        .insert(*message, event.at.since(*at).as_micros());
                }
            }
            _ => {}
        }
    }
    draws
}

fn taking_one_away_leaves_the_others<P: Protocol>() {
    let gone = RequestId {
        client: ClientId(3),
        n: 2,
    };
    let whole = draws::<P>(&BTreeSet::new());
    let less = draws::<P>(&BTreeSet::from([gone]));
    assert!(
        whole.wishes.keys().any(|key| key.request == gone),
        "it was there"
    );
    assert!(
        !less.wishes.keys().any(|key| key.request == gone),
        "it is gone"
    );

    let mut compared = 0;
    for (key, params) in &less.wishes {
        if let Some(before) = whole.wishes.get(key) {
            assert_eq!(params, before, "what {key} is about");
        }
    }
    for (message, delay) in &less.delays {
        if let Some(before) = whole.delays.get(message) {
            assert_eq!(delay, before, "how long {message:?} travelled");
            compared += 1;
        }
    }
    assert!(
        compared > 1_000,
        "only {compared} messages are in both runs"
    );
}

#[test]
fn taking_a_transaction_away_leaves_every_draw_of_the_others_under_2pc() {
    taking_one_away_leaves_the_others::<TwoPhaseCommit>();
}

#[test]
fn taking_a_transaction_away_leaves_every_draw_of_the_others_under_a_saga() {
    taking_one_away_leaves_the_others::<OrchestratedSaga>();
}
