//! What repeats itself is told twice, the first and the last time; what lies
//! between is only counted. Long silences become a gap.

use std::collections::{BTreeMap, BTreeSet};

use super::Fate;
use super::draft::{Draft, Drafted};
use crate::vocab::{NodeId, SimDuration};

/// More of the same than this are folded.
const MOST: usize = 3;
/// A shorter silence is none.
const SHORTEST: SimDuration = SimDuration::from_millis(5);
/// A silence is so many times as long as it usually takes from row to row.
const LONGER: u64 = 10;

/// What makes two rows the same but for their time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Message {
        from: NodeId,
        to: NodeId,
        words: String,
        lost: bool,
    },
    Mark {
        node: NodeId,
        words: String,
    },
}

/// Folds what repeats itself.
pub(super) fn fold(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut all: BTreeMap<Sort, Vec<usize>> = BTreeMap::new();
    for (row, draft) in drafts.iter().enumerate() {
        if let Some(sort) = sort(draft) {
            all.entry(sort).or_default().push(row);
        }
    }
    let inner = |rows: &Vec<usize>| rows[1..rows.len() - 1].to_vec();
    let many = all.values().filter(|rows| rows.len() > MOST);
    let folded: BTreeSet<usize> = many.flat_map(inner).collect();
    let gone: BTreeSet<u64> = folded
        .iter()
        .filter_map(|&row| message(&drafts[row]))
        .collect();

    let mut kept: Vec<Draft> = Vec::new();
    // What lies between two rows that are kept.
    let mut heap: Vec<Draft> = Vec::new();
    for (row, draft) in drafts.into_iter().enumerate() {
        let departs = matches!(draft.what, Drafted::Departure { .. });
        if departs && message(&draft).is_some_and(|id| gone.contains(&id)) {
            continue;
        }
        if folded.contains(&row) {
            heap.push(draft);
            continue;
        }
        kept.extend(counted(&mut heap));
        kept.push(draft);
    }
    kept.extend(counted(&mut heap));
    kept
}

fn sort(draft: &Draft) -> Option<Sort> {
    match &draft.what {
        Drafted::Arrow {
            from,
            to,
            words,
            fate,
            ..
        } => Some(Sort::Message {
            from: *from,
            to: *to,
            words: without_time(words).to_owned(),
            lost: *fate == Fate::Lost,
        }),
        Drafted::Mark {
            node,
            words,
            again: true,
            ..
        } => Some(Sort::Mark {
            node: *node,
            words: words.clone(),
        }),
        _ => None,
    }
}

/// `inquire, late: sent at 4.100` without when it was sent.
fn without_time(words: &str) -> &str {
    words.split(": sent at").next().unwrap_or(words)
}

fn message(draft: &Draft) -> Option<u64> {
    match draft.what {
        Drafted::Departure { id, .. } | Drafted::Arrow { id, .. } => Some(id),
        _ => None,
    }
}

/// `8 more: inquire, nobody there (6 times), ...`, at the first of them.
fn counted(heap: &mut Vec<Draft>) -> Option<Draft> {
    let first = heap.first()?.clone();
    if heap.len() == 1 {
        return heap.pop();
    }
    let mut counts: Vec<(String, usize)> = Vec::new();
    for draft in heap.iter() {
        let words = match &draft.what {
            Drafted::Arrow { words, .. } | Drafted::Mark { words, .. } => without_time(words),
            _ => continue,
        };
        match counts.iter_mut().find(|(known, _)| known == words) {
            Some((_, count)) => *count += 1,
            None => counts.push((words.to_owned(), 1)),
        }
    }
    let each = counts
        .iter()
        .map(|(words, count)| format!("{count} x {words}"));
    let words = format!("and again: {}", each.collect::<Vec<_>>().join("; "));
    heap.clear();
    Some(Draft {
        what: Drafted::Elided { words },
        ..first
    })
}

/// Puts a gap where nothing happens for much longer than usual.
pub(super) fn with_gaps(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut steps: Vec<u64> = drafts
        .windows(2)
        .map(|pair| pair[1].at.since(pair[0].at).as_micros())
        .filter(|&step| step > 0)
        .collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).copied().unwrap_or_default();
    let long = (usual * LONGER).max(SHORTEST.as_micros());
    let mut all: Vec<Draft> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if let Some(before) = all.last()
            && !matches!(before.what, Drafted::Elided { .. })
            && !matches!(draft.what, Drafted::Elided { .. })
        {
            let lasts = draft.at.since(before.at);
            if lasts.as_micros() >= long {
                let (at, nth) = (before.at, before.nth);
                all.push(Draft {
                    at,
                    nth,
                    what: Drafted::Gap { lasts },
                });
            }
        }
        all.push(draft);
    }
    all
}
