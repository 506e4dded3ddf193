use std::sync::Arc;

use super::agreement::Agreement;
use super::all_or_nothing::AllOrNothing;
use super::client_truth::ClientTruth;
use super::compensation::Compensation;
use super::court::Court;
use super::equation::Balance;
use super::everything_ends::EverythingEnds;
use super::floors::Floors;
use super::irrevocable::Irrevocable;
use super::isolation::Isolation;
use super::ledger::Ledger;
use super::no_effect_twice::NoEffectTwice;
use super::prepared_untouched::PreparedUntouched;
use super::promise::{Closing, End, Promise};
use super::verdict::Verdict;
use super::votes::Votes;
use crate::business::{ActionKind, PromiseId, ResourceKind};
use crate::history::{Event, Rest, Sink, What};
use crate::protocol::{Family, ProtocolKind};
use crate::scenario::Scenario;
use crate::vocab::{RequestId, SimTime};

/// Takes in a history and judges every promise of its scenario.
///
/// Its memory holds what is in flight, what is within the retention window, and
/// sums by row and key; so a history need not be kept to be judged. A copy of it
/// judges on from where it stands.
#[derive(Clone)]
pub struct Judge {
    /// The same for all copies.
    court: Arc<Court>,
    ledger: Ledger,
    bench: Vec<Seat>,
    /// The seats that hear what databases do.
    listeners: Arc<[usize]>,
    ended: bool,
}

/// A promise's place on the bench.
#[derive(Clone)]
struct Seat {
    id: PromiseId,
    /// The promise, or why it means nothing here.
    promise: Result<Box<dyn Promise>, &'static str>,
}

impl Judge {
    /// A judge for one run of a scenario under a protocol.
    pub fn new(scenario: &Scenario, protocol: ProtocolKind) -> Self {
        let court = Court::new(scenario, protocol);
        let bench: Vec<Seat> = scenario
            .promises()
            .into_iter()
            .map(|id| Seat {
                id,
                promise: seat(&court, id),
            })
            .collect();
        let listeners = bench
            .iter()
            .enumerate()
            .filter(|(_, seat)| seat.promise.as_ref().is_ok_and(|p| p.listens()))
            .map(|(i, _)| i)
            .collect();
        Judge {
            court: Arc::new(court),
            ledger: Ledger::default(),
            bench,
            listeners,
            ended: false,
        }
    }

    /// The verdicts, in the order of [`Scenario::promises`]. Without the
    /// history's end, a promise that was not broken is inconclusive.
    pub fn verdicts(self) -> Vec<(PromiseId, Verdict)> {
        let ended = self.ended;
        self.bench
            .into_iter()
            .map(|seat| match seat.promise {
                Ok(promise) => (seat.id, promise.findings().verdict(ended)),
                Err(why) => (
                    seat.id,
                    Verdict::NotApplicable {
                        why: why.to_owned(),
                    },
                ),
            })
            .collect()
    }

    fn quiet(&mut self, request: RequestId, at: SimTime) {
        if let Some(record) = self.ledger.record(request) {
            for promise in self.bench.iter_mut().flat_map(|s| &mut s.promise) {
                promise.quiet(&self.court, record, at);
            }
        }
        while let Some(due) = self.ledger.due(at, &self.court) {
            self.close(due, End::Quiet);
        }
    }

    fn close(&mut self, request: RequestId, end: End) {
        if let Some(record) = self.ledger.record(request) {
            let closing = Closing {
                record,
                nets: record.nets(&self.court),
                attempts: record.attempts(),
                end,
            };
            for promise in self.bench.iter_mut().flat_map(|s| &mut s.promise) {
                promise.closed(&self.court, &closing);
            }
        }
        self.ledger.remove(request);
    }

    fn rest(&mut self, rest: &Rest, at: SimTime) {
        for request in self.ledger.open_requests() {
            let quiet = self.ledger.record(request).and_then(|r| r.quiet_at);
            let end = match (quiet, rest.by_itself) {
                (Some(_), _) => End::Quiet,
                (None, true) => End::Stuck,
                (None, false) => End::Stopped,
            };
            self.close(request, end);
        }
        for promise in self.bench.iter_mut().flat_map(|s| &mut s.promise) {
            promise.rest(&self.court, &self.ledger, rest, at);
        }
        self.ended = true;
    }
}

