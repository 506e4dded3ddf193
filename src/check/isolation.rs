//! **Isolation**: nobody saw an effect that was later compensated or aborted: no
//! reader whose transaction committed, no writer that committed after it had
//! read or tested the row, and no condition on the row that refused a step.
//!
//! An effect is *exposed* from when its local transaction commits (under
//! two-phase commit from when it is prepared, should its locks not hold) until
//! nothing owns its request any more. Whoever sees it meanwhile is a witness; if
//! it is then undone, the first witness saw what never was. A blind, commutative
//! change of the same row sees nothing. Two-phase commit and the monolith keep
//! this promise; plain sagas do not, unless a countermeasure is on.
//!
//! Not claimed: serialisability; that nobody saw one part of a transaction
//! without the other; nor anything about a local commit that a crash took back
//! before it was answered: whoever saw it stood behind it in the same log.

use smallvec::SmallVec;

use super::court::Court;
use super::ledger::Ledger;
use super::promise::{Breach, Findings, Promise};
use super::record::{Did, Record};
use super::{Evidence, words};
use crate::business::{BusinessRow, Facet, Reason};
use crate::history::{Effect, Event, What};
use crate::protocol::{Family, Stamp};
use crate::vocab::{Direction, FastMap, NodeId, RequestId, SimTime, StepId, TxId};

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct Isolation {
    exposed: FastMap<BusinessRow, SmallVec<[Exposure; 1]>>,
    /// Where a request has exposed something.
    rows_of: FastMap<RequestId, SmallVec<[BusinessRow; 4]>>,
    /// What statements saw whose transactions have not committed yet.
    pending: FastMap<TxId, SmallVec<[Glimpse; 2]>>,
    findings: Findings,
}

/// An effect that may yet be undone.
#[derive(Clone, Copy, Debug)]
struct Exposure {
    effect: Effect,
    at: SimTime,
    node: NodeId,
    /// Only prepared: then a reader that sees the row as it was before sees
    /// nothing of it.
    prepared: bool,
    seen: Option<Seen>,
}

/// The first that saw it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: SimTime,
    node: NodeId,
    by: Witness,
}

#[derive(Clone, Copy, Debug)]
enum Witness {
    /// A reader saw this number.
    Reader(u32, i64),
    /// A step read or tested it and committed.
    Writer(Stamp),
    /// A step was refused by a condition on it.
    Refused(Stamp, Reason),
}

/// What a statement saw: somebody's effect on a row.
#[derive(Clone, Copy, Debug)]
struct Glimpse {
    row: BusinessRow,
    of: TxId,
    seen: Seen,
}

impl Promise for Isolation {
    fn listens(&self) -> bool {
        true
    }

    fn event(&mut self, court: &Court, ledger: &Ledger, event: &Event) {
        match &event.what {
            What::Ran {
                stamp,
                saw,
                refused,
            } => self.ran(event, stamp, saw, *refused),
            What::Read { reader, saw, .. } => {
                for &(row, value) in saw {
                    self.read(event, *reader, row, value);
                }
            }
            What::Prepared { effects, .. } => {
                for effect in effects {
                    self.expose(event, effect, Exposed::Prepared);
                }
            }
            What::Committed { stamp, effects, .. } => {
                self.confirm(event, stamp);
                // One database's only local transaction cannot be undone.
                if court.protocol.family() != Family::OneDatabase {
                    self.committed(court, ledger, event, effects);
                }
            }
            What::CommitLost {
                branch: false,
                effects,
                ..
            } => {
                for effect in effects {
                    self.conceal(effect.row, |e| e.effect.stamp == effect.stamp);
                }
            }
            What::RolledBack { tx, .. } | What::PreparedLost { tx } => {
                self.pending.remove(tx);
                self.aborted(court, event, *tx);
            }
            _ => {}
        }
    }

