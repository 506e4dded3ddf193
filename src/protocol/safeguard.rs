//! The named rules that keep a protocol correct, each of which teams are known
//! to leave out. Every one is defined by exactly what the world does without it.

use serde::{Deserialize, Serialize};

use super::ProtocolKind;

macro_rules! safeguards {
    ($($variant:ident $name:literal [$($user:ident),*] $without:literal $source:literal;)*) => {
        /// A rule that keeps a protocol correct, on unless it is taken away.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Safeguard {
            $(#[doc = $without] #[serde(rename = $name)] $variant,)*
        }

        impl Safeguard {
            /// All of them.
            pub const ALL: &[Safeguard] = &[$(Safeguard::$variant),*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Safeguard::$variant => $name,)* }
            }

            /// What the world does without it, in a sentence.
            pub fn without(self) -> &'static str {
                match self { $(Safeguard::$variant => $without,)* }
            }

            /// Where the rule comes from.
            pub fn source(self) -> &'static str {
                match self { $(Safeguard::$variant => $source,)* }
            }

            /// Whether this protocol has a use for it.
            pub fn used_by(self, protocol: ProtocolKind) -> bool {
                #[allow(unused_imports, reason = "not every row names all four")]
                use ProtocolKind::{
                    ChoreographedSaga as Choreographed, Monolith, OrchestratedSaga as Orchestrated,
                    TwoPhaseCommit as TwoPhase,
                };
                if let ProtocolKind::Own(own) = protocol {
                    return own.safeguards.contains(&self);
                }
                match self { $(Safeguard::$variant => [$($user),*].contains(&protocol),)* }
            }
        }
    };
}

safeguards! {
    ForcePrepare "force-prepare" [TwoPhase]
        "A participant sends YES when its prepared record is only buffered."
        "Mohan, Lindsay & Obermarck 1986, section 2";
    ForceDecision "force-decision" [TwoPhase]
        "The coordinator sends COMMIT when its decision is only buffered."
        "Mohan, Lindsay & Obermarck 1986, section 2";
    DurableBeforeAck "durable-before-ack" [TwoPhase]
        "A participant acknowledges a commit whose record is only buffered."
        "Mohan, Lindsay & Obermarck 1986, section 2";
    ForgetAfterAllAcks "forget-after-all-acks" [TwoPhase]
        "The coordinator's end record follows the first acknowledgement."
        "Lampson & Lomet 1993, section 1";
    ResendDecision "resend-decision" [TwoPhase]
        "The coordinator sends its decision once."
        "Mohan, Lindsay & Obermarck 1986, section 2.1";
    NoUnilateralAbortAfterVote "no-unilateral-abort-after-vote" [TwoPhase]
        "A participant in doubt aborts by itself after its time-out."
        "Bernstein, Hadzilacos & Goodman 1987, chapter 7";
    ParticipantInquiry "participant-inquiry" [TwoPhase]
        "A participant in doubt waits to be told and never asks."
        "Mohan, Lindsay & Obermarck 1986, section 2.1";
    CoordinatorRecovery "coordinator-recovery" [TwoPhase, Orchestrated]
        "A restarted coordinator or orchestrator begins with an empty memory and answers by presumption."
        "Mohan, Lindsay & Obermarck 1986, section 2.1";
    SilentUntilRecovered "silent-until-recovered" [TwoPhase, Orchestrated]
        "A restarted coordinator or orchestrator answers while it still reads its log."
        "Mohan, Lindsay & Obermarck 1986, section 2.1";
    BranchCheck "branch-check" [TwoPhase]
        "PREPARE does not say what was done there; a participant prepares whatever it has."
        "Gray & Reuter 1993, chapter 10";
    SessionFencing "session-fencing" [Monolith, TwoPhase, Orchestrated]
        "Work that a dead process had queued or open in its database may still commit."
        "Gray & Reuter 1993, chapter 10";
    HoldLocksUntilDecision "hold-locks-until-decision" [TwoPhase]
        "A participant lets its locks (or intents) go at the vote."
        "Gray 1978, section 5.7";
    Outbox "outbox" [Monolith, TwoPhase, Orchestrated, Choreographed]
        "A message to broker or provider is sent straight after the local commit, without a row in it."
        "Richardson 2018, section 3.3";
    ConfirmBeforeMark "confirm-before-mark" [Monolith, TwoPhase, Orchestrated, Choreographed]
        "The relay marks a letter as sent when it hands it over, not when it is confirmed."
        "RabbitMQ manual, publisher confirms";
    AckAfterEffect "ack-after-effect" [Choreographed]
        "A consumer acknowledges before its local transaction."
        "RabbitMQ manual, consumer acknowledgements";
    InboxDedup "inbox-dedup" [Monolith, Orchestrated, Choreographed]
        "The inbox row is still written, but nobody looks it up: a repeat has effect again."
        "Helland 2012, section 4; Richardson 2018, section 3.3";
    ProviderKey "provider-key" [Monolith, TwoPhase, Orchestrated, Choreographed]
        "The provider of real actions is given no idempotency key."
        "Helland 2012, section 4";
    CompensationTombstone "compensation-tombstone" [Orchestrated]
        "A compensation that finds nothing to undo leaves nothing behind."
        "Seata and DTM manuals: hanging and empty rollback";
    RetryCompensation "retry-compensation" [Orchestrated, Choreographed]
        "A compensation is tried once, then given up."
        "Garcia-Molina & Salem 1987, section 4";
    RetryAfterPivot "retry-after-pivot" [Orchestrated, Choreographed]
        "A step after the pivot is tried once, then given up."
        "Mehrotra, Rastogi, Korth & Silberschatz 1992, section 3";
    ReverseOrderCompensation "reverse-order-compensation" [Orchestrated, Choreographed]
        "Compensations run first step first."
        "Garcia-Molina & Salem 1987, section 2";
    SagaLogBeforeCommand "saga-log-before-command" [Orchestrated]
        "A command leaves when the saga's log record is only buffered."
        "Garcia-Molina & Salem 1987, section 4";
    IdempotentClientRetry "idempotent-client-retry" [Monolith, TwoPhase, Orchestrated, Choreographed]
        "Every retry of a client carries a fresh request key."
        "Helland 2012, section 4";
}

impl Safeguard {
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

    /// Those that were taken away.
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
