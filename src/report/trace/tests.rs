use smallvec::smallvec;

use super::*;
use crate::business::{BusinessRow, Facet, Params, Reason, ResourceId};
use crate::history::{
    Class, Effect, Left, LossReason, MsgId, Owner, Part, Rest, RollbackReason, What, Written,
};
use crate::protocol::{ClientOutcome, Detail, LetterId, Milestone, Note, Reply, Row, Stamp, Value};
use crate::report::fixture;
use crate::vocab::{
    ClientId, Direction, NodeId, RequestId, RequestKey, ServiceId, SimDuration, SimTime, StepId,
    TxId,
};

const REQUEST: RequestId = RequestId {
    client: ClientId(3),
    n: 17,
};

fn tx(epoch: u32) -> TxId {
    TxId {
        key: RequestKey {
            request: REQUEST,
            fresh: 0,
        },
        epoch,
        attempt: 0,
    }
}

fn delivered(tx: TxId, from: u16, kind: &'static str) -> What {
    What::Delivered {
        id: MsgId(1),
        from: NodeId(from),
        kind,
        tx,
    }
}

/// An event of every kind.
fn every_kind() -> Vec<What> {
    let tx = tx(1);
    let (key, request) = (tx.key, REQUEST);
    let row = BusinessRow {
        resource: ResourceId(0),
        facet: Facet::Value,
        key: 3,
    };
    let sale = BusinessRow {
        resource: ResourceId(1),
        facet: Facet::Sale,
        key: 1,
    };
    let withdrawn = Reason::Withdrawn(ResourceId(1));
    let spend = Stamp::forward(tx, StepId(0));
    let refund = Stamp::backward(tx, StepId(0), withdrawn);
    let effect = |stamp, before, after| Effect {
        stamp,
        row,
        before,
        after,
    };
    let letter = LetterId {
        tx,
        step: StepId(2),
        direction: Direction::Forward,
        n: 0,
    };
    let inbox = Written {
        row: Row::Inbox {
            tx,
            step: StepId(0),
            direction: Direction::Forward,
        },
        value: Some(Value::Reply(Reply::Done)),
    };
    let points = NodeId(1);
    let owner = Owner::Tx(tx);
    let reader = Owner::Reader(0, 4);
    vec![
        What::Asked {
            key,
            params: Params([3, 1, 0, 0]),
            retry: 1,
        },
        What::Told {
            key,
            outcome: ClientOutcome::Refused(withdrawn),
        },
        What::GaveUp { request },
        What::Sent {
            id: MsgId(41),
            to: points,
            kind: "vote",
            tx,
            step: None,
            says: "yes",
        },
        What::Delivered {
            id: MsgId(41),
            from: points,
            kind: "vote",
            tx,
        },
        What::Lost {
            id: MsgId(42),
            to: points,
            kind: "decision",
            tx,
            why: LossReason::Partition,
        },
        What::Duplicated {
            id: MsgId(43),
            copy: MsgId(44),
        },
        What::Waiting {
            owner,
            row,
            behind: reader,
        },
        What::Locked {
            owner,
            row,
            exclusive: true,
            waited: SimDuration::from_micros(1_250),
        },
        What::Unlocked {
            owner,
            row,
            held: SimDuration::from_millis(3),
        },
        What::Ran {
            stamp: spend,
            saw: smallvec![row],
            refused: Some(Reason::Floor(ResourceId(0))),
        },
        What::Conflicted {
            owner,
            row: Some(row),
            behind: Some(reader),
        },
        What::Failed { owner },
        What::Prepared {
            tx,
            effects: smallvec![effect(spend, 80, 30)],
            durable: false,
        },
        What::Committed {
            stamp: refund,
            branch: false,
            effects: smallvec![effect(refund, 30, 80)],
            writes: vec![inbox],
            durable: true,
        },
        What::CommitLost {
            tx,
            branch: true,
            effects: smallvec![effect(spend, 80, 30)],
            writes: vec![],
        },
        What::PreparedLost { tx },
        What::RolledBack {
            tx,
            why: RollbackReason::Conflict,
            prepared: true,
        },
        What::Restored { tx },
        What::Appended {
            tx,
            class: Class::Prepared,
            forced: true,
        },
        What::Flushed { records: 3 },
        What::Stored { id: letter },
        What::HandedOver {
            id: letter,
            action: BusinessRow {
                resource: ResourceId(2),
                ..row
            },
            performed: true,
        },
        What::Operated {
            row: sale,
            withdrawn: true,
        },
        What::Read {
            reader: 0,
            saw: smallvec![(row, 30)],
            waited: SimDuration::ZERO,
        },
        What::FaultBegan { fault: 0 },
        What::FaultEnded { fault: 0 },
        What::Down(Part::Database),
        What::Up(Part::Process),
        What::Noted(Note {
            milestone: Milestone::CoordinatorVote,
            tx,
            detail: Detail::VoteOf {
                service: ServiceId(0),
                yes: true,
            },
        }),
        What::Quiet { request },
        What::Rest(Box::new(Rest {
            by_itself: false,
            rows: vec![],
            left: vec![Left::PreparedBranch(points, tx), Left::Unfinished(request)],
        })),
    ]
}

