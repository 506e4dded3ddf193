//! What a branch runs in its database.
//!
//! A database that dies and comes back under a living process has lost the open
//! branch, and its next statement would begin a new, emptier one. So every
//! step's statement leaves a *mark* in its branch, and the request to prepare
//! asks the database itself whether the mark of every step is there: what is
//! prepared is what was done, or nothing. The marks are taken away in the same
//! breath, so that nothing of them is left by a commit.

use super::branch::Work;
use crate::business::{Params, Reason};
use crate::protocol::{
    Answer, Case, Change, Predicate, Reply, Row, Safeguard, Setting, Test, Txn, Value, plan,
};
use crate::vocab::{Direction, StepId, TxId};

/// A step's conditions and changes, and its mark.
pub(super) fn work(setting: &Setting, tx: TxId, step: StepId, params: &Params) -> Txn {
    let mut statement = plan::work(setting, tx, step, params);
    let done = statement
        .cases
        .last_mut()
        .expect("a step's last case is the one that does it");
    let mark = Change::put(mark(tx, step), Value::Reply(Reply::Done));
    done.then.push(mark);
    statement
}

/// What is judged when the branch is asked to prepare: that all its work is
/// there, and the conditions that its steps have put off.
pub(super) fn prepare(setting: &Setting, tx: TxId, work: &Work) -> Txn {
    let mut txn = Txn::default();
    for &step in &work.ops {
        let lost = Test {
            row: mark(tx, step),
            is: Predicate::Absent,
            by: Some(Safeguard::BranchCheck),
        };
        let amnesia = Answer::Refused(Reason::Amnesia);
        txn.cases.push(Case::when(lost, [], amnesia));
    }
    for &step in &work.ops {
        let checks = plan::deferred_checks(setting, step, &work.params);
        txn.cases.extend(checks.cases);
    }
    let marks = work.ops.iter().map(|&step| Change::Delete(mark(tx, step)));
    txn.cases.push(Case::always(marks, Answer::Done));
    txn
}

fn mark(tx: TxId, step: StepId) -> Row {
    Row::Inbox {
        tx,
        step,
        direction: Direction::Forward,
    }
}
