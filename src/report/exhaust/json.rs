//! An enumeration for programs: stable names, no time stamps. Durations are
//! microseconds of model time.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Exhaustion, findings};
use crate::lab::exhaust::{Count, Depth, Finding, Pruned, Side, Surprise};
use crate::report::Judgement;
use crate::report::document::{UnableEntry, schema_of, written};
use crate::vocab::{NodeId, SimDuration};

/// Raised when a name changes its meaning or goes away.
const FORMAT: u32 = 1;

/// Every fault at every point of a scenario's runs. Durations are microseconds of
/// model time.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    /// Raised when a name changes its meaning or goes away.
    format: u32,
    durations: &'static str,
    scenario: &'a str,
    file: &'a str,
    seeds: Vec<u64>,
    transactions: u32,
    without: Vec<&'static str>,
    /// How many faults at a time, at the most.
    faults: u32,
    judgement: Judgement,
    /// Whether somebody stopped it before its end: all that it says is then said
    /// only of what was tried.
    stopped: bool,
    protocols: Vec<SideEntry<'a>>,
    unable: Vec<UnableEntry<'a>>,
}

/// What came of one protocol.
#[derive(Serialize, JsonSchema)]
struct SideEntry<'a> {
    protocol: &'static str,
    /// The distinct time-outs; faults last just under each and over the longest.
    #[schemars(with = "Vec<u64>")]
    time_outs: &'a [SimDuration],
    points: u64,
    single_faults: Vec<CountEntry>,
    pairs: Vec<CountEntry>,
    first_faults_with_the_history_of_another: u64,
    /// It was stopped before a second fault was tried after them.
    first_faults_without_a_second: u64,
    findings: Vec<FindingEntry<'a>>,
}

/// Faults of one kind at one node (of messages: those that it sends).
#[derive(Serialize, JsonSchema)]
struct CountEntry {
    node: String,
    kind: &'static str,
    tried: u64,
    /// It was stopped before these.
    untried: u64,
    /// Left out, by reason: certain to show what something tried shows.
    left_out: BTreeMap<&'static str, u64>,
}

/// Surprises that are the same.
#[derive(Serialize, JsonSchema)]
struct FindingEntry<'a> {
    /// `broken`, `inconclusive` or `panicked`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<&'a str>,
    how: &'a str,
    runs: u64,
    seed: u64,
    what: &'a str,
    faults: Vec<String>,
    again: String,
}

/// The JSON Schema of the document.
pub fn schema() -> schemars::Schema {
    schema_of::<Document<'static>>()
}

/// An enumeration as a JSON document, indented, with a line break at its end.
pub fn document(of: &Exhaustion<'_>) -> String {
    let without = &of.invocation.without;
    written(&Document {
        format: FORMAT,
        durations: "microseconds of model time",
        scenario: &of.scenario.name,
        file: &of.invocation.file,
        seeds: of.outcome.seeds.iter().map(|seed| seed.0).collect(),
        transactions: of.scenario.workload.transactions,
        without: without.iter().map(|safeguard| safeguard.name()).collect(),
        faults: match of.depth {
            Depth::Single => 1,
            Depth::Pairs => 2,
        },
        judgement: of.judgement(),
        stopped: of.outcome.stopped,
        protocols: of
            .outcome
            .sides
            .iter()
            .map(|side| entry(of, side))
            .collect(),
        unable: of
            .outcome
            .unable
            .iter()
            .map(|(protocol, why)| UnableEntry {
                protocol: protocol.name(),
                why,
            })
            .collect(),
    })
}

fn entry<'a>(of: &Exhaustion<'a>, side: &'a Side) -> SideEntry<'a> {
    SideEntry {
        protocol: side.protocol.name(),
        time_outs: side.durations.time_outs(),
        points: side.points,
        single_faults: counts(of, &side.singles),
        pairs: counts(of, &side.pairs),
        first_faults_with_the_history_of_another: side.same_history,
        first_faults_without_a_second: side.without_second,
        findings: side.findings.iter().map(|f| finding(of, side, f)).collect(),
    }
}

fn counts(
    of: &Exhaustion<'_>,
    counts: &BTreeMap<(NodeId, &'static str), Count>,
) -> Vec<CountEntry> {
    counts
        .iter()
        .map(|((node, kind), count)| CountEntry {
            node: of.scenario.node_name(*node),
            kind,
            tried: count.tried,
            untried: count.untried,
            left_out: Pruned::ALL
                .into_iter()
                .zip(count.pruned)
                .filter(|(_, pruned)| *pruned > 0)
                .map(|(why, pruned)| (why.name(), pruned))
                .collect(),
        })
        .collect()
}

fn finding<'a>(of: &Exhaustion<'a>, side: &'a Side, found: &'a Finding) -> FindingEntry<'a> {
    let (kind, promise) = match found.surprise {
        Surprise::Broken(promise) => ("broken", Some(promise)),
        Surprise::Unsaid(promise) => ("inconclusive", Some(promise)),
        Surprise::Panicked => ("panicked", None),
    };
    FindingEntry {
        kind,
        promise: promise.map(|promise| of.scenario.promise_name(promise)),
        how: &found.how,
        runs: found.runs,
        seed: found.seed.0,
        what: &found.what,
        faults: findings::plan(of, found),
        again: of.line(side.protocol, found),
    }
}
