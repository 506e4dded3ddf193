//! A store with a little agenda of its own, and short words for what is asked
//! of it.

use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use std::cmp::Reverse;

use super::super::{Answer, Crash, Io, Request, Store, Ticket, Wake};
use crate::business::{
    Action, ActionKind, Amount, Business, BusinessRow, CheckTime, Domain, Facet, KeyTemplate,
    Params, Resource, ResourceId, ResourceKind, Step, StepKind,
};
use crate::history::{Class, Owner, Rest, What};
use crate::protocol::{
    Case, Change, Decision, Durable, End, Force, Letter, LetterBody, LetterId, LogEntry, LogState,
    Nodes, Outcome, Policies, Preparing, ProtocolKind, Reply, Row, Safeguard, Safeguards, Setting,
    Stamp, Txn, Value,
};
use crate::scenario::{DatabaseSpec, Engine, LockPolicy, Preparation};
use crate::vocab::{
    Chance, ClientId, Direction, NodeId, RequestId, RequestKey, Seed, ServiceId, SimDuration,
    SimTime, StepId, TxId,
};

/// What every account begins with.
pub(super) const INITIAL: i64 = 100;

pub(super) const STATEMENT: u64 = 100;
pub(super) const FLUSH: u64 = 1_000;
pub(super) const LAZY: u64 = 20_000;
pub(super) const LOCK_TIMEOUT: u64 = 50_000;
pub(super) const RETENTION: u64 = 10_000_000;

pub(super) fn spec() -> DatabaseSpec {
    let micros = SimDuration::from_micros;
    DatabaseSpec {
        engine: Engine::Locking,
        lock_policy: LockPolicy::Wait,
        prepare: Preparation::Native,
        statement: micros(STATEMENT),
        flush: micros(FLUSH),
        group_commit: micros(0),
        lock_timeout: micros(LOCK_TIMEOUT),
        lazy_flush: micros(LAZY),
        restart: micros(5_000),
        replay: micros(10),
        checkpoint_every: 8,
    }
}

pub(super) fn under(lock_policy: LockPolicy) -> DatabaseSpec {
    DatabaseSpec {
        lock_policy,
        ..spec()
    }
}

pub(super) fn document() -> DatabaseSpec {
    DatabaseSpec {
        engine: Engine::Document,
        ..spec()
    }
}

pub(super) fn intents() -> DatabaseSpec {
    DatabaseSpec {
        prepare: Preparation::Intents,
        ..document()
    }
}

fn business() -> Business {
    let accounts = ResourceId(0);
    let take = Action {
        kind: ActionKind::Take(Amount::Fixed(1)),
        resource: accounts,
        drawn: None,
        seen: None,
    };
    Business {
        first: StepId(0),
        transactions: Vec::new(),
        marked_by_others: Vec::new(),
        services: vec!["bank".to_owned()],
        domains: vec![Domain {
            name: "account".to_owned(),
            size: 100,
            names: Vec::new(),
        }],
        resources: vec![Resource {
            name: "money".to_owned(),
            service: ServiceId(0),
            key: KeyTemplate { domains: vec![0] },
            kind: ResourceKind::Counter {
                initial: INITIAL,
                floor: 0,
            },
        }],
        steps: vec![Step {
            name: "take".to_owned(),
            service: ServiceId(0),
            kind: StepKind::Retriable,
            actions: vec![take],
            compensation: None,
            check: CheckTime::Statement,
            no: Default::default(),
            semantic_lock: false,
            releases: None,
            confirms: None,
        }],
        equations: Vec::new(),
    }
}

fn setting(safeguards: Safeguards) -> Setting {
    let some = SimDuration::from_millis(10);
    Setting {
        wanted: crate::protocol::Wanted::One,
        protocol: ProtocolKind::TwoPhaseCommit,
        business: business(),
        nodes: Nodes::new(1),
        policies: Policies {
            resend_after: some,
            give_up_after: some,
            inquire_after: some,
            idle_branch_after: some,
            conflict_retries: 3,
            conflict_backoff: some,
            poll_every: some,
            relay_batch: 10,
            retention: SimDuration::from_micros(RETENTION),
            jitter: crate::vocab::Probability::NEVER,
            watchdog: None,
            parking: None,
            steps: Default::default(),
        },
        two_phase: Default::default(),
        step_order: Default::default(),
        safeguards,
    }
}

