//! The driver of machines: takes the effects of an input in, in crash order.

use super::happening::{Call, Caller, Happening, identity};
use super::points::kind_of;
use super::process::{Delivery, Job, Life, hand_over, owner_of};
use super::store::{Request, Ticket};
use super::world::{Msg, Next, World};
use crate::history::{Owner, PointKind, Sink};
use crate::protocol::{
    Effect, Input, Key, Lane, Letter, LetterBody, Out, Outcome, Protocol, Safeguard, Tag,
};
use crate::scenario::Dist;
use crate::vocab::{Identity, NodeId, SimDuration, SimTime, Stream};

impl<P: Protocol, S: Sink> World<P, S> {
    /// Takes in the effects of the machine at `node`, and empties `out`. The
    /// process may die between any two; the rest is then lost.
    pub fn take(&mut self, node: NodeId, out: &mut Out<Msg<P>>) {
        let (request, letters) = self.taking.take().unwrap_or_default();
        self.perform_batch(node, out.effects.drain(..), letters);
        self.in_flight.release_any(request);
    }

    /// What a pause cut off is done when it is over.
    pub(super) fn perform_stalled(&mut self, node: NodeId) {
        let process = self.process(node);
        let effects = std::mem::take(&mut process.stalled);
        let letters = std::mem::take(&mut process.stalled_letters);
        self.perform_batch(node, effects.into_iter(), letters);
    }

    fn perform_batch(
        &mut self,
        node: NodeId,
        mut effects: impl Iterator<Item = Effect<Msg<P>>>,
        letters: Vec<Letter>,
    ) {
        let epoch = self.process(node).epoch;
        while let Some(effect) = effects.next() {
            self.pass_point(node, kind_of(&effect));
            let process = self.process(node);
            if process.life == Life::Down || process.epoch != epoch {
                return;
            }
            if process.pauses > 0 {
                process.stalled.push(effect);
                process.stalled.extend(effects);
                break;
            }
            self.perform(node, effect);
        }
        let process = self.process(node);
        if process.life == Life::Down || process.epoch != epoch {
            return;
        }
        if process.pauses > 0 {
            process.stalled_letters.extend(letters);
            return;
        }
        for letter in letters {
            self.send_unstaged(node, &letter);
        }
    }

    /// Without an outbox: straight to the broker or the provider, once.
    fn send_unstaged(&mut self, node: NodeId, letter: &Letter) {
        self.pass_point(node, PointKind::Send);
        let to = match letter.body {
            LetterBody::Action(_) => self.setting.nodes.provider(),
            LetterBody::Event { .. } => self.setting.nodes.broker(),
        };
        let keep_key = self.setting.safeguards.keep(Safeguard::ProviderKey);
        self.send(node, to, hand_over(letter, keep_key));
    }

    fn perform(&mut self, node: NodeId, effect: Effect<Msg<P>>) {
        match effect {
            Effect::Execute {
                call,
                stamp,
                lane,
                branch,
                txn,
                end,
                force,
            } => {
                let owner = Owner::Tx(branch.unwrap_or(stamp.tx));
                let request = Request::Execute {
                    owner,
                    stamp,
                    branch,
                    txn,
                    end,
                    force,
                };
                self.call(node, call, lane, request);
            }
            Effect::Finish {
                call,
                branch,
                decision,
                force,
            } => {
                self.call(
                    node,
                    call,
                    Lane::Control,
                    Request::Finish {
                        branch,
                        decision,
                        force,
                    },
                );
            }
            Effect::Unsent { call, limit } => {
                self.call(node, call, Lane::Control, Request::Unsent { limit });
            }
            Effect::Send { to, body } => self.send(node, to, body),
            Effect::Arm { key, after } => self.arm(node, key, after),
            Effect::Disarm(key) => self.disarm(node, key),
            Effect::Poll { key, every } => self.poll(node, key, every),
            Effect::Observe(note) => self.reach(node, note),
        }
    }

