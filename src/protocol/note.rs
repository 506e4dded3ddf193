//! What a machine says of itself.
//!
//! A [`Note`] has no effect on the world, but it is a boundary: a fault may wait
//! for its [`Milestone`] and strikes right there, before the effects that come
//! after it in the same batch.

use serde::{Deserialize, Serialize};

use super::{Decision, ProtocolKind};
use crate::business::Reason;
use crate::vocab::{Direction, ServiceId, StepId, TxId};

/// Something that a machine or the world has reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// What was reached.
    pub milestone: Milestone,
    /// By which transaction.
    pub tx: TxId,
    /// With what.
    pub detail: Detail,
}

impl Note {
    /// A note that needs no more words.
    pub fn new(milestone: Milestone, tx: TxId) -> Self {
        Note {
            milestone,
            tx,
            detail: Detail::None,
        }
    }

    /// A note about a step.
    pub fn step(milestone: Milestone, tx: TxId, step: StepId) -> Self {
        Note {
            milestone,
            tx,
            detail: Detail::Step(step),
        }
    }
}

/// What a note says beside its milestone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Detail {
    /// Nothing.
    None,
    /// Which step.
    Step(StepId),
    /// A vote: yes or no.
    Vote {
        /// Whether it was yes.
        yes: bool,
    },
    /// A vote as the coordinator received it.
    VoteOf {
        /// Whose.
        service: ServiceId,
        /// Whether it was yes.
        yes: bool,
    },
    /// A decision.
    Decision(Decision),
    /// Why; at which step.
    Reason(StepId, Reason),
    /// Which step, and whether it was to be done or undone.
    Asked(StepId, Direction),
}

macro_rules! milestones {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// Moments that a protocol passes; faults can be set off by them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Milestone { $(#[doc = $doc] #[serde(rename = $name)] $variant,)* }

        impl Milestone {
            /// All of them.
            pub const ALL: &[Milestone] = &[$(Milestone::$variant),*];

            /// Its name in scenarios and traces.
            pub fn name(self) -> &'static str {
                match self { $(Milestone::$variant => $name,)* }
            }

            /// What it means, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Milestone::$variant => $doc,)* }
            }
        }
    };
}

