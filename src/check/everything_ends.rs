//! **Everything ends**: after healing the run comes to rest by itself, and
//! nothing is left over: no undecided request, prepared branch, lock, unsent
//! letter, undelivered message or unended transaction.
//!
//! A request that a machine gave up half done has not ended, even if nothing
//! owns it any more.
//!
//! Not claimed: how soon; the bound is the scenario's patience, which grows with
//! the backlog.

use std::collections::BTreeSet;

use super::court::Court;
use super::ledger::Ledger;
use super::promise::{Breach, Closing, End, Findings, Promise};
use super::record::Deed;
use super::{Evidence, words};
use crate::history::{Left, Rest};
use crate::protocol::Row;
use crate::vocab::{RequestId, SimTime};

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct EverythingEnds {
    /// Requests that did not end.
    undecided: Vec<RequestId>,
    findings: Findings,
}

impl Promise for EverythingEnds {
    fn closed(&mut self, court: &Court, closing: &Closing<'_>) {
        let record = closing.record;
        let given_up = record.facts.iter().find(|f| f.deed == Deed::GivenUp);
        match (closing.end, given_up) {
            (End::Stuck | End::Stopped, _) if record.whole => {
                self.undecided.push(record.request);
            }
            (End::Quiet, Some(fact)) if !closing.is_even(court) => {
                self.findings.violated(fact.at, Some(record.request), || {
                    let what = format!(
                        "request {} was given up half done: it {}",
                        record.request,
                        words::what_stands(court, closing)
                    );
                    Breach {
                        how: "given up half done",
                        what,
                        evidence: words::evidence(court, record, words::is_business),
                    }
                });
            }
            _ => {}
        }
    }

    fn rest(&mut self, court: &Court, _: &Ledger, rest: &Rest, at: SimTime) {
        let things = rest.left.iter();
        let things = things.filter(|left| !matches!(left, Left::Unfinished(_)));
        let named: BTreeSet<RequestId> = things.clone().filter_map(Left::request).collect();
        let mut lines: Vec<String> = things.map(|left| left_over(court, left)).collect();
        self.undecided
            .extend(rest.left.iter().filter_map(unfinished));
        self.undecided.sort_unstable();
        self.undecided.dedup();
        let unnamed = self.undecided.iter().filter(|r| !named.contains(r));
        lines.extend(unnamed.map(|request| format!("request {request} has not ended")));
        if !rest.by_itself && lines.is_empty() {
            lines.push("something still goes on".to_owned());
        }
        let Some(first) = lines.first() else {
            return;
        };
        let request = rest.left.iter().find_map(Left::request);
        let request = request.or(self.undecided.first().copied());
        let still = if rest.by_itself {
            "the run came to rest"
        } else {
            "the run was stopped at its time limit"
        };
        let what = match lines.len() {
            1 => format!("{still}, and {first}"),
            n => format!("{still}, and {n} things are left over; the first: {first}"),
        };
        let more = lines.len() as u32 - 1;
        lines.truncate(10);
        let evidence = lines.into_iter().map(|line| Evidence { at, line });
        let how = rest.left.iter().map(kind).min().unwrap_or("goes on");
        self.findings.violated(at, request, || Breach {
            how,
            what,
            evidence: evidence.collect(),
        });
        self.findings.and_more(more);
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

fn unfinished(left: &Left) -> Option<RequestId> {
    match left {
        Left::Unfinished(request) => Some(*request),
        _ => None,
    }
}

/// What sort of thing is left over.
fn kind(left: &Left) -> &'static str {
    match left {
        Left::PreparedBranch(..) => "branch in doubt",
        Left::Lock(..) => "lock held",
        Left::Unsent(..) | Left::Undelivered(_) => "letter not delivered",
        _ => "not ended",
    }
}

fn left_over(court: &Court, left: &Left) -> String {
    let name = |node| words::node_name(court, node);
    match left {
        Left::PreparedBranch(node, tx) => format!("{tx} is still in doubt at {}", name(*node)),
        Left::Lock(node, owner, row) => format!(
            "{} still holds {} at {}",
            words::owner(court, *owner),
            row_words(court, *row),
            name(*node)
        ),
        Left::Unsent(node, letter) => format!(
            "a letter of {} by {} is still unsent at {}",
            letter.tx,
            court.action_name(letter.step, letter.direction),
            name(*node)
        ),
        Left::Unended(node, tx) => format!("{tx} has no end in the log of {}", name(*node)),
        Left::Undelivered(letter) => format!(
            "the broker still holds a message of {} by {}",
            letter.tx,
            court.action_name(letter.step, letter.direction)
        ),
        Left::Unfinished(request) => format!("request {request} has not ended"),
        Left::Reserved(node, row, amount) => format!(
            "{amount} of {} is still reserved at {}",
            words::row_name(court, *row),
            name(*node)
        ),
        Left::Parked(node, tx, step, direction) => {
            let parking = court.scenario.policies.step(*step).parking;
            let tries = words::times(parking.map_or(0, |parking| parking.after));
            format!(
                "{} of {tx} is parked at {} after it was asked for {tries}, and nobody has put it back",
                court.action_name(*step, *direction),
                name(*node)
            )
        }
    }
}

fn row_words(court: &Court, row: Row) -> String {
    match row {
        Row::Business(row) => words::row_name(court, row),
        Row::Inbox { tx, .. } => format!("an inbox row of {tx}"),
        Row::Tombstone { tx, .. } => format!("a tombstone of {tx}"),
        Row::Heard { tx, .. } => format!("what was heard of {tx}"),
        Row::Log(tx) => format!("the log row of {tx}"),
        Row::Outcome(key) => format!("the outcome row of {key}"),
        Row::Outbox(letter) => format!("an outbox row of {}", letter.tx),
        Row::Memo { tx, .. } => format!("a memo of {tx}"),
        Row::Mark(row) => format!("the semantic lock on {}", words::row_name(court, row)),
        Row::Reserved(row) => format!("the reservations of {}", words::row_name(court, row)),
    }
}
