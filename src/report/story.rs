//! What happened, in a few sentences: the figures that belong together, put
//! side by side.

use super::words::{counted, grouped, list};
use super::{Comparison, Judgement, incidents};
use crate::lab::Trial;
use crate::measure::{Figures, meaning};
use crate::protocol::ProtocolKind;

/// At most five points.
pub(super) fn story(of: &Comparison<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    sentences.extend(waiting(of));
    sentences.extend(seen(of));
    if sentences.is_empty() {
        sentences.extend(calm(of.trials));
    }
    sentences.extend(patience(of.trials));
    sentences.extend(pace(of.trials));
    sentences.extend(unresolved(of.trials));
    sentences
}

/// That nobody was in anybody's way is worth saying: such a workload does not
/// tell the protocols apart.
fn calm(trials: &[Trial]) -> Option<String> {
    let calm = |f: &Figures| f.blocked == 0 && f.inconsistent == 0;
    let all = trials.iter().all(|trial| calm(&trial.figures));
    (!trials.is_empty() && all).then(|| {
        "Nobody waited for another's lock, and nothing half done was to be seen: no two \
         transactions met at a row."
            .to_owned()
    })
}

/// Who waited for whom: first what two-phase commit's doubt did to others, and
/// whether it was alone.
fn waiting(of: &Comparison<'_>) -> Option<String> {
    let two_phase =
        |t: &&Trial| t.protocol == ProtocolKind::TwoPhaseCommit && t.figures.prepared > 0;
    let most_blocked = || {
        let blocked = of.trials.iter().filter(|trial| trial.figures.blocked > 0);
        blocked.rev().max_by_key(|trial| trial.figures.blocked)
    };
    let first = of.trials.iter().find(two_phase).or_else(most_blocked)?;
    Some(format!(
        "Under {} {}{}",
        first.protocol,
        doubt_and_waits(of, &first.figures),
        elsewhere(of.trials, first.protocol)
    ))
}

/// The worst doubt, and what else was waited for.
fn doubt_and_waits(of: &Comparison<'_>, f: &Figures) -> String {
    let Some(doubt) = &f.incidents.doubt else {
        return format!("{}.", waits(of, f));
    };
    let Some(kept) = incidents::kept(of.scenario, doubt) else {
        let kept_nobody = match f.blocked {
            0 => ";",
            _ => ". No branch in doubt kept anybody waiting:",
        };
        return format!(
            "{}{kept_nobody} the longest doubt was that of {} at {}, {}.",
            waits(of, f),
            doubt.tx.request(),
            of.scenario.node_name(doubt.node),
            doubt.lasted
        );
    };
    let longest = match doubt.lasted < f.longest_in_doubt {
        true => format!(
            " (one that kept fewer waiting lasted {})",
            f.longest_in_doubt
        ),
        false => String::new(),
    };
    format!(
        "transaction {}{longest}, and {kept}. In all {}.",
        incidents::doubt(of.scenario, doubt),
        waits(of, f)
    )
}

/// How many waited, and who longest.
fn waits(of: &Comparison<'_>, f: &Figures) -> String {
    let who = match of.scenario.readers.is_empty() {
        true => counted(f.blocked, "transaction", "transactions"),
        false => counted(
            f.blocked,
            "transaction or reader",
            "transactions and readers",
        ),
    };
    let were = if f.blocked == 1 { "was" } else { "were" };
    match &f.incidents.wait {
        _ if f.blocked == 0 => "nobody met another's lock".to_owned(),
        Some(longest) if !longest.lasted.is_zero() => format!(
            "{who} waited for up to {} or {were} turned away; {}",
            f.lock_wait.max,
            incidents::wait(of.scenario, longest)
        ),
        _ => format!("{who} {were} turned away by another's write"),
    }
}

