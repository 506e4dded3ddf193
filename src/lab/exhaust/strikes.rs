//! Which faults can strike at a point, and which of them need not be tried.

use std::collections::BTreeMap;

use super::durations::Durations;
use super::survey::{Sort, Spot};
use crate::fault::{Fault, FaultKind, Moment, Select};
use crate::history::{Point, PointKind};
use crate::scenario::Scenario;
use crate::vocab::{NodeId, Probability, SimDuration};

/// Why a fault is not tried: it is certain that one that is tried shows the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pruned {
    /// Nothing of what it strikes has changed since the last point at which it
    /// was tried: it is that one, begun earlier. (What a process has only in its
    /// memory dies with it, and the message it was taking in with it.)
    Unchanged,
    /// A note comes next, which changes nothing in the world: the fault is tried
    /// at the next point, where a promise's judge has heard the note.
    BeforeANote,
    /// The process that is to stand still has nothing to do until it goes on.
    Idle,
    /// The broker has no database beside its process: its power loss is its
    /// crash.
    SameThing,
}

impl Pruned {
    /// All reasons, in the order in which they are shown.
    pub const ALL: [Pruned; 4] = [
        Pruned::Unchanged,
        Pruned::BeforeANote,
        Pruned::Idle,
        Pruned::SameThing,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Pruned::Unchanged => "unchanged",
            Pruned::BeforeANote => "before a note",
            Pruned::Idle => "idle",
            Pruned::SameThing => "same thing",
        }
    }

    /// The reason in a phrase.
    pub fn meaning(self) -> &'static str {
        match self {
            Pruned::Unchanged => "nothing that the fault strikes has changed since it was tried",
            Pruned::BeforeANote => {
                "a milestone comes next, which changes nothing: it is tried just after"
            }
            Pruned::Idle => "who stands still has nothing to do until it goes on",
            Pruned::SameThing => "a broker that loses power has crashed, no more and no less",
        }
    }
}

/// Whether what is certain to show the same is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pruning {
    /// It is left out, and counted.
    #[default]
    On,
    /// Everything is tried.
    Off,
}

/// A fault, and the point at which it strikes.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What goes wrong, at the point's number.
    pub fault: Fault,
    /// Where the number lies, and what would have come next there.
    pub point: Point,
}

impl Planned {
    /// Whether it differs from another only in that it does not last as long.
    pub(super) fn is_shorter_than(&self, other: &Planned) -> bool {
        let (fault, longer) = (&self.fault, &other.fault);
        self.point == other.point && fault.kind == longer.kind && fault.lasts < longer.lasts
    }
}

/// A fault at a point, and whether it is to be tried.
#[derive(Clone, Debug)]
pub(super) struct Strike {
    pub(super) planned: Planned,
    /// At whose machine, or of whose message.
    pub(super) at: NodeId,
    pub(super) pruned: Option<Pruned>,
}

/// The parts of a machine that faults strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The process dies.
    Process,
    /// The database dies.
    Database,
    /// Both die.
    Machine,
    /// The process stands still.
    Pace,
}

impl Part {
    const ALL: [Part; 4] = [Part::Process, Part::Database, Part::Machine, Part::Pace];

    fn fault(self, node: NodeId) -> FaultKind {
        match self {
            Part::Process => FaultKind::CrashProcess(node),
            Part::Database => FaultKind::CrashDatabase(node),
            Part::Machine => FaultKind::PowerLoss(node),
            Part::Pace => FaultKind::Pause(node),
        }
    }

    /// How long it takes at the most until it is back, once the fault is over.
    fn restart(self, scenario: &Scenario, node: NodeId) -> SimDuration {
        let Some(machine) = scenario.machines.get(node.0 as usize) else {
            return scenario.broker.restart;
        };
        let process = machine.process.restart + machine.database.statement;
        let replay = machine.database.replay * u64::from(machine.database.checkpoint_every);
        let database = machine.database.restart + replay;
        match self {
            Part::Process => process,
            Part::Database => database,
            Part::Machine => process + database,
            Part::Pace => SimDuration::ZERO,
        }
    }

    /// Whether its death, or standstill, is another one after this has happened
    /// at its node.
    fn is_changed_by(self, kind: PointKind) -> bool {
        use PointKind::{
            Answer, Call, Delivery, Fault, Memory, Note, Recovery, Send, Statement, Sync, Timer,
            Wish, Write,
        };
        match kind {
            Recovery | Fault | Wish | Call => true,
            // A process that dies forgets what it was told and what it armed.
            Delivery | Answer | Timer | Memory => self == Part::Pace,
            Send => self != Part::Database,
            Statement | Write | Sync => matches!(self, Part::Database | Part::Machine),
            Note => false,
        }
    }
}

/// Everything that can strike at the spots of a run from the `first` on.
pub(super) struct Field<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) durations: &'a Durations,
    pub(super) spots: &'a [Spot],
    pub(super) first: usize,
    pub(super) pruning: Pruning,
    /// Only faults of these kinds, by name; none: all.
    pub(super) kinds: &'a [&'static str],
}

