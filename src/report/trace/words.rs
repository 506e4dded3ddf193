use std::fmt::Write;

use crate::business::{BusinessRow, Params};
use crate::fault::FaultPlan;
use crate::history::{
    Effect, Left, LossReason, MsgId, Owner, Part, Rest, RollbackReason, What, Written,
};
use crate::protocol::{ClientOutcome, Decision, Detail, LetterId, Note, Row, Stamp, Value};
use crate::report::words::{self, fault};
use crate::scenario::Scenario;
use crate::vocab::{Direction, NodeId, SimDuration, StepId};

/// Turns events into words.
pub(in crate::report) struct Words<'a> {
    scenario: &'a Scenario,
    plan: &'a FaultPlan,
    /// The nodes' names by number.
    nodes: Vec<String>,
    pub(super) node_width: usize,
}

impl<'a> Words<'a> {
    pub(in crate::report) fn new(scenario: &'a Scenario, plan: &'a FaultPlan) -> Self {
        let nodes: Vec<String> = (0..scenario.nodes.count() as u16)
            .map(|n| scenario.node_name(NodeId(n)))
            .collect();
        let widths = nodes.iter().map(|name| name.chars().count());
        Words {
            scenario,
            plan,
            node_width: widths.max().unwrap_or(0),
            nodes,
        }
    }

    /// The kind of a line, whose it is, and what it says.
    pub(in crate::report) fn line(&self, what: &What) -> (&'static str, String, String) {
        let nobody = String::new;
        let nothing = String::new;
        match what {
            What::Asked { key, params, retry } => {
                ("asked", key.to_string(), self.wish(params, *retry))
            }
            What::Told { key, outcome } => ("told", key.to_string(), self.outcome(*outcome)),
            What::GaveUp { request } => ("gave-up", request.to_string(), nothing()),

            What::Sent {
                id,
                to,
                kind,
                tx,
                step,
                says,
            } => {
                let step = step.map(|step| self.step(step)).unwrap_or_default();
                let mut words = self.towards(*id, *to, kind);
                for word in [step, says].into_iter().filter(|word| !word.is_empty()) {
                    let _ = write!(words, " {word}");
                }
                ("sent", tx.to_string(), words)
            }
            What::Delivered { id, from, kind, tx } => {
                let words = format!("m{} < {}: {kind}", id.0, self.node(*from));
                ("delivered", tx.to_string(), words)
            }
            What::Lost {
                id,
                to,
                kind,
                tx,
                why,
            } => {
                let words = format!("{}, {}", self.towards(*id, *to, kind), loss(*why));
                ("lost", tx.to_string(), words)
            }
            What::Duplicated { id, copy } => {
                let words = format!("m{} as m{}", id.0, copy.0);
                ("duplicated", nobody(), words)
            }

            What::Waiting { owner, row, behind } => {
                let words = format!("{} behind {}", self.row(*row), who(*behind));
                ("waiting", who(*owner), words)
            }
            What::Locked {
                owner,
                row,
                exclusive,
                waited,
            } => {
                let mode = if *exclusive { "exclusive" } else { "shared" };
                let words = format!("{} {mode}{}", self.row(*row), after_wait(*waited));
                ("locked", who(*owner), words)
            }
            What::Unlocked { owner, row, held } => {
                let words = format!("{} held {held}", self.row(*row));
                ("unlocked", who(*owner), words)
            }
            What::Conflicted { owner, row, behind } => {
                ("conflicted", who(*owner), self.conflict(*row, *behind))
            }
            What::Failed { owner } => ("failed", who(*owner), "answered with an error".to_owned()),
            What::Ran {
                stamp,
                saw,
                refused,
            } => {
                let mut words = self.stamp(stamp);
                let rows: Vec<String> = saw.iter().map(|&row| self.row(row)).collect();
                push_part(&mut words, "saw ", &rows.join(", "));
                if let Some(reason) = refused {
                    let no = self.scenario.business.reason_in_words(*reason);
                    push_part(&mut words, "no: ", &no);
                }
                ("ran", stamp.tx.to_string(), words)
            }
            What::Read {
                reader,
                saw,
                waited,
            } => {
                let rows = saw
                    .iter()
                    .map(|&(row, n)| format!("{} = {n}", self.row(row)));
                let rows: Vec<String> = rows.collect();
                let words = format!("{}{}", rows.join(", "), after_wait(*waited));
                ("read", format!("reader {reader}"), words)
            }

            What::Prepared {
                tx,
                effects,
                durable,
            } => {
                let words = format!("{}{}", self.effects(effects), on_disk(*durable));
                ("prepared", tx.to_string(), words)
            }
            What::Committed {
                stamp,
                effects,
                writes,
                durable,
                ..
            } => {
                let mut words = self.stamp(stamp);
                push_part(&mut words, "", &self.effects(effects));
                push_part(&mut words, "", &self.writes(writes));
                words.push_str(on_disk(*durable));
                ("committed", stamp.tx.to_string(), words)
            }
            What::CommitLost {
                tx,
                effects,
                writes,
                ..
            } => {
                let mut words = self.effects(effects);
                push_part(&mut words, "", &self.writes(writes));
                ("commit-lost", tx.to_string(), words)
            }
            What::PreparedLost { tx } => ("prep-lost", tx.to_string(), nothing()),
            What::RolledBack { tx, why, prepared } => {
                let state = if *prepared { "was prepared; " } else { "" };
                let words = format!("{state}{}", rollback(*why));
                ("rolled-back", tx.to_string(), words)
            }
            What::Restored { tx } => ("restored", tx.to_string(), nothing()),
            What::Appended { tx, class, forced } => {
                let force = if *forced { "forced" } else { "lazy" };
                (
                    "appended",
                    tx.to_string(),
                    format!("{}, {force}", words::record(*class)),
                )
            }
            What::Flushed { records } => ("flushed", nobody(), format!("records: {records}")),

            What::Stored { id } => ("stored", id.tx.to_string(), self.letter(*id)),
            What::HandedOver {
                id,
                action,
                performed,
            } => {
                let end = if *performed {
                    "performed"
                } else {
                    "known already"
                };
                let words = format!("{}, {end}", self.row(*action));
                ("handed-over", id.tx.to_string(), words)
            }
            What::Operated { row, withdrawn } => {
                let end = if *withdrawn { "withdrawn" } else { "put back" };
                let words = format!("{} {end}", self.row(*row));
                ("operated", "operator".to_owned(), words)
            }

            What::FaultBegan { fault } => ("fault", nobody(), self.fault(*fault)),
            What::FaultEnded { fault } => ("healed", nobody(), self.fault(*fault)),
            What::Down(part) => ("down", nobody(), part_name(*part).to_owned()),
            What::Up(part) => ("up", nobody(), part_name(*part).to_owned()),

            What::Noted(note) => ("noted", note.tx.to_string(), self.note(note)),
            What::Quiet { request } => ("quiet", request.to_string(), nothing()),
            What::Rest(rest) => ("rest", nobody(), self.rest(rest)),
        }
    }

