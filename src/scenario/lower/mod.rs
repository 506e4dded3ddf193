//! From what the file says to what we run: names are resolved, rules checked,
//! defaults filled in. A mistake does not end it: the rest is checked as far as
//! it makes sense.

mod actions;
mod allow;
mod business;
mod cast;
mod faults;
mod machines;
mod moments;
mod network;
mod policies;
mod promises;
mod requests;
mod reservations;
mod seeded;
mod steps;
mod transactions;
mod workload;

use std::path::Path;

pub use workload::MOST_TRANSACTIONS;

use allow::Allowed;
use transactions::Part;

use super::axis::Axis;
use super::diagnostics::{Problem, Problems};
use super::file::{At, File};
use super::sources::Sources;
use super::types::Scenario;
use super::value::Time;
use crate::protocol::Safeguard;
use crate::vocab::{Seed, SimDuration};

/// The scenario of a file; `None` only if a problem was found.
pub(super) fn lower(sources: &Sources, file: &File, problems: &mut Problems) -> Option<Scenario> {
    let allowed = Allowed::of(file, problems);
    let mut lowering = Lowering {
        file,
        text: sources.text(),
        problems,
        allowed,
        parts: transactions::parts(file),
    };
    let cast = lowering.cast();
    let business = lowering.business(&cast);
    let machines = lowering.machines(&cast);
    let network = lowering.network(&cast);
    let workload = lowering.workload(&cast);
    let readers = lowering.readers(&cast);
    let operator = lowering.operator(&cast);
    let faults = lowering.faults(&cast);
    let seeded = lowering.seeded();
    let broker = lowering.broker();
    let life = policies::longest_life(&network, &faults, seeded.as_ref(), &machines, &broker);
    let policies = lowering.policies(life, &workload);
    let expectations = lowering.expectations();
    let sweep = lowering.sweep();
    if lowering.problems.is_empty() {
        lowering.check_allowed();
        lowering.check_judged(&business);
        lowering.check_magnitudes(&business, &workload);
    }
    let scenario = Scenario {
        name: lowering.name(sources.main_name()),
        about: file.about.clone().unwrap_or_default().trim().to_owned(),
        seed: Seed(file.seed.unwrap_or(DEFAULT_SEED)),
        without: lowering.without(),
        allows: lowering.allowed.breaches(),
        settle: lowering.positive(file.settle.as_ref(), "settle", DEFAULT_SETTLE),
        business,
        nodes: cast.nodes,
        machines,
        broker,
        provider: lowering.provider(),
        network,
        policies,
        two_phase: lowering.two_phase(),
        orchestrated_steps: lowering.file.orchestrated.steps,
        choreographed_steps: lowering.file.choreographed.steps,
        workload,
        readers,
        operator,
        faults,
        seeded,
        sweep,
        expectations,
    };
    lowering.check_expected(&scenario);
    problems.is_empty().then_some(scenario)
}

const DEFAULT_SEED: u64 = 1;
const DEFAULT_SETTLE: SimDuration = SimDuration::from_secs(10);

/// The file, and what is found wrong with it.
struct Lowering<'f> {
    file: &'f File,
    text: &'f str,
    problems: &'f mut Problems,
    allowed: Allowed<'f>,
    parts: Vec<Part>,
}

impl Lowering<'_> {
    /// The safeguards that the scenario does without, each once.
    fn without(&mut self) -> Vec<Safeguard> {
        let names: Vec<&str> = Safeguard::ALL.iter().map(|s| s.name()).collect();
        let mut without: Vec<Safeguard> = Vec::new();
        for written in &self.file.without {
            let what = ("safeguard", "safeguards");
            let Some(n) = super::names::find(self.problems, written, what, &names) else {
                continue;
            };
            if without.contains(&Safeguard::ALL[n]) {
                let name = super::names::quote(written.get_ref());
                self.problems
                    .push(Problem::at(written.span(), format!("{name} is here twice")));
            }
            without.push(Safeguard::ALL[n]);
        }
        without.sort_unstable();
        without
    }

    /// What varies, each once.
    fn sweep(&mut self) -> Vec<Axis> {
        let mut axes: Vec<Axis> = Vec::new();
        for says in &self.file.sweep {
            let path = says.path.get_ref();
            if axes.iter().any(|axis| axis.path == *path) {
                let title = format!("{} is here twice", super::names::quote(path));
                self.problems.push(Problem::at(says.path.span(), title));
            }
            axes.push(Axis {
                path: path.clone(),
                values: says.values.iter().map(|v| v.get_ref().clone()).collect(),
            });
        }
        axes
    }

    /// The scenario's name, or that of its file.
    fn name(&mut self, file_name: &str) -> String {
        match &self.file.name {
            Some(name) => {
                let text = name.get_ref().clone();
                super::names::check_name(self.problems, "a scenario", &text, name.span());
                text
            }
            None => Path::new(file_name)
                .file_stem()
                .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
        }
    }

    /// A duration that must be some time, or its default.
    fn positive(
        &mut self,
        time: Option<&At<Time>>,
        key: &str,
        default: SimDuration,
    ) -> SimDuration {
        let Some(time) = time else { return default };
        let duration = time.get_ref().0;
        if duration.is_zero() {
            self.problems.push(
                Problem::at(time.span(), format!("`{key}` cannot be 0"))
                    .help("with no time between, it would happen for ever at the same instant"),
            );
        }
        duration
    }

    /// A number within bounds, or its default.
    fn within<T>(
        &mut self,
        number: Option<&At<T>>,
        key: &str,
        least: u64,
        most: u64,
        default: T,
    ) -> T
    where
        T: Copy + TryInto<u64> + std::fmt::Display,
    {
        self.within_so_many(number, key, (least, most, ""), default)
    }

    /// The same, of a number of something.
    fn within_so_many<T>(
        &mut self,
        number: Option<&At<T>>,
        key: &str,
        (least, most, what): (u64, u64, &str),
        default: T,
    ) -> T
    where
        T: Copy + TryInto<u64> + std::fmt::Display,
    {
        let Some(number) = number else { return default };
        let value = *number.get_ref();
        let fits = value
            .try_into()
            .is_ok_and(|v: u64| (least..=most).contains(&v));
        if !fits {
            let (value, most) = (super::names::number(value), super::names::number(most));
            self.problems.push(
                Problem::at(
                    number.span(),
                    format!("{} cannot be {value}", super::names::quote(key)),
                )
                .label(format!("from {least} to {most}{what}")),
            );
            return default;
        }
        value
    }
}
