use indexmap::IndexMap;

use super::{Figures, Meter};
use crate::history::{Class, Event, Sink};
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;

/// Folds a history into what its messages and forced writes were, beside the figures
/// that count them.
pub struct Bill {
    meter: Meter,
    messages: IndexMap<&'static str, u64>,
    forced: IndexMap<Class, u64>,
}

/// What the requests of a run cost, by kind, in the order in which each kind first
/// came.
#[derive(Clone, Debug)]
pub struct Costs {
    /// Protocol messages by [`Wire::kind`](crate::protocol::Wire::kind).
    pub messages: Vec<(&'static str, u64)>,
    /// Forced log records.
    pub forced: Vec<(Class, u64)>,
    /// The figures of the same run.
    pub figures: Figures,
}

impl Bill {
    /// A bill for the runs of this scenario under a protocol.
    pub fn new(scenario: &Scenario, protocol: ProtocolKind) -> Self {
        Bill {
            meter: Meter::new(scenario, protocol),
            messages: IndexMap::new(),
            forced: IndexMap::new(),
        }
    }

    /// Everything that was heard.
    pub fn finish(self) -> Costs {
        Costs {
            messages: self.messages.into_iter().collect(),
            forced: self.forced.into_iter().collect(),
            figures: self.meter.finish(),
        }
    }
}

impl Sink for Bill {
    fn event(&mut self, event: &Event) {
        self.meter.event(event);
        if let Some(kind) = self.meter.costs_message(&event.what) {
            *self.messages.entry(kind).or_default() += 1;
        }
        if let Some(class) = self.meter.costs_write(&event.what) {
            *self.forced.entry(class).or_default() += 1;
        }
    }
}
