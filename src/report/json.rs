//! A comparison for programs: stable names, no time stamps. Moments and
//! durations are microseconds of model time. `null` is a figure of nothing.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::{UnableEntry, schema_of, written};
use super::{Comparison, Contrast, Judgement, incidents, story, words};
use crate::check::{Evidence, Verdict};
use crate::fault::Moment;
use crate::history::Digest;
use crate::lab::{Hosts, Trial};
use crate::measure::{Figures, Incidents, Locking, Quantiles, Shortage, meaning};
use crate::protocol::{ProtocolKind, Safeguard};
use crate::scenario::{Expectation, Scenario};
use crate::vocab::{SimDuration, SimTime};

/// Raised when a name changes its meaning or goes away.
const FORMAT: u32 = 1;

/// A run of a scenario under several protocols. Moments and durations are
/// microseconds of model time; `null` is a figure of nothing.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    /// Raised when a name changes its meaning or goes away.
    format: u32,
    durations: &'static str,
    scenario: &'a str,
    about: &'a str,
    file: &'a str,
    seed: u64,
    transactions: u32,
    /// The rules of the craft that the scenario breaks on purpose.
    allows: Vec<&'static str>,
    /// The safeguards that were taken away.
    without: Vec<&'static str>,
    /// What was set on top of the file, in order.
    sets: Vec<SetEntry<'a>>,
    judgement: Judgement,
    faults: Vec<FaultEntry>,
    /// What happened, in a few sentences, as on the screen.
    story: Vec<String>,
    trials: Vec<TrialEntry<'a>>,
    unable: Vec<UnableEntry<'a>>,
}

/// Something that was set on top of the file.
#[derive(Serialize, JsonSchema)]
struct SetEntry<'a> {
    /// Where in the file: `workload.transactions`.
    path: &'a str,
    /// To what, as it was written: TOML, or text without quotes.
    value: &'a str,
}

impl<'a> SetEntry<'a> {
    fn new(set: &'a str) -> Self {
        let (path, value) = set.split_once('=').unwrap_or((set, ""));
        SetEntry {
            path: path.trim(),
            value: value.trim(),
        }
    }
}

/// A fault of the plan.
#[derive(Serialize, JsonSchema)]
struct FaultEntry {
    kind: &'static str,
    /// Since the beginning of the run, where it is set off by the time.
    #[schemars(with = "Option<u64>")]
    at: Option<SimTime>,
    when: String,
    what: String,
    #[schemars(with = "u64")]
    lasts: SimDuration,
}

/// One protocol's run, judged and measured.
#[derive(Serialize, JsonSchema)]
struct TrialEntry<'a> {
    protocol: &'static str,
    safeguards_not_used: Vec<&'static str>,
    faults_not_applicable: &'a [u32],
    faults_never_struck: &'a [u32],
    #[schemars(with = "String")]
    digest: Digest,
    #[serde(flatten)]
    hosts: Hosts,
    events: u64,
    #[schemars(with = "u64")]
    ended: SimTime,
    promises: Vec<PromiseEntry<'a>>,
    figures: FiguresEntry,
    /// Where it was waited for locks, resource by resource.
    locking: Vec<LockingEntry<'a>>,
    incidents: IncidentsEntry,
    /// The command that runs this again.
    again: String,
}

/// What there was at the locks of a resource's rows.
#[derive(Serialize, JsonSchema)]
struct LockingEntry<'a> {
    resource: &'a str,
    /// How often a lock was asked for.
    asked: u64,
    /// How often whoever asked had to wait, or was turned away.
    blocked: u64,
    /// How many waited at a time, on average.
    queue: f64,
    wait: QuantilesEntry,
    /// How long locks were held for writing.
    hold: QuantilesEntry,
}

