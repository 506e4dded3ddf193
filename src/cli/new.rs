//! `indoubt new`: a scenario to begin with.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failure};
use super::output::Screen;
use crate::report::{line_to_paste, quoted};

const STARTER: &str = include_str!("starter.toml");

/// What `new` can be told.
#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// What the scenario is called: the file is NAME.toml, which must not be there
    #[arg(value_name = "NAME", default_value = "scenario")]
    name: String,
}

/// Writes the starter scenario, over nothing.
pub(super) fn new(args: &NewArgs) -> Result<Exit, Failure> {
    let file = file(&args.name)?;
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&file)
        .and_then(|mut open| open.write_all(STARTER.as_bytes()));
    let shown = file.display();
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Failure::Usage(format!(
                "{shown} is there already, and stays as it is: give another name"
            )));
        }
        Err(error) => {
            return Err(Failure::Usage(format!("cannot write {shown}: {error}")));
        }
    }
    let again = quoted(&shown.to_string());
    let mut screen = Screen::new();
    writeln!(
        screen,
        "{shown} is written. Run it with:\n  {}",
        line_to_paste(&format!("run {again}"))
    )?;
    screen.flush()?;
    Ok(Exit::AsExpected)
}

/// `NAME.toml`; a path may stand before the name, and the ending may be there.
fn file(name: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(name.strip_suffix(".toml").unwrap_or(name));
    let Some(stem) = path.file_name().filter(|_| !name.ends_with('/')) else {
        return Err(Failure::Usage(format!(
            "`{name}` is no name for a scenario"
        )));
    };
    let mut file = stem.to_os_string();
    file.push(".toml");
    Ok(path.with_file_name(file))
}
