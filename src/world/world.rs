use std::collections::VecDeque;
use std::sync::Arc;

use super::agenda::Agenda;
use super::broker::{Broker, BrokerLife};
use super::clients::Clients;
use super::happening::{Call, Happening};
use super::in_flight::InFlight;
use super::injector::Injector;
use super::links::Links;
use super::network::Rules;
use super::process::{Delivery, Life, Order, Process};
use super::provider::Provider;
use super::run::{RunEnd, RunSpec};
use super::store::{Io, Store};
use crate::fault::Fault;
use crate::history::{Event, Left, Point, PointKind, Rest, Sink, What};
use crate::protocol::{
    ClientMsg, Cx, Durable, Input, Letter, Machine, Note, Protocol, Role, Setting, Wire,
};
use crate::scenario::Scenario;
use crate::vocab::{Chance, FastMap, NodeId, RequestId, SimDuration, SimTime};

/// The simulated world of one run of one protocol: everything but the machines,
/// which live with the host.
///
/// A host calls [`next`](World::next) until it is told [`Next::Over`], does what
/// it is told with the machine of that node, and gives the effects back with
/// [`take`](World::take) before it calls `next` again.
///
/// Between the two, a copy of the world goes on as the world itself would.
#[derive(Clone)]
pub struct World<P: Protocol, S: Sink> {
    pub(super) scenario: Arc<Scenario>,
    pub(super) setting: Arc<Setting>,
    pub(super) chance: Chance,
    pub(super) now: SimTime,
    pub(super) agenda: Agenda<Happening<Msg<P>>>,
    pub(super) sink: S,
    /// By [`NodeId`]; `None` where this protocol has nobody.
    pub(super) nodes: Vec<Option<Node<Msg<P>>>>,
    pub(super) rules: Rules,
    pub(super) links: Links,
    pub(super) injector: Injector,
    pub(super) broker: Broker,
    pub(super) broker_life: BrokerLife,
    /// What waits for a broker that stands still.
    pub(super) broker_held: Vec<Happening<Msg<P>>>,
    pub(super) provider: Provider,
    pub(super) clients: Clients,
    pub(super) in_flight: InFlight,
    pub(super) calls: FastMap<u64, Call>,
    pub(super) next_ticket: u64,
    pub(super) next_message: u64,
    /// The number of the point that comes next; every one is a place where a
    /// fault can strike.
    pub(super) point: u64,
    pub(super) orders: VecDeque<Order>,
    /// What the agenda gave out before an order came in between.
    held_back: Option<Happening<Msg<P>>>,
    /// Whom the input that is being taken in holds in flight, and the letters
    /// that are sent after its effects.
    pub(super) taking: Option<(Option<RequestId>, Vec<Letter>)>,
    pub(super) io: Io,
    quiet: Vec<RequestId>,
    /// The latest arrival, or return of what a fault has struck: patience begins
    /// there, or when the last fault is over.
    pub(super) last_disturbance: SimTime,
    /// The scenario's, worked out once: it is looked at with every event.
    patience: SimDuration,
    over: bool,
}

pub(super) type Msg<P> = <<P as Protocol>::Machine as Machine>::Msg;

/// A machine of the scenario, as far as this protocol uses it.
#[derive(Clone)]
pub(super) struct Node<M> {
    pub(super) process: Process<M>,
    pub(super) store: Store,
    /// How many faults keep the database down.
    pub(super) database_downs: u32,
    /// The how-many-th wake of the store: its identity.
    pub(super) wakes: u64,
}

/// What a host is to do next.
#[derive(Debug)]
pub enum Next<M> {
    /// Give this node a new machine, with an empty memory.
    Start(NodeId),
    /// This node's process is dead: drop its machine.
    Kill(NodeId),
    /// Call [`Machine::recover`] and give the effects back.
    Recover(NodeId, Cx, Durable),
    /// Call [`Machine::reconnected`] and give the effects back.
    Reconnect(NodeId, Cx, Durable),
    /// Call [`Machine::step`] and give the effects back.
    Step(NodeId, Cx, Input<M>),
    /// The run is over.
    Over,
}

