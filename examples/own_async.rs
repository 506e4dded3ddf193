//! A protocol of your own, as ordinary `async` code: a saga as one writes it by
//! hand. Calls are sent again until they are answered, services have an inbox,
//! and what must not stand is compensated. It lacks one thing: a log of where
//! each purchase stands. That is in local variables, on a stack that a crash
//! drops.
//!
//! ```console
//! $ cargo run --release --example own_async
//! ```
//!
//! On a day without crashes of the manager it is as good as the shipped saga.
//! So one is added to the scenario's faults, at a moment that both reach: the
//! hundredth time that a step is known to be done, and before anything is done
//! about it. Look at *violated under mini-saga*: the purchases that were on
//! their way are cut off in mid-`await`. The new process knows nothing of them;
//! their clients ask again, and pay again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use indoubt::business::{Params, PromiseId, Reason};
use indoubt::fault::{Fault, FaultKind, Moment};
use indoubt::lab::{self, HostChoice, RunOptions};
use indoubt::measure::over_common_window;
use indoubt::protocol::plan::{self, Staged};
use indoubt::protocol::{
    ClientMsg, ClientOutcome, Detail, Durable, Entry, Family, Force, Message, Milestone, Note,
    Outcome, Own, ProtocolKind, Reply, Role, Safeguard, Safeguards, Setting, Stamp, Wire,
};
use indoubt::report::{Comparison, Invocation, Page, text};
use indoubt::scenario::{self, Expectation, Scenario};
use indoubt::vocab::{RequestKey, Seed, SimDuration, StepId, TxId};
use indoubt::world::host::task::{AsyncProtocol, ServiceCx, Tasks, TxCx};

/// The protocol. The manager leads, the services obey.
pub enum MiniSaga {}

impl AsyncProtocol for MiniSaga {
    type Msg = Call;

    const KIND: ProtocolKind = ProtocolKind::Own(&Own {
        name: "mini-saga",
        family: Family::StepByStep,
        entry: Entry::Manager,
        answers: "the manager, when the last step is done or everything is undone",
        mixes: false,
        uses_broker: false,
        safeguards: &[Safeguard::InboxDedup, Safeguard::CompensationTombstone],
        again: "cargo run --release --example own_async --",
    });

    fn plays(_: &Setting, _: Role) -> bool {
        true
    }

    /// A process. `durable` is what its database still knows; this protocol
    /// writes no log, so there is nothing in it that would help.
    async fn run(cx: ServiceCx<Call>, _durable: Durable) {
        match cx.role() {
            Role::Manager => lead(cx).await,
            Role::Service(_) => serve(cx).await,
        }
    }
}

/// What manager and services say to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Do this step, or undo it.
    Please(TxId, Order, StepId, Params),
    /// It is done, or not.
    Answer(TxId, Order, StepId, Result<(), Reason>),
}

/// What is wanted of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// To do it.
    Do,
    /// To undo it, whether or not it was done, and why.
    Undo(Reason),
}

impl Message for Call {
    fn tx(&self) -> TxId {
        match *self {
            Call::Please(tx, ..) | Call::Answer(tx, ..) => tx,
        }
    }
    fn kind(&self) -> &'static str {
        match self {
            Call::Please(..) => "call",
            Call::Answer(..) => "result",
        }
    }
    fn detail(&self) -> u64 {
        let (Call::Please(_, order, step, _) | Call::Answer(_, order, step, _)) = *self;
        u64::from(step.0) << 1 | u64::from(order != Order::Do)
    }
    fn step(&self) -> Option<StepId> {
        let (Call::Please(_, _, step, _) | Call::Answer(_, _, step, _)) = *self;
        Some(step)
    }
}

// --- The manager ---------------------------------------------------------------

/// What clients are to be told again; `None` while a purchase is on its way.
type Told = Arc<Mutex<BTreeMap<RequestKey, Option<ClientOutcome>>>>;

/// Every purchase is a task, beside all others.
async fn lead(cx: ServiceCx<Call>) {
    let told = Told::default();
    loop {
        let (_, message) = cx.recv().await;
        let Wire::Client(ClientMsg::Request { key, params, .. }) = message else {
            continue; // an answer to a purchase that is over
        };
        let known = told.lock().unwrap().get(&key).copied();
        match known {
            Some(Some(outcome)) => cx.tell(key, outcome),
            Some(None) => {} // it will be told
            None => {
                told.lock().unwrap().insert(key, None);
                // The epoch keeps the names of two lives of the process apart.
                let (epoch, attempt) = (cx.epoch(), 0);
                let tx = TxId {
                    key,
                    epoch,
                    attempt,
                };
                let told = Arc::clone(&told);
                cx.spawn(tx, |cx| async move {
                    let outcome = match buy(&cx, params).await {
                        Ok(()) => ClientOutcome::Committed,
                        Err(reason) => ClientOutcome::Refused(reason),
                    };
                    told.lock().unwrap().insert(key, Some(outcome));
                    cx.tell(outcome);
                });
            }
        }
    }
}

