use std::fmt;
use std::str::FromStr;

/// How many bits a link carries a second: from 1 kbit/s to 1000 Gbit/s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(u64);

/// The units, each with how many bits a second it is and how many digits that has
/// after the first.
const UNITS: [(&str, usize); 3] = [("kbit/s", 3), ("Mbit/s", 6), ("Gbit/s", 9)];

impl Bandwidth {
    const LEAST: u64 = 1_000;
    const MOST: u64 = 1_000_000_000_000;

    /// So many bits a second, if a link can carry so many.
    pub fn new(bits: u64) -> Option<Self> {
        (Self::LEAST..=Self::MOST)
            .contains(&bits)
            .then_some(Bandwidth(bits))
    }

    /// Bits a second.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// How long so many bytes take, in nanoseconds; a part of one counts as one.
    pub fn nanos(self, bytes: u32) -> u64 {
        let bits = u128::from(bytes) * 8;
        // At the most 2^35 bits at 1000 a second: no more than 2^55.
        (bits * 1_000_000_000).div_ceil(u128::from(self.0)) as u64
    }
}

impl fmt::Display for Bandwidth {
    /// In the largest unit in which it is at least one: `1.5Mbit/s`, as it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |&&(_, digits): &&(&str, usize)| self.0 >= 10u64.pow(digits as u32);
        let (unit, digits) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[0]);
        let scale = 10u64.pow(*digits as u32);
        let mut text = (self.0 / scale).to_string();
        if !self.0.is_multiple_of(scale) {
            let fraction = format!("{:0digits$}", self.0 % scale);
            text = format!("{text}.{}", fraction.trim_end_matches('0'));
        }
        f.pad(&format!("{text}{unit}"))
    }
}

/// A bandwidth that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseBandwidthError {
    /// It is no number with a unit.
    #[error("`{0}` is not a bandwidth; write a number and a unit: 64kbit/s, 1.5Mbit/s, 10Gbit/s")]
    NotOne(String),
    /// No link is so slow, or so fast; or it is no whole number of bits a second.
    #[error(
        "`{0}` is out of range; a bandwidth is a whole number of bits a second, from 1kbit/s to 1000Gbit/s"
    )]
    OutOfRange(String),
}

impl FromStr for Bandwidth {
    type Err = ParseBandwidthError;

    /// Reads `64kbit/s`, `1.5Mbit/s`, `10 Gbit/s`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseBandwidthError::NotOne(text.to_owned());
        let out = || ParseBandwidthError::OutOfRange(text.to_owned());
        let trimmed = text.trim();
        let mut units = UNITS.into_iter();
        let (number, digits) = units
            .find_map(|(unit, digits)| Some((trimmed.strip_suffix(unit)?.trim_end(), digits)))
            .ok_or_else(wrong)?;
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(wrong()),
            None => (number, ""),
        };
        let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(wrong());
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > digits {
            return Err(out());
        }
        let bits = format!("{whole}{fraction:0<digits$}");
        let bits = bits.parse().ok().and_then(Bandwidth::new);
        bits.ok_or_else(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bandwidth_reads_as_people_write_it() {
        for (text, bits, shown) in [
            ("64kbit/s", 64_000, "64kbit/s"),
            ("1.5 Mbit/s", 1_500_000, "1.5Mbit/s"),
            ("1000kbit/s", 1_000_000, "1Mbit/s"),
            ("10Gbit/s", 10_000_000_000, "10Gbit/s"),
            ("0.000001500Gbit/s", 1_500, "1.5kbit/s"),
        ] {
            let read: Bandwidth = text.parse().expect(text);
            assert_eq!((read.bits(), read.to_string().as_str()), (bits, shown));
            assert_eq!(shown.parse(), Ok(read));
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "10",
            "10MB/s",
            "Mbit/s",
            "1.Mbit/s",
            ".5Mbit/s",
            "-1Mbit/s",
            "1e3kbit/s",
        ] {
            let wrong = ParseBandwidthError::NotOne(text.to_owned());
            assert_eq!(text.parse::<Bandwidth>(), Err(wrong));
        }
        for text in [
            "0kbit/s",
            "0.5kbit/s",
            "1.0005kbit/s",
            "1001Gbit/s",
            "99999999999999999999kbit/s",
        ] {
            let out = ParseBandwidthError::OutOfRange(text.to_owned());
            assert_eq!(text.parse::<Bandwidth>(), Err(out));
        }
    }

    #[test]
    fn bytes_take_their_bits() {
        let at = |text: &str| text.parse::<Bandwidth>().expect(text);
        assert_eq!(at("10Mbit/s").nanos(100), 80_000);
        assert_eq!(at("3Mbit/s").nanos(1), 2_667);
        assert_eq!(at("1kbit/s").nanos(u32::MAX), 34_359_738_360_000_000);
    }
}
