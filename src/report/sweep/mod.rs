//! What each protocol costs at every value of a parameter: as a table, a data
//! frame and JSON.
//!
//! A *run* is a protocol at a point on one seed; a *cell* is all its seeds, as means
//! with 95 % confidence intervals.

mod cells;
mod curves;
mod frame;
mod json;
mod text;

pub(in crate::report) use cells::{one, title};
pub use curves::curves;
pub use frame::Frame;
pub use json::{Line, document, journal_schemas, line_schema, lines, schema};
pub use text::screen;

use super::Invocation;
use crate::lab::hunt::Outcome;
use crate::lab::sweep::{Grid, Manifest, Sweep};
use crate::measure::Column;
use crate::protocol::ProtocolKind;
use crate::vocab::Seed;

/// What is shown when nobody says what: speed, what clients wait, what becomes of
/// their wishes, and what each protocol pays for it.
pub const FIGURES: [&str; 6] = [
    "throughput",
    "committed_share",
    "latency.p50",
    "latency.p99",
    "lock_wait.p95",
    "in_doubt_lock_time",
];

/// A sweep and what came of it: all that a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Swept<'a> {
    /// What was swept over.
    pub manifest: &'a Manifest,
    /// The same, ready to run.
    pub sweep: &'a Sweep,
    /// What came of it.
    pub grid: &'a Grid,
    /// The figures that are shown, where not all are.
    pub figures: &'a [&'static Column],
    /// The command that gives the same report.
    pub command: &'a str,
}

impl Swept<'_> {
    /// What it comes to.
    pub fn outcome(&self) -> Outcome {
        self.grid.outcome(self.sweep.wanted())
    }

    /// The command that runs one seed of a cell again.
    fn again(&self, point: u32, protocol: ProtocolKind, seed: u64) -> String {
        let mut sets = self.manifest.sets.clone();
        sets.extend(self.sweep.settings(point));
        let invocation = Invocation {
            file: self.manifest.file.clone(),
            seed: Seed(seed),
            without: self.manifest.without(),
            transactions: None,
            sets,
            swarm: false,
        };
        invocation.line(protocol)
    }

    /// What a value is called in a row: without the quotes of TOML.
    fn values(&self, point: u32) -> Vec<String> {
        let point = self.sweep.points.get(point as usize);
        let values = point.map_or(&[][..], |point| &point.values);
        values.iter().map(|value| plain(value)).collect()
    }
}

/// A value without the quotes that TOML needs.
fn plain(value: &str) -> String {
    let bare = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    bare('"').or_else(|| bare('\'')).unwrap_or(value).to_owned()
}
