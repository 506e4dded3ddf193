//! What is counted in a run, to be held against theory.

use std::ops::Range;

use super::busy::Busy;
use crate::business::BusinessRow;
use crate::history::{Event, Owner, Sink, What};
use crate::vocab::{FastMap, RequestId, SimDuration, SimTime};

/// Counts one thing in a run.
#[derive(Clone, Debug)]
pub(super) enum Gauge {
    /// How long a request waits for its answer on average, beyond a time that it
    /// takes in any case, in that time.
    Wait(SimDuration, Answers),
    /// How many requests are under way on average: how many were answered a second
    /// times how long each took.
    UnderWay(Answers),
    /// How often a second the first row that was ever locked is given back.
    RowRate(RowUse),
    /// How long that row was held on average, in milliseconds.
    RowHold(RowUse),
    /// How many waits for a lock there were for each transaction that committed.
    Waits { waits: u64, committed: u64 },
    /// How many records a flush carries.
    Company { records: u64, flushes: u64 },
    /// How long servers were busy, in terms of what they served.
    Busy(Busy),
    /// How often a transaction was given up on account of a deadlock.
    Deadlocks(Deadlocks),
    /// How many transactions commit a second; beside it, which share of all is blocked.
    Crowd(Crowd),
}

/// Deadlocks, where nothing else makes a transaction give up.
#[derive(Clone, Debug)]
pub(super) struct Deadlocks {
    per: Per,
    deadlocks: u64,
    committed: u64,
    last: SimTime,
}

/// In terms of what something is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Per {
    /// Of a thousand transactions that commit.
    ThousandCommits,
    /// Of a second.
    Second,
}

impl Deadlocks {
    pub(super) fn per(per: Per) -> Self {
        Deadlocks {
            per,
            deadlocks: 0,
            committed: 0,
            last: SimTime::ZERO,
        }
    }

    fn event(&mut self, event: &Event) {
        match event.what {
            What::Conflicted { .. } => self.deadlocks += 1,
            What::Committed { .. } => {
                self.committed += 1;
                self.last = event.at;
            }
            _ => {}
        }
    }

    fn number(&self) -> f64 {
        let per = match self.per {
            Per::ThousandCommits => self.committed as f64 / 1_000.0,
            Per::Second => self.last.since(SimTime::ZERO).as_secs_f64(),
        };
        self.deadlocks as f64 / per
    }
}

/// Clients that never think, between two of the commits: a crowd takes a while to
/// gather, and to go.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    /// Between the how-many-th commits.
    commits: Range<u64>,
    committed: u64,
    from: SimTime,
    until: SimTime,
    /// How long transactions waited for locks that they got meanwhile.
    waited: SimDuration,
    /// How long the transactions that were answered meanwhile lived.
    asked: FastMap<RequestId, SimTime>,
    alive: SimDuration,
}

impl Crowd {
    /// Who commit so many transactions in all.
    pub(super) fn new(transactions: u64) -> Self {
        Crowd {
            commits: transactions / 5..transactions * 9 / 10,
            committed: 0,
            from: SimTime::ZERO,
            until: SimTime::ZERO,
            waited: SimDuration::ZERO,
            asked: FastMap::default(),
            alive: SimDuration::ZERO,
        }
    }

    fn event(&mut self, event: &Event) {
        match event.what {
            What::Committed { .. } => {
                self.committed += 1;
                if self.committed == self.commits.start {
                    self.from = event.at;
                }
                if self.committed == self.commits.end {
                    self.until = event.at;
                }
            }
            What::Locked { waited, .. } if self.commits.contains(&self.committed) => {
                self.waited += waited;
            }
            What::Asked { key, retry: 0, .. } => {
                self.asked.insert(key.request, event.at);
            }
            What::Told { key, .. } => {
                if let Some(asked) = self.asked.remove(&key.request)
                    && self.commits.contains(&self.committed)
                {
                    self.alive += event.at.since(asked);
                }
            }
            _ => {}
        }
    }

    fn seconds(&self) -> f64 {
        self.until.since(self.from).as_secs_f64()
    }

    fn throughput(&self) -> f64 {
        (self.commits.end - self.commits.start) as f64 / self.seconds()
    }

