//! Experiments: run once, on either host or on both.

mod trial;

pub use trial::{Hosts, Trial};
