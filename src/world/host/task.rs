//! A protocol as ordinary `async` code: one `async fn` a process, which awaits
//! messages, local transactions and time.
//!
//! [`Tasks`] makes a [`Protocol`] of an [`AsyncProtocol`]. Its machine holds the
//! process's futures and polls them by hand: every input wakes whoever awaits
//! it, and all who are awake are polled, first woken first, until nobody is.
//! What they asked for on the way (messages, local transactions, timers) are the
//! effects of that input, in the order in which they were asked for, which is
//! also crash order. So there is no executor whose order could reach a history;
//! a crash drops the machine, and with it every future wherever it awaits; and
//! the new process begins again from the top of the function, with what is
//! durable.
//!
//! It runs on both hosts, with the same digest, because to them it is a machine.
//! On the madsim host it is polled within the node's madsim task: code that asks
//! madsim for its clock or its chance works there (and there alone, so the hosts
//! may then come to different histories, and a run on both says so).
//!
//! Only what a [`ServiceCx`] or a [`TxCx`] gives may be awaited, alone or in
//! combinators (`join`, `select`, channels between the process's own tasks).
//! Whatever else wakes a future, be it a real timer or another thread, has no
//! place in a simulated world, and the task that it wakes panics.
//!
//! Local transactions are one-shot: they commit, or they do not. Whoever wants
//! branches that stay prepared over a crash writes a [`Machine`], which is also
//! told ([`Machine::reconnected`]) what a database that died and came back still
//! knows of them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::protocol::relay::WithRelay;
use crate::protocol::{
    ClientOutcome, Cx, Durable, Effect, End, Force, Input, Key, Lane, Machine, Message, Note, Out,
    Outcome, Protocol, ProtocolKind, Role, Setting, Stamp, Tag, Txn, Wire,
};
use crate::vocab::{NodeId, RequestKey, SimDuration, SimTime, TxId};

/// A protocol whose processes are `async` functions.
pub trait AsyncProtocol: 'static {
    /// What its processes say to each other.
    type Msg: Message;

    /// Which protocol this is: [`ProtocolKind::Own`].
    const KIND: ProtocolKind;

    /// Whether it has anybody in this role.
    fn plays(setting: &Setting, role: Role) -> bool;

    /// The life of one process, from its start (with what its database still
    /// knows) to its crash, which drops it wherever it awaits. When it returns,
    /// the process lives on and its tasks go on, but nobody takes in what comes
    /// for no task.
    ///
    /// Write it as `async fn run(cx: ServiceCx<Self::Msg>, durable: Durable)`.
    fn run(cx: ServiceCx<Self::Msg>, durable: Durable)
    -> impl Future<Output = ()> + Send + 'static;
}

/// An [`AsyncProtocol`] as a [`Protocol`], for
/// [`lab::run_own`](crate::lab::run_own). A relay beside every process
/// hands over what its local transactions staged.
#[derive(Debug)]
pub struct Tasks<A>(PhantomData<fn() -> A>);

impl<A: AsyncProtocol> Protocol for Tasks<A> {
    type Machine = WithRelay<TaskMachine<A>>;

    const KIND: ProtocolKind = A::KIND;

    fn build(setting: &Arc<Setting>, role: Role) -> Option<Self::Machine> {
        A::plays(setting, role).then(|| WithRelay::new(setting, TaskMachine::new(setting, role)))
    }
}

/// The futures of one process, as a machine.
pub struct TaskMachine<A: AsyncProtocol> {
    role: Role,
    shared: Shared<A::Msg>,
    ready: Arc<Ready>,
    tasks: BTreeMap<TaskId, Task>,
    next_task: TaskId,
}

type TaskId = u64;

type Life = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The task that [`AsyncProtocol::run`] is.
const ROOT: TaskId = 0;

struct Task {
    /// Whose it is; `None` for the root.
    tx: Option<TxId>,
    future: Life,
    waker: Waker,
}

