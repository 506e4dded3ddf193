//! What the world did, by request: the memory that the promises share.
//!
//! A record is opened when its request is asked for, and closed when the
//! retention window after it went quiet is over: what comes later than that is
//! beyond what any protocol here promises to tell from new.

use std::collections::VecDeque;

use super::court::Court;
use super::record::{Attempt, Deed, Did, Fact, Part, Record};
use crate::business::{BusinessRow, Facet, Params, Reason};
use crate::history::{Effect, Event, Part as DownPart, What, Written};
use crate::protocol::{
    Detail, EventKind, LetterBody, LogState, Milestone, Note, Reply, Row, SagaPhase, Value,
};
use crate::vocab::{Direction, FastMap, NodeId, RequestId, SimTime, TxId};

/// Records of requests, by request; and what all effects add up to, by row.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    slots: Vec<Record>,
    free: Vec<u32>,
    by_request: FastMap<RequestId, u32>,
    /// Memory for the facts of requests to come.
    rooms: Vec<Vec<Fact>>,
    /// Which requests went quiet when, in that order.
    quiet: VecDeque<(SimTime, RequestId)>,
    rows: FastMap<BusinessRow, i64>,
    stale: Vec<Stale>,
    nth: u32,
}

/// A write that started from a number that was not the row's any more: evidence
/// for a lost update.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stale {
    /// When.
    pub(super) at: SimTime,
    /// Where.
    pub(super) node: NodeId,
    /// The write.
    pub(super) effect: Effect,
    /// What the row held by all effects until then.
    pub(super) held: i64,
}

/// So much evidence of lost updates is kept.
const STALE_KEPT: usize = 32;

impl Ledger {
    /// Takes in an event.
    pub(super) fn hear(&mut self, court: &Court, event: &Event) {
        self.nth += 1;
        match &event.what {
            What::Asked { key, params, retry } => {
                self.open(key.request, *params, *retry);
                self.note(event, key.request, Deed::Asked { retry: *retry });
            }
            What::Told { key, outcome } => {
                let (fresh, outcome) = (key.fresh, *outcome);
                self.note(event, key.request, Deed::Told { fresh, outcome });
            }
            What::GaveUp { request } => self.note(event, *request, Deed::ClientGaveUp),
            What::Ran {
                stamp,
                refused: Some(reason),
                ..
            } => {
                if let Some(part) = part(stamp) {
                    let reason = *reason;
                    self.note(event, stamp.tx.request(), Deed::Refused { part, reason });
                }
            }
            What::Prepared { tx, .. } => {
                self.of_attempt(event, *tx, |attempt| Deed::Prepared { attempt });
            }
            What::PreparedLost { tx } => {
                self.of_attempt(event, *tx, |attempt| Deed::PreparedLost { attempt });
            }
            What::Restored { tx } => {
                self.of_attempt(event, *tx, |attempt| Deed::Restored { attempt });
            }
            &What::RolledBack { tx, why, prepared } => {
                self.of_attempt(event, tx, |attempt| Deed::RolledBack {
                    attempt,
                    why,
                    prepared,
                });
            }
            What::Committed {
                stamp,
                branch,
                effects,
                writes,
                durable,
            } => {
                self.commit(court, event, effects);
                for written in writes {
                    self.written(event, written, *durable);
                }
                if *branch {
                    let durable = *durable;
                    self.of_attempt(event, stamp.tx, |attempt| Deed::BranchCommitted {
                        attempt,
                        durable,
                    });
                }
            }
            What::CommitLost {
                tx,
                branch,
                effects,
                writes,
            } => {
                self.take_back(event, effects);
                let decision = |w: &Written| matches!(w.row, Row::Log(_)) && is_commit(w.value);
                if writes.iter().any(decision) {
                    self.of_attempt(event, *tx, |attempt| Deed::LogLost { attempt });
                }
                if *branch {
                    self.of_attempt(event, *tx, |attempt| Deed::BranchLost { attempt });
                }
            }
            What::HandedOver {
                id,
                action,
                performed: true,
            } => {
                let part = Part {
                    attempt: Attempt::of(id.tx),
                    step: id.step,
                    direction: id.direction,
                };
                let row = *action;
                self.note(event, id.tx.request(), Deed::Performed { part, row });
            }
            What::Lost {
                to, kind, tx, why, ..
            } => self.once(
                event,
                tx.request(),
                Deed::Lost {
                    kind,
                    to: *to,
                    why: *why,
                },
            ),
            What::Down(part) => self.died(event, *part),
            What::Noted(note) => self.noted(event, note),
            What::Quiet { request } => self.went_quiet(event.at, *request),
            _ => {}
        }
    }

