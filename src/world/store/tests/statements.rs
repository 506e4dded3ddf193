//! Local transactions: what they see, write, log and answer.

use super::super::{Answer, Request};
use super::bench::*;
use crate::business::{Reason, ResourceId};
use crate::history::{Class, Owner, What};
use crate::protocol::{
    Answer as Said, Case, Change, End, Force, Outcome, Predicate, Reply, Row, Safeguard, Stamp,
    Test, Value,
};
use crate::vocab::TxId;

const POOR: Reason = Reason::Floor(ResourceId(0));

/// Takes an amount if it is there, and remembers what it answered.
fn step(n: u32, amount: i64) -> crate::protocol::Txn {
    let handled = Test {
        by: Some(Safeguard::InboxDedup),
        ..Test::of(inbox(n), Predicate::Present)
    };
    let poor = Test::of(Row::Business(account(0)), Predicate::Below(amount));
    let stored = |reply| Change::put(inbox(n), Value::Reply(reply));
    cases([
        Case::when(handled, [], Said::Replay(inbox(n))),
        Case::when(poor, [stored(Reply::Refused(POOR))], Said::Refused(POOR)),
        Case::always(
            [Change::Add(account(0), -amount), stored(Reply::Done)],
            Said::Done,
        ),
    ])
}

#[test]
fn a_forced_commit_is_answered_after_statement_and_flush() {
    let mut db = Bench::new();
    let call = db.local(1, add(&[(0, -30)]));
    db.pass(STATEMENT + FLUSH - 1);
    assert_eq!(db.outcome(call), None);
    assert_eq!(db.balance(0), INITIAL);
    db.pass(1);
    assert_eq!(db.outcome(call), Some(&done()));
    assert_eq!(db.balance(0), INITIAL - 30);
}

#[test]
fn a_lazy_commit_is_answered_and_seen_at_once_and_is_on_disk_a_little_later() {
    let mut db = Bench::new();
    let call = db.lazily(1, add(&[(0, -30)]));
    db.pass(STATEMENT);
    assert_eq!(db.outcome(call), Some(&done()));
    assert_eq!(db.balance(0), INITIAL - 30);
    db.pass(LAZY + FLUSH - 1);
    assert_eq!(db.said(|e| matches!(e, What::Flushed { .. })), 0);
    db.pass(1);
    assert_eq!(db.said(|e| *e == What::Flushed { records: 1 }), 1);
}

#[test]
fn a_flush_carries_everything_that_was_buffered_when_it_began() {
    let mut db = Bench::new();
    for n in 0..5 {
        db.local(n, add(&[(u64::from(n), 1)]));
    }
    db.settle();
    let flushes: Vec<_> = db.events.iter().filter(|e| is_flush(e)).collect();
    assert_eq!(
        flushes,
        [&What::Flushed { records: 1 }, &What::Flushed { records: 4 }]
    );
}

#[test]
fn a_group_commit_waits_for_company() {
    let mut spec = spec();
    spec.group_commit = crate::vocab::SimDuration::from_micros(500);
    let mut db = Bench::on(spec);
    let first = db.local(0, add(&[(0, 1)]));
    db.pass(400);
    let second = db.local(1, add(&[(1, 1)]));
    db.settle();
    let together = Some(STATEMENT + 500 + FLUSH);
    assert_eq!(db.answered_at(first), together);
    assert_eq!(db.answered_at(second), together);
    assert_eq!(db.said(|e| *e == What::Flushed { records: 2 }), 1);
}

fn is_flush(what: &What) -> bool {
    matches!(what, What::Flushed { .. })
}

#[test]
fn the_first_case_whose_tests_hold_is_taken_and_a_refusal_is_stored() {
    let mut db = Bench::new();
    let yes = db.local(1, step(1, 80));
    let no = db.local(2, step(2, 80));
    db.settle();
    assert_eq!(db.outcome(yes), Some(&done()));
    assert_eq!(db.outcome(no), Some(&Outcome::Refused(POOR)));
    let again = [db.local(1, step(1, 80)), db.local(2, step(2, 80))];
    db.settle();
    assert_eq!(db.outcome(again[0]), Some(&replayed(Reply::Done)));
    let refused = replayed(Reply::Refused(POOR));
    assert_eq!(db.outcome(again[1]), Some(&refused));
    assert_eq!(db.balance(0), INITIAL - 80);
}

