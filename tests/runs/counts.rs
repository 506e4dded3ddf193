//! Messages, forced and unforced records are exactly those of the literature:
//! Mohan, Lindsay & Obermarck 1986 and Lampson & Lomet 1993 for the variants of
//! two-phase commit, Garcia-Molina & Salem 1987 for sagas. Client and work messages
//! count apart, and so does what is stored for clients.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use indoubt::history::{Class, Event, What};
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::NodeId;

use crate::support::{path, run_into};

/// A transaction to be counted.
#[derive(Clone, Copy)]
struct Case {
    services: usize,
    /// The first so many only look at a counter; the others take one of it.
    readers: usize,
    /// The last has none left, and refuses at PREPARE.
    last_refuses: bool,
}

impl Case {
    fn writing(services: usize, last_refuses: bool) -> Self {
        Case {
            services,
            readers: 0,
            last_refuses,
        }
    }
}

fn scenario(case: Case, variant: &str) -> Arc<Scenario> {
    let mut text = String::from(
        "name = \"counts\"\nabout = \"One transaction, to be counted.\"\nseed = 1\n\
         [domains.key]\nsize = 1\n\
         [workload]\ntransactions = 1\nretries = 0\ntimeout = \"2s\"\n\
         arrivals = { kind = \"closed\", clients = 1, think = \"1ms\" }\n",
    );
    let _ = write!(text, "[two-phase-commit]\n{variant}\n");
    let is_last = |n| n + 1 == case.services;
    for n in 0..case.services {
        let initial = if is_last(n) && case.last_refuses {
            0
        } else {
            10
        };
        let _ = write!(
            text,
            "[resources.r{n}]\nkind = \"counter\"\nservice = \"s{n}\"\nkey = \"{{key}}\"\n\
             initial = {initial}\nfloor = 0\n"
        );
    }
    for n in 0..case.services {
        // The table counts aborts that are decided when all votes are in; a NO
        // that forces nothing would be first.
        let slow = is_last(n) && case.last_refuses;
        let statement = if slow { "5ms" } else { "0.2ms" };
        let _ = writeln!(
            text,
            "[machines.s{n}]\ndatabase = {{ statement = \"{statement}\" }}"
        );
    }
    for n in 0..case.services {
        let reads = n < case.readers;
        let kind = if is_last(n) && !reads {
            "pivot"
        } else {
            "compensable"
        };
        let does = match reads {
            true => format!("{{ look = \"r{n}\" }}"),
            false => format!("{{ take = \"r{n}\", amount = 1 }}"),
        };
        let _ = write!(
            text,
            "[[steps]]\nname = \"step{n}\"\nservice = \"s{n}\"\nkind = \"{kind}\"\n\
             do = [{does}]\ncheck = \"prepare\"\n"
        );
        if !is_last(n) && !reads {
            let _ = writeln!(
                text,
                "compensation = {{ name = \"undo{n}\", do = [{{ give = \"r{n}\", amount = 1 }}] }}"
            );
        }
    }
    Arc::new(scenario::parse("counts.toml", &text).unwrap_or_else(|errors| panic!("{errors}")))
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    messages: BTreeMap<&'static str, usize>,
    /// (node, class, forced) -> records.
    records: BTreeMap<(NodeId, Class, bool), usize>,
    local_commits: usize,
}

fn count(protocol: ProtocolKind, services: usize, last_refuses: bool) -> Counts {
    count_of(protocol, Case::writing(services, last_refuses), "")
}

fn count_of(protocol: ProtocolKind, case: Case, variant: &str) -> Counts {
    let scenario = scenario(case, variant);
    let mut events: Vec<Event> = Vec::new();
    run_into(
        &scenario,
        protocol,
        scenario.seed,
        Safeguards::all(),
        &mut events,
    );
    let mut counts = Counts::default();
    for event in &events {
        match event.what {
            What::Sent { kind, .. } => *counts.messages.entry(kind).or_default() += 1,
            What::Appended { class, forced, .. } => {
                *counts
                    .records
                    .entry((event.node, class, forced))
                    .or_default() += 1;
            }
            What::Committed { .. } => counts.local_commits += 1,
            _ => {}
        }
    }
    counts
}

impl Counts {
    fn sent(&self, kinds: &[&str]) -> usize {
        kinds
            .iter()
            .map(|kind| self.messages.get(kind).copied().unwrap_or(0))
            .sum()
    }

    /// Forced and unforced records of these classes at the nodes that match.
    fn records(&self, classes: &[Class], at: impl Fn(NodeId) -> bool) -> (usize, usize) {
        let sum = |wanted: bool| {
            self.records
                .iter()
                .filter(|((node, class, forced), _)| {
                    at(*node) && classes.contains(class) && *forced == wanted
                })
                .map(|(_, n)| n)
                .sum()
        };
        (sum(true), sum(false))
    }
}

const VOTING: [&str; 5] = ["prepare", "vote", "commit", "abort", "ack"];
const AT_COORDINATOR: [Class; 3] = [Class::Collecting, Class::Decision, Class::End];
const AT_PARTICIPANT: [Class; 3] = [Class::Prepared, Class::Commit, Class::Abort];

