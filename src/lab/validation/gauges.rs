//! What is counted in a run, to be held against theory.

use crate::business::BusinessRow;
use crate::history::{Event, Owner, Sink, What};
use crate::vocab::{FastMap, RequestId, SimDuration, SimTime};

/// Counts one thing in a run.
#[derive(Clone, Debug)]
pub(super) enum Gauge {
    /// How long a request waits for its answer on average, beyond a time that it
    /// takes in any case, in that time.
    Wait {
        /// What is left out, and the unit.
        service: SimDuration,
        /// Requests from before are left out.
        from: SimTime,
        /// Since when requests wait.
        since: FastMap<RequestId, SimTime>,
        /// Of those that were answered.
        answered: Tally,
    },
    /// How often a second the first row that was ever locked is given back.
    RowRate {
        row: Option<BusinessRow>,
        first: SimTime,
        last: SimTime,
        count: u64,
    },
    /// How long the first row that was ever locked was held on average, in
    /// milliseconds.
    RowHold {
        row: Option<BusinessRow>,
        held: Tally,
    },
    /// How many requests are under way on average: how many were answered a second
    /// times how long each took.
    UnderWay {
        since: FastMap<RequestId, SimTime>,
        answered: Tally,
        last: SimTime,
    },
    /// How many waits for a lock there were for each transaction that committed.
    Waits { waits: u64, committed: u64 },
    /// How many records a flush carries.
    Company { records: u64, flushes: u64 },
}

/// A sum of durations, and of how many.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    micros: u64,
    count: u64,
}

impl Tally {
    fn add(&mut self, more: SimDuration) {
        self.micros += more.as_micros();
        self.count += 1;
    }

    /// The mean, in microseconds.
    fn mean(&self) -> f64 {
        self.micros as f64 / self.count as f64
    }
}

impl Gauge {
    pub(super) fn wait(service: SimDuration, from: SimTime) -> Self {
        Gauge::Wait {
            service,
            from,
            since: FastMap::default(),
            answered: Tally::default(),
        }
    }

    pub(super) fn row_rate() -> Self {
        Gauge::RowRate {
            row: None,
            first: SimTime::ZERO,
            last: SimTime::ZERO,
            count: 0,
        }
    }

    pub(super) fn row_hold() -> Self {
        Gauge::RowHold {
            row: None,
            held: Tally::default(),
        }
    }

    pub(super) fn under_way() -> Self {
        Gauge::UnderWay {
            since: FastMap::default(),
            answered: Tally::default(),
            last: SimTime::ZERO,
        }
    }

    pub(super) fn waits() -> Self {
        Gauge::Waits {
            waits: 0,
            committed: 0,
        }
    }

    pub(super) fn company() -> Self {
        Gauge::Company {
            records: 0,
            flushes: 0,
        }
    }

    /// What was counted.
    pub(super) fn number(&self) -> f64 {
        match self {
            Gauge::Wait {
                service, answered, ..
            } => answered.mean() / service.as_micros() as f64 - 1.0,
            Gauge::RowRate {
                first, last, count, ..
            } => (count - 1) as f64 / last.since(*first).as_secs_f64(),
            Gauge::RowHold { held, .. } => held.mean() / 1_000.0,
            Gauge::UnderWay { answered, last, .. } => {
                answered.micros as f64 / last.since(SimTime::ZERO).as_micros() as f64
            }
            Gauge::Waits { waits, committed } => *waits as f64 / *committed as f64,
            Gauge::Company { records, flushes } => *records as f64 / *flushes as f64,
        }
    }
}

impl Sink for Gauge {
    fn event(&mut self, event: &Event) {
        match (self, &event.what) {
            (
                Gauge::Wait { since, .. } | Gauge::UnderWay { since, .. },
                What::Asked { key, retry: 0, .. },
            ) => {
                since.insert(key.request, event.at);
            }
            (
                Gauge::Wait {
                    from,
                    since,
                    answered,
                    ..
                },
                What::Told { key, outcome },
            ) if outcome.is_final() => {
                if let Some(asked) = since.remove(&key.request).filter(|asked| asked >= from) {
                    answered.add(event.at.since(asked));
                }
            }
            (
                Gauge::UnderWay {
                    since,
                    answered,
                    last,
                },
                What::Told { key, outcome },
            ) if outcome.is_final() => {
                if let Some(asked) = since.remove(&key.request) {
                    answered.add(event.at.since(asked));
                    *last = event.at;
                }
            }
            (
                Gauge::RowRate { row, .. } | Gauge::RowHold { row, .. },
                What::Locked { row: locked, .. },
            ) => {
                row.get_or_insert(*locked);
            }
            (
                Gauge::RowRate {
                    row,
                    first,
                    last,
                    count,
                },
                What::Unlocked { row: given, .. },
            ) if *row == Some(*given) => {
                if *count == 0 {
                    *first = event.at;
                }
                *last = event.at;
                *count += 1;
            }
            (
                Gauge::RowHold { row, held },
                What::Unlocked {
                    row: given,
                    held: so_long,
                    ..
                },
            ) if *row == Some(*given) => {
                held.add(*so_long);
            }
            (
                Gauge::Waits { waits, .. },
                What::Waiting {
                    owner: Owner::Tx(_),
                    ..
                },
            ) => *waits += 1,
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
