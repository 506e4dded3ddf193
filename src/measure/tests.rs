//! Hand-written histories of a mall: points (node 1), characters (node 2, with
//! a table of intents), welcome (node 3: its step only sends a mail).

use smallvec::{SmallVec, smallvec};

use super::{Figures, Meter, over_common_window};
use crate::business::{BusinessRow, Facet, Params, Reason, ResourceId};
use crate::history::{
    Class, Effect, Event, Left, Owner, Part, Rest, RollbackReason, Sink, What, Written,
};
use crate::protocol::{ClientOutcome, Letter, LetterBody, LetterId, Row, Stamp, Value};
use crate::scenario::{self, Scenario};
use crate::vocab::{
    ClientId, Direction, NodeId, RequestId, RequestKey, SimDuration, SimTime, StepId, TxId,
};

const CLIENTS: u16 = 6;
const POINTS: u16 = 1;
const CHARACTERS: u16 = 2;
const WELCOME: u16 = 3;
/// The bytes of every message.
const SIZE: u32 = 150;

fn mall() -> Scenario {
    let text = include_str!("../../scenarios/points-mall.toml");
    scenario::parse("points-mall.toml", text).expect("the shipped scenario is valid")
}

/// The figures of a history: `(milliseconds, node, what)` each.
fn measure(history: Vec<(u64, u16, What)>) -> Figures {
    measure_in(&mall(), history)
}

fn measure_in(scenario: &Scenario, history: Vec<(u64, u16, What)>) -> Figures {
    let mut meter = Meter::new(scenario, crate::protocol::ProtocolKind::TwoPhaseCommit);
    for (at, node, what) in history {
        let is_sent = matches!(what, What::Sent { .. });
        meter.event(&Event {
            at: ms(at),
            node: NodeId(node),
            what,
        });
        if is_sent {
            meter.weighs(SIZE);
        }
    }
    meter.finish()
}

fn ms(at: u64) -> SimTime {
    SimTime::from_micros(at * 1_000)
}

fn lasting(ms: u64) -> SimDuration {
    SimDuration::from_millis(ms)
}

fn key(n: u32) -> RequestKey {
    RequestKey {
        request: RequestId {
            client: ClientId(0),
            n,
        },
        fresh: 0,
    }
}

fn tx(n: u32) -> TxId {
    TxId {
        key: key(n),
        epoch: 1,
        attempt: 0,
    }
}

fn asked(n: u32) -> What {
    What::Asked {
        key: key(n),
        params: Params([n, 0, 0, 0]),
        retry: 0,
    }
}

fn told(n: u32, outcome: ClientOutcome) -> What {
    What::Told {
        key: key(n),
        outcome,
    }
}

fn row(key: u64) -> BusinessRow {
    BusinessRow {
        resource: ResourceId(0),
        facet: Facet::Value,
        key,
    }
}

const NO: Reason = Reason::Withdrawn(ResourceId(1));

fn stamp(n: u32, step: u8, direction: Direction) -> Stamp {
    match direction {
        Direction::Forward => Stamp::forward(tx(n), StepId(step)),
        Direction::Backward => Stamp::backward(tx(n), StepId(step), NO),
    }
}

/// A local transaction that does or undoes a step with business rows.
fn commit(n: u32, step: u8, direction: Direction) -> What {
    let stamp = stamp(n, step, direction);
    What::Committed {
        stamp,
        branch: false,
        effects: effects(stamp),
        writes: vec![],
        durable: true,
    }
}

fn effects(stamp: Stamp) -> SmallVec<[Effect; 1]> {
    smallvec![Effect {
        stamp,
        row: row(0),
        before: 100,
        after: 50,
    }]
}

/// The welcome step: no business row changes, a letter is due.
fn mail(n: u32) -> What {
    let id = LetterId {
        tx: tx(n),
        step: StepId(2),
        direction: Direction::Forward,
        n: 0,
    };
    let letter = Letter {
        id,
        body: LetterBody::Action(row(0)),
    };
    What::Committed {
        stamp: stamp(n, 2, Direction::Forward),
        branch: false,
        effects: smallvec![],
        writes: vec![Written {
            row: Row::Outbox(id),
            value: Some(Value::Letter(letter)),
        }],
        durable: true,
    }
}

