//! A history as lanes: a column a node, and an arrow a message.
//!
//! An arrow is drawn when its message arrives or is lost, from its sender's lane
//! to its receiver's. What a node does stands at its lane. What only the full
//! trace needs (locks, statements, log records, most notes) is left out, unless
//! a filter asks for its kind. Where a filter follows a transaction, what died and
//! which faults began or ended meanwhile stays, dimmed: it may be why.

use std::collections::{BTreeMap, BTreeSet};

use super::Filter;
use crate::business::ResourceKind;
use crate::history::{Event, MsgId, Part, What};
use crate::protocol::{Milestone, ProtocolKind};
use crate::report::page::Page;
use crate::report::style::{QUIET, SECTION, paint};
use crate::scenario::Scenario;
use crate::vocab::{NodeId, RequestId};

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
    around: Around,
}

/// What happens around the transactions that a filter follows.
#[derive(Default)]
struct Around {
    /// Whether the first of them has begun.
    begun: bool,
    /// Those that nothing is left to do for.
    over: BTreeSet<RequestId>,
    /// What had begun before them and is not over, with its line.
    standing: Vec<(Lasting, String)>,
}

/// Something that lasts until its counterpart comes.
#[derive(Clone, Copy, PartialEq)]
enum Lasting {
    Fault(u32),
    Death(NodeId, Part),
}

impl Lasting {
    /// What begins here (true) or ends.
    fn of(event: &Event) -> Option<(Lasting, bool)> {
        match event.what {
            What::FaultBegan { fault } => Some((Lasting::Fault(fault), true)),
            What::FaultEnded { fault } => Some((Lasting::Fault(fault), false)),
            What::Down(part) => Some((Lasting::Death(event.node, part), true)),
            What::Up(part) => Some((Lasting::Death(event.node, part), false)),
            _ => None,
        }
    }
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
            around: Around::default(),
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

    /// What a filter that follows transactions leaves out although it may be why:
    /// lines for what died or went wrong around an event. `shown`: the event has a
    /// line of its own.
    pub(super) fn around(
        &mut self,
        event: &Event,
        words: (&str, &str, &str),
        (filter, shown): (&Filter, bool),
    ) -> Vec<String> {
        if let What::Quiet { request } = event.what
            && filter.follows(request)
        {
            self.around.over.insert(request);
        }
        if shown && !std::mem::replace(&mut self.around.begun, true) {
            let standing = self.around.standing.drain(..);
            return standing.map(|(_, line)| line).collect();
        }
        let Some((lasting, begins)) = Lasting::of(event) else {
            return Vec::new();
        };
        if shown || !filter.is_there_and_then(event) {
            return Vec::new();
        }
        let Some(line) = self.line(event, words, false) else {
            return Vec::new();
        };
        let line: Vec<String> = line.lines().map(|line| paint(QUIET, line)).collect();
        let line = line.join("\n");
        if self.around.begun {
            let all_over = self.around.over.len() >= filter.followed();
            return if all_over { Vec::new() } else { vec![line] };
        }
        match begins {
            true => self.around.standing.push((lasting, line)),
            false => self.around.standing.retain(|(known, _)| *known != lasting),
        }
        Vec::new()
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
            | What::Failed { .. }
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

    /// A message from one lane to another: its name and whose it is on the shaft,
    /// if there is room, else beside the arrow.
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
        let whole = format!("{message} {who}");
        let on = [
            (format!("─ {whole} ─"), ""),
            (format!("─ {message} ─"), who),
            (format!(" {message} "), who),
            (String::new(), whole.as_str()),
        ];
        let fits = |(on, _): &&(String, &str)| on.chars().count() <= room;
        if let Some((on, beside)) = on.iter().find(fits) {
            self.write(left + 1, on);
            self.beside((left, right), beside);
        }
    }

    /// To the right of an arrow; to its left where there is no room.
    fn beside(&mut self, (left, right): (usize, usize), text: &str) {
        let width = text.chars().count();
        if right + 2 + width <= self.0.len() || left < LEFT + width + 1 {
            self.write(right + 2, text);
        } else {
            self.write(left - width - 1, text);
        }
    }

    fn text(&self) -> String {
        let text: String = self.0.iter().collect();
        text.trim_end().to_owned()
    }
}