    pub(in crate::report) fn node(&self, node: NodeId) -> &str {
        let name = self.nodes.get(usize::from(node.0));
        name.map_or("?", String::as_str)
    }

    fn row(&self, row: BusinessRow) -> String {
        self.scenario.business.row_name(row)
    }

    fn wish(&self, params: &Params, retry: u16) -> String {
        let business = &self.scenario.business;
        let wanted = business.wanted_name(params).map(str::to_owned);
        let values = business.domains.iter().zip(params.0);
        let values = values.map(|(domain, n)| domain.value_name(n));
        let values: Vec<String> = wanted.into_iter().chain(values).collect();
        let mut words = values.join(", ");
        if retry > 0 {
            let _ = write!(words, " (retry {retry})");
        }
        words
    }

    fn outcome(&self, outcome: ClientOutcome) -> String {
        match outcome {
            ClientOutcome::Accepted => "accepted".to_owned(),
            ClientOutcome::Committed => "committed".to_owned(),
            ClientOutcome::Refused(reason) => {
                format!(
                    "refused: {}",
                    self.scenario.business.reason_in_words(reason)
                )
            }
        }
    }

    fn towards(&self, id: MsgId, to: NodeId, kind: &str) -> String {
        format!("m{} > {}: {kind}", id.0, self.node(to))
    }

    fn conflict(&self, row: Option<BusinessRow>, behind: Option<Owner>) -> String {
        let row = row.map(|row| self.row(row)).unwrap_or_default();
        match behind {
            Some(behind) => format!("{row} behind {}", who(behind)),
            None => row,
        }
    }

    fn stamp(&self, stamp: &Stamp) -> String {
        let steps = &self.scenario.business.steps;
        let Some(step) = stamp.step.and_then(|id| steps.get(id.index())) else {
            return String::new();
        };
        let mut words = match (stamp.direction, &step.compensation) {
            (Direction::Forward, _) => step.name.clone(),
            (Direction::Backward, Some(compensation)) => compensation.name.clone(),
            (Direction::Backward, None) => format!("undo {}", step.name),
        };
        if let Some(reason) = stamp.reason {
            let reason = self.scenario.business.reason_in_words(reason);
            let _ = write!(words, " ({reason})");
        }
        words
    }

    fn effects(&self, effects: &[Effect]) -> String {
        let each = effects.iter().map(|effect| {
            let row = self.row(effect.row);
            format!("{row} {} -> {}", effect.before, effect.after)
        });
        each.collect::<Vec<_>>().join(", ")
    }

    fn writes(&self, writes: &[Written]) -> String {
        let each = writes.iter().map(|written| {
            let sign = if written.value.is_some() { '+' } else { '-' };
            let row = match written.row {
                Row::Business(row) => self.row(row),
                Row::Inbox { .. } => "inbox".to_owned(),
                Row::Tombstone { .. } => "tombstone".to_owned(),
                Row::Heard { done, .. } => format!("heard({})", self.step(done)),
                Row::Log(_) => "log".to_owned(),
                Row::Outcome(_) => "outcome".to_owned(),
                Row::Outbox(id) => format!("outbox({})", self.letter(id)),
                Row::Memo { .. } => "memo".to_owned(),
                Row::Mark(row) => format!("mark({})", self.row(row)),
                Row::Reserved(row) => match written.value {
                    Some(Value::Number(n)) => format!("reserved({}) {n}", self.row(row)),
                    _ => format!("reserved({})", self.row(row)),
                },
            };
            format!("{sign}{row}")
        });
        each.collect::<Vec<_>>().join(" ")
    }