fn branch(n: u32, step: u8, durable: bool) -> What {
    let stamp = stamp(n, step, Direction::Forward);
    What::Committed {
        stamp,
        branch: true,
        effects: effects(stamp),
        writes: vec![],
        durable,
    }
}

fn prepared(n: u32) -> What {
    What::Prepared {
        tx: tx(n),
        effects: smallvec![],
        durable: true,
    }
}

fn rest(left: Vec<Left>) -> What {
    What::Rest(Box::new(Rest {
        by_itself: true,
        rows: vec![],
        left,
    }))
}

use Direction::{Backward, Forward};

#[test]
fn a_request_is_committed_once_its_every_step_has_effect() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (10, POINTS, commit(0, 0, Forward)),
        (15, CHARACTERS, commit(0, 1, Forward)),
        (18, WELCOME, mail(0)),
        (20, CLIENTS, told(0, ClientOutcome::Committed)),
        (
            21,
            CLIENTS,
            What::Quiet {
                request: key(0).request,
            },
        ),
        (30, CLIENTS, rest(vec![])),
    ]);
    assert_eq!(
        (f.started, f.committed, f.refused, f.undecided),
        (1, 1, 0, 0)
    );
    assert_eq!(f.latency.max, lasting(20));
    assert_eq!(f.window, lasting(20));
    assert_eq!(f.throughput, 50.0);
    assert_eq!(f.local_transactions, 3.0);
}

#[test]
fn half_done_work_is_seen_from_the_first_commit_to_the_last() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (10, POINTS, commit(0, 0, Forward)),
        (15, CHARACTERS, commit(0, 1, Forward)),
        (18, WELCOME, mail(0)),
        (30, CLIENTS, rest(vec![])),
    ]);
    // The mail is nobody's to see half-done.
    assert_eq!((f.inconsistent, f.longest_inconsistency), (1, lasting(5)));
}

#[test]
fn one_local_transaction_shows_nothing_half_done() {
    let mut all = effects(stamp(0, 0, Forward));
    all.extend(effects(stamp(0, 1, Forward)));
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (
            10,
            POINTS,
            What::Committed {
                stamp: stamp(0, 2, Forward),
                branch: false,
                effects: all,
                writes: vec![],
                durable: true,
            },
        ),
        (30, CLIENTS, rest(vec![])),
    ]);
    assert_eq!((f.committed, f.inconsistent), (1, 0));
    assert_eq!(f.longest_inconsistency, SimDuration::ZERO);
}

#[test]
fn a_compensated_request_is_refused_and_half_done_until_it_is_undone() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (10, POINTS, commit(0, 0, Forward)),
        (12, CLIENTS, told(0, ClientOutcome::Accepted)),
        (40, POINTS, commit(0, 0, Backward)),
        (50, CLIENTS, told(0, ClientOutcome::Refused(NO))),
        (60, CLIENTS, rest(vec![])),
    ]);
    assert_eq!(
        (f.committed, f.refused, f.compensated, f.undecided),
        (0, 1, 1, 0)
    );
    assert_eq!(f.longest_inconsistency, lasting(30));
    assert_eq!((f.accepted.max, f.latency.max), (lasting(12), lasting(50)));
    assert_eq!(
        f.messages, 0.0,
        "nothing committed, so nothing is per committed"
    );
}

#[test]
fn a_mail_is_no_part_of_what_makes_a_request_committed() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (10, POINTS, commit(0, 0, Forward)),
        (10, CHARACTERS, commit(0, 1, Forward)),
        (30, CLIENTS, rest(vec![])),
    ]);
    assert_eq!((f.committed, f.undecided, f.inconsistent), (1, 0, 0));
}

