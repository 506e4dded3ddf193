//! What we run: nothing optional that a run needs, and not buildable invalid
//! from a file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::rules::Breach;
use crate::business::{Business, BusinessRow, Params, PromiseId, ResourceId};
use crate::fault::{Fault, FaultPlan, Seeded};
use crate::protocol::two_phase_commit::Variant;
use crate::protocol::{Family, Nodes, Policies, ProtocolKind, Safeguard, Safeguards};
use crate::protocol::{StepGroup, StepOrder};
use crate::vocab::{
    Bandwidth, Chance, Identity, NodeId, Probability, RequestId, Seed, SimDuration, SimTime, Stream,
};

/// A scenario, ready to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it shows, in a few sentences.
    pub about: String,
    /// The seed that it is pinned to.
    pub seed: Seed,
    /// The safeguards that it does without.
    pub without: Vec<Safeguard>,
    /// The rules that it breaks on purpose.
    pub allows: Vec<Breach>,
    /// What is being done.
    pub business: Business,
    /// Who lives where.
    pub nodes: Nodes,
    /// The manager's machine first, then one for every service, by [`NodeId`].
    pub machines: Vec<MachineSpec>,
    /// The message broker.
    pub broker: BrokerSpec,
    /// The provider of real actions.
    pub provider: ProviderSpec,
    /// How messages travel.
    pub network: Network,
    /// How patient the machines are.
    pub policies: Policies,
    /// Which two-phase commit.
    pub two_phase: Variant,
    /// Which orchestrated saga.
    pub orchestrated_steps: StepOrder,
    /// Which choreographed saga.
    pub choreographed_steps: StepOrder,
    /// Who wants what, and when.
    pub workload: Workload,
    /// Background readers.
    pub readers: Vec<Reader>,
    /// What the operator does, by time.
    pub operator: Vec<OperatorEvent>,
    /// The scheduled faults.
    pub faults: Vec<Fault>,
    /// The faults to be drawn.
    pub seeded: Option<Seeded>,
    /// What is varied when it is measured; a run does not heed it.
    pub sweep: Vec<Axis>,
    /// The run is stopped so long after the last arrival or fault, whichever is
    /// later: what is not finished then is left over. Grows with the backlog:
    /// see [`Scenario::patience`].
    pub settle: SimDuration,
    /// What is expected; [`Expectation::Holds`] where nothing is said.
    pub expectations: BTreeMap<(ProtocolKind, PromiseId), Expectation>,
}

/// A machine: power, a process and a database.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineSpec {
    /// `manager`, or the service's name.
    pub name: String,
    /// The service process.
    pub process: ProcessSpec,
    /// The database.
    pub database: DatabaseSpec,
}

/// A service process.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessSpec {
    /// How many statements it serves at once; at least 1.
    pub workers: u32,
    /// How long a worker computes before it calls the database.
    pub service_time: Dist,
    /// How long a restarted process takes until it reads its database, beside
    /// the time that reading takes.
    pub restart: SimDuration,
}

/// What a database can do, and what it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseSpec {
    /// How it treats conflicts.
    pub engine: Engine,
    /// Who waits for a busy lock, and who is given up ([`Engine::Locking`] only).
    pub lock_policy: LockPolicy,
    /// How it can take part in two-phase commit.
    pub prepare: Preparation,
    /// How long a statement takes once it has its locks.
    pub statement: SimDuration,
    /// How long a flush of the log takes.
    pub flush: SimDuration,
    /// How long a flush waits for company.
    pub group_commit: SimDuration,
    /// How long a statement waits for a lock before it is given up
    /// ([`Engine::Locking`] only).
    pub lock_timeout: SimDuration,
    /// How long a buffered record stays in the buffer at the most.
    pub lazy_flush: SimDuration,
    /// How long a restart takes at the least.
    pub restart: SimDuration,
    /// What it takes beside that for every record of the log since the last
    /// checkpoint.
    pub replay: SimDuration,
    /// How many records lie between two checkpoints; at least 1.
    pub checkpoint_every: u32,
}

/// How a database treats conflicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Waits for locks, or not, as its `lock-policy` says. Readers take shared locks.
    Locking,
    /// Like a document store: answers a conflict at once. Readers see the last
    /// committed value and never wait.
    Document,
}

