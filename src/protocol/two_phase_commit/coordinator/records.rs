//! What the coordinator writes, and whether it waits for the disk.

use super::key;
use crate::business::{Params, Reason};
use crate::protocol::machine::Lane;
use crate::protocol::two_phase_commit::TwoPhaseMsg;
use crate::protocol::{
    Answer, Case, Change, ClientOutcome, Effect, End, Force, LogEntry, LogState, Out, Row,
    Safeguard, Stamp, Tag, Txn, Value,
};
use crate::vocab::TxId;

/// The commit record, with what the client is to be told. On disk before
/// anybody hears of it: the first COMMIT is in the answer to this.
pub(super) fn force_decision(tx: TxId, params: Params, out: &mut Out<TwoPhaseMsg>) {
    let state = LogState::Committed;
    let decision = Value::Log(LogEntry { params, state });
    let outcome = Value::Outcome(ClientOutcome::Committed);
    write(
        tx,
        Tag::Log,
        [
            Change::put(Row::Log(tx), decision),
            Change::put(Row::Outcome(tx.key), outcome),
        ],
        Force::Guarded(Safeguard::ForceDecision),
        out,
    );
}

/// The end record. Nobody waits for it: if it is lost, the decision is only sent
/// once more.
pub(super) fn write_end(tx: TxId, out: &mut Out<TwoPhaseMsg>) {
    let end = [Change::Delete(Row::Log(tx))];
    write(tx, Tag::End, end, Force::Lazy, out);
}

/// What a refused client is to be told. An abort leaves no record for the
/// participants, but a client that was told *no* must never be told *yes*.
pub(super) fn force_refusal(tx: TxId, reason: Reason, out: &mut Out<TwoPhaseMsg>) {
    let outcome = Value::Outcome(ClientOutcome::Refused(reason));
    let told = [Change::put(Row::Outcome(tx.key), outcome)];
    write(tx, Tag::Outcome, told, Force::Always, out);
}

fn write<const N: usize>(
    tx: TxId,
    tag: Tag,
    changes: [Change; N],
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
