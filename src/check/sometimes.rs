//! What must have happened in some run, or a hunt was a walk in the park: the
//! opposite of promises. (FoundationDB calls them coverage, Antithesis *sometimes*
//! assertions.)
//!
//! Most are derived from the protocols' own transitions: along the path of every
//! role, a process must have died after each milestone and before the next.

use std::fmt;

use crate::business::{ActionKind, Step, StepKind};
use crate::history::{Event, LossReason, Owner, Part, Sink, What};
use crate::protocol::{Family, Milestone, ProtocolKind};
use crate::scenario::{DatabaseSpec, Engine, LockPolicy, Scenario};
use crate::vocab::{Direction, FastMap, FastSet, NodeId, SimDuration, SimTime, TxId};

/// Something that must have happened in some run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sometimes {
    /// A process died when a transaction had come to this milestone there, and
    /// to none that follows it.
    DiedAfter(Milestone),
    /// A process came to this milestone.
    Reached(Milestone),
    /// A restarted database found a prepared branch.
    PreparedSurvived,
    /// A crash took back what was only buffered.
    BufferLost,
    /// A database that looks for deadlocks found one and chose a victim.
    Deadlock,
    /// A younger transaction died rather than wait for an older.
    Died,
    /// An older transaction had a younger one given up.
    Wounded,
    /// A wait for a lock took too long.
    LockTimeout,
    /// A database that does not wait answered a conflict.
    WriteConflict,
    /// Somebody had to wait behind a prepared branch.
    WaitedBehindPrepared,
    /// A step was refused: a business no.
    Refused,
    /// A step was undone.
    Compensated,
    /// The network lost a message.
    LostByNetwork,
    /// A partition stopped a message.
    LostInPartition,
    /// A message came to a process that was down.
    LostAtTheDead,
    /// A message arrived twice.
    Duplicated,
    /// The provider of real actions dropped a repeat.
    RepeatDropped,
    /// A client asked again.
    AskedAgain,
    /// A client gave up without an answer.
    ClientGaveUp,
    /// A database died, and its process lived on.
    DatabaseDiedAlone,
}

/// The paths of the roles: in each, what comes later makes what was before it
/// past.
const PATHS: [&[Milestone]; 7] = [
    &[
        Milestone::CoordinatorBegun,
        Milestone::CoordinatorWorkDone,
        Milestone::CoordinatorAllVotes,
        Milestone::CoordinatorDeciding,
        Milestone::CoordinatorDecided,
        Milestone::CoordinatorDecisionSent,
        Milestone::CoordinatorAllAcks,
        Milestone::CoordinatorEnded,
    ],
    &[
        Milestone::ParticipantWorked,
        Milestone::ParticipantWorkReplied,
        Milestone::ParticipantPrepared,
        Milestone::ParticipantVoted,
        Milestone::ParticipantCommitted,
        Milestone::ParticipantAcked,
    ],
    &[
        Milestone::OrchestratorLogged,
        Milestone::OrchestratorCommandSent,
        Milestone::OrchestratorStepDone,
        Milestone::OrchestratorTurned,
        Milestone::OrchestratorUndone,
        Milestone::OrchestratorEnded,
    ],
    &[Milestone::StepExecuted, Milestone::StepReplied],
    &[Milestone::ConsumerReceived, Milestone::ConsumerAcked],
    &[
        Milestone::RelayPublished,
        Milestone::RelayConfirmed,
        Milestone::RelayMarked,
    ],
    &[Milestone::BrokerReceived, Milestone::BrokerStored],
];

/// Milestones that a run comes to only when something goes wrong.
const RARE: [Milestone; 7] = [
    Milestone::CoordinatorRestarted,
    Milestone::ParticipantInDoubt,
    Milestone::ParticipantInquired,
    Milestone::ParticipantGaveUp,
    Milestone::StepNullCompensation,
    Milestone::StepTooLate,
    Milestone::StepReplayed,
];

/// What nobody comes to who commits in one phase.
const TAKES_TWO_PHASES: [Milestone; 6] = [
    Milestone::CoordinatorAllVotes,
    Milestone::CoordinatorDeciding,
    Milestone::ParticipantPrepared,
    Milestone::ParticipantVoted,
    Milestone::ParticipantInDoubt,
    Milestone::ParticipantInquired,
];

