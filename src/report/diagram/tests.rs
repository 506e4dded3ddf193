mod picture;

use std::sync::Arc;

use textwrap::core::display_width;

use super::*;
use crate::business::{BusinessRow, Facet, Params, ResourceId};
use crate::check::Verdict;
use crate::fault::{Fault, FaultKind, FaultPlan, Moment as When, Ways};
use crate::history::{Event, LossReason, MsgId, Owner, Part, RollbackReason, What};
use crate::lab::{self, HostChoice, RunOptions};
use crate::protocol::{ProtocolKind, Safeguard, Safeguards};
use crate::report::style::{BAD, paint};
use crate::report::{Page, fixture};
use crate::scenario::{self, Scenario};
use crate::vocab::{ClientId, NodeId, RequestId, RequestKey, SimDuration, SimTime, TxId};

// ---- hand-made histories ----

const MANAGER: NodeId = NodeId(0);
const POINTS: NodeId = NodeId(1);
const CHARACTERS: NodeId = NodeId(2);
const CLIENTS: NodeId = NodeId(5);

fn tx() -> TxId {
    let request = RequestId {
        client: ClientId(3),
        n: 1,
    };
    let key = RequestKey { request, fresh: 0 };
    TxId {
        key,
        epoch: 1,
        attempt: 0,
    }
}

/// A history under way.
#[derive(Default)]
struct Tale(Vec<Event>);

impl Tale {
    fn at(&mut self, micros: u64, node: NodeId, what: What) -> &mut Self {
        let at = SimTime::from_micros(micros);
        self.0.push(Event { at, node, what });
        self
    }

    fn sent(&mut self, at: u64, id: u64, (from, to): (NodeId, NodeId), kind: &'static str) {
        let (id, tx) = (MsgId(id), tx());
        self.at(
            at,
            from,
            What::Sent {
                id,
                to,
                kind,
                tx,
                step: None,
                says: "",
            },
        );
    }

    fn arrives(&mut self, at: u64, id: u64, (from, to): (NodeId, NodeId), kind: &'static str) {
        self.at(
            at,
            to,
            What::Delivered {
                id: MsgId(id),
                from,
                kind,
                tx: tx(),
            },
        );
    }

    /// A message that takes 250 µs.
    fn message(&mut self, at: u64, id: u64, way: (NodeId, NodeId), kind: &'static str) {
        self.sent(at, id, way, kind);
        self.arrives(at + 250, id, way, kind);
    }

    fn lost(&mut self, at: u64, id: u64, way: (NodeId, NodeId), kind: &'static str) {
        self.sent(at, id, way, kind);
        let (to, tx, why) = (way.1, tx(), LossReason::Down);
        self.at(
            at + 250,
            to,
            What::Lost {
                id: MsgId(id),
                to,
                kind,
                tx,
                why,
            },
        );
    }

    fn drawn(&self, plan: &FaultPlan, broken: Option<&Moment>) -> Diagram {
        let concern = Concern::of_request(tx().request());
        let mut kept = Kept::of(concern.clone());
        for event in &self.0 {
            crate::history::Sink::event(&mut kept, event);
        }
        let of = (&concern, kept.events());
        draw(
            &fixture::scenario(),
            ProtocolKind::TwoPhaseCommit,
            plan,
            of,
            broken,
        )
    }
}

