//! `indoubt run --compare`: the same run whole and changed.

use std::io::Write;
use std::str::FromStr;

use super::exit::{Exit, Failure};
use super::flags::{Format, once, seed};
use super::output::{Screen, page};
use super::run::{RunArgs, invocation, load, trials, verdict};
use crate::measure::over_common_window;
use crate::protocol::Safeguard;
use crate::report::trace::Filter;
use crate::report::{Comparison, Contrast, Invocation, contrast, json};
use crate::vocab::Seed;

/// What is changed in the second run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A safeguard is taken away.
    Without(Safeguard),
    /// All chance comes from another seed.
    Seed(Seed),
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("without", name)) => Safeguard::named(name)
                .map(Change::Without)
                .ok_or_else(|| no_safeguard(name)),
            Some(("seed", number)) => seed(number).map(Change::Seed),
            _ => Err("a change is `without=SAFEGUARD` or `seed=N`".to_owned()),
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
    fn words(self) -> String {
        match self {
            Change::Without(safeguard) => format!("without {safeguard}"),
            Change::Seed(seed) => format!("seed {seed}"),
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Change::Without(safeguard) => safeguard.without(),
            Change::Seed(_) => "",
        }
    }

    fn of(self, whole: &Invocation) -> Invocation {
        let mut changed = whole.clone();
        match self {
            Change::Without(safeguard) => {
                changed.without.push(safeguard);
                changed.without = once(&changed.without);
            }
            Change::Seed(seed) => changed.seed = seed,
        }
        changed
    }
}

/// Runs the scenario twice and prints what differs. The whole run decides what
/// it comes to: the changed one is meant to break something.
pub(super) fn compare(args: &RunArgs, change: Change) -> Result<Exit, Failure> {
    let scenario = load(args)?.scenario;
    let whole = invocation(args, &scenario)?;
    let changed = change.of(&whole);
    let mut screen = Screen::new();
    let filter = Filter::default();
    let (mut ours, unable) = trials(args, &scenario, &whole, &filter, &mut screen)?;
    let (mut theirs, _) = trials(args, &scenario, &changed, &filter, &mut screen)?;
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
            scenario: &scenario,
            invocation: &changed,
            trials: &theirs,
            unable: &unable,
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
