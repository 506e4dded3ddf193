//! What stands at the lanes and arrows, in the scenario's words.

use std::collections::{BTreeMap, BTreeSet};

use super::{Concern, Sign};
use crate::business::{BusinessRow, Params};
use crate::fault::{Fault, FaultPlan};
use crate::history::{Effect, Event, LossReason, Owner, Part, RollbackReason, What, Written};
use crate::protocol::{
    Decision, Detail, Family, LogState, Milestone, Note, ProtocolKind, Reply, Row, SagaPhase,
    Stamp, StepGroup, Value,
};
use crate::report::words;
use crate::scenario::Scenario;
use crate::vocab::{Direction, RequestId, SimDuration, StepId, TxId};

const LOGS_THE_END: &str = "logs the end";

/// Words for one diagram: what need not be said in it is not.
pub(super) struct Marks<'a> {
    scenario: &'a Scenario,
    plan: &'a FaultPlan,
    protocol: ProtocolKind,
    concern: &'a Concern,
    /// Whether there is more than one request, so that each must be named.
    many: bool,
    /// The first attempt of every request.
    first: BTreeMap<RequestId, TxId>,
}

impl<'a> Marks<'a> {
    pub(super) fn new(
        scenario: &'a Scenario,
        plan: &'a FaultPlan,
        protocol: ProtocolKind,
        concern: &'a Concern,
        events: &[Event],
    ) -> Self {
        // What clients send belongs to no attempt yet.
        let sent = events.iter().filter_map(|event| match event.what {
            What::Sent { tx, .. } if event.node != scenario.nodes.clients() => Some(tx),
            _ => None,
        });
        let mut first = BTreeMap::new();
        for tx in sent {
            first.entry(tx.request()).or_insert(tx);
        }
        let asked = events.iter().filter_map(|event| match &event.what {
            What::Asked { key, .. } => Some(key.request),
            _ => None,
        });
        Marks {
            scenario,
            plan,
            protocol,
            concern,
            many: asked.collect::<BTreeSet<RequestId>>().len() > 1,
            first,
        }
    }

    /// Whose it is, where that must be said: ` c3.17`, ` #2.0`, or nothing. The
    /// first attempt needs no number.
    pub(super) fn whose(&self, tx: TxId) -> String {
        let first = self.first.get(&tx.request());
        let again = tx.epoch > 0 && first.is_some_and(|first| *first != tx);
        match (self.many, again) {
            (true, true) => format!(" {tx}"),
            (true, false) => format!(" {}", tx.key),
            (false, true) => format!(" #{}.{}", tx.epoch, tx.attempt),
            (false, false) => String::new(),
        }
    }

    /// A message: its kind, its step, what it says, whose it is.
    pub(super) fn message(
        &self,
        (kind, says): (&str, &str),
        step: Option<StepId>,
        tx: TxId,
    ) -> String {
        let step = step.map(|step| self.step(step)).unwrap_or_default();
        let parts = [kind, step, says].into_iter();
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        parts.join(" ") + &self.whose(tx)
    }

    /// A client's request, for the first time or again.
    pub(super) fn request(&self, params: &Params, retry: u16, tx: TxId) -> String {
        match retry {
            0 => format!("request{}: {}", self.whose(tx), self.wish(params)),
            _ => format!("request{}, again", self.whose(tx)),
        }
    }

    /// What a client wants: `ash, pikachu`.
    pub(super) fn wish(&self, params: &Params) -> String {
        let business = &self.scenario.business;
        let wanted = business.wanted_name(params).map(str::to_owned);
        let values = business.domains.iter().zip(params.0);
        let values = values.map(|(domain, n)| domain.value_name(n));
        let values: Vec<String> = wanted.into_iter().chain(values).collect();
        values.join(", ")
    }

