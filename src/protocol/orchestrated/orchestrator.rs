use std::collections::BTreeMap;
use std::sync::Arc;

use super::SagaMsg;
use super::saga::{Answered, Happening, Stage, Stay};
use crate::business::{Params, Reason, StepKind};
use crate::protocol::attempt::{Persistence, key_number, step_of};
use crate::protocol::retained::Retained;
use crate::protocol::{
    Answer, Case, Change, ClientMsg, ClientOutcome, Cx, Durable, Effect, End, Force, Input, Key,
    Lane, LogEntry, LogState, Machine, Milestone, Note, Out, Outcome, Row, Safeguard, SagaPhase,
    Setting, Stamp, Tag, Txn, Value, Wire,
};
use crate::vocab::{Direction, RequestKey, SimDuration, StepId, TxId};

/// Leads every saga through its steps, from its log.
#[derive(Clone, Debug)]
pub struct Orchestrator {
    setting: Arc<Setting>,
    /// Sagas without their end; by id, so that those of a request lie together.
    sagas: BTreeMap<TxId, Saga>,
    /// What clients are to be told again, for longer than they retry.
    outcomes: Retained<RequestKey, ClientOutcome>,
}

/// A saga on its way.
#[derive(Clone, Debug)]
struct Saga {
    params: Params,
    stage: Stage,
    /// How often the record that is due could not be written.
    failed_writes: u32,
    /// How often the command that is out was sent.
    sent: u32,
    /// What came while a record was being written, and must wait for it: the
    /// client's cancel, an answer to a command that is just being parked.
    deferred: Vec<Happening>,
}

impl Orchestrator {
    /// An orchestrator with an empty memory.
    pub fn new(setting: &Arc<Setting>) -> Self {
        Orchestrator {
            setting: Arc::clone(setting),
            sagas: BTreeMap::new(),
            outcomes: Retained::new(setting.policies.retention),
        }
    }

    /// A client wants something. Known: told again. Under way: it will be told
    /// when that ends. New: a saga begins.
    fn asked(&mut self, cx: Cx, key: RequestKey, params: Params, out: &mut Out<SagaMsg>) {
        if let Some(&outcome) = self.outcomes.get(&key) {
            out.tell(self.setting.nodes.clients(), key, outcome);
            return;
        }
        if self.under_way(key).is_some() {
            return;
        }
        let tx = TxId {
            key,
            epoch: cx.epoch,
            attempt: 0,
        };
        let stage = Stage::Logging(SagaPhase::Forward(self.setting.business.first));
        self.sagas.insert(tx, Saga::new(params, stage));
        self.enter(cx, tx, out);
    }

    /// A client takes its wish back. One that has not come yet must not run when
    /// it does.
    fn cancelled(&mut self, cx: Cx, key: RequestKey, params: Params, out: &mut Out<SagaMsg>) {
        if let Some(&outcome) = self.outcomes.get(&key) {
            return out.tell(self.setting.nodes.clients(), key, outcome);
        }
        if let Some(tx) = self.under_way(key) {
            return self.happened(cx, tx, Happening::Cancelled, out);
        }
        let tx = TxId {
            key,
            epoch: cx.epoch,
            attempt: 0,
        };
        let stage = Stage::Ending(ClientOutcome::Refused(Reason::Cancelled));
        self.sagas.insert(tx, Saga::new(params, stage));
        self.enter(cx, tx, out);
    }

    /// The saga of a request, if it has one.
    fn under_way(&self, key: RequestKey) -> Option<TxId> {
        let id = |epoch, attempt| TxId {
            key,
            epoch,
            attempt,
        };
        let all = id(0, 0)..=id(u32::MAX, u16::MAX);
        self.sagas.range(all).next().map(|(tx, _)| *tx)
    }

