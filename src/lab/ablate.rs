//! Ablation: the safeguards are taken away, one at a time or in pairs, and
//! hunted until something breaks. A table of what each is for; and a test of the
//! checks, for a safeguard that nobody misses is a hole in them.

use super::Subject;
use super::hunt::{Finding, Group, Hunt, SeedRange, Shard, Summary};
use super::shrink::{Shrink, Shrunk, shrink};
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::vocab::Seed;
use std::ops::ControlFlow;

/// What is to be taken away, and how long is hunted then.
#[derive(Clone, Debug)]
pub struct Ablation {
    /// The scenario.
    pub subject: Subject,
    /// Under which protocols.
    pub protocols: Vec<ProtocolKind>,
    /// Which safeguards are taken away, each entry at once.
    pub without: Vec<Vec<Safeguard>>,
    /// Which seeds are hunted over.
    pub seeds: SeedRange,
    /// How many runs the shrinking of a finding may take; 0 for no shrinking.
    pub shrink_budget: u32,
    /// How many threads.
    pub threads: usize,
}

/// What became of one protocol without one safeguard (or two).
#[derive(Clone, Debug)]
pub struct Row {
    /// What was taken away.
    pub without: Vec<Safeguard>,
    /// Under which protocol.
    pub protocol: ProtocolKind,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of taking something away.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The protocol has no such rule.
    NotUsed,
    /// The scenario cannot run under the protocol.
    CannotRun,
    /// Nothing broke on so many seeds.
    Unnoticed {
        /// How many.
        seeds: u64,
    },
    /// Something broke.
    Noticed(Box<Noticed>),
}

/// What broke.
#[derive(Clone, Debug)]
pub struct Noticed {
    /// What broke on most seeds, and how.
    pub finding: Finding,
    /// On which seeds.
    pub group: Group,
    /// How many seeds broke anything at all that is expected to hold.
    pub shows: u64,
    /// The first seed that did.
    pub first: u64,
    /// How many seeds were run.
    pub seeds: u64,
    /// The smallest run of it, shrunk; `None` if that was not asked for.
    pub shrunk: Option<Box<Shrunk>>,
}

/// Every safeguard alone.
pub fn singles() -> Vec<Vec<Safeguard>> {
    Safeguard::ALL.iter().map(|&s| vec![s]).collect()
}

/// Every two safeguards.
pub fn pairs() -> Vec<Vec<Safeguard>> {
    let all = Safeguard::ALL;
    let pairs = all.iter().enumerate().flat_map(|(n, &first)| {
        let others = all[n + 1..].iter();
        others.map(move |&second| vec![first, second])
    });
    pairs.collect()
}

/// Takes away, hunts, shrinks; each row goes to `observe` as it is done.
pub fn ablate(of: &Ablation, mut observe: impl FnMut(&Row)) -> Vec<Row> {
    let mut rows = Vec::new();
    for without in &of.without {
        for &protocol in &of.protocols {
            let outcome = outcome(of, without, protocol);
            let row = Row {
                without: without.clone(),
                protocol,
                outcome,
            };
            observe(&row);
            rows.push(row);
        }
    }
    rows
}

fn outcome(of: &Ablation, without: &[Safeguard], protocol: ProtocolKind) -> Outcome {
    if !without.iter().all(|safeguard| safeguard.used_by(protocol)) {
        return Outcome::NotUsed;
    }
    if of.subject.scenario().can_run(protocol).is_err() {
        return Outcome::CannotRun;
    }
    let safeguards = without
        .iter()
        .fold(Safeguards::all(), |rules, &rule| rules.without(rule));
    let hunt = Hunt {
        subject: of.subject.clone(),
        protocols: vec![protocol],
        safeguards,
        swarm: true,
        cross_check: 0,
    };
    let mut summary = Summary::default();
    let (mut shows, mut first) = (0, u64::MAX);
    hunt.run(Shard::WHOLE.seeds(of.seeds), of.threads, |record| {
        let found = record.runs.iter().flat_map(|run| &run.found);
        let broke = found.filter(|f| f.expected == crate::scenario::Expectation::Holds);
        if broke.count() > 0 {
            shows += 1;
            first = first.min(record.seed);
        }
        summary.take(&record);
        ControlFlow::Continue(())
    });
    // Of what broke as often, the first by name: so that it is always the same.
    let most = summary
        .unexpected()
        .max_by_key(|(finding, group)| (group.seeds, std::cmp::Reverse((*finding).clone())));
    let Some((finding, group)) = most else {
        return Outcome::Unnoticed {
            seeds: summary.seeds,
        };
    };
    let shrunk = (of.shrink_budget > 0)
        .then(|| smallest(of, finding, group, protocol, safeguards))
        .flatten();
    Outcome::Noticed(Box::new(Noticed {
        finding: finding.clone(),
        group: group.clone(),
        shows,
        first,
        seeds: summary.seeds,
        shrunk: shrunk.map(Box::new),
    }))
}

fn smallest(
    of: &Ablation,
    finding: &Finding,
    group: &Group,
    protocol: ProtocolKind,
    safeguards: Safeguards,
) -> Option<Shrunk> {
    let seed = Seed(group.smallest);
    let wanted = Shrink {
        subject: of.subject.swarmed(seed).ok()?,
        seed,
        protocol,
        safeguards,
        promise: Some(finding.promise.clone()),
        budget: of.shrink_budget,
    };
    shrink(&wanted, |_| ()).ok()
}

/// The safeguards that nobody missed although somebody uses them: holes in the
/// checks.
pub fn holes(rows: &[Row]) -> Vec<Vec<Safeguard>> {
    let mut holes = Vec::new();
    for row in rows {
        let same = || rows.iter().filter(|other| other.without == row.without);
        let used = same().any(|r| matches!(r.outcome, Outcome::Unnoticed { .. }));
        let missed = same().any(|r| matches!(r.outcome, Outcome::Noticed(_)));
        if used && !missed && !holes.contains(&row.without) {
            holes.push(row.without.clone());
        }
    }
    holes
}