impl<'a> LockingEntry<'a> {
    fn new(scenario: &'a Scenario, at: &Locking) -> Self {
        LockingEntry {
            resource: &scenario.business.resources[usize::from(at.resource.0)].name,
            asked: at.asked,
            blocked: at.blocked,
            queue: at.queue,
            wait: at.wait.into(),
            hold: at.hold.into(),
        }
    }
}

/// The worst of what the figures count, by name.
#[derive(Serialize, JsonSchema)]
struct IncidentsEntry {
    /// The branch in doubt that kept most others waiting, or was in doubt longest.
    doubt: Option<DoubtEntry>,
    /// The longest wait for a lock.
    wait: Option<WaitEntry>,
    /// What rows of each counter lacked while transactions were half done.
    shortages: Vec<ShortageEntry>,
}

/// A branch in doubt: prepared, and without an outcome.
#[derive(Serialize, JsonSchema)]
struct DoubtEntry {
    transaction: String,
    node: String,
    #[schemars(with = "u64")]
    lasted: SimDuration,
    /// How many requests and readers it kept waiting, or turned away.
    kept: u64,
    /// The row that most of them wanted.
    row: Option<String>,
    /// How many wanted that row.
    at_row: u64,
}

/// A wait for a lock.
#[derive(Serialize, JsonSchema)]
struct WaitEntry {
    who: String,
    row: String,
    /// Who held the lock when the wait began.
    behind: String,
    #[schemars(with = "u64")]
    lasted: SimDuration,
}

/// What rows lacked: a transaction had taken something from each, and was half
/// done.
#[derive(Serialize, JsonSchema)]
struct ShortageEntry {
    resource: String,
    /// How many rows; 10,000 stands for more, too.
    rows: u64,
    /// The least that one lacked.
    least: i64,
    /// The most that one lacked.
    most: i64,
    /// The longest time for which one did.
    #[schemars(with = "u64")]
    longest: SimDuration,
    /// Whether that one never had it back.
    to_the_end: bool,
    /// Which row that was.
    row: String,
    /// Which transaction had taken it.
    transaction: String,
}

impl IncidentsEntry {
    fn new(scenario: &Scenario, of: &Incidents) -> Self {
        let business = &scenario.business;
        let who = |owner| incidents::who(scenario, owner);
        IncidentsEntry {
            doubt: of.doubt.as_ref().map(|doubt| DoubtEntry {
                transaction: doubt.tx.to_string(),
                node: scenario.node_name(doubt.node),
                lasted: doubt.lasted,
                kept: doubt.kept,
                row: doubt.wanted.map(|(row, _)| business.row_name(row)),
                at_row: doubt.wanted.map_or(0, |(_, many)| many),
            }),
            wait: of.wait.map(|wait| WaitEntry {
                who: who(wait.who),
                row: business.row_name(wait.row),
                behind: who(wait.behind),
                lasted: wait.lasted,
            }),
            shortages: of.shortages.iter().map(|s| shortage(scenario, s)).collect(),
        }
    }
}

fn shortage(scenario: &Scenario, of: &Shortage) -> ShortageEntry {
    let business = &scenario.business;
    let (least, most) = of.by;
    ShortageEntry {
        resource: business.resources[usize::from(of.row.resource.0)]
            .name
            .clone(),
        rows: of.rows,
        least,
        most,
        longest: of.longest,
        to_the_end: of.to_the_end,
        row: business.row_name(of.row),
        transaction: of.request.to_string(),
    }
}

/// [`OfTransaction`](crate::measure::OfTransaction), and which.
#[derive(Serialize, JsonSchema)]
struct OfTransactionEntry {
    transaction: String,
    started: u64,
    committed: u64,
    refused: u64,
}