#[test]
fn a_replay_writes_nothing_and_logs_nothing() {
    let mut db = Bench::new();
    db.local(1, step(1, 1));
    db.settle();
    let before = (db.appended().len(), db.rest());
    db.local(1, step(1, 1));
    db.settle();
    assert_eq!((db.appended().len(), db.rest()), before);
}

#[test]
fn without_inbox_dedup_the_row_is_written_and_not_looked_up() {
    let mut db = Bench::without(Safeguard::InboxDedup);
    for _ in 0..2 {
        let call = db.local(1, step(1, 10));
        db.settle();
        assert_eq!(db.outcome(call), Some(&done()));
    }
    assert_eq!(db.balance(0), INITIAL - 20);
    assert!(db.store.image.get(inbox(1)).is_some());
}

#[test]
fn a_guarded_write_is_not_written_without_its_safeguard() {
    let tombstone = Row::Tombstone {
        tx: tx(1),
        step: crate::vocab::StepId(0),
    };
    let put = Change::Put {
        row: tombstone,
        value: Value::Marker,
        by: Some(Safeguard::CompensationTombstone),
    };
    for (mut db, there) in [
        (Bench::new(), true),
        (Bench::without(Safeguard::CompensationTombstone), false),
    ] {
        db.local(1, always([put]));
        db.settle();
        assert_eq!(db.store.image.get(tombstone).is_some(), there);
    }
}

#[test]
fn letters_wait_in_the_outbox_in_the_order_of_their_commits_until_they_are_marked() {
    let mut db = Bench::new();
    for n in [2, 1] {
        db.local(n, always([Change::Stage(letter(n))]));
        db.settle();
    }
    let unsent = |db: &mut Bench, limit| {
        let ticket = db.ask(Request::Unsent { limit });
        match db.outcome(ticket) {
            Some(Outcome::Letters(letters)) => letters.clone(),
            other => panic!("{other:?} are no letters"),
        }
    };
    assert_eq!(unsent(&mut db, 9), [letter(2), letter(1)]);
    assert_eq!(unsent(&mut db, 1), [letter(2)]);
    db.lazily(2, always([Change::Delete(Row::Outbox(letter(2).id))]));
    db.settle();
    assert_eq!(unsent(&mut db, 9), [letter(1)]);
    assert!(db.store.has_unsent());
}

#[test]
fn without_the_outbox_letters_come_with_the_answer_that_commits_them() {
    let mut db = Bench::without(Safeguard::Outbox);
    let call = db.local(1, always([Change::Stage(letter(1))]));
    db.settle();
    let answer = Answer::Outcome {
        outcome: done(),
        letters: vec![letter(1)],
    };
    assert_eq!(db.answer(call), Some(&answer));
    assert!(!db.store.has_unsent());
    assert!(db.appended().is_empty());
}

#[test]
fn rows_that_are_asked_for_come_in_order_as_they_were_before() {
    let mut db = Bench::new();
    let mut txn = add(&[(0, -30)]);
    txn.reads = smallvec::smallvec![inbox(7), Row::Business(account(0))];
    let call = db.local(1, txn);
    db.settle();
    let outcome = Outcome::Committed {
        reply: Reply::Done,
        replayed: false,
        reads: vec![None, Some(Value::Number(INITIAL))],
    };
    assert_eq!(db.outcome(call), Some(&outcome));
}

