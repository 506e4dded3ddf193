//! `indoubt ablate`: what breaks without each safeguard.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::exit::{Exit, Failure};
use super::flags::{AblateArgs, Format};
use super::hunt::threads;
use super::output::{Screen, page};
use crate::lab::ablate::{Ablation, ablate as ablated, holes, pairs, singles};
use crate::lab::hunt::SeedRange;
use crate::lab::{Subject, shipped};
use crate::protocol::ProtocolKind;
use crate::report::ablation::{self, Ablated};

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
    let wanted = |p: &ProtocolKind| args.protocols.is_empty() || args.protocols.contains(p);
    let of = Ablation {
        protocols: ProtocolKind::ALL.into_iter().filter(wanted).collect(),
        subject,
        without,
        seeds: args.seeds.unwrap_or(SeedRange {
            from: 0,
            until: 20_000,
        }),
        shrink_budget: if args.no_shrink { 0 } else { args.budget },
        threads: threads(args.jobs),
        runner: shipped,
    };
    let bar = bar((of.without.len() * of.protocols.len()) as u64);
    let rows = ablated(&of, |row| {
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
    };
    let document = match args.format {
        Format::Text => ablation::screen(&report, page()),
        Format::Json => ablation::json(&report),
    };
    let mut screen = Screen::new();
    screen.write_all(document.as_bytes())?;
    screen.flush()?;
    Ok(match holes(&rows).is_empty() {
        true => Exit::AsExpected,
        false => Exit::Inconclusive,
    })
}

fn bar(all: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(all);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}, {msg}, {eta} left") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}
