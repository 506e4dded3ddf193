//! From what was counted in the runs of one seed to the number that theory speaks of.

/// What was counted in one run of a series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    /// What varies over the series.
    pub(super) at: f64,
    /// The number.
    pub(super) number: f64,
    /// A second number, of the same run; 0 where there is none.
    pub(super) beside: f64,
}

/// What is read from a series of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The number of the only run.
    Only,
    /// The exponent: the slope of the line through the logarithms, by least squares.
    Exponent,
    /// Where the number is the greatest.
    Peak,
    /// What the second number is there.
    BesideThePeak,
}

impl Reading {
    /// The number; nothing that holds against any theory where there is none.
    pub(super) fn of(self, series: &[Count]) -> f64 {
        match self {
            Reading::Only => series.first().map_or(f64::NAN, |count| count.number),
            Reading::Exponent => slope(series),
            Reading::Peak => peak(series).map_or(f64::NAN, |(at, _)| at),
            Reading::BesideThePeak => peak(series).map_or(f64::NAN, |(at, near)| {
                let (left, right) = match at < near[1].at {
                    true => (near[0], near[1]),
                    false => (near[1], near[2]),
                };
                let part = (at - left.at) / (right.at - left.at);
                left.beside + part * (right.beside - left.beside)
            }),
        }
    }
}

fn slope(series: &[Count]) -> f64 {
    let points = series
        .iter()
        .map(|count| (libm::log(count.at), libm::log(count.number)));
    let n = series.len() as f64;
    let (x, y) = points
        .clone()
        .fold((0.0, 0.0), |(x, y), p| (x + p.0, y + p.1));
    let (x, y) = (x / n, y / n);
    let (mut xy, mut xx) = (0.0, 0.0);
    for (px, py) in points {
        xy += (px - x) * (py - y);
        xx += (px - x) * (px - x);
    }
    xy / xx
}

/// The vertex of the parabola through the highest point and its two neighbours, and
/// those three. Nothing if the highest is the first or the last: then the peak may be
/// anywhere beyond.
fn peak(series: &[Count]) -> Option<(f64, [Count; 3])> {
    let mut threes = series.windows(3);
    let near = threes.find(|near| {
        let top = near[1].number;
        series.iter().all(|count| count.number <= top)
    })?;
    let [a, b, c] = [near[0], near[1], near[2]];
    let (left, right) = (b.at - a.at, b.at - c.at);
    let (rise, fall) = (b.number - a.number, b.number - c.number);
    let twice = left * fall - right * rise;
    let away = (left * left * fall - right * right * rise) / twice / 2.0;
    // Three that are equally high have no vertex.
    let at = if twice == 0.0 { b.at } else { b.at - away };
    Some((at, [a, b, c]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(of: impl Fn(f64) -> f64, at: &[f64]) -> Vec<Count> {
        let count = |&at: &f64| Count {
            at,
            number: of(at),
            beside: 10.0 * at,
        };
        at.iter().map(count).collect()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    }

    #[test]
    fn an_exponent_is_that_of_a_power_law() {
        let cubes = series(|x| 7.0 * x * x * x, &[1.0, 2.0, 5.0]);
        near(Reading::Exponent.of(&cubes), 3.0);
        let inverse = series(|x| 4.0 / (x * x), &[3.0, 10.0]);
        near(Reading::Exponent.of(&inverse), -2.0);
    }

    #[test]
    fn a_peak_is_between_the_points() {
        let hill = series(|x| 5.0 - (x - 1.7) * (x - 1.7), &[0.5, 1.0, 1.5, 2.5, 4.0]);
        near(Reading::Peak.of(&hill), 1.7);
        near(Reading::BesideThePeak.of(&hill), 17.0);
    }

    #[test]
    fn a_slope_has_no_peak() {
        for rising in [
            series(|x| x, &[1.0, 2.0, 3.0]),
            series(|x| -x, &[1.0, 2.0, 3.0]),
        ] {
            assert!(Reading::Peak.of(&rising).is_nan());
        }
    }
}
