//! A little language for histories.
//!
//! ```text
//! alice asks                      a client wants it for the first time
//! alice asks again
//! alice does take                 a step's local transaction commits
//! alice is refused ship: floor    a step is refused
//! alice undoes take: floor        a compensation commits
//! alice null take                 a compensation found nothing
//! alice works points              a branch's statement ran and saw its rows
//! alice prepares points           … votes points yes, commits points, acks points
//! alice is mailed
//! alice is told committed
//! alice is quiet
//! reader sees points[alice] 50
//! rest points[alice]=50
//! ```
//!
//! Requests are called after the player they are for: `alice` is `c0.0`, `bob`
//! is `c1.0`; both want `pikachu`. `alice+1` is a retry under a fresh key,
//! `alice#1` a second attempt. Four steps: `take` 50 points and `grant` (both
//! compensable), `ship` (the pivot: one of the parcels, of which there is one),
//! and a `mail`.

use smallvec::{SmallVec, smallvec};

use crate::business::equation::{Measure, Term};
use crate::business::{
    Action, ActionKind, Amount, Business, BusinessRow, CheckTime, Compensation, Domain, Equation,
    KeyTemplate, Params, PromiseId, Reason, Resource, ResourceId, ResourceKind, Step, StepKind,
};
use crate::check::{Judge, Verdict, Violation};
use crate::history::{Effect, Event, Left, Owner, Part, Rest, RollbackReason, Sink, What, Written};
use crate::protocol::{
    ClientOutcome, Decision, Detail, LetterId, LogEntry, LogState, Milestone, Nodes, Note,
    Policies, ProtocolKind, Reply, Row, SagaPhase, Stamp, Value,
};
use crate::scenario::{
    Arrivals, BrokerSpec, Choice, DatabaseSpec, Dist, Engine, Link, LockPolicy, MachineSpec,
    Network, Preparation, ProcessSpec, ProviderSpec, Reader, Scenario, Workload,
};
use crate::vocab::{
    ClientId, Direction, FastMap, NodeId, Probability, RequestId, RequestKey, Seed, ServiceId,
    SimDuration, SimTime, StepId, TxId,
};

/// The verdicts on a history under a protocol.
pub(super) fn verdicts(protocol: ProtocolKind, history: &str) -> Vec<(PromiseId, Verdict)> {
    let mut judge = Judge::new(&mall(), protocol);
    for event in events(history) {
        judge.event(&event);
    }
    judge.verdicts()
}

/// The events of a history.
pub(super) fn events(history: &str) -> Vec<Event> {
    let mut teller = Teller::new(mall());
    let lines = history.lines().map(str::trim).filter(|l| !l.is_empty());
    lines.flat_map(|line| teller.tell(line)).collect()
}

/// The verdict on one promise.
pub(super) fn verdict(protocol: ProtocolKind, promise: PromiseId, history: &str) -> Verdict {
    let all = verdicts(protocol, history);
    let found = all.into_iter().find(|(id, _)| *id == promise);
    found.expect("every promise is judged").1
}

/// How the promise broke: its sentence, then its evidence.
pub(super) fn breach(protocol: ProtocolKind, promise: PromiseId, history: &str) -> String {
    match verdict(protocol, promise, history) {
        Verdict::Violated(violation) => told(&violation),
        other => panic!("{promise:?} should be violated, but: {other:?}"),
    }
}

fn told(violation: &Violation) -> String {
    let mut text = violation.what.clone();
    for line in &violation.evidence {
        text += &format!("\n{:>7} {}", line.at.to_string(), line.line);
    }
    if violation.more > 0 {
        text += &format!("\nand {} more", violation.more);
    }
    text
}

const POINTS: ResourceId = ResourceId(0);
const POKEMON: ResourceId = ResourceId(1);
const PARCELS: ResourceId = ResourceId(2);
const MAIL: ResourceId = ResourceId(3);

