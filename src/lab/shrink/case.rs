//! The file as it shrinks: a document, and whether it still breaks the promise.

use std::sync::Arc;

use toml::{Table, Value};

use super::Shrink;
use crate::check::{Verdict, Violation};
use crate::fault::{Fault, Moment};
use crate::history::{Digest, Event, Sink, What};
use crate::lab::{HostChoice, RunOptions, Runner, Trial, catch};
use crate::protocol::{Milestone, ProtocolKind, Safeguards};
use crate::scenario::{self, Scenario, duration_text, fault_text};
use crate::vocab::{FastMap, NodeId, RequestId, SimTime};

/// What must go on to break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Under which protocol.
    pub protocol: ProtocolKind,
    /// Which promise, by its name.
    pub promise: String,
    /// How; see [`Violation::how`].
    pub how: &'static str,
    /// Whose request, in the run that was to be shrunk.
    pub request: Option<RequestId>,
}

/// Who asked for what, and which milestones were near.
#[derive(Default)]
pub(super) struct Wishes {
    asked: Vec<(SimTime, RequestId, crate::business::Params)>,
    /// How often every node came to every milestone so far.
    counts: FastMap<(NodeId, Milestone), u32>,
    /// The latest milestone of every node, and of all.
    latest: FastMap<NodeId, (Milestone, u32)>,
    /// For every fault that struck: the latest milestone at its node.
    pub(super) before_fault: FastMap<u32, (NodeId, Milestone, u32)>,
}

impl Sink for Wishes {
    fn event(&mut self, event: &Event) {
        match &event.what {
            What::Asked {
                key,
                params,
                retry: 0,
            } => {
                self.asked.push((event.at, key.request, *params));
            }
            What::Noted(note) => {
                let count = self.counts.entry((event.node, note.milestone)).or_default();
                *count += 1;
                self.latest.insert(event.node, (note.milestone, *count));
            }
            What::FaultBegan { fault } => {
                if let Some(&(milestone, nth)) = self.latest.get(&event.node) {
                    let near = (event.node, milestone, nth);
                    self.before_fault.entry(*fault).or_insert(near);
                }
            }
            _ => {}
        }
    }
}

/// The smallest document so far that still breaks the promise.
pub(super) struct Case {
    document: Table,
    name: String,
    pub(super) target: Target,
    pub(super) runs: u32,
    budget: u32,
    runner: Runner,
    best: Best,
}

/// What its run came to.
struct Best {
    text: String,
    scenario: Arc<Scenario>,
    trial: Trial,
    violation: Violation,
}

/// What is left in the end.
pub(super) struct Done {
    pub(super) text: String,
    pub(super) scenario: Arc<Scenario>,
    pub(super) target: Target,
    pub(super) violation: Violation,
    pub(super) digest: Digest,
    pub(super) faults: usize,
    pub(super) requests: usize,
    pub(super) runs: u32,
}

impl Case {
    /// The run as a file of its own: requests listed one by one, faults as they
    /// struck, seed and safeguards in the file.
    pub(super) fn of(
        shrink: &Shrink,
        scenario: &Arc<Scenario>,
        trial: &Trial,
        wishes: Wishes,
        target: Target,
    ) -> Option<Self> {
        let mut document: Table = shrink.subject.text().parse().unwrap_or_default();
        document.insert(
            "name".to_owned(),
            format!("{}-shrunk", scenario.name).into(),
        );
        document.insert("seed".to_owned(), Value::Integer(shrink.seed.0 as i64));
        let without: Vec<Value> = trial
            .safeguards
            .missing()
            .map(|s| s.name().into())
            .collect();
        if !without.is_empty() {
            document.insert("without".to_owned(), Value::Array(without));
        }
        document.remove("seeded-faults");
        document.remove("expect");
        let violation = violated(scenario, trial, &target)?;
        let best = Best {
            text: String::new(),
            scenario: Arc::clone(scenario),
            trial: trial.clone(),
            violation,
        };
        let mut case = Case {
            document,
            name: shrink.subject.file().to_owned(),
            target,
            runs: 0,
            budget: shrink.budget,
            runner: shrink.runner,
            best,
        };
        // Each of these may in a rare case change the order within an instant:
        // then the run is not the same, and it is left as it was.
        let all: Vec<u32> = (0..trial.plan.faults.len() as u32).collect();
        let begun = [positions(trial), all].into_iter().any(|positions| {
            let mut document = case.document.clone();
            let faults = in_words(scenario, trial, &positions);
            document.insert("faults".to_owned(), Value::Array(faults));
            case.accept(document)
        });
        if !begun {
            return None;
        }
        case.list_requests(&wishes);
        Some(case)
    }

