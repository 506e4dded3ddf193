//! From values to places, with round numbers to measure by. All arithmetic is that
//! of the processor or of `libm` the crate: the same everywhere.

/// Microseconds in the unit in which charts show times.
pub(super) fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

/// How values become places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Equal steps are equally long.
    Linear,
    /// Doublings are equally long.
    Doubling,
}

/// An axis from one place on the paper to another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    scale: Scale,
    values: (f64, f64),
    places: (f64, f64),
    ticks: Vec<f64>,
}

impl Axis {
    /// From nothing to the first round number that is not below `most`.
    pub(super) fn from_zero(most: f64, places: (f64, f64), ticks: usize) -> Self {
        let step = round_step(most.max(f64::MIN_POSITIVE) / ticks.max(1) as f64);
        let steps = libm::ceil(most / step - 1e-9).max(1.0);
        Axis {
            scale: Scale::Linear,
            values: (0.0, step * steps),
            places,
            ticks: (0..=steps as usize).map(|n| n as f64 * step).collect(),
        }
    }

    /// From nothing to exactly `most`, with round numbers between.
    pub(super) fn until(most: f64, places: (f64, f64), ticks: usize) -> Self {
        let mut axis = Axis::from_zero(most, places, ticks);
        axis.values.1 = most;
        axis.ticks.retain(|&tick| tick <= most);
        axis
    }

    /// From the least to the most of these values, which are its ticks.
    pub(super) fn over(values: &[f64], places: (f64, f64), scale: Scale) -> Self {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Axis {
            scale,
            values: (least, most),
            places,
            ticks: values.to_vec(),
        }
    }

    /// Where a value stands.
    pub(super) fn place(&self, value: f64) -> f64 {
        let along = |v: f64| match self.scale {
            Scale::Linear => v,
            Scale::Doubling => libm::log2(v),
        };
        let (from, to) = (along(self.values.0), along(self.values.1));
        let share = if to > from {
            (along(value) - from) / (to - from)
        } else {
            0.5
        };
        self.places.0 + share * (self.places.1 - self.places.0)
    }

    pub(super) fn ticks(&self) -> &[f64] {
        &self.ticks
    }
}

/// 1, 2 or 5 times a power of ten, and not below this.
fn round_step(least: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(least)));
    let times = [1.0, 2.0, 5.0, 10.0];
    let step = times.into_iter().map(|n| n * power);
    step.into_iter()
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(power * 10.0)
}

/// A number with thousands apart and no more decimals than it needs.
pub(in crate::report) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    match whole.parse::<u64>() {
        Ok(whole) => format!("{}{rest}", crate::report::words::grouped(whole)),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_the_most() {
        for (most, last, count) in [
            (7.3, 8.0, 5),
            (100.0, 100.0, 6),
            (0.9, 1.0, 6),
            (1_250.0, 1_500.0, 4),
        ] {
            let axis = Axis::from_zero(most, (0.0, 100.0), 5);
            let ticks = axis.ticks();
            assert_eq!(
                (ticks.len(), ticks.last().copied()),
                (count, Some(last)),
                "{most}: {ticks:?}"
            );
        }
    }

    #[test]
    fn doublings_are_equally_long() {
        let axis = Axis::over(&[1.0, 2.0, 4.0, 16.0], (0.0, 80.0), Scale::Doubling);
        let places: Vec<f64> = axis.ticks().iter().map(|&v| axis.place(v)).collect();
        assert_eq!(places, [0.0, 20.0, 40.0, 80.0]);
    }

    #[test]
    fn numbers_have_the_decimals_that_they_need() {
        for (value, text) in [
            (0.0, "0"),
            (0.25, "0.25"),
            (12.5, "12.5"),
            (150.0, "150"),
            (1_500.0, "1,500"),
            (2.0, "2"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
