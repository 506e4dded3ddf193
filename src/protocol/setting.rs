//! What every machine of a run is given at birth.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::two_phase_commit::Variant;
use super::{Entry, Family, Own, Safeguards, StepGroup, StepOrder, Wanted};
use crate::business::Business;
use crate::vocab::{NodeId, Probability, RequestId, ServiceId, SimDuration, StepId};

/// Which protocol: one of those that ship with the bench, or somebody's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolKind {
    /// One database, one local transaction: the baseline.
    Monolith,
    /// Two-phase commit; presumed abort, unless the scenario says otherwise.
    TwoPhaseCommit,
    /// A saga with an orchestrator.
    OrchestratedSaga,
    /// A saga without one: services react to events.
    ChoreographedSaga,
    /// One that somebody brought.
    Own(&'static Own),
}

impl ProtocolKind {
    /// Those that ship with the bench, in the order in which they are shown.
    pub const ALL: [ProtocolKind; 4] = [
        ProtocolKind::Monolith,
        ProtocolKind::TwoPhaseCommit,
        ProtocolKind::OrchestratedSaga,
        ProtocolKind::ChoreographedSaga,
    ];

    /// Its name on the command line and in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            ProtocolKind::Monolith => "monolith",
            ProtocolKind::TwoPhaseCommit => "2pc",
            ProtocolKind::OrchestratedSaga => "orchestrated",
            ProtocolKind::ChoreographedSaga => "choreographed",
            ProtocolKind::Own(own) => own.name,
        }
    }

    /// What it is, in a phrase.
    pub fn meaning(self) -> &'static str {
        match self {
            ProtocolKind::Monolith => "one database, one local transaction: the baseline",
            ProtocolKind::TwoPhaseCommit => "two-phase commit, presumed abort by default",
            ProtocolKind::OrchestratedSaga => "a saga that an orchestrator leads",
            ProtocolKind::ChoreographedSaga => "a saga in which services react to events",
            ProtocolKind::Own(own) => own.answers,
        }
    }

    /// Where its rules come from; the baseline follows nobody's.
    pub fn source(self) -> Option<&'static str> {
        match self {
            ProtocolKind::Monolith | ProtocolKind::Own(_) => None,
            ProtocolKind::TwoPhaseCommit => {
                Some("Mohan, Lindsay & Obermarck 1986; Lampson & Lomet 1993")
            }
            ProtocolKind::OrchestratedSaga => Some(
                "Garcia-Molina & Salem 1987; Mehrotra, Rastogi, Korth & Silberschatz 1992 for the \
                 pivot",
            ),
            ProtocolKind::ChoreographedSaga => {
                Some("Garcia-Molina & Salem 1987; Richardson 2018, chapter 4")
            }
        }
    }

    /// The protocol of this name, of those that ship with the bench.
    pub fn named(name: &str) -> Option<Self> {
        ProtocolKind::ALL.into_iter().find(|p| p.name() == name)
    }

    /// How it makes one of many: which promises mean something under it.
    pub fn family(self) -> Family {
        match self {
            ProtocolKind::Monolith => Family::OneDatabase,
            ProtocolKind::TwoPhaseCommit => Family::TwoPhase,
            ProtocolKind::OrchestratedSaga | ProtocolKind::ChoreographedSaga => Family::StepByStep,
            ProtocolKind::Own(own) => own.family,
        }
    }

    /// Whether it is a saga, or what somebody made instead of one: its steps
    /// commit one by one.
    pub fn is_saga(self) -> bool {
        self.family() == Family::StepByStep
    }

    /// Whether its services talk through the broker.
    pub fn uses_broker(self) -> bool {
        match self {
            ProtocolKind::ChoreographedSaga => true,
            ProtocolKind::Own(own) => own.uses_broker,
            ProtocolKind::Monolith
            | ProtocolKind::TwoPhaseCommit
            | ProtocolKind::OrchestratedSaga => false,
        }
    }
}

impl std::fmt::Display for ProtocolKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Who lives where. The same for every protocol of a scenario, so that faults
/// and draws meet the same nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nodes {
    /// How many services there are.
    services: u16,
}

