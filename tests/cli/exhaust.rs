//! Every fault at every point: that it finds what there is to find, that what it
//! leaves out is nothing, and that its output can be relied on.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;

use indoubt::check::Judge;
use indoubt::fault::{Fault, FaultKind, FaultPlan, Moment};
use indoubt::history::{DigestSink, Event, Point, Sink};
use indoubt::lab::exhaust::{
    Count, Depth, ExhaustOptions, Exhausted, Observer, Pruning, Surprise, exhaust,
};
use indoubt::lab::{self, HostChoice, RunOptions};
use indoubt::protocol::choreographed::ChoreographedSaga;
use indoubt::protocol::monolith::Monolith;
use indoubt::protocol::orchestrated::OrchestratedSaga;
use indoubt::protocol::two_phase_commit::TwoPhaseCommit;
use indoubt::protocol::{Protocol, ProtocolKind, Safeguard, Safeguards};
use indoubt::report;
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::{NodeId, SimDuration, SimTime};
use indoubt::world::host::direct::{self, Run};
use indoubt::world::{RunEnd, RunSpec};
use serde_json::Value;

use crate::support::{MALL, ORDER, committed, json, out, path, program, run, validates};

/// Two services, one transaction: small enough to try really everything.
const PAIR: &str = r#"
    [machines.points]
    database = { lock-timeout = "20ms" }
    [resources.points]
    kind = "counter"
    service = "points"
    initial = 100
    [resources.mail]
    kind = "action"
    service = "post"
    [[steps]]
    name = "pay"
    service = "points"
    kind = "pivot"
    do = [{ take = "points", amount = 1 }]
    [[steps]]
    name = "write"
    service = "post"
    kind = "retriable"
    do = [{ perform = "mail" }]
    [workload]
    transactions = 1
    timeout = "20ms"
    [policies]
    give-up-after = "20ms"
    inquire-after = "20ms"
    idle-branch-after = "20ms"
    [broker]
    redeliver-after = "20ms"
"#;

fn shipped(name: &str, transactions: u32) -> Scenario {
    let mut scenario = scenario::load(path(name)).unwrap_or_else(|errors| panic!("{errors}"));
    scenario.workload.transactions = transactions;
    scenario
}

fn pair() -> Scenario {
    scenario::parse("pair.toml", PAIR).unwrap_or_else(|errors| panic!("{errors}"))
}

fn singles(scenario: &Scenario) -> ExhaustOptions {
    ExhaustOptions {
        depth: Depth::Single,
        seeds: vec![scenario.seed],
        protocols: ProtocolKind::ALL.to_vec(),
        safeguards: Safeguards::all(),
        pruning: Pruning::On,
        kinds: Vec::new(),
        jobs: available_parallelism().unwrap_or(NonZeroUsize::MIN),
    }
}

/// What was found: under which protocol, of what, how.
fn found(outcome: &Exhausted) -> BTreeSet<(&'static str, Surprise, String)> {
    let sides = outcome.sides.iter();
    sides
        .flat_map(|side| {
            let findings = side.findings.iter();
            findings.map(|f| (side.protocol.name(), f.surprise.clone(), f.how.clone()))
        })
        .collect()
}

/// Counts the points of a run.
#[derive(Default)]
struct Points(Vec<Point>);

impl Sink for Points {
    fn event(&mut self, _: &Event) {}

    fn hears_points(&self) -> bool {
        true
    }

    fn point(&mut self, point: &Point) {
        self.0.push(*point);
    }
}

#[test]
fn points_are_numbered_from_0_and_whoever_hears_of_them_changes_nothing() {
    let scenario = Arc::new(shipped(MALL, 5));
    let options = RunOptions {
        seed: scenario.seed,
        safeguards: Safeguards::all(),
        host: HostChoice::Direct,
    };
    for protocol in ProtocolKind::ALL {
        let mut points = Points::default();
        let heard = lab::run(&scenario, protocol, &options, &mut points);
        let alone = lab::run(&scenario, protocol, &options, ());
        assert_eq!(heard, alone);
        let Points(points) = points;
        assert!(points.len() > 50, "{protocol}: {}", points.len());
        assert!((0..).zip(&points).all(|(n, point)| point.number == n));
        assert!(points.is_sorted_by_key(|point| point.at));
    }
}

/// A fault that strikes at a point.
fn fault(kind: FaultKind, point: u64) -> Fault {
    Fault {
        kind,
        when: Moment::Point(point),
        lasts: SimDuration::from_millis(31),
    }
}

