//! The worst of a run by name: who was in doubt, who waited, who was short of
//! what.

use super::words::{counted, grouped, plural};
use crate::history::Owner;
use crate::measure::{Doubt, Shortage, Wait};
use crate::scenario::Scenario;

/// `c3.17 was in doubt at points for 287 ms`.
pub(super) fn doubt(scenario: &Scenario, doubt: &Doubt) -> String {
    format!(
        "{} was in doubt at {} for {}",
        doubt.tx.request(),
        scenario.node_name(doubt.node),
        doubt.lasted
    )
}

/// Whom a branch in doubt kept waiting: `14 others waited for points[ash]
/// meanwhile`.
pub(super) fn kept(scenario: &Scenario, doubt: &Doubt) -> Option<String> {
    let (row, many) = doubt.wanted?;
    let row = scenario.business.row_name(row);
    let others = counted(doubt.kept, "other", "others");
    Some(match many == doubt.kept {
        true => format!("{others} waited for {row} meanwhile"),
        false => format!(
            "{others} waited meanwhile, {} of them for {row}",
            grouped(many)
        ),
    })
}

/// `c4.2 waited longest, for points[ash] behind c3.17`.
pub(super) fn wait(scenario: &Scenario, wait: &Wait) -> String {
    format!(
        "{} waited longest, for {} behind {}",
        who(scenario, wait.who),
        scenario.business.row_name(wait.row),
        who(scenario, wait.behind)
    )
}

/// `60 players were short of 50 points`, and `for up to 259 ms (ash, in c68.0)`; or
/// `until the end of the run` where that one never had it back.
pub(super) fn shortage(scenario: &Scenario, shortage: &Shortage) -> (String, String) {
    let business = &scenario.business;
    let resource = &business.resources[usize::from(shortage.row.resource.0)];
    let key = resource.key_name(shortage.row.key, shortage.row.facet, &business.domains);
    let request = shortage.request.to_string();
    let (who, longest) = match (shortage.rows, &resource.key.domains[..]) {
        (_, []) => (format!("{} was", resource.name), request),
        (1, _) => (format!("{key} was"), request),
        (rows, domains) => {
            let what = match domains {
                [one] => plural(&business.domains[usize::from(*one)].name),
                _ => format!("rows of {}", resource.name),
            };
            let over = if rows == Shortage::MOST_ROWS {
                "over "
            } else {
                ""
            };
            let many = format!("{over}{} {what} were", grouped(rows));
            (many, format!("{key}, in {request}"))
        }
    };
    let lacking = lacking(&resource.name, shortage);
    let lasted = shortage.longest;
    let how_long = match (shortage.to_the_end, shortage.rows) {
        (false, _) => format!("for up to {lasted} ({longest})"),
        (true, 1) => format!("until the end of the run, {lasted} later ({longest})"),
        (true, _) => format!("one until the end of the run, {lasted} later ({longest})"),
    };
    (format!("{who} short of {lacking}"), how_long)
}

/// `50 points`, `stock (up to 3)`: only a name that is a plural can be counted.
fn lacking(resource: &str, shortage: &Shortage) -> String {
    let (least, most) = shortage.by;
    let up_to = if least == most { "" } else { "up to " };
    match resource.ends_with('s') {
        true if most == 1 => format!("1 {}", &resource[..resource.len() - 1]),
        true => format!("{up_to}{most} {resource}"),
        false => format!("{resource} ({up_to}{most})"),
    }
}

/// As `--filter tx=` and the scenario call them.
pub(super) fn who(scenario: &Scenario, owner: Owner) -> String {
    match owner {
        Owner::Tx(tx) => tx.request().to_string(),
        Owner::Reader(reader, _) => {
            let reader = scenario.readers.get(reader as usize);
            let name = reader.map_or("a reader", |reader| reader.name.as_str());
            name.to_owned()
        }
        Owner::Operator(_) => "the operator".to_owned(),
    }
}