impl<P: Protocol, S: Sink> World<P, S> {
    /// A world before its first tick.
    pub fn new(spec: &RunSpec, sink: S) -> Self {
        let scenario = Arc::clone(&spec.scenario);
        let setting = Arc::new(spec.setting(P::KIND));
        let chance = Chance::new(spec.seed);
        let nodes = (0..scenario.machines.len() as u16)
            .map(|n| Node::build::<P>(&scenario, &setting, chance, NodeId(n)))
            .collect();
        let mut world = World {
            clients: Clients::new(&scenario, chance, spec.leave_out.clone()),
            provider: Provider::new(scenario.policies.retention),
            chance,
            now: SimTime::ZERO,
            agenda: Agenda::new(chance),
            sink,
            nodes,
            rules: Rules::default(),
            links: Links::new(&scenario.network),
            injector: Injector::default(),
            broker: Broker::default(),
            broker_life: BrokerLife::default(),
            broker_held: Vec::new(),
            in_flight: InFlight::default(),
            calls: FastMap::default(),
            next_ticket: 0,
            next_message: 0,
            point: 0,
            orders: VecDeque::new(),
            held_back: None,
            taking: None,
            io: Io::default(),
            quiet: Vec::new(),
            last_disturbance: SimTime::ZERO,
            patience: scenario.patience(),
            over: false,
            scenario,
            setting,
        };
        world.schedule_faults(&spec.plan);
        world.schedule_operator();
        world.schedule_readers();
        world.start_everybody();
        world.schedule_first_requests();
        world
    }

