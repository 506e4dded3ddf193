//! `indoubt explain`: all about something that has a name.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Args, Command};

use super::exit::{Exit, Failure};
use super::flags::Format;
use super::list::{SCENARIOS, toml_files};
use super::output::{Screen, page};
use crate::business::Equation;
use crate::report::{Found, Term, explain, list};
use crate::scenario;

/// What `explain` can be told.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A protocol, safeguard, fault, trigger, promise, metric, rule, word of the
    /// field, or key of the scenario language like `workload.retries`: `indoubt list`
    /// says which there are
    #[arg(value_name = "NAME", value_parser = Name, hide_possible_values = true)]
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
        None => named(args)?,
    };
    let mut screen = Screen::new();
    screen.write_all(text.as_bytes())?;
    screen.flush()?;
    Ok(Exit::AsExpected)
}

fn named(args: &ExplainArgs) -> Result<String, Failure> {
    let (term, others) = match (Term::find(&args.name), args.format) {
        (Found::One(term, others), _) => (term, others),
        (Found::Several(terms), Format::Text) => {
            return Ok(explain::choice(&args.name, &terms, page()));
        }
        (Found::Several(terms), Format::Json) => return Ok(list::terms_json(&args.name, &terms)),
        (Found::Nothing(like), _) => return Err(nothing_called(&args.name, like)),
    };
    let scenario = said_in(&term);
    let beside = explain::Beside {
        others: &others,
        scenario: scenario.as_deref(),
    };
    Ok(match args.format {
        Format::Text => explain::explanation(&term, beside, page()),
        Format::Json => explain::document(&term, beside),
    })
}

/// The first of the shipped scenarios, where they are to be had, that says something
/// with this key, or this word of it.
fn said_in(term: &Term) -> Option<String> {
    let (key, word) = match *term {
        Term::Key(key) => (key, None),
        Term::Accepted(key, word) => (key, Some(word)),
        _ => return None,
    };
    let files = toml_files(Path::new(SCENARIOS)).ok()?;
    let says =
        |file: &PathBuf| fs::read_to_string(file).is_ok_and(|text| key.is_said_in(&text, word));
    let file = files.into_iter().find(says)?;
    Some(file.display().to_string())
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

fn nothing_called(name: &str, like: Option<&str>) -> Failure {
    let hint = match like {
        Some(like) => format!("did you mean `{like}`?"),
        None => "`indoubt list` says what there is; for a promise in a scenario's own words, say \
                 which with `--scenario FILE`"
            .to_owned(),
    };
    Failure::Usage(format!("nothing is called `{name}`: {hint}"))
}

/// Any text; shells complete what there is, which is too much for a help page.
#[derive(Clone)]
struct Name;

impl TypedValueParser for Name {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let names = Term::names().iter();
        Some(Box::new(
            names.map(|name| PossibleValue::new(name.as_str())),
        ))
    }
}