/// Who is awake, in the order of waking.
#[derive(Default)]
struct Ready(Mutex<Awake>);

#[derive(Default)]
struct Awake {
    tasks: VecDeque<TaskId>,
    /// Whether the process is taking in an input, or dying: nothing else may
    /// wake a task.
    open: bool,
}

struct TaskWaker {
    task: TaskId,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let mut awake = lock(&self.ready.0);
        let open = awake.open;
        if open && !awake.tasks.contains(&self.task) {
            awake.tasks.push_back(self.task);
        }
        drop(awake);
        assert!(
            open,
            "a task was woken from outside of the simulated world: await only what its context gives"
        );
    }
}

/// What a process's contexts share.
type Shared<M> = Arc<Mutex<Process<M>>>;

struct Process<M> {
    setting: Arc<Setting>,
    cx: Cx,
    effects: Vec<Effect<M>>,
    /// What comes for no task.
    root: Inbox<M>,
    accounts: BTreeMap<TxId, Account<M>>,
    /// Accounts that nobody used since, oldest first; see [`Process::prune`].
    idle: VecDeque<(SimTime, TxId)>,
    pending: BTreeMap<Key, Pending>,
    spawned: Vec<(TxId, Life)>,
}

/// What a process keeps of a transaction that it has, or had, tasks for.
struct Account<M> {
    tasks: u32,
    /// The number of its next call or timer. Never used again while an answer to
    /// an earlier one may come.
    next: u32,
    last_used: SimTime,
    inbox: Inbox<M>,
}

struct Inbox<M> {
    messages: VecDeque<(NodeId, Wire<M>)>,
    waiting: Vec<Waker>,
}

impl<M> Default for Inbox<M> {
    fn default() -> Self {
        Inbox {
            messages: VecDeque::new(),
            waiting: Vec::new(),
        }
    }
}

/// A call or a timer that somebody awaits.
enum Pending {
    Waiting(Option<Waker>),
    Answered(Outcome),
    Over,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A task that panicked ends the run; until then its neighbours are dropped.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<A: AsyncProtocol> TaskMachine<A> {
    fn new(setting: &Arc<Setting>, role: Role) -> Self {
        let process = Process {
            setting: Arc::clone(setting),
            cx: Cx {
                now: SimTime::ZERO,
                epoch: 0,
            },
            effects: Vec::new(),
            root: Inbox::default(),
            accounts: BTreeMap::new(),
            idle: VecDeque::new(),
            pending: BTreeMap::new(),
            spawned: Vec::new(),
        };
        TaskMachine {
            role,
            shared: Arc::new(Mutex::new(process)),
            ready: Arc::default(),
            tasks: BTreeMap::new(),
            next_task: ROOT,
        }
    }

    /// Takes an input in and lets the process run until it waits for the next.
    fn turn(&mut self, cx: Cx, out: &mut Out<A::Msg>, take_in: impl FnOnce(&mut Self)) {
        lock(&self.ready.0).open = true;
        {
            let mut process = lock(&self.shared);
            process.cx = cx;
            process.prune();
        }
        take_in(self);
        self.run_until_idle();
        lock(&self.ready.0).open = false;
        out.effects.append(&mut lock(&self.shared).effects);
    }

    fn begin(&mut self, durable: Durable) {
        if self.next_task == ROOT {
            let cx = ServiceCx {
                shared: Arc::clone(&self.shared),
                role: self.role,
            };
            self.start(None, Box::pin(A::run(cx, durable)));
        }
    }

    fn start(&mut self, tx: Option<TxId>, future: Life) {
        let task = self.next_task;
        self.next_task += 1;
        let waker = Waker::from(Arc::new(TaskWaker {
            task,
            ready: Arc::clone(&self.ready),
        }));
        waker.wake_by_ref();
        self.tasks.insert(task, Task { tx, future, waker });
    }

    fn run_until_idle(&mut self) {
        loop {
            let next = lock(&self.ready.0).tasks.pop_front();
            let Some(id) = next else { return };
            // What is woken as it ends is not there any more.
            let Some(task) = self.tasks.get_mut(&id) else {
                continue;
            };
            let mut cx = Context::from_waker(&task.waker);
            if task.future.as_mut().poll(&mut cx).is_ready() {
                let tx = task.tx;
                self.tasks.remove(&id);
                if let Some(tx) = tx {
                    lock(&self.shared).task_ended(tx);
                }
            }
            let spawned = std::mem::take(&mut lock(&self.shared).spawned);
            for (tx, future) in spawned {
                self.start(Some(tx), future);
            }
        }
    }
}

impl<A: AsyncProtocol> Machine for TaskMachine<A> {
    type Msg = A::Msg;

