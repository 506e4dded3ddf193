//! Who carries the machines of a world.
//!
//! - [`direct`] steps a machine where it stands: fast, the default.
//! - `madsim` gives every node a madsim node and task; it is the cross-check,
//!   and compiled under `cfg(madsim)` only.
//! - [`task`] makes a machine, for either host, of a protocol that is written as
//!   `async` functions.
//!
//! Both give the same history for every scenario, protocol and seed.

pub mod direct;
#[cfg(madsim)]
pub mod madsim;
pub mod task;
