use std::io::{self, BufRead};

use serde_json::Value;

use super::header::{FORMAT, foreign};
use super::{Header, Told};

/// Why a file is no saved history, or not a whole one.
#[derive(Debug, thiserror::Error)]
#[error("{place}{why}")]
pub struct Unreadable {
    /// `line 17: `, or nothing.
    place: String,
    why: String,
}

impl Unreadable {
    pub(super) fn header(why: String) -> Self {
        let place = String::new();
        Unreadable { place, why }
    }

    fn line(line: u64, why: String) -> Self {
        let place = format!("line {line}: ");
        Unreadable { place, why }
    }

    fn broken(line: u64, error: &io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::InvalidData => "it is not text".to_owned(),
            _ => error.to_string(),
        };
        Unreadable::line(line, why)
    }
}

/// The events of a saved history, one after the other.
pub struct Lines<R> {
    lines: io::Lines<R>,
    /// How many there must be.
    promised: u64,
    /// How many there were.
    seen: u64,
}

/// Reads the header; the events follow as they are asked for.
///
/// # Errors
/// When it is no saved history, or one that this build does not know.
pub fn read<R: BufRead>(from: R) -> Result<(Header, Lines<R>), Unreadable> {
    let mut lines = from.lines();
    let none = || {
        Unreadable::header(format!(
            "it is no saved history: its first line does not say `\"format\":\"{FORMAT}\"` (`run \
             SCENARIO --protocol PROTOCOL --save FILE` writes one)"
        ))
    };
    let first = match lines.next() {
        None => return Err(none()),
        Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => return Err(none()),
        Some(Err(error)) => return Err(Unreadable::broken(1, &error)),
        Some(Ok(line)) => line,
    };
    let value: Value = serde_json::from_str(&first).map_err(|_| none())?;
    let word = |key: &str| value.get(key).and_then(Value::as_str);
    match word("format") {
        Some(format) if format.starts_with("indoubt-history-") && format != FORMAT => {
            return Err(foreign(format, word("version").unwrap_or("unknown")));
        }
        Some(FORMAT) => {}
        _ => return Err(none()),
    }
    let header: Header = serde_json::from_value(value)
        .map_err(|error| Unreadable::line(1, format!("its header is not right: {error}")))?;
    header.check()?;
    let promised = header.events;
    let lines = Lines {
        lines,
        promised,
        seen: 0,
    };
    Ok((header, lines))
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Told, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        // The header is line 1.
        let number = self.seen + 2;
        let line = match self.lines.next() {
            None if self.seen < self.promised => {
                let why = format!(
                    "the file is cut short: {} of {} events are there",
                    self.seen, self.promised
                );
                self.promised = self.seen;
                return Some(Err(Unreadable::header(why)));
            }
            None => return None,
            Some(Err(error)) => return Some(Err(Unreadable::broken(number, &error))),
            Some(Ok(line)) => line,
        };
        if self.seen == self.promised {
            let why = format!(
                "there are more events than the {} of its header",
                self.promised
            );
            return Some(Err(Unreadable::line(number, why)));
        }
        self.seen += 1;
        let told = serde_json::from_str(&line);
        Some(told.map_err(|error| Unreadable::line(number, format!("this is no event: {error}"))))
    }
}
