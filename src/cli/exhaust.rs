//! `indoubt exhaust`: every fault at every point, one at a time and in pairs.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;

use super::exit::{Exit, Failure};
use super::flags::{Format, chosen, jobs, protocols, safeguards, threads, transactions};
use super::output::{Screen, page};
use super::progress::{bar, counting, interrupted};
use crate::lab::exhaust::{self, Depth, ExhaustOptions, Observer, Pruning};
use crate::lab::hunt::SeedRange;
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::report::Invocation;
use crate::report::exhaust::{self as report, Exhaustion};
use crate::scenario;
use crate::vocab::Seed;

const EXAMPLES: &str = "\
Examples:
  indoubt exhaust scenarios/points-mall.toml
  indoubt exhaust scenarios/points-mall.toml --faults 2 --protocol 2pc
  indoubt exhaust scenarios/points-mall.toml --without force-decision
  indoubt exhaust scenarios/order-stock.toml --transactions 2 --seeds 0..10

Exit codes:
   0  no promise broke that is expected to hold
   1  one did
   2  usage error, an error in the scenario file, or output cannot be written
   3  inconclusive: some runs do not say, or Ctrl-C stopped it
  70  a bug of the bench, or of a protocol; standard error says how to show it again";

/// What `exhaust` can be told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExhaustArgs {
    /// The scenario file (TOML); its own faults are left out
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,

    /// How many faults a run has: 1, or 2 for single faults and all pairs
    #[arg(long, value_name = "N", allow_hyphen_values = true, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    faults: u8,

    /// How many transactions are asked for in all
    #[arg(long, value_name = "N", allow_hyphen_values = true, default_value_t = 1, value_parser = transactions())]
    transactions: u32,

    /// Over the latencies of these seeds: `0..10`, the last not included [default:
    /// the scenario's own]
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    seeds: Option<SeedRange>,

    /// Only this protocol; may be repeated [default: all]
    #[arg(long = "protocol", value_name = "PROTOCOL", value_parser = protocols())]
    protocols: Vec<ProtocolKind>,

    /// Take a safeguard away: a rule that keeps a protocol correct; may be
    /// repeated, or several with commas between
    #[arg(
        long = "without",
        value_name = "SAFEGUARD",
        value_delimiter = ',',
        value_parser = safeguards()
    )]
    without: Vec<Safeguard>,

    /// Say something else than the file, like `workload.retries=0`; may be
    /// repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,

    /// Try what is certain to show the same, too
    #[arg(long)]
    no_prune: bool,

    /// How many runs at once; it changes nothing but the time that it takes
    /// [default: as many as there are cores]
    #[arg(long, short, value_name = "N", allow_hyphen_values = true, value_parser = jobs())]
    jobs: Option<u16>,

    /// How the outcome is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Enumerates, prints what came of it, and says what it comes to.
pub(super) fn exhaust(args: &ExhaustArgs) -> Result<Exit, Failure> {
    // As the lines to paste say it: what depends on the plan must be the same.
    let mut sets = args.sets.clone();
    sets.extend(["seeded-faults=none", "faults=[]"].map(str::to_owned));
    let mut scenario = scenario::load_with(&args.scenario, &sets).map_err(Failure::Scenario)?;
    scenario.workload.limit(args.transactions);
    let options = options(args, scenario.seed);
    let invocation = Invocation {
        file: args.scenario.display().to_string(),
        seed: options.seeds[0],
        without: options.safeguards.missing().collect(),
        transactions: Some(args.transactions),
        sets: args.sets.clone(),
        swarm: false,
    };
    let progress = Progress {
        bar: bar(Some(0), &counting(", {msg}")),
        interrupted: interrupted()?,
    };
    let outcome = exhaust::exhaust(&scenario, &options, &progress);
    progress.bar.finish_and_clear();
    let exhaustion = Exhaustion {
        scenario: &scenario,
        invocation: &invocation,
        depth: options.depth,
        outcome: &outcome,
    };
    let document = match args.format {
        Format::Text => report::screen(&exhaustion, page()),
        Format::Json => report::json::document(&exhaustion),
    };
    let mut screen = Screen::new();
    screen.write_all(document.as_bytes())?;
    screen.flush()?;
    match exhaustion.panic() {
        None => Ok(exhaustion.judgement().into()),
        Some((invariant, again)) => Err(Failure::Bug {
            invariant: invariant.to_owned(),
            again,
        }),
    }
}

fn options(args: &ExhaustArgs, own: Seed) -> ExhaustOptions {
    ExhaustOptions {
        depth: match args.faults {
            1 => Depth::Single,
            _ => Depth::Pairs,
        },
        seeds: match &args.seeds {
            None => vec![own],
            Some(range) => (range.from..range.until).map(Seed).collect(),
        },
        protocols: chosen(&args.protocols),
        safeguards: Safeguards::all().less(&args.without),
        pruning: match args.no_prune {
            false => Pruning::On,
            true => Pruning::Off,
        },
        kinds: Vec::new(),
        jobs: threads(args.jobs),
    }
}

/// A line on a terminal, nothing where there is none; and Ctrl-C.
struct Progress<I> {
    bar: ProgressBar,
    interrupted: I,
}

impl<I: Fn() -> bool + Sync> Observer for Progress<I> {
    fn begins(&self, protocol: ProtocolKind, seed: Seed, depth: Depth, pieces: usize) {
        let what = match depth {
            Depth::Single => "single faults",
            Depth::Pairs => "pairs",
        };
        self.bar.reset();
        self.bar.set_length(pieces as u64);
        self.bar
            .set_message(format!("{protocol}, seed {seed}, {what}"));
    }

    fn done(&self, _runs: u64) {
        self.bar.inc(1);
    }

    fn stops(&self) -> bool {
        (self.interrupted)()
    }
}
