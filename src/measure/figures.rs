use serde::Serialize;

use super::{Incidents, Locking};
use crate::vocab::{SimDuration, SimTime};

/// The requests of a mix that were for one of its transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OfTransaction {
    /// See [`Figures::started`].
    pub started: u64,
    /// See [`Figures::committed`].
    pub committed: u64,
    /// See [`Figures::refused`].
    pub refused: u64,
}

/// What a run cost. Every figure's unit is in its type or its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Requests that clients began.
    pub started: u64,
    /// Requests whose every step (of those that change business rows: a mail
    /// does not) has effect in the stores when the run is over.
    pub committed: u64,
    /// Requests that have no effect in any store when the run is over, and of
    /// which nothing is left that could still come to one.
    pub refused: u64,
    /// Of those, requests that had committed effects which were compensated.
    pub compensated: u64,
    /// Requests that are neither when the run is over: some steps have effect
    /// and others have not, or a branch, a log row or a message is left over.
    pub undecided: u64,
    /// In a mix, how many of them were for each transaction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mix: Vec<OfTransaction>,
    /// Requests whose client gave up without a final answer.
    pub unknown: u64,
    /// Committed requests as a share of those that were started, 0 to 1.
    pub committed_share: f64,
    /// Refused requests as a share of those that were started, 0 to 1.
    pub refused_share: f64,
    /// Compensated requests as a share of those that were started, 0 to 1.
    pub compensated_share: f64,
    /// The window over which rates are taken: from the end of the warm-up to
    /// the last request, or its client's last word, whichever is later; or the
    /// one that was given to [`Figures::over`].
    pub window: SimDuration,
    /// Committed requests a second of model time, of those whose last effect
    /// was committed within the window. Those that were compensated are not among
    /// them; those that began in the warm-up are.
    pub throughput: f64,
    /// The same of those whose client had the final answer before it gave up.
    pub goodput: f64,
    /// From the request to the client's final answer, whichever it is.
    pub latency: Quantiles,
    /// From the request to the first answer of any kind.
    pub accepted: Quantiles,
    /// From the request until all stores agree on it: until its last effect is
    /// committed, or the compensation of its last. Of requests that had effects and
    /// did not end half done.
    pub convergence: Quantiles,
    /// Protocol messages sent (all but the clients' requests and the replies to
    /// them; resends count) per committed request; 0 if nothing committed.
    pub messages: f64,
    /// Bytes of those messages per committed request; 0 if nothing committed. No event
    /// tells how large a message is: see [`Sink::weighs`](crate::history::Sink::weighs).
    pub bytes: f64,
    /// Local transactions that took effect (preparing through an intent table
    /// is one of its own) per committed request; 0 if nothing committed.
    pub local_transactions: f64,
    /// Forced log records (all but the operator's) per committed request; 0 if
    /// nothing committed.
    pub forced_writes: f64,
    /// How long transactions and readers waited for business locks, of those
    /// waits that there were; a wait that ended in a conflict counts.
    pub lock_wait: Quantiles,
    /// How many requests and readers had to wait for a lock, or were turned
    /// away by a conflict; each counts once.
    pub blocked: u64,
    /// Requests among them, as a share of those that were started, 0 to 1.
    pub blocked_share: f64,
    /// How long business locks (and intents) were held for writing.
    pub lock_hold: Quantiles,
    /// How long the row that was locked for writing for longest was locked, per
    /// committed request; 0 if nothing committed.
    pub lock_demand: SimDuration,
    /// How long semantic locks (marks) were on rows.
    pub mark_hold: Quantiles,
    /// How many branches were prepared.
    pub prepared: u64,
    /// For how long branches were prepared without an outcome, each counted as often
    /// as it has rows to change: row-time that nobody else could have.
    pub prepared_lock_time: SimDuration,
    /// The part of it during which the manager's process was down: nobody was there
    /// who could have said the outcome.
    pub in_doubt_lock_time: SimDuration,
    /// The longest time that a branch was prepared without an outcome, through
    /// crashes; to the end of the run if it never had one.
    pub longest_in_doubt: SimDuration,
    /// The longest time during which others could have seen a part of a
    /// request's effects without the rest: some of its steps had committed
    /// effects and others had not, and not all of those rows were marked. To the
    /// end of the run if it never ended.
    pub longest_inconsistency: SimDuration,
    /// How many requests passed through such a time.
    pub inconsistent: u64,
    /// All such times added up over requests; to the end of the run where one never
    /// ended.
    pub inconsistency_exposure: SimDuration,
    /// How many steps stood committed at a time that were compensated later: the
    /// mean over the run's own window.
    pub compensation_debt: f64,
    /// How many they were at the most.
    pub most_compensation_debt: u64,
    /// The worst of it by name.
    #[serde(skip)]
    pub incidents: Incidents,
    /// Where it was waited for locks: resource by resource.
    #[serde(skip)]
    pub locking: Vec<Locking>,
    /// How often a saga parked a step or a compensation that nobody answered.
    pub parked: u64,
    /// From the commit that staged a letter in an outbox until the broker first had
    /// it on disk, or the provider in its hands.
    pub outbox_lag: Quantiles,
    /// For which share of its window the busiest database disk was flushing, 0 to 1.
    pub disk_utilisation: f64,
    /// For which share of the time, from the beginning to the last work of any process,
    /// the workers of the busiest one were busy, 0 to 1. No event tells it: whoever runs
    /// the world adds it.
    pub worker_utilisation: f64,
    /// For which share of the time, from the beginning to the end of the last message on
    /// any link, the busiest link was carrying one, one way, 0 to 1; `None` if no link has
    /// a bandwidth. Whoever runs the world adds it.
    pub link_utilisation: Option<f64>,
    /// How many messages the broker held at a time, at the most, that were not
    /// acknowledged; `None` if there is no broker. Whoever runs the world adds it.
    pub broker_backlog: Option<u64>,
    /// When each committed request's last effect was committed, in order: what
    /// [`Figures::over`] counts.
    #[serde(skip)]
    pub commits: Vec<SimTime>,
    /// The same of those whose client was told in time.
    #[serde(skip)]
    pub told_commits: Vec<SimTime>,
    /// When the warm-up was over: where the window begins.
    #[serde(skip)]
    pub begin: SimTime,
}