impl Sink for Judge {
    fn event(&mut self, event: &Event) {
        if is_no_evidence(&event.what) {
            return;
        }
        self.ledger.hear(&self.court, event);
        if is_of_a_database(&event.what) {
            for &i in &*self.listeners {
                if let Ok(promise) = &mut self.bench[i].promise {
                    promise.event(&self.court, &self.ledger, event);
                }
            }
        }
        match &event.what {
            What::Quiet { request } => self.quiet(*request, event.at),
            What::Rest(rest) => self.rest(rest, event.at),
            _ => {}
        }
    }
}

/// What no promise is judged by: messages come and go, and promises are about
/// what they lead to. Only a lost one may explain what did not happen.
fn is_no_evidence(what: &What) -> bool {
    matches!(
        what,
        What::Sent { .. }
            | What::Delivered { .. }
            | What::Duplicated { .. }
            | What::Waiting { .. }
            | What::Unlocked { .. }
            | What::Conflicted { .. }
            | What::Failed { .. }
            | What::Appended { .. }
            | What::Flushed { .. }
            | What::Stored { .. }
            | What::FaultBegan { .. }
            | What::FaultEnded { .. }
    )
}

/// What happens to rows and branches: all that a promise has to hear at once, for
/// the ledger remembers the rest.
fn is_of_a_database(what: &What) -> bool {
    matches!(
        what,
        What::Locked { .. }
            | What::Ran { .. }
            | What::Read { .. }
            | What::Prepared { .. }
            | What::PreparedLost { .. }
            | What::Restored { .. }
            | What::Committed { .. }
            | What::CommitLost { .. }
            | What::RolledBack { .. }
    )
}

/// The promise of this name, or why it means nothing here.
fn seat(court: &Court, id: PromiseId) -> Result<Box<dyn Promise>, &'static str> {
    let two_phase = court.protocol.family() == Family::TwoPhase;
    let saga = court.protocol.is_saga();
    let only = |used: bool, why: &'static str| if used { Ok(()) } else { Err(why) };
    Ok(match id {
        PromiseId::AllOrNothing => Box::new(AllOrNothing::default()),
        PromiseId::Equation(n) => Box::new(Balance::new(court, n)),
        PromiseId::NoEffectTwice => Box::new(NoEffectTwice::default()),
        PromiseId::Compensation => {
            only(saga, "nothing is compensated: what fails is rolled back")?;
            Box::new(Compensation::default())
        }
        PromiseId::Irrevocable => {
            only(acts(court), "no step does anything irrevocable")?;
            Box::new(Irrevocable::default())
        }
        PromiseId::Floors => {
            only(counts(court), "there is no counter")?;
            Box::new(Floors::default())
        }
        PromiseId::Agreement => {
            only(
                two_phase,
                "there is no decision that several must carry out",
            )?;
            Box::new(Agreement::default())
        }
        PromiseId::Votes => {
            only(two_phase, "nobody votes")?;
            Box::new(Votes::default())
        }
        PromiseId::ClientTruth => Box::new(ClientTruth::default()),
        PromiseId::PreparedUntouched => {
            only(two_phase, "nothing is ever prepared")?;
            Box::new(PreparedUntouched::default())
        }
        PromiseId::Isolation => Box::new(Isolation::default()),
        PromiseId::EverythingEnds => Box::new(EverythingEnds::default()),
    })
}

fn acts(court: &Court) -> bool {
    let steps = &court.business().steps;
    let undo = steps
        .iter()
        .flat_map(|s| &s.compensation)
        .flat_map(|c| &c.actions);
    let mut actions = steps.iter().flat_map(|s| &s.actions).chain(undo);
    actions.any(|action| action.kind == ActionKind::Perform)
}

fn counts(court: &Court) -> bool {
    let mut resources = court.business().resources.iter();
    resources.any(|r| matches!(r.kind, ResourceKind::Counter { .. }))
}