/// The n-th account.
pub(super) fn account(n: u64) -> BusinessRow {
    BusinessRow {
        resource: ResourceId(0),
        facet: Facet::Value,
        key: n,
    }
}

/// The n-th transaction.
pub(super) fn tx(n: u32) -> TxId {
    TxId {
        key: key(n),
        epoch: 1,
        attempt: 0,
    }
}

pub(super) fn key(n: u32) -> RequestKey {
    let client = ClientId(n);
    RequestKey {
        request: RequestId { client, n: 0 },
        fresh: 0,
    }
}

pub(super) fn inbox(n: u32) -> Row {
    Row::Inbox {
        tx: tx(n),
        step: StepId(0),
        direction: Direction::Forward,
    }
}

pub(super) fn letter(n: u32) -> Letter {
    Letter {
        id: LetterId {
            tx: tx(n),
            step: StepId(0),
            direction: Direction::Forward,
            n: 0,
        },
        body: LetterBody::Action(account(0)),
    }
}

pub(super) fn decision_row(n: u32) -> Change {
    let entry = LogEntry {
        params: Params::default(),
        state: LogState::Committed,
    };
    Change::put(Row::Log(tx(n)), Value::Log(entry))
}

/// Adds to accounts, unconditionally.
pub(super) fn add(changes: &[(u64, i64)]) -> Txn {
    let changes = changes.iter().map(|&(n, by)| Change::Add(account(n), by));
    always(changes)
}

pub(super) fn always(changes: impl IntoIterator<Item = Change>) -> Txn {
    cases([Case::always(changes, crate::protocol::Answer::Done)])
}

pub(super) fn cases(cases: impl IntoIterator<Item = Case>) -> Txn {
    Txn {
        cases: cases.into_iter().collect(),
        ..Txn::default()
    }
}

/// A transaction that only looks.
pub(super) fn look(rows: &[u64]) -> Txn {
    Txn {
        reads: rows.iter().map(|&n| Row::Business(account(n))).collect(),
        ..Txn::default()
    }
}

pub(super) fn done() -> Outcome {
    replied(Reply::Done)
}

pub(super) fn replied(reply: Reply) -> Outcome {
    Outcome::Committed {
        reply,
        replayed: false,
        reads: Vec::new(),
    }
}

pub(super) fn replayed(reply: Reply) -> Outcome {
    Outcome::Committed {
        reply,
        replayed: true,
        reads: Vec::new(),
    }
}

/// A store, its agenda, and everything that it said.
pub(super) struct Bench {
    pub(super) store: Store,
    pub(super) now: SimTime,
    pub(super) events: Vec<What>,
    pub(super) answers: Vec<(SimTime, Ticket, Answer)>,
    pub(super) owned: BTreeMap<RequestId, i32>,
    pub(super) session: Option<u32>,
    agenda: BinaryHeap<Reverse<(SimTime, u64)>>,
    wakes: BTreeMap<u64, Wake>,
    calls: u64,
    io: Io,
}

impl Bench {
    pub(super) fn new() -> Self {
        Bench::with(spec(), Safeguards::all(), Seed(1))
    }

    pub(super) fn on(spec: DatabaseSpec) -> Self {
        Bench::with(spec, Safeguards::all(), Seed(1))
    }

    pub(super) fn without(safeguard: Safeguard) -> Self {
        Bench::with(spec(), Safeguards::all().without(safeguard), Seed(1))
    }

