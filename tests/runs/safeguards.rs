//! Each safeguard, taken away, is missed by the promise that PROTOCOLS names;
//! with it, the same run under the same fault keeps every promise.

use std::sync::Arc;

use indoubt::business::PromiseId::{
    self, Agreement, AllOrNothing, ClientTruth, Compensation, EverythingEnds, Irrevocable,
    NoEffectTwice, PreparedUntouched,
};
use indoubt::protocol::ProtocolKind::{
    self, ChoreographedSaga as Choreographed, Monolith, OrchestratedSaga as Orchestrated,
    TwoPhaseCommit as TwoPhase,
};
use indoubt::protocol::{Safeguard, Safeguards};

use crate::support::{broke, protocols, run, shipped, surprises};

/// Who misses a safeguard, and which promise says so.
struct Missed {
    safeguard: Safeguard,
    /// The case's file under `tests/safeguards`, less its ending.
    case: &'static str,
    by: &'static [(ProtocolKind, PromiseId)],
}

/// A row whose case is called as its safeguard is.
fn missed(safeguard: Safeguard, by: &'static [(ProtocolKind, PromiseId)]) -> Missed {
    Missed {
        safeguard,
        case: safeguard.name(),
        by,
    }
}

fn table() -> Vec<Missed> {
    vec![
        missed(Safeguard::ForcePrepare, &[(TwoPhase, Agreement)]),
        missed(Safeguard::ForceDecision, &[(TwoPhase, Agreement)]),
        missed(Safeguard::DurableBeforeAck, &[(TwoPhase, Agreement)]),
        missed(Safeguard::ForgetAfterAllAcks, &[(TwoPhase, Agreement)]),
        missed(Safeguard::ResendDecision, &[(TwoPhase, EverythingEnds)]),
        missed(
            Safeguard::NoUnilateralAbortAfterVote,
            &[(TwoPhase, Agreement)],
        ),
        missed(Safeguard::ParticipantInquiry, &[(TwoPhase, EverythingEnds)]),
        missed(
            Safeguard::CoordinatorRecovery,
            &[(TwoPhase, Agreement), (Orchestrated, AllOrNothing)],
        ),
        missed(
            Safeguard::SilentUntilRecovered,
            &[(TwoPhase, Agreement), (Orchestrated, NoEffectTwice)],
        ),
        missed(Safeguard::BranchCheck, &[(TwoPhase, AllOrNothing)]),
        missed(Safeguard::SessionFencing, &[(TwoPhase, Agreement)]),
        Missed {
            case: "session-fencing.open-work",
            ..missed(
                Safeguard::SessionFencing,
                &[(Orchestrated, EverythingEnds), (Monolith, EverythingEnds)],
            )
        },
        missed(
            Safeguard::HoldLocksUntilDecision,
            &[(TwoPhase, PreparedUntouched)],
        ),
        missed(
            Safeguard::Outbox,
            &[
                (Choreographed, AllOrNothing),
                (Monolith, Irrevocable),
                (TwoPhase, Irrevocable),
                (Orchestrated, Irrevocable),
            ],
        ),
        missed(
            Safeguard::ConfirmBeforeMark,
            &[
                (Choreographed, AllOrNothing),
                (Monolith, Irrevocable),
                (TwoPhase, Irrevocable),
                (Orchestrated, Irrevocable),
            ],
        ),
        missed(Safeguard::AckAfterEffect, &[(Choreographed, AllOrNothing)]),
        missed(
            Safeguard::InboxDedup,
            &[
                (Orchestrated, NoEffectTwice),
                (Choreographed, NoEffectTwice),
                (Monolith, NoEffectTwice),
            ],
        ),
        missed(
            Safeguard::ProviderKey,
            &[
                (Monolith, Irrevocable),
                (TwoPhase, Irrevocable),
                (Orchestrated, Irrevocable),
                (Choreographed, Irrevocable),
            ],
        ),
        missed(
            Safeguard::CompensationTombstone,
            &[(Orchestrated, AllOrNothing)],
        ),
        Missed {
            case: "compensation-tombstone.events",
            ..missed(
                Safeguard::CompensationTombstone,
                &[(Choreographed, AllOrNothing)],
            )
        },
        missed(
            Safeguard::RetryCompensation,
            &[(Orchestrated, AllOrNothing), (Choreographed, AllOrNothing)],
        ),
        missed(
            Safeguard::RetryAfterPivot,
            &[(Orchestrated, Irrevocable), (Choreographed, Irrevocable)],
        ),
        missed(
            Safeguard::ReverseOrderCompensation,
            &[(Orchestrated, Compensation), (Choreographed, Compensation)],
        ),
        missed(
            Safeguard::SagaLogBeforeCommand,
            &[(Orchestrated, AllOrNothing)],
        ),
        missed(
            Safeguard::IdempotentClientRetry,
            &[
                (Monolith, NoEffectTwice),
                (TwoPhase, NoEffectTwice),
                (Orchestrated, NoEffectTwice),
                (Choreographed, NoEffectTwice),
            ],
        ),
    ]
}

