//! What can go wrong, as data: kinds, triggers, plans.
//!
//! A plan is complete before the first tick. The injector in `world` applies it
//! and never rolls dice. All faults end.

mod seeded;

pub use seeded::Seeded;

use serde::Serialize;

use crate::protocol::{Milestone, Nodes};
use crate::vocab::{NodeId, Probability, SimDuration, SimTime};

/// Everything that goes wrong in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FaultPlan {
    /// In the order of the scenario, drawn ones last.
    pub faults: Vec<Fault>,
}

/// One thing that goes wrong: what, whom, when, for how long.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fault {
    /// What, and whom.
    pub kind: FaultKind,
    /// When it begins.
    pub when: Moment,
    /// How long it lasts.
    pub lasts: SimDuration,
}

/// When a fault begins.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Moment {
    /// At this time.
    At(SimTime),
    /// The `nth` time (from 1) that this milestone is reached, at `node` if one
    /// is given; right there, before the effects that follow it.
    On {
        /// The milestone.
        milestone: Milestone,
        /// Only if reached there.
        node: Option<NodeId>,
        /// The how-many-th time, from 1.
        nth: u32,
    },
    /// At this numbered point of the run.
    Point(u64),
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum FaultKind {
    /// The process dies; its database lives on. The broker has no database of
    /// its own: its process dies, and its disk keeps what was synced.
    CrashProcess(NodeId),
    /// The database dies: it loses the log that it had not yet written. The
    /// process lives on.
    CrashDatabase(NodeId),
    /// The machine loses power: process and database die, and what was written
    /// but not synced is dropped or torn.
    PowerLoss(NodeId),
    /// The process stands still; messages and answers wait for it.
    Pause(NodeId),
    /// Messages do not pass between two groups.
    Partition {
        /// One group.
        from: Vec<NodeId>,
        /// The other.
        to: Vec<NodeId>,
        /// Which way is cut.
        ways: Ways,
    },
    /// Messages take longer by this.
    LatencySpike {
        /// Which messages.
        select: Select,
        /// How much longer.
        extra: SimDuration,
    },
    /// Messages are lost.
    Loss {
        /// Which messages.
        select: Select,
        /// How likely each.
        rate: Probability,
    },
    /// Messages arrive twice.
    Duplicate {
        /// Which messages.
        select: Select,
        /// How likely each.
        rate: Probability,
        /// How much later the copy comes.
        after: SimDuration,
    },
}

/// Which way a partition cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Ways {
    /// Both.
    Both,
    /// Only from the first group to the second.
    OneWay,
}

/// Which messages a fault concerns; an empty field is no condition.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Select {
    /// Sent from there.
    pub from: Option<NodeId>,
    /// Sent to there.
    pub to: Option<NodeId>,
    /// Of this kind: `prepare`, `ack`, `request`; see
    /// [`Message::kind`](crate::protocol::Message::kind).
    pub kind: Option<String>,
    /// At most so many.
    pub most: Option<u32>,
}

impl FaultKind {
    /// Its name in scenarios.
    pub fn name(&self) -> &'static str {
        match self {
            FaultKind::CrashProcess(_) => "crash",
            FaultKind::CrashDatabase(_) => "database-crash",
            FaultKind::PowerLoss(_) => "power-loss",
            FaultKind::Pause(_) => "pause",
            FaultKind::Partition { .. } => "partition",
            FaultKind::LatencySpike { .. } => "latency-spike",
            FaultKind::Loss { .. } => "loss",
            FaultKind::Duplicate { .. } => "duplicate",
        }
    }

    /// The kind of message that it is about, if it is about one.
    pub fn message(&self) -> Option<&str> {
        match self {
            FaultKind::LatencySpike { select, .. }
            | FaultKind::Loss { select, .. }
            | FaultKind::Duplicate { select, .. } => select.kind.as_deref(),
            FaultKind::CrashProcess(_)
            | FaultKind::CrashDatabase(_)
            | FaultKind::PowerLoss(_)
            | FaultKind::Pause(_)
            | FaultKind::Partition { .. } => None,
        }
    }

    /// The name of every kind.
    pub const NAMES: [&'static str; 8] = {
        let mut names = [""; 8];
        let mut n = 0;
        while n < names.len() {
            names[n] = FaultKind::MEANINGS[n].0;
            n += 1;
        }
        names
    };

    /// The name of every kind, and what it means, in a sentence.
    pub const MEANINGS: [(&'static str, &'static str); 8] = [
        (
            "crash",
            "A process dies and is started again; its database lives on.",
        ),
        (
            "database-crash",
            "A database dies and loses the log that it had not yet written; the process lives on.",
        ),
        (
            "power-loss",
            "A machine dies, process and database; what was written but not synced is dropped or \
             torn.",
        ),
        (
            "pause",
            "A process stands still; messages and answers wait for it.",
        ),
        (
            "partition",
            "Messages do not pass between two groups, both ways or one way.",
        ),
        ("latency-spike", "Messages take longer."),
        ("loss", "Messages are lost, each with a probability."),
        (
            "duplicate",
            "Messages arrive twice, each with a probability; the copy comes later.",
        ),
    ];

    /// The nodes that it needs to mean anything.
    pub fn nodes(&self) -> Vec<NodeId> {
        match self {
            FaultKind::CrashProcess(n)
            | FaultKind::CrashDatabase(n)
            | FaultKind::PowerLoss(n)
            | FaultKind::Pause(n) => vec![*n],
            FaultKind::Partition { from, to, .. } => from.iter().chain(to).copied().collect(),
            FaultKind::LatencySpike { select, .. }
            | FaultKind::Loss { select, .. }
            | FaultKind::Duplicate { select, .. } => {
                select.from.into_iter().chain(select.to).collect()
            }
        }
    }
}

/// What scenarios call the nodes.
pub fn node_name(nodes: &Nodes, services: &[String], node: NodeId) -> String {
    if node == nodes.manager() {
        "manager".to_owned()
    } else if node == nodes.broker() {
        "broker".to_owned()
    } else if node == nodes.provider() {
        "provider".to_owned()
    } else if node == nodes.clients() {
        "clients".to_owned()
    } else {
        match nodes.service_at(node) {
            Some(service) => services[service.0 as usize].clone(),
            None => node.to_string(),
        }
    }
}