const TAKE_POINTS: StepId = StepId(0);
const UNLOCK: StepId = StepId(1);
const MAIL: StepId = StepId(2);

/// A purchase, in one piece. A crash drops it at any `await`.
async fn buy(cx: &TxCx<Call>, params: Params) -> Result<(), Reason> {
    if let Err(reason) = take_and_unlock(cx, params).await {
        // The points may have been taken, also where nobody answered in time.
        cx.observe(turned(cx.tx(), reason));
        ask(cx, Order::Undo(reason), TAKE_POINTS, params).await?;
        return Err(reason);
    }
    ask(cx, Order::Do, MAIL, params).await
}

async fn take_and_unlock(cx: &TxCx<Call>, params: Params) -> Result<(), Reason> {
    // Until the pivot there is a way back, so nobody waits for ever.
    let patience = cx.setting().policies.give_up_after;
    cx.timeout(patience, ask(cx, Order::Do, TAKE_POINTS, params))
        .await
        .unwrap_or(Err(Reason::TimedOut(TAKE_POINTS)))?;
    ask(cx, Order::Do, UNLOCK, params).await
}

/// Asks until there is an answer: calls and answers may be lost.
async fn ask(cx: &TxCx<Call>, order: Order, step: StepId, params: Params) -> Result<(), Reason> {
    let setting = cx.setting();
    let service = setting.nodes.service(setting.business.step(step).service);
    loop {
        cx.send(service, Call::Please(cx.tx(), order, step, params));
        let answer = cx.timeout(setting.policies.resend_after, answer_to(cx, order, step));
        if let Ok(answer) = answer.await {
            // No more than a mark in the trace, that a fault can wait for.
            cx.observe(Note::step(Milestone::OrchestratorStepDone, cx.tx(), step));
            return answer;
        }
    }
}

async fn answer_to(cx: &TxCx<Call>, order: Order, step: StepId) -> Result<(), Reason> {
    loop {
        match cx.recv().await.1 {
            Wire::Peer(Call::Answer(_, o, s, answer)) if (o, s) == (order, step) => return answer,
            _ => {} // to an earlier call, for the second time
        }
    }
}

/// The checkers hold a refund against its reason: a time-out is nowhere else on
/// record.
fn turned(tx: TxId, reason: Reason) -> Note {
    let detail = Detail::Reason(TAKE_POINTS, reason);
    let milestone = Milestone::OrchestratorTurned;
    Note {
        milestone,
        tx,
        detail,
    }
}

// --- The services ---------------------------------------------------------------

async fn serve(cx: ServiceCx<Call>) {
    loop {
        let (from, message) = cx.recv().await;
        let Wire::Peer(Call::Please(tx, order, step, params)) = message else {
            continue;
        };
        cx.spawn(tx, move |cx| async move {
            let answer = obey(&cx, order, step, params).await;
            cx.send(from, Call::Answer(tx, order, step, answer));
        });
    }
}

/// One local transaction, which stores its reply in the inbox: what comes again
/// is answered again, and so nothing is wrong with trying again here.
async fn obey(cx: &TxCx<Call>, order: Order, step: StepId, params: Params) -> Result<(), Reason> {
    let (setting, tx) = (cx.setting(), cx.tx());
    for retry in 0.. {
        let (stamp, txn) = match order {
            Order::Do => (
                Stamp::forward(tx, step),
                plan::forward(&setting, tx, step, &params, &Staged::NOTHING),
            ),
            Order::Undo(reason) => (
                Stamp::backward(tx, step, reason),
                plan::backward(&setting, tx, step, &params, &[]),
            ),
        };
        match cx.execute(stamp, txn, Force::Always).await {
            Outcome::Refused(reason) => return Err(reason),
            Outcome::Committed {
                reply: Reply::Refused(reason),
                ..
            } => return Err(reason),
            Outcome::Committed { .. } => return Ok(()),
            // A conflict, or the database was away in the middle.
            _ => cx.sleep(setting.policies.backoff(retry)).await,
        }
    }
    unreachable!("it tries for ever")
}

// --- The trial ------------------------------------------------------------------

/// The mall, and a crash of the manager: the hundredth time that it knows that a
/// step is done. A saga has no isolation, and this one does not claim it.
pub fn mall() -> Result<Scenario, Box<dyn std::error::Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/points-mall.toml");
    let mut mall = scenario::load(file)?;
    mall.faults.push(Fault {
        kind: FaultKind::CrashProcess(mall.nodes.manager()),
        when: Moment::On {
            milestone: Milestone::OrchestratorStepDone,
            node: None,
            nth: 100,
        },
        lasts: SimDuration::from_millis(40),
    });
    let isolation = (MiniSaga::KIND, PromiseId::Isolation);
    mall.expectations.insert(isolation, Expectation::MayBreak);
    Ok(mall)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mall = Arc::new(mall()?);
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
        lab::run(&mall, ProtocolKind::OrchestratedSaga, &options, ())?,
        lab::run_own::<Tasks<MiniSaga>, _>(&mall, &options, ())?,
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
