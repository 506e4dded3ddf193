//! `indoubt replay`: a run once more, and what broke in it.

mod which;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::diff::{open, unreadable};
use super::exit::{Exit, Failure};
use super::files::write_whole;
use super::flags::{Format, once, protocols, safeguards, seed, transactions};
use super::output::{Screen, page};
use super::source::{Source, Whole};
use crate::history::{Digest, What};
use crate::lab::{self, HostChoice, RunOptions, Trial};
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::report::diagram::{self, Concern, Kept, Signs};
use crate::report::replay::{Compared, Replay, Subject, broken, json, report, text};
use crate::report::saved::Comparing;
use crate::report::{Invocation, line_to_paste, quoted};
use crate::scenario::Scenario;
use crate::vocab::{RequestId, Seed};

const EXAMPLES: &str = "\
Examples:
  indoubt run scenarios/points-mall.toml --protocol 2pc --save mall.history
  indoubt replay mall.history
  indoubt replay scenarios/points-mall.toml --protocol choreographed --without outbox
  indoubt replay scenarios/points-mall.toml --without outbox --report bug.md --svg bug.svg
  indoubt replay scenarios/lessons/03-in-doubt.toml --protocol 2pc --request c0.0 --ascii

Exit codes:
   0  the run is the one that was meant, and everything is as the scenario expects
   1  it is another run, or something is not as the scenario expects
   2  usage error, an error in a file, or output cannot be written
   3  inconclusive: the run does not say
  70  a bug of the bench; standard error says how to show it again";

/// What `replay` can be told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReplayArgs {
    /// A scenario (NAME.toml), or a history that `run --save` wrote
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// Of a scenario: all chance of the run [default: the scenario's own]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = seed)]
    seed: Option<Seed>,

    /// Of a scenario: under which protocol [default: the first that breaks a
    /// promise]
    #[arg(long, value_name = "PROTOCOL", value_parser = protocols(), hide_possible_values = true)]
    protocol: Option<ProtocolKind>,

    /// Of a scenario: take a safeguard away; may be repeated
    #[arg(long = "without", value_name = "SAFEGUARD", value_delimiter = ',', value_parser = safeguards(),
        hide_possible_values = true)]
    without: Vec<Safeguard>,

    /// Of a scenario: how many transactions are asked for in all
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = transactions())]
    transactions: Option<u32>,

    /// Of a scenario: say something else than the file; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,

    /// Of a scenario: with the faults and the workload that `hunt` draws for the
    /// seed
    #[arg(long)]
    swarm: bool,

    /// Of a scenario: the digest that the run must have
    #[arg(long, value_name = "HEX")]
    digest: Option<Digest>,

    /// Explain this broken promise [default: the first, those first that should
    /// have held]
    #[arg(long, value_name = "NAME", conflicts_with = "request")]
    promise: Option<String>,

    /// Show this request, whatever became of it, like `c3.1`
    #[arg(long, value_name = "REQUEST")]
    request: Option<RequestId>,

    /// Draw everything, not only what matters to the transactions in question
    #[arg(long)]
    all: bool,

    /// Draw without anything that ASCII has not
    #[arg(long)]
    ascii: bool,

    /// Write a bug report for a tracker (Markdown)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Write the diagram as a picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// How the outcome is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// What is run again.
struct Case {
    scenario: Arc<Scenario>,
    /// The whole scenario as text.
    toml: String,
    invocation: Invocation,
    trial: Trial,
    /// The runs under other protocols, where no run broke a promise and nobody
    /// said which is meant.
    beside: Vec<Trial>,
    compared: Compared,
    again: String,
}

/// Runs it again, prints what came of it, writes the files, and says what it all
/// comes to.
pub(super) fn replay(args: &ReplayArgs) -> Result<Exit, Failure> {
    let is_scenario = args.path.extension().is_some_and(|ending| ending == "toml");
    let case = match is_scenario {
        true => of_scenario(args)?,
        false => of_history(args)?,
    };
    which::is_promised(args, &case.scenario)?;
    let subject = subject(args, &case)?;
    let diagram = draw(args, &case, &subject)?;
    let replay = Replay {
        scenario: &case.scenario,
        invocation: &case.invocation,
        trial: &case.trial,
        beside: &case.beside,
        compared: case.compared.clone(),
        subject,
        diagram,
        signs: if args.ascii {
            Signs::Ascii
        } else {
            Signs::Unicode
        },
        again: case.again.clone() + &explained(args),
    };
    write_files(args, &case, &replay)?;
    let document = match args.format {
        Format::Text => text::screen(&replay, page()),
        Format::Json => json::document(&replay),
    };
    let mut screen = Screen::new();
    screen.write_all(document.as_bytes())?;
    screen.flush()?;
    Ok(match replay.is_same() {
        Some(false) => Exit::NotAsExpected,
        _ => replay.judgement().into(),
    })
}

// ---- a saved history ----

