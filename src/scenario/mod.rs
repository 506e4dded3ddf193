//! The scenario language: from a TOML file to a [`Scenario`] that cannot be
//! invalid.

mod diagnostics;
mod equation;
mod file;
mod lower;
mod names;
mod read;
mod types;
mod value;

use std::path::Path;

pub use diagnostics::{ScenarioErrors, Style};
pub use types::{
    Arrivals, BrokerSpec, Choice, DatabaseSpec, Dist, Engine, Expectation, Link, MachineSpec,
    Network, OperatorEvent, Preparation, ProcessSpec, ProviderSpec, Reader, Scenario, Workload,
};

use diagnostics::Problems;

/// Reads a scenario from a file.
///
/// # Errors
/// Everything that is wrong with it, or that it cannot be read at all.
pub fn load(path: impl AsRef<Path>) -> Result<Scenario, ScenarioErrors> {
    let path = path.as_ref();
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&name, &text),
        Err(error) => Err(ScenarioErrors::unreadable(&name, &error.to_string())),
    }
}

/// Reads a scenario from text; `file_name` is what diagnostics call it, and its
/// stem is the scenario's name if the text gives none.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(file_name: &str, text: &str) -> Result<Scenario, ScenarioErrors> {
    let mut problems = Problems::default();
    let scenario = read::read(text, &mut problems)
        .and_then(|file| lower::lower(file_name, text, &file, &mut problems));
    scenario.ok_or_else(|| problems.of(file_name, text))
}

#[cfg(test)]
mod tests;
