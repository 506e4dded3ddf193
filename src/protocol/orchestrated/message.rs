use serde::{Deserialize, Serialize};

use crate::business::{Params, Reason};
use crate::protocol::{Message, Reply};
use crate::vocab::{Direction, StepId, TxId, encoded_size};

/// What orchestrator and services say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum SagaMsg {
    /// Do this step.
    Command {
        /// Of which saga.
        tx: TxId,
        /// Which step.
        step: StepId,
        /// What the request is about.
        params: Params,
    },
    /// Undo this step, whether or not it was done.
    Undo {
        /// Of which saga.
        tx: TxId,
        /// Which step.
        step: StepId,
        /// What the request is about.
        params: Params,
        /// Why the saga turned: what the client will be told.
        reason: Reason,
    },
    /// What became of either.
    Reply {
        /// Of which saga.
        tx: TxId,
        /// Which step.
        step: StepId,
        /// Whether it was to be done or undone.
        direction: Direction,
        /// The answer.
        reply: Reply,
    },
}

impl Message for SagaMsg {
    const KINDS: &'static [&'static str] = &["command", "undo", "step-reply"];

    fn tx(&self) -> TxId {
        match *self {
            SagaMsg::Command { tx, .. } | SagaMsg::Undo { tx, .. } | SagaMsg::Reply { tx, .. } => {
                tx
            }
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            SagaMsg::Command { .. } => "command",
            SagaMsg::Undo { .. } => "undo",
            SagaMsg::Reply { .. } => "step-reply",
        }
    }

    fn detail(&self) -> u64 {
        match *self {
            SagaMsg::Command { step, .. } | SagaMsg::Undo { step, .. } => u64::from(step.0),
            SagaMsg::Reply {
                step, direction, ..
            } => u64::from(step.0) << 8 | direction as u64,
        }
    }

    fn step(&self) -> Option<StepId> {
        match *self {
            SagaMsg::Command { step, .. }
            | SagaMsg::Undo { step, .. }
            | SagaMsg::Reply { step, .. } => Some(step),
        }
    }

    fn payload(&self) -> u32 {
        encoded_size(self)
    }

    fn says(&self) -> &'static str {
        match self {
            SagaMsg::Command { .. } | SagaMsg::Undo { .. } => "",
            SagaMsg::Reply {
                direction, reply, ..
            } => match (direction, reply) {
                (Direction::Forward, Reply::Done) => "done",
                (Direction::Backward, Reply::Done) => "undone",
                (_, Reply::Refused(_)) => "refused",
                (_, Reply::Null) => "nothing to undo",
            },
        }
    }
}