#[test]
fn what_is_half_done_or_left_over_at_the_end_is_undecided() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (0, CLIENTS, asked(1)),
        (0, CLIENTS, asked(2)),
        (10, POINTS, commit(0, 0, Forward)),
        (20, POINTS, prepared(1)),
        (
            25,
            CLIENTS,
            What::GaveUp {
                request: key(0).request,
            },
        ),
        (
            60,
            CLIENTS,
            rest(vec![Left::PreparedBranch(NodeId(POINTS), tx(1))]),
        ),
    ]);
    assert_eq!((f.undecided, f.refused, f.unknown), (2, 1, 1));
    assert_eq!(
        f.longest_inconsistency,
        lasting(50),
        "until the end of the run"
    );
    assert_eq!(f.longest_in_doubt, lasting(40), "until the end of the run");
}

#[test]
fn a_commit_that_a_crash_takes_back_counts_for_nothing_even_after_the_request_is_quiet() {
    let lost = What::CommitLost {
        tx: tx(0),
        branch: true,
        effects: effects(stamp(0, 0, Forward)),
        writes: vec![],
    };
    let undone = What::RolledBack {
        tx: tx(0),
        why: RollbackReason::Asked,
        prepared: true,
    };
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (5, POINTS, prepared(0)),
        (10, POINTS, branch(0, 0, false)),
        (10, CHARACTERS, branch(0, 1, true)),
        (11, WELCOME, mail(0)),
        (
            12,
            CLIENTS,
            What::Quiet {
                request: key(0).request,
            },
        ),
        (13, POINTS, What::Down(Part::Database)),
        (20, POINTS, lost),
        (50, POINTS, undone),
        (60, CLIENTS, rest(vec![])),
    ]);
    assert_eq!((f.committed, f.undecided), (0, 1));
    assert_eq!(f.longest_in_doubt, lasting(30), "it is in doubt again");
}

#[test]
fn a_branch_is_in_doubt_from_its_preparation_to_its_outcome_through_crashes() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (5, POINTS, prepared(0)),
        (6, CHARACTERS, prepared(0)),
        (7, POINTS, What::Down(Part::Database)),
        (80, POINTS, What::Restored { tx: tx(0) }),
        (90, CHARACTERS, branch(0, 1, true)),
        (105, POINTS, branch(0, 0, true)),
        (106, WELCOME, mail(0)),
        (110, CLIENTS, rest(vec![])),
    ]);
    assert_eq!((f.prepared, f.longest_in_doubt), (2, lasting(100)));
    assert_eq!(
        f.local_transactions, 4.0,
        "three commits, and the intents that prepared characters"
    );
}

#[test]
fn whoever_waits_or_is_turned_away_is_blocked_once() {
    let owner = Owner::Tx(tx(0));
    let reader = |read| Owner::Reader(0, read);
    let waiting = |owner| What::Waiting {
        owner,
        row: row(0),
        behind: Owner::Tx(tx(1)),
    };
    let locked = |owner, exclusive, waited| What::Locked {
        owner,
        row: row(0),
        exclusive,
        waited: lasting(waited),
    };
    let unlocked = |owner, held| What::Unlocked {
        owner,
        row: row(0),
        held: lasting(held),
    };
    let turned_away = What::Conflicted {
        owner,
        row: Some(row(0)),
        behind: None,
    };
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (1, POINTS, waiting(owner)),
        (4, POINTS, locked(owner, true, 3)),
        (5, POINTS, waiting(reader(0))),
        (14, POINTS, unlocked(owner, 10)),
        (14, POINTS, locked(reader(0), false, 9)),
        (15, POINTS, unlocked(reader(0), 1)),
        (16, POINTS, locked(reader(1), false, 0)),
        (17, POINTS, waiting(owner)),
        (37, POINTS, turned_away),
        (60, CLIENTS, rest(vec![])),
    ]);
    assert_eq!(f.blocked, 2, "a request and a read");
    assert_eq!((f.lock_wait.count, f.lock_wait.max), (3, lasting(20)));
    assert_eq!((f.lock_hold.count, f.lock_hold.max), (1, lasting(10)));
    let [at] = &f.locking[..] else {
        panic!("only one resource was locked: {:?}", f.locking)
    };
    assert_eq!((at.asked, at.blocked), (4, 3));
    assert_eq!((at.wait, at.hold), (f.lock_wait, f.lock_hold));
}

