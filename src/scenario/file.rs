//! What a scenario file says, section by section. Nothing here is resolved or
//! checked beyond its type; a value with its place ([`At`]) is checked later, and keeps its
//! place for what may have to be said about it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use toml::Spanned;

use super::schema::{self, Expectations, Section};
use super::types::{Engine, Expectation, LockPolicy, Preparation};
use super::value::{
    AmountFile, BandwidthFile, ChoiceFile, DistFile, FloorFile, ItemFile, OneOrMany, Rate,
    SizesFile, Time,
};
use crate::business::{CheckTime, No, StepKind};
use crate::protocol::StepOrder;
use crate::protocol::two_phase_commit::{LockTime, PrepareOrder, Presumption};

/// A value and its place.
#[derive(Clone)]
pub(super) struct At<T>(Spanned<T>);

impl<T> At<T> {
    pub(super) fn new(span: Range<usize>, value: T) -> Self {
        At(Spanned::new(span, value))
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.0.span()
    }

    pub(super) fn get_ref(&self) -> &T {
        self.0.get_ref()
    }

    pub(super) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl File {
    /// Where the steps of each transaction stand in `steps`, which has all of them.
    pub(super) fn parts(&self) -> Vec<Range<usize>> {
        if self.transactions.is_empty() {
            return iter::once(0..self.steps.len()).collect();
        }
        let mut end = 0;
        let of = |entry: &Entry<TransactionFile>| entry.says.as_ref().map_or(0, |says| says.count);
        let parts = self.transactions.iter().map(|entry| {
            let start = end;
            end += of(entry);
            start..end
        });
        parts.collect()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(At)
    }
}

/// A place is nothing that the file says.
impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A section `[kind.name]`: its name and what it says, `None` if that could not
/// be read.
pub(super) struct Named<T> {
    pub(super) name: At<String>,
    pub(super) says: Option<T>,
}

/// An entry of a `[[list]]`, and its place; what it says is `None` if that could
/// not be read.
pub(super) struct Entry<T> {
    pub(super) says: Option<T>,
    pub(super) span: Range<usize>,
}

/// A scenario: which services there are, which transaction they do together, who
/// asks for it, what goes wrong, and what must be true.
#[derive(Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct File {
    /// What the scenario is called. Default: the file's name without its ending.
    #[schemars(example = &"points-mall")]
    pub(super) name: Option<At<String>>,
    /// What it shows, in a sentence or more. Default: empty.
    #[schemars(example = &"Points buy a character.")]
    pub(super) about: Option<String>,
    /// The seed that it is pinned to, a whole number. Default: 1.
    pub(super) seed: Option<u64>,
    /// A run that is not at rest is stopped so long after the last arrival or
    /// fault; more with a large backlog. A duration. Default: `"10s"`.
    pub(super) settle: Option<At<Time>>,
    /// Only so many of the steps, at least 1, from the first: how long the transaction
    /// is, as a number that can be swept. Default: all.
    #[schemars(range(min = 1))]
    pub(super) first_steps: Option<At<u8>>,
    /// Rules of the craft that the scenario breaks on purpose, to show why they are
    /// there. Default: none.
    #[schemars(schema_with = "schema::rules")]
    pub(super) allow: Vec<At<String>>,
    /// Safeguards that the scenario does without, as with `--without`. Default: none.
    #[schemars(schema_with = "schema::safeguards")]
    pub(super) without: Vec<At<String>>,
    /// What holds for all machines where they say nothing themselves.
    #[schemars(with = "Section<MachineFile>")]
    pub(super) defaults: MachineFile,
    /// One machine a service, and one called `manager` (coordinator or
    /// orchestrator). A service that steps or resources name needs no section of
    /// its own.
    #[schemars(with = "Section<BTreeMap<String, Section<MachineFile>>>")]
    pub(super) machines: Vec<Named<MachineFile>>,
    /// How messages travel.
    #[schemars(with = "Section<NetworkFile>")]
    pub(super) network: NetworkFile,
    /// The message broker.
    #[schemars(with = "Section<BrokerFile>")]
    pub(super) broker: BrokerFile,
    /// Who does real actions, like sending a mail.
    #[schemars(with = "Section<ProviderFile>")]
    pub(super) provider: ProviderFile,
    /// How patient the machines are, and how long they remember.
    #[schemars(with = "Section<PoliciesFile>")]
    pub(super) policies: PoliciesFile,
    /// Which two-phase commit: the choices that the protocol `2pc` leaves open.
    #[schemars(rename = "two-phase-commit", with = "Section<TwoPhaseFile>")]
    pub(super) two_phase: TwoPhaseFile,
    /// Which orchestrated saga: the choice that the protocol `orchestrated` leaves
    /// open.
    #[schemars(rename = "orchestrated-saga", with = "Section<OrchestratedFile>")]
    pub(super) orchestrated: OrchestratedFile,
    /// Which choreographed saga: the choice that the protocol `choreographed` leaves
    /// open.
    #[schemars(rename = "choreographed-saga", with = "Section<ChoreographedFile>")]
    pub(super) choreographed: ChoreographedFile,
    /// What requests are about: at most four numbered sets, in which keys are
    /// written, like `{player}/{character}`.
    #[schemars(with = "Section<BTreeMap<String, Section<DomainFile>>>")]
    pub(super) domains: Vec<Named<DomainFile>>,
    /// What the services' databases hold.
    #[schemars(with = "Section<BTreeMap<String, Section<ResourceFile>>>")]
    pub(super) resources: Vec<Named<ResourceFile>>,
    /// The transaction: compensable steps, then at most one pivot, then retriable
    /// ones.
    #[schemars(with = "Vec<StepFile>")]
    pub(super) steps: Vec<Entry<StepFile>>,
    /// Several transactions in the place of `steps`, at most 16: each request is for one
    /// of them. They share services, resources and promises.
    #[schemars(with = "Vec<TransactionFile>")]
    pub(super) transactions: Vec<Entry<TransactionFile>>,
    /// Who asks for transactions, and how often.
    #[schemars(with = "Section<WorkloadFile>")]
    pub(super) workload: WorkloadFile,
    /// Requests one by one, in the place of `workload.transactions` and
    /// `workload.arrivals`.
    #[schemars(with = "Vec<RequestFile>")]
    pub(super) requests: Vec<Entry<RequestFile>>,
    /// Who reads what, over and over.
    #[schemars(with = "Vec<ReaderFile>")]
    pub(super) readers: Vec<Entry<ReaderFile>>,
    /// What the operator withdraws from sale or puts back, and when.
    #[schemars(with = "Vec<OperatorFile>")]
    pub(super) operator: Vec<Entry<OperatorFile>>,
    /// What goes wrong, by plan. All faults end.
    #[schemars(with = "Vec<FaultFile>")]
    pub(super) faults: Vec<Entry<FaultFile>>,
    /// Faults drawn from the seed, the same for every protocol.
    #[schemars(rename = "seeded-faults", with = "Section<SeededFile>")]
    pub(super) seeded: Option<Entry<SeededFile>>,
    /// Promises in the scenario's own words, beside those that every scenario has.
    #[schemars(with = "Vec<PromiseFile>")]
    pub(super) promises: Vec<Entry<PromiseFile>>,
    /// What `measure` varies: a path of the language and its values, a list or a
    /// range. Default: nothing.
    #[schemars(with = "Section<schema::Sweeps>")]
    pub(super) sweep: Vec<AxisFile>,
    /// What is expected of each promise under a protocol, by the promise's name.
    /// Default: that it holds.
    #[schemars(with = "Section<Expectations>")]
    pub(super) expect: Vec<ExpectFile>,
}