    pub(super) fn with(spec: DatabaseSpec, safeguards: Safeguards, seed: Seed) -> Self {
        let setting = Arc::new(setting(safeguards));
        Bench {
            store: Store::new(NodeId(1), &spec, setting, Chance::new(seed)),
            now: SimTime::ZERO,
            events: Vec::new(),
            answers: Vec::new(),
            owned: BTreeMap::new(),
            session: Some(1),
            agenda: BinaryHeap::new(),
            wakes: BTreeMap::new(),
            calls: 0,
            io: Io::default(),
        }
    }

    /// Takes in what the store said.
    fn take(&mut self) {
        for (after, wake) in self.io.wakes.drain(..) {
            let n = self.wakes.keys().next_back().map_or(0, |n| n + 1);
            self.agenda.push(Reverse((self.now + after, n)));
            self.wakes.insert(n, wake);
        }
        self.events.append(&mut self.io.events);
        let now = self.now;
        let answers = self.io.answers.drain(..);
        self.answers.extend(answers.map(|(t, a)| (now, t, a)));
        for (request, by) in self.io.owned.drain(..) {
            let count = self.owned.entry(request).or_default();
            *count += by;
            assert!(*count >= 0, "{request} is owned less than not at all");
        }
        self.io.up = false;
    }

    pub(super) fn ask(&mut self, request: Request) -> Ticket {
        let ticket = Ticket(self.calls);
        self.calls += 1;
        let session = match request {
            Request::Read { .. } | Request::Operate { .. } => None,
            _ => self.session,
        };
        self.store
            .submit(self.now, session, ticket, request, &mut self.io);
        self.take();
        ticket
    }

    pub(super) fn execute(
        &mut self,
        n: u32,
        branch: bool,
        txn: Txn,
        end: End,
        force: Force,
    ) -> Ticket {
        self.execute_as(tx(n), branch, txn, end, force)
    }

    /// A statement of whatever attempt.
    pub(super) fn execute_as(
        &mut self,
        tx: TxId,
        branch: bool,
        txn: Txn,
        end: End,
        force: Force,
    ) -> Ticket {
        let step = match txn.cases.is_empty() {
            true => None,
            false => Some(StepId(0)),
        };
        self.ask(Request::Execute {
            owner: Owner::Tx(tx),
            stamp: Stamp {
                step,
                ..Stamp::bookkeeping(tx)
            },
            branch: branch.then_some(tx),
            txn: Box::new(txn),
            end,
            force,
        })
    }

    /// A local transaction whose answer waits for the disk.
    pub(super) fn local(&mut self, n: u32, txn: Txn) -> Ticket {
        self.execute(n, false, txn, End::Commit, Force::Always)
    }

    /// A local transaction whose answer does not.
    pub(super) fn lazily(&mut self, n: u32, txn: Txn) -> Ticket {
        self.execute(n, false, txn, End::Commit, Force::Lazy)
    }

    /// A statement of a branch that stays open.
    pub(super) fn open(&mut self, n: u32, txn: Txn) -> Ticket {
        self.execute(n, true, txn, End::Open, Force::Lazy)
    }

    /// A branch's PREPARE, forced.
    pub(super) fn prepare(&mut self, n: u32, txn: Txn) -> Ticket {
        self.execute(
            n,
            true,
            txn,
            End::Prepare(Preparing::default()),
            Force::Always,
        )
    }

    pub(super) fn finish(&mut self, n: u32, decision: Decision, force: Force) -> Ticket {
        self.finish_as(tx(n), decision, force)
    }

    /// The end of whatever attempt.
    pub(super) fn finish_as(&mut self, branch: TxId, decision: Decision, force: Force) -> Ticket {
        self.ask(Request::Finish {
            branch,
            decision,
            force,
        })
    }

    /// A reader's read of these rows, each once.
    pub(super) fn read(&mut self, rows: &[u64]) -> Ticket {
        let rows: indexmap::IndexSet<u64> = rows.iter().copied().collect();
        self.ask(Request::Read {
            owner: Owner::Reader(0, self.calls as u32),
            rows: rows.into_iter().map(account).collect(),
        })
    }

    pub(super) fn open_session(&mut self, epoch: u32) {
        self.session = Some(epoch);
        self.store.open_session(self.now, epoch, &mut self.io);
        self.take();
    }

