//! What benchmarks compare with.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

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
