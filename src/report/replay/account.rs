//! The story of a diagram in at most ten sentences, in order of time.

use super::{Replay, Subject};
use crate::report::diagram::{Diagram, Fate, Row, Shown, Sign, State};
use crate::vocab::SimTime;

/// More sentences than this nobody reads.
const MOST: usize = 10;

/// A sentence that may be told.
struct Sentence {
    at: SimTime,
    weight: Weight,
    text: String,
}

/// What a sentence does for the story, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// A message that did what messages do.
    Travel,
    /// What was done.
    Deed,
    /// A message with another fate, a fault.
    Mishap,
    /// Somebody died, or did not know.
    Blow,
    /// What the verdict rests on.
    Evidence,
    /// The beginning and the end.
    Frame,
}

/// The story.
pub(super) fn account(of: &Replay<'_>) -> Vec<String> {
    let mut told = Vec::new();
    told.extend(evidence(of));
    for row in &of.diagram.rows {
        let place = place(&of.diagram, row);
        let known = |s: &Sentence| {
            s.weight == Weight::Evidence
                && s.at == row.at
                && place.is_none_or(|place| s.text.contains(&format!(", {place}: ")))
        };
        if !told.iter().any(known) {
            told.extend(of_row(&of.diagram, row));
        }
    }
    told.extend(doubt(&of.diagram));
    if let Some(wish) = told
        .iter_mut()
        .filter(|s| s.weight == Weight::Travel)
        .min_by_key(|s| s.at)
    {
        wish.weight = Weight::Frame;
    }
    told.sort_by_key(|sentence| sentence.at);
    let end = end(of);
    while told.len() + usize::from(end.is_some()) > MOST {
        told.remove(least(&told));
    }
    told.into_iter()
        .map(|sentence| sentence.text)
        .chain(end)
        .collect()
}

/// The last of those that weigh least: a story lives from how it begins.
fn least(told: &[Sentence]) -> usize {
    let least = told.iter().map(|sentence| sentence.weight).min();
    told.iter()
        .rposition(|sentence| Some(sentence.weight) == least)
        .unwrap_or(0)
}

fn evidence(of: &Replay<'_>) -> Vec<Sentence> {
    let Subject::Broken(_, violation) = of.subject else {
        return Vec::new();
    };
    let lines = violation.evidence.iter().map(|evidence| Sentence {
        at: evidence.at,
        weight: Weight::Evidence,
        text: format!("At {} ms, {}.", evidence.at, evidence.line),
    });
    lines.collect()
}

/// Where a row happens.
fn place<'d>(of: &'d Diagram, row: &Row) -> Option<&'d str> {
    match &row.what {
        Shown::Mark { lane, .. } => Some(of.lanes[*lane].as_str()),
        Shown::Arrow {
            from,
            fate: Fate::Lost,
            ..
        } => Some(of.lanes[*from].as_str()),
        Shown::Arrow { to, .. } => Some(of.lanes[*to].as_str()),
        _ => None,
    }
}

fn of_row(of: &Diagram, row: &Row) -> Option<Sentence> {
    let at = row.at;
    let (weight, text) = match &row.what {
        Shown::Arrow {
            from,
            to,
            words,
            fate,
            ..
        } => {
            let (from, to) = (&of.lanes[*from], &of.lanes[*to]);
            match fate {
                Fate::Arrived => (
                    Weight::Travel,
                    format!("At {at} ms, {to} hears from {from}: {words}."),
                ),
                Fate::Late | Fate::Copy => (
                    Weight::Mishap,
                    format!("At {at} ms, {to} hears from {from}: {words}."),
                ),
                Fate::Lost => (
                    Weight::Mishap,
                    format!("At {at} ms, what {from} tells {to} is gone: {words}."),
                ),
            }
        }
        Shown::Mark { lane, sign, words } => {
            let weight = if *sign == Sign::Death {
                Weight::Blow
            } else {
                Weight::Deed
            };
            (weight, format!("At {at} ms, {}: {words}.", of.lanes[*lane]))
        }
        Shown::Banner {
            violation: false,
            words,
        } => (Weight::Mishap, format!("At {at} ms, {words}.")),
        _ => return None,
    };
    Some(Sentence { at, weight, text })
}

/// The longest time in doubt.
fn doubt(of: &Diagram) -> Option<Sentence> {
    let long = |from: usize, to: usize| {
        let end = of.rows.get(to).or(of.rows.last())?.at;
        let begin = of.rows.get(from)?.at;
        Some((begin, end.since(begin)))
    };
    let doubtful = of.spans.iter().filter(|span| span.state == State::InDoubt);
    let lasting = doubtful.filter_map(|span| Some((span.lane, long(span.from, span.to)?)));
    let (lane, (at, lasts)) =
        lasting.max_by_key(|(lane, (_, lasts))| (*lasts, std::cmp::Reverse(*lane)))?;
    let text = format!(
        "From {at} ms on, for {lasts}, {} is in doubt: it has voted, and may neither commit nor \
         roll back.",
        of.lanes[lane]
    );
    Some(Sentence {
        at,
        weight: Weight::Blow,
        text,
    })
}

fn end(of: &Replay<'_>) -> Option<String> {
    let Subject::Broken(promise, violation) = of.subject else {
        return None;
    };
    let name = of.scenario.promise_name(promise);
    Some(format!(
        "That breaks the promise \"{name}\": {}.",
        violation.what
    ))
}
