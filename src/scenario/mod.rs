//! The scenario language: from a TOML file to a [`Scenario`] that cannot be
//! invalid.

mod types;

pub use types::{
    Arrivals, BrokerSpec, Choice, DatabaseSpec, Dist, Engine, Expectation, Link, MachineSpec,
    Network, OperatorEvent, Preparation, ProcessSpec, ProviderSpec, Reader, Scenario, Workload,
};
