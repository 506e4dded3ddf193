//! A disk: an append-only file with a buffered tail and a synced prefix.
//!
//! ```text
//! | released | synced | written | buffered |
//! ```
//!
//! What is *buffered* is in the memory of whoever writes the file, what is
//! *written* is with the operating system, what is *synced* is on the medium.
//! When the writer dies its buffer is gone; when power fails, what was not
//! synced may be gone too, and the last record that reached the medium may be
//! torn. A torn record fails its checksum, which is all that a reader can know
//! of it; it must be cut off before anything is appended after it, or it would
//! hide that.
//!
//! The file knows no time: whoever writes it says when a sync begins
//! ([`Disk::write`]) and when it is over ([`Disk::sync`]).

use std::collections::VecDeque;

/// The position of a record in its file; counts from the file's beginning, what
/// was released included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

/// How a writer of files dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The process dies: what it had not handed to the operating system is gone.
    Database,
    /// The machine loses power: what was not synced may be gone, or torn.
    PowerLoss,
}

/// What a power loss leaves of a record that was written but not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// It had reached the medium.
    Whole,
    /// A part of it had: its checksum fails.
    Torn,
    /// Nothing had.
    Nothing,
}

/// An append-only file.
#[derive(Clone, Debug)]
pub struct Disk<R> {
    /// Everything from `first` on.
    records: VecDeque<Slot<R>>,
    first: u64,
    synced: u64,
    written: u64,
}

/// A place for a record, with its checksum.
#[derive(Clone, Debug)]
enum Slot<R> {
    /// The checksum is right.
    Whole(R),
    /// The checksum is wrong.
    Torn,
}

impl<R> Default for Disk<R> {
    fn default() -> Self {
        Disk {
            records: VecDeque::new(),
            first: 0,
            synced: 0,
            written: 0,
        }
    }
}

impl<R> Disk<R> {
    /// Buffers a record.
    pub fn append(&mut self, record: R) -> Lsn {
        let lsn = self.end();
        self.records.push_back(Slot::Whole(record));
        lsn
    }

    /// Hands what is buffered to the operating system: a sync begins.
    pub fn write(&mut self) {
        self.written = self.end().0;
    }

    /// What was written is on the medium: the sync is over. Answers how many
    /// records it carried.
    pub fn sync(&mut self) -> u32 {
        let carried = self.written - self.synced;
        self.synced = self.written;
        carried as u32
    }

    /// Where the next record goes.
    pub fn end(&self) -> Lsn {
        Lsn(self.first + self.records.len() as u64)
    }

    /// The first record that is not synced, if there were one.
    pub fn synced(&self) -> Lsn {
        Lsn(self.synced)
    }

    /// The oldest record that is only buffered.
    pub fn oldest_buffered(&self) -> Option<&R> {
        self.get(Lsn(self.written))
    }

    /// How many records there are that were not released.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record that was not released.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many records [`release`](Disk::release) would give back.
    pub fn releasable(&self) -> u64 {
        self.synced - self.first
    }

    /// A record; `None` if it was released, is not there or is torn.
    pub fn get(&self, lsn: Lsn) -> Option<&R> {
        let place = lsn.0.checked_sub(self.first)?;
        self.records.get(place as usize)?.whole()
    }

    /// A record, to be changed: for what its writer remembers of it, and no
    /// reader of the medium sees.
    pub fn get_mut(&mut self, lsn: Lsn) -> Option<&mut R> {
        let place = lsn.0.checked_sub(self.first)?;
        match self.records.get_mut(place as usize)? {
            Slot::Whole(record) => Some(record),
            Slot::Torn => None,
        }
    }

    /// What a reader finds: all records from `from` on, up to the first whose
    /// checksum fails.
    pub fn scan(&self, from: Lsn) -> impl Iterator<Item = (Lsn, &R)> {
        let skip = from.0.saturating_sub(self.first);
        let start = self.first.max(from.0);
        (start..)
            .map(Lsn)
            .zip(self.records.iter().skip(skip as usize))
            .map_while(|(lsn, slot)| Some((lsn, slot.whole()?)))
    }

