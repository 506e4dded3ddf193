//! What happened, in order: the waist between the half that makes things happen
//! and the half that judges and shows.
//!
//! A history is a stream of [`Event`]s that the *world* recorded. It is folded,
//! not kept: whoever wants it implements [`Sink`].

mod digest;
mod event;
mod page;
mod point;

pub use digest::{Digest, DigestSink, ParseDigestError};
pub use event::{
    Class, Effect, Event, Left, LossReason, MsgId, Owner, Part, Rest, RollbackReason, What, Written,
};
pub use point::{Point, PointKind};

/// Whoever takes in a history as it happens.
pub trait Sink {
    /// The next event.
    fn event(&mut self, event: &Event);

    /// Whether [`point`](Sink::point) is to be called at all.
    fn hears_points(&self) -> bool {
        false
    }

    /// The next numbered point. What follows it, until the next, is what happens
    /// there. Points are no part of the history: a fault that strikes at one is.
    fn point(&mut self, _: &Point) {}

    /// How many bytes the message has that was sent with the last event. No event says
    /// so, and no digest depends on it.
    fn weighs(&mut self, _bytes: u32) {}
}

/// Keeps the whole history: for short runs and tests.
impl Sink for Vec<Event> {
    fn event(&mut self, event: &Event) {
        self.push(event.clone());
    }
}

/// Two sinks as one.
impl<A: Sink, B: Sink> Sink for (A, B) {
    #[inline]
    fn event(&mut self, event: &Event) {
        self.0.event(event);
        self.1.event(event);
    }

    fn hears_points(&self) -> bool {
        self.0.hears_points() || self.1.hears_points()
    }

    fn point(&mut self, point: &Point) {
        self.0.point(point);
        self.1.point(point);
    }

    fn weighs(&mut self, bytes: u32) {
        self.0.weighs(bytes);
        self.1.weighs(bytes);
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn event(&mut self, event: &Event) {
        (**self).event(event);
    }

    fn hears_points(&self) -> bool {
        (**self).hears_points()
    }

    fn point(&mut self, point: &Point) {
        (**self).point(point);
    }

    fn weighs(&mut self, bytes: u32) {
        (**self).weighs(bytes);
    }
}

/// Hears nothing.
impl Sink for () {
    fn event(&mut self, _: &Event) {}
}
