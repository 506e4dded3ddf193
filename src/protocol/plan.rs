//! From a step of the business to the local transaction that does it, or undoes
//! it.

use smallvec::SmallVec;

use super::txn::{
    Answer, Case, Change, Letter, LetterBody, LetterId, Predicate, Reply, Row, Test, Txn, Value,
};
use super::{Safeguard, Setting};
use crate::business::{
    Action, ActionKind, Business, BusinessRow, CheckTime, No, Params, Reason, ResourceId,
    ResourceKind, Seen, Step, StepKind,
};
use crate::vocab::{Direction, StepId, TxId};

/// The business work of a step as one statement of a two-phase commit branch:
/// its conditions, then its changes. With [`CheckTime::Prepare`] the conditions
/// are left to [`deferred_checks`].
pub fn work(setting: &Setting, tx: TxId, step: StepId, params: &Params) -> Txn {
    match setting.business.step(step).check {
        CheckTime::Statement => statement(setting, tx, step, params),
        CheckTime::Prepare => Txn {
            cases: vec![always(setting, tx, step, params)],
            ..Txn::default()
        },
    }
}

/// The same, with its conditions judged in any case: nobody asks the monolith to
/// prepare.
pub fn statement(setting: &Setting, tx: TxId, step: StepId, params: &Params) -> Txn {
    let business = &setting.business;
    let no_more = |_| Vec::new();
    let mut txn = Txn {
        cases: refusals(business, tx, business.step(step), params, no_more),
        ..Txn::default()
    };
    txn.cases.push(always(setting, tx, step, params));
    txn
}

/// A step's changes, unconditionally.
fn always(setting: &Setting, tx: TxId, step: StepId, params: &Params) -> Case {
    let business = &setting.business;
    let actions = &business.step(step).actions;
    let changes = changes(business, actions, tx, step, Direction::Forward, params);
    Case::always(changes, Answer::Done)
}

/// The conditions of a step that are judged only at PREPARE, over what the
/// branch has written: nothing may have fallen under its floor, nothing that was
/// granted may be withdrawn.
pub fn deferred_checks(setting: &Setting, step: StepId, params: &Params) -> Txn {
    let business = &setting.business;
    let what = business.step(step);
    let no_more = |_| Vec::new();
    let mut txn = Txn::default();
    if what.check == CheckTime::Statement {
        return txn;
    }
    for action in &what.actions {
        let resource = &business.resources[action.resource.0 as usize];
        let row = business.row_of(action, params);
        match (action.kind, &resource.kind) {
            (ActionKind::Take(_), ResourceKind::Counter { floor, .. }) => {
                let test = Test::of(Row::Business(row), Predicate::Below(*floor));
                let reason = Reason::Floor(action.resource);
                txn.cases.push(refusal(what.no, test, reason, no_more));
            }
            (ActionKind::Grant, ResourceKind::Entitlement { .. }) => {
                let reason = Reason::Withdrawn(action.resource);
                let test = withdrawn(business, action.resource, params);
                txn.cases
                    .extend(test.map(|test| refusal(what.no, test, reason, no_more)));
            }
            _ => {}
        }
    }
    txn
}

/// What a saga step stages beside its own changes.
pub struct Staged<'a> {
    /// When it is done.
    pub done: &'a [Change],
    /// When it is refused.
    pub refused: &'a dyn Fn(Reason) -> Vec<Change>,
}

impl Staged<'_> {
    /// Nothing: an orchestrated step only replies.
    pub const NOTHING: Staged<'static> = Staged {
        done: &[],
        refused: &|_| Vec::new(),
    };
}

/// A saga step as a one-shot local transaction: answered from the inbox if it
/// was handled before, refused if its compensation came first, refused by its
/// conditions (with the reply stored, unless the step is retriable), or done.
pub fn forward(
    setting: &Setting,
    tx: TxId,
    step: StepId,
    params: &Params,
    staged: &Staged<'_>,
) -> Txn {
    let business = &setting.business;
    let what = business.step(step);
    let inbox = Row::Inbox {
        tx,
        step,
        direction: Direction::Forward,
    };
    let refuse = |reason| -> Vec<Change> {
        let mut then = Vec::new();
        // The no of a step that succeeds if it is tried often enough is not its
        // answer: a stored one would refuse every later try.
        if what.kind == StepKind::Retriable {
            return then;
        }
        then.push(Change::put(inbox, Value::Reply(Reply::Refused(reason))));
        then.extend((staged.refused)(reason));
        then
    };
    let mut txn = Txn::default();
    txn.cases.push(handled(inbox));
    txn.cases.push(Case {
        when: smallvec::smallvec![Test::of(Row::Tombstone { tx, step }, Predicate::Present)],
        then: refuse(Reason::Late),
        answer: Answer::Refused(Reason::Late),
    });
    // What is confirmed was judged when it was reserved.
    if what.confirms.is_none() {
        txn.cases.extend(marked(business, tx, what, params));
        txn.cases
            .extend(refusals(business, tx, what, params, refuse));
    }
    let mut then = changes(
        business,
        &what.actions,
        tx,
        step,
        Direction::Forward,
        params,
    );
    if what.semantic_lock {
        let mark = |row| Change::put(Row::Mark(row), Value::MarkedBy(tx));
        then.extend(rows(business, what, params).map(mark));
    }
    if what.confirms.is_some() {
        then.extend(unreserved(business, what, params));
    }
    if let Some(locking) = what.releases {
        let locked = rows(business, business.step(locking), params);
        then.extend(locked.map(|row| Change::Delete(Row::Mark(row))));
    }
    then.push(Change::put(inbox, Value::Reply(Reply::Done)));
    then.extend_from_slice(staged.done);
    txn.cases.push(Case {
        when: SmallVec::new(),
        then,
        answer: Answer::Done,
    });
    txn
}

