//! A parameter that varies: a path of the language and the values that it takes.
//!
//! The values are a list, or a range of whole numbers, perhaps with a unit:
//!
//! | written | values |
//! | --- | --- |
//! | `[0.6, 0.9, 1.2]`, `[50us, 1ms]` | these; a word needs no quotes |
//! | `1..100` | doubled: 1, 2, 4, .. 64, and the last: 100 |
//! | `1..1000*10` | each ten times the one before: 1, 10, 100, 1000 |
//! | `1..9+2` | each two more: 1, 3, 5, 7, 9 |
//! | `1ms..16ms` | doubled, with its unit: 1ms, 2ms, .. 16ms |

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// More values than these nobody reads.
const MOST_VALUES: usize = 1_000;

const ACCEPTED: &str = "write a list, `[1, 2, 8]` or `[250us, 1ms]`, or a range: `1..256` doubles from \
     the first to the last, `1..1000*10` makes each ten times the one before, and `1..9+2` each \
     two more";

/// A parameter of a scenario, and the values that it takes, one after another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Its path in the language: `workload.arrivals.clients`.
    pub path: String,
    /// Its values, as a setting has them after its `=`; at least one.
    pub values: Vec<String>,
}

impl Axis {
    /// The setting that gives the parameter one of its values.
    pub fn setting(&self, value: &str) -> String {
        format!("{}={value}", self.path)
    }

    /// What it is called where there is little room: the last key of its path.
    pub fn short_name(&self) -> &str {
        self.path
            .rsplit_once('.')
            .map_or(&self.path, |(_, last)| last)
    }
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "for example `workload.arrivals.clients=1..256`";
        let (path, values) = text
            .split_once('=')
            .ok_or_else(|| format!("there is no `=` in it; {example}"))?;
        match path.trim() {
            "" => Err(format!("there is no path before the `=`; {example}")),
            path => Ok(Axis {
                path: path.to_owned(),
                values: values_of(values)?,
            }),
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=[{}]", self.path, self.values.join(", "))
    }
}

/// The values that a list or a range names.
///
/// # Errors
/// What is wrong with it, and what is accepted.
pub(super) fn values_of(text: &str) -> Result<Vec<String>, String> {
    let text = text.trim();
    let list = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let values = match list {
        Some(list) => listed(list),
        None => ranged(text)?,
    };
    let said = values.iter().enumerate();
    let mut twice = said.filter(|(n, value)| values[..*n].contains(value));
    match (values.len(), twice.next()) {
        (0, _) => Err(format!("there is no value in it; {ACCEPTED}")),
        (_, Some((_, value))) => Err(format!("`{value}` is in it twice")),
        (n, None) if n > MOST_VALUES => {
            Err(format!("it has {n} values, and can have {MOST_VALUES}"))
        }
        _ => Ok(values),
    }
}

/// What stands between the commas, but for those in quotes or brackets.
fn listed(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quote) = (0_i32, None);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    let parts = parts.iter().map(|part| part.trim());
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// How a range comes from one value to the next.
#[derive(Clone, Copy)]
enum Step {
    Plus(u64),
    Times(u64),
}

fn ranged(text: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`{text}` is no list and no range of values; {ACCEPTED}");
    let (from, rest) = text.split_once("..").ok_or_else(wrong)?;
    let (until, step) = match rest.find(['+', '*']) {
        None => (rest, Step::Times(2)),
        Some(at) => {
            let by = whole(&rest[at + 1..]).ok_or_else(wrong)?;
            match rest.as_bytes()[at] {
                b'+' => (&rest[..at], Step::Plus(by)),
                _ => (&rest[..at], Step::Times(by)),
            }
        }
    };
    let ((from, unit), (until, last_unit)) = (with_unit(from), with_unit(until));
    let (Some(from), Some(until)) = (from, until) else {
        return Err(wrong());
    };
    if unit != last_unit {
        return Err(format!("both ends of `{text}` need the same unit"));
    }
    if from > until {
        return Err(format!("`{text}` ends before it begins"));
    }
    if matches!(step, Step::Plus(0) | Step::Times(0 | 1)) {
        return Err(format!("`{text}` never comes to its end"));
    }
    let numbers = steps(from, until, step);
    Ok(numbers.iter().map(|n| format!("{n}{unit}")).collect())
}

/// From the first to the last, which is in it whether or not a step meets it.
fn steps(from: u64, until: u64, step: Step) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut next = Some(from);
    while let Some(n) = next.filter(|&n| n < until) {
        numbers.push(n);
        // One more is refused all the same.
        if numbers.len() > MOST_VALUES {
            break;
        }
        next = match step {
            Step::Plus(by) => n.checked_add(by),
            Step::Times(by) => n.checked_mul(by).map(|more| more.max(1)),
        };
    }
    // Steps that are added up end where they do.
    let meets = next == Some(until);
    if meets || !matches!(step, Step::Plus(_)) {
        numbers.push(until);
    }
    numbers
}

fn with_unit(text: &str) -> (Option<u64>, &str) {
    let text = text.trim();
    let unit = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    (whole(&text[..unit]), &text[unit..])
}

fn whole(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.chars().all(|c| c.is_ascii_digit() || c == '_');
    (digits && !text.is_empty())
        .then(|| text.replace('_', "").parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_doubles_multiplies_or_adds_and_ends_with_its_last() {
        for (text, values) in [
            ("1..8", "1 2 4 8"),
            ("1..100", "1 2 4 8 16 32 64 100"),
            ("0..4", "0 1 2 4"),
            ("3..3", "3"),
            ("1..1_000*10", "1 10 100 1000"),
            ("1..9+2", "1 3 5 7 9"),
            ("1..8+3", "1 4 7"),
            ("1ms..4ms", "1ms 2ms 4ms"),
            ("[50us, 250us , 1ms]", "50us 250us 1ms"),
            ("[0, 0.6]", "0 0.6"),
        ] {
            assert_eq!(values_of(text).map(|v| v.join(" ")), Ok(values.into()));
        }
        assert_eq!(
            values_of("[\"uniform\", { hot = 1, share = 0.5 }, 'a,b']"),
            Ok(["\"uniform\"", "{ hot = 1, share = 0.5 }", "'a,b'"]
                .map(String::from)
                .into())
        );
    }

    #[test]
    fn what_is_no_axis_is_refused_with_what_is_accepted() {
        for (text, says) in [
            ("workload.retries", "there is no `=` in it"),
            ("=1..4", "no path before"),
            ("workload.retries=3", "is no list and no range"),
            ("workload.retries=1..", "is no list and no range"),
            ("workload.retries=-1..4", "is no list and no range"),
            ("workload.retries=4..1", "ends before it begins"),
            ("workload.retries=1..4+0", "never comes to its end"),
            ("workload.retries=1..4*1", "never comes to its end"),
            ("workload.retries=[]", "there is no value in it"),
            ("workload.retries=[1, 1]", "`1` is in it twice"),
            ("network.delay=1us..4ms", "need the same unit"),
            ("workload.retries=0..5000+1", "can have 1000"),
        ] {
            let refused = text.parse::<Axis>().expect_err(text);
            assert!(refused.contains(says), "{text}: {refused}");
        }
    }
}
