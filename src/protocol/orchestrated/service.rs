use std::sync::Arc;

use super::SagaMsg;
use crate::business::{Params, Reason};
use crate::protocol::attempt::{
    Answered, Arrival, Attempt, Next, Persistence, key_number, step_of,
};
use crate::protocol::plan::{self, Staged};
use crate::protocol::{
    Cx, Durable, Effect, End, Force, Input, Key, Lane, Machine, Milestone, Note, Out, Setting,
    Stamp, Tag, Wire,
};
use crate::vocab::{Direction, FastMap, StepId, TxId};

/// Does and undoes the steps of one service, each in a local transaction that
/// stores its reply in the inbox: a command that comes again is answered again
/// and has no effect twice.
///
/// It remembers only what it is doing right now. What it has done, its inbox
/// knows; what it has not, the orchestrator asks for again.
#[derive(Clone, Debug)]
pub struct StepService {
    setting: Arc<Setting>,
    jobs: FastMap<JobId, Job>,
}

/// Which step of which saga, doing or undoing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct JobId {
    tx: TxId,
    step: StepId,
    direction: Direction,
}

/// A command that is being obeyed.
#[derive(Clone, Debug)]
struct Job {
    order: Order,
    params: Params,
    attempt: Attempt,
}

/// What the orchestrator wants of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Do,
    Undo(Reason),
}

impl StepService {
    /// A service that does nothing yet.
    pub fn new(setting: &Arc<Setting>) -> Self {
        StepService {
            setting: Arc::clone(setting),
            jobs: FastMap::default(),
        }
    }

    /// A command. One that is being obeyed already is answered by that.
    fn ordered(
        &mut self,
        tx: TxId,
        step: StepId,
        params: Params,
        order: Order,
        out: &mut Out<SagaMsg>,
    ) {
        let direction = order.direction();
        let id = JobId {
            tx,
            step,
            direction,
        };
        if self.jobs.contains_key(&id) {
            return;
        }
        let job = Job {
            order,
            params,
            attempt: Attempt::FIRST,
        };
        self.execute(id, &job, out);
        self.jobs.insert(id, job);
    }

    /// The step's effect, its reply and what it stages: one local transaction,
    /// on disk before anybody is told.
    fn execute(&self, id: JobId, job: &Job, out: &mut Out<SagaMsg>) {
        let JobId { tx, step, .. } = id;
        let (txn, stamp) = match job.order {
            Order::Do => (
                plan::forward(&self.setting, tx, step, &job.params, &Staged::NOTHING),
                Stamp::forward(tx, step),
            ),
            Order::Undo(reason) => (
                plan::backward(&self.setting, tx, step, &job.params, &[]),
                Stamp::backward(tx, step, reason),
            ),
        };
        out.push(Effect::Execute {
            call: id.call(),
            stamp,
            lane: Lane::Work,
            branch: None,
            txn: Box::new(txn),
            end: End::Commit,
            force: Force::Always,
        });
    }

    fn arrived(&mut self, id: JobId, arrival: Arrival, out: &mut Out<SagaMsg>) {
        let Some(job) = self.jobs.get_mut(&id) else {
            panic!(
                "{}: {arrival:?} for step {}, which is at rest",
                id.tx, id.step
            );
        };
        let persistence = Persistence::of(&self.setting, id.step, id.direction);
        let policy = self.setting.policies.step(id.step);
        match job.attempt.next(policy, persistence, arrival) {
            Ok(Next::Answered(answered)) => {
                self.jobs.remove(&id);
                self.reply(id, &answered, out);
            }
            Ok(Next::Run(attempt)) => {
                job.attempt = attempt;
                self.execute(id, &self.jobs[&id], out);
            }
            Ok(Next::Rest(attempt, wait)) => {
                job.attempt = attempt;
                out.arm(id.rest(), wait);
            }
            Ok(Next::LeftToSender | Next::OutOfRetries) => {
                self.jobs.remove(&id);
            }
            Ok(Next::GivenUp) => {
                self.jobs.remove(&id);
                out.observe(Note::step(Milestone::StepGaveUp, id.tx, id.step));
            }
            Err(impossible) => panic!("{}: step {}: {impossible:?}", id.tx, id.step),
        }
    }

    fn reply(&self, id: JobId, answered: &Answered, out: &mut Out<SagaMsg>) {
        let JobId {
            tx,
            step,
            direction,
        } = id;
        let reply = answered.reply;
        for milestone in answered.milestones() {
            out.observe(Note::step(*milestone, tx, step));
        }
        out.send(
            self.setting.nodes.manager(),
            SagaMsg::Reply {
                tx,
                step,
                direction,
                reply,
            },
        );
        out.observe(Note::step(Milestone::StepReplied, tx, step));
    }
}

impl Machine for StepService {
    type Msg = SagaMsg;

    /// Nothing to do: what was done is in the inbox, the rest is asked for again.
    fn recover(&mut self, _: Cx, _: Durable, _: &mut Out<SagaMsg>) {}

    fn step(&mut self, _: Cx, input: Input<SagaMsg>, out: &mut Out<SagaMsg>) {
        match input {
            Input::Message { body, .. } => match body {
                Wire::Peer(SagaMsg::Command { tx, step, params }) => {
                    self.ordered(tx, step, params, Order::Do, out);
                }
                Wire::Peer(SagaMsg::Undo {
                    tx,
                    step,
                    params,
                    reason,
                }) => self.ordered(tx, step, params, Order::Undo(reason), out),
                Wire::Peer(SagaMsg::Reply { .. })
                | Wire::Client(_)
                | Wire::Broker(_)
                | Wire::Provider(_) => panic!("no message to a saga's service"),
            },
            Input::Executed { call, result } => {
                self.arrived(JobId::of(call), Arrival::Executed(result), out);
            }
            Input::Timer(key) => self.arrived(JobId::of(key), Arrival::Rested, out),
        }
    }
}

impl Order {
    fn direction(self) -> Direction {
        match self {
            Order::Do => Direction::Forward,
            Order::Undo(_) => Direction::Backward,
        }
    }
}

impl JobId {
    /// The key of its local transaction.
    fn call(self) -> Key {
        self.key(match self.direction {
            Direction::Forward => Tag::Work,
            Direction::Backward => Tag::Undo,
        })
    }

    /// The key of its wait after a conflict.
    fn rest(self) -> Key {
        self.key(Tag::Retry)
    }

    fn key(self, tag: Tag) -> Key {
        Key {
            tx: self.tx,
            tag,
            n: key_number(self.step, self.direction),
        }
    }

    fn of(key: Key) -> Self {
        let (step, direction) = step_of(key.n);
        JobId {
            tx: key.tx,
            step,
            direction,
        }
    }
}