/// A compensation as a one-shot local transaction: answered from the inbox if it
/// was handled before, done if its step had effect, and otherwise *null*: it
/// leaves a tombstone, so that the step is refused if it comes late.
pub fn backward(
    setting: &Setting,
    tx: TxId,
    step: StepId,
    params: &Params,
    staged: &[Change],
) -> Txn {
    let business = &setting.business;
    let inbox = Row::Inbox {
        tx,
        step,
        direction: Direction::Backward,
    };
    let did = Test::of(
        Row::Inbox {
            tx,
            step,
            direction: Direction::Forward,
        },
        Predicate::Replied(Reply::Done),
    );
    let actions = business
        .step(step)
        .compensation
        .as_ref()
        .map_or(&[][..], |c| &c.actions);

    let mut undo = changes(business, actions, tx, step, Direction::Backward, params);
    let what = business.step(step);
    if what.semantic_lock {
        let unmark = |row| Change::Delete(Row::Mark(row));
        undo.extend(rows(business, what, params).map(unmark));
    }
    undo.push(Change::put(inbox, Value::Reply(Reply::Done)));
    undo.extend_from_slice(staged);

    let mut null = vec![
        Change::Put {
            row: Row::Tombstone { tx, step },
            value: Value::Marker,
            by: Some(Safeguard::CompensationTombstone),
        },
        Change::put(inbox, Value::Reply(Reply::Null)),
    ];
    null.extend_from_slice(staged);

    let mut txn = Txn::default();
    txn.cases.push(handled(inbox));
    txn.cases.push(Case {
        when: smallvec::smallvec![did],
        then: undo,
        answer: Answer::Done,
    });
    txn.cases.push(Case {
        when: SmallVec::new(),
        then: null,
        answer: Answer::Null,
    });
    txn
}

/// The order in which a failed saga's steps are undone: the steps up to `last`,
/// each only if it has a compensation, last first
/// ([`Safeguard::ReverseOrderCompensation`]) or first first.
pub fn undo_order(setting: &Setting, last: StepId) -> Vec<StepId> {
    let business = &setting.business;
    let mut order: Vec<StepId> = business
        .step_ids()
        .filter(|&id| id <= last && business.step(id).compensation.is_some())
        .collect();
    if setting.safeguards.keep(Safeguard::ReverseOrderCompensation) {
        order.reverse();
    }
    order
}

/// The business rows that a step changes.
fn rows(business: &Business, step: &Step, params: &Params) -> impl Iterator<Item = BusinessRow> {
    let changing = step.actions.iter().filter(|action| action.kind.changes());
    changing.map(|action| business.row_of(action, params))
}

/// What a confirming step takes is reserved no more.
fn unreserved(business: &Business, step: &Step, params: &Params) -> impl Iterator<Item = Change> {
    step.actions
        .iter()
        .filter_map(move |action| match action.kind {
            ActionKind::Take(amount) => {
                let row = business.row_of(action, params);
                Some(Change::Reserve(row, -amount.of(params)))
            }
            _ => None,
        })
}

/// A row with another saga's semantic lock on it is not to be read, tested or
/// changed now.
fn marked(
    business: &Business,
    tx: TxId,
    step: &Step,
    params: &Params,
) -> impl Iterator<Item = Case> {
    let lockable = step.actions.iter().filter(|a| business.marks(a.resource));
    lockable.map(move |action| {
        let mark = Row::Mark(business.row_of(action, params));
        let test = Test::of(mark, Predicate::MarkedByOther(tx));
        Case::when(test, [], Answer::Conflict)
    })
}

