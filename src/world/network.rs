//! What becomes of a message: a function of its identity and of the faults in
//! force, decided when it is sent.

use crate::fault::{FaultKind, Select, Ways};
use crate::history::LossReason;
use crate::scenario::Network;
use crate::vocab::{Chance, Identity, NodeId, SimDuration, Stream};

/// What the network looks at in a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) kind: &'static str,
    /// Role, request, kind and attempt.
    pub(super) who: Identity,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fate {
    /// When it arrives, from now; or why it never does.
    pub(super) arrives: Result<SimDuration, LossReason>,
    /// When its copy arrives, if there is one.
    pub(super) copy: Option<SimDuration>,
}

/// A fault in force that concerns messages.
#[derive(Clone, Debug)]
struct Rule {
    fault: u32,
    kind: FaultKind,
    /// How many messages it may still strike.
    left: Option<u32>,
}

/// The network's faults in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
}

impl Rules {
    /// A fault begins; those that do not concern messages are ignored.
    pub(super) fn begin(&mut self, fault: u32, kind: &FaultKind) {
        let left = match kind {
            FaultKind::LatencySpike { select, .. }
            | FaultKind::Loss { select, .. }
            | FaultKind::Duplicate { select, .. } => select.most,
            FaultKind::Partition { .. } => None,
            _ => return,
        };
        self.rules.push(Rule {
            fault,
            kind: kind.clone(),
            left,
        });
    }

    /// A fault is over.
    pub(super) fn end(&mut self, fault: u32) {
        self.rules.retain(|rule| rule.fault != fault);
    }

    /// Decides what becomes of a message.
    pub(super) fn fate(&mut self, network: &Network, chance: Chance, message: Envelope) -> Fate {
        let link = network.link(message.from, message.to);
        let who = message.who;
        let mut delay = link.delay.draw(chance, Stream::Latency, who);
        let mut lost = chance
            .happens(Stream::Loss, who, link.loss)
            .then_some(LossReason::Network);
        let mut copy = chance
            .happens(Stream::Duplication, who, link.duplicate)
            .then(|| link.delay.draw(chance, Stream::Latency, who.with(1)));

        for rule in &mut self.rules {
            if !rule.strikes(chance, message) {
                continue;
            }
            match &rule.kind {
                FaultKind::Partition { .. } => lost = Some(LossReason::Partition),
                FaultKind::LatencySpike { extra, .. } => delay += *extra,
                FaultKind::Loss { .. } => lost = Some(LossReason::Network),
                FaultKind::Duplicate { after, .. } => copy = Some(delay + *after),
                _ => {}
            }
        }
        match lost {
            Some(why) => Fate {
                arrives: Err(why),
                copy: None,
            },
            None => Fate {
                arrives: Ok(delay),
                copy,
            },
        }
    }
}

impl Rule {
    /// Whether the fault strikes this message; counts it if it does.
    fn strikes(&mut self, chance: Chance, message: Envelope) -> bool {
        let own = message.who.with(u64::from(self.fault) + 2);
        let chosen = match &self.kind {
            FaultKind::Partition { from, to, ways } => cut(from, to, *ways, message),
            FaultKind::LatencySpike { select, .. } => concerns(select, message),
            FaultKind::Loss { select, rate } => {
                concerns(select, message) && chance.happens(Stream::Loss, own, *rate)
            }
            FaultKind::Duplicate { select, rate, .. } => {
                concerns(select, message) && chance.happens(Stream::Duplication, own, *rate)
            }
            _ => false,
        };
        chosen && spend(&mut self.left)
    }
}

fn cut(from: &[NodeId], to: &[NodeId], ways: Ways, message: Envelope) -> bool {
    let along = from.contains(&message.from) && to.contains(&message.to);
    let against = to.contains(&message.from) && from.contains(&message.to);
    along || (ways == Ways::Both && against)
}

fn concerns(select: &Select, message: Envelope) -> bool {
    select.from.is_none_or(|node| node == message.from)
        && select.to.is_none_or(|node| node == message.to)
        && select
            .kind
            .as_deref()
            .is_none_or(|kind| kind == message.kind)
}

/// Takes one from what is left, if anything is.
fn spend(left: &mut Option<u32>) -> bool {
    match left {
        None => true,
        Some(0) => false,
        Some(n) => {
            *n -= 1;
            true
        }
    }
}
