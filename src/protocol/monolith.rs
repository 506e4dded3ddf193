//! The baseline: one database, one local transaction.
//!
//! Every table lives in one database, and a request is one transaction of it: a
//! statement a step, then the commit, which stores the reply in the inbox under
//! the client's key. Its first statement looks there first, so that a repeat is
//! told what it was told before.
//!
//! A business no rolls everything back; then the refusal is stored, on disk
//! before it is told. After a conflict the same request begins again as a new
//! branch, a bounded number of times; and so it does when the database dies in
//! the commit, for then the inbox knows.
//!
//! A worker is held by the first statement, from the request to its answer.
//! The others, and the commit, wait for none: they must never queue behind
//! requests that wait for the locks which they would release.

use std::sync::Arc;

use super::attempt::key_number;
use super::machine::Lane;
use super::message::NoPeer;
use super::relay::WithRelay;
use super::retained::Retained;
use super::{
    Answer, Case, Change, ClientMsg, ClientOutcome, Cx, Durable, Effect, End, Force, Input, Key,
    Machine, Milestone, Mix, Note, Out, Outcome, Predicate, Protocol, ProtocolKind, Reply, Role,
    Row, Safeguard, Setting, Stamp, Tag, Test, Txn, Value, Wire, plan,
};
use crate::business::{Business, Params, Reason};
use crate::vocab::{Direction, FastMap, RequestKey, StepId, TxId};

/// One database, one local transaction.
#[derive(Clone, Debug)]
pub enum Monolith {}

impl Protocol for Monolith {
    type Machine = WithRelay<Mix<Application>>;

    const KIND: ProtocolKind = ProtocolKind::Monolith;

    fn build(setting: &Arc<Setting>, role: Role) -> Option<Self::Machine> {
        let home = setting.business.steps[0].service;
        let machine = || WithRelay::new(setting, Mix::new(setting, Application::new));
        (role == Role::Service(home)).then(machine)
    }
}

/// The one service that does everything.
#[derive(Clone, Debug)]
pub struct Application {
    setting: Arc<Setting>,
    requests: FastMap<RequestKey, Request>,
    /// The first attempt number that is still free, of requests that are over:
    /// a repeat must not open a branch under a name that was used.
    free_attempts: Retained<RequestKey, u16>,
}

/// A request that is not answered yet.
#[derive(Clone, Debug)]
struct Request {
    /// The branch of the attempt that is under way.
    tx: TxId,
    params: Params,
    phase: Phase,
    /// How often it was begun before.
    restarts: u32,
    /// How often its refusal could not be stored.
    failures: u32,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// This step's statement is with the database.
    Running(StepId),
    /// The commit is.
    Committing,
    /// Rolled back; waits for its next attempt.
    Resting,
    /// Rolled back; the refusal is being stored.
    Refusing(Reason),
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq)]
enum Happening {
    /// The database answered.
    Executed(Outcome),
    /// The wait is over.
    Rested,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    /// Run this step's statement.
    RunStatement(StepId),
    /// Commit, with the reply.
    Commit,
    /// It is committed: tell.
    TellCommitted,
    /// Store the refusal.
    StoreRefusal(Reason),
    /// This reply is on disk: tell. It may be from an earlier attempt.
    TellStored(Reply),
    /// Begin again after a while; if that was done too often, refuse.
    RestartLater(Reason),
    /// Begin again.
    Restart,
    /// Store the refusal again after a while.
    StoreLater,
}

/// An answer or a timer that nobody waits for any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stale;

impl Phase {
    /// The transition.
    fn next(self, business: &Business, happening: Happening) -> Result<(Phase, Act), Stale> {
        let last = business.last();
        match (self, happening) {
            (Phase::Running(step), Happening::Executed(outcome)) => {
                Ok(after_statement(step, last, outcome))
            }
            (Phase::Committing, Happening::Executed(outcome)) => Ok(match outcome {
                Outcome::Committed { .. } => (self, Act::TellCommitted),
                outcome => restart(last, &outcome),
            }),
            (Phase::Refusing(reason), Happening::Executed(outcome)) => Ok(match outcome {
                Outcome::Committed {
                    reply,
                    replayed: true,
                    ..
                } => (self, Act::TellStored(reply)),
                Outcome::Committed { .. } => (self, Act::TellStored(Reply::Refused(reason))),
                _ => (self, Act::StoreLater),
            }),
            (Phase::Refusing(reason), Happening::Rested) => Ok((self, Act::StoreRefusal(reason))),
            (Phase::Resting, Happening::Rested) => {
                Ok((Phase::Running(business.first), Act::Restart))
            }
            (Phase::Resting, Happening::Executed(_))
            | (Phase::Running(_) | Phase::Committing, Happening::Rested) => Err(Stale),
        }
    }
}

