//! What came of a hunt, on a screen, for programs and for CI.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::document::{schema_of, written};
use super::heading::first_sentence;
use super::invocation::Invocation;
use super::page::{Page, section};
use super::style::{BAD, GOOD, KNOWN, QUIET, TITLE, paint};
use super::words::{counted, list};
use crate::lab::hunt::{Finding, Group, Manifest, Outcome, PANIC, SeedRecord, Summary, Unseen};
use crate::protocol::ProtocolKind;
use crate::scenario::{Expectation, Scenario};
use crate::vocab::Seed;

/// So many findings are shown; a screen holds no more. JSON has all.
const MOST_FINDINGS: usize = 8;
const MOST_HOLES: usize = 10;

/// A hunt and what came of it: all that a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Hunted<'a> {
    /// What was hunted over.
    pub manifest: &'a Manifest,
    /// Its scenario.
    pub scenario: &'a Scenario,
    /// What came of it.
    pub summary: &'a Summary,
    /// How many seeds there were to run; `None` where time was the limit.
    pub wanted: Option<u64>,
    /// Whether holes are no reason for doubt.
    pub allow_holes: bool,
}

impl Hunted<'_> {
    /// What it comes to. A hunt that was stopped before its end did not look
    /// everywhere.
    pub fn outcome(&self) -> Outcome {
        let protocols = self.manifest.protocols();
        let outcome = self
            .summary
            .outcome(self.scenario, &protocols, self.allow_holes);
        match self.is_whole() {
            true => outcome,
            false => outcome.max(Outcome::Inconclusive),
        }
    }

    fn is_whole(&self) -> bool {
        self.wanted
            .is_none_or(|wanted| self.summary.seeds >= wanted)
    }

    fn invocation(&self, seed: u64) -> Invocation {
        Invocation {
            file: self.manifest.file.clone(),
            seed: Seed(seed),
            without: self.manifest.without(),
            transactions: self.manifest.transactions,
            sets: self.manifest.sets.clone(),
            swarm: self.manifest.swarm,
        }
    }

    /// The command that runs one seed of it again.
    fn again(&self, finding: &Finding, seed: u64) -> String {
        match ProtocolKind::named(&finding.protocol) {
            Some(protocol) => self.invocation(seed).line(protocol),
            None => String::new(),
        }
    }

    /// The command that shrinks what one seed of it broke. A panic has no verdict to
    /// shrink by.
    fn shrink(&self, finding: &Finding, seed: u64) -> Option<String> {
        let protocol = ProtocolKind::named(&finding.protocol)?;
        let line = || self.invocation(seed).shrink(protocol, &finding.promise);
        (finding.promise != PANIC).then(line)
    }

    fn holes(&self) -> Vec<String> {
        let holes = self
            .summary
            .holes(self.scenario, &self.manifest.protocols());
        holes.iter().map(ToString::to_string).collect()
    }

    fn unseen(&self) -> Vec<Unseen> {
        self.summary
            .unseen(self.scenario, &self.manifest.protocols())
    }
}

/// The summary, at most a screen.
pub fn screen(of: &Hunted<'_>, page: Page) -> String {
    let mut text = heading(of, page);
    let (unexpected, expected): (Vec<_>, Vec<_>) = of
        .summary
        .found
        .iter()
        .partition(|(_, group)| group.expected == Expectation::Holds);
    text.push_str(&findings(
        of,
        page,
        "Broken, and expected to hold",
        &unexpected,
    ));
    text.push_str(&briefly(page, "Broken, as the scenario expects", &expected));
    text.push_str(&doubts(of, page));
    text.push_str(&verdict(of, page));
    text
}

fn heading(of: &Hunted<'_>, page: Page) -> String {
    let (manifest, summary) = (of.manifest, of.summary);
    let what = match manifest.swarm {
        true => "hunt",
        false => "hunt without swarm",
    };
    let mut text = format!(
        "{}  {}\n",
        paint(TITLE, &of.scenario.name),
        paint(QUIET, &format!("{what}, {}", manifest.protocols.join(", ")))
    );
    text.push_str(&page.paragraph(first_sentence(&of.scenario.about), "", ""));
    if !manifest.without.is_empty() {
        let line = format!("Without {}.", manifest.without.join(", "));
        text.push_str(&page.paragraph(&line, "", ""));
    }
    let shard = match manifest.shard.of {
        1 => String::new(),
        _ => format!(", shard {}", manifest.shard),
    };
    let seeds = counted(summary.seeds, "seed", "seeds");
    let of_all = match of.wanted {
        Some(wanted) if !of.is_whole() => format!(" of {wanted}"),
        _ => String::new(),
    };
    let runs = counted(summary.runs, "run", "runs");
    let events = counted(summary.events, "event", "events");
    let crossed = match (summary.cross_checked, summary.differ.len()) {
        (0, _) => "none on both hosts".to_owned(),
        (n, 0) => format!("{n} of them on both hosts, with the same digests"),
        (n, bad) => format!("{n} of them on both hosts, which differ on {bad} seeds"),
    };
    let line = format!(
        "{seeds}{of_all}{shard}; {runs}, {crossed}; {events}; digest {:016x}.",
        summary.digest
    );
    text + &page.paragraph(&line, "", "")
}

