//! Who waits for whom, and for how long.

use super::super::Answer;
use super::bench::*;
use crate::history::{Owner, RollbackReason, What};
use crate::protocol::{Decision, End, Force, Outcome};
use crate::vocab::SimDuration;

#[test]
fn locks_are_held_from_the_first_statement_to_the_end() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, -30)]));
    db.settle();
    let other = db.local(2, add(&[(0, -1)]));
    db.pass(LOCK_TIMEOUT - 1);
    assert_eq!(db.outcome(other), None);
    db.finish(1, Decision::Abort, Force::Lazy);
    db.settle();
    assert_eq!(db.outcome(other), Some(&done()));
    assert_eq!(db.balance(0), INITIAL - 1);
}

#[test]
fn who_waits_is_told_behind_whom_and_how_long_it_was() {
    let mut db = Bench::new();
    db.local(1, add(&[(0, 1)]));
    db.local(2, add(&[(0, 1)]));
    db.settle();
    let locks: Vec<_> = db.events.iter().filter(|e| is_lock(e)).cloned().collect();
    let (first, second) = (Owner::Tx(tx(1)), Owner::Tx(tx(2)));
    let row = account(0);
    let span = SimDuration::from_micros(STATEMENT + FLUSH);
    let locked = |owner, waited| What::Locked {
        owner,
        row,
        exclusive: true,
        waited,
    };
    let unlocked = |owner| What::Unlocked {
        owner,
        row,
        held: span,
    };
    let waiting = What::Waiting {
        owner: second,
        row,
        behind: first,
    };
    assert_eq!(
        locks,
        [
            locked(first, SimDuration::ZERO),
            waiting,
            unlocked(first),
            locked(second, span),
            unlocked(second),
        ]
    );
}

fn is_lock(what: &What) -> bool {
    matches!(
        what,
        What::Waiting { .. } | What::Locked { .. } | What::Unlocked { .. }
    )
}

#[test]
fn the_first_to_come_is_the_first_to_be_served() {
    let mut db = Bench::new();
    let calls: Vec<_> = (0..6).map(|n| db.local(n, add(&[(0, 1)]))).collect();
    db.settle();
    let answered: Vec<_> = db.answers.iter().map(|(_, ticket, _)| *ticket).collect();
    assert_eq!(answered, calls);
}

#[test]
fn rows_that_are_only_looked_at_are_shared() {
    let mut db = Bench::new();
    for n in 1..=2 {
        db.open(n, look(&[0]));
    }
    let writer = db.local(3, add(&[(0, 1)]));
    db.pass(STATEMENT + FLUSH);
    assert_eq!(db.answers.len(), 2);
    for n in 1..=2 {
        db.finish(n, Decision::Abort, Force::Lazy);
    }
    db.settle();
    assert_eq!(db.outcome(writer), Some(&done()));
}

#[test]
fn a_wait_that_lasts_too_long_is_a_conflict_and_undoes_the_whole_branch() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, 1)]));
    db.settle();
    db.open(2, add(&[(1, 1)]));
    db.settle();
    let began = db.now.as_micros();
    let call = db.open(2, add(&[(0, 1)]));
    db.settle();
    assert_eq!(db.outcome(call), Some(&Outcome::Conflict));
    assert_eq!(db.answered_at(call), Some(began + LOCK_TIMEOUT));
    let undone = What::RolledBack {
        tx: tx(2),
        why: RollbackReason::Conflict,
        prepared: false,
    };
    assert_eq!(db.said(|e| *e == undone), 1);
    let free = db.local(3, add(&[(1, 1)]));
    db.settle();
    assert_eq!(db.outcome(free), Some(&done()));
}

#[test]
fn every_wait_has_its_own_time_out() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, 1)]));
    db.settle();
    let first = db.local(2, add(&[(0, 1)]));
    db.pass(LOCK_TIMEOUT / 2);
    let second = db.local(3, add(&[(0, 1)]));
    let began = db.now.as_micros();
    db.settle();
    assert_eq!(
        db.answered_at(first),
        Some(began + LOCK_TIMEOUT - LOCK_TIMEOUT / 2)
    );
    assert_eq!(db.answered_at(second), Some(began + LOCK_TIMEOUT));
}

#[test]
fn a_deadlock_is_found_when_it_closes_and_whoever_closes_it_goes() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, 1)]));
    db.open(2, add(&[(1, 1)]));
    db.settle();
    let waits = db.open(1, add(&[(1, 1)]));
    let closes = db.open(2, add(&[(0, 1)]));
    assert_eq!(db.outcome(closes), Some(&Outcome::Conflict));
    db.settle();
    assert_eq!(db.outcome(waits), Some(&Outcome::Open(Vec::new())));
}

#[test]
fn statements_of_one_branch_run_one_after_the_other() {
    let mut db = Bench::new();
    let first = db.open(1, add(&[(0, 1)]));
    let second = db.open(1, add(&[(0, 2)]));
    let last = db.execute(1, true, add(&[(0, 3)]), End::Commit, Force::Always);
    db.settle();
    assert_eq!(db.answered_at(first), Some(STATEMENT));
    assert_eq!(db.answered_at(second), Some(2 * STATEMENT));
    assert_eq!(db.outcome(last), Some(&done()));
    assert_eq!(db.balance(0), INITIAL + 6);
}

#[test]
fn a_document_store_answers_a_conflict_at_once() {
    let mut db = Bench::on(document());
    db.local(1, add(&[(0, 1)]));
    let call = db.local(2, add(&[(0, 1)]));
    assert_eq!(db.outcome(call), Some(&Outcome::Conflict));
    let conflict = What::Conflicted {
        owner: Owner::Tx(tx(2)),
        row: Some(account(0)),
        behind: Some(Owner::Tx(tx(1))),
    };
    assert_eq!(db.said(|e| *e == conflict), 1);
}

#[test]
fn readers_of_a_locking_engine_wait_for_writers() {
    let mut db = Bench::new();
    db.local(1, add(&[(0, 1)]));
    let call = db.read(&[0]);
    db.settle();
    let answer = Answer::Read {
        saw: smallvec::smallvec![(account(0), INITIAL + 1)],
        waited: SimDuration::from_micros(STATEMENT + FLUSH),
    };
    assert_eq!(db.answer(call), Some(&answer));
}

#[test]
fn readers_of_a_document_store_see_what_is_committed_and_never_wait() {
    let mut db = Bench::on(document());
    db.open(1, add(&[(0, 1)]));
    db.settle();
    let call = db.read(&[0]);
    db.pass(STATEMENT);
    assert_eq!(db.values(call), [INITIAL]);
}

#[test]
fn a_reader_that_waits_too_long_fails() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, 1)]));
    let call = db.read(&[0]);
    db.settle();
    assert_eq!(db.answer(call), Some(&Answer::ReadFailed));
}

#[test]
fn a_row_that_nobody_touches_holds_nobody_up() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, 1)]));
    let call = db.local(2, add(&[(1, 1)]));
    db.pass(STATEMENT + FLUSH);
    assert_eq!(db.outcome(call), Some(&done()));
}
