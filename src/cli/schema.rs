//! `indoubt schema`: the language as a JSON Schema.

use std::io::Write;

use super::exit::{Exit, Failure};
use super::output::Screen;
use crate::scenario;

/// Prints the schema.
pub(super) fn schema() -> Result<Exit, Failure> {
    let mut screen = Screen::new();
    screen.write_all(scenario::schema().as_bytes())?;
    screen.flush()?;
    Ok(Exit::AsExpected)
}