fn after_statement(step: StepId, last: StepId, outcome: Outcome) -> (Phase, Act) {
    let next = StepId(step.0 + 1);
    match outcome {
        Outcome::Committed { reply, .. } => (Phase::Running(step), Act::TellStored(reply)),
        Outcome::Open(_) if step == last => (Phase::Committing, Act::Commit),
        Outcome::Open(_) => (Phase::Running(next), Act::RunStatement(next)),
        Outcome::Refused(reason) => (Phase::Refusing(reason), Act::StoreRefusal(reason)),
        outcome => restart(step, &outcome),
    }
}

/// Whether it conflicted or the database was away: nothing of it is left, or the
/// inbox knows of it.
fn restart(step: StepId, outcome: &Outcome) -> (Phase, Act) {
    let reason = match outcome {
        Outcome::Conflict => Reason::Conflict,
        _ => Reason::TimedOut(step),
    };
    (Phase::Resting, Act::RestartLater(reason))
}

impl Application {
    /// An application with an empty memory.
    pub fn new(setting: &Arc<Setting>) -> Self {
        Application {
            setting: Arc::clone(setting),
            requests: FastMap::default(),
            free_attempts: Retained::new(setting.policies.retention),
        }
    }

    /// A client wants something. Under way: it joins, and is told when that
    /// ends.
    fn asked(&mut self, cx: Cx, key: RequestKey, params: Params, out: &mut Out<NoPeer>) {
        if self.requests.contains_key(&key) {
            return;
        }
        let first = self.setting.business.first;
        let request = self.new_request(cx, key, params, Phase::Running(first));
        run_statement(&self.setting, request.tx, first, &params, out);
        self.requests.insert(key, request);
    }

    /// A client takes its wish back. A request whose statements are with the
    /// database is left to end; one that rests, or has not come yet, is refused.
    fn cancelled(&mut self, cx: Cx, key: RequestKey, params: Params, out: &mut Out<NoPeer>) {
        let reason = Reason::Cancelled;
        let tx = match self.requests.get_mut(&key) {
            Some(request) if request.phase == Phase::Resting => {
                request.phase = Phase::Refusing(reason);
                out.disarm(self::key(request.tx, Tag::Retry));
                request.tx
            }
            Some(_) => return,
            None => {
                let request = self.new_request(cx, key, params, Phase::Refusing(reason));
                let tx = request.tx;
                self.requests.insert(key, request);
                tx
            }
        };
        store_refusal(tx, reason, out);
    }

    fn new_request(&self, cx: Cx, key: RequestKey, params: Params, phase: Phase) -> Request {
        let attempt = self.free_attempts.get(&key).copied().unwrap_or(0);
        let epoch = cx.epoch;
        Request {
            tx: TxId {
                key,
                epoch,
                attempt,
            },
            params,
            phase,
            restarts: 0,
            failures: 0,
        }
    }

    fn happened(&mut self, cx: Cx, tx: TxId, happening: Happening, out: &mut Out<NoPeer>) {
        let Some(request) = self.requests.get_mut(&tx.key) else {
            return;
        };
        if request.tx != tx {
            return;
        }
        let next = request.phase.next(&self.setting.business, happening);
        if let Ok((phase, act)) = next {
            request.phase = phase;
            self.act(cx, tx, act, out);
        }
    }

    fn act(&mut self, cx: Cx, tx: TxId, act: Act, out: &mut Out<NoPeer>) {
        let setting = &self.setting;
        let Some(request) = self.requests.get_mut(&tx.key) else {
            return;
        };
        match act {
            Act::RunStatement(step) => run_statement(setting, tx, step, &request.params, out),
            Act::Commit => commit(tx, out),
            Act::TellCommitted => {
                out.observe(Note::new(Milestone::MonolithCommitted, tx));
                self.tell(cx, tx, Reply::Done, out);
            }
            Act::StoreRefusal(reason) => store_refusal(tx, reason, out),
            Act::TellStored(reply) => self.tell(cx, tx, reply, out),
            Act::RestartLater(reason) => {
                let policies = &setting.policies;
                let last = request.restarts >= policies.conflict_retries;
                if last || tx.attempt == u16::MAX {
                    request.phase = Phase::Refusing(reason);
                    store_refusal(tx, reason, out);
                } else {
                    out.arm(key(tx, Tag::Retry), policies.backoff(request.restarts));
                }
            }
            Act::Restart => {
                request.restarts += 1;
                request.tx.attempt += 1;
                let first = setting.business.first;
                run_statement(setting, request.tx, first, &request.params, out);
            }
            Act::StoreLater => {
                let wait = setting.policies.backoff(request.failures);
                request.failures += 1;
                out.arm(key(tx, Tag::Retry), wait);
            }
        }
    }