    /// Adds a fact that means nothing new when it is told again: resends that
    /// are lost too, a saga that is on its way back already.
    fn once(&mut self, event: &Event, request: RequestId, deed: Deed) {
        let told = |record: &Record| record.facts.iter().any(|fact| fact.deed == deed);
        if !self.record(request).is_some_and(told) {
            self.note(event, request, deed);
        }
    }

    /// The record of a request, if it is not closed.
    pub(super) fn record(&self, request: RequestId) -> Option<&Record> {
        let slot = *self.by_request.get(&request)?;
        Some(&self.slots[slot as usize])
    }

    /// What a row holds by all effects so far.
    pub(super) fn value(&self, court: &Court, row: BusinessRow) -> i64 {
        match self.rows.get(&row) {
            Some(value) => *value,
            None => court.initial(row),
        }
    }

    /// The first write of a row that did not start from its number.
    pub(super) fn stale_write(&self, row: BusinessRow) -> Option<&Stale> {
        self.stale.iter().find(|stale| stale.effect.row == row)
    }

    /// A request that went quiet longer than `retention` ago, and is to be
    /// closed; each is returned until it is [removed](Self::remove).
    pub(super) fn due(&mut self, now: SimTime, court: &Court) -> Option<RequestId> {
        let retention = court.scenario.policies.retention;
        while let Some(&(since, request)) = self.quiet.front() {
            if since + retention > now {
                return None;
            }
            self.quiet.pop_front();
            // It may have been woken and gone quiet again since.
            if self
                .record(request)
                .is_some_and(|r| r.quiet_at == Some(since))
            {
                return Some(request);
            }
        }
        None
    }

    /// The requests that are not closed yet, in the order in which they began.
    pub(super) fn open_requests(&self) -> Vec<RequestId> {
        let mut open: Vec<&Record> = self.slots.iter().filter(|r| self.is_open(r)).collect();
        open.sort_by_key(|record| record.born);
        open.iter().map(|record| record.request).collect()
    }

    fn is_open(&self, record: &Record) -> bool {
        let slot = self.by_request.get(&record.request);
        slot.is_some_and(|&slot| std::ptr::eq(&self.slots[slot as usize], record))
    }

    /// Forgets a request.
    pub(super) fn remove(&mut self, request: RequestId) {
        if let Some(slot) = self.by_request.remove(&request) {
            self.free.push(slot);
        }
    }

    fn open(&mut self, request: RequestId, params: Params, retry: u16) {
        let known = self.by_request.contains_key(&request);
        let record = self.record_mut(request);
        record.params = Some(params);
        if !known {
            record.whole = retry == 0;
        }
    }

    fn record_mut(&mut self, request: RequestId) -> &mut Record {
        let slot = match self.by_request.get(&request) {
            Some(&slot) => slot,
            None => {
                let room = self.rooms.pop().unwrap_or_default();
                let record = Record::new(request, self.nth, room);
                let slot = match self.free.pop() {
                    Some(slot) => {
                        self.slots[slot as usize] = record;
                        slot
                    }
                    None => {
                        self.slots.push(record);
                        (self.slots.len() - 1) as u32
                    }
                };
                self.by_request.insert(request, slot);
                slot
            }
        };
        &mut self.slots[slot as usize]
    }

    /// Adds a fact to a request's record, if it has one.
    fn note(&mut self, event: &Event, request: RequestId, deed: Deed) {
        if let Some(&slot) = self.by_request.get(&request) {
            self.slots[slot as usize].push(Fact {
                at: event.at,
                nth: self.nth,
                node: event.node,
                deed,
            });
        }
    }