#[test]
fn every_safeguard_is_in_the_table_and_every_user_of_it_misses_it() {
    let table = table();
    for &safeguard in Safeguard::ALL {
        let missed_by: Vec<(ProtocolKind, PromiseId)> = table
            .iter()
            .filter(|row| row.safeguard == safeguard)
            .flat_map(|row| row.by.iter().copied())
            .collect();
        for protocol in ProtocolKind::ALL {
            let row = missed_by.iter().find(|(user, _)| *user == protocol);
            assert_eq!(
                safeguard.missed_by(protocol),
                row.map(|(_, promise)| *promise),
                "{safeguard} under {protocol}: used if and only if it is missed"
            );
        }
    }
}

#[test]
fn each_safeguard_taken_away_is_missed_and_with_it_everything_holds() {
    let mut wrong = Vec::new();
    for Missed {
        safeguard,
        case,
        by,
    } in table()
    {
        let scenario = Arc::new(shipped(&format!("tests/safeguards/{case}.toml")));
        for protocol in protocols(&scenario) {
            let whole = run(&scenario, protocol, scenario.seed, Safeguards::all());
            wrong.extend(
                surprises(&scenario, &whole)
                    .into_iter()
                    .filter(|s| !s.contains("isolation"))
                    .map(|s| format!("{safeguard}, kept: {s}")),
            );
        }
        for &(protocol, promise) in by {
            let without = Safeguards::all().without(safeguard);
            let trial = run(&scenario, protocol, scenario.seed, without);
            if !broke(&trial, promise) {
                wrong.push(format!(
                    "{safeguard}: {protocol} does not miss it: {} holds; broken: {:?}",
                    promise.name(),
                    surprises(&scenario, &trial)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_safeguard_that_a_protocol_does_not_use_changes_nothing_of_its_run() {
    let scenario = Arc::new(shipped("tests/safeguards/outbox.toml"));
    for protocol in protocols(&scenario) {
        let whole = run(&scenario, protocol, scenario.seed, Safeguards::all());
        for &safeguard in Safeguard::ALL.iter().filter(|s| !s.used_by(protocol)) {
            let without = Safeguards::all().without(safeguard);
            let trial = run(&scenario, protocol, scenario.seed, without);
            assert_eq!(trial.digest, whole.digest, "{safeguard} under {protocol}");
        }
    }
}

/// The promise that tells a client's double wish from its double purchase.
#[test]
fn a_client_is_never_told_two_things() {
    let scenario = Arc::new(shipped("tests/safeguards/idempotent-client-retry.toml"));
    for protocol in protocols(&scenario) {
        let trial = run(&scenario, protocol, scenario.seed, Safeguards::all());
        assert!(!broke(&trial, ClientTruth), "{protocol}");
    }
}
