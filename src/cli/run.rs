//! `indoubt run`: a scenario under several protocols, side by side.

mod flags;

use std::io::Write;
use std::sync::Arc;

use rand::TryRng;
use rand::rngs::SysRng;

use self::flags::SeedChoice;
pub(super) use self::flags::{RunArgs, TraceForm};
use super::bug;
use super::compare;
use super::exit::{Exit, Failure};
use super::flags::{Format, chosen, once};
use super::output::{Screen, page};
use super::save;
use super::source::{Source, Whole};
use crate::lab::{self, HostChoice, RunError, RunOptions, Trial};
use crate::measure::over_common_window;
use crate::protocol::{ProtocolKind, Safeguards};
use crate::report::trace::{Filter, Form, TraceWriter, legend};
use crate::report::{Comparison, Invocation, Unable, json, line_to_paste, quoted, text};
use crate::scenario::Scenario;
use crate::vocab::Seed;

/// Runs the scenario, prints the outcome and says what it comes to.
pub(super) fn run(args: &RunArgs) -> Result<Exit, Failure> {
    if let Some(change) = &args.compare {
        return compare::compare(args, change);
    }
    refuse_mixtures(args)?;
    let whole = load(args)?;
    let scenario = &whole.scenario;
    let invocation = invocation(args, scenario)?;
    let filter = Filter::parse(scenario, &args.filters).map_err(Failure::Usage)?;
    let mut screen = Screen::new();
    let (trials, unable) = trials(args, scenario, &invocation, &filter, &mut screen)?;
    if let (Some(file), [trial]) = (&args.save, &trials[..]) {
        save::save(file, &whole, &invocation, trial)?;
    }
    let comparison = Comparison {
        scenario,
        invocation: &invocation,
        trials: &trials,
        unable: &unable,
    };
    let document = match args.format {
        _ if args.trace == Some(TraceForm::Json) => String::new(),
        Format::Text if args.quiet => text::quiet(&comparison, page()),
        Format::Text if args.verbose => text::verbose(&comparison, page()),
        Format::Text => text::screen(&comparison, page()),
        Format::Json => json::document(&comparison),
    };
    screen.write_all(document.as_bytes())?;
    if let (Some(file), Format::Text, false) = (&args.save, args.format, args.quiet)
        && args.trace != Some(TraceForm::Json)
    {
        let file = quoted(&file.display().to_string());
        writeln!(
            screen,
            "\nSaved. Explain it with:\n  {}",
            line_to_paste(&format!("replay {file}"))
        )?;
    }
    screen.flush()?;
    verdict(&comparison)
}

/// Text and JSON do not go into one output.
fn refuse_mixtures(args: &RunArgs) -> Result<(), Failure> {
    if args.save.is_some() && args.protocols.len() != 1 {
        let why = "--save keeps the history of one protocol: say which with --protocol";
        return Err(Failure::Usage(why.to_owned()));
    }
    let why = match (args.trace, args.format) {
        (Some(TraceForm::Json), Format::Json) => {
            "--trace=json has no report: leave out --format json"
        }
        (Some(_), Format::Json) => "--trace is text: leave out --format json, or say --trace=json",
        (None, Format::Json) if args.quiet => "--quiet is text: leave out --format json",
        _ => return Ok(()),
    };
    Err(Failure::Usage(why.to_owned()))
}

/// The scenario as it is run.
pub(super) fn load(args: &RunArgs) -> Result<Whole, Failure> {
    let source = Source::of(&args.scenario, &args.sets, args.transactions);
    match (args.swarm, args.seed) {
        (false, _) => source.whole(),
        (true, None) => source.swarm(None),
        (true, Some(SeedChoice::Given(seed))) => source.swarm(Some(seed)),
        (true, Some(SeedChoice::Random)) => {
            let why = "--swarm draws for a seed: give --seed a number";
            Err(Failure::Usage(why.to_owned()))
        }
    }
}

pub(super) fn invocation(args: &RunArgs, scenario: &Scenario) -> Result<Invocation, Failure> {
    let seed = match args.seed {
        None => scenario.seed,
        Some(SeedChoice::Given(seed)) => seed,
        Some(SeedChoice::Random) => random_seed()?,
    };
    Ok(Invocation {
        file: args.scenario.display().to_string(),
        seed,
        without: once(&args.without),
        transactions: args.transactions,
        sets: args.sets.clone(),
        swarm: args.swarm,
    })
}

/// The only chance that does not come from a seed: which seed. Short, so that
/// it can be read aloud.
fn random_seed() -> Result<Seed, Failure> {
    let drawn = SysRng.try_next_u32();
    let number = drawn.map_err(|error| {
        Failure::Usage(format!(
            "no random seed is to be had ({error}): give --seed a number"
        ))
    })?;
    Ok(Seed(u64::from(number)))
}