    fn of_attempt(&mut self, event: &Event, tx: TxId, deed: impl FnOnce(Attempt) -> Deed) {
        self.note(event, tx.request(), deed(Attempt::of(tx)));
    }

    fn commit(&mut self, court: &Court, event: &Event, effects: &[Effect]) {
        for (i, effect) in effects.iter().enumerate() {
            let Some(part) = business_part(effect) else {
                continue;
            };
            let nth = self.nth;
            let value = self
                .rows
                .entry(effect.row)
                .or_insert_with(|| court.initial(effect.row));
            if *value != effect.before && self.stale.len() < STALE_KEPT {
                self.stale.push(Stale {
                    at: event.at,
                    node: event.node,
                    effect: *effect,
                    held: *value,
                });
            }
            *value += effect.delta();
            let record = self.record_mut(effect.stamp.tx.request());
            let times = times(court, record.params.as_ref(), effects, i);
            let deed = Deed::Did(Did {
                part,
                reason: effect.stamp.reason,
                row: effect.row,
                before: effect.before,
                after: effect.after,
                times,
                lost: false,
            });
            record.push(Fact {
                at: event.at,
                nth,
                node: event.node,
                deed,
            });
        }
    }

    fn take_back(&mut self, event: &Event, effects: &[Effect]) {
        for effect in effects.iter().rev() {
            let Some(part) = business_part(effect) else {
                continue;
            };
            if let Some(value) = self.rows.get_mut(&effect.row) {
                *value -= effect.delta();
            }
            let request = effect.stamp.tx.request();
            let row = effect.row;
            if let Some(&slot) = self.by_request.get(&request) {
                let facts = self.slots[slot as usize].facts.iter_mut().rev();
                let mut standing = facts.filter_map(|fact| match &mut fact.deed {
                    Deed::Did(did) if !did.lost => Some(did),
                    _ => None,
                });
                if let Some(did) = standing.find(|did| did.part == part && did.row == row) {
                    did.lost = true;
                }
            }
            self.note(event, request, Deed::TakenBack { part, row });
        }
    }

    /// What a protocol's own rows tell: decisions, turned sagas, null
    /// compensations.
    fn written(&mut self, event: &Event, written: &Written, durable: bool) {
        match (written.row, written.value) {
            (Row::Log(tx), Some(Value::Log(entry))) => match entry.state {
                LogState::Committed | LogState::CommittedAndForgotten => {
                    self.of_attempt(event, tx, |attempt| Deed::Logged { attempt, durable });
                }
                LogState::Saga(SagaPhase::Backward { reason, .. }) => {
                    self.turned(event, tx, reason);
                }
                // It is parked where it stood, on its way back or not.
                LogState::Saga(SagaPhase::Forward(_))
                | LogState::Parked(_)
                // Nothing is decided yet; and an abort is no record's but a note's.
                | LogState::Collecting
                | LogState::Aborted
                // The participant decides, in its own database.
                | LogState::HandedOver
                | LogState::HandedBack => {}
            },
            (Row::Outbox(_), Some(Value::Letter(letter))) => {
                if let LetterBody::Event { event: body, .. } = letter.body
                    && let EventKind::Failed { reason, .. } = body.kind
                {
                    self.turned(event, body.tx, reason);
                }
            }
            (
                Row::Inbox {
                    tx,
                    step,
                    direction: Direction::Backward,
                },
                Some(Value::Reply(Reply::Null)),
            ) => {
                let part = Part {
                    attempt: Attempt::of(tx),
                    step,
                    direction: Direction::Backward,
                };
                self.note(event, tx.request(), Deed::Null { part });
            }
            _ => {}
        }
    }

    /// Every record of a saga that goes back says so; it turned with the first.
    fn turned(&mut self, event: &Event, tx: TxId, reason: Reason) {
        let attempt = Attempt::of(tx);
        self.once(event, tx.request(), Deed::Turned { attempt, reason });
    }

