//! One run of one protocol, judged and measured.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::trial::{Hosts, Trial};
use crate::business::PromiseId;
use crate::check::{Judge, Verdict};
use crate::history::{DigestSink, Event, Point, Sink};
use crate::measure::{Figures, Meter};
use crate::protocol::choreographed::ChoreographedSaga;
use crate::protocol::monolith::Monolith;
use crate::protocol::orchestrated::OrchestratedSaga;
use crate::protocol::two_phase_commit::TwoPhaseCommit;
use crate::protocol::{Protocol, ProtocolKind, Role, Safeguards};
use crate::scenario::{Expectation, Scenario};
use crate::vocab::Seed;
use crate::world::{RunEnd, RunSpec, host};

/// How a scenario is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// All chance comes from it.
    pub seed: Seed,
    /// The rules in force.
    pub safeguards: Safeguards,
    /// Who carries the machines.
    pub host: HostChoice,
}

/// Who carries the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostChoice {
    /// The direct host.
    Direct,
    /// The madsim host.
    Madsim,
    /// The direct host, cross-checked by the madsim host.
    Both,
}

impl HostChoice {
    /// Both hosts, where this build has madsim.
    pub const fn crossed() -> Self {
        match has_madsim() {
            true => HostChoice::Both,
            false => HostChoice::Direct,
        }
    }
}

/// Why a run could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// This build has no madsim host.
    #[error(
        "this build has no madsim host: build with RUSTFLAGS=\"--cfg madsim\", \
         or in a clone of the repository, where .cargo/config.toml sets it"
    )]
    MadsimMissing,
    /// The scenario does not suit the protocol.
    #[error("{protocol} cannot run this scenario: {why}")]
    CannotRun {
        /// Which protocol.
        protocol: ProtocolKind,
        /// Why not.
        why: String,
    },
}

impl RunError {
    fn not_shipped(protocol: ProtocolKind) -> Self {
        RunError::CannotRun {
            protocol,
            why: "its machines do not ship with the bench: use `lab::run_own`".to_owned(),
        }
    }
}

/// Whether this build has the madsim host.
pub const fn has_madsim() -> bool {
    cfg!(madsim)
}

/// Runs a scenario once under a protocol that ships with the bench. `sink` hears
/// the history as it happens.
///
/// # Errors
///
/// When the scenario does not suit the protocol, when the protocol is somebody's
/// own (whose machines only [`run_own`] knows), or when the madsim host is asked
/// for in a build without it.
///
/// # Panics
///
/// On a bug of the bench.
pub fn run<S: Sink>(
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    options: &RunOptions,
    sink: S,
) -> Result<Trial, RunError> {
    match protocol {
        ProtocolKind::Monolith => run_own::<Monolith, S>(scenario, options, sink),
        ProtocolKind::TwoPhaseCommit => run_own::<TwoPhaseCommit, S>(scenario, options, sink),
        ProtocolKind::OrchestratedSaga => run_own::<OrchestratedSaga, S>(scenario, options, sink),
        ProtocolKind::ChoreographedSaga => run_own::<ChoreographedSaga, S>(scenario, options, sink),
        ProtocolKind::Own(_) => Err(RunError::not_shipped(protocol)),
    }
}

/// Runs a scenario once under somebody's own protocol, on the same workload and
/// under the same faults as all others, and judges and measures it as
/// [`run`] does. `sink` hears the history as it happens.
///
/// # Errors
///
/// When the scenario does not suit the protocol, when the protocol has nobody
/// where its clients call, or when the madsim host is asked for in a build
/// without it.
///
/// # Panics
///
/// With the panic of a machine, if one panics; and when a message is sent to a
/// node where the protocol has nobody.
pub fn run_own<P: Protocol, S: Sink>(
    scenario: &Arc<Scenario>,
    options: &RunOptions,
    mut sink: S,
) -> Result<Trial, RunError> {
    tried::<P>(scenario, options, &mut sink)
}

/// Runs a scenario once under a protocol that ships with the bench, as [`run`] does,
/// and judges it, but neither measures it nor takes its digest: a fifth of the time
/// of a run, where many are made and only the verdicts matter. The direct host carries
/// it.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// As [`run`].
pub fn judge(
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    seed: Seed,
    safeguards: Safeguards,
) -> Result<Vec<Judged>, RunError> {
    let options = RunOptions {
        seed,
        safeguards,
        host: HostChoice::Direct,
    };
    let mut nobody = ();
    let court = Court {
        digest: None,
        judge: Judge::new(scenario, protocol),
        meter: None,
        sink: &mut nobody,
    };
    let heard = match protocol {
        ProtocolKind::Monolith => heard::<Monolith>(scenario, &options, court),
        ProtocolKind::TwoPhaseCommit => heard::<TwoPhaseCommit>(scenario, &options, court),
        ProtocolKind::OrchestratedSaga => heard::<OrchestratedSaga>(scenario, &options, court),
        ProtocolKind::ChoreographedSaga => heard::<ChoreographedSaga>(scenario, &options, court),
        ProtocolKind::Own(_) => Err(RunError::not_shipped(protocol)),
    };
    Ok(judged(scenario, protocol, heard?.court.judge))
}

/// A promise, its verdict, and what was expected of it.
pub type Judged = (PromiseId, Verdict, Expectation);

/// Every promise, in the scenario's order.
fn judged(scenario: &Scenario, protocol: ProtocolKind, judge: Judge) -> Vec<Judged> {
    let verdicts = judge.verdicts().into_iter();
    let judged = verdicts.map(|(promise, verdict)| {
        let expected = scenario.expects(protocol, promise);
        (promise, verdict, expected)
    });
    judged.collect()
}