#[test]
fn the_locks_of_each_resource_are_counted_apart_and_the_operators_not_at_all() {
    let other = |n| BusinessRow {
        resource: ResourceId(2),
        ..row(n)
    };
    let locks = |owner, row, waited| What::Locked {
        owner,
        row,
        exclusive: true,
        waited: lasting(waited),
    };
    let owner = |n| Owner::Tx(tx(n));
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (0, CLIENTS, asked(1)),
        (10, POINTS, locks(owner(0), row(0), 0)),
        (10, CHARACTERS, locks(owner(0), other(0), 0)),
        (20, CHARACTERS, waits_for(owner(1), other(0), 0)),
        (30, CHARACTERS, waits_for(Owner::Operator(0), other(0), 0)),
        (70, CHARACTERS, locks(owner(1), other(0), 50)),
        (80, CHARACTERS, locks(Owner::Operator(0), other(0), 50)),
        (100, CLIENTS, told(0, ClientOutcome::Committed)),
        (200, CLIENTS, rest(vec![])),
    ]);
    let counts = f
        .locking
        .iter()
        .map(|at| (at.resource.0, at.asked, at.blocked));
    assert_eq!(counts.collect::<Vec<_>>(), [(0, 1, 0), (2, 2, 1)]);
    let [points, others] = &f.locking[..] else {
        unreachable!("two were counted")
    };
    assert_eq!((points.queue, points.wait.count), (0.0, 0));
    // One waited for 50 of the 100 until the last client's last word.
    assert_eq!((others.queue, others.wait.max), (0.5, lasting(50)));
}

#[test]
fn messages_their_bytes_and_forces_are_counted_without_those_of_clients_and_operator() {
    let sent = |kind| What::Sent {
        id: crate::history::MsgId(0),
        to: NodeId(0),
        kind,
        tx: tx(0),
        step: None,
        says: "",
    };
    let appended = |class, forced| What::Appended {
        tx: tx(0),
        class,
        forced,
    };
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (0, CLIENTS, sent("request")),
        (1, 0, sent("command")),
        (2, POINTS, sent("done")),
        (2, POINTS, sent("reply")),
        (2, POINTS, appended(Class::Step, true)),
        (2, POINTS, appended(Class::Mark, false)),
        (3, POINTS, appended(Class::Operator, true)),
        (10, POINTS, commit(0, 0, Forward)),
        (15, CHARACTERS, commit(0, 1, Forward)),
        (18, WELCOME, mail(0)),
    ]);
    assert_eq!((f.messages, f.forced_writes), (2.0, 1.0));
    assert_eq!(f.bytes, 300.0);
}

#[test]
fn rates_are_compared_over_the_window_that_all_have() {
    let done_at = |n, at| {
        [
            (at, POINTS, commit(n, 0, Forward)),
            (at, CHARACTERS, commit(n, 1, Forward)),
            (at, WELCOME, mail(n)),
            (at, CLIENTS, told(n, ClientOutcome::Committed)),
        ]
    };
    let run = |first, second| {
        let mut history = vec![(0, CLIENTS, asked(0)), (0, CLIENTS, asked(1))];
        history.extend(done_at(0, first));
        history.extend(done_at(1, second));
        measure(history)
    };
    let mut both = [run(100, 500), run(400, 1_000)];
    assert_eq!(both[1].throughput, 2.0);
    over_common_window(&mut both);
    assert_eq!(both[0].throughput, 4.0);
    assert_eq!(both[1].throughput, 2.0, "one commit in half a second");
    assert!(both.iter().all(|f| f.window == lasting(500)));
}

fn prepared_to_take(n: u32, key: u64) -> What {
    What::Prepared {
        tx: tx(n),
        effects: smallvec![taken(n, key, 50)],
        durable: true,
    }
}

fn taken(n: u32, key: u64, amount: i64) -> Effect {
    Effect {
        stamp: stamp(n, 0, Forward),
        row: row(key),
        before: 100,
        after: 100 - amount,
    }
}

/// The points step, on a row of the request's own.
fn takes(n: u32, key: u64, amount: i64, writes: Vec<Written>) -> What {
    What::Committed {
        stamp: stamp(n, 0, Forward),
        branch: false,
        effects: smallvec![taken(n, key, amount)],
        writes,
        durable: true,
    }
}

