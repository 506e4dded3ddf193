//! `indoubt diff`: where two saved histories part.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::flags::Format;
use super::output::Screen;
use crate::report::replay::{json, text};
use crate::report::saved::{self, Header, Lines, Unreadable, Which, first_difference};

const EXIT_CODES: &str = "\
Exit codes:
   0  the histories are the same
   1  they part
   2  usage error, or a file is no saved history";

/// What `diff` can be told.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct DiffArgs {
    /// A history that `run --save` wrote
    #[arg(value_name = "A")]
    one: PathBuf,

    /// Another one
    #[arg(value_name = "B")]
    other: PathBuf,

    /// How the difference is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Compares two files and says where they part.
pub(super) fn diff(args: &DiffArgs) -> Result<Exit, Failure> {
    let (header, one) = open(&args.one)?;
    let (theirs, other) = open(&args.other)?;
    let parting = first_difference(one, other).map_err(|(which, error)| {
        let file = if which == Which::One {
            &args.one
        } else {
            &args.other
        };
        unreadable(file, &error)
    })?;
    let document = match args.format {
        Format::Json => json::difference(&header, &theirs, parting.as_ref()),
        Format::Text => {
            let name = |path: &Path| path.display().to_string();
            let (one, other) = (name(&args.one), name(&args.other));
            text::difference((&one, &header), (&other, &theirs), parting.as_ref())
        }
    };
    let mut screen = Screen::new();
    screen.write_all(document.as_bytes())?;
    screen.flush()?;
    Ok(if parting.is_none() {
        Exit::AsExpected
    } else {
        Exit::NotAsExpected
    })
}

/// Opens a saved history.
pub(super) fn open(path: &Path) -> Result<(Header, Lines<BufReader<File>>), Failure> {
    let file = File::open(path)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))?;
    saved::read(BufReader::new(file)).map_err(|error| unreadable(path, &error))
}

/// That a file is no saved history, or not a whole one.
pub(super) fn unreadable(path: &Path, why: &Unreadable) -> Failure {
    Failure::Usage(format!("cannot read {}: {why}", path.display()))
}