impl Nodes {
    /// The nodes of a scenario with so many services.
    pub fn new(services: usize) -> Self {
        Nodes {
            services: services as u16,
        }
    }

    /// The transaction manager: coordinator or orchestrator.
    pub fn manager(&self) -> NodeId {
        NodeId(0)
    }

    /// A service.
    pub fn service(&self, id: ServiceId) -> NodeId {
        NodeId(1 + u16::from(id.0))
    }

    /// Which service lives at this node.
    pub fn service_at(&self, node: NodeId) -> Option<ServiceId> {
        (1..=self.services)
            .contains(&node.0)
            .then(|| ServiceId((node.0 - 1) as u8))
    }

    /// The message broker.
    pub fn broker(&self) -> NodeId {
        NodeId(self.services + 1)
    }

    /// The provider of real actions.
    pub fn provider(&self) -> NodeId {
        NodeId(self.services + 2)
    }

    /// All clients, behind one address.
    pub fn clients(&self) -> NodeId {
        NodeId(self.services + 3)
    }

    /// How many nodes there are.
    pub fn count(&self) -> usize {
        usize::from(self.services) + 4
    }
}

/// How patient the machines are. All in model time.
#[derive(Clone, Debug, PartialEq)]
pub struct Policies {
    /// A message without an answer is sent again after this.
    pub resend_after: SimDuration,
    /// The transaction manager gives up on a silent step or vote after this
    /// (before the decision, or the pivot).
    pub give_up_after: SimDuration,
    /// A participant in doubt asks for the decision after this, and again.
    pub inquire_after: SimDuration,
    /// A branch that was not asked to vote ends by itself after this.
    pub idle_branch_after: SimDuration,
    /// How often a conflict is retried before the attempt is given up.
    pub conflict_retries: u32,
    /// The wait before the first retry; it doubles up to 8 times.
    pub conflict_backoff: SimDuration,
    /// How often a relay looks into its outbox.
    pub poll_every: SimDuration,
    /// How many letters a relay takes at once.
    pub relay_batch: usize,
    /// How long inbox rows, tombstones and outcomes are kept: longer than the
    /// maximum message life plus the clients' retries.
    pub retention: SimDuration,
    /// By how much a wait before a retry is lengthened at the most, as a share of
    /// it: each by a part that is drawn for it, so that those who met do not meet
    /// again.
    pub jitter: Probability,
    /// The first service of a choreographed saga cancels one that is not over
    /// after this. It needs none as long as outbox, broker and inbox lose
    /// nothing.
    pub watchdog: Option<SimDuration>,
    /// When a saga's step is parked; `None`: it is tried for as long as it takes.
    pub parking: Option<Parking>,
    /// Steps with policies of their own.
    pub steps: BTreeMap<StepId, StepPolicy>,
}

/// How patient one is with a step. All in model time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepPolicy {
    /// As [`Policies::resend_after`].
    pub resend_after: SimDuration,
    /// As [`Policies::give_up_after`].
    pub give_up_after: SimDuration,
    /// As [`Policies::conflict_retries`].
    pub conflict_retries: u32,
    /// As [`Policies::conflict_backoff`].
    pub conflict_backoff: SimDuration,
    /// As [`Policies::parking`].
    pub parking: Option<Parking>,
}

/// The dead letter: when a step, or a compensation, that was asked for in vain is
/// not asked for any more until somebody looks.
///
/// A try is a command that the orchestrator sends, or a delivery by the broker; the
/// retries of a conflict in place are all part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parking {
    /// After so many tries; at least 1.
    pub after: u32,
    /// An operator looks after this, and puts it back; `None`: nobody ever does.
    pub lasts: Option<SimDuration>,
}

impl Policies {
    /// How long to wait before the `retry`-th retry, from 0: twice as long as
    /// before the last, up to 8 times.
    pub fn backoff(&self, retry: u32) -> SimDuration {
        self.common().backoff(retry)
    }

    /// What is in force for a step.
    pub fn step(&self, step: StepId) -> StepPolicy {
        let own = self.steps.get(&step).copied();
        own.unwrap_or_else(|| self.common())
    }

