use super::spread::Spread;
use crate::business::{Business, BusinessRow};
use crate::history::Written;
use crate::protocol::Row;
use crate::vocab::{FastMap, NodeId, SimTime};

/// How long semantic locks are on rows: marks, that a saga writes as it changes
/// them and takes away when it ends.
pub(super) struct Marks {
    /// Whether any step sets one: else there is nothing to look for.
    any: bool,
    since: FastMap<(NodeId, BusinessRow), SimTime>,
    /// What was set before is not counted.
    warm: SimTime,
    hold: Spread,
}

impl Marks {
    pub(super) fn new(business: &Business, warm: SimTime) -> Self {
        Marks {
            any: business.steps.iter().any(|step| step.semantic_lock),
            since: FastMap::default(),
            warm,
            hold: Spread::new(),
        }
    }

    /// A local transaction wrote these rows; whether it marked any.
    pub(super) fn written(&mut self, at: SimTime, node: NodeId, writes: &[Written]) -> bool {
        let mut marked = false;
        for (row, is_set) in marks(self.any, writes) {
            marked |= is_set;
            self.set(at, node, row, is_set);
        }
        marked
    }

    /// A crash took back that these rows were written.
    pub(super) fn lost(&mut self, at: SimTime, node: NodeId, writes: &[Written]) {
        for (row, was_set) in marks(self.any, writes) {
            self.set(at, node, row, !was_set);
        }
    }

    /// The run is over: what is still marked was so until now.
    pub(super) fn end(mut self, at: SimTime) -> Spread {
        let mut left: Vec<SimTime> = self.since.into_values().collect();
        left.sort_unstable();
        for since in left.into_iter().filter(|&since| since >= self.warm) {
            self.hold.record(at.since(since));
        }
        self.hold
    }

    fn set(&mut self, at: SimTime, node: NodeId, row: BusinessRow, is_set: bool) {
        if is_set {
            self.since.entry((node, row)).or_insert(at);
        } else if let Some(since) = self.since.remove(&(node, row))
            && since >= self.warm
        {
            self.hold.record(at.since(since));
        }
    }
}

/// The marks among what was written, and whether each was set or taken away.
fn marks(any: bool, writes: &[Written]) -> impl Iterator<Item = (BusinessRow, bool)> {
    let writes = if any { writes } else { &[] };
    writes.iter().filter_map(|written| match written.row {
        Row::Mark(row) => Some((row, written.value.is_some())),
        _ => None,
    })
}
