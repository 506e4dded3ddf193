//! Flags, files, terminal, exit codes: the only room that prints.
//!
//! A file a command; [`main`] reads the flags, calls the command and turns what
//! came of it into an exit code.

mod ablate;
mod bug;
mod chart;
mod check;
mod compare;
mod diff;
mod exhaust;
mod exit;
mod explain;
mod files;
mod flags;
mod gallery;
mod hunt;
mod journal;
mod list;
mod measure;
mod new;
mod output;
mod pages;
mod progress;
mod replay;
mod run;
mod save;
mod schema;
mod shrink;
mod source;
mod validate;

use std::process::ExitCode;

use clap::Parser;

use crate::report;
use exit::Failure;
use flags::{Cli, Command};

/// Lines to paste begin as this process was begun: through cargo, which tells the
/// processes that it starts where it is, or by its own name.
fn name_program() {
    let by_name = std::env::args()
        .next()
        .filter(|_| std::env::var_os("CARGO").is_none());
    if let Some(name) = by_name {
        report::set_program(report::quoted(&name));
    }
}

/// The program: everything but the process's own frame.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(flags::arguments()) {
        Ok(cli) => cli,
        Err(usage) => return flags::refuse(&usage),
    };
    anstream::ColorChoice::write_global(cli.color.choice());
    output::lay_out_for(cli.width);
    name_program();
    bug::record_panics();
    let outcome = bug::catch(|| match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Hunt(args) => hunt::hunt(args),
        Command::Merge(args) => hunt::merge(args),
        Command::Measure(args) => measure::measure(args),
        Command::Validate(args) => validate::validate(args),
        Command::Ablate(args) => ablate::ablate(args),
        Command::Shrink(args) => shrink::shrink(args),
        Command::Exhaust(args) => exhaust::exhaust(args),
        Command::Replay(args) => replay::replay(args),
        Command::Chart(args) => chart::chart(args),
        Command::Gallery(args) => gallery::gallery(args),
        Command::Diff(args) => diff::diff(args),
        Command::List(args) => list::list(args),
        Command::Explain(args) => explain::explain(args),
        Command::Completions(args) => pages::completions(args),
        Command::Man(args) => pages::man(args),
        Command::Check(args) => check::check(args),
        Command::New(args) => new::new(args),
        Command::Schema => schema::schema(),
    });
    match outcome {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => failure.tell().into(),
        Err(invariant) => Failure::Bug {
            invariant,
            again: bug::this_very_command(),
        }
        .tell()
        .into(),
    }
}
