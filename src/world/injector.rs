//! Applies the fault plan. It never rolls dice: what, whom, when and for how
//! long were decided before the first tick.

use super::agenda::Handle;
use super::happening::Happening;
use super::process::{Life, Order};
use super::store::Crash;
use super::world::{Msg, World};
use crate::fault::{Fault, FaultKind, FaultPlan, Moment};
use crate::history::{Part, Sink, What};
use crate::protocol::{Milestone, Protocol, ProtocolKind, Wire};
use crate::vocab::{Identity, NodeId, SimTime};

/// The plan, and what of it has struck.
#[derive(Clone, Debug, Default)]
pub(super) struct Injector {
    faults: Vec<Planned>,
    /// When the last of those that have begun is over.
    pub(super) over: SimTime,
}

#[derive(Clone, Debug)]
struct Planned {
    fault: Fault,
    state: State,
    /// When it is over, once it has begun.
    end: Option<(SimTime, Handle)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// This protocol has nobody for it.
    NotApplicable,
    /// Its moment has not come; a milestone must be reached so often yet.
    Waiting {
        times: u32,
    },
    Struck,
}

impl Injector {
    fn take_waiting(&mut self, matches: impl Fn(&Moment) -> bool) -> Option<u32> {
        let position = self.faults.iter().position(|planned| {
            matches!(planned.state, State::Waiting { times: 0 }) && matches(&planned.fault.when)
        })?;
        self.faults[position].state = State::Struck;
        Some(position as u32)
    }

    /// A fault that waits for this point.
    pub(super) fn at_point(&mut self, point: u64) -> Option<u32> {
        if self.faults.is_empty() {
            return None;
        }
        self.take_waiting(|when| *when == Moment::Point(point))
    }

    /// Counts a milestone down for every fault that waits for it.
    fn count(&mut self, reached: Milestone, at: NodeId) -> bool {
        let mut any = false;
        for planned in &mut self.faults {
            if let (
                Moment::On {
                    milestone, node, ..
                },
                State::Waiting { times },
            ) = (&planned.fault.when, &mut planned.state)
                && *milestone == reached
                && node.is_none_or(|node| node == at)
                && *times > 0
            {
                *times -= 1;
                any |= *times == 0;
            }
        }
        any
    }

    pub(super) fn not_applicable(&self) -> Vec<u32> {
        self.in_state(|state| state == State::NotApplicable)
    }

    pub(super) fn never_struck(&self) -> Vec<u32> {
        self.in_state(|state| matches!(state, State::Waiting { .. }))
    }

    fn in_state(&self, matches: impl Fn(State) -> bool) -> Vec<u32> {
        (0u32..)
            .zip(&self.faults)
            .filter_map(|(n, planned)| matches(planned.state).then_some(n))
            .collect()
    }
}

impl<P: Protocol, S: Sink> World<P, S> {
    pub(super) fn schedule_faults(&mut self, plan: &FaultPlan) {
        for fault in &plan.faults {
            self.schedule_fault(fault);
        }
    }

    pub(super) fn schedule_fault(&mut self, fault: &Fault) -> u32 {
        let n = self.injector.faults.len() as u32;
        let state = match fault.when {
            _ if !self.concerns_anybody(&fault.kind) => State::NotApplicable,
            Moment::On { milestone, .. } if !Self::comes_to(milestone) => State::NotApplicable,
            Moment::On { nth, .. } => State::Waiting { times: nth.max(1) },
            Moment::At(_) | Moment::Point(_) => State::Waiting { times: 0 },
        };
        if let (Moment::At(at), State::Waiting { .. }) = (&fault.when, state) {
            let who = Identity::named("fault").with(u64::from(n));
            self.agenda.push(*at, who, Happening::FaultBegins(n));
        }
        self.injector.faults.push(Planned {
            fault: fault.clone(),
            state,
            end: None,
        });
        n
    }

    /// Whether a run can come to a milestone at all. What people's own protocols
    /// come to, only they know.
    fn comes_to(milestone: Milestone) -> bool {
        matches!(P::KIND, ProtocolKind::Own(_)) || milestone.raised_by(P::KIND)
    }

