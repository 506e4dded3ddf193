//! What benchmarks run, and compare with.

#![allow(dead_code, reason = "no benchmark needs all of it")]

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::hint::black_box;
use std::sync::Arc;

use indoubt::check::Judge;
use indoubt::history::DigestSink;
use indoubt::measure::Meter;
use indoubt::protocol::two_phase_commit::TwoPhaseCommit;
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario::Scenario;
use indoubt::vocab::Seed;
use indoubt::world::{RunSpec, host};

/// A run of a scenario, whole.
pub(crate) fn spec(scenario: Scenario) -> RunSpec {
    let seed = Seed(1);
    RunSpec {
        plan: scenario.plan(seed),
        scenario: Arc::new(scenario),
        seed,
        safeguards: Safeguards::all(),
        leave_out: BTreeSet::new(),
    }
}

/// Two-phase commit on the direct host: digest, promises, figures. Returns committed
/// transactions and agenda events.
pub(crate) fn direct(spec: &RunSpec) -> (u64, u64) {
    let judge = Judge::new(&spec.scenario, ProtocolKind::TwoPhaseCommit);
    let meter = Meter::new(&spec.scenario, ProtocolKind::TwoPhaseCommit);
    let sink = (DigestSink::default(), (judge, meter));
    let ((digest, (judge, meter)), end) = host::direct::run::<TwoPhaseCommit, _>(spec, sink);
    black_box((digest.digest(), judge.verdicts()));
    (meter.finish().committed, end.agenda_events)
}

/// A bare event loop: a heap of so many entries in flight, each popped and
/// pushed again later.
pub(crate) fn bare_heap(events: u64) {
    let mut heap: BinaryHeap<Reverse<(u64, u64, u64, u32)>> = BinaryHeap::new();
    let mut state = 1u64;
    for n in 0..256 {
        heap.push(Reverse((n, n, n, n as u32)));
    }
    for n in 0..events {
        let Reverse((at, rank, _, place)) = heap.pop().expect("as many go in as come out");
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(rank | 1);
        heap.push(Reverse((at + (state >> 54), state, n, place)));
    }
    black_box(heap.len());
}
