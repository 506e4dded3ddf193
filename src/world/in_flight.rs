//! Who is still in flight: a request that still owns a message, timer, call,
//! lock, branch, log row or unsent letter, or whose client still waits.

use crate::vocab::{FastMap, Identity, RequestId};

/// Counts what every request owns.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight {
    /// Where in `owned` each request has its place.
    places: FastMap<RequestId, usize>,
    owned: Vec<Owned>,
    free: Vec<usize>,
    /// Who was counted last. What is counted of one request comes in runs: an
    /// input is one request's, and so are its effects.
    last: Option<(RequestId, usize)>,
    /// Requests that came to own nothing; looked at again between two inputs.
    ended: Vec<RequestId>,
}

#[derive(Clone, Debug, Default)]
struct Owned {
    things: u32,
    /// How often each message was sent: the attempt is part of its identity.
    sent: Vec<(u64, u16)>,
}

impl InFlight {
    /// The request owns one thing more.
    pub(super) fn hold(&mut self, request: RequestId) {
        self.owned(request).things += 1;
    }

    /// The request owns one thing less.
    pub(super) fn release(&mut self, request: RequestId) {
        let owned = self.owned(request);
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
        let sent = &mut self.owned(request).sent;
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

    /// Whether requests have come to own nothing since they were last taken.
    pub(super) fn has_ended(&self) -> bool {
        !self.ended.is_empty()
    }

    /// Takes the requests that have come to own nothing since the last call,
    /// in order.
    pub(super) fn take_ended(&mut self, into: &mut Vec<RequestId>) {
        self.ended.sort_unstable();
        self.ended.dedup();
        for request in self.ended.drain(..) {
            let place = self.places.get(&request).copied();
            if let Some(place) = place.filter(|&place| self.owned[place].things == 0) {
                self.places.remove(&request);
                self.owned[place].sent.clear();
                self.free.push(place);
                self.last = None;
                into.push(request);
            }
        }
    }

    /// All requests that still own something, in order.
    pub(super) fn all(&self) -> Vec<RequestId> {
        let mut all: Vec<RequestId> = self.places.keys().copied().collect();
        all.sort_unstable();
        all
    }

    /// What a request owns; it gets a place if it has none.
    fn owned(&mut self, request: RequestId) -> &mut Owned {
        let place = match self.last {
            Some((last, place)) if last == request => place,
            _ => self.find(request),
        };
        &mut self.owned[place]
    }

    fn find(&mut self, request: RequestId) -> usize {
        let place = *self.places.entry(request).or_insert_with(|| {
            self.free.pop().unwrap_or_else(|| {
                self.owned.push(Owned::default());
                self.owned.len() - 1
            })
        });
        self.last = Some((request, place));
        place
    }
}
