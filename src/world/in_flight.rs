//! Who is still in flight: a request that still owns a message, timer, call,
//! lock, branch, log row or unsent letter, or whose client still waits.

use smallvec::SmallVec;

use crate::vocab::{FastMap, Identity, RequestId};

/// Counts what every request owns.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    requests: FastMap<RequestId, Owned>,
    /// Requests that came to own nothing; looked at again between two inputs.
    ended: Vec<RequestId>,
}

#[derive(Debug, Default)]
struct Owned {
    things: u32,
    /// How often each message was sent: the attempt is part of its identity.
    sent: SmallVec<[(u64, u16); 12]>,
}

impl InFlight {
    /// The request owns one thing more.
    pub(super) fn hold(&mut self, request: RequestId) {
        self.requests.entry(request).or_default().things += 1;
    }

    /// The request owns one thing less.
    pub(super) fn release(&mut self, request: RequestId) {
        let owned = self
            .requests
            .get_mut(&request)
            .expect("only what was held is released");
        owned.things = owned
            .things
            .checked_sub(1)
            .expect("only what was held is released");
        if owned.things == 0 {
            self.ended.push(request);
        }
    }

    /// Like [`hold`](InFlight::hold), where there is anybody.
    pub(super) fn hold_any(&mut self, request: Option<RequestId>) {
        if let Some(request) = request {
            self.hold(request);
        }
    }

    /// Like [`release`](InFlight::release), where there is anybody.
    pub(super) fn release_any(&mut self, request: Option<RequestId>) {
        if let Some(request) = request {
            self.release(request);
        }
    }

    /// As a component counted it: so many more, or fewer.
    pub(super) fn change(&mut self, request: RequestId, by: i32) {
        for _ in 0..by.unsigned_abs() {
            if by > 0 {
                self.hold(request)
            } else {
                self.release(request)
            }
        }
    }

    /// The how-many-th message of this identity it is, from 0.
    pub(super) fn attempt(&mut self, request: RequestId, who: Identity) -> u16 {
        let sent = &mut self.requests.entry(request).or_default().sent;
        let bits = who.bits();
        match sent.iter_mut().find(|(id, _)| *id == bits) {
            Some((_, times)) => {
                *times = times.saturating_add(1);
                *times
            }
            None => {
                sent.push((bits, 0));
                0
            }
        }
    }

    /// Takes the requests that have come to own nothing since the last call,
    /// in order.
    pub(super) fn take_ended(&mut self, into: &mut Vec<RequestId>) {
        if self.ended.is_empty() {
            return;
        }
        self.ended.sort_unstable();
        self.ended.dedup();
        for request in self.ended.drain(..) {
            if self
                .requests
                .get(&request)
                .is_some_and(|owned| owned.things == 0)
            {
                self.requests.remove(&request);
                into.push(request);
            }
        }
    }

    /// All requests that still own something, in order.
    pub(super) fn all(&self) -> Vec<RequestId> {
        let mut all: Vec<RequestId> = self.requests.keys().copied().collect();
        all.sort_unstable();
        all
    }
}
