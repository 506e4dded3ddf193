//! What sagas do against what they lack, and what it costs; and what is parked.

use std::sync::Arc;

use indoubt::business::PromiseId;
use indoubt::lab::Trial;
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario;

use crate::support::{broke, path, run};

const SAGAS: [ProtocolKind; 2] = [
    ProtocolKind::OrchestratedSaga,
    ProtocolKind::ChoreographedSaga,
];

/// A lesson with something set, under a protocol.
fn lesson(name: &str, sets: &[&str], protocol: ProtocolKind) -> Trial {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let file = path(&format!("scenarios/lessons/{name}.toml"));
    let scenario = scenario::load_with(file, &sets).unwrap_or_else(|errors| panic!("{errors}"));
    let seed = scenario.seed;
    run(&Arc::new(scenario), protocol, seed, Safeguards::all())
}

/// Both purchases of lesson 16 ask for 50 of so many points, and go through if
/// `withdrawn` is nothing that they want.
fn two_purchases(countermeasure: &str, points: u32, protocol: ProtocolKind) -> Trial {
    let initial = format!("resources.points.initial={points}");
    lesson(
        "16-dirty-read",
        &[countermeasure, &initial, "operator=[]"],
        protocol,
    )
}

const PLAIN: &str = "steps.take-points.semantic-lock=false";
const LOCKED: &str = "steps.take-points.semantic-lock=true";
const RESERVED: &str = "steps.take-points.reserve-then-confirm=true";

#[test]
fn a_reservation_costs_one_step_more() {
    for protocol in SAGAS {
        let plain = two_purchases(PLAIN, 100, protocol).figures;
        let reserved = two_purchases(RESERVED, 100, protocol).figures;
        assert_eq!((plain.committed, reserved.committed), (2, 2), "{protocol}");
        let more = reserved.local_transactions - plain.local_transactions;
        // One for the step itself, and one for what leads to it: the intent in the
        // orchestrator's log, or the relay's mark of the event.
        assert!((more - 2.0).abs() < 1e-9, "{protocol}: {more}");
        if protocol == ProtocolKind::OrchestratedSaga {
            let more = reserved.messages - plain.messages;
            assert!((more - 2.0).abs() < 1e-9, "{protocol}: {more} messages");
        }
    }
}

#[test]
fn where_there_is_enough_for_both_a_reservation_keeps_nobody_away_and_a_mark_does() {
    for protocol in SAGAS {
        let longest = |countermeasure| {
            let figures = two_purchases(countermeasure, 100, protocol).figures;
            figures.latency.max.as_micros()
        };
        let [plain, reserved, locked] = [PLAIN, RESERVED, LOCKED].map(longest);
        // Both have one step more; only a mark makes the second wait for the first.
        assert!(
            plain < reserved && reserved < locked,
            "{protocol}: {plain} {reserved} {locked}"
        );
    }
}

#[test]
fn what_is_reserved_for_good_is_refused_to_the_next() {
    for protocol in SAGAS {
        let trial = two_purchases(RESERVED, 50, protocol);
        let figures = &trial.figures;
        assert_eq!((figures.committed, figures.refused), (1, 1), "{protocol}");
        assert!(!broke(&trial, PromiseId::Isolation), "{protocol}");
        assert!(!broke(&trial, PromiseId::EverythingEnds), "{protocol}");
    }
}

/// A restart of whoever has parked it is nobody who looks.
#[test]
fn what_is_parked_stays_parked_whatever_restarts() {
    let parkers = [("step.replied", "manager"), ("relay.confirmed", "broker")];
    for (protocol, (done, parker)) in SAGAS.into_iter().zip(parkers) {
        for kind in ["crash", "power-loss"] {
            // Points has done its step, and is away when the refund is due.
            let away = format!(
                "{{ kind = \"crash\", target = \"points\", on = \"{done}\", node = \"points\", \
                 lasts = \"400ms\" }}"
            );
            let restart = format!(
                "{{ kind = \"{kind}\", target = \"{parker}\", at = \"1s\", lasts = \"50ms\" }}"
            );
            let faults = format!("faults=[{away}, {restart}]");
            let trial = lesson("27-parked", &[&faults], protocol);
            assert_eq!(trial.figures.parked, 1, "{protocol} {kind}");
            assert!(trial.never_struck.is_empty(), "{protocol} {kind}");
            assert!(
                broke(&trial, PromiseId::EverythingEnds),
                "{protocol} {kind}"
            );

            let trial = lesson("27-parked", &[&faults, "policies.parked-for=2s"], protocol);
            assert_eq!(trial.figures.parked, 1, "{protocol} {kind}");
            assert!(
                !broke(&trial, PromiseId::EverythingEnds),
                "{protocol} {kind}"
            );
            assert!(!broke(&trial, PromiseId::AllOrNothing), "{protocol} {kind}");
        }
    }
}
