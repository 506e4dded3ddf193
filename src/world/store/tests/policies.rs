//! Who waits, who dies and who is wounded. A transaction of a lower number is
//! older.

use super::super::Answer;
use super::bench::*;
use crate::history::{Owner, RollbackReason, What};
use crate::protocol::{Decision, End, Force, Outcome, Txn};
use crate::scenario::LockPolicy;
use crate::vocab::TxId;
use crate::world::disk::Crash;

fn opened() -> Outcome {
    Outcome::Open(Vec::new())
}

fn conflict(victim: u32, behind: u32) -> What {
    What::Conflicted {
        owner: Owner::Tx(tx(victim)),
        row: Some(account(0)),
        behind: Some(Owner::Tx(tx(behind))),
    }
}

/// One that holds a row, then others that want it, in this order; all that were
/// answered a conflict.
fn refused(policy: LockPolicy, arrivals: &[u32]) -> Vec<u32> {
    let mut db = Bench::on(under(policy));
    let calls: Vec<_> = arrivals
        .iter()
        .map(|&n| (n, db.open(n, add(&[(0, 1)]))))
        .collect();
    let refused = |call| db.outcome(call) == Some(&Outcome::Conflict);
    let refused = calls.into_iter().filter(|&(_, call)| refused(call));
    refused.map(|(n, _)| n).collect()
}

/// Two have read a row and want to write it, in either order: the older does, the
/// younger is answered a conflict.
fn the_older_writes_what_both_have_read(policy: LockPolicy) {
    for (first, second) in [(1, 2), (2, 1)] {
        let mut db = Bench::on(under(policy));
        db.open(1, look(&[0]));
        db.open(2, look(&[0]));
        db.settle();
        let calls = [first, second].map(|n| (n, db.open(n, add(&[(0, 1)]))));
        db.settle();
        for (n, call) in calls {
            let outcome = if n == 1 { opened() } else { Outcome::Conflict };
            assert_eq!(db.outcome(call), Some(&outcome), "{first} before {second}");
        }
    }
}

// No-wait and time-out.

#[test]
fn with_no_wait_a_busy_lock_is_a_conflict_at_once() {
    assert_eq!(refused(LockPolicy::NoWait, &[2, 1, 3]), [1, 3]);
}

#[test]
fn with_no_wait_a_reader_of_a_busy_row_fails_at_once() {
    let mut db = Bench::on(under(LockPolicy::NoWait));
    db.open(1, add(&[(0, 1)]));
    let call = db.read(&[0]);
    assert_eq!(db.answer(call), Some(&Answer::ReadFailed));
}

#[test]
fn with_time_outs_alone_nobody_finds_a_circle_until_the_first_has_waited_too_long() {
    let mut db = Bench::on(under(LockPolicy::TimeOut));
    db.open(1, add(&[(0, 1)]));
    db.open(2, add(&[(1, 1)]));
    db.settle();
    let began = db.now.as_micros();
    let first = db.open(1, add(&[(1, 1)]));
    db.pass(STATEMENT);
    let second = db.open(2, add(&[(0, 1)]));
    db.settle();
    assert_eq!(db.outcome(first), Some(&Outcome::Conflict));
    assert_eq!(db.answered_at(first), Some(began + LOCK_TIMEOUT));
    assert_eq!(db.outcome(second), Some(&opened()));
}

// Wait-die.

#[test]
fn with_wait_die_an_older_one_waits_and_a_younger_dies() {
    assert_eq!(refused(LockPolicy::WaitDie, &[2, 1, 3]), [3]);
}

#[test]
fn with_wait_die_one_dies_rather_than_queue_behind_an_older_that_only_waits() {
    assert_eq!(refused(LockPolicy::WaitDie, &[5, 2, 3]), [3]);
    assert_eq!(refused(LockPolicy::WaitDie, &[5, 3, 2]), [] as [u32; 0]);
}

#[test]
fn with_wait_die_a_younger_that_dies_is_undone_and_told_behind_whom() {
    let mut db = Bench::on(under(LockPolicy::WaitDie));
    db.open(1, add(&[(0, 1)]));
    db.open(2, add(&[(1, 1)]));
    db.settle();
    let dies = db.open(2, add(&[(0, 1)]));
    assert_eq!(db.outcome(dies), Some(&Outcome::Conflict));
    assert_eq!(db.said(|e| *e == conflict(2, 1)), 1);
    let free = db.open(3, add(&[(1, 1)]));
    db.settle();
    assert_eq!(db.outcome(free), Some(&opened()));
}

