//! The transaction manager's part: it leads the work, counts the votes, decides,
//! and remembers a commit until everybody has it.

mod records;
mod transaction;

use std::sync::Arc;

use transaction::{Act, Course, Happening, Participants, Phase, is_business};

use super::message::{Standing, TwoPhaseMsg, Vote};
use crate::business::{Params, Reason};
use crate::protocol::retained::Retained;
use crate::protocol::{
    ClientMsg, ClientOutcome, Cx, Decision, Detail, Durable, Input, Key, LogEntry, LogState,
    Machine, Milestone, Note, Out, Outcome, Safeguard, Setting, Tag, Wire,
};
use crate::vocab::{FastMap, NodeId, RequestKey, ServiceId, SimDuration, SimTime, StepId, TxId};

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
}

impl Coordinator {
    /// A coordinator with an empty memory.
    pub fn new(setting: &Arc<Setting>) -> Self {
        let business = &setting.business;
        Coordinator {
            course: Course {
                services: business.steps.iter().map(|step| step.service).collect(),
                participants: business.participants().into_iter().collect(),
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
        let reason = Reason::Cancelled;
        let transaction = Transaction::new(cx, params, Phase::Refusing(reason), 0);
        self.attempts.insert(key, tx);
        self.transactions.insert(tx, transaction);
        records::force_refusal(tx, reason, out);
    }

    fn begin(
        &mut self,
        cx: Cx,
        tx: TxId,
        params: Params,
        restarts: u32,
        out: &mut Out<TwoPhaseMsg>,
    ) {
        let first = StepId(0);
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
        if matches!(act, Act::Abort { .. }) && happening != Happening::GaveUp {
            out.disarm(key(tx, Tag::Resend));
        }
        self.act(cx, tx, act, out);
    }

    fn act(&mut self, cx: Cx, tx: TxId, act: Act, out: &mut Out<TwoPhaseMsg>) {
        let Some(transaction) = self.transactions.get_mut(&tx) else {
            return;
        };
        let params = transaction.params;
        match act {
            Act::SendWork(step) => {
                transaction.sent = cx.now;
                self.send_work(tx, step, params, out);
            }
            Act::SendPrepare => {
                transaction.sent = cx.now;
                out.observe(Note::new(Milestone::CoordinatorWorkDone, tx));
                for &service in &self.course.participants {
                    self.send_prepare(tx, service, out);
                }
            }
            Act::Wait => {}
            Act::Decide => {
                out.observe(Note::new(Milestone::CoordinatorAllVotes, tx));
                decide(tx, params, out);
            }
            Act::Announce => {
                transaction.sent = cx.now;
                self.announce_commit(cx, tx, out);
            }
            Act::End => {
                transaction.failures = 0;
                if self.resends_decision() {
                    out.disarm(key(tx, Tag::Resend));
                }
                out.observe(Note::new(Milestone::CoordinatorAllAcks, tx));
                records::write_end(tx, out);
            }
            Act::Forget => {
                self.transactions.remove(&tx);
                out.observe(Note::new(Milestone::CoordinatorEnded, tx));
            }
            Act::Abort { tell, reason } => self.abort(tx, &tell, reason, out),
            Act::Refuse(reason) => {
                out.disarm(key(tx, Tag::Retry));
                records::force_refusal(tx, reason, out);
            }
            Act::TellRefusal(reason) => {
                self.transactions.remove(&tx);
                self.tell(cx, tx, ClientOutcome::Refused(reason), out);
            }
            Act::WriteLater => {
                let wait = self.setting.policies.backoff(transaction.failures);
                transaction.failures += 1;
                out.arm(key(tx, Tag::Retry), wait);
            }
            Act::WriteAgain => match transaction.phase {
                Phase::Deciding => decide(tx, params, out),
                Phase::Ending => records::write_end(tx, out),
                Phase::Refusing(reason) => records::force_refusal(tx, reason, out),
                _ => unreachable!("only these phases write a record"),
            },
            Act::Restart => self.restart(cx, tx, out),
        }
    }

    /// The commit record is on disk. COMMIT goes to the participants, and then
    /// the client is told: before the acknowledgements, for nothing can undo it
    /// any more.
    fn announce_commit(&mut self, cx: Cx, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        let decision = Decision::Commit;
        out.observe(decided(tx, decision));
        for (n, &service) in self.course.participants.iter().enumerate() {
            self.send_decision(tx, service, decision, out);
            if n == 0 {
                out.observe(Note::new(Milestone::CoordinatorDecisionSent, tx));
            }
        }
        self.tell(cx, tx, ClientOutcome::Committed, out);
        if self.resends_decision() {
            out.arm(key(tx, Tag::Resend), self.setting.policies.resend_after);
        } else {
            out.disarm(key(tx, Tag::Resend));
        }
    }

    /// No record before ABORT, none after, no acknowledgement: whoever asks is
    /// told abort, because nothing is known (presumed abort). Then either the
    /// client is refused, or the request begins again with the same rows.
    fn abort(&mut self, tx: TxId, tell: &Participants, reason: Reason, out: &mut Out<TwoPhaseMsg>) {
        let decision = Decision::Abort;
        out.observe(decided(tx, decision));
        for &service in tell {
            self.send_decision(tx, service, decision, out);
        }
        let Some(transaction) = self.transactions.get_mut(&tx) else {
            return;
        };
        let policies = &self.setting.policies;
        let last = transaction.restarts >= policies.conflict_retries || tx.attempt == u16::MAX;
        if is_business(reason) || last {
            records::force_refusal(tx, reason, out);
        } else {
            transaction.phase = Phase::Restarting;
            let wait = policies.backoff(transaction.restarts);
            out.arm(key(tx, Tag::Retry), wait);
        }
    }

    fn restart(&mut self, cx: Cx, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        let Some(Transaction {
            params, restarts, ..
        }) = self.transactions.remove(&tx)
        else {
            return;
        };
        let next = TxId {
            attempt: tx.attempt + 1,
            ..tx
        };
        out.observe(Note::new(Milestone::CoordinatorRestarted, next));
        self.begin(cx, next, params, restarts + 1, out);
    }

    fn tell(&mut self, cx: Cx, tx: TxId, outcome: ClientOutcome, out: &mut Out<TwoPhaseMsg>) {
        self.attempts.remove(&tx.key);
        self.outcomes.remember(cx.now, tx.key, outcome);
        out.tell(self.setting.nodes.clients(), tx.key, outcome);
    }

    /// The one timer of a transaction: it looks whether messages are to be sent
    /// again, and whether to wait any longer. (One that is set anew for every
    /// message would fill the agenda with timers that never run out.)
    fn look_after(&mut self, cx: Cx, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
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

    fn patience(&self) -> SimDuration {
        self.setting.policies.shortest()
    }

    /// Sends what has not been answered.
    fn send_again(&self, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        let transaction = &self.transactions[&tx];
        match &transaction.phase {
            Phase::Working(step) => self.send_work(tx, *step, transaction.params, out),
            Phase::Voting(ballot) => {
                for &service in &ballot.awaited {
                    self.send_prepare(tx, service, out);
                }
            }
            Phase::Committing(awaited) => {
                for &service in awaited {
                    self.send_decision(tx, service, Decision::Commit, out);
                }
            }
            Phase::Deciding | Phase::Ending | Phase::Refusing(_) | Phase::Restarting => {}
        }
    }

    fn resends_decision(&self) -> bool {
        self.course.rules.keep(Safeguard::ResendDecision)
    }

    fn send_work(&self, tx: TxId, step: StepId, params: Params, out: &mut Out<TwoPhaseMsg>) {
        let to = self.setting.nodes.service(self.course.service(step));
        out.send(to, TwoPhaseMsg::Work { tx, step, params });
    }

    fn send_prepare(&self, tx: TxId, service: ServiceId, out: &mut Out<TwoPhaseMsg>) {
        let ops = self.course.steps_of(service).collect();
        let to = self.setting.nodes.service(service);
        out.send(to, TwoPhaseMsg::Prepare { tx, ops });
    }

    fn send_decision(
        &self,
        tx: TxId,
        service: ServiceId,
        decision: Decision,
        out: &mut Out<TwoPhaseMsg>,
    ) {
        let to = self.setting.nodes.service(service);
        out.send(to, TwoPhaseMsg::Decision { tx, decision });
    }

    /// A participant in doubt asks. What nothing is known of was aborted: a
    /// commit is remembered until everybody has it.
    fn inquired(&self, tx: TxId, from: NodeId, out: &mut Out<TwoPhaseMsg>) {
        let standing = match self.transactions.get(&tx) {
            Some(transaction) => transaction.phase.standing(),
            None => Standing::Decided(Decision::Abort),
        };
        out.send(from, TwoPhaseMsg::Answer { tx, standing });
    }

    /// What the log still knows: commits without their end. Everybody is told
    /// again, for who has acknowledged it is not written down.
    fn take_up(&mut self, cx: Cx, durable: Durable, out: &mut Out<TwoPhaseMsg>) {
        for (key, outcome) in durable.outcomes {
            if self.outcomes.get(&key).is_none() {
                self.outcomes.remember(cx.now, key, outcome);
            }
        }
        for (tx, LogEntry { params, state }) in durable.log {
            match state {
                LogState::Committed if self.transactions.contains_key(&tx) => {}
                LogState::Committed => self.resume_commit(cx, tx, params, out),
                LogState::Saga(_) | LogState::Parked(_) => {
                    panic!("{tx}: a saga in the log of two-phase commit")
                }
            }
        }
    }

    fn resume_commit(&mut self, cx: Cx, tx: TxId, params: Params, out: &mut Out<TwoPhaseMsg>) {
        let phase = Phase::Committing(self.course.participants.clone());
        let transaction = Transaction::new(cx, params, phase, 0);
        self.transactions.insert(tx, transaction);
        self.send_again(tx, out);
        if self.resends_decision() {
            out.arm(key(tx, Tag::Resend), self.setting.policies.resend_after);
        }
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
            TwoPhaseMsg::Inquire { tx } => return self.inquired(tx, from, out),
            TwoPhaseMsg::Work { tx, .. }
            | TwoPhaseMsg::Prepare { tx, .. }
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
        }
    }
}

/// All have voted yes. The decision is made when its record is on disk, and not
/// before.
fn decide(tx: TxId, params: Params, out: &mut Out<TwoPhaseMsg>) {
    records::force_decision(tx, params, out);
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
    let yes = vote == Vote::Yes;
    out.observe(Note {
        milestone: Milestone::CoordinatorVote,
        tx,
        detail: Detail::VoteOf { service, yes },
    });
}

fn key(tx: TxId, tag: Tag) -> Key {
    Key { tx, tag, n: 0 }
}
