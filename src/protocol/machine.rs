//! What a machine is.
//!
//! Within one batch of effects, order is crash order: the process may die
//! between any two. A `Send` that depends on the disk therefore appears only in
//! answer to an [`Input::Executed`]: force before you tell.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ClientOutcome;
use super::message::{Decision, Message, Wire};
use super::note::Note;
use super::safeguard::Safeguard;
use super::setting::{ProtocolKind, Setting};
use super::txn::{Letter, LogEntry, Reply, Stamp, Txn, Value};
use crate::business::Reason;
use crate::vocab::{NodeId, RequestKey, ServiceId, SimDuration, SimTime, TxId};

/// A role of a protocol at one node: coordinator, participant, orchestrator,
/// saga step. A deterministic function of its inputs, and nothing else.
pub trait Machine: Send + 'static {
    /// What it says to its peers.
    type Msg: Message;

    /// Called once in the life of a process, before any other input (with
    /// [`Safeguard::SilentUntilRecovered`]): what the database still knows.
    fn recover(&mut self, cx: Cx, durable: Durable, out: &mut Out<Self::Msg>);

    /// Its database died and is back, while the process lived on: what it knows
    /// now, as a connection pool would learn by reading it after a reconnect.
    /// What was only buffered is gone; so a prepared branch may be back whose
    /// lazy abort was lost, or a log row whose end was.
    fn reconnected(&mut self, _cx: Cx, _durable: Durable, _out: &mut Out<Self::Msg>) {}

    /// Takes one input and answers with effects.
    fn step(&mut self, cx: Cx, input: Input<Self::Msg>, out: &mut Out<Self::Msg>);
}

/// A protocol: which machine plays which role.
///
/// Implement it to bring your own, with [`ProtocolKind::Own`] as its kind:
/// [`lab::run_own`](crate::lab::run_own) runs it.
pub trait Protocol: 'static {
    /// Its machines.
    type Machine: Machine;

    /// Which protocol this is.
    const KIND: ProtocolKind;

    /// A new process's machine for this role, with an empty memory; `None` if
    /// the protocol has nobody in this role. It must have somebody where clients
    /// call ([`Setting::entry`]), and must answer alike every time.
    fn build(setting: &Arc<Setting>, role: Role) -> Option<Self::Machine>;
}

/// The parts that nodes play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// The transaction manager: coordinator or orchestrator.
    Manager,
    /// A service of the scenario.
    Service(ServiceId),
}

/// What a machine is told with every input.
#[derive(Clone, Copy, Debug)]
pub struct Cx {
    /// Now, in model time.
    pub now: SimTime,
    /// The durable number of this start of the process, from 1.
    pub epoch: u32,
}

/// What the database still knew when the process started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Durable {
    /// Prepared branches without an outcome.
    pub prepared: Vec<TxId>,
    /// The manager's log rows, that is, transactions without their end.
    pub log: Vec<(TxId, LogEntry)>,
    /// Outcomes of requests that are still retained.
    pub outcomes: Vec<(RequestKey, ClientOutcome)>,
    /// Whether letters wait in the outbox.
    pub unsent: bool,
}

/// What tells calls and timers of a machine apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Which transaction.
    pub tx: TxId,
    /// What for.
    pub tag: Tag,
    /// Whatever else the machine needs: a step, an attempt.
    pub n: u32,
}

/// What a call or a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tag {
    /// Business work of a step.
    Work,
    /// Undoing a step.
    Undo,
    /// Preparing a branch.
    Prepare,
    /// Ending a prepared or open branch.
    Finish,
    /// Writing a decision, or a saga's intent, to the log.
    Log,
    /// Writing the end of a transaction.
    End,
    /// Storing or reading what a client is to be told.
    Outcome,
    /// A resend.
    Resend,
    /// Giving up on a silent peer.
    GiveUp,
    /// Trying again after a conflict.
    Retry,
    /// Asking for a decision.
    Inquire,
    /// The relay's poll of the outbox.
    Poll,
    /// The relay's wait for an answer.
    Confirm,
    /// The relay's mark.
    Mark,
    /// For machines that people bring.
    Custom(u8),
    /// The time after which an operator looks at what is parked.
    Parked,
}

/// What comes to a machine.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<M> {
    /// A message arrived.
    Message {
        /// From whom.
        from: NodeId,
        /// What it says.
        body: Wire<M>,
    },
    /// An [`Effect::Execute`], [`Effect::Finish`] or [`Effect::Unsent`] was
    /// answered. Answers to calls of an earlier epoch never arrive.
    Executed {
        /// Which call.
        call: Key,
        /// The answer.
        result: Outcome,
    },
    /// A timer ran out.
    Timer(Key),
}

/// What the database answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The statement ran; its branch is open and holds its locks.
    Open(Reads),
    /// The branch is prepared.
    Prepared,
    /// The branch was to be prepared and has only read: its locks are gone and so is
    /// it, without a record.
    ReadOnly,
    /// It is committed: a one-shot transaction, or a branch that was finished
    /// so. `reply` is what its case answered, or what was replayed.
    Committed {
        /// What the taken case answers.
        reply: Reply,
        /// Whether it was handled before, and the reply is the stored one.
        replayed: bool,
        /// The rows that were asked for.
        reads: Reads,
    },
    /// A business no. Its branch (if it had one) is rolled back; its stored
    /// reply (if it was one-shot) is committed.
    Refused(Reason),
    /// A lock time-out, a victim of a deadlock or of somebody older, or a write
    /// conflict: not a business no. The branch is rolled back.
    Conflict,
    /// It certainly did not happen: there is no such branch, or the database
    /// was away. A finished branch that was to abort answers so too; but an
    /// [`Effect::Finish`] while the database is away is [`Outcome::Unknown`],
    /// for the branch may be prepared.
    Aborted,
    /// The database died in the middle: it may have happened or not.
    Unknown,
    /// To [`Effect::Unsent`]: the letters, oldest commit first.
    Letters(Vec<Letter>),
}

