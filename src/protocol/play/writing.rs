//! Writes effects in the words of the stage.

use crate::business::Params;
use crate::protocol::machine::Lane;
use crate::protocol::{
    Answer, BrokerMsg, Case, Change, ClientMsg, ClientOutcome, Decision, Detail, Effect, End,
    Event, EventKind, Force, Key, LetterBody, LetterId, LogState, Note, Predicate, ProviderMsg,
    Reply, Row, SagaPhase, Setting, Stamp, Tag, Test, Txn, Value, Wire,
};
use crate::vocab::{NodeId, StepId};

use super::Scripted;

/// The names of a stage.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a>(pub(crate) &'a Setting);

/// A call's or a timer's key: `work:c0.0#1.0:2`.
pub(super) fn key(key: Key) -> String {
    match key.n {
        0 => format!("{}:{}", tag(key.tag), key.tx),
        n => format!("{}:{}:{n}", tag(key.tag), key.tx),
    }
}

/// The name of a tag.
pub(super) fn tag(tag: Tag) -> String {
    let debug = format!("{tag:?}");
    let mut name = String::new();
    for c in debug.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(c.to_lowercase());
    }
    name
}

impl Names<'_> {
    pub(super) fn effect<M: Scripted>(self, effect: &Effect<M>) -> String {
        match effect {
            Effect::Execute {
                call,
                stamp,
                lane,
                branch,
                txn,
                end,
                force,
            } => {
                let what = match (branch, end) {
                    (Some(branch), End::Open) => format!("in branch {branch}"),
                    (Some(branch), End::Prepare(preparing)) => {
                        let no = if preparing.force_no {
                            " or force the no"
                        } else {
                            ""
                        };
                        let release = match preparing.release_read_only {
                            true => " or release what only read",
                            false => "",
                        };
                        format!("prepare branch {branch}{no}{release}")
                    }
                    (Some(branch), End::Commit) => format!("commit branch {branch}"),
                    (None, _) => "commit".to_owned(),
                };
                let lane = match lane {
                    Lane::Work => "by a worker",
                    Lane::Control => "at once",
                };
                let head = format!(
                    "execute {} {what}, {lane}, {}, for {}",
                    key(*call),
                    forced(*force),
                    self.stamp(stamp)
                );
                self.txn(head, txn)
            }
            Effect::Finish {
                call,
                branch,
                decision,
                force,
            } => format!(
                "finish {} {} branch {branch}, {}",
                key(*call),
                decided(*decision),
                forced(*force)
            ),
            Effect::Unsent { call, limit } => {
                format!("read {} at most {limit} letters", key(*call))
            }
            Effect::Send { to, body } => format!("send {}: {}", self.node(*to), self.wire(body)),
            Effect::Arm { key: k, after } => format!("arm {} for {after}", key(*k)),
            Effect::Disarm(k) => format!("disarm {}", key(*k)),
            Effect::Poll { key: k, every } => format!("poll {} every {every}", key(*k)),
            Effect::Observe(note) => self.note(note),
        }
    }

    fn txn(self, mut head: String, txn: &Txn) -> String {
        for row in &txn.reads {
            head.push_str(&format!("\n    read {}", self.row(*row)));
        }
        for case in &txn.cases {
            head.push_str("\n    ");
            head.push_str(&self.case(case));
        }
        head
    }

    fn case(self, case: &Case) -> String {
        let when: Vec<String> = case.when.iter().map(|t| self.test(t)).collect();
        let then: Vec<String> = case.then.iter().map(|c| self.change(c)).collect();
        let answer = match case.answer {
            Answer::Done => "done".to_owned(),
            Answer::Refused(reason) => format!("refuse: {}", self.reason(reason)),
            Answer::Null => "null".to_owned(),
            Answer::Conflict => "conflict".to_owned(),
            Answer::Failed(reason) => format!("fail: {}", self.reason(reason)),
            Answer::Replay(row) => format!("answer {}", self.row(row)),
        };
        let mut text = match when.is_empty() {
            true => String::new(),
            false => format!("if {}: ", when.join(" and ")),
        };
        for change in then {
            text.push_str(&change);
            text.push_str("; ");
        }
        text + &answer
    }

    fn test(self, test: &Test) -> String {
        let row = self.row(test.row);
        let is = match test.is {
            Predicate::Present => "is there".to_owned(),
            Predicate::Absent => "is missing".to_owned(),
            Predicate::Below(n) => format!("< {n}"),
            Predicate::Set => "is set".to_owned(),
            Predicate::Replied(reply) => format!("says {}", self.reply(reply)),
            Predicate::DiffersFrom(row) => format!("is not {}", self.row(row)),
            Predicate::MarkedByOther(tx) => format!("is not {tx}'s"),
            Predicate::LeavesBelow(n) => format!("leaves < {n}"),
        };
        match test.by {
            Some(safeguard) => format!("{row} {is} ({safeguard})"),
            None => format!("{row} {is}"),
        }
    }

    fn change(self, change: &Change) -> String {
        match change {
            Change::Add(row, n) => format!("{} {n:+}", self.row(Row::Business(*row))),
            Change::AddToSeen { row, seen, by } => {
                format!(
                    "{} = {} {by:+}",
                    self.row(Row::Business(*row)),
                    self.row(*seen)
                )
            }
            Change::Remember { memo, of } => {
                format!("put {} {}", self.row(*memo), self.row(Row::Business(*of)))
            }
            Change::Reserve(row, n) => format!("{} {n:+}", self.row(Row::Reserved(*row))),
            Change::Set(row, n) => format!("{} = {n}", self.row(Row::Business(*row))),
            Change::Put { row, value, by } => {
                let by = by.map(|s| format!(" ({s})")).unwrap_or_default();
                format!("put {} {}{by}", self.row(*row), self.value(value))
            }
            Change::Delete(row) => format!("delete {}", self.row(*row)),
            Change::Stage(letter) => {
                format!(
                    "stage {} {}",
                    letter_id(letter.id),
                    self.letter(&letter.body)
                )
            }
        }
    }

    fn row(self, row: Row) -> String {
        match row {
            Row::Business(row) => self.0.business.row_name(row),
            Row::Inbox {
                tx,
                step,
                direction,
            } => format!("inbox[{tx} {direction} {step}]"),
            Row::Tombstone { tx, step } => format!("tombstone[{tx} {step}]"),
            Row::Heard { tx, done, next } => format!("heard[{tx} {done} for {}]", follows(next)),
            Row::Log(tx) => format!("log[{tx}]"),
            Row::Outcome(key) => format!("outcome[{key}]"),
            Row::Outbox(id) => format!("outbox[{}]", letter_id(id)),
            Row::Memo { tx, step, .. } => format!("memo[{tx} {step}]"),
            Row::Mark(row) => format!("mark[{}]", self.0.business.row_name(row)),
            Row::Reserved(row) => format!("reserved[{}]", self.0.business.row_name(row)),
        }
    }

    fn phase(self, phase: SagaPhase) -> String {
        match phase {
            SagaPhase::Forward(step) => format!("forward {step}"),
            SagaPhase::Backward { undo, last, reason } => {
                format!("undo {undo} from {last} {}", self.reason(reason))
            }
        }
    }

    fn value(self, value: &Value) -> String {
        match value {
            Value::Number(n) => n.to_string(),
            Value::Reply(reply) => self.reply(*reply),
            Value::Log(entry) => {
                let state = match entry.state {
                    LogState::Committed => "committed".to_owned(),
                    LogState::CommittedAndForgotten => "committed and forgotten".to_owned(),
                    LogState::Collecting => "collecting".to_owned(),
                    LogState::Aborted => "aborted".to_owned(),
                    LogState::HandedOver => "handed over".to_owned(),
                    LogState::HandedBack => "handed back".to_owned(),
                    LogState::Saga(phase) => self.phase(phase),
                    LogState::Parked(phase) => format!("parked {}", self.phase(phase)),
                };
                format!("{} {state}", self.params(&entry.params))
            }
            Value::Outcome(outcome) => self.client_outcome(*outcome),
            Value::Letter(letter) => self.letter(&letter.body),
            Value::Marker => "set".to_owned(),
            Value::MarkedBy(tx) => tx.to_string(),
        }
    }

    fn letter(self, body: &LetterBody) -> String {
        match body {
            LetterBody::Action(row) => format!("action {}", self.row(Row::Business(*row))),
            LetterBody::Event { to, event } => {
                let to = &self.0.business.services[to.0 as usize];
                format!("event {to} {}", self.event(event))
            }
        }
    }

    fn event(self, event: &Event) -> String {
        let kind = match event.kind {
            EventKind::Done(step) => format!("done {step}"),
            EventKind::DoneFor { step, next } => format!("done {step} for {}", follows(next)),
            EventKind::Failed {
                undo,
                failed,
                reason,
            } => format!("failed {failed} undo {undo} {}", self.reason(reason)),
            EventKind::Over(outcome) => format!("over {}", self.client_outcome(outcome)),
            EventKind::Cancel { step, reason } => {
                format!("cancel {step} {}", self.reason(reason))
            }
        };
        format!("{} {} {kind}", event.tx, self.params(&event.params))
    }

    fn wire<M: Scripted>(self, wire: &Wire<M>) -> String {
        match wire {
            Wire::Client(ClientMsg::Request { key, params, retry }) => {
                format!("request {key} {} retry {retry}", self.params(params))
            }
            Wire::Client(ClientMsg::Cancel { key, params }) => {
                format!("cancel {key} {}", self.params(params))
            }
            Wire::Client(ClientMsg::Reply { key, outcome }) => {
                format!("reply {key} {}", self.client_outcome(*outcome))
            }
            Wire::Broker(BrokerMsg::Publish { to, id, event }) => {
                let to = &self.0.business.services[to.0 as usize];
                format!("publish {} for {to} {}", letter_id(*id), self.event(event))
            }
            Wire::Broker(BrokerMsg::Confirm(id)) => format!("confirm {}", letter_id(*id)),
            Wire::Broker(BrokerMsg::Deliver {
                delivery,
                id,
                event,
            }) => format!(
                "deliver {delivery} {} {}",
                letter_id(*id),
                self.event(event)
            ),
            Wire::Broker(BrokerMsg::Ack { delivery, id }) => {
                format!("consumer-ack {delivery} {}", letter_id(*id))
            }
            Wire::Provider(ProviderMsg::HandOver { id, action, key }) => {
                let key = match key {
                    Some(key) => format!("key {}", letter_id(*key)),
                    None => "no key".to_owned(),
                };
                let action = self.row(Row::Business(*action));
                format!("hand-over {} {action}, {key}", letter_id(*id))
            }
            Wire::Provider(ProviderMsg::Accepted(id)) => format!("accepted {}", letter_id(*id)),
            Wire::Peer(message) => message.write(self),
        }
    }

    fn note(self, note: &Note) -> String {
        let detail = match note.detail {
            Detail::None => String::new(),
            Detail::Step(step) => format!(" step {step}"),
            Detail::Vote { yes } => format!(" {}", if yes { "yes" } else { "no" }),
            Detail::VoteOf { service, yes } => {
                let service = &self.0.business.services[service.0 as usize];
                format!(" {service} {}", if yes { "yes" } else { "no" })
            }
            Detail::Decision(decision) => format!(" {}", decided(decision)),
            Detail::Reason(step, reason) => format!(" step {step}: {}", self.reason(reason)),
            Detail::Asked(step, direction) => format!(" {direction} {step}"),
        };
        format!("note {} {}{detail}", note.milestone, note.tx)
    }

    fn stamp(self, stamp: &Stamp) -> String {
        match (stamp.step, stamp.reason) {
            (Some(step), None) => format!("{} {} {step}", stamp.tx, stamp.direction),
            (Some(step), Some(reason)) => format!(
                "{} {} {step}: {}",
                stamp.tx,
                stamp.direction,
                self.reason(reason)
            ),
            (None, _) => stamp.tx.to_string(),
        }
    }

    /// A value for every domain: `ann/pikachu`.
    pub(crate) fn params(self, params: &Params) -> String {
        let domains = self.0.business.domains.iter().zip(params.0);
        let names: Vec<String> = domains.map(|(d, value)| d.value_name(value)).collect();
        names.join("/")
    }

    /// A reason in words.
    pub(crate) fn reason(self, reason: crate::business::Reason) -> String {
        self.0.business.reason_in_words(reason)
    }

    /// A step's reply.
    pub(crate) fn reply(self, reply: Reply) -> String {
        match reply {
            Reply::Done => "done".to_owned(),
            Reply::Refused(reason) => format!("refused {}", self.reason(reason)),
            Reply::Null => "null".to_owned(),
        }
    }

    fn client_outcome(self, outcome: ClientOutcome) -> String {
        match outcome {
            ClientOutcome::Accepted => "accepted".to_owned(),
            ClientOutcome::Committed => "committed".to_owned(),
            ClientOutcome::Refused(reason) => format!("refused {}", self.reason(reason)),
        }
    }

    fn node(self, node: NodeId) -> String {
        let nodes = &self.0.nodes;
        match nodes.service_at(node) {
            Some(service) => self.0.business.services[service.0 as usize].clone(),
            None if node == nodes.manager() => "manager".to_owned(),
            None if node == nodes.broker() => "broker".to_owned(),
            None if node == nodes.provider() => "provider".to_owned(),
            None => "clients".to_owned(),
        }
    }
}

/// `commit` or `abort`.
pub(crate) fn decided(decision: Decision) -> &'static str {
    match decision {
        Decision::Commit => "commit",
        Decision::Abort => "abort",
    }
}

fn forced(force: Force) -> String {
    match force {
        Force::Always => "forced".to_owned(),
        Force::Guarded(safeguard) => format!("forced ({safeguard})"),
        Force::Lazy => "lazily".to_owned(),
    }
}

fn letter_id(id: LetterId) -> String {
    format!("{}/{}/{}/{}", id.tx, id.step, id.direction, id.n)
}

/// What follows a step that is done: another one, or the end.
fn follows(next: Option<StepId>) -> String {
    next.map_or_else(|| "end".to_owned(), |step| step.to_string())
}
