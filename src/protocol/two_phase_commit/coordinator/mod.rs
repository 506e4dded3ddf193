//! The transaction manager's part: it leads the work, counts the votes, decides,
//! and remembers what it does not presume until everybody has it.

mod ballot;
mod records;
mod recovery;
mod sending;
mod transaction;

use std::sync::Arc;

use transaction::{Act, Course, Happening, Phase, Refused, Rest, is_business};

use super::Presumption;
use super::message::{TwoPhaseMsg, Vote};
use crate::business::{Params, Reason};
use crate::protocol::retained::Retained;
use crate::protocol::{
    ClientMsg, ClientOutcome, Cx, Decision, Detail, Durable, Input, Key, Machine, Milestone, Note,
    Out, Outcome, Setting, Tag, Wire,
};
use crate::vocab::{FastMap, NodeId, RequestKey, ServiceId, SimTime, TxId};

/// The coordinator: its transactions, and what it has told clients.
#[derive(Clone, Debug)]
pub struct Coordinator {
    setting: Arc<Setting>,
    course: Course,
    transactions: FastMap<TxId, Transaction>,
    /// The attempt whose end a client will be told.
    attempts: FastMap<RequestKey, TxId>,
    outcomes: Retained<RequestKey, ClientOutcome>,
}

/// A transaction that is not forgotten.
#[derive(Clone, Debug)]
struct Transaction {
    params: Params,
    phase: Phase,
    /// How often its request was begun before.
    restarts: u32,
    /// How often the record that is due could not be written.
    failures: u32,
    /// When the messages that are out were last sent.
    sent: SimTime,
    /// When there was progress last.
    progress: SimTime,
    /// The attempt before it, if this process has led that.
    earlier: Option<TxId>,
}

impl Coordinator {
    /// A coordinator with an empty memory.
    pub fn new(setting: &Arc<Setting>) -> Self {
        let business = &setting.business;
        Coordinator {
            course: Course {
                first: business.first,
                services: business.steps.iter().map(|step| step.service).collect(),
                participants: business.participants().into_iter().collect(),
                variant: setting.two_phase,
                rules: setting.safeguards,
            },
            transactions: FastMap::default(),
            attempts: FastMap::default(),
            outcomes: Retained::new(setting.policies.retention),
            setting: Arc::clone(setting),
        }
    }

    /// A client wants something. Under way: it joins, and is told when that
    /// ends. Known: told again. New: a transaction begins.
    fn asked(&mut self, cx: Cx, key: RequestKey, params: Params, out: &mut Out<TwoPhaseMsg>) {
        if self.attempts.contains_key(&key) {
            return;
        }
        if let Some(&outcome) = self.outcomes.get(&key) {
            out.tell(self.setting.nodes.clients(), key, outcome);
            return;
        }
        let tx = TxId {
            key,
            epoch: cx.epoch,
            attempt: 0,
        };
        self.begin(cx, tx, params, 0, out);
    }

    /// A client takes its wish back. What is decided stays decided, and it is
    /// told that; a request that has not come yet must not run when it does.
    fn cancelled(&mut self, cx: Cx, key: RequestKey, params: Params, out: &mut Out<TwoPhaseMsg>) {
        if let Some(&tx) = self.attempts.get(&key) {
            return self.happened(cx, tx, Happening::Cancelled, out);
        }
        if let Some(&outcome) = self.outcomes.get(&key) {
            return out.tell(self.setting.nodes.clients(), key, outcome);
        }
        let tx = TxId {
            key,
            epoch: cx.epoch,
            attempt: 0,
        };
        let outcome = ClientOutcome::Refused(Reason::Cancelled);
        let transaction = Transaction::new(cx, params, Phase::Storing(outcome, None), 0);
        self.attempts.insert(key, tx);
        self.transactions.insert(tx, transaction);
        records::force_outcome(tx, outcome, out);
    }

    fn begin(
        &mut self,
        cx: Cx,
        tx: TxId,
        params: Params,
        restarts: u32,
        out: &mut Out<TwoPhaseMsg>,
    ) {
        let first = self.course.first;
        let transaction = Transaction::new(cx, params, Phase::Working(first), restarts);
        self.attempts.insert(tx.key, tx);
        self.transactions.insert(tx, transaction);
        out.observe(Note::new(Milestone::CoordinatorBegun, tx));
        self.send_work(tx, first, params, out);
        out.arm(key(tx, Tag::Resend), self.patience());
    }