    /// What is in force where nothing of its own is said.
    pub fn common(&self) -> StepPolicy {
        StepPolicy {
            resend_after: self.resend_after,
            give_up_after: self.give_up_after,
            conflict_retries: self.conflict_retries,
            conflict_backoff: self.conflict_backoff,
            parking: self.parking,
        }
    }

    /// How long a saga of so many steps is parked if each is, once doing and once
    /// undoing, and an operator looks.
    pub fn longest_parked(&self, steps: usize) -> SimDuration {
        let all = self.steps.values().copied().chain([self.common()]);
        let longest = all.filter_map(|policy| policy.parking?.lasts).max();
        longest.unwrap_or_default() * (2 * steps as u64)
    }

    /// The shortest time after which anything is sent again or given up.
    pub fn shortest(&self) -> SimDuration {
        let all = self.steps.values().copied().chain([self.common()]);
        let times = all.map(|policy| policy.resend_after.min(policy.give_up_after));
        times.min().unwrap_or(self.resend_after)
    }
}

impl StepPolicy {
    /// As [`Policies::backoff`].
    pub fn backoff(&self, retry: u32) -> SimDuration {
        self.conflict_backoff.doubled(retry)
    }
}

/// What every machine of a run is given at birth: never changes in a run.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Which protocol runs.
    pub protocol: ProtocolKind,
    /// What is being done.
    pub business: Business,
    /// Who lives where.
    pub nodes: Nodes,
    /// How patient the machines are.
    pub policies: Policies,
    /// Which two-phase commit, if it is that.
    pub two_phase: Variant,
    /// Which saga, if it is one.
    pub step_order: StepOrder,
    /// The rules in force.
    pub safeguards: Safeguards,
    /// Which transaction of a mix a request is for.
    pub wanted: Wanted,
}

impl Setting {
    /// The node that clients call about a request, and that answers them.
    pub fn entry(&self, request: RequestId) -> NodeId {
        self.entry_of(self.wanted.by(request))
    }

    /// The node that clients call about the `n`th transaction.
    pub fn entry_of(&self, n: usize) -> NodeId {
        match self.protocol {
            ProtocolKind::TwoPhaseCommit | ProtocolKind::OrchestratedSaga => self.nodes.manager(),
            ProtocolKind::Monolith => self.first_node(),
            ProtocolKind::ChoreographedSaga => self.first_node_of(n),
            ProtocolKind::Own(own) => match (own.entry, own.family) {
                (Entry::Manager, _) => self.nodes.manager(),
                (Entry::FirstService, Family::OneDatabase) => self.first_node(),
                (Entry::FirstService, _) => self.first_node_of(n),
            },
        }
    }

    /// The same for the machines that do the `n`th transaction, and no other.
    pub fn alone(self: &Arc<Self>, n: usize) -> Arc<Setting> {
        match self.business.transactions.is_empty() {
            true => Arc::clone(self),
            false => Arc::new(Setting {
                business: self.business.alone(n),
                wanted: Wanted::One,
                ..Setting::clone(self)
            }),
        }
    }

    /// The last of the steps that are begun together with this one, which is the first
    /// of them: see [`StepOrder::group_from`].
    pub fn last_together(&self, first: StepId) -> StepId {
        let Setting {
            business, policies, ..
        } = self;
        let group = self
            .step_order
            .group_from(self.protocol, business, policies, first);
        group.last
    }

    /// The steps that are begun together with this one, whichever it is of them.
    pub fn group_of(&self, step: StepId) -> StepGroup {
        let Setting {
            business, policies, ..
        } = self;
        if self.step_order == StepOrder::Serial {
            return StepGroup {
                first: step,
                last: step,
            };
        }
        let mut groups = self.step_order.groups(self.protocol, business, policies);
        let group = groups.find(|group| group.contains(step));
        group.expect("every step is in a group")
    }

    /// The node of the first step's service. The monolith lives there, with
    /// every table in that database.
    pub fn first_node(&self) -> NodeId {
        self.nodes.service(self.business.steps[0].service)
    }

    /// The node of the service that does the first step of the `n`th transaction.
    fn first_node_of(&self, n: usize) -> NodeId {
        let first = self.business.steps_of(n).next();
        let first = first.map(|step| self.business.step(step).service);
        first.map_or_else(|| self.first_node(), |service| self.nodes.service(service))
    }
}