/// A line of `[sweep]`: a path, and the values that it takes, each as it stands in
/// the file and with its place.
pub(super) struct AxisFile {
    pub(super) path: At<String>,
    pub(super) values: Vec<At<String>>,
}

/// A section `[expect.protocol]`: what is expected of which promise.
pub(super) struct ExpectFile {
    pub(super) protocol: At<String>,
    pub(super) says: Vec<(At<String>, Expectation)>,
}

/// A machine: a process and a database.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MachineFile {
    /// Its database: what it can do, and what it costs.
    pub(super) database: DatabaseFile,
    /// Its process.
    pub(super) process: ProcessFile,
}

/// A database.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DatabaseFile {
    /// How it treats conflicts. Default: `"locking"`.
    pub(super) engine: Option<At<Engine>>,
    /// What becomes of whoever finds a lock busy (locking engine only). Default:
    /// `"wait"`.
    pub(super) lock_policy: Option<At<LockPolicy>>,
    /// How it joins two-phase commit. Default: `"native"`, for a document engine
    /// `"never"`.
    pub(super) prepare: Option<At<Preparation>>,
    /// How long a statement takes once it has its locks. A duration. Default:
    /// `"100us"`.
    pub(super) statement: Option<Time>,
    /// How long a flush of the log takes. A duration. Default: `"1ms"`.
    pub(super) flush: Option<Time>,
    /// How long a flush waits for company. A duration. Default: `"0"`.
    pub(super) group_commit: Option<Time>,
    /// How long a statement waits for a lock (locking engine only). A duration.
    /// Default: `"50ms"`.
    pub(super) lock_timeout: Option<At<Time>>,
    /// How long an unforced record stays in the buffer at the most. A duration.
    /// Default: `"10ms"`.
    pub(super) lazy_flush: Option<Time>,
    /// How long a restart takes at the least. A duration. Default: `"20ms"`.
    pub(super) restart: Option<Time>,
    /// What a restart takes beside that, for every record since the last
    /// checkpoint. A duration. Default: `"2us"`.
    pub(super) replay: Option<Time>,
    /// How many records lie between two checkpoints, at least 1. Default: 1000.
    #[schemars(range(min = 1))]
    pub(super) checkpoint_every: Option<At<u32>>,
}

