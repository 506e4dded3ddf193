//! What can be asked for on the command line: the commands, and what several of
//! them can be told. What one alone can be told stands in its own file.

use std::ffi::OsString;
use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};

use super::ablate::AblateArgs;
use super::chart::ChartArgs;
use super::check::CheckArgs;
use super::diff::DiffArgs;
use super::exhaust::ExhaustArgs;
use super::explain::ExplainArgs;
use super::gallery::GalleryArgs;
use super::hunt::{HuntArgs, MergeArgs};
use super::list::ListArgs;
use super::measure::MeasureArgs;
use super::new::NewArgs;
use super::pages::{CompletionsArgs, ManArgs};
use super::replay::ReplayArgs;
use super::run::{RunArgs, TraceForm};
use super::shrink::ShrinkArgs;
use super::validate::ValidateArgs;
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::scenario::MOST_TRANSACTIONS;
use crate::vocab::Seed;

const ABOUT: &str = "Put a distributed transaction on trial before production does";

const LONG_ABOUT: &str = "\
Put a distributed transaction on trial before production does.

A scenario file says which services there are, which business transaction they \
do together, who asks for it, and what goes wrong. InDoubt runs it under \
two-phase commit, an orchestrated and a choreographed saga, and as the baseline \
a monolith: in a deterministic simulation, under the same workload and the same \
faults. It says which promises held, which broke, and what it cost.";

const AFTER_HELP: &str = "\
Exit codes:
   0  everything is as the scenario expects
   1  something is not as the scenario expects
   2  usage error, an error in the scenario file, or output cannot be written
   3  inconclusive: the run does not say
  70  a bug of the bench; standard error says how to show it again";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "indoubt", version, about = ABOUT, long_about = LONG_ABOUT)]
#[command(after_help = AFTER_HELP, arg_required_else_help = true, max_term_width = 100)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,

    /// When to colour the output; `auto` also heeds NO_COLOR and CLICOLOR
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,

    /// How many columns text is laid out for, 80 to 120 [default: as many as the
    /// terminal has; 80 where there is none]
    #[arg(long, global = true, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(80..=120))]
    pub(super) width: Option<u16>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a scenario under several protocols, side by side
    ///
    /// Runs a scenario under several protocols side by side, judges every promise
    /// and measures what it cost. The same command gives the same bytes, always.
    Run(RunArgs),
    /// Hunt for bugs: the scenario under many seeds, each with faults and a workload
    /// of its own
    ///
    /// Every seed draws which kinds of fault may occur, how many and when, and the
    /// shape of the workload. Findings are grouped into bugs, each with a line to
    /// paste; what should have happened in some run and never did is listed as a
    /// hole.
    Hunt(HuntArgs),
    /// Put the parts of a hunt together: the folders that `hunt --shard --out` wrote
    Merge(MergeArgs),
    /// Measure what each protocol costs while a parameter of the scenario varies
    ///
    /// Runs the scenario at every value of one or several of its parameters, under
    /// every protocol, on several seeds: means with 95 % confidence intervals, as a
    /// table, CSV or JSON. Promises are judged in every run.
    Measure(MeasureArgs),
    /// Hold what is measured against what queueing theory and the literature say
    ///
    /// Locks, queues, flushes: scenarios so plain that theory says what must come
    /// out, simulated, with the difference and a bound. A page of Markdown.
    Validate(ValidateArgs),
    /// Take the safeguards away, one at a time, and show what breaks without each
    ///
    /// For every safeguard and protocol: the promise that broke, the first seed, how
    /// many seeds show it, and the smallest run in words. One that nobody misses is
    /// a hole in the checks.
    Ablate(AblateArgs),
    /// Shrink a run that breaks a promise to the smallest scenario that still does
    ///
    /// Fewest requests and faults, shortest times, round numbers: a file that stands
    /// for itself and breaks the same promise in the same way.
    Shrink(ShrinkArgs),
    /// Try every fault at every point of a run, one at a time or in pairs
    ///
    /// Every send, delivery, write, sync, commit and timer of every role is a
    /// numbered point; everything that can go wrong there is tried in a run of its
    /// own. What is certain to show the same is left out, and counted.
    Exhaust(ExhaustArgs),
    /// Run one run again, check that it is the same, and explain what broke
    ///
    /// Runs a saved history, or a scenario under one protocol, again; says whether
    /// the history is the same, bit for bit; and draws the first promise that broke
    /// as a space-time diagram: a lane a node, time going down, an arrow a message.
    Replay(ReplayArgs),
    /// Draw a run, all protocols side by side: over time, its queues, latencies, locks
    /// or costs
    Chart(ChartArgs),
    /// Draw all charts of a gallery, and the page that tells their story
    ///
    /// A gallery is a file of commands, each a chart, and of what is to be seen in it.
    /// `--check` draws them again and compares the bytes.
    Gallery(GalleryArgs),
    /// Say where two saved histories part
    Diff(DiffArgs),
    /// Say whether scenario files are right, and run nothing
    ///
    /// One line for every file that is right, on standard output; everything that
    /// is wrong with the others, on standard error.
    Check(CheckArgs),
    /// Write a scenario to begin with, with comments
    New(NewArgs),
    /// Print the JSON Schema of scenario files, for editors
    Schema,

    /// List what there is: scenarios, protocols, safeguards, faults, keys, words, ...
    List(ListArgs),

    /// Explain a name: a safeguard, promise, protocol, fault, metric, key, word, ...
    Explain(ExplainArgs),

    /// Print a shell's completions, to be put where the shell looks for them
    Completions(CompletionsArgs),

    /// Print the manual page, of the program or of a command
    Man(ManArgs),
}

