//! The story of a diagram in at most ten sentences, in order of time.

use super::sentence::{Sentence, Weight, joined};
use super::{Replay, Subject};
use crate::report::diagram::{Diagram, Fate, Row, Shown, Sign, State, Turn};

/// More sentences than this nobody reads.
const MOST: usize = 10;

/// The story.
pub(super) fn account(of: &Replay<'_>) -> Vec<String> {
    let mut told = evidence(of);
    for row in &of.diagram.rows {
        let Some(sentence) = of_row(&of.diagram, row) else {
            continue;
        };
        let mut known = told
            .iter_mut()
            .filter(|s| s.is_evidence && s.seen == sentence.seen);
        match known.next() {
            // What the verdict rests on is said in the checker's words.
            Some(evidence) => evidence.weight = evidence.weight.max(sentence.weight),
            None => told.push(sentence),
        }
    }
    told.sort_by_key(Sentence::at);
    let mut told = joined(told);
    told.extend(doubt(&of.diagram));
    told.sort_by_key(Sentence::at);
    if let Some(wish) = told.iter_mut().find(|s| s.weight == Weight::Travel) {
        wish.weight = Weight::Frame;
    }
    let end = end(of);
    while told.len() + usize::from(end.is_some()) > MOST {
        told.remove(least(&told));
    }
    let told = told.iter().map(Sentence::text);
    told.chain(end).collect()
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
    let lines = violation.evidence.iter().map(|evidence| {
        let line = evidence.line.as_str();
        let at = |place: &&String| line.starts_with(&format!("{place}: "));
        let place = of.diagram.lanes.iter().find(at);
        let words = place.map_or(line, |place| &line[place.len() + 2..]);
        let mut sentence = Sentence::new(evidence.at, place, Weight::Evidence, words);
        sentence.is_evidence = true;
        sentence
    });
    lines.collect()
}

fn of_row(of: &Diagram, row: &Row) -> Option<Sentence> {
    let at = row.at;
    let lane = |lane: usize| of.lanes.get(lane);
    let turning = |turn: Turn, weight: Weight| match turn {
        Turn::No => weight,
        Turn::Told => weight.max(Weight::Turn),
        Turn::Done => weight.max(Weight::End),
    };
    Some(match &row.what {
        Shown::Arrow {
            from,
            to,
            words,
            fate,
            turn,
            ..
        } => {
            let weight = match fate {
                Fate::Arrived => Weight::Travel,
                Fate::Late | Fate::Copy | Fate::Lost => Weight::Mishap,
            };
            let weight = turning(*turn, weight);
            if *fate == Fate::Lost {
                let words = format!("what it tells {} is gone: {words}", of.lanes[*to]);
                return Some(Sentence::new(at, lane(*from), weight, &words));
            }
            let mut sentence = Sentence::new(at, lane(*to), weight, words);
            sentence.heard_from = lane(*from).cloned();
            sentence
        }
        Shown::Mark {
            lane: n,
            sign,
            words,
            turn,
        } => {
            let weight = match sign {
                Sign::Death => Weight::Blow,
                Sign::Deed | Sign::Forced => turning(*turn, Weight::Deed),
            };
            Sentence::new(at, lane(*n), weight, words)
        }
        Shown::Banner {
            violation: false,
            words,
        } => Sentence::new(at, None, Weight::Mishap, words),
        _ => return None,
    })
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
    let words = format!(
        "in doubt from now on, for {lasts}: it has voted, and may neither commit nor roll back"
    );
    Some(Sentence::new(at, of.lanes.get(lane), Weight::Blow, &words))
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
