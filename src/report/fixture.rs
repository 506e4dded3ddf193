//! A scenario and made-up trials, for tests of what they look like.

use std::collections::BTreeMap;

use crate::business::{
    Action, ActionKind, Amount, Business, BusinessRow, CheckTime, Compensation, Domain, Equation,
    Facet, KeyTemplate, PromiseId, Resource, ResourceId, ResourceKind, Step, StepKind,
};
use crate::check::{Evidence, Verdict, Violation};
use crate::fault::{Fault, FaultKind, FaultPlan, Moment, Ways};
use crate::history::{Digest, Owner};
use crate::lab::{Hosts, Trial};
use crate::measure::{Doubt, Figures, Incidents, Quantiles, Shortage, Wait};
use crate::protocol::{Milestone, Nodes, Policies, ProtocolKind, Safeguard, Safeguards};
use crate::report::Invocation;
use crate::scenario::{
    Arrivals, BrokerSpec, Choice, DatabaseSpec, Dist, Engine, Expectation, Link, LockPolicy,
    MachineSpec, Network, Preparation, ProcessSpec, ProviderSpec, Scenario, Workload,
};
use crate::vocab::{
    ClientId, NodeId, Probability, RequestId, RequestKey, Seed, ServiceId, SimDuration, SimTime,
    StepId, TxId,
};

const MS: fn(u64) -> SimDuration = SimDuration::from_millis;

/// Points against characters, as in the mall.
pub(crate) fn scenario() -> Scenario {
    let expectations = [
        ProtocolKind::OrchestratedSaga,
        ProtocolKind::ChoreographedSaga,
    ]
    .map(|saga| ((saga, PromiseId::Isolation), Expectation::MayBreak));
    let link = Link {
        delay: Dist::Fixed(SimDuration::from_micros(250)),
        loss: Probability::NEVER,
        duplicate: Probability::NEVER,
        bandwidth: None,
    };
    Scenario {
        without: Vec::new(),
        name: "points-mall".to_owned(),
        about: "Players spend 50 points on a character, which may be withdrawn from sale before \
                they get it. More about it is in the file."
            .to_owned(),
        seed: Seed(7),
        allows: vec![],
        business: business(),
        nodes: Nodes::new(2),
        machines: vec![
            machine("manager", Engine::Locking, Preparation::Native),
            machine("points", Engine::Locking, Preparation::Native),
            machine("characters", Engine::Document, Preparation::Intents),
        ],
        broker: BrokerSpec {
            flush: MS(1),
            redeliver_after: MS(100),
            restart: MS(50),
        },
        provider: ProviderSpec {
            service_time: Dist::Fixed(MS(2)),
        },
        network: Network {
            default: link,
            links: BTreeMap::new(),
            sizes: Default::default(),
        },
        two_phase: Default::default(),
        orchestrated_steps: Default::default(),
        choreographed_steps: Default::default(),
        policies: policies(),
        workload: Workload {
            transactions: 2_000,
            arrivals: Arrivals::Closed {
                clients: 20,
                think: Dist::Fixed(MS(1)),
            },
            choices: vec![Choice::Uniform, Choice::Zipf(0.9)],
            timeout: MS(400),
            retries: 3,
            backoff: SimDuration::ZERO,
            jitter: crate::vocab::Probability::NEVER,
            retry_budget: None,
            cancel: None,
            double_click: None,
            until: None,
            warm_up: SimDuration::ZERO,
        },
        readers: vec![],
        operator: vec![],
        faults: vec![],
        seeded: None,
        sweep: vec![],
        settle: SimDuration::from_secs(5),
        expectations: expectations.into_iter().collect(),
    }
}

