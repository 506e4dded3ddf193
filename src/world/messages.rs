//! Messages: sent, lost, duplicated, delivered.

use super::broker::{Due, Held};
use super::happening::Happening;
use super::network::Envelope;
use super::process::{Delivery, Life};
use super::world::{Msg, Next, World};
use crate::business::BusinessRow;
use crate::history::{LossReason, MsgId, PointKind, Sink, What};
use crate::protocol::{
    BrokerMsg, ClientMsg, Detail, Input, LetterId, Milestone, Note, Parking, Protocol, ProviderMsg,
    Safeguard, Setting, Wire,
};
use crate::vocab::{Identity, NodeId, SimDuration, Stream};

impl<P: Protocol, S: Sink> World<P, S> {
    /// A message leaves; what becomes of it is decided now.
    pub(super) fn send(&mut self, from: NodeId, to: NodeId, body: Wire<Msg<P>>) {
        let (tx, kind) = (body.tx(), body.kind());
        let request = tx.request();
        let who = Identity::named(kind)
            .with(u64::from(from.0) << 16 | u64::from(to.0))
            .with_tx(tx)
            .with(body.detail());
        let attempt = self.in_flight.attempt(request, who);
        let who = who.with(u64::from(attempt));
        let id = self.new_message();
        let sent = What::Sent {
            id,
            to,
            kind,
            tx,
            step: body.step(),
            says: body.says(),
        };
        self.record(from, sent);

        let network = &self.scenario.network;
        let bytes = network.sizes.size(kind, || body.payload());
        self.sink.weighs(bytes);
        // What is lost on the way has left all the same.
        let leaves = self.links.carry(network, (from, to), bytes, self.now);
        let envelope = Envelope {
            from,
            to,
            kind,
            who,
        };
        let fate = self.rules.fate(network, self.chance, envelope);
        match fate.arrives {
            Err(why) => self.record(
                from,
                What::Lost {
                    id,
                    to,
                    kind,
                    tx,
                    why,
                },
            ),
            Ok(delay) => {
                if let Some(later) = fate.copy {
                    let copy = self.new_message();
                    self.record(from, What::Duplicated { id, copy });
                    self.in_flight.hold(request);
                    let arrive = Happening::Arrive {
                        id: copy,
                        from,
                        to,
                        body: body.clone(),
                    };
                    self.agenda
                        .push(self.now + leaves + later, who.with(1), arrive);
                }
                self.in_flight.hold(request);
                let arrive = Happening::Arrive { id, from, to, body };
                self.agenda.push(self.now + leaves + delay, who, arrive);
            }
        }
    }

    fn new_message(&mut self) -> MsgId {
        self.next_message += 1;
        MsgId(self.next_message)
    }

    /// A message is at its receiver's door.
    pub(super) fn arrive(
        &mut self,
        id: MsgId,
        from: NodeId,
        to: NodeId,
        body: Wire<Msg<P>>,
    ) -> Option<Next<Msg<P>>> {
        let (tx, kind) = (body.tx(), body.kind());
        let request = tx.request();
        let broker = &self.broker_life;
        if to == self.setting.nodes.broker() && broker.up && broker.stands_still() {
            self.broker_held
                .push(Happening::Arrive { id, from, to, body });
            return None;
        }
        if self.is_deaf(to) {
            self.record(
                to,
                What::Lost {
                    id,
                    to,
                    kind,
                    tx,
                    why: LossReason::Down,
                },
            );
            self.in_flight.release(request);
            return None;
        }
        self.record(to, What::Delivered { id, from, kind, tx });
        if self.has(to) {
            let input = Input::Message { from, body };
            let delivery = Delivery {
                input,
                request: Some(request),
                letters: Vec::new(),
            };
            return self.admit(to, delivery);
        }
        match body {
            Wire::Client(ClientMsg::Reply { key, outcome }) => self.told(key, outcome),
            Wire::Broker(message) => self.broker_takes(from, message),
            Wire::Provider(ProviderMsg::HandOver { id, action, key }) => {
                self.provider_takes(from, id, action, key);
            }
            _ => {}
        }
        self.in_flight.release(request);
        None
    }

