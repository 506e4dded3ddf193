//! The saga without one.