/// The coordinator dies when all have voted; a participant asks in vain.
fn in_doubt() -> Tale {
    let row = BusinessRow {
        resource: ResourceId(0),
        facet: Facet::Value,
        key: 3,
    };
    let (key, owner) = (tx().key, Owner::Tx(tx()));
    let mut tale = Tale::default();
    let params = Params([3, 0, 0, 0]);
    tale.at(
        1_000,
        CLIENTS,
        What::Asked {
            key,
            params,
            retry: 0,
        },
    );
    tale.message(1_000, 1, (CLIENTS, MANAGER), "request");
    tale.message(1_250, 2, (MANAGER, POINTS), "work");
    tale.at(
        1_600,
        POINTS,
        What::Locked {
            owner,
            row,
            exclusive: true,
            waited: SimDuration::ZERO,
        },
    );
    tale.message(1_700, 3, (POINTS, MANAGER), "worked");
    tale.message(1_950, 4, (MANAGER, POINTS), "prepare");
    let (tx, effects) = (tx(), Default::default());
    let class = crate::history::Class::Prepared;
    tale.at(
        2_250,
        POINTS,
        What::Appended {
            tx,
            class,
            forced: true,
        },
    );
    tale.at(
        3_250,
        POINTS,
        What::Prepared {
            tx,
            effects,
            durable: true,
        },
    );
    tale.message(3_250, 5, (POINTS, MANAGER), "vote");
    tale.at(3_500, MANAGER, What::Down(Part::Process));
    for n in 0..6 {
        tale.lost(30_000 + 30_000 * n, 10 + n, (POINTS, MANAGER), "inquire");
    }
    tale.at(200_000, MANAGER, What::Up(Part::Process));
    tale.message(210_000, 20, (POINTS, MANAGER), "inquire");
    tale.message(210_250, 21, (MANAGER, POINTS), "answer");
    let why = RollbackReason::Asked;
    tale.at(
        210_500,
        POINTS,
        What::RolledBack {
            tx,
            why,
            prepared: true,
        },
    );
    let held = SimDuration::from_micros(208_900);
    tale.at(210_500, POINTS, What::Unlocked { owner, row, held });
    tale
}

/// A message that another overtakes, a copy, and a partition.
fn fates() -> (Tale, FaultPlan) {
    let kind = FaultKind::Partition {
        from: vec![MANAGER],
        to: vec![CHARACTERS],
        ways: Ways::Both,
    };
    let when = When::At(SimTime::from_micros(4_000));
    let lasts = SimDuration::from_millis(2);
    let plan = FaultPlan {
        faults: vec![Fault { kind, when, lasts }],
    };
    let mut tale = Tale::default();
    tale.sent(1_000, 1, (MANAGER, POINTS), "work");
    tale.sent(1_100, 2, (MANAGER, CHARACTERS), "work");
    tale.at(
        1_100,
        MANAGER,
        What::Duplicated {
            id: MsgId(2),
            copy: MsgId(3),
        },
    );
    tale.arrives(1_350, 2, (MANAGER, CHARACTERS), "work");
    tale.message(1_400, 4, (CHARACTERS, MANAGER), "worked");
    tale.arrives(2_100, 3, (MANAGER, CHARACTERS), "work");
    tale.message(2_500, 5, (MANAGER, POINTS), "abort");
    tale.at(4_000, MANAGER, What::FaultBegan { fault: 0 });
    tale.sent(4_500, 6, (MANAGER, CHARACTERS), "abort");
    let (id, to, why) = (MsgId(6), CHARACTERS, LossReason::Partition);
    tale.at(
        4_500,
        MANAGER,
        What::Lost {
            id,
            to,
            kind: "abort",
            tx: tx(),
            why,
        },
    );
    tale.at(6_000, MANAGER, What::FaultEnded { fault: 0 });
    tale.arrives(9_000, 1, (MANAGER, POINTS), "work");
    (tale, plan)
}

fn plain(of: &Diagram, signs: Signs) -> String {
    on_page(of, signs, 100)
}

fn on_page(of: &Diagram, signs: Signs, columns: usize) -> String {
    anstream::adapter::strip_str(&text(of, signs, Page::of(columns))).to_string()
}

#[test]
fn who_is_in_doubt_asks_in_vain_and_keeps_its_locks() {
    let broken = Moment {
        at: SimTime::from_micros(3_500),
        words: "nothing, but this is how it would look".to_owned(),
    };
    let diagram = in_doubt().drawn(&FaultPlan::default(), Some(&broken));
    insta::assert_snapshot!("in_doubt", plain(&diagram, Signs::Unicode));
    insta::assert_snapshot!("in_doubt_ascii", plain(&diagram, Signs::Ascii));
    insta::assert_snapshot!("in_doubt_mermaid", mermaid(&diagram));
    let caption = Caption {
        title: "In doubt".to_owned(),
        run: "by hand; time in ms".to_owned(),
        again: "indoubt replay".to_owned(),
    };
    insta::assert_snapshot!("in_doubt_svg", svg(&diagram, &caption));
}