/// Forced and unforced records.
type Records = (usize, usize);

/// What a transaction under two-phase commit costs.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    coordinator: Records,
    /// Of those who vote yes and have something to commit or undo; all the same.
    yes: Option<Records>,
    /// Of those who vote no.
    no: Option<Records>,
    /// Of those who have only read.
    readers: Option<Records>,
    messages: usize,
    /// The same run as Gray & Lamport (TODS 2006) count: one participant initiates
    /// and needs no PREPARE, and neither acknowledgements nor what is written after
    /// the decision count. Messages, and records that somebody waits for.
    gray_lamport: (usize, usize),
}

fn cost(case: Case, variant: &str) -> Cost {
    let counts = count_of(ProtocolKind::TwoPhaseCommit, case, variant);
    let at = |participant: usize| {
        counts.records(&AT_PARTICIPANT, |node| usize::from(node.0) == participant)
    };
    let all_alike = |participants: std::ops::RangeInclusive<usize>| {
        let mut all = participants.map(at);
        let first = all.next()?;
        assert!(all.all(|records| records == first), "{counts:?}");
        Some(first)
    };
    let writers = case.services - usize::from(case.last_refuses);
    let before_the_decision = [Class::Collecting, Class::Prepared, Class::Decision];
    Cost {
        coordinator: counts.records(&AT_COORDINATOR, |node| node.0 == 0),
        readers: all_alike(1..=case.readers),
        yes: all_alike(case.readers + 1..=writers),
        no: all_alike(writers + 1..=case.services),
        messages: counts.sent(&VOTING),
        gray_lamport: (
            counts.sent(&["prepare", "vote", "commit", "abort"]) - 1,
            counts.records(&before_the_decision, |_| true).0,
        ),
    }
}

const PRESUMPTIONS: [&str; 3] = ["nothing", "abort", "commit"];

/// The table of the literature, row by row.
#[test]
fn two_phase_commit_costs_what_the_literature_says() {
    for presumption in PRESUMPTIONS {
        for prepare in ["parallel", "serial"] {
            let variant = format!(
                "presumption = \"{presumption}\"\nread-only-votes = true\nprepare = \"{prepare}\""
            );
            for n in 2..=8 {
                let mut case = Case::writing(n, false);
                let commit = cost(case, &variant);
                let (coordinator, participant, messages) = match presumption {
                    "commit" => ((2, 0), (1, 1), 3 * n),
                    _ => ((1, 1), (2, 0), 4 * n),
                };
                let records = n + coordinator.0;
                let expected = Cost {
                    coordinator,
                    yes: Some(participant),
                    no: None,
                    readers: None,
                    messages,
                    gray_lamport: (3 * n - 1, records),
                };
                assert_eq!(commit, expected, "{variant}, {n} participants");

                case.last_refuses = true;
                let y = n - 1;
                let abort = cost(case, &variant);
                let (coordinator, yes, no, messages) = match presumption {
                    "nothing" => ((1, 1), (2, 0), (1, 0), 2 * n + 2 * y),
                    "abort" => ((0, 0), (1, 1), (0, 1), 2 * n + y),
                    _ => ((1, 1), (2, 0), (0, 1), 2 * n + 2 * y),
                };
                let expected = Cost {
                    coordinator,
                    yes: Some(yes),
                    no: Some(no),
                    readers: None,
                    messages,
                    gray_lamport: (2 * n + y - 1, y + coordinator.0),
                };
                assert_eq!(abort, expected, "{variant}, {n} participants");

                for readers in 1..n {
                    let case = Case {
                        services: n,
                        readers,
                        last_refuses: false,
                    };
                    let m = n - readers;
                    let commit = cost(case, &variant);
                    let (coordinator, participant, messages) = match presumption {
                        "commit" => ((2, 0), (1, 1), 2 * n + m),
                        _ => ((1, 1), (2, 0), 2 * n + 2 * m),
                    };
                    let expected = Cost {
                        coordinator,
                        yes: Some(participant),
                        no: None,
                        readers: Some((0, 0)),
                        messages,
                        gray_lamport: (2 * n + m - 1, m + coordinator.0),
                    };
                    assert_eq!(commit, expected, "{variant}, {readers} of {n} only read");
                }

                let case = Case {
                    services: n,
                    readers: n,
                    last_refuses: false,
                };
                let read = cost(case, &variant);
                let coordinator = match presumption {
                    "commit" => (1, 1),
                    _ => (0, 0),
                };
                let expected = Cost {
                    coordinator,
                    yes: None,
                    no: None,
                    readers: Some((0, 0)),
                    messages: 2 * n,
                    gray_lamport: (2 * n - 1, coordinator.0),
                };
                assert_eq!(read, expected, "{variant}, all {n} only read");
            }
        }
    }
}