    fn tell(&mut self, cx: Cx, tx: TxId, reply: Reply, out: &mut Out<NoPeer>) {
        self.requests.remove(&tx.key);
        let free = tx.attempt.saturating_add(1);
        self.free_attempts.remember(cx.now, tx.key, free);
        let outcome = match reply {
            Reply::Refused(reason) => ClientOutcome::Refused(reason),
            Reply::Done | Reply::Null => ClientOutcome::Committed,
        };
        out.tell(self.setting.nodes.clients(), tx.key, outcome);
    }
}

impl Machine for Application {
    type Msg = NoPeer;

    /// What was committed or refused before is in the inbox, and everything else
    /// is gone: clients ask again.
    fn recover(&mut self, _: Cx, _: Durable, _: &mut Out<NoPeer>) {}

    /// Every call that was out is answered, so every request goes on by itself.
    fn reconnected(&mut self, _: Cx, _: Durable, _: &mut Out<NoPeer>) {}

    fn step(&mut self, cx: Cx, input: Input<NoPeer>, out: &mut Out<NoPeer>) {
        self.free_attempts.prune(cx.now);
        match input {
            Input::Message {
                body: Wire::Client(ClientMsg::Request { key, params, .. }),
                ..
            } => self.asked(cx, key, params, out),
            Input::Message {
                body: Wire::Client(ClientMsg::Cancel { key, params }),
                ..
            } => self.cancelled(cx, key, params, out),
            Input::Message { body, .. } => panic!("{}: no message to a monolith", body.kind()),
            Input::Executed { call, result } => {
                self.happened(cx, call.tx, Happening::Executed(result), out);
            }
            Input::Timer(key) => self.happened(cx, key.tx, Happening::Rested, out),
        }
    }
}

/// A step's statement. The first looks into the inbox: if the request was
/// handled before, that is all that the branch does.
fn run_statement(
    setting: &Setting,
    tx: TxId,
    step: StepId,
    params: &Params,
    out: &mut Out<NoPeer>,
) {
    let mut statement = plan::statement(setting, tx, step, params);
    let lane = if step == setting.business.first {
        statement.cases.insert(0, handled_before(tx.key));
        Lane::Work
    } else {
        Lane::Control
    };
    out.push(Effect::Execute {
        call: Key {
            n: key_number(step, Direction::Forward),
            ..key(tx, Tag::Work)
        },
        stamp: Stamp::forward(tx, step),
        lane,
        branch: Some(tx),
        txn: Box::new(statement),
        end: End::Open,
        force: Force::Lazy,
    });
}

/// The commit, with the reply in the inbox: both or none. The client is told in
/// the answer to this.
fn commit(tx: TxId, out: &mut Out<NoPeer>) {
    let reply = Change::put(inbox(tx.key), Value::Reply(Reply::Done));
    let mut txn = Txn::default();
    txn.cases.push(Case::always([reply], Answer::Done));
    force(tx, Tag::Finish, Some(tx), txn, out);
}

/// The refusal takes the place of the work in the inbox; unless an attempt whose
/// commit nobody has confirmed is there.
fn store_refusal(tx: TxId, reason: Reason, out: &mut Out<NoPeer>) {
    let refused = Change::put(inbox(tx.key), Value::Reply(Reply::Refused(reason)));
    let mut txn = Txn::default();
    txn.cases.push(handled_before(tx.key));
    txn.cases.push(Case::always([refused], Answer::Done));
    force(tx, Tag::Outcome, None, txn, out);
}

fn force(tx: TxId, tag: Tag, branch: Option<TxId>, txn: Txn, out: &mut Out<NoPeer>) {
    out.push(Effect::Execute {
        call: key(tx, tag),
        stamp: Stamp::bookkeeping(tx),
        lane: Lane::Control,
        branch,
        txn: Box::new(txn),
        end: End::Commit,
        force: Force::Always,
    });
}

/// The inbox row of a request, whatever its attempt and its steps.
fn inbox(key: RequestKey) -> Row {
    Row::Inbox {
        tx: TxId {
            key,
            epoch: 0,
            attempt: 0,
        },
        step: StepId(0),
        direction: Direction::Forward,
    }
}

/// The inbox look-up.
fn handled_before(key: RequestKey) -> Case {
    let test = Test {
        row: inbox(key),
        is: Predicate::Present,
        by: Some(Safeguard::InboxDedup),
    };
    Case::when(test, [], Answer::Replay(inbox(key)))
}

fn key(tx: TxId, tag: Tag) -> Key {
    Key { tx, tag, n: 0 }
}

#[cfg(test)]
mod tests {
    use super::Monolith;
    use crate::protocol::play::play;

    #[test]
    fn the_monolith_plays_its_part() {
        play::<Monolith>("monolith");
    }
}
