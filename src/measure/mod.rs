//! Figures: folds from a history to counts, histograms and windows.

use serde::Serialize;

use crate::vocab::SimDuration;

/// What a run cost. Every figure's unit is in its type or its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Requests that clients began.
    pub started: u64,
    /// Requests whose every step has effect when the run is over.
    pub committed: u64,
    /// Requests that have no effect when the run is over, and whose client was
    /// told so, or whose steps were compensated or rolled back.
    pub refused: u64,
    /// Of those, requests that had committed effects which were compensated.
    pub compensated: u64,
    /// Requests that are neither when the run is over.
    pub undecided: u64,
    /// Requests whose client gave up without a final answer.
    pub unknown: u64,
    /// The window over which rates are taken.
    pub window: SimDuration,
    /// Committed requests a second of model time, over the window.
    pub throughput: f64,
    /// From the request to the client's final answer.
    pub latency: Quantiles,
    /// From the request to the first answer of any kind.
    pub accepted: Quantiles,
    /// Protocol messages (all but the clients') per committed request.
    pub messages: f64,
    /// Local transactions per committed request.
    pub local_transactions: f64,
    /// Forced log records per committed request.
    pub forced_writes: f64,
    /// How long transactions, readers and the operator waited for business
    /// locks, of those waits that there were.
    pub lock_wait: Quantiles,
    /// How many requests and readers had to wait for a lock, or were turned
    /// away by a conflict.
    pub blocked: u64,
    /// How long business locks (and intents) were held for writing.
    pub lock_hold: Quantiles,
    /// The longest time that a branch was prepared without an outcome.
    pub longest_in_doubt: SimDuration,
    /// The longest time during which others could have seen a part of a
    /// request's effects without the rest.
    pub longest_inconsistency: SimDuration,
}

/// A distribution of durations in a few numbers; all zero if there were none.
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
    /// The longest.
    pub max: SimDuration,
}
