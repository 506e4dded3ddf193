//! What each safeguard is for: what breaks without it.

use serde::Serialize;

use super::document::{schema_of, written};
use super::page::{Page, section};
use super::style::{GOOD, KNOWN, QUIET, SECTION, TITLE, paint};
use super::words::{self, counted};
use super::{Invocation, heading};
use crate::lab::ablate::{Noticed, Outcome, Row, holes};
use crate::lab::shrink::Shrunk;
use crate::protocol::Safeguard;
use crate::scenario::Scenario;
use crate::vocab::Seed;

/// An ablation and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Ablated<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The file, as it was given.
    pub file: &'a str,
    /// What was set on top of it.
    pub sets: &'a [String],
    /// How many seeds were hunted over at the most, each time.
    pub seeds: u64,
    /// What came of it.
    pub rows: &'a [Row],
    /// Whether that is all that was wanted, and nobody stopped it.
    pub is_whole: bool,
}

/// The table, for people.
pub fn screen(of: &Ablated<'_>, page: Page) -> String {
    let title = format!("without each safeguard, over at most {} seeds", of.seeds);
    let mut text = format!(
        "{}  {}\n",
        paint(TITLE, &of.scenario.name),
        paint(QUIET, &title)
    );
    let about = heading::first_sentence(&of.scenario.about);
    text.push_str(&page.paragraph(about, "", ""));
    let mut last: Option<&[Safeguard]> = None;
    for row in of.rows {
        if last != Some(&row.without) {
            last = Some(&row.without);
            text.push_str(&format!("\n{}\n", paint(SECTION, &names(&row.without))));
            if let [one] = row.without.as_slice() {
                text.push_str(&page.paragraph(one.without(), "  ", "  "));
            }
        }
        text.push_str(&entry(of, row, page));
    }
    text + &verdict(of, page)
}

fn names(without: &[Safeguard]) -> String {
    let names: Vec<&str> = without.iter().map(|s| s.name()).collect();
    names.join(" and ")
}

fn entry(of: &Ablated<'_>, row: &Row, page: Page) -> String {
    let protocol = format!("{:<13}", row.protocol.name());
    match &row.outcome {
        Outcome::NotUsed => format!("  {protocol}  {}\n", paint(QUIET, "not used")),
        Outcome::NoPart => format!("  {protocol}  {}\n", paint(QUIET, "nothing here to keep")),
        Outcome::CannotRun => format!("  {protocol}  {}\n", paint(QUIET, "cannot run")),
        Outcome::Unnoticed { seeds } => {
            let seeds = counted(*seeds, "seed", "seeds");
            let what = format!("nothing broke on {seeds}");
            format!("  {protocol}  {}\n", paint(KNOWN, &what))
        }
        Outcome::Noticed(noticed) => broke(of, row, noticed, &protocol, page),
    }
}

fn broke(of: &Ablated<'_>, row: &Row, noticed: &Noticed, protocol: &str, page: Page) -> String {
    let finding = &noticed.finding;
    let what = format!("{}: {}", finding.promise, finding.how);
    let (group, seeds) = (&noticed.group, noticed.seeds);
    let mut share = format!(
        "{} of {seeds} seeds, the first {}",
        group.seeds, group.first
    );
    if noticed.shows > group.seeds {
        share.push_str(&format!("; {} show anything", noticed.shows));
    }
    let mut text = format!(
        "  {protocol}  {}  {}\n",
        paint(GOOD, &what),
        paint(QUIET, &share)
    );
    let indent = " ".repeat(17);
    if let Some((_, shrunk)) = noticed.shrunk.as_deref() {
        text.push_str(&page.paragraph(&plan(shrunk), &indent, &indent));
    }
    text + &format!("{indent}{}\n", again(of, row, noticed))
}

/// The shrunk run: `1 transaction; the manager crashes, for 5 ms, at the 1st ...`.
fn plan(shrunk: &Shrunk) -> String {
    let scenario = &shrunk.scenario;
    let mut parts = vec![counted(
        shrunk.requests.1 as u64,
        "transaction",
        "transactions",
    )];
    for fault in &scenario.faults {
        let what = words::fault(scenario, fault);
        parts.push(format!("{what}, {}", words::moment(scenario, &fault.when)));
    }
    if scenario.faults.is_empty() {
        parts.push("no fault".to_owned());
    }
    parts.join("; ") + "."
}