/// A process.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProcessFile {
    /// How many statements it serves at once, 1 to 10000. Default: 8.
    #[schemars(range(min = 1, max = 10_000))]
    pub(super) workers: Option<At<u32>>,
    /// How long a worker computes before it calls the database. A spread. Default:
    /// `"100us"`.
    pub(super) service_time: Option<DistFile>,
    /// How long a restart takes until it reads its database. A duration. Default:
    /// `"20ms"`.
    pub(super) restart: Option<Time>,
}

/// How messages travel.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NetworkFile {
    /// How long a message travels, one way. A spread. Default: `"250us"`.
    pub(super) delay: Option<DistFile>,
    /// How likely a message is lost, 0 to 1. Default: 0.
    pub(super) loss: Option<At<Rate>>,
    /// How likely a message arrives twice, 0 to 1. Default: 0.
    pub(super) duplicate: Option<At<Rate>>,
    /// How much a link carries, one way. It carries one message after another, each for
    /// as long as its size takes; the delay comes on top. A message that is lost has
    /// been carried all the same, and a copy that the network makes is not carried
    /// again. All clients together are one node. Default: `"none"`.
    #[schemars(example = &"10Mbit/s")]
    pub(super) bandwidth: Option<BandwidthFile>,
    /// What a message has beside its content, in bytes, 0 to 1000000: the frame, the
    /// headers of the network and of the call. The default is that of a small call
    /// over TCP: 78 bytes of Ethernet, IP and TCP, and a few of its own. Default: 100.
    #[schemars(range(max = 1_000_000))]
    pub(super) overhead: Option<At<u32>>,
    /// The sizes of some messages, by name, in place of what their content takes and
    /// the overhead. Default: none.
    pub(super) sizes: SizesFile,
    /// Links that differ from the others.
    pub(super) links: Vec<At<LinkFile>>,
}

/// A link that differs from the others.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LinkFile {
    /// The node at one end: `manager`, a service, `broker`, `provider` or
    /// `clients`. It must be there.
    #[schemars(example = &"manager")]
    pub(super) from: At<String>,
    /// The node at the other end. It must be there.
    #[schemars(example = &"points")]
    pub(super) to: At<String>,
    /// Whether the link is such both ways or from `from` to `to` alone. Default:
    /// `"both"`.
    #[serde(default)]
    pub(super) ways: WaysFile,
    /// How long a message travels, one way. A spread. Default: the network's.
    pub(super) delay: Option<DistFile>,
    /// How likely a message is lost, 0 to 1. Default: the network's.
    pub(super) loss: Option<At<Rate>>,
    /// How likely a message arrives twice, 0 to 1. Default: the network's.
    pub(super) duplicate: Option<At<Rate>>,
    /// How much the link carries, one way; `"none"` if it has no bound. Default: the
    /// network's.
    pub(super) bandwidth: Option<BandwidthFile>,
}

/// Which way a link or a partition goes.
#[derive(Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WaysFile {
    /// Both ways.
    #[default]
    Both,
    /// From `from` to `to` alone.
    OneWay,
}

/// The message broker.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BrokerFile {
    /// How long it takes to sync what it was given. A duration. Default: `"1ms"`.
    pub(super) flush: Option<Time>,
    /// What is not acknowledged after so long is delivered again. A duration.
    /// Default: `"50ms"`.
    pub(super) redeliver_after: Option<At<Time>>,
    /// How long a restart takes. A duration. Default: `"20ms"`.
    pub(super) restart: Option<Time>,
}