#[test]
fn a_record_is_classed_by_what_it_writes() {
    let outcome = Change::put(
        Row::Outcome(key(1)),
        Value::Outcome(crate::protocol::ClientOutcome::Committed),
    );
    let letter = Change::Stage(letter(1));
    for (txn, class) in [
        (always([decision_row(1), outcome]), Class::Decision),
        (
            always([Change::Delete(Row::Log(tx(1))), outcome]),
            Class::End,
        ),
        (always([outcome]), Class::Outcome),
        (always([outcome, letter]), Class::Step),
        (always([Change::Delete(letter.row())]), Class::Mark),
        (add(&[(0, 1)]), Class::Step),
    ] {
        let mut db = Bench::new();
        db.lazily(1, txn);
        db.pass(STATEMENT);
        assert_eq!(db.appended(), [(class, false)]);
    }
}

#[test]
fn a_statement_tells_which_business_rows_it_saw() {
    let mut db = Bench::new();
    let poor = Test::of(Row::Business(account(1)), Predicate::Below(0));
    db.local(
        1,
        cases([
            Case::when(poor, [Change::Add(account(2), 1)], Said::Done),
            Case::always(
                [Change::Add(account(0), 1), Change::Set(account(3), 7)],
                Said::Done,
            ),
        ]),
    );
    db.settle();
    let saw = |what: &What| match what {
        What::Ran { saw, .. } => Some(saw.to_vec()),
        _ => None,
    };
    let saw: Vec<_> = db.events.iter().filter_map(saw).collect();
    assert_eq!(saw, [vec![account(1), account(0)]]);
}

#[test]
fn the_operator_writes_like_anybody_else_and_is_nobody_s_request() {
    let mut db = Bench::new();
    let call = db.ask(Request::Operate {
        owner: Owner::Operator(0),
        row: account(0),
        value: 1,
    });
    db.settle();
    assert_eq!(db.outcome(call), Some(&done()));
    assert_eq!(db.balance(0), 1);
    assert_eq!(db.appended(), [(Class::Operator, true)]);
    assert!(db.owned.is_empty());
}

#[test]
fn inbox_rows_and_finished_branches_are_forgotten_after_their_time() {
    let mut db = Bench::new();
    db.local(1, step(1, 1));
    db.execute(2, true, add(&[(1, 1)]), End::Commit, Force::Always);
    for n in 0..10 {
        db.local(3 + n, add(&[(0, 1)]));
        db.settle();
    }
    let kept = |db: &Bench| {
        let image = &db.store.image;
        (
            image.get(inbox(1)).is_some(),
            image.finished(tx(2)).is_some(),
        )
    };
    for (retentions, still) in [(1, true), (2, false)] {
        let until = crate::vocab::SimTime::from_micros(RETENTION * retentions);
        db.pass(until.since(db.now).as_micros());
        db.local(20, add(&[(0, 1)]));
        db.settle();
        assert_eq!(kept(&db), (still, still));
    }
    assert_eq!(
        db.balance(0),
        INITIAL - 1 + 12,
        "business rows are for good"
    );
}

#[test]
fn log_rows_and_letters_and_unsynced_records_are_owned_until_they_are_gone() {
    let mut db = Bench::new();
    let owned = |db: &Bench| db.owned.get(&tx(1).request()).copied();
    db.local(1, always([decision_row(1), Change::Stage(letter(1))]));
    db.settle();
    assert_eq!(owned(&db), Some(2));
    db.local(1, always([Change::Delete(Row::Outbox(letter(1).id))]));
    db.settle();
    db.lazily(1, always([Change::Delete(Row::Log(tx(1)))]));
    db.pass(STATEMENT);
    assert_eq!(owned(&db), Some(1), "the record may still be lost");
    db.settle();
    assert_eq!(owned(&db), Some(0));
}

#[test]
fn what_is_nobodys_is_not_counted() {
    let mut db = Bench::new();
    db.ask(Request::Execute {
        owner: Owner::Tx(TxId::NOBODY),
        stamp: Stamp::bookkeeping(TxId::NOBODY),
        branch: None,
        txn: Box::new(always([Change::Delete(Row::Outbox(letter(1).id))])),
        end: End::Commit,
        force: Force::Lazy,
    });
    db.settle();
    assert!(db.owned.is_empty());
}
