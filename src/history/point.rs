use serde::Serialize;

use crate::vocab::{NodeId, SimTime};

/// A numbered point of a run: a place between two things that happen, at which a
/// fault can strike ([`Moment::Point`](crate::fault::Moment::Point)).
///
/// Every happening on the agenda is one, and so is every boundary between two
/// effects of a machine. Two runs have the same points up to where they part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Its number, from 0.
    pub number: u64,
    /// When.
    pub at: SimTime,
    /// Where.
    pub node: NodeId,
    /// What comes next there.
    pub kind: PointKind,
}

/// What comes next at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointKind {
    /// A message is delivered.
    Delivery,
    /// A message is sent.
    Send,
    /// A local transaction, or the end of a branch, is asked of the database.
    Call,
    /// A statement runs, a local transaction that needs no disk commits, or a wait
    /// for a lock has lasted long enough.
    Statement,
    /// A log buffer begins to be written.
    Write,
    /// What was written is on disk.
    Sync,
    /// A database's answer reaches its process.
    Answer,
    /// A timer of a process runs out.
    Timer,
    /// A timer is set or taken back, or a poll is parked: only the process's own
    /// memory is written.
    Memory,
    /// A milestone is noted.
    Note,
    /// A process or a database comes back: it starts, reads, recovers.
    Recovery,
    /// A client, a reader or the operator wants something.
    Wish,
    /// A fault of the plan begins or ends.
    Fault,
}
