//! Random work and random deaths against a plain model.
//!
//! Transactions only add, so that the order of what happened does not matter:
//! every one adds 1 to an account of its own (its *witness*) and something to
//! two that all share. Whether it happened is read from its witness; the shared
//! accounts must then be the sum of what happened, or something happened by
//! half. What the answers said decides whether it had to happen, must not have,
//! or may have.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Crash, Ticket};
use super::bench::*;
use crate::business::BusinessRow;
use crate::history::{Owner, What};
use crate::protocol::{Decision, End, Force, Outcome, Safeguards, Txn};
use crate::scenario::{DatabaseSpec, Engine, LockPolicy, Preparation};
use crate::vocab::{Seed, SimDuration};

const SHARED: u64 = 3;

/// Something that is done to the database.
#[derive(Clone, Debug)]
enum Op {
    Local {
        work: Work,
        force: Force,
    },
    Branch {
        work: Work,
        decision: Decision,
    },
    /// A branch, chosen from those that there are, looks at a row first.
    Look {
        work: Work,
        decision: Decision,
    },
    Finish {
        branch: usize,
        force: Force,
    },
    Read(u64),
    Pass(u64),
    Crash(Crash),
    Restart,
    NewSession,
}

/// What a transaction adds to two shared accounts.
#[derive(Clone, Copy, Debug)]
struct Work {
    first: (u64, i64),
    second: (u64, i64),
}

impl Work {
    fn txn(&self, n: u32) -> Txn {
        add(&[self.first, (witness(n), 1), self.second])
    }
}

fn witness(n: u32) -> u64 {
    SHARED + u64::from(n)
}

fn work() -> impl Strategy<Value = Work> {
    let one = (0..SHARED, -5..=5i64);
    (one.clone(), one).prop_map(|(first, second)| Work { first, second })
}

fn force() -> impl Strategy<Value = Force> {
    prop_oneof![Just(Force::Always), Just(Force::Lazy)]
}

fn decision() -> impl Strategy<Value = Decision> {
    prop_oneof![3 => Just(Decision::Commit), 1 => Just(Decision::Abort)]
}

fn op() -> impl Strategy<Value = Op> {
    let crash = prop_oneof![Just(Crash::Database), Just(Crash::PowerLoss)];
    prop_oneof![
        6 => (work(), force()).prop_map(|(work, force)| Op::Local { work, force }),
        6 => (work(), decision()).prop_map(|(work, decision)| Op::Branch { work, decision }),
        2 => (work(), decision()).prop_map(|(work, decision)| Op::Look { work, decision }),
        6 => (0..8usize, force()).prop_map(|(branch, force)| Op::Finish { branch, force }),
        1 => (0..SHARED).prop_map(Op::Read),
        8 => prop_oneof![0..300u64, 0..3_000u64, 0..60_000u64].prop_map(Op::Pass),
        2 => crash.prop_map(Op::Crash),
        4 => Just(Op::Restart),
        1 => Just(Op::NewSession),
    ]
}

fn database() -> impl Strategy<Value = DatabaseSpec> {
    let engine = prop_oneof![Just(Engine::Locking), Just(Engine::Document)];
    let prepare = prop_oneof![Just(Preparation::Native), Just(Preparation::Intents)];
    let lock_policy = prop_oneof![
        4 => Just(LockPolicy::Wait),
        1 => Just(LockPolicy::NoWait),
        2 => Just(LockPolicy::WaitDie),
        4 => Just(LockPolicy::WoundWait),
        1 => Just(LockPolicy::TimeOut),
    ];
    let group_commit = prop_oneof![Just(0u64), Just(300)];
    let checkpoint_every = 1..6u32;
    (engine, lock_policy, prepare, group_commit, checkpoint_every).prop_map(
        |(engine, lock_policy, prepare, group_commit, checkpoint_every)| DatabaseSpec {
            engine,
            lock_policy,
            prepare,
            group_commit: SimDuration::from_micros(group_commit),
            checkpoint_every,
            ..spec()
        },
    )
}

/// A transaction and what was asked for it.
struct Asked {
    work: Work,
    call: Ticket,
    kind: Asking,
}

enum Asking {
    Local(Force),
    Branch {
        decision: Decision,
        ends: Vec<(Ticket, Force)>,
    },
}

/// What a transaction may be at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Happened,
    Prepared,
    Gone,
}