    /// Every request at its own time, in the place of arrivals.
    fn list_requests(&mut self, wishes: &Wishes) {
        if self.document.contains_key("requests") {
            return;
        }
        let mut document = self.document.clone();
        let business = &self.best.scenario.business;
        let domains = &business.domains;
        let requests = wishes.asked.iter().map(|(at, request, params)| {
            let mut entry = Table::new();
            let at = duration_text(at.since(SimTime::ZERO));
            entry.insert("at".to_owned(), at.into());
            entry.insert("id".to_owned(), request.to_string().into());
            if !domains.is_empty() {
                let values = domains.iter().zip(params.0);
                let about = values.map(|(d, n)| (d.name.clone(), Value::Integer(i64::from(n))));
                entry.insert("about".to_owned(), Value::Table(about.collect()));
            }
            if let Some(name) = business.wanted_name(params) {
                entry.insert("transaction".to_owned(), name.into());
            }
            Value::Table(entry)
        });
        let requests = requests.collect();
        document.insert("requests".to_owned(), Value::Array(requests));
        if let Some(Value::Table(workload)) = document.get_mut("workload") {
            workload.remove("transactions");
            workload.remove("arrivals");
        }
        self.accept(document);
    }

    /// Faults that came at a time begin at the milestone that their node had just
    /// come to, each if it still does it.
    pub(super) fn pin(&mut self) {
        for n in 0..self.list("faults").len() {
            let Some(fault) = self.best.scenario.faults.get(n).cloned() else {
                return;
            };
            if !matches!(fault.when, Moment::At(_)) {
                continue;
            }
            let Some(&(node, milestone, nth)) = self.heard().before_fault.get(&(n as u32)) else {
                continue;
            };
            let pinned = Fault {
                when: Moment::On {
                    milestone,
                    node: Some(node),
                    nth,
                },
                ..fault
            };
            let mut document = self.document.clone();
            if let Some(Value::Array(faults)) = document.get_mut("faults")
                && let Some(slot) = faults.get_mut(n)
                && let Some(value) = as_value(&fault_text(&self.best.scenario, &pinned))
            {
                *slot = value;
                self.accept(document);
            }
        }
    }

    /// What the best run asked for, and which milestones were near its faults.
    fn heard(&self) -> Wishes {
        let mut wishes = Wishes::default();
        let options = self.options(&self.best.scenario);
        let (scenario, protocol) = (&self.best.scenario, self.target.protocol);
        let run = || (self.runner)(scenario, protocol, &options, &mut wishes);
        // It ran to its end before.
        let _ = catch(run);
        wishes
    }

    fn options(&self, scenario: &Scenario) -> RunOptions {
        RunOptions {
            seed: scenario.seed,
            safeguards: Safeguards::all(),
            host: HostChoice::Direct,
        }
    }

    /// The document as it is.
    pub(super) fn document(&self) -> &Table {
        &self.document
    }

    /// How many faults it has.
    pub(super) fn faults(&self) -> usize {
        self.list("faults").len()
    }

    /// How many requests it has.
    pub(super) fn requests(&self) -> usize {
        match self.document.contains_key("requests") {
            true => self.list("requests").len(),
            false => self.best.scenario.workload.transactions as usize,
        }
    }