    /// Whether this protocol has somebody in every role that the fault needs.
    fn concerns_anybody(&self, kind: &FaultKind) -> bool {
        match kind {
            FaultKind::Partition { from, to, .. } => {
                let any = |nodes: &[NodeId]| nodes.iter().any(|&node| self.takes_part(node));
                any(from) && any(to)
            }
            other => {
                let own = matches!(P::KIND, ProtocolKind::Own(_));
                let travels = |kind: &str| {
                    // What people's own machines say, only they know.
                    own || Wire::<Msg<P>>::may_be(kind, P::KIND.uses_broker())
                };
                other.message().is_none_or(travels)
                    && other.nodes().into_iter().all(|node| self.takes_part(node))
            }
        }
    }

    fn takes_part(&self, node: NodeId) -> bool {
        let nodes = &self.setting.nodes;
        if node == nodes.broker() {
            return P::KIND.uses_broker();
        }
        node == nodes.clients() || node == nodes.provider() || self.has(node)
    }

    /// The next fault that waits for a milestone that has just been reached.
    pub(super) fn strike_at(&mut self, milestone: Milestone, node: NodeId) {
        if self.injector.faults.is_empty() || !self.injector.count(milestone, node) {
            return;
        }
        let reached = |when: &Moment| {
            matches!(when, Moment::On { milestone: m, node: n, .. }
            if *m == milestone && n.is_none_or(|n| n == node))
        };
        while let Some(fault) = self.injector.take_waiting(reached) {
            self.begin(fault);
        }
    }

    /// The time of a fault has come.
    pub(super) fn strike(&mut self, fault: u32) {
        self.injector.faults[fault as usize].state = State::Struck;
        self.begin(fault);
    }

    /// Where a fault is recorded: at the first node that it needs, if it needs
    /// any.
    pub(super) fn struck_node(&self, fault: u32) -> NodeId {
        let nodes = self.injector.faults[fault as usize].fault.kind.nodes();
        let first = nodes.first().copied();
        first.unwrap_or(self.setting.nodes.clients())
    }

    fn begin(&mut self, fault: u32) {
        let Fault { kind, lasts, .. } = self.injector.faults[fault as usize].fault.clone();
        let place = self.struck_node(fault);
        self.record(place, What::FaultBegan { fault });
        self.ends_at(fault, self.now + lasts);
        match &kind {
            FaultKind::CrashProcess(node) => self.kill_process(*node),
            FaultKind::CrashDatabase(node) => self.crash_database(*node, Crash::Database),
            FaultKind::PowerLoss(node) => {
                self.kill_process(*node);
                self.crash_database(*node, Crash::PowerLoss);
            }
            FaultKind::Pause(node) => self.pause(*node),
            _ => self.rules.begin(fault, &kind),
        }
    }

    fn ends_at(&mut self, fault: u32, over: SimTime) {
        let who = Identity::named("fault-ends").with(u64::from(fault));
        let handle = self.agenda.push(over, who, Happening::FaultEnds(fault));
        self.injector.faults[fault as usize].end = Some((over, handle));
        let ends = self.injector.faults.iter().filter_map(|f| f.end);
        self.injector.over = ends.map(|(over, _)| over).max().unwrap_or_default();
    }

    /// A fault that has begun lasts until this instant, and not as long as was
    /// planned. Nothing of the instant itself, or later, has happened yet.
    pub(super) fn cut_short(&mut self, fault: u32, over: SimTime) {
        let (_, handle) = self.injector.faults[fault as usize]
            .end
            .expect("it has begun");
        self.agenda.take_back(handle);
        self.ends_at(fault, over);
    }

    /// A fault is over: the world heals.
    pub(super) fn heal(&mut self, fault: u32) {
        let kind = self.injector.faults[fault as usize].fault.kind.clone();
        let place = self.struck_node(fault);
        self.record(place, What::FaultEnded { fault });
        self.disturbed_until(self.now);
        match &kind {
            FaultKind::CrashProcess(node) => self.revive_process(*node),
            FaultKind::CrashDatabase(node) => self.revive_database(*node),
            FaultKind::PowerLoss(node) => {
                self.revive_database(*node);
                self.revive_process(*node);
            }
            FaultKind::Pause(node) => self.resume(*node),
            _ => self.rules.end(fault),
        }
    }

    // ---- processes ----

    fn kill_process(&mut self, node: NodeId) {
        if node == self.setting.nodes.broker() {
            return self.kill_broker();
        }
        let process = self.process(node);
        process.downs += 1;
        if process.life == Life::Down {
            return;
        }
        self.fall_silent(node);
    }

