//! A mix of purchases, refunds and top-ups: every protocol keeps its promises whatever
//! goes wrong, both hosts agree, as many ask for each as its weight says, what is half
//! done is caught, and one missing rule is missed.

use std::sync::Arc;

use indoubt::business::PromiseId;
use indoubt::history::{Event, Sink, What};
use indoubt::protocol::{ProtocolKind, Safeguard, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::Seed;

#[cfg(madsim)]
use crate::support::apart;
use crate::support::{
    broke, on_all_cores, path, protocols, run, run_into, shipped, shorten, surprises_of,
    with_faults,
};

const FILE: &str = "scenarios/performance/mix.toml";
const SEEDS: u64 = 100;

fn mix_with(sets: &[&str]) -> Scenario {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    scenario::load_with(path(FILE), &sets).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A purchase locks and a refund reserves; what one holds, the others meet.
const GUARDED: [&str; 2] = [
    "transactions.purchase.steps.take-points.semantic-lock=true",
    "transactions.refund.steps.hand-in.reserve-then-confirm=true",
];

fn keeps_its_promises(mut scenario: Scenario) {
    shorten(&mut scenario, 150);
    let scenario = Arc::new(with_faults(scenario));
    for protocol in protocols(&scenario) {
        let found = on_all_cores(SEEDS, |seed| surprises_of(&scenario, protocol, Seed(seed)));
        let first = found.first();
        assert!(first.is_none(), "{} broke: {first:?}", found.len());
    }
}

#[test]
fn a_mix_keeps_its_promises_whatever_goes_wrong() {
    keeps_its_promises(shipped(FILE));
}

/// Nothing to be seen that was taken back, in one transaction or across them.
#[test]
fn a_mark_of_one_transaction_keeps_the_others_away() {
    let [mark, reservation] = GUARDED;
    let holds = [
        "expect.orchestrated.isolation=holds",
        "expect.choreographed.isolation=holds",
    ];
    keeps_its_promises(mix_with(&[mark, reservation, holds[0], holds[1]]));
}

#[cfg(madsim)]
#[test]
fn both_hosts_give_the_same_digest_of_a_mix() {
    for sets in [&[][..], &GUARDED] {
        let scenario = Arc::new(with_faults(mix_with(sets)));
        for protocol in protocols(&scenario) {
            let parted = on_all_cores(5, |seed| {
                Vec::from_iter(apart(&scenario, protocol, Seed(seed)))
            });
            assert!(parted.is_empty(), "{}", parted.join("\n"));
        }
    }
}

/// How many ask for each transaction.
struct Asked(Arc<Scenario>, [u32; 3]);

impl Sink for Asked {
    fn event(&mut self, event: &Event) {
        if let What::Asked {
            params, retry: 0, ..
        } = &event.what
        {
            self.1[self.0.business.wanted(params)] += 1;
        }
    }
}

#[test]
fn as_many_ask_for_each_as_its_weight_says_and_the_same_under_every_protocol() {
    let scenario = Arc::new(mix_with(&[
        "workload.transactions=1000",
        "resources.points.initial=100000",
    ]));
    let mut counts = Vec::new();
    for protocol in protocols(&scenario) {
        let mut asked = Asked(Arc::clone(&scenario), [0; 3]);
        let seed = scenario.seed;
        let trial = run_into(&scenario, protocol, seed, Safeguards::all(), &mut asked);
        for (figures, asked) in trial.figures.mix.iter().zip(asked.1) {
            assert_eq!(figures.started, u64::from(asked));
            assert!(figures.committed > 0, "{protocol}");
            assert!(figures.committed + figures.refused <= figures.started);
        }
        counts.push(asked.1);
    }
    assert!(counts.iter().all(|of| *of == counts[0]), "{counts:?}");
    // A standard deviation is at most 16.
    for (count, expected) in counts[0].into_iter().zip([600, 300, 100]) {
        assert!(count.abs_diff(expected) < 50, "{counts:?}");
    }
}

/// A refund that was begun and not ended is no purchase that was: it is judged by its
/// own steps.
#[test]
fn half_a_refund_is_caught() {
    let sets = [
        "transactions.refund.weight=6",
        "resources.owned.initial=1",
        "resources.budget.initial=0",
    ];
    let scenario = Arc::new(with_faults(mix_with(&sets)));
    let without = Safeguards::all().without(Safeguard::RetryCompensation);
    let saga = ProtocolKind::OrchestratedSaga;
    let mut missed = (0..SEEDS).filter_map(|seed| {
        let trial = run(&scenario, saga, Seed(seed), without);
        let verdicts = trial.verdicts.into_iter();
        verdicts
            .filter(|(id, ..)| *id == PromiseId::AllOrNothing)
            .find_map(|(_, verdict, _)| match verdict {
                indoubt::check::Verdict::Violated(violation) => Some(violation.what),
                _ => None,
            })
    });
    let refund = missed.find(|what| what.contains("took 1 from owned"));
    let refund = refund.expect("a hand-in that nobody took back");
    assert!(refund.contains("but did not"), "{refund}");
}

#[test]
fn a_missing_rule_is_missed_in_a_mix() {
    let scenario = Arc::new(with_faults(shipped(FILE)));
    for (protocol, safeguard, promise) in [
        (
            ProtocolKind::TwoPhaseCommit,
            Safeguard::ForcePrepare,
            PromiseId::AllOrNothing,
        ),
        (
            ProtocolKind::ChoreographedSaga,
            Safeguard::InboxDedup,
            PromiseId::NoEffectTwice,
        ),
    ] {
        let without = Safeguards::all().without(safeguard);
        let missed = (0..400).any(|seed| {
            let trial = run(&scenario, protocol, Seed(seed), without);
            broke(&trial, promise)
        });
        assert!(missed, "{safeguard}: {} holds", promise.name());
    }
}