impl Field<'_> {
    /// Calls `each` with every fault, in the order of the points.
    pub(super) fn strikes(&self, mut each: impl FnMut(Strike)) {
        // What has changed since it was last struck, by node and part.
        let mut changed = vec![[true; 4]; self.scenario.nodes.count()];
        // Where each machine was last seen.
        let mut last: BTreeMap<NodeId, usize> = BTreeMap::new();
        for (n, spot) in self.spots.iter().enumerate().skip(self.first) {
            let node = spot.point.node;
            if node <= self.scenario.nodes.broker() {
                self.strikes_at_machine(n, node, &mut changed[node.0 as usize], &mut each);
                last.insert(node, n);
            }
            for sort in &spot.sent {
                self.strikes_at_message(spot, *sort, &mut each);
            }
            self.happened(spot, &mut changed);
        }
        // What a machine does last has a point after it, too: somebody else's.
        for (node, n) in last {
            if n + 1 < self.spots.len() {
                self.strikes_at_machine(n + 1, node, &mut changed[node.0 as usize], &mut each);
            }
        }
    }

    fn happened(&self, spot: &Spot, changed: &mut [[bool; 4]]) {
        let (node, kind) = (spot.point.node, spot.point.kind);
        match kind {
            // Whose database a reader or the operator asks, and whom the end of a
            // fault concerns, is not looked at: everybody may have changed.
            PointKind::Wish | PointKind::Fault => changed.fill([true; 4]),
            // The broker's memory is all that there is of it between two syncs.
            _ if node == self.scenario.nodes.broker() => changed[node.0 as usize] = [true; 4],
            _ => {
                let here = &mut changed[node.0 as usize];
                for (part, flag) in Part::ALL.iter().zip(here) {
                    *flag |= part.is_changed_by(kind);
                }
            }
        }
    }

    fn strikes_at_machine(
        &self,
        n: usize,
        node: NodeId,
        changed: &mut [bool; 4],
        each: &mut impl FnMut(Strike),
    ) {
        let spot = &self.spots[n];
        let broker = node == self.scenario.nodes.broker();
        for (part, flag) in Part::ALL.into_iter().zip(changed) {
            if broker && part == Part::Database || !self.wants(&part.fault(node)) {
                continue;
            }
            let own = spot.point.node == node;
            let note_comes = own && spot.point.kind == PointKind::Note && self.is_followed(n);
            let everywhere = match part {
                Part::Machine if broker => Some(Pruned::SameThing),
                _ if note_comes => Some(Pruned::BeforeANote),
                _ if !*flag => Some(Pruned::Unchanged),
                _ => None,
            };
            let restart = part.restart(self.scenario, node);
            for lasts in self.durations.lasts(restart) {
                let idle = part == Part::Pace && self.is_idle(n, node, lasts);
                let pruned = everywhere.or(idle.then_some(Pruned::Idle));
                self.tell(spot, node, part.fault(node), lasts, pruned, each);
            }
            if everywhere.is_none() {
                *flag = false;
            }
        }
    }

    /// Whether this spot's node has another one later.
    fn is_followed(&self, n: usize) -> bool {
        let node = self.spots[n].point.node;
        self.spots[n + 1..].iter().any(|s| s.point.node == node)
    }

    /// Whether a process has nothing to do from this spot on, for so long.
    fn is_idle(&self, n: usize, node: NodeId, lasts: SimDuration) -> bool {
        let until = self.spots[n].point.at + lasts;
        let mut meanwhile = self.spots[n..]
            .iter()
            .map(|spot| spot.point)
            .take_while(|point| point.at <= until);
        !meanwhile.any(|point| {
            let database_only = matches!(
                point.kind,
                PointKind::Statement | PointKind::Write | PointKind::Sync
            );
            point.node == node && (!database_only || node == self.scenario.nodes.broker())
                || point.kind == PointKind::Fault
        })
    }

    fn strikes_at_message(&self, spot: &Spot, sort: Sort, each: &mut impl FnMut(Strike)) {
        let select = || Select {
            from: Some(sort.from),
            to: Some(sort.to),
            kind: Some(sort.kind.to_owned()),
            most: Some(1),
        };
        let rate = Probability::ALWAYS;
        let mut kinds = vec![FaultKind::Loss {
            select: select(),
            rate,
        }];
        let copies = [Some(SimDuration::ZERO), self.durations.longest()];
        kinds.extend(copies.into_iter().flatten().map(|after| {
            let select = select();
            FaultKind::Duplicate {
                select,
                rate,
                after,
            }
        }));
        kinds.extend(self.durations.late().map(|extra| {
            let select = select();
            FaultKind::LatencySpike { select, extra }
        }));
        for kind in kinds {
            if self.wants(&kind) {
                // It is over with the message.
                let lasts = SimDuration::from_micros(1);
                self.tell(spot, sort.from, kind, lasts, None, each);
            }
        }
    }

    fn wants(&self, kind: &FaultKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind.name())
    }

    fn tell(
        &self,
        spot: &Spot,
        at: NodeId,
        kind: FaultKind,
        lasts: SimDuration,
        pruned: Option<Pruned>,
        each: &mut impl FnMut(Strike),
    ) {
        let pruned = match self.pruning {
            Pruning::On => pruned,
            Pruning::Off => None,
        };
        let fault = Fault {
            kind,
            when: Moment::Point(spot.point.number),
            lasts,
        };
        let point = spot.point;
        let planned = Planned { fault, point };
        each(Strike {
            planned,
            at,
            pruned,
        });
    }
}