/// [`Figures`], with `null` where the screen has a dash.
#[derive(Serialize, JsonSchema)]
struct FiguresEntry {
    started: u64,
    committed: u64,
    refused: u64,
    compensated: u64,
    undecided: u64,
    /// In a mix, how many of them were for each transaction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mix: Vec<OfTransactionEntry>,
    unknown: u64,
    committed_share: Option<f64>,
    refused_share: Option<f64>,
    compensated_share: Option<f64>,
    #[schemars(with = "u64")]
    window: SimDuration,
    throughput: Option<f64>,
    goodput: Option<f64>,
    latency: QuantilesEntry,
    accepted: QuantilesEntry,
    convergence: QuantilesEntry,
    messages: Option<f64>,
    bytes: Option<f64>,
    local_transactions: Option<f64>,
    forced_writes: Option<f64>,
    lock_wait: QuantilesEntry,
    blocked: u64,
    blocked_share: Option<f64>,
    lock_hold: QuantilesEntry,
    #[schemars(with = "Option<u64>")]
    lock_demand: Option<SimDuration>,
    mark_hold: QuantilesEntry,
    prepared: u64,
    #[schemars(with = "Option<u64>")]
    prepared_lock_time: Option<SimDuration>,
    #[schemars(with = "Option<u64>")]
    in_doubt_lock_time: Option<SimDuration>,
    #[schemars(with = "Option<u64>")]
    longest_in_doubt: Option<SimDuration>,
    #[schemars(with = "Option<u64>")]
    longest_inconsistency: Option<SimDuration>,
    inconsistent: u64,
    #[schemars(with = "u64")]
    inconsistency_exposure: SimDuration,
    compensation_debt: Option<f64>,
    most_compensation_debt: u64,
    parked: u64,
    outbox_lag: QuantilesEntry,
    disk_utilisation: Option<f64>,
    worker_utilisation: f64,
    link_utilisation: Option<f64>,
    broker_backlog: Option<u64>,
}

impl FiguresEntry {
    fn of(scenario: &Scenario, f: &Figures) -> Self {
        let transactions = scenario.business.transactions.iter();
        let mix = transactions
            .zip(&f.mix)
            .map(|(of, counts)| OfTransactionEntry {
                transaction: of.name.clone(),
                started: counts.started,
                committed: counts.committed,
                refused: counts.refused,
            });
        FiguresEntry {
            started: f.started,
            committed: f.committed,
            refused: f.refused,
            compensated: f.compensated,
            undecided: f.undecided,
            mix: mix.collect(),
            unknown: f.unknown,
            committed_share: meaning::share(f, f.committed_share),
            refused_share: meaning::share(f, f.refused_share),
            compensated_share: meaning::share(f, f.compensated_share),
            window: f.window,
            throughput: meaning::throughput(f),
            goodput: meaning::goodput(f),
            latency: f.latency.into(),
            accepted: f.accepted.into(),
            convergence: f.convergence.into(),
            messages: meaning::per_commit(f, f.messages),
            bytes: meaning::per_commit(f, f.bytes),
            local_transactions: meaning::per_commit(f, f.local_transactions),
            forced_writes: meaning::per_commit(f, f.forced_writes),
            lock_wait: f.lock_wait.into(),
            blocked: f.blocked,
            blocked_share: meaning::share(f, f.blocked_share),
            lock_hold: f.lock_hold.into(),
            lock_demand: meaning::lock_demand(f),
            mark_hold: f.mark_hold.into(),
            prepared: f.prepared,
            prepared_lock_time: meaning::of_prepared(f, f.prepared_lock_time),
            in_doubt_lock_time: meaning::of_prepared(f, f.in_doubt_lock_time),
            longest_in_doubt: meaning::longest_in_doubt(f),
            longest_inconsistency: meaning::longest_inconsistency(f),
            inconsistent: f.inconsistent,
            inconsistency_exposure: f.inconsistency_exposure,
            compensation_debt: meaning::over_window(f, f.compensation_debt),
            most_compensation_debt: f.most_compensation_debt,
            parked: f.parked,
            outbox_lag: f.outbox_lag.into(),
            disk_utilisation: meaning::over_window(f, f.disk_utilisation),
            worker_utilisation: f.worker_utilisation,
            link_utilisation: f.link_utilisation,
            broker_backlog: f.broker_backlog,
        }
    }
}

