//! A protocol of your own, as a machine: *best effort*, as it is written before
//! anybody has heard of sagas. The first service does its part and calls the
//! others, one after the other; each commits by itself. What fails is tried
//! again a few times; then the client gets an error. There is no compensation,
//! no log and no inbox.
//!
//! ```console
//! $ cargo run --release --example own_machine
//! ```
//!
//! It runs on the shipped scenario beside the shipped protocols: the same
//! purchases, the same faults, the same promises. Look for its column in the
//! table, and for *violated under best-effort* below it. What the evidence
//! shows: points that were taken for a character that was then refused (nobody
//! gives them back); and points that were taken twice, because the first
//! service crashed, forgot, and was asked again.

use std::collections::BTreeMap;
use std::sync::Arc;

use indoubt::business::{Params, Reason};
use indoubt::lab::{self, HostChoice, RunOptions};
use indoubt::measure::over_common_window;
use indoubt::protocol::relay::WithRelay;
use indoubt::protocol::{
    ClientMsg, ClientOutcome, Cx, Durable, Effect, End, Entry, Family, Force, Input, Key, Lane,
    Machine, Message, Milestone, Note, Out, Outcome, Own, Protocol, ProtocolKind, Role, Safeguards,
    Setting, Stamp, Tag, Wire, plan,
};
use indoubt::report::{Comparison, Invocation, Page, text};
use indoubt::scenario;
use indoubt::vocab::{NodeId, RequestKey, Seed, StepId, TxId};

/// The protocol. Nobody plays the manager: the first service leads.
pub enum BestEffort {}

impl Protocol for BestEffort {
    // A relay beside the machine hands the mails over that a step staged in its
    // local transaction; without it they stay in the outbox.
    type Machine = WithRelay<Service>;

    const KIND: ProtocolKind = ProtocolKind::Own(&Own {
        name: "best-effort",
        family: Family::StepByStep, // so `compensation` is judged too
        entry: Entry::FirstService,
        answers: "the first service, when the last call is answered or one has failed",
        mixes: false,
        uses_broker: false,
        safeguards: &[], // it has none that could be taken away
        again: "cargo run --release --example own_machine --",
    });

    fn build(setting: &Arc<Setting>, role: Role) -> Option<Self::Machine> {
        let service = Service {
            setting: Arc::clone(setting),
            purchases: BTreeMap::new(),
            answered: BTreeMap::new(),
        };
        (role != Role::Manager).then(|| WithRelay::new(setting, service))
    }
}

/// What services say to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Do this step.
    Do(TxId, StepId, Params),
    /// It is done, or not.
    Did(TxId, StepId, Result<(), Reason>),
}

/// What the network, the trace and the faults must know of a message.
impl Message for Call {
    fn tx(&self) -> TxId {
        match *self {
            Call::Do(tx, ..) | Call::Did(tx, ..) => tx,
        }
    }
    fn kind(&self) -> &'static str {
        match self {
            Call::Do(..) => "call",
            Call::Did(..) => "result",
        }
    }
    fn detail(&self) -> u64 {
        self.step().map_or(0, |step| u64::from(step.0))
    }
    fn step(&self) -> Option<StepId> {
        match *self {
            Call::Do(_, step, _) | Call::Did(_, step, _) => Some(step),
        }
    }
}

/// Any of the services. All of it is memory: a crash drops it, and a restart
/// builds a new one.
pub struct Service {
    setting: Arc<Setting>,
    /// At the first service: the purchases that are on their way.
    purchases: BTreeMap<RequestKey, Purchase>,
    /// And what became of the others, for clients that ask again.
    answered: BTreeMap<RequestKey, ClientOutcome>,
}

struct Purchase {
    tx: TxId,
    params: Params,
    /// The step that is being done.
    step: StepId,
    /// How often it was tried.
    tries: u32,
}

/// So often, and then the client gets an error.
const TRIES: u32 = 3;

impl Service {
    /// A client wants something, perhaps not for the first time.
    fn asked(&mut self, cx: Cx, key: RequestKey, params: Params, out: &mut Out<Call>) {
        if let Some(&outcome) = self.answered.get(&key) {
            out.tell(self.setting.nodes.clients(), key, outcome);
            return;
        }
        if self.purchases.contains_key(&key) {
            return; // it is on its way: the client will be told
        }
        let purchase = Purchase {
            tx: TxId {
                key,
                epoch: cx.epoch, // keeps the names of two lives of the process apart
                attempt: 0,
            },
            params,
            step: StepId(0),
            tries: 0,
        };
        self.purchases.insert(key, purchase);
        self.attempt(key, out);
    }

    /// Does the step that is due: here, or by a call that is sent again when its
    /// answer is late.
    fn attempt(&mut self, key: RequestKey, out: &mut Out<Call>) {
        let Some(purchase) = self.purchases.get_mut(&key) else {
            return;
        };
        let Purchase {
            tx, params, step, ..
        } = *purchase;
        if purchase.tries == TRIES {
            self.finish(key, ClientOutcome::Refused(Reason::TimedOut(step)), out);
            return;
        }
        purchase.tries += 1;
        let node = self
            .setting
            .nodes
            .service(self.setting.business.step(step).service);
        if node == self.setting.first_node() {
            self.execute(tx, step, params, out);
        } else {
            out.send(node, Call::Do(tx, step, params));
            out.arm(timer(tx, step), self.setting.policies.resend_after);
        }
    }

