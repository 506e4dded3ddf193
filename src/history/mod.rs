//! What happened, in order: the waist between the half that makes things happen
//! and the half that judges and shows.
//!
//! A history is a stream of [`Event`]s that the *world* recorded. It is folded,
//! not kept: whoever wants it implements [`Sink`].

mod digest;
mod encoding;
mod event;

pub use digest::{Digest, DigestSink, ParseDigestError};
pub use event::{
    Class, Effect, Event, Left, LossReason, MsgId, Owner, Part, Rest, RollbackReason, What, Written,
};

/// Whoever takes in a history as it happens.
pub trait Sink {
    /// The next event.
    fn event(&mut self, event: &Event);
}

/// Keeps the whole history: for short runs and tests.
impl Sink for Vec<Event> {
    fn event(&mut self, event: &Event) {
        self.push(event.clone());
    }
}

/// Two sinks as one.
impl<A: Sink, B: Sink> Sink for (A, B) {
    fn event(&mut self, event: &Event) {
        self.0.event(event);
        self.1.event(event);
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn event(&mut self, event: &Event) {
        (**self).event(event);
    }
}

/// Hears nothing.
impl Sink for () {
    fn event(&mut self, _: &Event) {}
}