/// What becomes of whoever finds a lock busy. Every wait is bounded by the lock
/// time-out, and whoever is given up is answered a conflict.
///
/// Older and younger go by the request (the how-many-th of its client, then the
/// client), which a restart keeps (Rosenkrantz, Stearns & Lewis 1978). The operator
/// is younger than all requests, and background readers are the youngest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LockPolicy {
    /// It waits, first come first served. Whoever closes a circle of waits in this
    /// database is given up at once.
    #[default]
    Wait,
    /// It is given up at once.
    NoWait,
    /// It waits, first come first served, if it is older than all whom it would wait
    /// for; a younger one dies. No circle of waits can arise, not even across
    /// databases.
    WaitDie,
    /// It wounds the younger ones that hold the lock: they are given up, unless they
    /// are prepared or committing. A younger one waits for an older, behind all
    /// older ones, or votes no if it is asked to prepare. No circle of waits can
    /// arise, not even across databases, unless locks are taken at PREPARE.
    WoundWait,
    /// It waits, first come first served. Nobody looks for circles: the lock time-out
    /// ends them.
    TimeOut,
}

impl LockPolicy {
    /// Whether anybody ever waits.
    pub fn waits(self) -> bool {
        self != LockPolicy::NoWait
    }
}

/// How a database can take part in two-phase commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preparation {
    /// It has prepared transactions.
    Native,
    /// Through a table of intents: preparing is a local transaction of its own
    /// that writes the intents, and so is ending. Counted, and footnoted.
    Intents,
    /// Not at all; such a scenario cannot run two-phase commit there.
    Never,
}

/// The message broker.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerSpec {
    /// How long it takes to sync what it was given.
    pub flush: SimDuration,
    /// A message that was not acknowledged is delivered again after this.
    pub redeliver_after: SimDuration,
    /// How long a restart takes.
    pub restart: SimDuration,
}

/// The provider of real actions.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderSpec {
    /// How long it takes over one.
    pub service_time: Dist,
}

/// How messages travel.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Every link that is not named.
    pub default: Link,
    /// Links of their own, one way each.
    pub links: BTreeMap<(NodeId, NodeId), Link>,
    /// How large messages are.
    pub sizes: Sizes,
}

impl Network {
    /// The link from one node to another.
    pub fn link(&self, from: NodeId, to: NodeId) -> &Link {
        if self.links.is_empty() {
            return &self.default;
        }
        self.links.get(&(from, to)).unwrap_or(&self.default)
    }

    /// Whether any link has a bandwidth.
    pub fn is_bounded(&self) -> bool {
        let mut links = self.links.values().chain([&self.default]);
        links.any(|link| link.bandwidth.is_some())
    }
}

/// How large messages are, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// What each has beside its content.
    pub overhead: u32,
    /// The whole size of those of some kinds, whatever their content.
    pub of_kind: BTreeMap<String, u32>,
}

impl Sizes {
    /// What a message has beside its content where nothing is said.
    pub const OVERHEAD: u32 = 100;

    /// The size of a message of this kind, whose content takes so much.
    #[inline]
    pub fn size(&self, kind: &str, payload: impl FnOnce() -> u32) -> u32 {
        let said = match self.of_kind.is_empty() {
            true => None,
            false => self.of_kind.get(kind).copied(),
        };
        said.unwrap_or_else(|| self.overhead.saturating_add(payload()))
    }
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes {
            overhead: Sizes::OVERHEAD,
            of_kind: BTreeMap::new(),
        }
    }
}

/// One way from one node to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// How long a message travels.
    pub delay: Dist,
    /// How likely each message is lost.
    pub loss: Probability,
    /// How likely each message is duplicated; the copy draws its own delay.
    pub duplicate: Probability,
    /// How much it carries; `None`: as much as comes. It carries messages in the order
    /// in which they are sent, those too that are lost, and the delay comes after that.
    pub bandwidth: Option<Bandwidth>,
}

/// A distribution of durations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dist {
    /// Always the same.
    Fixed(SimDuration),
    /// Between two bounds, both included.
    Uniform(SimDuration, SimDuration),
    /// At least `least`, and an exponentially distributed time of this mean on
    /// top.
    Exponential {
        /// The least.
        least: SimDuration,
        /// The mean of what comes on top.
        mean: SimDuration,
    },
}

impl Dist {
    /// Draws for an identity.
    pub fn draw(self, chance: Chance, stream: Stream, who: Identity) -> SimDuration {
        match self {
            Dist::Fixed(d) => d,
            Dist::Uniform(from, to) => {
                let span = (to - from).as_micros() + 1;
                let u = chance.unit(stream, who);
                from + SimDuration::from_micros((u * span as f64) as u64)
            }
            Dist::Exponential { least, mean } => least + chance.exponential(stream, who, mean),
        }
    }

    /// The mean.
    pub fn mean(self) -> SimDuration {
        match self {
            Dist::Fixed(d) => d,
            Dist::Uniform(from, to) => (from + to) / 2,
            Dist::Exponential { least, mean } => least + mean,
        }
    }
}