    /// Something happened to a transaction: it takes its transition. What is
    /// forgotten takes none: late votes and acknowledgements mean nothing.
    fn happened(&mut self, cx: Cx, tx: TxId, happening: Happening, out: &mut Out<TwoPhaseMsg>) {
        let Some(transaction) = self.transactions.get_mut(&tx) else {
            return;
        };
        let Ok((phase, act)) = transaction.phase.next(&self.course, happening) else {
            return;
        };
        transaction.progress = cx.now;
        transaction.phase = phase;
        if let Happening::Voted { service, vote } = happening {
            note_vote(tx, service, vote, out);
        }
        // Nothing is out any more that could be sent again.
        let silent = match &act {
            Act::Refute(_) => true,
            Act::Abort { refused, stored } => !stored && !self.resends_abort(refused),
            _ => false,
        };
        if silent && happening != Happening::GaveUp {
            out.disarm(key(tx, Tag::Resend));
        }
        self.act(cx, tx, act, out);
    }

    fn act(&mut self, cx: Cx, tx: TxId, act: Act, out: &mut Out<TwoPhaseMsg>) {
        let presumption = self.course.variant.presumption;
        let Some(transaction) = self.transactions.get_mut(&tx) else {
            return;
        };
        let params = transaction.params;
        match act {
            Act::SendWork(step) => {
                transaction.sent = cx.now;
                self.send_work(tx, step, params, out);
            }
            Act::Collect => {
                out.observe(Note::new(Milestone::CoordinatorWorkDone, tx));
                records::force_collecting(tx, params, out);
            }
            Act::HandOver => {
                let earlier = transaction.earlier;
                out.observe(Note::new(Milestone::CoordinatorWorkDone, tx));
                records::force_handing_over(tx, params, earlier, out);
            }
            Act::SendCommitOnePhase => {
                transaction.sent = cx.now;
                self.send_again(tx, out);
                out.observe(Note::new(Milestone::CoordinatorDecisionSent, tx));
            }
            Act::TellAndConclude(outcome) => {
                out.disarm(key(tx, Tag::Resend));
                self.tell(cx, tx, outcome, out);
                records::conclude(tx, params, outcome, out);
            }
            Act::SendPrepare => {
                transaction.sent = cx.now;
                if presumption != Presumption::Commit {
                    out.observe(Note::new(Milestone::CoordinatorWorkDone, tx));
                }
                self.send_again(tx, out);
            }
            Act::SendNextPrepare => {
                transaction.sent = cx.now;
                self.send_again(tx, out);
            }
            Act::Wait => {}
            Act::Decide => {
                out.observe(Note::new(Milestone::CoordinatorAllVotes, tx));
                decide(tx, params, presumption, out);
            }
            Act::Announce(tell) => {
                transaction.sent = cx.now;
                self.announce_commit(cx, tx, &tell, out);
                if self.resends_decision() {
                    out.arm(key(tx, Tag::Resend), self.setting.policies.resend_after);
                } else {
                    out.disarm(key(tx, Tag::Resend));
                }
            }
            Act::AnnounceAndForget(tell) => {
                self.announce_commit(cx, tx, &tell, out);
                out.disarm(key(tx, Tag::Resend));
                self.forget(tx, out);
            }
            Act::Conclude => {
                out.observe(Note::new(Milestone::CoordinatorAllVotes, tx));
                out.disarm(key(tx, Tag::Resend));
                records::force_outcome(tx, ClientOutcome::Committed, out);
            }
            Act::End => self.end(tx, out),
            Act::Forget => self.forget(tx, out),
            Act::Refute(reason) => self.refute(tx, params, reason, out),
            Act::Abort { refused, stored } => self.abort(cx, tx, &refused, stored, out),
            Act::Refuse(reason) => {
                out.disarm(key(tx, Tag::Retry));
                records::force_outcome(tx, ClientOutcome::Refused(reason), out);
            }
            Act::Tell(outcome, rest) => {
                if outcome == ClientOutcome::Committed {
                    out.observe(decided(tx, Decision::Commit));
                }
                self.tell(cx, tx, outcome, out);
                self.clear(tx, rest, out);
            }
            Act::WriteLater => {
                let wait = self.setting.policies.backoff(transaction.failures);
                transaction.failures += 1;
                out.arm(key(tx, Tag::Retry), wait);
            }
            Act::WriteAgain => match transaction.phase {
                Phase::Collecting { .. } => records::force_collecting(tx, params, out),
                Phase::Deciding(_) => decide(tx, params, presumption, out),
                Phase::Refuting(Refused { reason, .. }) => self.refute(tx, params, reason, out),
                Phase::HandingOver => {
                    let earlier = transaction.earlier;
                    records::force_handing_over(tx, params, earlier, out);
                }
                Phase::Concluding(outcome) => records::conclude(tx, params, outcome, out),
                Phase::Ending(_) => records::write_end(tx, out),
                Phase::Storing(outcome, _) => records::force_outcome(tx, outcome, out),
                _ => unreachable!("only these phases write a record"),
            },
            Act::Restart(rest) => self.restart(cx, tx, rest, out),
        }
    }

