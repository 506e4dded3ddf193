//! The named rules that keep a protocol correct, each of which teams are known
//! to leave out. Every one is defined by exactly what the world does without it.

use serde::{Deserialize, Serialize};

use super::ProtocolKind;
use crate::business::PromiseId;

macro_rules! safeguards {
    ($(
        $variant:ident $name:literal [$($user:ident => $promise:ident),* $(,)?]
        $rule:literal $without:literal $fault:literal $source:literal;
    )*) => {
        /// A rule that keeps a protocol correct, on unless it is taken away.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Safeguard {
            $(#[doc = $rule] #[serde(rename = $name)] $variant,)*
        }

        impl Safeguard {
            /// All of them.
            pub const ALL: &[Safeguard] = &[$(Safeguard::$variant),*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Safeguard::$variant => $name,)* }
            }

            /// What the rule says, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Safeguard::$variant => $rule,)* }
            }

            /// What the world does without it, in a sentence.
            pub fn without(self) -> &'static str {
                match self { $(Safeguard::$variant => $without,)* }
            }

            /// The smallest fault by which it is missed, in a sentence.
            pub fn missed_by_fault(self) -> &'static str {
                match self { $(Safeguard::$variant => $fault,)* }
            }

            /// Where the rule comes from.
            pub fn source(self) -> &'static str {
                match self { $(Safeguard::$variant => $source,)* }
            }

            /// The promise that breaks first when this protocol has to do without
            /// it; `None`: the protocol has no use for it.
            pub fn missed_by(self, protocol: ProtocolKind) -> Option<PromiseId> {
                #[allow(unused_imports, reason = "not every row names all four")]
                use ProtocolKind::{
                    ChoreographedSaga as Choreographed, Monolith, OrchestratedSaga as Orchestrated,
                    TwoPhaseCommit as TwoPhase,
                };
                let users: &[(ProtocolKind, PromiseId)] = match self {
                    $(Safeguard::$variant => &[$(($user, PromiseId::$promise)),*],)*
                };
                let user = users.iter().find(|(user, _)| *user == protocol);
                user.map(|(_, promise)| *promise)
            }
        }
    };
}

