//! What is run: the scenario, the rules that were taken away, the fault plan,
//! who answers the client.

use super::page::{Page, section};
use super::style::{BAD, QUIET, TITLE, paint};
use super::words::{self, counted, list};
use super::{Comparison, Unable};
use crate::fault::{Fault, FaultPlan, Moment};
use crate::lab::Trial;
use crate::protocol::{ProtocolKind, Safeguard};
use crate::scenario::Scenario;
use crate::vocab::SimTime;

/// A longer plan is cut on the screen; `--format json` has all of it.
const MOST_FAULTS: usize = 20;

pub(super) fn heading(of: &Comparison<'_>, page: Page) -> String {
    let mut text = title(of, page);
    text.push_str(&allowed(of.scenario, page));
    text.push_str(&set(of));
    text.push_str(&taken_away(of, page));
    text.push_str(&faults(of, page));
    text.push_str(&answers(of, page));
    text
}

pub(super) fn title(of: &Comparison<'_>, page: Page) -> String {
    let scenario = of.scenario;
    let transactions = u64::from(scenario.workload.transactions);
    let transactions = counted(transactions, "transaction", "transactions");
    let seed = format!("seed {}, {transactions}", of.invocation.seed);
    let mut text = format!(
        "{}  {}\n",
        paint(TITLE, &scenario.name),
        paint(QUIET, &seed)
    );
    let about = first_sentence(&scenario.about);
    if !about.is_empty() {
        text.push_str(&page.paragraph(about, "", ""));
    }
    text
}

/// The rules that the scenario breaks on purpose.
fn allowed(scenario: &Scenario, page: Page) -> String {
    if scenario.allows.is_empty() {
        return String::new();
    }
    let breaches = scenario.allows.iter();
    let entries = breaches.map(|breach| (breach.name().to_owned(), breach.meaning().to_owned()));
    section("Rules broken on purpose (`allow`)") + &page.entries(&entries.collect::<Vec<_>>())
}

/// What was set on top of the file.
fn set(of: &Comparison<'_>) -> String {
    let sets = &of.invocation.sets;
    if sets.is_empty() {
        return String::new();
    }
    let lines = sets.iter().map(|set| format!("  {set}\n"));
    section("Set on top of the file") + &lines.collect::<String>()
}

fn taken_away(of: &Comparison<'_>, page: Page) -> String {
    let without = of.without();
    if without.is_empty() {
        return String::new();
    }
    let without = without.iter().map(|safeguard| {
        let name = paint(BAD, safeguard.name());
        (
            name,
            format!("{}{}", safeguard.without(), not_used(of, *safeguard)),
        )
    });
    section("Safeguards taken away") + &page.entries(&without.collect::<Vec<_>>())
}

/// Which of the protocols on trial never had a use for a safeguard.
fn not_used(of: &Comparison<'_>, safeguard: Safeguard) -> String {
    let idle: Vec<&str> = of
        .trials
        .iter()
        .map(|trial| trial.protocol)
        .filter(|protocol| !safeguard.used_by(*protocol))
        .map(ProtocolKind::name)
        .collect();
    if idle.is_empty() {
        return String::new();
    }
    format!(" (Not used by {}.)", list(idle))
}

fn faults(of: &Comparison<'_>, page: Page) -> String {
    let Some(trial) = of.trials.first() else {
        return String::new();
    };
    if trial.plan.faults.is_empty() {
        return section("Faults: none");
    }
    let in_order = in_order_of_time(&trial.plan);
    let shown = in_order.iter().take(MOST_FAULTS).map(|&(position, fault)| {
        let mut what = words::fault(of.scenario, fault);
        what.push_str(&missed(of.trials, position));
        (words::moment(of.scenario, &fault.when), what)
    });
    let mut text = section("Faults, the same for every protocol");
    text.push_str(&page.entries(&shown.collect::<Vec<_>>()));
    let hidden = in_order.len().saturating_sub(MOST_FAULTS);
    if hidden > 0 {
        text.push_str(&format!("  and {hidden} more, which --format json lists\n"));
    }
    text
}

/// The faults with their positions in the plan; those that wait for something
/// come last.
fn in_order_of_time(plan: &FaultPlan) -> Vec<(u32, &Fault)> {
    let mut faults: Vec<(u32, &Fault)> = (0..).zip(&plan.faults).collect();
    faults.sort_by_key(|(_, fault)| match fault.when {
        Moment::At(at) => at,
        Moment::On { .. } | Moment::Point(_) => SimTime::from_micros(u64::MAX),
    });
    faults
}