milestones! {
    CoordinatorBegun "coordinator.begun" "The coordinator has given a request a transaction; nothing is sent yet.";
    CoordinatorWorkDone "coordinator.work-done" "The coordinator has every participant's work done; no PREPARE is sent yet.";
    CoordinatorVote "coordinator.vote" "The coordinator has received a vote.";
    CoordinatorAllVotes "coordinator.all-votes" "The coordinator has a yes from every participant; the decision is not written yet.";
    CoordinatorDeciding "coordinator.deciding" "The coordinator has asked for its commit record to be written; it is in flight.";
    CoordinatorDecided "coordinator.decided" "The coordinator's decision is made (a commit: its record is on disk, or so it believes); nobody is told yet.";
    CoordinatorDecisionSent "coordinator.decision-sent" "The coordinator's first COMMIT has left.";
    CoordinatorAllAcks "coordinator.all-acks" "The coordinator may forget: it has the acknowledgements that it waits for.";
    CoordinatorEnded "coordinator.ended" "The coordinator has written the end record and forgotten the transaction.";
    CoordinatorRestarted "coordinator.restarted" "The coordinator starts the request again under a new attempt, after a conflict.";
    ParticipantWorked "participant.worked" "A participant has done its work in an open branch; the reply is not sent yet.";
    ParticipantWorkReplied "participant.work-replied" "A participant's reply to its work has left.";
    ParticipantPrepared "participant.prepared" "A participant is prepared (or believes so); its vote is not sent yet.";
    ParticipantVoted "participant.voted" "A participant's vote has left.";
    ParticipantInDoubt "participant.in-doubt" "A restarted participant found a prepared branch.";
    ParticipantInquired "participant.inquired" "A participant in doubt has asked for the decision.";
    ParticipantCommitted "participant.committed" "A participant has committed its branch (or believes so); the acknowledgement is not sent yet.";
    ParticipantAcked "participant.acked" "A participant's acknowledgement has left.";
    ParticipantGaveUp "participant.gave-up" "A participant ended a branch by itself: idle before the vote, or unilaterally after it.";
    OrchestratorLogged "orchestrator.logged" "The orchestrator has its intent logged (or believes so); the command is not sent yet.";
    OrchestratorCommandSent "orchestrator.command-sent" "The orchestrator's command has left.";
    OrchestratorStepDone "orchestrator.step-done" "The orchestrator knows that a step is done.";
    OrchestratorTurned "orchestrator.turned" "The orchestrator goes backwards from here.";
    OrchestratorUndone "orchestrator.undone" "The orchestrator knows that a step is undone.";
    OrchestratorEnded "orchestrator.ended" "The orchestrator has written the end of the saga; the client is not told yet.";
    OrchestratorGaveUp "orchestrator.gave-up" "The orchestrator does not try any more.";
    StepExecuted "step.executed" "A saga step's local transaction is committed; its reply is not sent yet.";
    StepReplied "step.replied" "A saga step's reply has left.";
    StepNullCompensation "step.null-compensation" "A compensation found nothing to undo.";
    StepTooLate "step.too-late" "A step came after its own compensation and was refused by the tombstone.";
    StepReplayed "step.replayed" "A repeat was answered from the inbox.";
    StepGaveUp "step.gave-up" "A service does not try any more.";
    ConsumerReceived "consumer.received" "A consumer has an event from the broker; nothing is done about it yet.";
    ConsumerAcked "consumer.acked" "A consumer's acknowledgement to the broker has left.";
    RelayPublished "relay.published" "A relay has handed a letter over; there is no answer yet.";
    RelayConfirmed "relay.confirmed" "A relay knows that a letter is taken; it is not marked as sent yet.";
    RelayMarked "relay.marked" "A relay has marked a letter as sent.";
    BrokerReceived "broker.received" "The broker has a message in memory; it is not synced yet.";
    BrokerStored "broker.stored" "The broker has synced a message; the confirm is not sent yet.";
    MonolithCommitted "monolith.committed" "The monolith's local transaction is committed; the client is not told yet.";
    ProcessStarted "process.started" "A process is up again and reads what its database still knows.";
    ProcessRecovered "process.recovered" "A process has recovered; its mailbox opens.";
    DatabaseRecovered "database.recovered" "A database is up again.";
    ClientSent "client.sent" "A client's request (or retry) has left.";
    ClientTold "client.told" "A client has its final answer.";
    ClientTimedOut "client.timed-out" "A client's time-out passed without an answer.";
    OrchestratorParked "orchestrator.parked" "The orchestrator has parked a saga: a command was sent as often as its step allows, and nobody answered.";
    OrchestratorPutBack "orchestrator.put-back" "An operator has put a parked saga back; its command is not sent again yet.";
    BrokerParked "broker.parked" "The broker has parked a message: it was delivered as often as its step allows, and nobody acknowledged it.";
    BrokerPutBack "broker.put-back" "An operator has put a parked message back; it is not delivered again yet.";
}

impl Milestone {
    /// Whether a run of this protocol can come to it.
    pub fn raised_by(self, protocol: ProtocolKind) -> bool {
        use ProtocolKind::{ChoreographedSaga, Monolith, OrchestratedSaga, TwoPhaseCommit};
        let role = self.name().split('.').next().unwrap_or_default();
        match (self, role) {
            (
                Milestone::StepReplied | Milestone::StepNullCompensation | Milestone::StepTooLate,
                _,
            )
            | (_, "orchestrator") => protocol == OrchestratedSaga,
            (_, "coordinator" | "participant") => protocol == TwoPhaseCommit,
            (_, "step") => protocol.is_saga(),
            (_, "consumer" | "broker") => protocol == ChoreographedSaga,
            (_, "monolith") => protocol == Monolith,
            _ => true,
        }
    }
}

impl std::fmt::Display for Milestone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