    /// What the host is to do next. Everything that needs no machine is done on
    /// the way.
    #[allow(
        clippy::should_implement_trait,
        reason = "the caller must answer with `take`"
    )]
    pub fn next(&mut self) -> Next<Msg<P>> {
        loop {
            if let Some(next) = self.advance() {
                return next;
            }
        }
    }

    /// When the next thing happens; `None` if nothing does any more.
    pub fn comes_at(&mut self) -> Option<SimTime> {
        if self.over {
            return None;
        }
        if !self.orders.is_empty() || self.held_back.is_some() {
            return Some(self.now);
        }
        self.agenda.next_at()
    }

    /// Lets one thing happen: what the host is to do then, if it needs a machine.
    #[inline]
    pub fn advance(&mut self) -> Option<Next<Msg<P>>> {
        if let Some(order) = self.orders.pop_front() {
            return Some(match order {
                Order::Start(node) => Next::Start(node),
                Order::Kill(node) => Next::Kill(node),
            });
        }
        if let Some(happening) = self.held_back.take() {
            return self.happen(happening);
        }
        self.note_the_quiet();
        if self.over {
            return Some(Next::Over);
        }
        let patience_ends = self.last_disturbance.max(self.injector.over) + self.patience;
        match self.agenda.pop() {
            Some((at, _)) if self.clients.arrivals_are_over(at) && at > patience_ends => {
                // What is left on the agenda concerns nobody (timers that were
                // taken back, faults that come too late), or it goes on too long.
                self.now = patience_ends;
                let by_itself = self.in_flight.all().is_empty();
                self.finish(by_itself);
            }
            Some((at, happening)) => {
                self.now = at;
                let (node, kind) = match self.sink.hears_points() {
                    true => self.place(&happening),
                    false => (self.setting.nodes.clients(), PointKind::Wish),
                };
                self.forget_handle(&happening);
                self.pass_point(node, kind);
                if self.orders.is_empty() {
                    return self.happen(happening);
                }
                self.held_back = Some(happening);
            }
            None => self.finish(true),
        }
        None
    }

    /// What is off the agenda cannot be taken back any more, not even by a fault
    /// that strikes before it happens: its place may be another's by then.
    fn forget_handle(&mut self, happening: &Happening<Msg<P>>) {
        if let Happening::Timer { node, key } = happening {
            self.process(*node).timers.remove(key);
        }
    }

    /// The next numbered point: a fault of the plan may wait for it. Whoever asks
    /// for points is told what comes next there, before any fault strikes.
    pub(super) fn pass_point(&mut self, node: NodeId, kind: PointKind) {
        let number = self.point;
        self.point += 1;
        if self.sink.hears_points() {
            let at = self.now;
            self.sink.point(&Point {
                number,
                at,
                node,
                kind,
            });
        }
        while let Some(fault) = self.injector.at_point(number) {
            self.strike(fault);
        }
    }

    fn happen(&mut self, happening: Happening<Msg<P>>) -> Option<Next<Msg<P>>> {
        match happening {
            Happening::Arrive { id, from, to, body } => return self.arrive(id, from, to, body),
            Happening::Wake(node, wake) => self.wake_store(node, wake),
            Happening::Answer {
                ticket,
                outcome,
                letters,
            } => {
                return self.answer(ticket, outcome, letters);
            }
            Happening::Served {
                ticket,
                epoch,
                request,
            } => self.served(ticket, epoch, *request),
            Happening::Timer { node, key } => return self.timer(node, key),
            Happening::Poll {
                node,
                epoch,
                key,
                every,
            } => {
                return self.poll_due(node, epoch, key, every);
            }
            Happening::Deliver {
                node,
                epoch,
                delivery,
            } => {
                return self.deliver_later(node, epoch, delivery);
            }
            Happening::Boot { node, epoch } => self.read_durable(node, epoch),
            Happening::Recovered {
                node,
                epoch,
                durable,
            } => {
                return self.recover(node, epoch, *durable);
            }
            Happening::Reconnected {
                node,
                epoch,
                durable,
            } => {
                return self.reconnect(node, epoch, *durable);
            }
            Happening::FaultBegins(fault) => self.strike(fault),
            Happening::FaultEnds(fault) => self.heal(fault),
            Happening::Ask(client) => self.ask(client),
            Happening::Wish(n) => self.wish(n),
            Happening::ClientTimeout { request, retry } => self.client_timeout(request, retry),
            Happening::ClientRetry { request, retry } => self.client_retry(request, retry),
            Happening::Cancel(request) => self.cancel(request),
            Happening::ClickAgain(request) => self.click_again(request),
            Happening::ReaderReads { reader, n } => self.reader_reads(reader, n),
            Happening::Operate { event, row } => self.operate(event, row),
            Happening::BrokerFlushed { .. }
            | Happening::Redeliver { .. }
            | Happening::BrokerUp { .. } => self.broker_happening(happening),
            Happening::Performed {
                from,
                id,
                action,
                key,
            } => self.performed(from, id, action, key),
        }
        None
    }

    /// Lets a process take an input in now, or later.
    pub(super) fn admit(
        &mut self,
        node: NodeId,
        delivery: Delivery<Msg<P>>,
    ) -> Option<Next<Msg<P>>> {
        let process = self.process(node);
        if !process.takes_inputs() {
            process.mailbox.push_back(delivery);
            return None;
        }
        let epoch = process.epoch;
        self.taking = Some((delivery.request, delivery.letters));
        Some(Next::Step(
            node,
            Cx {
                now: self.now,
                epoch,
            },
            delivery.input,
        ))
    }

    fn deliver_later(
        &mut self,
        node: NodeId,
        epoch: u32,
        delivery: Delivery<Msg<P>>,
    ) -> Option<Next<Msg<P>>> {
        if self.process(node).epoch != epoch || self.process(node).life == Life::Down {
            self.in_flight.release_any(delivery.request);
            return None;
        }
        self.admit(node, delivery)
    }

    /// What waited in the mailbox is taken in now, in order.
    pub(super) fn open_mailbox(&mut self, node: NodeId) {
        let now = self.now;
        let process = self.process(node);
        let epoch = process.epoch;
        let waiting = std::mem::take(&mut process.mailbox);
        for delivery in waiting {
            self.agenda.push_front(
                now,
                Happening::Deliver {
                    node,
                    epoch,
                    delivery,
                },
            );
        }
    }

    fn note_the_quiet(&mut self) {
        if !self.in_flight.has_ended() {
            return;
        }
        let mut quiet = std::mem::take(&mut self.quiet);
        self.in_flight.take_ended(&mut quiet);
        for request in quiet.drain(..) {
            self.record(self.setting.nodes.clients(), What::Quiet { request });
        }
        self.quiet = quiet;
    }

    /// The last event: an independent look at everything that is left.
    fn finish(&mut self, by_itself: bool) {
        self.over = true;
        let mut rest = Rest {
            by_itself,
            ..Rest::default()
        };
        for node in self.nodes.iter().flatten() {
            node.store.rest(&mut rest);
        }
        let broker = self.setting.nodes.broker();
        for (_, held, parked) in self.broker.unacknowledged() {
            let asked = held.event.kind.asks_for().filter(|_| parked);
            rest.left.push(match asked {
                Some((step, direction)) => Left::Parked(broker, held.id.tx, step, direction),
                None => Left::Undelivered(held.id),
            });
        }
        for request in self.in_flight.all() {
            rest.left.push(Left::Unfinished(request));
        }
        rest.rows.sort_unstable_by_key(|(row, _)| *row);
        self.record(self.setting.nodes.clients(), What::Rest(Box::new(rest)));
    }

    /// The sink, and how the run went; to be called when it is over.
    pub fn into_end(self) -> (S, RunEnd) {
        let end = RunEnd {
            ended: self.now,
            not_applicable: self.injector.not_applicable(),
            never_struck: self.injector.never_struck(),
            agenda_events: self.agenda.pushed(),
            worker_utilisation: self.worker_utilisation(),
            link_utilisation: self.links.utilisation(),
            broker_backlog: P::KIND.uses_broker().then(|| self.broker.most_held()),
        };
        (self.sink, end)
    }

    /// Of the busiest process, up to the last work that any has had: what comes after is
    /// only waited for.
    fn worker_utilisation(&self) -> f64 {
        let processes = || self.nodes.iter().flatten().map(|node| &node.process);
        let last = processes()
            .map(|process| process.workers.last(self.now))
            .max();
        let until = last.unwrap_or_default();
        let all = processes().map(|process| process.utilisation(until));
        all.fold(0.0, f64::max)
    }

    pub(super) fn record(&mut self, node: NodeId, what: What) {
        self.sink.event(&Event {
            at: self.now,
            node,
            what,
        });
    }

    /// Notes a milestone and lets the faults that wait for it strike.
    pub(super) fn reach(&mut self, node: NodeId, note: Note) {
        self.record(node, What::Noted(note));
        self.strike_at(note.milestone, node);
    }

    /// The number of the point that comes next.
    pub fn next_point(&self) -> u64 {
        self.point
    }

    /// One more fault for the plan, as if it had stood at its end from the
    /// beginning: its moment must not have come yet. Answers its position.
    pub fn plan_fault(&mut self, fault: &Fault) -> u32 {
        self.schedule_fault(fault)
    }

    /// A fault that has begun is over at this instant, as if it had been planned
    /// so: nothing of the instant itself, or later, must have happened yet.
    pub fn cut_fault_short(&mut self, fault: u32, over: SimTime) {
        self.cut_short(fault, over);
    }

    /// What every machine of this run is given at birth.
    pub fn setting(&self) -> Arc<Setting> {
        Arc::clone(&self.setting)
    }

    pub(super) fn node(&mut self, node: NodeId) -> &mut Node<Msg<P>> {
        self.nodes[node.0 as usize]
            .as_mut()
            .expect("only nodes of this protocol are addressed")
    }

    pub(super) fn process(&mut self, node: NodeId) -> &mut Process<Msg<P>> {
        &mut self.node(node).process
    }

    /// Whether this protocol has a process there.
    pub(super) fn has(&self, node: NodeId) -> bool {
        self.nodes.get(node.0 as usize).is_some_and(Option::is_some)
    }

    /// Patience begins again: something was disturbed until then.
    pub(super) fn disturbed_until(&mut self, at: SimTime) {
        self.last_disturbance = self.last_disturbance.max(at);
    }
}

impl<M> Node<M> {
    fn build<P: Protocol>(
        scenario: &Arc<Scenario>,
        setting: &Arc<Setting>,
        chance: Chance,
        node: NodeId,
    ) -> Option<Self> {
        let role = match setting.nodes.service_at(node) {
            Some(service) => Role::Service(service),
            None => Role::Manager,
        };
        // Whether the protocol has anybody in this role.
        P::build(setting, role)?;
        let spec = &scenario.machines[node.0 as usize];
        Some(Node {
            process: Process::new(spec.process.clone()),
            store: Store::new(node, &spec.database, Arc::clone(setting), chance),
            database_downs: 0,
            wakes: 0,
        })
    }
}

/// A client's message as the world builds it.
pub(super) fn request<M>(
    key: crate::vocab::RequestKey,
    params: crate::business::Params,
    retry: u16,
) -> Wire<M> {
    Wire::Client(ClientMsg::Request { key, params, retry })
}