/// The provider of real actions.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProviderFile {
    /// How long the provider takes over one real action. A spread. Default:
    /// `"1ms"`.
    pub(super) service_time: Option<DistFile>,
}

/// How patient the machines are, and how long they remember.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PoliciesFile {
    /// A message without an answer is sent again after so long. A duration.
    /// Default: `"20ms"`.
    pub(super) resend_after: Option<At<Time>>,
    /// The manager gives up on a silent step or vote after so long, before the
    /// decision or the pivot. A duration. Default: `"200ms"`.
    pub(super) give_up_after: Option<At<Time>>,
    /// A participant in doubt asks after so long, and asks again. A duration.
    /// Default: `"30ms"`.
    pub(super) inquire_after: Option<At<Time>>,
    /// A branch that was not asked to vote for so long ends by itself. A duration.
    /// Default: `"300ms"`.
    pub(super) idle_branch_after: Option<At<Time>>,
    /// How often a conflict is retried, at most 1000. Default: 8.
    #[schemars(range(max = 1_000))]
    pub(super) conflict_retries: Option<At<u32>>,
    /// The wait before the first retry of a conflict; it doubles up to eight times.
    /// A duration. Default: `"1ms"`.
    pub(super) conflict_backoff: Option<At<Time>>,
    /// After so many tries in vain, 1 to 1000, a saga parks a step or a compensation:
    /// it is not asked for any more until somebody looks. Default: never.
    #[schemars(range(min = 1, max = 1_000))]
    pub(super) park_after: Option<At<u32>>,
    /// An operator looks after so long, and puts back what is parked. A duration.
    /// Default: nobody ever does.
    pub(super) parked_for: Option<At<Time>>,
    /// By how much such a wait is lengthened at the most, as a share of it, 0 to 1.
    /// Default: 0.
    pub(super) jitter: Option<At<Rate>>,
    /// The first service of a choreographed saga cancels one that is not over after
    /// so long. A duration. Default: none.
    pub(super) watchdog: Option<At<Time>>,
    /// How often a relay looks into its outbox. A duration. Default: `"5ms"`.
    pub(super) poll_every: Option<At<Time>>,
    /// How many letters a relay takes at once, 1 to 10000. Default: 32.
    #[schemars(range(min = 1, max = 10_000))]
    pub(super) relay_batch: Option<At<u32>>,
    /// The longest that a message can be under way. A duration. Default: `"5s"`, or
    /// more if delays and faults need it.
    pub(super) message_life: Option<At<Time>>,
    /// How long inbox rows, tombstones and outcomes are kept: longer than a message
    /// lives and a client retries. A duration. Default: as long as it must be.
    pub(super) retention: Option<At<Time>>,
}

/// The choices that two-phase commit leaves open.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TwoPhaseFile {
    /// What is presumed of a transaction that the coordinator knows nothing of.
    /// Default: `"abort"`.
    pub(super) presumption: Presumption,
    /// Whether a participant whose branch has only read leaves at PREPARE, with no
    /// record and no second phase. Default: false.
    pub(super) read_only_votes: bool,
    /// In which order participants are asked to prepare. Default: `"parallel"`.
    pub(super) prepare: PrepareOrder,
    /// Whether participants do their work, and take its locks, when they are given it,
    /// or when they are asked to prepare. Default: `"early"`.
    pub(super) locks: LockTime,
    /// Whether a participant in doubt whom the coordinator does not answer asks the
    /// other participants. Default: false.
    pub(super) cooperative_termination: bool,
    /// Whether a single participant is asked to commit in one phase, and decides
    /// itself. Default: false.
    pub(super) one_phase: bool,
}

/// The choices that an orchestrated saga leaves open.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OrchestratedFile {
    /// Whether a step is commanded when the one before it is done, or together with
    /// those whose order does not matter. Default: `"serial"`.
    pub(super) steps: StepOrder,
}

/// The choices that a choreographed saga leaves open.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ChoreographedFile {
    /// Whether a step is done when the one before it is, or at the same time as those
    /// whose order does not matter: whoever comes next waits until all of them are.
    /// Default: `"serial"`.
    pub(super) steps: StepOrder,
}

/// A numbered set of values.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DomainFile {
    /// How many values it has, 1 to 10 million. It must be there.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub(super) size: At<u32>,
    /// Names of the first few values; the others are called like `player-17`.
    /// Default: none.
    #[serde(default)]
    #[schemars(example = ["ash", "misty"])]
    pub(super) names: Vec<At<String>>,
    /// How requests choose a value. Default: `"uniform"`.
    pub(super) choice: Option<At<ChoiceFile>>,
}

