//! The variants of two-phase commit under faults: every promise holds, both hosts
//! agree, and a safeguard that is taken away is missed by the same promise as under
//! presumed abort, wherever it still has something to guard.

use std::sync::Arc;

use indoubt::business::PromiseId::{self, Agreement, AllOrNothing, EverythingEnds};
use indoubt::protocol::{ProtocolKind, Safeguard, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::Seed;

#[cfg(madsim)]
use crate::support::apart;
use crate::support::{broke, on_all_cores, path, run, surprises, surprises_of, with_faults};

const TWO_PHASE: ProtocolKind = ProtocolKind::TwoPhaseCommit;
const SEEDS: u64 = 20;

/// Every way of presuming, with and without the other choices.
const VARIANTS: [[&str; 6]; 8] = [
    ["nothing", "false", "parallel", "false", "true", "early"],
    ["nothing", "true", "serial", "true", "false", "early"],
    ["nothing", "false", "parallel", "true", "true", "at-prepare"],
    ["abort", "true", "parallel", "true", "false", "early"],
    ["abort", "false", "serial", "false", "true", "early"],
    ["abort", "false", "parallel", "false", "false", "at-prepare"],
    ["commit", "false", "parallel", "true", "true", "early"],
    ["commit", "true", "serial", "false", "false", "at-prepare"],
];

fn settings(
    [
        presumption,
        read_only,
        prepare,
        cooperative,
        one_phase,
        locks,
    ]: [&str; 6],
) -> Vec<String> {
    vec![
        format!("two-phase-commit.locks={locks}"),
        format!("two-phase-commit.presumption={presumption}"),
        format!("two-phase-commit.read-only-votes={read_only}"),
        format!("two-phase-commit.prepare={prepare}"),
        format!("two-phase-commit.cooperative-termination={cooperative}"),
        format!("two-phase-commit.one-phase={one_phase}"),
    ]
}

fn variant_of(file: &str, variant: [&str; 6]) -> Scenario {
    scenario::load_with(path(file), &settings(variant)).unwrap_or_else(|errors| panic!("{errors}"))
}

fn keeps_its_promises(scenarios: Vec<([&str; 6], Arc<Scenario>)>, seeds: u64) {
    for (variant, scenario) in scenarios {
        let found = on_all_cores(seeds, |seed| surprises_of(&scenario, TWO_PHASE, Seed(seed)));
        let shown: Vec<&str> = found.iter().take(3).map(String::as_str).collect();
        assert!(
            found.is_empty(),
            "{variant:?}: {} promises broke in {seeds} seeds:\n{}",
            found.len(),
            shown.join("\n")
        );
    }
}

fn shipped_in_every_variant(file: &str) {
    let scenarios =
        VARIANTS.map(|variant| (variant, Arc::new(with_faults(variant_of(file, variant)))));
    keeps_its_promises(scenarios.to_vec(), SEEDS);
}

#[test]
fn points_mall_keeps_its_promises_in_every_variant() {
    shipped_in_every_variant("scenarios/points-mall.toml");
}

#[test]
fn order_stock_keeps_its_promises_in_every_variant() {
    shipped_in_every_variant("scenarios/order-stock.toml");
}

/// A service that is only asked for its price, one that refuses at PREPARE, and few
/// rows: votes of all three kinds, conflicts and restarts, all under faults.
const PRICED: &str = r#"
name = "priced"
[domains.buyer]
size = 6
[domains.item]
size = 3
[workload]
transactions = 120
retries = 5
arrivals = { kind = "closed", clients = 10, think = "3ms" }
double-click = { share = 0.2, after = "8ms" }
cancel = { share = 0.2, after = { from = "0", to = "20ms" } }
[network]
loss = 0.02
duplicate = 0.05
[resources.price]
kind = "counter"
service = "prices"
key = "{item}"
initial = 7
[resources.stock]
kind = "counter"
service = "shop"
key = "{item}"
initial = 25
[resources.money]
kind = "counter"
service = "bank"
key = "{buyer}"
initial = 60
[[steps]]
name = "ask-price"
service = "prices"
kind = "compensable"
do = [{ look = "price" }]
[[steps]]
name = "take-from-stock"
service = "shop"
kind = "compensable"
do = [{ take = "stock", amount = 1 }]
check = "prepare"
compensation = { name = "put-back", do = [{ give = "stock", amount = 1 }] }
[[steps]]
name = "pay"
service = "bank"
kind = "pivot"
do = [{ take = "money", amount = 7 }]
check = "prepare"
[seeded-faults]
count = 6
from = "10ms"
until = "500ms"
"#;

fn priced(variant: [&str; 6]) -> Scenario {
    scenario::parse_with("priced.toml", PRICED, &settings(variant))
        .unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn readers_refusals_and_restarts_keep_their_promises_in_every_variant() {
    let scenarios = VARIANTS.map(|variant| (variant, Arc::new(priced(variant))));
    keeps_its_promises(scenarios.to_vec(), 2 * SEEDS);
}

/// Everybody only reads: nothing is written, and the client is told all the same.
#[test]
fn who_only_reads_is_told_that_it_is_committed() {
    for variant in VARIANTS {
        let mut scenario = priced(variant);
        scenario.business.steps.truncate(1);
        let scenario = Arc::new(scenario);
        for seed in 0..20 {
            let trial = run(&scenario, TWO_PHASE, Seed(seed), Safeguards::all());
            let surprises = surprises(&scenario, &trial);
            assert!(surprises.is_empty(), "{variant:?}: {surprises:?}");
            assert!(trial.figures.latency.count > 0, "{variant:?}");
        }
    }
}

/// Everything in one service, which commits in one phase.
#[test]
fn a_single_participant_keeps_its_promises_in_one_phase() {
    for presumption in ["nothing", "abort", "commit"] {
        for locks in ["early", "at-prepare"] {
            let variant = [presumption, "false", "parallel", "false", "true", locks];
            keeps_its_promises(vec![(variant, alone(variant))], 8);
        }
    }
}

fn alone(variant: [&str; 6]) -> Arc<Scenario> {
    let alone = PRICED
        .replace("service = \"prices\"", "service = \"shop\"")
        .replace("service = \"bank\"", "service = \"shop\"");
    let scenario = scenario::parse_with("alone.toml", &alone, &settings(variant));
    Arc::new(scenario.unwrap_or_else(|errors| panic!("{errors}")))
}

/// What is said follows the disk, what is committed is what was done, and what is
/// handed over is not forgotten: in one phase as in two.
#[test]
fn in_one_phase_the_same_safeguards_are_missed() {
    for (safeguard, promise) in [
        (Safeguard::DurableBeforeAck, PromiseId::ClientTruth),
        (Safeguard::BranchCheck, PromiseId::ClientTruth),
        (Safeguard::CoordinatorRecovery, PromiseId::NoEffectTwice),
    ] {
        let scenario = alone(["abort", "false", "parallel", "false", "true", "early"]);
        let without = Safeguards::all().without(safeguard);
        let missed = (0..400).any(|seed| {
            let trial = run(&scenario, TWO_PHASE, Seed(seed), without);
            broke(&trial, promise)
        });
        assert!(missed, "{safeguard}: {} holds", promise.name());
    }
}

#[cfg(madsim)]
#[test]
fn both_hosts_give_the_same_digest_in_every_variant() {
    for variant in VARIANTS {
        let scenario = Arc::new(priced(variant));
        let parted = on_all_cores(25, |seed| {
            Vec::from_iter(apart(&scenario, TWO_PHASE, Seed(seed)))
        });
        assert!(parted.is_empty(), "{variant:?}: {}", parted.join("\n"));
    }
}

/// The coordinator dies at this moment for 300 ms: how long a branch is in doubt at the
/// longest, in microseconds, without and with cooperative termination.
fn in_doubt_when_the_coordinator_dies_at(moment: &str, prepare: &str) -> [u64; 2] {
    ["false", "true"].map(|cooperative| {
        let mut sets = settings(["abort", "false", prepare, cooperative, "false", "early"]);
        sets.push(format!("faults.0.on={moment}"));
        let lesson = path("scenarios/lessons/03-in-doubt.toml");
        let loaded = scenario::load_with(lesson, &sets);
        let scenario = Arc::new(loaded.unwrap_or_else(|errors| panic!("{errors}")));
        let trial = run(&scenario, TWO_PHASE, scenario.seed, Safeguards::all());
        let surprises = surprises(&scenario, &trial);
        assert!(surprises.is_empty(), "{moment}: {surprises:?}");
        trial.figures.longest_in_doubt.as_micros()
    })
}

/// The first inquiry is to the coordinator, the second to everybody: both are due long
/// before the coordinator is back.
#[test]
fn participants_in_doubt_learn_from_each_other_unless_all_are_uncertain() {
    for (moment, prepare) in [
        // One was told to commit.
        ("coordinator.decision-sent", "parallel"),
        // One has voted yes, the others were not asked yet: they abort.
        ("coordinator.vote", "serial"),
    ] {
        let [alone, together] = in_doubt_when_the_coordinator_dies_at(moment, prepare);
        assert!(alone > 300_000, "{moment}: {alone} us");
        assert!(together < 100_000, "{moment}: {together} us");
    }
    let [alone, together] =
        in_doubt_when_the_coordinator_dies_at("coordinator.all-votes", "parallel");
    assert_eq!(together, alone, "all have voted yes, and nobody was told");
}

/// A safeguard, the promise that misses it, and what is presumed: found by the same
/// fault as under presumed abort, or else by drawn ones.
const MISSED: [(Safeguard, PromiseId, &[&str]); 10] = [
    (Safeguard::ForcePrepare, Agreement, &["nothing", "commit"]),
    (Safeguard::ForceDecision, Agreement, &["nothing", "commit"]),
    // Where commit is presumed it is an abort that is acknowledged.
    (Safeguard::DurableBeforeAck, Agreement, &["nothing"]),
    (Safeguard::ForgetAfterAllAcks, Agreement, &["nothing"]),
    (Safeguard::ResendDecision, EverythingEnds, &["nothing"]),
    (
        Safeguard::NoUnilateralAbortAfterVote,
        Agreement,
        &["nothing", "commit"],
    ),
    (Safeguard::CoordinatorRecovery, Agreement, &["nothing"]),
    (Safeguard::SilentUntilRecovered, Agreement, &["nothing"]),
    (Safeguard::BranchCheck, AllOrNothing, &["nothing", "commit"]),
    (
        Safeguard::HoldLocksUntilDecision,
        PromiseId::PreparedUntouched,
        &["nothing", "commit"],
    ),
];

#[test]
fn a_safeguard_is_missed_by_the_same_fault_whatever_is_presumed() {
    let mut wrong = Vec::new();
    for (safeguard, promise, presumptions) in MISSED {
        for presumption in presumptions {
            let file = format!("tests/safeguards/{safeguard}.toml");
            let scenario = Arc::new(variant_of(
                &file,
                [presumption, "false", "parallel", "false", "false", "early"],
            ));
            let whole = run(&scenario, TWO_PHASE, scenario.seed, Safeguards::all());
            let kept = surprises(&scenario, &whole);
            wrong.extend(kept.into_iter().map(|s| format!("{safeguard}, kept: {s}")));
            let without = Safeguards::all().without(safeguard);
            let trial = run(&scenario, TWO_PHASE, scenario.seed, without);
            if !broke(&trial, promise) {
                let name = promise.name();
                wrong.push(format!("{safeguard}, presumed {presumption}: {name} holds"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What guards an abort where commit is presumed guards a commit elsewhere: it takes
/// an abort in the second phase to miss it, which drawn faults and refusals bring.
#[test]
fn what_guards_an_abort_is_missed_where_commit_is_presumed() {
    for (safeguard, promise) in [
        (Safeguard::DurableBeforeAck, Agreement),
        (Safeguard::ForgetAfterAllAcks, Agreement),
        (Safeguard::ResendDecision, EverythingEnds),
        (Safeguard::CoordinatorRecovery, Agreement),
        (Safeguard::SilentUntilRecovered, Agreement),
        // A commit is sent once; who does not hear it has to ask.
        (Safeguard::ParticipantInquiry, EverythingEnds),
    ] {
        let scenario = Arc::new(priced([
            "commit", "false", "parallel", "false", "false", "early",
        ]));
        let without = Safeguards::all().without(safeguard);
        let missed = (0..400).any(|seed| {
            let trial = run(&scenario, TWO_PHASE, Seed(seed), without);
            broke(&trial, promise)
        });
        assert!(missed, "{safeguard}: {} holds", promise.name());
    }
}

/// From PREPARE to the decision, and not from the work of the first of three services
/// on; it costs no message and no record.
#[test]
fn locks_taken_at_prepare_are_held_for_the_shorter() {
    let held = |locks| {
        let set = format!("two-phase-commit.locks={locks}");
        let loaded = scenario::load_with(path("scenarios/lessons/01-happy-path.toml"), &[set]);
        let scenario = Arc::new(loaded.unwrap_or_else(|errors| panic!("{errors}")));
        let figures = run(&scenario, TWO_PHASE, scenario.seed, Safeguards::all()).figures;
        (
            figures.messages,
            figures.forced_writes,
            figures.lock_hold.max,
        )
    };
    let (early, late) = (held("early"), held("at-prepare"));
    assert_eq!((early.0, early.1), (late.0, late.1));
    assert!(
        late.2.as_micros() * 4 < early.2.as_micros() * 3,
        "{} for {}",
        late.2,
        early.2
    );
}