    /// The process is gone, with everything that was only in its memory.
    pub(super) fn fall_silent(&mut self, node: NodeId) {
        let now = self.now;
        let process = self.process(node);
        process.life = Life::Down;
        process.reread = false;
        process.workers.set(0, now);
        process.stalled.clear();
        process.stalled_letters.clear();
        process.polls.clear();
        let timers: Vec<_> = process.timers.drain().collect();
        let waiting = std::mem::take(&mut process.mailbox);
        let mut jobs = std::mem::take(&mut process.waiting_jobs);
        jobs.extend(std::mem::take(&mut process.paused_jobs));
        for (key, handle) in timers {
            self.agenda.take_back(handle);
            self.in_flight.release_any(super::process::owner_of(key));
        }
        for delivery in waiting {
            self.in_flight.release_any(delivery.request);
        }
        for job in jobs {
            self.forget_call(job.ticket);
        }
        self.record(node, What::Down(Part::Process));
        self.orders.push_back(Order::Kill(node));
    }

    fn revive_process(&mut self, node: NodeId) {
        if node == self.setting.nodes.broker() {
            return self.revive_broker();
        }
        let process = self.process(node);
        process.downs -= 1;
        if process.downs == 0 {
            self.boot(node);
        }
    }

    fn pause(&mut self, node: NodeId) {
        if node == self.setting.nodes.broker() {
            self.broker_life.pauses += 1;
        } else {
            self.process(node).pauses += 1;
        }
    }

    fn resume(&mut self, node: NodeId) {
        if node == self.setting.nodes.broker() {
            self.broker_life.pauses -= 1;
            if self.broker_life.pauses == 0 {
                let held = std::mem::take(&mut self.broker_held);
                for happening in held {
                    self.agenda.push_front(self.now, happening);
                }
            }
            return;
        }
        let process = self.process(node);
        process.pauses -= 1;
        if process.pauses == 0 && process.life == Life::Running {
            self.perform_stalled(node);
            self.workers_go_on(node);
            self.open_mailbox(node);
            if std::mem::take(&mut self.process(node).reread) {
                self.read_durable_again(node);
            }
        }
    }

    // ---- databases ----

    fn crash_database(&mut self, node: NodeId, crash: Crash) {
        if node == self.setting.nodes.broker() {
            return; // its disk dies with its process
        }
        let now = self.now;
        self.node(node).database_downs += 1;
        self.record(node, What::Down(Part::Database));
        self.ask_store(node, |store, io| store.crash(now, crash, io));
    }

    fn revive_database(&mut self, node: NodeId) {
        if node == self.setting.nodes.broker() {
            return;
        }
        let now = self.now;
        let here = self.node(node);
        here.database_downs -= 1;
        if here.database_downs > 0 {
            return;
        }
        let spec = &self.scenario.machines[node.0 as usize].database;
        let replay = spec.replay * u64::from(spec.checkpoint_every);
        self.disturbed_until(now + spec.restart + replay);
        self.ask_store(node, |store, io| store.restart(now, io));
    }

    // ---- the broker ----

    fn kill_broker(&mut self) {
        let broker = self.setting.nodes.broker();
        self.broker_life.downs += 1;
        self.broker_life.epoch += 1;
        if !std::mem::replace(&mut self.broker_life.up, false) {
            return;
        }
        self.record(broker, What::Down(Part::Process));
        let (lost, back) = self.broker.crash();
        for held in lost {
            self.in_flight.release(held.id.tx.request());
        }
        for held in back {
            self.in_flight.hold(held.id.tx.request());
        }
        for happening in std::mem::take(&mut self.broker_held) {
            if let Happening::Arrive { body, .. } = happening {
                self.in_flight.release(body.tx().request());
            }
        }
    }

    fn revive_broker(&mut self) {
        self.broker_life.downs -= 1;
        if self.broker_life.downs > 0 {
            return;
        }
        let epoch = self.broker_life.epoch;
        let at = self.now + self.scenario.broker.restart;
        self.disturbed_until(at);
        let who = Identity::named("broker-up").with(u64::from(epoch));
        self.agenda.push(at, who, Happening::BrokerUp { epoch });
    }
}
