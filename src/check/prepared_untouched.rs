//! **Prepared data untouched**: between a branch's prepare and its end, nobody
//! else reads, locks for writing or overwrites a row that it changes.
//!
//! It holds over crashes: a prepared branch that a restarted database finds
//! again is judged as if it had never been away. With an intent table the
//! logical version counts: a reader that saw the row as it was before the intent
//! did not read what was prepared.
//!
//! Not claimed: anything about open branches (their databases' own affair) or
//! about committed ones. A database must record the end of a branch before it
//! gives the branch's locks to the next.

use smallvec::SmallVec;

use super::court::Court;
use super::ledger::Ledger;
use super::promise::{Breach, Closing, Findings, Promise};
use super::record::{Deed, Fact};
use super::{Evidence, words};
use crate::business::{BusinessRow, Facet};
use crate::history::{Effect, Event, Owner, What};
use crate::vocab::{FastMap, NodeId, RequestId, SimTime, TxId};

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct PreparedUntouched {
    /// Rows under prepared branches.
    held: FastMap<BusinessRow, Held>,
    /// What each branch that was ever prepared holds while it is; until its
    /// request is closed.
    branches: FastMap<(TxId, NodeId), Rows>,
    findings: Findings,
}

type Rows = SmallVec<[(BusinessRow, Before); 1]>;

/// A row as it was when a branch that changes it was prepared, and when that was.
#[derive(Clone, Copy, Debug)]
struct Before {
    since: SimTime,
    number: i64,
}

/// A row under a prepared branch.
#[derive(Clone, Copy, Debug)]
struct Held {
    by: TxId,
    node: NodeId,
    before: Before,
}

impl Held {
    /// Whether a fact is about the branch that holds the row.
    fn is_under(&self, fact: &Fact, request: RequestId) -> bool {
        let attempt = fact.deed.attempt();
        fact.at >= self.before.since
            && fact.node == self.node
            && attempt.is_some_and(|a| a.tx(request) == self.by)
    }
}

impl Promise for PreparedUntouched {
    fn listens(&self) -> bool {
        true
    }

    fn event(&mut self, court: &Court, ledger: &Ledger, event: &Event) {
        match &event.what {
            What::Prepared { tx, effects, .. } => self.prepared(event, *tx, effects),
            What::Restored { tx }
            | What::CommitLost {
                tx, branch: true, ..
            } => {
                self.hold(*tx, event.node);
            }
            What::RolledBack { tx, .. } | What::PreparedLost { tx } => {
                self.release(*tx, event.node);
            }
            What::Committed {
                stamp,
                branch,
                effects,
                ..
            } => {
                for effect in effects {
                    let how = "wrote";
                    let who = Owner::Tx(effect.stamp.tx);
                    self.touched(court, ledger, event, effect.row, who, how);
                }
                if *branch {
                    self.release_rows(stamp.tx, effects.iter().map(|e| e.row));
                }
            }
            What::Ran { stamp, saw, .. } => {
                for &row in saw {
                    self.touched(court, ledger, event, row, Owner::Tx(stamp.tx), "saw");
                }
            }
            &What::Locked {
                owner,
                row,
                exclusive: true,
                ..
            } => self.touched(court, ledger, event, row, owner, "locked"),
            What::Read { reader, saw, .. } => {
                for &(row, value) in saw {
                    if self
                        .held
                        .get(&row)
                        .is_some_and(|held| held.before.number != value)
                    {
                        let who = Owner::Reader(*reader, 0);
                        self.touched(court, ledger, event, row, who, "read");
                    }
                }
            }
            _ => {}
        }
    }

    fn closed(&mut self, _: &Court, closing: &Closing<'_>) {
        let record = closing.record;
        for fact in &record.facts {
            if let Deed::Prepared { attempt } = fact.deed {
                let tx = attempt.tx(record.request);
                let rows = self.branches.remove(&(tx, fact.node)).unwrap_or_default();
                self.release_rows(tx, rows.into_iter().map(|(row, _)| row));
            }
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

impl PreparedUntouched {
    fn prepared(&mut self, event: &Event, tx: TxId, effects: &[Effect]) {
        let mut rows = Rows::new();
        for effect in effects.iter().filter(|e| e.row.facet == Facet::Value) {
            if rows.iter().all(|(row, _)| *row != effect.row) {
                let before = Before {
                    since: event.at,
                    number: effect.before,
                };
                rows.push((effect.row, before));
            }
        }
        self.branches.insert((tx, event.node), rows);
        self.hold(tx, event.node);
    }

    fn hold(&mut self, tx: TxId, node: NodeId) {
        if let Some(rows) = self.branches.get(&(tx, node)) {
            let rows = rows.iter();
            self.held.extend(rows.map(|&(row, before)| {
                let by = tx;
                (row, Held { by, node, before })
            }));
        }
    }

    fn release(&mut self, tx: TxId, node: NodeId) {
        if let Some(rows) = self.branches.get(&(tx, node)).cloned() {
            self.release_rows(tx, rows.into_iter().map(|(row, _)| row));
        }
    }

    fn release_rows(&mut self, tx: TxId, rows: impl Iterator<Item = BusinessRow>) {
        for row in rows {
            if self.held.get(&row).is_some_and(|held| held.by == tx) {
                self.held.remove(&row);
            }
        }
    }

    fn touched(
        &mut self,
        court: &Court,
        ledger: &Ledger,
        event: &Event,
        row: BusinessRow,
        who: Owner,
        how: &'static str,
    ) {
        let Some(&held) = self.held.get(&row) else {
            return;
        };
        if who == Owner::Tx(held.by) {
            return;
        }
        let request = held.by.request();
        self.findings.violated(event.at, Some(request), || {
            let name = words::row_name(court, row);
            let who = words::owner(court, who);
            let what = format!(
                "{who} {how} {name}, which {} had changed and was still in doubt about",
                held.by
            );
            let mut evidence = match ledger.record(request) {
                Some(record) => words::evidence(court, record, |fact| held.is_under(fact, request)),
                None => Vec::new(),
            };
            evidence.truncate(9);
            evidence.push(Evidence {
                at: event.at,
                line: format!(
                    "{}: {who} {how} {name}",
                    words::node_name(court, event.node)
                ),
            });
            Breach {
                how,
                what,
                evidence: words::in_order(evidence),
            }
        });
    }
}