#[test]
fn a_lock_is_drawn_until_the_deed_that_lets_it_go() {
    let diagram = in_doubt().drawn(&FaultPlan::default(), None);
    let rolls_back = diagram.rows.iter().rposition(
        |row| matches!(&row.what, Shown::Mark { words, .. } if words.starts_with("rolls back")),
    );
    let ends: Vec<usize> = diagram.spans.iter().map(|span| span.to).collect();
    let locked = diagram
        .spans
        .iter()
        .find(|span| span.state == State::Locked);
    assert_eq!(locked.map(|span| span.to), rolls_back, "{ends:?}");
}

#[test]
fn a_late_message_leaves_and_arrives_and_a_copy_is_told_from_its_original() {
    let (tale, plan) = fates();
    let diagram = tale.drawn(&plan, None);
    insta::assert_snapshot!("fates", plain(&diagram, Signs::Unicode));
    insta::assert_snapshot!("fates_mermaid", mermaid(&diagram));
}

#[test]
fn nothing_is_drawn_of_nothing() {
    let nothing = Diagram::default();
    assert_eq!(plain(&nothing, Signs::Unicode).trim(), "time, ms");
    assert_eq!(mermaid(&nothing), "sequenceDiagram\n");
    assert!(svg(&nothing, &Caption::default()).ends_with("</svg>\n"));
}

// ---- real runs ----

fn options(scenario: &Scenario, without: Option<Safeguard>) -> RunOptions {
    RunOptions {
        seed: scenario.seed,
        safeguards: Safeguards::all().less(&without),
        host: HostChoice::Direct,
    }
}

