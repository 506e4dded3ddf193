use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::business::{Params, Reason};
use crate::protocol::{Decision, Message};
use crate::vocab::{StepId, TxId, encoded_size};

/// The steps that were done in a branch, in order.
pub type Ops = SmallVec<[StepId; 4]>;

/// What coordinator and participants say to each other. Lost, doubled and
/// reordered messages are told by their transaction and the receiver's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TwoPhaseMsg {
    /// Coordinator: do this step in your branch.
    Work {
        /// Whose branch.
        tx: TxId,
        /// Which step.
        step: StepId,
        /// What the request is about.
        params: Params,
    },
    /// Participant: this became of the step.
    Worked {
        /// Whose branch.
        tx: TxId,
        /// Which step.
        step: StepId,
        /// What became of it.
        result: WorkResult,
    },
    /// Coordinator: prepare your branch, in which I believe that these steps
    /// were done, and vote. Who else takes part is not spelt out, here or in the
    /// prepared record: they are those of the scenario, for every transaction.
    Prepare {
        /// Whose branch.
        tx: TxId,
        /// What was done there.
        ops: Ops,
    },
    /// Coordinator to its only participant, in which I believe that these steps were
    /// done: commit your branch in one phase. Whether it commits is yours to decide.
    CommitOnePhase {
        /// Whose branch.
        tx: TxId,
        /// What was done there.
        ops: Ops,
    },
    /// Participant: this became of the branch that was to commit in one phase.
    OnePhase {
        /// Of which transaction.
        tx: TxId,
        /// What became of it.
        outcome: OnePhaseOutcome,
    },
    /// Participant: my vote.
    Vote {
        /// On which transaction.
        tx: TxId,
        /// The vote.
        vote: Vote,
    },
    /// Coordinator: COMMIT or ABORT.
    Decision {
        /// Which transaction.
        tx: TxId,
        /// The decision.
        decision: Decision,
        /// Whether it is to be acknowledged.
        ack: bool,
    },
    /// Participant: I have done as was decided, and will not forget it.
    Ack {
        /// Which transaction.
        tx: TxId,
    },
    /// Participant in doubt, to the coordinator or, with cooperative termination, to
    /// another participant: what was decided?
    Inquire {
        /// Which transaction.
        tx: TxId,
    },
    /// Coordinator, or another participant: this is how it stands.
    Answer {
        /// Which transaction.
        tx: TxId,
        /// How it stands.
        standing: Standing,
    },
}

/// What became of a step in an open branch. After anything but `Done` the branch
/// is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkResult {
    /// It is done; the branch is open and holds its locks. (Where those are taken at
    /// PREPARE: it will be done.)
    Done,
    /// A business no.
    Refused(Reason),
    /// A lock time-out, a deadlock, an older transaction or a write conflict.
    Conflict,
    /// The database was away.
    Failed,
}

/// A participant's vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Vote {
    /// It is prepared and will do what is decided.
    Yes,
    /// Its branch has only read and is over: whatever is decided, there is nothing
    /// to do, and nobody to be told.
    ReadOnly,
    /// Its branch is gone, for this reason.
    No(Reason),
}

/// What became of a branch that was to commit in one phase; on disk before it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnePhaseOutcome {
    /// It is committed.
    Committed,
    /// It is gone, for this reason, and can never be committed any more.
    Refused(Reason),
}

/// How a transaction stands, for a participant in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Decided; or nothing is known of it, and this is presumed.
    Decided {
        /// The decision.
        decision: Decision,
        /// Whether it is to be acknowledged: it is remembered until then.
        ack: bool,
    },
    /// Not decided yet: neither commit nor abort. Only the coordinator can say so.
    Wait,
    /// Another participant has voted yes, or is about to: it is as much in doubt.
    Uncertain,
    /// Another participant remembers nothing of it, or has only read and was told
    /// nothing: that is neither commit nor abort, whatever a coordinator presumes.
    Unknown,
}

impl Message for TwoPhaseMsg {
    const KINDS: &'static [&'static str] = &[
        "work",
        "worked",
        "prepare",
        "vote",
        "commit",
        "abort",
        "ack",
        "inquire",
        "answer",
        "commit-one-phase",
        "one-phase-outcome",
    ];

    fn tx(&self) -> TxId {
        match *self {
            TwoPhaseMsg::Work { tx, .. }
            | TwoPhaseMsg::Worked { tx, .. }
            | TwoPhaseMsg::Prepare { tx, .. }
            | TwoPhaseMsg::Vote { tx, .. }
            | TwoPhaseMsg::CommitOnePhase { tx, .. }
            | TwoPhaseMsg::OnePhase { tx, .. }
            | TwoPhaseMsg::Decision { tx, .. }
            | TwoPhaseMsg::Ack { tx }
            | TwoPhaseMsg::Inquire { tx }
            | TwoPhaseMsg::Answer { tx, .. } => tx,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            TwoPhaseMsg::Work { .. } => "work",
            TwoPhaseMsg::Worked { .. } => "worked",
            TwoPhaseMsg::Prepare { .. } => "prepare",
            TwoPhaseMsg::Vote { .. } => "vote",
            TwoPhaseMsg::CommitOnePhase { .. } => "commit-one-phase",
            TwoPhaseMsg::OnePhase { .. } => "one-phase-outcome",
            TwoPhaseMsg::Decision { decision, .. } => word(*decision),
            TwoPhaseMsg::Ack { .. } => "ack",
            TwoPhaseMsg::Inquire { .. } => "inquire",
            TwoPhaseMsg::Answer { .. } => "answer",
        }
    }

    fn detail(&self) -> u64 {
        self.step().map_or(0, |step| u64::from(step.0))
    }

    fn step(&self) -> Option<StepId> {
        match *self {
            TwoPhaseMsg::Work { step, .. } | TwoPhaseMsg::Worked { step, .. } => Some(step),
            _ => None,
        }
    }

    fn payload(&self) -> u32 {
        encoded_size(self)
    }

    fn says(&self) -> &'static str {
        match self {
            TwoPhaseMsg::Worked { result, .. } => match result {
                WorkResult::Done => "done",
                WorkResult::Refused(_) => "refused",
                WorkResult::Conflict => "conflict",
                WorkResult::Failed => "failed",
            },
            TwoPhaseMsg::Vote { vote, .. } => match vote {
                Vote::Yes => "yes",
                Vote::ReadOnly => "read-only",
                Vote::No(_) => "no",
            },
            TwoPhaseMsg::OnePhase { outcome, .. } => match outcome {
                OnePhaseOutcome::Committed => "committed",
                OnePhaseOutcome::Refused(_) => "refused",
            },
            TwoPhaseMsg::Answer { standing, .. } => match standing {
                Standing::Decided { decision, .. } => word(*decision),
                Standing::Wait => "wait",
                Standing::Uncertain => "uncertain",
                Standing::Unknown => "unknown",
            },
            _ => "",
        }
    }
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Commit => "commit",
        Decision::Abort => "abort",
    }
}
