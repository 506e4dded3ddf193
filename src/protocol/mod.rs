//! Two-phase commit, sagas, outbox and inbox as state machines: input in,
//! effects out. No `async`, no clock, no randomness; nothing here knows that it
//! is simulated, faulted, watched or compared.
//!
//! - [`machine`]: what a machine is: [`Machine`], [`Input`], [`Effect`], [`Out`].
//! - [`txn`]: a local transaction as data: rows, tests, changes.
//! - [`message`]: what travels: the [`Wire`] envelope around a protocol's own messages.
//! - [`plan`]: from a step of the business to its local transaction.
//! - [`note`]: what a machine says of itself: [`Milestone`]s, which faults can wait for.
//! - [`safeguard`]: the named rules that keep a protocol correct.
//!
//! The machines: [`monolith`], [`two_phase_commit`], [`orchestrated`],
//! [`choreographed`], and beside each service's the [`relay`] of its outbox. Where a
//! scenario has several transactions, [`mix`] has a machine for each.
//!
//! - [`own`]: what the bench must be told about a protocol that somebody brings.

mod attempt;
pub mod choreographed;
pub mod machine;
pub mod message;
pub mod mix;
pub mod monolith;
pub mod note;
pub mod orchestrated;
pub mod own;
pub mod plan;
#[cfg(test)]
mod play;
pub mod relay;
mod retained;
pub mod safeguard;
pub mod setting;
pub mod step_order;
pub mod two_phase_commit;
pub mod txn;

pub use machine::{
    Cx, Durable, Effect, End, Force, Input, Key, Lane, Machine, Out, Outcome, Preparing, Protocol,
    Role, Tag,
};
pub use message::{
    BrokerMsg, ClientMsg, ClientOutcome, Decision, Message, ProviderMsg, Wire, message_kinds,
};
pub use mix::{Mix, Wanted};
pub use note::{Detail, Milestone, Note};
pub use own::{Entry, Family, Own};
pub use safeguard::{Safeguard, Safeguards};
pub use setting::{Nodes, Parking, Policies, ProtocolKind, Setting, StepPolicy};
pub use step_order::{StepGroup, StepOrder};
pub use txn::{
    Answer, Case, Change, Event, EventKind, Letter, LetterBody, LetterId, LogEntry, LogState,
    Predicate, Reply, Row, SagaPhase, Stamp, Test, Txn, Value,
};
