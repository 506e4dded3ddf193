//! Hand-written histories: one that keeps each promise and one that breaks it.
//!
//! A history is a text, one event a line, a millisecond apart; see [`story`].

mod memory;
mod promises;
mod story;