/// The same of the other protocols, in short.
fn elsewhere(trials: &[Trial], but: ProtocolKind) -> String {
    let others: Vec<&Trial> = trials.iter().filter(|t| t.protocol != but).collect();
    let Some(longest) = others.iter().map(|t| t.figures.lock_wait.max).max() else {
        return String::new();
    };
    if others.iter().all(|trial| trial.figures.blocked == 0) {
        let names = list(others.iter().map(|t| t.protocol.name()));
        return format!(" Under {names} nobody waited.");
    }
    let counts = others.iter().map(|trial| match trial.figures.blocked {
        0 => format!("none under {}", trial.protocol),
        n => format!("{} under {}", grouped(n), trial.protocol),
    });
    let longest = match longest.is_zero() {
        true => String::new(),
        false => format!(", for up to {longest}"),
    };
    format!(" Elsewhere: {}{longest}.", list(counts))
}

/// What sagas let others see.
fn seen(of: &Comparison<'_>) -> Option<String> {
    let sagas: Vec<&Trial> = of
        .trials
        .iter()
        .filter(|trial| trial.protocol.is_saga())
        .filter(|Trial { figures: f, .. }| f.inconsistent > 0 || f.mark_hold.count > 0)
        .collect();
    let longest_hold = sagas.iter().map(|t| t.figures.lock_hold.max).max()?;
    let windows = windows(of, &sagas);
    if of.scenario.business.is_all_reserved() {
        return Some(format!(
            "The sagas held no lock of a database for longer than {longest_hold}. Half of a \
             transaction was there meanwhile, but what could still be taken back was only \
             reserved, and nobody saw it: {}.",
            windows
        ));
    }
    let marked = match sagas.iter().map(|t| t.figures.mark_hold.max).max() {
        Some(longest) if !longest.is_zero() => format!(
            " Rows were under a semantic lock for up to {longest}, for nobody to take them for \
             settled."
        ),
        _ => String::new(),
    };
    let undone = sagas.iter().filter(|t| t.figures.compensated > 0);
    let undone = list(undone.enumerate().map(|(n, t)| {
        let many = match n {
            0 => counted(t.figures.compensated, "transaction", "transactions"),
            _ => grouped(t.figures.compensated),
        };
        format!("{many} under {}", t.protocol)
    }));
    let back = match undone.is_empty() {
        true => String::new(),
        false => format!(" What had been done was taken back later: of {undone}."),
    };
    Some(format!(
        "The sagas held no lock of a database for longer than {longest_hold}, and stood half done \
         instead: {windows}.{marked}{back}"
    ))
}

/// Who was short of what while transactions were half done, under each of these.
fn windows(of: &Comparison<'_>, trials: &[&Trial]) -> String {
    let mut before = String::new();
    let words = trials.iter().map(|trial| {
        let (who, how_long) = half_done(of, &trial.figures);
        // What is the same is not said again.
        let words = match who == before {
            true => format!("under {} as well, {how_long}", trial.protocol),
            false => format!("under {} {who} {how_long}", trial.protocol),
        };
        before = who;
        words
    });
    list(words.collect::<Vec<_>>())
}

