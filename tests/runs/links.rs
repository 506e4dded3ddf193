//! Sizes of messages, links that carry one after another, and what waits at the broker.

use std::collections::BTreeMap;
use std::sync::Arc;

use indoubt::history::{Event, LossReason, Sink, What};
use indoubt::lab::Trial;
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::{NodeId, SimDuration, SimTime};

use crate::support::{path, run_into};

/// Orders of a single client, who never thinks: nobody waits for anybody.
const ALONE: [&str; 4] = [
    "workload.arrivals.clients=1",
    "workload.transactions=50",
    "workload.until=1m",
    "policies.poll-every=10ms",
];

fn orders(sets: &[&str]) -> Arc<Scenario> {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let file = path("scenarios/performance/bandwidth.toml");
    let loaded = scenario::load_with(file, &sets);
    Arc::new(loaded.unwrap_or_else(|errors| panic!("{errors}")))
}

fn run<S: Sink>(scenario: &Arc<Scenario>, protocol: ProtocolKind, sink: S) -> Trial {
    run_into(scenario, protocol, scenario.seed, Safeguards::all(), sink)
}

fn alone(protocol: ProtocolKind, sets: &[&str]) -> Trial {
    run(&orders(&[&ALONE, sets].concat()), protocol, ())
}

/// At a byte a microsecond, an order takes longer by as many microseconds as it has bytes
/// on its way to the answer: the request, three commands, three replies, the answer.
#[test]
fn a_slow_link_lengthens_latency_by_what_it_carries() {
    let took = |bandwidth| {
        let trial = alone(ProtocolKind::OrchestratedSaga, &[bandwidth]);
        assert_eq!(trial.figures.committed, 50);
        trial.figures.latency.max
    };
    let longer = took("network.bandwidth=8Mbit/s") - took("network.bandwidth=none");
    let bytes = 132 + 3 * 137 + 3 * 129 + 118;
    assert_eq!(longer, SimDuration::from_micros(bytes));
}

#[test]
fn bytes_are_those_of_the_protocol_s_messages() {
    use ProtocolKind::{Monolith, OrchestratedSaga};
    let bytes = |protocol, sets| alone(protocol, sets).figures.bytes;
    let requests = ["network.sizes.request=5000"];
    assert_eq!(bytes(Monolith, &requests), 0.0);
    assert_eq!(bytes(OrchestratedSaga, &requests), 3.0 * (137.0 + 129.0));
    let said = ["network.overhead=0", "network.sizes={ command = 1000 }"];
    assert_eq!(bytes(OrchestratedSaga, &said), 3.0 * (1_000.0 + 29.0));
}

/// What every link has carried, and until when any has.
#[derive(Default)]
struct Carried {
    on: Option<(NodeId, NodeId)>,
    bytes: BTreeMap<(NodeId, NodeId), u64>,
    until: SimTime,
}

impl Sink for Carried {
    fn event(&mut self, event: &Event) {
        match event.what {
            What::Sent { to, .. } => self.on = Some((event.node, to)),
            What::Delivered { .. } => self.until = event.at,
            _ => {}
        }
    }

    fn weighs(&mut self, bytes: u32) {
        let on = self.on.take().expect("a message was sent");
        *self.bytes.entry(on).or_default() += u64::from(bytes);
    }
}

/// The utilisation law: throughput times size times 8, over the bandwidth.
#[test]
fn the_busiest_link_is_told() {
    // A byte a microsecond, and nothing travels on.
    let bounded = ["network.bandwidth=8Mbit/s", "network.delay=0us"];
    let scenario = orders(&[&bounded[..], &["workload.until=200ms"]].concat());
    for protocol in ProtocolKind::ALL {
        let mut carried = Carried::default();
        let used = run(&scenario, protocol, &mut carried);
        let busiest = carried.bytes.values().max().copied().unwrap_or(0);
        let law = busiest as f64 / carried.until.as_micros() as f64;
        assert_eq!(used.figures.link_utilisation, Some(law), "{protocol}");
        let unbounded = alone(protocol, &["network.bandwidth=none"]);
        assert_eq!(unbounded.figures.link_utilisation, None);
    }
}

/// A link that carries a message in 10 ms, and loses half of them or doubles all.
#[test]
fn what_is_lost_was_carried_and_a_copy_is_not_carried_again() {
    let slow = |set| {
        let link = "network.links=[{ from = \"clients\", to = \"stock\", ways = \"one-way\", bandwidth = \"1Mbit/s\" }]";
        let sets = [
            "network.bandwidth=none",
            "network.sizes.request=1250",
            "workload.arrivals={ kind = \"open\", every = \"1ms\" }",
            "workload.transactions=20",
            "workload.retries=0",
            link,
            set,
        ];
        let mut events: Vec<Event> = Vec::new();
        let trial = run(&orders(&sets), ProtocolKind::Monolith, &mut events);
        (trial.figures.link_utilisation, events)
    };
    let (whole, _) = slow("network.loss=0");
    let (lossy, events) = slow("network.links.0.loss=0.5");
    let lost = events.iter().filter(|event| {
        matches!(
            event.what,
            What::Lost {
                kind: "request",
                why: LossReason::Network,
                ..
            }
        )
    });
    assert!(lost.count() > 2);
    assert_eq!(lossy, whole);
    let (doubled, events) = slow("network.links.0.duplicate=1");
    assert!(
        events
            .iter()
            .any(|event| matches!(event.what, What::Duplicated { .. }))
    );
    assert_eq!(doubled, whole);
}

#[test]
fn the_backlog_of_the_broker_is_told_where_there_is_one() {
    let backlog = |protocol, sets| alone(protocol, sets).figures.broker_backlog;
    // A step's event is acknowledged only after the next step's has been published.
    let one = backlog(ProtocolKind::ChoreographedSaga, &[]);
    assert!(matches!(one, Some(1 | 2)), "{one:?}");
    let many = ["workload.arrivals.clients=32", "workload.transactions=200"];
    let many = backlog(ProtocolKind::ChoreographedSaga, &many);
    assert!(many > Some(20), "{many:?}");
    assert_eq!(backlog(ProtocolKind::TwoPhaseCommit, &[]), None);
}