    fn letter(&self, id: LetterId) -> String {
        let step = self.step(id.step);
        match id.direction {
            Direction::Forward => format!("{step}.{}", id.n),
            Direction::Backward => format!("undo {step}.{}", id.n),
        }
    }

    fn step(&self, id: StepId) -> &str {
        let step = self.scenario.business.steps.get(id.index());
        step.map_or("?", |step| step.name.as_str())
    }

    fn fault(&self, position: u32) -> String {
        let entry = self.plan.faults.get(position as usize);
        entry.map_or_else(
            || format!("{} of the plan", position + 1),
            |entry| fault(self.scenario, entry),
        )
    }

    fn note(&self, note: &Note) -> String {
        let yes = |yes: bool| if yes { "yes" } else { "no" };
        let detail = match note.detail {
            Detail::None => String::new(),
            Detail::Step(step) => format!(": {}", self.step(step)),
            Detail::Vote { yes: vote } => format!(": {}", yes(vote)),
            Detail::VoteOf { service, yes: vote } => {
                let node = self.scenario.nodes.service(service);
                format!(": {} from {}", yes(vote), self.node(node))
            }
            Detail::Decision(Decision::Commit) => ": commit".to_owned(),
            Detail::Decision(Decision::Abort) => ": abort".to_owned(),
            Detail::Asked(step, Direction::Forward) => format!(": {}", self.step(step)),
            Detail::Asked(step, Direction::Backward) => format!(": undo {}", self.step(step)),
            Detail::Reason(step, reason) => {
                let reason = self.scenario.business.reason_in_words(reason);
                format!(": {}, {reason}", self.step(step))
            }
        };
        format!("{}{detail}", note.milestone)
    }

    fn rest(&self, rest: &Rest) -> String {
        let how = if rest.by_itself {
            "by itself"
        } else {
            "stopped at its time limit"
        };
        if rest.left.is_empty() {
            return format!("{how}; nothing left over");
        }
        let left: Vec<String> = rest.left.iter().map(|left| self.left(left)).collect();
        format!("{how}; left over: {}", left.join(", "))
    }

    fn left(&self, left: &Left) -> String {
        match left {
            Left::PreparedBranch(at, tx) => format!("prepared branch {tx} at {}", self.node(*at)),
            Left::Lock(at, owner, _) => format!("lock of {} at {}", who(*owner), self.node(*at)),
            Left::Unsent(at, id) => {
                let letter = self.letter(*id);
                format!("unsent letter {letter} of {} at {}", id.tx, self.node(*at))
            }
            Left::Unended(at, tx) => format!("log row of {tx} at {}", self.node(*at)),
            Left::Undelivered(id) => {
                format!("undelivered letter {} of {}", self.letter(*id), id.tx)
            }
            Left::Unfinished(request) => format!("unfinished {request}"),
            Left::Reserved(at, row, amount) => {
                format!(
                    "{amount} of {} reserved at {}",
                    self.row(*row),
                    self.node(*at)
                )
            }
            Left::Parked(at, tx, step, direction) => {
                let step = self.step(*step);
                let what = match direction {
                    Direction::Forward => step.to_owned(),
                    Direction::Backward => format!("undo {step}"),
                };
                format!("parked {what} of {tx} at {}", self.node(*at))
            }
        }
    }
}

/// Adds a part to a line that may be empty so far.
fn push_part(words: &mut String, lead: &str, part: &str) {
    if part.is_empty() {
        return;
    }
    if !words.is_empty() {
        words.push_str("; ");
    }
    words.push_str(lead);
    words.push_str(part);
}

fn who(owner: Owner) -> String {
    match owner {
        Owner::Tx(tx) => tx.to_string(),
        Owner::Reader(reader, read) => format!("reader {reader}.{read}"),
        Owner::Operator(_) => "operator".to_owned(),
    }
}

fn loss(why: LossReason) -> &'static str {
    match why {
        LossReason::Network => "lost by the network",
        LossReason::Partition => "a partition is in the way",
        LossReason::Down => "there is no process",
    }
}

fn rollback(why: RollbackReason) -> &'static str {
    match why {
        RollbackReason::Asked => "its process asked",
        RollbackReason::Refused => "a business no",
        RollbackReason::Conflict => "a conflict",
        RollbackReason::SessionOver => "its session is over",
        RollbackReason::Crash => "the database died",
    }
}

fn after_wait(waited: SimDuration) -> String {
    if waited.is_zero() {
        return String::new();
    }
    format!(", waited {waited}")
}

fn on_disk(durable: bool) -> &'static str {
    if durable { "" } else { " (not on disk yet)" }
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Process => "process",
        Part::Database => "database",
    }
}
