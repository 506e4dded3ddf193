//! Branches of two-phase commit: prepared, committed, aborted.

use super::super::{Answer, Crash};
use super::bench::*;
use crate::business::{Reason, ResourceId};
use crate::history::{Class, Effect, RollbackReason, What};
use crate::protocol::{
    Answer as Said, Case, Change, Decision, End, Force, Outcome, Predicate, Preparing, Reply, Row,
    Safeguard, Safeguards, Stamp, Test,
};
use crate::scenario::{DatabaseSpec, Preparation};
use crate::vocab::{Seed, SimDuration, StepId};

/// A branch that has done this and has voted yes.
fn voted(db: &mut Bench, n: u32, changes: &[(u64, i64)]) {
    db.open(n, add(changes));
    db.settle();
    let vote = db.prepare(n, add(&[]));
    db.settle();
    assert_eq!(db.outcome(vote), Some(&Outcome::Prepared));
}

fn commit(db: &mut Bench, n: u32) -> Outcome {
    let call = db.finish(n, Decision::Commit, Force::Always);
    db.settle();
    db.outcome(call).expect("it is answered").clone()
}

#[test]
fn what_is_prepared_is_neither_seen_nor_free_before_the_decision() {
    let mut db = Bench::new();
    voted(&mut db, 1, &[(0, -30)]);
    assert_eq!(db.balance(0), INITIAL);
    let reader = db.read(&[0]);
    db.pass(LOCK_TIMEOUT / 2);
    assert_eq!(db.answer(reader), None);
    assert_eq!(commit(&mut db, 1), done());
    assert_eq!(db.values(reader), [INITIAL - 30]);
}

#[test]
fn a_commit_costs_two_forced_records_and_an_abort_one() {
    let mut db = Bench::new();
    voted(&mut db, 1, &[(0, -30)]);
    commit(&mut db, 1);
    let forced = [(Class::Prepared, true), (Class::Commit, true)];
    assert_eq!(db.appended(), forced);

    let mut db = Bench::new();
    voted(&mut db, 1, &[(0, -30)]);
    db.finish(1, Decision::Abort, Force::Lazy);
    db.settle();
    let lazy = [(Class::Prepared, true), (Class::Abort, false)];
    assert_eq!(db.appended(), lazy);
    assert_eq!(db.balance(0), INITIAL);
}

#[test]
fn an_open_branch_is_aborted_without_a_trace_in_the_log() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, -30)]));
    db.settle();
    let call = db.finish(1, Decision::Abort, Force::Lazy);
    assert_eq!(db.outcome(call), Some(&Outcome::Aborted));
    let again = db.finish(1, Decision::Abort, Force::Lazy);
    assert_eq!(db.outcome(again), Some(&Outcome::Aborted));
    assert!(db.appended().is_empty());
    let late = db.open(1, add(&[(0, -30)]));
    assert_eq!(db.outcome(late), Some(&Outcome::Aborted));
}

#[test]
fn a_branch_that_never_was_can_only_be_aborted() {
    let mut db = Bench::new();
    let calls = [
        db.finish(1, Decision::Commit, Force::Always),
        db.finish(1, Decision::Abort, Force::Lazy),
    ];
    for call in calls {
        assert_eq!(db.outcome(call), Some(&Outcome::Aborted));
    }
    assert!(db.appended().is_empty());
}

/// Its abort is to be acknowledged: whoever acknowledged it and could then prepare
/// it again would ask somebody who has forgotten it.
#[test]
fn a_forced_abort_leaves_a_record_even_of_what_was_not_prepared() {
    for was_open in [true, false] {
        let mut db = Bench::new();
        if was_open {
            db.open(1, add(&[(0, -30)]));
            db.settle();
        }
        let call = db.finish(1, Decision::Abort, Force::Always);
        assert_eq!(db.outcome(call), None, "it waits for the disk");
        db.settle();
        assert_eq!(db.outcome(call), Some(&Outcome::Aborted));
        assert_eq!(db.appended(), [(Class::Abort, true)]);
        db.die_and_recover(Crash::Database);
        let again = db.finish(1, Decision::Abort, Force::Always);
        assert_eq!(db.outcome(again), Some(&Outcome::Aborted));
        assert_eq!(db.appended().len(), 1, "once is enough");
        let late = db.open(1, add(&[(0, -30)]));
        assert_eq!(db.outcome(late), Some(&Outcome::Aborted));
        let vote = db.prepare(1, add(&[]));
        assert_eq!(db.outcome(vote), Some(&Outcome::Aborted));
    }
}

