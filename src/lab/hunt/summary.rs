use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::record::{Crossed, Found, PANIC, RunRecord, SeedRecord};
use crate::check::Sometimes;
use crate::protocol::ProtocolKind;
use crate::scenario::{Expectation, Scenario};

/// What makes findings the same bug, beside the safeguards that are off, which
/// are the hunt's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// Under which protocol.
    pub protocol: String,
    /// Which promise.
    pub promise: String,
    /// How it broke.
    pub how: String,
}

impl Finding {
    /// What something that a run found is the same as.
    pub fn of(run: &RunRecord, found: &Found) -> Self {
        Finding {
            protocol: run.protocol.clone(),
            promise: found.promise.clone(),
            how: found.how.clone(),
        }
    }
}

/// All findings that are the same bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Group {
    /// What was expected of the promise.
    pub expected: Expectation,
    /// How many seeds show it.
    pub seeds: u64,
    /// The first of them.
    pub first: u64,
    /// The one whose run is smallest: fewest faults, then transactions, then
    /// events.
    pub smallest: u64,
    /// How small: faults, transactions and events.
    pub size: (u32, u32, u64),
    /// The violation of the smallest, in a sentence.
    pub what: String,
}

/// A promise that was expected to break, and was not seen to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Unseen {
    /// Under which protocol.
    pub protocol: String,
    /// Which promise.
    pub promise: String,
}

/// What a hunt comes to, least bad first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing broke that is expected to hold, and it looked everywhere.
    AsExpected,
    /// It did not look everywhere, or did not see what was expected to break.
    Inconclusive,
    /// Something broke that is expected to hold.
    NotAsExpected,
    /// The bench has a bug: a panic, or hosts that differ.
    Bug,
}

/// What came of a hunt, or of a part of it. Records can be taken in in any order,
/// and summaries put together in any order: it comes to the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Summary {
    /// How many seeds were run.
    pub seeds: u64,
    /// How many runs that were: a protocol each.
    pub runs: u64,
    /// How many events they had.
    pub events: u64,
    /// How many runs were carried by both hosts.
    pub cross_checked: u64,
    /// The seeds on which the two hosts differed.
    pub differ: BTreeSet<u64>,
    /// The digests of all runs, as one.
    pub digest: u64,
    /// What broke.
    #[serde(serialize_with = "as_entries")]
    #[schemars(with = "Vec<Entry<'static>>")]
    pub found: BTreeMap<Finding, Group>,
    /// How many runs did not say anything about a promise, by protocol and
    /// promise.
    #[serde(serialize_with = "as_pairs")]
    #[schemars(with = "Vec<Pair<'static>>")]
    pub inconclusive: BTreeMap<(String, String), u64>,
    /// How many runs saw what must happen sometimes, and the first seed that did.
    pub seen: BTreeMap<String, (u64, u64)>,
}

impl Summary {
    /// Takes in what a seed gave.
    pub fn take(&mut self, record: &SeedRecord) {
        self.seeds += 1;
        for run in &record.runs {
            self.take_run(record, run);
        }
    }

    fn take_run(&mut self, record: &SeedRecord, run: &RunRecord) {
        self.runs += 1;
        self.events += run.events;
        self.cross_checked += u64::from(run.hosts != Crossed::No);
        if run.hosts == Crossed::Differ {
            self.differ.insert(record.seed);
        }
        let named = format!("{} {} {}", record.seed, run.protocol, run.digest);
        self.digest ^= xxhash_rust::xxh3::xxh3_64(named.as_bytes());
        for promise in &run.inconclusive {
            let key = (run.protocol.clone(), promise.clone());
            *self.inconclusive.entry(key).or_default() += 1;
        }
        for seen in &run.seen {
            let entry = self.seen.entry(seen.clone()).or_insert((0, u64::MAX));
            entry.0 += 1;
            entry.1 = entry.1.min(record.seed);
        }
        for found in &run.found {
            let finding = Finding::of(run, found);
            let group = Group::of(record, run, found);
            match self.found.get_mut(&finding) {
                Some(there) => there.merge(&group),
                None => {
                    self.found.insert(finding, group);
                }
            }
        }
    }

