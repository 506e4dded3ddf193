//! A protocol that somebody brings: what the bench must be told about it.

use super::Safeguard;

/// What the bench must know of a protocol that is not its own. Everything else
/// (judging, measuring, faults) goes by what the world records.
///
/// ```
/// use indoubt::protocol::{Entry, Family, Own};
///
/// const MINE: Own = Own {
///     name: "mine",
///     family: Family::StepByStep,
///     entry: Entry::FirstService,
///     answers: "the first service, after the last step",
///     mixes: false,
///     uses_broker: false,
///     safeguards: &[],
///     again: "cargo run --release --example mine --",
/// };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Own {
    /// What it is called in tables, traces and lines to paste. Must differ from
    /// the names of [`ProtocolKind::ALL`](super::ProtocolKind::ALL).
    pub name: &'static str,
    /// Which promises mean something under it.
    pub family: Family,
    /// Whom clients call.
    pub entry: Entry,
    /// Who answers a client, and when, in a few words: stands in the heading of
    /// a report.
    pub answers: &'static str,
    /// Whether it does scenarios with several transactions: its machines are made by
    /// [`Mix`](super::Mix), or know from what a client says which steps it wants.
    pub mixes: bool,
    /// Whether its services talk through the broker: otherwise a fault of the
    /// broker is *not applicable*.
    pub uses_broker: bool,
    /// The safeguards that it has a use for, that is, which it loses when they
    /// are taken away. All others stay in force.
    pub safeguards: &'static [Safeguard],
    /// The command that runs it again: stands in lines to paste, before
    /// `--seed N` and whatever else was asked for.
    pub again: &'static str,
}

/// How a protocol makes one of many: it says which promises mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// One database, one local transaction. Nothing to agree about.
    OneDatabase,
    /// Branches that vote and prepare, and one decision for all of them. The
    /// promises `agreement`, `votes` and `prepared-untouched` are judged too;
    /// they rest on the notes of votes and decisions, as in
    /// [`two_phase_commit`](super::two_phase_commit).
    TwoPhase,
    /// Every step commits by itself, and is taken back (or should be) when a
    /// later one fails. The promise `compensation` is judged too.
    StepByStep,
}

/// Whom clients call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// The transaction manager.
    Manager,
    /// The service of the first step.
    FirstService,
}
