use std::collections::BTreeSet;

use super::Figures;
use super::contention::{Contention, Waited};
use super::incidents::Incidents;
use super::letters::{Disks, Letters};
use super::marks::Marks;
use super::requests::{Change, Requests};
use super::spread::{Distribution, Spread};
use super::timeline::Levels;
use crate::business::{Business, Params};
use crate::history::{Class, Event, Left, Owner, Part, Rest, Sink, What};
use crate::protocol::{Milestone, ProtocolKind};
use crate::scenario::{Preparation, Scenario};
use crate::vocab::{NodeId, RequestId, SimDuration, SimTime};

/// Those of some moments, which are in order, that are not before another.
fn since(mut moments: Vec<SimTime>, begin: SimTime) -> Vec<SimTime> {
    let before = moments.partition_point(|&at| at < begin);
    moments.drain(..before);
    moments
}

/// What is spread over requests, waits or locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// From the request to the final answer.
    Latency,
    /// How long somebody waited for a lock.
    LockWait,
    /// How long a lock was held for writing.
    LockHold,
}

/// Folds a history into [`Figures`]. Requests that began in the warm-up of the
/// workload are in none of them, but for rates: what they commit later is done in the
/// window like anything else.
pub struct Meter {
    requests: Requests,
    business: Business,
    contention: Contention,
    marks: Marks,
    latency: Spread,
    accepted: Spread,
    unknown: u64,
    blocked_requests: u64,
    messages: u64,
    bytes: u64,
    /// Whether the message that was sent last is in the figures.
    message_counts: bool,
    local_transactions: u64,
    forced_writes: u64,
    parked: u64,
    letters: Letters,
    disks: Disks,
    /// Requests that began before are in no figure but rates.
    warm: SimTime,
    /// Where the coordinator or the orchestrator lives.
    manager: NodeId,
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
        let warm = SimTime::ZERO + scenario.workload.warm_up;
        let databases = scenario.machines.iter().map(|machine| &machine.database);
        Meter {
            requests: Requests::new(&scenario.business_under(protocol)),
            business: scenario.business.clone(),
            contention: Contention::new(),
            marks: Marks::new(&scenario.business, warm),
            latency: Spread::new(),
            accepted: Spread::new(),
            unknown: 0,
            blocked_requests: 0,
            messages: 0,
            bytes: 0,
            message_counts: false,
            local_transactions: 0,
            forced_writes: 0,
            parked: 0,
            letters: Letters::default(),
            disks: Disks::new(databases.clone().map(|database| database.flush).collect()),
            warm,
            manager: scenario.nodes.manager(),
            intents: databases
                .map(|database| database.prepare == Preparation::Intents)
                .collect(),
            last_word: warm,
            now: SimTime::ZERO,
            left: BTreeSet::new(),
        }
    }

    /// The figures of everything that was heard.
    pub fn finish(mut self) -> Figures {
        let shortages = self.requests.end(self.now, &self.left);
        let doubtful = self.contention.end(self.now);
        let busiest_row = self.contention.busiest_row();
        let window = self.last_word.since(self.warm);
        let tally = self.requests.tally;
        let (compensation_debt, most_compensation_debt) = tally.debt(self.warm, window);
        let share = |count: u64| match tally.started {
            0 => 0.0,
            started => count as f64 / started as f64,
        };
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
            mix: tally.mix,
            unknown: self.unknown,
            committed_share: share(tally.committed),
            refused_share: share(tally.refused),
            compensated_share: share(tally.compensated),
            window: SimDuration::ZERO,
            throughput: 0.0,
            goodput: 0.0,
            latency: self.latency.quantiles(),
            accepted: self.accepted.quantiles(),
            convergence: tally.convergence.quantiles(),
            messages: per_committed(self.messages),
            bytes: per_committed(self.bytes),
            local_transactions: per_committed(self.local_transactions),
            forced_writes: per_committed(self.forced_writes),
            lock_wait: self.contention.resources.waits().quantiles(),
            blocked: self.blocked_requests + self.contention.blocked_readers,
            blocked_share: share(self.blocked_requests),
            lock_hold: self.contention.resources.holds().quantiles(),
            locking: self.contention.resources.one_by_one(window),
            lock_demand: match tally.committed {
                0 => SimDuration::ZERO,
                committed => SimDuration::from_micros(busiest_row.as_micros() / committed),
            },
            mark_hold: self.marks.end(self.now).quantiles(),
            prepared: self.contention.prepared,
            prepared_lock_time: doubtful.row_time,
            in_doubt_lock_time: doubtful.managerless,
            longest_in_doubt: doubtful.longest,
            longest_inconsistency: tally.longest_inconsistency,
            inconsistent: tally.inconsistent,
            inconsistency_exposure: tally.exposure,
            compensation_debt,
            most_compensation_debt,
            incidents: Incidents {
                doubt: doubtful.worst,
                wait: self.contention.longest_wait,
                shortages,
            },
            parked: self.parked,
            outbox_lag: self.letters.lag.quantiles(),
            disk_utilisation: self.disks.utilisation(window),
            worker_utilisation: 0.0,
            link_utilisation: None,
            broker_backlog: None,
            commits: since(tally.commits, self.warm),
            told_commits: since(tally.told_commits, self.warm),
            begin: self.warm,
        }
        .over(window)
    }

    /// Keeps every wait for a lock from now on, for [`waits`](Meter::waits).
    #[must_use]
    pub fn keeping_waits(mut self) -> Self {
        self.contention.keep_waits();
        self
    }

    /// The waits for locks that were kept, in the order in which they ended.
    pub fn waits(&self) -> &[Waited] {
        self.contention.kept_waits()
    }

    /// How what was heard so far is spread.
    pub fn distribution(&self, of: Timed) -> Distribution {
        match of {
            Timed::Latency => self.latency.distribution(),
            Timed::LockWait => self.contention.resources.waits().distribution(),
            Timed::LockHold => self.contention.resources.holds().distribution(),
        }
    }

    /// From when to when each step stood that was compensated later.
    pub(super) fn debts(&self) -> &[(SimTime, SimTime)] {
        &self.requests.tally.debts
    }

    /// When the last request came, or a client had its last word.
    pub fn last_word_at(&self) -> SimTime {
        self.last_word
    }

    /// What a protocol's message is called, if it is one and is in the figures.
    pub(super) fn costs_message(&mut self, what: &What) -> Option<&'static str> {
        match what {
            What::Sent { kind, tx, .. } => {
                let counts = !matches!(*kind, "request" | "reply") && self.counts(tx.request());
                counts.then_some(kind)
            }
            _ => None,
        }
    }

    /// What a forced log record is for, if it is one and is in the figures.
    pub(super) fn costs_write(&mut self, what: &What) -> Option<Class> {
        match what {
            What::Appended { tx, class, forced } => {
                let counts = *forced && *class != Class::Operator && self.counts(tx.request());
                counts.then_some(*class)
            }
            _ => None,
        }
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

    fn asked(&mut self, request: RequestId, params: &Params, retry: u16) {
        if retry == 0 {
            let wanted = self.business.wanted(params);
            let counts = self.now >= self.warm;
            self.requests.begin(request, wanted, self.now, counts);
            self.last_word();
        }
    }

    fn told(&mut self, request: RequestId, is_final: bool) {
        let Some(request) = self.requests.get(request) else {
            return;
        };
        let counts = request.counts;
        let waited = self.now.since(request.asked);
        if !request.answered {
            request.answered = true;
            if counts {
                self.accepted.record(waited);
            }
        }
        if is_final && !request.told {
            request.told = true;
            if counts {
                self.latency.record(waited);
            }
            self.last_word();
        }
    }

    fn gave_up(&mut self, request: RequestId) {
        let counts = self.counts(request);
        self.unknown += u64::from(counts);
        if let Some(request) = self.requests.get(request) {
            request.gave_up = !request.told;
        }
        self.last_word();
    }

    /// The window goes on to here.
    fn last_word(&mut self) {
        self.last_word = self.now.max(self.warm);
        self.disks.mark();
    }

    /// Whether a request is in the figures: whether it began after the warm-up.
    fn counts(&mut self, request: RequestId) -> bool {
        self.warm == SimTime::ZERO || self.requests.get(request).is_none_or(|r| r.counts)
    }

    /// Whether what somebody begins now is in the figures.
    fn counts_of(&mut self, owner: Owner) -> bool {
        match owner {
            Owner::Tx(tx) => self.counts(tx.request()),
            Owner::Reader(..) | Owner::Operator(_) => self.now >= self.warm,
        }
    }

    fn blocked(&mut self, owner: Owner) {
        if let Owner::Tx(tx) = owner
            && let Some(request) = self.requests.get(tx.request())
            && !request.blocked
            && request.counts
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
    fn weighs(&mut self, bytes: u32) {
        if self.message_counts {
            self.bytes += u64::from(bytes);
        }
    }

    fn event(&mut self, event: &Event) {
        let Event { at, node, ref what } = *event;
        self.now = at;
        match what {
            What::Asked { key, params, retry } => self.asked(key.request, params, *retry),
            What::Told { key, outcome } => self.told(key.request, outcome.is_final()),
            What::GaveUp { request } => self.gave_up(*request),
            What::Sent { .. } => {
                self.message_counts = self.costs_message(what).is_some();
                self.messages += u64::from(self.message_counts);
            }
            What::Appended { .. } => {
                self.forced_writes += u64::from(self.costs_write(what).is_some());
            }
            What::Flushed { .. } if at > self.warm => self.disks.flushed(usize::from(node.0)),
            What::Stored { id } | What::HandedOver { id, .. } => {
                let counts = self.counts(id.tx.request());
                self.letters.arrived(at, *id, counts);
            }

            What::Waiting { owner, row, behind } => {
                let counts = self.counts_of(*owner);
                self.contention
                    .waits(at, node, *owner, (*row, *behind), counts);
                self.blocked(*owner);
            }
            What::Locked {
                owner,
                row,
                exclusive,
                ..
            } => {
                let counts = self.counts_of(*owner);
                self.contention
                    .locked(at, node, *owner, (*row, *exclusive), counts);
            }
            What::Unlocked { owner, row, held } => {
                let counts = match owner {
                    Owner::Tx(tx) => self.counts(tx.request()),
                    _ => at >= self.warm + *held,
                };
                self.contention
                    .unlocked(node, *owner, *row, (*held, counts));
            }
            What::Conflicted { owner, row, behind } => {
                let by = row.zip(*behind);
                let counts = self.counts_of(*owner);
                self.contention.conflicted(at, node, *owner, by, counts);
                self.blocked(*owner);
            }

            What::Prepared { tx, effects, .. } if self.counts(tx.request()) => {
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
                self.local_transactions += u64::from(self.counts(stamp.tx.request()));
                self.letters.written(at, writes);
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
                self.letters.lost(writes);
                if *branch && self.counts(tx.request()) {
                    self.contention.outcome_lost(at, node, *tx, effects);
                }
                self.requests.lost(tx.request(), at, effects);
            }
            What::PreparedLost { tx } => self.contention.prepared_lost(at, node, *tx),
            What::RolledBack { tx, .. } => self.contention.ended(at, node, *tx),
            What::Down(Part::Database) => self.contention.database_down(node),
            What::Down(Part::Process) if node == self.manager => self.contention.manager(at, false),
            What::Up(Part::Process) if node == self.manager => self.contention.manager(at, true),

            What::Noted(note) => {
                let counts = self.counts(note.tx.request());
                let parked = [Milestone::OrchestratorParked, Milestone::BrokerParked];
                self.parked += u64::from(counts && parked.contains(&note.milestone));
            }
            What::Quiet { request } => self.requests.quiet(*request),
            What::Rest(rest) => self.at_rest(rest),
            _ => {}
        }
    }
}