struct Trial {
    db: Bench,
    asked: Vec<Asked>,
    /// How many answers there were at each crash.
    crashes: Vec<usize>,
}

impl Trial {
    fn new(spec: DatabaseSpec, seed: u64) -> Self {
        Trial {
            db: Bench::with(spec, Safeguards::all(), Seed(seed)),
            asked: Vec::new(),
            crashes: Vec::new(),
        }
    }

    fn next(&self) -> u32 {
        self.asked.len() as u32
    }

    fn act(&mut self, op: &Op) {
        let n = self.next();
        match *op {
            Op::Local { work, force } => {
                let call = self.db.execute(n, false, work.txn(n), End::Commit, force);
                let kind = Asking::Local(force);
                self.asked.push(Asked { work, call, kind });
            }
            Op::Branch { work, decision } => self.prepare(n, work, decision),
            Op::Look { work, decision } => {
                self.db.open(n, look(&[work.second.0]));
                self.prepare(n, work, decision);
            }
            Op::Finish { branch, force } => self.finish(branch, force),
            Op::Read(row) => drop(self.db.read(&[row])),
            Op::Pass(micros) => self.db.pass(micros),
            Op::Crash(how) => self.crash(how),
            Op::Restart => self.db.restart(),
            Op::NewSession => {
                let next = self.db.session.map_or(1, |s| s + 1);
                self.db.open_session(next);
            }
        }
    }

    fn prepare(&mut self, n: u32, work: Work, decision: Decision) {
        let call = self.db.prepare(n, work.txn(n));
        let ends = Vec::new();
        let kind = Asking::Branch { decision, ends };
        self.asked.push(Asked { work, call, kind });
    }

    /// Ends one of the youngest branches; commits only what has voted.
    fn finish(&mut self, back: usize, force: Force) {
        let branches = self.asked.iter_mut().enumerate().rev();
        let mut branches = branches.filter(|(_, a)| matches!(a.kind, Asking::Branch { .. }));
        let Some((n, asked)) = branches.nth(back) else {
            return;
        };
        let n = n as u32;
        let voted = self.db.outcome(asked.call) == Some(&Outcome::Prepared);
        let Asking::Branch { decision, ends } = &mut asked.kind else {
            unreachable!("only branches were left");
        };
        if voted || *decision == Decision::Abort {
            let end = self.db.finish(n, *decision, force);
            ends.push((end, force));
        }
    }

    fn crash(&mut self, how: Crash) {
        self.db.crash(how);
        self.crashes.push(self.db.answers.len());
    }

    /// Whether a crash came after this answer.
    fn crashed_after(&self, call: Ticket) -> bool {
        let place = self.db.answers.iter().position(|(_, t, _)| *t == call);
        place.is_some_and(|place| self.crashes.iter().any(|&at| place < at))
    }

    fn committed(&self, call: Ticket) -> bool {
        matches!(self.db.outcome(call), Some(Outcome::Committed { .. }))
    }

    /// What may have become of a transaction, by what was answered.
    fn fates(&self, asked: &Asked) -> Vec<Fate> {
        use Fate::{Gone, Happened, Prepared};
        let vote = self.db.outcome(asked.call).expect("every call is answered");
        match (&asked.kind, vote) {
            (Asking::Local(force), Outcome::Committed { .. }) => {
                match *force == Force::Lazy && self.crashed_after(asked.call) {
                    true => vec![Happened, Gone],
                    false => vec![Happened],
                }
            }
            (Asking::Local(_), Outcome::Unknown) => vec![Happened, Gone],
            (Asking::Local(_), _) => vec![Gone],
            (Asking::Branch { decision, ends }, Outcome::Prepared) => {
                let durably = |&(call, force): &(Ticket, Force)| {
                    let ended = !matches!(self.db.outcome(call), Some(Outcome::Unknown));
                    ended && (force == Force::Always || !self.crashed_after(call))
                };
                match decision {
                    _ if ends.is_empty() => vec![Prepared],
                    Decision::Commit if ends.iter().any(durably) => vec![Happened],
                    Decision::Commit => vec![Happened, Prepared],
                    Decision::Abort if ends.iter().any(durably) => vec![Gone],
                    Decision::Abort => vec![Gone, Prepared],
                }
            }
            (Asking::Branch { .. }, Outcome::Unknown) => vec![Gone, Prepared],
            // An abort may overtake the vote, and be lost itself.
            (Asking::Branch { ends, .. }, Outcome::Aborted) if !ends.is_empty() => {
                vec![Gone, Prepared]
            }
            (Asking::Branch { .. }, _) => vec![Gone],
        }
    }

