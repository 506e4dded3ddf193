//! The direct host: machines are stepped where they stand.

use std::sync::Arc;

use crate::fault::Fault;
use crate::history::Sink;
use crate::protocol::{Machine, Out, Protocol, Role, Setting};
use crate::vocab::{NodeId, SimTime};
use crate::world::{Next, RunEnd, RunSpec, World};

/// Runs a world to its end.
pub fn run<P: Protocol, S: Sink>(spec: &RunSpec, mut sink: S) -> (S, RunEnd) {
    let end = whole::<P>(spec, &mut sink);
    (sink, end)
}

/// One world a protocol is compiled, whoever listens.
fn whole<P: Protocol>(spec: &RunSpec, sink: &mut dyn Sink) -> RunEnd {
    Run::<P, _>::new(spec, sink).finish().1
}

/// A run on its way. Everything that the rest of it depends on is in here, so a
/// copy goes on as the run itself would: what many runs have in common need be
/// run only once.
#[derive(Clone)]
pub struct Run<P: Protocol, S: Sink> {
    world: World<P, S>,
    setting: Arc<Setting>,
    /// By [`NodeId`]; `None` where nobody is alive.
    machines: Vec<Option<P::Machine>>,
    out: Out<<P::Machine as Machine>::Msg>,
}

impl<P: Protocol, S: Sink> Run<P, S> {
    /// A run before its first tick.
    pub fn new(spec: &RunSpec, sink: S) -> Self {
        let world = World::<P, S>::new(spec, sink);
        let setting = world.setting();
        let mut machines = Vec::new();
        machines.resize_with(setting.nodes.count(), || None);
        Run {
            world,
            setting,
            machines,
            out: Out::default(),
        }
    }

    /// Goes on until a machine has taken one input in; `false` once it is over.
    pub fn step(&mut self) -> bool {
        let next = self.world.next();
        self.do_it(next)
    }

    /// Goes on as long as things happen before this instant.
    pub fn go_on_until(&mut self, at: SimTime) {
        while self.world.comes_at().is_some_and(|next| next < at) {
            if let Some(next) = self.world.advance() {
                self.do_it(next);
            }
        }
    }

    /// Does with a machine what the world wants; `false` if the run is over.
    fn do_it(&mut self, next: Next<<P::Machine as Machine>::Msg>) -> bool {
        let (machines, out) = (&mut self.machines, &mut self.out);
        let node = match next {
            Next::Start(node) => {
                machines[node.0 as usize] = P::build(&self.setting, role(&self.setting, node));
                return true;
            }
            Next::Kill(node) => {
                machines[node.0 as usize] = None;
                return true;
            }
            Next::Recover(node, cx, durable) => {
                alive(machines, node).recover(cx, durable, out);
                node
            }
            Next::Reconnect(node, cx, durable) => {
                alive(machines, node).reconnected(cx, durable, out);
                node
            }
            Next::Step(node, cx, input) => {
                alive(machines, node).step(cx, input, out);
                node
            }
            Next::Over => return false,
        };
        self.world.take(node, out);
        true
    }

    /// Goes on to the end.
    pub fn finish(mut self) -> (S, RunEnd) {
        while self.step() {}
        self.world.into_end()
    }

    /// The number of the next [`Point`](crate::history::Point).
    pub fn next_point(&self) -> u64 {
        self.world.next_point()
    }

    /// One more fault for the plan, as if it had stood at its end from the
    /// beginning: its moment must not have come yet. Answers its position.
    pub fn plan_fault(&mut self, fault: &Fault) -> u32 {
        self.world.plan_fault(fault)
    }

    /// A fault that has begun is over at this instant, as if it had been planned
    /// so: the run must not have come so far yet.
    pub fn cut_fault_short(&mut self, fault: u32, over: SimTime) {
        self.world.cut_fault_short(fault, over);
    }
}

fn alive<M>(machines: &mut [Option<M>], node: NodeId) -> &mut M {
    machines[node.0 as usize]
        .as_mut()
        .expect("the world addresses only machines that it started")
}

/// The role that a node plays.
pub(super) fn role(setting: &Arc<Setting>, node: NodeId) -> Role {
    match setting.nodes.service_at(node) {
        Some(service) => Role::Service(service),
        None => Role::Manager,
    }
}
