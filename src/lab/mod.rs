//! Experiments: run once, on either host or on both.

mod run;
mod trial;

pub use run::{HostChoice, RunError, RunOptions, has_madsim, run, run_own};
pub use trial::{Hosts, Trial};