/// A resource: `kind` says which of the other keys mean something.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ResourceFile {
    /// What it is; the other keys depend on it. It must be there.
    pub(super) kind: At<ResourceKindFile>,
    /// The service whose database holds it. It must be there.
    #[schemars(example = &"points")]
    pub(super) service: At<String>,
    /// What a row is about: domains in braces, with slashes between, like
    /// `"{player}/{character}"`. Default: one row.
    #[schemars(example = &"{player}/{character}")]
    pub(super) key: Option<At<String>>,
    /// Of a counter: what every row begins with. It must be there.
    #[schemars(example = 1000)]
    pub(super) initial: Option<At<i64>>,
    /// Of a counter: what no row may fall under, or `"none"`. Default: 0.
    pub(super) floor: Option<At<FloorFile>>,
    /// Of an entitlement: the part of the key that can be withdrawn from sale.
    /// Default: the key.
    #[schemars(example = &"{character}")]
    pub(super) item: Option<At<String>>,
}

/// What a resource is.
#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ResourceKindFile {
    /// A number a key, which steps take from and give to.
    Counter,
    /// Something that a key has, or has not.
    Entitlement,
    /// Done in the real world; it cannot be undone.
    Action,
}

/// One of several transactions.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TransactionFile {
    /// What the transaction is called. It must be there.
    #[schemars(example = &"refund")]
    pub(super) name: At<String>,
    /// How many of the requests are for it, in proportion to the weights of the others:
    /// 1 to a million. Default: 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) weight: Option<At<u32>>,
    /// Its steps: compensable ones, then at most one pivot, then retriable ones. No
    /// two steps of a scenario have the same name. It must be there.
    #[schemars(with = "Vec<StepFile>")]
    pub(super) steps: Vec<At<StepFile>>,
    /// How many of the file's steps are its own, once they are all in one list.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) count: usize,
}

/// A step: one local transaction of one service.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct StepFile {
    /// What the step is called. It must be there.
    #[schemars(example = &"take-points")]
    pub(super) name: At<String>,
    /// The service that does it, in one local transaction. It must be there.
    #[schemars(example = &"points")]
    pub(super) service: At<String>,
    /// What may become of it. It must be there.
    pub(super) kind: At<StepKind>,
    /// What it does, in order. It must be there.
    #[serde(rename = "do")]
    #[schemars(example = json!([{ "take": "points", "amount": 50 }]))]
    pub(super) actions: At<Vec<At<ActionFile>>>,
    /// What undoes it: for compensable steps, which need it. It must not be able to
    /// fail.
    #[schemars(example = json!({ "name": "refund", "do": [{ "give": "points", "amount": 50 }] }))]
    pub(super) compensation: Option<At<CompensationFile>>,
    /// When its conditions are judged under two-phase commit. Default:
    /// `"statement"`.
    #[serde(default)]
    pub(super) check: CheckTime,
    /// What its no looks like to whoever asked. Default: `"answer"`.
    pub(super) no: Option<At<No>>,
    /// Of a compensable step: whether a saga marks the rows that it changes until
    /// it ends, so that other sagas wait and readers turn away. Default: false.
    pub(super) semantic_lock: Option<At<bool>>,
    /// Of a compensable step that takes: whether a saga only reserves that, and takes
    /// it at the end, so that nobody sees what may be taken back. Default: false.
    pub(super) reserve_then_confirm: Option<At<bool>>,
    /// A command of this step without an answer is sent again after so long. A
    /// duration. Default: that of `policies`.
    pub(super) resend_after: Option<At<Time>>,
    /// The manager gives up on this step after so long. A duration. Default: that
    /// of `policies`.
    pub(super) give_up_after: Option<At<Time>>,
    /// How often a conflict of this step is retried, at most 1000. Default: that of
    /// `policies`.
    #[schemars(range(max = 1_000))]
    pub(super) conflict_retries: Option<At<u32>>,
    /// The wait before the first retry of a conflict of this step. A duration.
    /// Default: that of `policies`.
    pub(super) conflict_backoff: Option<At<Time>>,
    /// After so many tries in vain, 1 to 1000, a saga parks this step or its
    /// compensation: it is not asked for any more until somebody looks. Default: that
    /// of `policies`.
    #[schemars(range(min = 1, max = 1_000))]
    pub(super) park_after: Option<At<u32>>,
    /// An operator looks after so long, and puts back what is parked. A duration.
    /// Default: that of `policies`.
    pub(super) parked_for: Option<At<Time>>,
}

