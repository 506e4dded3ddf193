//! Promises: folds from a history to a verdict with evidence.
//!
//! A promise is judged on what the *world* recorded (commits and their data,
//! hand-overs, locks, answers that clients got) and on an independent read of
//! every store at the end. Notes of machines count only for what has no other
//! trace: votes and decisions.
//!
//! - [`Judge`] takes in a history and gives a [`Verdict`] for every promise.
//! - The *ledger* keeps, for every request in flight and for the retention
//!   window after it, what the world did for it; most promises are judged on
//!   such a record when it is closed.
//! - One promise a file; its header says what it claims and what it does not.

mod agreement;
mod all_or_nothing;
mod client_truth;
mod compensation;
mod court;
mod equation;
mod everything_ends;
mod floors;
mod irrevocable;
mod isolation;
mod judge;
mod ledger;
mod no_effect_twice;
mod prepared_untouched;
mod promise;
mod record;
mod sometimes;
#[cfg(test)]
mod tests;
mod verdict;
mod votes;
mod words;

pub use judge::Judge;
pub use sometimes::{Coverage, Sometimes};
pub use verdict::{Evidence, Verdict, Violation};
