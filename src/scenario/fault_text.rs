//! Faults in the scenario language: what [`Fault`]s would be read from.

use crate::fault::{Fault, FaultKind, Moment, Select, Ways};
use crate::scenario::Scenario;
use crate::vocab::{NodeId, SimDuration, SimTime};

/// A fault as an entry of `faults = [..]`: an inline table of TOML, from which
/// the very same fault is read again.
///
/// ```
/// use indoubt::fault::{Fault, FaultKind, Moment};
/// use indoubt::{scenario, vocab::SimDuration};
///
/// let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/points-mall.toml");
/// let mall = scenario::load(file)?;
/// let fault = Fault {
///     kind: FaultKind::CrashProcess(mall.nodes.manager()),
///     when: Moment::Point(37),
///     lasts: SimDuration::from_micros(19_999),
/// };
/// assert_eq!(
///     scenario::fault_text(&mall, &fault),
///     r#"{ kind = "crash", target = "manager", point = 37, lasts = "19.999ms" }"#
/// );
/// # Ok::<(), indoubt::scenario::ScenarioErrors>(())
/// ```
pub fn fault_text(scenario: &Scenario, fault: &Fault) -> String {
    let mut keys = vec![("kind", text(fault.kind.name()))];
    keys.extend(what(scenario, &fault.kind));
    keys.extend(when(scenario, &fault.when));
    keys.push(("lasts", duration(fault.lasts)));
    let keys: Vec<String> = keys
        .into_iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    format!("{{ {} }}", keys.join(", "))
}

/// A plan as one setting, to be put on top of a scenario: `faults=[..]`.
pub fn faults_setting(scenario: &Scenario, faults: &[Fault]) -> String {
    let entries: Vec<String> = faults.iter().map(|f| fault_text(scenario, f)).collect();
    format!("faults=[{}]", entries.join(", "))
}