const DEEDS: [Sometimes; 18] = [
    Sometimes::PreparedSurvived,
    Sometimes::BufferLost,
    Sometimes::Deadlock,
    Sometimes::Died,
    Sometimes::Wounded,
    Sometimes::LockTimeout,
    Sometimes::WriteConflict,
    Sometimes::WaitedBehindPrepared,
    Sometimes::Refused,
    Sometimes::Compensated,
    Sometimes::LostByNetwork,
    Sometimes::LostInPartition,
    Sometimes::LostAtTheDead,
    Sometimes::Duplicated,
    Sometimes::RepeatDropped,
    Sometimes::AskedAgain,
    Sometimes::ClientGaveUp,
    Sometimes::DatabaseDiedAlone,
];

/// The path that a milestone belongs to, and the how-many-th it is there.
fn place(milestone: Milestone) -> Option<(usize, usize)> {
    PATHS.iter().enumerate().find_map(|(path, milestones)| {
        let at = milestones.iter().position(|&m| m == milestone)?;
        Some((path, at))
    })
}

impl Sometimes {
    /// All of them, in the order of reports.
    pub fn all() -> Vec<Sometimes> {
        let died = PATHS.iter().flat_map(|path| &path[..path.len() - 1]);
        let died = died.map(|&milestone| Sometimes::DiedAfter(milestone));
        let rare = RARE.into_iter().map(Sometimes::Reached);
        died.chain(rare).chain(DEEDS).collect()
    }

    /// Whether it can happen at all in this scenario under this protocol.
    pub fn is_possible(self, scenario: &Scenario, protocol: ProtocolKind) -> bool {
        let two_phase = protocol.family() == Family::TwoPhase;
        let one_phase = protocol == ProtocolKind::TwoPhaseCommit && scenario.in_one_phase().1;
        let saga = protocol.is_saga();
        let steps = &scenario.business.steps;
        let database = |is: &dyn Fn(Conflicts) -> bool| {
            let mut services = scenario.business.participants().into_iter();
            services.any(|service| {
                let machine = &scenario.machines[scenario.nodes.service(service).0 as usize];
                is(Conflicts::of(&machine.database))
            })
        };
        let policy = |policy| database(&|is| is == Conflicts::Locks(policy));
        match self {
            Sometimes::DiedAfter(
                milestone @ (Milestone::RelayPublished | Milestone::RelayConfirmed),
            ) => {
                milestone.raised_by(protocol)
                    && (protocol.uses_broker() || steps.iter().any(performs))
            }
            Sometimes::DiedAfter(Milestone::OrchestratorTurned | Milestone::OrchestratorUndone)
            | Sometimes::Reached(Milestone::StepNullCompensation | Milestone::StepTooLate) => {
                protocol == ProtocolKind::OrchestratedSaga && has_compensable(scenario)
            }
            Sometimes::DiedAfter(milestone) | Sometimes::Reached(milestone) => {
                milestone.raised_by(protocol)
                    && !(one_phase && TAKES_TWO_PHASES.contains(&milestone))
            }
            Sometimes::PreparedSurvived | Sometimes::WaitedBehindPrepared => {
                two_phase && !one_phase
            }
            Sometimes::Deadlock => policy(LockPolicy::Wait) && locks_two_rows(scenario, saga),
            Sometimes::Died => policy(LockPolicy::WaitDie),
            Sometimes::Wounded => policy(LockPolicy::WoundWait),
            Sometimes::LockTimeout => database(&|is| is != Conflicts::AtOnce),
            Sometimes::WriteConflict => database(&|is| is == Conflicts::AtOnce),
            Sometimes::Refused => steps.iter().any(|step| step.kind != StepKind::Retriable),
            Sometimes::Compensated => saga && has_compensable(scenario),
            Sometimes::RepeatDropped => steps.iter().any(performs),
            Sometimes::DatabaseDiedAlone
            | Sometimes::BufferLost
            | Sometimes::LostByNetwork
            | Sometimes::LostInPartition
            | Sometimes::LostAtTheDead
            | Sometimes::Duplicated
            | Sometimes::AskedAgain
            | Sometimes::ClientGaveUp => true,
        }
    }
}

fn performs(step: &Step) -> bool {
    let mut actions = step.actions.iter();
    actions.any(|action| action.kind == ActionKind::Perform)
}

