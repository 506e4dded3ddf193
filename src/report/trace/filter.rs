//! Which lines of a trace are shown.

use std::collections::BTreeSet;

use super::LEGEND;
use crate::history::{Event, What};
use crate::protocol::{Milestone, message_kinds};
use crate::scenario::Scenario;
use crate::vocab::{NodeId, RequestId, SimDuration, SimTime};

/// Which lines of a trace are shown. Entries of one key are alternatives; all
/// keys must agree. Without entries everything is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    tx: Vec<String>,
    nodes: Vec<NodeId>,
    kinds: Vec<String>,
    from: Option<SimTime>,
    to: Option<SimTime>,
}

/// The keys of a filter, and what each selects.
pub const KEYS: [(&str, &str); 5] = [
    (
        "tx",
        "a transaction as the trace names it: `c3.0` is all attempts of the request",
    ),
    (
        "node",
        "what happens there: manager, a service, broker, provider, clients",
    ),
    (
        "kind",
        "a kind of line (`committed`), of message (`prepare`), or a trigger",
    ),
    ("from", "not before this time: `10ms`"),
    ("to", "not after this time: `50ms`"),
];

impl Filter {
    /// Reads entries like `tx=c3.0`.
    ///
    /// # Errors
    /// An entry that is none, a key that does not exist, or a value that cannot
    /// be meant; with what is accepted.
    pub fn parse(scenario: &Scenario, entries: &[String]) -> Result<Filter, String> {
        let mut filter = Filter::default();
        for entry in entries {
            let Some((key, value)) = entry.split_once('=') else {
                return Err(format!(
                    "the filter `{entry}` is not KEY=VALUE: for example `tx=c3.0`"
                ));
            };
            filter.add(scenario, key.trim(), value.trim())?;
        }
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && from > to
        {
            return Err(format!(
                "nothing happens from {from} to {to}: that ends before it begins"
            ));
        }
        Ok(filter)
    }

    fn add(&mut self, scenario: &Scenario, key: &str, value: &str) -> Result<(), String> {
        match key {
            "tx" => self.tx.push(transaction(value)?),
            "node" => self.nodes.push(node(scenario, value)?),
            "kind" => self.kinds.push(kind(value)?),
            "from" => self.from = Some(time(value)?),
            "to" => self.to = Some(time(value)?),
            _ => {
                let keys = KEYS.map(|(key, _)| format!("`{key}`")).join(", ");
                return Err(format!(
                    "`{key}` is not a key of a filter; accepted are {keys}"
                ));
            }
        }
        Ok(())
    }

    /// Whether it asks for kinds of lines by name.
    pub(super) fn names_kinds(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// How many transactions it follows, whatever happens to them; a filter for
    /// kinds of lines wants nothing else.
    pub(super) fn followed(&self) -> usize {
        if self.names_kinds() {
            return 0;
        }
        let requests: BTreeSet<&str> = self.tx.iter().map(|tx| request_of(tx)).collect();
        requests.len()
    }

    /// Whether it follows this request, or one of its attempts.
    pub(super) fn follows(&self, request: RequestId) -> bool {
        let request = request.to_string();
        self.followed() > 0 && self.tx.iter().any(|tx| request_of(tx) == request)
    }

    /// Whether an event is where and when it looks.
    pub(super) fn is_there_and_then(&self, event: &Event) -> bool {
        self.from.is_none_or(|from| event.at >= from)
            && self.to.is_none_or(|to| event.at <= to)
            && (self.nodes.is_empty() || self.nodes.contains(&event.node))
    }

    /// Whether an event of this kind, which is this one's, is shown.
    pub(super) fn shows(&self, event: &Event, kind: &str, who: &str) -> bool {
        let tx = |tx: &String| {
            let rest = who.strip_prefix(tx.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', '+']))
        };
        let is_kind = |wanted: &String| {
            wanted == kind
                || message(&event.what) == Some(wanted)
                || matches!(&event.what, What::Noted(note) if note.milestone.name() == wanted)
        };
        self.is_there_and_then(event)
            && (self.tx.is_empty() || self.tx.iter().any(tx))
            && (self.kinds.is_empty() || self.kinds.iter().any(is_kind))
    }
}

/// The request that a transaction's name begins with.
fn request_of(tx: &str) -> &str {
    tx.split(['#', '+']).next().unwrap_or(tx)
}

/// What a message is called, if the event is about one.
fn message(what: &What) -> Option<&'static str> {
    match what {
        What::Sent { kind, .. } | What::Delivered { kind, .. } | What::Lost { kind, .. } => {
            Some(kind)
        }
        _ => None,
    }
}

/// A request, or one attempt of it: what stands before `#` or `+` names a request.
fn transaction(name: &str) -> Result<String, String> {
    match request_of(name).parse::<RequestId>() {
        Ok(_) => Ok(name.to_owned()),
        Err(_) => Err(format!(
            "`{name}` is no transaction: `c3.0` is the first request of the client c3, with all \
             its attempts"
        )),
    }
}

fn node(scenario: &Scenario, name: &str) -> Result<NodeId, String> {
    let nodes = (0..scenario.nodes.count() as u16).map(NodeId);
    let names: Vec<(NodeId, String)> = nodes.map(|n| (n, scenario.node_name(n))).collect();
    let found = names.iter().find(|(_, known)| known == name);
    found.map(|(node, _)| *node).ok_or_else(|| {
        let known: Vec<String> = names.iter().map(|(_, name)| format!("`{name}`")).collect();
        format!("no node is called `{name}`; there are {}", known.join(", "))
    })
}

fn kind(name: &str) -> Result<String, String> {
    let lines = LEGEND.iter().map(|(kind, _)| *kind);
    let triggers = Milestone::ALL.iter().map(|milestone| milestone.name());
    let all: Vec<&str> = lines.chain(message_kinds()).chain(triggers).collect();
    if all.contains(&name) {
        return Ok(name.to_owned());
    }
    let like = all
        .iter()
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    Err(match like {
        Some((_, like)) => {
            format!("no line, message or trigger is of the kind `{name}`: did you mean `{like}`?")
        }
        None => format!(
            "no line, message or trigger is of the kind `{name}`: the legend of `--trace` has the \
             lines, `indoubt list triggers` the triggers, and messages are {}",
            message_kinds().join(", ")
        ),
    })
}

fn time(text: &str) -> Result<SimTime, String> {
    let duration: SimDuration = text.parse().map_err(|error| format!("{error}"))?;
    Ok(SimTime::ZERO + duration)
}