    fn quiet(&mut self, _: &Court, record: &Record, _: SimTime) {
        for row in self.rows_of.remove(&record.request).unwrap_or_default() {
            self.conceal(row, |e| e.effect.stamp.tx.request() == record.request);
        }
        if !self.pending.is_empty() {
            for attempt in record.attempts() {
                self.pending.remove(&attempt.tx(record.request));
            }
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

/// How an effect came to be exposed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exposed {
    Prepared,
    Committed,
}

impl Isolation {
    fn ran(&mut self, event: &Event, stamp: &Stamp, saw: &[BusinessRow], refused: Option<Reason>) {
        for &row in saw {
            let Some(exposures) = self.exposed.get_mut(&row) else {
                continue;
            };
            let by = match refused {
                Some(reason) if is_about(reason, row) => Witness::Refused(*stamp, reason),
                Some(_) => continue,
                None => Witness::Writer(*stamp),
            };
            let seen = Seen {
                at: event.at,
                node: event.node,
                by,
            };
            for exposure in exposures.iter_mut() {
                let of = exposure.effect.stamp.tx;
                if of.request() == stamp.tx.request() || exposure.seen.is_some() {
                    continue;
                }
                match refused {
                    Some(_) => exposure.seen = Some(seen),
                    None => {
                        let glimpse = Glimpse { row, of, seen };
                        self.pending.entry(stamp.tx).or_default().push(glimpse);
                    }
                }
            }
        }
    }

    fn read(&mut self, event: &Event, reader: u32, row: BusinessRow, value: i64) {
        for exposure in self.exposed.get_mut(&row).into_iter().flatten() {
            let as_before = exposure.prepared && value == exposure.effect.before;
            if exposure.seen.is_none() && !as_before {
                exposure.seen = Some(Seen {
                    at: event.at,
                    node: event.node,
                    by: Witness::Reader(reader, value),
                });
            }
        }
    }

    /// A transaction that committed saw what it saw.
    fn confirm(&mut self, event: &Event, stamp: &Stamp) {
        let Some(glimpses) = self.pending.get_mut(&stamp.tx) else {
            return;
        };
        for glimpse in glimpses.iter().filter(|g| g.seen.node == event.node) {
            for exposure in self.exposed.get_mut(&glimpse.row).into_iter().flatten() {
                if exposure.effect.stamp.tx == glimpse.of && exposure.seen.is_none() {
                    exposure.seen = Some(glimpse.seen);
                }
            }
        }
        glimpses.retain(|g| g.seen.node != event.node);
        if glimpses.is_empty() {
            self.pending.remove(&stamp.tx);
        }
    }

    fn expose(&mut self, event: &Event, effect: &Effect, how: Exposed) {
        if effect.row.facet != Facet::Value || effect.delta() == 0 {
            return;
        }
        let exposures = self.exposed.entry(effect.row).or_default();
        let same = |e: &&mut Exposure| e.prepared && e.effect.stamp == effect.stamp;
        if let Some(exposure) = exposures.iter_mut().find(same) {
            exposure.prepared = how == Exposed::Prepared;
            return;
        }
        exposures.push(Exposure {
            effect: *effect,
            at: event.at,
            node: event.node,
            prepared: how == Exposed::Prepared,
            seen: None,
        });
        let rows = self.rows_of.entry(effect.stamp.tx.request()).or_default();
        if !rows.contains(&effect.row) {
            rows.push(effect.row);
        }
    }

    fn committed(&mut self, court: &Court, ledger: &Ledger, event: &Event, effects: &[Effect]) {
        for effect in effects {
            match (effect.stamp.direction, effect.stamp.step) {
                (Direction::Forward, _) => self.expose(event, effect, Exposed::Committed),
                (Direction::Backward, Some(step)) => {
                    self.compensated(court, ledger, event, effect, step);
                }
                (Direction::Backward, None) => {}
            }
        }
    }

    /// A step was undone: whatever it had exposed never was.
    fn compensated(
        &mut self,
        court: &Court,
        ledger: &Ledger,
        event: &Event,
        undo: &Effect,
        step: StepId,
    ) {
        let tx = undo.stamp.tx;
        let undone = |e: &Exposure| e.effect.stamp.tx == tx && e.effect.stamp.step == Some(step);
        let how = || {
            let record = ledger.record(tx.request());
            let backward = |did: &Did| did.part.direction == Direction::Backward;
            let last = record.and_then(|r| r.effects().rfind(|(_, did)| backward(did)));
            match last {
                Some((fact, _)) => words::line(court, tx.request(), fact),
                None => format!("{tx} is undone"),
            }
        };
        self.undo(court, event, tx.request(), undone, how);
    }

    fn aborted(&mut self, court: &Court, event: &Event, tx: TxId) {
        let undone = |e: &Exposure| e.effect.stamp.tx == tx && e.node == event.node;
        let how = || {
            let node = words::node_name(court, event.node);
            format!("{node}: {tx} is rolled back")
        };
        self.undo(court, event, tx.request(), undone, how);
    }

    /// Takes exposures away that are undone, and accuses where they were seen.
    fn undo(
        &mut self,
        court: &Court,
        event: &Event,
        request: RequestId,
        undone: impl Fn(&Exposure) -> bool,
        how: impl Fn() -> String,
    ) {
        let rows = self.rows_of.get(&request).cloned().unwrap_or_default();
        for row in rows {
            let exposures = self.exposed.get(&row).into_iter().flatten();
            let seen = exposures
                .filter(|e| undone(e))
                .find_map(|e| Some((*e, e.seen?)));
            if let Some((exposure, seen)) = seen {
                self.findings.violated(event.at, Some(request), || {
                    accusation(court, event, &exposure, &seen, how())
                });
            }
            self.conceal(row, &undone);
        }
    }

    fn conceal(&mut self, row: BusinessRow, which: impl Fn(&Exposure) -> bool) {
        if let Some(exposures) = self.exposed.get_mut(&row) {
            exposures.retain(|e| !which(e));
            if exposures.is_empty() {
                self.exposed.remove(&row);
            }
        }
    }
}

/// Whether a refusal for this reason came from a condition on this row.
fn is_about(reason: Reason, row: BusinessRow) -> bool {
    match reason {
        Reason::Floor(id) | Reason::AlreadyGranted(id) | Reason::Changed(id) => {
            row.resource == id && row.facet == Facet::Value
        }
        _ => false,
    }
}

fn accusation(
    court: &Court,
    event: &Event,
    exposure: &Exposure,
    seen: &Seen,
    how: String,
) -> Breach {
    let effect = &exposure.effect;
    let request = effect.stamp.tx.request();
    let name = words::row_name(court, effect.row);
    let change = words::change(court, effect.row, effect.delta(), Direction::Forward);
    let later = event.at.since(seen.at);
    let (saw, line) = match seen.by {
        Witness::Reader(reader, value) => {
            let reader = words::reader_name(court, reader);
            (
                format!("{reader} read {name} as {value}"),
                format!("{reader} reads {name} as {value}"),
            )
        }
        Witness::Writer(stamp) => {
            let other = stamp.tx.request();
            (
                format!("request {other} relied on {name}"),
                format!(
                    "{} of {other} reads or tests {name}",
                    step_of(court, &stamp)
                ),
            )
        }
        Witness::Refused(stamp, reason) => {
            let other = stamp.tx.request();
            let reason = words::reason_words(court, reason);
            (
                format!("request {other} was refused ({reason})"),
                format!("{} of {other} is refused: {reason}", step_of(court, &stamp)),
            )
        }
    };
    let what = format!("{saw} after {request} {change}, which was undone {later} later");
    let node = |id| words::node_name(court, id);
    let step = step_of(court, &effect.stamp);
    let evidence = vec![
        Evidence {
            at: exposure.at,
            line: format!(
                "{}: {step} {change} ({})",
                node(exposure.node),
                effect.stamp.tx
            ),
        },
        Evidence {
            at: seen.at,
            line: format!("{}: {line}", node(seen.node)),
        },
        Evidence {
            at: event.at,
            line: how,
        },
    ];
    Breach {
        how: match seen.by {
            Witness::Reader(..) => "dirty read",
            Witness::Writer(_) => "relied on what was undone",
            Witness::Refused(..) => "refused for what was undone",
        },
        what,
        evidence,
    }
}

fn step_of<'a>(court: &'a Court, stamp: &Stamp) -> &'a str {
    match stamp.step {
        Some(step) => court.action_name(step, stamp.direction),
        None => "something",
    }
}