/// The inbox look-up.
fn handled(inbox: Row) -> Case {
    let test = Test {
        row: inbox,
        is: Predicate::Present,
        by: Some(Safeguard::InboxDedup),
    };
    Case::when(test, [], Answer::Replay(inbox))
}

/// The case of a no: an answer, with what is stored of it; or what looks like a
/// fault, of which nothing is.
fn refusal(no: No, test: Test, reason: Reason, then: impl Fn(Reason) -> Vec<Change>) -> Case {
    match no {
        No::Answer => Case::when(test, then(reason), Answer::Refused(reason)),
        No::Error => Case::when(test, [], Answer::Failed(reason)),
    }
}

/// Whether an entitlement's item is withdrawn from sale.
fn withdrawn(business: &Business, id: ResourceId, params: &Params) -> Option<Test> {
    let resource = &business.resources[id.0 as usize];
    let sale = resource.sale_row(id, params, &business.domains)?;
    Some(Test::of(Row::Business(sale), Predicate::Set))
}

/// The cases in which a step says no.
fn refusals(
    business: &Business,
    tx: TxId,
    step: &Step,
    params: &Params,
    then: impl Fn(Reason) -> Vec<Change>,
) -> Vec<Case> {
    let mut cases = Vec::new();
    let refuse = |test, reason| refusal(step.no, test, reason, &then);
    for action in &step.actions {
        let id = action.resource;
        let resource = &business.resources[id.0 as usize];
        let row = Row::Business(business.row_of(action, params));
        let seen = action.seen.map(|seen| memo(tx, seen.step, id));
        if let (Some(seen), Some(Seen { reread: true, .. })) = (seen, action.seen) {
            let test = Test::of(row, Predicate::DiffersFrom(seen));
            cases.push(refuse(test, Reason::Changed(id)));
        }
        match (action.kind, &resource.kind) {
            (ActionKind::Take(amount), ResourceKind::Counter { floor, .. }) => {
                let least = Predicate::Below(floor + amount.of(params));
                let test = Test::of(seen.unwrap_or(row), least);
                cases.push(refuse(test, Reason::Floor(id)));
            }
            // The escrow test (O'Neil 1986): a no is certain only if it holds even
            // should all reservations come back, a yes only if it holds should none.
            // Between the two it is tried again.
            (ActionKind::Reserve(amount), ResourceKind::Counter { floor, .. }) => {
                let least = floor + amount.of(params);
                let test = Test::of(row, Predicate::Below(least));
                cases.push(refuse(test, Reason::Floor(id)));
                let reserved = Row::Reserved(business.row_of(action, params));
                let test = Test::of(reserved, Predicate::LeavesBelow(least));
                cases.push(Case::when(test, [], Answer::Conflict));
            }
            (ActionKind::Grant, ResourceKind::Entitlement { .. }) => {
                let test = withdrawn(business, id, params);
                cases.extend(test.map(|test| refuse(test, Reason::Withdrawn(id))));
                let test = Test::of(row, Predicate::Set);
                cases.push(refuse(test, Reason::AlreadyGranted(id)));
            }
            _ => {}
        }
    }
    cases
}

/// What a step has seen of a resource.
fn memo(tx: TxId, step: StepId, resource: ResourceId) -> Row {
    Row::Memo { tx, step, resource }
}

/// A change by an amount: of what the row holds, or of what was seen of it.
fn add(tx: TxId, action: &Action, row: BusinessRow, by: i64) -> Change {
    match action.seen {
        None => Change::Add(row, by),
        Some(Seen { step, .. }) => Change::AddToSeen {
            row,
            seen: memo(tx, step, action.resource),
            by,
        },
    }
}

fn changes(
    business: &Business,
    actions: &[Action],
    tx: TxId,
    step: StepId,
    direction: Direction,
    params: &Params,
) -> Vec<Change> {
    actions
        .iter()
        .zip(0u8..)
        .map(|(action, n)| {
            let row = business.row_of(action, params);
            match action.kind {
                ActionKind::Look => Change::Remember {
                    memo: memo(tx, step, action.resource),
                    of: row,
                },
                ActionKind::Take(amount) => add(tx, action, row, -amount.of(params)),
                ActionKind::Give(amount) => add(tx, action, row, amount.of(params)),
                ActionKind::Reserve(amount) => Change::Reserve(row, amount.of(params)),
                ActionKind::Unreserve(amount) => Change::Reserve(row, -amount.of(params)),
                ActionKind::Grant => Change::Set(row, 1),
                ActionKind::Revoke => Change::Set(row, 0),
                ActionKind::Perform => Change::Stage(Letter {
                    id: LetterId {
                        tx,
                        step,
                        direction,
                        n,
                    },
                    body: LetterBody::Action(row),
                }),
            }
        })
        .collect()
}