#[test]
fn a_lazy_abort_that_was_not_recorded_is_recorded_when_it_is_forced() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, -30)]));
    db.settle();
    db.finish(1, Decision::Abort, Force::Lazy);
    let forced = db.finish(1, Decision::Abort, Force::Always);
    db.settle();
    assert_eq!(db.outcome(forced), Some(&Outcome::Aborted));
    assert_eq!(db.appended(), [(Class::Abort, true)]);
}

#[test]
fn a_no_waits_for_its_record_if_it_is_to_be_forced() {
    let refuse = Case::when(
        Test::of(Row::Business(account(0)), Predicate::Below(INITIAL + 1)),
        [],
        Said::Refused(Reason::Late),
    );
    for force_no in [false, true] {
        let mut db = Bench::new();
        db.open(1, add(&[(0, -30)]));
        db.settle();
        let preparing = Preparing {
            force_no,
            ..Preparing::default()
        };
        let end = End::Prepare(preparing);
        let vote = db.execute(1, true, cases([refuse.clone()]), end, Force::Always);
        db.pass(STATEMENT);
        assert_eq!(db.outcome(vote).is_some(), !force_no);
        // Its locks are gone at once: nothing can be done in it any more.
        assert!(db.rest().left.is_empty());
        db.pass(FLUSH);
        assert_eq!(db.outcome(vote), Some(&Outcome::Refused(Reason::Late)));
        assert_eq!(db.appended(), [(Class::Abort, force_no)]);
    }
}

#[test]
fn a_branch_that_has_only_read_is_released_without_a_record_if_that_is_asked_for() {
    let release = End::Prepare(Preparing {
        release_read_only: true,
        ..Preparing::default()
    });
    let mut db = Bench::new();
    db.open(1, look(&[0, 1]));
    db.settle();
    let vote = db.execute(1, true, add(&[]), release, Force::Always);
    db.settle();
    assert_eq!(db.outcome(vote), Some(&Outcome::ReadOnly));
    assert!(db.appended().is_empty());
    assert!(db.rest().left.is_empty());
    assert!(db.durable().prepared.is_empty());
    // It is forgotten: nothing is known of it, neither commit nor abort.
    let asked = db.finish(1, Decision::Commit, Force::Always);
    assert_eq!(db.outcome(asked), Some(&Outcome::Aborted));

    db.open(2, look(&[0]));
    db.settle();
    let plain = db.prepare(2, add(&[]));
    db.settle();
    assert_eq!(db.outcome(plain), Some(&Outcome::Prepared));

    db.open(3, add(&[(1, -30)]));
    db.settle();
    let wrote = db.execute(3, true, add(&[]), release, Force::Always);
    db.settle();
    assert_eq!(db.outcome(wrote), Some(&Outcome::Prepared));
}

#[test]
fn the_end_of_a_branch_is_answered_the_same_however_often_it_is_asked() {
    let mut db = Bench::new();
    voted(&mut db, 1, &[(0, -30)]);
    let calls: Vec<_> = (0..3)
        .map(|_| db.finish(1, Decision::Commit, Force::Always))
        .collect();
    db.settle();
    assert_eq!(db.outcome(calls[0]), Some(&done()));
    assert_eq!(db.outcome(calls[1]), Some(&replayed(Reply::Done)));
    assert_eq!(db.balance(0), INITIAL - 30);
    assert_eq!(commit(&mut db, 1), replayed(Reply::Done));
    db.die_and_recover(Crash::PowerLoss);
    assert_eq!(commit(&mut db, 1), replayed(Reply::Done));
    assert_eq!(db.balance(0), INITIAL - 30);
}

#[test]
fn a_repeated_commit_waits_for_the_disk_if_the_first_did_not() {
    let mut db = Bench::new();
    voted(&mut db, 1, &[(0, -30)]);
    db.finish(1, Decision::Commit, Force::Lazy);
    let call = db.finish(1, Decision::Commit, Force::Always);
    assert_eq!(db.outcome(call), None);
    db.pass(FLUSH);
    assert_eq!(db.outcome(call), Some(&replayed(Reply::Done)));
}