/// Runs every protocol that was asked for. A protocol that the scenario cannot
/// run is an error only if it was asked for by name.
pub(super) fn trials(
    args: &RunArgs,
    scenario: &Arc<Scenario>,
    invocation: &Invocation,
    filter: &Filter,
    screen: &mut Screen,
) -> Result<(Vec<Trial>, Vec<Unable>), Failure> {
    let options = options(args, invocation);
    let form = args.trace.map(Form::from);
    if let Some(form @ (Form::Lines | Form::Lanes)) = form {
        writeln!(screen, "{}", legend(form))?;
    }
    let (mut trials, mut unable) = (Vec::new(), Vec::new());
    for protocol in chosen(&args.protocols) {
        let outcome = match form {
            None => guarded(invocation, protocol, || {
                lab::run(scenario, protocol, &options, ())
            }),
            Some(form) => {
                let trace = Trace {
                    form,
                    filter,
                    screen,
                };
                traced(scenario, protocol, &options, invocation, trace)
            }
        };
        match outcome {
            Ok(trial) => trials.push(trial),
            Err(Failure::Run(RunError::CannotRun { protocol, why }))
                if args.protocols.is_empty() =>
            {
                unable.push(Unable { protocol, why });
            }
            Err(failure) => return Err(failure),
        }
    }
    over_common_window(trials.iter_mut().map(|trial| &mut trial.figures));
    Ok((trials, unable))
}

fn options(args: &RunArgs, invocation: &Invocation) -> RunOptions {
    RunOptions {
        seed: invocation.seed,
        safeguards: Safeguards::all().less(&invocation.without),
        host: args.host.map_or(HostChoice::crossed(), HostChoice::from),
    }
}

/// Where a trace goes, and how.
struct Trace<'a> {
    form: Form,
    filter: &'a Filter,
    screen: &'a mut Screen,
}

fn traced(
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    options: &RunOptions,
    invocation: &Invocation,
    to: Trace<'_>,
) -> Result<Trial, Failure> {
    let Trace {
        form,
        filter,
        screen,
    } = to;
    if form != Form::Json {
        writeln!(screen, "{protocol}")?;
    }
    let plan = scenario.plan(options.seed);
    let mut trace = TraceWriter::new(scenario, &plan, &mut *screen)
        .drawn_as(form, protocol, page())
        .filtered(filter.clone());
    trace.header();
    let outcome = guarded(invocation, protocol, || {
        lab::run(scenario, protocol, options, &mut trace)
    });
    trace.finish()?;
    if form != Form::Json {
        writeln!(screen)?;
    }
    outcome
}

fn guarded(
    invocation: &Invocation,
    protocol: ProtocolKind,
    run: impl FnOnce() -> Result<Trial, RunError>,
) -> Result<Trial, Failure> {
    match bug::catch(run) {
        Ok(outcome) => outcome.map_err(Failure::Run),
        Err(invariant) => Err(Failure::Bug {
            invariant,
            again: invocation.line(protocol),
        }),
    }
}

pub(super) fn verdict(comparison: &Comparison<'_>) -> Result<Exit, Failure> {
    match comparison.disagreement() {
        None => Ok(comparison.judgement().into()),
        Some(trial) => Err(Failure::Bug {
            invariant: format!(
                "the direct and the madsim host came to different histories of {} on seed {}",
                trial.protocol, trial.seed
            ),
            again: comparison.invocation.line(trial.protocol),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;
    use crate::history::Digest;
    use crate::lab::Hosts;
    use crate::report::fixture;

    fn verdict_of(change: impl FnOnce(&mut Vec<Trial>)) -> Result<Exit, Failure> {
        let scenario = fixture::scenario();
        let mut trials = fixture::trials(&scenario);
        change(&mut trials);
        verdict(&Comparison {
            scenario: &scenario,
            invocation: &fixture::invocation(),
            trials: &trials,
            unable: &[],
        })
    }

    #[test]
    fn the_exit_code_is_that_of_the_worst_promise() {
        let unsaid = Verdict::Inconclusive { why: String::new() };
        let broken = || fixture::trials_without_outbox(&fixture::scenario());
        assert_eq!(verdict_of(|_| ()).expect("no bug"), Exit::AsExpected);
        let inconclusive = verdict_of(|trials| trials[1].verdicts[0].1 = unsaid);
        assert_eq!(inconclusive.expect("no bug"), Exit::Inconclusive);
        let both = verdict_of(|trials| *trials = broken());
        assert_eq!(both.expect("no bug"), Exit::NotAsExpected);
    }

    #[test]
    fn hosts_that_differ_are_a_bug_with_a_line_to_paste() {
        let madsim = Digest(1);
        let bug = verdict_of(|trials| trials[1].hosts = Hosts::Differ { madsim });
        let Err(Failure::Bug { invariant, again }) = bug else {
            panic!("not a bug: {bug:?}");
        };
        assert!(invariant.ends_with("different histories of 2pc on seed 7"));
        assert!(again.ends_with("points-mall.toml --seed 7 --protocol 2pc"));
    }

    #[test]
    fn a_panic_in_a_run_is_a_bug_with_a_line_to_paste() {
        bug::record_panics();
        let bug = guarded(&fixture::invocation(), ProtocolKind::TwoPhaseCommit, || {
            panic!("a decision is never reversed")
        });
        let Err(Failure::Bug { invariant, again }) = bug else {
            panic!("not a bug: {bug:?}");
        };
        assert!(invariant.starts_with("a decision is never reversed"));
        assert!(again.ends_with("points-mall.toml --seed 7 --protocol 2pc"));
    }
}
