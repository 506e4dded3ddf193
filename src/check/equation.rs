//! **The scenario's equations**: what was taken, given back and granted balances,
//! for every value of one domain alone.
//!
//! At rest both sides are equal over everything that took effect. With an
//! *in flight* term the equation is judged at every instant too: transactions in
//! flight are left out, so whatever a request leaves behind when nothing owns it
//! any more must balance by itself. The effects must also add up to what an
//! independent look finds in the stores at the end: if they do not, an update
//! was lost.
//!
//! Not claimed: that others could not see one side without the other meanwhile
//! (*isolation*).

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::court::Court;
use super::ledger::Ledger;
use super::promise::{Breach, Closing, End, Findings, Promise};
use super::record::{Did, Record};
use super::{Evidence, words};
use crate::business::equation::{Equation, Measure, Term};
use crate::business::{BusinessRow, ResourceId};
use crate::history::Rest;
use crate::vocab::{Direction, FastSet, RequestId, SimTime};

/// Both sides of an equation for one value of its domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sides {
    left: i64,
    right: i64,
}

/// What one request adds to the sides, by the value of the domain.
type Shares = SmallVec<[(u32, Sides); 2]>;

/// See the [module](self).
#[derive(Clone)]
pub(super) struct Balance {
    equation: Equation,
    /// Whether it has an in-flight term.
    always: bool,
    sums: Vec<Sides>,
    /// The first request that left a value unbalanced, told in advance: its
    /// record will be gone.
    culprits: BTreeMap<u32, Culprit>,
    /// Requests that were found unbalanced as soon as they were quiet.
    caught: FastSet<RequestId>,
    findings: Findings,
}

#[derive(Clone)]
struct Culprit {
    request: RequestId,
    at: SimTime,
    what: String,
    /// What it alone adds to the sides.
    share: Sides,
    evidence: Vec<Evidence>,
}

/// So many values of the domain get their first culprit remembered.
const CULPRITS_KEPT: usize = 64;

impl Balance {
    /// The promise of this equation of the business.
    pub(super) fn new(court: &Court, n: u8) -> Self {
        let equation = court.business().equations[n as usize].clone();
        let mut terms = equation.left.iter().chain(&equation.right);
        let always = terms.any(|term| matches!(term.measure, Measure::InFlight(_)));
        let values = court.business().domains[equation.per as usize].size;
        Balance {
            always,
            sums: vec![Sides::default(); values as usize],
            culprits: BTreeMap::new(),
            caught: FastSet::default(),
            findings: Findings::default(),
            equation,
        }
    }

    fn shares(&self, court: &Court, record: &Record) -> Shares {
        let mut shares = Shares::new();
        for (_, did) in record.effects() {
            let sides = Sides {
                left: measure(&self.equation.left, did),
                right: measure(&self.equation.right, did),
            };
            let of_request = || record.params.map(|p| p.0[self.equation.per as usize]);
            let value = court
                .value_in(did.row, self.equation.per)
                .or_else(of_request);
            if let (Some(value), true) = (value, sides != Sides::default()) {
                add(&mut shares, value, sides);
            }
        }
        shares
    }

    /// `request c3.17 leaves taken(points) … unbalanced for alice: 50 against 0`.
    fn what(&self, court: &Court, who: &str, value: u32, sides: Sides) -> String {
        let domain = &court.business().domains[self.equation.per as usize];
        format!(
            "{who}, and that leaves `{}` unbalanced for {}: {} against {}",
            self.equation.text,
            domain.value_name(value),
            sides.left,
            sides.right
        )
    }
}

impl Promise for Balance {
    fn quiet(&mut self, court: &Court, record: &Record, at: SimTime) {
        if !self.always || self.caught.contains(&record.request) {
            return;
        }
        let shares = self.shares(court, record);
        if let Some(&(value, sides)) = shares.iter().find(|(_, s)| s.left != s.right) {
            self.caught.insert(record.request);
            let what = || self.what(court, &what_it_did(court, record), value, sides);
            let described = Breach {
                how: "does not add up",
                what: what(),
                evidence: words::whole_story(court, record),
            };
            self.findings
                .violated(at, Some(record.request), || described);
        }
    }

    fn closed(&mut self, court: &Court, closing: &Closing<'_>) {
        let record = closing.record;
        if self.always && self.caught.remove(&record.request) {
            return;
        }
        let shares = self.shares(court, record);
        if closing.end == End::Stopped {
            if shares.iter().any(|(_, s)| s.left != s.right) {
                self.findings.violated_at_rest(closing, Breach::default);
            }
            return;
        }
        for (value, sides) in shares {
            let sum = &mut self.sums[value as usize];
            sum.left += sides.left;
            sum.right += sides.right;
            let room = self.culprits.len() < CULPRITS_KEPT;
            if sides.left != sides.right && room && !self.culprits.contains_key(&value) {
                let culprit = Culprit {
                    request: record.request,
                    at: record.last_change(),
                    what: what_it_did(court, record),
                    share: sides,
                    evidence: words::whole_story(court, record),
                };
                self.culprits.insert(value, culprit);
            }
        }
    }