impl Figures {
    /// The same figures with their rate taken over another window. Runs are
    /// comparable over a window that all of them have: the shortest.
    #[must_use]
    pub fn over(mut self, window: SimDuration) -> Self {
        self.window = window;
        let rate = |commits: &[SimTime]| match window.is_zero() {
            true => 0.0,
            false => self.within(commits) as f64 / window.as_secs_f64(),
        };
        (self.throughput, self.goodput) = (rate(&self.commits), rate(&self.told_commits));
        self
    }

    /// How many of these moments, which are in order, are not after the window.
    pub(super) fn within(&self, moments: &[SimTime]) -> usize {
        let end = self.begin + self.window;
        moments.partition_point(|&at| at <= end)
    }
}

/// Takes the rates of several runs over the longest window that all of them
/// have, so that they can be compared.
pub fn over_common_window<'a>(figures: impl IntoIterator<Item = &'a mut Figures>) {
    let mut all: Vec<&mut Figures> = figures.into_iter().collect();
    let Some(window) = all.iter().map(|figures| figures.window).min() else {
        return;
    };
    for figures in &mut all {
        **figures = std::mem::take(*figures).over(window);
    }
}

/// A distribution of durations in a few numbers; all zero if there were none.
/// Quantiles have three significant digits; the longest is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// How many.
    pub count: u64,
    /// Half of them are at most this.
    pub p50: SimDuration,
    /// 95 of a hundred are at most this.
    pub p95: SimDuration,
    /// 99 of a hundred are at most this.
    pub p99: SimDuration,
    /// 999 of a thousand are at most this.
    pub p999: SimDuration,
    /// The longest.
    pub max: SimDuration,
}