/// The scenario of all these histories.
pub(super) fn mall() -> Scenario {
    let business = business();
    let nodes = Nodes::new(business.services.len());
    let ms = SimDuration::from_millis;
    Scenario {
        without: Vec::new(),
        name: "mall".to_owned(),
        about: String::new(),
        seed: Seed(1),
        allows: vec![],
        machines: machines(&business),
        nodes,
        broker: BrokerSpec {
            flush: ms(1),
            redeliver_after: ms(100),
            restart: ms(10),
        },
        provider: ProviderSpec {
            service_time: Dist::Fixed(ms(1)),
        },
        network: Network {
            default: Link {
                delay: Dist::Fixed(ms(1)),
                loss: Probability::NEVER,
                duplicate: Probability::NEVER,
                bandwidth: None,
            },
            links: Default::default(),
            sizes: Default::default(),
        },
        two_phase: Default::default(),
        orchestrated_steps: Default::default(),
        choreographed_steps: Default::default(),
        policies: Policies {
            resend_after: ms(10),
            give_up_after: ms(100),
            inquire_after: ms(50),
            idle_branch_after: ms(200),
            conflict_retries: 3,
            conflict_backoff: ms(1),
            poll_every: ms(5),
            relay_batch: 10,
            retention: ms(10_000),
            jitter: crate::vocab::Probability::NEVER,
            watchdog: None,
            parking: None,
            steps: Default::default(),
        },
        workload: Workload {
            transactions: 2,
            arrivals: Arrivals::Open {
                every: ms(1),
                poisson: false,
                ramp: None,
                burst: None,
            },
            choices: vec![Choice::Uniform, Choice::Uniform],
            timeout: ms(500),
            retries: 2,
            backoff: SimDuration::ZERO,
            jitter: crate::vocab::Probability::NEVER,
            retry_budget: None,
            cancel: None,
            double_click: None,
            until: None,
            warm_up: SimDuration::ZERO,
        },
        readers: vec![Reader {
            name: "balance-screen".to_owned(),
            resource: POINTS,
            every: ms(10),
            rows: 1,
        }],
        operator: Vec::new(),
        faults: Vec::new(),
        seeded: None,
        sweep: vec![],
        settle: ms(1_000),
        expectations: Default::default(),
        business,
    }
}

fn machines(business: &Business) -> Vec<MachineSpec> {
    let ms = SimDuration::from_millis;
    let names = std::iter::once("manager").chain(business.services.iter().map(String::as_str));
    names
        .map(|name| MachineSpec {
            name: name.to_owned(),
            process: ProcessSpec {
                workers: 1,
                service_time: Dist::Fixed(ms(1)),
                restart: ms(1),
            },
            database: DatabaseSpec {
                engine: Engine::Locking,
                lock_policy: LockPolicy::Wait,
                prepare: Preparation::Native,
                statement: ms(1),
                flush: ms(1),
                group_commit: ms(0),
                lock_timeout: ms(50),
                lazy_flush: ms(100),
                restart: ms(10),
                replay: ms(0),
                checkpoint_every: 100,
            },
        })
        .collect()
}

fn business() -> Business {
    let domain = |name: &str, names: [&str; 2]| Domain {
        name: name.to_owned(),
        size: 2,
        names: names.map(str::to_owned).to_vec(),
    };
    let resource = |name: &str, service, domains: &[u8], kind| Resource {
        name: name.to_owned(),
        service: ServiceId(service),
        key: KeyTemplate {
            domains: domains.to_vec(),
        },
        kind,
    };
    let counter = |initial| ResourceKind::Counter { initial, floor: 0 };
    let item = KeyTemplate { domains: vec![1] };
    Business {
        first: StepId(0),
        transactions: Vec::new(),
        marked_by_others: Vec::new(),
        services: ["points", "characters", "post"].map(str::to_owned).to_vec(),
        domains: vec![
            domain("player", ["alice", "bob"]),
            domain("character", ["pikachu", "mew"]),
        ],
        resources: vec![
            resource("points", 0, &[0], counter(100)),
            resource("pokemon", 1, &[0, 1], ResourceKind::Entitlement { item }),
            resource("parcels", 2, &[], counter(1)),
            resource("mail", 2, &[0], ResourceKind::Action),
        ],
        steps: steps(),
        equations: vec![no_points_lost()],
    }
}

