//! The direct host: machines are stepped where they stand.

use std::sync::Arc;

use crate::history::Sink;
use crate::protocol::{Machine, Out, Protocol, Role, Setting};
use crate::vocab::NodeId;
use crate::world::{Next, RunEnd, RunSpec, World};

/// Runs a world to its end.
pub fn run<P: Protocol, S: Sink>(spec: &RunSpec, sink: S) -> (S, RunEnd) {
    let mut world = World::<P, S>::new(spec, sink);
    let setting = world.setting();
    let mut machines: Vec<Option<P::Machine>> = Vec::new();
    machines.resize_with(setting.nodes.count(), || None);
    let mut out: Out<<P::Machine as Machine>::Msg> = Out::default();
    loop {
        match world.next() {
            Next::Start(node) => {
                machines[node.0 as usize] = P::build(&setting, role(&setting, node))
            }
            Next::Kill(node) => machines[node.0 as usize] = None,
            Next::Recover(node, cx, durable) => {
                alive(&mut machines, node).recover(cx, durable, &mut out);
                world.take(node, &mut out);
            }
            Next::Reconnect(node, cx, durable) => {
                alive(&mut machines, node).reconnected(cx, durable, &mut out);
                world.take(node, &mut out);
            }
            Next::Step(node, cx, input) => {
                alive(&mut machines, node).step(cx, input, &mut out);
                world.take(node, &mut out);
            }
            Next::Over => return world.into_end(),
        }
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