    /// Why a message does not arrive.
    pub(super) fn loss(why: LossReason) -> &'static str {
        match why {
            LossReason::Network => "lost",
            LossReason::Partition => "cut off",
            LossReason::Down => "nobody there",
        }
    }

    /// What stands at the lane for an event, if anything does. `forced`: its log
    /// record was.
    pub(super) fn mark(&self, what: &What, forced: bool) -> Option<(Sign, String)> {
        let done = |durable: bool| match (durable, forced) {
            (true, true) => Sign::Forced,
            _ => Sign::Deed,
        };
        let late = |durable: bool| if durable { "" } else { ", not on disk yet" };
        let deed = |tx: TxId, words: &str| Some((Sign::Deed, format!("{words}{}", self.whose(tx))));
        match what {
            What::GaveUp { request } => {
                let who = if self.many {
                    format!("{request} ")
                } else {
                    String::new()
                };
                Some((Sign::Deed, format!("{who}gives up, and never knows")))
            }
            What::Locked {
                owner,
                row,
                exclusive: true,
                ..
            } if self.protocol.family() == Family::TwoPhase => {
                let whose = self.owner(*owner);
                Some((Sign::Deed, format!("locks {}{whose}", self.row(*row))))
            }
            What::Waiting { owner, row, .. } => {
                let who = self.waiter(*owner);
                Some((Sign::Deed, format!("{who}waits for {}", self.row(*row))))
            }
            What::Failed { owner } => {
                let who = self.waiter(*owner);
                Some((Sign::Deed, format!("{who}is answered with an error")))
            }
            What::Conflicted { owner, row, .. } => {
                let who = self.waiter(*owner);
                let row = row
                    .map(|row| format!(" on {}", self.row(row)))
                    .unwrap_or_default();
                Some((Sign::Deed, format!("{who}gives up{row}: a conflict")))
            }
            What::Ran {
                stamp,
                refused: Some(reason),
                ..
            } => {
                let reason = self.scenario.business.reason_in_words(*reason);
                deed(
                    stamp.tx,
                    &format!("{} refused: {reason}", self.stamp(stamp)),
                )
            }
            What::Prepared { tx, durable, .. } => {
                let words = format!("prepared{}{}", self.whose(*tx), late(*durable));
                Some((done(*durable), words))
            }
            What::Committed {
                stamp,
                branch,
                effects,
                writes,
                durable,
            } => {
                let words = match branch {
                    true => Some(self.branch(effects)),
                    false => self.local(stamp, effects, writes),
                }?;
                // Nobody waits for the end record.
                let late = if words == LOGS_THE_END {
                    ""
                } else {
                    late(*durable)
                };
                let words = format!("{words}{}{late}", self.whose(stamp.tx));
                Some((done(*durable), words))
            }
            What::CommitLost {
                tx,
                effects,
                writes,
                ..
            } => {
                let rows = effects.iter().map(|effect| self.row(effect.row));
                let log = writes.iter().any(|w| matches!(w.row, Row::Log(_)));
                let lost: Vec<String> = rows
                    .chain(log.then(|| "its log record".to_owned()))
                    .collect();
                let lost = if lost.is_empty() {
                    "a commit".to_owned()
                } else {
                    lost.join(", ")
                };
                Some((
                    Sign::Death,
                    format!("a crash takes back {lost}{}", self.whose(*tx)),
                ))
            }
            What::PreparedLost { tx } => {
                let words = format!("a crash loses the prepared branch{}", self.whose(*tx));
                Some((Sign::Death, words))
            }
            What::RolledBack { tx, why, .. } => {
                let why = match why {
                    RollbackReason::Asked => "",
                    RollbackReason::Refused => ": refused",
                    RollbackReason::Conflict => ": a conflict",
                    RollbackReason::SessionOver => ": its session is over",
                    RollbackReason::Crash => ": the database died",
                };
                deed(*tx, &format!("rolls back{why}"))
            }
            What::Restored { tx } => deed(*tx, "finds its branch prepared"),
            What::Stored { id } if self.concern.is_everything() => deed(id.tx, "stored"),
            What::HandedOver {
                id,
                action,
                performed,
            } => {
                let end = if *performed {
                    "is done"
                } else {
                    "known already, dropped"
                };
                deed(id.tx, &format!("{} {end}", self.row(*action)))
            }
            What::Operated { row, withdrawn } => {
                let end = if *withdrawn { "withdrawn" } else { "put back" };
                let row = self.row(*row);
                let item = row.strip_suffix(".sale").unwrap_or(&row).to_owned();
                Some((Sign::Deed, format!("the operator: {item} {end}")))
            }
            What::Read { reader, saw, .. } => {
                let saw = saw
                    .iter()
                    .map(|&(row, n)| format!("{} = {n}", self.row(row)));
                let saw: Vec<String> = saw.collect();
                let reader = self.reader(*reader);
                Some((Sign::Deed, format!("{reader} reads {}", saw.join(", "))))
            }
            What::Down(Part::Process) => Some((Sign::Death, "the process dies".to_owned())),
            What::Down(Part::Database) => Some((Sign::Death, "the database dies".to_owned())),
            What::Up(Part::Process) => Some((Sign::Deed, "the process is back".to_owned())),
            What::Up(Part::Database) => Some((Sign::Deed, "the database is back".to_owned())),
            What::Noted(note) => {
                let words = self.note(note)?;
                deed(note.tx, &words)
            }
            _ => None,
        }
    }

    /// A fault of the plan in words, and how long it lasts.
    pub(super) fn fault(&self, position: u32) -> Option<(&'a Fault, String)> {
        let fault = self.plan.faults.get(position as usize)?;
        Some((fault, words::fault(self.scenario, fault)))
    }

    /// How long a pause lasts.
    pub(super) fn pause(lasts: SimDuration) -> String {
        format!("stands still for {lasts}")
    }

    /// What a local transaction did; `None` for bookkeeping that says nothing.
    fn local(&self, stamp: &Stamp, effects: &[Effect], writes: &[Written]) -> Option<String> {
        let letter = |w: &&Written| matches!(w.row, Row::Outbox(_)) && w.value.is_some();
        let letters = writes.iter().filter(letter).count();
        let outbox = if letters > 0 { " + outbox" } else { "" };
        if stamp.step.is_none() && !effects.is_empty() {
            // All steps at once, as a monolith has it.
            return Some(self.branch(effects) + outbox);
        }
        if stamp.step.is_none() {
            return writes.iter().find_map(|w| self.logged(w)).or_else(|| {
                (self.concern.is_everything() && letters == 0)
                    .then(|| "marks its letter as sent".to_owned())
            });
        }
        let mut words = self.stamp(stamp);
        let refused = |w: &Written| matches!(w.value, Some(Value::Reply(Reply::Refused(_))));
        if writes.iter().any(refused) {
            words.push_str(": keeps the refusal");
        }
        let changes = self.effects(effects);
        if !changes.is_empty() {
            words.push_str(&format!(": {changes}"));
        }
        if let Some(reason) = stamp.reason {
            let reason = self.scenario.business.reason_in_words(reason);
            words.push_str(&format!(" ({reason})"));
        }
        Some(words + outbox)
    }

    fn branch(&self, effects: &[Effect]) -> String {
        match self.effects(effects) {
            none if none.is_empty() => "commits".to_owned(),
            changes => format!("commits {changes}"),
        }
    }

    /// A line of the manager's log.
    fn logged(&self, written: &Written) -> Option<String> {
        let Row::Log(_) = written.row else {
            return None;
        };
        Some(match written.value {
            Some(Value::Log(entry)) => match entry.state {
                LogState::Committed | LogState::CommittedAndForgotten => {
                    "logs its decision: commit".to_owned()
                }
                LogState::Aborted => "logs its decision: abort".to_owned(),
                LogState::Collecting => "logs who takes part".to_owned(),
                LogState::HandedOver => "logs that the participant decides".to_owned(),
                LogState::HandedBack => LOGS_THE_END.to_owned(),
                LogState::Parked(_) => "logs that it is parked".to_owned(),
                LogState::Saga(SagaPhase::Forward(step)) => {
                    let mut groups = self.scenario.groups(self.protocol).into_iter();
                    let group = groups.find(|group| group.contains(step));
                    let names = group.into_iter().flat_map(StepGroup::steps);
                    format!("logs: next {}", words::list(names.map(|id| self.step(id))))
                }
                LogState::Saga(SagaPhase::Backward { undo, .. }) => {
                    format!("logs: next undo {}", self.step(undo))
                }
            },
            _ => LOGS_THE_END.to_owned(),
        })
    }

    /// The notes after which a transaction goes another way, and those that say
    /// why nothing happened.
    fn note(&self, note: &Note) -> Option<String> {
        Some(match (note.milestone, note.detail) {
            (Milestone::CoordinatorAllVotes, _) => "has a yes from all".to_owned(),
            (Milestone::CoordinatorDecided, Detail::Decision(Decision::Abort)) => {
                "decides to abort".to_owned()
            }
            (Milestone::CoordinatorRestarted, _) => "starts again".to_owned(),
            (Milestone::ParticipantGaveUp, _) => "ends its branch by itself".to_owned(),
            (Milestone::OrchestratorTurned, Detail::Reason(step, reason)) => {
                let reason = self.scenario.business.reason_in_words(reason);
                format!("turns back at {}: {reason}", self.step(step))
            }
            (Milestone::OrchestratorGaveUp | Milestone::StepGaveUp, _) => {
                "does not try any more".to_owned()
            }
            (Milestone::StepNullCompensation, _) => "nothing to undo".to_owned(),
            (Milestone::StepTooLate, _) => "too late: undone already".to_owned(),
            (Milestone::StepReplayed, _) => "answers from its inbox".to_owned(),
            _ => return None,
        })
    }

    fn stamp(&self, stamp: &Stamp) -> String {
        let steps = &self.scenario.business.steps;
        let Some(step) = stamp.step.and_then(|id| steps.get(id.index())) else {
            return String::new();
        };
        match (stamp.direction, &step.compensation) {
            (Direction::Forward, _) => step.name.clone(),
            (Direction::Backward, Some(compensation)) => compensation.name.clone(),
            (Direction::Backward, None) => format!("undo {}", step.name),
        }
    }

    fn step(&self, id: StepId) -> &str {
        let step = self.scenario.business.steps.get(id.index());
        step.map_or("?", |step| step.name.as_str())
    }

    fn effects(&self, effects: &[Effect]) -> String {
        let each = effects.iter().map(|effect| {
            let row = self.row(effect.row);
            format!("{row} {} -> {}", effect.before, effect.after)
        });
        each.collect::<Vec<_>>().join(", ")
    }

    /// A row's name; that of a resource with a single row is its own.
    fn row(&self, row: BusinessRow) -> String {
        let name = self.scenario.business.row_name(row);
        match name.strip_suffix("[]") {
            Some(single) => single.to_owned(),
            None => name,
        }
    }

    fn owner(&self, owner: Owner) -> String {
        match owner {
            Owner::Tx(tx) => self.whose(tx),
            Owner::Reader(reader, _) => format!(" for {}", self.reader(reader)),
            Owner::Operator(_) => " for the operator".to_owned(),
        }
    }

    /// Who waits, before a verb; a bystander is always named.
    fn waiter(&self, owner: Owner) -> String {
        match owner {
            Owner::Tx(tx) if self.many || !self.concern.is_about(tx.request()) => {
                format!("{} ", tx.key)
            }
            Owner::Tx(_) => String::new(),
            Owner::Reader(reader, _) => format!("{} ", self.reader(reader)),
            Owner::Operator(_) => "the operator ".to_owned(),
        }
    }

    fn reader(&self, reader: u32) -> &str {
        let reader = self.scenario.readers.get(reader as usize);
        reader.map_or("a reader", |reader| &reader.name)
    }
}