fn steps() -> Vec<Step> {
    let act = |kind, resource| {
        vec![Action {
            kind,
            resource,
            drawn: None,
            seen: None,
        }]
    };
    let step = |name: &str, service, kind, actions, undo: Option<(&str, Vec<Action>)>| Step {
        name: name.to_owned(),
        service: ServiceId(service),
        kind,
        actions,
        compensation: undo.map(|(name, actions)| Compensation {
            actions,
            name: name.to_owned(),
        }),
        check: CheckTime::Statement,
        no: Default::default(),
        semantic_lock: false,
        releases: None,
        confirms: None,
    };
    let fifty = Amount::Fixed(50);
    let (take, give) = (ActionKind::Take(fifty), ActionKind::Give(fifty));
    let refund = Some(("refund", act(give, POINTS)));
    let revoke = Some(("revoke", act(ActionKind::Revoke, POKEMON)));
    let one = ActionKind::Take(Amount::Fixed(1));
    let mail = act(ActionKind::Perform, MAIL);
    use StepKind::{Compensable, Pivot, Retriable};
    vec![
        step("take", 0, Compensable, act(take, POINTS), refund),
        step(
            "grant",
            1,
            Compensable,
            act(ActionKind::Grant, POKEMON),
            revoke,
        ),
        step("ship", 2, Pivot, act(one, PARCELS), None),
        step("mail", 2, Retriable, mail, None),
    ]
}

fn no_points_lost() -> Equation {
    let term = |factor, measure| Term { factor, measure };
    Equation {
        name: "no points lost without an entitlement".to_owned(),
        per: 0,
        text: "taken(points) - given_back(points) = 50 * granted(pokemon) + in_flight(points)"
            .to_owned(),
        left: vec![
            term(1, Measure::Taken(POINTS)),
            term(-1, Measure::GivenBack(POINTS)),
        ],
        right: vec![
            term(50, Measure::Granted(POKEMON)),
            term(1, Measure::InFlight(POINTS)),
        ],
    }
}

/// Turns lines into events, and knows what the rows hold.
struct Teller {
    scenario: Scenario,
    now: SimTime,
    values: FastMap<BusinessRow, i64>,
    /// What a branch will change, and what a lost commit had changed.
    branches: FastMap<(TxId, NodeId), SmallVec<[Effect; 1]>>,
}

type Words<'a> = [&'a str];

impl Teller {
    fn new(scenario: Scenario) -> Self {
        Teller {
            scenario,
            now: SimTime::ZERO,
            values: FastMap::default(),
            branches: FastMap::default(),
        }
    }

