//! What the coordinator writes, and whether it waits for the disk.

use std::iter;

use super::key;
use crate::business::{Params, Reason};
use crate::protocol::machine::Lane;
use crate::protocol::two_phase_commit::{Presumption, TwoPhaseMsg};
use crate::protocol::{
    Answer, Case, Change, ClientOutcome, Effect, End, Force, LogEntry, LogState, Out, Row,
    Safeguard, Stamp, Tag, Txn, Value,
};
use crate::vocab::TxId;

/// The commit record, with what the client is to be told. On disk before
/// anybody hears of it: the first COMMIT is in the answer to this. Where commit is
/// presumed it is the last that is heard of the transaction.
pub(super) fn force_decision(
    tx: TxId,
    params: Params,
    presumption: Presumption,
    out: &mut Out<TwoPhaseMsg>,
) {
    let state = match presumption.acknowledges_commit() {
        true => LogState::Committed,
        false => LogState::CommittedAndForgotten,
    };
    let changes = [
        log(tx, params, state),
        outcome(tx, ClientOutcome::Committed),
    ];
    let force = Force::Guarded(Safeguard::ForceDecision);
    write(tx, Tag::Log, changes, force, out);
}

/// The end record. Nobody waits for it: if it is lost, the decision is only sent
/// once more.
pub(super) fn write_end(tx: TxId, out: &mut Out<TwoPhaseMsg>) {
    let end = [Change::Delete(Row::Log(tx))];
    write(tx, Tag::End, end, Force::Lazy, out);
}

/// Where commit is presumed: who takes part, on disk before anybody is asked to
/// prepare. From then to the decision what is known of the transaction is not
/// nothing, and a coordinator that finds it after a crash aborts (Lampson & Lomet
/// 1993).
pub(super) fn force_collecting(tx: TxId, params: Params, out: &mut Out<TwoPhaseMsg>) {
    let changes = [log(tx, params, LogState::Collecting)];
    write(tx, Tag::Log, changes, Force::Always, out);
}

/// In one phase: that the decision is handed over to the participant, on disk before it
/// is. The participant needs no such record; a client that asks again, after the
/// coordinator has died, does. What an earlier attempt had handed over, and got back,
/// is gone with the same record: never are two attempts found at once.
pub(super) fn force_handing_over(
    tx: TxId,
    params: Params,
    earlier: Option<TxId>,
    out: &mut Out<TwoPhaseMsg>,
) {
    let handed_over = log(tx, params, LogState::HandedOver);
    let gone = earlier.map(|earlier| Change::Delete(Row::Log(earlier)));
    let changes = iter::once(handed_over).chain(gone);
    write(tx, Tag::Log, changes, Force::Always, out);
}

/// In one phase: what the client was told. If it is lost, the participant is asked
/// again, and has not forgotten.
pub(super) fn conclude(tx: TxId, params: Params, told: ClientOutcome, out: &mut Out<TwoPhaseMsg>) {
    let changes = [log(tx, params, LogState::HandedBack), outcome(tx, told)];
    write(tx, Tag::End, changes, Force::Lazy, out);
}

/// Where nothing is presumed: the abort record, with what the client is to be told,
/// if it is told anything.
pub(super) fn force_abort(
    tx: TxId,
    params: Params,
    refusal: Option<Reason>,
    out: &mut Out<TwoPhaseMsg>,
) {
    let aborted = log(tx, params, LogState::Aborted);
    match refusal {
        Some(reason) => {
            let changes = [aborted, outcome(tx, ClientOutcome::Refused(reason))];
            write(tx, Tag::Log, changes, Force::Always, out);
        }
        None => {
            let force = Force::Guarded(Safeguard::ForceDecision);
            write(tx, Tag::Log, [aborted], force, out);
        }
    }
}

/// What a client is to be told, where no record says it yet. An abort may leave no
/// record for the participants, but a client that was told *no* must never be told
/// *yes*.
pub(super) fn force_outcome(tx: TxId, told: ClientOutcome, out: &mut Out<TwoPhaseMsg>) {
    write(tx, Tag::Outcome, [outcome(tx, told)], Force::Always, out);
}

fn log(tx: TxId, params: Params, state: LogState) -> Change {
    Change::put(Row::Log(tx), Value::Log(LogEntry { params, state }))
}

fn outcome(tx: TxId, told: ClientOutcome) -> Change {
    Change::put(Row::Outcome(tx.key), Value::Outcome(told))
}

fn write(
    tx: TxId,
    tag: Tag,
    changes: impl IntoIterator<Item = Change>,
    force: Force,
    out: &mut Out<TwoPhaseMsg>,
) {
    let mut txn = Txn::default();
    txn.cases.push(Case::always(changes, Answer::Done));
    out.push(Effect::Execute {
        call: key(tx, tag),
        stamp: Stamp::bookkeeping(tx),
        lane: Lane::Control,
        branch: None,
        txn: Box::new(txn),
        end: End::Commit,
        force,
    });
}
