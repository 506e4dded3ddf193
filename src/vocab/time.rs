use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// A moment of model time, in microseconds since the run began. Set from the
/// agenda alone, never from a clock.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SimTime(u64);

/// A stretch of model time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SimDuration(u64);

impl SimTime {
    /// The beginning of the run.
    pub const ZERO: SimTime = SimTime(0);

    /// A moment, in microseconds since the run began.
    pub const fn from_micros(micros: u64) -> Self {
        SimTime(micros)
    }

    /// Microseconds since the run began.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time since `earlier`; zero if that is later.
    pub fn since(self, earlier: SimTime) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: SimDuration = SimDuration(0);

    /// A duration in microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        SimDuration(micros)
    }

    /// A duration in milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        SimDuration(millis * 1_000)
    }

    /// A duration in seconds.
    pub const fn from_secs(secs: u64) -> Self {
        SimDuration(secs * 1_000_000)
    }

    /// Microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Seconds, for rates.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<SimDuration> for SimTime {
    type Output = SimTime;
    fn add(self, by: SimDuration) -> SimTime {
        SimTime(self.0.saturating_add(by.0))
    }
}

impl AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, by: SimDuration) {
        *self = *self + by;
    }
}

impl Add for SimDuration {
    type Output = SimDuration;
    fn add(self, other: SimDuration) -> SimDuration {
        SimDuration(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimDuration {
    fn add_assign(&mut self, other: SimDuration) {
        *self = *self + other;
    }
}

impl SimDuration {
    /// As a wait that doubles with every retry, when it has doubled so often; no more
    /// than eight times.
    pub fn doubled(self, times: u32) -> SimDuration {
        self * (1 << times.min(8))
    }
}

impl Sub for SimDuration {
    type Output = SimDuration;
    /// Never below zero.
    fn sub(self, other: SimDuration) -> SimDuration {
        SimDuration(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for SimDuration {
    type Output = SimDuration;
    fn mul(self, by: u64) -> SimDuration {
        SimDuration(self.0.saturating_mul(by))
    }
}

impl Div<u64> for SimDuration {
    type Output = SimDuration;
    fn div(self, by: u64) -> SimDuration {
        SimDuration(self.0 / by)
    }
}

impl Sum for SimDuration {
    fn sum<I: Iterator<Item = SimDuration>>(iter: I) -> SimDuration {
        iter.fold(SimDuration::ZERO, Add::add)
    }
}

impl fmt::Display for SimTime {
    /// Milliseconds with three digits, `12.345`: the unit is the column's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1_000, self.0 % 1_000);
        f.pad(&text)
    }
}

impl fmt::Display for SimDuration {
    /// Three significant digits and the unit that suits: `50 µs`, `1.25 ms`,
    /// `3.1 s`. In integer arithmetic, so that it reads the same everywhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = match self.0 {
            0 => return f.pad("0"),
            1..1_000 => return f.pad(&format!("{} µs", self.0)),
            1_000..1_000_000 => ("ms", 1_000),
            _ => ("s", 1_000_000),
        };
        let whole = self.0 / scale;
        let decimals: u32 = match whole {
            0..10 => 2,
            10..100 => 1,
            _ => 0,
        };
        let step = scale / 10u64.pow(decimals);
        let rounded = (self.0 + step / 2) / step;
        let tens = 10u64.pow(decimals);
        let mut text = format!("{}", rounded / tens);
        if decimals > 0 && !rounded.is_multiple_of(tens) {
            let fraction = format!("{:0width$}", rounded % tens, width = decimals as usize);
            text = format!("{text}.{}", fraction.trim_end_matches('0'));
        }
        f.pad(&format!("{text} {unit}"))
    }
}

/// A duration that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseDurationError {
    /// It is no number with a unit, or too long.
    #[error("`{0}` is not a duration; write a number and a unit: 250us, 1.5ms, 2s, 1m")]
    NotOne(String),
    /// Model time goes by microseconds, and nothing is rounded behind anybody's
    /// back.
    #[error("`{0}` is not a whole number of microseconds; nothing shorter than 1us can be said")]
    TooFine(String),
}

impl FromStr for SimDuration {
    type Err = ParseDurationError;

    /// Reads `250us`, `250µs`, `1.5ms`, `2s`, `1m`, `0`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseDurationError::NotOne(text.to_owned());
        let trimmed = text.trim();
        if trimmed == "0" {
            return Ok(SimDuration::ZERO);
        }
        let split = trimmed
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(wrong)?;
        let (number, unit) = trimmed.split_at(split);
        let scale: u64 = match unit.trim() {
            "us" | "µs" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" | "min" => 60_000_000,
            _ => return Err(wrong()),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let ends_in_point = number.ends_with('.');
        let fraction = fraction.trim_end_matches('0');
        if whole.is_empty() || ends_in_point || fraction.contains(|c: char| !c.is_ascii_digit()) {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let mut micros = whole.checked_mul(scale).ok_or_else(wrong)?;
        if !fraction.is_empty() {
            let too_fine = || ParseDurationError::TooFine(text.to_owned());
            // More digits than that are finer than a microsecond of any unit.
            if fraction.len() > 8 {
                return Err(too_fine());
            }
            let parts: u64 = fraction.parse().map_err(|_| wrong())?;
            let tens = 10u64.pow(fraction.len() as u32);
            if !(parts * scale).is_multiple_of(tens) {
                return Err(too_fine());
            }
            micros = micros.checked_add(parts * scale / tens).ok_or_else(wrong)?;
        }
        Ok(SimDuration(micros))
    }
}

impl<'de> Deserialize<'de> for SimDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_as_people_write_it() {
        for (text, micros) in [
            ("250us", 250),
            ("250 µs", 250),
            ("1.5ms", 1_500),
            ("2s", 2_000_000),
            ("1m", 60_000_000),
            ("0", 0),
        ] {
            assert_eq!(text.parse(), Ok(SimDuration(micros)), "{text}");
        }
        for text in [
            "",
            "5",
            "ms",
            "1.2.3ms",
            "-1ms",
            "1h",
            "99999999999999999999s",
            "307445734561.999999m",
            "1.µs",
            "1.x5ms",
        ] {
            assert!(text.parse::<SimDuration>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_finer_than_a_microsecond_is_refused_and_not_rounded() {
        assert_eq!(
            "0.50us".parse::<SimDuration>(),
            Err(ParseDurationError::TooFine("0.50us".into()))
        );
        for text in ["1.5us", "0.0000002ms", "0.00000001m", "1.0005ms"] {
            let error = text.parse::<SimDuration>();
            assert_eq!(error, Err(ParseDurationError::TooFine(text.into())));
        }
        assert_eq!("0.0000005m".parse(), Ok(SimDuration(30)));
        assert_eq!("1.000000000ms".parse(), Ok(SimDuration(1_000)));
    }

    #[test]
    fn a_duration_prints_three_digits_and_a_unit() {
        for (micros, text) in [
            (0, "0"),
            (50, "50 µs"),
            (1_000, "1 ms"),
            (1_254, "1.25 ms"),
            (12_340, "12.3 ms"),
            (999_900, "1000 ms"),
            (3_100_000, "3.1 s"),
        ] {
            assert_eq!(SimDuration(micros).to_string(), text);
        }
    }
}
