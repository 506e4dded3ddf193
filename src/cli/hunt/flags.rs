//! What `hunt` and `merge` can be told.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::flags::{jobs, protocols, safeguards, transactions};
use crate::lab::hunt::{SeedRange, Shard};
use crate::protocol::{ProtocolKind, Safeguard};

const EXAMPLES: &str = "\
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
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct HuntArgs {
    /// The scenario file (TOML)
    #[arg(value_name = "SCENARIO")]
    pub(in crate::cli) scenario: PathBuf,

    /// Which seeds: `0..10000`, the last not included [default: 0..1000]
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub(in crate::cli) seeds: Option<SeedRange>,

    /// Hunt for so long, like `90s`, `5m` or `2h`, from the first seed on
    #[arg(long = "for", value_name = "TIME", value_parser = lasts)]
    pub(in crate::cli) lasts: Option<Duration>,

    /// Only this protocol; may be repeated [default: all]
    #[arg(long = "protocol", value_name = "PROTOCOL", value_parser = protocols())]
    pub(in crate::cli) protocols: Vec<ProtocolKind>,

    /// Take a safeguard away; may be repeated
    #[arg(long = "without", value_name = "SAFEGUARD", value_delimiter = ',', value_parser = safeguards())]
    pub(in crate::cli) without: Vec<Safeguard>,

    /// How many transactions a run has at the most [default: the scenario's own, or
    /// 40 if that is less]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = transactions())]
    pub(in crate::cli) transactions: Option<u32>,

    /// Say something else than the file, like `workload.retries=0`; may be
    /// repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(in crate::cli) sets: Vec<String>,

    /// Run the scenario as it stands, with its own faults and workload, on every
    /// seed
    #[arg(long)]
    pub(in crate::cli) no_swarm: bool,

    /// Do not take it for a fault of the hunt that something never happened
    #[arg(long)]
    pub(in crate::cli) allow_holes: bool,

    /// Run every N-th seed on both hosts, and compare their digests; 0 for none
    #[arg(long, value_name = "N", allow_hyphen_values = true, default_value_t = if crate::lab::has_madsim() { 50 } else { 0 })]
    pub(in crate::cli) cross_check: u64,

    /// How many threads [default: as many as there are cores]
    #[arg(long, short, value_name = "N", allow_hyphen_values = true, value_parser = jobs())]
    pub(in crate::cli) jobs: Option<u16>,

    /// Write everything down in this folder; the same command goes on where it
    /// stopped
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,

    /// Only a part of the seeds, like `3/16`: the third of sixteen
    #[arg(long, value_name = "N/OF")]
    pub(in crate::cli) shard: Option<Shard>,

    /// How the summary is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(in crate::cli) format: HuntFormat,
}

/// What `merge` can be told.
#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArgs {
    /// The folders of the parts
    #[arg(value_name = "DIR", required = true)]
    pub(in crate::cli) dirs: Vec<PathBuf>,

    /// Do not take it for a fault of the hunt that something never happened
    #[arg(long)]
    pub(in crate::cli) allow_holes: bool,

    /// How the summary is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(in crate::cli) format: HuntFormat,
}

/// How the summary of a hunt is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum HuntFormat {
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