/// Copies a run before each of its inputs, lets a second fault strike the copy,
/// and holds it against a run that had both faults from its beginning.
fn copies_go_on_as_the_run_would<P>(scenario: &Arc<Scenario>)
where
    P: Protocol + Clone,
    P::Machine: Clone,
{
    let first = fault(FaultKind::PowerLoss(NodeId(0)), 20);
    let spec = |second: Option<Fault>| RunSpec {
        scenario: Arc::clone(scenario),
        seed: scenario.seed,
        safeguards: Safeguards::all(),
        plan: FaultPlan {
            faults: [first.clone()].into_iter().chain(second).collect(),
        },
        leave_out: BTreeSet::new(),
    };
    let sink = || (Judge::new(scenario, P::KIND), DigestSink::default());
    let outcome = |((judge, digest), end): ((Judge, DigestSink), RunEnd)| {
        (judge.verdicts(), digest.digest(), end)
    };
    let mut trunk = Run::<P, _>::new(&spec(None), sink());
    let mut copies = 0;
    loop {
        let next = trunk.next_point();
        for kind in [FaultKind::PowerLoss(NodeId(1)), FaultKind::Pause(NodeId(0))] {
            let second = fault(kind, next + next % 3);
            let whole = outcome(direct::run::<P, _>(&spec(Some(second.clone())), sink()));
            let mut copy = trunk.clone();
            copy.plan_fault(&second);
            assert_eq!(outcome(copy.finish()), whole, "{} at {next}", P::KIND);
            copies += 1;
        }
        if !trunk.step() {
            break;
        }
    }
    assert!(copies > 20, "{}: {copies}", P::KIND);
    let whole = outcome(direct::run::<P, _>(&spec(None), sink()));
    assert_eq!(
        outcome(trunk.finish()),
        whole,
        "the copies took nothing from it"
    );
}

/// A fault that is cut short is one that was planned so.
fn a_fault_can_be_cut_short<P>(scenario: &Arc<Scenario>)
where
    P: Protocol + Clone,
    P::Machine: Clone,
{
    let spec = |fault: Option<Fault>| RunSpec {
        scenario: Arc::clone(scenario),
        seed: scenario.seed,
        safeguards: Safeguards::all(),
        plan: FaultPlan {
            faults: fault.into_iter().collect(),
        },
        leave_out: BTreeSet::new(),
    };
    let sink = || (Judge::new(scenario, P::KIND), DigestSink::default());
    let outcome = |((judge, digest), end): ((Judge, DigestSink), RunEnd)| {
        (judge.verdicts(), digest.digest(), end.ended)
    };
    let mut trunk = Run::<P, _>::new(&spec(None), sink());
    for millis in 1..12 {
        let at = SimTime::from_micros(millis * 1_000);
        trunk.go_on_until(at);
        for kind in [
            FaultKind::CrashProcess(NodeId(0)),
            FaultKind::PowerLoss(NodeId(1)),
            FaultKind::Pause(NodeId(1)),
        ] {
            let lasting = |lasts| Fault {
                kind: kind.clone(),
                when: Moment::At(at),
                lasts,
            };
            let (short, long) = (SimDuration::from_millis(31), SimDuration::from_millis(170));
            let (_, end) = direct::run::<P, _>(&spec(Some(lasting(long))), ());
            if !end.not_applicable.is_empty() {
                continue;
            }
            let mut run = trunk.clone();
            let fault = run.plan_fault(&lasting(long));
            run.go_on_until(at + short);
            let mut cut = run.clone();
            cut.cut_fault_short(fault, at + short);
            for (run, lasts) in [(cut, short), (run, long)] {
                let whole = direct::run::<P, _>(&spec(Some(lasting(lasts))), sink());
                let whole = outcome(whole);
                let run = outcome(run.finish());
                assert_eq!(run, whole, "{} under {kind:?} at {at}", P::KIND);
            }
        }
    }
}