fn findings(of: &Hunted<'_>, page: Page, title: &str, groups: &[(&Finding, &Group)]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let mut text = section(title);
    let runs = same_runs(groups);
    for ((finding, group), others) in runs.iter().take(MOST_FINDINGS) {
        let seeds = counted(group.seeds, "seed", "seeds");
        let name = format!("{} {}", finding.protocol, broken(finding));
        text.push_str(&format!(
            "  {}  {}\n",
            paint(BAD, &name),
            paint(QUIET, &format!("{seeds}, the first {}", group.first))
        ));
        text.push_str(&page.paragraph(&group.what, "    ", "    "));
        if !others.is_empty() {
            let also = list(others.iter().map(|(finding, _)| broken(finding)));
            let also = format!("in the same runs also {also}");
            text.push_str(&page.paragraph(&also, "    ", "    "));
        }
        let (faults, transactions, _) = group.size;
        let size = format!(
            "smallest: seed {}, with {} and {}",
            group.smallest,
            counted(u64::from(faults), "fault", "faults"),
            counted(u64::from(transactions), "transaction", "transactions")
        );
        text.push_str(&format!("    {}\n", paint(QUIET, &size)));
        text.push_str(&format!("    {}\n", of.again(finding, group.smallest)));
        if let Some(shrink) = of.shrink(finding, group.smallest) {
            text.push_str(&format!("    {shrink}\n"));
        }
    }
    if let Some(more) = runs.len().checked_sub(MOST_FINDINGS + 1) {
        text.push_str(&format!("  and {} more: --format json has all\n", more + 1));
    }
    text
}

type Found<'a> = (&'a Finding, &'a Group);

/// Findings under one protocol that the same runs show: one bug breaks several
/// promises. The first of each, and the others.
fn same_runs<'a>(groups: &[Found<'a>]) -> Vec<(Found<'a>, Vec<Found<'a>>)> {
    let mut runs: Vec<(Found<'a>, Vec<Found<'a>>)> = Vec::new();
    for &(finding, group) in groups {
        let same = runs.iter_mut().find(|((known, of), _)| {
            known.protocol == finding.protocol && of.is_on_the_same_seeds(group)
        });
        match same {
            Some((_, others)) => others.push((finding, group)),
            None => runs.push(((finding, group), Vec::new())),
        }
    }
    runs
}

/// `all-or-nothing: half done`; of a panic, only where.
fn broken(finding: &Finding) -> String {
    format!("{}: {}", finding.promise, finding.how)
}

fn briefly(page: Page, title: &str, groups: &[(&Finding, &Group)]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let entries: Vec<(String, String)> = groups
        .iter()
        .map(|(finding, group)| {
            let seeds = counted(group.seeds, "seed", "seeds");
            (
                paint(KNOWN, &finding.protocol),
                format!("{}: {seeds}, the first {}", broken(finding), group.first),
            )
        })
        .collect();
    section(title) + &page.entries(&entries)
}

/// What keeps the hunt from being conclusive.
fn doubts(of: &Hunted<'_>, page: Page) -> String {
    let mut text = String::new();
    let unseen = of.unseen();
    if !unseen.is_empty() {
        let lines: Vec<String> = unseen
            .iter()
            .map(|u| format!("{} under {}", u.promise, u.protocol))
            .collect();
        text.push_str(&section("Expected to break, and not seen to"));
        text.push_str(&page.bullets(&lines));
    }
    if !of.summary.inconclusive.is_empty() {
        let lines: Vec<String> = of
            .summary
            .inconclusive
            .iter()
            .map(|((protocol, promise), &runs)| {
                let runs = counted(runs, "run", "runs");
                format!("{promise} under {protocol}, in {runs}")
            })
            .collect();
        text.push_str(&section("Runs that do not say"));
        text.push_str(&page.bullets(&lines));
    }
    let holes = of.holes();
    if !holes.is_empty() {
        text.push_str(&section(
            "Holes: what should have happened in some run, and never did",
        ));
        let mut shown: Vec<String> = holes.iter().take(MOST_HOLES).cloned().collect();
        if let Some(more) = holes.len().checked_sub(MOST_HOLES + 1) {
            shown.push(format!("and {} more: --format json has all", more + 1));
        }
        text.push_str(&page.bullets(&shown));
    }
    text
}