#[test]
fn a_branch_reads_its_own_writes_and_effects_keep_their_steps() {
    let mut db = Bench::new();
    voted(&mut db, 1, &[(0, -30), (0, -20)]);
    let effects = |what: &What| match what {
        What::Prepared { effects, .. } => Some(effects.to_vec()),
        _ => None,
    };
    let stamp = Stamp {
        step: Some(StepId(0)),
        ..Stamp::bookkeeping(tx(1))
    };
    let effect = |before, after| Effect {
        stamp,
        row: account(0),
        before,
        after,
    };
    let expected = vec![
        effect(INITIAL, INITIAL - 30),
        effect(INITIAL - 30, INITIAL - 50),
    ];
    assert_eq!(db.events.iter().find_map(effects), Some(expected));
}

#[test]
fn a_no_at_prepare_undoes_the_branch_and_leaves_an_abort_record_that_nobody_waits_for() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, -130)]));
    db.settle();
    let reason = Reason::Floor(ResourceId(0));
    let poor = Test::of(Row::Business(account(0)), Predicate::Below(0));
    let call = db.prepare(1, cases([Case::when(poor, [], Said::Refused(reason))]));
    db.settle();
    assert_eq!(db.outcome(call), Some(&Outcome::Refused(reason)));
    let undone = What::RolledBack {
        tx: tx(1),
        why: RollbackReason::Refused,
        prepared: false,
    };
    assert_eq!(db.said(|e| *e == undone), 1);
    assert_eq!(db.appended(), [(Class::Abort, false)]);
    assert!(db.rest().left.is_empty());
}

#[test]
fn prepare_can_be_asked_again() {
    let mut db = Bench::new();
    let first = db.prepare(1, add(&[(0, 1)]));
    let again = db.prepare(1, add(&[(0, 1)]));
    db.settle();
    for call in [first, again] {
        assert_eq!(db.outcome(call), Some(&Outcome::Prepared));
    }
    let later = db.prepare(1, add(&[(0, 1)]));
    assert_eq!(db.outcome(later), Some(&Outcome::Prepared));
    commit(&mut db, 1);
    assert_eq!(db.balance(0), INITIAL + 1);
}

#[test]
fn nothing_can_be_added_to_a_prepared_branch() {
    let mut db = Bench::new();
    voted(&mut db, 1, &[(0, 1)]);
    let call = db.open(1, add(&[(0, 1)]));
    assert_eq!(db.outcome(call), Some(&Outcome::Aborted));
    assert_eq!(commit(&mut db, 1), done());
    assert_eq!(db.balance(0), INITIAL + 1);
}

#[test]
fn an_abort_that_overtakes_the_vote_calls_it_off() {
    let mut db = Bench::new();
    db.prepare(1, add(&[(0, 1)]));
    db.pass(STATEMENT + FLUSH / 2);
    let abort = db.finish(1, Decision::Abort, Force::Lazy);
    assert_eq!(db.outcome(abort), Some(&Outcome::Aborted));
    db.settle();
    db.die_and_recover(Crash::PowerLoss);
    assert!(db.durable().prepared.is_empty());
    assert!(db.rest().left.is_empty());
}

#[test]
fn a_branch_can_be_committed_without_having_been_prepared() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, 1)]));
    db.settle();
    assert_eq!(commit(&mut db, 1), done());
    assert_eq!(db.appended(), [(Class::Step, true)]);
}

#[test]
fn letters_of_a_branch_come_with_its_commit_when_there_is_no_outbox() {
    let mut db = Bench::without(Safeguard::Outbox);
    db.open(1, always([Change::Stage(letter(1))]));
    db.settle();
    db.prepare(1, add(&[]));
    db.settle();
    let call = db.finish(1, Decision::Commit, Force::Always);
    db.settle();
    let answer = Answer::Outcome {
        outcome: done(),
        letters: vec![letter(1)],
    };
    assert_eq!(db.answer(call), Some(&answer));
}

#[test]
fn without_the_outbox_a_crash_loses_the_letters_of_what_is_prepared() {
    let mut db = Bench::without(Safeguard::Outbox);
    db.prepare(1, always([Change::Stage(letter(1))]));
    db.settle();
    db.die_and_recover(Crash::Database);
    let call = db.finish(1, Decision::Commit, Force::Always);
    db.settle();
    let answer = Answer::Outcome {
        outcome: done(),
        letters: Vec::new(),
    };
    assert_eq!(db.answer(call), Some(&answer));
}

