use std::sync::Arc;

use super::task::Task;
use crate::business::{Params, StepKind};
use crate::protocol::attempt::{Answered, Arrival, Attempt, Next, Persistence};
use crate::protocol::machine::Reads;
use crate::protocol::message::NoPeer;
use crate::protocol::{
    BrokerMsg, ClientMsg, ClientOutcome, Cx, Durable, Effect, End, Event, Force, Input, Key,
    LetterId, Machine, Milestone, Note, Out, Reply, Safeguard, Setting, Tag, Value, Wire,
};
use crate::vocab::{FastMap, RequestKey, StepId, TxId};

/// One service of the chain: reacts to a client's request, or to an event.
///
/// It remembers only what it is doing right now. Who waits for an answer it need
/// not know: the outcome row is the truth, and a client that asks again is told
/// what it says.
#[derive(Clone, Debug)]
pub struct Reactor {
    setting: Arc<Setting>,
    jobs: FastMap<JobId, Job>,
    /// Sagas that began here and are not over, if a watchdog looks after them.
    watched: FastMap<TxId, Params>,
}

/// Which task of which saga ([`Task::number`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct JobId {
    tx: TxId,
    task: u32,
}

/// A task that is being done.
#[derive(Clone, Debug)]
struct Job {
    task: Task,
    params: Params,
    owed: Owed,
    attempt: Attempt,
}

/// What whoever set a job off is owed when it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    /// The client, an answer.
    Answer,
    /// The broker, an acknowledgement.
    Ack { delivery: u64, id: LetterId },
    /// The broker has its acknowledgement already.
    Nothing,
}

impl Reactor {
    /// A service that does nothing yet.
    pub fn new(setting: &Arc<Setting>) -> Self {
        Reactor {
            setting: Arc::clone(setting),
            jobs: FastMap::default(),
            watched: FastMap::default(),
        }
    }

    /// The watchdog: a saga that is not over by then is to be cancelled.
    fn watch(&mut self, tx: TxId, params: Params, out: &mut Out<NoPeer>) {
        if let Some(after) = self.setting.policies.watchdog {
            self.watched.insert(tx, params);
            let overdue = Task::overdue(&self.setting);
            out.arm(JobId::new(tx, overdue).key(Tag::GiveUp), after);
        }
    }

    /// It is not over, and perhaps lost. Should it be past its pivot, or on its
    /// way back, that is where it goes on.
    fn overdue(&mut self, tx: TxId, out: &mut Out<NoPeer>) {
        let overdue = Task::overdue(&self.setting);
        let id = JobId::new(tx, overdue);
        if let Some(&params) = self.watched.get(&tx)
            && !self.jobs.contains_key(&id)
        {
            self.begin(id, overdue, params, Owed::Nothing, out);
        }
    }

    /// A client wants something, for the first time or again: either way the
    /// first step runs, and the inbox knows whether it ran before.
    fn asked(&mut self, key: RequestKey, params: Params, out: &mut Out<NoPeer>) {
        self.begin_for_client(key, Task::first(&self.setting), params, out);
    }

    /// A client takes its wish back: the first step is refused, or the next ones
    /// are asked to.
    fn cancelled(&mut self, key: RequestKey, params: Params, out: &mut Out<NoPeer>) {
        self.begin_for_client(key, Task::cancelled(&self.setting), params, out);
    }

    fn begin_for_client(
        &mut self,
        key: RequestKey,
        task: Task,
        params: Params,
        out: &mut Out<NoPeer>,
    ) {
        let tx = TxId {
            key,
            epoch: 0,
            attempt: 0,
        };
        let id = JobId::new(tx, task);
        if !self.jobs.contains_key(&id) {
            self.begin(id, task, params, Owed::Answer, out);
        }
    }

    /// An event arrived. One that comes again while its task is being done is
    /// left to its redelivery, as that task may yet fail.
    fn delivered(&mut self, delivery: u64, letter: LetterId, event: Event, out: &mut Out<NoPeer>) {
        let task = Task::after(event.kind, &self.setting);
        let id = JobId::new(event.tx, task);
        if self.jobs.contains_key(&id) {
            return;
        }
        out.observe(self.note(Milestone::ConsumerReceived, event.tx, task));
        let mut owed = Owed::Ack {
            delivery,
            id: letter,
        };
        if !self.setting.safeguards.keep(Safeguard::AckAfterEffect) {
            self.acknowledge(owed, event.tx, task, out);
            owed = Owed::Nothing;
        }
        self.begin(id, task, event.params, owed, out);
    }

    fn begin(&mut self, id: JobId, task: Task, params: Params, owed: Owed, out: &mut Out<NoPeer>) {
        let job = Job {
            task,
            params,
            owed,
            attempt: Attempt::FIRST,
        };
        self.execute(id, &job, out);
        self.jobs.insert(id, job);
    }