/// One trial a protocol is compiled, whoever listens.
fn tried<P: Protocol>(
    scenario: &Arc<Scenario>,
    options: &RunOptions,
    sink: &mut dyn Sink,
) -> Result<Trial, RunError> {
    let protocol = P::KIND;
    let court = Court {
        digest: Some(DigestSink::default()),
        judge: Judge::new(scenario, protocol),
        meter: Some(Meter::new(scenario, protocol)),
        sink,
    };
    let Heard { court, end, spec } = heard::<P>(scenario, options, court)?;
    let listened = "everybody listens to a trial";
    let history = court.digest.expect(listened);
    let digest = history.digest();
    let hosts = match options.host {
        HostChoice::Direct => Hosts::Direct,
        HostChoice::Madsim => Hosts::Madsim,
        HostChoice::Both => {
            let (again, _) = carry::<P, _>(Carrier::Madsim, &spec, DigestSink::default());
            let madsim = again.digest();
            if madsim == digest {
                Hosts::Agree
            } else {
                Hosts::Differ { madsim }
            }
        }
    };
    Ok(Trial {
        protocol,
        seed: options.seed,
        safeguards: spec.safeguards,
        plan: spec.plan,
        not_applicable: end.not_applicable,
        never_struck: end.never_struck,
        digest,
        hosts,
        events: history.events(),
        ended: end.ended,
        verdicts: judged(scenario, protocol, court.judge),
        figures: Figures {
            worker_utilisation: end.worker_utilisation,
            link_utilisation: end.link_utilisation,
            broker_backlog: end.broker_backlog,
            ..court.meter.expect(listened).finish()
        },
    })
}

/// A run that is over, and who has heard it.
struct Heard<'a> {
    court: Court<'a>,
    end: RunEnd,
    spec: RunSpec,
}

/// Runs a scenario on the first of the hosts that are wanted.
fn heard<'a, P: Protocol>(
    scenario: &Arc<Scenario>,
    options: &RunOptions,
    court: Court<'a>,
) -> Result<Heard<'a>, RunError> {
    let protocol = P::KIND;
    if options.host != HostChoice::Direct && !has_madsim() {
        return Err(RunError::MadsimMissing);
    }
    scenario
        .can_run(protocol)
        .map_err(|why| RunError::CannotRun { protocol, why })?;
    let spec = RunSpec {
        scenario: Arc::clone(scenario),
        seed: options.seed,
        safeguards: scenario.safeguards(options.safeguards),
        plan: scenario.plan(options.seed),
        leave_out: BTreeSet::new(),
    };
    if !answers_clients::<P>(&spec) {
        return Err(RunError::CannotRun {
            protocol,
            why: "it has nobody where clients call it".to_owned(),
        });
    }
    let first = match options.host {
        HostChoice::Madsim => Carrier::Madsim,
        HostChoice::Direct | HostChoice::Both => Carrier::Direct,
    };
    let (court, end) = carry::<P, _>(first, &spec, court);
    Ok(Heard { court, end, spec })
}

/// How an experiment makes its runs: [`shipped`], or [`own`] for a protocol that
/// somebody brings.
pub type Runner =
    fn(&Arc<Scenario>, ProtocolKind, &RunOptions, &mut dyn Sink) -> Result<Trial, RunError>;

/// Runs the protocols that ship with the bench, as [`run`] does.
///
/// # Errors
/// As [`run`].
pub fn shipped(
    scenario: &Arc<Scenario>,
    protocol: ProtocolKind,
    options: &RunOptions,
    sink: &mut dyn Sink,
) -> Result<Trial, RunError> {
    run(scenario, protocol, options, sink)
}

/// Runs somebody's own protocol, as [`run_own`] does, whichever is asked for.
pub fn own<P: Protocol>() -> Runner {
    |scenario, _, options, sink| run_own::<P, _>(scenario, options, sink)
}

/// Whether the protocol has a machine at its own entry.
fn answers_clients<P: Protocol>(spec: &RunSpec) -> bool {
    let setting = Arc::new(spec.setting(P::KIND));
    let mut entries = (0..setting.business.variety()).map(|n| setting.entry_of(n));
    entries.all(|entry| {
        let role = match setting.nodes.service_at(entry) {
            Some(service) => Role::Service(service),
            None => Role::Manager,
        };
        P::build(&setting, role).is_some()
    })
}

/// Everybody who listens to a run.
struct Court<'a> {
    digest: Option<DigestSink>,
    judge: Judge,
    meter: Option<Meter>,
    sink: &'a mut dyn Sink,
}

impl Sink for Court<'_> {
    fn event(&mut self, event: &Event) {
        if let Some(digest) = &mut self.digest {
            digest.event(event);
        }
        self.judge.event(event);
        if let Some(meter) = &mut self.meter {
            meter.event(event);
        }
        self.sink.event(event);
    }

    fn hears_points(&self) -> bool {
        self.sink.hears_points()
    }

    fn point(&mut self, point: &Point) {
        self.sink.point(point);
    }

    fn weighs(&mut self, bytes: u32) {
        if let Some(meter) = &mut self.meter {
            meter.weighs(bytes);
        }
        self.sink.weighs(bytes);
    }
}

#[derive(Clone, Copy)]
enum Carrier {
    Direct,
    Madsim,
}

/// Runs a world to its end.
fn carry<P: Protocol, S: Sink>(carrier: Carrier, spec: &RunSpec, sink: S) -> (S, RunEnd) {
    match carrier {
        Carrier::Direct => host::direct::run::<P, S>(spec, sink),
        #[cfg(madsim)]
        Carrier::Madsim => host::madsim::run::<P, S>(spec, sink),
        #[cfg(not(madsim))]
        Carrier::Madsim => unreachable!("`run` has refused this already"),
    }
}