/// Who was short of what, and for how long; where nothing is counted, how many
/// transactions were half done.
fn half_done(of: &Comparison<'_>, f: &Figures) -> (String, String) {
    let shortages = f.incidents.shortages.iter().rev();
    match shortages.max_by_key(|shortage| shortage.longest) {
        Some(worst) => incidents::shortage(of.scenario, worst),
        None => (
            counted(f.inconsistent, "transaction", "transactions"),
            format!("for up to {}", f.longest_inconsistency),
        ),
    }
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
    let shares = others.iter().map(|trial| match rate(trial) / most {
        _ if a_second(rate(trial)) == a_second(most) => format!("{} as many", trial.protocol),
        share if share >= ALIKE => format!("{} about as many", trial.protocol),
        share => {
            let percent = libm::round(share * 100.0) as u64;
            format!("{} {percent}% of that", trial.protocol)
        }
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
    if let [alone] = trials {
        return alone_patience(&alone.figures);
    }
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

fn alone_patience(f: &Figures) -> Option<String> {
    if f.latency.count == 1 {
        return Some(format!(
            "The client had its final answer after {}.",
            f.latency.max
        ));
    }
    (f.latency.count > 0).then(|| {
        format!(
            "Half of the clients had their final answer within {}, the last one after {}.",
            f.latency.p50, f.latency.max
        )
    })
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
    let idle = |trial: &&Trial| trial.figures.started > 0 && trial.figures.committed == 0;
    let idle = list(
        trials
            .iter()
            .filter(idle)
            .map(|trial| trial.protocol.name()),
    );
    let parts: Vec<String> = [
        (!idle.is_empty()).then(|| format!("Nothing was committed under {idle}.")),
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

    /// What is said of waiting, where this many were blocked under each
    /// protocol.
    fn told(blocked: [u64; 4], change: impl FnOnce(&mut Figures)) -> String {
        let scenario = fixture::scenario();
        let mut trials = fixture::trials(&scenario);
        for (trial, blocked) in trials.iter_mut().zip(blocked) {
            trial.figures.blocked = blocked;
            if blocked == 0 {
                trial.figures.lock_wait = crate::measure::Quantiles::default();
            }
        }
        change(&mut trials[1].figures);
        let of = Comparison {
            scenario: &scenario,
            invocation: &fixture::invocation(),
            trials: &trials,
            unable: &[],
        };
        waiting(&of).expect("two-phase commit ran")
    }

    #[test]
    fn whom_doubt_kept_waiting_is_told_by_name_and_who_was_not_alone_with_it() {
        insta::assert_snapshot!(
            told([0, 912, 0, 0], |_| ()),
            @"Under 2pc transaction c3.17 was in doubt at points for 300 ms, and 41 others waited for points[player-3] meanwhile. In all 912 transactions waited for up to 310 ms or were turned away; c9.1 waited longest, for points[player-3] behind c3.17. Under monolith, orchestrated and choreographed nobody waited."
        );
        let shared = told([204, 912, 311, 0], |_| ());
        let others = " Elsewhere: 204 under monolith, 311 under orchestrated and none under \
                      choreographed, for up to 122 ms.";
        assert!(shared.ends_with(others), "{shared}");
    }

    #[test]
    fn waits_are_not_laid_to_a_doubt_that_kept_nobody_waiting() {
        let alone = |f: &mut Figures| {
            let doubt = f.incidents.doubt.as_mut().expect("there was one");
            (doubt.kept, doubt.wanted) = (0, None);
        };
        insta::assert_snapshot!(
            told([0, 9, 0, 0], alone),
            @"Under 2pc 9 transactions waited for up to 310 ms or were turned away; c9.1 waited longest, for points[player-3] behind c3.17. No branch in doubt kept anybody waiting: the longest doubt was that of c3.17 at points, 300 ms. Under monolith, orchestrated and choreographed nobody waited."
        );
        insta::assert_snapshot!(
            told([0, 0, 5, 5], alone),
            @"Under 2pc nobody met another's lock; the longest doubt was that of c3.17 at points, 300 ms. Elsewhere: none under monolith, 5 under orchestrated and 5 under choreographed, for up to 9.4 ms."
        );
    }

    #[test]
    fn where_nothing_happened_that_is_said() {
        let scenario = fixture::scenario();
        let mut trials = fixture::trials(&scenario);
        trials.truncate(1);
        trials[0].figures.blocked = 0;
        let told = story(&Comparison {
            scenario: &scenario,
            invocation: &fixture::invocation(),
            trials: &trials,
            unable: &[],
        });
        insta::assert_snapshot!(told.join("\n"), @r"
        Nobody waited for another's lock, and nothing half done was to be seen: no two transactions met at a row.
        Half of the clients had their final answer within 3.12 ms, the last one after 161 ms.
        ");
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
