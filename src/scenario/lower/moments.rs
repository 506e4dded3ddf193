//! When a fault begins.

use std::ops::Range;

use crate::fault::Moment;
use crate::protocol::Milestone;
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{At, FaultFile};
use crate::scenario::names::{self, quote};
use crate::vocab::{NodeId, SimTime};

use super::Lowering;
use super::cast::Cast;

impl Lowering<'_> {
    /// When a fault begins: at a time, on a milestone, at a numbered point.
    pub(super) fn moment(
        &mut self,
        says: &FaultFile,
        span: Range<usize>,
        cast: &Cast,
    ) -> Option<Moment> {
        for (key, at) in [
            ("nth", says.nth.as_ref().map(At::span)),
            ("node", says.node.as_ref().map(At::span)),
        ] {
            if let (Some(at), None) = (at, &says.on) {
                self.problems.push(
                    Problem::at(at, format!("`{key}` means nothing without `on`"))
                        .help("it says which time, or where, a milestone is reached"),
                );
            }
        }
        match (&says.at, &says.on, &says.point) {
            (Some(at), None, None) => Some(Moment::At(SimTime::ZERO + at.get_ref().0)),
            (None, Some(on), None) => self.milestone(says, on, cast),
            (None, None, Some(point)) => Some(Moment::Point(*point.get_ref())),
            _ => {
                self.problems.push(
                    Problem::at(span, "this fault must say in one way when it begins")
                        .help("`at = \"400ms\"`, or `on = \"coordinator.all-votes\"` (with `nth` and `node` if need be), or `point = 1234`"),
                );
                None
            }
        }
    }

    fn milestone(&mut self, says: &FaultFile, on: &At<String>, cast: &Cast) -> Option<Moment> {
        let all: Vec<&str> = Milestone::ALL.iter().map(|m| m.name()).collect();
        let written = on.get_ref().as_str();
        let Some(found) = all.iter().position(|&m| m == written) else {
            self.problems.push(no_milestone(on, &all));
            return None;
        };
        let node = match &says.node {
            Some(node) => {
                let id = self.node(cast, node)?;
                self.check_reached(Milestone::ALL[found], node, id, cast);
                Some(id)
            }
            None => None,
        };
        Some(Moment::On {
            milestone: Milestone::ALL[found],
            node,
            nth: self.within(says.nth.as_ref(), "nth", 1, u64::from(u32::MAX), 1),
        })
    }

    /// Whether a milestone can be reached at a node at all.
    fn check_reached(&mut self, milestone: Milestone, node: &At<String>, id: NodeId, cast: &Cast) {
        let nodes = &cast.nodes;
        let service = nodes.service_at(id).is_some();
        let role = milestone.name().split('.').next().unwrap_or_default();
        let (reached, where_) = match role {
            "coordinator" | "orchestrator" => (id == nodes.manager(), "at the manager"),
            "participant" | "step" | "consumer" | "relay" | "monolith" => (service, "at services"),
            "broker" => (id == nodes.broker(), "at the broker"),
            "client" => (id == nodes.clients(), "at the clients"),
            "database" => (
                service || id == nodes.manager(),
                "at machines with a database",
            ),
            _ => (id <= nodes.broker(), "at machines that can fail"),
        };
        if !reached {
            self.problems.push(
                Problem::at(
                    node.span(),
                    format!(
                        "`{milestone}` is never reached at {}",
                        quote(node.get_ref())
                    ),
                )
                .label(format!("only {where_}"))
                .help(format!("what it means: {}", milestone.meaning())),
            );
        }
    }
}

/// No protocol raises this; there are too many milestones to name them all, so
/// those of its role are named.
fn no_milestone(on: &At<String>, all: &[&str]) -> Problem {
    let written = on.get_ref().as_str();
    let role = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut problem = Problem::at(on.span(), format!("no protocol raises {}", quote(written)));
    if let Some(name) = names::meant(written, all.iter().copied()) {
        problem = problem.label(format!("did you mean `{name}`?"));
    }
    let near: Vec<&str> = all
        .iter()
        .copied()
        .filter(|m| role(m) == role(written))
        .collect();
    if near.is_empty() {
        let mut roles: Vec<String> = all.iter().map(|m| role(m)).collect();
        roles.dedup();
        return problem.help(format!(
            "milestones begin with one of {}",
            names::list(roles)
        ));
    }
    problem.help(format!("milestones there: {}", names::list(near)))
}
