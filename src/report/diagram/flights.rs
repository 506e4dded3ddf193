//! Messages under way, and what becomes of them.

use super::Fate;
use super::builder::Builder;
use super::draft::Drafted;
use super::marks::Marks;
use super::turn::turn_of_message;
use crate::fault::{FaultKind, Select};
use crate::history::{Event, LossReason, MsgId, What};
use crate::vocab::{NodeId, SimDuration, SimTime, TxId};

/// A message under way.
#[derive(Clone)]
pub(super) struct Flight {
    from: NodeId,
    to: NodeId,
    at: SimTime,
    kind: &'static str,
    words: String,
    /// Whether it was asked before.
    again: bool,
    copy: bool,
}

impl Builder<'_> {
    /// A message leaves, arrives, is lost or copied.
    pub(super) fn message(&mut self, event: &Event) {
        match &event.what {
            What::Sent {
                id,
                to,
                kind,
                tx,
                step,
                says,
            } => {
                let words = match self.asked.get(&tx.key) {
                    Some((params, retry)) if *kind == "request" => {
                        self.marks.request(params, *retry, *tx)
                    }
                    _ => self.marks.message((kind, says), *step, *tx),
                };
                let again = self.asked.get(&tx.key).is_some_and(|(_, retry)| *retry > 0);
                let (from, to, at) = (event.node, *to, event.at);
                self.depart(
                    id.0,
                    Flight {
                        from,
                        to,
                        at,
                        kind,
                        words,
                        again,
                        copy: false,
                    },
                );
            }
            What::Duplicated { id, copy } => {
                if let Some(flight) = self.flights.get(&id.0).cloned() {
                    self.met(&flight, |fault| match fault {
                        FaultKind::Duplicate { select, .. } => Some(select),
                        _ => None,
                    });
                    self.depart(
                        copy.0,
                        Flight {
                            copy: true,
                            ..flight
                        },
                    );
                }
            }
            What::Delivered { id, from, kind, tx } => {
                let flight = self.flight(*id, (*from, event.node), event.at, (kind, *tx));
                self.arrive(id.0, flight, event.at);
            }
            What::Lost {
                id,
                to,
                kind,
                tx,
                why,
            } => {
                let flight = self.flight(*id, (event.node, *to), event.at, (kind, *tx));
                self.lose(id.0, &flight, *why);
            }
            _ => {}
        }
    }

    /// The message that is under way no longer; one that left before the history
    /// begins is known by its end alone.
    fn flight(
        &mut self,
        id: MsgId,
        (from, to): (NodeId, NodeId),
        at: SimTime,
        (kind, tx): (&'static str, TxId),
    ) -> Flight {
        let found = self.flights.remove(&id.0);
        found.unwrap_or_else(|| Flight {
            from,
            to,
            at,
            kind,
            words: self.marks.message((kind, ""), None, tx),
            again: false,
            copy: false,
        })
    }

    fn depart(&mut self, id: u64, flight: Flight) {
        let Flight { from, to, .. } = flight;
        let words = flight.words.clone();
        self.draft(Drafted::Departure {
            id,
            from,
            to,
            words,
        });
        self.flights.insert(id, flight);
    }

    fn arrive(&mut self, id: u64, flight: Flight, at: SimTime) {
        let turn = turn_of_message(flight.kind, flight.again);
        let (fate, words) = if flight.copy {
            (Fate::Copy, format!("{}, a copy", flight.words))
        } else if self.is_late(&flight, at) {
            self.met(&flight, |fault| match fault {
                FaultKind::LatencySpike { select, .. } => Some(select),
                _ => None,
            });
            (
                Fate::Late,
                format!("{}, late: sent at {}", flight.words, flight.at),
            )
        } else {
            (Fate::Arrived, flight.words)
        };
        self.draft(Drafted::Arrow {
            id,
            from: flight.from,
            to: flight.to,
            words,
            fate,
            turn,
        });
    }

    fn lose(&mut self, id: u64, flight: &Flight, why: LossReason) {
        match why {
            LossReason::Network => self.met(flight, |fault| match fault {
                FaultKind::Loss { select, .. } => Some(select),
                _ => None,
            }),
            LossReason::Partition => self.met_partition(),
            LossReason::Down => {}
        }
        let words = format!("{}, {}", flight.words, Marks::loss(why));
        self.draft(Drafted::Arrow {
            id,
            from: flight.from,
            to: flight.to,
            words,
            fate: Fate::Lost,
            turn: turn_of_message(flight.kind, flight.again),
        });
    }

    /// Much later than its link promises.
    fn is_late(&self, flight: &Flight, arrived: SimTime) -> bool {
        let link = self.scenario.network.link(flight.from, flight.to);
        let usual = link.delay.mean() * 5 + SimDuration::from_millis(1);
        arrived.since(flight.at) > usual
    }

    /// A message of the concern met those faults of a kind that are on and that
    /// select it: they belong into the diagram.
    fn met(&mut self, flight: &Flight, kind: fn(&FaultKind) -> Option<&Select>) {
        for (&position, struck) in &mut self.struck {
            let fault = self.marks.fault(position);
            let select = fault.as_ref().and_then(|(fault, _)| kind(&fault.kind));
            *struck |= select.is_some_and(|select| flight.is_selected(select));
        }
    }

    fn met_partition(&mut self) {
        for (&position, struck) in &mut self.struck {
            let fault = self.marks.fault(position);
            *struck |=
                fault.is_some_and(|(fault, _)| matches!(fault.kind, FaultKind::Partition { .. }));
        }
    }
}

impl Flight {
    fn is_selected(&self, select: &Select) -> bool {
        select.from.is_none_or(|from| from == self.from)
            && select.to.is_none_or(|to| to == self.to)
            && select.kind.as_ref().is_none_or(|kind| kind == self.kind)
    }
}
