//! `indoubt gallery`: charts that belong together, and the page that tells their story.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Parser};

use super::exit::{Exit, Failure};
use super::files::write_whole;
use super::flags::{Cli, Command};
use super::output::Screen;
use super::progress::{bar, counting};
use super::{chart, measure};
use crate::report::chart::{Chart, Theme};
use crate::report::gallery::{Entry, Gallery, Picture};

const EXAMPLES: &str = "\
Examples:
  indoubt gallery
  indoubt gallery --only hot-row --only in-doubt --check
  indoubt gallery talks/gallery.toml

Exit codes:
   0  all is drawn, or is as it was
   1  with --check: something is not as it was
   2  usage error, an error in a file, or output cannot be written";

/// What `gallery` can be told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct GalleryArgs {
    /// The gallery (TOML); the page and the charts go beside it
    #[arg(value_name = "GALLERY", default_value = "reports/gallery.toml")]
    file: PathBuf,

    /// Only this chart, and not the page; may be repeated
    #[arg(long = "only", value_name = "CHART")]
    only: Vec<String>,

    /// Write nothing; say what would be written and is not there, byte for byte
    #[arg(long)]
    check: bool,
}

/// Draws everything, and writes it or compares it.
pub(super) fn gallery(args: &GalleryArgs) -> Result<Exit, Failure> {
    let text = fs::read_to_string(&args.file);
    let text = text
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", args.file.display())))?;
    let wrong = |why: String| Failure::Usage(format!("{}: {why}", args.file.display()));
    let gallery = Gallery::parse(&text).map_err(wrong)?;
    let wanted = gallery.wanted(&args.only).map_err(wrong)?;
    let folder = args.file.parent().unwrap_or(Path::new(""));
    let mut store = Store {
        folder,
        check: args.check,
        screen: Screen::new(),
        files: 0,
        others: 0,
    };
    let progress = bar(Some(wanted.len() as u64), &counting(" charts"));
    let mut charts = Vec::new();
    for entry in &wanted {
        let chart = drawn(entry).map_err(|why| wrong(format!("[{}] {why}", entry.name)))??;
        store.picture(&entry.picture(), &chart)?;
        charts.push(chart);
        progress.inc(1);
    }
    progress.finish_and_clear();
    if args.only.is_empty() {
        if let Some(poster) = &gallery.poster {
            let command = "indoubt gallery";
            let chart = Chart::poster(&poster.says, &poster.about, &charts, command);
            store.picture(&Picture::poster(), &chart)?;
        }
        store.put(Path::new("README.md"), gallery.page().as_bytes())?;
    }
    store.close()
}

/// The chart of an entry, or why its command draws none.
fn drawn(entry: &Entry) -> Result<Result<Chart, Failure>, String> {
    let cli = Cli::try_parse_from(entry.arguments()?);
    let cli = cli.map_err(|usage| {
        let usage = usage.render().to_string();
        usage
            .strip_prefix("error: ")
            .unwrap_or(&usage)
            .trim_end()
            .to_owned()
    })?;
    Ok(match &cli.command {
        Command::Chart(args) => chart::picture(args),
        Command::Measure(args) => measure::picture(args),
        _ => unreachable!("the command of an entry is one of these"),
    })
}

/// Where pictures go; or what they are compared with.
struct Store<'a> {
    folder: &'a Path,
    check: bool,
    screen: Screen,
    files: usize,
    /// Files that are not what they should be.
    others: usize,
}

impl Store<'_> {
    fn picture(&mut self, picture: &Picture, chart: &Chart) -> Result<(), Failure> {
        self.put(&picture.light, chart.svg(Theme::Light).as_bytes())?;
        self.put(&picture.dark, chart.svg(Theme::Dark).as_bytes())
    }

    fn put(&mut self, name: &Path, contents: &[u8]) -> Result<(), Failure> {
        let path = self.folder.join(name);
        self.files += 1;
        if !self.check {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            return write_whole(&path, contents);
        }
        let why = match fs::read(&path) {
            Ok(there) if there == contents => return Ok(()),
            Ok(_) => "is not as it is drawn now".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        self.others += 1;
        writeln!(self.screen, "{} {why}", path.display())?;
        Ok(())
    }

    fn close(mut self) -> Result<Exit, Failure> {
        let (files, others) = (self.files, self.others);
        match self.check {
            true => writeln!(
                self.screen,
                "{} of {files} files are as they were.",
                files - others
            )?,
            false => writeln!(
                self.screen,
                "{files} files are written to {}.",
                self.folder.display()
            )?,
        }
        self.screen.flush()?;
        Ok(match others {
            0 => Exit::AsExpected,
            _ => Exit::NotAsExpected,
        })
    }
}
