//! What goes wrong, by plan or drawn from the seed.

use std::ops::Range;

use crate::fault::{Fault, FaultKind, Moment, Seeded, Select, Ways};
use crate::protocol::Milestone;
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{At, FaultFile, SeededFile, WaysFile};
use crate::scenario::names::{self, quote};
use crate::scenario::value::OneOrMany;
use crate::vocab::{NodeId, Probability, SimDuration, SimTime};

use super::Lowering;
use super::cast::Cast;

/// The keys that each kind has, beside those that say when. Those with a `!` it
/// must have.
const KINDS: [(&str, &[&str]); 8] = [
    ("crash", &["target!"]),
    ("database-crash", &["target!"]),
    ("power-loss", &["target!"]),
    ("pause", &["target!"]),
    ("partition", &["from!", "to!", "ways"]),
    (
        "latency-spike",
        &["extra!", "from", "to", "message", "most"],
    ),
    ("loss", &["from", "to", "message", "most", "rate"]),
    (
        "duplicate",
        &["from", "to", "message", "most", "rate", "after"],
    ),
];

/// What messages are called; see [`Wire::kind`](crate::protocol::Wire::kind) and
/// the protocols' own messages.
const MESSAGES: [&str; 20] = [
    "request",
    "reply",
    "work",
    "worked",
    "prepare",
    "vote",
    "commit",
    "abort",
    "ack",
    "inquire",
    "answer",
    "command",
    "undo",
    "step-reply",
    "publish",
    "confirm",
    "deliver",
    "consumer-ack",
    "hand-over",
    "accepted",
];

/// How much later the copy of a duplicated message comes.
const COPY_AFTER: SimDuration = SimDuration::from_millis(1);
const MOST_SEEDED: u64 = 10_000;
const SHORTEST: SimDuration = SimDuration::from_millis(20);
const LONGEST: SimDuration = SimDuration::from_millis(200);
const RATE: f64 = 0.3;

