//! What is a turn: from there on it is another story.

use super::Turn;
use crate::history::{RollbackReason, What, Written};
use crate::protocol::{LogState, Milestone, Value};

/// What a message is for how a transaction ends. `again`: it was asked before.
pub(super) fn turn_of_message(kind: &str, again: bool) -> Turn {
    match kind {
        "commit" | "abort" | "answer" | "undo" | "cancel" => Turn::Told,
        "request" if again => Turn::Told,
        _ => Turn::No,
    }
}

/// What an event is for how a transaction ends.
pub(super) fn turn(what: &What) -> Turn {
    match what {
        What::Committed {
            branch, effects, ..
        } if *branch || !effects.is_empty() => Turn::Done,
        What::Committed { writes, .. } if writes.iter().any(decides) => Turn::Told,
        What::RolledBack { why, .. } if *why != RollbackReason::Conflict => Turn::Done,
        What::GaveUp { .. }
        | What::HandedOver {
            performed: true, ..
        } => Turn::Told,
        What::Noted(note) => match note.milestone {
            Milestone::CoordinatorDecided
            | Milestone::ParticipantGaveUp
            | Milestone::OrchestratorTurned
            | Milestone::OrchestratorGaveUp
            | Milestone::StepGaveUp
            | Milestone::StepNullCompensation
            | Milestone::StepTooLate => Turn::Told,
            _ => Turn::No,
        },
        _ => Turn::No,
    }
}

/// Whether a write is a manager's decision.
fn decides(written: &Written) -> bool {
    use LogState::{Aborted, Committed, CommittedAndForgotten};
    match written.value {
        Some(Value::Log(entry)) => {
            matches!(entry.state, Committed | CommittedAndForgotten | Aborted)
        }
        _ => false,
    }
}