    /// One local transaction: the step's conditions and its changes, and nothing
    /// that would tell a repeat from the first time.
    fn execute(&self, tx: TxId, step: StepId, params: Params, out: &mut Out<Call>) {
        out.push(Effect::Execute {
            call: work(tx, step),
            stamp: Stamp::forward(tx, step),
            lane: Lane::Work,
            branch: None,
            txn: Box::new(plan::statement(&self.setting, tx, step, &params)),
            end: End::Commit,
            force: Force::Always,
        });
    }

    /// The database answered: the first service goes on with it, the others send
    /// it to the first.
    fn executed(&mut self, node: NodeId, call: Key, outcome: Outcome, out: &mut Out<Call>) {
        let (tx, step) = (call.tx, StepId(call.n as u8));
        let result = match outcome {
            Outcome::Committed { .. } => Ok(()),
            Outcome::Refused(reason) => Err(reason),
            // A conflict, or the database was away: it did not happen, or nobody
            // knows. Whoever called tries again.
            _ if node == self.setting.first_node() => return self.attempt(tx.key, out),
            _ => return,
        };
        out.observe(Note::step(Milestone::StepExecuted, tx, step));
        if node == self.setting.first_node() {
            self.done(tx, step, result, out);
        } else {
            out.send(self.setting.first_node(), Call::Did(tx, step, result));
        }
    }

    /// A step is done, or refused.
    fn done(&mut self, tx: TxId, step: StepId, result: Result<(), Reason>, out: &mut Out<Call>) {
        let Some(purchase) = self.purchases.get_mut(&tx.key) else {
            return; // nobody waits for it any more
        };
        if (purchase.tx, purchase.step) != (tx, step) {
            return; // an answer that came twice, or from before a crash
        }
        out.disarm(timer(tx, step));
        let next = StepId(step.0 + 1);
        match result {
            // What the steps before have done stays done.
            Err(reason) => self.finish(tx.key, ClientOutcome::Refused(reason), out),
            Ok(()) if next.index() == self.setting.business.steps.len() => {
                self.finish(tx.key, ClientOutcome::Committed, out);
            }
            Ok(()) => {
                (purchase.step, purchase.tries) = (next, 0);
                self.attempt(tx.key, out);
            }
        }
    }

    fn finish(&mut self, key: RequestKey, outcome: ClientOutcome, out: &mut Out<Call>) {
        self.purchases.remove(&key);
        self.answered.insert(key, outcome);
        out.tell(self.setting.nodes.clients(), key, outcome);
    }
}

impl Machine for Service {
    type Msg = Call;

    /// A new process, and what its database still knows: prepared branches, a
    /// log, outcomes. This protocol writes none of that.
    fn recover(&mut self, _: Cx, _: Durable, _: &mut Out<Call>) {}

    fn step(&mut self, cx: Cx, input: Input<Call>, out: &mut Out<Call>) {
        match input {
            Input::Message {
                body: Wire::Client(ClientMsg::Request { key, params, .. }),
                ..
            } => {
                self.asked(cx, key, params, out);
            }
            Input::Message {
                body: Wire::Peer(Call::Do(tx, step, params)),
                ..
            } => {
                self.execute(tx, step, params, out);
            }
            Input::Message {
                body: Wire::Peer(Call::Did(tx, step, result)),
                ..
            } => {
                self.done(tx, step, result, out);
            }
            Input::Message { body, .. } => panic!("{}: not for a service", body.kind()),
            Input::Executed { call, result } => {
                let step = self.setting.business.step(StepId(call.n as u8));
                let here = self.setting.nodes.service(step.service);
                self.executed(here, call, result, out);
            }
            Input::Timer(key) => self.attempt(key.tx.key, out),
        }
    }
}

/// Answers and timers find their way back by a key.
fn work(tx: TxId, step: StepId) -> Key {
    Key {
        tx,
        tag: Tag::Work,
        n: u32::from(step.0),
    }
}

fn timer(tx: TxId, step: StepId) -> Key {
    Key {
        tx,
        tag: Tag::Resend,
        n: u32::from(step.0),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/points-mall.toml");
    let mall = Arc::new(scenario::load(file)?);
    let options = RunOptions {
        seed: seed_of_the_command_line()?.unwrap_or(mall.seed),
        safeguards: Safeguards::all(),
        // Without `--cfg madsim` there is only the direct host.
        host: if lab::has_madsim() {
            HostChoice::Both
        } else {
            HostChoice::Direct
        },
    };
    let mut trials = vec![
        lab::run(&mall, ProtocolKind::TwoPhaseCommit, &options, ())?,
        lab::run(&mall, ProtocolKind::OrchestratedSaga, &options, ())?,
        lab::run(&mall, ProtocolKind::ChoreographedSaga, &options, ())?,
        lab::run_own::<BestEffort, _>(&mall, &options, ())?,
    ];
    over_common_window(trials.iter_mut().map(|trial| &mut trial.figures));
    let invocation = Invocation {
        file: "scenarios/points-mall.toml".to_owned(),
        seed: options.seed,
        without: vec![],
        transactions: None,
        swarm: false,
        sets: vec![],
    };
    let (scenario, invocation) = (&*mall, &invocation);
    let comparison = Comparison {
        scenario,
        invocation,
        trials: &trials,
        unable: &[],
    };
    // Like `print!`, but without the colours where nobody would see them.
    anstream::print!("{}", text::screen(&comparison, Page::NARROW));
    Ok(())
}

/// `--seed N`, as lines to paste have it.
fn seed_of_the_command_line() -> Result<Option<Seed>, Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip_while(|word| word != "--seed");
    match (words.next(), words.next()) {
        (None, _) => Ok(None),
        (Some(_), number) => Ok(Some(Seed(number.ok_or("--seed needs a number")?.parse()?))),
    }
}