/// A distribution of durations.
#[derive(Serialize, JsonSchema)]
struct QuantilesEntry {
    count: u64,
    #[schemars(with = "Option<u64>")]
    p50: Option<SimDuration>,
    #[schemars(with = "Option<u64>")]
    p95: Option<SimDuration>,
    #[schemars(with = "Option<u64>")]
    p99: Option<SimDuration>,
    #[schemars(with = "Option<u64>")]
    p999: Option<SimDuration>,
    #[schemars(with = "Option<u64>")]
    max: Option<SimDuration>,
}

impl From<Quantiles> for QuantilesEntry {
    fn from(q: Quantiles) -> Self {
        QuantilesEntry {
            count: q.count,
            p50: meaning::quantile(&q, q.p50),
            p95: meaning::quantile(&q, q.p95),
            p99: meaning::quantile(&q, q.p99),
            p999: meaning::quantile(&q, q.p999),
            max: meaning::quantile(&q, q.max),
        }
    }
}

/// What became of a promise.
#[derive(Serialize, JsonSchema)]
struct PromiseEntry<'a> {
    promise: &'a str,
    verdict: &'static str,
    expectation: &'static str,
    judgement: Judgement,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    violation: Option<ViolationEntry<'a>>,
}

/// A broken promise, with what the world recorded of it.
#[derive(Serialize, JsonSchema)]
struct ViolationEntry<'a> {
    #[schemars(with = "u64")]
    at: SimTime,
    request: Option<String>,
    what: &'a str,
    #[schemars(with = "Vec<EvidenceEntry>")]
    evidence: &'a [Evidence],
    more: u32,
    how: &'a str,
}

/// A line of evidence, as it is written.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct EvidenceEntry {
    at: u64,
    line: String,
}

/// A run whole and changed.
#[derive(Serialize, JsonSchema)]
struct ContrastDocument<'a> {
    /// Raised when a name changes its meaning or goes away.
    format: u32,
    /// What is changed: `without outbox`, `seed 7`.
    change: &'a str,
    /// The protocols whose histories are the same, bit for bit.
    same: Vec<&'static str>,
    /// The run as it was asked for.
    whole: Document<'a>,
    /// The same run with the change.
    changed: Document<'a>,
}

/// The JSON Schema of a run whole and changed.
pub fn contrast_schema() -> schemars::Schema {
    schema_of::<ContrastDocument<'static>>()
}

/// The JSON Schema of the document.
pub fn schema() -> schemars::Schema {
    schema_of::<Document<'static>>()
}

/// A comparison as a JSON document, indented, with a line break at its end.
pub fn document(of: &Comparison<'_>) -> String {
    written(&built(of))
}

/// A run whole and changed, as a JSON document.
pub fn contrast(of: &Contrast<'_>) -> String {
    written(&ContrastDocument {
        format: FORMAT,
        change: of.change,
        same: of.same().map(ProtocolKind::name).collect(),
        whole: built(&of.whole),
        changed: built(&of.changed),
    })
}

fn built<'a>(of: &Comparison<'a>) -> Document<'a> {
    let without = of.without();
    Document {
        format: FORMAT,
        durations: "microseconds of model time",
        scenario: &of.scenario.name,
        about: of.scenario.about.trim(),
        file: &of.invocation.file,
        seed: of.invocation.seed.0,
        transactions: of.scenario.workload.transactions,
        allows: of
            .scenario
            .allows
            .iter()
            .map(|breach| breach.name())
            .collect(),
        without: without.iter().map(|safeguard| safeguard.name()).collect(),
        sets: of
            .invocation
            .sets
            .iter()
            .map(|set| SetEntry::new(set))
            .collect(),
        judgement: of.judgement(),
        faults: faults(of),
        story: story::story(of),
        trials: of.trials.iter().map(|trial| entry(of, trial)).collect(),
        unable: of
            .unable
            .iter()
            .map(|unable| UnableEntry {
                protocol: unable.protocol.name(),
                why: &unable.why,
            })
            .collect(),
    }
}