fn verdict(of: &Hunted<'_>, page: Page) -> String {
    let seen = of.summary.seen.len();
    let all = seen + of.holes().len();
    let looked = format!("{seen} of {all} things that must happen sometimes did");
    let unexpected = of.summary.unexpected().count() as u64;
    let found = counted(unexpected, "promise", "promises");
    let (style, text) = match of.outcome() {
        Outcome::AsExpected => (GOOD, "Nothing broke that is expected to hold".to_owned()),
        Outcome::Inconclusive if !of.is_whole() => (
            KNOWN,
            "Stopped before the end; nothing broke that is expected to hold".to_owned(),
        ),
        Outcome::Inconclusive => (
            KNOWN,
            "Inconclusive: nothing broke that is expected to hold, but see above".to_owned(),
        ),
        Outcome::NotAsExpected => (BAD, format!("{found} broke that should hold")),
        Outcome::Bug => (BAD, "A bug of the bench: please report it".to_owned()),
    };
    let text = page.paragraph(&format!("{text}; {looked}."), "", "");
    format!("\n{}\n", paint(style, text.trim_end()))
}

/// The hunt as JSON writes it.
#[derive(Serialize, schemars::JsonSchema)]
pub(crate) struct Document<'a> {
    format: u32,
    scenario: &'a str,
    hunt: &'a Manifest,
    wanted: Option<u64>,
    outcome: Outcome,
    summary: &'a Summary,
    unseen: Vec<Unseen>,
    holes: Vec<String>,
    again: Vec<Again>,
}

/// How to run the smallest run of a finding again, and how to shrink it.
#[derive(Serialize, schemars::JsonSchema)]
struct Again {
    #[serde(flatten)]
    finding: Finding,
    command: String,
    /// Absent where there is no promise to shrink by.
    #[serde(skip_serializing_if = "Option::is_none")]
    shrink: Option<String>,
}

/// What [`json`] writes, as a JSON Schema.
pub fn schema() -> schemars::Schema {
    schema_of::<Document<'static>>()
}

/// What the files in the folder of a hunt hold, as JSON Schemas: `hunt.json`, and
/// what follows the checksum on a line of `seeds.jsonl`.
pub fn journal_schemas() -> [(&'static str, schemars::Schema); 2] {
    [
        ("manifest", schema_of::<Manifest>()),
        ("seed", schema_of::<SeedRecord>()),
    ]
}

/// For programs; `reports/schemas/hunt.schema.json` says what it is.
pub fn json(of: &Hunted<'_>) -> String {
    written(&Document {
        format: 1,
        scenario: &of.scenario.name,
        hunt: of.manifest,
        wanted: of.wanted,
        outcome: of.outcome(),
        summary: of.summary,
        unseen: of.unseen(),
        holes: of.holes(),
        again: of
            .summary
            .found
            .iter()
            .map(|(finding, group)| Again {
                finding: finding.clone(),
                command: of.again(finding, group.smallest),
                shrink: of.shrink(finding, group.smallest),
            })
            .collect(),
    })
}

/// For CI: a suite a protocol, a case a promise; what is a hole or unseen is a
/// case of its own that was skipped.
pub fn junit(of: &Hunted<'_>) -> String {
    let mut report = quick_junit::Report::new(format!("indoubt hunt {}", of.scenario.name));
    for protocol in &of.manifest.protocols {
        let mut suite = TestSuite::new(protocol.as_str());
        let promises = of.scenario.promises();
        let names = promises.iter().map(|&p| of.scenario.promise_name(p));
        for promise in names.chain([PANIC]) {
            suite.add_test_case(case(of, protocol, promise));
        }
        report.add_test_suite(suite);
    }
    let mut coverage = TestSuite::new("sometimes");
    for seen in of.summary.seen.keys() {
        coverage.add_test_case(TestCase::new(seen.as_str(), TestCaseStatus::success()));
    }
    for hole in of.holes() {
        let status = match of.allow_holes {
            true => TestCaseStatus::skipped(),
            false => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message("it never happened in this hunt");
                status
            }
        };
        coverage.add_test_case(TestCase::new(hole, status));
    }
    report.add_test_suite(coverage);
    report
        .to_string()
        .expect("names and messages are text, which XML can hold")
}

fn case(of: &Hunted<'_>, protocol: &str, promise: &str) -> TestCase {
    let found = of.summary.found.iter();
    let mut broken = found.filter(|(finding, group)| {
        finding.protocol == protocol
            && finding.promise == promise
            && group.expected == Expectation::Holds
    });
    let Some((finding, group)) = broken.next() else {
        let unsaid = (protocol.to_owned(), promise.to_owned());
        let unsaid = of.summary.inconclusive.get(&unsaid).copied();
        let status = match unsaid.unwrap_or(0) < of.summary.seeds {
            true => TestCaseStatus::success(),
            false => {
                let mut nobody = TestCaseStatus::skipped();
                nobody.set_message("no run says whether it held");
                nobody
            }
        };
        return named(protocol, promise, status);
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status
        .set_message(format!("{}: {}", finding.how, group.what))
        .set_type(finding.how.as_str())
        .set_description(of.again(finding, group.smallest));
    named(protocol, promise, status)
}

/// A promise under a protocol, by which tools group what failed.
fn named(protocol: &str, promise: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(promise, status);
    case.set_classname(protocol);
    case
}
