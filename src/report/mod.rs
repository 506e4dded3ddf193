//! An outcome as table, trace and JSON; never runs anything.
//!
//! Everything here is a pure function of a [`Comparison`] (or, for the
//! [`trace`], of a history), without a clock, so that the same run is the same
//! bytes. Text carries its colours; whoever prints it strips them where nobody
//! sees them. Nothing is said by colour alone.
//!
//! - [`text`]: the screen, section by section.
//! - [`contrast`]: a run whole and changed, side by side.
//! - [`exhaust`]: every fault at every point: how far was looked, what was found.
//! - [`json`]: the same for programs.
//! - [`hunt`]: what came of many seeds; [`ablation`]: what each safeguard is for.
//! - [`sweep`]: what each protocol costs at every value of a parameter.
//! - [`validation`]: what is measured, held against theory.
//! - [`trace`]: every event a line, with its legend.
//! - [`chart`]: what was measured, drawn.
//! - [`diagram`]: a history as a space-time diagram, in three forms.
//! - [`saved`]: a history in a file, and where two of them part.
//! - [`replay`]: a run told again, with what broke, as text, JSON and a bug
//!   report.
//! - [`list`] and [`explain`]: everything that has a name.

pub mod ablation;
pub mod chart;
mod claims;
mod comparison;
pub mod contrast;
pub mod diagram;
mod document;
pub mod exhaust;
pub mod explain;
mod explanation;
mod figures;
pub mod gallery;
mod glossary;
mod heading;
mod histories;
pub mod hunt;
mod incidents;
mod invocation;
pub mod json;
mod judgement;
pub mod lessons;
pub mod list;
mod lookup;
mod notes;
mod page;
pub mod replay;
pub mod saved;
mod story;
mod style;
pub mod sweep;
mod table;
mod terms;
pub mod text;
pub mod trace;
pub mod validation;
mod words;

#[cfg(test)]
pub(crate) mod fixture;

pub use comparison::{Comparison, Unable};
pub use contrast::Contrast;
pub(crate) use document::written;
pub use glossary::Word;
pub use invocation::Invocation;
pub(crate) use invocation::{line_to_paste, quoted, set_program};
pub use judgement::{Judgement, judge};
pub use lookup::Found;
pub use page::Page;
pub use terms::{Facts, Missed, Shelf, Term};
pub(crate) use words::list as list_of_names;
