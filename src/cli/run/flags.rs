//! What `run` can be told.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::cli::compare::Change;
use crate::cli::flags::{Format, protocols, safeguards, seed, transactions};
use crate::lab::HostChoice;
use crate::protocol::{ProtocolKind, Safeguard};
use crate::report::trace::Form;
use crate::vocab::Seed;

const EXAMPLES: &str = "\
Examples:
  indoubt run scenarios/points-mall.toml
  indoubt run scenarios/points-mall.toml --without outbox
  indoubt run scenarios/points-mall.toml --compare without=outbox
  indoubt run scenarios/points-mall.toml --compare two-phase-commit.locks=at-prepare
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

/// What `run` can be told.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RunArgs {
    /// The scenario file (TOML)
    #[arg(value_name = "SCENARIO")]
    pub(in crate::cli) scenario: PathBuf,

    /// All chance of the run: a number, or `random` to have one drawn and shown
    /// [default: the scenario's own]
    #[arg(long, value_name = "N|random", allow_hyphen_values = true)]
    pub(in crate::cli) seed: Option<SeedChoice>,

    /// Only this protocol; may be repeated [default: all]
    #[arg(long = "protocol", value_name = "PROTOCOL", value_parser = protocols())]
    pub(in crate::cli) protocols: Vec<ProtocolKind>,

    /// With the faults and the workload that `hunt` draws for the seed, rather than
    /// the scenario's own
    #[arg(long)]
    pub(in crate::cli) swarm: bool,

    /// Take a safeguard away: a rule that keeps a protocol correct; may be
    /// repeated, or several with commas between
    #[arg(
        long = "without",
        value_name = "SAFEGUARD",
        value_delimiter = ',',
        value_parser = safeguards()
    )]
    pub(in crate::cli) without: Vec<Safeguard>,

    /// How many transactions are asked for in all [default: the scenario's own]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = transactions())]
    pub(in crate::cli) transactions: Option<u32>,

    /// Show every event before the report: as lines, or as `--trace=lanes` or
    /// `--trace=json` (without the report)
    #[arg(long, value_enum, value_name = "FORM", num_args = 0..=1, require_equals = true,
        default_missing_value = "lines")]
    pub(in crate::cli) trace: Option<TraceForm>,

    /// Show only these events of the trace; may be repeated. KEY is tx, node, kind
    /// (of line, message or trigger), from or to (a time): `--filter tx=c3.0,to=50ms`
    #[arg(
        long = "filter",
        value_name = "KEY=VALUE",
        value_delimiter = ',',
        requires = "trace"
    )]
    pub(in crate::cli) filters: Vec<String>,

    /// Show only a line a protocol, and what is not as the scenario expects
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,

    /// Show every figure that is measured, too
    #[arg(long, short, conflicts_with_all = ["quiet", "compare"])]
    pub(in crate::cli) verbose: bool,

    /// Run it once more with one change, and show only what differs:
    /// `without=SAFEGUARD`, `seed=N` or, as for `--set`, `PATH=VALUE`. What it comes to
    /// is that of the run without the change: the change is meant to break something
    #[arg(long, value_name = "CHANGE", conflicts_with_all = ["trace", "quiet"])]
    pub(in crate::cli) compare: Option<Change>,
    /// Say something else than the file, like `workload.retries=0` or
    /// `machines.points.database.flush=5ms`; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(in crate::cli) sets: Vec<String>,

    /// Save the history of the one protocol that runs, for `replay` and `diff`
    #[arg(long, value_name = "FILE", conflicts_with = "compare")]
    pub(in crate::cli) save: Option<PathBuf>,

    /// How the outcome is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(in crate::cli) format: Format,

    /// Who carries the simulated machines [default: both, where the build has
    /// madsim]
    #[arg(long, value_enum, value_name = "HOST")]
    pub(in crate::cli) host: Option<Host>,
}

/// Where the seed comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum SeedChoice {
    Given(Seed),
    Random,
}

impl FromStr for SeedChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "random" {
            return Ok(SeedChoice::Random);
        }
        match seed(text) {
            Ok(seed) => Ok(SeedChoice::Given(seed)),
            Err(why) => Err(format!("{why}, or `random`")),
        }
    }
}

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TraceForm {
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

/// Who carries the simulated machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Host {
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