/// Its compensation.
fn gives_back(n: u32, key: u64, amount: i64, writes: Vec<Written>) -> What {
    let stamp = stamp(n, 0, Backward);
    What::Committed {
        stamp,
        branch: false,
        effects: smallvec![Effect {
            stamp,
            row: row(key),
            before: 0,
            after: amount,
        }],
        writes,
        durable: true,
    }
}

/// The character step: an entitlement.
fn unlocks(n: u32) -> What {
    let stamp = stamp(n, 1, Forward);
    What::Committed {
        stamp,
        branch: false,
        effects: smallvec![Effect {
            stamp,
            row: BusinessRow {
                resource: ResourceId(1),
                ..row(0)
            },
            before: 0,
            after: 1,
        }],
        writes: vec![],
        durable: true,
    }
}

fn waits(owner: Owner, key: u64, behind: u32) -> What {
    waits_for(owner, row(key), behind)
}

fn waits_for(owner: Owner, row: BusinessRow, behind: u32) -> What {
    What::Waiting {
        owner,
        row,
        behind: Owner::Tx(tx(behind)),
    }
}

fn turned_away(owner: Owner, key: u64, behind: u32) -> What {
    What::Conflicted {
        owner,
        row: Some(row(key)),
        behind: Some(Owner::Tx(tx(behind))),
    }
}

#[test]
fn a_branch_in_doubt_names_everybody_whom_it_keeps_waiting_once() {
    let again = |n, attempt| Owner::Tx(TxId { attempt, ..tx(n) });
    let first = |n| again(n, 0);
    let f = measure(vec![
        // It is in the queue before the branch is in doubt.
        (3, POINTS, waits(first(1), 7, 0)),
        (5, POINTS, prepared_to_take(0, 7)),
        (6, POINTS, waits(first(2), 7, 0)),
        (20, POINTS, turned_away(first(2), 7, 0)),
        (21, POINTS, waits(again(2, 1), 7, 0)),
        (30, POINTS, waits(Owner::Reader(0, 4), 7, 0)),
        (40, POINTS, waits(Owner::Operator(0), 7, 0)),
        // It waits for another row, and for nobody who is in doubt.
        (50, POINTS, waits(first(3), 8, 9)),
        (105, POINTS, branch(0, 0, true)),
    ]);
    let doubt = f.incidents.doubt.expect("somebody was in doubt");
    assert_eq!((doubt.tx, doubt.node), (tx(0), NodeId(POINTS)));
    assert_eq!((doubt.kept, doubt.wanted), (3, Some((row(7), 3))));
    assert_eq!(doubt.lasted, lasting(100));
}

#[test]
fn the_worst_doubt_is_the_one_that_kept_most_waiting_and_then_the_longest() {
    let doubts = |with_waits: bool| {
        let mut history = vec![
            (0, POINTS, prepared_to_take(0, 1)),
            (0, POINTS, prepared_to_take(1, 2)),
        ];
        if with_waits {
            history.push((1, POINTS, waits(Owner::Tx(tx(2)), 2, 1)));
        }
        history.push((10, POINTS, branch(1, 0, true)));
        history.push((300, POINTS, branch(0, 0, true)));
        let f = measure(history);
        assert_eq!(f.longest_in_doubt, lasting(300));
        f.incidents.doubt.map(|doubt| (doubt.tx, doubt.lasted))
    };
    assert_eq!(doubts(false), Some((tx(0), lasting(300))));
    assert_eq!(doubts(true), Some((tx(1), lasting(10))));
}

#[test]
fn who_never_hears_the_outcome_keeps_others_waiting_to_the_end_through_a_crash() {
    let f = measure(vec![
        (0, POINTS, prepared_to_take(0, 1)),
        (1, POINTS, waits(Owner::Tx(tx(2)), 1, 0)),
        (2, POINTS, What::Down(Part::Database)),
        (9, POINTS, What::Restored { tx: tx(0) }),
        (10, POINTS, waits(Owner::Tx(tx(3)), 1, 0)),
        (50, POINTS, rest(vec![])),
    ]);
    let doubt = f.incidents.doubt.expect("somebody was in doubt");
    assert_eq!((doubt.kept, doubt.lasted), (2, lasting(50)));
}

