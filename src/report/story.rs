//! What happened, in a few sentences: the figures that belong together, put
//! side by side.

use super::words::{counted, list};
use super::{Comparison, Judgement};
use crate::lab::Trial;
use crate::measure::Figures;
use crate::protocol::ProtocolKind;

/// At most five points.
pub(super) fn story(of: &Comparison<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    sentences.extend(of.trials.iter().find_map(waiting));
    sentences.extend(seen(of.trials));
    sentences.extend(patience(of.trials));
    sentences.extend(pace(of.trials));
    sentences.extend(unresolved(of.trials));
    sentences
}

/// What two-phase commit's locks did to others.
fn waiting(trial: &Trial) -> Option<String> {
    let f = &trial.figures;
    if trial.protocol != ProtocolKind::TwoPhaseCommit || f.prepared == 0 {
        return None;
    }
    let who = counted(
        f.blocked,
        "transaction or reader",
        "transactions and readers",
    );
    let mut text = match (f.blocked, f.lock_wait.count) {
        (0, _) => "Under 2pc nobody met a lock that was held by another".to_owned(),
        (_, 0) => format!("Under 2pc {who} met another's write and were turned away"),
        _ => format!(
            "Under 2pc {who} met another's lock, and waited for up to {}",
            f.lock_wait.max
        ),
    };
    text.push_str(&format!(
        ": from its vote until it hears the decision a branch keeps its locks and can do nothing \
         about it, here for up to {}.",
        f.longest_in_doubt
    ));
    Some(text)
}

/// What sagas let others see.
fn seen(trials: &[Trial]) -> Option<String> {
    let sagas: Vec<&Trial> = trials
        .iter()
        .filter(|trial| trial.protocol.is_saga() && trial.figures.inconsistent > 0)
        .collect();
    let longest_hold = sagas.iter().map(|t| t.figures.lock_hold.max).max()?;
    let windows = sagas.iter().map(|trial| {
        let f = &trial.figures;
        format!(
            "{} under {} (for up to {})",
            counted(f.inconsistent, "transaction", "transactions"),
            trial.protocol,
            f.longest_inconsistency
        )
    });
    let compensated: u64 = sagas.iter().map(|t| t.figures.compensated).sum();
    let mut text = format!(
        "The sagas held no lock for longer than {longest_hold}, and let others see half of a \
         transaction instead: {}.",
        list(windows)
    );
    if compensated > 0 {
        text.push_str(&format!(
            " Of what was seen, the effects of {} were taken back later.",
            counted(compensated, "transaction", "transactions")
        ));
    }
    Some(text)
}

/// How much was done, against the best of the distributed protocols.
fn pace(trials: &[Trial]) -> Option<String> {
    /// Within so much of the best, it is as good.
    const ALIKE: f64 = 0.95;
    let mut distributed = distributed(trials);
    distributed.sort_by(|a, b| b.figures.throughput.total_cmp(&a.figures.throughput));
    let (best, others) = distributed.split_first()?;
    let worst = others.last()?;
    if best.figures.throughput <= 0.0 {
        return None;
    }
    let share = |trial: &Trial| trial.figures.throughput / best.figures.throughput;
    if share(worst) >= ALIKE {
        let (least, most) = (worst.figures.throughput, best.figures.throughput);
        let (least, most) = (format!("{least:.0}"), format!("{most:.0}"));
        return Some(match least == most {
            true => format!("All distributed protocols committed {most} a second."),
            false => format!(
                "All distributed protocols committed about as many a second, {least} to {most}."
            ),
        });
    }
    let shares = others.iter().map(|trial| {
        let percent = libm::round(share(trial) * 100.0) as u64;
        format!("{} {percent}% of that", trial.protocol)
    });
    Some(format!(
        "Of the distributed protocols {} committed most, {:.0} a second; {}.",
        best.protocol,
        best.figures.throughput,
        list(shares)
    ))
}

/// How long the clients waited, where the first answer is not the last.
fn patience(trials: &[Trial]) -> Option<String> {
    let distributed = distributed(trials);
    if distributed.len() < 2 {
        return None;
    }
    let half = distributed.iter().map(|trial| {
        let f = &trial.figures;
        let mut text = format!("{} under {}", f.latency.p50, trial.protocol);
        if f.accepted.p50 < f.latency.p50 {
            text.push_str(&format!(
                " (which said `accepted` after {})",
                f.accepted.p50
            ));
        }
        text
    });
    let slowest = distributed.iter().max_by_key(|t| t.figures.latency.max)?;
    Some(format!(
        "Half of the clients had their final answer within {}; the last one waited {} under {}.",
        list(half),
        slowest.figures.latency.max,
        slowest.protocol
    ))
}

fn distributed(trials: &[Trial]) -> Vec<&Trial> {
    trials
        .iter()
        .filter(|trial| trial.protocol != ProtocolKind::Monolith)
        .filter(|trial| trial.figures.latency.count > 0)
        .collect()
}

/// What never came to an end, or ended without its client's knowledge.
fn unresolved(trials: &[Trial]) -> Option<String> {
    let under = |count: fn(&Figures) -> u64, what: &str| -> Option<String> {
        let counts = trials
            .iter()
            .filter(|trial| count(&trial.figures) > 0)
            .map(|trial| format!("{} under {}", count(&trial.figures), trial.protocol));
        let counts = list(counts);
        (!counts.is_empty()).then(|| format!("{what}: {counts}."))
    };
    let parts: Vec<String> = [
        under(
            |f| f.undecided,
            "Neither done nor undone when the run was over",
        ),
        under(|f| f.unknown, "Clients that gave up without a final answer"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The last word: what it all comes to.
pub(super) fn conclusion(of: &Comparison<'_>) -> (Judgement, String) {
    let judgement = of.judgement();
    let lead = match judgement {
        Judgement::AsExpected => return (judgement, "As the scenario expects.".to_owned()),
        Judgement::Inconclusive => "Inconclusive",
        Judgement::NotAsExpected => "Not as the scenario expects",
    };
    let promises = of.trials.iter().filter_map(|trial| {
        let names: Vec<&str> = trial
            .verdicts
            .iter()
            .filter(|(_, verdict, expectation)| of.judge(verdict, *expectation) == judgement)
            .map(|(promise, ..)| of.scenario.promise_name(*promise))
            .collect();
        (!names.is_empty()).then(|| format!("{} ({})", trial.protocol, names.join("; ")))
    });
    (judgement, format!("{lead}: {}.", list(promises)))
}