fn has_compensable(scenario: &Scenario) -> bool {
    let mut steps = scenario.business.steps.iter();
    steps.any(|step| step.kind == StepKind::Compensable)
}

/// Whether one local transaction can hold two rows that another wants the other
/// way round: of a saga, those of one step.
fn locks_two_rows(scenario: &Scenario, saga: bool) -> bool {
    let rows = |steps: &[Step], of: &dyn Fn(&&Step) -> bool| -> usize {
        let actions = steps.iter().filter(of).flat_map(|step| &step.actions);
        actions.filter(|a| a.kind != ActionKind::Perform).count()
    };
    scenario.business.each_alone().any(|business| {
        let steps = &business.steps;
        let together = |step: &Step| match saga {
            true => rows(steps, &|s| s.name == step.name),
            false => rows(steps, &|s| s.service == step.service),
        };
        steps.iter().any(|step| together(step) > 1)
    })
}

impl fmt::Display for Sometimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Sometimes::DiedAfter(milestone) => {
                let next = place(*milestone).map(|(path, at)| PATHS[path][at + 1]);
                return match next {
                    Some(next) => write!(f, "died after {milestone}, before {}", short(next)),
                    None => write!(f, "died after {milestone}"),
                };
            }
            Sometimes::Reached(milestone) => return write!(f, "reached {milestone}"),
            Sometimes::PreparedSurvived => "a prepared branch survived the death of its database",
            Sometimes::BufferLost => "a crash took back what was only buffered",
            Sometimes::Deadlock => "a deadlock had a victim",
            Sometimes::Died => "a younger transaction died rather than wait for an older",
            Sometimes::Wounded => "an older transaction had a younger one given up",
            Sometimes::LockTimeout => "a wait for a lock took too long",
            Sometimes::WriteConflict => "a database answered a write conflict",
            Sometimes::WaitedBehindPrepared => "somebody waited behind a prepared branch",
            Sometimes::Refused => "a step was refused",
            Sometimes::Compensated => "a step was undone",
            Sometimes::LostByNetwork => "the network lost a message",
            Sometimes::LostInPartition => "a partition stopped a message",
            Sometimes::LostAtTheDead => "a message came to a process that was down",
            Sometimes::Duplicated => "a message arrived twice",
            Sometimes::RepeatDropped => "the provider dropped a repeat",
            Sometimes::AskedAgain => "a client asked again",
            Sometimes::ClientGaveUp => "a client gave up without an answer",
            Sometimes::DatabaseDiedAlone => "a database died, and its process lived on",
        };
        f.write_str(text)
    }
}

/// `decided` of `coordinator.decided`.
fn short(milestone: Milestone) -> &'static str {
    let name = milestone.name();
    name.split_once('.').map_or(name, |(_, rest)| rest)
}

/// How a database treats conflicts.
#[derive(Clone, Copy, PartialEq)]
enum Conflicts {
    /// It answers them at once.
    AtOnce,
    /// Somebody may wait, as this policy says.
    Locks(LockPolicy),
}

impl Conflicts {
    fn of(database: &DatabaseSpec) -> Self {
        match (database.engine, database.lock_policy) {
            (Engine::Document, _) | (Engine::Locking, LockPolicy::NoWait) => Conflicts::AtOnce,
            (Engine::Locking, policy) => Conflicts::Locks(policy),
        }
    }
}

/// Takes in a history and says what of it happened.
pub struct Coverage {
    seen: FastSet<Sometimes>,
    /// The latest milestone of every transaction on every path at every node.
    at: FastMap<(NodeId, usize, TxId), usize>,
    prepared: FastSet<(NodeId, TxId)>,
    /// Who waits for a lock, since when.
    waiting: FastMap<(NodeId, Owner), SimTime>,
    /// By node: how it treats conflicts, and how long it lets somebody wait.
    databases: Vec<(Conflicts, SimDuration)>,
    processes_down: FastSet<NodeId>,
}

