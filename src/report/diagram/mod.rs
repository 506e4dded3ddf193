//! A space-time diagram of a history: a lane a node, time going down, messages
//! as arrows with their fate, and what a node does, holds and suffers at its
//! lane (Lamport 1978 drew them so, with time going up).
//!
//! [`draw`] makes one [`Diagram`] of the events that somebody kept; three
//! renderers say the same with other signs: [`text()`] in the terminal,
//! [`mermaid()`] for a tracker, [`svg()`] as a picture.
//!
//! What is kept is for a [`Concern`] to say: the requests of a violation, or
//! everything.

mod builder;
mod canvas;
mod concern;
mod draft;
mod flights;
mod fold;
mod frame;
mod layout;
mod marks;
mod mermaid;
mod picture;
mod room;
mod signs;
mod svg;
mod text;
mod turn;

use schemars::JsonSchema;
use serde::Serialize;

use crate::vocab::{SimDuration, SimTime};

pub use builder::{Moment, draw};
pub(super) use canvas::in_ascii;
pub use concern::{Concern, Kept};
pub use frame::Caption;
pub use mermaid::mermaid;
pub use signs::Signs;
pub use svg::svg;
pub use text::text;

/// A run, or the part of it that matters, as a picture without a form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Diagram {
    /// Who takes part, from left to right.
    pub lanes: Vec<String>,
    /// What happens, from top to bottom.
    pub rows: Vec<Row>,
    /// In which state the lanes are for a while.
    pub spans: Vec<Span>,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// When.
    #[schemars(with = "u64")]
    pub at: SimTime,
    /// What.
    #[serde(flatten)]
    pub what: Shown,
}

/// What a row shows. Lanes and rows are told by their positions.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "row", rename_all = "kebab-case")]
pub enum Shown {
    /// A message leaves, and its sender or others do something before it
    /// arrives.
    Departure {
        /// From which lane.
        from: usize,
        /// Towards which.
        to: usize,
        /// What it is called, and says.
        words: String,
    },
    /// A message arrives or is lost. Unless it has a departure of its own, its
    /// sender does nothing between, so that it may be drawn level.
    Arrow {
        /// From which lane.
        from: usize,
        /// To which.
        to: usize,
        /// What it is called, says, and what became of it.
        words: String,
        /// What became of it.
        fate: Fate,
        /// The row of its departure, if that is another.
        departed: Option<usize>,
        /// Whether it says how a transaction ends, or asks for one again.
        turn: Turn,
    },
    /// A node does something, or something happens to it.
    Mark {
        /// At which lane.
        lane: usize,
        /// Of which kind.
        sign: Sign,
        /// What.
        words: String,
        /// Whether how a transaction ends is decided or carried out here.
        turn: Turn,
    },
    /// Something that concerns the whole run.
    Banner {
        /// Whether a promise is broken here; else a fault begins or ends.
        violation: bool,
        /// What.
        words: String,
    },
    /// For so long nothing happens that is shown.
    Gap {
        /// How long.
        #[schemars(with = "u64")]
        lasts: SimDuration,
    },
    /// More of what was shown already.
    Elided {
        /// Of what, and how often.
        words: String,
    },
}

/// What a row is for how a transaction ends. Of several the last one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// Nothing.
    #[default]
    No,
    /// The end is decided or told, or the transaction is asked for again.
    Told,
    /// The end is carried out: data changes, or stays as it was.
    Done,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It arrived.
    Arrived,
    /// It arrived much later than its link promises.
    Late,
    /// It is a copy that the network made, and arrived.
    Copy,
    /// It never arrives.
    Lost,
}

/// What kind of thing happens at a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// A deed or a turn.
    Deed,
    /// A deed whose log record was forced to disk before it counted.
    Forced,
    /// Something dies, or is taken back.
    Death,
}

/// A state that a lane is in for a while.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Span {
    /// Which lane.
    pub lane: usize,
    /// From this row.
    pub from: usize,
    /// To before this row: that of the deed that ends it, if it has one.
    pub to: usize,
    /// In which state.
    pub state: State,
}

/// What state a lane can be in. Of several the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It holds a lock on business rows.
    Locked,
    /// It has a prepared branch and has not heard the decision; it holds locks.
    InDoubt,
    /// Its process stands still.
    Paused,
    /// Its process or its database is dead.
    Down,
}

impl Diagram {
    /// The state that a lane shows at a row.
    fn state(&self, lane: usize, row: usize) -> Option<State> {
        let here = |span: &&Span| span.lane == lane && (span.from..span.to).contains(&row);
        self.spans.iter().filter(here).map(|s| s.state).max()
    }

    /// Whether any lane is ever in this state.
    fn shows(&self, state: State) -> bool {
        self.spans.iter().any(|span| span.state == state)
    }
}

#[cfg(test)]
mod tests;