fn again(of: &Ablated<'_>, row: &Row, noticed: &Noticed) -> String {
    let invocation = Invocation {
        file: of.file.to_owned(),
        seed: match noticed.shrunk.as_deref() {
            Some((seed, _)) => *seed,
            None => Seed(noticed.group.smallest),
        },
        without: row.without.clone(),
        transactions: None,
        sets: of.sets.to_vec(),
        swarm: true,
    };
    match noticed.shrunk {
        Some(_) => invocation.shrink(row.protocol, &noticed.finding.promise),
        None => invocation.line(row.protocol),
    }
}

fn verdict(of: &Ablated<'_>, page: Page) -> String {
    let holes = holes(of.rows);
    if !of.is_whole {
        let text = "Stopped before the end: not every safeguard was taken away.";
        return format!("\n{}\n", paint(KNOWN, text));
    }
    let tried = |row: &Row| matches!(row.outcome, Outcome::Noticed(_) | Outcome::Unnoticed { .. });
    if !of.rows.iter().any(tried) {
        let text = "Nothing was tried: none of this has anything to keep here.";
        return format!("\n{}\n", paint(KNOWN, text));
    }
    if holes.is_empty() {
        let text = "Every safeguard that was taken away was missed.";
        return format!("\n{}\n", paint(GOOD, text));
    }
    let lines: Vec<String> = holes.iter().map(|without| names(without)).collect();
    section("Holes in the checks: safeguards that nobody missed") + &page.bullets(&lines)
}

/// The table as JSON writes it.
#[derive(Serialize, schemars::JsonSchema)]
pub(crate) struct Document<'a> {
    format: u32,
    scenario: &'a str,
    file: &'a str,
    sets: &'a [String],
    seeds: u64,
    rows: Vec<Entry<'a>>,
    holes: Vec<Vec<&'a str>>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct Entry<'a> {
    without: Vec<&'a str>,
    protocol: &'a str,
    /// `not-used`, `no-part`, `cannot-run`, `unnoticed` or `broke`.
    outcome: &'static str,
    promise: Option<&'a str>,
    how: Option<&'a str>,
    /// How many seeds show this finding.
    shows: Option<u64>,
    /// The first that does.
    first: Option<u64>,
    /// How many seeds show anything that is expected to hold broken.
    show_anything: Option<u64>,
    again: Option<String>,
    shrunk: Option<Small<'a>>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct Small<'a> {
    faults: usize,
    transactions: usize,
    plan: String,
    scenario: &'a str,
    digest: String,
}

/// What [`json`] writes, as a JSON Schema.
pub fn schema() -> schemars::Schema {
    schema_of::<Document<'static>>()
}

/// For programs; `reports/schemas/ablate.schema.json` says what it is.
pub fn json(of: &Ablated<'_>) -> String {
    written(&Document {
        format: 1,
        scenario: &of.scenario.name,
        file: of.file,
        sets: of.sets,
        seeds: of.seeds,
        rows: of.rows.iter().map(|row| json_entry(of, row)).collect(),
        holes: holes(of.rows)
            .iter()
            .map(|without| without.iter().map(|s| s.name()).collect())
            .collect(),
    })
}

fn json_entry<'a>(of: &Ablated<'a>, row: &'a Row) -> Entry<'a> {
    let noticed = match &row.outcome {
        Outcome::Noticed(noticed) => Some(noticed),
        _ => None,
    };
    Entry {
        without: row.without.iter().map(|s| s.name()).collect(),
        protocol: row.protocol.name(),
        outcome: match row.outcome {
            Outcome::NotUsed => "not-used",
            Outcome::NoPart => "no-part",
            Outcome::CannotRun => "cannot-run",
            Outcome::Unnoticed { .. } => "unnoticed",
            Outcome::Noticed(_) => "broke",
        },
        promise: noticed.map(|n| n.finding.promise.as_str()),
        how: noticed.map(|n| n.finding.how.as_str()),
        shows: noticed.map(|n| n.group.seeds),
        first: noticed.map(|n| n.group.first),
        show_anything: noticed.map(|n| n.shows),
        again: noticed.map(|n| again(of, row, n)),
        shrunk: noticed.and_then(|n| {
            let (_, shrunk) = n.shrunk.as_deref()?;
            Some(Small {
                faults: shrunk.faults.1,
                transactions: shrunk.requests.1,
                plan: plan(shrunk),
                scenario: &shrunk.text,
                digest: shrunk.digest.to_string(),
            })
        }),
    }
}
