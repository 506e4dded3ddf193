//! Every fault at every point of a run, one at a time and in pairs: how far a
//! protocol has been looked at, and what was found.
//!
//! A run without a fault is surveyed: every happening and every boundary between
//! two effects is a numbered point ([`Point`](crate::history::Point)). At each,
//! everything that can go wrong there is tried in a run of its own. For pairs, the
//! run is surveyed again as it is after the first fault, and the second strikes at
//! every later point of *that* run.
//!
//! What is certain to show what another run shows is left out, for the reasons of
//! [`Pruned`]. Beside those, a first fault whose history is equal, bit for bit, to
//! that of another (or of the run without a fault), but for the lines that say
//! that it began and ended, needs no second faults after its own end: from then on
//! the two runs are the same run.
//!
//! What many runs have in common is run once. A run is the same until a fault
//! strikes, so the second faults after one first fault branch off copies of one run
//! (`Trunk`). And faults that differ only in how long they last are the same until
//! the shortest is over, so they, too, are copies of the one that lasts longest
//! (`Branch`). Nothing is left out by that: every plan is judged on its own history,
//! from its beginning to its end.
//!
//! The claim is about the latencies and wishes of the seeds that were run, about
//! faults that end, and about the durations of [`Durations`].

mod attempt;
mod durations;
mod strikes;
mod survey;
mod tally;
mod trunk;

use std::num::NonZeroUsize;
use std::sync::Arc;

pub use attempt::Surprise;
pub use durations::Durations;
pub use strikes::{Planned, Pruned, Pruning};
pub use tally::{Count, Exhausted, Finding, Side};

use attempt::{Bench, Found};
use strikes::{Field, Strike};
use survey::Survey;
use tally::Tally;

use super::pool::in_order;
use crate::history::Digest;
use crate::protocol::{ProtocolKind, Safeguards};
use crate::scenario::Scenario;
use crate::vocab::{FastSet, Seed};

/// What is to be enumerated, and how.
#[derive(Clone, Debug)]
pub struct ExhaustOptions {
    /// One fault at a time, or two.
    pub depth: Depth,
    /// Whose latencies and wishes.
    pub seeds: Vec<Seed>,
    /// Under which protocols; those that cannot run the scenario are told.
    pub protocols: Vec<ProtocolKind>,
    /// The rules in force.
    pub safeguards: Safeguards,
    /// Whether what is certain to show the same is left out.
    pub pruning: Pruning,
    /// Only faults of these kinds, by their names in scenarios; none: all.
    pub kinds: Vec<&'static str>,
    /// How many runs at once. It changes nothing but the time that it takes.
    pub jobs: NonZeroUsize,
}

/// How many faults a run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// One.
    Single,
    /// One, and then also two.
    Pairs,
}

/// Hears how it goes on, from all threads and in no order.
pub trait Observer: Sync {
    /// So many pieces of work are to be done for this protocol and seed.
    fn begins(&self, _protocol: ProtocolKind, _seed: Seed, _depth: Depth, _pieces: usize) {}

    /// One more piece is done; it took so many runs.
    fn done(&self, _runs: u64) {}

    /// Whether it shall stop, with what it has.
    fn stops(&self) -> bool {
        false
    }
}

/// Nobody listens.
impl Observer for () {}

/// Tries every fault at every point of a scenario. Its own faults, scheduled and
/// drawn, are left out: the plan is what is enumerated.
///
/// # Panics
///
/// On a bug of the bench outside a run. A panic inside a run is a finding.
pub fn exhaust(
    scenario: &Scenario,
    options: &ExhaustOptions,
    observer: &impl Observer,
) -> Exhausted {
    let mut scenario = scenario.clone();
    scenario.faults.clear();
    scenario.seeded = None;
    let scenario = Arc::new(scenario);
    let mut exhausted = Exhausted {
        seeds: options.seeds.clone(),
        sides: Vec::new(),
        unable: Vec::new(),
        stopped: false,
    };
    for &protocol in &options.protocols {
        exhausted.stopped |= observer.stops();
        if exhausted.stopped {
            break;
        }
        match scenario.can_run(protocol) {
            Ok(()) => exhausted
                .sides
                .push(side(&scenario, protocol, options, observer)),
            Err(why) => exhausted.unable.push((protocol, why)),
        }
    }
    exhausted.stopped |= exhausted.sides.iter().any(|side| side.stopped);
    exhausted
}

fn side(
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    options: &ExhaustOptions,
    observer: &impl Observer,
) -> Side {
    let durations = Durations::of(scenario, protocol);
    let (mut singles, mut pairs) = (Tally::default(), Tally::default());
    let (mut points, mut same_history, mut without_second) = (0, 0, 0);
    let mut stopped = false;
    for &seed in &options.seeds {
        stopped |= observer.stops();
        if stopped {
            break;
        }
        let trials = Trials {
            bench: Bench {
                scenario,
                protocol,
                seed,
                safeguards: scenario.safeguards(options.safeguards),
            },
            durations: &durations,
            options,
            observer,
        };
        let (found, base) = trials.bench.survey(&[]);
        singles.found(seed, &[], found);
        points += base.spots.len() as u64;
        let firsts = trials.singles(&base, &mut singles);
        if options.depth == Depth::Pairs {
            let (same, left) = trials.pairs(&base, &firsts, &mut pairs);
            same_history += same;
            without_second += left;
        }
    }
    let Tally {
        counts, findings, ..
    } = singles;
    let mut all = Tally {
        findings,
        ..Tally::default()
    };
    let untried = Count::sum(counts.values()).untried;
    let seconds = std::mem::take(&mut pairs.counts);
    all.add(pairs);
    Side {
        protocol,
        durations,
        points,
        singles: counts,
        pairs: seconds,
        same_history,
        without_second,
        stopped: stopped || without_second > 0 || untried > 0,
        findings: all.findings,
    }
}