    /// The entries of a list at the top.
    pub(super) fn list(&self, key: &str) -> Vec<Value> {
        match self.document.get(key) {
            Some(Value::Array(entries)) => entries.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn exhausted(&self) -> bool {
        self.runs >= self.budget
    }

    pub(super) fn scenario(&self) -> &Scenario {
        &self.best.scenario
    }

    pub(super) fn violation(&self) -> &Violation {
        &self.best.violation
    }

    /// Takes a document for the new best if it still breaks the promise in the
    /// same way.
    pub(super) fn accept(&mut self, document: Table) -> bool {
        if self.exhausted() {
            return false;
        }
        let Ok(text) = toml::to_string(&document) else {
            return false;
        };
        if text == self.best.text {
            return false;
        }
        let Ok(scenario) = scenario::parse(&self.name, &text) else {
            return false;
        };
        self.runs += 1;
        let scenario = Arc::new(scenario);
        let options = self.options(&scenario);
        let protocol = self.target.protocol;
        let Ok(Ok(trial)) = catch(|| (self.runner)(&scenario, protocol, &options, &mut ())) else {
            return false;
        };
        let Some(violation) = violated(&scenario, &trial, &self.target) else {
            return false;
        };
        self.document = document;
        self.best = Best {
            text,
            scenario,
            trial,
            violation,
        };
        true
    }

    /// Faults that strike nobody go without saying.
    pub(super) fn drop_idle_faults(&mut self) {
        let positions = positions(&self.best.trial);
        let faults = self.list("faults");
        if positions.len() == faults.len() {
            return;
        }
        let mut document = self.document.clone();
        let struck = positions
            .iter()
            .filter_map(|&n| faults.get(n as usize))
            .cloned();
        document.insert("faults".to_owned(), Value::Array(struck.collect()));
        self.accept(document);
    }

    /// The file with a comment at each machine of which it says nothing. It is there
    /// because without it services stand in another order, and draws are others.
    fn explained(&self, mut text: String) -> String {
        let machines = self.document.get("machines").and_then(Value::as_table);
        for (name, says) in machines.into_iter().flatten() {
            if says.as_table().is_some_and(Table::is_empty) {
                let header = format!("[machines.{name}]\n");
                let why = "# For the order of the services alone, on which draws depend.\n";
                text = text.replace(&header, &format!("{why}{header}"));
            }
        }
        text
    }

    /// The file with what is expected of it: exactly what breaks in it.
    pub(super) fn finish(mut self) -> Done {
        let protocol = self.target.protocol;
        let mut expected = Table::new();
        for (id, verdict, _) in &self.best.trial.verdicts {
            if matches!(verdict, Verdict::Violated(_)) {
                let name = self.best.scenario.promise_name(*id).to_owned();
                expected.insert(name, "breaks".into());
            }
        }
        let mut expect = Table::new();
        expect.insert(protocol.name().to_owned(), Value::Table(expected));
        self.document
            .insert("expect".to_owned(), Value::Table(expect));
        let what = format!(
            "Shrunk from {}: {} breaks under {} ({}).",
            self.name, self.target.promise, protocol, self.target.how
        );
        self.document.insert("about".to_owned(), what.into());
        if self.faults() == 0 {
            self.document.remove("faults");
        }
        let text = toml::to_string(&self.document).unwrap_or_default();
        let tidy = self.explained(scenario::tidy(&text));
        let scenario = scenario::parse(&self.name, &tidy).map(Arc::new);
        let Best {
            scenario: before,
            trial,
            violation,
            ..
        } = self.best;
        Done {
            faults: trial.plan.faults.len(),
            requests: before.workload.transactions as usize,
            text: tidy,
            scenario: scenario.unwrap_or(before),
            target: self.target,
            violation,
            digest: trial.digest,
            runs: self.runs,
        }
    }
}

/// The faults of the plan that struck somebody.
fn positions(trial: &Trial) -> Vec<u32> {
    let idle = |n: &u32| trial.not_applicable.contains(n) || trial.never_struck.contains(n);
    (0..trial.plan.faults.len() as u32)
        .filter(|n| !idle(n))
        .collect()
}

/// These faults of the plan, in the scenario language.
fn in_words(scenario: &Scenario, trial: &Trial, positions: &[u32]) -> Vec<Value> {
    let faults = positions.iter();
    faults
        .filter_map(|&n| as_value(&fault_text(scenario, &trial.plan.faults[n as usize])))
        .collect()
}

fn as_value(inline: &str) -> Option<Value> {
    let mut table: Table = format!("fault = {inline}").parse().ok()?;
    table.remove("fault")
}

/// The violation of the target, if it is broken in the same way.
fn violated(scenario: &Scenario, trial: &Trial, target: &Target) -> Option<Violation> {
    trial
        .verdicts
        .iter()
        .find_map(|(id, verdict, _)| match verdict {
            Verdict::Violated(violation)
                if violation.how == target.how && scenario.promise_name(*id) == target.promise =>
            {
                Some(violation.clone())
            }
            _ => None,
        })
}