#[test]
fn with_wait_die_of_two_that_read_and_want_to_write_the_younger_dies() {
    the_older_writes_what_both_have_read(LockPolicy::WaitDie);
}

#[test]
fn with_wait_die_a_prepared_one_is_waited_for_by_an_older_and_kills_a_younger() {
    let mut db = Bench::on(under(LockPolicy::WaitDie));
    db.prepare(2, add(&[(0, 1)]));
    db.settle();
    let older = db.open(1, add(&[(0, 1)]));
    let younger = db.open(3, add(&[(0, 1)]));
    assert_eq!(db.outcome(older), None);
    assert_eq!(db.outcome(younger), Some(&Outcome::Conflict));
}

#[test]
fn one_that_begins_again_keeps_its_age() {
    let mut db = Bench::on(under(LockPolicy::WaitDie));
    let again = TxId {
        attempt: 1,
        ..tx(2)
    };
    db.open(1, add(&[(0, 1)]));
    let dies = db.open(2, add(&[(0, 1)]));
    assert_eq!(db.outcome(dies), Some(&Outcome::Conflict));
    db.open(3, add(&[(1, 1)]));
    let open = |db: &mut Bench, row| {
        let txn = add(&[(row, 1)]);
        db.execute_as(again, true, txn, End::Open, Force::Lazy)
    };
    let waits = open(&mut db, 1);
    assert_eq!(db.outcome(waits), None);
    db.finish(3, Decision::Abort, Force::Lazy);
    db.settle();
    assert_eq!(db.outcome(waits), Some(&opened()));
    let dies = open(&mut db, 0);
    assert_eq!(db.outcome(dies), Some(&Outcome::Conflict));
}

// Wound-wait.

#[test]
fn with_wound_wait_an_older_one_wounds_a_younger_at_work_and_a_younger_waits() {
    assert_eq!(refused(LockPolicy::WoundWait, &[2, 3, 1]), [2]);
}

#[test]
fn with_wound_wait_whoever_wounds_has_the_lock_at_once() {
    let mut db = Bench::on(under(LockPolicy::WoundWait));
    db.open(2, add(&[(0, 1)]));
    db.pass(STATEMENT / 2);
    db.open(3, add(&[(0, 1)]));
    let began = db.now.as_micros();
    let older = db.open(1, add(&[(0, 1)]));
    db.settle();
    assert_eq!(db.answered_at(older), Some(began + STATEMENT));
    assert_eq!(db.said(|e| *e == conflict(2, 1)), 1);
}

#[test]
fn with_wound_wait_the_oldest_of_those_that_wait_is_served_first() {
    let mut db = Bench::on(under(LockPolicy::WoundWait));
    let calls = [1, 4, 2, 3].map(|n| db.local(n, add(&[(0, 1)])));
    db.settle();
    let answered: Vec<_> = db.answers.iter().map(|(_, ticket, _)| *ticket).collect();
    assert_eq!(answered, [calls[0], calls[2], calls[3], calls[1]]);
}

/// 2 has done its work and waits for PREPARE when 1 needs its row.
fn wounded_while_idle() -> Bench {
    let mut db = Bench::on(under(LockPolicy::WoundWait));
    db.open(2, add(&[(0, 1)]));
    db.settle();
    let older = db.local(1, add(&[(0, 5)]));
    db.settle();
    assert_eq!(db.outcome(older), Some(&done()));
    let undone = What::RolledBack {
        tx: tx(2),
        why: RollbackReason::Conflict,
        prepared: false,
    };
    assert_eq!(db.said(|e| *e == undone), 1);
    db
}

#[test]
fn a_wounded_one_that_was_idle_learns_it_when_it_is_to_be_prepared() {
    let mut db = wounded_while_idle();
    let vote = db.prepare(2, Txn::default());
    db.settle();
    assert_eq!(db.outcome(vote), Some(&Outcome::Conflict));
    assert!(db.durable().prepared.is_empty());
    assert_eq!(db.balance(0), INITIAL + 5);
}

#[test]
fn a_wounded_one_that_was_idle_learns_it_from_its_next_statement() {
    let mut db = wounded_while_idle();
    let next = db.open(2, add(&[(1, 1)]));
    assert_eq!(db.outcome(next), Some(&Outcome::Conflict));
    db.settle();
    assert!(db.rest().left.is_empty());
}