    /// Something happened to a saga: it takes its transition.
    fn happened(&mut self, cx: Cx, tx: TxId, happening: Happening, out: &mut Out<SagaMsg>) {
        let Some(saga) = self.sagas.get_mut(&tx) else {
            return; // it is over: an answer that came twice, or late
        };
        match saga.stage.next(&self.setting, happening) {
            Ok(step) => {
                let (params, stage) = (saga.params, saga.stage);
                let deferred = std::mem::take(&mut saga.deferred);
                match stage {
                    Stage::Commanded(phase, _) => {
                        for answered in stage.due(&self.setting) {
                            if !step.to.awaits(&self.setting, answered, phase.direction()) {
                                self.disarm(tx, answered, phase.direction(), out);
                            }
                        }
                    }
                    Stage::Parked(phase) => out.disarm(key_of(tx, phase, Tag::Parked)),
                    Stage::Logging(_) | Stage::Parking(_) | Stage::Ending(_) | Stage::Over(_) => {}
                }
                if let Some(note) = step.note(tx) {
                    out.observe(note);
                }
                if let (Stage::Commanded(..), Stage::Commanded(..)) = (stage, step.to) {
                    // One of several has answered; the others are still asked.
                    let saga = self.sagas.get_mut(&tx);
                    saga.expect("it is under way").stage = step.to;
                    return;
                }
                self.sagas.insert(tx, Saga::new(params, step.to));
                self.enter(cx, tx, out);
                for happening in deferred {
                    self.happened(cx, tx, happening, out);
                }
            }
            Err(Stay::NotYet) => {
                if !saga.deferred.contains(&happening) {
                    saga.deferred.push(happening);
                }
            }
            Err(Stay::AnsweredBefore | Stay::MustSucceed | Stay::MustKnow | Stay::TooLate) => {}
            Err(Stay::NothingWritten) => panic!("{tx}: a record was written that is not due"),
            Err(Stay::NoSuchAnswer) => panic!("{tx}: {happening:?} answers no command"),
        }
    }

    /// What a saga does first in its stage. Nothing that depends on a record is
    /// here with the record: it is in the stage that follows the write.
    fn enter(&mut self, cx: Cx, tx: TxId, out: &mut Out<SagaMsg>) {
        let saga = &self.sagas[&tx];
        match saga.stage {
            Stage::Logging(phase) => write_intent(tx, saga.params, phase, out),
            Stage::Commanded(phase, _) => {
                let params = saga.params;
                for step in saga.stage.due(&self.setting) {
                    self.send_command(tx, params, phase, step, out);
                    for (tag, after) in self.timers(step, phase.direction()) {
                        out.arm(command_key(tx, step, phase.direction(), tag), after);
                    }
                }
            }
            Stage::Parking(phase) => write_parked(tx, saga.params, phase, out),
            Stage::Parked(phase) => {
                let parking = self.setting.policies.step(phase.step()).parking;
                if let Some(lasts) = parking.and_then(|parking| parking.lasts) {
                    out.arm(key_of(tx, phase, Tag::Parked), lasts);
                }
            }
            Stage::Ending(outcome) => write_end(tx, outcome, out),
            Stage::Over(outcome) => {
                self.sagas.remove(&tx);
                self.outcomes.remember(cx.now, tx.key, outcome);
                out.tell(self.setting.nodes.clients(), tx.key, outcome);
            }
        }
    }

    fn send_command(
        &self,
        tx: TxId,
        params: Params,
        phase: SagaPhase,
        step: StepId,
        out: &mut Out<SagaMsg>,
    ) {
        let service = self.setting.business.step(step).service;
        let command = match phase {
            SagaPhase::Forward(_) => SagaMsg::Command { tx, step, params },
            SagaPhase::Backward { reason, .. } => SagaMsg::Undo {
                tx,
                step,
                params,
                reason,
            },
        };
        out.send(self.setting.nodes.service(service), command);
        out.observe(Note::step(Milestone::OrchestratorCommandSent, tx, step));
    }

    fn disarm(&self, tx: TxId, step: StepId, direction: Direction, out: &mut Out<SagaMsg>) {
        for (tag, _) in self.timers(step, direction) {
            out.disarm(command_key(tx, step, direction, tag));
        }
    }

    /// The timers of a command: it is sent again until it is answered. Only a
    /// compensable step is not waited for for ever; and what is tried only once.
    fn timers(
        &self,
        step: StepId,
        direction: Direction,
    ) -> impl Iterator<Item = (Tag, SimDuration)> + use<> {
        let policy = self.setting.policies.step(step);
        let persistence = Persistence::of(&self.setting, step, direction);
        let compensable = direction == Direction::Forward
            && self.setting.business.step(step).kind == StepKind::Compensable;
        let once = persistence == Persistence::Once;
        let resend = (!once).then_some((Tag::Resend, policy.resend_after));
        let give_up = (once || compensable).then_some((Tag::GiveUp, policy.give_up_after));
        resend.into_iter().chain(give_up)
    }