#[test]
fn a_copy_of_a_run_goes_on_as_the_run_itself_would() {
    for name in [MALL, ORDER] {
        let mut scenario = shipped(name, 2);
        scenario.faults.clear();
        scenario.seeded = None;
        let scenario = Arc::new(scenario);
        copies_go_on_as_the_run_would::<Monolith>(&scenario);
        a_fault_can_be_cut_short::<Monolith>(&scenario);
        copies_go_on_as_the_run_would::<TwoPhaseCommit>(&scenario);
        a_fault_can_be_cut_short::<TwoPhaseCommit>(&scenario);
        copies_go_on_as_the_run_would::<OrchestratedSaga>(&scenario);
        a_fault_can_be_cut_short::<OrchestratedSaga>(&scenario);
        copies_go_on_as_the_run_would::<ChoreographedSaga>(&scenario);
        a_fault_can_be_cut_short::<ChoreographedSaga>(&scenario);
    }
}

#[test]
fn no_single_fault_breaks_what_is_expected_to_hold() {
    for (name, transactions) in [(MALL, 1), (ORDER, 1), (ORDER, 2)] {
        let scenario = shipped(name, transactions);
        let outcome = exhaust(&scenario, &singles(&scenario), &());
        let found: Vec<_> = outcome
            .sides
            .iter()
            .flat_map(|side| &side.findings)
            .collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

/// A protocol, what is taken away from it, and the kinds of fault to be tried.
type Case = (ProtocolKind, Safeguard, &'static [&'static str], Depth);

#[test]
fn what_is_left_out_would_have_shown_nothing_else() {
    use ProtocolKind::{ChoreographedSaga, Monolith, OrchestratedSaga, TwoPhaseCommit};
    const MACHINES: &[&str] = &["crash", "database-crash", "power-loss", "pause"];
    let cases: [Case; 10] = [
        (Monolith, Safeguard::Outbox, MACHINES, Depth::Single),
        (
            TwoPhaseCommit,
            Safeguard::ForceDecision,
            MACHINES,
            Depth::Single,
        ),
        (
            TwoPhaseCommit,
            Safeguard::ForcePrepare,
            MACHINES,
            Depth::Single,
        ),
        (
            TwoPhaseCommit,
            Safeguard::CoordinatorRecovery,
            MACHINES,
            Depth::Single,
        ),
        (
            OrchestratedSaga,
            Safeguard::SagaLogBeforeCommand,
            MACHINES,
            Depth::Single,
        ),
        (
            OrchestratedSaga,
            Safeguard::RetryAfterPivot,
            MACHINES,
            Depth::Single,
        ),
        (
            ChoreographedSaga,
            Safeguard::AckAfterEffect,
            MACHINES,
            Depth::Single,
        ),
        (
            ChoreographedSaga,
            Safeguard::InboxDedup,
            MACHINES,
            Depth::Single,
        ),
        (
            Monolith,
            Safeguard::ProviderKey,
            &["crash", "loss"],
            Depth::Pairs,
        ),
        (
            OrchestratedSaga,
            Safeguard::InboxDedup,
            &["power-loss"],
            Depth::Pairs,
        ),
    ];
    let mut breaches = 0;
    for (protocol, without, kinds, depth) in cases {
        let scenario = pair();
        let everything = ExhaustOptions {
            protocols: vec![protocol],
            safeguards: Safeguards::all().without(without),
            pruning: Pruning::Off,
            kinds: kinds.to_vec(),
            depth,
            ..singles(&scenario)
        };
        let pruned = ExhaustOptions {
            pruning: Pruning::On,
            ..everything.clone()
        };
        let everything = exhaust(&scenario, &everything, &());
        let pruned = exhaust(&scenario, &pruned, &());
        assert_eq!(
            found(&pruned),
            found(&everything),
            "{protocol} without {without}"
        );
        breaches += found(&pruned).len();
        let runs = |of: &Exhausted| -> u64 {
            let side = &of.sides[0];
            side.singles
                .values()
                .chain(side.pairs.values())
                .map(|c| c.tried)
                .sum()
        };
        assert!(runs(&pruned) * 3 < runs(&everything) * 2, "{protocol}");
    }
    assert!(breaches >= 10, "{breaches} breaches are no proof");
}

#[test]
fn a_safeguard_that_is_missing_is_missed_by_a_single_fault() {
    let scenario = shipped(MALL, 1);
    for (protocol, without) in [
        (ProtocolKind::TwoPhaseCommit, Safeguard::ForceDecision),
        (
            ProtocolKind::OrchestratedSaga,
            Safeguard::SagaLogBeforeCommand,
        ),
        (ProtocolKind::ChoreographedSaga, Safeguard::AckAfterEffect),
        (ProtocolKind::Monolith, Safeguard::Outbox),
    ] {
        let options = ExhaustOptions {
            protocols: vec![protocol],
            safeguards: Safeguards::all().without(without),
            ..singles(&scenario)
        };
        let found = found(&exhaust(&scenario, &options, &()));
        let promise = without.missed_by(protocol).expect("it is used");
        let missed = found
            .iter()
            .any(|(_, surprise, _)| *surprise == Surprise::Broken(promise));
        assert!(missed, "{protocol} without {without}: {found:#?}");
    }
}

/// Has enough once so many pieces are done.
struct Enough {
    pieces: u64,
    done: AtomicU64,
}

impl Observer for Enough {
    fn done(&self, _: u64) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn stops(&self) -> bool {
        self.done.load(Ordering::Relaxed) >= self.pieces
    }
}

#[test]
fn what_is_stopped_says_what_it_left_and_claims_nothing_of_it() {
    let scenario = pair();
    let pairs = ExhaustOptions {
        depth: Depth::Pairs,
        protocols: vec![ProtocolKind::TwoPhaseCommit],
        kinds: vec!["crash", "loss"],
        jobs: NonZeroUsize::MIN,
        ..singles(&scenario)
    };
    let after = |pieces| {
        let done = AtomicU64::new(0);
        exhaust(&scenario, &pairs, &Enough { pieces, done })
    };
    let whole = exhaust(&scenario, &pairs, &());
    assert!(!whole.stopped);
    let all = |outcome: &Exhausted| Count::sum(outcome.sides[0].singles.values());
    let tried = all(&whole).tried;
    assert_eq!(all(&whole).untried, 0);

    let early = after(1);
    assert!(early.stopped && all(&early).untried > 0);
    assert_eq!(all(&early).all(), all(&whole).all());
    assert_eq!(early.sides[0].without_second, all(&early).tried);

    let pieces = tried.div_ceil(64);
    let late = after(pieces + 3);
    assert!(late.stopped && all(&late) == all(&whole));
    assert_eq!(late.sides[0].without_second, tried - 3);
    let some = Count::sum(late.sides[0].pairs.values()).tried;
    assert!(0 < some && some < Count::sum(whole.sides[0].pairs.values()).tried);

    assert!(after(0).sides.is_empty() && after(0).stopped);
    assert!(!after(u64::MAX).stopped);
}

const WITHOUT: [&str; 5] = ["exhaust", MALL, "--protocol", "2pc", "--without"];

#[test]
fn the_number_of_jobs_changes_no_byte() {
    let with = |jobs: &str| {
        let more = ["force-decision", "--jobs", jobs];
        run(&[&WITHOUT[..], &more].concat())
    };
    let (one, three) = (with("1"), with("3"));
    assert_eq!(out(&one), out(&three));
    assert_eq!(one.status.code(), Some(1), "{}", out(&one));
    for line in out(&one).lines().filter(|line| !line.contains("cargo run")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_document_is_what_its_schema_says_and_its_lines_show_what_they_say() {
    let schema = committed("exhaust.schema.json", &report::exhaust::json::schema());
    let document = json(&run(&[
        &WITHOUT[..],
        &["force-decision", "--format", "json"],
    ]
    .concat()));
    validates(&schema, &document);

    let findings = document["protocols"][0]["findings"]
        .as_array()
        .expect("a list");
    assert!(!findings.is_empty());
    for finding in findings {
        let again = finding["again"].as_str().expect("a line");
        let own = again
            .strip_prefix("cargo run --release -- ")
            .expect("a line to paste");
        let shown = program("sh", &path(""))
            .arg("-c")
            .arg(format!(
                "'{}' {own} --format json",
                env!("CARGO_BIN_EXE_indoubt")
            ))
            .output()
            .expect("there is a shell");
        let shown: Value = json(&shown);
        let promises = shown["trials"][0]["promises"].as_array().expect("a list");
        let same = promises.iter().any(|entry| {
            entry["promise"] == finding["promise"] && entry["violation"]["what"] == finding["what"]
        });
        assert!(same, "{again}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (arguments, accepted) in [
        (["--faults", "3"], "1..=2"),
        (["--seeds", "5..5"], "no seed"),
        (["--seeds", "all"], "0..10000"),
        (["--jobs", "0"], "--jobs"),
    ] {
        let refused = run(&[&["exhaust", MALL][..], &arguments].concat());
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        let err = String::from_utf8_lossy(&refused.stderr);
        assert!(err.contains(accepted), "{err}");
    }
}