/// What undoes a step.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CompensationFile {
    /// What the compensation is called. It must be there.
    #[schemars(example = &"refund")]
    pub(super) name: At<String>,
    /// What it does, in order. It must be there.
    #[serde(rename = "do")]
    #[schemars(example = json!([{ "give": "points", "amount": 50 }]))]
    pub(super) actions: At<Vec<At<ActionFile>>>,
}

/// An action: one of the first six keys, and an amount where it has one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ActionFile {
    /// The counter from which an `amount` is taken.
    #[schemars(example = &"points")]
    pub(super) take: Option<At<String>>,
    /// The counter to which an `amount` is given.
    #[schemars(example = &"points")]
    pub(super) give: Option<At<String>>,
    /// The entitlement that is granted.
    #[schemars(example = &"characters")]
    pub(super) grant: Option<At<String>>,
    /// The entitlement that is revoked.
    #[schemars(example = &"characters")]
    pub(super) revoke: Option<At<String>>,
    /// The real action that is performed. It cannot be undone.
    #[schemars(example = &"mail")]
    pub(super) perform: Option<At<String>>,
    /// The counter that is looked at; a compensable step that only looks needs no
    /// compensation.
    #[schemars(example = &"points")]
    pub(super) look: Option<At<String>>,
    /// How much is taken or given: 1 to 1000 million, or `"{quantity}"` for the
    /// value of that domain, counted from 1.
    pub(super) amount: Option<At<AmountFile>>,
    /// The how-many-th of the rows that the request draws from the counter, each as
    /// likely and no two the same, in the place of the one that the counter's key names:
    /// from 1 to 255. Default: the one that the key names.
    #[schemars(range(min = 1))]
    pub(super) drawn: Option<At<u8>>,
    /// The earlier step that looked: the taking or giving starts from the number
    /// that it saw, and what others did meanwhile is lost. Default: none.
    #[schemars(example = &"quote")]
    pub(super) as_seen_in: Option<At<String>>,
    /// With `as-seen-in`: whether the step is refused if the row has changed
    /// meanwhile. Default: false.
    pub(super) reread: Option<At<bool>>,
}

/// Who asks for transactions, and how often.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WorkloadFile {
    /// How many requests there are in all, 1 to 10 million. Default: 100.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub(super) transactions: Option<At<u32>>,
    /// How requests arrive. Default: 8 clients that each think for 5 ms.
    #[schemars(example = json!({ "kind": "open", "every": "4ms" }))]
    pub(super) arrivals: Option<At<ArrivalsFile>>,
    /// A client without an answer tries again after so long. A duration. Default:
    /// `"250ms"`.
    pub(super) timeout: Option<At<Time>>,
    /// How often a client tries again, at most 100. Default: 3.
    #[schemars(range(max = 100))]
    pub(super) retries: Option<At<u16>>,
    /// How long a client waits after a time-out before its first retry; twice as long
    /// before each that follows, up to 256 times. An answer that comes meanwhile is
    /// still taken. A duration. Default: `"0"`.
    pub(super) backoff: Option<Time>,
    /// By how much such a wait is lengthened at the most, as a share of it, 0 to 1:
    /// drawn for each. Default: 0.
    pub(super) jitter: Option<Rate>,
    /// How many retries all clients together may make for each request, 0 to 1, beside
    /// ten that they begin with. A client that finds no retry left gives up. Default:
    /// no limit.
    #[schemars(example = &0.1)]
    pub(super) retry_budget: Option<At<Rate>>,
    /// Clients that take their wish back some time after asking. Default: nobody
    /// does.
    #[schemars(example = json!({ "share": 0.2, "after": "20ms" }))]
    pub(super) cancel: Option<At<ImpulseFile>>,
    /// Clients that ask again some time after asking, without waiting for the time-
    /// out. Default: nobody does.
    #[schemars(example = json!({ "share": 0.2, "after": "5ms" }))]
    pub(super) double_click: Option<At<ImpulseFile>>,
    /// Clients stop asking for something new after so long, if there were not
    /// `transactions` requests by then: what is compared then lasts equally long. A
    /// duration. Default: they do not stop.
    pub(super) until: Option<At<Time>>,
    /// Requests that are made earlier are left out of the figures, but not of the
    /// promises. A duration. Default: `"0"`.
    pub(super) warm_up: Option<Time>,
}