    /// On disk before anybody is told, or the broker is asked to forget.
    fn execute(&self, id: JobId, job: &Job, out: &mut Out<NoPeer>) {
        let task = job.task;
        out.push(Effect::Execute {
            call: id.key(task.tag()),
            stamp: task.stamp(&self.setting, id.tx),
            lane: task.lane(),
            branch: None,
            txn: Box::new(task.txn(&self.setting, id.tx, &job.params)),
            end: End::Commit,
            force: Force::Always,
        });
    }

    fn arrived(&mut self, id: JobId, arrival: Arrival, out: &mut Out<NoPeer>) {
        let Some(job) = self.jobs.get_mut(&id) else {
            panic!("{}: {arrival:?} for a task that is at rest", id.tx);
        };
        let persistence = job.task.persistence(&self.setting);
        let policies = &self.setting.policies;
        let policy = match job.task.step(&self.setting) {
            Some(step) => policies.step(step),
            None => policies.common(),
        };
        match job.attempt.next(policy, persistence, arrival) {
            Ok(Next::Answered(answered)) => {
                let job = self.end(id);
                self.answered(id.tx, job, answered, out);
            }
            Ok(Next::Run(attempt)) => {
                job.attempt = attempt;
                self.execute(id, &self.jobs[&id], out);
            }
            Ok(Next::Rest(attempt, wait)) => {
                job.attempt = attempt;
                out.arm(id.key(Tag::Retry), wait);
            }
            Ok(Next::OutOfRetries) if job.task.may_be_refused(&self.setting) => {
                let job = self.end(id);
                self.refuse(id.tx, job, out);
            }
            Ok(Next::LeftToSender | Next::OutOfRetries) => {
                self.end(id);
            }
            Ok(Next::GivenUp) => {
                let job = self.end(id);
                self.give_up(id.tx, job, out);
            }
            Err(impossible) => panic!("{}: {impossible:?}", id.tx),
        }
    }

    /// The client waits, and nobody but it would ask again: it is told no, and that
    /// is stored, or its next try might be done all the same.
    fn refuse(&mut self, tx: TxId, job: Job, out: &mut Out<NoPeer>) {
        let id = JobId::new(tx, Task::CONFLICTED);
        if !self.jobs.contains_key(&id) {
            self.begin(id, Task::CONFLICTED, job.params, job.owed, out);
        }
    }

    fn end(&mut self, id: JobId) -> Job {
        self.jobs.remove(&id).expect("a job ends once")
    }

    /// The local transaction is committed: whoever set it off is told.
    fn answered(&mut self, tx: TxId, job: Job, answered: Answered, out: &mut Out<NoPeer>) {
        if self.must_succeed(job.task, answered.reply) {
            // Nothing was stored, so the redelivery tries it again.
            match job.task.persistence(&self.setting) {
                Persistence::UntilAnswered => {}
                Persistence::Once => self.give_up(tx, job, out),
            }
            return;
        }
        if let Task::Do(step) | Task::Undo { step, .. } = job.task {
            for &milestone in answered.milestones() {
                out.observe(Note::step(milestone, tx, step));
            }
        }
        match job.task {
            Task::Do(_) | Task::Refuse(_) if job.owed == Owed::Answer => {
                let known = self.known(&answered);
                if known == ClientOutcome::Accepted && !answered.replayed {
                    self.watch(tx, job.params, out);
                }
                self.tell(tx, known, out);
            }
            Task::Join { next, .. } if answered.reply == Reply::Done => {
                return self.joined(tx, next, job, out);
            }
            Task::Close(outcome) => {
                self.watched.remove(&tx);
                if self.setting.policies.watchdog.is_some() {
                    let overdue = Task::overdue(&self.setting);
                    out.disarm(JobId::new(tx, overdue).key(Tag::GiveUp));
                }
                let outcome = stored(&answered.reads).unwrap_or(outcome);
                self.tell(tx, outcome, out);
            }
            // What ended it may be known; else the client hears how it ends.
            Task::Cancel { .. } if job.owed == Owed::Answer => {
                if let Some(outcome) = cancelled(&answered) {
                    self.tell(tx, outcome, out);
                }
            }
            Task::Do(_)
            | Task::Refuse(_)
            | Task::Undo { .. }
            | Task::Join { .. }
            | Task::Cancel { .. } => {}
        }
        self.acknowledge(job.owed, tx, job.task, out);
    }

    /// All that must be done is: what follows is done on account of the last event. If
    /// it is being done already, that is left to the redelivery.
    fn joined(&mut self, tx: TxId, next: Option<StepId>, job: Job, out: &mut Out<NoPeer>) {
        let task = Task::joined(next);
        let id = JobId::new(tx, task);
        if !self.jobs.contains_key(&id) {
            self.begin(id, task, job.params, job.owed, out);
        }
    }

