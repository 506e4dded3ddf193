//! Shrinking: from a run that breaks a promise to the smallest scenario that
//! still breaks it in the same way, as a file that stands for itself.
//!
//! Delta debugging (Zeller & Hildebrandt 2002), by levels, as DEMi taught
//! (Scott, Panda, Brajkovic, Necula, Krishnamurthy & Shenker 2016): first whole
//! requests, then faults, then what the file says beside them, then durations and
//! values. What draws depend on is who asks and not who else does, so a request
//! that is taken away leaves all others as they were.

mod case;
mod ddmin;
mod passes;

use std::sync::Arc;

pub use case::Target;

use super::{HostChoice, RunError, RunOptions, Runner, Subject, Trial, catch};
use crate::check::{Verdict, Violation};
use crate::history::Digest;
use crate::protocol::{ProtocolKind, Safeguards};
use crate::scenario::Scenario;
use crate::vocab::Seed;
use case::Case;

/// What is to be shrunk.
#[derive(Clone, Debug)]
pub struct Shrink {
    /// The scenario, as the run had it: with what a swarm drew, if it did.
    pub subject: Subject,
    /// The seed of the run.
    pub seed: Seed,
    /// Its protocol.
    pub protocol: ProtocolKind,
    /// The rules in force.
    pub safeguards: Safeguards,
    /// The name of the promise that must go on to break; the first that is not
    /// expected to, or the first of all, if `None`.
    pub promise: Option<String>,
    /// How many runs it may take.
    pub budget: u32,
    /// Who makes the runs.
    pub runner: Runner,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The scenario file.
    pub text: String,
    /// What it says.
    pub scenario: Arc<Scenario>,
    /// What breaks in it, and how.
    pub target: Target,
    /// The violation.
    pub violation: Violation,
    /// The digest of its run.
    pub digest: Digest,
    /// How many faults and requests there were before, and are now.
    pub faults: (usize, usize),
    /// See `faults`.
    pub requests: (usize, usize),
    /// How many runs it took.
    pub runs: u32,
    /// Whether the budget ended it: more could have been tried.
    pub cut_short: bool,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Faults that are left.
    pub faults: usize,
    /// Requests that are left.
    pub requests: usize,
    /// Runs so far.
    pub runs: u32,
}

/// Why there is nothing to shrink.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShrinkError {
    /// The run keeps the promise, or all of them.
    #[error("nothing to shrink: {what} under {protocol} on seed {seed}")]
    NothingBroke {
        /// `no promise broke`, or `` `floors` did not break ``.
        what: String,
        /// Under which protocol.
        protocol: ProtocolKind,
        /// On which seed.
        seed: Seed,
    },
    /// The scenario cannot be run so.
    #[error("{0}")]
    CannotRun(RunError),
    /// The run cannot be said in a file: its seed is too large for one, say.
    #[error("a file cannot say this run: its seed must be at most {}", i64::MAX)]
    NoFile,
    /// The run panicked: it has no verdict.
    #[error("the run does not come to its end: {0}")]
    Panicked(String),
}

/// Shrinks a run. Deterministic: the same run comes to the same file.
///
/// # Errors
/// When nothing breaks in the run, or it cannot be run.
pub fn shrink(of: &Shrink, mut observe: impl FnMut(Progress)) -> Result<Shrunk, ShrinkError> {
    let scenario = Arc::clone(of.subject.scenario());
    let options = RunOptions {
        seed: of.seed,
        safeguards: of.safeguards,
        host: HostChoice::Direct,
    };
    let mut history = case::Wishes::default();
    let trial = catch(|| (of.runner)(&scenario, of.protocol, &options, &mut history))
        .map_err(ShrinkError::Panicked)?
        .map_err(ShrinkError::CannotRun)?;
    let target = target(of, &scenario, &trial)?;
    let mut case = Case::of(of, &scenario, &trial, history, target).ok_or(ShrinkError::NoFile)?;
    let before = (
        trial.plan.faults.len(),
        scenario.workload.transactions as usize,
    );
    passes::all(&mut case, &mut observe);
    let done = case.finish();
    Ok(Shrunk {
        faults: (before.0, done.faults),
        requests: (before.1, done.requests),
        text: done.text,
        scenario: done.scenario,
        target: done.target,
        violation: done.violation,
        digest: done.digest,
        runs: done.runs,
        cut_short: done.runs >= of.budget,
    })
}

/// What must go on to break.
fn target(of: &Shrink, scenario: &Scenario, trial: &Trial) -> Result<Target, ShrinkError> {
    let broken = trial.verdicts.iter().filter_map(|(id, verdict, expected)| {
        let Verdict::Violated(violation) = verdict else {
            return None;
        };
        let promise = scenario.promise_name(*id).to_owned();
        let wanted = of.promise.as_ref().is_none_or(|name| *name == promise);
        wanted.then(|| {
            let target = Target {
                protocol: of.protocol,
                promise,
                how: violation.how,
                request: violation.request,
            };
            (*expected, target)
        })
    });
    // `Holds` comes first: what should not have broken.
    let first = broken.min_by_key(|(expected, _)| *expected as u8);
    first
        .map(|(_, target)| target)
        .ok_or_else(|| ShrinkError::NothingBroke {
            what: match &of.promise {
                Some(name) => format!("`{name}` did not break"),
                None => "no promise broke".to_owned(),
            },
            protocol: of.protocol,
            seed: of.seed,
        })
}
