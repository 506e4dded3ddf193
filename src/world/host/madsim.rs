//! The madsim host: every node is a madsim node with one long-lived task; a
//! crash is madsim's `kill`, a restart its `restart`.
//!
//! One pump takes what the world wants next and hands it, one at a time, to the
//! task of the node that it is for, and takes its effects back before the next.
//! No madsim timer decides an order and no draw of madsim's generator reaches a
//! history; that both hosts give the same digest shows it.
//!
//! madsim's clock is kept close behind the agenda's in slow motion: one model
//! microsecond is one madsim millisecond, because madsim never sleeps less.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use madsim::runtime::{Handle, NodeHandle, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::direct::role;
use crate::history::Sink;
use crate::protocol::{Cx, Durable, Input, Machine, Out, Protocol, Setting};
use crate::vocab::{NodeId, SimTime};
use crate::world::{Next, RunEnd, RunSpec, World};

/// Runs a world to its end.
///
/// # Panics
///
/// When a machine panics: with its panic.
pub fn run<P: Protocol, S: Sink>(spec: &RunSpec, mut sink: S) -> (S, RunEnd) {
    let runtime = Runtime::with_seed_and_config(spec.seed.0, madsim::Config::default());
    let end = runtime.block_on(pump::<P>(spec, &mut sink));
    (sink, end)
}

/// One pump a protocol is compiled, whoever listens.
async fn pump<P: Protocol>(spec: &RunSpec, sink: &mut dyn Sink) -> RunEnd {
    let mut world = World::<P, _>::new(spec, sink);
    let mut clock = SlowMotion::default();
    let mut nodes = Nodes::<P>::new(world.setting());
    loop {
        match world.next() {
            Next::Start(node) => nodes.start(node),
            Next::Kill(node) => nodes.kill(node),
            Next::Recover(node, cx, durable) => {
                clock.advance(cx.now).await;
                let mut out = nodes.ask(node, Job::Recover(cx, durable)).await;
                world.take(node, &mut out);
            }
            Next::Reconnect(node, cx, durable) => {
                clock.advance(cx.now).await;
                let mut out = nodes.ask(node, Job::Reconnect(cx, durable)).await;
                world.take(node, &mut out);
            }
            Next::Step(node, cx, input) => {
                clock.advance(cx.now).await;
                let mut out = nodes.ask(node, Job::Step(cx, input)).await;
                world.take(node, &mut out);
            }
            Next::Over => return world.into_end().1,
        }
    }
}

/// What the pump hands to a node's task.
enum Job<M> {
    Recover(Cx, Durable),
    Reconnect(Cx, Durable),
    Step(Cx, Input<M>),
}

type Msg<P> = <<P as Protocol>::Machine as Machine>::Msg;
type Mailbox<P> = Arc<Mutex<Option<UnboundedReceiver<Job<Msg<P>>>>>>;

/// The madsim nodes of a run.
struct Nodes<P: Protocol> {
    setting: Arc<Setting>,
    places: Vec<Option<Place<P>>>,
    answer: UnboundedSender<Out<Msg<P>>>,
    answers: UnboundedReceiver<Out<Msg<P>>>,
}

/// One madsim node.
struct Place<P: Protocol> {
    handle: NodeHandle,
    jobs: UnboundedSender<Job<Msg<P>>>,
    /// The other end of `jobs`, until the node's new task takes it.
    mailbox: Mailbox<P>,
}

impl<P: Protocol> Nodes<P> {
    fn new(setting: Arc<Setting>) -> Self {
        let mut places = Vec::new();
        places.resize_with(setting.nodes.count(), || None);
        let (answer, answers) = unbounded_channel();
        Nodes {
            setting,
            places,
            answer,
            answers,
        }
    }

    fn start(&mut self, node: NodeId) {
        let (jobs, receiver) = unbounded_channel();
        if let Some(place) = &mut self.places[node.0 as usize] {
            place.jobs = jobs;
            *place
                .mailbox
                .lock()
                .expect("no task panics while it holds this") = Some(receiver);
            Handle::current().restart(place.handle.id());
            return;
        }
        let mailbox: Mailbox<P> = Arc::new(Mutex::new(Some(receiver)));
        let handle = self.build(node, Arc::clone(&mailbox), self.answer.clone());
        self.places[node.0 as usize] = Some(Place {
            handle,
            jobs,
            mailbox,
        });
    }

    fn build(
        &self,
        node: NodeId,
        mailbox: Mailbox<P>,
        answers: UnboundedSender<Out<Msg<P>>>,
    ) -> NodeHandle {
        let setting = Arc::clone(&self.setting);
        Handle::current()
            .create_node()
            .name(node.to_string())
            .init(move || {
                let jobs = mailbox
                    .lock()
                    .expect("no task panics while it holds this")
                    .take()
                    .expect("a node is started with a new mailbox");
                serve::<P>(node, Arc::clone(&setting), jobs, answers.clone())
            })
            .build()
    }

    fn kill(&mut self, node: NodeId) {
        if let Some(place) = &self.places[node.0 as usize] {
            Handle::current().kill(place.handle.id());
        }
    }

    /// Hands a job to a node's task and waits for its effects.
    async fn ask(&mut self, node: NodeId, job: Job<Msg<P>>) -> Out<Msg<P>> {
        let place = self.places[node.0 as usize]
            .as_ref()
            .expect("the world addresses only machines that it started");
        if place.jobs.send(job).is_err() {
            unreachable!("the task of a node lives until the node is killed");
        }
        self.answers
            .recv()
            .await
            .expect("the pump holds a sender itself")
    }
}

/// The task of a node: the life of one process.
async fn serve<P: Protocol>(
    node: NodeId,
    setting: Arc<Setting>,
    mut jobs: UnboundedReceiver<Job<Msg<P>>>,
    answers: UnboundedSender<Out<Msg<P>>>,
) {
    let mut machine = P::build(&setting, role(&setting, node))
        .expect("the world starts only nodes that the protocol has a machine for");
    while let Some(job) = jobs.recv().await {
        let mut out = Out::default();
        match job {
            Job::Recover(cx, durable) => machine.recover(cx, durable, &mut out),
            Job::Reconnect(cx, durable) => machine.reconnected(cx, durable, &mut out),
            Job::Step(cx, input) => machine.step(cx, input, &mut out),
        }
        if answers.send(out).is_err() {
            return; // the pump is gone: the run is over
        }
    }
}

/// Keeps madsim's clock close behind the agenda's.
#[derive(Default)]
struct SlowMotion {
    at: SimTime,
}

impl SlowMotion {
    async fn advance(&mut self, to: SimTime) {
        let behind = to.since(self.at);
        if !behind.is_zero() {
            madsim::time::sleep(Duration::from_millis(behind.as_micros())).await;
            self.at = to;
        }
    }
}