fn business() -> Business {
    let action = |kind, resource| Action {
        kind,
        resource: ResourceId(resource),
        drawn: None,
        seen: None,
    };
    let key = |domains: &[u8]| KeyTemplate {
        domains: domains.to_vec(),
    };
    let step = |name: &str, service, kind, action, compensation| Step {
        name: name.to_owned(),
        service: ServiceId(service),
        kind,
        actions: vec![action],
        compensation,
        check: CheckTime::Statement,
        no: Default::default(),
        semantic_lock: false,
        releases: None,
        confirms: None,
    };
    let refund = Compensation {
        actions: vec![action(ActionKind::Give(Amount::Fixed(50)), 0)],
        name: "refund".to_owned(),
    };
    let domain = |name: &str, size, names: &[&str]| Domain {
        name: name.to_owned(),
        size,
        names: names.iter().map(|&name| name.to_owned()).collect(),
    };
    let resource = |name: &str, service, key, kind| Resource {
        name: name.to_owned(),
        service: ServiceId(service),
        key,
        kind,
    };
    Business {
        first: StepId(0),
        transactions: Vec::new(),
        marked_by_others: Vec::new(),
        services: vec!["points".to_owned(), "characters".to_owned()],
        domains: vec![
            domain("player", 200, &[]),
            domain("character", 20, &["pikachu", "mewtwo"]),
        ],
        resources: vec![
            resource(
                "points",
                0,
                key(&[0]),
                ResourceKind::Counter {
                    initial: 500,
                    floor: 0,
                },
            ),
            resource(
                "pokemon",
                1,
                key(&[0, 1]),
                ResourceKind::Entitlement { item: key(&[1]) },
            ),
            resource("mail", 1, key(&[0, 1]), ResourceKind::Action),
        ],
        steps: vec![
            step(
                "spend",
                0,
                StepKind::Compensable,
                action(ActionKind::Take(Amount::Fixed(50)), 0),
                Some(refund),
            ),
            step(
                "grant",
                1,
                StepKind::Pivot,
                action(ActionKind::Grant, 1),
                None,
            ),
            step(
                "welcome",
                1,
                StepKind::Retriable,
                action(ActionKind::Perform, 2),
                None,
            ),
        ],
        equations: vec![Equation {
            name: "no points lost without an entitlement".to_owned(),
            per: 0,
            text: "taken(points) - given_back(points) = 50 * granted(pokemon)".to_owned(),
            left: vec![],
            right: vec![],
        }],
    }
}

fn machine(name: &str, engine: Engine, prepare: Preparation) -> MachineSpec {
    MachineSpec {
        name: name.to_owned(),
        process: ProcessSpec {
            workers: 8,
            service_time: Dist::Fixed(SimDuration::from_micros(200)),
            restart: MS(50),
        },
        database: DatabaseSpec {
            engine,
            lock_policy: LockPolicy::Wait,
            prepare,
            statement: SimDuration::from_micros(100),
            flush: MS(1),
            group_commit: SimDuration::ZERO,
            lock_timeout: MS(200),
            lazy_flush: MS(10),
            restart: MS(20),
            replay: SimDuration::from_micros(2),
            checkpoint_every: 1_000,
        },
    }
}

fn policies() -> Policies {
    Policies {
        resend_after: MS(50),
        give_up_after: MS(300),
        inquire_after: MS(50),
        idle_branch_after: MS(500),
        conflict_retries: 5,
        conflict_backoff: MS(5),
        poll_every: MS(10),
        relay_batch: 16,
        retention: SimDuration::from_secs(10),
        jitter: crate::vocab::Probability::NEVER,
        watchdog: None,
        parking: None,
        steps: Default::default(),
    }
}

/// A plan of three faults.
pub(crate) fn plan() -> FaultPlan {
    let fault = |kind, when, lasts| Fault { kind, when, lasts };
    FaultPlan {
        faults: vec![
            fault(
                FaultKind::PowerLoss(NodeId(1)),
                Moment::At(SimTime::from_micros(412_000)),
                MS(120),
            ),
            fault(
                FaultKind::CrashProcess(NodeId(0)),
                Moment::On {
                    milestone: Milestone::CoordinatorDeciding,
                    node: None,
                    nth: 40,
                },
                MS(300),
            ),
            fault(
                FaultKind::Partition {
                    from: vec![NodeId(2)],
                    to: vec![NodeId(0), NodeId(1), NodeId(3)],
                    ways: Ways::Both,
                },
                Moment::At(SimTime::from_micros(1_210_000)),
                MS(80),
            ),
        ],
    }
}

/// As the command line gives it.
pub(crate) fn invocation() -> Invocation {
    Invocation {
        file: "scenarios/points-mall.toml".to_owned(),
        seed: Seed(7),
        without: vec![],
        transactions: None,
        swarm: false,
        sets: vec![],
    }
}

/// Four trials in which only the sagas' isolation breaks.
pub(crate) fn trials(scenario: &Scenario) -> Vec<Trial> {
    ProtocolKind::ALL
        .into_iter()
        .map(|protocol| trial(scenario, protocol))
        .collect()
}

