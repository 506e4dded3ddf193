//! A replay, and a difference of two histories, for programs. Moments are
//! microseconds of model time.

use schemars::JsonSchema;
use serde::Serialize;

use super::account::account;
use super::{Compared, Replay, Subject};
use crate::report::Judgement;
use crate::report::claims::claim;
use crate::report::diagram::Diagram;
use crate::report::document::{schema_of, written};
use crate::report::saved::{Header, Parting, Told};

/// Raised when a name changes its meaning or goes away.
const FORMAT: u32 = 1;

/// A run that was made again, and the diagram of what it is about.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    /// Raised when a name changes its meaning or goes away.
    format: u32,
    scenario: &'a str,
    file: &'a str,
    protocol: &'static str,
    seed: u64,
    transactions: u32,
    without: Vec<&'static str>,
    events: u64,
    digest: String,
    /// The digest that it should have, if somebody said which.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// Whether it is the run that was meant; absent if nobody said which.
    #[serde(skip_serializing_if = "Option::is_none")]
    same: Option<bool>,
    /// Where it parts from the saved history.
    #[serde(skip_serializing_if = "Option::is_none")]
    parted: Option<PartingEntry<'a>>,
    judgement: Judgement,
    /// The runs under the other protocols, where no promise broke under any and
    /// nobody said which protocol is meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    beside: Vec<RunEntry>,
    /// The promise whose violation is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<PromiseEntry<'a>>,
    /// The request that is shown, where no violation is.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// The other promises that broke.
    also_broken: Vec<&'a str>,
    /// What happened, in at most ten sentences.
    story: Vec<String>,
    diagram: &'a Diagram,
    /// The command that shows it again.
    again: String,
}

/// A run in which no promise broke.
#[derive(Serialize, JsonSchema)]
struct RunEntry {
    protocol: &'static str,
    events: u64,
    digest: String,
    judgement: Judgement,
}

/// A broken promise.
#[derive(Serialize, JsonSchema)]
struct PromiseEntry<'a> {
    name: &'a str,
    claim: String,
    at: u64,
    what: &'a str,
    more: u32,
}

/// Where two histories part.
#[derive(Serialize, JsonSchema)]
struct PartingEntry<'a> {
    /// The how-many-th event, from 1.
    event: u64,
    /// The last event that both have.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Seen<'a>>,
    /// What the first (or the saved) history has; `null`: it is over.
    one: Option<Seen<'a>>,
    /// What the other (or this run) has.
    other: Option<Seen<'a>>,
}

/// An event, as one of two histories has it.
#[derive(Serialize, JsonSchema)]
struct Seen<'a> {
    at: u64,
    node: &'a str,
    words: String,
    /// The whole of it.
    what: &'a serde_json::Value,
}

impl<'a> From<&'a Told> for Seen<'a> {
    fn from(told: &'a Told) -> Self {
        Seen {
            at: told.at.as_micros(),
            node: &told.node,
            words: told.words(),
            what: &told.what,
        }
    }
}

impl<'a> From<&'a Parting> for PartingEntry<'a> {
    fn from(parting: &'a Parting) -> Self {
        PartingEntry {
            event: parting.nth,
            before: parting.before.as_ref().map(Seen::from),
            one: parting.one.as_ref().map(Seen::from),
            other: parting.other.as_ref().map(Seen::from),
        }
    }
}

/// Two saved histories.
#[derive(Serialize, JsonSchema)]
struct Difference<'a> {
    /// Raised when a name changes its meaning or goes away.
    format: u32,
    /// Whether every event is the same.
    same: bool,
    /// What was asked for differently.
    asked: Vec<String>,
    /// The digests of their headers.
    digests: [&'a str; 2],
    /// Where they part, if they do.
    parted: Option<PartingEntry<'a>>,
}

/// The JSON Schema of a replay.
pub fn schema() -> schemars::Schema {
    schema_of::<Document<'static>>()
}

/// The JSON Schema of a difference.
pub fn difference_schema() -> schemars::Schema {
    schema_of::<Difference<'static>>()
}

/// A replay as a JSON document, indented, with a line break at its end.
pub fn document(of: &Replay<'_>) -> String {
    let (promise, request) = match of.subject {
        Subject::Broken(promise, violation) => (
            Some(PromiseEntry {
                name: of.scenario.promise_name(promise),
                claim: claim(of.scenario, promise),
                at: violation.at.as_micros(),
                what: &violation.what,
                more: violation.more,
            }),
            violation.request.map(|request| request.to_string()),
        ),
        Subject::Request(request) => (None, Some(request.to_string())),
        Subject::Everything | Subject::Nothing(_) => (None, None),
    };
    let (expected, parted) = match &of.compared {
        Compared::Nothing => (None, None),
        Compared::Digest(digest) => (Some(digest), None),
        Compared::Saved(digest, parting) => (Some(digest), parting.as_deref()),
    };
    let others = of.others();
    let beside = of.beside.iter().map(|trial| RunEntry {
        protocol: trial.protocol.name(),
        events: trial.events,
        digest: trial.digest.to_string(),
        judgement: of.judged(trial),
    });
    written(&Document {
        format: FORMAT,
        scenario: &of.scenario.name,
        file: &of.invocation.file,
        protocol: of.trial.protocol.name(),
        seed: of.trial.seed.0,
        transactions: of.scenario.workload.transactions,
        without: of
            .trial
            .safeguards
            .missing()
            .map(|safeguard| safeguard.name())
            .collect(),
        events: of.trial.events,
        digest: of.trial.digest.to_string(),
        expected: expected.map(ToString::to_string),
        same: of.is_same(),
        parted: parted.map(PartingEntry::from),
        judgement: of.judgement(),
        beside: beside.collect(),
        promise,
        request,
        also_broken: others
            .iter()
            .map(|promise| of.scenario.promise_name(*promise))
            .collect(),
        story: account(of),
        diagram: &of.diagram,
        again: of.again.clone(),
    })
}

/// Two saved histories as a JSON document.
pub fn difference(one: &Header, other: &Header, parting: Option<&Parting>) -> String {
    written(&Difference {
        format: FORMAT,
        same: parting.is_none(),
        asked: one.differences(other),
        digests: [&one.digest, &other.digest],
        parted: parting.map(PartingEntry::from),
    })
}
