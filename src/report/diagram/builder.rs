//! From events to a diagram, in three goes: every event becomes a draft; drafts
//! that say nothing here are taken away, and what repeats itself is folded; then
//! nodes become lanes and events rows.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Drafted};
use super::flights::Flight;
use super::fold::{fold, with_gaps};
use super::layout::{Stay, draw_level, lanes, rows, spans};
use super::marks::Marks;
use super::turn::turn;
use super::{Concern, Diagram, Sign, State, Turn};
use crate::business::Params;
use crate::fault::{FaultKind, FaultPlan};
use crate::history::{Event, Owner, Part, What};
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;
use crate::vocab::{NodeId, RequestKey, SimTime, TxId};

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
        stays: Vec::new(),
        struck: BTreeMap::new(),
        healed: BTreeMap::new(),
    };
    for (nth, event) in events.iter().enumerate() {
        builder.now = (event.at, nth);
        builder.hear(event);
    }
    builder.finish(events.len(), broken)
}

pub(super) struct Builder<'a> {
    pub(super) scenario: &'a Scenario,
    concern: &'a Concern,
    pub(super) marks: Marks<'a>,
    /// The time and the position of the event in hand.
    now: (SimTime, usize),
    drafts: Vec<Draft>,
    pub(super) flights: BTreeMap<u64, Flight>,
    /// What clients asked last, and how often they had before.
    pub(super) asked: BTreeMap<RequestKey, (Params, u16)>,
    /// Whose next deed, and where, has a forced log record.
    forced: BTreeSet<(NodeId, TxId)>,
    /// States that have begun, with the position of the event; what tells two of
    /// the same kind apart is in the key.
    open: BTreeMap<(NodeId, State, String), usize>,
    stays: Vec<Stay>,
    /// Faults of messages: whether one of the concern's messages met them.
    pub(super) struck: BTreeMap<u32, bool>,
    /// Since when nothing keeps a node down any more: it restarts.
    healed: BTreeMap<NodeId, SimTime>,
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
        if let Some((sign, mut words)) = self.marks.mark(&event.what, forced) {
            // A fault is over before who died of it is back.
            if let (What::Up(_), Some(healed)) = (&event.what, self.healed.get(&node)) {
                let restart = event.at.since(*healed);
                words.push_str(&format!(", restarted in {restart}"));
            }
            let own = !matches!(event.what, What::Down(_) | What::Up(_));
            let again = matches!(
                event.what,
                What::Waiting { .. }
                    | What::Conflicted { .. }
                    | What::Failed { .. }
                    | What::Noted(_)
            );
            self.mark(Drafted::Mark {
                node,
                sign,
                words,
                own,
                again,
                turn: turn(&event.what),
            });
        }
    }

    /// Adds a mark; marks of one instant at one node share a row while they are
    /// short.
    fn mark(&mut self, mark: Drafted) {
        let (at, nth) = self.now;
        if let Some(before) = self.drafts.last_mut()
            && before.at == at
            && before.what.takes_in(&mark)
        {
            before.nth = nth;
        } else {
            self.draft(mark);
        }
    }

    pub(super) fn draft(&mut self, what: Drafted) {
        let (at, nth) = self.now;
        self.drafts.push(Draft { at, nth, what });
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
            // A branch whose commit is taken back is prepared again.
            What::Prepared { tx: of, .. }
            | What::Restored { tx: of }
            | What::CommitLost {
                tx: of,
                branch: true,
                ..
            } => {
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
            self.stays.push(Stay {
                node,
                state,
                from: began,
                to: self.now.1,
                ended: Some(self.now.0),
            });
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
                self.mark(Drafted::Mark {
                    node,
                    sign: Sign::Death,
                    words: Marks::pause(fault.lasts),
                    own: false,
                    again: false,
                    turn: Turn::No,
                });
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
            FaultKind::CrashProcess(_) | FaultKind::CrashDatabase(_) | FaultKind::PowerLoss(_) => {
                self.healed.insert(node, self.now.0);
            }
            FaultKind::Partition { .. } => {
                let words = format!("over: {words}");
                self.draft(Drafted::Fault { position, words });
            }
            _ => {}
        }
    }

    // ---- the end ----

    fn finish(mut self, end: usize, broken: Option<&Moment>) -> Diagram {
        let still = std::mem::take(&mut self.open).into_iter();
        self.stays
            .extend(still.map(|((node, state, _), from)| Stay {
                node,
                state,
                from,
                to: end,
                ended: None,
            }));
        self.leave_out();
        draw_level(&mut self.drafts);
        self.put_violation(broken);
        let drafts = match self.concern.is_everything() {
            true => self.drafts,
            false => fold(self.drafts),
        };
        let drafts = with_gaps(drafts);
        let lanes = lanes(self.scenario, &drafts);
        Diagram {
            spans: spans(&self.stays, &drafts, &lanes),
            rows: rows(&drafts, &lanes),
            lanes: lanes
                .iter()
                .map(|&node| self.scenario.node_name(node))
                .collect(),
        }
    }

    /// What happened to the world where or while nothing of the concern did, and
    /// faults that none of its messages met. What had begun and was not over yet,
    /// like a broker's death, is told: it may be why.
    fn leave_out(&mut self) {
        let own: Vec<&Draft> = self.drafts.iter().filter(|draft| draft.is_own()).collect();
        let nodes: BTreeSet<NodeId> = own.iter().flat_map(|draft| draft.nodes()).collect();
        let first = own.first().map_or(0, |draft| draft.nth);
        let last = own.last().map_or(0, |draft| draft.nth);
        let still: BTreeSet<usize> = self
            .stays
            .iter()
            .filter(|stay| matches!(stay.state, State::Down | State::Paused))
            .filter(|stay| stay.from < first && first < stay.to)
            .map(|stay| stay.from)
            .collect();
        let struck = std::mem::take(&mut self.struck);
        let everything = self.concern.is_everything();
        self.drafts.retain(|draft| match &draft.what {
            Drafted::Mark {
                own: false, node, ..
            } => {
                let meanwhile = (first..=last).contains(&draft.nth) || still.contains(&draft.nth);
                everything || nodes.contains(node) && meanwhile
            }
            Drafted::Fault { position, .. } => {
                struck.get(position) == Some(&true) && (everything || draft.nth <= last)
            }
            _ => true,
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
