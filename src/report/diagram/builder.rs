//! From events to a diagram, in three goes: every event becomes a draft; drafts
//! that say nothing here are taken away, and what repeats itself is folded; then
//! nodes become lanes and events rows.

use std::collections::{BTreeMap, BTreeSet};

use super::fold::{fold, with_gaps};
use super::marks::Marks;
use super::{Concern, Diagram, Fate, Row, Shown, Sign, Span, State};
use crate::business::Params;
use crate::fault::{FaultKind, FaultPlan};
use crate::history::{Event, LossReason, Owner, Part, What};
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;
use crate::vocab::{NodeId, RequestKey, SimDuration, SimTime, TxId};

/// When a promise broke, and how, for the diagram's banner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: SimTime,
    /// The promise, and the violation in one sentence.
    pub words: String,
}

/// Draws what a concern [kept](super::Kept) of a run of this scenario under this
/// protocol and this plan.
pub fn draw(
    scenario: &Scenario,
    protocol: ProtocolKind,
    plan: &FaultPlan,
    (concern, events): (&Concern, &[Event]),
    broken: Option<&Moment>,
) -> Diagram {
    let marks = Marks::new(scenario, plan, protocol, concern, events);
    let mut builder = Builder {
        scenario,
        concern,
        marks,
        now: (SimTime::ZERO, 0),
        drafts: Vec::new(),
        flights: BTreeMap::new(),
        asked: BTreeMap::new(),
        forced: BTreeSet::new(),
        open: BTreeMap::new(),
        spans: Vec::new(),
        struck: BTreeMap::new(),
    };
    for (nth, event) in events.iter().enumerate() {
        builder.now = (event.at, nth);
        builder.hear(event);
    }
    builder.finish(events.len(), broken)
}

/// A row in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) at: SimTime,
    /// The position of its event.
    pub(super) nth: usize,
    pub(super) what: Drafted,
}

#[derive(Clone, Debug)]
pub(super) enum Drafted {
    /// The message of this number leaves.
    Departure {
        id: u64,
        from: NodeId,
        to: NodeId,
        words: String,
    },
    /// It arrives, or is lost.
    Arrow {
        id: u64,
        from: NodeId,
        to: NodeId,
        words: String,
        fate: Fate,
    },
    /// Something at a node. `own`: of the concern, not of the world around it.
    /// `again`: it may be one of many of the same.
    Mark {
        node: NodeId,
        sign: Sign,
        words: String,
        own: bool,
        again: bool,
    },
    /// A fault of messages, by its position in the plan.
    Fault { position: u32, words: String },
    /// The violation.
    Violation { words: String },
    /// More of the same.
    Elided { words: String },
    /// Nothing for so long.
    Gap { lasts: SimDuration },
}

/// A message under way.
struct Flight {
    from: NodeId,
    to: NodeId,
    at: SimTime,
    words: String,
    copy: bool,
}

struct Builder<'a> {
    scenario: &'a Scenario,
    concern: &'a Concern,
    marks: Marks<'a>,
    /// The time and the position of the event in hand.
    now: (SimTime, usize),
    drafts: Vec<Draft>,
    flights: BTreeMap<u64, Flight>,
    /// What clients asked last, and how often they had before.
    asked: BTreeMap<RequestKey, (Params, u16)>,
    /// Whose next deed, and where, has a forced log record.
    forced: BTreeSet<(NodeId, TxId)>,
    /// States that have begun, with the position of the event; what tells two of
    /// the same kind apart is in the key.
    open: BTreeMap<(NodeId, State, String), usize>,
    spans: Vec<(NodeId, State, usize, usize)>,
    /// Faults of messages: whether one of the concern's messages met them.
    struck: BTreeMap<u32, bool>,
}