    /// Gives the synced records at the front back, oldest first: a checkpoint
    /// holds them now.
    pub fn release(&mut self) -> impl Iterator<Item = (Lsn, R)> {
        let count = (self.synced - self.first) as usize;
        let first = self.first;
        self.first = self.synced;
        (first..)
            .map(Lsn)
            .zip(self.records.drain(..count))
            .filter_map(|(lsn, slot)| match slot {
                Slot::Whole(record) => Some((lsn, record)),
                Slot::Torn => None,
            })
    }

    /// The writer dies. A power loss asks `remains` of every record that was
    /// written and not synced, oldest first, until one is not whole: what comes
    /// after that had not reached the medium either. Answers the records that
    /// are gone, oldest first, with a torn one among them.
    pub fn crash(&mut self, how: Crash, mut remains: impl FnMut(Lsn) -> Remains) -> Vec<R> {
        let mut keep = self.written;
        let mut torn = false;
        if how == Crash::PowerLoss {
            for lsn in self.synced..self.written {
                let left = remains(Lsn(lsn));
                if left != Remains::Whole {
                    keep = lsn;
                    torn = left == Remains::Torn;
                    break;
                }
            }
        }
        let kept = (keep - self.first) as usize;
        let lost = self.records.drain(kept..).filter_map(|slot| match slot {
            Slot::Whole(record) => Some(record),
            Slot::Torn => None,
        });
        let lost = lost.collect();
        if torn {
            self.records.push_back(Slot::Torn);
        }
        self.written = self.end().0;
        lost
    }

    /// Whether the last record is torn.
    pub fn is_torn(&self) -> bool {
        matches!(self.records.back(), Some(Slot::Torn))
    }

    /// A starting writer cuts off a torn tail.
    pub fn truncate_torn(&mut self) {
        while self.is_torn() {
            self.records.pop_back();
        }
        self.written = self.written.min(self.end().0);
    }
}

impl<R> Slot<R> {
    fn whole(&self) -> Option<&R> {
        match self {
            Slot::Whole(record) => Some(record),
            Slot::Torn => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(disk: &Disk<u32>) -> Vec<u32> {
        disk.scan(Lsn(0)).map(|(_, r)| *r).collect()
    }

    /// One synced record, one written, one buffered.
    fn three() -> Disk<u32> {
        let mut disk = Disk::default();
        for n in 1..=3 {
            disk.append(n);
            match n {
                1 => {
                    disk.write();
                    disk.sync();
                }
                2 => disk.write(),
                _ => {}
            }
        }
        disk
    }

    #[test]
    fn a_dying_database_loses_what_it_had_not_written() {
        let mut disk = three();
        let lost = disk.crash(Crash::Database, |_| unreachable!("power did not fail"));
        assert_eq!((lost, records(&disk)), (vec![3], vec![1, 2]));
    }

    #[test]
    fn a_power_loss_keeps_what_was_synced_whatever_else_it_takes() {
        for (remains, left) in [
            (Remains::Whole, vec![1, 2]),
            (Remains::Torn, vec![1]),
            (Remains::Nothing, vec![1]),
        ] {
            let mut disk = three();
            disk.crash(Crash::PowerLoss, |_| remains);
            assert_eq!(records(&disk), left, "{remains:?}");
        }
    }

    #[test]
    fn a_torn_record_hides_what_is_appended_after_it_until_it_is_cut_off() {
        let mut disk = three();
        disk.crash(Crash::PowerLoss, |_| Remains::Torn);
        let mut careless = disk.clone();
        careless.append(4);
        assert_eq!(records(&careless), [1]);
        disk.truncate_torn();
        disk.append(4);
        assert_eq!(records(&disk), [1, 4]);
    }

    #[test]
    fn nothing_after_a_record_that_was_lost_remains() {
        let mut disk = Disk::default();
        for n in 1..=4 {
            disk.append(n);
        }
        disk.write();
        let lost = disk.crash(Crash::PowerLoss, |lsn| match lsn {
            Lsn(1) => Remains::Nothing,
            _ => Remains::Whole,
        });
        assert_eq!((lost, records(&disk)), (vec![2, 3, 4], vec![1]));
    }

    #[test]
    fn released_records_keep_their_positions() {
        let mut disk = three();
        let released: Vec<(Lsn, u32)> = disk.release().collect();
        assert_eq!(released, [(Lsn(0), 1)]);
        assert_eq!(disk.get(Lsn(1)), Some(&2));
        assert_eq!(disk.get(Lsn(0)), None);
        assert_eq!(disk.end(), Lsn(3));
    }
}
