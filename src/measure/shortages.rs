use smallvec::SmallVec;

use super::incidents::Shortage;
use crate::business::{Business, BusinessRow, Facet, ResourceId, ResourceKind};
use crate::history::Effect;
use crate::vocab::{FastSet, RequestId, SimDuration, SimTime};

/// What rows lacked while requests were half done.
#[derive(Default)]
pub(super) struct Shortages {
    /// By resource; `None` where it is no counter.
    counters: Vec<Option<Lacked>>,
}

/// What the rows of one counter lacked.
#[derive(Default)]
struct Lacked {
    rows: FastSet<u64>,
    by: Option<(i64, i64)>,
    longest: Option<(SimDuration, BusinessRow, RequestId)>,
    /// The first of those that never ended.
    for_good: Option<(Lack, RequestId)>,
}

/// What a request has taken from a row and not given back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lack {
    row: BusinessRow,
    by: i64,
    since: SimTime,
}

/// All that one request has taken and not given back.
pub(super) type Lacks = SmallVec<[Lack; 1]>;

impl Shortages {
    pub(super) fn new(business: &Business) -> Self {
        let counter = |kind: &ResourceKind| matches!(kind, ResourceKind::Counter { .. });
        let resources = business.resources.iter();
        Shortages {
            counters: resources
                .map(|r| counter(&r.kind).then(Lacked::default))
                .collect(),
        }
    }

    /// A request changed a row.
    pub(super) fn changed(
        &mut self,
        at: SimTime,
        request: RequestId,
        lacks: &mut Lacks,
        effect: &Effect,
    ) {
        let Effect { row, .. } = *effect;
        if row.facet != Facet::Value || self.counter(row.resource).is_none() {
            return;
        }
        let by = -effect.delta();
        match lacks.iter().position(|lack| lack.row == row) {
            None if by > 0 => lacks.push(Lack { row, by, since: at }),
            None => {}
            Some(place) if lacks[place].by + by > 0 => lacks[place].by += by,
            Some(place) => {
                let lack = lacks.swap_remove(place);
                self.ended(at, request, lack);
            }
        }
    }

    /// A request is not half done any more.
    pub(super) fn whole(&mut self, at: SimTime, request: RequestId, lacks: &mut Lacks) {
        for lack in lacks.drain(..) {
            self.ended(at, request, lack);
        }
    }

    /// A request stays half done for good.
    pub(super) fn left(&mut self, request: RequestId, lacks: &Lacks) {
        for &lack in lacks {
            let Some(counter) = self.counter(lack.row.resource) else {
                continue;
            };
            counter.count(lack);
            let first = counter.for_good.is_none_or(|(f, _)| lack.since < f.since);
            if first {
                counter.for_good = Some((lack, request));
            }
        }
    }

    /// The run is over.
    pub(super) fn finish(self, at: SimTime) -> Vec<Shortage> {
        let counters = self.counters.into_iter().flatten();
        counters.filter_map(|counter| counter.finish(at)).collect()
    }

    fn ended(&mut self, at: SimTime, request: RequestId, lack: Lack) {
        // Nobody sees what lasts for no time.
        if at > lack.since
            && let Some(counter) = self.counter(lack.row.resource)
        {
            counter.count(lack);
            counter.lasted(at, request, lack);
        }
    }

    fn counter(&mut self, resource: ResourceId) -> Option<&mut Lacked> {
        self.counters[usize::from(resource.0)].as_mut()
    }
}

impl Lacked {
    fn count(&mut self, lack: Lack) {
        if (self.rows.len() as u64) < Shortage::MOST_ROWS {
            self.rows.insert(lack.row.key);
        }
        let (least, most) = self.by.unwrap_or((lack.by, lack.by));
        self.by = Some((least.min(lack.by), most.max(lack.by)));
    }

    fn lasted(&mut self, until: SimTime, request: RequestId, lack: Lack) {
        let lasted = until.since(lack.since);
        if self.longest.is_none_or(|(longest, ..)| lasted > longest) {
            self.longest = Some((lasted, lack.row, request));
        }
    }

    fn finish(mut self, at: SimTime) -> Option<Shortage> {
        if let Some((lack, request)) = self.for_good {
            self.lasted(at, request, lack);
        }
        let (longest, row, request) = self.longest?;
        let is_longest = |(lack, of): (Lack, RequestId)| (lack.row, of) == (row, request);
        Some(Shortage {
            row,
            request,
            longest,
            to_the_end: self.for_good.is_some_and(is_longest),
            rows: self.rows.len() as u64,
            by: self.by?,
        })
    }
}