impl Builder<'_> {
    fn hear(&mut self, event: &Event) {
        let node = event.node;
        match &event.what {
            What::Asked { key, params, retry } => {
                self.asked.insert(*key, (*params, *retry));
            }
            What::Sent { .. }
            | What::Delivered { .. }
            | What::Lost { .. }
            | What::Duplicated { .. } => return self.message(event),
            What::FaultBegan { fault } => return self.fault_began(*fault, node),
            What::FaultEnded { fault } => return self.fault_ended(*fault, node),
            What::Appended {
                tx, forced: true, ..
            } => {
                self.forced.insert((node, *tx));
            }
            _ => {}
        }
        self.state(event);
        let forced = match &event.what {
            What::Prepared { tx, .. } => self.forced.remove(&(node, *tx)),
            What::Committed { stamp, .. } => self.forced.remove(&(node, stamp.tx)),
            _ => false,
        };
        if let Some((sign, words)) = self.marks.mark(&event.what, forced) {
            let own = !matches!(event.what, What::Down(_) | What::Up(_));
            let again = matches!(
                event.what,
                What::Waiting { .. } | What::Conflicted { .. } | What::Noted(_)
            );
            self.mark(node, (sign, words), own, again);
        }
    }

    /// Adds a mark; marks of one instant at one node share a row while they are
    /// short.
    fn mark(&mut self, node: NodeId, (sign, words): (Sign, String), own: bool, again: bool) {
        const SHORT: usize = 44;
        let at = self.now.0;
        if let Some(Draft {
            at: before, what, ..
        }) = self.drafts.last_mut()
            && let Drafted::Mark {
                node: same,
                sign: s,
                words: w,
                own: o,
                ..
            } = what
            && (*before, *same, *s, *o) == (at, node, sign, own)
            && w.len() + words.len() <= SHORT
        {
            let more = match words.strip_prefix("locks ") {
                Some(row) if w.starts_with("locks ") => row,
                _ => &words,
            };
            w.push_str(&format!(", {more}"));
            return;
        }
        self.draft(Drafted::Mark {
            node,
            sign,
            words,
            own,
            again,
        });
    }

    fn draft(&mut self, what: Drafted) {
        let (at, nth) = self.now;
        self.drafts.push(Draft { at, nth, what });
    }

    // ---- messages ----

    fn message(&mut self, event: &Event) {
        match &event.what {
            What::Sent {
                id,
                to,
                kind,
                tx,
                step,
                says,
            } => {
                let words = match self.asked.get(&tx.key) {
                    Some((params, retry)) if *kind == "request" => {
                        self.marks.request(params, *retry, *tx)
                    }
                    _ => self.marks.message((kind, says), *step, *tx),
                };
                let (from, to) = (event.node, *to);
                self.depart(
                    id.0,
                    Flight {
                        from,
                        to,
                        at: event.at,
                        words,
                        copy: false,
                    },
                );
            }
            What::Duplicated { id, copy } => {
                if let Some(flight) = self.flights.get(&id.0) {
                    let (from, to) = (flight.from, flight.to);
                    let words = flight.words.clone();
                    self.struck(|kind| matches!(kind, FaultKind::Duplicate { .. }));
                    self.depart(
                        copy.0,
                        Flight {
                            from,
                            to,
                            at: event.at,
                            words,
                            copy: true,
                        },
                    );
                }
            }
            What::Delivered { id, from, kind, tx } => {
                let flight = self.flights.remove(&id.0);
                let late = flight.as_ref().is_some_and(|f| self.is_late(f, event.at));
                let copy = flight.as_ref().is_some_and(|f| f.copy);
                let words = flight.as_ref().map(|f| f.words.clone());
                let mut words = words.unwrap_or_else(|| self.marks.message((kind, ""), None, *tx));
                let fate = match (copy, late) {
                    (true, _) => Fate::Copy,
                    (false, true) => Fate::Late,
                    (false, false) => Fate::Arrived,
                };
                if copy {
                    words.push_str(", a copy");
                }
                if let (true, Some(flight)) = (late, &flight) {
                    words.push_str(&format!(", late: sent at {}", flight.at));
                    self.struck(|kind| matches!(kind, FaultKind::LatencySpike { .. }));
                }
                self.draft(Drafted::Arrow {
                    id: id.0,
                    from: *from,
                    to: event.node,
                    words,
                    fate,
                });
            }
            What::Lost {
                id,
                to,
                kind,
                tx,
                why,
            } => {
                let flight = self.flights.remove(&id.0);
                let from = flight.as_ref().map_or(event.node, |flight| flight.from);
                let words = flight.map(|flight| flight.words);
                let words = words.unwrap_or_else(|| self.marks.message((kind, ""), None, *tx));
                let words = format!("{words}, {}", Marks::loss(*why));
                match why {
                    LossReason::Network => self.struck(|k| matches!(k, FaultKind::Loss { .. })),
                    LossReason::Partition => {
                        self.struck(|k| matches!(k, FaultKind::Partition { .. }));
                    }
                    LossReason::Down => {}
                }
                let fate = Fate::Lost;
                self.draft(Drafted::Arrow {
                    id: id.0,
                    from,
                    to: *to,
                    words,
                    fate,
                });
            }
            _ => {}
        }
    }

    fn depart(&mut self, id: u64, flight: Flight) {
        let (from, to) = (flight.from, flight.to);
        let words = flight.words.clone();
        self.draft(Drafted::Departure {
            id,
            from,
            to,
            words,
        });
        self.flights.insert(id, flight);
    }

    /// Much later than its link promises.
    fn is_late(&self, flight: &Flight, arrived: SimTime) -> bool {
        let link = self.scenario.network.link(flight.from, flight.to);
        let usual = link.delay.mean() * 5 + SimDuration::from_millis(1);
        arrived.since(flight.at) > usual
    }

    // ---- states ----

    fn state(&mut self, event: &Event) {
        let node = event.node;
        let tx = |tx: &TxId| tx.to_string();
        match &event.what {
            What::Locked {
                owner: Owner::Tx(_),
                row,
                ..
            } => {
                self.begin(node, State::Locked, self.scenario.business.row_name(*row));
            }
            What::Unlocked {
                owner: Owner::Tx(_),
                row,
                ..
            } => {
                self.end(node, State::Locked, &self.scenario.business.row_name(*row));
            }
            What::Prepared { tx: of, .. } | What::Restored { tx: of } => {
                self.begin(node, State::InDoubt, tx(of));
            }
            What::Committed {
                stamp,
                branch: true,
                ..
            } => {
                self.end(node, State::InDoubt, &tx(&stamp.tx));
            }
            What::RolledBack { tx: of, .. } | What::PreparedLost { tx: of } => {
                self.end(node, State::InDoubt, &tx(of));
            }
            What::Down(part) => {
                if *part == Part::Database {
                    self.end_all(node, State::Locked);
                }
                self.begin(node, State::Down, format!("{part:?}"));
            }
            What::Up(part) => self.end(node, State::Down, &format!("{part:?}")),
            _ => {}
        }
    }

    fn begin(&mut self, node: NodeId, state: State, which: String) {
        let nth = self.now.1;
        self.open.entry((node, state, which)).or_insert(nth);
    }

    fn end(&mut self, node: NodeId, state: State, which: &str) {
        if let Some(began) = self.open.remove(&(node, state, which.to_owned())) {
            self.spans.push((node, state, began, self.now.1));
        }
    }

    fn end_all(&mut self, node: NodeId, state: State) {
        let open = self
            .open
            .keys()
            .filter(|(n, s, _)| (*n, *s) == (node, state));
        let which: Vec<String> = open.map(|(.., which)| which.clone()).collect();
        for which in which {
            self.end(node, state, &which);
        }
    }

    // ---- faults ----

    fn fault_began(&mut self, position: u32, node: NodeId) {
        let Some((fault, words)) = self.marks.fault(position) else {
            return;
        };
        match &fault.kind {
            FaultKind::Pause(_) => {
                self.begin(node, State::Paused, position.to_string());
                let words = Marks::pause(fault.lasts);
                self.mark(node, (Sign::Death, words), false, false);
            }
            // They show where they strike.
            FaultKind::CrashProcess(_) | FaultKind::CrashDatabase(_) | FaultKind::PowerLoss(_) => {}
            FaultKind::Partition { .. }
            | FaultKind::LatencySpike { .. }
            | FaultKind::Loss { .. }
            | FaultKind::Duplicate { .. } => {
                self.struck.insert(position, self.concern.is_everything());
                self.draft(Drafted::Fault { position, words });
            }
        }
    }

    fn fault_ended(&mut self, position: u32, node: NodeId) {
        let Some((fault, words)) = self.marks.fault(position) else {
            return;
        };
        match &fault.kind {
            FaultKind::Pause(_) => self.end(node, State::Paused, &position.to_string()),
            FaultKind::Partition { .. } => {
                let words = format!("over: {words}");
                self.draft(Drafted::Fault { position, words });
            }
            _ => {}
        }
    }

    /// One of the concern's messages met faults of this kind.
    fn struck(&mut self, kind: impl Fn(&FaultKind) -> bool) {
        for (&position, struck) in &mut self.struck {
            let fault = self.marks.fault(position);
            *struck |= fault.is_some_and(|(fault, _)| kind(&fault.kind));
        }
    }

    // ---- the end ----

    fn finish(mut self, end: usize, broken: Option<&Moment>) -> Diagram {
        self.now.1 = end;
        let still: Vec<_> = self.open.keys().cloned().collect();
        for (node, state, which) in still {
            self.end(node, state, &which);
        }
        self.leave_out();
        self.draw_level();
        self.put_violation(broken);
        let drafts = match self.concern.is_everything() {
            true => self.drafts,
            false => fold(self.drafts),
        };
        let drafts = with_gaps(drafts);
        let lanes = lanes(self.scenario, &drafts);
        Diagram {
            spans: spans(&self.spans, &drafts, &lanes),
            rows: rows(&drafts, &lanes),
            lanes: lanes
                .iter()
                .map(|&node| self.scenario.node_name(node))
                .collect(),
        }
    }

    /// What happened to the world where or while nothing of the concern did, and
    /// faults that none of its messages met.
    fn leave_out(&mut self) {
        let own: Vec<&Draft> = self.drafts.iter().filter(|draft| draft.is_own()).collect();
        let nodes: BTreeSet<NodeId> = own.iter().flat_map(|draft| draft.nodes()).collect();
        let first = own.first().map_or(0, |draft| draft.nth);
        let last = own.last().map_or(0, |draft| draft.nth);
        let struck = std::mem::take(&mut self.struck);
        let everything = self.concern.is_everything();
        self.drafts.retain(|draft| match &draft.what {
            Drafted::Mark {
                own: false, node, ..
            } => everything || nodes.contains(node) && (first..=last).contains(&draft.nth),
            Drafted::Fault { position, .. } => {
                struck.get(position) == Some(&true) && (everything || draft.nth <= last)
            }
            _ => true,
        });
    }

    /// A message whose sender does nothing else before it arrives is drawn level,
    /// without a departure of its own.
    fn draw_level(&mut self) {
        let mut under_way: BTreeMap<u64, (usize, bool)> = BTreeMap::new();
        let mut level = BTreeSet::new();
        for (row, draft) in self.drafts.iter().enumerate() {
            match &draft.what {
                Drafted::Departure { id, .. } => {
                    under_way.insert(*id, (row, false));
                    continue;
                }
                Drafted::Arrow { id, fate, .. } => {
                    if let Some((departure, busy)) = under_way.remove(id) {
                        let something = row - departure > 1;
                        let apart = *fate == Fate::Late && something;
                        if !busy && !apart {
                            level.insert(departure);
                        }
                    }
                }
                _ => {}
            }
            let nodes = draft.nodes();
            for (departure, busy) in under_way.values_mut() {
                // What leaves at the same time is on its way as well.
                if let Drafted::Departure { from, .. } = self.drafts[*departure].what {
                    let arrives = matches!(draft.what, Drafted::Arrow { to, .. } if to == from);
                    let acts = matches!(draft.what, Drafted::Mark { .. }) && nodes.contains(&from);
                    *busy |= arrives || acts;
                }
            }
        }
        let mut row = 0;
        self.drafts.retain(|_| {
            row += 1;
            !level.contains(&(row - 1))
        });
    }

    fn put_violation(&mut self, broken: Option<&Moment>) {
        let Some(Moment { at, words }) = broken else {
            return;
        };
        let place = self.drafts.partition_point(|draft| draft.at <= *at);
        let before = self.drafts[..place].last();
        let nth = before.map_or(0, |draft| draft.nth);
        let words = words.clone();
        let what = Drafted::Violation { words };
        self.drafts.insert(place, Draft { at: *at, nth, what });
    }
}

