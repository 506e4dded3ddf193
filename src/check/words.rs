//! Evidence in the scenario's words. Nothing here runs unless a promise broke.

use super::Evidence;
use super::court::Court;
use super::promise::Closing;
use super::record::{Attempt, Deed, Did, Fact, Part, Record};
use crate::business::{BusinessRow, Reason, ResourceKind};
use crate::history::{LossReason, Owner, Part as DownPart, RollbackReason};
use crate::protocol::{ClientOutcome, Decision};
use crate::vocab::{Direction, NodeId, RequestId, SimTime, StepId};

/// The most lines of evidence that a violation has.
const MOST_LINES: usize = 10;

/// What a record says of those facts that `concerns` picks. If they are too
/// many, what was said before is only counted, then what weighs least is left
/// out, of equals those in the middle.
pub(super) fn evidence(
    court: &Court,
    record: &Record,
    concerns: impl Fn(&Fact) -> bool,
) -> Vec<Evidence> {
    let picked = record.facts.iter().filter(|f| concerns(f));
    let picked = picked.filter(|f| !matches!(f.deed, Deed::Down(_)) || matters(court, record, f));
    let mut told: Vec<Told> = picked
        .map(|fact| Told {
            at: fact.at,
            weight: weight(&fact.deed),
            line: line(court, record.request, fact),
            times: 1,
        })
        .collect();
    if told.len() > MOST_LINES {
        told = counted(told);
    }
    while told.len() > MOST_LINES {
        told.remove(least(&told));
    }
    told.into_iter().map(Told::into_evidence).collect()
}

/// Whether a death may be why: it left a trace, or it struck a node where the
/// request was just on its way, and no lost message says more.
fn matters(court: &Court, record: &Record, death: &Fact) -> bool {
    let at_node = |f: &&Fact| place(f) == death.node;
    let later = record.facts.iter().filter(|f| f.nth > death.nth);
    let next_life = later
        .filter(at_node)
        .take_while(|f| f.at == death.at || !matches!(f.deed, Deed::Down(_)));
    if next_life.map(|f| &f.deed).any(is_trace_of_death) {
        return true;
    }
    let lost = |f: &Fact| matches!(f.deed, Deed::Lost { .. });
    if record.facts.iter().any(lost) {
        return false;
    }
    // Of what passes through a broker nothing else is on record.
    let is_broker = death.node == court.scenario.nodes.broker();
    let patience = court.scenario.policies.give_up_after;
    let mut before = record.facts.iter().filter(|f| f.nth < death.nth);
    let last = before.rfind(|f| match f.deed {
        Deed::Down(_) => f.node == death.node,
        _ => is_broker || at_node(f),
    });
    last.is_some_and(|f| !matches!(f.deed, Deed::Down(_)) && death.at.since(f.at) < patience)
}

/// Whose death a fact would be a trace of.
fn place(fact: &Fact) -> NodeId {
    match fact.deed {
        Deed::Lost {
            to,
            why: LossReason::Down,
            ..
        } => to,
        _ => fact.node,
    }
}

fn is_trace_of_death(deed: &Deed) -> bool {
    matches!(
        deed,
        Deed::TakenBack { .. }
            | Deed::PreparedLost { .. }
            | Deed::Restored { .. }
            | Deed::LogLost { .. }
            | Deed::BranchLost { .. }
            | Deed::RolledBack {
                why: RollbackReason::Crash | RollbackReason::SessionOver,
                ..
            }
            | Deed::Lost {
                why: LossReason::Down,
                ..
            }
    )
}

/// A line that may become evidence.
struct Told {
    at: SimTime,
    weight: Weight,
    line: String,
    times: u32,
}

impl Told {
    fn into_evidence(self) -> Evidence {
        let line = match self.times {
            1 => self.line,
            n => format!("{}, {}", self.line, times(n)),
        };
        Evidence { at: self.at, line }
    }
}

/// What a line does in the evidence, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// A message or a node was lost: perhaps why.
    Circumstance,
    /// What was said or meant.
    Word,
    /// What was done, undone or refused: what a verdict counts.
    Act,
}

fn weight(deed: &Deed) -> Weight {
    match deed {
        Deed::Down(_) | Deed::Lost { .. } => Weight::Circumstance,
        Deed::Did(_)
        | Deed::TakenBack { .. }
        | Deed::Refused { .. }
        | Deed::Performed { .. }
        | Deed::PreparedLost { .. }
        | Deed::LogLost { .. }
        | Deed::BranchLost { .. }
        | Deed::Unilateral { .. } => Weight::Act,
        _ => Weight::Word,
    }
}

