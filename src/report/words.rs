//! Plans, conditions and lists in words.

use crate::fault::{Fault, FaultKind, Moment, Select, Ways};
use crate::history::Class;
use crate::scenario::Scenario;
use crate::vocab::{NodeId, Probability};

/// When a fault begins: `at 412 ms`.
pub(super) fn moment(scenario: &Scenario, when: &Moment) -> String {
    match when {
        Moment::At(at) => format!("at {}", at.since(crate::vocab::SimTime::ZERO)),
        Moment::On {
            milestone,
            node,
            nth,
        } => {
            let place = match node {
                Some(node) => format!(" at {}", scenario.node_name(*node)),
                None => String::new(),
            };
            format!("at the {} {milestone}{place}", ordinal(*nth))
        }
        Moment::Point(point) => format!("at point {point}"),
    }
}

/// What goes wrong, and for how long: `the machine of points loses power, for
/// 120 ms`.
pub(super) fn fault(scenario: &Scenario, fault: &Fault) -> String {
    let what = kind(scenario, &fault.kind);
    if fault.lasts.is_zero() {
        return what;
    }
    format!("{what}, for {}", fault.lasts)
}

fn kind(scenario: &Scenario, kind: &FaultKind) -> String {
    match kind {
        FaultKind::CrashProcess(node) => format!("{} crashes", process(scenario, *node)),
        FaultKind::CrashDatabase(node) => {
            format!("the database of {} crashes", scenario.node_name(*node))
        }
        FaultKind::PowerLoss(node) => {
            format!("the machine of {} loses power", scenario.node_name(*node))
        }
        FaultKind::Pause(node) => format!("{} stands still", process(scenario, *node)),
        FaultKind::Partition { from, to, ways } => partition(scenario, from, to, *ways),
        FaultKind::LatencySpike { select, extra } => {
            let takes = if select.most == Some(1) {
                "takes"
            } else {
                "take"
            };
            format!("{} {takes} {extra} longer", messages(scenario, select))
        }
        FaultKind::Loss { select, rate } => {
            let are = if select.most == Some(1) { "is" } else { "are" };
            let share = share(*rate, &messages(scenario, select));
            format!("{share} {are} lost")
        }
        FaultKind::Duplicate {
            select,
            rate,
            after,
        } => {
            let share = share(*rate, &messages(scenario, select));
            let arrive = if select.most == Some(1) {
                "arrives"
            } else {
                "arrive"
            };
            format!("{share} {arrive} twice, the copy {after} later")
        }
    }
}

fn partition(scenario: &Scenario, from: &[NodeId], to: &[NodeId], ways: Ways) -> String {
    let (one, other) = (group(scenario, from, to), group(scenario, to, from));
    match ways {
        Ways::OneWay => format!("nothing from {one} reaches {other}"),
        // Both ways there is no order: the few are cut off from the many.
        Ways::Both if from.len() > to.len() => cut_off(&other, to.len(), &one),
        Ways::Both => cut_off(&one, from.len(), &other),
    }
}

fn cut_off(who: &str, how_many: usize, from: &str) -> String {
    let verb = if how_many == 1 { "is" } else { "are" };
    format!("{who} {verb} cut off from {from}")
}

fn process(scenario: &Scenario, node: NodeId) -> String {
    if scenario.nodes.service_at(node).is_some() {
        format!("the process of {}", scenario.node_name(node))
    } else {
        format!("the {}", scenario.node_name(node))
    }
}

/// A side of a partition; `everybody else` if it is all machines but the other
/// side.
fn group(scenario: &Scenario, side: &[NodeId], other: &[NodeId]) -> String {
    let machines = 0..=scenario.nodes.broker().0;
    let rest = machines.map(NodeId).filter(|node| !other.contains(node));
    if side.len() > 1 && rest.eq(side.iter().copied()) {
        return "everybody else".to_owned();
    }
    list(side.iter().map(|&node| scenario.node_name(node)))
}

fn messages(scenario: &Scenario, select: &Select) -> String {
    let mut words = String::new();
    match select.most {
        None => {}
        Some(1) => words.push_str("the first "),
        Some(most) => words.push_str(&format!("the first {most} ")),
    }
    if let Some(kind) = &select.kind {
        words.push_str(&format!("`{kind}` "));
    }
    words.push_str(if select.most == Some(1) {
        "message"
    } else {
        "messages"
    });
    if let Some(from) = select.from {
        words.push_str(&format!(" from {}", scenario.node_name(from)));
    }
    if let Some(to) = select.to {
        words.push_str(&format!(" to {}", scenario.node_name(to)));
    }
    words
}

fn share(rate: Probability, what: &str) -> String {
    if rate == Probability::ALWAYS {
        return what.to_owned();
    }
    format!("{}% of {what}", percent(rate))
}