/// Who wants what, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// How many requests there are in all.
    pub transactions: u32,
    /// How they arrive.
    pub arrivals: Arrivals,
    /// How a request's parameters are chosen: one a domain.
    pub choices: Vec<Choice>,
    /// A client without an answer tries again after this.
    pub timeout: SimDuration,
    /// How often it tries again before it gives up.
    pub retries: u16,
    /// How long it waits before it does; doubled with every retry.
    pub backoff: SimDuration,
    /// By which share such a wait is lengthened at the most.
    pub jitter: Probability,
    /// How many retries all clients together may make for each request; `None`: as
    /// many as they like.
    pub retry_budget: Option<Probability>,
    /// Some clients take their wish back, if they have no final answer by then.
    pub cancel: Option<Impulse>,
    /// Some clients click twice: they ask again, as in a retry, before their
    /// time-out.
    pub double_click: Option<Impulse>,
    /// Nobody asks for anything new from this time on; `None`: until there were
    /// `transactions`.
    pub until: Option<SimDuration>,
    /// Requests that are made before this time are in no figure.
    pub warm_up: SimDuration,
}

/// What some clients do, some time after they have first asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impulse {
    /// How likely each does it.
    pub share: Probability,
    /// How long after it has asked.
    pub after: Dist,
}

impl Workload {
    /// How long a client waits before its `retry`-th retry, from 1, not lengthened.
    pub fn backoff(&self, retry: u16) -> SimDuration {
        self.backoff.doubled(u32::from(retry.saturating_sub(1)))
    }

    /// How long a client waits at the most until it has its answer or gives up.
    pub fn longest_wait(&self) -> SimDuration {
        let backoffs: SimDuration = (1..=self.retries).map(|retry| self.backoff(retry)).sum();
        let jitter = match self.jitter == Probability::NEVER {
            true => SimDuration::ZERO,
            false => backoffs,
        };
        self.timeout * (u64::from(self.retries) + 1) + backoffs + jitter
    }

    /// Ends the arrivals after so many requests.
    pub fn limit(&mut self, transactions: u32) {
        self.transactions = transactions;
        if let Arrivals::Listed(wishes) = &mut self.arrivals {
            wishes.truncate(transactions as usize);
            self.transactions = wishes.len() as u32;
        }
    }
}

/// How requests arrive.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// So many clients, each of which asks again once it has its answer and has
    /// thought.
    Closed {
        /// How many clients.
        clients: u32,
        /// How long each thinks.
        think: Dist,
    },
    /// Requests come whether or not earlier ones are answered: a client each.
    Open {
        /// The mean time between two.
        every: SimDuration,
        /// Whether as a Poisson process; else like clockwork.
        poisson: bool,
        /// How the rate changes from the beginning on.
        ramp: Option<Ramp>,
        /// When it is a multiple of that.
        burst: Option<Burst>,
    },
    /// These and no others, whether or not earlier ones are answered.
    Listed(Vec<Wish>),
}

/// From the beginning on the rate of arrivals goes up or down, by equal amounts in
/// equal times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ramp {
    /// The mean time between two requests at its end, and from then on.
    pub to: SimDuration,
    /// How long it takes.
    pub over: SimDuration,
}

/// Short times in which requests come more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// From the beginning of one to that of the next; the first begins after as long.
    pub every: SimDuration,
    /// How long one lasts; less than `every`.
    pub lasts: SimDuration,
    /// How many times as often requests come meanwhile.
    pub times: u32,
}

/// A request that is made at a time of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// When.
    pub at: SimTime,
    /// Whose; draws depend on it.
    pub request: RequestId,
    /// What it is about.
    pub params: Params,
}

/// How the value of a domain is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// Each as likely as any other.
    Uniform,
    /// The n-th with a probability in proportion to 1/n^theta.
    Zipf(f64),
    /// The first `hot` with this probability together, the rest otherwise.
    HotSet {
        /// How many are hot; at least 1, and fewer than all.
        hot: u32,
        /// How likely one of them is chosen.
        share: Probability,
    },
}

/// Somebody who reads rows of one resource in local transactions, over and over
/// until the last request has arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// What it reads; the key is chosen like that of requests.
    pub resource: ResourceId,
    /// How long between two reads begin.
    pub every: SimDuration,
    /// How many rows it reads at once: the chosen one and those that follow it.
    pub rows: u32,
}

/// Something that the operator does.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatorEvent {
    /// When.
    pub at: SimTime,
    /// Which items; [`Facet::Sale`](crate::business::Facet::Sale) rows.
    pub rows: Vec<BusinessRow>,
    /// Whether they are withdrawn from sale, or put back.
    pub withdraw: bool,
}

/// What is expected of a promise under a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// On every seed.
    Holds,
    /// It may break, or not.
    MayBreak,
    /// It breaks on the scenario's pinned seed, and may on others.
    Breaks,
}

impl Scenario {
    /// The expectation for a promise.
    pub fn expects(&self, protocol: ProtocolKind, promise: PromiseId) -> Expectation {
        self.expectations
            .get(&(protocol, promise))
            .copied()
            .unwrap_or(Expectation::Holds)
    }

