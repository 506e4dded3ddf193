use hdrhistogram::Histogram;

use super::Quantiles;
use crate::vocab::SimDuration;

/// How durations are spread, to three digits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    /// How many there were.
    pub count: u64,
    /// Each duration that there was, in order, and which share of all was not longer:
    /// the last is 1.
    pub steps: Vec<(SimDuration, f64)>,
}

impl Distribution {
    /// The shortest duration that is not shorter than this share of all; `None` if
    /// there are none.
    pub fn quantile(&self, share: f64) -> Option<SimDuration> {
        let mut steps = self.steps.iter();
        let reached = steps.find(|(_, so_far)| *so_far >= share);
        reached.or(self.steps.last()).map(|(duration, _)| *duration)
    }
}

/// Takes in durations and answers with their [`Quantiles`], in memory that does
/// not grow with their number.
pub(super) struct Spread {
    micros: Histogram<u64>,
    longest: SimDuration,
}

impl Default for Spread {
    fn default() -> Self {
        Spread::new()
    }
}

impl Spread {
    pub(super) fn new() -> Self {
        Spread {
            micros: Histogram::new(3).expect("three digits are within what a histogram can have"),
            longest: SimDuration::ZERO,
        }
    }

    /// What all of them have taken in.
    pub(super) fn of_all<'a>(spreads: impl Iterator<Item = &'a Spread>) -> Self {
        let mut all = Spread::new();
        for spread in spreads {
            all.micros
                .add(&spread.micros)
                .expect("the histogram grows with what it is given");
            all.longest = all.longest.max(spread.longest);
        }
        all
    }

    pub(super) fn record(&mut self, duration: SimDuration) {
        self.micros
            .record(duration.as_micros())
            .expect("the histogram grows with what it is given");
        self.longest = self.longest.max(duration);
    }

    pub(super) fn distribution(&self) -> Distribution {
        let count = self.micros.len();
        let mut so_far = 0;
        let steps = self.micros.iter_recorded().map(|step| {
            so_far += step.count_at_value();
            let micros = SimDuration::from_micros(step.value_iterated_to());
            (micros.min(self.longest), so_far as f64 / count as f64)
        });
        Distribution {
            steps: steps.collect(),
            count,
        }
    }

    pub(super) fn quantiles(&self) -> Quantiles {
        let at = |quantile| {
            let micros = self.micros.value_at_quantile(quantile);
            SimDuration::from_micros(micros).min(self.longest)
        };
        Quantiles {
            count: self.micros.len(),
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: self.longest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_recorded_is_all_zero() {
        assert_eq!(Spread::new().quantiles(), Quantiles::default());
    }

    #[test]
    fn a_distribution_has_every_duration_and_the_quantiles_of_the_table() {
        let mut spread = Spread::new();
        assert_eq!(spread.distribution().quantile(0.5), None);
        for ms in [1, 2, 2, 40] {
            spread.record(SimDuration::from_millis(ms));
        }
        let distribution = spread.distribution();
        let shares: Vec<f64> = distribution.steps.iter().map(|(_, share)| *share).collect();
        assert_eq!((distribution.count, shares), (4, vec![0.25, 0.75, 1.0]));
        let quantiles = spread.quantiles();
        for (share, duration) in [
            (0.5, quantiles.p50),
            (0.95, quantiles.p95),
            (1.0, quantiles.max),
        ] {
            assert_eq!(distribution.quantile(share), Some(duration));
        }
    }

    #[test]
    fn quantiles_have_three_digits_and_the_longest_is_exact() {
        let mut spread = Spread::new();
        for ms in 1..=1_000 {
            spread.record(SimDuration::from_micros(ms * 1_000 + 7));
        }
        let quantiles = spread.quantiles();
        assert_eq!(quantiles.count, 1_000);
        assert_eq!(quantiles.max, SimDuration::from_micros(1_000_007));
        for (found, true_ms) in [
            (quantiles.p50, 500),
            (quantiles.p95, 950),
            (quantiles.p99, 990),
            (quantiles.p999, 999),
        ] {
            let error = found.as_micros().abs_diff(true_ms * 1_000 + 7);
            assert!(
                error <= true_ms,
                "{found} is not {true_ms} ms to three digits"
            );
        }
    }
}
