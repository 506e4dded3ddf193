//! Experiments: run once, on either host or on both ([`run`]); [`hunt`] over seeds;
//! [`exhaust`] every fault at every point; [`shrink`] what broke; [`ablate`] what
//! keeps it from breaking; [`sweep`] a parameter and measure what it costs.
//!
//! Every experiment is a function from data to data, with an observer for
//! progress; nothing here reads a clock, prints or writes a file.

pub mod ablate;
pub mod exhaust;
pub mod hunt;
pub mod journal;
mod panics;
mod pool;
mod run;
pub mod shrink;
mod subject;
mod swarm;
pub mod sweep;
mod trial;
pub mod validation;

pub use panics::{catch, record_panics};
pub use run::{
    HostChoice, Judged, RunError, RunOptions, Runner, has_madsim, judge, own, run, run_own, shipped,
};
pub use subject::Subject;
pub use swarm::swarm;
pub use trial::{Hosts, Trial};