    fn come_to_rest(&mut self) {
        self.db.restart();
        self.db.settle();
        self.crash(Crash::PowerLoss);
        self.db.restart();
        self.db.settle();
        let next = self.db.session.map_or(1, |s| s + 1);
        self.db.open_session(next);
    }

    fn happened(&self, n: u32) -> bool {
        self.db.balance(witness(n)) == INITIAL + 1
    }

    fn judge(&mut self) {
        self.come_to_rest();
        let prepared = self.db.durable().prepared;
        for (asked, n) in self.asked.iter().zip(0u32..) {
            let is = match (self.happened(n), prepared.contains(&tx(n))) {
                (true, false) => Fate::Happened,
                (false, true) => Fate::Prepared,
                (false, false) => Fate::Gone,
                (true, true) => panic!("{n} is committed and prepared"),
            };
            let may = self.fates(asked);
            assert!(may.contains(&is), "{n} is {is:?} and may be {may:?}");
            if let Asking::Branch { decision, ends } = &asked.kind
                && *decision == Decision::Commit
            {
                for (end, _) in ends {
                    let right =
                        self.committed(*end) || self.db.outcome(*end) == Some(&Outcome::Unknown);
                    assert!(right, "what has voted yes commits when it is told to");
                }
            }
        }
        self.judge_sums();
        self.judge_locks();
        self.judge_prepared();
        self.judge_rest();
    }

    /// Nothing happened by half.
    fn judge_sums(&self) {
        let mut sums = [INITIAL; SHARED as usize];
        for (asked, n) in self.asked.iter().zip(0u32..) {
            if self.happened(n) {
                sums[asked.work.first.0 as usize] += asked.work.first.1;
                sums[asked.work.second.0 as usize] += asked.work.second.1;
            }
        }
        let balances: Vec<i64> = (0..SHARED).map(|row| self.db.balance(row)).collect();
        assert_eq!(balances, sums);
    }

    /// Nobody ever wrote, or looked at, what somebody else had locked for
    /// writing.
    fn judge_locks(&self) {
        let mut holders: BTreeMap<BusinessRow, BTreeMap<Owner, bool>> = BTreeMap::new();
        for event in &self.db.events {
            match *event {
                What::Locked {
                    owner,
                    row,
                    exclusive,
                    ..
                } => {
                    let row = holders.entry(row).or_default();
                    row.insert(owner, exclusive);
                    let readers = row.keys().filter(|o| matches!(o, Owner::Reader(..)));
                    let others = row.len() - readers.count();
                    assert!(
                        others <= 1 || row.values().all(|exclusive| !exclusive),
                        "{event:?} and {row:?}"
                    );
                }
                What::Unlocked { owner, row, .. } => {
                    let holder = holders.entry(row).or_default().remove(&owner);
                    assert!(holder.is_some(), "{event:?} of nothing");
                }
                _ => {}
            }
        }
    }

    /// What is prepared is still locked, and can be committed.
    fn judge_prepared(&mut self) {
        for branch in self.db.durable().prepared {
            let n = branch.request().client.0;
            let intruder = self.db.local(1_000 + n, add(&[(witness(n), 0)]));
            self.db.pass(STATEMENT + FLUSH);
            let blocked = !matches!(self.db.outcome(intruder), Some(Outcome::Committed { .. }));
            assert!(blocked, "{n} has lost its locks");
            let end = self.db.finish(n, Decision::Commit, Force::Always);
            self.db.settle();
            assert!(self.committed(end));
            assert!(self.happened(n));
        }
        self.judge_sums();
    }

    /// Nothing is left over, and a restart finds what is there.
    fn judge_rest(&mut self) {
        self.db.settle();
        assert_eq!(self.db.rest().left, []);
        assert!(self.db.owned.values().all(|&n| n == 0));
        let rows = self.db.rest().rows;
        self.db.die_and_recover(Crash::PowerLoss);
        assert_eq!(self.db.rest().rows, rows);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_was_promised_holds_and_nothing_happens_by_half(
        spec in database(),
        seed in 0..1_000u64,
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let mut trial = Trial::new(spec, seed);
        for op in &ops {
            trial.act(op);
        }
        trial.judge();
    }
}
