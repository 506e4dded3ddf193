//! `indoubt measure`: what each protocol costs at every value of a parameter.

mod flags;

use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;

pub(super) use self::flags::MeasureArgs;
use self::flags::{MeasureFormat, Rows};
use super::chart::{Picture, draw, drawing, drawn_to};
use super::exit::{Exit, Failure};
use super::flags::{chosen, once, threads};
use super::journal::Journal;
use super::output::{Screen, page, say};
use super::progress::{bar, counting, interrupted};
use super::source::Source;
use crate::lab::hunt::Outcome;
use crate::lab::sweep::{Grid, Manifest, Sweep, SweepError};
use crate::measure::{COLUMNS, Column};
use crate::report::chart::Chart;
use crate::report::sweep::{self as report, Frame, Swept};
use crate::report::{line_to_paste, quoted};
use crate::scenario::Axis;

/// Measures, prints what was measured and says what it comes to.
pub(super) fn measure(args: &MeasureArgs) -> Result<Exit, Failure> {
    if let Some(file) = &args.chart {
        Picture::of(file)?;
    }
    if args.format == MeasureFormat::Parquet && io::stdout().is_terminal() {
        let why = "Parquet is nothing to read on a terminal: write it to a file, \
                   `--format parquet > runs.parquet`";
        return Err(Failure::Usage(why.to_owned()));
    }
    with_what_was_measured(args, |swept| {
        if let Some(file) = &args.chart {
            draw(&drawn(args, swept)?, file, args.theme)?;
            // Beside a report that may be for programs.
            say(&drawing(file));
        }
        let frame = || match args.rows {
            Rows::Runs => Frame::runs(swept),
            Rows::Cells => Frame::cells(swept),
        };
        let document = match args.format {
            MeasureFormat::Text => report::screen(swept, page()),
            MeasureFormat::Json => report::document(swept),
            MeasureFormat::Jsonl => report::lines(swept),
            MeasureFormat::Csv => frame().csv(),
            MeasureFormat::Parquet => {
                // No text: past the screen, which may take escape sequences away.
                io::stdout().lock().write_all(&frame().parquet())?;
                String::new()
            }
        };
        let mut screen = Screen::new();
        screen.write_all(document.as_bytes())?;
        screen.flush()?;
        Ok(match swept.outcome() {
            Outcome::AsExpected => Exit::AsExpected,
            Outcome::Inconclusive => Exit::Inconclusive,
            Outcome::NotAsExpected => Exit::NotAsExpected,
            Outcome::Bug => Exit::Bug,
        })
    })
}

/// Measures, and draws the first figure.
pub(super) fn picture(args: &MeasureArgs) -> Result<Chart, Failure> {
    with_what_was_measured(args, |swept| drawn(args, swept))
}

fn drawn(args: &MeasureArgs, swept: &Swept<'_>) -> Result<Chart, Failure> {
    let nothing = || Failure::Usage("there is no figure to draw".to_owned());
    let figure = *swept.figures.first().ok_or_else(nothing)?;
    // How the program was started is no part of a picture, which is the same on every
    // machine.
    let mut made_by = format!("indoubt {}", words(args, &[figure]));
    if let Some(file) = &args.chart {
        made_by.push_str(&drawn_to("--chart", file, args.theme));
    }
    let curves = report::curves(swept, figure, made_by).map_err(Failure::Usage)?;
    Ok(Chart::curves(&curves))
}