    /// Puts another part of the same hunt to this one. No seed may be in both.
    pub fn merge(&mut self, other: &Summary) {
        self.seeds += other.seeds;
        self.runs += other.runs;
        self.events += other.events;
        self.cross_checked += other.cross_checked;
        self.differ.extend(&other.differ);
        self.digest ^= other.digest;
        for (key, count) in &other.inconclusive {
            *self.inconclusive.entry(key.clone()).or_default() += count;
        }
        for (seen, &(count, first)) in &other.seen {
            let entry = self.seen.entry(seen.clone()).or_insert((0, u64::MAX));
            entry.0 += count;
            entry.1 = entry.1.min(first);
        }
        for (finding, group) in &other.found {
            match self.found.get_mut(finding) {
                Some(there) => there.merge(group),
                None => {
                    self.found.insert(finding.clone(), group.clone());
                }
            }
        }
    }

    /// What must happen sometimes, could have, and never did.
    pub fn holes(&self, scenario: &Scenario, protocols: &[ProtocolKind]) -> Vec<Sometimes> {
        let able = |what: &Sometimes| {
            let mut protocols = protocols.iter();
            protocols.any(|&protocol| {
                scenario.can_run(protocol).is_ok() && what.is_possible(scenario, protocol)
            })
        };
        let all = Sometimes::all().into_iter().filter(able);
        all.filter(|what| !self.seen.contains_key(&what.to_string()))
            .collect()
    }

    /// What was expected to break and was not seen to.
    pub fn unseen(&self, scenario: &Scenario, protocols: &[ProtocolKind]) -> Vec<Unseen> {
        let mut unseen = Vec::new();
        for (&(protocol, promise), &expected) in &scenario.expectations {
            let promise = scenario.promise_name(promise).to_owned();
            let protocol_name = protocol.to_string();
            let seen = self
                .found
                .keys()
                .any(|f| f.protocol == protocol_name && f.promise == promise);
            if expected == Expectation::Breaks && protocols.contains(&protocol) && !seen {
                unseen.push(Unseen {
                    protocol: protocol_name,
                    promise,
                });
            }
        }
        unseen
    }

    /// What it comes to.
    pub fn outcome(
        &self,
        scenario: &Scenario,
        protocols: &[ProtocolKind],
        allow_holes: bool,
    ) -> Outcome {
        let panicked = self.found.keys().any(|finding| finding.promise == PANIC);
        let unexpected = self.unexpected().next().is_some();
        let holes = !allow_holes && !self.holes(scenario, protocols).is_empty();
        let unseen = !self.unseen(scenario, protocols).is_empty();
        if panicked || !self.differ.is_empty() {
            Outcome::Bug
        } else if unexpected {
            Outcome::NotAsExpected
        } else if holes || unseen || !self.inconclusive.is_empty() || self.seeds == 0 {
            Outcome::Inconclusive
        } else {
            Outcome::AsExpected
        }
    }

    /// What broke although it is expected to hold.
    pub fn unexpected(&self) -> impl Iterator<Item = (&Finding, &Group)> {
        let found = self.found.iter();
        found.filter(|(_, group)| group.expected == Expectation::Holds)
    }
}

impl Group {
    fn of(record: &SeedRecord, run: &RunRecord, found: &Found) -> Self {
        Group {
            expected: found.expected,
            seeds: 1,
            first: record.seed,
            smallest: record.seed,
            size: (record.faults, record.transactions, run.events),
            what: found.what.clone(),
        }
    }

    /// Whether another finding was shown by the same seeds, as far as their number,
    /// the first and the smallest tell.
    pub fn is_on_the_same_seeds(&self, other: &Group) -> bool {
        (self.seeds, self.first, self.smallest) == (other.seeds, other.first, other.smallest)
    }

    fn merge(&mut self, other: &Group) {
        self.seeds += other.seeds;
        self.first = self.first.min(other.first);
        if (other.size, other.smallest) < (self.size, self.smallest) {
            self.size = other.size;
            self.smallest = other.smallest;
            self.what.clone_from(&other.what);
        }
    }
}

/// A finding and its group.
#[derive(Serialize, schemars::JsonSchema)]
struct Entry<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    #[serde(flatten)]
    group: &'a Group,
}

fn as_entries<S: serde::Serializer>(
    found: &BTreeMap<Finding, Group>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        found
            .iter()
            .map(|(finding, group)| Entry { finding, group }),
    )
}

/// How many runs under a protocol did not say anything about a promise.
#[derive(Serialize, schemars::JsonSchema)]
struct Pair<'a> {
    protocol: &'a str,
    promise: &'a str,
    runs: u64,
}

fn as_pairs<S: serde::Serializer>(
    counts: &BTreeMap<(String, String), u64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(counts.iter().map(|((protocol, promise), &runs)| Pair {
        protocol,
        promise,
        runs,
    }))
}