fn of_history(args: &ReplayArgs) -> Result<Case, Failure> {
    refuse_flags_of_scenarios(args)?;
    let (header, lines) = open(&args.path)?;
    let wrong = |error| unreadable(&args.path, &error);
    let (scenario, transactions) = header.scenario().map_err(wrong)?;
    let protocol = header.protocol().map_err(wrong)?;
    let without = header.without().map_err(wrong)?;
    let digest = header.digest().map_err(wrong)?;
    let options = options(header.seed(), &without);
    let plan = scenario.plan(options.seed);
    let mut comparing = Comparing::new((&scenario, &plan), lines);
    let trial = lab::run(&scenario, protocol, &options, &mut comparing).map_err(Failure::Run)?;
    let parting = comparing.finish().map_err(wrong)?.map(Box::new);
    let file = args.path.display().to_string();
    Ok(Case {
        again: line_to_paste(&format!("replay {}", quoted(&file))),
        invocation: Invocation {
            file: header.file.clone(),
            seed: header.seed(),
            without,
            transactions,
            sets: Vec::new(),
            swarm: false,
        },
        toml: header.toml,
        scenario,
        trial,
        beside: Vec::new(),
        compared: Compared::Saved(digest, parting),
    })
}

fn refuse_flags_of_scenarios(args: &ReplayArgs) -> Result<(), Failure> {
    let flags = [
        ("--seed", args.seed.is_some()),
        ("--protocol", args.protocol.is_some()),
        ("--without", !args.without.is_empty()),
        ("--transactions", args.transactions.is_some()),
        ("--set", !args.sets.is_empty()),
        ("--swarm", args.swarm),
        ("--digest", args.digest.is_some()),
    ];
    match flags.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => Err(Failure::Usage(format!(
            "{} is a saved history, which says all of that itself: leave out {flag} (the name of \
             a scenario ends in .toml)",
            args.path.display()
        ))),
    }
}

// ---- a scenario ----

fn of_scenario(args: &ReplayArgs) -> Result<Case, Failure> {
    let source = Source::of(&args.path, &args.sets, args.transactions);
    let Whole { scenario, toml } = match args.swarm {
        true => source.swarm(args.seed)?,
        false => source.whole()?,
    };
    let invocation = Invocation {
        file: args.path.display().to_string(),
        seed: args.seed.unwrap_or(scenario.seed),
        without: once(&args.without),
        transactions: args.transactions,
        sets: args.sets.clone(),
        swarm: args.swarm,
    };
    let (trial, beside) = which::trial(args, &scenario, &invocation)?;
    Ok(Case {
        again: invocation.replay(trial.protocol, trial.digest),
        compared: args.digest.map_or(Compared::Nothing, Compared::Digest),
        scenario,
        toml,
        invocation,
        trial,
        beside,
    })
}

fn options(seed: Seed, without: &[Safeguard]) -> RunOptions {
    RunOptions {
        seed,
        safeguards: Safeguards::all().less(without),
        host: HostChoice::Direct,
    }
}

// ---- what is explained ----

fn subject<'c>(args: &ReplayArgs, case: &'c Case) -> Result<Subject<'c>, Failure> {
    if let Some(request) = args.request {
        return Ok(Subject::Request(request));
    }
    let broken = broken(&case.scenario, &case.invocation, &case.trial);
    let found = match &args.promise {
        None => broken.first(),
        Some(name) => {
            let named = broken
                .iter()
                .find(|(id, _)| case.scenario.promise_name(*id) == name);
            match named {
                Some(named) => Some(named),
                None => return Err(which::not_broken(name, case)?),
            }
        }
    };
    Ok(match found {
        Some((promise, violation)) => Subject::Broken(*promise, violation),
        None if args.all => Subject::Everything,
        None => Subject::Nothing(which::requests(case)?.first().copied()),
    })
}

/// What of the run is explained, as flags.
fn explained(args: &ReplayArgs) -> String {
    let mut flags = String::new();
    if let Some(promise) = &args.promise {
        flags.push_str(&format!(" --promise {}", quoted(promise)));
    }
    if let Some(request) = args.request {
        flags.push_str(&format!(" --request {request}"));
    }
    if args.all {
        flags.push_str(" --all");
    }
    flags
}

/// Runs it once more and keeps what the diagram needs: not every run is short
/// enough to be kept whole.
fn draw(
    args: &ReplayArgs,
    case: &Case,
    subject: &Subject<'_>,
) -> Result<diagram::Diagram, Failure> {
    let nothing = matches!(subject, Subject::Nothing(_));
    if nothing && (args.report.is_some() || args.svg.is_some()) {
        return Err(Failure::Usage(
            "no promise broke: say with --request what to draw, or --all".to_owned(),
        ));
    }
    if nothing {
        return Ok(diagram::Diagram::default());
    }
    let concern = if args.all {
        Concern::everything()
    } else {
        subject.concern()
    };
    let mut kept = Kept::of(concern.clone());
    let Trial { protocol, plan, .. } = &case.trial;
    let options = options(case.trial.seed, &case.invocation.without);
    lab::run(&case.scenario, *protocol, &options, &mut kept).map_err(Failure::Run)?;
    if let Some(request) = args.request {
        let asked = |what: &What| matches!(what, What::Asked { key, .. } if key.request == request);
        if !kept.events().iter().any(|event| asked(&event.what)) {
            return Err(which::not_asked_for(request, case)?);
        }
    }
    let moment = subject.moment(&case.scenario);
    let about = (&concern, kept.events());
    Ok(diagram::draw(
        &case.scenario,
        *protocol,
        plan,
        about,
        moment.as_ref(),
    ))
}

fn write_files(args: &ReplayArgs, case: &Case, replay: &Replay<'_>) -> Result<(), Failure> {
    if let Some(file) = &args.report {
        write_whole(file, report::markdown(replay, &case.toml))?;
    }
    if let Some(file) = &args.svg {
        write_whole(file, diagram::svg(&replay.diagram, &replay.caption()))?;
    }
    Ok(())
}
