//! A mean, and how far it can be trusted.

use serde::Serialize;

/// The mean of a figure over seeds, with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Estimate {
    /// Over how many seeds: those on which the figure means something.
    pub seeds: u64,
    /// The mean.
    pub mean: f64,
    /// Where the interval begins; nothing with a single seed.
    pub low: Option<f64>,
    /// Where the interval ends; nothing with a single seed.
    pub high: Option<f64>,
}

impl Estimate {
    /// Of these numbers, in this order; `None` if there are none.
    ///
    /// The interval is Student's: mean ± t·s/√n, with n − 1 degrees of freedom. It
    /// is exact for numbers that are normally distributed, which means of many
    /// requests nearly are, and maxima are not.
    pub fn of(numbers: &[f64]) -> Option<Estimate> {
        let n = numbers.len() as f64;
        if numbers.is_empty() {
            return None;
        }
        let mean = numbers.iter().sum::<f64>() / n;
        let half = half_width(numbers, mean);
        Some(Estimate {
            seeds: numbers.len() as u64,
            mean,
            low: half.map(|half| mean - half),
            high: half.map(|half| mean + half),
        })
    }

    /// How far the interval goes either way.
    pub fn half_width(&self) -> Option<f64> {
        self.high.map(|high| high - self.mean)
    }
}

fn half_width(numbers: &[f64], mean: f64) -> Option<f64> {
    let n = numbers.len() as f64;
    let freedom = numbers.len().checked_sub(1).filter(|&f| f > 0)?;
    let squares: f64 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
    // A square root is the same on every machine: IEEE 754 says all its bits.
    Some(student(freedom) * (squares / (n - 1.0) / n).sqrt())
}

/// The 97.5 % quantile of Student's t by degrees of freedom: NIST/SEMATECH
/// e-Handbook of Statistical Methods, table 1.3.6.7.2.
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];
/// The same from so many degrees of freedom on. Between two of them the wider
/// interval is taken.
const STUDENT_FROM: [(usize, f64); 6] = [
    (31, 2.042),
    (40, 2.021),
    (50, 2.009),
    (60, 2.000),
    (80, 1.990),
    (100, 1.984),
];

fn student(freedom: usize) -> f64 {
    let beyond = STUDENT_FROM.iter().rev().find(|(from, _)| freedom >= *from);
    match (STUDENT.get(freedom - 1), beyond) {
        (Some(&t), _) | (None, Some(&(_, t))) => t,
        (None, None) => STUDENT[0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_students() {
        let of = Estimate::of(&[10.0, 12.0, 14.0]).expect("there are numbers");
        assert_eq!((of.seeds, of.mean), (3, 12.0));
        // s = 2, n = 3: 4.303 · 2 / √3
        let half = of.half_width().expect("there are several");
        assert!((half - 4.968_676).abs() < 1e-5, "{half}");
        assert_eq!(of.low.map(|low| low + half), Some(12.0));
    }

    #[test]
    fn one_number_has_no_interval_and_none_has_no_mean() {
        let of = Estimate::of(&[7.0]).expect("there is a number");
        assert_eq!((of.mean, of.low, of.high), (7.0, None, None));
        assert_eq!(Estimate::of(&[]), None);
        let same = Estimate::of(&[5.0; 4]).expect("there are numbers");
        assert_eq!((same.low, same.high), (Some(5.0), Some(5.0)));
    }

    #[test]
    fn more_seeds_never_make_an_interval_wider() {
        let widths: Vec<f64> = (1..300).map(student).collect();
        assert!(widths.is_sorted_by(|a, b| a >= b));
        assert_eq!(widths[..2], [12.706, 4.303]);
        assert_eq!(
            (student(30), student(31), student(299)),
            (2.042, 2.042, 1.984)
        );
    }
}