fn with_what_was_measured<T>(
    args: &MeasureArgs,
    use_it: impl FnOnce(&Swept<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let manifest = manifest(args)?;
    let sweep = manifest.sweep().map_err(unable)?;
    let grid = measured(args, &manifest, &sweep)?;
    use_it(&Swept {
        manifest: &manifest,
        sweep: &sweep,
        grid: &grid,
        figures: &figures(args),
        command: &line_to_paste(&words(args, &args.figures)),
    })
}

/// Runs what is not in the journal yet, and writes it there.
fn measured(args: &MeasureArgs, manifest: &Manifest, sweep: &Sweep) -> Result<Grid, Failure> {
    let mut grid = Grid::default();
    let mut journal = match &args.out {
        Some(dir) => Some(Journal::open(dir, manifest)?),
        None => None,
    };
    if let Some(journal) = &mut journal {
        for record in journal.read()? {
            grid.take(record);
        }
    }
    let bar = bar(Some(sweep.wanted()), &counting(" points and seeds"));
    bar.set_position(grid.done());
    bar.reset_eta();
    let interrupted = interrupted()?;
    let mut failed: Option<Failure> = None;
    let mut fresh = Vec::new();
    sweep.run(&grid, threads(args.jobs).get(), |record| {
        bar.inc(1);
        if let Some(journal) = &mut journal
            && failed.is_none()
        {
            failed = journal.append(&record).err();
        }
        fresh.push(record);
        match failed.is_some() || interrupted() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    bar.finish_and_clear();
    fresh.into_iter().for_each(|record| grid.take(record));
    match failed {
        Some(failure) => Err(failure),
        None => Ok(grid),
    }
}

fn manifest(args: &MeasureArgs) -> Result<Manifest, Failure> {
    let sets = settings(args);
    let subject = Source::of(&args.scenario, &sets, None).subject()?;
    let (protocols, without) = (chosen(&args.protocols), once(&args.without));
    Ok(Manifest {
        bench: env!("CARGO_PKG_VERSION").to_owned(),
        file: args.scenario.display().to_string(),
        scenario: subject.text().to_owned(),
        axes: axes(&subject.scenario().sweep, &args.sweeps),
        protocols: protocols.iter().map(|p| p.name().to_owned()).collect(),
        without: without.iter().map(|s| s.name().to_owned()).collect(),
        seeds: args.seeds,
        sets,
    })
}

/// All that is set on top of the file: what has a flag of its own, too.
fn settings(args: &MeasureArgs) -> Vec<String> {
    let transactions = args.transactions.iter();
    let transactions = transactions.map(|n| format!("workload.transactions={n}"));
    let warm_up = args.warm_up.iter();
    let warm_up = warm_up.map(|time| format!("workload.warm-up={}us", time.as_micros()));
    let sets = args.sets.iter().cloned();
    sets.chain(transactions).chain(warm_up).collect()
}

/// What varies: what the file says, but where the command line says otherwise.
fn axes(file: &[Axis], flags: &[Axis]) -> Vec<Axis> {
    let said = |path: &str| flags.iter().find(|axis| axis.path == path);
    let kept = file.iter().map(|axis| said(&axis.path).unwrap_or(axis));
    let fresh = |flag: &&Axis| file.iter().all(|axis| axis.path != flag.path);
    kept.chain(flags.iter().filter(fresh)).cloned().collect()
}

/// What was asked for; else a few for people, and all for programs.
fn figures(args: &MeasureArgs) -> Vec<&'static Column> {
    match (args.figures.as_slice(), args.format) {
        ([], MeasureFormat::Text) => {
            let names = report::FIGURES.into_iter();
            names.filter_map(Column::named).collect()
        }
        ([], _) => COLUMNS.iter().collect(),
        (named, _) => named.to_vec(),
    }
}

fn unable(error: SweepError) -> Failure {
    match error {
        SweepError::Scenario(errors) => Failure::Scenario(errors),
        other => Failure::Usage(other.to_string()),
    }
}

/// What prints the same of these figures, as words of a line to paste.
fn words(args: &MeasureArgs, figures: &[&Column]) -> String {
    let mut line = "measure ".to_owned();
    line.push_str(&quoted(&args.scenario.display().to_string()));
    let mut flag = |name: &str, value: &str| {
        line.push_str(&format!(" --{name} {}", quoted(value)));
    };
    for axis in &args.sweeps {
        flag("sweep", &axis.to_string());
    }
    flag("seeds", &args.seeds.to_string());
    for protocol in &args.protocols {
        flag("protocol", protocol.name());
    }
    for safeguard in &args.without {
        flag("without", safeguard.name());
    }
    for set in &args.sets {
        flag("set", set);
    }
    if let Some(transactions) = args.transactions {
        flag("transactions", &transactions.to_string());
    }
    if let Some(time) = args.warm_up {
        flag("warm-up", &format!("{}us", time.as_micros()));
    }
    for figure in figures {
        flag("figure", figure.name);
    }
    line
}
