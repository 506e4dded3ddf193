//! Figures: folds from a history to counts, histograms and windows.
//!
//! A [`Meter`] hears a history and answers with [`Figures`]. What a request came
//! to is read off the commits of the stores, never off what a machine noted or
//! a client was told.
//!
//! [`Incidents`] name the worst of what the figures count: which branch in doubt,
//! whose wait, who was short of what.
//!
//! A [`Timeline`] keeps how much of some things there was when, a [`Bill`] what the
//! messages and forced writes were.
//!
//! The fold forgets a request once the history says that it is quiet, so memory
//! follows the requests in flight; what it keeps of each committed one is the
//! moment of its commit.

mod bill;
mod column;
mod contention;
mod doubts;
mod figures;
mod incidents;
mod letters;
mod locking;
mod marks;
pub(crate) mod meaning;
mod meter;
mod metric;
mod requests;
mod shortages;
mod spread;
mod tally;
mod timeline;

pub use bill::{Bill, Costs};
pub use column::{COLUMNS, Column};
pub use contention::Waited;
pub use figures::{Figures, OfTransaction, Quantiles, over_common_window};
pub use incidents::{Doubt, Incidents, Shortage, Wait};
pub use locking::Locking;
pub use meter::{Meter, Timed};
pub use metric::{METRICS, Metric, Unit};
pub use spread::Distribution;
pub use timeline::{Course, Levels, Span, Timeline, spread_over};

#[cfg(test)]
mod tests;
