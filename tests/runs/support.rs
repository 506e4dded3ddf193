//! What whole-run tests share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indoubt::business::PromiseId;
use indoubt::check::Verdict;
use indoubt::fault::{Moment, Seeded};
use indoubt::history::Sink;
#[cfg(madsim)]
use indoubt::lab::Hosts;
use indoubt::lab::{self, HostChoice, Judged, RunOptions, Trial};
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario::{self, Expectation, Scenario};
use indoubt::vocab::{Probability, Seed, SimDuration, SimTime};

/// A path of the repository.
pub(crate) fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// A scenario of the repository.
pub(crate) fn shipped(name: &str) -> Scenario {
    scenario::load(path(name)).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Beside what the file schedules, every seed draws faults of all kinds.
pub(crate) fn with_faults(mut scenario: Scenario) -> Scenario {
    scenario.seeded.get_or_insert_with(|| Seeded {
        count: 4,
        kinds: Seeded::KINDS.to_vec(),
        from: SimTime::from_micros(20_000),
        until: SimTime::from_micros(800_000),
        shortest: SimDuration::from_millis(20),
        longest: SimDuration::from_millis(200),
        rate: Probability::new(0.3).expect("a probability"),
    });
    scenario
}

/// Cuts a scenario down to so many transactions, and everything that it
/// schedules by time to the same part, so that faults still meet arrivals.
pub(crate) fn shorten(scenario: &mut Scenario, transactions: u32) {
    let whole = u64::from(scenario.workload.transactions);
    let part = u64::from(transactions);
    let cut = |at: SimTime| SimTime::from_micros(at.as_micros() * part / whole);
    scenario.workload.transactions = transactions;
    for event in &mut scenario.operator {
        event.at = cut(event.at);
    }
    for fault in &mut scenario.faults {
        match &mut fault.when {
            Moment::At(at) => *at = cut(*at),
            Moment::On { nth, .. } => *nth = (u64::from(*nth) * part / whole).max(1) as u32,
            Moment::Point(point) => *point = *point * part / whole,
        }
    }
    if let Some(seeded) = &mut scenario.seeded {
        seeded.from = cut(seeded.from);
        seeded.until = cut(seeded.until);
    }
}

/// The protocols that can run a scenario.
pub(crate) fn protocols(scenario: &Scenario) -> Vec<ProtocolKind> {
    ProtocolKind::ALL
        .into_iter()
        .filter(|&p| scenario.can_run(p).is_ok())
        .collect()
}

/// One run on the direct host.
pub(crate) fn run(
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    seed: Seed,
    safeguards: Safeguards,
) -> Trial {
    run_into(scenario, protocol, seed, safeguards, ())
}

/// One run on the direct host, heard by `sink`.
pub(crate) fn run_into(
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    seed: Seed,
    safeguards: Safeguards,
    sink: impl Sink,
) -> Trial {
    let options = RunOptions {
        seed,
        safeguards,
        host: HostChoice::Direct,
    };
    lab::run(scenario, protocol, &options, sink).unwrap_or_else(|error| panic!("{error}"))
}

/// Why the two hosts do not agree on a run, if they do not.
#[cfg(madsim)]
pub(crate) fn apart(
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    seed: Seed,
) -> Option<String> {
    let options = RunOptions {
        seed,
        safeguards: Safeguards::all(),
        host: HostChoice::Both,
    };
    let trial = lab::run(scenario, protocol, &options, ());
    let hosts = trial.unwrap_or_else(|error| panic!("{error}")).hosts;
    (hosts != Hosts::Agree).then(|| format!("{protocol} seed {seed}: {hosts:?}"))
}

/// The promises that were expected to hold in a run and did not, in words; of a run
/// that is made for that alone.
pub(crate) fn surprises_of(
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    seed: Seed,
) -> Vec<String> {
    let judged = lab::judge(scenario, protocol, seed, Safeguards::all());
    let judged = judged.unwrap_or_else(|error| panic!("{error}"));
    in_words(scenario, (protocol, seed), &judged)
}

/// The promises that were expected to hold and did not, in words.
pub(crate) fn surprises(scenario: &Scenario, trial: &Trial) -> Vec<String> {
    in_words(scenario, (trial.protocol, trial.seed), &trial.verdicts)
}

fn in_words(
    scenario: &Scenario,
    (protocol, seed): (ProtocolKind, Seed),
    judged: &[Judged],
) -> Vec<String> {
    judged
        .iter()
        .filter(|(_, _, expected)| *expected == Expectation::Holds)
        .filter_map(|(promise, verdict, _)| {
            let name = scenario.promise_name(*promise);
            match verdict {
                Verdict::Violated(violation) => Some(format!(
                    "{protocol} seed {seed}: {name}: {}\n    {}",
                    violation.what,
                    violation
                        .evidence
                        .iter()
                        .map(|e| format!("{} {}", e.at, e.line))
                        .collect::<Vec<_>>()
                        .join("\n    ")
                )),
                Verdict::Inconclusive { why } => Some(format!(
                    "{protocol} seed {seed}: {name}: inconclusive: {why}"
                )),
                _ => None,
            }
        })
        .collect()
}

/// Whether a promise broke.
pub(crate) fn broke(trial: &Trial, promise: PromiseId) -> bool {
    trial
        .verdicts
        .iter()
        .any(|(id, verdict, _)| *id == promise && matches!(verdict, Verdict::Violated(_)))
}

/// Calls `work` for every number under `count`, on two threads; what it returns
/// is collected in order.
pub(crate) fn on_all_cores<T: Send>(count: u64, work: impl Fn(u64) -> Vec<T> + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let mut found: Vec<(u64, Vec<T>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut found = Vec::new();
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= count {
                            return found;
                        }
                        let some = work(n);
                        if !some.is_empty() {
                            found.push((n, some));
                        }
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    found.sort_by_key(|(n, _)| *n);
    found.into_iter().flat_map(|(_, some)| some).collect()
}
