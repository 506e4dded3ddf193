//! What a statement locks, and what it does once it has its locks.

use smallvec::SmallVec;

use super::image::Image;
use super::locks::Mode;
use super::record::WriteSet;
use crate::business::{Business, BusinessRow};
use crate::history::{Effect, Written};
use crate::protocol::{
    Answer, Case, Change, ClientOutcome, Letter, Predicate, Reply, Row, Safeguard, Safeguards,
    Stamp, Test, Txn, Value,
};

/// The locks that a statement needs, in the order in which it names the rows:
/// exclusive for what any case writes, shared for what it only looks at.
/// What a missing safeguard would have looked up or written is not touched.
pub(super) fn locks(txn: &Txn, safeguards: Safeguards) -> SmallVec<[(Row, Mode); 4]> {
    let mut rows: SmallVec<[(Row, Mode); 4]> = SmallVec::new();
    let mut need = |row: Row, mode: Mode| match rows.iter_mut().find(|(r, _)| *r == row) {
        Some((_, known)) => *known = mode.max(*known),
        None => rows.push((row, mode)),
    };
    for row in &txn.reads {
        need(*row, Mode::Shared);
    }
    for case in &txn.cases {
        for test in &case.when {
            if safeguards.keep_if_any(test.by) {
                need(test.row, Mode::Shared);
                if let (Row::Reserved(row), Predicate::LeavesBelow(_)) = (test.row, test.is) {
                    need(Row::Business(row), Mode::Shared);
                }
            }
        }
        if let Answer::Replay(row) = case.answer {
            need(row, Mode::Shared);
        }
        for change in &case.then {
            if let Change::Remember { of, .. } = change {
                need(Row::Business(*of), Mode::Shared);
            }
            if let Change::AddToSeen { seen, .. } = change {
                need(*seen, Mode::Shared);
            }
            if is_written(change, safeguards) {
                need(change.row(), Mode::Exclusive);
            }
        }
    }
    rows
}

fn is_written(change: &Change, safeguards: Safeguards) -> bool {
    match change {
        Change::Put { by, .. } => safeguards.keep_if_any(*by),
        Change::Stage(_) => safeguards.keep(Safeguard::Outbox),
        Change::Add(..)
        | Change::Set(..)
        | Change::AddToSeen { .. }
        | Change::Remember { .. }
        | Change::Reserve(..)
        | Change::Delete(_) => true,
    }
}

/// What a statement's own transaction sees: what is committed, under what it has
/// written itself.
pub(super) struct View<'a> {
    pub(super) image: &'a Image,
    pub(super) business: &'a Business,
    pub(super) own: Option<&'a WriteSet>,
}

impl View<'_> {
    /// The number of a business row; it always has one.
    pub(super) fn number(&self, row: BusinessRow) -> i64 {
        let effects = self.own.map_or(&[][..], |own| &own.effects);
        let own = effects.iter().rev().find(|e| e.row == row);
        own.map(|e| e.after)
            .or_else(|| self.image.number(row))
            .unwrap_or_else(|| self.business.resources[row.resource.0 as usize].initial(row.facet))
    }

    fn value(&self, row: Row) -> Option<Value> {
        if let Row::Business(row) = row {
            return Some(Value::Number(self.number(row)));
        }
        let writes = self.own.map_or(&[][..], |own| &own.writes);
        match writes.iter().find(|w| w.row == row) {
            Some(written) => written.value,
            None => self.image.get(row),
        }
    }

    fn holds(&self, test: &Test) -> bool {
        let value = self.value(test.row);
        let number = match value {
            Some(Value::Number(n)) => Some(n),
            _ => None,
        };
        match test.is {
            Predicate::Present => value.is_some(),
            Predicate::Absent => value.is_none(),
            Predicate::Below(bound) => number.is_some_and(|n| n < bound),
            Predicate::Set => number.is_some_and(|n| n != 0),
            Predicate::Replied(reply) => value == Some(Value::Reply(reply)),
            Predicate::DiffersFrom(row) => value != self.value(row),
            Predicate::MarkedByOther(tx) => value.is_some_and(|v| v != Value::MarkedBy(tx)),
            Predicate::LeavesBelow(bound) => match test.row {
                Row::Reserved(row) => self.number(row) - self.reserved(row) < bound,
                _ => false,
            },
        }
    }

    /// How much of a row is reserved.
    fn reserved(&self, row: BusinessRow) -> i64 {
        match self.value(Row::Reserved(row)) {
            Some(Value::Number(reserved)) => reserved,
            _ => 0,
        }
    }
}

