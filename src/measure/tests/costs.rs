//! What a run costs beside time: locks in doubt, work that is undone later, letters
//! that lie about; and what a warm-up leaves out.

use super::*;

const MANAGER: u16 = 0;

fn quiet(n: u32) -> What {
    What::Quiet {
        request: key(n).request,
    }
}

/// A branch that will change two rows, one of them twice.
fn prepared_to_take_two(n: u32) -> What {
    What::Prepared {
        tx: tx(n),
        effects: smallvec![taken(n, 1, 50), taken(n, 2, 50), taken(n, 1, 10)],
        durable: true,
    }
}

#[test]
fn locks_are_in_doubt_while_the_branch_is_prepared_and_the_manager_is_down() {
    let f = measure(vec![
        (0, POINTS, prepared_to_take_two(0)),
        (10, MANAGER, What::Down(Part::Process)),
        (20, POINTS, prepared_to_take(1, 5)),
        // Neither a service nor a database is the manager.
        (25, POINTS, What::Down(Part::Process)),
        (25, MANAGER, What::Down(Part::Database)),
        (40, MANAGER, What::Up(Part::Process)),
        (50, POINTS, branch(0, 0, true)),
        (60, POINTS, branch(1, 0, true)),
        // Prepared when all is over: nobody was gone.
        (70, POINTS, prepared_to_take(2, 6)),
        (75, POINTS, branch(2, 0, true)),
    ]);
    assert_eq!(f.prepared_lock_time, lasting(2 * 50 + 40 + 5));
    assert_eq!(f.in_doubt_lock_time, lasting(2 * 30 + 20));
}

#[test]
fn a_branch_without_an_end_is_in_doubt_to_the_end_and_one_that_a_crash_took_back_until_then() {
    let f = measure(vec![
        (0, MANAGER, What::Down(Part::Process)),
        (10, POINTS, prepared_to_take(0, 1)),
        (10, POINTS, prepared_to_take(1, 2)),
        (30, POINTS, What::PreparedLost { tx: tx(1) }),
        (110, CLIENTS, rest(vec![])),
    ]);
    assert_eq!(f.in_doubt_lock_time, lasting(100 + 20));
    assert_eq!(f.prepared_lock_time, f.in_doubt_lock_time);
}

#[test]
fn what_a_crash_takes_back_of_an_outcome_is_in_doubt_again() {
    let f = measure(vec![
        (0, POINTS, prepared_to_take(0, 1)),
        (10, POINTS, branch(0, 0, false)),
        (20, MANAGER, What::Down(Part::Process)),
        (
            30,
            POINTS,
            What::CommitLost {
                tx: tx(0),
                branch: true,
                effects: smallvec![taken(0, 1, 50)],
                writes: vec![],
            },
        ),
        (70, POINTS, branch(0, 0, true)),
    ]);
    assert_eq!(f.prepared_lock_time, lasting(10 + 40));
    assert_eq!(f.in_doubt_lock_time, lasting(40));
}

#[test]
fn shares_are_of_what_was_started() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (0, CLIENTS, asked(1)),
        (0, CLIENTS, asked(2)),
        (0, CLIENTS, asked(3)),
        (5, POINTS, waits(Owner::Tx(tx(3)), 1, 0)),
        (6, POINTS, waits(Owner::Reader(0, 0), 1, 0)),
        (10, POINTS, commit(0, 0, Forward)),
        (11, CHARACTERS, commit(0, 1, Forward)),
        (12, POINTS, commit(1, 0, Forward)),
        (20, POINTS, commit(1, 0, Backward)),
        (60, CLIENTS, rest(vec![])),
    ]);
    assert_eq!((f.committed_share, f.refused_share), (0.25, 0.75));
    assert_eq!((f.compensated_share, f.blocked_share), (0.25, 0.25));
    assert_eq!(f.blocked, 2, "the reader is no request");
}

#[test]
fn goodput_is_what_was_committed_and_told_in_time() {
    let done = |n, at| {
        [
            (at, POINTS, commit(n, 0, Forward)),
            (at, CHARACTERS, commit(n, 1, Forward)),
        ]
    };
    let gave_up = What::GaveUp {
        request: key(1).request,
    };
    let mut history = vec![(0, CLIENTS, asked(0)), (0, CLIENTS, asked(1))];
    history.extend(done(0, 10));
    history.push((20, CLIENTS, told(0, ClientOutcome::Committed)));
    history.push((25, CLIENTS, gave_up));
    history.extend(done(1, 30));
    history.push((50, CLIENTS, told(1, ClientOutcome::Committed)));
    let f = measure(history);
    assert_eq!((f.committed, f.unknown), (2, 1));
    assert_eq!((f.throughput, f.goodput), (40.0, 20.0));
}

#[test]
fn stores_agree_from_the_last_effect_or_the_last_compensation_on() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (0, CLIENTS, asked(1)),
        (0, CLIENTS, asked(2)),
        (0, CLIENTS, asked(3)),
        (10, POINTS, commit(0, 0, Forward)),
        // The client hears of it before the last store does.
        (12, CLIENTS, told(0, ClientOutcome::Committed)),
        (30, CHARACTERS, commit(0, 1, Forward)),
        (31, CLIENTS, quiet(0)),
        (10, POINTS, commit(1, 0, Forward)),
        (80, POINTS, commit(1, 0, Backward)),
        // Half done for good, and never begun: they do not count.
        (10, POINTS, commit(2, 0, Forward)),
        (90, CLIENTS, rest(vec![])),
    ]);
    assert_eq!((f.convergence.count, f.convergence.max), (2, lasting(80)));
    assert_eq!(f.latency.max, lasting(12));
}

