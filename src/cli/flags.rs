//! What can be asked for on the command line.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::compare::Change;
use super::diff::DiffArgs;
use super::exhaust::ExhaustArgs;
use super::explain::ExplainArgs;
use super::list::ListArgs;
use super::pages::{CompletionsArgs, ManArgs};
use super::replay::ReplayArgs;
use crate::lab::HostChoice;
use crate::lab::hunt::{SeedRange, Shard};
use crate::protocol::{ProtocolKind, Safeguard};
use crate::report::trace::Form;
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

const RUN_EXAMPLES: &str = "\
Examples:
  indoubt run scenarios/points-mall.toml
  indoubt run scenarios/points-mall.toml --without outbox
  indoubt run scenarios/points-mall.toml --compare without=outbox
  indoubt run scenarios/points-mall.toml --protocol 2pc --seed random
  indoubt run scenarios/points-mall.toml --set machines.points.database.flush=5ms
  indoubt run scenarios/order-stock.toml --protocol choreographed --transactions 3 --trace
  indoubt run scenarios/points-mall.toml --protocol 2pc --trace=lanes --filter to=20ms

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

    /// List what there is: scenarios, protocols, safeguards, faults, ...
    List(ListArgs),

    /// Explain a safeguard, promise, protocol, fault, trigger, metric or rule
    Explain(ExplainArgs),

    /// Print a shell's completions, to be put where the shell looks for them
    Completions(CompletionsArgs),

    /// Print the manual page, of the program or of a command
    Man(ManArgs),
}

/// What `new` can be told.
#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// What the scenario is called: the file is NAME.toml, which must not be there
    #[arg(value_name = "NAME", default_value = "scenario")]
    pub(super) name: String,
}

/// What `check` can be told.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The scenario files (TOML)
    #[arg(value_name = "SCENARIO", required = true)]
    pub(super) files: Vec<PathBuf>,

    /// Say something else than the files, like `workload.retries=0`; may be
    /// repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// Print the whole scenario as TOML, with its bases and what is set in it
    #[arg(long)]
    pub(super) expanded: bool,
}

/// What `run` can be told.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(super) struct RunArgs {
    /// The scenario file (TOML)
    #[arg(value_name = "SCENARIO")]
    pub(super) scenario: PathBuf,

    /// All chance of the run: a number, or `random` to have one drawn and shown
    /// [default: the scenario's own]
    #[arg(long, value_name = "N|random")]
    pub(super) seed: Option<SeedChoice>,

    /// Only this protocol; may be repeated [default: all]
    #[arg(long = "protocol", value_name = "PROTOCOL", value_parser = protocols())]
    pub(super) protocols: Vec<ProtocolKind>,

    /// With the faults and the workload that `hunt` draws for the seed, rather than
    /// the scenario's own
    #[arg(long)]
    pub(super) swarm: bool,

    /// Take a safeguard away: a rule that keeps a protocol correct; may be
    /// repeated
    #[arg(long = "without", value_name = "SAFEGUARD", value_parser = safeguards())]
    pub(super) without: Vec<Safeguard>,

    /// How many transactions are asked for in all [default: the scenario's own]
    #[arg(long, value_name = "N", value_parser = transactions())]
    pub(super) transactions: Option<u32>,

    /// Show every event before the report: as lines, or as `--trace=lanes` or
    /// `--trace=json` (without the report)
    #[arg(long, value_enum, value_name = "FORM", num_args = 0..=1, require_equals = true,
        default_missing_value = "lines")]
    pub(super) trace: Option<TraceForm>,

    /// Show only these events of the trace; may be repeated. KEY is tx, node, kind
    /// (of line, message or trigger), from or to (a time): `--filter tx=c3.0,to=50ms`
    #[arg(
        long = "filter",
        value_name = "KEY=VALUE",
        value_delimiter = ',',
        requires = "trace"
    )]
    pub(super) filters: Vec<String>,

    /// Show only a line a protocol, and what is not as the scenario expects
    #[arg(long, short)]
    pub(super) quiet: bool,

    /// Run it once more with one change, and show only what differs:
    /// `without=SAFEGUARD` or `seed=N`
    #[arg(long, value_name = "CHANGE", conflicts_with_all = ["trace", "quiet"])]
    pub(super) compare: Option<Change>,
    /// Say something else than the file, like `workload.retries=0` or
    /// `machines.points.database.flush=5ms`; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// Save the history of the one protocol that runs, for `replay` and `diff`
    #[arg(long, value_name = "FILE", conflicts_with = "compare")]
    pub(super) save: Option<PathBuf>,

    /// How the outcome is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,

    /// Who carries the simulated machines [default: both, where the build has
    /// madsim]
    #[arg(long, value_enum, value_name = "HOST")]
    pub(super) host: Option<Host>,
}

