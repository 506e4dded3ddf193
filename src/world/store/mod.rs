//! What a service's database promises: local ACID transactions over rows, locks
//! from the first statement to the end, a write-ahead log, recovery by replay,
//! and prepared branches that survive a crash with their locks.
//!
//! A [`Store`] is synchronous and knows no clock: the driver tells it the time
//! with every call, and does what it finds in [`Io`] afterwards.

mod api;

use std::sync::Arc;

pub use api::{Answer, Crash, Io, Request, Ticket, Wake};

use crate::history::Rest;
use crate::protocol::Setting;
use crate::scenario::DatabaseSpec;
use crate::vocab::{Chance, NodeId, SimTime};

/// A database.
#[derive(Debug)]
pub struct Store {
    up: bool,
}

impl Store {
    /// An empty database that is up.
    pub fn new(
        _node: NodeId,
        _spec: &DatabaseSpec,
        _setting: Arc<Setting>,
        _chance: Chance,
    ) -> Store {
        Store { up: true }
    }

    /// A process has started and opens its session. With
    /// [`Safeguard::SessionFencing`](crate::protocol::Safeguard::SessionFencing)
    /// everything that older sessions had queued or open (not what is prepared,
    /// not what is appended to the log) is ended before anything of the new
    /// session is answered. Does nothing while the database is down: its crash
    /// has ended all of it.
    pub fn open_session(&mut self, _now: SimTime, _epoch: u32, _io: &mut Io) {}

    /// A call. `session` is the epoch of the process that makes it; `None` for
    /// readers and the operator, who belong to no session. While the database is
    /// down it is answered at once with `Aborted` or `ReadFailed`; a `Finish`
    /// with `Unknown`, for its branch may be prepared.
    pub fn submit(
        &mut self,
        _now: SimTime,
        _session: Option<u32>,
        _ticket: Ticket,
        _request: Request,
        _io: &mut Io,
    ) {
    }

    /// A [`Wake`] is due.
    pub fn wake(&mut self, _now: SimTime, _wake: Wake, _io: &mut Io) {}

    /// The database dies. Calls in flight are answered: with `Unknown` if they
    /// might have committed, prepared or finished something, with `Aborted` (or
    /// `ReadFailed`) otherwise. Also while it is down: power can fail then.
    pub fn crash(&mut self, _now: SimTime, _how: Crash, _io: &mut Io) {}

    /// Recovery begins; [`Io::up`] is set by the wake that ends it. No effect
    /// unless it is down and not recovering already.
    pub fn restart(&mut self, _now: SimTime, _io: &mut Io) {}

    /// Whether it answers.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// Whether letters wait in the outbox.
    pub fn has_unsent(&self) -> bool {
        false
    }

    /// An independent look at what is there and what is left over, added to
    /// `rest`: rows sorted, then prepared branches, locks, unsent letters and
    /// log rows without an end.
    pub fn rest(&self, _rest: &mut Rest) {}
}
