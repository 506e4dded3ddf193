use std::collections::BTreeSet;

use super::Figures;
use super::contention::Contention;
use super::incidents::Incidents;
use super::marks::Marks;
use super::requests::{Change, Requests};
use super::spread::Spread;
use super::timeline::Levels;
use crate::history::{Class, Event, Left, Owner, Part, Rest, Sink, What};
use crate::protocol::{Milestone, ProtocolKind};
use crate::scenario::{Preparation, Scenario};
use crate::vocab::{NodeId, RequestId, SimDuration, SimTime};

/// Folds a history into [`Figures`].
pub struct Meter {
    requests: Requests,
    contention: Contention,
    marks: Marks,
    latency: Spread,
    accepted: Spread,
    unknown: u64,
    blocked_requests: u64,
    messages: u64,
    local_transactions: u64,
    forced_writes: u64,
    parked: u64,
    /// The nodes at which preparing is a local transaction of its own.
    intents: Vec<bool>,
    /// When the last request came, or a client had its last word.
    last_word: SimTime,
    now: SimTime,
    left: BTreeSet<RequestId>,
}

impl Meter {
    /// A meter for the runs of this scenario under a protocol.
    pub fn new(scenario: &Scenario, protocol: ProtocolKind) -> Self {
        Meter {
            requests: Requests::new(&scenario.business_under(protocol)),
            contention: Contention::new(),
            marks: Marks::new(&scenario.business),
            latency: Spread::new(),
            accepted: Spread::new(),
            unknown: 0,
            blocked_requests: 0,
            messages: 0,
            local_transactions: 0,
            forced_writes: 0,
            parked: 0,
            intents: scenario
                .machines
                .iter()
                .map(|machine| machine.database.prepare == Preparation::Intents)
                .collect(),
            last_word: SimTime::ZERO,
            now: SimTime::ZERO,
            left: BTreeSet::new(),
        }
    }

    /// The figures of everything that was heard.
    pub fn finish(mut self) -> Figures {
        let shortages = self.requests.end(self.now, &self.left);
        let (longest_in_doubt, doubt) = self.contention.end(self.now);
        let tally = self.requests.tally;
        let per_committed = |count: u64| match tally.committed {
            0 => 0.0,
            committed => count as f64 / committed as f64,
        };
        Figures {
            started: tally.started,
            committed: tally.committed,
            refused: tally.refused,
            compensated: tally.compensated,
            undecided: tally.undecided,
            unknown: self.unknown,
            window: SimDuration::ZERO,
            throughput: 0.0,
            latency: self.latency.quantiles(),
            accepted: self.accepted.quantiles(),
            messages: per_committed(self.messages),
            local_transactions: per_committed(self.local_transactions),
            forced_writes: per_committed(self.forced_writes),
            lock_wait: self.contention.wait.quantiles(),
            blocked: self.blocked_requests + self.contention.blocked_readers,
            lock_hold: self.contention.hold.quantiles(),
            mark_hold: self.marks.end(self.now).quantiles(),
            prepared: self.contention.prepared,
            longest_in_doubt,
            longest_inconsistency: tally.longest_inconsistency,
            inconsistent: tally.inconsistent,
            incidents: Incidents {
                doubt,
                wait: self.contention.longest_wait,
                shortages,
            },
            parked: self.parked,
            commits: tally.commits,
        }
        .over(self.last_word.since(SimTime::ZERO))
    }

    /// How much there is now.
    pub(super) fn levels(&self) -> Levels {
        let (locks, in_doubt) = self.contention.held();
        Levels {
            locks,
            in_doubt,
            half_done: self.requests.tally.half_done,
        }
    }

    fn asked(&mut self, request: RequestId, retry: u16) {
        if retry == 0 {
            self.requests.begin(request, self.now);
            self.last_word = self.now;
        }
    }

    fn told(&mut self, request: RequestId, is_final: bool) {
        let Some(request) = self.requests.get(request) else {
            return;
        };
        let waited = self.now.since(request.asked);
        if !request.answered {
            request.answered = true;
            self.accepted.record(waited);
        }
        if is_final && !request.told {
            request.told = true;
            self.latency.record(waited);
            self.last_word = self.now;
        }
    }

    fn blocked(&mut self, owner: Owner) {
        if let Owner::Tx(tx) = owner
            && let Some(request) = self.requests.get(tx.request())
            && !request.blocked
        {
            request.blocked = true;
            self.blocked_requests += 1;
        }
    }

    fn prepares_through_intents(&self, node: NodeId) -> bool {
        self.intents
            .get(usize::from(node.0))
            .copied()
            .unwrap_or(false)
    }

    fn at_rest(&mut self, rest: &Rest) {
        self.left = rest.left.iter().filter_map(Left::request).collect();
    }
}

impl Sink for Meter {
    fn event(&mut self, event: &Event) {
        let Event { at, node, ref what } = *event;
        self.now = at;
        match what {
            What::Asked { key, retry, .. } => self.asked(key.request, *retry),
            What::Told { key, outcome } => self.told(key.request, outcome.is_final()),
            What::GaveUp { .. } => {
                self.unknown += 1;
                self.last_word = at;
            }
            What::Sent { kind, .. } => {
                self.messages += u64::from(!matches!(*kind, "request" | "reply"));
            }
            What::Appended { class, forced, .. } => {
                let counts = *forced && *class != Class::Operator;
                self.forced_writes += u64::from(counts);
            }

            What::Waiting { owner, row, behind } => {
                self.contention.waits(at, node, *owner, (*row, *behind));
                self.blocked(*owner);
            }
            What::Locked {
                owner,
                row,
                exclusive,
                ..
            } => self.contention.locked(at, node, *owner, (*row, *exclusive)),
            What::Unlocked { owner, row, held } => {
                self.contention.unlocked(node, *owner, *row, *held);
            }
            What::Conflicted { owner, row, behind } => {
                let by = row.zip(*behind);
                self.contention.conflicted(at, node, *owner, by);
                self.blocked(*owner);
            }

            What::Prepared { tx, effects, .. } => {
                self.contention.prepared(at, node, *tx, effects);
                self.local_transactions += u64::from(self.prepares_through_intents(node));
            }
            What::Committed {
                stamp,
                branch,
                effects,
                writes,
                durable,
            } => {
                self.local_transactions += 1;
                if *branch {
                    self.contention.ended(at, node, stamp.tx);
                }
                let change = Change {
                    effects,
                    durable: *durable,
                    marked: self.marks.written(at, node, writes),
                };
                self.requests.committed(stamp.tx.request(), at, change);
            }
            What::CommitLost {
                tx,
                branch,
                effects,
                writes,
            } => {
                self.marks.lost(at, node, writes);
                if *branch {
                    self.contention.outcome_lost(at, node, *tx);
                }
                self.requests.lost(tx.request(), at, effects);
            }
            What::PreparedLost { tx } => self.contention.prepared_lost(node, *tx),
            What::RolledBack { tx, .. } => self.contention.ended(at, node, *tx),
            What::Down(Part::Database) => self.contention.database_down(node),

            What::Noted(note) => {
                let parked = [Milestone::OrchestratorParked, Milestone::BrokerParked];
                self.parked += u64::from(parked.contains(&note.milestone));
            }
            What::Quiet { request } => self.requests.quiet(*request),
            What::Rest(rest) => self.at_rest(rest),
            _ => {}
        }
    }
}