safeguards! {
    ForcePrepare "force-prepare" [TwoPhase => Agreement]
        "A participant has its prepared record on disk before it votes YES."
        "A participant sends YES when its prepared record is only buffered."
        "The participant's machine loses power just after its vote has left."
        "Mohan, Lindsay & Obermarck 1986";
    ForceDecision "force-decision" [TwoPhase => Agreement]
        "The coordinator has its commit record on disk before it sends the first COMMIT."
        "The coordinator sends COMMIT when its decision is only buffered."
        "The coordinator's machine loses power just after its first COMMIT has left."
        "Mohan, Lindsay & Obermarck 1986";
    DurableBeforeAck "durable-before-ack" [TwoPhase => Agreement]
        "A participant has its commit record on disk before it acknowledges."
        "A participant acknowledges a commit whose record is only buffered."
        "The participant's machine loses power just after its acknowledgement has left; it asks, and the commit is forgotten."
        "Mohan, Lindsay & Obermarck 1986";
    ForgetAfterAllAcks "forget-after-all-acks" [TwoPhase => Agreement]
        "The coordinator forgets a commit only when every participant has acknowledged it."
        "The coordinator's end record follows the first acknowledgement."
        "A participant is away while the others acknowledge, and asks when it is back."
        "Lampson & Lomet 1993";
    ResendDecision "resend-decision" [TwoPhase => EverythingEnds]
        "The coordinator sends its decision again until every participant has acknowledged it."
        "The coordinator sends its decision once."
        "One acknowledgement is lost."
        "Mohan, Lindsay & Obermarck 1986";
    NoUnilateralAbortAfterVote "no-unilateral-abort-after-vote" [TwoPhase => Agreement]
        "A participant that has voted YES waits for the decision, however long it takes."
        "A participant in doubt aborts by itself after its time-out."
        "A partition after the vote lasts longer than the participant's time-out."
        "Bernstein, Hadzilacos & Goodman 1987, chapter 7";
    ParticipantInquiry "participant-inquiry" [TwoPhase => EverythingEnds]
        "A participant in doubt asks the coordinator for the decision."
        "A participant in doubt waits to be told and never asks."
        "The ABORT to a prepared participant, which nobody remembers, is lost."
        "Mohan, Lindsay & Obermarck 1986";
    CoordinatorRecovery "coordinator-recovery" [TwoPhase => Agreement, Orchestrated => AllOrNothing]
        "A restarted coordinator or orchestrator goes on from its log."
        "A restarted coordinator or orchestrator begins with an empty memory and answers by presumption."
        "The manager crashes when its first COMMIT has left, or when a step of a saga is done."
        "Mohan, Lindsay & Obermarck 1986";
    SilentUntilRecovered "silent-until-recovered" [
        TwoPhase => Agreement, Orchestrated => NoEffectTwice,
    ]
        "A restarted coordinator or orchestrator answers nothing until it has read its log."
        "A restarted coordinator or orchestrator answers while it still reads its log."
        "The manager crashes and reads its log for so long that an inquiry, or a client's retry, comes meanwhile."
        "Mohan, Lindsay & Obermarck 1986";
    BranchCheck "branch-check" [TwoPhase => AllOrNothing]
        "PREPARE says what was done at a participant, and one that has lost a part of it votes NO."
        "PREPARE does not say what was done there; a participant prepares whatever it has."
        "A participant crashes when its work is done, and is back before PREPARE."
        "Gray & Reuter 1993";
    SessionFencing "session-fencing" [
        Monolith => EverythingEnds, TwoPhase => Agreement, Orchestrated => EverythingEnds,
    ]
        "A process that starts ends what a dead one had queued or open in its database."
        "Work that a dead process had queued or open in its database may still commit."
        "A process crashes while a record is on its way into the log, and is back at once."
        "Gray & Reuter 1993";
    HoldLocksUntilDecision "hold-locks-until-decision" [TwoPhase => PreparedUntouched]
        "A participant that has voted YES keeps its locks (or intents) until it knows the decision."
        "A participant lets its locks (or intents) go at the vote."
        "None is needed: two clients want the same row, and the decision takes its time."
        "Gray 1978";
    Outbox "outbox" [
        Monolith => Irrevocable, TwoPhase => Irrevocable, Orchestrated => Irrevocable, Choreographed => AllOrNothing,
    ]
        "A message to broker or provider is a row in the local transaction that it tells of; a relay sends it."
        "A message to broker or provider is sent straight after the local commit, without a row in it."
        "A process crashes between its local commit and the message."
        "Richardson 2018, chapter 3";
    ConfirmBeforeMark "confirm-before-mark" [
        Monolith => Irrevocable, TwoPhase => Irrevocable, Orchestrated => Irrevocable, Choreographed => AllOrNothing,
    ]
        "The relay marks a letter as sent only when broker or provider has confirmed it."
        "The relay marks a letter as sent when it hands it over, not when it is confirmed."
        "The broker crashes before its sync, or a hand-over to the provider is lost."
        "RabbitMQ manual, publisher confirms";
    AckAfterEffect "ack-after-effect" [Choreographed => AllOrNothing]
        "A consumer acknowledges a message only when its local transaction is committed."
        "A consumer acknowledges before its local transaction."
        "The consumer crashes just after its acknowledgement has left."
        "RabbitMQ manual, consumer acknowledgements";
    InboxDedup "inbox-dedup" [
        Monolith => NoEffectTwice, Orchestrated => NoEffectTwice, Choreographed => NoEffectTwice,
    ]
        "A service looks a message up in its inbox, in the transaction of its effect, and answers a repeat from there."
        "The inbox row is still written, but nobody looks it up: a repeat has effect again."
        "A command, a delivery or a request arrives twice."
        "Helland 2012; Richardson 2018, chapter 3";
    ProviderKey "provider-key" [
        Monolith => Irrevocable, TwoPhase => Irrevocable, Orchestrated => Irrevocable, Choreographed => Irrevocable,
    ]
        "The provider of real actions is given a key that is the same for every repeat."
        "The provider of real actions is given no idempotency key."
        "The relay's process crashes between the provider's confirmation and its own mark."
        "Helland 2012";
    CompensationTombstone "compensation-tombstone" [
        Orchestrated => AllOrNothing, Choreographed => AllOrNothing,
    ]
        "A compensation that finds nothing to undo leaves a tombstone, by which its step is refused if it comes late."
        "A compensation that finds nothing to undo leaves nothing behind."
        "A command, and every resend of it, or an event of one that was begun with others, comes later than its own compensation."
        "Seata and DTM manuals: hanging and empty rollback";
    RetryCompensation "retry-compensation" [
        Orchestrated => AllOrNothing, Choreographed => AllOrNothing,
    ]
        "A compensation is tried until it succeeds."
        "A compensation is tried once, then given up."
        "The first undo is lost, or the database that is to do it crashes."
        "Garcia-Molina & Salem 1987, section 4";
    RetryAfterPivot "retry-after-pivot" [Orchestrated => Irrevocable, Choreographed => Irrevocable]
        "A step after the pivot is tried until it succeeds."
        "A step after the pivot is tried once, then given up."
        "The first command after the pivot is lost, or the database that is to do it crashes."
        "Mehrotra, Rastogi, Korth & Silberschatz 1992, section 3";
    ReverseOrderCompensation "reverse-order-compensation" [
        Orchestrated => Compensation, Choreographed => Compensation,
    ]
        "Compensations run in the reverse order of their steps."
        "Compensations run first step first."
        "None is needed: the pivot is refused after two steps."
        "Garcia-Molina & Salem 1987, section 2";
    SagaLogBeforeCommand "saga-log-before-command" [Orchestrated => AllOrNothing]
        "The orchestrator has its intent on disk before the command leaves."
        "A command leaves when the saga's log record is only buffered."
        "The orchestrator's machine loses power just after its first command has left."
        "Garcia-Molina & Salem 1987, section 4";
    IdempotentClientRetry "idempotent-client-retry" [
        Monolith => NoEffectTwice, TwoPhase => NoEffectTwice, Orchestrated => NoEffectTwice, Choreographed => NoEffectTwice,
    ]
        "Every retry of a client carries the request key of the first."
        "Every retry of a client carries a fresh request key."
        "The answer to the client is lost, and the client asks again."
        "Helland 2012";
}

