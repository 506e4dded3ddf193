//! The choices that two-phase commit leaves open, each of which decides what it
//! costs.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::protocol::Decision;

/// Which two-phase commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// What is presumed of a transaction that nobody remembers.
    pub presumption: Presumption,
    /// Whether a participant whose branch has only read votes *read-only* and
    /// leaves at PREPARE (Mohan, Lindsay & Obermarck 1986, section 3).
    pub read_only_votes: bool,
    /// In which order participants are asked to prepare.
    pub prepare: PrepareOrder,
    /// When participants do their work, and so take its locks.
    pub locks: LockTime,
    /// Whether a participant in doubt whom the coordinator does not answer asks the
    /// other participants (Bernstein, Hadzilacos & Goodman 1987, section 7.4).
    pub cooperative_termination: bool,
    /// Whether a coordinator with a single participant asks that to commit in one
    /// phase, without preparing: the decision is the participant's (X/Open XA 1991,
    /// `TMONEPHASE`).
    pub one_phase: bool,
}

/// What is presumed of a transaction that the coordinator knows nothing of, and so
/// what need not be written down, acknowledged and remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Presumption {
    /// Presumed nothing, the basic protocol: commits and aborts alike are forced,
    /// acknowledged, and remembered until all have them (Mohan, Lindsay &
    /// Obermarck 1986, section 2).
    Nothing,
    /// Presumed abort: an abort is forgotten at once (Mohan, Lindsay & Obermarck
    /// 1986, section 3).
    #[default]
    Abort,
    /// Presumed commit: a commit is forgotten at once, and the price is a forced
    /// record of who takes part before anybody is asked to prepare (Mohan, Lindsay
    /// & Obermarck 1986, section 4; Lampson & Lomet 1993).
    Commit,
}

/// In which order participants are asked to prepare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrepareOrder {
    /// All at once.
    #[default]
    Parallel,
    /// One after the other, each when the one before it has voted yes; the first no
    /// ends the vote.
    Serial,
}

/// When a participant does its work, and so takes the locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LockTime {
    /// When it is given the work.
    #[default]
    Early,
    /// When it is asked to prepare, or to commit in one phase: until then it has only
    /// taken note.
    AtPrepare,
}

impl Variant {
    /// Whether a transaction of so many participants commits in one phase.
    pub fn commits_in_one_phase(self, participants: usize) -> bool {
        self.one_phase && participants == 1
    }
}

impl Presumption {
    /// What somebody in doubt is told of a transaction that nobody remembers. With
    /// nothing presumed it is abort: every decision is remembered until it has
    /// arrived everywhere, so nothing was decided.
    pub(super) fn of_the_unknown(self) -> Decision {
        match self {
            Presumption::Nothing | Presumption::Abort => Decision::Abort,
            Presumption::Commit => Decision::Commit,
        }
    }

    /// Whether a decision to commit is acknowledged, and remembered until then.
    pub(super) fn acknowledges_commit(self) -> bool {
        self != Presumption::Commit
    }

    /// Whether a decision to abort is acknowledged, and remembered until then.
    pub(super) fn acknowledges_abort(self) -> bool {
        self != Presumption::Abort
    }
}
