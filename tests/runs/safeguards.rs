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

use crate::support::{broke, on_base, protocols, run, surprises};

const MALL: &str = "tests/safeguards/mall.base.toml";
const ORDER: &str = "tests/safeguards/order.base.toml";

/// Who misses a safeguard, and which promise says so.
struct Missed {
    safeguard: Safeguard,
    base: &'static str,
    /// The case's file under `tests/safeguards`, less its ending.
    case: &'static str,
    by: &'static [(ProtocolKind, PromiseId)],
}

/// A row whose case is called as its safeguard is.
fn missed(
    safeguard: Safeguard,
    base: &'static str,
    by: &'static [(ProtocolKind, PromiseId)],
) -> Missed {
    Missed {
        safeguard,
        base,
        case: safeguard.name(),
        by,
    }
}

fn table() -> Vec<Missed> {
    vec![
        missed(Safeguard::ForcePrepare, MALL, &[(TwoPhase, Agreement)]),
        missed(Safeguard::ForceDecision, MALL, &[(TwoPhase, Agreement)]),
        missed(Safeguard::DurableBeforeAck, MALL, &[(TwoPhase, Agreement)]),
        missed(
            Safeguard::ForgetAfterAllAcks,
            MALL,
            &[(TwoPhase, Agreement)],
        ),
        missed(
            Safeguard::ResendDecision,
            MALL,
            &[(TwoPhase, EverythingEnds)],
        ),
        missed(
            Safeguard::NoUnilateralAbortAfterVote,
            MALL,
            &[(TwoPhase, Agreement)],
        ),
        missed(
            Safeguard::ParticipantInquiry,
            MALL,
            &[(TwoPhase, EverythingEnds)],
        ),
        missed(
            Safeguard::CoordinatorRecovery,
            MALL,
            &[(TwoPhase, Agreement), (Orchestrated, AllOrNothing)],
        ),
        missed(
            Safeguard::SilentUntilRecovered,
            MALL,
            &[(TwoPhase, Agreement), (Orchestrated, NoEffectTwice)],
        ),
        missed(Safeguard::BranchCheck, MALL, &[(TwoPhase, AllOrNothing)]),
        missed(Safeguard::SessionFencing, MALL, &[(TwoPhase, Agreement)]),
        Missed {
            case: "session-fencing.open-work",
            ..missed(
                Safeguard::SessionFencing,
                MALL,
                &[(Orchestrated, EverythingEnds), (Monolith, EverythingEnds)],
            )
        },
        missed(
            Safeguard::HoldLocksUntilDecision,
            MALL,
            &[(TwoPhase, PreparedUntouched)],
        ),
        missed(
            Safeguard::Outbox,
            MALL,
            &[
                (Choreographed, AllOrNothing),
                (Monolith, Irrevocable),
                (TwoPhase, Irrevocable),
                (Orchestrated, Irrevocable),
            ],
        ),
        missed(
            Safeguard::ConfirmBeforeMark,
            MALL,
            &[
                (Choreographed, AllOrNothing),
                (Monolith, Irrevocable),
                (TwoPhase, Irrevocable),
                (Orchestrated, Irrevocable),
            ],
        ),
        missed(
            Safeguard::AckAfterEffect,
            MALL,
            &[(Choreographed, AllOrNothing)],
        ),
        missed(
            Safeguard::InboxDedup,
            ORDER,
            &[
                (Orchestrated, NoEffectTwice),
                (Choreographed, NoEffectTwice),
                (Monolith, NoEffectTwice),
            ],
        ),
        missed(
            Safeguard::ProviderKey,
            MALL,
            &[
                (Monolith, Irrevocable),
                (TwoPhase, Irrevocable),
                (Orchestrated, Irrevocable),
                (Choreographed, Irrevocable),
            ],
        ),
        missed(
            Safeguard::CompensationTombstone,
            MALL,
            &[(Orchestrated, AllOrNothing)],
        ),
        missed(
            Safeguard::RetryCompensation,
            MALL,
            &[(Orchestrated, AllOrNothing), (Choreographed, AllOrNothing)],
        ),
        missed(
            Safeguard::RetryAfterPivot,
            MALL,
            &[(Orchestrated, Irrevocable), (Choreographed, Irrevocable)],
        ),
        missed(
            Safeguard::ReverseOrderCompensation,
            ORDER,
            &[(Orchestrated, Compensation), (Choreographed, Compensation)],
        ),
        missed(
            Safeguard::SagaLogBeforeCommand,
            MALL,
            &[(Orchestrated, AllOrNothing)],
        ),
        missed(
            Safeguard::IdempotentClientRetry,
            ORDER,
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
        base,
        case,
        by,
    } in table()
    {
        let case = format!("tests/safeguards/{case}.toml");
        let scenario = Arc::new(on_base(base, &case));
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
    let scenario = Arc::new(on_base(MALL, "tests/safeguards/outbox.toml"));
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
    let scenario = Arc::new(on_base(
        MALL,
        "tests/safeguards/idempotent-client-retry.toml",
    ));
    for protocol in protocols(&scenario) {
        let trial = run(&scenario, protocol, scenario.seed, Safeguards::all());
        assert!(!broke(&trial, ClientTruth), "{protocol}");
    }
}
