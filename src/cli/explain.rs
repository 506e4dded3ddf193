//! `indoubt explain`: all about something that has a name.

use std::io::Write;

use clap::Args;

use super::exit::{Exit, Failure};
use super::flags::Format;
use super::output::{Screen, page};
use crate::report::{Term, explain};

/// What `explain` can be told.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A protocol, safeguard, fault, trigger, promise, metric or rule: `indoubt
    /// list` says which there are
    #[arg(value_name = "NAME")]
    name: String,

    /// How the page is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Prints the page.
pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, Failure> {
    let term = Term::named(&args.name).ok_or_else(|| nothing_called(&args.name))?;
    let text = match args.format {
        Format::Text => explain::explanation(&term, page()),
        Format::Json => explain::document(&term),
    };
    let mut screen = Screen::new();
    screen.write_all(text.as_bytes())?;
    screen.flush()?;
    Ok(Exit::AsExpected)
}

fn nothing_called(name: &str) -> Failure {
    let hint = match Term::like(name) {
        Some(like) => format!("did you mean `{like}`?"),
        None => "`indoubt list` says what there is".to_owned(),
    };
    Failure::Usage(format!("nothing is called `{name}`: {hint}"))
}