/// What some clients do, some time after they have asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ImpulseFile {
    /// How many of the clients do it, as a share, 0 to 1. It must be there.
    pub(super) share: Rate,
    /// How long after asking. A spread. It must be there.
    pub(super) after: At<DistFile>,
}

/// Arrivals: `kind` says which of the other keys mean something.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ArrivalsFile {
    /// Whether clients wait for their answer (`"closed"`) or requests come anyhow
    /// (`"open"`). It must be there.
    pub(super) kind: At<ArrivalsKindFile>,
    /// Closed: how many clients, 1 to a million. Default: 8.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) clients: Option<At<u32>>,
    /// Closed: how long each thinks before it asks again. A spread. Default:
    /// `"5ms"`.
    pub(super) think: Option<At<DistFile>>,
    /// Open: the mean time between two requests. A duration. It must be there.
    pub(super) every: Option<At<Time>>,
    /// Open: whether as a Poisson process; else like clockwork. Default: true.
    pub(super) poisson: Option<At<bool>>,
    /// Open: how the rate goes up or down from that of `every` to another. Default: it
    /// stays as it is.
    #[schemars(example = json!({ "to": "500us", "over": "1s" }))]
    pub(super) ramp: Option<At<RampFile>>,
    /// Open: short times in which requests come more often. Default: there are none.
    #[schemars(example = json!({ "every": "200ms", "lasts": "20ms", "times": 10 }))]
    pub(super) burst: Option<At<BurstFile>>,
}

/// A ramp: in equal times the rate changes by equal amounts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RampFile {
    /// The mean time between two requests at its end, and from then on. A duration. It
    /// must be there.
    pub(super) to: At<Time>,
    /// How long it takes, from the run's beginning. A duration. It must be there.
    pub(super) over: At<Time>,
}

/// Bursts, again and again; on a ramp they multiply its rate.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BurstFile {
    /// How long from the beginning of one to that of the next; the first begins after
    /// as long. A duration. It must be there.
    pub(super) every: At<Time>,
    /// How long one lasts, less than `every`. A duration. It must be there.
    pub(super) lasts: At<Time>,
    /// How many times as often requests come meanwhile, 2 to 1000. Default: 10.
    #[schemars(range(min = 2, max = 1000))]
    pub(super) times: Option<At<u32>>,
}

/// How requests arrive.
#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ArrivalsKindFile {
    /// Each client asks again once it has its answer and has thought.
    Closed,
    /// Requests come whether or not earlier ones are answered.
    Open,
}

/// A request: who wants what, and when.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RequestFile {
    /// When it is made, since the run began. A duration. It must be there.
    pub(super) at: At<Time>,
    /// What it is about: a value for every domain, like `"alice/pikachu"` or `{
    /// player = "alice", character = 7 }`, counted from 0. It must be there, if
    /// there are domains.
    #[schemars(example = &"ash/pikachu")]
    pub(super) about: Option<At<ItemFile>>,
    /// Which of the `transactions` it is for, by its name. It must be there, if there
    /// are several.
    #[schemars(example = &"refund")]
    pub(super) transaction: Option<At<String>>,
    /// Which client's how-many-th wish it is, both counted from 0, like `"c3.17"`:
    /// what is drawn for it, like how long its messages travel, depends on that.
    /// Default: the first wish of a client of its own.
    #[schemars(example = &"c3.17")]
    pub(super) id: Option<At<String>>,
}

/// Somebody who reads, over and over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ReaderFile {
    /// What the reader is called. It must be there.
    #[schemars(example = &"balance")]
    pub(super) name: At<String>,
    /// What it reads: a counter or an entitlement. Keys are chosen like those of
    /// requests. It must be there.
    #[schemars(example = &"points")]
    pub(super) resource: At<String>,
    /// How long between two reads begin. A duration. It must be there.
    pub(super) every: At<Time>,
    /// How many rows it reads in one local transaction, 1 to 10000 and at most all:
    /// the one whose key is chosen and those that follow it, around the table. It
    /// locks all of them, then takes the time of a statement for each: an auditor, if
    /// they are many. Default: 1.
    #[schemars(range(min = 1, max = 10000))]
    pub(super) rows: Option<At<u32>>,
}

/// Something that the operator does.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OperatorFile {
    /// When the operator does it, since the run began. A duration. It must be
    /// there.
    pub(super) at: At<Time>,
    /// The entitlement whose items are withdrawn from sale. This or `restore` must
    /// be there.
    #[schemars(example = &"characters")]
    pub(super) withdraw: Option<At<String>>,
    /// The entitlement whose items are put back on sale. This or `withdraw` must be
    /// there.
    #[schemars(example = &"characters")]
    pub(super) restore: Option<At<String>>,
    /// Which items: names, like `"pikachu"` or `"character-7"`, or `{ character = 7
    /// }`, counted from 0. It must be there.
    #[schemars(example = ["pikachu"])]
    pub(super) items: At<Vec<At<ItemFile>>>,
}

