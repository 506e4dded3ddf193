//! How a process comes to life: it boots when its database is up, opens a
//! session, reads what the database still knows, recovers, and only then takes
//! inputs.

use super::happening::{Call, Caller, Happening};
use super::process::{Life, Order};
use super::store::Request;
use super::world::{Msg, Next, World};
use crate::history::{Part, Sink, What};
use crate::protocol::{Cx, Durable, Milestone, Note, Protocol, Safeguard};
use crate::vocab::{Identity, NodeId, SimDuration, TxId};

impl<P: Protocol, S: Sink> World<P, S> {
    /// The world begins with everybody up and nothing to recover.
    pub(super) fn start_everybody(&mut self) {
        for node in (0..self.nodes.len() as u16).map(NodeId) {
            if self.has(node) {
                let process = self.process(node);
                process.epoch = 1;
                process.life = Life::Recovering;
                self.orders.push_back(Order::Start(node));
                self.open_session(node, 1);
                self.durable_read(node, 1, Durable::default());
            }
        }
    }

    /// Starts a process, if nothing keeps it down and its database is up;
    /// otherwise whoever heals that starts it.
    pub(super) fn boot(&mut self, node: NodeId) {
        if !self.node(node).store.is_up() {
            return;
        }
        let process = self.process(node);
        process.epoch += 1;
        let (epoch, takes) = (process.epoch, process.spec.restart);
        let who = Identity::named("boot")
            .with(u64::from(node.0))
            .with(u64::from(epoch));
        let up = self.now + takes;
        self.disturbed_until(up);
        self.agenda.push(up, who, Happening::Boot { node, epoch });
    }

    /// The process is up; it opens a session and reads what its database still
    /// knows. Without `silent-until-recovered` a manager takes inputs meanwhile.
    pub(super) fn read_durable(&mut self, node: NodeId, epoch: u32) {
        let here = self.node(node);
        let process = &here.process;
        let overtaken = process.epoch != epoch || process.life != Life::Down;
        if overtaken || process.downs > 0 || !here.store.is_up() {
            return; // whoever heals that boots it again
        }
        let manager = node == self.setting.nodes.manager();
        let talks_at_once = manager && !self.keeps(Safeguard::SilentUntilRecovered);
        let life = if talks_at_once {
            Life::Running
        } else {
            Life::Recovering
        };
        self.process(node).life = life;
        self.record(node, What::Up(Part::Process));
        self.orders.push_back(Order::Start(node));
        self.open_session(node, epoch);
        self.ask_for_durable(node, epoch, Caller::Recovery);
        self.reach(node, Note::new(Milestone::ProcessStarted, TxId::NOBODY));
    }

    fn open_session(&mut self, node: NodeId, epoch: u32) {
        let now = self.now;
        self.ask_store(node, |store, io| store.open_session(now, epoch, io));
    }

    /// The database has begun to answer with what it still knows: reading it
    /// takes a statement's time. Without `coordinator-recovery` the manager is
    /// shown nothing of it.
    pub(super) fn durable_read(&mut self, node: NodeId, epoch: u32, durable: Durable) {
        let manager = node == self.setting.nodes.manager();
        let forgets = manager && !self.keeps(Safeguard::CoordinatorRecovery);
        let durable = if forgets { Durable::default() } else { durable };
        let reading = &self.scenario.machines[node.0 as usize].database;
        let takes = if epoch > 1 {
            reading.statement
        } else {
            SimDuration::ZERO
        };
        let recovered = Happening::Recovered {
            node,
            epoch,
            durable: Box::new(durable),
        };
        self.agenda.push_front(self.now + takes, recovered);
    }

    fn ask_for_durable(&mut self, node: NodeId, epoch: u32, whose: Caller) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.calls.insert(ticket, Call { node, epoch, whose });
        self.submit(node, Some(epoch), ticket, Request::Recover);
    }

    /// The database died and is back, and the process lived on: its connection
    /// pool reconnects, and reads what the database knows now.
    pub(super) fn read_durable_again(&mut self, node: NodeId) {
        let epoch = self.process(node).epoch;
        self.ask_for_durable(node, epoch, Caller::Reconnection);
    }

    pub(super) fn durable_reread(&mut self, node: NodeId, epoch: u32, durable: Durable) {
        let reconnected = Happening::Reconnected {
            node,
            epoch,
            durable: Box::new(durable),
        };
        self.agenda.push_front(self.now, reconnected);
    }

    /// The machine is told what its database knows now.
    pub(super) fn reconnect(
        &mut self,
        node: NodeId,
        epoch: u32,
        durable: Durable,
    ) -> Option<Next<Msg<P>>> {
        let process = self.process(node);
        if process.epoch != epoch || process.life != Life::Running {
            return None;
        }
        if process.pauses > 0 {
            process.reread = true; // once it goes on
            return None;
        }
        Some(Next::Reconnect(
            node,
            Cx {
                now: self.now,
                epoch,
            },
            durable,
        ))
    }

    /// The database died under a process that was reading it: it reads again
    /// when the database is up.
    pub(super) fn recovery_failed(&mut self, node: NodeId, epoch: u32) {
        let process = self.process(node);
        if process.epoch == epoch && process.life != Life::Down && process.downs == 0 {
            self.fall_silent(node);
        }
    }

    /// The machine recovers and the mailbox opens.
    pub(super) fn recover(
        &mut self,
        node: NodeId,
        epoch: u32,
        durable: Durable,
    ) -> Option<Next<Msg<P>>> {
        let process = self.process(node);
        if process.epoch != epoch || process.life == Life::Down {
            return None;
        }
        process.life = Life::Running;
        if epoch > 1 {
            self.reach(node, Note::new(Milestone::ProcessRecovered, TxId::NOBODY));
        }
        let process = self.process(node);
        if process.epoch != epoch || process.life == Life::Down {
            return None; // a fault waited for this milestone
        }
        if process.pauses == 0 {
            self.open_mailbox(node);
        }
        Some(Next::Recover(
            node,
            Cx {
                now: self.now,
                epoch,
            },
            durable,
        ))
    }
}
