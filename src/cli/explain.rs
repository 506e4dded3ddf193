//! `indoubt explain`: all about something that has a name.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::flags::Format;
use super::output::{Screen, page};
use crate::business::Equation;
use crate::report::{Term, explain};
use crate::scenario;

/// What `explain` can be told.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A protocol, safeguard, fault, trigger, promise, metric or rule: `indoubt
    /// list` says which there are
    #[arg(value_name = "NAME")]
    name: String,

    /// Explain a promise that this scenario makes in its own words; a part of its
    /// name is enough
    #[arg(long, value_name = "SCENARIO")]
    scenario: Option<PathBuf>,

    /// How the page is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Prints the page.
pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, Failure> {
    let text = match &args.scenario {
        Some(file) => own_promise(args, file)?,
        None => {
            let term = Term::named(&args.name).ok_or_else(|| nothing_called(&args.name))?;
            match args.format {
                Format::Text => explain::explanation(&term, page()),
                Format::Json => explain::document(&term),
            }
        }
    };
    let mut screen = Screen::new();
    screen.write_all(text.as_bytes())?;
    screen.flush()?;
    Ok(Exit::AsExpected)
}

fn own_promise(args: &ExplainArgs, file: &Path) -> Result<String, Failure> {
    let scenario = scenario::load(file).map_err(Failure::Scenario)?;
    let shown = file.display().to_string();
    let equation = meant(&scenario.business.equations, &args.name)
        .map_err(|why| Failure::Usage(format!("{shown}: {why}")))?;
    Ok(match args.format {
        Format::Text => explain::own_promise(&scenario, equation, &shown, page()),
        Format::Json => explain::own_promise_document(&scenario, equation, &shown),
    })
}

/// The promise of this name, or the only one whose name has this part.
fn meant<'e>(equations: &'e [Equation], name: &str) -> Result<&'e Equation, String> {
    let wanted = name.trim().to_lowercase();
    let whole = |equation: &&Equation| equation.name.to_lowercase() == wanted;
    let part = |equation: &&Equation| equation.name.to_lowercase().contains(&wanted);
    if let Some(found) = equations.iter().find(whole) {
        return Ok(found);
    }
    let named = |equations: &[&Equation]| {
        let names = equations
            .iter()
            .map(|equation| format!("`{}`", equation.name));
        names.collect::<Vec<_>>().join(", ")
    };
    let all: Vec<&Equation> = equations.iter().collect();
    match (
        &equations.iter().filter(part).collect::<Vec<_>>()[..],
        &all[..],
    ) {
        ([only], _) => Ok(only),
        ([], []) => Err("this scenario makes no promise in its own words".to_owned()),
        ([], all) => Err(format!(
            "no promise is called `{name}`: in its own words this scenario promises {}",
            named(all)
        )),
        (some, _) => Err(format!("`{name}` may be {}", named(some))),
    }
}

fn nothing_called(name: &str) -> Failure {
    let hint = match Term::like(name) {
        Some(like) => format!("did you mean `{like}`?"),
        None => "`indoubt list` says what there is; for a promise in a scenario's own words, say \
                 which with `--scenario FILE`"
            .to_owned(),
    };
    Failure::Usage(format!("nothing is called `{name}`: {hint}"))
}