#[test]
fn a_wounded_one_that_was_idle_learns_it_after_a_crash_of_its_database_too() {
    let mut db = wounded_while_idle();
    db.die_and_recover(Crash::Database);
    let vote = db.prepare(2, Txn::default());
    db.settle();
    assert_eq!(db.outcome(vote), Some(&Outcome::Conflict));
    assert!(db.durable().prepared.is_empty());
}

#[test]
fn a_wounded_one_that_is_aborted_is_aborted_and_cannot_be_opened_again() {
    let mut db = wounded_while_idle();
    let end = db.finish(2, Decision::Abort, Force::Lazy);
    assert_eq!(db.outcome(end), Some(&Outcome::Aborted));
    let late = db.open(2, add(&[(1, 1)]));
    db.settle();
    assert_eq!(db.outcome(late), Some(&Outcome::Aborted));
    assert!(db.rest().left.is_empty());
}

#[test]
fn what_is_prepared_is_not_wounded_and_the_older_waits() {
    let mut db = Bench::on(under(LockPolicy::WoundWait));
    db.prepare(2, add(&[(0, 1)]));
    db.settle();
    let older = db.local(1, add(&[(0, 5)]));
    db.pass(STATEMENT + FLUSH);
    assert_eq!(db.outcome(older), None);
    let end = db.finish(2, Decision::Commit, Force::Always);
    db.settle();
    assert_eq!(db.outcome(end), Some(&done()));
    assert_eq!(db.outcome(older), Some(&done()));
    assert_eq!(db.balance(0), INITIAL + 6);
}

#[test]
fn what_was_prepared_before_a_crash_is_not_wounded_after_it() {
    let mut db = Bench::on(under(LockPolicy::WoundWait));
    db.prepare(2, add(&[(0, 1)]));
    db.settle();
    db.die_and_recover(Crash::PowerLoss);
    let older = db.local(1, add(&[(0, 5)]));
    db.pass(STATEMENT + FLUSH);
    assert_eq!(db.outcome(older), None);
    assert_eq!(db.durable().prepared, [tx(2)]);
}

#[test]
fn what_is_being_prepared_or_committed_is_not_wounded() {
    let mut db = Bench::on(under(LockPolicy::WoundWait));
    let votes = db.prepare(3, add(&[(0, 1)]));
    let commits = db.local(4, add(&[(1, 1)]));
    db.pass(STATEMENT + FLUSH / 2);
    db.open(1, add(&[(0, 1)]));
    db.open(2, add(&[(1, 1)]));
    db.pass(2 * FLUSH);
    assert_eq!(db.outcome(votes), Some(&Outcome::Prepared));
    assert_eq!(db.outcome(commits), Some(&done()));
}

#[test]
fn with_wound_wait_who_is_asked_to_prepare_votes_no_rather_than_wait_for_an_older() {
    let mut db = Bench::on(under(LockPolicy::WoundWait));
    db.open(1, add(&[(0, 1)]));
    db.open(2, add(&[(1, 1)]));
    db.settle();
    let vote = db.prepare(2, look(&[0]));
    assert_eq!(db.outcome(vote), Some(&Outcome::Conflict));
}

#[test]
fn with_wound_wait_of_two_that_read_and_want_to_write_the_younger_is_wounded() {
    the_older_writes_what_both_have_read(LockPolicy::WoundWait);
}

// Readers and the operator.

#[test]
fn for_a_reader_nobody_is_wounded_and_it_is_wounded_for_anybody() {
    let mut db = Bench::on(under(LockPolicy::WoundWait));
    let call = db.read(&[0]);
    db.pass(STATEMENT / 2);
    let writer = db.local(9, add(&[(0, 1)]));
    assert_eq!(db.answer(call), Some(&Answer::ReadFailed));
    let waits = db.read(&[0]);
    assert_eq!(db.answer(waits), None);
    db.settle();
    assert_eq!(db.outcome(writer), Some(&done()));
    assert_eq!(db.values(waits), [INITIAL + 1]);
}

#[test]
fn with_wait_die_a_reader_dies_and_a_writer_waits_for_it() {
    let mut db = Bench::on(under(LockPolicy::WaitDie));
    let reads = db.read(&[0]);
    let writer = db.local(9, add(&[(0, 1)]));
    let dies = db.read(&[0]);
    assert_eq!(db.answer(dies), Some(&Answer::ReadFailed));
    db.settle();
    assert_eq!(db.values(reads), [INITIAL]);
    assert_eq!(db.outcome(writer), Some(&done()));
}
