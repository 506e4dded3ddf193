//! Distributed transactions that want each other's rows, in two databases at once
//! and in whatever order: with wait-die and wound-wait no circle of waits ever
//! arises, whoever is given up makes way for somebody older, and so the oldest
//! never is; in the end all are through.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::Ticket;
use super::bench::*;
use crate::history::{Owner, What};
use crate::protocol::{Decision, End, Force, Outcome, Preparing, Txn};
use crate::scenario::{DatabaseSpec, LockPolicy};
use crate::vocab::{SimDuration, TxId};

const DATABASES: usize = 2;
const ROWS: u64 = 3;
const RIVALS: u32 = 6;
/// The number of the first of them.
const FIRST: u32 = 1_000;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// A transaction goes on with its work, if it is not busy.
    Work {
        n: u32,
        db: usize,
        row: u64,
        writes: bool,
    },
    /// A transaction whose work is done is asked to prepare, and looks at these rows
    /// first.
    Vote {
        n: u32,
        rows: [u64; DATABASES],
    },
    /// All is decided that can be.
    Decide,
    /// A transaction of one call, older or younger than all of them.
    Local {
        older: bool,
        db: usize,
        rows: (u64, u64),
    },
    Read {
        db: usize,
        rows: [u64; 2],
    },
    Pass(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let (n, db, row) = (0..RIVALS, 0..DATABASES, 0..ROWS);
    let work = (n.clone(), db.clone(), row.clone(), prop::bool::ANY);
    let rows = prop::array::uniform2(row.clone());
    prop_oneof![
        12 => work.prop_map(|(n, db, row, writes)| Op::Work { n, db, row, writes }),
        4 => (n, rows.clone()).prop_map(|(n, rows)| Op::Vote { n, rows }),
        2 => Just(Op::Decide),
        2 => (prop::bool::ANY, db.clone(), (row.clone(), row))
            .prop_map(|(older, db, rows)| Op::Local { older, db, rows }),
        1 => (db, rows).prop_map(|(db, rows)| Op::Read { db, rows }),
        4 => prop_oneof![0..200u64, 0..2_000u64].prop_map(Op::Pass),
    ]
}

/// A transaction: its attempt, and what it is waiting to hear.
#[derive(Clone, Default)]
struct Rival {
    attempt: u16,
    calls: Vec<(usize, Ticket)>,
    /// Where it has a branch.
    worked: [bool; DATABASES],
    votes: bool,
}

struct Rivals {
    databases: [Bench; DATABASES],
    rivals: Vec<Rival>,
    locals: u32,
    /// How many events were judged.
    judged: [usize; DATABASES],
}

impl Rivals {
    fn new(policy: LockPolicy) -> Self {
        // Nothing is to be decided by a time-out.
        let spec = DatabaseSpec {
            lock_timeout: SimDuration::from_secs(100),
            ..under(policy)
        };
        Rivals {
            databases: [0; DATABASES].map(|_| Bench::on(spec.clone())),
            rivals: vec![Rival::default(); RIVALS as usize],
            locals: 0,
            judged: [0; DATABASES],
        }
    }

    fn tx(&self, n: u32) -> TxId {
        TxId {
            attempt: self.rivals[n as usize].attempt,
            ..tx(FIRST + n)
        }
    }

    fn act(&mut self, op: Op) {
        match op {
            Op::Work { n, db, row, writes } => {
                let rival = &self.rivals[n as usize];
                if rival.calls.is_empty() && !rival.votes {
                    let txn = if writes {
                        add(&[(row, 1)])
                    } else {
                        look(&[row])
                    };
                    self.execute(n, db, txn, End::Open);
                }
            }
            Op::Vote { n, rows } => self.vote(n, rows),
            Op::Decide => self.decide(),
            Op::Local { older, db, rows } => {
                self.locals += 1;
                let n = if older {
                    FIRST - self.locals
                } else {
                    FIRST + RIVALS + self.locals
                };
                self.databases[db].local(n, add(&[(rows.0, 1), (rows.1, 1)]));
            }
            Op::Read { db, rows } => drop(self.databases[db].read(&rows)),
            Op::Pass(micros) => self.databases.iter_mut().for_each(|db| db.pass(micros)),
        }
        self.judge();
        self.listen();
    }

    fn execute(&mut self, n: u32, db: usize, txn: Txn, end: End) {
        let tx = self.tx(n);
        let call = self.databases[db].execute_as(tx, true, txn, end, Force::Always);
        let rival = &mut self.rivals[n as usize];
        rival.worked[db] = true;
        rival.calls.push((db, call));
    }

    fn vote(&mut self, n: u32, rows: [u64; DATABASES]) {
        let rival = &mut self.rivals[n as usize];
        if !rival.calls.is_empty() || rival.votes {
            return;
        }
        rival.votes = true;
        for (db, worked) in rival.worked.into_iter().enumerate() {
            if worked {
                let end = End::Prepare(Preparing::default());
                self.execute(n, db, look(&[rows[db]]), end);
            }
        }
    }

