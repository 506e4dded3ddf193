//! What a crash takes, and what it must not take.

use super::super::{Answer, Crash, Request};
use super::bench::*;
use crate::history::{Left, RollbackReason, What};
use crate::protocol::{Decision, End, Force, Outcome, Safeguards};
use crate::vocab::{NodeId, Seed};

const BOTH: [Crash; 2] = [Crash::Database, Crash::PowerLoss];

#[test]
fn what_was_answered_from_the_disk_survives_everything() {
    for how in BOTH {
        let mut db = Bench::new();
        db.local(1, add(&[(0, -30)]));
        db.settle();
        db.die_and_recover(how);
        assert_eq!(db.balance(0), INITIAL - 30);
    }
}

#[test]
fn a_commit_that_was_only_buffered_is_taken_back() {
    for how in BOTH {
        let mut db = Bench::new();
        db.lazily(1, add(&[(0, -30)]));
        db.pass(STATEMENT);
        db.crash(how);
        let lost =
            |e: &What| matches!(e, What::CommitLost { tx: t, branch: false, .. } if *t == tx(1));
        assert_eq!(db.said(lost), 1);
        assert_eq!(db.balance(0), INITIAL);
    }
}

#[test]
fn who_was_waiting_for_a_commit_does_not_know_and_who_had_work_open_does() {
    let mut db = Bench::new();
    let open = db.open(1, add(&[(0, 1)]));
    let committing = db.local(2, add(&[(1, 1)]));
    let preparing = db.prepare(3, add(&[(2, 1)]));
    let queued = db.local(4, add(&[(0, 1)]));
    let reader = db.read(&[0]);
    let recovering = db.ask(Request::Recover);
    db.pass(STATEMENT / 2);
    let late = db.open(5, add(&[(3, 1)]));
    db.crash(Crash::Database);
    assert_eq!(db.outcome(late), Some(&Outcome::Aborted));
    assert_eq!(db.outcome(open), Some(&Outcome::Aborted));
    for call in [committing, preparing, queued] {
        assert_eq!(db.outcome(call), Some(&Outcome::Unknown));
    }
    assert_eq!(db.answer(reader), Some(&Answer::ReadFailed));
    assert!(matches!(db.answer(recovering), Some(Answer::Durable(_))));
}

#[test]
fn a_database_that_is_down_says_so_at_once() {
    let mut db = Bench::new();
    db.crash(Crash::Database);
    let call = db.local(1, add(&[(0, 1)]));
    assert_eq!(db.outcome(call), Some(&Outcome::Aborted));
    let end = db.finish(1, Decision::Commit, Force::Always);
    assert_eq!(db.outcome(end), Some(&Outcome::Unknown));
    let reader = db.read(&[0]);
    assert_eq!(db.answer(reader), Some(&Answer::ReadFailed));
}

#[test]
fn a_commit_whose_flush_had_begun_survives_its_database_and_is_told_of_late() {
    let mut db = Bench::new();
    let call = db.local(1, add(&[(0, -30)]));
    db.pass(STATEMENT + FLUSH / 2);
    db.crash(Crash::Database);
    assert_eq!(db.outcome(call), Some(&Outcome::Unknown));
    let committed = |e: &What| matches!(e, What::Committed { durable: true, .. });
    assert_eq!(db.said(committed), 0);
    db.restart();
    db.settle();
    assert_eq!(db.said(committed), 1);
    assert_eq!(db.balance(0), INITIAL - 30);
}

#[test]
fn a_power_loss_may_take_what_a_database_crash_had_left() {
    let mut fates = [0, 0];
    for seed in 0..40 {
        let mut db = Bench::with(spec(), Safeguards::all(), Seed(seed));
        db.local(1, add(&[(0, -30)]));
        db.pass(STATEMENT + FLUSH / 2);
        db.crash(Crash::Database);
        db.die_and_recover(Crash::PowerLoss);
        let survived = db.balance(0) == INITIAL - 30;
        fates[usize::from(survived)] += 1;
        let committed = db.said(|e| matches!(e, What::Committed { .. }));
        assert_eq!(committed, usize::from(survived));
    }
    assert!(fates[0] > 5 && fates[1] > 5, "{fates:?}");
}

#[test]
fn a_yes_vote_survives_a_power_loss_with_its_locks() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, -30)]));
    db.settle();
    db.prepare(1, look(&[1]));
    db.settle();
    db.die_and_recover(Crash::PowerLoss);
    assert_eq!(db.durable().prepared, [tx(1)]);
    assert_eq!(db.said(|e| *e == What::Restored { tx: tx(1) }), 1);
    let blocked = db.local(2, add(&[(0, 1)]));
    let free = db.local(3, add(&[(1, 1)]));
    db.pass(STATEMENT + FLUSH);
    assert_eq!(db.outcome(blocked), None);
    assert_eq!(db.outcome(free), Some(&done()), "only what it wrote");
    db.finish(1, Decision::Commit, Force::Always);
    db.settle();
    assert_eq!(db.outcome(blocked), Some(&done()));
    assert_eq!(db.balance(0), INITIAL - 30 + 1);
}

#[test]
fn an_open_branch_is_gone() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, -30)]));
    db.settle();
    db.crash(Crash::Database);
    let undone = What::RolledBack {
        tx: tx(1),
        why: RollbackReason::Crash,
        prepared: false,
    };
    assert_eq!(db.said(|e| *e == undone), 1);
    db.restart();
    db.settle();
    let end = db.finish(1, Decision::Commit, Force::Always);
    assert_eq!(db.outcome(end), Some(&Outcome::Aborted));
}

