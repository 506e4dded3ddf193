//! What a scenario file says, section by section. Nothing here is resolved or
//! checked beyond its type; a value with its place ([`At`]) is checked later, and keeps its
//! place for what may have to be said about it.

use std::ops::Range;

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::types::{Engine, Expectation, Preparation};
use super::value::{AmountFile, ChoiceFile, DistFile, FloorFile, ItemFile, OneOrMany, Rate, Time};
use crate::business::{CheckTime, StepKind};

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
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(At)
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

/// The whole file.
#[derive(Default)]
pub(super) struct File {
    pub(super) name: Option<At<String>>,
    pub(super) about: Option<String>,
    pub(super) seed: Option<u64>,
    pub(super) settle: Option<At<Time>>,
    pub(super) allow: Vec<At<String>>,
    pub(super) defaults: MachineFile,
    pub(super) machines: Vec<Named<MachineFile>>,
    pub(super) network: NetworkFile,
    pub(super) broker: BrokerFile,
    pub(super) provider: ProviderFile,
    pub(super) policies: PoliciesFile,
    pub(super) domains: Vec<Named<DomainFile>>,
    pub(super) resources: Vec<Named<ResourceFile>>,
    pub(super) steps: Vec<Entry<StepFile>>,
    pub(super) workload: WorkloadFile,
    pub(super) readers: Vec<Entry<ReaderFile>>,
    pub(super) operator: Vec<Entry<OperatorFile>>,
    pub(super) faults: Vec<Entry<FaultFile>>,
    pub(super) seeded: Option<Entry<SeededFile>>,
    pub(super) promises: Vec<Entry<PromiseFile>>,
    pub(super) expect: Vec<ExpectFile>,
}