/// The same without the outbox: the choreographed saga loses points.
pub(crate) fn trials_without_outbox(scenario: &Scenario) -> Vec<Trial> {
    let mut trials = trials(scenario);
    for trial in &mut trials {
        trial.safeguards = Safeguards::all().without(Safeguard::Outbox);
        trial.hosts = Hosts::Direct;
    }
    let broken = &mut trials[3];
    broken.figures.undecided = 12;
    broken.figures.unknown = 12;
    broken.figures.committed -= 12;
    for (promise, verdict, _) in &mut broken.verdicts {
        if matches!(promise, PromiseId::AllOrNothing | PromiseId::Equation(_)) {
            *verdict = Verdict::Violated(points_lost());
        }
        if *promise == PromiseId::EverythingEnds {
            *verdict = Verdict::Inconclusive {
                why: "the run was stopped at its time limit, while faults still lasted".to_owned(),
            };
        }
    }
    trials
}

fn trial(scenario: &Scenario, protocol: ProtocolKind) -> Trial {
    let nth = ProtocolKind::ALL.iter().position(|p| *p == protocol);
    let (not_applicable, never_struck) = match protocol {
        ProtocolKind::Monolith | ProtocolKind::ChoreographedSaga => (vec![1], vec![]),
        ProtocolKind::OrchestratedSaga => (vec![], vec![1]),
        ProtocolKind::TwoPhaseCommit | ProtocolKind::Own(_) => (vec![], vec![]),
    };
    let verdicts = scenario
        .promises()
        .into_iter()
        .map(|promise| {
            let verdict = match promise {
                PromiseId::Isolation if protocol.is_saga() => Verdict::Violated(dirty_read()),
                _ => Verdict::Holds,
            };
            (promise, verdict, scenario.expects(protocol, promise))
        })
        .collect();
    Trial {
        protocol,
        seed: Seed(7),
        safeguards: Safeguards::all(),
        plan: plan(),
        not_applicable,
        never_struck,
        digest: Digest(0x5f0c_9e1d_22b7_04aa ^ nth.unwrap_or(4) as u64),
        hosts: Hosts::Agree,
        events: 41_233,
        ended: SimTime::from_micros(3_204_120),
        verdicts,
        figures: figures(protocol),
    }
}

fn figures(protocol: ProtocolKind) -> Figures {
    let mut figures = costs(protocol);
    let within = figures.throughput * figures.window.as_secs_f64();
    figures.commits = vec![SimTime::ZERO; libm::round(within) as usize];
    figures
}