impl Lowering<'_> {
    pub(super) fn faults(&mut self, cast: &Cast) -> Vec<Fault> {
        let file = self.file;
        file.faults
            .iter()
            .filter_map(|entry| {
                let says = entry.says.as_ref()?;
                let kind = self.kind(says, cast);
                let when = self.moment(says, entry.span.clone(), cast);
                let lasts = self.lasts(says, entry.span.clone());
                Some(Fault {
                    kind: kind?,
                    when: when?,
                    lasts: lasts?,
                })
            })
            .collect()
    }

    fn lasts(&mut self, says: &FaultFile, span: Range<usize>) -> Option<SimDuration> {
        if says.lasts.is_none() {
            self.problems.push(
                Problem::at(span, "this fault does not say how long it lasts").help(
                    "all faults end, so that what should finish can finish: `lasts = \"50ms\"`",
                ),
            );
        }
        let lasts = says.lasts.as_ref()?;
        Some(self.positive(Some(lasts), "lasts", SimDuration::ZERO))
    }

    fn kind(&mut self, says: &FaultFile, cast: &Cast) -> Option<FaultKind> {
        let kinds = KINDS.map(|(name, _)| name);
        let n = names::find(
            self.problems,
            &says.kind,
            ("kind of fault", "kinds of fault"),
            &kinds,
        )?;
        self.check_keys(says, n)?;
        match kinds[n] {
            "crash" => self.target(says, cast).map(FaultKind::CrashProcess),
            "database-crash" => self
                .database_target(says, cast)
                .map(FaultKind::CrashDatabase),
            "power-loss" => self.target(says, cast).map(FaultKind::PowerLoss),
            "pause" => self.target(says, cast).map(FaultKind::Pause),
            "partition" => self.partition(says, cast),
            "latency-spike" => {
                let select = self.select(says, cast);
                let extra = self.positive(says.extra.as_ref(), "extra", SimDuration::ZERO);
                Some(FaultKind::LatencySpike {
                    select: select?,
                    extra,
                })
            }
            "loss" => Some(FaultKind::Loss {
                select: self.select(says, cast)?,
                rate: fault_rate(says),
            }),
            _ => Some(FaultKind::Duplicate {
                select: self.select(says, cast)?,
                rate: fault_rate(says),
                after: says.after.as_ref().map_or(COPY_AFTER, |t| t.get_ref().0),
            }),
        }
    }

    /// Whether a fault has the keys of its kind, and no others.
    fn check_keys(&mut self, says: &FaultFile, kind: usize) -> Option<()> {
        let (name, keys) = KINDS[kind];
        let given = [
            ("target", says.target.as_ref().map(At::span)),
            ("from", says.from.as_ref().map(At::span)),
            ("to", says.to.as_ref().map(At::span)),
            ("ways", says.ways.as_ref().map(At::span)),
            ("message", says.message.as_ref().map(At::span)),
            ("most", says.most.as_ref().map(At::span)),
            ("rate", says.rate.as_ref().map(At::span)),
            ("extra", says.extra.as_ref().map(At::span)),
            ("after", says.after.as_ref().map(At::span)),
        ];
        let has = names::list(keys.iter().map(|k| k.trim_end_matches('!')));
        let mut good = Some(());
        for (key, span) in given {
            let known = keys.iter().find(|k| k.trim_end_matches('!') == key);
            let problem = match (span, known) {
                (Some(span), None) => Problem::at(
                    span,
                    format!("`{key}` means nothing for a fault of kind \"{name}\""),
                ),
                (None, Some(k)) if k.ends_with('!') => Problem::at(
                    says.kind.span(),
                    format!("a fault of kind \"{name}\" needs `{key}`"),
                ),
                _ => continue,
            };
            self.problems
                .push(problem.help(format!("beside when and how long, such a fault has: {has}")));
            good = None;
        }
        good
    }

    /// A machine with a process that can stop.
    fn target(&mut self, says: &FaultFile, cast: &Cast) -> Option<NodeId> {
        let target = says.target.as_ref()?;
        let node = self.node(cast, target)?;
        if node > cast.nodes.broker() {
            self.problems.push(
                Problem::at(target.span(), format!("{} has no machine here that could fail", quote(target.get_ref())))
                    .help("manager, services and broker can; provider and clients can be cut off: `kind = \"partition\"`"),
            );
            return None;
        }
        Some(node)
    }

    fn database_target(&mut self, says: &FaultFile, cast: &Cast) -> Option<NodeId> {
        let target = says.target.as_ref()?;
        let node = self.target(says, cast)?;
        if node == cast.nodes.broker() {
            self.problems.push(
                Problem::at(target.span(), "the broker has no database of its own").help(
                    "its log is on its disk: `crash` and `power-loss` are what can happen to it",
                ),
            );
            return None;
        }
        Some(node)
    }

    fn partition(&mut self, says: &FaultFile, cast: &Cast) -> Option<FaultKind> {
        let (from, to) = (says.from.as_ref()?, says.to.as_ref()?);
        let groups = (self.group(from, cast), self.group(to, cast));
        let (from_nodes, to_nodes) = (groups.0?, groups.1?);
        if let Some(both) = from_nodes.iter().find(|n| to_nodes.contains(n)) {
            let name = cast.node_names()[both.0 as usize];
            self.problems.push(
                Problem::at(
                    to.span(),
                    format!("`{name}` is on both sides of this partition"),
                )
                .beside(from.span(), "one side")
                .label("the other"),
            );
        }
        let ways = says.ways.as_ref().map_or(WaysFile::Both, |w| *w.get_ref());
        Some(FaultKind::Partition {
            from: from_nodes,
            to: to_nodes,
            ways: match ways {
                WaysFile::Both => Ways::Both,
                WaysFile::OneWay => Ways::OneWay,
            },
        })
    }

    fn group(&mut self, written: &At<OneOrMany>, cast: &Cast) -> Option<Vec<NodeId>> {
        match written.get_ref() {
            OneOrMany::One(name) => {
                let name = At::new(written.span(), name.clone());
                self.node(cast, &name).map(|n| vec![n])
            }
            OneOrMany::Many(many) => {
                if many.is_empty() {
                    self.problems
                        .push(Problem::at(written.span(), "nobody is on this side"));
                    return None;
                }
                let nodes: Vec<Option<NodeId>> = many.iter().map(|n| self.node(cast, n)).collect();
                nodes.into_iter().collect()
            }
        }
    }

    /// Which messages a fault concerns.
    fn select(&mut self, says: &FaultFile, cast: &Cast) -> Option<Select> {
        let from = self.end(says.from.as_ref(), cast);
        let to = self.end(says.to.as_ref(), cast);
        let kind = says.message.as_ref().map(|message| {
            names::find(self.problems, message, ("message", "messages"), &MESSAGES)
                .map(|_| message.get_ref().clone())
        });
        if let Some(most) = &says.most
            && *most.get_ref() == 0
        {
            self.problems
                .push(Problem::at(most.span(), "`most` cannot be 0").label("at least 1"));
        }
        Some(Select {
            from: from?,
            to: to?,
            kind: match kind {
                Some(kind) => Some(kind?),
                None => None,
            },
            most: says.most.as_ref().map(|m| *m.get_ref()),
        })
    }

    /// One end of the messages concerned; the outer `None` is a mistake.
    fn end(&mut self, written: Option<&At<OneOrMany>>, cast: &Cast) -> Option<Option<NodeId>> {
        let Some(written) = written else {
            return Some(None);
        };
        match self.group(written, cast)?.as_slice() {
            [one] => Some(Some(*one)),
            _ => {
                self.problems.push(
                    Problem::at(
                        written.span(),
                        "messages are chosen by one node at each end",
                    )
                    .help("write a fault for each"),
                );
                None
            }
        }
    }

    /// When a fault begins: at a time, on a milestone, at a numbered point.
    fn moment(&mut self, says: &FaultFile, span: Range<usize>, cast: &Cast) -> Option<Moment> {
        for (key, at) in [
            ("nth", says.nth.as_ref().map(At::span)),
            ("node", says.node.as_ref().map(At::span)),
        ] {
            if let (Some(at), None) = (at, &says.on) {
                self.problems.push(
                    Problem::at(at, format!("`{key}` means nothing without `on`"))
                        .help("it says which time, or where, a milestone is reached"),
                );
            }
        }
        match (&says.at, &says.on, &says.point) {
            (Some(at), None, None) => Some(Moment::At(SimTime::ZERO + at.get_ref().0)),
            (None, Some(on), None) => self.milestone(says, on, cast),
            (None, None, Some(point)) => Some(Moment::Point(*point.get_ref())),
            _ => {
                self.problems.push(
                    Problem::at(span, "this fault must say in one way when it begins")
                        .help("`at = \"400ms\"`, or `on = \"coordinator.all-votes\"` (with `nth` and `node` if need be), or `point = 1234`"),
                );
                None
            }
        }
    }

    fn milestone(&mut self, says: &FaultFile, on: &At<String>, cast: &Cast) -> Option<Moment> {
        let all: Vec<&str> = Milestone::ALL.iter().map(|m| m.name()).collect();
        let written = on.get_ref().as_str();
        let Some(found) = all.iter().position(|&m| m == written) else {
            self.problems.push(no_milestone(on, &all));
            return None;
        };
        let node = match &says.node {
            Some(node) => {
                let id = self.node(cast, node)?;
                self.check_reached(Milestone::ALL[found], node, id, cast);
                Some(id)
            }
            None => None,
        };
        Some(Moment::On {
            milestone: Milestone::ALL[found],
            node,
            nth: self.within(says.nth.as_ref(), "nth", 1, u64::from(u32::MAX), 1),
        })
    }

    /// Whether a milestone can be reached at a node at all.
    fn check_reached(&mut self, milestone: Milestone, node: &At<String>, id: NodeId, cast: &Cast) {
        let nodes = &cast.nodes;
        let service = nodes.service_at(id).is_some();
        let role = milestone.name().split('.').next().unwrap_or_default();
        let (reached, where_) = match role {
            "coordinator" | "orchestrator" => (id == nodes.manager(), "at the manager"),
            "participant" | "step" | "consumer" | "relay" | "monolith" => (service, "at services"),
            "broker" => (id == nodes.broker(), "at the broker"),
            "client" => (id == nodes.clients(), "at the clients"),
            "database" => (
                service || id == nodes.manager(),
                "at machines with a database",
            ),
            _ => (id <= nodes.broker(), "at machines that can fail"),
        };
        if !reached {
            self.problems.push(
                Problem::at(
                    node.span(),
                    format!(
                        "`{milestone}` is never reached at {}",
                        quote(node.get_ref())
                    ),
                )
                .label(format!("only {where_}"))
                .help(format!("what it means: {}", milestone.meaning())),
            );
        }
    }

    pub(super) fn seeded(&mut self) -> Option<Seeded> {
        let says = self.file.seeded.as_ref()?.says.as_ref()?;
        let kinds = self.seeded_kinds(says);
        let from = says
            .from
            .as_ref()
            .map_or(SimTime::ZERO, |t| SimTime::ZERO + t.get_ref().0);
        let until = SimTime::ZERO + says.until.get_ref().0;
        if from > until {
            self.problems.push(
                Problem::at(
                    says.until.span(),
                    "the latest beginning is before the earliest",
                )
                .label("`until` must not be less than `from`"),
            );
        }
        let shortest = self.positive(says.shortest.as_ref(), "shortest", SHORTEST);
        let unsaid = LONGEST.max(shortest);
        let longest = self.positive(says.longest.as_ref(), "longest", unsaid);
        if let Some(said) = &says.longest
            && shortest > longest
        {
            self.problems.push(
                Problem::at(said.span(), "`longest` is less than `shortest`").label(format!(
                    "`shortest` is {}",
                    shortest.to_string().replace(' ', "")
                )),
            );
        }
        let rate = match &says.rate {
            Some(rate) => rate.get_ref().0,
            None => Probability::new(RATE)?,
        };
        Some(Seeded {
            count: self.within(Some(&says.count), "count", 0, MOST_SEEDED, 0),
            kinds,
            from,
            until,
            shortest,
            longest,
            rate,
        })
    }

    fn seeded_kinds(&mut self, says: &SeededFile) -> Vec<&'static str> {
        let Some(kinds) = &says.kinds else {
            return Seeded::KINDS.to_vec();
        };
        if kinds.get_ref().is_empty() {
            self.problems.push(
                Problem::at(kinds.span(), "no kind of fault to draw from").help(format!(
                    "leave `kinds` out for all of them: {}",
                    names::list(Seeded::KINDS)
                )),
            );
        }
        let what = ("kind of fault", "kinds of fault");
        kinds
            .get_ref()
            .iter()
            .filter_map(|kind| names::find(self.problems, kind, what, &Seeded::KINDS))
            .map(|n| Seeded::KINDS[n])
            .collect()
    }
}

fn fault_rate(says: &FaultFile) -> Probability {
    says.rate
        .as_ref()
        .map_or(Probability::ALWAYS, |r| r.get_ref().0)
}

/// No protocol raises this; there are too many milestones to name them all, so
/// those of its role are named.
fn no_milestone(on: &At<String>, all: &[&str]) -> Problem {
    let written = on.get_ref().as_str();
    let role = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut problem = Problem::at(on.span(), format!("no protocol raises {}", quote(written)));
    if let Some(name) = names::meant(written, all.iter().copied()) {
        problem = problem.label(format!("did you mean `{name}`?"));
    }
    let near: Vec<&str> = all
        .iter()
        .copied()
        .filter(|m| role(m) == role(written))
        .collect();
    if near.is_empty() {
        let mut roles: Vec<String> = all.iter().map(|m| role(m)).collect();
        roles.dedup();
        return problem.help(format!(
            "milestones begin with one of {}",
            names::list(roles)
        ));
    }
    problem.help(format!("milestones there: {}", names::list(near)))
}