#[test]
fn nothing_can_go_on_over_a_connection_that_a_crash_has_broken() {
    let mut db = Bench::new();
    db.open(1, add(&[(0, -30)]));
    db.settle();
    db.die_and_recover(Crash::Database);
    let rest = db.execute(1, true, add(&[(1, 30)]), End::Commit, Force::Always);
    db.settle();
    assert_eq!(db.outcome(rest), Some(&Outcome::Aborted));
    assert_eq!(db.balance(1), INITIAL);
    // A new process has a new connection, and has to know what it is doing.
    db.open_session(2);
    let vote = db.prepare(1, add(&[]));
    db.settle();
    assert_eq!(db.outcome(vote), Some(&Outcome::Prepared));
}

#[test]
fn a_lazy_abort_that_is_lost_leaves_the_branch_in_doubt_again() {
    let mut db = Bench::new();
    db.prepare(1, add(&[(0, -30)]));
    db.settle();
    db.finish(1, Decision::Abort, Force::Lazy);
    db.die_and_recover(Crash::Database);
    assert_eq!(db.durable().prepared, [tx(1)]);
    assert_eq!(db.owned.get(&tx(1).request()), Some(&1));
}

#[test]
fn a_lazy_commit_that_is_lost_leaves_the_branch_prepared() {
    let mut db = Bench::new();
    db.prepare(1, add(&[(0, -30)]));
    db.settle();
    db.finish(1, Decision::Commit, Force::Lazy);
    assert_eq!(db.balance(0), INITIAL - 30);
    db.die_and_recover(Crash::Database);
    let lost = |e: &What| matches!(e, What::CommitLost { branch: true, .. });
    assert_eq!(db.said(lost), 1);
    assert_eq!(db.balance(0), INITIAL);
    assert_eq!(db.durable().prepared, [tx(1)]);
}

#[test]
fn a_torn_tail_never_hides_what_is_appended_after_it() {
    let mut torn = 0;
    for seed in 0..40 {
        let mut db = Bench::with(spec(), Safeguards::all(), Seed(seed));
        db.local(1, add(&[(0, 1)]));
        db.pass(STATEMENT + FLUSH / 2);
        db.crash(Crash::PowerLoss);
        torn += u32::from(db.store.log.disk.is_torn());
        db.restart();
        db.settle();
        db.local(2, add(&[(1, 1)]));
        db.settle();
        db.die_and_recover(Crash::PowerLoss);
        assert_eq!(db.balance(1), INITIAL + 1, "seed {seed}");
    }
    assert!(torn > 3, "{torn}");
}

#[test]
fn restarting_takes_longer_the_more_there_is_to_replay_and_checkpoints_bound_it() {
    let recovery = |commits: u32| {
        let mut db = Bench::new();
        for n in 0..commits {
            db.local(n, add(&[(0, 1)]));
            db.settle();
        }
        db.crash(Crash::Database);
        let down = db.now;
        db.restart();
        db.settle();
        assert_eq!(db.balance(0), INITIAL + i64::from(commits));
        db.now.since(down).as_micros()
    };
    assert_eq!(recovery(1), 5_000 + 10);
    assert_eq!(recovery(7), 5_000 + 70);
    assert_eq!(recovery(8), 5_000);
    assert_eq!(recovery(100), 5_000 + 40);
}

#[test]
fn a_prepared_branch_outlives_checkpoints() {
    let mut db = Bench::new();
    db.prepare(1, add(&[(0, -30)]));
    for n in 2..30 {
        db.local(n, add(&[(1, 1)]));
        db.settle();
    }
    db.die_and_recover(Crash::PowerLoss);
    let end = db.finish(1, Decision::Commit, Force::Always);
    db.settle();
    assert_eq!(db.outcome(end), Some(&done()));
    assert_eq!(db.balance(0), INITIAL - 30);
}

#[test]
fn a_crash_during_recovery_begins_it_again() {
    let mut db = Bench::new();
    db.local(1, add(&[(0, -30)]));
    db.settle();
    db.crash(Crash::Database);
    db.restart();
    db.pass(100);
    db.crash(Crash::PowerLoss);
    db.settle();
    assert!(!db.store.is_up());
    db.restart();
    db.settle();
    assert!(db.store.is_up());
    assert_eq!(db.balance(0), INITIAL - 30);
}

#[test]
fn letters_that_were_committed_are_still_there() {
    let mut db = Bench::new();
    let stage = always([crate::protocol::Change::Stage(letter(1))]);
    db.local(1, stage);
    db.settle();
    db.die_and_recover(Crash::PowerLoss);
    assert!(db.durable().unsent && db.store.has_unsent());
    assert_eq!(db.rest().left, [Left::Unsent(NodeId(1), letter(1).id)]);
}

#[test]
fn while_it_is_down_what_a_restart_would_find_is_owned() {
    let mut db = Bench::new();
    db.prepare(1, add(&[(0, -30)]));
    db.execute(
        2,
        false,
        always([decision_row(2)]),
        End::Commit,
        Force::Always,
    );
    db.open(3, add(&[(1, 1)]));
    db.settle();
    db.crash(Crash::PowerLoss);
    let owned = |db: &Bench| [1, 2, 3].map(|n| db.owned.get(&tx(n).request()).copied());
    let expected = [Some(1), Some(1), Some(0)];
    assert_eq!(owned(&db), expected);
    db.restart();
    db.settle();
    assert_eq!(owned(&db), expected);
}