    /// The commit record is on disk. COMMIT goes to the participants, and then
    /// the client is told: before the acknowledgements, for nothing can undo it
    /// any more.
    fn announce_commit(
        &mut self,
        cx: Cx,
        tx: TxId,
        tell: &[ServiceId],
        out: &mut Out<TwoPhaseMsg>,
    ) {
        let decision = Decision::Commit;
        let ack = self.course.variant.presumption.acknowledges_commit();
        out.observe(decided(tx, decision));
        for (n, &service) in tell.iter().enumerate() {
            self.send_decision(tx, service, decision, ack, out);
            if n == 0 {
                out.observe(Note::new(Milestone::CoordinatorDecisionSent, tx));
            }
        }
        self.tell(cx, tx, ClientOutcome::Committed, out);
    }

    /// The acknowledgements are here: the end record, and then nothing.
    fn end(&mut self, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        if let Some(transaction) = self.transactions.get_mut(&tx) {
            transaction.failures = 0;
        }
        if self.resends_decision() {
            out.disarm(key(tx, Tag::Resend));
        }
        out.observe(Note::new(Milestone::CoordinatorAllAcks, tx));
        records::write_end(tx, out);
    }

    fn forget(&mut self, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        self.transactions.remove(&tx);
        out.observe(Note::new(Milestone::CoordinatorEnded, tx));
    }

    /// Nothing is presumed: the abort record, before ABORT.
    fn refute(&self, tx: TxId, params: Params, reason: Reason, out: &mut Out<TwoPhaseMsg>) {
        let refusal = self.is_final(tx, reason).then_some(reason);
        records::force_abort(tx, params, refusal, out);
    }

    /// ABORT goes out. Under presumed abort there is no record before it, none after,
    /// no acknowledgement: whoever asks is told abort, because nothing is known.
    /// Then either the client is refused, or the request begins again with the same
    /// rows; neither waits for acknowledgements.
    fn abort(
        &mut self,
        cx: Cx,
        tx: TxId,
        refused: &Refused,
        stored: bool,
        out: &mut Out<TwoPhaseMsg>,
    ) {
        let decision = Decision::Abort;
        out.observe(decided(tx, decision));
        for &service in &refused.tell {
            let ack = refused
                .debt
                .as_ref()
                .is_some_and(|debt| debt.contains(&service));
            self.send_decision(tx, service, decision, ack, out);
        }
        if self.resends_abort(refused) {
            out.arm(key(tx, Tag::Resend), self.setting.policies.resend_after);
        }
        let last = self.is_final(tx, refused.reason);
        let policies = &self.setting.policies;
        let Some(transaction) = self.transactions.get_mut(&tx) else {
            return;
        };
        transaction.sent = cx.now;
        if last && stored {
            self.happened(cx, tx, Happening::Written, out);
        } else if last {
            records::force_outcome(tx, ClientOutcome::Refused(refused.reason), out);
        } else {
            transaction.phase = Phase::Restarting(refused.debt.clone());
            let wait = policies.backoff(transaction.restarts);
            out.arm(key(tx, Tag::Retry), wait);
        }
    }

    /// Whether there is no further attempt after an abort for this reason.
    fn is_final(&self, tx: TxId, reason: Reason) -> bool {
        let restarts = self.transactions.get(&tx).map_or(0, |t| t.restarts);
        let most = self.setting.policies.conflict_retries;
        is_business(reason) || restarts >= most || tx.attempt == u16::MAX
    }

    fn restart(&mut self, cx: Cx, tx: TxId, rest: Rest, out: &mut Out<TwoPhaseMsg>) {
        let Some(&Transaction {
            params, restarts, ..
        }) = self.transactions.get(&tx)
        else {
            return;
        };
        // One that was found in the log is of an earlier epoch, in which its next
        // attempt may have begun already.
        let next = TxId {
            epoch: cx.epoch,
            attempt: tx.attempt + 1,
            ..tx
        };
        self.clear(tx, rest, out);
        out.observe(Note::new(Milestone::CoordinatorRestarted, next));
        self.begin(cx, next, params, restarts + 1, out);
        if let Some(transaction) = self.transactions.get_mut(&next) {
            transaction.earlier = Some(tx);
        }
    }