#[test]
fn the_longest_wait_has_its_names() {
    let f = measure(vec![
        (0, POINTS, waits(Owner::Tx(tx(1)), 1, 0)),
        (0, POINTS, waits(Owner::Reader(0, 0), 2, 5)),
        (4, POINTS, turned_away(Owner::Tx(tx(1)), 1, 0)),
        (
            9,
            POINTS,
            What::Locked {
                owner: Owner::Reader(0, 0),
                row: row(2),
                exclusive: false,
                waited: lasting(9),
            },
        ),
    ]);
    let wait = f.incidents.wait.expect("somebody waited");
    assert_eq!((wait.who, wait.row), (Owner::Reader(0, 0), row(2)));
    assert_eq!((wait.behind, wait.lasted), (Owner::Tx(tx(5)), lasting(9)));
}

#[test]
fn who_is_short_of_what_is_counted_by_row_until_it_is_whole_or_given_back() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (0, CLIENTS, asked(1)),
        (0, CLIENTS, asked(2)),
        (10, POINTS, takes(0, 3, 50, vec![])),
        (12, POINTS, takes(1, 4, 20, vec![])),
        (40, CHARACTERS, unlocks(0)),
        (112, POINTS, gives_back(1, 4, 20, vec![])),
        // The same row once more, and both steps in one instant.
        (120, POINTS, takes(2, 3, 90, vec![])),
        (120, CHARACTERS, unlocks(2)),
        (200, CLIENTS, rest(vec![])),
    ]);
    let [short] = &f.incidents.shortages[..] else {
        panic!("an entitlement lacks nothing: {:?}", f.incidents.shortages);
    };
    assert_eq!((short.rows, short.by), (2, (20, 50)));
    assert_eq!((short.longest, short.row), (lasting(100), row(4)));
    assert!(!short.to_the_end);
    assert_eq!(short.request, key(1).request);
}

#[test]
fn what_is_never_given_back_is_lacking_to_the_end() {
    let f = measure(vec![
        (0, CLIENTS, asked(0)),
        (0, CLIENTS, asked(1)),
        (10, POINTS, takes(0, 3, 50, vec![])),
        (20, POINTS, takes(1, 4, 50, vec![])),
        (
            30,
            CLIENTS,
            What::Quiet {
                request: key(0).request,
            },
        ),
        (210, CLIENTS, rest(vec![])),
    ]);
    let short = f.incidents.shortages[0];
    assert_eq!((short.rows, short.longest), (2, lasting(200)));
    assert!(short.to_the_end);
    assert_eq!(short.request, key(0).request);
}

#[test]
fn what_is_under_a_semantic_lock_is_nobodys_to_see_and_its_marks_are_timed() {
    let mut scenario = mall();
    scenario.business.steps[0].semantic_lock = true;
    let mark = |n, value| Written {
        row: Row::Mark(row(n)),
        value,
    };
    let set = |n: u32| vec![mark(u64::from(n), Some(Value::MarkedBy(tx(n))))];
    let f = measure_in(
        &scenario,
        vec![
            (0, CLIENTS, asked(0)),
            (0, CLIENTS, asked(1)),
            (10, POINTS, takes(0, 0, 50, set(0))),
            (15, POINTS, takes(1, 1, 50, set(1))),
            (40, CHARACTERS, unlocks(0)),
            (55, POINTS, gives_back(1, 1, 50, vec![mark(1, None)])),
            (60, CLIENTS, rest(vec![])),
        ],
    );
    assert_eq!((f.inconsistent, f.longest_inconsistency), (0, lasting(0)));
    assert_eq!((f.committed, f.compensated), (1, 1));
    // The other mark was there to the end.
    assert_eq!((f.mark_hold.count, f.mark_hold.max), (2, lasting(50)));
    assert_eq!(f.incidents.shortages[0].longest, lasting(40));
}

mod costs;
