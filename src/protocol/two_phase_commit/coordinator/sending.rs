//! What the coordinator sends, and sends again.

use super::transaction::{Phase, Refused};
use super::{Coordinator, Happening, key};
use crate::business::Params;
use crate::protocol::two_phase_commit::message::{Standing, TwoPhaseMsg};
use crate::protocol::{Cx, Decision, Out, Safeguard, Tag};
use crate::vocab::{NodeId, ServiceId, SimDuration, StepId, TxId};

impl Coordinator {
    /// The one timer of a transaction: it looks whether messages are to be sent
    /// again, and whether to wait any longer. (One that is set anew for every
    /// message would fill the agenda with timers that never run out.)
    pub(super) fn look_after(&mut self, cx: Cx, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        let Some(transaction) = self.transactions.get_mut(&tx) else {
            return;
        };
        let policies = &self.setting.policies;
        let policy = match transaction.phase {
            Phase::Working(step) => policies.step(step),
            _ => policies.common(),
        };
        let undecided = matches!(transaction.phase, Phase::Working(_) | Phase::Voting(_));
        let silent = cx.now.since(transaction.progress);
        if undecided && silent >= policy.give_up_after {
            return self.happened(cx, tx, Happening::GaveUp, out);
        }
        let mut since_sent = cx.now.since(transaction.sent);
        if since_sent >= policy.resend_after {
            transaction.sent = cx.now;
            since_sent = SimDuration::ZERO;
            self.send_again(tx, out);
        }
        // The next step may be one to be less patient with.
        let mut wait = (policy.resend_after - since_sent).min(policies.shortest());
        if undecided {
            wait = wait.min(policy.give_up_after - silent);
        }
        out.arm(key(tx, Tag::Resend), wait);
    }

    pub(super) fn patience(&self) -> SimDuration {
        self.setting.policies.shortest()
    }

    /// Sends what has not been answered.
    pub(super) fn send_again(&self, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        let transaction = &self.transactions[&tx];
        let decide = |awaited: &[ServiceId], decision, out: &mut Out<TwoPhaseMsg>| {
            for &service in awaited {
                self.send_decision(tx, service, decision, true, out);
            }
        };
        match &transaction.phase {
            Phase::Working(step) => self.send_work(tx, *step, transaction.params, out),
            Phase::Voting(ballot) => {
                for &service in ballot.asked(&self.course) {
                    self.send_prepare(tx, service, out);
                }
            }
            Phase::HandedOver => self.send_commit_one_phase(tx, out),
            Phase::Committing(awaited) => decide(awaited, Decision::Commit, out),
            Phase::Aborting(awaited)
            | Phase::Storing(_, Some(awaited))
            | Phase::Restarting(Some(awaited)) => decide(awaited, Decision::Abort, out),
            Phase::Collecting { .. }
            | Phase::Deciding(_)
            | Phase::Refuting(_)
            | Phase::Ending(_)
            | Phase::HandingOver
            | Phase::Concluding(_)
            | Phase::Storing(_, None)
            | Phase::Restarting(None) => {}
        }
    }

    pub(super) fn resends_decision(&self) -> bool {
        self.course.rules.keep(Safeguard::ResendDecision)
    }

    /// Whether an ABORT is sent until somebody has acknowledged it.
    pub(super) fn resends_abort(&self, refused: &Refused) -> bool {
        let owed = refused.debt.as_ref().is_some_and(|debt| !debt.is_empty());
        owed && self.resends_decision()
    }

    pub(super) fn send_work(
        &self,
        tx: TxId,
        step: StepId,
        params: Params,
        out: &mut Out<TwoPhaseMsg>,
    ) {
        let to = self.setting.nodes.service(self.course.service(step));
        out.send(to, TwoPhaseMsg::Work { tx, step, params });
    }

    fn send_prepare(&self, tx: TxId, service: ServiceId, out: &mut Out<TwoPhaseMsg>) {
        let ops = self.course.steps_of(service).collect();
        let to = self.setting.nodes.service(service);
        out.send(to, TwoPhaseMsg::Prepare { tx, ops });
    }

    fn send_commit_one_phase(&self, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        let service = self.course.participants[0];
        let ops = self.course.steps_of(service).collect();
        let to = self.setting.nodes.service(service);
        out.send(to, TwoPhaseMsg::CommitOnePhase { tx, ops });
    }

    pub(super) fn send_decision(
        &self,
        tx: TxId,
        service: ServiceId,
        decision: Decision,
        ack: bool,
        out: &mut Out<TwoPhaseMsg>,
    ) {
        let to = self.setting.nodes.service(service);
        out.send(to, TwoPhaseMsg::Decision { tx, decision, ack });
    }

    /// A participant in doubt asks. Of what nothing is known, that is told which is
    /// presumed; the other is remembered until everybody has it.
    pub(super) fn inquired(&self, tx: TxId, from: NodeId, out: &mut Out<TwoPhaseMsg>) {
        let presumption = self.course.variant.presumption;
        let standing = match self.transactions.get(&tx) {
            Some(transaction) => transaction.phase.standing(presumption),
            None => Standing::Decided {
                decision: presumption.of_the_unknown(),
                // Nobody is waiting for it: under presumed commit it is a commit, and
                // otherwise an abort that was never decided, or has arrived.
                ack: false,
            },
        };
        out.send(from, TwoPhaseMsg::Answer { tx, standing });
    }
}