/// Which case was taken, and what was seen on the way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Taken {
    /// The case; `None` if no test held.
    pub(super) case: Option<usize>,
    /// The business rows that were read or tested.
    pub(super) saw: SmallVec<[BusinessRow; 2]>,
    /// The rows that were asked for.
    pub(super) reads: Vec<Option<Value>>,
}

/// Takes the first case whose tests all hold.
pub(super) fn choose(txn: &Txn, view: &View<'_>, safeguards: Safeguards) -> Taken {
    let mut saw = SmallVec::new();
    let mut see = |row: Row| {
        if let Some(row) = row.business()
            && !saw.contains(&row)
        {
            saw.push(row);
        }
    };
    let read = |row: &Row| {
        see(*row);
        view.value(*row)
    };
    let reads = txn.reads.iter().map(read).collect();
    let holds = |case: &Case| {
        case.when.iter().all(|test| {
            safeguards.keep_if_any(test.by) && {
                see(test.row);
                view.holds(test)
            }
        })
    };
    let case = txn.cases.iter().position(holds);
    if let Some(case) = case {
        for change in &txn.cases[case].then {
            // A number that was seen earlier is not seen again.
            if let Change::Add(row, _) | Change::Remember { of: row, .. } = change {
                see(Row::Business(*row));
            }
        }
    }
    Taken { case, saw, reads }
}

/// What a case that was handled before answers again: the stored reply.
pub(super) fn replayed(view: &View<'_>, row: Row) -> Reply {
    match view.value(row) {
        Some(Value::Reply(reply)) => reply,
        Some(Value::Outcome(ClientOutcome::Refused(reason))) => Reply::Refused(reason),
        _ => Reply::Done,
    }
}

/// Writes a case's changes into the transaction's own write set.
pub(super) fn change(
    case: &Case,
    stamp: Stamp,
    image: &Image,
    business: &Business,
    own: &mut WriteSet,
    letters: &mut Vec<Letter>,
    safeguards: Safeguards,
) {
    for change in &case.then {
        if let Change::Stage(letter) = change
            && !safeguards.keep(Safeguard::Outbox)
        {
            letters.push(*letter);
        }
        if !is_written(change, safeguards) {
            continue;
        }
        let number = |own: &WriteSet, row| {
            View {
                image,
                business,
                own: Some(own),
            }
            .number(row)
        };
        match *change {
            Change::Add(row, by) => {
                let before = number(own, row);
                effect(own, stamp, row, before, before + by);
            }
            Change::Set(row, after) => {
                let before = number(own, row);
                effect(own, stamp, row, before, after);
            }
            Change::AddToSeen { row, seen, by } => {
                let before = number(own, row);
                let view = View {
                    image,
                    business,
                    own: Some(own),
                };
                // A memo outlives its transaction; should it be gone all the same,
                // the row itself is the best that is known.
                let seen = match view.value(seen) {
                    Some(Value::Number(seen)) => seen,
                    _ => before,
                };
                effect(own, stamp, row, before, seen + by);
            }
            Change::Remember { memo, of } => {
                let seen = number(own, of);
                write(own, memo, Some(Value::Number(seen)));
            }
            Change::Reserve(row, by) => {
                let view = View {
                    image,
                    business,
                    own: Some(own),
                };
                let reserved = view.reserved(row) + by;
                let value = (reserved != 0).then_some(Value::Number(reserved));
                write(own, Row::Reserved(row), value);
            }
            Change::Put { row, value, .. } => write(own, row, Some(value)),
            Change::Delete(row) => write(own, row, None),
            Change::Stage(letter) => {
                write(own, Row::Outbox(letter.id), Some(Value::Letter(letter)));
            }
        }
    }
}

fn effect(own: &mut WriteSet, stamp: Stamp, row: BusinessRow, before: i64, after: i64) {
    own.effects.push(Effect {
        stamp,
        row,
        before,
        after,
    });
}

fn write(own: &mut WriteSet, row: Row, value: Option<Value>) {
    match own.writes.iter_mut().find(|w| w.row == row) {
        Some(written) => written.value = value,
        None => own.writes.push(Written { row, value }),
    }
}
