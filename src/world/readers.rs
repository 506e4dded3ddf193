//! Those who want nothing of the services, but of their databases: background readers
//! and the operator.

use smallvec::SmallVec;

use super::happening::{Call, Caller, Happening};
use super::store::Request;
use super::world::World;
use crate::business::{BusinessRow, Params, ResourceId};
use crate::history::{Owner, Sink};
use crate::protocol::Protocol;
use crate::vocab::{Identity, NodeId, Stream};

impl<P: Protocol, S: Sink> World<P, S> {
    pub(super) fn schedule_readers(&mut self) {
        for reader in 0..self.scenario.readers.len() as u32 {
            self.schedule_reader(reader, 0);
        }
    }

    fn schedule_reader(&mut self, reader: u32, n: u32) {
        let every = self.scenario.readers[reader as usize].every;
        let who = Identity::named("reader")
            .with(u64::from(reader))
            .with(u64::from(n));
        self.agenda
            .push(self.now + every, who, Happening::ReaderReads { reader, n });
    }

    /// A background reader reads, until the last request has arrived.
    pub(super) fn reader_reads(&mut self, reader: u32, n: u32) {
        if self.clients.arrivals_are_over(self.now) {
            return;
        }
        if let Some(node) = self.home(self.scenario.readers[reader as usize].resource) {
            let ticket = self.new_call(node, Caller::Reader { reader });
            let read = Request::Read {
                owner: Owner::Reader(reader, n),
                rows: self.rows_read(reader, n),
            };
            self.submit(node, None, ticket, read);
        }
        self.schedule_reader(reader, n + 1);
    }

    /// What a reader reads the n-th time: the row whose key is chosen, and those that
    /// follow it. In the order of their keys, in which they are locked, whatever was
    /// chosen.
    fn rows_read(&self, reader: u32, n: u32) -> SmallVec<[BusinessRow; 2]> {
        let who = Identity::named("read")
            .with(u64::from(reader))
            .with(u64::from(n));
        let params = self.clients.params(Stream::Readers, who);
        let reader = &self.scenario.readers[reader as usize];
        let first = self.row(reader.resource, &params);
        let business = &self.setting.business;
        let key = &business.resources[reader.resource.0 as usize].key;
        let there = key.rows(&business.domains).unwrap_or(u64::MAX);
        let keys = (0..u64::from(reader.rows)).map(|nth| match first.key.checked_add(nth) {
            Some(key) if key < there => key,
            _ => nth - (there - first.key),
        });
        let mut rows: SmallVec<_> = keys.map(|key| BusinessRow { key, ..first }).collect();
        rows.sort_unstable();
        rows
    }

    /// The operator withdraws an item, or puts it back.
    pub(super) fn operate(&mut self, event: u32, row: u32) {
        let what = &self.scenario.operator[event as usize];
        let (item, value) = (what.rows[row as usize], i64::from(what.withdraw));
        let Some(node) = self.home(item.resource) else {
            return;
        };
        let ticket = self.new_call(node, Caller::Operator { event, row });
        let owner = Owner::Operator(event);
        self.submit(
            node,
            None,
            ticket,
            Request::Operate {
                owner,
                row: item,
                value,
            },
        );
    }

    fn new_call(&mut self, node: NodeId, whose: Caller) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.calls.insert(
            ticket,
            Call {
                node,
                epoch: 0,
                whose,
            },
        );
        ticket
    }

    fn row(&self, id: ResourceId, params: &Params) -> BusinessRow {
        let business = &self.setting.business;
        business.resources[id.0 as usize].row(id, params, &business.domains)
    }

    /// The node whose database holds a resource. Under the monolith it is the
    /// one that there is.
    fn home(&self, id: ResourceId) -> Option<NodeId> {
        let service = self.setting.business.resources[id.0 as usize].service;
        let own = self.setting.nodes.service(service);
        let node = if self.has(own) {
            own
        } else {
            self.setting.first_node()
        };
        self.has(node).then_some(node)
    }
}