/// How the outcome is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// The arguments of this process; `--trace lanes` is `--trace=lanes`, although
/// a value that may be left out needs the sign.
pub(super) fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    for argument in std::env::args_os() {
        let form = argument
            .to_str()
            .filter(|word| TraceForm::from_str(word, false).is_ok());
        match (form, arguments.last_mut()) {
            (Some(form), Some(last)) if last == "--trace" => last.push(format!("={form}")),
            _ => arguments.push(argument),
        }
    }
    arguments
}

/// When to colour the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    pub(super) fn choice(self) -> anstream::ColorChoice {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }
}

/// A seed.
pub(super) fn seed(text: &str) -> Result<Seed, String> {
    let number = text.parse().map(Seed);
    number.map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// As many as a scenario file may ask for.
pub(super) fn transactions() -> impl TypedValueParser<Value = u32> {
    clap::value_parser!(u32).range(1..=i64::from(MOST_TRANSACTIONS))
}

pub(super) fn protocols() -> impl TypedValueParser<Value = ProtocolKind> {
    let values = ProtocolKind::ALL
        .map(|protocol| PossibleValue::new(protocol.name()).help(protocol.meaning()));
    PossibleValuesParser::new(values).map(|name| {
        ProtocolKind::named(&name).expect("the parser accepts the names of protocols alone")
    })
}

pub(super) fn safeguards() -> impl TypedValueParser<Value = Safeguard> {
    let values = Safeguard::ALL
        .iter()
        .map(|safeguard| PossibleValue::new(safeguard.name()).help(safeguard.without()));
    PossibleValuesParser::new(values).map(|name| {
        Safeguard::named(&name).expect("the parser accepts the names of safeguards alone")
    })
}

/// The protocols that were named, in the order in which all are shown; all, if none
/// was.
pub(super) fn chosen(named: &[ProtocolKind]) -> Vec<ProtocolKind> {
    let all = ProtocolKind::ALL.into_iter();
    all.filter(|protocol| named.is_empty() || named.contains(protocol))
        .collect()
}

/// The safeguards that were named, each once, in the order in which all are shown.
pub(super) fn once(named: &[Safeguard]) -> Vec<Safeguard> {
    Safeguards::all().less(named).missing().collect()
}

/// As many threads as were asked for, or as there are cores.
pub(super) fn threads(jobs: Option<u16>) -> NonZeroUsize {
    match jobs.and_then(|jobs| NonZeroUsize::new(usize::from(jobs))) {
        Some(jobs) => jobs,
        None => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    }
}

/// So many threads, and not none.
pub(super) fn jobs() -> impl TypedValueParser<Value = u16> {
    clap::value_parser!(u16).range(1..=1024)
}

/// Prints what clap has to say: help and version are no error.
pub(super) fn refuse(usage: &clap::Error) -> ExitCode {
    match usage.print() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        _ => ExitCode::from(usage.exit_code() as u8),
    }
}
