//! Every point of a run, and what was sent there.

use smallvec::SmallVec;

use crate::history::{DigestSink, Event, Point, Sink, What};
use crate::vocab::NodeId;

/// A point of a run, with what happened there.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// Where and when.
    pub(super) point: Point,
    /// The messages that left there, each sort once: of two of one sort only the
    /// first can be struck.
    pub(super) sent: SmallVec<[Sort; 1]>,
}

/// What tells the messages of one point apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sort {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) kind: &'static str,
}

/// Listens to a run for its points, and for the digest of its history without
/// what the plan itself adds to it.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) spots: Vec<Spot>,
    pub(super) digest: DigestSink,
}

impl Sink for Survey {
    fn event(&mut self, event: &Event) {
        match event.what {
            What::FaultBegan { .. } | What::FaultEnded { .. } => return,
            What::Sent { to, kind, .. } => {
                let from = event.node;
                let sort = Sort { from, to, kind };
                if let Some(spot) = self.spots.last_mut()
                    && !spot.sent.contains(&sort)
                {
                    spot.sent.push(sort);
                }
            }
            _ => {}
        }
        self.digest.event(event);
    }

    fn hears_points(&self) -> bool {
        true
    }

    fn point(&mut self, point: &Point) {
        self.spots.push(Spot {
            point: *point,
            sent: SmallVec::new(),
        });
    }
}
