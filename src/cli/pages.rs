//! `indoubt completions` and `indoubt man`: what a package ships beside the
//! program.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::exit::{Exit, Failure};
use super::flags::Cli;
use super::output::Screen;

/// What `completions` can be told.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// What `man` can be told.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Of which command [default: the program]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Prints a shell's completions.
pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "indoubt", &mut script);
    print(&script)
}

/// Prints a manual page.
pub(super) fn man(args: &ManArgs) -> Result<Exit, Failure> {
    let mut program = Cli::command();
    program.build();
    let page = match &args.command {
        None => program,
        Some(name) => command(&program, name)?,
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page).render(&mut roff)?;
    print(&roff)
}

fn command(program: &clap::Command, name: &str) -> Result<clap::Command, Failure> {
    let found = program.find_subcommand(name).ok_or_else(|| {
        let known = program.get_subcommands().map(|known| known.get_name());
        let known: Vec<String> = known.map(|known| format!("`{known}`")).collect();
        Failure::Usage(format!(
            "no command is called `{name}`; there are {}",
            known.join(", ")
        ))
    })?;
    Ok(found.clone())
}

fn print(bytes: &[u8]) -> Result<Exit, Failure> {
    let mut screen = Screen::new();
    screen.write_all(bytes)?;
    screen.flush()?;
    Ok(Exit::AsExpected)
}
