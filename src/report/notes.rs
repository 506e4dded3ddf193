//! What must be known to read the columns.

use super::Comparison;
use super::heading::first_service;
use super::words::list;
use crate::business::Step;
use crate::lab::Trial;
use crate::measure::meaning;
use crate::protocol::ProtocolKind;
use crate::protocol::two_phase_commit::{LockTime, PrepareOrder, Presumption};
use crate::scenario::{Preparation, Scenario};

pub(super) fn notes(of: &Comparison<'_>) -> Vec<String> {
    let ran = |protocol| of.trials.iter().find(|trial| trial.protocol == protocol);
    let mut notes = Vec::new();
    if let Some(trial) = ran(ProtocolKind::Monolith)
        && of.trials.len() > 1
    {
        let first = first_service(of.scenario);
        notes.push(format!(
            "{}: all tables are in the database of {first}. It is the baseline: what the same \
             work costs where nothing is distributed.",
            trial.protocol
        ));
    }
    if let Some(trial) = ran(ProtocolKind::TwoPhaseCommit) {
        notes.extend(variant(of.scenario, trial));
        notes.extend(intents(of.scenario, trial));
        notes.extend(branches(trial));
    }
    if let Some(trial) = ran(ProtocolKind::OrchestratedSaga) {
        notes.extend(together(of.scenario, trial));
    }
    notes.extend(semantic_locks(of));
    notes.extend(reservations(of));
    notes.extend(unanswered(of.trials));
    notes.extend(whole_bill(of.trials));
    notes.extend(window(of.trials));
    notes
}

/// Which two-phase commit, if it is not the usual one.
fn variant(scenario: &Scenario, trial: &Trial) -> Option<String> {
    let variant = scenario.two_phase;
    let mut says = Vec::new();
    match variant.presumption {
        Presumption::Abort => {}
        Presumption::Nothing => says.push(
            "it presumes nothing: commits and aborts alike are forced, acknowledged and \
             remembered until all have them",
        ),
        Presumption::Commit => says.push(
            "it presumes commit: who takes part is forced to disk before anybody is asked to \
             prepare, commits are acknowledged by nobody, and aborts are remembered",
        ),
    }
    if variant.read_only_votes {
        says.push("a participant that has only read leaves at PREPARE");
    }
    if variant.prepare == PrepareOrder::Serial {
        says.push("participants are asked to prepare one after the other");
    }
    if variant.locks == LockTime::AtPrepare {
        says.push("participants do their work, and take its locks, when they are asked to prepare");
    }
    match scenario.in_one_phase() {
        (0, _) => {}
        (_, true) => says.push("its only participant commits in one phase, by its own decision"),
        (_, false) => says.push("an only participant commits in one phase, by its own decision"),
    }
    if variant.cooperative_termination {
        says.push(
            "a participant in doubt whom the coordinator does not answer asks the other \
             participants",
        );
    }
    (!says.is_empty()).then(|| format!("{}: {}.", trial.protocol, says.join("; ")))
}

/// Which steps a saga begins together, if it does.
fn together(scenario: &Scenario, trial: &Trial) -> Option<String> {
    let name = |id| &scenario.business.step(id).name;
    let several = scenario
        .groups(trial.protocol)
        .into_iter()
        .filter(|group| !group.is_single());
    let groups: Vec<String> = several
        .map(|group| format!("{} together", list(group.steps().map(name))))
        .collect();
    let groups = (!groups.is_empty()).then(|| groups.join(", and "))?;
    let protocol = trial.protocol;
    Some(match protocol {
        ProtocolKind::ChoreographedSaga => format!(
            "{protocol}: its services do {groups}; whoever comes next waits until it has heard \
             of all of them."
        ),
        _ => format!("{protocol}: it commands {groups}, each time under one record."),
    })
}