    /// A call of the node's own database: at once on the control lane, by a
    /// worker on the other.
    fn call(&mut self, node: NodeId, key: Key, lane: Lane, request: Request) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let worker = lane == Lane::Work;
        let epoch = self.process(node).epoch;
        self.calls.insert(
            ticket,
            Call {
                node,
                epoch,
                whose: Caller::Machine { key, worker },
            },
        );
        self.in_flight.hold_any(owner_of(key));
        if !worker {
            self.submit(node, Some(epoch), ticket, request);
            return;
        }
        let process = self.process(node);
        process.waiting_jobs.push_back(Job {
            ticket,
            request: Box::new(request),
        });
        self.employ(node);
    }

    /// Gives waiting jobs to free workers.
    pub(super) fn employ(&mut self, node: NodeId) {
        loop {
            let now = self.now;
            let process = self.process(node);
            if process.pauses > 0 || process.workers.busy() >= process.spec.workers {
                return;
            }
            let Some(job) = process.waiting_jobs.pop_front() else {
                return;
            };
            process.workers.set(process.workers.busy() + 1, now);
            let (epoch, service_time) = (process.epoch, process.spec.service_time);
            if let Dist::Fixed(SimDuration::ZERO) = service_time {
                self.submit(node, Some(epoch), job.ticket, *job.request);
                continue;
            }
            let who = self.call_identity(job.ticket);
            let takes = service_time.draw(self.chance, Stream::Service, who);
            let served = Happening::Served {
                ticket: job.ticket,
                epoch,
                request: job.request,
            };
            self.agenda.push(now + takes, who, served);
        }
    }

    /// A worker has computed; now it calls the database.
    pub(super) fn served(&mut self, ticket: u64, epoch: u32, request: Request) {
        let Some(call) = self.calls.get(&ticket).copied() else {
            return;
        };
        let process = self.process(call.node);
        if process.epoch != epoch || process.life == Life::Down {
            self.forget_call(ticket);
        } else if process.pauses > 0 {
            let request = Box::new(request);
            process.paused_jobs.push(Job { ticket, request });
        } else {
            self.submit(call.node, Some(epoch), ticket, request);
        }
    }

    /// A process goes on, and its workers with it.
    pub(super) fn workers_go_on(&mut self, node: NodeId) {
        let epoch = self.process(node).epoch;
        for job in std::mem::take(&mut self.process(node).paused_jobs) {
            self.submit(node, Some(epoch), job.ticket, *job.request);
        }
        self.employ(node);
    }

    pub(super) fn submit(
        &mut self,
        node: NodeId,
        epoch: Option<u32>,
        ticket: u64,
        request: Request,
    ) {
        let (now, ticket) = (self.now, Ticket(ticket));
        self.ask_store(node, |store, io| {
            store.submit(now, epoch, ticket, request, io)
        });
    }

    /// Drops a call that nobody will answer.
    pub(super) fn forget_call(&mut self, ticket: u64) {
        if let Some(Call {
            whose: Caller::Machine { key, .. },
            ..
        }) = self.calls.remove(&ticket)
        {
            self.in_flight.release_any(owner_of(key));
        }
    }

    pub(super) fn call_identity(&self, ticket: u64) -> Identity {
        match self.calls.get(&ticket) {
            Some(Call {
                node,
                whose: Caller::Machine { key, .. },
                ..
            }) => identity(*node, *key),
            Some(Call { node, .. }) => Identity::named("call").with(u64::from(node.0)).with(ticket),
            None => Identity::named("call").with(ticket),
        }
    }

    /// The answer of a database reaches its process.
    pub(super) fn answer(
        &mut self,
        ticket: u64,
        outcome: Outcome,
        letters: Vec<Letter>,
    ) -> Option<Next<Msg<P>>> {
        let call = self.calls.remove(&ticket)?;
        let Caller::Machine { key, worker } = call.whose else {
            unreachable!("other callers are answered at once")
        };
        let request = owner_of(key);
        let now = self.now;
        let process = self.process(call.node);
        if process.epoch != call.epoch || process.life == Life::Down {
            self.in_flight.release_any(request);
            return None;
        }
        if worker {
            process.workers.set(process.workers.busy() - 1, now);
            self.employ(call.node);
        }
        let input = Input::Executed {
            call: key,
            result: outcome,
        };
        self.admit(
            call.node,
            Delivery {
                input,
                request,
                letters,
            },
        )
    }

    fn arm(&mut self, node: NodeId, key: Key, after: SimDuration) {
        let who = identity(node, key);
        let at = self.now + after + self.jitter(key, after, who);
        let handle = self.agenda.push(at, who, Happening::Timer { node, key });
        match self.process(node).timers.insert(key, handle) {
            Some(replaced) => self.agenda.take_back(replaced),
            None => self.in_flight.hold_any(owner_of(key)),
        }
    }

    /// By how much a wait before a retry is lengthened: a part of the scenario's
    /// share that this very wait draws.
    fn jitter(&self, key: Key, after: SimDuration, who: Identity) -> SimDuration {
        if key.tag != Tag::Retry {
            return SimDuration::ZERO;
        }
        let (who, share) = (who.with(after.as_micros()), self.setting.policies.jitter);
        self.chance.part(Stream::Jitter, who, after, share)
    }

    fn disarm(&mut self, node: NodeId, key: Key) {
        if let Some(handle) = self.process(node).timers.remove(&key) {
            self.agenda.take_back(handle);
            self.in_flight.release_any(owner_of(key));
        }
    }

    /// A timer has run out. If its process has died at this very point, it died
    /// with it.
    pub(super) fn timer(&mut self, node: NodeId, key: Key) -> Option<Next<Msg<P>>> {
        if self.process(node).life == Life::Down {
            self.in_flight.release_any(owner_of(key));
            return None;
        }
        let delivery = Delivery {
            input: Input::Timer(key),
            request: owner_of(key),
            letters: Vec::new(),
        };
        self.admit(node, delivery)
    }

    /// Parks a poll until the outbox is not empty.
    fn poll(&mut self, node: NodeId, key: Key, every: SimDuration) {
        self.process(node).polls.push((key, every));
        self.wake_polls(node);
    }

    /// Sends parked polls to their next instants if there is something to find.
    /// (An idle poll changes nothing, so none is simulated.)
    pub(super) fn wake_polls(&mut self, node: NodeId) {
        if self.node(node).process.polls.is_empty() || !self.node(node).store.has_unsent() {
            return;
        }
        let now = self.now;
        let epoch = self.process(node).epoch;
        for (key, every) in std::mem::take(&mut self.process(node).polls) {
            let at = next_multiple(now, every);
            let poll = Happening::Poll {
                node,
                epoch,
                key,
                every,
            };
            self.agenda.push(at, identity(node, key), poll);
        }
    }

    pub(super) fn poll_due(
        &mut self,
        node: NodeId,
        epoch: u32,
        key: Key,
        every: SimDuration,
    ) -> Option<Next<Msg<P>>> {
        let process = self.process(node);
        if process.epoch != epoch || process.life == Life::Down {
            return None;
        }
        if !self.node(node).store.has_unsent() {
            self.process(node).polls.push((key, every));
            return None;
        }
        let request = owner_of(key);
        let input = Input::Timer(key);
        self.admit(
            node,
            Delivery {
                input,
                request,
                letters: Vec::new(),
            },
        )
    }
}

/// The next instant after `now` that is a multiple of `every`.
fn next_multiple(now: SimTime, every: SimDuration) -> SimTime {
    let every = every.as_micros().max(1);
    SimTime::from_micros((now.as_micros() / every + 1) * every)
}