    /// The events of a line.
    fn tell(&mut self, line: &str) -> Vec<Event> {
        self.now += SimDuration::from_millis(1);
        let line = line.replace(':', "");
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "rest" => self.rest(&words[1..]),
            "reader" => self.reader(&words[2..]),
            "manager" => self.manager(words[1]),
            "later" => {
                self.now += SimDuration::from_secs(20);
                Vec::new()
            }
            who => self.request(tx_of(who), &words[1..], &line),
        }
    }

    fn request(&mut self, tx: TxId, words: &Words<'_>, line: &str) -> Vec<Event> {
        let clients = self.scenario.nodes.clients();
        let manager = self.scenario.nodes.manager();
        match *words {
            ["asks", ..] => {
                let what = What::Asked {
                    key: tx.key,
                    params: params(tx.request()),
                    retry: u16::from(words.len() > 1),
                };
                self.at(clients, what)
            }
            ["does", step] => self.one_shot(Stamp::forward(tx, step_of(step))),
            ["undoes", step] => {
                let mut stamp = Stamp::forward(tx, step_of(step));
                stamp.direction = Direction::Backward;
                self.one_shot(stamp)
            }
            ["undoes", step, reason] => {
                self.one_shot(Stamp::backward(tx, step_of(step), reason_of(reason)))
            }
            ["null", step] => self.null(tx, step_of(step)),
            ["is", "refused", step, reason] => self.refused(tx, step_of(step), reason_of(reason)),
            ["turns", step, reason] => {
                let phase = SagaPhase::Backward {
                    undo: step_of(step),
                    last: step_of(step),
                    reason: reason_of(reason),
                };
                self.logged(tx, LogState::Saga(phase))
            }
            ["gives", "up"] => self.noted(manager, Milestone::OrchestratorGaveUp, tx, Detail::None),
            ["is", "told", ..] => {
                let outcome = outcome_of(&words[2..]);
                self.at(
                    clients,
                    What::Told {
                        key: tx.key,
                        outcome,
                    },
                )
            }
            ["is", "quiet"] => {
                let request = tx.request();
                self.at(clients, What::Quiet { request })
            }
            ["is", "mailed"] => self.mailed(tx),
            ["asks-for-votes"] => {
                self.noted(manager, Milestone::CoordinatorWorkDone, tx, Detail::None)
            }
            ["decides", decision] => self.decides(tx, decision),
            [verb, service, ref rest @ ..] => self.branch(tx, verb, service, rest, line),
            _ => panic!("what is `{line}`?"),
        }
    }

    fn at(&self, node: NodeId, what: What) -> Vec<Event> {
        vec![Event {
            at: self.now,
            node,
            what,
        }]
    }

    fn noted(&self, node: NodeId, milestone: Milestone, tx: TxId, detail: Detail) -> Vec<Event> {
        let note = Note {
            milestone,
            tx,
            detail,
        };
        self.at(node, What::Noted(note))
    }

    /// A statement and its commit in one.
    fn one_shot(&mut self, stamp: Stamp) -> Vec<Event> {
        let node = self.node_of(stamp.step.expect("a step"));
        let effects = self.effects(stamp);
        self.apply(&effects);
        let mut events = self.ran(node, stamp, None);
        events.extend(self.at(
            node,
            What::Committed {
                stamp,
                branch: false,
                effects,
                writes: Vec::new(),
                durable: true,
            },
        ));
        events
    }

    fn refused(&mut self, tx: TxId, step: StepId, reason: Reason) -> Vec<Event> {
        let stamp = Stamp::forward(tx, step);
        self.ran(self.node_of(step), stamp, Some(reason))
    }

    fn ran(&self, node: NodeId, stamp: Stamp, refused: Option<Reason>) -> Vec<Event> {
        let forward = stamp.direction == Direction::Forward;
        let rows = self.rows(stamp.tx, stamp.step.expect("a step"));
        let saw = rows.into_iter().filter(|_| forward).collect();
        self.at(
            node,
            What::Ran {
                stamp,
                saw,
                refused,
            },
        )
    }

    fn null(&self, tx: TxId, step: StepId) -> Vec<Event> {
        let direction = Direction::Backward;
        let written = Written {
            row: Row::Inbox {
                tx,
                step,
                direction,
            },
            value: Some(Value::Reply(Reply::Null)),
        };
        self.at(
            self.node_of(step),
            What::Committed {
                stamp: Stamp::backward(tx, step, Reason::TimedOut(step)),
                branch: false,
                effects: SmallVec::new(),
                writes: vec![written],
                durable: true,
            },
        )
    }

    fn mailed(&self, tx: TxId) -> Vec<Event> {
        let id = LetterId {
            tx,
            step: StepId(3),
            direction: Direction::Forward,
            n: 0,
        };
        let business = &self.scenario.business;
        let mail = &business.resources[MAIL.0 as usize];
        let action = mail.row(MAIL, &params(tx.request()), &business.domains);
        self.at(
            self.scenario.nodes.provider(),
            What::HandedOver {
                id,
                action,
                performed: true,
            },
        )
    }

    fn decides(&self, tx: TxId, decision: &str) -> Vec<Event> {
        let manager = self.scenario.nodes.manager();
        let decision = match decision {
            "commit" => Decision::Commit,
            "abort" => Decision::Abort,
            other => panic!("what is `{other}`?"),
        };
        let mut events = Vec::new();
        if decision == Decision::Commit {
            events = self.logged(tx, LogState::Committed);
        }
        let detail = Detail::Decision(decision);
        events.extend(self.noted(manager, Milestone::CoordinatorDecided, tx, detail));
        events
    }

    fn logged(&self, tx: TxId, state: LogState) -> Vec<Event> {
        let entry = LogEntry {
            params: params(tx.request()),
            state,
        };
        let written = Written {
            row: Row::Log(tx),
            value: Some(Value::Log(entry)),
        };
        self.at(
            self.scenario.nodes.manager(),
            What::Committed {
                stamp: Stamp::bookkeeping(tx),
                branch: false,
                effects: SmallVec::new(),
                writes: vec![written],
                durable: true,
            },
        )
    }

    /// What happens to a participant's branch.
    fn branch(
        &mut self,
        tx: TxId,
        verb: &str,
        service: &str,
        rest: &Words<'_>,
        line: &str,
    ) -> Vec<Event> {
        let services = &self.scenario.business.services;
        let service = services.iter().position(|s| s == service);
        let service = ServiceId(service.unwrap_or_else(|| panic!("what is `{line}`?")) as u8);
        let node = self.scenario.nodes.service(service);
        let branch = (tx, node);
        let steps = self
            .scenario
            .business
            .step_ids()
            .zip(&self.scenario.business.steps);
        let last = steps
            .filter(|(_, s)| s.service == service)
            .map(|(id, _)| id)
            .next_back();
        let stamp = Stamp::forward(tx, last.expect("the service has a step"));
        let durable = !rest.contains(&"unforced");
        match (verb, rest) {
            ("works", _) => self.ran(node, self.first_stamp(tx, service), None),
            ("prepares", _) => {
                let effects = self.effects(self.first_stamp(tx, service));
                self.branches.insert(branch, effects.clone());
                self.at(
                    node,
                    What::Prepared {
                        tx,
                        effects,
                        durable,
                    },
                )
            }
            ("votes", [answer]) => {
                let yes = *answer == "yes";
                let mut events =
                    self.noted(node, Milestone::ParticipantVoted, tx, Detail::Vote { yes });
                let manager = self.scenario.nodes.manager();
                let heard = Detail::VoteOf { service, yes };
                events.extend(self.noted(manager, Milestone::CoordinatorVote, tx, heard));
                events
            }
            ("commits", _) => {
                let effects = self.branches[&branch].clone();
                self.apply(&effects);
                self.at(
                    node,
                    What::Committed {
                        stamp,
                        branch: true,
                        effects,
                        writes: Vec::new(),
                        durable,
                    },
                )
            }
            ("loses", _) => {
                let effects = self.branches[&branch].clone();
                self.take_back(&effects);
                self.at(
                    node,
                    What::CommitLost {
                        tx,
                        branch: true,
                        effects,
                        writes: Vec::new(),
                    },
                )
            }
            ("forgets", _) => self.at(node, What::PreparedLost { tx }),
            ("restores", _) => self.at(node, What::Restored { tx }),
            ("acks", _) => self.noted(node, Milestone::ParticipantAcked, tx, Detail::None),
            ("aborts", _) => {
                let mut events = Vec::new();
                if rest.contains(&"alone") {
                    let milestone = Milestone::ParticipantGaveUp;
                    events = self.noted(node, milestone, tx, Detail::None);
                }
                events.extend(self.at(
                    node,
                    What::RolledBack {
                        tx,
                        why: RollbackReason::Asked,
                        prepared: self.branches.contains_key(&branch),
                    },
                ));
                events
            }
            _ => panic!("what is `{line}`?"),
        }
    }

    fn manager(&self, what: &str) -> Vec<Event> {
        let manager = self.scenario.nodes.manager();
        match what {
            "dies" => self.at(manager, What::Down(Part::Process)),
            "restarts" => self.at(manager, What::Up(Part::Process)),
            other => panic!("what is `{other}`?"),
        }
    }

    fn reader(&self, words: &Words<'_>) -> Vec<Event> {
        let node = self.scenario.nodes.service(ServiceId(0));
        let value = words[1].parse().expect("a number");
        self.at(
            node,
            What::Read {
                reader: 0,
                saw: smallvec![(row_of(words[0]), value)],
                waited: SimDuration::ZERO,
            },
        )
    }

    /// The end; what the stores hold is what the effects made of them, unless a
    /// word says otherwise.
    fn rest(&self, words: &Words<'_>) -> Vec<Event> {
        let mut rest = Rest {
            by_itself: !words.contains(&"stopped"),
            ..Rest::default()
        };
        for word in words {
            if let Some((row, value)) = word.split_once('=') {
                let value = value.parse().expect("a number");
                rest.rows.push((row_of(row), value));
            }
            if let Some(who) = word.strip_prefix("locked-by-") {
                let row = Row::Business(row_of("points[alice]"));
                let owner = Owner::Tx(tx_of(who));
                rest.left.push(Left::Lock(NodeId(1), owner, row));
            }
        }
        self.at(NodeId(0), What::Rest(Box::new(rest)))
    }

    fn node_of(&self, step: StepId) -> NodeId {
        let service = self.scenario.business.step(step).service;
        self.scenario.nodes.service(service)
    }

    fn first_stamp(&self, tx: TxId, service: ServiceId) -> Stamp {
        let steps = &self.scenario.business.steps;
        let first = steps.iter().position(|s| s.service == service);
        Stamp::forward(tx, StepId(first.expect("the service has a step") as u8))
    }

    fn rows(&self, tx: TxId, step: StepId) -> Vec<BusinessRow> {
        let business = &self.scenario.business;
        let actions = &business.step(step).actions;
        let performs = |a: &&Action| a.kind != ActionKind::Perform;
        let row = |a: &Action| {
            let resource = &business.resources[a.resource.0 as usize];
            resource.row(a.resource, &params(tx.request()), &business.domains)
        };
        actions.iter().filter(performs).map(row).collect()
    }

    fn effects(&self, stamp: Stamp) -> SmallVec<[Effect; 1]> {
        let step = stamp.step.expect("a step");
        let sign = match stamp.direction {
            Direction::Forward => 1,
            Direction::Backward => -1,
        };
        let rows = self.rows(stamp.tx, step);
        rows.into_iter()
            .map(|row| {
                let change = match row.resource {
                    POINTS => -50,
                    POKEMON => 1,
                    _ => -1,
                };
                let before = self.value(row);
                Effect {
                    stamp,
                    row,
                    before,
                    after: before + sign * change,
                }
            })
            .collect()
    }

    fn value(&self, row: BusinessRow) -> i64 {
        let resource = &self.scenario.business.resources[row.resource.0 as usize];
        let initial = resource.initial(row.facet);
        self.values.get(&row).copied().unwrap_or(initial)
    }

    fn apply(&mut self, effects: &[Effect]) {
        for effect in effects {
            let value = self.value(effect.row) + effect.delta();
            self.values.insert(effect.row, value);
        }
    }

    fn take_back(&mut self, effects: &[Effect]) {
        for effect in effects {
            let value = self.value(effect.row) - effect.delta();
            self.values.insert(effect.row, value);
        }
    }
}

