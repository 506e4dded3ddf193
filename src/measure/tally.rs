use super::figures::OfTransaction;
use super::spread::Spread;
use crate::vocab::{SimDuration, SimTime};

/// What is kept of the requests that are over.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) started: u64,
    pub(super) committed: u64,
    pub(super) refused: u64,
    pub(super) compensated: u64,
    pub(super) undecided: u64,
    /// Of each transaction of a mix.
    pub(super) mix: Vec<OfTransaction>,
    pub(super) inconsistent: u64,
    pub(super) longest_inconsistency: SimDuration,
    /// How many are half done now, as others see it.
    pub(super) half_done: u32,
    pub(super) commits: Vec<SimTime>,
    /// The same of those whose client was told in time.
    pub(super) told_commits: Vec<SimTime>,
    pub(super) convergence: Spread,
    /// How long half done requests were to be seen, added up.
    pub(super) exposure: SimDuration,
    /// From when to when a step stood that was compensated.
    pub(super) debts: Vec<(SimTime, SimTime)>,
    /// Since when each of the requests is half done that nobody does anything for
    /// any more: added up, and how many.
    abandoned: (u64, u64),
    /// Since when the first of the requests that nobody does anything for any
    /// more is half done.
    half_done_since: Option<SimTime>,
}

impl Tally {
    /// Nothing yet, of a mix of so many transactions.
    pub(super) fn of(transactions: usize) -> Self {
        Tally {
            mix: vec![OfTransaction::default(); transactions],
            ..Tally::default()
        }
    }

    /// Half of a request was there for so long.
    pub(super) fn lasted(&mut self, time: SimDuration) {
        self.longest_inconsistency = self.longest_inconsistency.max(time);
        self.exposure += time;
    }

    /// Nobody does anything for a request any more that is half done: others could see
    /// it until the run ends.
    pub(super) fn leave_half_done(&mut self, since: SimTime) {
        let first = self.half_done_since.map_or(since, |first| first.min(since));
        self.half_done_since = Some(first);
        let (all, many) = self.abandoned;
        self.abandoned = (all + since.as_micros(), many + 1);
    }

    /// The run is over for those that were left.
    pub(super) fn left_half_done(&mut self, at: SimTime) {
        if let Some(since) = self.half_done_since {
            self.longest_inconsistency = self.longest_inconsistency.max(at.since(since));
        }
        let (since, many) = self.abandoned;
        self.exposure += SimDuration::from_micros(at.as_micros() * many - since);
    }

    /// How many steps stood at a time that were compensated later, within a window:
    /// their mean, and the most.
    pub(super) fn debt(&self, begin: SimTime, window: SimDuration) -> (f64, u64) {
        let end = begin + window;
        let mut changes: Vec<(SimTime, i64)> = Vec::with_capacity(2 * self.debts.len());
        let mut owed = SimDuration::ZERO;
        for &(from, until) in &self.debts {
            changes.extend([(from, 1), (until, -1)]);
            owed += until.min(end).since(from.max(begin));
        }
        // What is paid back in an instant is paid before more is owed.
        changes.sort_unstable();
        let (mut now, mut most) = (0, 0);
        for (_, change) in changes {
            now += change;
            most = most.max(now);
        }
        let mean = match window.is_zero() {
            true => 0.0,
            false => owed.as_secs_f64() / window.as_secs_f64(),
        };
        (mean, most.unsigned_abs())
    }
}