    /// Whether this is the no of a step that succeeds if it is tried often
    /// enough.
    fn must_succeed(&self, task: Task, reply: Reply) -> bool {
        match (task, reply) {
            (Task::Do(step), Reply::Refused(_)) => {
                self.setting.business.step(step).kind == StepKind::Retriable
            }
            (Task::Do(_), Reply::Done | Reply::Null)
            | (
                Task::Refuse(_)
                | Task::Undo { .. }
                | Task::Join { .. }
                | Task::Close(_)
                | Task::Cancel { .. },
                _,
            ) => false,
        }
    }

    /// What the first service can tell its client: how the saga ended, if it
    /// has; else what became of its own step.
    fn known(&self, answered: &Answered) -> ClientOutcome {
        if let Some(outcome) = stored(&answered.reads) {
            return outcome;
        }
        match answered.reply {
            Reply::Refused(reason) => ClientOutcome::Refused(reason),
            Reply::Done | Reply::Null if self.setting.business.steps.len() == 1 => {
                ClientOutcome::Committed
            }
            Reply::Done | Reply::Null => ClientOutcome::Accepted,
        }
    }

    fn tell(&self, tx: TxId, outcome: ClientOutcome, out: &mut Out<NoPeer>) {
        out.tell(self.setting.nodes.clients(), tx.key, outcome);
    }

    fn acknowledge(&self, owed: Owed, tx: TxId, task: Task, out: &mut Out<NoPeer>) {
        match owed {
            Owed::Ack { delivery, id } => {
                let ack = BrokerMsg::Ack { delivery, id };
                out.send_wire(self.setting.nodes.broker(), Wire::Broker(ack));
                out.observe(self.note(Milestone::ConsumerAcked, tx, task));
            }
            Owed::Answer | Owed::Nothing => {}
        }
    }

    /// Without the safeguard that makes it persist: the event is done with, and
    /// nothing is done about it.
    fn give_up(&self, tx: TxId, job: Job, out: &mut Out<NoPeer>) {
        out.observe(self.note(Milestone::StepGaveUp, tx, job.task));
        self.acknowledge(job.owed, tx, job.task, out);
    }

    fn note(&self, milestone: Milestone, tx: TxId, task: Task) -> Note {
        match task.step(&self.setting) {
            Some(step) => Note::step(milestone, tx, step),
            None => Note::new(milestone, tx),
        }
    }
}

impl Machine for Reactor {
    type Msg = NoPeer;

    /// What was done is in the inbox, and the broker delivers again what was not
    /// acknowledged: only the watchdog has to know which sagas are not over.
    fn recover(&mut self, _: Cx, durable: Durable, out: &mut Out<NoPeer>) {
        for (tx, entry) in durable.log {
            self.watch(tx, entry.params, out);
        }
    }

    fn step(&mut self, _: Cx, input: Input<NoPeer>, out: &mut Out<NoPeer>) {
        match input {
            Input::Message { body, .. } => match body {
                Wire::Client(ClientMsg::Request { key, params, .. }) => {
                    self.asked(key, params, out);
                }
                Wire::Client(ClientMsg::Cancel { key, params }) => {
                    self.cancelled(key, params, out);
                }
                Wire::Broker(BrokerMsg::Deliver {
                    delivery,
                    id,
                    event,
                }) => self.delivered(delivery, id, event, out),
                Wire::Peer(nothing) => match nothing {},
                Wire::Client(ClientMsg::Reply { .. }) | Wire::Broker(_) | Wire::Provider(_) => {
                    panic!("no message to a service of the chain")
                }
            },
            Input::Executed { call, result } => {
                self.arrived(JobId::of(call), Arrival::Executed(result), out);
            }
            Input::Timer(key) if key.tag == Tag::GiveUp => self.overdue(key.tx, out),
            Input::Timer(key) => self.arrived(JobId::of(key), Arrival::Rested, out),
        }
    }
}

impl JobId {
    fn new(tx: TxId, task: Task) -> Self {
        JobId {
            tx,
            task: task.number(),
        }
    }

    fn of(key: Key) -> Self {
        JobId {
            tx: key.tx,
            task: key.n,
        }
    }

    fn key(self, tag: Tag) -> Key {
        Key {
            tx: self.tx,
            tag,
            n: self.task,
        }
    }
}

/// The outcome that a transaction read.
fn stored(reads: &Reads) -> Option<ClientOutcome> {
    match reads.first() {
        Some(Some(Value::Outcome(outcome))) => Some(*outcome),
        _ => None,
    }
}

/// What a client that takes its wish back can be told at once.
fn cancelled(answered: &Answered) -> Option<ClientOutcome> {
    stored(&answered.reads).or(match answered.reply {
        Reply::Refused(reason) => Some(ClientOutcome::Refused(reason)),
        Reply::Done | Reply::Null => None,
    })
}
