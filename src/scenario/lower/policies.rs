//! How patient the machines are, and how long they remember; which two-phase
//! commit.

use std::collections::BTreeMap;

use crate::fault::{Fault, FaultKind, Seeded};
use crate::protocol::two_phase_commit::Variant;
use crate::protocol::{Parking, Policies, StepPolicy};
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::At;
use crate::scenario::types::{BrokerSpec, Dist, MachineSpec, Network, Workload};
use crate::scenario::value::Time;
use crate::vocab::{Probability, SimDuration, StepId};

use super::Lowering;

/// So often a conflict may be retried.
const MOST_RETRIES: u64 = 1_000;
/// So often a step may be asked for before it is parked.
const MOST_TRIES: u64 = 1_000;

mod default {
    use super::SimDuration;

    pub(super) const RESEND_AFTER: SimDuration = SimDuration::from_millis(20);
    pub(super) const GIVE_UP_AFTER: SimDuration = SimDuration::from_millis(200);
    pub(super) const INQUIRE_AFTER: SimDuration = SimDuration::from_millis(30);
    pub(super) const IDLE_BRANCH_AFTER: SimDuration = SimDuration::from_millis(300);
    pub(super) const CONFLICT_RETRIES: u32 = 8;
    pub(super) const CONFLICT_BACKOFF: SimDuration = SimDuration::from_millis(1);
    pub(super) const POLL_EVERY: SimDuration = SimDuration::from_millis(5);
    pub(super) const RELAY_BATCH: u32 = 32;
    pub(super) const MESSAGE_LIFE: SimDuration = SimDuration::from_secs(5);
}

impl Lowering<'_> {
    pub(super) fn policies(&mut self, life: SimDuration, workload: &Workload) -> Policies {
        let file = self.file;
        let says = &file.policies;
        let give_up_after = self.positive(
            says.give_up_after.as_ref(),
            "give-up-after",
            default::GIVE_UP_AFTER,
        );
        let common = StepPolicy {
            resend_after: self.positive(
                says.resend_after.as_ref(),
                "resend-after",
                default::RESEND_AFTER,
            ),
            give_up_after,
            conflict_retries: self.within(
                says.conflict_retries.as_ref(),
                "conflict-retries",
                0,
                MOST_RETRIES,
                default::CONFLICT_RETRIES,
            ),
            conflict_backoff: self.positive(
                says.conflict_backoff.as_ref(),
                "conflict-backoff",
                default::CONFLICT_BACKOFF,
            ),
            parking: self.parking(says.park_after.as_ref(), says.parked_for.as_ref(), None),
        };
        let steps = self.step_policies(common);
        let longest = steps.values().map(|policy| policy.give_up_after).max();
        let longest = longest.unwrap_or(give_up_after).max(give_up_after);
        let relay_batch = says.relay_batch.as_ref();
        let mut policies = Policies {
            resend_after: common.resend_after,
            give_up_after,
            inquire_after: self.positive(
                says.inquire_after.as_ref(),
                "inquire-after",
                default::INQUIRE_AFTER,
            ),
            idle_branch_after: self.positive(
                says.idle_branch_after.as_ref(),
                "idle-branch-after",
                default::IDLE_BRANCH_AFTER,
            ),
            conflict_retries: common.conflict_retries,
            conflict_backoff: common.conflict_backoff,
            jitter: says
                .jitter
                .as_ref()
                .map_or(Probability::NEVER, |share| share.get_ref().0),
            watchdog: says
                .watchdog
                .as_ref()
                .map(|time| self.positive(Some(time), "watchdog", time.get_ref().0)),
            parking: common.parking,
            poll_every: self.positive(says.poll_every.as_ref(), "poll-every", default::POLL_EVERY),
            relay_batch: self.within(relay_batch, "relay-batch", 1, 10_000, default::RELAY_BATCH)
                as usize,
            retention: SimDuration::ZERO,
            steps,
        };
        let parked = policies.longest_parked(
            self.parts
                .iter()
                .map(|part| part.written.len())
                .max()
                .unwrap_or_default(),
        );
        policies.retention = self.retention(life, workload, longest, parked);
        policies
    }

    /// Which two-phase commit.
    pub(super) fn two_phase(&self) -> Variant {
        let says = &self.file.two_phase;
        Variant {
            presumption: says.presumption,
            read_only_votes: says.read_only_votes,
            prepare: says.prepare,
            locks: says.locks,
            cooperative_termination: says.cooperative_termination,
            one_phase: says.one_phase,
        }
    }

    /// What steps say for themselves.
    fn step_policies(&mut self, common: StepPolicy) -> BTreeMap<StepId, StepPolicy> {
        let file = self.file;
        let mut own = BTreeMap::new();
        let parts = self.parts.clone();
        let ids = parts
            .iter()
            .flat_map(|part| part.written.clone().map(|n| part.id(n)));
        for (entry, id) in file.steps.iter().zip(ids) {
            let Some(says) = &entry.says else { continue };
            let policy = StepPolicy {
                resend_after: self.positive(
                    says.resend_after.as_ref(),
                    "resend-after",
                    common.resend_after,
                ),
                give_up_after: self.positive(
                    says.give_up_after.as_ref(),
                    "give-up-after",
                    common.give_up_after,
                ),
                conflict_retries: self.within(
                    says.conflict_retries.as_ref(),
                    "conflict-retries",
                    0,
                    MOST_RETRIES,
                    common.conflict_retries,
                ),
                conflict_backoff: self.positive(
                    says.conflict_backoff.as_ref(),
                    "conflict-backoff",
                    common.conflict_backoff,
                ),
                parking: self.parking(
                    says.park_after.as_ref(),
                    says.parked_for.as_ref(),
                    common.parking,
                ),
            };
            if policy != common {
                own.insert(id, policy);
            }
        }
        own
    }

    /// When a step is parked; `common` is what holds where it says nothing.
    fn parking(
        &mut self,
        after: Option<&At<u32>>,
        lasts: Option<&At<Time>>,
        common: Option<Parking>,
    ) -> Option<Parking> {
        let unsaid = common.map_or(0, |parking| parking.after);
        let tries = self.within(after, "park-after", 1, MOST_TRIES, unsaid);
        let looked_after = lasts.map(|time| {
            let unsaid = SimDuration::ZERO;
            self.positive(Some(time), "parked-for", unsaid)
        });
        if let (0, None, Some(lasts)) = (tries, after, lasts) {
            self.problems.push(
                Problem::at(lasts.span(), "nothing is ever parked here")
                    .label("how long it would be")
                    .help(
                        "say when it is: `park-after = 8` parks what was asked for 8 times in vain",
                    ),
            );
        }
        (tries > 0).then(|| Parking {
            after: tries,
            lasts: looked_after.or(common.and_then(|parking| parking.lasts)),
        })
    }

    /// How long inbox rows, tombstones and outcomes are kept: longer than a
    /// message can live and a client retries, else a late copy has its effect
    /// again; and longer than a saga can be parked, whose steps look for them.
    fn retention(
        &mut self,
        life: SimDuration,
        workload: &Workload,
        give_up_after: SimDuration,
        parked: SimDuration,
    ) -> SimDuration {
        let says = &self.file.policies;
        let message_life = match &says.message_life {
            Some(said) if said.get_ref().0 < life => {
                self.problems.push(
                    Problem::at(said.span(), "a message can live longer than that")
                        .label(format!("at least {}", words(life)))
                        .help("it may be under way for the longest delay, and wait for all faults and restarts, one after another"),
                );
                life
            }
            Some(said) => said.get_ref().0,
            None => life.max(default::MESSAGE_LIFE),
        };
        let click = workload.double_click.map(|click| longest(click.after));
        let retries = workload.longest_wait() + click.unwrap_or_default();
        let least = message_life + retries + parked;
        match &says.retention {
            Some(said) if said.get_ref().0 <= least => {
                self.problems.push(
                    Problem::at(said.span(), "inbox rows, tombstones and outcomes would be forgotten too soon")
                        .label(format!("more than {}", words(least)))
                        .help(format!(
                            "a message may live {}{}, and a client retries for {}: a copy that comes after its row is forgotten has its effect again",
                            words(message_life),
                            match parked.is_zero() {
                                true => String::new(),
                                false => format!(", a saga may be parked for {}", words(parked)),
                            },
                            words(retries)
                        )),
                );
                least
            }
            Some(said) => said.get_ref().0,
            None => least + give_up_after,
        }
    }
}

