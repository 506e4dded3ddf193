//! The write-ahead log: one flush at a time, shared by everything that is
//! buffered when it begins (group commit).

use std::collections::VecDeque;

use super::api::{Alarm, Io, Ticket, TranId, Wake};
use super::record::Record;
use crate::history::What;
use crate::protocol::Outcome;
use crate::scenario::DatabaseSpec;
use crate::vocab::{SimDuration, SimTime};
use crate::world::disk::{Disk, Lsn};

/// The log, and who waits for it.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) disk: Disk<Record>,
    /// How many times the database has died: its wakes carry the number.
    pub(super) life: u32,
    flush: SimDuration,
    group_commit: SimDuration,
    lazy_flush: SimDuration,
    flusher: Flusher,
    /// Whether a wake for lazy records is on its way.
    lazy_armed: bool,
    /// Somebody waits for everything before this.
    wanted: Lsn,
    waiting: VecDeque<Waiting>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flusher {
    Idle,
    /// A flush waits for company.
    Gathering,
    Flushing,
}

/// Somebody who waits for a record to be on disk.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) lsn: Lsn,
    pub(super) ticket: Ticket,
    pub(super) then: Then,
}

/// What happens once it is.
#[derive(Clone, Debug)]
pub(super) enum Then {
    /// The branch is prepared.
    Prepared(TranId),
    /// Somebody has asked again whether the branch is prepared.
    StillPrepared(TranId),
    /// The transaction is committed, with this answer.
    Committed(TranId, Outcome),
    /// Only the answer is due.
    Answer(Outcome),
    /// A starting process reads what is there.
    Recover,
}

impl Log {
    pub(super) fn new(spec: &DatabaseSpec) -> Self {
        Log {
            disk: Disk::default(),
            life: 0,
            flush: spec.flush,
            group_commit: spec.group_commit,
            lazy_flush: spec.lazy_flush,
            flusher: Flusher::Idle,
            lazy_armed: false,
            wanted: Lsn(0),
            waiting: VecDeque::new(),
        }
    }

    /// Buffers a record. Whoever waits for it says so with [`Log::wait`].
    pub(super) fn append(
        &mut self,
        now: SimTime,
        record: Record,
        forced: bool,
        io: &mut Io,
    ) -> Lsn {
        let tx = record.stamp.tx;
        io.events.push(What::Appended {
            tx,
            class: record.class(),
            forced,
        });
        io.owned
            .extend(record.request().map(|request| (request, 1)));
        let lsn = self.disk.append(record);
        if !forced {
            self.arm_lazy(now, io);
        }
        lsn
    }

    /// Whether a record is on disk.
    pub(super) fn has(&self, lsn: Lsn) -> bool {
        lsn < self.disk.synced()
    }

    /// Waits for a record that is in the log and not on disk yet, and sees to its
    /// flush.
    pub(super) fn wait(&mut self, waiting: Waiting, io: &mut Io) {
        assert!(waiting.lsn < self.disk.end(), "it would wait for ever");
        self.wanted = self.wanted.max(Lsn(waiting.lsn.0 + 1));
        let later = |w: &Waiting| w.lsn > waiting.lsn;
        let place = self.waiting.iter().rposition(|w| !later(w));
        self.waiting.insert(place.map_or(0, |p| p + 1), waiting);
        if self.flusher == Flusher::Idle {
            self.gather(io);
        }
    }

    /// A flush has waited long enough for company.
    pub(super) fn gathered(&mut self, io: &mut Io) {
        if self.flusher == Flusher::Gathering {
            self.begin_flush(io);
        }
    }

    /// A record may have been in the buffer long enough.
    pub(super) fn lazy(&mut self, now: SimTime, io: &mut Io) {
        self.lazy_armed = false;
        let Some(oldest) = self.disk.oldest_buffered() else {
            return;
        };
        if self.flusher == Flusher::Idle {
            if oldest.at + self.lazy_flush <= now {
                self.begin_flush(io);
            } else {
                self.arm_lazy(now, io);
            }
        }
    }

    /// The flush is through: who waited for it comes off the queue with
    /// [`Log::next_flushed`].
    pub(super) fn flushed(&mut self, now: SimTime, io: &mut Io) {
        let from = self.disk.synced();
        let records = self.disk.sync();
        io.events.push(What::Flushed { records });
        self.disown(from, io);
        self.flusher = Flusher::Idle;
        if self.wanted > self.disk.synced() {
            self.gather(io);
        } else if self.disk.oldest_buffered().is_some() {
            self.arm_lazy(now, io);
        }
    }

    /// A record can be seen from now on, by an answer or in the rows. Answers
    /// what it does.
    ///
    /// # Panics
    /// If there is no such record: only synced records that were announced leave
    /// the log.
    pub(super) fn announce(&mut self, lsn: Lsn) -> Record {
        let record = self.disk.get_mut(lsn);
        let record = record.expect("a record stays in the log until it is announced");
        record.announced = true;
        record.clone()
    }

    /// The next of those whose record is on disk, in the order of the log.
    pub(super) fn next_flushed(&mut self) -> Option<Waiting> {
        let through = |w: &Waiting| w.lsn < self.disk.synced();
        if self.waiting.front().is_some_and(through) {
            self.waiting.pop_front()
        } else {
            None
        }
    }

    /// What was not on disk from `from` on is now: it is nobody's any more.
    fn disown(&mut self, from: Lsn, io: &mut Io) {
        for lsn in from.0..self.disk.synced().0 {
            let request = self.disk.get(Lsn(lsn)).and_then(Record::request);
            io.owned.extend(request.map(|request| (request, -1)));
        }
    }

    /// A restarting database cuts a torn tail off and syncs what it found.
    pub(super) fn recover(&mut self, io: &mut Io) {
        let from = self.disk.synced();
        self.disk.truncate_torn();
        self.disk.write();
        self.disk.sync();
        self.disown(from, io);
        self.wanted = self.disk.end();
    }

    /// Everybody who waits is forgotten, and the wakes of this life are void.
    pub(super) fn die(&mut self) -> impl Iterator<Item = Waiting> {
        self.life += 1;
        self.flusher = Flusher::Idle;
        self.lazy_armed = false;
        std::mem::take(&mut self.waiting).into_iter()
    }

    /// A wake of this life.
    pub(super) fn alarm(&self, after: SimDuration, what: Alarm, io: &mut Io) {
        let life = self.life;
        io.wakes.push((after, Wake { life, what }));
    }

    fn gather(&mut self, io: &mut Io) {
        if self.group_commit.is_zero() {
            self.begin_flush(io);
        } else {
            self.flusher = Flusher::Gathering;
            self.alarm(self.group_commit, Alarm::Gathered, io);
        }
    }

    fn begin_flush(&mut self, io: &mut Io) {
        self.disk.write();
        self.flusher = Flusher::Flushing;
        self.alarm(self.flush, Alarm::Flushed, io);
    }

    fn arm_lazy(&mut self, now: SimTime, io: &mut Io) {
        if self.lazy_armed {
            return;
        }
        if let Some(oldest) = self.disk.oldest_buffered() {
            let age = now.since(oldest.at);
            self.lazy_armed = true;
            self.alarm(self.lazy_flush - age, Alarm::Lazy, io);
        }
    }
}