    fn resend(&mut self, cx: Cx, key: Key, out: &mut Out<SagaMsg>) {
        let Some(saga) = self.sagas.get_mut(&key.tx) else {
            return; // the timer ran out while its disarming was on the way
        };
        let Some((phase, step)) = saga.awaits(&self.setting, key) else {
            return;
        };
        let policy = self.setting.policies.step(step);
        if policy
            .parking
            .is_some_and(|parking| saga.sent >= parking.after)
        {
            return self.happened(cx, key.tx, Happening::OutOfTries, out);
        }
        saga.sent += 1;
        let params = saga.params;
        self.send_command(key.tx, params, phase, step, out);
        out.arm(key, policy.resend_after);
    }

    fn timed_out(&mut self, cx: Cx, key: Key, out: &mut Out<SagaMsg>) {
        let saga = self.sagas.get(&key.tx);
        if let Some((_, step)) = saga.and_then(|saga| saga.awaits(&self.setting, key)) {
            self.happened(cx, key.tx, Happening::TimedOut(step), out);
        }
    }

    /// The database was away, or nobody knows whether the record was written:
    /// it is written again, which changes nothing if it was.
    fn not_written(&mut self, tx: TxId, out: &mut Out<SagaMsg>) {
        if let Some(saga) = self.sagas.get_mut(&tx) {
            let wait = self.setting.policies.backoff(saga.failed_writes);
            saga.failed_writes += 1;
            let n = 0;
            let tag = Tag::Retry;
            out.arm(Key { tx, tag, n }, wait);
        }
    }

    fn write_again(&mut self, cx: Cx, tx: TxId, out: &mut Out<SagaMsg>) {
        if self.sagas.contains_key(&tx) {
            self.enter(cx, tx, out);
        }
    }
}

impl Machine for Orchestrator {
    type Msg = SagaMsg;

    /// A saga without its end goes on from its log: the last intent's command
    /// may have left or not, so it is sent (again), and its time-out begins anew.
    fn recover(&mut self, cx: Cx, durable: Durable, out: &mut Out<SagaMsg>) {
        if !self.setting.safeguards.keep(Safeguard::CoordinatorRecovery) {
            return;
        }
        for (key, outcome) in durable.outcomes {
            self.outcomes.remember(cx.now, key, outcome);
        }
        for (tx, entry) in durable.log {
            match entry.state {
                LogState::Saga(phase) => {
                    let saga =
                        Saga::new(entry.params, Stage::Commanded(phase, Answered::default()));
                    self.sagas.insert(tx, saga);
                    self.enter(cx, tx, out);
                }
                // A restart is nobody who looks.
                LogState::Parked(phase) => {
                    let saga = Saga::new(entry.params, Stage::Parked(phase));
                    self.sagas.insert(tx, saga);
                    self.enter(cx, tx, out);
                }
                LogState::Committed
                | LogState::Collecting
                | LogState::CommittedAndForgotten
                | LogState::Aborted
                | LogState::HandedOver
                | LogState::HandedBack => {
                    panic!("{tx}: a record of two-phase commit in a saga's log")
                }
            }
        }
    }

    /// Nothing to do: a saga's memory is never behind its log, what was to be
    /// written is written again, and the end is always forced.
    fn reconnected(&mut self, _: Cx, _: Durable, _: &mut Out<SagaMsg>) {}