/// What is stored for clients counts apart: that the decision is handed over, forced,
/// and lazily what the client was told.
#[test]
fn one_phase_costs_two_messages_and_one_forced_record_at_the_participant() {
    for presumption in PRESUMPTIONS {
        let variant = format!("presumption = \"{presumption}\"\none-phase = true");
        let case = Case::writing(1, false);
        let counts = count_of(ProtocolKind::TwoPhaseCommit, case, &variant);
        let one_phase = ["commit-one-phase", "one-phase-outcome"];
        assert_eq!(counts.sent(&one_phase), 2, "{counts:?}");
        assert_eq!(counts.sent(&VOTING), 0, "{counts:?}");
        let at_coordinator = |classes: &[Class]| counts.records(classes, |node| node.0 == 0);
        assert_eq!(at_coordinator(&AT_COORDINATOR), (0, 0), "{counts:?}");
        assert_eq!(at_coordinator(&[Class::Outcome]), (1, 1), "{counts:?}");
        let participant = [&AT_PARTICIPANT[..], &[Class::Step]].concat();
        let at_participant = counts.records(&participant, |node| node.0 == 1);
        assert_eq!(at_participant, (1, 0), "{counts:?}");

        // With more participants there is nothing that it changes.
        let two = |variant: &str| cost(Case::writing(2, false), variant);
        let plain = format!("presumption = \"{presumption}\"");
        assert_eq!(two(&variant), two(&plain));
    }
}

/// Who has only read and may not say so pays like the others; and what nobody says
/// is presumed abort, asked in parallel.
#[test]
fn without_read_only_votes_a_reader_costs_as_much_as_a_writer() {
    for n in 2..=8 {
        let case = Case {
            services: n,
            readers: 1,
            last_refuses: false,
        };
        let plain = cost(case, "");
        assert_eq!(plain.readers, Some((2, 0)));
        assert_eq!(plain.messages, 4 * n);
        let said = "presumption = \"abort\"\nread-only-votes = false\nprepare = \"parallel\"";
        assert_eq!(cost(case, said), plain);
    }
}

#[test]
fn an_orchestrated_saga_succeeds_with_2n_messages_n_commits_and_n_plus_1_log_records() {
    for n in 2..=5 {
        let counts = count(ProtocolKind::OrchestratedSaga, n, false);
        assert_eq!(
            counts.sent(&["command", "undo", "step-reply"]),
            2 * n,
            "{counts:?}"
        );
        assert_eq!(counts.records(&[Class::Step], |node| node.0 > 0), (n, 0));
        let log = counts.records(&[Class::SagaLog, Class::End, Class::Outcome], |node| {
            node.0 == 0
        });
        assert_eq!(log, (n + 1, 0), "{n} steps");
    }
}

#[test]
fn an_orchestrated_saga_that_fails_at_the_last_step_undoes_the_others() {
    for n in 2..=5 {
        let counts = count(ProtocolKind::OrchestratedSaga, n, true);
        let undone = n - 1;
        // Failure at step j + 1 = n: 2(j + 1) messages there, 2j back.
        let messages = counts.sent(&["command", "undo", "step-reply"]);
        assert_eq!(messages, 2 * n + 2 * undone, "{counts:?}");
        assert_eq!(counts.sent(&["undo"]), undone);
    }
}

#[test]
fn a_choreographed_saga_publishes_an_event_a_step() {
    for n in 2..=5 {
        let counts = count(ProtocolKind::ChoreographedSaga, n, false);
        // n - 1 events between services and one at the end.
        assert_eq!(counts.sent(&["publish"]), n, "{counts:?}");
        assert_eq!(counts.sent(&["deliver"]), n);
        assert_eq!(
            counts.sent(&["command", "undo", "step-reply"]),
            0,
            "nobody commands"
        );
    }
}

#[test]
fn the_monolith_needs_one_forced_record_and_no_message() {
    for n in 2..=5 {
        let counts = count(ProtocolKind::Monolith, n, false);
        assert_eq!(counts.local_commits, 1);
        assert_eq!(counts.records(&[Class::Step], |_| true), (1, 0));
        assert_eq!(
            counts.messages.len(),
            2,
            "the client's request and its reply: {counts:?}"
        );
    }
}

/// Ten clients who think for no time keep one worker busy, and of twenty a part: the
/// utilisation law, but for the beginning and the end of the run.
#[test]
fn the_busiest_workers_are_told() {
    let used = |workers: u32| {
        let sets = [format!("defaults.process.workers={workers}")];
        let loaded = scenario::load_with(path("scenarios/lessons/13-hot-row.toml"), &sets);
        let scenario = Arc::new(loaded.unwrap_or_else(|errors| panic!("{errors}")));
        let protocol = ProtocolKind::Monolith;
        let trial = run_into(&scenario, protocol, scenario.seed, Safeguards::all(), ());
        trial.figures.worker_utilisation
    };
    let (one, twenty) = (used(1), used(20));
    assert!(one > 0.95 && one <= 1.0, "{one}");
    assert!((0.4..0.51).contains(&twenty), "ten of twenty: {twenty}");
}
