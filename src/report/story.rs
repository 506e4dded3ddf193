//! What happened, in a few sentences: the figures that belong together, put
//! side by side.

use super::words::{counted, grouped, list};
use super::{Comparison, Judgement, meaning};
use crate::lab::Trial;
use crate::measure::Figures;
use crate::protocol::ProtocolKind;

/// At most five points.
pub(super) fn story(of: &Comparison<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    sentences.extend(waiting(of.trials));
    sentences.extend(seen(of));
    sentences.extend(patience(of.trials));
    sentences.extend(pace(of.trials));
    sentences.extend(unresolved(of.trials));
    sentences
}

/// What two-phase commit's locks did to others, and whether it was alone.
fn waiting(trials: &[Trial]) -> Option<String> {
    let trial = trials
        .iter()
        .find(|t| t.protocol == ProtocolKind::TwoPhaseCommit && t.figures.prepared > 0)?;
    let f = &trial.figures;
    if f.blocked == 0 {
        return Some("Under 2pc nobody met a lock that was held by another.".to_owned());
    }
    let who = counted(
        f.blocked,
        "transaction or reader",
        "transactions and readers",
    );
    let met = match (f.lock_wait.count, f.blocked) {
        (0, 1) => format!("{who} met another's write and was turned away"),
        (0, _) => format!("{who} met another's write and were turned away"),
        _ => format!(
            "{who} met another's lock, and waited for up to {}",
            f.lock_wait.max
        ),
    };
    let not_alone = not_alone(trials, f.blocked);
    Some(format!("Under 2pc {met}{}.{not_alone}", why_blocked(f)))
}

/// A branch in doubt explains waits of its own order; what is much longer is a
/// queue.
fn why_blocked(f: &Figures) -> String {
    let longest = match f.lock_wait.count {
        0 => f.lock_hold.max,
        _ => f.lock_wait.max,
    };
    let in_doubt = f.longest_in_doubt;
    if in_doubt.as_micros().saturating_mul(2) >= longest.as_micros() {
        return format!(
            ": from its vote until it hears the decision a branch keeps its locks and can do \
             nothing about it, here for up to {in_doubt}"
        );
    }
    format!(
        ": a queue for the same hot rows, for no branch was in doubt for longer than {in_doubt}"
    )
}

/// The other protocols under which nearly as many were blocked.
fn not_alone(trials: &[Trial], blocked: u64) -> String {
    let nearly = |count: u64| count.saturating_mul(5) >= blocked.saturating_mul(4);
    let others = trials
        .iter()
        .filter(|t| t.protocol != ProtocolKind::TwoPhaseCommit && nearly(t.figures.blocked))
        .map(|t| format!("{} under {}", grouped(t.figures.blocked), t.protocol));
    match list(others) {
        others if others.is_empty() => others,
        others => format!(" It is not alone with that: {others}."),
    }
}

/// What sagas let others see.
fn seen(of: &Comparison<'_>) -> Option<String> {
    let sagas: Vec<&Trial> = of
        .trials
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
    if of.scenario.business.is_all_marked() {
        return Some(format!(
            "The sagas held no lock of a database for longer than {longest_hold}. Half of a \
             transaction was there meanwhile, but marked by a semantic lock, so that nobody took \
             it for settled: {}.",
            list(windows)
        ));
    }
    if of.scenario.business.is_all_reserved() {
        return Some(format!(
            "The sagas held no lock of a database for longer than {longest_hold}. Half of a \
             transaction was there meanwhile, but what could still be taken back was only \
             reserved, and nobody saw it: {}.",
            list(windows)
        ));
    }
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
    // Where one has too few for a rate, the others' say nothing beside it.
    if distributed
        .iter()
        .any(|trial| meaning::throughput(&trial.figures).is_none())
    {
        return None;
    }
    let rate = |trial: &Trial| meaning::throughput(&trial.figures).unwrap_or(0.0);
    distributed.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
    let (best, others) = distributed.split_first()?;
    let (most, least) = (rate(best), rate(others.last()?));
    if most <= 0.0 {
        return None;
    }
    if least / most >= ALIKE {
        let (least, most) = (a_second(least), a_second(most));
        return Some(match least == most {
            true => format!("All distributed protocols committed {most} a second."),
            false => format!(
                "All distributed protocols committed about as many a second, {least} to {most}."
            ),
        });
    }
    let shares = others.iter().map(|trial| {
        let percent = libm::round(rate(trial) / most * 100.0) as u64;
        format!("{} {percent}% of that", trial.protocol)
    });
    Some(format!(
        "Of the distributed protocols {} committed most, {} a second; {}.",
        best.protocol,
        a_second(most),
        list(shares)
    ))
}

/// A rate with as many digits as it needs not to read as none.
fn a_second(rate: f64) -> String {
    match rate {
        ..1.0 => format!("{rate:.3}"),
        1.0..10.0 => format!("{rate:.1}"),
        _ => format!("{rate:.0}"),
    }
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
        under(
            |f| f.parked,
            "Parked, so that nobody tried any more until somebody looked",
        ),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::vocab::SimDuration;

    /// What is said of waiting, where this many were blocked under each
    /// protocol and the longest time in doubt was this.
    fn told(blocked: [u64; 4], in_doubt: u64) -> String {
        let mut trials = fixture::trials(&fixture::scenario());
        for (trial, blocked) in trials.iter_mut().zip(blocked) {
            trial.figures.blocked = blocked;
        }
        trials[1].figures.longest_in_doubt = SimDuration::from_millis(in_doubt);
        waiting(&trials).expect("two-phase commit ran")
    }

    #[test]
    fn waits_are_laid_to_doubt_only_where_doubt_was_as_long() {
        let (doubt, queue) = ("keeps its locks", "a queue for the same hot rows");
        let long = told([0, 9, 0, 0], 300);
        assert!(long.contains(doubt) && !long.contains(queue), "{long}");
        let short = told([0, 9, 0, 0], 3);
        assert!(short.contains(queue) && !short.contains(doubt), "{short}");
    }

    #[test]
    fn two_phase_commit_is_not_blamed_alone_where_others_blocked_as_many() {
        let alone = told([1, 1_000, 799, 0], 300);
        assert!(!alone.contains("alone"), "{alone}");
        let shared = told([1_200, 1_000, 800, 0], 300);
        let others = " It is not alone with that: 1,200 under monolith and 800 under orchestrated.";
        assert!(shared.ends_with(others), "{shared}");
    }

    #[test]
    fn where_nobody_was_blocked_nothing_is_explained() {
        let none = "Under 2pc nobody met a lock that was held by another.";
        assert_eq!(told([5, 0, 5, 5], 300), none);
    }

    #[test]
    fn a_slow_pace_does_not_read_as_none_and_too_few_have_none() {
        let mut trials = fixture::trials(&fixture::scenario());
        for trial in &mut trials {
            trial.figures.throughput = 0.25;
        }
        let same = "All distributed protocols committed 0.250 a second.";
        assert_eq!(pace(&trials).as_deref(), Some(same));
        for trial in &mut trials {
            trial.figures.commits.truncate(9);
        }
        assert_eq!(pace(&trials), None);
    }
}
