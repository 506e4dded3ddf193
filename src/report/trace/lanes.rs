//! A history as lanes: a column a node, and an arrow a message.
//!
//! An arrow is drawn when its message arrives or is lost, from its sender's lane
//! to its receiver's. What a node does stands at its lane. What only the full
//! trace needs (locks, statements, log records, most notes) is left out, unless
//! a filter asks for its kind.

use std::collections::BTreeMap;

use crate::business::ResourceKind;
use crate::history::{Event, MsgId, What};
use crate::protocol::{Milestone, ProtocolKind};
use crate::report::page::Page;
use crate::report::style::{QUIET, SECTION, paint};
use crate::scenario::Scenario;
use crate::vocab::NodeId;

/// Where the first lane begins: after the time.
const LEFT: usize = 12;
/// How far apart lanes are at the least: there must be room for a word. More of
/// them than fit the page so are wider than it.
const CLOSEST: usize = 7;
/// Further apart an arrow is hard to follow.
const WIDEST: usize = 22;

/// The legend of the lanes, as text with ANSI styles.
pub(super) fn legend() -> String {
    let lines = [
        ("o─ prepare ─>", "a message arrives, drawn from its sender"),
        ("o─ prepare ─x", "a message is lost"),
        ("* committed", "something happens there"),
        ("= fault", "something happens to the whole run"),
    ];
    let mut text = format!("{}\n", paint(SECTION, "Lanes"));
    for (sign, meaning) in lines {
        text.push_str(&format!("  {sign:15}{meaning}\n"));
    }
    text
}

/// The lanes of a run, and the messages that are under way.
pub(super) struct Lanes {
    lanes: Vec<NodeId>,
    apart: usize,
    senders: BTreeMap<u64, NodeId>,
}

impl Lanes {
    /// The nodes that take part in runs of this protocol, clients first.
    pub(super) fn new(scenario: &Scenario, protocol: ProtocolKind, page: Page) -> Self {
        let nodes = &scenario.nodes;
        let manager = matches!(
            protocol,
            ProtocolKind::TwoPhaseCommit | ProtocolKind::OrchestratedSaga
        );
        let first = nodes.service(scenario.business.steps[0].service);
        let services = (1..nodes.broker().0)
            .map(NodeId)
            .filter(|&node| protocol != ProtocolKind::Monolith || node == first);
        let resources = &scenario.business.resources;
        let acts = resources
            .iter()
            .any(|resource| matches!(resource.kind, ResourceKind::Action));
        let mut lanes = vec![nodes.clients()];
        lanes.extend(manager.then(|| nodes.manager()));
        lanes.extend(services);
        lanes.extend((protocol == ProtocolKind::ChoreographedSaga).then(|| nodes.broker()));
        lanes.extend(acts.then(|| nodes.provider()));
        Lanes {
            apart: ((page.width() - LEFT) / lanes.len()).clamp(CLOSEST, WIDEST),
            lanes,
            senders: BTreeMap::new(),
        }
    }

    /// The lanes' names.
    pub(super) fn header(&self, name: impl Fn(NodeId) -> String) -> String {
        let mut row = Row::new(&format!("{:>10}", "time, ms"), self);
        for (lane, &node) in self.lanes.iter().enumerate() {
            let name: String = name(node).chars().take(self.apart - 1).collect();
            row.write(self.place(lane), &name);
        }
        paint(QUIET, &row.text())
    }

    /// Learns who sends what; every event must be heard, shown or not.
    pub(super) fn hear(&mut self, event: &Event) {
        match &event.what {
            What::Sent { id, .. } => {
                self.senders.insert(id.0, event.node);
            }
            What::Duplicated { id, copy } => {
                if let Some(&sender) = self.senders.get(&id.0) {
                    self.senders.insert(copy.0, sender);
                }
            }
            _ => {}
        }
    }

    /// An event as a line; `None` if it does not belong here. `asked_for`: by its
    /// kind.
    pub(super) fn line(
        &mut self,
        event: &Event,
        (kind, who, says): (&str, &str, &str),
        asked_for: bool,
    ) -> Option<String> {
        let mut row = Row::new(&format!("{:>10}", event.at), self);
        match &event.what {
            What::Delivered { id, from, kind, .. } => {
                self.senders.remove(&id.0);
                self.arrow(&mut row, (*from, event.node), (kind, who), '>')?;
            }
            What::Lost { id, to, kind, .. } => {
                let from = self.sender(*id, event.node);
                self.arrow(&mut row, (from, *to), (kind, who), 'x')?;
            }
            What::FaultBegan { .. } | What::FaultEnded { .. } | What::Rest(_) => {
                return Some(self.of_all(row, &format!("= {kind}: {says}")));
            }
            What::Down(_) | What::Up(_) => {
                let lane = self.lane(event.node)?;
                row.label(self.place(lane), &format!("{says} {kind}"));
            }
            What::Noted(note) if asked_for || is_turn(note.milestone) => {
                let lane = self.lane(event.node)?;
                let words = says.split_once('.').map_or(says, |(_, words)| words);
                row.label(self.place(lane), &format!("{words} {who}"));
            }
            what if asked_for || is_deed(what) => {
                let lane = self.lane(event.node)?;
                row.label(self.place(lane), &format!("{kind} {who}"));
            }
            _ => return None,
        }
        Some(row.text())
    }