    pub(super) fn crash(&mut self, how: Crash) {
        self.store.crash(self.now, how, &mut self.io);
        self.take();
    }

    pub(super) fn restart(&mut self) {
        self.store.restart(self.now, &mut self.io);
        self.take();
    }

    /// Dies, and comes up again.
    pub(super) fn die_and_recover(&mut self, how: Crash) {
        self.crash(how);
        self.restart();
        self.settle();
        assert!(self.store.is_up());
    }

    /// Lets so much time pass.
    pub(super) fn pass(&mut self, micros: u64) {
        let until = self.now + SimDuration::from_micros(micros);
        while let Some(&Reverse((at, n))) = self.agenda.peek() {
            if at > until {
                break;
            }
            self.agenda.pop();
            assert!(self.events.len() < 100_000, "it never comes to rest");
            self.now = at;
            let wake = self.wakes.remove(&n).expect("every wake once");
            self.store.wake(self.now, wake, &mut self.io);
            self.take();
        }
        self.now = until;
    }

    /// Lets time pass until nothing more happens by itself.
    pub(super) fn settle(&mut self) {
        for _ in 0..10_000 {
            let Some(&Reverse((at, _))) = self.agenda.peek() else {
                return;
            };
            self.pass(at.since(self.now).as_micros());
        }
        panic!("it never comes to rest");
    }

    pub(super) fn answer(&self, ticket: Ticket) -> Option<&Answer> {
        let mut answers = self.answers.iter().filter(|(_, t, _)| *t == ticket);
        let answer = answers.next().map(|(_, _, answer)| answer);
        assert!(answers.next().is_none(), "{ticket:?} is answered once");
        answer
    }

    pub(super) fn answered_at(&self, ticket: Ticket) -> Option<u64> {
        let answer = self.answers.iter().find(|(_, t, _)| *t == ticket);
        answer.map(|(at, _, _)| at.as_micros())
    }

    /// The outcome of a call that was answered.
    pub(super) fn outcome(&self, ticket: Ticket) -> Option<&Outcome> {
        match self.answer(ticket)? {
            Answer::Outcome { outcome, .. } => Some(outcome),
            other => panic!("{other:?} is no outcome"),
        }
    }

    /// What a reader saw.
    pub(super) fn values(&self, ticket: Ticket) -> Vec<i64> {
        match self.answer(ticket) {
            Some(Answer::Read { saw, .. }) => saw.iter().map(|(_, value)| *value).collect(),
            other => panic!("{other:?} is not what a reader sees"),
        }
    }

    /// What a starting process reads.
    pub(super) fn durable(&mut self) -> Durable {
        let ticket = self.ask(Request::Recover);
        self.settle();
        match self.answer(ticket) {
            Some(Answer::Durable(durable)) => durable.clone(),
            other => panic!("{other:?} is not what a process reads"),
        }
    }

    pub(super) fn balance(&self, n: u64) -> i64 {
        self.store.image.number(account(n)).unwrap_or(INITIAL)
    }

    pub(super) fn rest(&self) -> Rest {
        let mut rest = Rest::default();
        self.store.rest(&mut rest);
        rest
    }

    /// Who waits for whom.
    pub(super) fn waits(&self) -> Vec<(Owner, Owner)> {
        let owner = |id| self.store.owner(id).expect("who waits is there");
        let edges = self.store.locks.edges().into_iter();
        edges
            .map(|(who, other)| (owner(who), owner(other)))
            .collect()
    }

    /// The classes of the records that were appended, with whether somebody
    /// waited.
    pub(super) fn appended(&self) -> Vec<(Class, bool)> {
        let class = |what: &What| match *what {
            What::Appended { class, forced, .. } => Some((class, forced)),
            _ => None,
        };
        self.events.iter().filter_map(class).collect()
    }

    pub(super) fn said(&self, what: impl Fn(&What) -> bool) -> usize {
        self.events.iter().filter(|e| what(e)).count()
    }
}