    /// What is left to do for a transaction when its request goes its own way.
    fn clear(&mut self, tx: TxId, rest: Rest, out: &mut Out<TwoPhaseMsg>) {
        match rest {
            Rest::Forget => drop(self.transactions.remove(&tx)),
            Rest::End => self.end(tx, out),
            Rest::AwaitAcks => {}
        }
    }

    fn tell(&mut self, cx: Cx, tx: TxId, outcome: ClientOutcome, out: &mut Out<TwoPhaseMsg>) {
        self.attempts.remove(&tx.key);
        self.outcomes.remember(cx.now, tx.key, outcome);
        out.tell(self.setting.nodes.clients(), tx.key, outcome);
    }

    fn heard(&mut self, cx: Cx, from: NodeId, message: TwoPhaseMsg, out: &mut Out<TwoPhaseMsg>) {
        let nodes = &self.setting.nodes;
        let service = || {
            nodes
                .service_at(from)
                .expect("only services answer a coordinator")
        };
        let (tx, happening) = match message {
            TwoPhaseMsg::Worked { tx, step, result } => (tx, Happening::Worked { step, result }),
            TwoPhaseMsg::Vote { tx, vote } => {
                let service = service();
                (tx, Happening::Voted { service, vote })
            }
            TwoPhaseMsg::Ack { tx } => (tx, Happening::Acked(service())),
            TwoPhaseMsg::OnePhase { tx, outcome } => (tx, Happening::OnePhase(outcome)),
            TwoPhaseMsg::Inquire { tx } => return self.inquired(tx, from, out),
            TwoPhaseMsg::Work { tx, .. }
            | TwoPhaseMsg::Prepare { tx, .. }
            | TwoPhaseMsg::CommitOnePhase { tx, .. }
            | TwoPhaseMsg::Decision { tx, .. }
            | TwoPhaseMsg::Answer { tx, .. } => panic!("{tx}: a message to a participant"),
        };
        self.happened(cx, tx, happening, out);
    }
}

impl Machine for Coordinator {
    type Msg = TwoPhaseMsg;

    fn recover(&mut self, cx: Cx, durable: Durable, out: &mut Out<TwoPhaseMsg>) {
        self.take_up(cx, durable, out);
    }

    fn reconnected(&mut self, cx: Cx, durable: Durable, out: &mut Out<TwoPhaseMsg>) {
        self.take_up(cx, durable, out);
    }

    fn step(&mut self, cx: Cx, input: Input<TwoPhaseMsg>, out: &mut Out<TwoPhaseMsg>) {
        self.outcomes.prune(cx.now);
        match input {
            Input::Message { from, body } => match body {
                Wire::Peer(message) => self.heard(cx, from, message, out),
                Wire::Client(ClientMsg::Request { key, params, .. }) => {
                    self.asked(cx, key, params, out);
                }
                Wire::Client(ClientMsg::Cancel { key, params }) => {
                    self.cancelled(cx, key, params, out);
                }
                other => panic!("{}: no message to a coordinator", other.kind()),
            },
            Input::Executed { call, result } => {
                let written = match result {
                    Outcome::Committed { .. } => Happening::Written,
                    _ => Happening::NotWritten,
                };
                self.happened(cx, call.tx, written, out);
            }
            Input::Timer(Key { tx, tag, .. }) => match tag {
                Tag::Resend => self.look_after(cx, tx, out),
                Tag::Retry => self.happened(cx, tx, Happening::Rested, out),
                tag => panic!("{tx}: {tag:?} is no timer of a coordinator"),
            },
        }
    }
}

impl Transaction {
    fn new(cx: Cx, params: Params, phase: Phase, restarts: u32) -> Self {
        Transaction {
            params,
            phase,
            restarts,
            failures: 0,
            sent: cx.now,
            progress: cx.now,
            earlier: None,
        }
    }
}

/// All have voted yes. The decision is made when its record is on disk, and not
/// before.
fn decide(tx: TxId, params: Params, presumption: Presumption, out: &mut Out<TwoPhaseMsg>) {
    records::force_decision(tx, params, presumption, out);
    out.observe(Note::new(Milestone::CoordinatorDeciding, tx));
}

fn decided(tx: TxId, decision: Decision) -> Note {
    Note {
        milestone: Milestone::CoordinatorDecided,
        tx,
        detail: Detail::Decision(decision),
    }
}

fn note_vote(tx: TxId, service: ServiceId, vote: Vote, out: &mut Out<TwoPhaseMsg>) {
    let yes = !matches!(vote, Vote::No(_));
    out.observe(Note {
        milestone: Milestone::CoordinatorVote,
        tx,
        detail: Detail::VoteOf { service, yes },
    });
}

fn key(tx: TxId, tag: Tag) -> Key {
    Key { tx, tag, n: 0 }
}
