//! `indoubt ablate`: what breaks without each safeguard.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failure};
use super::flags::{Format, chosen, jobs, protocols, safeguards, threads};
use super::output::{Screen, page};
use super::progress::{bar, counting, interrupted};
use crate::lab::ablate::{Ablation, ablate as ablated, holes, pairs, singles};
use crate::lab::hunt::SeedRange;
use crate::lab::{Subject, shipped};
use crate::protocol::{ProtocolKind, Safeguard};
use crate::report::ablation::{self, Ablated};

/// What `ablate` can be told.
#[derive(Debug, Args)]
pub(super) struct AblateArgs {
    /// The scenario file (TOML)
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,

    /// Which seeds are hunted over, each time: a thousand, and if none of them shows
    /// anything a thousand more, and so on [default: 0..20000]
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    seeds: Option<SeedRange>,

    /// Only this safeguard; may be repeated, or several with commas between
    /// [default: all]
    #[arg(
        long = "safeguard",
        value_name = "SAFEGUARD",
        value_delimiter = ',',
        value_parser = safeguards()
    )]
    safeguards: Vec<Safeguard>,

    /// Take them away two at a time
    #[arg(long)]
    pairs: bool,

    /// Only this protocol; may be repeated [default: all]
    #[arg(long = "protocol", value_name = "PROTOCOL", value_parser = protocols())]
    protocols: Vec<ProtocolKind>,

    /// Say something else than the file; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,

    /// Do not shrink what was found
    #[arg(long)]
    no_shrink: bool,

    /// How many runs the shrinking of a finding may take
    #[arg(
        long,
        value_name = "RUNS",
        allow_hyphen_values = true,
        default_value_t = 1_000
    )]
    budget: u32,

    /// How many threads [default: as many as there are cores]
    #[arg(long, short, value_name = "N", allow_hyphen_values = true, value_parser = jobs())]
    jobs: Option<u16>,

    /// How the table is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Takes the safeguards away and prints what broke.
pub(super) fn ablate(args: &AblateArgs) -> Result<Exit, Failure> {
    let subject = Subject::load(&args.scenario, &args.sets).map_err(Failure::Scenario)?;
    let mut without = match args.pairs {
        true => pairs(),
        false => singles(),
    };
    if !args.safeguards.is_empty() {
        without.retain(|set| set.iter().all(|s| args.safeguards.contains(s)));
    }
    let of = Ablation {
        protocols: chosen(&args.protocols),
        subject,
        without,
        seeds: args.seeds.unwrap_or(SeedRange {
            from: 0,
            until: 20_000,
        }),
        shrink_budget: if args.no_shrink { 0 } else { args.budget },
        threads: threads(args.jobs).get(),
        runner: shipped,
    };
    let wanted = of.without.len() * of.protocols.len();
    let bar = bar(Some(wanted as u64), &counting(", {msg}"));
    bar.set_message("the first of them");
    let rows = ablated(&of, interrupted()?, |row| {
        let names: Vec<&str> = row.without.iter().map(|s| s.name()).collect();
        bar.set_message(format!("{} under {}", names.join(" and "), row.protocol));
        bar.inc(1);
    });
    bar.finish_and_clear();
    let report = Ablated {
        scenario: of.subject.scenario(),
        file: &args.scenario.display().to_string(),
        sets: &args.sets,
        seeds: of.seeds.count(),
        rows: &rows,
        is_whole: rows.len() == wanted,
    };
    let document = match args.format {
        Format::Text => ablation::screen(&report, page()),
        Format::Json => ablation::json(&report),
    };
    let mut screen = Screen::new();
    screen.write_all(document.as_bytes())?;
    screen.flush()?;
    Ok(match report.is_whole && holes(&rows).is_empty() {
        true => Exit::AsExpected,
        false => Exit::Inconclusive,
    })
}