impl Coverage {
    /// For a run of this scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let machines = scenario.machines.iter();
        Coverage {
            seen: FastSet::default(),
            at: FastMap::default(),
            prepared: FastSet::default(),
            waiting: FastMap::default(),
            databases: machines
                .map(|m| (Conflicts::of(&m.database), m.database.lock_timeout))
                .collect(),
            processes_down: FastSet::default(),
        }
    }

    /// What happened, in order.
    pub fn seen(self) -> Vec<Sometimes> {
        let mut seen: Vec<Sometimes> = self.seen.into_iter().collect();
        seen.sort_unstable();
        seen
    }

    fn reached(&mut self, node: NodeId, milestone: Milestone, tx: TxId) {
        if RARE.contains(&milestone) {
            self.seen.insert(Sometimes::Reached(milestone));
        }
        if let Some((path, at)) = place(milestone) {
            self.at.insert((node, path, tx), at);
        }
    }

    fn died(&mut self, node: NodeId) {
        let seen = &mut self.seen;
        self.at.retain(|&(there, path, _), &mut at| {
            if there != node {
                return true;
            }
            if at + 1 < PATHS[path].len() {
                seen.insert(Sometimes::DiedAfter(PATHS[path][at]));
            }
            false
        });
    }

    fn conflicted(&mut self, node: NodeId, owner: Owner, now: SimTime) {
        let Some(&(conflicts, patience)) = self.databases.get(node.0 as usize) else {
            return;
        };
        let since = self.waiting.remove(&(node, owner));
        let too_long = since.is_some_and(|since| now.since(since) >= patience);
        self.seen.insert(match conflicts {
            Conflicts::AtOnce => Sometimes::WriteConflict,
            Conflicts::Locks(_) if too_long => Sometimes::LockTimeout,
            // Who does not wait, or has waited for less, closed a circle,
            Conflicts::Locks(LockPolicy::Wait) => Sometimes::Deadlock,
            // or gave way to somebody older.
            Conflicts::Locks(LockPolicy::WaitDie) => Sometimes::Died,
            Conflicts::Locks(LockPolicy::WoundWait) => Sometimes::Wounded,
            Conflicts::Locks(LockPolicy::NoWait | LockPolicy::TimeOut) => Sometimes::LockTimeout,
        });
    }
}

impl Sink for Coverage {
    fn event(&mut self, event: &Event) {
        let node = event.node;
        let happened = match &event.what {
            What::Noted(note) => return self.reached(node, note.milestone, note.tx),
            What::Down(Part::Process) => {
                self.processes_down.insert(node);
                return self.died(node);
            }
            What::Up(Part::Process) => {
                self.processes_down.remove(&node);
                return;
            }
            What::Down(Part::Database) if self.processes_down.contains(&node) => return,
            What::Down(Part::Database) => Sometimes::DatabaseDiedAlone,
            What::Quiet { request } => {
                return self.at.retain(|(_, _, tx), _| tx.request() != *request);
            }
            What::Conflicted { owner, .. } => return self.conflicted(node, *owner, event.at),
            What::Waiting { owner, behind, .. } => {
                self.waiting.insert((node, *owner), event.at);
                match behind {
                    Owner::Tx(tx) if self.prepared.contains(&(node, *tx)) => {
                        Sometimes::WaitedBehindPrepared
                    }
                    _ => return,
                }
            }
            What::Locked { owner, .. } => {
                self.waiting.remove(&(node, *owner));
                return;
            }
            What::Prepared { tx, .. } => {
                self.prepared.insert((node, *tx));
                return;
            }
            What::RolledBack { tx, .. } => {
                self.prepared.remove(&(node, *tx));
                return;
            }
            What::Committed { stamp, effects, .. } => {
                self.prepared.remove(&(node, stamp.tx));
                let undone = effects
                    .iter()
                    .any(|effect| effect.stamp.direction == Direction::Backward);
                match undone {
                    true => Sometimes::Compensated,
                    false => return,
                }
            }
            What::Restored { .. } => Sometimes::PreparedSurvived,
            What::CommitLost { .. } | What::PreparedLost { .. } => Sometimes::BufferLost,
            What::Ran {
                refused: Some(_), ..
            } => Sometimes::Refused,
            What::Lost { why, .. } => match why {
                LossReason::Network => Sometimes::LostByNetwork,
                LossReason::Partition => Sometimes::LostInPartition,
                LossReason::Down => Sometimes::LostAtTheDead,
            },
            What::Duplicated { .. } => Sometimes::Duplicated,
            What::HandedOver {
                performed: false, ..
            } => Sometimes::RepeatDropped,
            What::Asked { retry: 1.., .. } => Sometimes::AskedAgain,
            What::GaveUp { .. } => Sometimes::ClientGaveUp,
            _ => return,
        };
        self.seen.insert(happened);
    }
}
