//! `indoubt chart`: a run under every protocol, drawn.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::files::write_whole;
use super::flags::{chosen, once, protocols, safeguards, seed, transactions};
use super::output::Screen;
use super::source::Source;
use crate::history::Sink;
use crate::lab::{self, HostChoice, RunError, RunOptions};
use crate::measure::{Bill, Meter, Timed, Timeline};
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::report::chart::{Bills, Chart, Queues, Spreads, Theme, Timelines};
use crate::report::quoted;
use crate::scenario::Scenario;
use crate::vocab::{Seed, SimTime};

const EXAMPLES: &str = "\
Examples:
  indoubt chart scenarios/lessons/03-in-doubt.toml --out in-doubt.svg
  indoubt chart scenarios/lessons/13-hot-row.toml --of latency --out latency.svg
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
    #[arg(long = "without", value_name = "SAFEGUARD", value_delimiter = ',', value_parser = safeguards())]
    without: Vec<Safeguard>,

    /// How many transactions are asked for in all [default: the scenario's own]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = transactions())]
    transactions: Option<u32>,

    /// Say something else than the file; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,

    /// What is drawn of the run
    #[arg(long = "of", value_enum, default_value_t, value_name = "WHAT")]
    what: Drawn,

    /// On what it is to be looked at
    #[arg(long, value_enum, default_value_t, value_name = "THEME")]
    theme: Paper,

    /// The picture: NAME.svg or NAME.png
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

/// What is drawn of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Drawn {
    /// Throughput, locks, doubt, half-done work and compensation debt over time
    #[default]
    Timeline,
    /// Who waits for which row when: a heat map of the rows that are waited for most
    Queues,
    /// How long requests take, to the last in a thousand
    Latency,
    /// How long waits for locks last
    LockWait,
    /// How long locks are held for writing
    LockHold,
    /// Messages and forced writes per committed request, by kind
    Costs,
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
    draw(&picture(args)?, &args.out, args.theme)?;
    let mut screen = Screen::new();
    writeln!(screen, "{}", drawing(&args.out))?;
    screen.flush()?;
    Ok(Exit::AsExpected)
}

/// Runs, and draws what came of it.
pub(super) fn picture(args: &ChartArgs) -> Result<Chart, Failure> {
    let source = Source::of(&args.scenario, &args.sets, args.transactions);
    let scenario = source.whole()?.scenario;
    let options = RunOptions {
        seed: args.seed.unwrap_or(scenario.seed),
        safeguards: Safeguards::all().less(&args.without),
        host: HostChoice::Direct,
    };
    let runs = Runs {
        args,
        scenario: &scenario,
        options,
        made_by: made_by(args, options.seed),
    };
    match args.what {
        Drawn::Timeline => runs.timeline(),
        Drawn::Queues => runs.queues(),
        Drawn::Latency => runs.spreads(Timed::Latency),
        Drawn::LockWait => runs.spreads(Timed::LockWait),
        Drawn::LockHold => runs.spreads(Timed::LockHold),
        Drawn::Costs => runs.costs(),
    }
}

/// The runs that are drawn: one a protocol.
struct Runs<'a> {
    args: &'a ChartArgs,
    scenario: &'a Arc<Scenario>,
    options: RunOptions,
    made_by: String,
}

impl Runs<'_> {
    /// What a sink hears under each protocol.
    fn heard<S: Sink>(
        &self,
        sink: impl Fn(ProtocolKind) -> S,
    ) -> Result<Vec<(ProtocolKind, S)>, Failure> {
        let mut heard = Vec::new();
        for protocol in chosen(&self.args.protocols) {
            let mut sink = sink(protocol);
            match lab::run(self.scenario, protocol, &self.options, &mut sink) {
                Ok(_) => heard.push((protocol, sink)),
                Err(RunError::CannotRun { .. }) if self.args.protocols.is_empty() => {}
                Err(error) => return Err(Failure::Run(error)),
            }
        }
        Ok(heard)
    }

    fn timeline(&self) -> Result<Chart, Failure> {
        let heard = self.heard(|protocol| Timeline::new(self.scenario, protocol))?;
        let courses = heard.into_iter();
        let courses: Vec<_> = courses
            .map(|(who, timeline)| (who, timeline.finish()))
            .collect();
        Ok(Chart::timeline(&Timelines {
            scenario: self.scenario,
            plan: &self.scenario.plan(self.options.seed),
            courses: &courses,
            made_by: &self.made_by,
        }))
    }

    fn queues(&self) -> Result<Chart, Failure> {
        let heard = self.heard(|protocol| Meter::new(self.scenario, protocol).keeping_waits())?;
        let ends = heard.iter().map(|(_, meter)| meter.last_word_at());
        let end = ends.max().unwrap_or(SimTime::ZERO);
        let waits = heard
            .iter()
            .map(|(who, meter)| (*who, meter.waits().to_vec()));
        Ok(Chart::queues(&Queues {
            scenario: self.scenario,
            waits: &waits.collect::<Vec<_>>(),
            end,
            made_by: &self.made_by,
        }))
    }

    fn spreads(&self, what: Timed) -> Result<Chart, Failure> {
        let heard = self.heard(|protocol| Meter::new(self.scenario, protocol))?;
        let spreads = heard
            .iter()
            .map(|(who, meter)| (*who, meter.distribution(what)));
        Ok(Chart::spreads(&Spreads {
            scenario: self.scenario,
            what,
            spreads: &spreads.collect::<Vec<_>>(),
            made_by: &self.made_by,
        }))
    }

    fn costs(&self) -> Result<Chart, Failure> {
        let heard = self.heard(|protocol| Bill::new(self.scenario, protocol))?;
        let costs = heard.into_iter().map(|(who, bill)| (who, bill.finish()));
        Ok(Chart::bills(&Bills {
            scenario: self.scenario,
            costs: &costs.collect::<Vec<_>>(),
            made_by: &self.made_by,
        }))
    }
}

/// What is said when a chart is written.
pub(super) fn drawing(file: &Path) -> String {
    format!("{} is drawn.", file.display())
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
    write_whole(file, &bytes)
}

/// The command that draws it again, in small print.
fn made_by(args: &ChartArgs, seed: Seed) -> String {
    let mut words = format!(
        "indoubt chart {} --seed {seed}",
        quoted(&args.scenario.display().to_string())
    );
    if let Some(what) = args
        .what
        .to_possible_value()
        .filter(|_| args.what != Drawn::default())
    {
        words.push_str(&format!(" --of {}", what.get_name()));
    }
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
    words + &drawn_to("--out", &args.out, args.theme)
}

/// Where a chart is drawn to, and on what, as flags: its name alone, for a picture is
/// the same in any folder.
pub(super) fn drawn_to(flag: &str, file: &Path, theme: Paper) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let theme = match theme {
        Paper::Light => "",
        Paper::Dark => " --theme dark",
    };
    format!(" {flag} {}{theme}", quoted(&name))
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
