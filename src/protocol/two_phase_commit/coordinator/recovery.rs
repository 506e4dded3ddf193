//! What the coordinator takes up from its log, after its own crash or that of its
//! database.

use super::ballot::Participants;
use super::transaction::{Act, Phase};
use super::{Coordinator, Transaction, decided, key};
use crate::business::Params;
use crate::protocol::two_phase_commit::TwoPhaseMsg;
use crate::protocol::{Cx, Decision, Durable, LogEntry, LogState, Out, Tag};
use crate::vocab::TxId;

impl Coordinator {
    /// What the log still knows: decisions without their end, and votes without a
    /// decision where commit is presumed, which are aborted now. Everybody is told
    /// (again), for who has acknowledged it, or has only read, is not written down.
    pub(super) fn take_up(&mut self, cx: Cx, durable: Durable, out: &mut Out<TwoPhaseMsg>) {
        for (key, outcome) in durable.outcomes {
            if self.outcomes.get(&key).is_none() {
                self.outcomes.remember(cx.now, key, outcome);
            }
        }
        let everybody = || -> Participants { self.course.participants.clone() };
        let mut left = Vec::new();
        for (tx, LogEntry { params, state }) in durable.log {
            let phase = match state {
                LogState::Committed => Phase::Committing(everybody()),
                LogState::Aborted | LogState::Collecting => Phase::Aborting(everybody()),
                LogState::CommittedAndForgotten | LogState::HandedBack => continue,
                // Only the record of what this process knows was lost, or it is known
                // that the participant refused, and the request has begun again.
                LogState::HandedOver => match self.outcomes.get(&tx.key) {
                    Some(&outcome) => Phase::Concluding(outcome),
                    None if self.attempts.contains_key(&tx.key) => Phase::Ending(Decision::Abort),
                    None => Phase::HandedOver,
                },
                LogState::Saga(_) | LogState::Parked(_) => {
                    panic!("{tx}: a saga in the log of two-phase commit")
                }
            };
            if !self.transactions.contains_key(&tx) {
                left.push((tx, params, phase, state));
            }
        }
        for (tx, params, phase, state) in left {
            if state == LogState::Collecting {
                out.observe(decided(tx, Decision::Abort));
            }
            self.resume(cx, tx, params, phase, out);
        }
    }

    fn resume(
        &mut self,
        cx: Cx,
        tx: TxId,
        params: Params,
        phase: Phase,
        out: &mut Out<TwoPhaseMsg>,
    ) {
        let (handed_over, writes) = (phase == Phase::HandedOver, phase.writes());
        let transaction = Transaction::new(cx, params, phase, 0);
        self.transactions.insert(tx, transaction);
        if writes {
            return self.act(cx, tx, Act::WriteAgain, out);
        }
        if handed_over {
            // Its client may ask again, and is told when the participant has said.
            self.attempts.insert(tx.key, tx);
        }
        self.send_again(tx, out);
        if handed_over || self.resends_decision() {
            out.arm(key(tx, Tag::Resend), self.setting.policies.resend_after);
        }
    }
}