    /// Whoever has all its answers goes on; whoever was given up begins again.
    fn listen(&mut self) {
        for n in 0..RIVALS {
            let databases = &self.databases;
            let rival = &mut self.rivals[n as usize];
            let lost = |&(db, call): &(usize, Ticket)| {
                matches!(
                    databases[db].outcome(call),
                    Some(Outcome::Conflict | Outcome::Aborted)
                )
            };
            if rival.calls.iter().any(lost) {
                self.end(n, Decision::Abort);
                self.rivals[n as usize].attempt += 1;
            } else if !rival.votes {
                let open = |&(db, call): &(usize, Ticket)| databases[db].outcome(call).is_none();
                rival.calls.retain(open);
            }
        }
    }

    fn decide(&mut self) {
        for n in 0..RIVALS {
            let yes = |&(db, call): &(usize, Ticket)| {
                self.databases[db].outcome(call) == Some(&Outcome::Prepared)
            };
            let rival = &self.rivals[n as usize];
            if rival.votes && rival.calls.iter().all(yes) {
                self.end(n, Decision::Commit);
                self.rivals[n as usize].attempt += 1;
            }
        }
    }

    fn end(&mut self, n: u32, decision: Decision) {
        let tx = self.tx(n);
        let attempt = self.rivals[n as usize].attempt;
        let rival = std::mem::take(&mut self.rivals[n as usize]);
        self.rivals[n as usize].attempt = attempt;
        for (db, worked) in rival.worked.into_iter().enumerate() {
            if worked {
                self.databases[db].finish_as(tx, decision, Force::Lazy);
            }
        }
    }

    fn judge(&mut self) {
        for (db, judged) in self.databases.iter().zip(&mut self.judged) {
            for event in &db.events[*judged..] {
                if let What::Conflicted { owner, behind, .. } = *event {
                    let behind = behind.expect("somebody was in the way");
                    assert!(is_older(behind, owner), "{owner:?} gave way to {behind:?}");
                }
            }
            *judged = db.events.len();
        }
        let mut edges: BTreeMap<Owner, Vec<Owner>> = BTreeMap::new();
        for (waiter, other) in self.databases.iter().flat_map(Bench::waits) {
            edges.entry(waiter).or_default().push(other);
        }
        for &who in edges.keys() {
            assert!(!reaches(&edges, who), "{who:?} waits for itself: {edges:?}");
        }
    }

    /// Everybody who can goes on, until all are through.
    fn come_to_rest(&mut self) {
        for n in 0..RIVALS {
            self.act(Op::Vote { n, rows: [0; 2] });
        }
        for _ in 0..100 {
            self.act(Op::Decide);
            self.databases.iter_mut().for_each(|db| db.pass(3_000));
            self.judge();
            self.listen();
            for n in 0..RIVALS {
                let rival = &self.rivals[n as usize];
                if rival.calls.is_empty() && rival.worked != [false; DATABASES] {
                    self.act(Op::Vote { n, rows: [0; 2] });
                }
            }
        }
        for db in &self.databases {
            assert_eq!(db.rest().left, []);
        }
    }
}

/// Whether somebody is to give way to another: to one of an older request, or to
/// another attempt of its own; a reader, to anybody.
fn is_older(other: Owner, than: Owner) -> bool {
    match (other, than) {
        (Owner::Tx(other), Owner::Tx(than)) => {
            let client = |tx: TxId| tx.request().client;
            client(other) <= client(than)
        }
        (_, Owner::Reader(..)) => true,
        _ => false,
    }
}

/// Whether somebody waits for itself.
fn reaches(edges: &BTreeMap<Owner, Vec<Owner>>, who: Owner) -> bool {
    let mut seen: Vec<Owner> = Vec::new();
    let mut ahead = edges[&who].clone();
    while let Some(next) = ahead.pop() {
        if next == who {
            return true;
        }
        if !seen.contains(&next) {
            seen.push(next);
            ahead.extend(edges.get(&next).into_iter().flatten());
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn with_wait_die_nobody_waits_for_itself_and_the_oldest_is_never_given_up(
        ops in prop::collection::vec(op(), 1..80),
    ) {
        let mut rivals = Rivals::new(LockPolicy::WaitDie);
        ops.into_iter().for_each(|op| rivals.act(op));
        rivals.come_to_rest();
    }

    #[test]
    fn with_wound_wait_nobody_waits_for_itself_and_the_oldest_is_never_given_up(
        ops in prop::collection::vec(op(), 1..80),
    ) {
        let mut rivals = Rivals::new(LockPolicy::WoundWait);
        ops.into_iter().for_each(|op| rivals.act(op));
        rivals.come_to_rest();
    }
}