/// The longest that a message, or what makes it be sent again, can be under way:
/// the longest delay, all faults one after another, and after each the longest
/// restart. How long it waits for others on a slow link nobody knows beforehand.
pub(super) fn longest_life(
    network: &Network,
    faults: &[Fault],
    seeded: Option<&Seeded>,
    machines: &[MachineSpec],
    broker: &BrokerSpec,
) -> SimDuration {
    let delays = network.links.values().chain([&network.default]);
    let delay = delays.map(|link| longest(link.delay)).max();
    let restarts = machines.iter().map(|machine| {
        let database = &machine.database;
        let replay = database.replay * u64::from(database.checkpoint_every);
        machine.process.restart + database.restart + database.statement + replay
    });
    let restart = restarts.chain([broker.restart]).max().unwrap_or_default();
    let scheduled: SimDuration = faults
        .iter()
        .map(|fault| with_its_tail(fault) + restart)
        .sum();
    let drawn = seeded.map(|s| (s.longest + restart) * u64::from(s.count));
    delay.unwrap_or_default() + scheduled + drawn.unwrap_or_default()
}

/// How long a fault lasts, and by how much it makes a message late.
fn with_its_tail(fault: &Fault) -> SimDuration {
    let late = match &fault.kind {
        FaultKind::LatencySpike { extra, .. } => *extra,
        FaultKind::Duplicate { after, .. } => *after,
        _ => SimDuration::ZERO,
    };
    fault.lasts + late
}

/// What a draw practically never exceeds: an exponential one is longer than 20
/// times its mean once in half a thousand million times.
fn longest(delay: Dist) -> SimDuration {
    match delay {
        Dist::Fixed(d) => d,
        Dist::Uniform(_, to) => to,
        Dist::Exponential { least, mean } => least + mean * 20,
    }
}

/// A duration as a scenario writes it, exactly.
fn words(duration: SimDuration) -> String {
    match duration.as_micros() {
        0 => "0".to_owned(),
        s if s.is_multiple_of(1_000_000) => format!("{}s", s / 1_000_000),
        ms if ms.is_multiple_of(1_000) => format!("{}ms", ms / 1_000),
        us if us < 1_000 => format!("{us}us"),
        us => {
            let text = format!("{}.{:03}", us / 1_000, us % 1_000);
            format!("{}ms", text.trim_end_matches('0'))
        }
    }
}
