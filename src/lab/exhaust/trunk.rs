//! What all runs with one first fault have in common is run once.

use super::strikes::Planned;
use crate::history::Sink;
use crate::protocol::Protocol;
use crate::vocab::SimTime;
use crate::world::RunSpec;
use crate::world::host::direct::Run;

/// A run under a plan, from which those under one more fault branch off: a run is
/// the same until a fault strikes.
pub(super) struct Trunk<P: Protocol, S: Sink> {
    /// Not beyond the point at which the next fault strikes.
    here: Run<P, S>,
    /// The same run, a step later and beyond that point.
    ahead: Run<P, S>,
}

impl<P, S> Trunk<P, S>
where
    P: Protocol + Clone,
    P::Machine: Clone,
    S: Sink + Clone,
{
    pub(super) fn new(spec: RunSpec, sink: S) -> Self {
        let here = Run::new(&spec, sink);
        let ahead = here.clone();
        Trunk { here, ahead }
    }

    /// The run with one more fault, a little before it strikes. The faults must
    /// come in the order of their points.
    pub(super) fn branch(&mut self, planned: &Planned) -> Branch<P, S> {
        let number = planned.point.number;
        while self.ahead.next_point() <= number {
            self.here = self.ahead.clone();
            let goes_on = self.ahead.step();
            assert!(
                goes_on || self.ahead.next_point() > number,
                "it has that point"
            );
        }
        let mut run = self.here.clone();
        let fault = run.plan_fault(&planned.fault);
        Branch { run, fault }
    }
}

/// A run with a fault more than its trunk. As long as the fault lasts, it is the
/// same run as one whose fault lasts less.
pub(super) struct Branch<P: Protocol, S: Sink> {
    run: Run<P, S>,
    fault: u32,
}

impl<P, S> Branch<P, S>
where
    P: Protocol + Clone,
    P::Machine: Clone,
    S: Sink + Clone,
{
    /// The run whose fault is over at this instant. The instants must come in
    /// order, before the fault's own end and after it has struck.
    pub(super) fn shorter(&mut self, over: SimTime) -> Run<P, S> {
        self.run.go_on_until(over);
        let mut run = self.run.clone();
        run.cut_fault_short(self.fault, over);
        run
    }

    /// The run whose fault lasts as long as was planned.
    pub(super) fn longest(self) -> Run<P, S> {
        self.run
    }
}