    /// What happens to the whole run, over as many lines as it needs.
    fn of_all(&self, first: Row, says: &str) -> String {
        let width = self.lanes.len() * self.apart;
        let mut row = first;
        let mut text = String::new();
        for (n, words) in textwrap::wrap(says, width).iter().enumerate() {
            if n > 0 {
                text.push_str(&row.text());
                text.push('\n');
                row = Row::new("", self);
            }
            row.write(self.place(0), words);
        }
        text.push_str(&row.text());
        text
    }

    fn sender(&mut self, id: MsgId, or: NodeId) -> NodeId {
        self.senders.remove(&id.0).unwrap_or(or)
    }

    fn arrow(
        &self,
        row: &mut Row,
        (from, to): (NodeId, NodeId),
        (message, who): (&str, &str),
        head: char,
    ) -> Option<()> {
        let tail = self.place(self.lane(from)?);
        let end = self.place(self.lane(to)?);
        row.arrow(tail, end, (message, who), head);
        Some(())
    }

    fn lane(&self, node: NodeId) -> Option<usize> {
        self.lanes.iter().position(|&lane| lane == node)
    }

    fn place(&self, lane: usize) -> usize {
        LEFT + lane * self.apart
    }
}

/// What a reader of lanes wants to see beside the messages.
fn is_deed(what: &What) -> bool {
    matches!(
        what,
        What::GaveUp { .. }
            | What::Conflicted { .. }
            | What::Prepared { .. }
            | What::Committed { .. }
            | What::CommitLost { .. }
            | What::PreparedLost { .. }
            | What::RolledBack { .. }
            | What::Restored { .. }
            | What::Operated { .. }
    )
}

/// The notes after which a transaction goes another way.
fn is_turn(milestone: Milestone) -> bool {
    matches!(
        milestone,
        Milestone::CoordinatorDecided
            | Milestone::CoordinatorRestarted
            | Milestone::ParticipantInDoubt
            | Milestone::ParticipantGaveUp
            | Milestone::OrchestratorTurned
            | Milestone::OrchestratorGaveUp
            | Milestone::StepGaveUp
            | Milestone::ProcessRecovered
    )
}

/// A line under way.
struct Row(Vec<char>);

impl Row {
    fn new(time: &str, lanes: &Lanes) -> Self {
        let mut row = Row(vec![' '; LEFT + lanes.lanes.len() * lanes.apart]);
        row.write(0, time);
        for lane in 0..lanes.lanes.len() {
            row.0[lanes.place(lane)] = '│';
        }
        row
    }

    fn write(&mut self, at: usize, text: &str) {
        for (cell, letter) in self.0.iter_mut().skip(at).zip(text.chars()) {
            *cell = letter;
        }
    }

    /// What happens at a lane, to its right; to its left where there is no room.
    fn label(&mut self, at: usize, text: &str) {
        let text = text.trim_end();
        let width = text.chars().count();
        if at + 2 + width <= self.0.len() || at < LEFT + width + 1 {
            self.write(at, &format!("* {text}"));
        } else {
            self.write(at - width - 1, &format!("{text} *"));
        }
    }

    /// A message from one lane to another: as much of its name as there is room
    /// for, and whose it is if there is more.
    fn arrow(&mut self, tail: usize, end: usize, (message, who): (&str, &str), head: char) {
        let (left, right) = (tail.min(end), tail.max(end));
        if left == right {
            return self.label(tail, &format!("{message} {who}"));
        }
        self.0[left..=right].fill('─');
        let head = match head {
            '>' if end < tail => '<',
            other => other,
        };
        self.0[tail] = 'o';
        self.0[end] = head;
        let room = right - left - 1;
        let request = who.split('#').next().unwrap_or_default();
        let labels = [
            format!("─ {message} {who} ─"),
            format!("─ {message} {request} ─"),
            format!("─ {message} ─"),
            format!(" {message} "),
        ];
        let fits = |text: &String| text.chars().count() <= room;
        let label = labels.into_iter().find(fits);
        let label = label.unwrap_or_else(|| message.chars().take(room).collect());
        self.write(left + 1, &label);
    }

    fn text(&self) -> String {
        let text: String = self.0.iter().collect();
        text.trim_end().to_owned()
    }
}
