use std::collections::VecDeque;

use crate::business::BusinessRow;
use crate::history::{Event, What};
use crate::vocab::{NodeId, SimDuration, SimTime};

/// How busy servers were, and how many they served.
///
/// How long they were busy is taken from who was there and when, and not from how
/// long the service takes: the utilisation law says what one has to do with the other.
#[derive(Clone, Debug)]
pub(super) struct Busy {
    what: Server,
    /// How many there are.
    servers: u64,
    /// How long each customer keeps one, on average.
    service: SimDuration,
    /// How many customers are there, waiting or served.
    there: u64,
    /// Since when.
    since: SimTime,
    /// How long servers were busy, all together.
    busy: SimDuration,
    served: u64,
}

/// What serves.
#[derive(Clone, Debug)]
pub(super) enum Server {
    /// The workers of a process whose requests wait for nothing else.
    Worker,
    /// The first row that is ever locked.
    Row(Option<BusinessRow>),
    /// A disk: what it does for those who wait for it is a flush, for all who wait when
    /// it begins. Of each record that is not on disk yet, whether it is forced.
    Disk(VecDeque<bool>),
    /// One way of a link, where no message travels on after it has been carried: those
    /// of this kind, on the first on which there ever is one.
    Link(&'static str, Option<(NodeId, NodeId)>),
}

impl Busy {
    pub(super) fn new(what: Server, servers: u32, service: SimDuration) -> Self {
        Busy {
            what,
            servers: u64::from(servers),
            service,
            there: 0,
            since: SimTime::ZERO,
            busy: SimDuration::ZERO,
            served: 0,
        }
    }

    /// How long servers were busy, in terms of how long those that they served take:
    /// 1, if U = X·S/c.
    pub(super) fn law(&self) -> f64 {
        let service = self.service.as_micros() * self.served;
        self.busy.as_micros() as f64 / service as f64
    }

    pub(super) fn event(&mut self, event: &Event) {
        let at = event.at;
        match (&mut self.what, &event.what) {
            (Server::Worker, What::Asked { retry: 0, .. }) => self.comes(at),
            (Server::Worker, What::Told { outcome, .. }) if outcome.is_final() => {
                self.leave(at, 1);
                self.served += 1;
            }
            (Server::Row(hot), What::Locked { row, .. }) => {
                let hot = *hot.get_or_insert(*row);
                if hot == *row {
                    self.comes(at);
                }
            }
            (Server::Row(hot), What::Unlocked { row, .. }) if *hot == Some(*row) => {
                self.leave(at, 1);
                self.served += 1;
            }
            (Server::Disk(records), What::Appended { forced, .. }) => {
                records.push_back(*forced);
                if *forced {
                    self.comes(at);
                }
            }
            (Server::Disk(records), What::Flushed { records: n }) => {
                let flushed = records.drain(..(*n as usize).min(records.len()));
                let forced = flushed.filter(|forced| *forced).count() as u64;
                self.leave(at, forced);
                self.served += 1;
            }
            (Server::Link(of, way), What::Sent { kind, to, .. }) if of == kind => {
                let this = (event.node, *to);
                if *way.get_or_insert(this) == this {
                    self.comes(at);
                }
            }
            (Server::Link(of, way), What::Delivered { kind, from, .. })
                if of == kind && *way == Some((*from, event.node)) =>
            {
                self.leave(at, 1);
                self.served += 1;
            }
            _ => {}
        }
    }

    fn comes(&mut self, at: SimTime) {
        self.pass(at);
        self.there += 1;
    }

    fn leave(&mut self, at: SimTime, many: u64) {
        self.pass(at);
        self.there -= many;
    }

    /// Time passes.
    fn pass(&mut self, until: SimTime) {
        self.busy += until.since(self.since) * self.there.min(self.servers);
        self.since = until;
    }
}
