//! What `measure` can be told.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::cli::chart::Paper;
use crate::cli::flags::{jobs, protocols, safeguards, transactions};
use crate::lab::hunt::SeedRange;
use crate::measure::{COLUMNS, Column};
use crate::protocol::{ProtocolKind, Safeguard};
use crate::scenario::Axis;
use crate::vocab::SimDuration;

const EXAMPLES: &str = "\
Values of --sweep:
  1..256             doubled: 1, 2, 4, .. 256; the last is always one of them
  1..1000*10         each ten times the one before: 1, 10, 100, 1000
  1..9+2             each two more: 1, 3, 5, 7, 9
  1ms..16ms          a range with a unit: 1ms, 2ms, 4ms, 8ms, 16ms
  '[0.6, 0.9, 1.2]'  a list; durations and words in it need no quotes
  Paths are those of --set; several --sweep make all combinations.

Examples:
  indoubt measure scenarios/points-mall.toml --sweep workload.arrivals.every=1ms..16ms
  indoubt measure scenarios/lessons/13-hot-row.toml --protocol 2pc --protocol orchestrated \\
      --sweep 'network.delay=[50us, 250us, 1ms]' --figure throughput --figure lock_hold.p50
  indoubt measure scenarios/order-stock.toml --sweep workload.retries=0..8 \\
      --seeds 0..30 --out sweeps/retries --format csv > retries.csv

Exit codes:
   0  every promise that is expected to hold held in every run
   1  one broke: what is measured there is marked
   2  usage error, an error in the scenario file, or output cannot be written
   3  inconclusive: stopped early, or some runs do not say
  70  a bug of the bench; the report says how to show it again";

/// What `measure` can be told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct MeasureArgs {
    /// The scenario file (TOML)
    #[arg(value_name = "SCENARIO")]
    pub(in crate::cli) scenario: PathBuf,

    /// What varies, and its values, like `workload.arrivals.clients=1..256`; may be
    /// repeated [default: what `[sweep]` in the file says]
    #[arg(long = "sweep", value_name = "PATH=VALUES")]
    pub(in crate::cli) sweeps: Vec<Axis>,

    /// Which seeds: `0..5`, the last not included
    #[arg(
        long,
        value_name = "RANGE",
        allow_hyphen_values = true,
        default_value = "0..5"
    )]
    pub(in crate::cli) seeds: SeedRange,

    /// Only this protocol; may be repeated [default: all]
    #[arg(long = "protocol", value_name = "PROTOCOL", value_parser = protocols())]
    pub(in crate::cli) protocols: Vec<ProtocolKind>,

    /// Take a safeguard away; may be repeated
    #[arg(long = "without", value_name = "SAFEGUARD", value_delimiter = ',', value_parser = safeguards())]
    pub(in crate::cli) without: Vec<Safeguard>,

    /// How many transactions a run has [default: the scenario's own]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = transactions())]
    pub(in crate::cli) transactions: Option<u32>,

    /// Say something else than the file, like `workload.retries=0`; may be
    /// repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(in crate::cli) sets: Vec<String>,

    /// Leave requests that are made earlier out of the figures, like `200ms`: short
    /// for --set workload.warm-up=TIME
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) warm_up: Option<SimDuration>,

    /// Which figures, by the names of `list metrics`, like `throughput` or
    /// `latency.p95`; may be repeated [default: a few; in JSON and CSV all]
    #[arg(long = "figure", value_name = "FIGURE", value_parser = figures(), hide_possible_values = true)]
    pub(in crate::cli) figures: Vec<&'static Column>,

    /// How many threads; it changes nothing but the time that it takes [default: as
    /// many as there are cores]
    #[arg(long, short, value_name = "N", allow_hyphen_values = true, value_parser = jobs())]
    pub(in crate::cli) jobs: Option<u16>,

    /// Write everything down in this folder; the same command goes on where it
    /// stopped
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,

    /// Draw the first figure over the one parameter that varies, a line a protocol:
    /// NAME.svg or NAME.png
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) chart: Option<PathBuf>,

    /// On what the chart is to be looked at
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "THEME",
        requires = "chart"
    )]
    pub(in crate::cli) theme: Paper,

    /// How the outcome is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(in crate::cli) format: MeasureFormat,

    /// What a row of CSV or Parquet is
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub(in crate::cli) rows: Rows,
}

/// How the outcome of a sweep is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MeasureFormat {
    /// For people
    #[default]
    Text,
    /// For spreadsheets and data frames; times are in microseconds
    Csv,
    /// The same, typed: for DuckDB, Polars and pandas, in a file
    Parquet,
    /// For programs: a document of means and intervals
    Json,
    /// For programs: a line a run
    Jsonl,
}

/// What a row of CSV or Parquet is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Rows {
    /// A run: a protocol at one point on one seed, with every figure
    #[default]
    Runs,
    /// A figure of a cell: its mean over the seeds, and the interval
    Cells,
}

fn figures() -> impl TypedValueParser<Value = &'static Column> {
    PossibleValuesParser::new(COLUMNS.iter().map(|column| column.name))
        .map(|name| Column::named(&name).expect("the parser accepts the names of columns alone"))
}
