use super::story::{events, mall};
use crate::check::court::Court;
use crate::check::ledger::Ledger;
use crate::check::record::Deed;
use crate::protocol::ProtocolKind::OrchestratedSaga;
use crate::vocab::{ClientId, RequestId, SimTime};

const ALICE: RequestId = RequestId {
    client: ClientId(0),
    n: 0,
};

fn after(history: &str) -> (Court, Ledger, SimTime) {
    let court = Court::new(&mall(), OrchestratedSaga);
    let mut ledger = Ledger::default();
    let mut now = SimTime::ZERO;
    for event in events(history) {
        ledger.hear(&court, &event);
        now = event.at;
    }
    (court, ledger, now)
}

#[test]
fn a_request_is_remembered_until_the_retention_window_after_it_is_over() {
    let done = "alice asks
                alice does take
                alice is quiet";
    let (court, mut ledger, now) = after(done);
    assert_eq!(ledger.due(now, &court), None);
    let later = now + court.scenario.policies.retention;
    assert_eq!(ledger.due(later, &court), Some(ALICE));
    ledger.remove(ALICE);
    assert!(ledger.record(ALICE).is_none());
    assert!(ledger.open_requests().is_empty());
}

#[test]
fn a_request_that_wakes_again_is_remembered_from_when_it_is_quiet_again() {
    let woken = "alice asks
                 alice is quiet
                 later
                 alice does take
                 alice is quiet";
    let (court, mut ledger, now) = after(woken);
    assert_eq!(ledger.due(now, &court), None);
}

#[test]
fn resends_in_a_long_outage_do_not_fill_the_memory() {
    let refused = "alice is refused ship: parcels\n".repeat(1_000);
    let (_, ledger, _) = after(&format!("alice asks\n{refused}"));
    let record = ledger.record(ALICE).expect("she is in flight");
    assert!(record.facts.len() <= 64, "{}", record.facts.len());
    let asked = |f: &&crate::check::record::Fact| matches!(f.deed, Deed::Asked { .. });
    assert_eq!(record.facts.iter().filter(asked).count(), 1);
}