fn costs(protocol: ProtocolKind) -> Figures {
    let q = |count, p50, p95, p99, max| Quantiles {
        count,
        p50: SimDuration::from_micros(p50),
        p95: SimDuration::from_micros(p95),
        p99: SimDuration::from_micros(p99),
        p999: SimDuration::from_micros(max),
        max: SimDuration::from_micros(max),
    };
    let us = SimDuration::from_micros;
    let request = |client, n| RequestId {
        client: ClientId(client),
        n,
    };
    let tx = |client, n| TxId {
        key: RequestKey {
            request: request(client, n),
            fresh: 0,
        },
        epoch: 1,
        attempt: 0,
    };
    let points = |key| BusinessRow {
        resource: ResourceId(0),
        facet: Facet::Value,
        key,
    };
    let short = |rows, key, longest| Shortage {
        rows,
        by: (50, 50),
        longest: us(longest),
        to_the_end: false,
        row: points(key),
        request: request(5, 2),
    };
    let base = Figures {
        started: 2_000,
        committed: 1_811,
        refused: 189,
        window: us(1_903_220),
        ..Figures::default()
    };
    match protocol {
        ProtocolKind::Monolith => Figures {
            throughput: 951.5,
            latency: q(2_000, 3_120, 8_200, 121_000, 161_450),
            accepted: q(2_000, 3_120, 8_200, 121_000, 161_450),
            messages: 2.0,
            local_transactions: 2.01,
            forced_writes: 1.0,
            lock_wait: q(210, 1_200, 3_400, 8_000, 121_900),
            blocked: 204,
            lock_hold: q(3_800, 1_350, 1_900, 2_300, 122_400),
            ..base
        },
        ProtocolKind::TwoPhaseCommit => Figures {
            throughput: 412.3,
            latency: q(1_998, 11_400, 48_000, 322_000, 471_000),
            accepted: q(1_998, 11_400, 48_000, 322_000, 471_000),
            messages: 14.2,
            local_transactions: 6.1,
            forced_writes: 5.03,
            lock_wait: q(1_377, 6_100, 33_000, 201_000, 310_000),
            blocked: 912,
            lock_hold: q(3_900, 6_850, 9_900, 121_000, 421_000),
            prepared: 3_700,
            longest_in_doubt: us(300_120),
            incidents: Incidents {
                doubt: Some(Doubt {
                    tx: tx(3, 17),
                    node: NodeId(1),
                    lasted: us(300_120),
                    kept: 41,
                    wanted: Some((points(3), 41)),
                }),
                wait: Some(Wait {
                    who: Owner::Tx(tx(9, 1)),
                    row: points(3),
                    behind: Owner::Tx(tx(3, 17)),
                    lasted: us(310_000),
                }),
                shortages: vec![short(150, 3, 300_900)],
            },
            longest_inconsistency: us(300_900),
            inconsistent: 1_640,
            undecided: 2,
            unknown: 2,
            ..base
        },
        ProtocolKind::OrchestratedSaga => Figures {
            throughput: 640.0,
            latency: q(2_000, 14_200, 31_000, 401_000, 512_000),
            accepted: q(2_000, 14_200, 31_000, 401_000, 512_000),
            messages: 8.4,
            local_transactions: 7.2,
            forced_writes: 7.1,
            lock_wait: q(320, 900, 1_800, 2_900, 9_400),
            blocked: 311,
            lock_hold: q(3_900, 1_350, 1_900, 2_400, 122_000),
            longest_inconsistency: us(512_000),
            incidents: Incidents {
                shortages: vec![short(187, 8, 512_000)],
                ..Incidents::default()
            },
            inconsistent: 1_990,
            compensated: 102,
            ..base
        },
        ProtocolKind::Own(_) => Figures::default(),
        ProtocolKind::ChoreographedSaga => Figures {
            throughput: 702.9,
            latency: q(2_000, 31_800, 61_000, 600_000, 3_100_000),
            accepted: q(2_000, 2_600, 6_000, 121_000, 150_000),
            messages: 10.9,
            local_transactions: 8.7,
            forced_writes: 6.4,
            lock_wait: q(290, 900, 1_800, 2_900, 9_100),
            blocked: 288,
            lock_hold: q(3_900, 1_350, 1_900, 2_400, 122_000),
            longest_inconsistency: us(3_100_000),
            incidents: Incidents {
                shortages: vec![short(190, 12, 3_100_000)],
                ..Incidents::default()
            },
            inconsistent: 1_985,
            compensated: 99,
            ..base
        },
    }
}

fn dirty_read() -> Violation {
    let line = |ms: u64, line: &str| Evidence {
        at: SimTime::from_micros(ms * 1_000 + 331),
        line: line.to_owned(),
    };
    Violation {
        how: "half done",
        at: SimTime::from_micros(418_331),
        request: Some(RequestId {
            client: ClientId(3),
            n: 17,
        }),
        what: "c3.17 was refused for want of points[player-3] that c1.4 had taken and gave back \
               later."
            .to_owned(),
        evidence: vec![
            line(410, "c1.4 spends: points[player-3] 80 -> 30"),
            line(412, "c3.17 is refused: not enough points (30 of 50)"),
            line(
                418,
                "c1.4 refunds (pokemon withdrawn from sale): points[player-3] 30 -> 80",
            ),
        ],
        more: 14,
    }
}

fn points_lost() -> Violation {
    Violation {
        how: "dirty read",
        at: SimTime::from_micros(1_912_004),
        request: Some(RequestId {
            client: ClientId(9),
            n: 2,
        }),
        what: "player-12 has paid 50 points and holds nothing for them.".to_owned(),
        evidence: vec![
            Evidence {
                at: SimTime::from_micros(412_000),
                line: "c9.2 spends: points[player-12] 150 -> 100".to_owned(),
            },
            Evidence {
                at: SimTime::from_micros(412_018),
                line: "the process of points dies; the event to characters has not left".to_owned(),
            },
        ],
        more: 11,
    }
}
