//! The bench itself: nothing is written here but what is to happen.

use std::collections::BTreeSet;
use std::sync::Arc;

use indoubt::check::{Judge, Verdict};
use indoubt::history::{Digest, DigestSink, Event, Sink, What};
use indoubt::measure::Meter;
use indoubt::protocol::two_phase_commit::TwoPhaseCommit;
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::Seed;
use indoubt::world::{RunSpec, host};

use crate::plain::INITIAL;

/// One run, to be repeated: whoever carries it and whoever listens, its history is
/// the same.
pub(crate) struct Ours {
    spec: RunSpec,
    digest: Digest,
    messages: u64,
}

impl Ours {
    /// So many transactions of the scenario. Its books are checked here, once; what
    /// is run later is held to the same digest.
    pub(crate) fn new(transactions: u32) -> Self {
        let text = include_str!("../../three-participants.toml");
        let mut scenario: Scenario =
            scenario::parse("three-participants.toml", text).expect("the benchmark's own scenario");
        scenario.workload.transactions = transactions;
        let seed = Seed(1);
        let spec = RunSpec {
            plan: scenario.plan(seed),
            scenario: Arc::new(scenario),
            seed,
            safeguards: Safeguards::all(),
            leave_out: BTreeSet::new(),
        };
        let sink = (DigestSink::default(), Books::default());
        let ((digest, books), _) = host::direct::run::<TwoPhaseCommit, _>(&spec, sink);
        assert!(books.at_rest, "nothing is left over");
        assert_eq!(books.taken, 3 * i64::from(transactions), "of all balances");
        Ours {
            spec,
            digest: digest.digest(),
            messages: books.messages,
        }
    }

    /// On the direct host: all promises judged, everything measured.
    pub(crate) fn direct(&self) -> u64 {
        let (heard, _) = host::direct::run::<TwoPhaseCommit, _>(&self.spec, self.listeners());
        self.verify(heard)
    }

    /// On the direct host, with nobody who judges or measures.
    pub(crate) fn direct_unchecked(&self) -> u64 {
        let sink = DigestSink::default();
        let (digest, _) = host::direct::run::<TwoPhaseCommit, _>(&self.spec, sink);
        assert_eq!(digest.digest(), self.digest, "the same history");
        self.messages
    }

    /// On the madsim host: as [`Ours::direct`].
    #[cfg(madsim)]
    pub(crate) fn on_madsim(&self) -> u64 {
        let (heard, _) = host::madsim::run::<TwoPhaseCommit, _>(&self.spec, self.listeners());
        self.verify(heard)
    }

    fn listeners(&self) -> Listeners {
        let (scenario, protocol) = (&self.spec.scenario, ProtocolKind::TwoPhaseCommit);
        let checks = (
            Judge::new(scenario, protocol),
            Meter::new(scenario, protocol),
        );
        (DigestSink::default(), checks)
    }

    /// Holds that every transaction was committed and no promise broken.
    fn verify(&self, (digest, (judge, meter)): Listeners) -> u64 {
        assert_eq!(digest.digest(), self.digest, "the same history");
        let all = u64::from(self.spec.scenario.workload.transactions);
        assert_eq!(meter.finish().committed, all);
        for (promise, verdict) in judge.verdicts() {
            let kept = matches!(verdict, Verdict::Holds | Verdict::NotApplicable { .. });
            assert!(kept, "{promise:?}: {verdict:?}");
        }
        self.messages
    }
}

type Listeners = (DigestSink, (Judge, Meter));

/// What can be compared with the peers.
#[derive(Default)]
struct Books {
    messages: u64,
    taken: i64,
    at_rest: bool,
}

impl Sink for Books {
    fn event(&mut self, event: &Event) {
        match &event.what {
            What::Sent { .. } => self.messages += 1,
            What::Rest(rest) => {
                self.taken = rest.rows.iter().map(|(_, left)| INITIAL - left).sum();
                self.at_rest = rest.by_itself && rest.left.is_empty();
            }
            _ => {}
        }
    }
}