    /// Whether nobody is there to take a message.
    fn is_deaf(&self, node: NodeId) -> bool {
        let nodes = &self.setting.nodes;
        if node == nodes.broker() {
            return !self.broker_life.up;
        }
        if node == nodes.clients() || node == nodes.provider() {
            return false;
        }
        match self.nodes.get(node.0 as usize) {
            Some(Some(node)) => node.process.life == Life::Down,
            _ => true,
        }
    }

    fn provider_takes(
        &mut self,
        from: NodeId,
        id: LetterId,
        action: BusinessRow,
        key: Option<LetterId>,
    ) {
        let who = Identity::named("provider")
            .with_tx(id.tx)
            .with(u64::from(id.step.0));
        let takes = self
            .scenario
            .provider
            .service_time
            .draw(self.chance, Stream::Service, who);
        self.in_flight.hold(id.tx.request());
        let performed = Happening::Performed {
            from,
            id,
            action,
            key,
        };
        self.agenda.push(self.now + takes, who, performed);
    }

    /// The provider has done it, or knew the key.
    pub(super) fn performed(
        &mut self,
        from: NodeId,
        id: LetterId,
        action: BusinessRow,
        key: Option<LetterId>,
    ) {
        let provider = self.setting.nodes.provider();
        let performed = self.provider.perform(self.now, key);
        self.record(
            provider,
            What::HandedOver {
                id,
                action,
                performed,
            },
        );
        self.send(provider, from, Wire::Provider(ProviderMsg::Accepted(id)));
        self.in_flight.release(id.tx.request());
    }

    fn broker_takes(&mut self, from: NodeId, message: BrokerMsg) {
        let broker = self.setting.nodes.broker();
        match message {
            BrokerMsg::Publish { to, id, event } => {
                self.in_flight.hold(id.tx.request());
                if self.broker.receive(Held {
                    to,
                    id,
                    event,
                    publisher: from,
                }) {
                    self.broker_flushes();
                }
                self.reach(
                    broker,
                    Note::step(Milestone::BrokerReceived, id.tx, id.step),
                );
            }
            BrokerMsg::Ack { delivery, id } => {
                if let Some(flush) = self.broker.ack(delivery) {
                    self.in_flight.release(id.tx.request());
                    if flush {
                        self.broker_flushes();
                    }
                }
            }
            BrokerMsg::Confirm(_) | BrokerMsg::Deliver { .. } => {}
        }
    }

    fn broker_flushes(&mut self) {
        let at = self.now + self.scenario.broker.flush;
        let epoch = self.broker_life.epoch;
        let who = Identity::named("broker-flush");
        self.agenda
            .push(at, who, Happening::BrokerFlushed { epoch });
    }

    /// What the broker does by itself.
    pub(super) fn broker_happening(&mut self, happening: Happening<Msg<P>>) {
        if self.broker_life.stands_still() {
            self.broker_held.push(happening);
            return;
        }
        match happening {
            Happening::BrokerFlushed { epoch } if epoch == self.broker_life.epoch => {
                self.broker_flushed()
            }
            Happening::Redeliver { delivery, epoch } if epoch == self.broker_life.epoch => {
                self.broker_tries_again(delivery);
            }
            Happening::BrokerUp { epoch } if epoch == self.broker_life.epoch => {
                let broker = self.setting.nodes.broker();
                self.broker_life.up = true;
                self.record(broker, What::Up(crate::history::Part::Process));
                let waiting: Vec<_> = self.broker.unacknowledged().collect();
                for (delivery, held, parked) in waiting {
                    if parked {
                        self.await_operator(delivery, &held);
                        continue;
                    }
                    self.pass_point(broker, PointKind::Send);
                    if self.broker_life.epoch != epoch {
                        return;
                    }
                    self.broker_delivers(delivery, held);
                }
            }
            _ => {}
        }
    }

