//! What goes wrong by plan.

use std::ops::Range;

use crate::fault::{Fault, FaultKind, Select, Ways};
use crate::protocol::message_kinds;
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{At, FaultFile, WaysFile};
use crate::scenario::names::{self, quote};
use crate::scenario::value::OneOrMany;
use crate::vocab::{NodeId, Probability, SimDuration};

use super::Lowering;
use super::cast::Cast;

/// The keys that a kind has, beside those that say when. Those with a `!` it must
/// have.
fn keys(kind: &str) -> &'static [&'static str] {
    match kind {
        "partition" => &["from!", "to!", "ways"],
        "latency-spike" => &["extra!", "from", "to", "message", "most"],
        "loss" => &["from", "to", "message", "most", "rate"],
        "duplicate" => &["from", "to", "message", "most", "rate", "after"],
        // Something that dies, or stands still.
        _ => &["target!"],
    }
}

/// How much later the copy of a duplicated message comes.
const COPY_AFTER: SimDuration = SimDuration::from_millis(1);

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
        let kinds = FaultKind::NAMES;
        let n = names::find(
            self.problems,
            &says.kind,
            ("kind of fault", "kinds of fault"),
            &kinds,
        )?;
        self.check_keys(says, kinds[n])?;
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
    fn check_keys(&mut self, says: &FaultFile, name: &str) -> Option<()> {
        let keys = keys(name);
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
            names::find(
                self.problems,
                message,
                ("message", "messages"),
                &message_kinds(),
            )
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
}

fn fault_rate(says: &FaultFile) -> Probability {
    says.rate
        .as_ref()
        .map_or(Probability::ALWAYS, |r| r.get_ref().0)
}
