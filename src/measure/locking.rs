use serde::Serialize;

use super::Quantiles;
use super::spread::Spread;
use crate::business::ResourceId;
use crate::vocab::{SimDuration, SimTime};

/// What there was at the locks of one resource's rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Locking {
    /// Which resource.
    pub resource: ResourceId,
    /// How often a lock on one of its rows was asked for.
    pub asked: u64,
    /// How often whoever asked had to wait, or was turned away.
    pub blocked: u64,
    /// How many waited at a time: the mean over the run's own window. By Little's law
    /// all waits, added up, over that time.
    pub queue: f64,
    /// How long they waited.
    pub wait: Quantiles,
    /// How long locks were held for writing.
    pub hold: Quantiles,
}

/// Takes in what happens at the locks of one resource.
#[derive(Default)]
pub(super) struct AtResource {
    asked: u64,
    blocked: u64,
    waited: SimDuration,
    wait: Spread,
    hold: Spread,
}

impl AtResource {
    pub(super) fn asked(&mut self, was_blocked: bool) {
        self.asked += 1;
        self.blocked += u64::from(was_blocked);
    }

    /// Somebody who counts has waited.
    pub(super) fn waited(&mut self, from: SimTime, to: SimTime) {
        let lasted = to.since(from);
        self.waited += lasted;
        self.wait.record(lasted);
    }

    pub(super) fn held(&mut self, held: SimDuration) {
        self.hold.record(held);
    }
}

/// The locks of all resources.
#[derive(Default)]
pub(super) struct Resources(Vec<AtResource>);

impl Resources {
    pub(super) fn at(&mut self, resource: ResourceId) -> &mut AtResource {
        let n = usize::from(resource.0);
        if n >= self.0.len() {
            self.0.resize_with(n + 1, AtResource::default);
        }
        &mut self.0[n]
    }

    /// How long all waits were, whatever for.
    pub(super) fn waits(&self) -> Spread {
        Spread::of_all(self.0.iter().map(|at| &at.wait))
    }

    /// How long all locks were held for writing.
    pub(super) fn holds(&self) -> Spread {
        Spread::of_all(self.0.iter().map(|at| &at.hold))
    }

    /// One by one, without those that nobody has locked.
    pub(super) fn one_by_one(&self, window: SimDuration) -> Vec<Locking> {
        let queue = |waited: SimDuration| match window.is_zero() {
            true => 0.0,
            false => waited.as_secs_f64() / window.as_secs_f64(),
        };
        let each = (0u8..).zip(&self.0).filter(|(_, at)| at.asked > 0);
        each.map(|(n, at)| Locking {
            resource: ResourceId(n),
            asked: at.asked,
            blocked: at.blocked,
            queue: queue(at.waited),
            wait: at.wait.quantiles(),
            hold: at.hold.quantiles(),
        })
        .collect()
    }
}