const HUNT_EXAMPLES: &str = "\
Examples:
  indoubt hunt scenarios/points-mall.toml
  indoubt hunt scenarios/points-mall.toml --without outbox --seeds 0..200
  indoubt hunt scenarios/order-stock.toml --for 5m --out hunts/order-stock
  indoubt hunt scenarios/points-mall.toml --seeds 0..100000 --shard 3/16 --out hunts/3

Exit codes:
   0  nothing broke that is expected to hold, and everything was looked at
   1  something broke that is expected to hold
   2  usage error, an error in the scenario file, or output cannot be written
   3  inconclusive: holes, stopped early, or not seen what was expected to break
  70  a bug of the bench: a panic, or hosts that differ";

/// What `hunt` can be told.
#[derive(Debug, Args)]
#[command(after_help = HUNT_EXAMPLES)]
pub(super) struct HuntArgs {
    /// The scenario file (TOML)
    #[arg(value_name = "SCENARIO")]
    pub(super) scenario: PathBuf,

    /// Which seeds: `0..10000`, the last not included [default: 0..1000]
    #[arg(long, value_name = "RANGE")]
    pub(super) seeds: Option<SeedRange>,

    /// Hunt for so long, like `90s`, `5m` or `2h`, from the first seed on
    #[arg(long = "for", value_name = "TIME", value_parser = lasts)]
    pub(super) lasts: Option<Duration>,

    /// Only this protocol; may be repeated [default: all]
    #[arg(long = "protocol", value_name = "PROTOCOL", value_parser = protocols())]
    pub(super) protocols: Vec<ProtocolKind>,

    /// Take a safeguard away; may be repeated
    #[arg(long = "without", value_name = "SAFEGUARD", value_parser = safeguards())]
    pub(super) without: Vec<Safeguard>,

    /// How many transactions a run has at the most [default: the scenario's own, or
    /// 40 if that is less]
    #[arg(long, value_name = "N", value_parser = transactions())]
    pub(super) transactions: Option<u32>,

    /// Say something else than the file, like `workload.retries=0`; may be
    /// repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// Run the scenario as it stands, with its own faults and workload, on every
    /// seed
    #[arg(long)]
    pub(super) no_swarm: bool,

    /// Do not take it for a fault of the hunt that something never happened
    #[arg(long)]
    pub(super) allow_holes: bool,

    /// Run every N-th seed on both hosts, and compare their digests; 0 for none
    #[arg(long, value_name = "N", default_value_t = if crate::lab::has_madsim() { 50 } else { 0 })]
    pub(super) cross_check: u64,

    /// How many threads [default: as many as there are cores]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,

    /// Write everything down in this folder; the same command goes on where it
    /// stopped
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// Only a part of the seeds, like `3/16`: the third of sixteen
    #[arg(long, value_name = "N/OF")]
    pub(super) shard: Option<Shard>,

    /// How the summary is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: HuntFormat,
}

/// What `ablate` can be told.
#[derive(Debug, Args)]
pub(super) struct AblateArgs {
    /// The scenario file (TOML)
    #[arg(value_name = "SCENARIO")]
    pub(super) scenario: PathBuf,

    /// Which seeds are hunted over, each time: a thousand, and if none of them shows
    /// anything a thousand more, and so on [default: 0..20000]
    #[arg(long, value_name = "RANGE")]
    pub(super) seeds: Option<SeedRange>,

    /// Only this safeguard; may be repeated [default: all]
    #[arg(long = "safeguard", value_name = "SAFEGUARD", value_parser = safeguards())]
    pub(super) safeguards: Vec<Safeguard>,

    /// Take them away two at a time
    #[arg(long)]
    pub(super) pairs: bool,

    /// Only this protocol; may be repeated [default: all]
    #[arg(long = "protocol", value_name = "PROTOCOL", value_parser = protocols())]
    pub(super) protocols: Vec<ProtocolKind>,

    /// Say something else than the file; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// Do not shrink what was found
    #[arg(long)]
    pub(super) no_shrink: bool,