fn faults(of: &Comparison<'_>) -> Vec<FaultEntry> {
    let plan = of.trials.first().map(|trial| &trial.plan.faults[..]);
    plan.unwrap_or_default()
        .iter()
        .map(|fault| FaultEntry {
            kind: fault.kind.name(),
            at: match fault.when {
                Moment::At(at) => Some(at),
                _ => None,
            },
            when: words::moment(of.scenario, &fault.when),
            what: words::fault(of.scenario, fault),
            lasts: fault.lasts,
        })
        .collect()
}

fn entry<'a>(of: &Comparison<'a>, trial: &'a Trial) -> TrialEntry<'a> {
    TrialEntry {
        protocol: trial.protocol.name(),
        safeguards_not_used: Safeguard::ALL
            .iter()
            .filter(|safeguard| !safeguard.used_by(trial.protocol))
            .map(|safeguard| safeguard.name())
            .collect(),
        faults_not_applicable: &trial.not_applicable,
        faults_never_struck: &trial.never_struck,
        digest: trial.digest,
        hosts: trial.hosts,
        events: trial.events,
        ended: trial.ended,
        promises: trial
            .verdicts
            .iter()
            .map(|(promise, verdict, expectation)| {
                let name = of.scenario.promise_name(*promise);
                promise_entry(name, verdict, *expectation, of.judge(verdict, *expectation))
            })
            .collect(),
        figures: FiguresEntry::of(of.scenario, &trial.figures),
        locking: trial
            .figures
            .locking
            .iter()
            .map(|at| LockingEntry::new(of.scenario, at))
            .collect(),
        incidents: IncidentsEntry::new(of.scenario, &trial.figures.incidents),
        again: of.invocation.line(trial.protocol),
    }
}

fn promise_entry<'a>(
    promise: &'a str,
    verdict: &'a Verdict,
    expectation: Expectation,
    judgement: Judgement,
) -> PromiseEntry<'a> {
    let (word, why, violation) = match verdict {
        Verdict::Holds => ("holds", None, None),
        Verdict::Inconclusive { why } => ("inconclusive", Some(why.as_str()), None),
        Verdict::NotApplicable { why } => ("not-applicable", Some(why.as_str()), None),
        Verdict::Violated(violation) => {
            let entry = ViolationEntry {
                at: violation.at,
                request: violation.request.map(|request| request.to_string()),
                what: &violation.what,
                evidence: &violation.evidence,
                more: violation.more,
                how: violation.how,
            };
            ("violated", None, Some(entry))
        }
    };
    PromiseEntry {
        promise,
        verdict: word,
        expectation: match expectation {
            Expectation::Holds => "holds",
            Expectation::MayBreak => "may-break",
            Expectation::Breaks => "breaks",
        },
        judgement,
        why,
        violation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Unable, fixture};

    #[test]
    fn the_names_and_units_of_the_document_are_stable() {
        let scenario = fixture::scenario();
        let mut trials = fixture::trials_without_outbox(&scenario);
        trials.drain(..3);
        let broken = &mut trials[0].verdicts;
        broken.retain(|(_, verdict, _)| *verdict != Verdict::Holds);
        broken.truncate(2);
        let text = document(&Comparison {
            scenario: &scenario,
            invocation: &fixture::invocation(),
            trials: &trials,
            unable: &[Unable {
                protocol: crate::protocol::ProtocolKind::TwoPhaseCommit,
                why: "the database of `characters` cannot prepare".to_owned(),
            }],
        });
        insta::assert_snapshot!(text);
    }
}