#[test]
fn exposure_adds_up_what_was_to_be_seen_half_done() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (0, CLIENTS, asked(1)),
        (0, CLIENTS, asked(2)),
        (10, POINTS, commit(0, 0, Forward)),
        (15, POINTS, commit(1, 0, Forward)),
        (40, CHARACTERS, commit(0, 1, Forward)),
        (50, POINTS, commit(2, 0, Forward)),
        (51, CLIENTS, quiet(1)),
        (115, CLIENTS, rest(vec![])),
    ]);
    // To the end for the one that nobody cares for any more, and the one that is
    // left over.
    assert_eq!(f.inconsistency_exposure, lasting(30 + 100 + 65));
    assert_eq!(f.longest_inconsistency, lasting(100));
}

#[test]
fn debt_is_owed_from_the_commit_to_the_compensation() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (0, CLIENTS, asked(1)),
        (0, CLIENTS, asked(2)),
        (10, POINTS, commit(0, 0, Forward)),
        (20, POINTS, commit(1, 0, Forward)),
        (40, POINTS, commit(0, 0, Backward)),
        // Paid back in the instant in which somebody else is owed.
        (50, POINTS, commit(1, 0, Backward)),
        (50, POINTS, commit(2, 0, Forward)),
        (60, CHARACTERS, commit(2, 1, Forward)),
        (100, CLIENTS, told(2, ClientOutcome::Committed)),
        (200, CLIENTS, rest(vec![])),
    ]);
    assert_eq!(f.compensated, 2);
    assert_eq!(
        f.most_compensation_debt, 2,
        "what is committed owes nothing"
    );
    assert!(
        (f.compensation_debt - 0.6).abs() < 1e-9,
        "30 and 30 of 100 ms"
    );
}

#[test]
fn a_compensation_that_a_crash_takes_back_has_paid_nothing() {
    let back = stamp(0, 0, Backward);
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (10, POINTS, commit(0, 0, Forward)),
        (20, POINTS, commit(0, 0, Backward)),
        (
            30,
            POINTS,
            What::CommitLost {
                tx: tx(0),
                branch: false,
                effects: effects(back),
                writes: vec![],
            },
        ),
        (60, POINTS, commit(0, 0, Backward)),
        (100, CLIENTS, told(0, ClientOutcome::Refused(NO))),
    ]);
    assert!((f.compensation_debt - 0.5).abs() < 1e-9);
    assert_eq!(f.most_compensation_debt, 1);
}

#[test]
fn a_letter_lies_in_its_outbox_until_somebody_first_has_it() {
    let id = |n| LetterId {
        tx: tx(n),
        step: StepId(2),
        direction: Forward,
        n: 0,
    };
    let handed_over = |n, performed| What::HandedOver {
        id: id(n),
        action: row(0),
        performed,
    };
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (10, WELCOME, mail(0)),
        (12, WELCOME, mail(1)),
        (17, WELCOME, handed_over(0, true)),
        (90, WELCOME, handed_over(0, false)),
        (42, CLIENTS, What::Stored { id: id(1) }),
        // Nobody has staged it: no outbox.
        (50, CLIENTS, What::Stored { id: id(2) }),
    ]);
    assert_eq!((f.outbox_lag.count, f.outbox_lag.max), (2, lasting(30)));
    assert_eq!(f.outbox_lag.p50.as_micros() / 1_000, 7);
}

#[test]
fn the_busiest_disk_is_the_one_that_flushes_most_within_the_window() {
    let flushed = What::Flushed { records: 3 };
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (1, POINTS, flushed.clone()),
        (2, POINTS, flushed.clone()),
        (3, CHARACTERS, flushed.clone()),
        (8, CLIENTS, told(0, ClientOutcome::Committed)),
        (9, POINTS, flushed),
    ]);
    // A flush takes 1 ms in the mall.
    assert!((f.disk_utilisation - 0.25).abs() < 1e-9);
}

#[test]
fn requests_of_the_warm_up_are_in_the_rates_alone() {
    let mut scenario = mall();
    scenario.workload.warm_up = lasting(20);
    let done = |n, at| {
        [
            (at, POINTS, takes(n, u64::from(n), 50, vec![])),
            (at + 2, CHARACTERS, unlocks(n)),
            (at + 2, CLIENTS, told(n, ClientOutcome::Committed)),
        ]
    };
    let sent = |n| What::Sent {
        id: crate::history::MsgId(0),
        to: NodeId(0),
        kind: "prepare",
        tx: tx(n),
        step: None,
        says: "",
    };
    let mut history = vec![(0, CLIENTS, asked(0)), (0, CLIENTS, asked(1))];
    history.extend(done(0, 5));
    history.push((10, POINTS, waits(Owner::Tx(tx(1)), 1, 0)));
    history.push((12, POINTS, prepared_to_take(1, 1)));
    history.push((20, CLIENTS, asked(2)));
    history.extend([(21, POINTS, sent(1)), (21, POINTS, sent(2))]);
    history.push((30, POINTS, turned_away(Owner::Tx(tx(1)), 1, 0)));
    history.extend(done(1, 40));
    history.extend(done(2, 118));
    let f = measure_in(&scenario, history);
    assert_eq!((f.started, f.committed), (1, 1));
    assert_eq!((f.latency.count, f.latency.max), (1, lasting(100)));
    assert_eq!((f.blocked, f.lock_wait.count, f.prepared), (0, 0, 0));
    assert_eq!((f.messages, f.local_transactions), (1.0, 2.0));
    assert_eq!((f.inconsistent, f.inconsistency_exposure), (1, lasting(2)));
    // One of the warm-up was committed after it; the other within it.
    assert_eq!((f.window, f.throughput), (lasting(100), 20.0));
}
