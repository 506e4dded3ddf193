//! Figures that mean something only where there was something to measure:
//! a dash on the screen, `null` for programs.

use super::{Figures, Quantiles};
use crate::vocab::SimDuration;

/// A rate of fewer commits than these is chance.
const FEWEST_COMMITS: usize = 10;

/// Committed requests a second, if there were enough of them in the window.
pub(crate) fn throughput(f: &Figures) -> Option<f64> {
    (f.within(&f.commits) >= FEWEST_COMMITS).then_some(f.throughput)
}

/// The same of those whose client was told in time.
pub(crate) fn goodput(f: &Figures) -> Option<f64> {
    throughput(f).map(|_| f.goodput)
}

/// A share of the requests that were started, if there were any.
pub(crate) fn share(f: &Figures, share: f64) -> Option<f64> {
    (f.started > 0).then_some(share)
}

/// A time of branches that were prepared, if there were any.
pub(crate) fn of_prepared(f: &Figures, time: SimDuration) -> Option<SimDuration> {
    (f.prepared > 0).then_some(time)
}

/// What is taken over the window, if there is one.
pub(crate) fn over_window(f: &Figures, figure: f64) -> Option<f64> {
    (!f.window.is_zero()).then_some(figure)
}

/// A figure of a committed request, if there is one.
pub(crate) fn per_commit(f: &Figures, figure: f64) -> Option<f64> {
    (f.committed > 0).then_some(figure)
}

/// How long a committed request needs the busiest row, if it was locked at all.
pub(crate) fn lock_demand(f: &Figures) -> Option<SimDuration> {
    (!f.lock_demand.is_zero()).then_some(f.lock_demand)
}

/// The longest time in doubt, if anything was prepared.
pub(crate) fn longest_in_doubt(f: &Figures) -> Option<SimDuration> {
    (f.prepared > 0).then_some(f.longest_in_doubt)
}

/// The longest half-done time, if there was one.
pub(crate) fn longest_inconsistency(f: &Figures) -> Option<SimDuration> {
    (f.inconsistent > 0).then_some(f.longest_inconsistency)
}

/// A quantile, if there is anything to take it of.
pub(crate) fn quantile(q: &Quantiles, quantile: SimDuration) -> Option<SimDuration> {
    (q.count > 0).then_some(quantile)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::SimTime;

    #[test]
    fn a_rate_needs_ten_commits_in_the_window_that_all_have() {
        let commits = |n: u64| (1..=n).map(|ms| SimTime::from_micros(ms * 1_000));
        let rate = |n, window| {
            let f = Figures {
                commits: commits(n).collect(),
                ..Figures::default()
            };
            throughput(&f.over(SimDuration::from_millis(window)))
        };
        assert_eq!(rate(1, 3), None, "one commit in three milliseconds");
        assert_eq!(rate(100, 9), None, "the others come after the window");
        assert_eq!(rate(10, 10), Some(1_000.0));
    }
}