/// `alice`, `alice+1` (a fresh key), `alice#1` (a second attempt).
fn tx_of(who: &str) -> TxId {
    let (name, fresh, attempt) = match (who.split_once('+'), who.split_once('#')) {
        (Some((name, fresh)), _) => (name, fresh.parse(), Ok(0)),
        (None, Some((name, attempt))) => (name, Ok(0), attempt.parse()),
        (None, None) => (who, Ok(0), Ok(0)),
    };
    let (name, n) = name.split_once('/').unwrap_or((name, "0"));
    let client = ClientId(player(name));
    let n = n.parse().expect("a number");
    let request = RequestId { client, n };
    TxId {
        key: RequestKey {
            request,
            fresh: fresh.expect("a number"),
        },
        epoch: 0,
        attempt: attempt.expect("a number"),
    }
}

fn player(name: &str) -> u32 {
    match name {
        "alice" => 0,
        "bob" => 1,
        other => panic!("who is `{other}`?"),
    }
}

fn params(request: RequestId) -> Params {
    Params([request.client.0, 0, 0, 0])
}

fn row_of(name: &str) -> BusinessRow {
    let (resource, key) = name.trim_end_matches(']').split_once('[').expect("a row");
    let resource = match resource {
        "points" => POINTS,
        other => panic!("what is `{other}`?"),
    };
    BusinessRow {
        resource,
        facet: crate::business::Facet::Value,
        key: u64::from(player(key)),
    }
}

fn step_of(name: &str) -> StepId {
    let steps = ["take", "grant", "ship", "mail"];
    let at = steps.iter().position(|s| *s == name);
    StepId(at.unwrap_or_else(|| panic!("what is `{name}`?")) as u8)
}

fn reason_of(name: &str) -> Reason {
    match name {
        "points" => Reason::Floor(POINTS),
        "parcels" => Reason::Floor(PARCELS),
        "withdrawn" => Reason::Withdrawn(POKEMON),
        "time-out" => Reason::TimedOut(StepId(2)),
        other => panic!("what is `{other}`?"),
    }
}

fn outcome_of(words: &Words<'_>) -> ClientOutcome {
    match *words {
        ["accepted"] => ClientOutcome::Accepted,
        ["committed"] => ClientOutcome::Committed,
        ["refused", reason] => ClientOutcome::Refused(reason_of(reason)),
        _ => panic!("what is `{words:?}`?"),
    }
}
