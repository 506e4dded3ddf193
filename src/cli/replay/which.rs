//! Which run is told again, and whether the promise in question broke in it.

use std::sync::Arc;

use super::{Case, ReplayArgs, options};
use crate::cli::exit::Failure;
use crate::history::{Event, Sink, What};
use crate::lab::{self, RunError, RunOptions, Trial};
use crate::protocol::ProtocolKind;
use crate::report::replay::broken;
use crate::report::{Comparison, Invocation, Judgement, list_of_names};
use crate::scenario::Scenario;
use crate::vocab::RequestId;

/// The run under the protocol that was named; else the first that has the digest,
/// or that breaks the promise, or any. Where none broke and nobody said what is
/// meant, it is the first of all, with the others beside it.
pub(super) fn trial(
    args: &ReplayArgs,
    scenario: &Arc<Scenario>,
    invocation: &Invocation,
) -> Result<(Trial, Vec<Trial>), Failure> {
    let options = options(invocation.seed, &invocation.without);
    if let Some(protocol) = args.protocol {
        let trial = lab::run(scenario, protocol, &options, ()).map_err(Failure::Run)?;
        return Ok((trial, Vec::new()));
    }
    is_promised(args, scenario)?;
    let mut trials = Vec::new();
    for protocol in ProtocolKind::ALL {
        match lab::run(scenario, protocol, &options, ()) {
            Ok(trial) => trials.push(trial),
            Err(RunError::CannotRun { .. }) => {}
            Err(other) => return Err(Failure::Run(other)),
        }
    }
    if let Some(position) = position(args, scenario, invocation, &trials) {
        return Ok((trials.swap_remove(position), Vec::new()));
    }
    let of_one = args.request.is_some() || args.all || args.report.is_some() || args.svg.is_some();
    let none = match (args.digest, &args.promise) {
        (Some(digest), _) => format!("no run has the digest {digest}"),
        (None, Some(name)) => format!("`{name}` did not break"),
        (None, None) if of_one => "no promise broke".to_owned(),
        (None, None) => {
            let mut trials = trials.into_iter();
            let first = trials.next().ok_or_else(no_protocol)?;
            return Ok((first, trials.collect()));
        }
    };
    let names = list_of_names(trials.iter().map(|trial| trial.protocol.name()));
    // Something distributed, if there is any.
    let Some(Trial { protocol, .. }) = trials.get(1).or(trials.first()) else {
        return Err(no_protocol());
    };
    let what = to_look_at(&asked_for(scenario, *protocol, &options)?);
    Err(Failure::Usage(format!(
        "{none} under {names}: say which run to look at, and at what of it, as with --protocol \
         {protocol} {what}"
    )))
}

fn no_protocol() -> Failure {
    Failure::Usage("no protocol can run this scenario: `run` says why".to_owned())
}

fn position(
    args: &ReplayArgs,
    scenario: &Scenario,
    invocation: &Invocation,
    trials: &[Trial],
) -> Option<usize> {
    if let Some(digest) = args.digest {
        return trials.iter().position(|trial| trial.digest == digest);
    }
    let breaks = |trial: &Trial| {
        let broken = broken(scenario, invocation, trial);
        match &args.promise {
            None => !broken.is_empty(),
            Some(name) => broken
                .iter()
                .any(|(id, _)| scenario.promise_name(*id) == name),
        }
    };
    let unexpected = |trial: &Trial| breaks(trial) && is_unexpected(scenario, invocation, trial);
    let first = trials.iter().position(unexpected);
    first.or_else(|| trials.iter().position(breaks))
}

fn is_unexpected(scenario: &Scenario, invocation: &Invocation, trial: &Trial) -> bool {
    let of = Comparison {
        scenario,
        invocation,
        trials: std::slice::from_ref(trial),
        unable: &[],
    };
    of.judgement() == Judgement::NotAsExpected
}

/// Whether the scenario has the promise that was named.
pub(super) fn is_promised(args: &ReplayArgs, scenario: &Scenario) -> Result<(), Failure> {
    let Some(name) = &args.promise else {
        return Ok(());
    };
    let known = scenario.promises();
    if known.iter().any(|id| scenario.promise_name(*id) == name) {
        return Ok(());
    }
    let names = known
        .iter()
        .map(|id| format!("`{}`", scenario.promise_name(*id)));
    Err(Failure::Usage(format!(
        "no promise is called `{name}`; there are {}",
        names.collect::<Vec<_>>().join(", ")
    )))
}

/// Hears what is asked for, each request once, in order.
#[derive(Default)]
struct Requests(Vec<RequestId>);

impl Sink for Requests {
    fn event(&mut self, event: &Event) {
        if let What::Asked { key, retry: 0, .. } = &event.what {
            self.0.push(key.request);
        }
    }
}

fn asked_for(
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    options: &RunOptions,
) -> Result<Vec<RequestId>, Failure> {
    let mut requests = Requests::default();
    lab::run(scenario, protocol, options, &mut requests).map_err(Failure::Run)?;
    Ok(requests.0)
}

/// What was asked for in a run, in order.
pub(super) fn requests(case: &Case) -> Result<Vec<RequestId>, Failure> {
    let options = options(case.trial.seed, &case.invocation.without);
    asked_for(&case.scenario, case.trial.protocol, &options)
}

/// A flag that draws something of a run in which these were asked for.
fn to_look_at(requests: &[RequestId]) -> String {
    match requests.first() {
        Some(request) => format!("--request {request}"),
        None => "--all".to_owned(),
    }
}

/// Why a request cannot be drawn, and which can.
pub(super) fn not_asked_for(request: RequestId, case: &Case) -> Result<Failure, Failure> {
    const SHOWN: usize = 3;
    let requests = requests(case)?;
    let mut names: Vec<String> = requests
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    if let Some(more) = requests.len().checked_sub(SHOWN + 1) {
        names.push(format!("{} more", more + 1));
    }
    let instead = match names.is_empty() {
        true => String::new(),
        false => format!(", but for {}", list_of_names(names)),
    };
    Ok(Failure::Usage(format!(
        "nobody asked for {request} in this run{instead}"
    )))
}

/// Why a promise that there is cannot be explained.
pub(super) fn not_broken(name: &str, case: &Case) -> Result<Failure, Failure> {
    let scenario = &case.scenario;
    let broken = broken(scenario, &case.invocation, &case.trial);
    let names = list_of_names(broken.iter().map(|(id, _)| scenario.promise_name(*id)));
    let broken = if broken.is_empty() {
        "none was".to_owned()
    } else {
        format!("broken: {names}")
    };
    let what = to_look_at(&requests(case)?);
    Ok(Failure::Usage(format!(
        "`{name}` was not broken under {} ({broken}): say {what} instead, to look at the run all \
         the same",
        case.trial.protocol
    )))
}