/// A probability in percent, with a decimal where it has one.
fn percent(rate: Probability) -> String {
    let tenths = libm::round(rate.get() * 1_000.0) as u64;
    match tenths % 10 {
        0 => format!("{}", tenths / 10),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}

/// `1st`, `2nd`, `3rd`, `11th`.
fn ordinal(n: u32) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// What a log record is for.
pub(super) fn record(class: Class) -> &'static str {
    match class {
        Class::Prepared => "prepared",
        Class::Commit => "commit",
        Class::Abort => "abort",
        Class::Decision => "decision",
        Class::End => "end",
        Class::SagaLog => "saga log",
        Class::Step => "step",
        Class::Outcome => "outcome",
        Class::Mark => "mark",
        Class::Operator => "operator",
        Class::Collecting => "collecting",
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let words: Vec<_> = words.into_iter().collect();
    let mut text = String::new();
    for (n, word) in words.iter().enumerate() {
        if n > 0 {
            text.push_str(if n + 1 == words.len() { " and " } else { ", " });
        }
        text.push_str(word.as_ref());
    }
    text
}

/// A count with its noun: `1 branch`, `3 branches`.
pub(super) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// More than one of something that a scenario has a name for. Names that are not
/// English stay as they are.
pub(super) fn plural(name: &str) -> String {
    let vowel_before = name
        .chars()
        .rev()
        .nth(1)
        .is_some_and(|c| "aeiou".contains(c));
    match name {
        _ if !name.ends_with(|c: char| c.is_ascii_lowercase()) => name.to_owned(),
        _ if name.ends_with('y') && !vowel_before => format!("{}ies", &name[..name.len() - 1]),
        _ if ["s", "x", "ch", "sh"].iter().any(|end| name.ends_with(end)) => format!("{name}es"),
        _ => format!("{name}s"),
    }
}

/// A count with a comma between thousands.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Milestone;
    use crate::report::fixture;
    use crate::vocab::{SimDuration, SimTime};

    #[test]
    fn every_kind_of_fault_reads_as_a_sentence() {
        let scenario = fixture::scenario();
        let points = NodeId(1);
        let characters = NodeId(2);
        let select = |from, to, kind: Option<&str>, most| Select {
            from,
            to,
            kind: kind.map(str::to_owned),
            most,
        };
        let half = Probability::new(0.125).expect("a probability");
        let at = |ms: u64| Moment::At(SimTime::from_micros(ms * 1_000));
        let on = |node, nth| Moment::On {
            milestone: Milestone::CoordinatorAllVotes,
            node,
            nth,
        };
        let plan = [
            (at(412), FaultKind::CrashProcess(points)),
            (at(1_500), FaultKind::CrashProcess(scenario.nodes.broker())),
            (at(0), FaultKind::CrashDatabase(characters)),
            (on(None, 3), FaultKind::PowerLoss(NodeId(0))),
            (on(Some(NodeId(0)), 11), FaultKind::Pause(points)),
            (
                Moment::Point(17),
                FaultKind::Partition {
                    from: vec![points],
                    to: vec![NodeId(0), characters, NodeId(3)],
                    ways: Ways::Both,
                },
            ),
            (
                at(1),
                FaultKind::Partition {
                    from: vec![NodeId(0)],
                    to: vec![points, characters],
                    ways: Ways::OneWay,
                },
            ),
            (
                at(1),
                FaultKind::Partition {
                    from: vec![points],
                    to: vec![characters, NodeId(0)],
                    ways: Ways::Both,
                },
            ),
            (
                at(1),
                FaultKind::Partition {
                    from: vec![points, characters],
                    to: vec![NodeId(0)],
                    ways: Ways::Both,
                },
            ),
            (
                at(2),
                FaultKind::LatencySpike {
                    select: select(None, Some(points), None, None),
                    extra: SimDuration::from_millis(5),
                },
            ),
            (
                at(3),
                FaultKind::Loss {
                    select: select(None, None, Some("ack"), Some(2)),
                    rate: Probability::ALWAYS,
                },
            ),
            (
                at(4),
                FaultKind::Duplicate {
                    select: select(Some(points), Some(characters), None, None),
                    rate: half,
                    after: SimDuration::from_micros(500),
                },
            ),
        ];
        let lines: Vec<String> = plan
            .into_iter()
            .map(|(when, kind)| {
                let one = Fault {
                    kind,
                    when,
                    lasts: SimDuration::from_millis(120),
                };
                format!(
                    "{}: {}",
                    moment(&scenario, &one.when),
                    fault(&scenario, &one)
                )
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn lists_and_counts_read_as_people_write_them() {
        assert_eq!(list([""; 0]), "");
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        let plurals = ["player", "city", "day", "box", "branch", "商品"].map(plural);
        assert_eq!(plurals.join(" "), "players cities days boxes branches 商品");
        let ordinals: Vec<String> = [1, 2, 3, 4, 11, 12, 21, 102].map(ordinal).to_vec();
        assert_eq!(ordinals.join(" "), "1st 2nd 3rd 4th 11th 12th 21st 102nd");
    }
}