    /// All promises in the order in which they are shown.
    pub fn promises(&self) -> Vec<PromiseId> {
        let mut all = vec![PromiseId::AllOrNothing];
        all.extend((0..self.business.equations.len() as u8).map(PromiseId::Equation));
        all.extend(&PromiseId::BUILT_IN[1..]);
        all
    }

    /// The safeguards in force when these would be, less those that the scenario
    /// does without.
    pub fn safeguards(&self, given: Safeguards) -> Safeguards {
        given.less(&self.without)
    }

    /// What a promise is called.
    pub fn promise_name(&self, promise: PromiseId) -> &str {
        match promise {
            PromiseId::Equation(n) => &self.business.equations[n as usize].name,
            built_in => built_in.name(),
        }
    }

    /// What a node is called.
    pub fn node_name(&self, node: NodeId) -> String {
        crate::fault::node_name(&self.nodes, &self.business.services, node)
    }

    /// The fault plan of a seed: what is scheduled, then what is drawn.
    pub fn plan(&self, seed: Seed) -> FaultPlan {
        let mut faults = self.faults.clone();
        if let Some(seeded) = &self.seeded {
            let machines: Vec<NodeId> = (0..=self.nodes.broker().0).map(NodeId).collect();
            let databases = &machines[..self.machines.len()];
            faults.extend(seeded.draw(Chance::new(seed), &machines, databases));
        }
        FaultPlan { faults }
    }

    /// The business as a protocol does it: only sagas need their countermeasures.
    pub fn business_under(&self, protocol: ProtocolKind) -> Business {
        match protocol.is_saga() {
            true => self.business.clone(),
            false => self.business.clone().in_one_go(),
        }
    }

    /// Whether steps wait for each other under a protocol.
    pub fn step_order(&self, protocol: ProtocolKind) -> StepOrder {
        match protocol {
            ProtocolKind::OrchestratedSaga => self.orchestrated_steps,
            ProtocolKind::ChoreographedSaga => self.choreographed_steps,
            _ => StepOrder::Serial,
        }
    }

    /// All steps in the groups that a protocol begins together, transaction by
    /// transaction: each alone, if it does not say otherwise.
    pub fn groups(&self, protocol: ProtocolKind) -> Vec<StepGroup> {
        let order = self.step_order(protocol);
        let of_one = |business: Business| -> Vec<StepGroup> {
            order.groups(protocol, &business, &self.policies).collect()
        };
        self.business.each_alone().flat_map(of_one).collect()
    }

    /// How many transactions have a single participant, which two-phase commit asks to
    /// commit in one phase; and whether that is all of them.
    pub fn in_one_phase(&self) -> (usize, bool) {
        let alone = |business: &Business| {
            let participants = business.participants().len();
            self.two_phase.commits_in_one_phase(participants)
        };
        let count = self.business.each_alone().filter(alone).count();
        (count, count == self.business.variety())
    }

    /// Whether a protocol can run here: two-phase commit needs databases that
    /// can prepare, and somebody's own must know of several transactions, if there
    /// are. `Err` says what is missing.
    pub fn can_run(&self, protocol: ProtocolKind) -> Result<(), String> {
        if let ProtocolKind::Own(own) = protocol
            && self.business.variety() > 1
            && !own.mixes
        {
            return Err("it does one transaction, and here are several".to_owned());
        }
        if protocol.family() != Family::TwoPhase {
            return Ok(());
        }
        for service in self.business.participants() {
            let machine = &self.machines[self.nodes.service(service).0 as usize];
            if machine.database.prepare == Preparation::Never {
                return Err(format!("the database of `{}` cannot prepare", machine.name));
            }
        }
        Ok(())
    }

    /// How long the run may go on after the last arrival or the end of the last
    /// fault before it is stopped: `settle`; a tenth of it more for every hundred
    /// transactions that may have piled up; as long as a client waits; as long as
    /// a transaction may wait for locks, over all its attempts; and as long as one
    /// can be parked.
    pub fn patience(&self) -> SimDuration {
        let backlog = self.settle / 10 * u64::from(self.workload.transactions / 100);
        let clients = self.workload.longest_wait();
        let longest_wait = self.machines.iter().map(|m| m.database.lock_timeout).max();
        let policies = self.policies.steps.values().copied();
        let policies = policies.chain([self.policies.common()]);
        let retries = policies.map(|policy| policy.conflict_retries).max();
        let attempts = u64::from(retries.unwrap_or_default()) + 1;
        let locks = longest_wait.unwrap_or_default() * attempts;
        let parked = self.policies.longest_parked(self.business.most_steps());
        self.settle + backlog + clients + locks + parked
    }
}