    /// How many runs the shrinking of a finding may take
    #[arg(long, value_name = "RUNS", default_value_t = 1_000)]
    pub(super) budget: u32,

    /// How many threads [default: as many as there are cores]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,

    /// How the table is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// What `shrink` can be told: which run, as for `run`.
#[derive(Debug, Args)]
pub(super) struct ShrinkArgs {
    /// The scenario file (TOML)
    #[arg(value_name = "SCENARIO")]
    pub(super) scenario: PathBuf,

    /// The seed of the run [default: the scenario's own]
    #[arg(long, value_name = "N", value_parser = seed)]
    pub(super) seed: Option<Seed>,

    /// With the faults and the workload that `hunt` draws for the seed
    #[arg(long)]
    pub(super) swarm: bool,

    /// The protocol of the run [default: the first under which something breaks]
    #[arg(long, value_name = "PROTOCOL", value_parser = protocols())]
    pub(super) protocol: Option<ProtocolKind>,

    /// Take a safeguard away; may be repeated
    #[arg(long = "without", value_name = "SAFEGUARD", value_parser = safeguards())]
    pub(super) without: Vec<Safeguard>,

    /// How many transactions the run has [default: the scenario's own]
    #[arg(long, value_name = "N", value_parser = transactions())]
    pub(super) transactions: Option<u32>,

    /// Say something else than the file; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// The promise that must go on to break [default: the first that broke, before
    /// all one that is expected to hold]
    #[arg(long, value_name = "NAME")]
    pub(super) promise: Option<String>,

    /// How many runs it may take
    #[arg(long, value_name = "RUNS", default_value_t = 3_000)]
    pub(super) budget: u32,

    /// Write the scenario to this file [default: print it]
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

fn seed(text: &str) -> Result<Seed, String> {
    text.parse()
        .map(Seed)
        .map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// What `merge` can be told.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// The folders of the parts
    #[arg(value_name = "DIR", required = true)]
    pub(super) dirs: Vec<PathBuf>,

    /// Do not take it for a fault of the hunt that something never happened
    #[arg(long)]
    pub(super) allow_holes: bool,

    /// How the summary is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: HuntFormat,
}

/// How the summary of a hunt is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum HuntFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// For CI: JUnit XML
    Junit,
}

/// `90s`, `5m`, `2h`.
fn lasts(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time to hunt for: write it like 90s, 5m or 2h");
    let (number, each) = [("s", 1), ("m", 60), ("h", 3_600)]
        .into_iter()
        .find_map(|(unit, each)| Some((text.strip_suffix(unit)?, each)))
        .ok_or_else(wrong)?;
    let number: u32 = number.parse().map_err(|_| wrong())?;
    match number {
        0 => Err(wrong()),
        n => Ok(Duration::from_secs(u64::from(n) * each)),
    }
}

/// Where the seed comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeedChoice {
    Given(Seed),
    Random,
}

impl FromStr for SeedChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "random" {
            return Ok(SeedChoice::Random);
        }
        let number = text.parse().map_err(|_| {
            format!(
                "a seed is a whole number from 0 to {}, or `random`",
                u64::MAX
            )
        })?;
        Ok(SeedChoice::Given(Seed(number)))
    }
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

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TraceForm {
    /// Every event a line
    Lines,
    /// A column a node, an arrow a message
    Lanes,
    /// Every event a JSON object on a line of its own
    Json,
}

impl From<TraceForm> for Form {
    fn from(form: TraceForm) -> Form {
        match form {
            TraceForm::Lines => Form::Lines,
            TraceForm::Lanes => Form::Lanes,
            TraceForm::Json => Form::Json,
        }
    }
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

/// Who carries the simulated machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Host {
    /// The direct host, cross-checked by the madsim host: the same digest
    Both,
    /// The direct host alone: fast, in every build
    Direct,
    /// The madsim host alone: every node a madsim task
    Madsim,
}

impl From<Host> for HostChoice {
    fn from(host: Host) -> HostChoice {
        match host {
            Host::Both => HostChoice::Both,
            Host::Direct => HostChoice::Direct,
            Host::Madsim => HostChoice::Madsim,
        }
    }
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

/// Prints what clap has to say: help and version are no error.
pub(super) fn refuse(usage: &clap::Error) -> ExitCode {
    match usage.print() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        _ => ExitCode::from(usage.exit_code() as u8),
    }
}