impl Draft {
    /// Whether it belongs to the concern itself.
    fn is_own(&self) -> bool {
        match &self.what {
            Drafted::Departure { .. } | Drafted::Arrow { .. } => true,
            Drafted::Mark { own, .. } => *own,
            _ => false,
        }
    }

    fn nodes(&self) -> Vec<NodeId> {
        match &self.what {
            Drafted::Departure { from, to, .. } | Drafted::Arrow { from, to, .. } => {
                vec![*from, *to]
            }
            Drafted::Mark { node, .. } => vec![*node],
            _ => Vec::new(),
        }
    }
}

/// The nodes that are met, clients first, then as they are numbered.
fn lanes(scenario: &Scenario, drafts: &[Draft]) -> Vec<NodeId> {
    let clients = scenario.nodes.clients();
    let met: BTreeSet<NodeId> = drafts.iter().flat_map(Draft::nodes).collect();
    let first = met.contains(&clients).then_some(clients);
    let others = met.iter().copied().filter(|&node| node != clients);
    first.into_iter().chain(others).collect()
}

fn rows(drafts: &[Draft], lanes: &[NodeId]) -> Vec<Row> {
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
            } => Shown::Arrow {
                from: lane(*from),
                to: lane(*to),
                words: words.clone(),
                fate: *fate,
                departed: departures.get(id).copied(),
            },
            Drafted::Mark {
                node, sign, words, ..
            } => Shown::Mark {
                lane: lane(*node),
                sign: *sign,
                words: words.clone(),
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

/// States over events as states over rows; those that cover none are gone.
fn spans(of: &[(NodeId, State, usize, usize)], drafts: &[Draft], lanes: &[NodeId]) -> Vec<Span> {
    let row = |nth: usize| drafts.partition_point(|draft| draft.nth < nth);
    let mut spans: Vec<Span> = of
        .iter()
        .filter_map(|&(node, state, from, to)| {
            let lane = lanes.iter().position(|&lane| lane == node)?;
            let (from, to) = (row(from), row(to));
            (from < to).then_some(Span {
                lane,
                from,
                to,
                state,
            })
        })
        .collect();
    spans.sort_by_key(|span| (span.from, span.lane, span.state, span.to));
    spans.dedup();
    spans
}