type Keys = Vec<(&'static str, String)>;

fn what(scenario: &Scenario, kind: &FaultKind) -> Keys {
    let node = |node: NodeId| text(&scenario.node_name(node));
    let group = |nodes: &[NodeId]| match nodes {
        [one] => node(*one),
        many => {
            let names: Vec<String> = many.iter().map(|&n| node(n)).collect();
            format!("[{}]", names.join(", "))
        }
    };
    match kind {
        FaultKind::CrashProcess(target)
        | FaultKind::CrashDatabase(target)
        | FaultKind::PowerLoss(target)
        | FaultKind::Pause(target) => vec![("target", node(*target))],
        FaultKind::Partition { from, to, ways } => {
            let mut keys = vec![("from", group(from)), ("to", group(to))];
            if *ways == Ways::OneWay {
                keys.push(("ways", text("one-way")));
            }
            keys
        }
        FaultKind::LatencySpike { select, extra } => {
            let mut keys = selected(scenario, select);
            keys.push(("extra", duration(*extra)));
            keys
        }
        FaultKind::Loss { select, rate } => {
            let mut keys = selected(scenario, select);
            keys.push(("rate", number(rate.get())));
            keys
        }
        FaultKind::Duplicate {
            select,
            rate,
            after,
        } => {
            let mut keys = selected(scenario, select);
            keys.push(("rate", number(rate.get())));
            keys.push(("after", duration(*after)));
            keys
        }
    }
}

fn selected(scenario: &Scenario, select: &Select) -> Keys {
    let mut keys = Vec::new();
    if let Some(from) = select.from {
        keys.push(("from", text(&scenario.node_name(from))));
    }
    if let Some(to) = select.to {
        keys.push(("to", text(&scenario.node_name(to))));
    }
    if let Some(kind) = &select.kind {
        keys.push(("message", text(kind)));
    }
    if let Some(most) = select.most {
        keys.push(("most", most.to_string()));
    }
    keys
}

fn when(scenario: &Scenario, when: &Moment) -> Keys {
    match when {
        Moment::At(at) => vec![("at", duration(at.since(SimTime::ZERO)))],
        Moment::Point(point) => vec![("point", point.to_string())],
        Moment::On {
            milestone,
            node,
            nth,
        } => {
            let mut keys = vec![("on", text(milestone.name()))];
            if let Some(node) = node {
                keys.push(("node", text(&scenario.node_name(*node))));
            }
            if *nth != 1 {
                keys.push(("nth", nth.to_string()));
            }
            keys
        }
    }
}

/// Names hold nothing that TOML would have to escape.
fn text(name: &str) -> String {
    format!("\"{name}\"")
}

fn duration(lasts: SimDuration) -> String {
    text(&duration_text(lasts))
}

/// A duration in the unit that needs no more than three decimals; exact.
pub(crate) fn duration_text(lasts: SimDuration) -> String {
    let micros = lasts.as_micros();
    let (whole, rest) = (micros / 1_000, micros % 1_000);
    match (whole, rest) {
        (whole, 0) => format!("{whole}ms"),
        (0, rest) => format!("{rest}us"),
        (whole, rest) => {
            let decimals = format!("{rest:03}");
            format!("{whole}.{}ms", decimals.trim_end_matches('0'))
        }
    }
}

fn number(rate: f64) -> String {
    format!("{rate:?}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::Milestone;
    use crate::protocol::message_kinds;
    use crate::scenario::parse;
    use crate::vocab::Probability;

    const PAIR: &str = r#"
        [resources.points]
        kind = "counter"
        service = "points"
        initial = 100
        [resources.stock]
        kind = "counter"
        service = "shop"
        initial = 100
        [[steps]]
        name = "pay"
        service = "points"
        kind = "compensable"
        do = [{ take = "points", amount = 1 }]
        compensation = { name = "refund", do = [{ give = "points", amount = 1 }] }
        [[steps]]
        name = "sell"
        service = "shop"
        kind = "pivot"
        do = [{ take = "stock", amount = 1 }]
    "#;

    /// Manager, two services; broker, provider and clients follow.
    const MACHINES: u16 = 3;
    const NODES: u16 = MACHINES + 3;
    const HOUR: u64 = 3_600_000_000;

    fn some_time() -> impl Strategy<Value = SimDuration> {
        prop_oneof![1..=1_000u64, 1..=1_000_000u64, 1..=HOUR].prop_map(SimDuration::from_micros)
    }

    fn any_time() -> impl Strategy<Value = SimDuration> {
        prop_oneof![Just(SimDuration::ZERO), some_time()]
    }

    fn a_node(under: u16) -> impl Strategy<Value = NodeId> {
        (0..under).prop_map(NodeId)
    }

    fn a_rate() -> impl Strategy<Value = Probability> {
        (0.0..=1.0f64).prop_map(|p| Probability::new(p).expect("within bounds"))
    }

    fn a_select() -> BoxedStrategy<Select> {
        let kind = prop::option::of(prop::sample::select(message_kinds()));
        let end = || prop::option::of(a_node(NODES));
        (end(), end(), kind, prop::option::of(1..=u32::MAX))
            .prop_map(|(from, to, kind, most)| Select {
                from,
                to,
                kind: kind.map(str::to_owned),
                most,
            })
            .boxed()
    }

    fn a_partition() -> BoxedStrategy<FaultKind> {
        let ways = prop_oneof![Just(Ways::Both), Just(Ways::OneWay)];
        (
            1..NODES as usize,
            Just((0..NODES).collect::<Vec<u16>>()).prop_shuffle(),
            ways,
        )
            .prop_map(|(cut, nodes, ways)| {
                let group = |of: &[u16]| of.iter().map(|&n| NodeId(n)).collect();
                FaultKind::Partition {
                    from: group(&nodes[..cut]),
                    to: group(&nodes[cut..]),
                    ways,
                }
            })
            .boxed()
    }

    fn a_kind() -> BoxedStrategy<FaultKind> {
        prop_oneof![
            a_node(MACHINES + 1).prop_map(FaultKind::CrashProcess),
            a_node(MACHINES).prop_map(FaultKind::CrashDatabase),
            a_node(MACHINES + 1).prop_map(FaultKind::PowerLoss),
            a_node(MACHINES + 1).prop_map(FaultKind::Pause),
            a_partition(),
            (a_select(), some_time())
                .prop_map(|(select, extra)| FaultKind::LatencySpike { select, extra }),
            (a_select(), a_rate()).prop_map(|(select, rate)| FaultKind::Loss { select, rate }),
            (a_select(), a_rate(), any_time()).prop_map(|(select, rate, after)| {
                FaultKind::Duplicate {
                    select,
                    rate,
                    after,
                }
            }),
        ]
        .boxed()
    }

    fn a_moment() -> BoxedStrategy<Moment> {
        // Milestones of anybody, and those that this node can reach.
        let process = [Milestone::ProcessStarted, Milestone::ProcessRecovered];
        let there = (prop::sample::select(process.to_vec()), a_node(MACHINES + 1));
        prop_oneof![
            any_time().prop_map(|at| Moment::At(SimTime::ZERO + at)),
            (0..=i64::MAX as u64).prop_map(Moment::Point),
            (prop::sample::select(Milestone::ALL), 1..=u32::MAX).prop_map(|(milestone, nth)| {
                Moment::On {
                    milestone,
                    node: None,
                    nth,
                }
            }),
            (there, 1..=u32::MAX).prop_map(|((milestone, node), nth)| Moment::On {
                milestone,
                node: Some(node),
                nth,
            }),
        ]
        .boxed()
    }

    fn a_fault() -> BoxedStrategy<Fault> {
        (a_kind(), a_moment(), some_time())
            .prop_map(|(kind, when, lasts)| Fault { kind, when, lasts })
            .boxed()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same_faults(
            faults in prop::collection::vec(a_fault(), 0..4)
        ) {
            let scenario = parse("pair.toml", PAIR).expect("it is right");
            let setting = faults_setting(&scenario, &faults);
            let (_, list) = setting.split_once('=').expect("a setting");
            let text = format!("faults = {list}\n{PAIR}");
            let read = parse("pair.toml", &text).unwrap_or_else(|e| panic!("{text}\n{e}"));
            prop_assert_eq!(read.faults, faults);
        }
    }
}
