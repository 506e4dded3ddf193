//! How far was looked, in numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::Exhaustion;
use crate::lab::exhaust::{Count, Depth, Pruned, Side};
use crate::report::page::Page;
use crate::report::table::{Cell, Table};
use crate::report::words::grouped;
use crate::vocab::NodeId;

type Counts = BTreeMap<(NodeId, &'static str), Count>;

pub(super) fn tables(of: &Exhaustion<'_>, page: Page) -> String {
    let sides = &of.outcome.sides;
    let mut table = Table::new(sides.iter().map(|side| side.protocol.name().to_owned()));
    table.row("points without a fault", numbers(sides, |side| side.points));
    table.group("Single faults");
    counted(of, &mut table, |side| &side.singles);
    if of.depth == Depth::Pairs {
        table.group("Pairs, by the second fault");
        counted(of, &mut table, |side| &side.pairs);
        let same = numbers(sides, |side| side.same_history);
        table.row("first faults, same history", same);
        if sides.iter().any(|side| side.without_second > 0) {
            let left = numbers(sides, |side| side.without_second);
            table.row("first faults, no second: stopped", left);
        }
    }
    table.render(page)
}

/// Rows for where and what, for all, and for what was done about them.
fn counted(of: &Exhaustion<'_>, table: &mut Table, counts: impl Fn(&Side) -> &Counts) {
    let sides = &of.outcome.sides;
    let rows: BTreeSet<(usize, &'static str)> = sides
        .iter()
        .flat_map(|side| counts(side).keys())
        .map(|(node, kind)| (role(of, *node), *kind))
        .collect();
    for (place, kind) in rows {
        let sum = |side: &Side| {
            let here = counts(side)
                .iter()
                .filter(|((node, known), _)| *known == kind && role(of, *node) == place);
            Count::sum(here.map(|(_, count)| count)).all()
        };
        let whose = ROLES[place];
        table.row(&format!("{whose}: {kind}"), numbers(sides, sum));
    }
    let all = |side: &Side| Count::sum(counts(side).values());
    table.row("in all", numbers(sides, |side| all(side).all()));
    table.row("tried", numbers(sides, |side| all(side).tried));
    if sides.iter().any(|side| all(side).untried > 0) {
        let left = numbers(sides, |side| all(side).untried);
        table.row("not tried: stopped", left);
    }
    for (n, why) in Pruned::ALL.into_iter().enumerate() {
        if sides.iter().any(|side| all(side).pruned[n] > 0) {
            let label = format!("left out: {}", why.name());
            table.row(&label, numbers(sides, |side| all(side).pruned[n]));
        }
    }
}

fn numbers(sides: &[Side], of: impl Fn(&Side) -> u64) -> Vec<Cell> {
    let number = |n| if n == 0 { "–".to_owned() } else { grouped(n) };
    sides
        .iter()
        .map(|side| Cell::plain(number(of(side))))
        .collect()
}

/// In the order in which they are shown.
const ROLES: [&str; 5] = ["manager", "services", "broker", "provider", "clients"];

fn role(of: &Exhaustion<'_>, node: NodeId) -> usize {
    let nodes = &of.scenario.nodes;
    match node {
        _ if node == nodes.manager() => 0,
        _ if node == nodes.broker() => 2,
        _ if node == nodes.provider() => 3,
        _ if node == nodes.clients() => 4,
        _ => 1,
    }
}
