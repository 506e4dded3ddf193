//! A history in a file, so that it can be replayed, compared and sent to
//! somebody: JSON lines, a [`Header`] that says what was run, then a [`Told`]
//! for every event.
//!
//! An event is saved twice over: in words, for people and for whoever reads a
//! difference, and whole, for the comparison. Nobody makes events of it again;
//! the run itself does that.

mod header;
mod parting;
mod read;
mod write;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::vocab::SimTime;

pub use header::Header;
pub use parting::{Comparing, Parting, Which, first_difference};
pub use read::{Lines, Unreadable, read};
pub use write::Writing;

/// An event, as it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// When.
    pub at: SimTime,
    /// Where.
    pub node: String,
    /// What kind of event, as in the legend of `--trace`.
    pub kind: String,
    /// Whose; empty if nobody's.
    pub tx: String,
    /// What, in the words of `--trace`.
    pub says: String,
    /// The whole of it.
    pub what: Value,
}

impl Told {
    /// The event in a line, without its time and node: `committed c0.0: ...`.
    pub fn words(&self) -> String {
        let mut words = self.kind.clone();
        if !matches!(self.tx.as_str(), "" | "-") {
            words.push_str(&format!(" {}", self.tx));
        }
        if !self.says.is_empty() {
            words.push_str(&format!(": {}", self.says));
        }
        words
    }

    /// All of it, for where two events have the same words.
    pub fn whole(&self) -> String {
        self.what.to_string()
    }
}

#[cfg(test)]
mod tests;