    fn rest(&mut self, court: &Court, ledger: &Ledger, rest: &Rest, at: SimTime) {
        for (value, &sides) in (0u32..).zip(&self.sums) {
            if sides.left == sides.right {
                continue;
            }
            let described = match self.culprits.remove(&value) {
                Some(culprit) => {
                    let what = self.what(court, &culprit.what, value, sides);
                    let what = what + &share(culprit.share, sides);
                    (culprit.at, Some(culprit.request), what, culprit.evidence)
                }
                None => {
                    let what = self.what(court, "everything was added up", value, sides);
                    (at, None, what, Vec::new())
                }
            };
            let (at, request, what, evidence) = described;
            self.findings.violated(at, request, || Breach {
                how: "does not add up",
                what,
                evidence,
            });
        }
        for (row, held) in lost_updates(court, ledger, rest) {
            if measures(&self.equation, row.resource) {
                accuse(&mut self.findings, court, ledger, row, held, at);
            }
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

/// What an effect adds to one side.
fn measure(terms: &[Term], did: &Did) -> i64 {
    terms
        .iter()
        .map(|term| term.factor * amount(term.measure, did))
        .sum()
}

fn amount(measure: Measure, did: &Did) -> i64 {
    let delta = did.delta();
    let of = |resource: ResourceId| resource == did.row.resource;
    match (measure, did.part.direction) {
        (Measure::Taken(r), Direction::Forward) if of(r) => (-delta).max(0),
        (Measure::Given(r), Direction::Forward) if of(r) => delta.max(0),
        (Measure::GivenBack(r), Direction::Backward) | (Measure::Granted(r), _) if of(r) => delta,
        _ => 0,
    }
}

fn add(shares: &mut Shares, value: u32, sides: Sides) {
    match shares.iter_mut().find(|(v, _)| *v == value) {
        Some((_, share)) => {
            share.left += sides.left;
            share.right += sides.right;
        }
        None => shares.push((value, sides)),
    }
}

/// What a request adds to sides that others unbalance too.
fn share(of_request: Sides, sides: Sides) -> String {
    if of_request == sides {
        return String::new();
    }
    let Sides { left, right } = of_request;
    format!(" (of which this request's are {left} against {right})")
}

/// `request c3.17 took 50 from points[alice]`, or all that it did.
fn what_it_did(court: &Court, record: &Record) -> String {
    let mut done: Vec<String> = record
        .effects()
        .map(|(_, did)| words::change(court, did.row, did.delta(), did.part.direction))
        .collect();
    done.truncate(4);
    format!("request {} {}", record.request, done.join(", "))
}

/// Whether an equation counts this resource.
pub(super) fn measures(equation: &Equation, resource: ResourceId) -> bool {
    let mut terms = equation.left.iter().chain(&equation.right);
    terms.any(|term| match term.measure {
        Measure::Taken(r)
        | Measure::Given(r)
        | Measure::GivenBack(r)
        | Measure::Granted(r)
        | Measure::InFlight(r) => r == resource,
    })
}

/// Rows that do not hold what their effects add up to, with what they hold.
pub(super) fn lost_updates<'a>(
    court: &'a Court,
    ledger: &'a Ledger,
    rest: &'a Rest,
) -> impl Iterator<Item = (BusinessRow, i64)> + 'a {
    use crate::business::Facet;
    let rows = rest.rows.iter().copied();
    rows.filter(|&(row, held)| row.facet == Facet::Value && ledger.value(court, row) != held)
}

/// Adds a lost update to what was found.
pub(super) fn accuse(
    findings: &mut Findings,
    court: &Court,
    ledger: &Ledger,
    row: BusinessRow,
    held: i64,
    at: SimTime,
) {
    let stale = ledger.stale_write(row);
    let since = stale.map_or(at, |stale| stale.at);
    let request = stale.map(|stale| stale.effect.stamp.tx.request());
    findings.violated(since, request, || {
        let name = words::row_name(court, row);
        let sum = ledger.value(court, row);
        let what = format!(
            "an update of {name} was lost: it holds {held}, but its effects add up to {sum}"
        );
        let overwritten = stale.map(|stale| Evidence {
            at: stale.at,
            line: format!(
                "{}: {} wrote {name} from {} to {}, when it held {}",
                words::node_name(court, stale.node),
                stale.effect.stamp.tx,
                stale.effect.before,
                stale.effect.after,
                stale.held
            ),
        });
        let end = Evidence {
            at,
            line: format!("at the end {name} holds {held}"),
        };
        Breach {
            how: "lost update",
            what,
            evidence: overwritten.into_iter().chain([end]).collect(),
        }
    });
}