/// Tells what is the same once, and how often it was.
fn counted(told: Vec<Told>) -> Vec<Told> {
    let mut distinct: Vec<Told> = Vec::new();
    for next in told {
        match distinct.iter_mut().find(|before| before.line == next.line) {
            Some(before) => before.times += 1,
            None => distinct.push(next),
        }
    }
    distinct
}

/// The middle one of those that weigh least.
fn least(told: &[Told]) -> usize {
    let least = told.iter().map(|t| t.weight).min();
    let light: Vec<usize> = (0..told.len())
        .filter(|&i| Some(told[i].weight) == least)
        .collect();
    light[light.len() / 2]
}

/// `once`, `2 times`.
pub(super) fn times(n: u32) -> String {
    match n {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

/// What was done to business rows, or why it was not: with what a crash took
/// from a branch, the promise that it had given, and the commit on record.
pub(super) fn whole_story(court: &Court, record: &Record) -> Vec<Evidence> {
    evidence(court, record, |fact| match fact.deed {
        Deed::PreparedLost { .. }
        | Deed::LogLost { .. }
        | Deed::BranchLost { .. }
        | Deed::Unilateral { .. }
        | Deed::Logged { .. } => true,
        Deed::RolledBack { prepared, .. } => prepared,
        Deed::Voted { attempt, yes: true } => broke_its_word(record, fact.node, attempt),
        _ => is_business(fact),
    })
}

/// Whether a participant that voted yes lost its branch or ended it by itself.
fn broke_its_word(record: &Record, node: NodeId, attempt: Attempt) -> bool {
    let of_node = |fact: &&Fact| fact.node == node;
    record.of_attempt(attempt).filter(of_node).any(|fact| {
        matches!(
            fact.deed,
            Deed::PreparedLost { .. }
                | Deed::BranchLost { .. }
                | Deed::Unilateral { .. }
                | Deed::RolledBack { .. }
        )
    })
}

/// Whether a fact says what was done to business rows, or why it was not.
pub(super) fn is_business(fact: &Fact) -> bool {
    match fact.deed {
        Deed::Did(_)
        | Deed::Down(_)
        | Deed::Lost { .. }
        | Deed::TakenBack { .. }
        | Deed::Refused { .. }
        | Deed::Null { .. }
        | Deed::Performed { .. }
        | Deed::Parked { .. }
        | Deed::PutBack { .. }
        | Deed::GivenUp => true,
        Deed::Told { outcome, .. } => outcome.is_final(),
        _ => false,
    }
}

/// Keeps at most ten lines, in order of time.
pub(super) fn in_order(mut lines: Vec<Evidence>) -> Vec<Evidence> {
    lines.sort_by_key(|line| line.at);
    lines.dedup();
    lines.truncate(MOST_LINES);
    lines
}

/// A fact in one line: `points: take-points took 50 from points[alice] (c3.17)`.
pub(super) fn line(court: &Court, request: RequestId, fact: &Fact) -> String {
    let node = court.scenario.node_name(fact.node);
    let tx = |attempt: Attempt| attempt.tx(request);
    match fact.deed {
        Deed::Asked { retry: 0 } => format!("{node}: {request} is asked for"),
        Deed::Asked { retry } => format!("{node}: {request} is asked for again, retry {retry}"),
        Deed::Down(DownPart::Process) => format!("{node}: the process dies"),
        Deed::Down(DownPart::Database) => format!("{node}: the database dies"),
        Deed::Lost { kind, to, why } => lost_line(court, fact.node, to, kind, why),
        Deed::Did(did) => did_line(court, &node, request, &did),
        Deed::TakenBack { part, row } => format!(
            "{node}: a crash takes back what {} did to {} ({})",
            name(court, part),
            row_name(court, row),
            tx(part.attempt)
        ),
        Deed::Refused { part, reason } => format!(
            "{node}: {} is refused: {} ({})",
            name(court, part),
            reason_words(court, reason),
            tx(part.attempt)
        ),
        Deed::Null { part } => format!(
            "{node}: {} found nothing to undo ({})",
            name(court, part),
            tx(part.attempt)
        ),
        Deed::Turned { attempt, reason } => format!(
            "{node}: {} turns back: {}",
            tx(attempt),
            reason_words(court, reason)
        ),
        Deed::WorkDone { attempt } => format!("{node}: {} asks for votes", tx(attempt)),
        Deed::Prepared { attempt } => format!("{node}: {} is prepared", tx(attempt)),
        Deed::PreparedLost { attempt } => {
            format!(
                "{node}: a crash loses the prepared branch of {}",
                tx(attempt)
            )
        }
        Deed::Restored { attempt } => {
            format!("{node}: {} is found prepared after a restart", tx(attempt))
        }
        Deed::Voted { attempt, yes } => {
            format!("{node}: votes {} on {}", yes_no(yes), tx(attempt))
        }
        Deed::Heard {
            attempt,
            service,
            yes,
        } => format!(
            "{node}: has the {} of {} on {}",
            yes_no(yes),
            court.business().services[service.0 as usize],
            tx(attempt)
        ),
        Deed::Decided { attempt, decision } => {
            format!(
                "{node}: decides to {} {}",
                decision_word(decision),
                tx(attempt)
            )
        }
        Deed::Logged { attempt, durable } => format!(
            "{node}: the commit of {} is {}",
            tx(attempt),
            if durable {
                "on disk"
            } else {
                "in the log's buffer"
            }
        ),
        Deed::LogLost { attempt } => format!(
            "{node}: a crash loses the record that {} is committed",
            tx(attempt)
        ),
        Deed::BranchCommitted { attempt, durable } => format!(
            "{node}: commits its branch of {}{}",
            tx(attempt),
            if durable { "" } else { ", in the log's buffer" }
        ),
        Deed::BranchLost { attempt } => {
            format!("{node}: a crash takes back the commit of {}", tx(attempt))
        }
        Deed::RolledBack { attempt, why, .. } => format!(
            "{node}: rolls its branch of {} back{}",
            tx(attempt),
            rollback_words(why)
        ),
        Deed::Acked { attempt } => format!("{node}: acknowledges {}", tx(attempt)),
        Deed::Unilateral { attempt } => {
            format!("{node}: ends its branch of {} by itself", tx(attempt))
        }
        Deed::Performed { part, row } => format!(
            "{node}: {} is done ({} of {})",
            row_name(court, row),
            name(court, part),
            tx(part.attempt)
        ),
        Deed::GivenUp => format!("{node}: does not try any more ({request})"),
        Deed::Parked { part } => format!(
            "{node}: {} is parked, and not asked for any more ({})",
            name(court, part),
            tx(part.attempt)
        ),
        Deed::PutBack { part } => format!(
            "{node}: {} is put back ({})",
            name(court, part),
            tx(part.attempt)
        ),
        Deed::Told { outcome, .. } => {
            format!(
                "{node}: {request} is told: {}",
                outcome_words(court, outcome)
            )
        }
        Deed::ClientGaveUp => format!("{node}: {request} is not asked for any more"),
    }
}

fn did_line(court: &Court, node: &str, request: RequestId, did: &Did) -> String {
    let why = match did.reason {
        Some(reason) => format!(": {}", reason_words(court, reason)),
        None => String::new(),
    };
    let Part {
        step, direction, ..
    } = did.part;
    let what = if court.starts_from_what_was_seen(step, direction, did.row) {
        let row = row_name(court, did.row);
        let Did { before, after, .. } = did;
        format!("wrote {after} over {before} in {row}, going by what it had seen before")
    } else {
        change(court, did.row, did.delta(), direction)
    };
    format!(
        "{node}: {} {what}{why} ({})",
        name(court, did.part),
        did.part.attempt.tx(request),
    )
}

/// A change in words: `took 50 from points[alice]`.
pub(super) fn change(court: &Court, row: BusinessRow, delta: i64, direction: Direction) -> String {
    let name = row_name(court, row);
    let counter = court.floor(row).is_some();
    let back = if direction == Direction::Backward {
        " back"
    } else {
        ""
    };
    match (counter, delta) {
        (_, 0) => format!("left {name} as it was"),
        (true, ..0) => format!("took {}{back} from {name}", -delta),
        (true, _) => format!("gave {delta}{back} to {name}"),
        (false, ..0) => format!("took {name} back"),
        (false, _) => format!("granted {name}"),
    }
}

/// What stands of a request in words, `took 50 from points[alice] but did not
/// grant pokemon[alice/pikachu]`; `had no effect` if nothing stands.
pub(super) fn what_stands(court: &Court, closing: &Closing<'_>) -> String {
    let standing = court.effective(closing.record).iter().filter_map(|&step| {
        match closing.nets[step.index()].effect() {
            0 => None,
            1 => Some(changes_of(court, closing.record, step)),
            n @ 2.. => Some(format!(
                "{} {n} times",
                changes_of(court, closing.record, step)
            )),
            _ => Some(format!(
                "undid {} more often than it did it",
                step_name(court, step)
            )),
        }
    });
    let missing = court
        .effective(closing.record)
        .iter()
        .filter(|step| closing.nets[step.index()].effect() == 0)
        .filter_map(|&step| undone(court, closing.record, step));
    let standing: Vec<String> = standing.collect();
    let missing: Vec<String> = missing.collect();
    if standing.is_empty() {
        return "had no effect".to_owned();
    }
    let standing = standing.join(" and ");
    match missing.is_empty() {
        true => standing,
        false => format!("{standing} but did not {}", missing.join(" or ")),
    }
}

/// The changes that the last execution of a step made.
fn changes_of(court: &Court, record: &Record, step: StepId) -> String {
    let forward = |did: &Did| did.part.step == step && did.part.direction == Direction::Forward;
    let last = record.effects().rfind(|(_, did)| forward(did));
    let Some((last, _)) = last else {
        return format!("has the effect of {}", step_name(court, step));
    };
    let changes: Vec<String> = record
        .effects()
        .filter(|(fact, did)| fact.nth == last.nth && forward(did))
        .map(|(_, did)| change(court, did.row, did.delta(), Direction::Forward))
        .collect();
    changes.join(" and ")
}

/// What a step without effect would have done: `grant pokemon[alice/pikachu]`.
fn undone(court: &Court, record: &Record, step: StepId) -> Option<String> {
    let params = record.params.as_ref()?;
    let business = court.business();
    let action = business.step(step).actions.first()?;
    let resource = &business.resources[action.resource.0 as usize];
    let row = business.row_of(action, params);
    let row_name = row_name(court, row);
    let change = court.expected_change(step, Direction::Forward, row, params);
    Some(match (&resource.kind, change) {
        (ResourceKind::Counter { .. }, ..0) => format!("take {} from {row_name}", -change),
        (ResourceKind::Counter { .. }, _) => format!("give {change} to {row_name}"),
        _ => format!("grant {row_name}"),
    })
}

/// A row's name; that of a resource with a single row is its own.
pub(super) fn row_name(court: &Court, row: BusinessRow) -> String {
    let name = court.business().row_name(row);
    match name.strip_suffix("[]") {
        Some(single) => single.to_owned(),
        None => name,
    }
}

/// A step's or compensation's name.
pub(super) fn name(court: &Court, part: Part) -> &str {
    court.action_name(part.step, part.direction)
}

/// A step's name.
pub(super) fn step_name(court: &Court, step: StepId) -> &str {
    court.action_name(step, Direction::Forward)
}

/// A node's name.
pub(super) fn node_name(court: &Court, node: NodeId) -> String {
    court.scenario.node_name(node)
}

/// A reason in words.
pub(super) fn reason_words(court: &Court, reason: Reason) -> String {
    court.business().reason_in_words(reason)
}

/// What a client was told, in words.
pub(super) fn outcome_words(court: &Court, outcome: ClientOutcome) -> String {
    match outcome {
        ClientOutcome::Accepted => "accepted".to_owned(),
        ClientOutcome::Committed => "committed".to_owned(),
        ClientOutcome::Refused(reason) => format!("refused, {}", reason_words(court, reason)),
    }
}

fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Commit => "commit",
        Decision::Abort => "abort",
    }
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn rollback_words(why: RollbackReason) -> &'static str {
    match why {
        RollbackReason::Asked => "",
        RollbackReason::Refused => ": it was refused",
        RollbackReason::Conflict => ": it met a conflict",
        RollbackReason::SessionOver => ": its session is over",
        RollbackReason::Crash => ": its database died",
    }
}

/// Who holds or wants a lock, in words.
pub(super) fn owner(court: &Court, owner: Owner) -> String {
    match owner {
        Owner::Tx(tx) => tx.to_string(),
        Owner::Reader(reader, _) => reader_name(court, reader).to_owned(),
        Owner::Operator(_) => "the operator".to_owned(),
    }
}

/// A background reader's name.
pub(super) fn reader_name(court: &Court, reader: u32) -> &str {
    let reader = court.scenario.readers.get(reader as usize);
    reader.map_or("a reader", |reader| &reader.name)
}

/// A message that never arrives. Where nobody is there to take it, the fact
/// stands at the receiver.
fn lost_line(court: &Court, at: NodeId, to: NodeId, kind: &str, why: LossReason) -> String {
    let to = court.scenario.node_name(to);
    match why {
        LossReason::Network => {
            format!(
                "{}: its {kind} to {to} is lost on the way",
                court.scenario.node_name(at)
            )
        }
        LossReason::Partition => {
            format!(
                "{}: its {kind} to {to} is cut off",
                court.scenario.node_name(at)
            )
        }
        LossReason::Down => format!("{to}: nobody is there to take the {kind}"),
    }
}
