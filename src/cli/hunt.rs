//! `indoubt hunt` and `indoubt merge`: many seeds, one summary.

#![allow(
    clippy::disallowed_types,
    reason = "how long somebody waits is theirs; it reaches no record and no summary"
)]

mod flags;
mod progress;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use self::flags::HuntFormat;
pub(super) use self::flags::{HuntArgs, MergeArgs};
use self::progress::Progress;
use super::exit::{Exit, Failure};
use super::flags::{chosen, once, threads};
use super::journal::Journal;
use super::output::{Screen, page};
use super::progress::interrupted;
use super::source::Source;
use crate::lab::hunt::{Manifest, Outcome, SeedRange, Shard, Summary};
use crate::lab::journal::Manifest as _;
use crate::report::hunt::{self as report, Hunted};
use crate::vocab::FastSet;

/// What is hunted over when nothing is said.
const SEEDS: SeedRange = SeedRange {
    from: 0,
    until: 1_000,
};
/// With `--for`, time ends the hunt.
const ENDLESS: SeedRange = SeedRange {
    from: 0,
    until: u64::MAX,
};

/// Hunts, prints what was found and says what it comes to.
pub(super) fn hunt(args: &HuntArgs) -> Result<Exit, Failure> {
    let manifest = manifest(args)?;
    let hunt = manifest.hunt().map_err(Failure::Scenario)?;
    let mut journal = match &args.out {
        Some(dir) => Some(Journal::open(dir, &manifest)?),
        None => None,
    };
    let mut summary = Summary::default();
    let mut done: FastSet<u64> = FastSet::default();
    if let Some(journal) = &mut journal {
        for record in journal.read()? {
            if done.insert(record.seed) {
                summary.take(&record);
            }
        }
    }
    let wanted = manifest.shard.count(manifest.seeds);
    let deadline = args.lasts.map(|lasts| Instant::now() + lasts);
    let mut progress = Progress::new(wanted, deadline.is_some(), summary.seeds);
    let interrupted = interrupted()?;
    let mut failed: Option<Failure> = None;
    let left = manifest.shard.seeds(manifest.seeds);
    let left = left.filter(|seed| !done.contains(&seed.0));
    hunt.run(left, threads(args.jobs).get(), |record| {
        if let Some(journal) = &mut journal
            && failed.is_none()
            && let Err(failure) = journal.append(&record)
        {
            failed = Some(failure);
        }
        if failed.is_none() {
            summary.take(&record);
        }
        progress.seed(&summary);
        let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        match failed.is_some() || late || interrupted() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    progress.finish();
    if let Some(failure) = failed {
        return Err(failure);
    }
    let hunted = Hunted {
        manifest: &manifest,
        scenario: hunt.subject.scenario(),
        summary: &summary,
        wanted: deadline.is_none().then_some(wanted),
        allow_holes: args.allow_holes,
    };
    show(&hunted, args.format)
}

/// Puts the parts of a hunt together.
pub(super) fn merge(args: &MergeArgs) -> Result<Exit, Failure> {
    let mut parts = Vec::new();
    for dir in &args.dirs {
        parts.push((dir, Journal::<Manifest>::manifest(dir)?));
    }
    let Some((_, first)) = parts.first() else {
        return Err(Failure::Usage("no part of a hunt is given".to_owned()));
    };
    let whole = Manifest {
        shard: Shard::WHOLE,
        ..first.clone()
    };
    let mut summary = Summary::default();
    let mut done: FastSet<u64> = FastSet::default();
    for (dir, part) in &parts {
        refuse_strangers(dir, part, &whole)?;
        for record in Journal::open(dir, part)?.read()? {
            if done.insert(record.seed) {
                summary.take(&record);
            }
        }
    }
    let hunt = whole.hunt().map_err(Failure::Scenario)?;
    let hunted = Hunted {
        manifest: &whole,
        scenario: hunt.subject.scenario(),
        summary: &summary,
        wanted: (whole.seeds != ENDLESS).then(|| whole.seeds.count()),
        allow_holes: args.allow_holes,
    };
    show(&hunted, args.format)
}

fn refuse_strangers(dir: &Path, part: &Manifest, whole: &Manifest) -> Result<(), Failure> {
    let same = Manifest {
        shard: Shard::WHOLE,
        ..part.clone()
    };
    match same.differs_from(whole) {
        None => Ok(()),
        Some(what) => Err(Failure::Usage(format!(
            "{} is a part of another hunt: it has another {what}",
            dir.display()
        ))),
    }
}

fn show(hunted: &Hunted<'_>, format: HuntFormat) -> Result<Exit, Failure> {
    let document = match format {
        HuntFormat::Text => report::screen(hunted, page()),
        HuntFormat::Json => report::json(hunted),
        HuntFormat::Junit => report::junit(hunted),
    };
    let mut screen = Screen::new();
    screen.write_all(document.as_bytes())?;
    screen.flush()?;
    Ok(match hunted.outcome() {
        Outcome::AsExpected => Exit::AsExpected,
        Outcome::Inconclusive => Exit::Inconclusive,
        Outcome::NotAsExpected => Exit::NotAsExpected,
        Outcome::Bug => Exit::Bug,
    })
}

fn manifest(args: &HuntArgs) -> Result<Manifest, Failure> {
    let subject = Source::of(&args.scenario, &args.sets, args.transactions).subject()?;
    let seeds = match (args.seeds, args.lasts) {
        (Some(seeds), _) => seeds,
        (None, Some(_)) => ENDLESS,
        (None, None) => SEEDS,
    };
    let (protocols, without) = (chosen(&args.protocols), once(&args.without));
    Ok(Manifest {
        bench: env!("CARGO_PKG_VERSION").to_owned(),
        file: args.scenario.display().to_string(),
        sets: args.sets.clone(),
        transactions: args.transactions,
        scenario: subject.text().to_owned(),
        protocols: protocols.iter().map(|p| p.name().to_owned()).collect(),
        without: without.iter().map(|s| s.name().to_owned()).collect(),
        swarm: !args.no_swarm,
        cross_check: args.cross_check,
        seeds,
        shard: args.shard.unwrap_or(Shard::WHOLE),
    })
}