fn traced(events: &[What]) -> String {
    let (scenario, plan) = (fixture::scenario(), fixture::plan());
    let mut bytes = Vec::new();
    let mut trace = TraceWriter::new(&scenario, &plan, &mut bytes);
    trace.header();
    for (n, what) in (0..).zip(events) {
        trace.event(&Event {
            at: SimTime::from_micros(412_000 + n * 7),
            node: NodeId(1),
            what: what.clone(),
        });
    }
    trace.finish().expect("a vector takes every byte");
    let text = String::from_utf8(bytes).expect("a trace is text");
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn every_event_is_a_line_in_fixed_columns() {
    insta::assert_snapshot!(traced(&every_kind()));
}

#[test]
fn the_legend_explains_every_kind_of_line_and_no_other() {
    let (scenario, plan) = (fixture::scenario(), fixture::plan());
    let words = Words::new(&scenario, &plan);
    let kinds: Vec<&str> = every_kind().iter().map(|what| words.line(what).0).collect();
    let explained: Vec<&str> = LEGEND.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, explained);
    assert!(explained.iter().all(|kind| kind.len() <= KIND));
}

#[test]
fn a_trace_stops_at_the_first_error_and_tells_it() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (scenario, plan) = (fixture::scenario(), fixture::plan());
    let mut trace = TraceWriter::new(&scenario, &plan, Closed);
    trace.header();
    let error = trace.finish().expect_err("the pipe is closed");
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

fn drawn(form: Form, page: Page, events: &[(u16, What)]) -> String {
    let (scenario, plan) = (fixture::scenario(), fixture::plan());
    let mut bytes = Vec::new();
    let mut trace = TraceWriter::new(&scenario, &plan, &mut bytes).drawn_as(
        form,
        ProtocolKind::TwoPhaseCommit,
        page,
    );
    trace.header();
    for (n, (node, what)) in (0..).zip(events) {
        trace.event(&Event {
            at: SimTime::from_micros(412_000 + n * 7),
            node: NodeId(*node),
            what: what.clone(),
        });
    }
    trace.finish().expect("a vector takes every byte");
    let text = String::from_utf8(bytes).expect("a trace is text");
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn lanes_have_a_column_a_node_and_an_arrow_a_message() {
    let tx = tx(0);
    let delivered = |from, kind| delivered(tx, from, kind);
    let lost = What::Lost {
        id: MsgId(2),
        to: NodeId(2),
        kind: "commit",
        tx,
        why: LossReason::Partition,
    };
    let events = [
        (0, delivered(5, "request")),
        (2, delivered(0, "prepare")),
        (0, delivered(2, "vote")),
        (1, What::PreparedLost { tx }),
        (0, lost),
        (1, What::Down(Part::Process)),
        (4, What::FaultBegan { fault: 0 }),
        (4, delivered(2, "hand-over")),
    ];
    let pages = [80, 120].map(|columns| {
        let text = drawn(Form::Lanes, Page::of(columns), &events);
        assert!(text.lines().all(|line| line.chars().count() <= columns));
        text
    });
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn lanes_of_a_transaction_tell_who_died_before_and_during_it() {
    let tx = tx(0);
    let delivered = |from, kind| delivered(tx, from, kind);
    let events = [
        (1, What::Down(Part::Database)),
        (2, What::Down(Part::Process)),
        (1, What::Up(Part::Database)),
        (0, delivered(5, "request")),
        (0, What::Down(Part::Process)),
        (2, What::Up(Part::Process)),
        (0, What::Up(Part::Process)),
        (5, What::Quiet { request: REQUEST }),
        (1, What::Down(Part::Process)),
    ];
    let filtered = |entries: &[&str]| {
        let (scenario, plan) = (fixture::scenario(), fixture::plan());
        let entries: Vec<String> = entries.iter().map(|&entry| entry.to_owned()).collect();
        let filter = Filter::parse(&scenario, &entries).expect("a filter");
        let mut bytes = Vec::new();
        let mut trace = TraceWriter::new(&scenario, &plan, &mut bytes)
            .drawn_as(Form::Lanes, ProtocolKind::TwoPhaseCommit, Page::NARROW)
            .filtered(filter);
        for (n, (node, what)) in (0..).zip(&events) {
            trace.event(&Event {
                at: SimTime::from_micros(412_000 + n * 7),
                node: NodeId(*node),
                what: what.clone(),
            });
        }
        trace.finish().expect("a vector takes every byte");
        let text = String::from_utf8(bytes).expect("a trace is text");
        anstream::adapter::strip_str(&text).to_string()
    };
    insta::assert_snapshot!(filtered(&["tx=c3.17"]));
    let alone = filtered(&["tx=c3.17", "kind=request"]);
    assert_eq!(alone.lines().count(), 1, "only what was asked for: {alone}");
}

#[test]
fn a_json_line_has_the_words_of_its_line_and_more() {
    let events: Vec<(u16, What)> = every_kind().into_iter().map(|what| (1, what)).collect();
    insta::assert_snapshot!(drawn(Form::Json, Page::NARROW, &events));
}
