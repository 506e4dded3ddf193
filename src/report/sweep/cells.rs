//! Means and intervals in words.

use crate::lab::sweep::Estimate;
use crate::measure::{Column, Unit};
use crate::report::words::grouped;

/// A column as a section names it, with its unit on the screen.
pub(in crate::report) fn title(column: &Column) -> String {
    match screen_unit(column.unit) {
        "" => column.name.to_owned(),
        unit => format!("{}, {unit}", column.name),
    }
}

fn screen_unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Time | Unit::Times => "ms",
        Unit::Number => "",
        Unit::Messages => "messages",
        Unit::Share => "%",
        Unit::Level => "steps",
        Unit::Requests => "requests",
        Unit::RequestsAndReaders => "requests and readers",
        Unit::Branches => "branches",
        Unit::Steps => "steps and compensations",
        Unit::PerSecond => "requests per second",
        Unit::PerCommit => "per committed request",
    }
}

/// From the unit of a column to that of its title.
pub(super) fn scale(column: &Column) -> f64 {
    match column.unit {
        Unit::Time | Unit::Times => 1e-3,
        Unit::Share => 100.0,
        Unit::PerCommit
        | Unit::Level
        | Unit::Requests
        | Unit::RequestsAndReaders
        | Unit::Branches
        | Unit::Steps
        | Unit::Messages
        | Unit::Number
        | Unit::PerSecond => 1.0,
    }
}

/// A figure of one run, in the unit of its title.
pub(in crate::report) fn one(column: &Column, value: f64) -> String {
    let value = value * scale(column);
    let digits = match column.unit {
        _ if value.fract() != 0.0 => digits(column),
        Unit::Time | Unit::Times | Unit::PerCommit | Unit::Level | Unit::PerSecond => {
            digits(column)
        }
        _ => 0,
    };
    number(value, decimals(value, digits))
}

fn digits(column: &Column) -> usize {
    match column.unit {
        Unit::Time | Unit::Times | Unit::PerCommit | Unit::Level => 2,
        Unit::Share
        | Unit::Requests
        | Unit::RequestsAndReaders
        | Unit::Branches
        | Unit::Steps
        | Unit::Messages
        | Unit::Number
        | Unit::PerSecond => 1,
    }
}

/// `175.3 ±4.1`; without an interval where there is a single seed.
pub(super) fn words(column: &Column, of: &Estimate) -> String {
    let scale = scale(column);
    let mean = of.mean * scale;
    let digits = decimals(mean, digits(column));
    let text = number(mean, digits);
    match of.half_width() {
        Some(half) => format!("{text} ±{}", number(half * scale, digits)),
        None => text,
    }
}

/// So many decimals, fewer where the number is large: 1.25, 12.3, 1,234.
fn decimals(value: f64, most: usize) -> usize {
    match value.abs() {
        v if v >= 1_000.0 => 0,
        v if v >= 100.0 => most.min(1),
        _ => most,
    }
}

fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, whole) = match whole.strip_prefix('-') {
        Some(whole) => ("-", whole),
        None => ("", whole),
    };
    let whole = whole.parse().map_or(whole.to_owned(), grouped);
    match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_have_fewer_decimals() {
        for (value, text) in [
            (0.0, "0.00"),
            (1.254, "1.25"),
            (99.0, "99.00"),
            (123.46, "123.5"),
            (12_345.6, "12,346"),
            (-1.5, "-1.50"),
        ] {
            assert_eq!(number(value, decimals(value, 2)), text);
        }
    }
}
