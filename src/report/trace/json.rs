//! A history as JSON lines: the twin of the lines for programs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::business::BusinessRow;
use crate::history::{Effect, Event, What};
use crate::report::document::schema_of;

/// An event of a trace: one line of `--trace=json`. Moments are microseconds of
/// model time.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceLine<'a> {
    /// Under which protocol.
    pub protocol: &'a str,
    /// When, in microseconds of model time.
    pub at: u64,
    /// Where: manager, a service, broker, provider or clients.
    pub node: &'a str,
    /// What kind of event, as in the legend of `--trace`.
    pub kind: &'a str,
    /// Whose: a transaction, `reader 0`, `operator`; absent if nobody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx: Option<&'a str>,
    /// Of `sent`, `delivered` and `lost`: which message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageEntry<'a>>,
    /// Of `noted`: which trigger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<&'a str>,
    /// Of `prepared`, `committed` and `commit-lost`: the business rows that
    /// change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<EffectEntry>,
    /// Of `prepared` and `committed`: whether its record was on disk when it was
    /// answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durable: Option<bool>,
    /// The same words as in the line of `--trace`.
    pub says: &'a str,
}

/// A message of a trace.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageEntry<'a> {
    /// Its number within the run.
    pub id: u64,
    /// What it is called: `prepare`, `vote`, ...
    pub kind: &'static str,
    /// The other end: the receiver, or for `delivered` the sender.
    pub peer: &'a str,
}

/// A business row that changes.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EffectEntry {
    /// The row, as in the line of `--trace`.
    pub row: String,
    /// Its number before.
    pub before: i64,
    /// Its number after.
    pub after: i64,
}

/// The JSON Schema of a line of `--trace=json`.
pub fn schema() -> schemars::Schema {
    schema_of::<TraceLine<'static>>()
}

/// An event as a line of JSON, without its line break.
pub(super) fn line<'a>(
    protocol: &'a str,
    event: &'a Event,
    (kind, who, says): (&'a str, &'a str, &'a str),
    node: impl Fn(crate::vocab::NodeId) -> &'a str,
    row: impl Fn(BusinessRow) -> String,
) -> String {
    let entry = |effects: &[Effect]| {
        let each = effects.iter().map(|effect| EffectEntry {
            row: row(effect.row),
            before: effect.before,
            after: effect.after,
        });
        each.collect()
    };
    let message = match &event.what {
        What::Sent { id, to, kind, .. } | What::Lost { id, to, kind, .. } => Some((id, *to, *kind)),
        What::Delivered { id, from, kind, .. } => Some((id, *from, *kind)),
        _ => None,
    };
    let (effects, durable) = match &event.what {
        What::Prepared {
            effects, durable, ..
        }
        | What::Committed {
            effects, durable, ..
        } => (entry(effects), Some(*durable)),
        What::CommitLost { effects, .. } => (entry(effects), None),
        _ => (Vec::new(), None),
    };
    let line = TraceLine {
        protocol,
        at: event.at.as_micros(),
        node: node(event.node),
        kind,
        tx: (!matches!(who, "" | "-")).then_some(who),
        message: message.map(|(id, peer, kind)| MessageEntry {
            id: id.0,
            kind,
            peer: node(peer),
        }),
        trigger: match &event.what {
            What::Noted(note) => Some(note.milestone.name()),
            _ => None,
        },
        effects,
        durable,
        says,
    };
    serde_json::to_string(&line)
        .expect("a line is plain data with string keys, which JSON can always hold")
}
