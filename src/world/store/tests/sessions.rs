//! What a new process finds of the work of the one that died.

use super::super::{Answer, Request};
use super::bench::*;
use crate::history::{RollbackReason, What};
use crate::protocol::{Force, Outcome, Safeguard};

#[test]
fn a_new_session_ends_what_the_old_one_had_open_and_queued() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, 1)]));
    db.settle();
    let waits = db.local(2, add(&[(0, 1)]));
    let runs = db.local(3, add(&[(1, 1)]));
    db.open_session(2);
    let undone = What::RolledBack {
        tx: tx(1),
        why: RollbackReason::SessionOver,
        prepared: false,
    };
    assert_eq!(db.said(|e| *e == undone), 1);
    for call in [waits, runs] {
        assert_eq!(db.outcome(call), Some(&Outcome::Aborted));
    }
    db.settle();
    assert!(db.appended().is_empty());
    assert!(db.rest().left.is_empty());
}

#[test]
fn what_is_prepared_outlives_its_session() {
    let mut db = Bench::new();
    db.prepare(1, add(&[(0, 1)]));
    db.settle();
    db.open_session(2);
    assert_eq!(db.durable().prepared, [tx(1)]);
}

#[test]
fn recovery_reads_only_once_what_was_appended_before_is_on_disk() {
    let mut db = Bench::new();
    db.local(1, always([decision_row(1)]));
    db.pass(STATEMENT);
    db.open_session(2);
    let recover = db.ask(Request::Recover);
    assert_eq!(db.answer(recover), None);
    db.pass(FLUSH);
    match db.answer(recover) {
        Some(Answer::Durable(durable)) => assert_eq!(durable.log.len(), 1),
        other => panic!("{other:?}"),
    }
}

#[test]
fn recovery_does_not_wait_for_the_lazy_flush() {
    let mut db = Bench::new();
    db.execute(
        1,
        false,
        always([decision_row(1)]),
        crate::protocol::End::Commit,
        Force::Lazy,
    );
    db.pass(STATEMENT);
    let recover = db.ask(Request::Recover);
    db.pass(FLUSH);
    assert!(db.answer(recover).is_some());
}

#[test]
fn without_fencing_old_work_commits_after_the_new_process_has_looked() {
    let mut db = Bench::without(Safeguard::SessionFencing);
    let old = db.local(1, always([decision_row(1)]));
    db.open_session(2);
    let recover = db.ask(Request::Recover);
    match db.answer(recover) {
        Some(Answer::Durable(durable)) => assert!(durable.log.is_empty()),
        other => panic!("{other:?}"),
    }
    db.settle();
    assert_eq!(db.outcome(old), Some(&done()));
}

#[test]
fn without_fencing_an_open_branch_keeps_its_locks() {
    let mut db = Bench::without(Safeguard::SessionFencing);
    db.open(1, add(&[(0, 1)]));
    db.settle();
    db.open_session(2);
    let call = db.local(2, add(&[(0, 1)]));
    db.settle();
    assert_eq!(db.outcome(call), Some(&Outcome::Conflict));
    assert_eq!(db.rest().left.len(), 1);
}

#[test]
fn readers_belong_to_no_session() {
    let mut db = Bench::new();
    db.local(1, add(&[(0, 1)]));
    let reader = db.read(&[0]);
    db.open_session(2);
    db.settle();
    assert_eq!(db.values(reader), [INITIAL]);
}