/// A fault: `kind` says which of the other keys mean something.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FaultFile {
    /// What goes wrong; the other keys depend on it. It must be there.
    #[schemars(schema_with = "schema::fault_kind")]
    pub(super) kind: At<String>,
    /// Crashes, pauses, power losses: whom it meets. It must be there.
    #[schemars(example = &"points")]
    pub(super) target: Option<At<String>>,
    /// Partitions: the nodes on one side. Faults of messages: the node that sends
    /// them. Default: any.
    pub(super) from: Option<At<OneOrMany>>,
    /// Partitions: the nodes on the other side. Faults of messages: the node to
    /// which they go. Default: any.
    pub(super) to: Option<At<OneOrMany>>,
    /// Partitions: whether they cut both ways or from `from` to `to` alone.
    /// Default: `"both"`.
    pub(super) ways: Option<At<WaysFile>>,
    /// Faults of messages: which, like `"prepare"`. Default: all.
    #[schemars(default, schema_with = "schema::message")]
    pub(super) message: Option<At<String>>,
    /// Faults of messages: how many at the most, at least 1. Default: no limit.
    #[schemars(range(min = 1))]
    pub(super) most: Option<At<u32>>,
    /// Loss, duplicate: how likely each message is met, 0 to 1. Default: 1.
    pub(super) rate: Option<At<Rate>>,
    /// Latency spikes: by how much messages come later. A duration. It must be
    /// there.
    pub(super) extra: Option<At<Time>>,
    /// Duplicate: by how much the copy comes later. A duration. Default: `"1ms"`.
    pub(super) after: Option<At<Time>>,
    /// When it begins, since the run began. A duration. This, `on` or `point` must
    /// be there.
    pub(super) at: Option<At<Time>>,
    /// The moment of a protocol at which it begins, like `"coordinator.all-votes"`.
    #[schemars(default, schema_with = "schema::milestone")]
    pub(super) on: Option<At<String>>,
    /// With `on`: the how-many-th time, counted from 1. Default: 1.
    #[schemars(range(min = 1))]
    pub(super) nth: Option<At<u32>>,
    /// With `on`: where the moment is reached. Default: anywhere.
    #[schemars(example = &"points")]
    pub(super) node: Option<At<String>>,
    /// The numbered point of the run at which it begins.
    #[schemars(example = 1234)]
    pub(super) point: Option<At<u64>>,
    /// How long it lasts. A duration. It must be there: all faults end.
    pub(super) lasts: Option<At<Time>>,
}

/// Faults drawn from the seed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SeededFile {
    /// How many faults are drawn, at most 10000. It must be there.
    #[schemars(range(max = 10_000))]
    pub(super) count: At<u32>,
    /// Of which kinds. Default: all.
    #[schemars(default, schema_with = "schema::seeded_kinds")]
    pub(super) kinds: Option<At<Vec<At<String>>>>,
    /// The earliest beginning, since the run began. A duration. Default: `"0"`.
    pub(super) from: Option<At<Time>>,
    /// The latest beginning, since the run began. A duration. It must be there.
    pub(super) until: At<Time>,
    /// How long a fault lasts at the least. A duration. Default: `"20ms"`.
    pub(super) shortest: Option<At<Time>>,
    /// How long a fault lasts at the most. A duration. Default: `"200ms"`.
    pub(super) longest: Option<At<Time>>,
    /// How likely each message is met while a loss or duplication lasts, 0 to 1.
    /// Default: 0.3.
    pub(super) rate: Option<At<Rate>>,
}

/// A promise in own words.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PromiseFile {
    /// The promise in words. It must be there.
    #[schemars(example = &"nobody pays for nothing")]
    pub(super) name: At<String>,
    /// The domain for each of whose values it is judged alone. It must be there.
    #[schemars(example = &"player")]
    pub(super) per: At<String>,
    /// Two sums with an `=` between, of `taken(..)`, `given(..)`, `given_back(..)`,
    /// `in_flight(..)` of counters and `granted(..)` of entitlements, perhaps with
    /// factors. It must be there.
    #[schemars(example = &"taken(points) = 50 * granted(characters)")]
    pub(super) equation: At<String>,
}