/// The protocols that a fault cannot meet, or did not.
fn missed(trials: &[Trial], fault: u32) -> String {
    let of = |which: fn(&Trial) -> &Vec<u32>| {
        let names = trials
            .iter()
            .filter(|trial| which(trial).contains(&fault))
            .map(|trial| trial.protocol.name());
        list(names)
    };
    let not_applicable = of(|trial| &trial.not_applicable);
    let never = of(|trial| &trial.never_struck);
    match (not_applicable.is_empty(), never.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!(" (not applicable to {not_applicable})"),
        (true, false) => format!(" (never came to it under {never})"),
        (false, false) => {
            format!(" (not applicable to {not_applicable}; never came to it under {never})")
        }
    }
}

/// Who answers the client, and when: without it the latencies of the protocols
/// cannot be compared.
fn answers(of: &Comparison<'_>, page: Page) -> String {
    let answers = of.trials.iter().map(|trial| {
        let name = trial.protocol.name().to_owned();
        (name, answer(of.scenario, trial.protocol))
    });
    let unable = of.unable.iter().map(|Unable { protocol, why }| {
        let name = protocol.name().to_owned();
        (name, format!("cannot run here: {why}"))
    });
    let all: Vec<(String, String)> = answers.chain(unable).collect();
    section("Who answers the client, and when") + &page.entries(&all)
}

fn answer(scenario: &Scenario, protocol: ProtocolKind) -> String {
    let first = first_service(scenario);
    match protocol {
        ProtocolKind::Monolith => {
            format!("{first}, once its one local transaction is committed")
        }
        ProtocolKind::TwoPhaseCommit if in_one_phase(scenario) => {
            "the coordinator, once its only participant has told it the outcome".to_owned()
        }
        ProtocolKind::TwoPhaseCommit => {
            "the coordinator, once its decision is on disk, before the participants have ended"
                .to_owned()
        }
        ProtocolKind::OrchestratedSaga => {
            "the orchestrator, once the end of the saga is in its log".to_owned()
        }
        ProtocolKind::Own(own) => own.answers.to_owned(),
        ProtocolKind::ChoreographedSaga => format!(
            "{}: `accepted` after its own step, the final answer when the event that ends \
             the saga has come back to it",
            first_services(scenario)
        ),
    }
}

fn in_one_phase(scenario: &Scenario) -> bool {
    scenario.in_one_phase().1
}

/// The service of the first step of each transaction, where choreographed sagas begin.
fn first_services(scenario: &Scenario) -> String {
    let business = &scenario.business;
    let mut first: Vec<String> = Vec::new();
    for step in (0..business.variety()).filter_map(|n| business.steps_of(n).next()) {
        let service = &business.services[usize::from(business.step(step).service.0)];
        if !first.contains(service) {
            first.push(service.clone());
        }
    }
    first.join(" or ")
}

/// The service of the very first step, where the monolith lives.
pub(super) fn first_service(scenario: &Scenario) -> &str {
    let business = &scenario.business;
    &business.services[usize::from(business.steps[0].service.0)]
}

/// The first sentence of a text, or all of it.
pub(super) fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|&(at, c)| c == '。' || c == '.' && text[at + 1..].starts_with(char::is_whitespace))
        .map(|(at, c)| at + c.len_utf8());
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn in_one_phase_the_participant_s_answer_is_the_client_s() {
        let mut alone = fixture::scenario();
        alone.two_phase.one_phase = true;
        let answer = |of: &Scenario| answer(of, ProtocolKind::TwoPhaseCommit);
        assert!(answer(&alone).starts_with("the coordinator, once its decision is on disk"));
        alone.business.steps.truncate(1);
        let told = "the coordinator, once its only participant has told it the outcome";
        assert_eq!(answer(&alone), told);
    }

    #[test]
    fn the_first_sentence_ends_at_its_full_stop() {
        for (text, first) in [
            ("One. Two.", "One."),
            ("Takes 1.5 ms. More.", "Takes 1.5 ms."),
            ("No stop", "No stop"),
            ("积分换人物。热门。", "积分换人物。"),
            ("", ""),
        ] {
            assert_eq!(first_sentence(text), first);
        }
    }
}