impl Safeguard {
    /// Whether this protocol has a use for it.
    pub fn used_by(self, protocol: ProtocolKind) -> bool {
        match protocol {
            ProtocolKind::Own(own) => own.safeguards.contains(&self),
            shipped => self.missed_by(shipped).is_some(),
        }
    }

    /// The safeguard of this name.
    pub fn named(name: &str) -> Option<Self> {
        Safeguard::ALL.iter().copied().find(|s| s.name() == name)
    }
}

impl std::fmt::Display for Safeguard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// The set of safeguards in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Safeguards(u32);

impl Safeguards {
    /// All of them: how a protocol is meant to be.
    pub const fn all() -> Self {
        Safeguards(u32::MAX)
    }

    /// This set less one.
    #[must_use]
    pub fn without(self, safeguard: Safeguard) -> Self {
        Safeguards(self.0 & !(1 << safeguard as u8))
    }

    /// This set less several, in any order and however often each is named.
    #[must_use]
    pub fn less<'s>(self, safeguards: impl IntoIterator<Item = &'s Safeguard>) -> Self {
        let safeguards = safeguards.into_iter().copied();
        safeguards.fold(self, Safeguards::without)
    }

    /// Whether the rule is in force.
    pub fn keep(self, safeguard: Safeguard) -> bool {
        self.0 & (1 << safeguard as u8) != 0
    }

    /// This set as a protocol sees it: what it has no use for is in force.
    #[must_use]
    pub fn seen_by(self, protocol: ProtocolKind) -> Self {
        let unused = Safeguard::ALL.iter().filter(|s| !s.used_by(protocol));
        Safeguards(unused.fold(self.0, |set, s| set | 1 << *s as u8))
    }

    /// Whether an optional rule is in force: what is no safeguard always is.
    pub fn keep_if_any(self, safeguard: Option<Safeguard>) -> bool {
        safeguard.is_none_or(|s| self.keep(s))
    }

    /// Those that were taken away, in the order of [`Safeguard::ALL`].
    pub fn missing(self) -> impl Iterator<Item = Safeguard> {
        Safeguard::ALL
            .iter()
            .copied()
            .filter(move |s| !self.keep(*s))
    }
}

impl Default for Safeguards {
    fn default() -> Self {
        Safeguards::all()
    }
}