/// A section `[expect.protocol]`: what is expected of which promise.
pub(super) struct ExpectFile {
    pub(super) protocol: At<String>,
    pub(super) says: Vec<(At<String>, Expectation)>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MachineFile {
    pub(super) database: DatabaseFile,
    pub(super) process: ProcessFile,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DatabaseFile {
    pub(super) engine: Option<At<Engine>>,
    pub(super) prepare: Option<At<Preparation>>,
    pub(super) statement: Option<Time>,
    pub(super) flush: Option<Time>,
    pub(super) group_commit: Option<Time>,
    pub(super) lock_timeout: Option<At<Time>>,
    pub(super) lazy_flush: Option<Time>,
    pub(super) restart: Option<Time>,
    pub(super) replay: Option<Time>,
    pub(super) checkpoint_every: Option<At<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProcessFile {
    pub(super) workers: Option<At<u32>>,
    pub(super) service_time: Option<DistFile>,
    pub(super) restart: Option<Time>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NetworkFile {
    pub(super) delay: Option<DistFile>,
    pub(super) loss: Option<At<Rate>>,
    pub(super) duplicate: Option<At<Rate>>,
    pub(super) links: Vec<At<LinkFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LinkFile {
    pub(super) from: At<String>,
    pub(super) to: At<String>,
    #[serde(default)]
    pub(super) ways: WaysFile,
    pub(super) delay: Option<DistFile>,
    pub(super) loss: Option<At<Rate>>,
    pub(super) duplicate: Option<At<Rate>>,
}

/// Which way a link or a partition goes.
#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WaysFile {
    #[default]
    Both,
    OneWay,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BrokerFile {
    pub(super) flush: Option<Time>,
    pub(super) redeliver_after: Option<At<Time>>,
    pub(super) restart: Option<Time>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProviderFile {
    pub(super) service_time: Option<DistFile>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PoliciesFile {
    pub(super) resend_after: Option<At<Time>>,
    pub(super) give_up_after: Option<At<Time>>,
    pub(super) inquire_after: Option<At<Time>>,
    pub(super) idle_branch_after: Option<At<Time>>,
    pub(super) conflict_retries: Option<At<u32>>,
    pub(super) conflict_backoff: Option<At<Time>>,
    pub(super) poll_every: Option<At<Time>>,
    pub(super) relay_batch: Option<At<u32>>,
    pub(super) message_life: Option<At<Time>>,
    pub(super) retention: Option<At<Time>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DomainFile {
    pub(super) size: At<u32>,
    #[serde(default)]
    pub(super) names: Vec<At<String>>,
    pub(super) choice: Option<At<ChoiceFile>>,
}

/// A resource: `kind` says which of the other keys mean something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ResourceFile {
    pub(super) kind: At<ResourceKindFile>,
    pub(super) service: At<String>,
    pub(super) key: Option<At<String>>,
    pub(super) initial: Option<At<i64>>,
    pub(super) floor: Option<At<FloorFile>>,
    pub(super) item: Option<At<String>>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ResourceKindFile {
    Counter,
    Entitlement,
    Action,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct StepFile {
    pub(super) name: At<String>,
    pub(super) service: At<String>,
    pub(super) kind: At<StepKind>,
    #[serde(rename = "do")]
    pub(super) actions: At<Vec<At<ActionFile>>>,
    pub(super) compensation: Option<At<CompensationFile>>,
    #[serde(default)]
    pub(super) check: CheckTime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CompensationFile {
    pub(super) name: At<String>,
    #[serde(rename = "do")]
    pub(super) actions: At<Vec<At<ActionFile>>>,
}

/// An action: one of the first five keys, and an amount where it has one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ActionFile {
    pub(super) take: Option<At<String>>,
    pub(super) give: Option<At<String>>,
    pub(super) grant: Option<At<String>>,
    pub(super) revoke: Option<At<String>>,
    pub(super) perform: Option<At<String>>,
    pub(super) amount: Option<At<AmountFile>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WorkloadFile {
    pub(super) transactions: Option<At<u32>>,
    pub(super) arrivals: Option<At<ArrivalsFile>>,
    pub(super) timeout: Option<At<Time>>,
    pub(super) retries: Option<At<u16>>,
}

/// Arrivals: `kind` says which of the other keys mean something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ArrivalsFile {
    pub(super) kind: At<ArrivalsKindFile>,
    pub(super) clients: Option<At<u32>>,
    pub(super) think: Option<At<DistFile>>,
    pub(super) every: Option<At<Time>>,
    pub(super) poisson: Option<At<bool>>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ArrivalsKindFile {
    Closed,
    Open,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ReaderFile {
    pub(super) name: At<String>,
    pub(super) resource: At<String>,
    pub(super) every: At<Time>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OperatorFile {
    pub(super) at: At<Time>,
    pub(super) withdraw: Option<At<String>>,
    pub(super) restore: Option<At<String>>,
    pub(super) items: At<Vec<At<ItemFile>>>,
}

/// A fault: `kind` says which of the other keys mean something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FaultFile {
    pub(super) kind: At<String>,
    pub(super) target: Option<At<String>>,
    pub(super) from: Option<At<OneOrMany>>,
    pub(super) to: Option<At<OneOrMany>>,
    pub(super) ways: Option<At<WaysFile>>,
    pub(super) message: Option<At<String>>,
    pub(super) most: Option<At<u32>>,
    pub(super) rate: Option<At<Rate>>,
    pub(super) extra: Option<At<Time>>,
    pub(super) after: Option<At<Time>>,
    pub(super) at: Option<At<Time>>,
    pub(super) on: Option<At<String>>,
    pub(super) nth: Option<At<u32>>,
    pub(super) node: Option<At<String>>,
    pub(super) point: Option<At<u64>>,
    pub(super) lasts: Option<At<Time>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SeededFile {
    pub(super) count: At<u32>,
    pub(super) kinds: Option<At<Vec<At<String>>>>,
    pub(super) from: Option<At<Time>>,
    pub(super) until: At<Time>,
    pub(super) shortest: Option<At<Time>>,
    pub(super) longest: Option<At<Time>>,
    pub(super) rate: Option<At<Rate>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PromiseFile {
    pub(super) name: At<String>,
    pub(super) per: At<String>,
    pub(super) equation: At<String>,
}
