//! `indoubt run --compare`: the same run whole and changed.

use std::io::Write;
use std::str::FromStr;
use std::sync::Arc;

use super::exit::{Exit, Failure};
use super::flags::{Format, once, seed};
use super::output::{Screen, page};
use super::run::{RunArgs, invocation, load, trials, verdict};
use crate::measure::over_common_window;
use crate::protocol::{ProtocolKind, Safeguard};
use crate::report::trace::Filter;
use crate::report::{Comparison, Contrast, Invocation, contrast, json};
use crate::scenario::Scenario;
use crate::vocab::Seed;

/// What is changed in the second run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A safeguard is taken away.
    Without(Safeguard),
    /// All chance comes from another seed.
    Seed(Seed),
    /// The scenario says something else, `path=value`.
    Set(String),
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("without", name)) => Safeguard::named(name)
                .map(Change::Without)
                .ok_or_else(|| no_safeguard(name)),
            Some(("seed", number)) => seed(number).map(Change::Seed),
            Some(_) => Ok(Change::Set(text.to_owned())),
            None => Err(
                "a change is `without=SAFEGUARD`, `seed=N` or, as for `--set`, \
                         `PATH=VALUE`"
                    .to_owned(),
            ),
        }
    }
}

fn no_safeguard(name: &str) -> String {
    let like = Safeguard::ALL
        .iter()
        .map(|safeguard| (strsim::jaro_winkler(name, safeguard.name()), safeguard))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match like {
        Some((_, like)) => format!("no safeguard is called `{name}`: did you mean `{like}`?"),
        None => format!(
            "no safeguard is called `{name}`: `indoubt list safeguards` says which there are"
        ),
    }
}

impl Change {
    fn words(&self) -> String {
        match self {
            Change::Without(safeguard) => format!("without {safeguard}"),
            Change::Seed(seed) => format!("seed {seed}"),
            Change::Set(set) => set.clone(),
        }
    }

    fn meaning(&self) -> &'static str {
        match self {
            Change::Without(safeguard) => safeguard.without(),
            Change::Seed(_) | Change::Set(_) => "",
        }
    }

    fn of(&self, whole: &Invocation) -> Invocation {
        let mut changed = whole.clone();
        match self {
            Change::Without(safeguard) => {
                changed.without.push(*safeguard);
                changed.without = once(&changed.without);
            }
            Change::Seed(seed) => changed.seed = *seed,
            Change::Set(set) => changed.sets.push(set.clone()),
        }
        changed
    }

    /// The scenario of the changed run.
    fn scenario(&self, args: &RunArgs) -> Result<Arc<Scenario>, Failure> {
        let mut args = args.clone();
        if let Change::Set(set) = self {
            args.sets.push(set.clone());
        }
        Ok(load(&args)?.scenario)
    }
}

/// Runs the scenario twice and prints what differs. The whole run decides what
/// it comes to: the changed one is meant to break something.
pub(super) fn compare(args: &RunArgs, change: &Change) -> Result<Exit, Failure> {
    let scenario = load(args)?.scenario;
    let other = change.scenario(args)?;
    let whole = invocation(args, &scenario)?;
    let changed = change.of(&whole);
    let mut screen = Screen::new();
    let filter = Filter::default();
    let (mut ours, unable) = trials(args, &scenario, &whole, &filter, &mut screen)?;
    let (mut theirs, unable_too) = trials(args, &other, &changed, &filter, &mut screen)?;
    // What only one of them can run has nothing to be compared with.
    let both: Vec<ProtocolKind> = ours.iter().map(|trial| trial.protocol).collect();
    theirs.retain(|trial| both.contains(&trial.protocol));
    let both: Vec<ProtocolKind> = theirs.iter().map(|trial| trial.protocol).collect();
    ours.retain(|trial| both.contains(&trial.protocol));
    over_common_window(
        ours.iter_mut()
            .chain(&mut theirs)
            .map(|trial| &mut trial.figures),
    );
    let of = Contrast {
        change: &change.words(),
        meaning: change.meaning(),
        whole: Comparison {
            scenario: &scenario,
            invocation: &whole,
            trials: &ours,
            unable: &unable,
        },
        changed: Comparison {
            scenario: &other,
            invocation: &changed,
            trials: &theirs,
            unable: &unable_too,
        },
    };
    let document = match args.format {
        Format::Text => contrast::screen(&of, page()),
        Format::Json => json::contrast(&of),
    };
    screen.write_all(document.as_bytes())?;
    screen.flush()?;
    // Hosts that differ are a bug on either side.
    verdict(&of.changed)?;
    verdict(&of.whole)
}
