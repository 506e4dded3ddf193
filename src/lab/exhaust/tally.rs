//! What came of it.

use std::collections::BTreeMap;

use super::attempt::{Found, Surprise};
use super::strikes::{Planned, Pruned, Strike};
use crate::protocol::ProtocolKind;
use crate::vocab::{NodeId, Seed};

/// Every fault at every point, for the protocols and seeds that were asked for.
#[derive(Clone, Debug)]
pub struct Exhausted {
    /// Which latencies.
    pub seeds: Vec<Seed>,
    /// By protocol, in the order in which protocols are shown.
    pub sides: Vec<Side>,
    /// Protocols that the scenario cannot run, and why.
    pub unable: Vec<(ProtocolKind, String)>,
    /// Whether somebody stopped it before its end: what it says is then said only
    /// of what was tried.
    pub stopped: bool,
}

/// What came of one protocol.
#[derive(Clone, Debug)]
pub struct Side {
    /// Which.
    pub protocol: ProtocolKind,
    /// How long faults lasted, and past what messages came.
    pub durations: super::Durations,
    /// How many points the runs without a fault have.
    pub points: u64,
    /// One fault at a time: at whose machine (of a message: its sender's), of
    /// which kind.
    pub singles: BTreeMap<(NodeId, &'static str), Count>,
    /// Second faults, if pairs were asked for.
    pub pairs: BTreeMap<(NodeId, &'static str), Count>,
    /// First faults after which no second was tried beyond the first's own end,
    /// because the run is equal to one after which it was.
    pub same_history: u64,
    /// First faults after which no second was tried, for it was stopped before.
    pub without_second: u64,
    /// Whether it was stopped before all of its seeds were done.
    pub stopped: bool,
    /// What was not as expected, the smallest plans first.
    pub findings: Vec<Finding>,
}

/// How many faults there are, and what was done about each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// So many were tried.
    pub tried: u64,
    /// So many were to be tried when it was stopped.
    pub untried: u64,
    /// So many need not be tried, by reason, in the order of [`Pruned::ALL`].
    pub pruned: [u64; Pruned::ALL.len()],
}

/// Surprises that are the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind of surprise.
    pub surprise: Surprise,
    /// How it came, in a few words.
    pub how: String,
    /// In how many runs.
    pub runs: u64,
    /// The seed of the first.
    pub seed: Seed,
    /// The plan of the first; empty if it came without a fault.
    pub plan: Vec<Planned>,
    /// The first in one sentence.
    pub what: String,
}

impl Count {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.tried + self.untried + self.pruned.iter().sum::<u64>()
    }

    fn add(&mut self, other: &Count) {
        self.tried += other.tried;
        self.untried += other.untried;
        for (sum, more) in self.pruned.iter_mut().zip(other.pruned) {
            *sum += more;
        }
    }

    /// The sum of many.
    pub fn sum<'a>(counts: impl IntoIterator<Item = &'a Count>) -> Count {
        let mut sum = Count::default();
        counts.into_iter().for_each(|count| sum.add(count));
        sum
    }
}

/// What some runs came to; gathered in order, so that it does not matter who ran
/// them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) counts: BTreeMap<(NodeId, &'static str), Count>,
    pub(super) findings: Vec<Finding>,
}

impl Tally {
    /// Counts what was left out.
    pub(super) fn pruned(&mut self, strike: &Strike, why: Pruned) {
        self.of(strike).pruned[why as usize] += 1;
    }

    /// Counts what was not left out: the first so many were tried.
    pub(super) fn tried(&mut self, strikes: &[Strike], tried: usize) {
        let (done, left) = strikes.split_at(tried);
        done.iter().for_each(|strike| self.of(strike).tried += 1);
        left.iter().for_each(|strike| self.of(strike).untried += 1);
    }

    fn of(&mut self, strike: &Strike) -> &mut Count {
        let kind = strike.planned.fault.kind.name();
        self.counts.entry((strike.at, kind)).or_default()
    }

    /// Takes in what a run under this plan showed.
    pub(super) fn found(&mut self, seed: Seed, plan: &[Planned], found: Vec<Found>) {
        for Found {
            surprise,
            how,
            what,
        } in found
        {
            self.gather(Finding {
                surprise,
                how,
                runs: 1,
                seed,
                plan: plan.to_vec(),
                what,
            });
        }
    }

    fn gather(&mut self, finding: Finding) {
        let same = |f: &&mut Finding| f.surprise == finding.surprise && f.how == finding.how;
        match self.findings.iter_mut().find(same) {
            Some(known) => known.runs += finding.runs,
            None => self.findings.push(finding),
        }
    }

    /// Takes in another, which comes after this one.
    pub(super) fn add(&mut self, other: Tally) {
        for (key, count) in &other.counts {
            self.counts.entry(*key).or_default().add(count);
        }
        other.findings.into_iter().for_each(|f| self.gather(f));
    }
}
