//! From drafts to rows, from nodes to lanes.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Drafted};
use super::{Fate, Row, Shown, Span, State};
use crate::scenario::Scenario;
use crate::vocab::{NodeId, SimTime};

/// A message whose sender does nothing else before it arrives is drawn level,
/// without a departure of its own.
pub(super) fn draw_level(drafts: &mut Vec<Draft>) {
    let mut under_way: BTreeMap<u64, Leaving> = BTreeMap::new();
    let mut level = BTreeSet::new();
    for (row, draft) in drafts.iter().enumerate() {
        match &draft.what {
            Drafted::Departure { id, from, .. } => {
                let (from, at) = (*from, draft.at);
                under_way.insert(
                    *id,
                    Leaving {
                        row,
                        from,
                        at,
                        busy: false,
                    },
                );
                continue;
            }
            Drafted::Arrow { id, fate, .. } => {
                if let Some(leaving) = under_way.remove(id) {
                    let apart = *fate == Fate::Late && row - leaving.row > 1;
                    if !leaving.busy && !apart {
                        level.insert(leaving.row);
                    }
                }
            }
            _ => {}
        }
        for leaving in under_way.values_mut() {
            leaving.busy |= match &draft.what {
                // Within an instant messages cross; deeds keep their order.
                Drafted::Arrow { to, .. } => *to == leaving.from && draft.at > leaving.at,
                Drafted::Mark { node, .. } => *node == leaving.from,
                _ => false,
            };
        }
    }
    let mut row = 0;
    drafts.retain(|_| {
        row += 1;
        !level.contains(&(row - 1))
    });
}

/// A message whose departure has a row so far.
struct Leaving {
    row: usize,
    from: NodeId,
    at: SimTime,
    /// Whether its sender has done something since.
    busy: bool,
}

/// The nodes that are met, clients first, then as they are numbered.
pub(super) fn lanes(scenario: &Scenario, drafts: &[Draft]) -> Vec<NodeId> {
    let clients = scenario.nodes.clients();
    let met: BTreeSet<NodeId> = drafts.iter().flat_map(Draft::nodes).collect();
    let first = met.contains(&clients).then_some(clients);
    let others = met.iter().copied().filter(|&node| node != clients);
    first.into_iter().chain(others).collect()
}

/// Drafts as rows, nodes as lanes.
pub(super) fn rows(drafts: &[Draft], lanes: &[NodeId]) -> Vec<Row> {
    let lane = |node: NodeId| lanes.iter().position(|&l| l == node).unwrap_or(0);
    let mut departures: BTreeMap<u64, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for draft in drafts {
        let what = match &draft.what {
            Drafted::Departure {
                id,
                from,
                to,
                words,
            } => {
                departures.insert(*id, rows.len());
                let words = words.clone();
                Shown::Departure {
                    from: lane(*from),
                    to: lane(*to),
                    words,
                }
            }
            Drafted::Arrow {
                id,
                from,
                to,
                words,
                fate,
                turn,
            } => Shown::Arrow {
                from: lane(*from),
                to: lane(*to),
                words: words.clone(),
                fate: *fate,
                departed: departures.get(id).copied(),
                turn: *turn,
            },
            Drafted::Mark {
                node,
                sign,
                words,
                turn,
                ..
            } => Shown::Mark {
                lane: lane(*node),
                sign: *sign,
                words: words.clone(),
                turn: *turn,
            },
            Drafted::Fault { words, .. } => Shown::Banner {
                violation: false,
                words: words.clone(),
            },
            Drafted::Violation { words } => Shown::Banner {
                violation: true,
                words: words.clone(),
            },
            Drafted::Elided { words } => Shown::Elided {
                words: words.clone(),
            },
            Drafted::Gap { lasts } => Shown::Gap { lasts: *lasts },
        };
        rows.push(Row { at: draft.at, what });
    }
    rows
}

/// A node was in a state from one event to another.
pub(super) struct Stay {
    pub(super) node: NodeId,
    pub(super) state: State,
    /// The positions of the events with which it began and ended.
    pub(super) from: usize,
    pub(super) to: usize,
    /// When it ended; `None`: it was never over.
    pub(super) ended: Option<SimTime>,
}

/// States over events as states over rows; those that cover none are gone.
pub(super) fn spans(of: &[Stay], drafts: &[Draft], lanes: &[NodeId]) -> Vec<Span> {
    let row = |nth: usize| drafts.partition_point(|draft| draft.nth < nth);
    let mut spans: Vec<Span> = of
        .iter()
        .filter_map(|stay| {
            let lane = lanes.iter().position(|&lane| lane == stay.node)?;
            let from = row(stay.from);
            let to = deed_that_ends(stay, drafts).unwrap_or_else(|| row(stay.to));
            (from < to).then_some(Span {
                lane,
                from,
                to,
                state: stay.state,
            })
        })
        .collect();
    spans.sort_by_key(|span| (span.from, span.lane, span.state, span.to));
    spans.dedup();
    spans
}

/// The row of what the node did in the instant in which a state ended: a lock is
/// let go after the commit that it was held for, and no row says so.
fn deed_that_ends(stay: &Stay, drafts: &[Draft]) -> Option<usize> {
    let ended = stay.ended?;
    let here =
        |draft: &Draft| matches!(draft.what, Drafted::Mark { node, .. } if node == stay.node);
    drafts
        .iter()
        .rposition(|draft| draft.at == ended && draft.nth <= stay.to && here(draft))
}
