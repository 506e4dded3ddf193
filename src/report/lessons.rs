//! Which shipped scenario shows what.

use super::{line_to_paste, quoted};
use crate::business::PromiseId;
use crate::protocol::{ProtocolKind, Safeguard};

/// A shipped scenario that shows a safeguard missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// What is taken away.
    pub safeguard: Safeguard,
    /// The scenario's file, from the root of the repository.
    pub scenario: &'static str,
    /// The seed, where it is not the scenario's own.
    pub seed: Option<u64>,
    /// Who misses it.
    pub protocol: ProtocolKind,
    /// Which promise breaks.
    pub promise: PromiseId,
}

impl Lesson {
    /// The command that shows it.
    pub fn line(&self) -> String {
        let seed = self.seed.map(|seed| format!(" --seed {seed}"));
        line_to_paste(&format!(
            "run {}{} --protocol {} --without {}",
            quoted(self.scenario),
            seed.unwrap_or_default(),
            self.protocol,
            self.safeguard
        ))
    }

    /// The lesson on a safeguard, if a shipped scenario shows it.
    pub fn on(safeguard: Safeguard) -> Option<&'static Lesson> {
        LESSONS.iter().find(|lesson| lesson.safeguard == safeguard)
    }

    /// The first lesson in which a promise breaks.
    pub fn of(promise: PromiseId) -> Option<&'static Lesson> {
        LESSONS.iter().find(|lesson| lesson.promise == promise)
    }
}

/// The lessons' folder, and how each of their files is called.
macro_rules! taught {
    ($name:literal) => {
        concat!("scenarios/lessons/", $name, ".toml")
    };
}

const MALL: &str = "scenarios/points-mall.toml";
const ORDER: &str = "scenarios/order-stock.toml";
const IN_DOUBT: &str = taught!("03-in-doubt");
const DUAL_WRITE: &str = taught!("04-dual-write");
const EARLY_MARK: &str = taught!("05-mark-before-confirm");
const TWICE: &str = taught!("06-duplicate-delivery");
const LATE: &str = taught!("07-later-than-its-compensation");
const GIVEN_UP: &str = taught!("09-compensation-given-up");
const CLICKS: &str = taught!("11-client-clicks-twice");
const ONE_WAY: &str = taught!("14-one-way");
const REFUSED: &str = taught!("21-refused-payment");
const BUFFERED_YES: &str = taught!("23-yes-on-a-buffered-record");
const HALF: &str = taught!("24-half-forgotten-branch");
const FORGOTTEN: &str = taught!("25-forgotten-too-early");

const BUFFERED_COMMIT: &str = taught!("30-decision-on-a-buffered-record");

/// What the shipped scenarios show; a test runs every one of them.
pub const LESSONS: &[Lesson] = &{
    use PromiseId::*;
    use ProtocolKind::{
        ChoreographedSaga as Choreographed, Monolith, OrchestratedSaga as Orchestrated,
        TwoPhaseCommit as TwoPhase,
    };
    use Safeguard::*;
    [
        lesson(ForcePrepare, BUFFERED_YES, None, TwoPhase, Agreement),
        lesson(ForceDecision, BUFFERED_COMMIT, None, TwoPhase, Agreement),
        lesson(DurableBeforeAck, ORDER, Some(1), TwoPhase, Agreement),
        lesson(ForgetAfterAllAcks, FORGOTTEN, None, TwoPhase, Agreement),
        lesson(ResendDecision, MALL, None, TwoPhase, EverythingEnds),
        lesson(
            NoUnilateralAbortAfterVote,
            ONE_WAY,
            None,
            TwoPhase,
            Agreement,
        ),
        lesson(ParticipantInquiry, MALL, Some(3), TwoPhase, EverythingEnds),
        lesson(
            CoordinatorRecovery,
            IN_DOUBT,
            None,
            Orchestrated,
            AllOrNothing,
        ),
        lesson(
            SilentUntilRecovered,
            MALL,
            Some(5),
            Orchestrated,
            NoEffectTwice,
        ),
        lesson(BranchCheck, HALF, None, TwoPhase, AllOrNothing),
        lesson(SessionFencing, MALL, None, Monolith, EverythingEnds),
        lesson(
            HoldLocksUntilDecision,
            MALL,
            None,
            TwoPhase,
            PreparedUntouched,
        ),
        lesson(Outbox, DUAL_WRITE, None, Choreographed, AllOrNothing),
        lesson(
            ConfirmBeforeMark,
            EARLY_MARK,
            None,
            Choreographed,
            AllOrNothing,
        ),
        lesson(AckAfterEffect, ORDER, None, Choreographed, AllOrNothing),
        lesson(InboxDedup, TWICE, None, Orchestrated, NoEffectTwice),
        lesson(ProviderKey, MALL, None, Choreographed, Irrevocable),
        lesson(
            CompensationTombstone,
            LATE,
            None,
            Orchestrated,
            AllOrNothing,
        ),
        lesson(
            RetryCompensation,
            GIVEN_UP,
            None,
            Orchestrated,
            AllOrNothing,
        ),
        lesson(RetryAfterPivot, MALL, None, Orchestrated, Irrevocable),
        lesson(
            ReverseOrderCompensation,
            REFUSED,
            None,
            Orchestrated,
            Compensation,
        ),
        lesson(
            SagaLogBeforeCommand,
            MALL,
            Some(25),
            Orchestrated,
            AllOrNothing,
        ),
        lesson(
            IdempotentClientRetry,
            CLICKS,
            None,
            Orchestrated,
            NoEffectTwice,
        ),
    ]
};

const fn lesson(
    safeguard: Safeguard,
    scenario: &'static str,
    seed: Option<u64>,
    protocol: ProtocolKind,
    promise: PromiseId,
) -> Lesson {
    Lesson {
        safeguard,
        scenario,
        seed,
        protocol,
        promise,
    }
}
