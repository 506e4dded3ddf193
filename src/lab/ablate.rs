//! Ablation: the safeguards are taken away, one at a time or in pairs, and
//! hunted until something breaks. A table of what each is for; and a test of the
//! checks, for a safeguard that nobody misses is a hole in them.

use super::Subject;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::Runner;
use super::hunt::{Finding, Group, Hunt, SeedRange, SeedRecord, Shard, Summary};
use super::shrink::{Shrink, Shrunk, shrink};
use crate::business::{ActionKind, StepKind};
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::scenario::{Expectation, Scenario};
use crate::vocab::Seed;

/// What is to be taken away, and how long is hunted then.
#[derive(Clone, Debug)]
pub struct Ablation {
    /// The scenario.
    pub subject: Subject,
    /// Under which protocols.
    pub protocols: Vec<ProtocolKind>,
    /// Which safeguards are taken away, each entry at once.
    pub without: Vec<Vec<Safeguard>>,
    /// Which seeds are hunted over, a thousand at a time, until something breaks.
    pub seeds: SeedRange,
    /// How many runs the shrinking of a finding may take; 0 for no shrinking.
    pub shrink_budget: u32,
    /// How many threads.
    pub threads: usize,
    /// Who makes the runs.
    pub runner: Runner,
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
    /// The scenario has nothing that the rule would be for.
    NoPart,
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
    /// How many seeds were run.
    pub seeds: u64,
    /// The seed of a small run of it, and what that shrinks to; `None` if that was
    /// not asked for.
    pub shrunk: Option<Box<(Seed, Shrunk)>>,
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

/// Takes away, hunts, shrinks, until all is done or somebody wants it to `stop`; each
/// row goes to `observe` as it is done.
pub fn ablate(of: &Ablation, stop: impl Fn() -> bool, mut observe: impl FnMut(&Row)) -> Vec<Row> {
    let mut rows = Vec::new();
    for without in &of.without {
        for &protocol in &of.protocols {
            let Some(outcome) = outcome(of, without, protocol, &stop) else {
                return rows;
            };
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

/// Nothing, if it was stopped before it came to anything.
fn outcome(
    of: &Ablation,
    without: &[Safeguard],
    protocol: ProtocolKind,
    stop: impl Fn() -> bool,
) -> Option<Outcome> {
    if !without.iter().all(|safeguard| safeguard.used_by(protocol)) {
        return Some(Outcome::NotUsed);
    }
    let scenario = of.subject.scenario();
    if scenario.can_run(protocol).is_err() {
        return Some(Outcome::CannotRun);
    }
    if !without
        .iter()
        .all(|&rule| has_part(rule, scenario, protocol))
    {
        return Some(Outcome::NoPart);
    }
    let safeguards = Safeguards::all().less(without);
    let hunt = Hunt {
        subject: of.subject.clone(),
        protocols: vec![protocol],
        safeguards,
        swarm: true,
        cross_check: 0,
        runner: of.runner,
    };
    let mut sample = Sample::default();
    for seeds in of.seeds.chunks(SAMPLE) {
        hunt.run(Shard::WHOLE.seeds(seeds), of.threads, |record| {
            sample.take(&record);
            match stop() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        if stop() {
            return None;
        }
        if sample.shows > 0 {
            break;
        }
    }
    // Of what broke as often, the first by name: so that it is always the same.
    let most = sample
        .summary
        .unexpected()
        .max_by_key(|(finding, group)| (group.seeds, std::cmp::Reverse((*finding).clone())));
    let Some((finding, group)) = most else {
        return Some(Outcome::Unnoticed {
            seeds: sample.summary.seeds,
        });
    };
    let shrunk = (of.shrink_budget > 0)
        .then(|| smallest(of, finding, &sample, protocol, safeguards))
        .flatten();
    Some(Outcome::Noticed(Box::new(Noticed {
        finding: finding.clone(),
        group: group.clone(),
        shows: sample.shows,
        seeds: sample.summary.seeds,
        shrunk: shrunk.map(Box::new),
    })))
}

/// Whether a scenario has anything that a rule would be for.
fn has_part(rule: Safeguard, scenario: &Scenario, protocol: ProtocolKind) -> bool {
    let steps = || scenario.business.steps.iter();
    let acts = || steps().any(|s| s.actions.iter().any(|a| a.kind == ActionKind::Perform));
    let of_kind = |kind: StepKind| steps().filter(|s| s.kind == kind).count();
    match rule {
        Safeguard::Outbox | Safeguard::ConfirmBeforeMark => protocol.uses_broker() || acts(),
        Safeguard::ProviderKey => acts(),
        Safeguard::RetryAfterPivot => of_kind(StepKind::Retriable) > 0,
        Safeguard::ReverseOrderCompensation => scenario.business.each_alone().any(|business| {
            let steps = business.steps.iter();
            steps.filter(|s| s.kind == StepKind::Compensable).count() > 1
        }),
        // An event never overtakes its own undoing, unless several were begun together.
        Safeguard::CompensationTombstone if protocol == ProtocolKind::ChoreographedSaga => {
            let kind = |step| scenario.business.step(step).kind;
            let mut groups = scenario.groups(protocol).into_iter();
            groups.any(|group| !group.is_single() && kind(group.first) == StepKind::Compensable)
        }
        Safeguard::RetryCompensation | Safeguard::CompensationTombstone => {
            of_kind(StepKind::Compensable) > 0
        }
        _ => true,
    }
}

/// How many seeds show a thing is told of so many; if none of them does, so many
/// more are tried, and so on.
const SAMPLE: u64 = 1_000;
/// So many of the smallest runs of a finding are shrunk, until one is small.
const CANDIDATES: usize = 5;

/// What a hunt without something came to.
#[derive(Default)]
struct Sample {
    summary: Summary,
    shows: u64,
    /// By finding: the smallest runs, by size and seed.
    smallest: BTreeMap<Finding, BTreeSet<(u32, u32, u64)>>,
}

impl Sample {
    fn take(&mut self, record: &SeedRecord) {
        let mut any = false;
        for run in &record.runs {
            for found in run
                .found
                .iter()
                .filter(|f| f.expected == Expectation::Holds)
            {
                any = true;
                let finding = Finding::of(run, found);
                let runs = self.smallest.entry(finding).or_default();
                runs.insert((record.faults, record.transactions, record.seed));
                if runs.len() > CANDIDATES {
                    runs.pop_last();
                }
            }
        }
        if any {
            self.shows += 1;
        }
        self.summary.take(record);
    }
}

/// The smallest of what the smallest runs of a finding shrink to.
fn smallest(
    of: &Ablation,
    finding: &Finding,
    sample: &Sample,
    protocol: ProtocolKind,
    safeguards: Safeguards,
) -> Option<(Seed, Shrunk)> {
    let mut best: Option<(Seed, Shrunk)> = None;
    for &(_, _, seed) in sample.smallest.get(finding)? {
        let seed = Seed(seed);
        let wanted = Shrink {
            subject: of.subject.swarmed(seed).ok()?,
            seed,
            protocol,
            safeguards,
            promise: Some(finding.promise.clone()),
            budget: of.shrink_budget,
            runner: of.runner,
        };
        let size = |shrunk: &Shrunk| shrunk.requests.1 + shrunk.faults.1;
        if let Ok(shrunk) = shrink(&wanted, |_| ())
            && best
                .as_ref()
                .is_none_or(|(_, so_far)| size(&shrunk) < size(so_far))
        {
            best = Some((seed, shrunk));
        }
        if best.as_ref().is_some_and(|(_, shrunk)| size(shrunk) <= 2) {
            break;
        }
    }
    best
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