fn intents(scenario: &Scenario, trial: &Trial) -> Option<String> {
    let databases: Vec<&str> = scenario
        .business
        .participants()
        .into_iter()
        .map(|service| &scenario.machines[usize::from(scenario.nodes.service(service).0)])
        .filter(|machine| machine.database.prepare == Preparation::Intents)
        .map(|machine| machine.name.as_str())
        .collect();
    (!databases.is_empty()).then(|| {
        format!(
            "{}: the database of {} has no prepared transactions of its own. It takes part \
             through a table of intents: preparing is a local transaction, and so is ending. \
             Both are counted.",
            trial.protocol,
            list(databases)
        )
    })
}

fn branches(trial: &Trial) -> Option<String> {
    (trial.figures.inconsistent > 0).then(|| {
        format!(
            "{}: its branches end one after the other. Who looks into two databases without \
             locks can see one branch committed and the other not yet.",
            trial.protocol
        )
    })
}

fn semantic_locks(of: &Comparison<'_>) -> Option<String> {
    let sagas = of.trials.iter().map(|trial| trial.protocol);
    let sagas = list(sagas.filter(|p| p.is_saga()).map(|p| p.to_string()));
    let steps = &of.scenario.business.steps;
    let locking = list(
        steps
            .iter()
            .filter(|s| s.semantic_lock)
            .map(|s| s.name.as_str()),
    );
    let releasing = list(
        steps
            .iter()
            .filter(|s| s.releases.is_some())
            .map(|s| s.name.as_str()),
    );
    (!sagas.is_empty() && !locking.is_empty()).then(|| {
        format!(
            "{sagas}: {locking} marks its rows until the saga ends, a semantic lock. Another \
             saga that meets a mark tries again later, and a reader turns away. {releasing} is \
             the step that takes the marks away when all went well."
        )
    })
}

fn reservations(of: &Comparison<'_>) -> Option<String> {
    let sagas = of.trials.iter().map(|trial| trial.protocol);
    let sagas = list(sagas.filter(|p| p.is_saga()).map(|p| p.to_string()));
    let named = |which: fn(&Step) -> bool| {
        let steps = of.scenario.business.steps.iter();
        list(steps.filter(|s| which(s)).map(|s| s.name.as_str()))
    };
    let reserving = named(Step::reserves);
    let confirming = named(|step| step.confirms.is_some());
    (!sagas.is_empty() && !reserving.is_empty()).then(|| {
        format!(
            "{sagas}: {reserving} only reserves what it takes. Readers see the counter as it was; \
             another saga that wants what is reserved tries again later, for it may come back. \
             {confirming} is the step that takes it when all went well."
        )
    })
}

/// Whose wait is in no latency.
fn unanswered(trials: &[Trial]) -> Option<String> {
    let silent = trials.iter().filter(|trial| trial.figures.unknown > 0);
    let counts = list(silent.map(|t| format!("{} under {}", t.figures.unknown, t.protocol)));
    (!counts.is_empty()).then(|| {
        format!(
            "Latency is that of clients who were answered for good. Those who never were are in \
             no line of it: {counts}."
        )
    })
}

/// That what came to nothing is in the bill too.
fn whole_bill(trials: &[Trial]) -> Option<String> {
    let more = |t: &Trial| t.figures.committed > 0 && t.figures.refused + t.figures.undecided > 0;
    trials.iter().any(more).then(|| {
        "The cost of a committed transaction is all that was done, for refused and undecided ones \
         too, divided by those that committed."
            .to_owned()
    })
}

fn window(trials: &[Trial]) -> Option<String> {
    let window = trials.first()?.figures.window;
    let has_rate = |trial: &Trial| meaning::throughput(&trial.figures).is_some();
    let few = match trials.iter().all(has_rate) {
        true => "",
        false => " Fewer than ten commits are no rate.",
    };
    let any = trials.iter().any(has_rate);
    match trials {
        [_] => (!few.is_empty()).then(|| few.trim_start().to_owned()),
        _ if !any => Some(few.trim_start().to_owned()),
        _ => Some(format!(
            "Commits per second are taken over the first {window} of model time, in which all \
             of them were at work.{few}"
        )),
    }
}
