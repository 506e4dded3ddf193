//! Messages, forced and unforced records are exactly those of the literature:
//! Mohan, Lindsay & Obermarck 1986 for presumed abort, Garcia-Molina & Salem
//! 1987 for sagas. Client and work messages count apart.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use indoubt::history::{Class, Event, What};
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::NodeId;

use crate::support::run_into;

/// n services that each take one of a counter; the last has none left if it is
/// to refuse, and refuses at PREPARE.
fn scenario(services: usize, last_refuses: bool) -> Arc<Scenario> {
    let mut text = String::from(
        "name = \"counts\"\nabout = \"One transaction, to be counted.\"\nseed = 1\n\
         [domains.key]\nsize = 1\n\
         [workload]\ntransactions = 1\nretries = 0\ntimeout = \"2s\"\n\
         arrivals = { kind = \"closed\", clients = 1, think = \"1ms\" }\n",
    );
    for n in 0..services {
        let last = n + 1 == services;
        let initial = if last && last_refuses { 0 } else { 10 };
        let _ = write!(
            text,
            "[resources.r{n}]\nkind = \"counter\"\nservice = \"s{n}\"\nkey = \"{{key}}\"\n\
             initial = {initial}\nfloor = 0\n"
        );
    }
    for n in 0..services {
        // The table counts aborts that are decided when all votes are in; a NO
        // forces nothing and would be first.
        let slow = n + 1 == services && last_refuses;
        let statement = if slow { "5ms" } else { "0.2ms" };
        let _ = writeln!(
            text,
            "[machines.s{n}]\ndatabase = {{ statement = \"{statement}\" }}"
        );
    }
    for n in 0..services {
        let last = n + 1 == services;
        let kind = if last { "pivot" } else { "compensable" };
        let _ = write!(
            text,
            "[[steps]]\nname = \"step{n}\"\nservice = \"s{n}\"\nkind = \"{kind}\"\n\
             do = [{{ take = \"r{n}\", amount = 1 }}]\ncheck = \"prepare\"\n"
        );
        if !last {
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
    let scenario = scenario(services, last_refuses);
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
const AT_COORDINATOR: [Class; 2] = [Class::Decision, Class::End];
const AT_PARTICIPANT: [Class; 3] = [Class::Prepared, Class::Commit, Class::Abort];

#[test]
fn presumed_abort_commits_with_4n_messages() {
    for n in 2..=5 {
        let counts = count(ProtocolKind::TwoPhaseCommit, n, false);
        assert_eq!(counts.sent(&VOTING), 4 * n, "{n} participants: {counts:?}");
        let manager = counts.records(&AT_COORDINATOR, |node| node.0 == 0);
        assert_eq!(manager, (1, 1), "coordinator, {n} participants");
        for participant in 1..=n as u16 {
            let records = counts.records(&AT_PARTICIPANT, |node| node.0 == participant);
            assert_eq!(records, (2, 0), "participant {participant} of {n}");
        }
    }
}

#[test]
fn presumed_abort_aborts_with_2n_and_one_for_every_yes() {
    for n in 2..=5 {
        let counts = count(ProtocolKind::TwoPhaseCommit, n, true);
        let yes = n - 1;
        assert_eq!(
            counts.sent(&VOTING),
            2 * n + yes,
            "{n} participants: {counts:?}"
        );
        let manager = counts.records(&AT_COORDINATOR, |node| node.0 == 0);
        assert_eq!(manager, (0, 0), "the coordinator presumes: no record");
        for participant in 1..=yes as u16 {
            let records = counts.records(&AT_PARTICIPANT, |node| node.0 == participant);
            assert_eq!(records, (1, 1), "YES voter {participant} of {n}");
        }
        let no = counts.records(&AT_PARTICIPANT, |node| node.0 == n as u16);
        assert_eq!(no, (0, 1), "the NO voter forces nothing");
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