/// Values of the rows that a transaction asked for, in its order; `None` for a
/// row that does not exist.
pub type Reads = Vec<Option<Value>>;

/// How a local transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Leave the branch open, with its locks.
    Open,
    /// Prepare the branch: it survives a crash, with its locks.
    Prepare(Preparing),
    /// Commit.
    Commit,
}

/// What may become of a branch that is asked to prepare, beside being prepared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparing {
    /// Whether a refusal waits for the disk, too: its abort record is forced.
    pub force_no: bool,
    /// Whether a branch that has only read is released instead: it leaves no
    /// record, and its end is [`Outcome::ReadOnly`] (`XA_RDONLY` in X/Open XA).
    pub release_read_only: bool,
}

/// Whether the answer waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Force {
    /// It waits.
    Always,
    /// It waits, and that is this safeguard: without it the answer comes when
    /// the record is only buffered.
    Guarded(Safeguard),
    /// It does not: the record is buffered and reaches the disk sometime.
    Lazy,
}

/// Who serves a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lane {
    /// A worker, from when the call begins until its answer: business work. It
    /// waits until a worker is free, and pays the service time.
    Work,
    /// Nobody: protocol work must never wait behind workers that wait for the
    /// locks it would release.
    Control,
}

/// What a machine wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<M> {
    /// Run a local transaction on the node's own database.
    Execute {
        /// Its answer comes under this key.
        call: Key,
        /// On whose behalf.
        stamp: Stamp,
        /// Who serves it.
        lane: Lane,
        /// The branch it belongs to; `None` for a one-shot transaction. A
        /// branch is opened by its first statement.
        branch: Option<TxId>,
        /// What to do.
        txn: Box<Txn>,
        /// How it ends. Anything but [`End::Commit`] needs a branch.
        end: End,
        /// Whether the answer waits for the disk.
        force: Force,
    },
    /// End a prepared or open branch. Idempotent: a branch that was finished
    /// before answers the same again; one that never was answers
    /// [`Outcome::Aborted`]. An abort that is not lazy leaves a record even of a
    /// branch that was not prepared, or never was: nothing can be done in it any
    /// more.
    Finish {
        /// Its answer comes under this key.
        call: Key,
        /// Which branch.
        branch: TxId,
        /// How.
        decision: Decision,
        /// Whether the answer waits for the disk.
        force: Force,
    },
    /// Read the outbox: at most `limit` unsent letters, oldest commit first,
    /// without locks.
    Unsent {
        /// Its answer comes under this key.
        call: Key,
        /// At most so many.
        limit: usize,
    },
    /// Send a message.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        body: Wire<M>,
    },
    /// Set a timer; one that is armed under the same key is replaced.
    Arm {
        /// Its key.
        key: Key,
        /// When it runs out.
        after: SimDuration,
    },
    /// Take a timer back; no error if there is none.
    Disarm(Key),
    /// Be called by [`Input::Timer`] with this key, at the node's next polling
    /// instant at which the outbox is not empty. (An idle poll changes nothing,
    /// so none is simulated.)
    Poll {
        /// Its key.
        key: Key,
        /// The polling interval; instants are its multiples.
        every: SimDuration,
    },
    /// Note a milestone.
    Observe(Note),
}

/// The effects of one input, in crash order.
#[derive(Clone, Debug, PartialEq)]
pub struct Out<M> {
    /// The effects so far.
    pub effects: Vec<Effect<M>>,
}

impl<M> Default for Out<M> {
    fn default() -> Self {
        Out {
            effects: Vec::new(),
        }
    }
}

impl<M> Out<M> {
    /// Sends a message to a peer.
    pub fn send(&mut self, to: NodeId, message: M) {
        self.effects.push(Effect::Send {
            to,
            body: Wire::Peer(message),
        });
    }

    /// Sends any message.
    pub fn send_wire(&mut self, to: NodeId, body: Wire<M>) {
        self.effects.push(Effect::Send { to, body });
    }

    /// Tells a client.
    pub fn tell(&mut self, clients: NodeId, key: RequestKey, outcome: ClientOutcome) {
        self.send_wire(
            clients,
            Wire::Client(super::ClientMsg::Reply { key, outcome }),
        );
    }

    /// Notes a milestone.
    pub fn observe(&mut self, note: Note) {
        self.effects.push(Effect::Observe(note));
    }

    /// Sets a timer.
    pub fn arm(&mut self, key: Key, after: SimDuration) {
        self.effects.push(Effect::Arm { key, after });
    }

    /// Takes a timer back.
    pub fn disarm(&mut self, key: Key) {
        self.effects.push(Effect::Disarm(key));
    }

    /// Any effect.
    pub fn push(&mut self, effect: Effect<M>) {
        self.effects.push(effect);
    }
}
