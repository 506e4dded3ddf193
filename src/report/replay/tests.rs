use super::*;
use crate::protocol::{ProtocolKind, Safeguard};
use crate::report::fixture;
use crate::report::page::Page;
use crate::report::saved::Told;
use crate::vocab::SimTime;

/// The fixture's choreographed saga without outbox, compared with something.
fn screen(compared: Compared) -> String {
    let scenario = fixture::scenario();
    let trials = fixture::trials_without_outbox(&scenario);
    let trial = trials.last().expect("there are some");
    assert_eq!(trial.protocol, ProtocolKind::ChoreographedSaga);
    let mut invocation = fixture::invocation();
    invocation.without = vec![Safeguard::Outbox];
    let broken = broken(&scenario, &invocation, trial);
    let (promise, violation) = broken[0];
    let replay = Replay {
        scenario: &scenario,
        invocation: &invocation,
        trial,
        beside: &[],
        compared,
        subject: Subject::Broken(promise, violation),
        diagram: Diagram::default(),
        signs: Signs::Unicode,
        again: "cargo run --release -- replay x.history".to_owned(),
    };
    anstream::adapter::strip_str(&text::screen(&replay, Page::NARROW)).to_string()
}

fn told(kind: &str, says: &str) -> Told {
    Told {
        at: SimTime::from_micros(6_450),
        node: "points".to_owned(),
        kind: kind.to_owned(),
        tx: "c0.0".to_owned(),
        says: says.to_owned(),
        what: serde_json::json!({ "Noted": 7 }),
    }
}

#[test]
fn where_a_replay_parts_from_what_was_saved_both_are_told() {
    let parting = Parting {
        nth: 17,
        before: Some(told("ran", "take-points")),
        one: Some(told("committed", "take-points")),
        other: None,
    };
    let compared = Compared::Saved(Digest(7), Some(Box::new(parting)));
    insta::assert_snapshot!(screen(compared));
}

#[test]
fn events_of_the_same_words_are_told_whole() {
    let mut other = told("ran", "take-points");
    other.what = serde_json::json!({ "Noted": 8 });
    let parting = Parting {
        nth: 1,
        before: None,
        one: Some(told("ran", "take-points")),
        other: Some(other),
    };
    let text = screen(Compared::Saved(Digest(7), Some(Box::new(parting))));
    assert!(
        text.contains("ran c0.0: take-points  {\"Noted\":7}\n"),
        "{text}"
    );
    assert!(
        text.contains("ran c0.0: take-points  {\"Noted\":8}\n"),
        "{text}"
    );
}

#[test]
fn another_digest_than_was_meant_is_told() {
    let text = screen(Compared::Digest(Digest(7)));
    let words: Vec<&str> = text.split_whitespace().collect();
    let told = "but it should be 0000000000000007: another run";
    assert!(words.join(" ").contains(told), "{text}");
}