fn lesson(file: &str) -> Arc<Scenario> {
    let path = format!(
        "{}/scenarios/lessons/{file}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    Arc::new(scenario::load(path).expect("a lesson is right"))
}

/// The diagrams of a lesson under a protocol: of every broken promise, and of its
/// first request.
fn of_lesson(file: &str, protocol: ProtocolKind, without: Option<Safeguard>) -> Vec<Diagram> {
    let scenario = lesson(file);
    let options = options(&scenario, without);
    let Ok(trial) = lab::run(&scenario, protocol, &options, ()) else {
        return Vec::new();
    };
    let first = RequestId {
        client: ClientId(0),
        n: 0,
    };
    let mut about = vec![(Concern::of_request(first), None)];
    for (promise, verdict, _) in &trial.verdicts {
        if let Verdict::Violated(violation) = verdict {
            let name = scenario.promise_name(*promise);
            let words = format!("{name}: {}", violation.what);
            let moment = Moment {
                at: violation.at,
                words,
            };
            about.push((Concern::of_violation(violation), Some(moment)));
        }
    }
    about
        .into_iter()
        .map(|(concern, moment)| {
            let mut kept = Kept::of(concern.clone());
            lab::run(&scenario, protocol, &options, &mut kept).expect("it ran before");
            draw(
                &scenario,
                protocol,
                &trial.plan,
                (&concern, kept.events()),
                moment.as_ref(),
            )
        })
        .collect()
}

#[test]
fn an_orchestrated_saga_whose_mail_is_lost() {
    let protocol = ProtocolKind::OrchestratedSaga;
    let drawn = of_lesson("04-dual-write", protocol, Some(Safeguard::Outbox));
    insta::assert_snapshot!(plain(drawn.last().expect("it breaks"), Signs::Unicode));
}

#[test]
fn a_choreographed_saga_that_hears_everything_twice() {
    let protocol = ProtocolKind::ChoreographedSaga;
    let drawn = of_lesson(
        "06-duplicate-delivery",
        protocol,
        Some(Safeguard::InboxDedup),
    );
    insta::assert_snapshot!(plain(drawn.last().expect("it breaks"), Signs::Ascii));
}

#[test]
fn a_partition_one_way() {
    let drawn = of_lesson("14-one-way", ProtocolKind::TwoPhaseCommit, None);
    insta::assert_snapshot!(plain(&drawn[0], Signs::Unicode));
}

#[test]
fn branches_in_doubt_while_their_coordinator_is_dead() {
    let drawn = of_lesson("03-in-doubt", ProtocolKind::TwoPhaseCommit, None);
    insta::assert_snapshot!(plain(&drawn[0], Signs::Unicode));
}

/// All lessons under all protocols, whole and with two safeguards taken away.
fn all_lessons() -> impl Iterator<Item = Diagram> {
    let folder = format!("{}/scenarios/lessons", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .expect("the lessons are there")
        .filter_map(|entry| {
            let name = entry.expect("a readable entry").file_name();
            name.to_str()?.strip_suffix(".toml").map(str::to_owned)
        })
        .collect();
    files.sort();
    assert!(files.len() >= 20, "the lessons are out of sight");
    files.into_iter().flat_map(|file| {
        let ways = [None, Some(Safeguard::Outbox), Some(Safeguard::InboxDedup)];
        let runs = ProtocolKind::ALL.map(|protocol| ways.map(|without| (protocol, without)));
        let runs = runs.concat().into_iter();
        runs.flat_map(move |(protocol, without)| of_lesson(&file, protocol, without))
            .collect::<Vec<_>>()
    })
}

#[test]
fn every_form_of_every_lesson_keeps_its_promises() {
    let mut seen = 0;
    for diagram in all_lessons() {
        seen += 1;
        let pages = [Signs::Unicode, Signs::Ascii].map(|s| [(s, 80), (s, 100), (s, 120)]);
        for (signs, columns) in pages.concat() {
            let text = on_page(&diagram, signs, columns);
            for line in text.lines() {
                assert!(display_width(line) <= columns, "{line}\n{text}");
            }
            if signs == Signs::Ascii {
                assert!(text.is_ascii(), "{text}");
            }
        }
        let coloured = text(&diagram, Signs::Unicode, Page::NARROW);
        assert!(
            !coloured.contains(&paint(BAD, " ")),
            "an underlined nothing"
        );
        no_lock_outlives_its_deed(&diagram);
        let caption = Caption::default();
        assert_eq!(svg(&diagram, &caption), svg(&diagram, &caption));
        mermaid(&diagram).lines().skip(1).for_each(is_plain_mermaid);
        picture::no_words_overlap(&diagram);
    }
    assert!(seen > 200, "{seen} diagrams are too few to say so");
}

/// Whoever lets a lock go does something then.
fn no_lock_outlives_its_deed(diagram: &Diagram) {
    for span in &diagram.spans {
        let Some(row) = diagram.rows.get(span.to) else {
            continue;
        };
        let deed = matches!(row.what, Shown::Mark { lane, .. } if lane == span.lane);
        assert!(deed || span.state != State::Locked, "{span:?} {row:?}");
    }
}

/// A line of the few kinds that are written, with nothing in its words that
/// Mermaid might take for more.
fn is_plain_mermaid(line: &str) {
    let line = line.trim_start();
    let lane = |text: &str| {
        text.strip_prefix('L')
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let (head, words) = match line.strip_prefix("participant ") {
        Some(rest) => rest.split_once(" as ").expect("a name"),
        None => line.split_once(": ").expect("words"),
    };
    let ends = head.strip_prefix("Note over ").unwrap_or(head);
    let arrows = ["-->>", "->>", "-x", ","];
    let split = arrows.iter().find_map(|arrow| ends.split_once(arrow));
    let (one, other) = split.unwrap_or((ends, ends));
    assert!(lane(one) && lane(other), "{line}");
    let words = words.replace("<br/>", "");
    let mut rest = words.as_str();
    while let Some((_, after)) = rest.split_once('#') {
        let (number, after) = after.split_once(';').expect("an entity");
        assert!(number.parse::<u32>().is_ok(), "{line}");
        rest = after;
    }
    assert!(!rest.contains([';', '<', '&', '"', '%']), "{line}");
    assert!(!words.is_empty(), "{line}");
}
