//! Reads the lines of a script. A script that cannot be read is a bug of the
//! test: everything here panics and says what it expected.

use crate::business::{BusinessRow, Facet, Params, Reason, ResourceId};
use crate::protocol::message::{BrokerMsg, ProviderMsg};
use crate::protocol::two_phase_commit::Presumption;
use crate::protocol::{
    ClientOutcome, Durable, Event, EventKind, Key, Letter, LetterBody, LetterId, LogEntry,
    LogState, Outcome, Reply, Role, Safeguard, SagaPhase, Setting, Tag, Value, Wire,
};
use crate::vocab::{
    ClientId, Direction, NodeId, RequestId, RequestKey, ServiceId, SimDuration, StepId, TxId,
};

use super::Scripted;

/// A line, word by word.
pub(crate) struct Words<'a> {
    rest: &'a str,
    line: &'a str,
    setting: &'a Setting,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str, setting: &'a Setting) -> Self {
        Words {
            rest: line.trim(),
            line,
            setting,
        }
    }

    /// The next word; empty at the end of the line.
    pub(crate) fn next(&mut self) -> &'a str {
        let (word, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        self.rest = rest.trim_start();
        word
    }

    /// Whether the line is over.
    pub(crate) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// Everything that is left of the line.
    pub(crate) fn rest(&mut self) -> &'a str {
        std::mem::take(&mut self.rest)
    }

    /// The next word must be this.
    pub(crate) fn expect(&mut self, word: &str) {
        let found = self.next();
        assert_eq!(found, word, "in `{}`", self.line);
    }

    fn wrong(&self, what: &str, word: &str) -> ! {
        panic!("`{word}` is no {what}, in `{}`", self.line)
    }

    fn number<N: std::str::FromStr>(&self, what: &str, word: &str) -> N {
        word.parse().unwrap_or_else(|_| self.wrong(what, word))
    }

    /// `c0.0`, or `c0.0+1`.
    pub(crate) fn key(&mut self) -> RequestKey {
        let word = self.next();
        self.key_of(word)
    }

    fn key_of(&self, word: &str) -> RequestKey {
        let (request, fresh) = word.split_once('+').unwrap_or((word, "0"));
        let (client, n) = request
            .strip_prefix('c')
            .and_then(|r| r.split_once('.'))
            .unwrap_or_else(|| self.wrong("request", word));
        RequestKey {
            request: RequestId {
                client: ClientId(self.number("client", client)),
                n: self.number("request", n),
            },
            fresh: self.number("retry", fresh),
        }
    }

    /// `c0.0#1.0`, or `c0.0` for epoch and attempt 0.
    pub(crate) fn tx(&mut self) -> TxId {
        let word = self.next();
        self.tx_of(word)
    }

    fn tx_of(&self, word: &str) -> TxId {
        let (key, attempt) = word.split_once('#').unwrap_or((word, "0.0"));
        let (epoch, attempt) = attempt
            .split_once('.')
            .unwrap_or_else(|| self.wrong("transaction", word));
        TxId {
            key: self.key_of(key),
            epoch: self.number("epoch", epoch),
            attempt: self.number("attempt", attempt),
        }
    }

    /// `ann/pikachu`: a value for every domain.
    pub(crate) fn params(&mut self) -> Params {
        let word = self.next();
        let mut params = Params::default();
        for (n, (value, domain)) in word
            .split('/')
            .zip(&self.setting.business.domains)
            .enumerate()
        {
            params.0[n] = (0..domain.size)
                .find(|&v| domain.value_name(v) == value)
                .unwrap_or_else(|| self.wrong("value", value));
        }
        params
    }

    /// A step's number, counted from 1 as people do.
    pub(crate) fn step(&mut self) -> StepId {
        let word = self.next();
        StepId(self.number::<u8>("step", word) - 1)
    }

    /// Everything that is left, as a reason in words.
    pub(crate) fn reason(&mut self) -> Reason {
        let words = self.rest();
        let business = &self.setting.business;
        let of_resources = (0..business.resources.len() as u8)
            .map(ResourceId)
            .flat_map(|id| {
                [
                    Reason::Floor(id),
                    Reason::Withdrawn(id),
                    Reason::AlreadyGranted(id),
                    Reason::Changed(id),
                ]
            });
        of_resources
            .chain([
                Reason::Late,
                Reason::Conflict,
                Reason::Amnesia,
                Reason::Cancelled,
                Reason::Overdue,
            ])
            .chain(business.step_ids().map(Reason::TimedOut))
            .find(|reason| business.reason_in_words(*reason) == words)
            .unwrap_or_else(|| self.wrong("reason", words))
    }

    /// `done`, `null`, `refused REASON`.
    pub(crate) fn reply(&mut self) -> Reply {
        match self.next() {
            "done" => Reply::Done,
            "null" => Reply::Null,
            "refused" => Reply::Refused(self.reason()),
            other => self.wrong("reply", other),
        }
    }

    /// `do` or `undo`.
    pub(crate) fn direction(&mut self) -> Direction {
        match self.next() {
            "do" => Direction::Forward,
            "undo" => Direction::Backward,
            other => self.wrong("direction", other),
        }
    }

    pub(super) fn duration(&mut self) -> SimDuration {
        let word = self.rest();
        self.number("duration", word)
    }

    pub(super) fn safeguard(&mut self) -> Safeguard {
        let word = self.next();
        Safeguard::named(word).unwrap_or_else(|| self.wrong("safeguard", word))
    }

    pub(super) fn presumption(&mut self) -> Presumption {
        match self.next() {
            "nothing" => Presumption::Nothing,
            "abort" => Presumption::Abort,
            "commit" => Presumption::Commit,
            other => self.wrong("presumption", other),
        }
    }

    pub(super) fn role(&mut self) -> Role {
        match self.next() {
            "manager" => Role::Manager,
            name => Role::Service(self.service(name)),
        }
    }

    /// A service by its name.
    pub(crate) fn service(&self, name: &str) -> ServiceId {
        let at = self
            .setting
            .business
            .services
            .iter()
            .position(|s| s == name);
        ServiceId(at.unwrap_or_else(|| self.wrong("service", name)) as u8)
    }

    pub(super) fn node(&mut self) -> NodeId {
        let nodes = &self.setting.nodes;
        match self.next() {
            "manager" => nodes.manager(),
            "broker" => nodes.broker(),
            "provider" => nodes.provider(),
            "clients" => nodes.clients(),
            name => nodes.service(self.service(name)),
        }
    }

    /// `work:c0.0#1.0`, or `work:c0.0#1.0:2`.
    pub(super) fn timer_or_call(&mut self) -> Key {
        let word = self.next();
        let mut parts = word.split(':');
        let tag = parts.next().unwrap_or_default();
        let tx = parts.next().unwrap_or_default();
        Key {
            tag: ALL_TAGS
                .into_iter()
                .find(|t| super::writing::tag(*t) == tag)
                .unwrap_or_else(|| self.wrong("tag", tag)),
            tx: if tx == "-" {
                TxId::NOBODY
            } else {
                self.tx_of(tx)
            },
            n: parts.next().map_or(0, |n| self.number("number", n)),
        }
    }

    /// A peer's message, or the broker's, or the provider's.
    pub(super) fn message<M: Scripted>(&mut self) -> Wire<M> {
        match self.next() {
            "confirm" => Wire::Broker(BrokerMsg::Confirm(self.letter_id())),
            "accepted" => Wire::Provider(ProviderMsg::Accepted(self.letter_id())),
            "deliver" => {
                let word = self.next();
                let delivery = self.number("delivery", word);
                let (id, event) = (self.letter_id(), self.event());
                Wire::Broker(BrokerMsg::Deliver {
                    delivery,
                    id,
                    event,
                })
            }
            kind => {
                let tx = self.tx();
                Wire::Peer(M::read(kind, tx, self))
            }
        }
    }

    /// `c0.0#1.0/1/do/0`: transaction, step, direction, place.
    fn letter_id(&mut self) -> LetterId {
        let word = self.next();
        let parts: Vec<&str> = word.split('/').collect();
        let [tx, step, direction, n] = parts[..] else {
            self.wrong("letter", word)
        };
        LetterId {
            tx: self.tx_of(tx),
            step: StepId(self.number::<u8>("step", step) - 1),
            direction: Words::new(direction, self.setting).direction(),
            n: self.number("place", n),
        }
    }

    /// `for STEP`, `for end`.
    fn done_for(&mut self, step: StepId) -> EventKind {
        self.expect("for");
        let word = self.next();
        let next = (word != "end").then(|| Words::new(word, self.setting).step());
        EventKind::DoneFor { step, next }
    }

    /// `TX PARAMS done STEP`, `TX PARAMS done STEP for STEP`, `TX PARAMS failed STEP undo STEP REASON`,
    /// `TX PARAMS over OUTCOME`, `TX PARAMS cancel STEP REASON`.
    fn event(&mut self) -> Event {
        let (tx, params) = (self.tx(), self.params());
        let kind = match self.next() {
            "done" => {
                let step = self.step();
                match self.is_over() {
                    true => EventKind::Done(step),
                    false => self.done_for(step),
                }
            }
            "failed" => {
                let failed = self.step();
                self.expect("undo");
                EventKind::Failed {
                    undo: self.step(),
                    failed,
                    reason: self.reason(),
                }
            }
            "over" => EventKind::Over(self.client_outcome()),
            "cancel" => EventKind::Cancel {
                step: self.step(),
                reason: self.reason(),
            },
            other => self.wrong("event", other),
        };
        Event { tx, params, kind }
    }

    fn letter(&mut self) -> Letter {
        let id = self.letter_id();
        let body = match self.next() {
            "event" => {
                let name = self.next();
                let to = self.service(name);
                let event = self.event();
                LetterBody::Event { to, event }
            }
            "action" => LetterBody::Action(self.action()),
            other => self.wrong("letter", other),
        };
        Letter { id, body }
    }

    /// A row by its name: `mail[ann/pikachu]`.
    fn action(&mut self) -> BusinessRow {
        let word = self.next();
        let business = &self.setting.business;
        (0..business.resources.len() as u8)
            .flat_map(|id| (0..16).map(move |key| (ResourceId(id), key)))
            .map(|(resource, key)| BusinessRow {
                resource,
                facet: Facet::Value,
                key,
            })
            .find(|row| business.row_name(*row) == word)
            .unwrap_or_else(|| self.wrong("row", word))
    }

    pub(super) fn outcome(&mut self) -> Outcome {
        match self.next() {
            "open" => Outcome::Open(self.reads()),
            "prepared" => Outcome::Prepared,
            "read-only" => Outcome::ReadOnly,
            "committed" => self.committed(),
            "refused" => Outcome::Refused(self.reason()),
            "conflict" => Outcome::Conflict,
            "aborted" => Outcome::Aborted,
            "unknown" => Outcome::Unknown,
            "letters" => Outcome::Letters(self.each(Words::letter)),
            other => self.wrong("outcome", other),
        }
    }

    /// `committed [replayed] [REPLY]`, or `committed [replayed] known OUTCOME`
    /// where it read that outcome.
    fn committed(&mut self) -> Outcome {
        let replayed = self.rest.starts_with("replayed");
        if replayed {
            self.next();
        }
        let mut reads = Vec::new();
        if self.rest.starts_with("known") {
            self.next();
            reads.push(Some(Value::Outcome(self.client_outcome())));
        }
        Outcome::Committed {
            reply: if self.is_over() {
                Reply::Done
            } else {
                self.reply()
            },
            replayed,
            reads,
        }
    }

    /// Nothing, or what the rows that were read hold: `reads none` or
    /// `reads REPLY`.
    fn reads(&mut self) -> Vec<Option<Value>> {
        if self.is_over() {
            return Vec::new();
        }
        self.expect("reads");
        if self.rest == "none" {
            self.rest();
            return vec![None];
        }
        vec![Some(Value::Reply(self.reply()))]
    }

    /// `accepted`, `committed`, `refused REASON`.
    pub(crate) fn client_outcome(&mut self) -> ClientOutcome {
        match self.next() {
            "accepted" => ClientOutcome::Accepted,
            "committed" => ClientOutcome::Committed,
            "refused" => ClientOutcome::Refused(self.reason()),
            other => self.wrong("outcome", other),
        }
    }

    /// What the database still knows: facts with `;` between them.
    pub(super) fn durable(&mut self) -> Durable {
        let mut durable = Durable::default();
        self.each(|fact| match fact.next() {
            "prepared" => durable.prepared.push(fact.tx()),
            "log" => {
                let (tx, params) = (fact.tx(), fact.params());
                let state = fact.log_state();
                durable.log.push((tx, LogEntry { params, state }));
            }
            "outcome" => {
                let key = fact.key();
                durable.outcomes.push((key, fact.client_outcome()));
            }
            "unsent" => durable.unsent = true,
            other => fact.wrong("fact", other),
        });
        durable
    }

    fn log_state(&mut self) -> LogState {
        match self.next() {
            "committed" => LogState::Committed,
            "collecting" => LogState::Collecting,
            "aborted" => LogState::Aborted,
            "handed-over" => LogState::HandedOver,
            "parked" => {
                let word = self.next();
                LogState::Parked(self.phase(word))
            }
            word => LogState::Saga(self.phase(word)),
        }
    }

    fn phase(&mut self, word: &str) -> SagaPhase {
        match word {
            "forward" => SagaPhase::Forward(self.step()),
            "undo" => {
                let undo = self.step();
                self.expect("from");
                SagaPhase::Backward {
                    undo,
                    last: self.step(),
                    reason: self.reason(),
                }
            }
            other => self.wrong("log state", other),
        }
    }

    /// Reads what is left in parts, with `;` between them.
    fn each<T>(&mut self, mut read: impl FnMut(&mut Words<'a>) -> T) -> Vec<T> {
        self.rest()
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| read(&mut Words::new(part, self.setting)))
            .collect()
    }
}

const ALL_TAGS: [Tag; 15] = [
    Tag::Work,
    Tag::Undo,
    Tag::Prepare,
    Tag::Finish,
    Tag::Log,
    Tag::End,
    Tag::Outcome,
    Tag::Resend,
    Tag::GiveUp,
    Tag::Retry,
    Tag::Inquire,
    Tag::Poll,
    Tag::Confirm,
    Tag::Mark,
    Tag::Parked,
];