#[test]
fn a_vote_that_was_lost_after_its_abort_is_no_vote_that_was_lost() {
    let mut db = Bench::without(Safeguard::ForcePrepare);
    let force = Force::Guarded(Safeguard::ForcePrepare);
    db.execute(
        1,
        true,
        add(&[(0, 1)]),
        End::Prepare(Preparing::default()),
        force,
    );
    db.pass(STATEMENT);
    db.finish(1, Decision::Abort, Force::Lazy);
    db.die_and_recover(Crash::Database);
    assert_eq!(db.said(|e| matches!(e, What::PreparedLost { .. })), 0);
}

#[test]
fn without_force_prepare_the_vote_does_not_wait_for_the_disk() {
    let mut db = Bench::without(Safeguard::ForcePrepare);
    let force = Force::Guarded(Safeguard::ForcePrepare);
    let call = db.execute(
        1,
        true,
        add(&[(0, 1)]),
        End::Prepare(Preparing::default()),
        force,
    );
    db.pass(STATEMENT);
    assert_eq!(db.outcome(call), Some(&Outcome::Prepared));
    db.die_and_recover(Crash::Database);
    assert_eq!(db.said(|e| *e == What::PreparedLost { tx: tx(1) }), 1);
    assert!(db.durable().prepared.is_empty());
}

#[test]
fn without_held_locks_others_read_and_overwrite_what_is_prepared() {
    let mut db = Bench::without(Safeguard::HoldLocksUntilDecision);
    voted(&mut db, 1, &[(0, -30)]);
    let other = db.local(2, add(&[(0, -50)]));
    db.settle();
    assert_eq!(db.outcome(other), Some(&done()));
    commit(&mut db, 1);
    assert_eq!(db.balance(0), INITIAL - 30, "the other update is lost");
}

#[test]
fn intents_cost_a_statement_more_to_write_and_to_end() {
    let mut db = Bench::on(intents());
    let vote = db.prepare(1, add(&[(0, 1)]));
    db.settle();
    assert_eq!(db.answered_at(vote), Some(2 * STATEMENT + FLUSH));
    let end = db.finish(1, Decision::Commit, Force::Always);
    let began = db.now.as_micros();
    db.settle();
    assert_eq!(db.answered_at(end), Some(began + STATEMENT + FLUSH));
    assert_eq!(db.balance(0), INITIAL + 1);
}

#[test]
fn intents_turn_writers_away_and_let_readers_see_what_was_before() {
    for engine in [intents().engine, spec().engine] {
        let mut db = Bench::on(DatabaseSpec {
            engine,
            prepare: Preparation::Intents,
            ..spec()
        });
        voted(&mut db, 1, &[(0, 1)]);
        let writer = db.local(2, add(&[(0, 1)]));
        assert_eq!(db.outcome(writer), Some(&Outcome::Conflict));
        let reader = db.read(&[0]);
        db.pass(STATEMENT);
        assert_eq!(db.values(reader), [INITIAL]);
        commit(&mut db, 1);
        assert!(db.rest().left.is_empty());
    }
}

#[test]
fn who_waits_for_a_row_finds_an_intent_there_and_is_turned_away() {
    let mut db = Bench::on(DatabaseSpec {
        prepare: Preparation::Intents,
        ..spec()
    });
    db.prepare(1, add(&[(0, 1)]));
    let waits = db.local(2, add(&[(0, 1)]));
    let reader = db.read(&[0]);
    db.settle();
    assert_eq!(db.outcome(waits), Some(&Outcome::Conflict));
    assert_eq!(db.values(reader), [INITIAL]);
}

#[test]
fn the_answer_to_a_vote_that_does_not_wait_for_company_is_still_forced() {
    let mut slow = spec();
    slow.flush = SimDuration::from_millis(7);
    let mut db = Bench::with(slow, Safeguards::all(), Seed(1));
    let vote = db.prepare(1, add(&[(0, 1)]));
    db.settle();
    assert_eq!(db.answered_at(vote), Some(STATEMENT + 7_000));
}
