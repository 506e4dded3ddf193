//! Rows in the making: nodes are nodes yet, not lanes.

use super::{Fate, Sign, Turn};
use crate::vocab::{NodeId, SimDuration, SimTime};

/// A row in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) at: SimTime,
    /// The position of its event, or of the last that shares its row.
    pub(super) nth: usize,
    pub(super) what: Drafted,
}

#[derive(Clone, Debug)]
pub(super) enum Drafted {
    /// The message of this number leaves.
    Departure {
        id: u64,
        from: NodeId,
        to: NodeId,
        words: String,
    },
    /// It arrives, or is lost.
    Arrow {
        id: u64,
        from: NodeId,
        to: NodeId,
        words: String,
        fate: Fate,
        turn: Turn,
    },
    /// Something at a node. `own`: of the concern, not of the world around it.
    /// `again`: it may be one of many of the same. `turn`: it decides.
    Mark {
        node: NodeId,
        sign: Sign,
        words: String,
        own: bool,
        again: bool,
        turn: Turn,
    },
    /// A fault of messages, by its position in the plan.
    Fault { position: u32, words: String },
    /// The violation.
    Violation { words: String },
    /// More of the same.
    Elided { words: String },
    /// Nothing for so long.
    Gap { lasts: SimDuration },
}

impl Drafted {
    /// Says another mark of the same instant as well, if it is of the same node
    /// and kind and both are short.
    pub(super) fn takes_in(&mut self, other: &Drafted) -> bool {
        const SHORT: usize = 44;
        let (
            Drafted::Mark {
                node,
                sign,
                words,
                own,
                turn,
                ..
            },
            Drafted::Mark {
                node: n,
                sign: s,
                words: more,
                own: o,
                turn: t,
                ..
            },
        ) = (self, other)
        else {
            return false;
        };
        if (*node, *sign, *own) != (*n, *s, *o) || words.len() + more.len() > SHORT {
            return false;
        }
        let more = match more.strip_prefix("locks ") {
            Some(row) if words.starts_with("locks ") => row,
            _ => more,
        };
        words.push_str(&format!(", {more}"));
        *turn = (*turn).max(*t);
        true
    }
}

impl Draft {
    /// Whether it belongs to the concern itself.
    pub(super) fn is_own(&self) -> bool {
        match &self.what {
            Drafted::Departure { .. } | Drafted::Arrow { .. } => true,
            Drafted::Mark { own, .. } => *own,
            _ => false,
        }
    }

    pub(super) fn nodes(&self) -> Vec<NodeId> {
        match &self.what {
            Drafted::Departure { from, to, .. } | Drafted::Arrow { from, to, .. } => {
                vec![*from, *to]
            }
            Drafted::Mark { node, .. } => vec![*node],
            _ => Vec::new(),
        }
    }
}