    fn step(&mut self, cx: Cx, input: Input<SagaMsg>, out: &mut Out<SagaMsg>) {
        self.outcomes.prune(cx.now);
        match input {
            Input::Message { body, .. } => match body {
                Wire::Client(ClientMsg::Request { key, params, .. }) => {
                    self.asked(cx, key, params, out);
                }
                Wire::Client(ClientMsg::Cancel { key, params }) => {
                    self.cancelled(cx, key, params, out);
                }
                Wire::Peer(SagaMsg::Reply {
                    tx,
                    step,
                    direction,
                    reply,
                }) => {
                    let answered = Happening::Answered {
                        step,
                        direction,
                        reply,
                    };
                    self.happened(cx, tx, answered, out);
                }
                Wire::Peer(SagaMsg::Command { .. } | SagaMsg::Undo { .. })
                | Wire::Client(ClientMsg::Reply { .. })
                | Wire::Broker(_)
                | Wire::Provider(_) => panic!("no message to an orchestrator"),
            },
            Input::Executed { call, result } => match result {
                Outcome::Committed { .. } => {
                    self.happened(cx, call.tx, Happening::Written, out);
                }
                Outcome::Conflict | Outcome::Aborted | Outcome::Unknown => {
                    self.not_written(call.tx, out);
                }
                Outcome::Open(_)
                | Outcome::Prepared
                | Outcome::ReadOnly
                | Outcome::Refused(_)
                | Outcome::Letters(_) => panic!("{}: no answer to a log write", call.tx),
            },
            Input::Timer(key) => match key.tag {
                Tag::Resend => self.resend(cx, key, out),
                Tag::Parked => self.happened(cx, key.tx, Happening::PutBack, out),
                Tag::GiveUp => self.timed_out(cx, key, out),
                Tag::Retry => self.write_again(cx, key.tx, out),
                tag => panic!("{}: {tag:?} is no timer of an orchestrator", key.tx),
            },
        }
    }
}

impl Saga {
    fn new(params: Params, stage: Stage) -> Self {
        Saga {
            params,
            stage,
            failed_writes: 0,
            sent: 1,
            deferred: Vec::new(),
        }
    }

    /// The phase and the step whose command a timer of this key waits for, if it is
    /// still waited for.
    fn awaits(&self, setting: &Setting, key: Key) -> Option<(SagaPhase, StepId)> {
        let (step, direction) = step_of(key.n);
        match self.stage {
            Stage::Commanded(phase, _) if self.stage.awaits(setting, step, direction) => {
                Some((phase, step))
            }
            Stage::Commanded(..)
            | Stage::Logging(_)
            | Stage::Parking(_)
            | Stage::Parked(_)
            | Stage::Ending(_)
            | Stage::Over(_) => None,
        }
    }
}

/// Intent before command: the saga log is written before any action
/// (Garcia-Molina & Salem 1987, section 4).
fn write_intent(tx: TxId, params: Params, phase: SagaPhase, out: &mut Out<SagaMsg>) {
    let force = Force::Guarded(Safeguard::SagaLogBeforeCommand);
    write_log((tx, phase), params, LogState::Saga(phase), force, out);
}

/// That a saga is parked takes the place of its intent: a restart must find it so.
fn write_parked(tx: TxId, params: Params, phase: SagaPhase, out: &mut Out<SagaMsg>) {
    write_log(
        (tx, phase),
        params,
        LogState::Parked(phase),
        Force::Always,
        out,
    );
}

fn write_log(
    (tx, phase): (TxId, SagaPhase),
    params: Params,
    state: LogState,
    force: Force,
    out: &mut Out<SagaMsg>,
) {
    let entry = Value::Log(LogEntry { params, state });
    let changes = [Change::put(Row::Log(tx), entry)];
    write(key_of(tx, phase, Tag::Log), changes, force, out);
}

/// The end takes the place of the intents, in one write with what the client is
/// to be told.
fn write_end(tx: TxId, outcome: ClientOutcome, out: &mut Out<SagaMsg>) {
    let told = Change::put(Row::Outcome(tx.key), Value::Outcome(outcome));
    let key = Key {
        tx,
        tag: Tag::End,
        n: 0,
    };
    write(
        key,
        [Change::Delete(Row::Log(tx)), told],
        Force::Always,
        out,
    );
}

fn write<const N: usize>(call: Key, changes: [Change; N], force: Force, out: &mut Out<SagaMsg>) {
    let mut txn = Txn::default();
    txn.cases.push(Case::always(changes, Answer::Done));
    out.push(Effect::Execute {
        call,
        stamp: Stamp::bookkeeping(call.tx),
        lane: Lane::Control,
        branch: None,
        txn: Box::new(txn),
        end: End::Commit,
        force,
    });
}

/// The key of a call or timer for a phase: no two phases of a saga share one, so
/// that what belongs to an earlier one is known as such.
fn key_of(tx: TxId, phase: SagaPhase, tag: Tag) -> Key {
    command_key(tx, phase.step(), phase.direction(), tag)
}

/// The key of a timer for one of the commands of a phase.
fn command_key(tx: TxId, step: StepId, direction: Direction, tag: Tag) -> Key {
    let n = key_number(step, direction);
    Key { tx, tag, n }
}
