//! `indoubt chart`: what was measured, drawn.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::files::{cannot_write, write_with};
use super::flags::{chosen, once, protocols, safeguards, seed, transactions};
use super::output::Screen;
use super::source::Source;
use crate::lab::{self, HostChoice, RunError, RunOptions};
use crate::measure::Timeline;
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::report::chart::{Chart, Theme, Timelines};
use crate::report::quoted;
use crate::vocab::Seed;

const EXAMPLES: &str = "\
Examples:
  indoubt chart scenarios/lessons/03-in-doubt.toml --out in-doubt.svg
  indoubt chart scenarios/points-mall.toml --theme dark --out mall.png";

/// What `chart` can be told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ChartArgs {
    /// The scenario file (TOML)
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,

    /// The seed of the run [default: the scenario's own]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = seed)]
    seed: Option<Seed>,

    /// Only this protocol; may be repeated [default: all]
    #[arg(long = "protocol", value_name = "PROTOCOL", value_parser = protocols())]
    protocols: Vec<ProtocolKind>,

    /// Take a safeguard away; may be repeated
    #[arg(long = "without", value_name = "SAFEGUARD", value_parser = safeguards())]
    without: Vec<Safeguard>,

    /// How many transactions are asked for in all [default: the scenario's own]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = transactions())]
    transactions: Option<u32>,

    /// Say something else than the file; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,

    /// On what it is to be looked at
    #[arg(long, value_enum, default_value_t, value_name = "THEME")]
    theme: Paper,

    /// The picture: NAME.svg or NAME.png
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

/// On what a chart is to be looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Paper {
    /// Dark on light
    #[default]
    Light,
    /// Light on dark
    Dark,
}

/// Runs, draws and writes the picture.
pub(super) fn chart(args: &ChartArgs) -> Result<Exit, Failure> {
    Picture::of(&args.out)?;
    let source = Source::of(&args.scenario, &args.sets, args.transactions);
    let scenario = source.whole()?.scenario;
    let options = RunOptions {
        seed: args.seed.unwrap_or(scenario.seed),
        safeguards: Safeguards::all().less(&args.without),
        host: HostChoice::Direct,
    };
    let mut courses = Vec::new();
    for protocol in chosen(&args.protocols) {
        let mut timeline = Timeline::new(&scenario, protocol);
        match lab::run(&scenario, protocol, &options, &mut timeline) {
            Ok(_) => courses.push((protocol, timeline.finish())),
            Err(RunError::CannotRun { .. }) if args.protocols.is_empty() => {}
            Err(error) => return Err(Failure::Run(error)),
        }
    }
    let chart = Chart::timeline(&Timelines {
        scenario: &scenario,
        plan: &scenario.plan(options.seed),
        courses: &courses,
        made_by: &made_by(args, options.seed),
    });
    draw(&chart, &args.out, args.theme)?;
    let mut screen = Screen::new();
    writeln!(screen, "{} is drawn.", args.out.display())?;
    screen.flush()?;
    Ok(Exit::AsExpected)
}

/// Writes a chart as what its name says.
pub(super) fn draw(chart: &Chart, file: &Path, theme: Paper) -> Result<(), Failure> {
    let theme = match theme {
        Paper::Light => Theme::Light,
        Paper::Dark => Theme::Dark,
    };
    let bytes = match Picture::of(file)? {
        Picture::Svg => chart.svg(theme).into_bytes(),
        Picture::Png => chart.png(theme),
    };
    write_with(file, |out| {
        out.write_all(&bytes)
            .map_err(|error| cannot_write(file, &error))
    })
}

/// The command, in small print: what it is to be written to does not matter.
fn made_by(args: &ChartArgs, seed: Seed) -> String {
    let mut words = format!(
        "indoubt chart {} --seed {seed}",
        quoted(&args.scenario.display().to_string())
    );
    for protocol in &args.protocols {
        words.push_str(&format!(" --protocol {protocol}"));
    }
    for safeguard in once(&args.without) {
        words.push_str(&format!(" --without {safeguard}"));
    }
    if let Some(transactions) = args.transactions {
        words.push_str(&format!(" --transactions {transactions}"));
    }
    for set in &args.sets {
        words.push_str(&format!(" --set {}", quoted(set)));
    }
    words
}

/// What the picture is written as.
#[derive(Clone, Copy)]
pub(super) enum Picture {
    Svg,
    Png,
}

impl Picture {
    pub(super) fn of(file: &Path) -> Result<Self, Failure> {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => Ok(Picture::Svg),
            Some("png") => Ok(Picture::Png),
            _ => Err(Failure::Usage(format!(
                "{} is to be a picture: its name ends in .svg or .png",
                file.display()
            ))),
        }
    }
}