    fn noted(&mut self, event: &Event, note: &Note) {
        let attempt = Attempt::of(note.tx);
        let deed = match (note.milestone, note.detail) {
            (Milestone::CoordinatorWorkDone, _) => Deed::WorkDone { attempt },
            (Milestone::ParticipantVoted, Detail::Vote { yes }) => Deed::Voted { attempt, yes },
            (Milestone::CoordinatorVote, Detail::VoteOf { service, yes }) => Deed::Heard {
                attempt,
                service,
                yes,
            },
            (Milestone::CoordinatorDecided, Detail::Decision(decision)) => {
                Deed::Decided { attempt, decision }
            }
            (Milestone::ParticipantAcked, _) => Deed::Acked { attempt },
            (Milestone::ParticipantGaveUp, _) => Deed::Unilateral { attempt },
            (Milestone::OrchestratorParked | Milestone::BrokerParked, asked) => {
                let Some(part) = asked_for(attempt, asked) else {
                    return;
                };
                Deed::Parked { part }
            }
            (Milestone::OrchestratorPutBack | Milestone::BrokerPutBack, asked) => {
                let Some(part) = asked_for(attempt, asked) else {
                    return;
                };
                Deed::PutBack { part }
            }
            (Milestone::OrchestratorGaveUp | Milestone::StepGaveUp, _) => Deed::GivenUp,
            _ => return,
        };
        self.note(event, note.tx.request(), deed);
    }

    /// Every request that was in flight may have been struck.
    fn died(&mut self, event: &Event, part: DownPart) {
        for request in self.open_requests() {
            if self.record(request).is_some_and(|r| r.quiet_at.is_none()) {
                self.note(event, request, Deed::Down(part));
            }
        }
    }

    fn went_quiet(&mut self, at: SimTime, request: RequestId) {
        if let Some(&slot) = self.by_request.get(&request) {
            let record = &mut self.slots[slot as usize];
            record.quiet_at = Some(at);
            // It is kept for as long as something of it may come late, in no
            // more memory than it needs; the room goes to the next request.
            let exact = record.facts.clone();
            self.rooms.push(std::mem::replace(&mut record.facts, exact));
            self.quiet.push_back((at, request));
        }
    }
}

fn part(stamp: &crate::protocol::Stamp) -> Option<Part> {
    Some(Part {
        attempt: Attempt::of(stamp.tx),
        step: stamp.step?,
        direction: stamp.direction,
    })
}

fn asked_for(attempt: Attempt, detail: Detail) -> Option<Part> {
    match detail {
        Detail::Asked(step, direction) => Some(Part {
            attempt,
            step,
            direction,
        }),
        _ => None,
    }
}

/// Whose step an effect is; `None` for what the operator does.
fn business_part(effect: &Effect) -> Option<Part> {
    match effect.row.facet {
        Facet::Value => part(&effect.stamp),
        Facet::Sale => None,
    }
}

fn is_commit(value: Option<Value>) -> bool {
    matches!(value, Some(Value::Log(entry)) if entry.state.commits())
}

/// How often the step of effect `i` was executed in this local transaction:
/// counted by amount on the first effect of the step, 0 on the others.
fn times(court: &Court, params: Option<&Params>, effects: &[Effect], i: usize) -> u16 {
    let this = &effects[i];
    let same_part = |e: &&Effect| {
        e.stamp.step == this.stamp.step
            && e.stamp.direction == this.stamp.direction
            && e.stamp.tx == this.stamp.tx
    };
    if effects[..i].iter().any(|e| same_part(&e)) {
        return 0;
    }
    let (Some(params), Some(step)) = (params, this.stamp.step) else {
        return 1;
    };
    let direction = this.stamp.direction;
    if court.starts_from_what_was_seen(step, direction, this.row) {
        return 1; // by how much it changes the row says nothing then
    }
    let once = court.expected_change(step, direction, this.row, params);
    let total: i64 = effects
        .iter()
        .filter(same_part)
        .filter(|e| e.row == this.row)
        .map(Effect::delta)
        .sum();
    total.checked_div(once).unwrap_or(1).clamp(1, 1_000) as u16
}