/// Everything about one protocol on one seed.
struct Trials<'a, O> {
    bench: Bench<'a>,
    durations: &'a Durations,
    options: &'a ExhaustOptions,
    observer: &'a O,
}

/// A first fault, with the fingerprint of the run after it.
struct First {
    planned: Planned,
    history: Digest,
}

/// So many runs are one piece of work.
const PIECE: usize = 64;

impl<O: Observer> Trials<'_, O> {
    /// Tries every fault alone; answers with those that were tried.
    fn singles(&self, base: &Survey, into: &mut Tally) -> Vec<First> {
        let strikes = self.strikes(base, 0, into, |_| true);
        let pieces: Vec<&[Strike]> = strikes.chunks(PIECE).collect();
        self.begins(Depth::Single, pieces.len());
        let tried = in_order(
            self.options.jobs,
            pieces.len(),
            || self.observer.stops(),
            |n| {
                let tried: Vec<(First, Vec<Found>)> =
                    pieces[n].iter().map(|strike| self.first(strike)).collect();
                self.observer.done(tried.len() as u64);
                tried
            },
        );
        let tried: Vec<(First, Vec<Found>)> = tried.into_iter().flatten().collect();
        into.tried(&strikes, tried.len());
        tried
            .into_iter()
            .map(|(first, found)| {
                into.found(self.bench.seed, std::slice::from_ref(&first.planned), found);
                first
            })
            .collect()
    }

    fn first(&self, strike: &Strike) -> (First, Vec<Found>) {
        let planned = strike.planned.clone();
        let (found, survey) = self.bench.survey(std::slice::from_ref(&planned));
        let history = survey.digest.digest();
        (First { planned, history }, found)
    }

    /// Tries every second fault after each first one; answers how many of those
    /// left the run as another did, and after how many it was stopped before.
    fn pairs(&self, base: &Survey, firsts: &[First], into: &mut Tally) -> (u64, u64) {
        let mut known: FastSet<Digest> = FastSet::default();
        known.insert(base.digest.digest());
        let new: Vec<bool> = firsts
            .iter()
            .map(|first| known.insert(first.history) || self.options.pruning == Pruning::Off)
            .collect();
        self.begins(Depth::Pairs, firsts.len());
        let tallies = in_order(
            self.options.jobs,
            firsts.len(),
            || self.observer.stops(),
            |n| self.seconds(&firsts[n], new[n]),
        );
        let (done, left) = new.split_at(tallies.len());
        tallies.into_iter().for_each(|tally| into.add(tally));
        let same = done.iter().filter(|new| !**new).count();
        (same as u64, left.len() as u64)
    }

    /// Every second fault after a first one: as long as the first lasts, and, if
    /// the run is a new one, to its end.
    fn seconds(&self, first: &First, new: bool) -> Tally {
        let first = &first.planned;
        let (_, survey) = self.bench.survey(std::slice::from_ref(first));
        let over = first.point.at + first.fault.lasts;
        let mut tally = Tally::default();
        let later = first.point.number as usize + 1;
        let strikes = self.strikes(&survey, later, &mut tally, |strike| {
            new || strike.planned.point.at <= over
        });
        tally.tried(&strikes, strikes.len());
        let mut seconds: Vec<Planned> = strikes.into_iter().map(|s| s.planned).collect();
        seconds.sort_by_key(|second| second.point.number);
        let judged = self.bench.judge_after(first, &seconds);
        self.observer.done(1 + seconds.len() as u64);
        for (second, found) in seconds.into_iter().zip(judged) {
            let plan = [first.clone(), second];
            tally.found(self.bench.seed, &plan, found);
        }
        tally
    }

    /// What is to be tried of what can go wrong from a point on; what is pruned of
    /// it is counted.
    fn strikes(
        &self,
        survey: &Survey,
        first: usize,
        tally: &mut Tally,
        wanted: impl Fn(&Strike) -> bool,
    ) -> Vec<Strike> {
        let field = Field {
            scenario: self.bench.scenario,
            durations: self.durations,
            spots: &survey.spots,
            first,
            pruning: self.options.pruning,
            kinds: &self.options.kinds,
        };
        let mut strikes = Vec::new();
        field.strikes(|strike| match strike.pruned {
            _ if !wanted(&strike) => {}
            Some(why) => tally.pruned(&strike, why),
            None => strikes.push(strike),
        });
        strikes
    }

    fn begins(&self, depth: Depth, pieces: usize) {
        let Bench { protocol, seed, .. } = self.bench;
        self.observer.begins(protocol, seed, depth, pieces);
    }
}