    /// A message without an acknowledgement is delivered again; or it is parked, if
    /// that was done as often as the step allows for which it asks.
    fn broker_tries_again(&mut self, delivery: u64) {
        let broker = self.setting.nodes.broker();
        let setting = std::sync::Arc::clone(&self.setting);
        let most = |held: &Held| parking(&setting, held).map(|parking| parking.after);
        let (held, milestone) = match self.broker.due(delivery, most) {
            Due::Nothing => return,
            Due::Deliver(held) => return self.broker_delivers(delivery, held),
            Due::Park(held) => (held, Milestone::BrokerParked),
            Due::PutBack(held) => (held, Milestone::BrokerPutBack),
        };
        let epoch = self.broker_life.epoch;
        let asked = held.event.kind.asks_for();
        let note = Note {
            milestone,
            tx: held.id.tx,
            detail: asked.map_or(Detail::None, |(step, way)| Detail::Asked(step, way)),
        };
        self.reach(broker, note);
        if self.broker_life.epoch != epoch {
            return;
        }
        match milestone {
            Milestone::BrokerParked => self.await_operator(delivery, &held),
            _ => self.broker_delivers(delivery, held),
        }
    }

    /// Somebody looks at a parked message after its time, if anybody ever does.
    fn await_operator(&mut self, delivery: u64, held: &Held) {
        let parking = parking(&self.setting, held);
        if let Some(lasts) = parking.and_then(|parking| parking.lasts) {
            self.redeliver_after(delivery, held, lasts);
        }
    }

    fn redeliver_after(&mut self, delivery: u64, held: &Held, after: SimDuration) {
        let epoch = self.broker_life.epoch;
        let who = Identity::named("redeliver")
            .with_tx(held.id.tx)
            .with(delivery);
        let redeliver = Happening::Redeliver { delivery, epoch };
        self.agenda.push(self.now + after, who, redeliver);
    }

    fn broker_flushed(&mut self) {
        let broker = self.setting.nodes.broker();
        let (durable, again) = self.broker.flushed();
        if again {
            self.broker_flushes();
        }
        let epoch = self.broker_life.epoch;
        for (delivery, held) in durable {
            self.record(broker, What::Stored { id: held.id });
            self.reach(
                broker,
                Note::step(Milestone::BrokerStored, held.id.tx, held.id.step),
            );
            self.pass_point(broker, PointKind::Send);
            if self.broker_life.epoch != epoch {
                return;
            }
            self.send(
                broker,
                held.publisher,
                Wire::Broker(BrokerMsg::Confirm(held.id)),
            );
            self.pass_point(broker, PointKind::Send);
            if self.broker_life.epoch != epoch {
                return;
            }
            self.broker_delivers(delivery, held);
        }
    }

    fn broker_delivers(&mut self, delivery: u64, held: Held) {
        let nodes = &self.setting.nodes;
        let (broker, to) = (nodes.broker(), nodes.service(held.to));
        let message = BrokerMsg::Deliver {
            delivery,
            id: held.id,
            event: held.event,
        };
        self.broker.delivered(delivery);
        self.send(broker, to, Wire::Broker(message));
        self.redeliver_after(delivery, &held, self.scenario.broker.redeliver_after);
    }

    /// Whether the outbox is in force, for those who must know.
    pub(super) fn keeps(&self, safeguard: Safeguard) -> bool {
        self.setting.safeguards.keep(safeguard)
    }
}

/// When a message is parked: as the step says for which it asks.
fn parking(setting: &Setting, held: &Held) -> Option<Parking> {
    let (step, _) = held.event.kind.asks_for()?;
    setting.policies.step(step).parking
}
