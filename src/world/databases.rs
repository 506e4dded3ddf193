//! Between the driver and the stores.

use super::happening::{Caller, Happening, identity};
use super::process::Life;
use super::store::{Answer, Io, Store, Wake};
use super::world::World;
use crate::history::{Part, Sink, What};
use crate::protocol::{Milestone, Note, Outcome, Protocol};
use crate::vocab::{Identity, NodeId, SimDuration, TxId};

impl<P: Protocol, S: Sink> World<P, S> {
    pub(super) fn wake_store(&mut self, node: NodeId, wake: Wake) {
        let now = self.now;
        self.ask_store(node, |store, io| store.wake(now, wake, io));
    }

    /// Has a store do something, and does what it asks for in return.
    pub(super) fn ask_store(&mut self, node: NodeId, ask: impl FnOnce(&mut Store, &mut Io)) {
        let here = self.nodes[usize::from(node.0)].as_mut();
        let here = here.expect("only nodes of this protocol are addressed");
        ask(&mut here.store, &mut self.io);
        self.absorb(node);
    }

    fn absorb(&mut self, node: NodeId) {
        let mut events = std::mem::take(&mut self.io.events);
        for what in events.drain(..) {
            self.record(node, what);
        }
        self.io.events = events;
        for n in 0..self.io.wakes.len() {
            let (after, wake) = self.io.wakes[n];
            let here = self.node(node);
            here.wakes += 1;
            let who = Identity::named("wake")
                .with(u64::from(node.0))
                .with(here.wakes);
            self.agenda
                .push(self.now + after, who, Happening::Wake(node, wake));
        }
        self.io.wakes.clear();
        for &(request, by) in &self.io.owned {
            self.in_flight.change(request, by);
        }
        self.io.owned.clear();
        let up = std::mem::take(&mut self.io.up);
        if !self.io.answers.is_empty() {
            // An answer may lead to the next call.
            let mut answers = std::mem::take(&mut self.io.answers);
            for (ticket, answer) in answers.drain(..) {
                self.answered(ticket.0, answer);
            }
            self.io.answers = answers;
        }
        self.wake_polls(node);
        if up {
            self.database_is_up(node);
        }
    }

    fn answered(&mut self, ticket: u64, answer: Answer) {
        let Some(call) = self.calls.get(&ticket).copied() else {
            return;
        };
        match (call.whose, answer) {
            (Caller::Machine { key, .. }, Answer::Outcome { outcome, letters }) => {
                let who = identity(call.node, key);
                let answer = Happening::Answer {
                    ticket,
                    outcome,
                    letters,
                };
                self.agenda.push(self.now, who, answer);
            }
            (Caller::Recovery, Answer::Durable(durable)) => {
                self.calls.remove(&ticket);
                self.durable_read(call.node, call.epoch, durable);
            }
            (Caller::Reconnection, answer) => {
                self.calls.remove(&ticket);
                if let Answer::Durable(durable) = answer {
                    self.durable_reread(call.node, call.epoch, durable);
                }
            }
            (Caller::Recovery, _) => {
                self.calls.remove(&ticket);
                self.recovery_failed(call.node, call.epoch);
            }
            (Caller::Reader { reader }, Answer::Read { saw, waited }) => {
                self.calls.remove(&ticket);
                self.record(
                    call.node,
                    What::Read {
                        reader,
                        saw,
                        waited,
                    },
                );
            }
            (Caller::Reader { .. }, _) => {
                self.calls.remove(&ticket);
            }
            (Caller::Operator { event, row }, Answer::Outcome { outcome, .. }) => {
                self.calls.remove(&ticket);
                self.operated(event, row, &outcome);
            }
            (Caller::Machine { .. } | Caller::Operator { .. }, _) => {
                unreachable!("a statement is answered with an outcome")
            }
        }
    }

    /// The database is up: whoever waited for it goes on.
    fn database_is_up(&mut self, node: NodeId) {
        self.record(node, What::Up(Part::Database));
        self.reach(node, Note::new(Milestone::DatabaseRecovered, TxId::NOBODY));
        self.disturbed_until(self.now);
        let process = self.process(node);
        match process.life {
            Life::Down if process.downs == 0 => self.boot(node),
            Life::Running => self.read_durable_again(node),
            Life::Down | Life::Recovering => {}
        }
    }

    /// The operator's events, by time.
    pub(super) fn schedule_operator(&mut self) {
        // When it is due it disturbs, and not whenever it is tried again: else a
        // row that nobody lets go would keep the run from ever being over.
        if let Some(last) = self.scenario.operator.iter().map(|what| what.at).max() {
            self.disturbed_until(last);
        }
        for (event, what) in self.scenario.operator.iter().enumerate() {
            for row in 0..what.rows.len() {
                let operate = Happening::Operate {
                    event: event as u32,
                    row: row as u32,
                };
                let who = Identity::named("operator")
                    .with(event as u64)
                    .with(row as u64);
                self.agenda.push(what.at, who, operate);
            }
        }
    }

    pub(super) fn operated(&mut self, event: u32, row: u32, outcome: &Outcome) {
        let what = &self.scenario.operator[event as usize];
        match outcome {
            Outcome::Committed { .. } => {
                let (row, withdrawn) = (what.rows[row as usize], what.withdraw);
                self.record(
                    self.setting.nodes.clients(),
                    What::Operated { row, withdrawn },
                );
            }
            // A lock, or a database that is away: the operator tries again.
            _ => {
                let again = self.now + SimDuration::from_millis(10);
                let who = Identity::named("operator").with(u64::from(event));
                self.agenda
                    .push(again, who, Happening::Operate { event, row });
            }
        }
    }
}