    fn recover(&mut self, cx: Cx, durable: Durable, out: &mut Out<A::Msg>) {
        self.turn(cx, out, |machine| machine.begin(durable));
    }

    fn step(&mut self, cx: Cx, input: Input<A::Msg>, out: &mut Out<A::Msg>) {
        self.turn(cx, out, |machine| {
            // Without `silent-until-recovered` an input may come first.
            machine.begin(Durable::default());
            lock(&machine.shared).take_in(input);
        });
    }
}

/// A crash: every future is dropped where it awaits. What it holds may wake
/// others as it goes, to no effect.
impl<A: AsyncProtocol> Drop for TaskMachine<A> {
    fn drop(&mut self) {
        lock(&self.ready.0).open = true;
        self.tasks.clear();
        lock(&self.shared).spawned.clear();
    }
}

impl<A: AsyncProtocol> fmt::Debug for TaskMachine<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskMachine")
            .field("role", &self.role)
            .field("tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}

impl<M: Message> Process<M> {
    fn take_in(&mut self, input: Input<M>) {
        match input {
            Input::Message { from, body } => self.deliver(from, body),
            Input::Executed { call, result } => self.resolve(call, Pending::Answered(result)),
            Input::Timer(key) => self.resolve(key, Pending::Over),
        }
    }

    /// To the tasks of its transaction; to the root, if there are none.
    fn deliver(&mut self, from: NodeId, body: Wire<M>) {
        let inbox = match self.accounts.get_mut(&body.tx()) {
            Some(account) if account.tasks > 0 => &mut account.inbox,
            _ => &mut self.root,
        };
        inbox.messages.push_back((from, body));
        inbox.wake();
    }

    /// Nobody may await it any more: then there is no entry.
    fn resolve(&mut self, key: Key, with: Pending) {
        if let Some(pending) = self.pending.get_mut(&key)
            && let Pending::Waiting(waker) = std::mem::replace(pending, with)
        {
            waker.into_iter().for_each(Waker::wake);
        }
    }

    fn account(&mut self, tx: TxId) -> &mut Account<M> {
        let now = self.cx.now;
        let account = self.accounts.entry(tx).or_insert_with(|| Account {
            tasks: 0,
            next: 0,
            last_used: now,
            inbox: Inbox::default(),
        });
        account.last_used = now;
        account
    }

    /// A key that is not in use: the n-th call or timer of its transaction, so
    /// that other transactions do not change what it is.
    fn new_key(&mut self, tx: TxId, tag: Tag) -> Key {
        let account = self.account(tx);
        let n = account.next;
        account.next += 1;
        self.pending
            .insert(Key { tx, tag, n }, Pending::Waiting(None));
        Key { tx, tag, n }
    }

    fn task_ended(&mut self, tx: TxId) {
        let now = self.cx.now;
        let account = self.account(tx);
        account.tasks -= 1;
        if account.tasks == 0 {
            // What came too late for them is the root's to judge.
            let left = std::mem::take(&mut account.inbox.messages);
            self.idle.push_back((now, tx));
            if !left.is_empty() {
                self.root.messages.extend(left);
                self.root.wake();
            }
        }
    }

    /// Forgets the transactions that nothing was done for in as long as the
    /// scenario has things remembered: no answer of theirs is on its way.
    fn prune(&mut self) {
        let keep = self.setting.policies.retention;
        while let Some(&(since, tx)) = self.idle.front()
            && self.cx.now.since(since) > keep
        {
            self.idle.pop_front();
            if let Some(account) = self.accounts.get(&tx)
                && account.tasks == 0
                && account.last_used <= since
            {
                self.accounts.remove(&tx);
            }
        }
    }
}

impl<M> Inbox<M> {
    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(NodeId, Wire<M>)> {
        match self.messages.pop_front() {
            Some(message) => Poll::Ready(message),
            None => {
                if !self.waiting.iter().any(|w| w.will_wake(cx.waker())) {
                    self.waiting.push(cx.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}

/// What a process's root task has in its hands. It takes in what comes for no
/// task, and spawns tasks. Whatever takes time or touches data is somebody's
/// transaction: a task does it, through its [`TxCx`].
pub struct ServiceCx<M> {
    shared: Shared<M>,
    role: Role,
}

impl<M> Clone for ServiceCx<M> {
    fn clone(&self) -> Self {
        ServiceCx {
            shared: Arc::clone(&self.shared),
            role: self.role,
        }
    }
}

impl<M: Message> ServiceCx<M> {
    /// The part that this process plays.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What every process of the run is given.
    pub fn setting(&self) -> Arc<Setting> {
        Arc::clone(&lock(&self.shared).setting)
    }

    /// Now, in model time.
    pub fn now(&self) -> SimTime {
        lock(&self.shared).cx.now
    }

    /// The durable number of this start of the process, from 1: part of the ids
    /// of transactions that it begins.
    pub fn epoch(&self) -> u32 {
        lock(&self.shared).cx.epoch
    }

    /// The next message, from whom, that is not of a transaction which a task is
    /// at work for.
    pub async fn recv(&self) -> (NodeId, Wire<M>) {
        std::future::poll_fn(|cx| lock(&self.shared).root.poll(cx)).await
    }

    /// Sends a message to a peer.
    pub fn send(&self, to: NodeId, message: M) {
        lock(&self.shared).send(to, Wire::Peer(message));
    }

    /// Tells a client.
    pub fn tell(&self, key: RequestKey, outcome: ClientOutcome) {
        lock(&self.shared).tell(key, outcome);
    }

    /// Begins a task for a transaction, beside all others. While it runs, it is
    /// given that transaction's messages.
    pub fn spawn<F>(&self, tx: TxId, task: impl FnOnce(TxCx<M>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        lock(&self.shared).account(tx).tasks += 1;
        let cx = TxCx {
            service: self.clone(),
            tx,
        };
        let future = Box::pin(task(cx));
        lock(&self.shared).spawned.push((tx, future));
    }
}

impl<M: Message> Process<M> {
    fn send(&mut self, to: NodeId, body: Wire<M>) {
        self.effects.push(Effect::Send { to, body });
    }

    fn tell(&mut self, key: RequestKey, outcome: ClientOutcome) {
        let reply = crate::protocol::ClientMsg::Reply { key, outcome };
        self.send(self.setting.nodes.clients(), Wire::Client(reply));
    }
}

/// What a task has in its hands: everything that can be done for its
/// transaction.
pub struct TxCx<M> {
    service: ServiceCx<M>,
    tx: TxId,
}

impl<M> Clone for TxCx<M> {
    fn clone(&self) -> Self {
        TxCx {
            service: self.service.clone(),
            tx: self.tx,
        }
    }
}

impl<M: Message> TxCx<M> {
    /// The transaction.
    pub fn tx(&self) -> TxId {
        self.tx
    }

    /// The process that the task belongs to.
    pub fn service(&self) -> &ServiceCx<M> {
        &self.service
    }

    /// What every process of the run is given.
    pub fn setting(&self) -> Arc<Setting> {
        self.service.setting()
    }

    /// Now, in model time.
    pub fn now(&self) -> SimTime {
        self.service.now()
    }

    /// Sends a message to a peer. Nothing is known of its arrival.
    pub fn send(&self, to: NodeId, message: M) {
        self.service.send(to, message);
    }

    /// Tells the client.
    pub fn tell(&self, outcome: ClientOutcome) {
        self.service.tell(self.tx.key, outcome);
    }

    /// Notes a milestone; faults can wait for it.
    pub fn observe(&self, note: Note) {
        let mut process = lock(&self.service.shared);
        process.effects.push(Effect::Observe(note));
    }

    /// The next message of this transaction, and from whom.
    pub async fn recv(&self) -> (NodeId, Wire<M>) {
        std::future::poll_fn(|cx| {
            let mut process = lock(&self.service.shared);
            process.account(self.tx).inbox.poll(cx)
        })
        .await
    }

    /// Runs a local transaction on the process's own database and commits it.
    /// The answer is there when the commit is (on disk, with [`Force::Always`]).
    /// Dropping this future does not take the transaction back.
    pub async fn execute(&self, stamp: Stamp, txn: Txn, force: Force) -> Outcome {
        // Business work needs a worker; what only notes it must not wait for one.
        let lane = match stamp.step {
            Some(_) => Lane::Work,
            None => Lane::Control,
        };
        let answer = self.pending(CALL, |call| Effect::Execute {
            call,
            stamp,
            lane,
            branch: None,
            txn: Box::new(txn),
            end: End::Commit,
            force,
        });
        match answer.await {
            Pending::Answered(outcome) => outcome,
            Pending::Waiting(_) | Pending::Over => unreachable!("a call is answered"),
        }
    }

    /// Waits so long, in model time.
    pub async fn sleep(&self, after: SimDuration) {
        self.pending(TIMER, |key| Effect::Arm { key, after }).await;
    }

    /// What the future comes to, if it does so within this time; it is dropped
    /// otherwise. What it has begun by then goes on: a message is on its way, a
    /// local transaction may commit.
    ///
    /// # Errors
    ///
    /// When the time is over.
    pub async fn timeout<T>(
        &self,
        after: SimDuration,
        future: impl Future<Output = T>,
    ) -> Result<T, Elapsed> {
        let mut future = std::pin::pin!(future);
        let mut sleep = std::pin::pin!(self.sleep(after));
        std::future::poll_fn(|cx| {
            if let Poll::Ready(value) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(value));
            }
            sleep.as_mut().poll(cx).map(|()| Err(Elapsed))
        })
        .await
    }

    /// Asks for something and waits for the input that answers it.
    fn pending(&self, tag: Tag, effect: impl FnOnce(Key) -> Effect<M>) -> Awaited<M> {
        let mut process = lock(&self.service.shared);
        let key = process.new_key(self.tx, tag);
        process.effects.push(effect(key));
        Awaited {
            shared: Arc::clone(&self.service.shared),
            key,
        }
    }
}

const CALL: Tag = Tag::Custom(0);
const TIMER: Tag = Tag::Custom(1);

/// An answer or an instant that a task awaits.
struct Awaited<M> {
    shared: Shared<M>,
    key: Key,
}

impl<M> Future for Awaited<M> {
    type Output = Pending;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Pending> {
        let mut process = lock(&self.shared);
        match process.pending.get_mut(&self.key) {
            Some(Pending::Waiting(waker)) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
            Some(_) => {
                let answer = process.pending.remove(&self.key);
                Poll::Ready(answer.expect("it was there a moment ago"))
            }
            None => panic!("{}: polled after it was ready", self.key.tx),
        }
    }
}

/// A timer that nobody awaits any more is taken back; a call's answer is then
/// nobody's.
impl<M> Drop for Awaited<M> {
    fn drop(&mut self) {
        let mut process = lock(&self.shared);
        let gone = process.pending.remove(&self.key);
        if self.key.tag == TIMER && matches!(gone, Some(Pending::Waiting(_))) {
            process.effects.push(Effect::Disarm(self.key));
        }
    }
}

/// The time was over first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time was over first")]
pub struct Elapsed;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::business::Params;
    use crate::protocol::orchestrated::SagaMsg;
    use crate::protocol::{Family, Own, Safeguards, Wanted};
    use crate::vocab::{ClientId, RequestId, StepId};

    const TEST: Own = Own {
        name: "test",
        family: Family::StepByStep,
        entry: crate::protocol::Entry::Manager,
        answers: "nobody",
        mixes: false,
        uses_broker: false,
        safeguards: &[],
        again: "cargo test",
    };

    fn tx(n: u32) -> TxId {
        let client = ClientId(0);
        let request = RequestId { client, n };
        TxId {
            key: RequestKey { request, fresh: 0 },
            epoch: 1,
            attempt: 0,
        }
    }

    fn command(n: u32, step: u8) -> SagaMsg {
        SagaMsg::Command {
            tx: tx(n),
            step: StepId(step),
            params: Params::default(),
        }
    }

    const PEER: NodeId = NodeId(1);

    /// A machine that has been started, on the scenario of the repository.
    fn started<A: AsyncProtocol<Msg = SagaMsg>>() -> (TaskMachine<A>, Vec<Effect<SagaMsg>>) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/points-mall.toml");
        let scenario = crate::scenario::load(file).unwrap_or_else(|errors| panic!("{errors}"));
        let setting = Arc::new(Setting {
            wanted: Wanted::One,
            protocol: A::KIND,
            business: scenario.business,
            nodes: scenario.nodes,
            policies: scenario.policies,
            two_phase: scenario.two_phase,
            step_order: Default::default(),
            safeguards: Safeguards::all(),
        });
        let mut machine = TaskMachine::new(&setting, Role::Manager);
        let mut out = Out::default();
        machine.recover(at(0), Durable::default(), &mut out);
        (machine, out.effects)
    }

    fn at(millis: u64) -> Cx {
        Cx {
            now: SimTime::from_micros(millis * 1_000),
            epoch: 1,
        }
    }

    fn step<A: AsyncProtocol<Msg = SagaMsg>>(
        machine: &mut TaskMachine<A>,
        now: u64,
        input: Input<SagaMsg>,
    ) -> Vec<Effect<SagaMsg>> {
        let mut out = Out::default();
        machine.step(at(now), input, &mut out);
        out.effects
    }

    fn message(n: u32, step: u8) -> Input<SagaMsg> {
        Input::Message {
            from: PEER,
            body: Wire::Peer(command(n, step)),
        }
    }

    fn send(n: u32, step: u8) -> Effect<SagaMsg> {
        Effect::Send {
            to: PEER,
            body: Wire::Peer(command(n, step)),
        }
    }

    fn timer(n: u32, nth: u32) -> Key {
        Key {
            tx: tx(n),
            tag: TIMER,
            n: nth,
        }
    }

    /// Says so and waits for an answer, a while; then says how that went.
    enum Asks {}

    const PATIENCE: SimDuration = SimDuration::from_millis(5);

    impl AsyncProtocol for Asks {
        type Msg = SagaMsg;
        const KIND: ProtocolKind = ProtocolKind::Own(&TEST);

        fn plays(_: &Setting, _: Role) -> bool {
            true
        }

        async fn run(cx: ServiceCx<SagaMsg>, _: Durable) {
            loop {
                let (from, body) = cx.recv().await;
                cx.spawn(body.tx(), move |cx| async move {
                    let n = cx.tx().request().n;
                    cx.send(from, command(n, 10));
                    let answered = cx.timeout(PATIENCE, cx.recv()).await.is_ok();
                    cx.send(from, command(n, if answered { 11 } else { 12 }));
                });
            }
        }
    }

    #[test]
    fn effects_come_in_the_order_in_which_they_were_asked_for() {
        let (mut machine, effects) = started::<Asks>();
        assert_eq!(effects, []);
        let (key, after) = (timer(7, 0), PATIENCE);
        let arm = Effect::Arm { key, after };
        assert_eq!(step(&mut machine, 1, message(7, 0)), [send(7, 10), arm]);
        // Another transaction has keys of its own.
        let (key, after) = (timer(8, 0), PATIENCE);
        let arm = Effect::Arm { key, after };
        assert_eq!(step(&mut machine, 1, message(8, 0)), [send(8, 10), arm]);

        let answered = step(&mut machine, 2, message(7, 1));
        assert_eq!(answered, [Effect::Disarm(timer(7, 0)), send(7, 11)]);
        let late = step(&mut machine, 6, Input::Timer(timer(8, 0)));
        assert_eq!(late, [send(8, 12)]);
        // A timer that ran out while it was taken back is nobody's.
        assert_eq!(step(&mut machine, 6, Input::Timer(timer(7, 0))), []);
    }

    #[test]
    fn a_new_task_of_a_transaction_uses_no_key_again() {
        let (mut machine, _) = started::<Asks>();
        step(&mut machine, 1, message(7, 0));
        step(&mut machine, 2, message(7, 1));
        let again = step(&mut machine, 3, message(7, 2));
        let (key, after) = (timer(7, 1), PATIENCE);
        assert_eq!(again, [send(7, 10), Effect::Arm { key, after }]);
    }

    /// Has a task that takes in no message, and echoes what comes to the root.
    enum Deaf {}

    impl AsyncProtocol for Deaf {
        type Msg = SagaMsg;
        const KIND: ProtocolKind = ProtocolKind::Own(&TEST);

        fn plays(_: &Setting, _: Role) -> bool {
            true
        }

        async fn run(cx: ServiceCx<SagaMsg>, _: Durable) {
            cx.spawn(tx(7), |cx| async move { cx.sleep(PATIENCE).await });
            loop {
                let (from, body) = cx.recv().await;
                if let Wire::Peer(body) = body {
                    cx.send(from, body);
                }
            }
        }
    }

    #[test]
    fn what_a_task_left_unread_is_the_roots() {
        let (mut machine, _) = started::<Deaf>();
        assert_eq!(step(&mut machine, 1, message(8, 0)), [send(8, 0)]);
        assert_eq!(step(&mut machine, 1, message(7, 0)), []);
        let over = step(&mut machine, 5, Input::Timer(timer(7, 0)));
        assert_eq!(over, [send(7, 0)]);
    }

    /// Awaits something that is not of this world, and wakes it as it is dropped.
    enum Stray {}

    static OUTSIDE: Mutex<Option<Waker>> = Mutex::new(None);

    struct WakesAsItGoes;

    impl Drop for WakesAsItGoes {
        fn drop(&mut self) {
            lock(&OUTSIDE).iter().for_each(Waker::wake_by_ref);
        }
    }

    impl AsyncProtocol for Stray {
        type Msg = SagaMsg;
        const KIND: ProtocolKind = ProtocolKind::Own(&TEST);

        fn plays(_: &Setting, _: Role) -> bool {
            true
        }

        async fn run(_: ServiceCx<SagaMsg>, _: Durable) {
            let _guard = WakesAsItGoes;
            std::future::poll_fn(|cx| {
                *lock(&OUTSIDE) = Some(cx.waker().clone());
                Poll::<()>::Pending
            })
            .await;
        }
    }

    #[test]
    fn nothing_from_outside_wakes_a_task_but_a_crash_may_drop_it() {
        let (machine, _) = started::<Stray>();
        let waker = lock(&OUTSIDE).clone().expect("it awaits");
        let woken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| waker.wake()));
        let words = woken.expect_err("it panics");
        let words = words.downcast_ref::<&str>().expect("with words");
        assert!(words.contains("outside of the simulated world"), "{words}");
        drop(machine); // and what wakes as it is dropped wakes nobody
    }
}