    /// The share of their lives that transactions spent waiting for locks.
    fn blocked(&self) -> f64 {
        self.waited.as_secs_f64() / self.alive.as_secs_f64()
    }
}

/// How long requests took.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    /// Requests from before are left out.
    from: SimTime,
    /// When those that have no answer were made.
    asked: FastMap<RequestId, SimTime>,
    taken: Tally,
    /// When the last answer came.
    last: SimTime,
}

/// How the first row that was ever locked was used.
#[derive(Clone, Debug, Default)]
pub(super) struct RowUse {
    row: Option<BusinessRow>,
    held: Tally,
    /// When it was first given back, and last.
    first: Option<SimTime>,
    last: SimTime,
}

/// A sum of durations, and of how many.
#[derive(Clone, Debug, Default)]
struct Tally {
    sum: SimDuration,
    count: u64,
}

impl Tally {
    fn add(&mut self, more: SimDuration) {
        self.sum += more;
        self.count += 1;
    }

    /// The mean, in microseconds.
    fn mean(&self) -> f64 {
        self.sum.as_micros() as f64 / self.count as f64
    }
}

impl Answers {
    /// Of requests that are made at this time or later.
    pub(super) fn since(from: SimTime) -> Self {
        Answers {
            from,
            ..Answers::default()
        }
    }

    fn event(&mut self, event: &Event) {
        match &event.what {
            What::Asked { key, retry: 0, .. } if event.at >= self.from => {
                self.asked.insert(key.request, event.at);
            }
            What::Told { key, outcome } if outcome.is_final() => {
                if let Some(asked) = self.asked.remove(&key.request) {
                    self.taken.add(event.at.since(asked));
                    self.last = event.at;
                }
            }
            _ => {}
        }
    }
}

impl RowUse {
    fn event(&mut self, event: &Event) {
        match event.what {
            What::Locked { row, .. } => {
                self.row.get_or_insert(row);
            }
            What::Unlocked { row, held, .. } if self.row == Some(row) => {
                self.held.add(held);
                self.first.get_or_insert(event.at);
                self.last = event.at;
            }
            _ => {}
        }
    }
}

impl Gauge {
    /// What was counted.
    pub(super) fn number(&self) -> f64 {
        match self {
            Gauge::Wait(service, of) => of.taken.mean() / service.as_micros() as f64 - 1.0,
            Gauge::UnderWay(of) => of.taken.sum.as_micros() as f64 / of.last.as_micros() as f64,
            Gauge::RowRate(of) => {
                let first = of.first.unwrap_or(of.last);
                (of.held.count - 1) as f64 / of.last.since(first).as_secs_f64()
            }
            Gauge::RowHold(of) => of.held.mean() / 1_000.0,
            Gauge::Waits { waits, committed } => *waits as f64 / *committed as f64,
            Gauge::Company { records, flushes } => *records as f64 / *flushes as f64,
            Gauge::Busy(of) => of.law(),
            Gauge::Deadlocks(of) => of.number(),
            Gauge::Crowd(of) => of.throughput(),
        }
    }

    /// What was counted beside it; 0 where that is nothing.
    pub(super) fn beside(&self) -> f64 {
        match self {
            Gauge::Crowd(of) => of.blocked(),
            _ => 0.0,
        }
    }
}

impl Sink for Gauge {
    fn event(&mut self, event: &Event) {
        match (self, &event.what) {
            (Gauge::Wait(_, of) | Gauge::UnderWay(of), _) => of.event(event),
            (Gauge::RowRate(of) | Gauge::RowHold(of), _) => of.event(event),
            (Gauge::Busy(of), _) => of.event(event),
            (Gauge::Deadlocks(of), _) => of.event(event),
            (Gauge::Crowd(of), _) => of.event(event),
            (Gauge::Waits { waits, .. }, What::Waiting { owner, .. }) => {
                *waits += u64::from(matches!(owner, Owner::Tx(_)));
            }
            (Gauge::Waits { committed, .. }, What::Committed { .. }) => *committed += 1,
            (
                Gauge::Company {
                    records: all,
                    flushes,
                },
                What::Flushed { records },
            ) => {
                *all += u64::from(*records);
                *flushes += 1;
            }
            _ => {}
        }
    }
}
