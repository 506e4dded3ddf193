//! A sweep for programs: as one document of cells, and as lines of runs.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::Swept;
use crate::lab::hunt::Outcome;
use crate::lab::sweep::{Broken, Cell, Estimate, Manifest, Record};
use crate::report::document::{schema_of, written};

/// A sweep as JSON writes it.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    /// Raised when a name changes its meaning or goes away.
    format: u32,
    scenario: &'a str,
    /// The command that gives the same.
    command: &'a str,
    sweep: &'a Manifest,
    /// How many points and seeds are done, and how many were wanted.
    done: u64,
    wanted: u64,
    outcome: Outcome,
    cells: Vec<CellEntry>,
}

/// A protocol at a point, over all seeds.
#[derive(Serialize, JsonSchema)]
struct CellEntry {
    /// The value of every axis, by its path.
    point: BTreeMap<String, String>,
    protocol: &'static str,
    /// How many seeds were run.
    seeds: u64,
    /// By the names of `list metrics`; `null` where it means nothing.
    figures: BTreeMap<&'static str, Option<FigureEntry>>,
    broken: Vec<BrokenEntry>,
    /// Promises that some runs do not say anything about, and how many runs.
    inconclusive: BTreeMap<String, u64>,
}

/// A figure with its unit.
#[derive(Serialize, JsonSchema)]
struct FigureEntry {
    unit: &'static str,
    #[serde(flatten)]
    estimate: Estimate,
}

/// A promise that broke, and the command that shows it.
#[derive(Serialize, JsonSchema)]
struct BrokenEntry {
    #[serde(flatten)]
    broken: Broken,
    again: String,
}

/// The cells for programs; `reports/schemas/measure.schema.json` says what it is.
pub fn document(of: &Swept<'_>) -> String {
    let cells = of.grid.cells(of.sweep);
    written(&Document {
        format: 1,
        scenario: &of.sweep.subject.scenario().name,
        command: of.command,
        sweep: of.manifest,
        done: of.grid.done(),
        wanted: of.sweep.wanted(),
        outcome: of.outcome(),
        cells: cells.into_iter().map(|cell| entry(of, cell)).collect(),
    })
}

fn entry(of: &Swept<'_>, cell: Cell) -> CellEntry {
    let figures = of.figures.iter().map(|column| {
        let estimate = cell.figure(column.name).map(|&estimate| FigureEntry {
            unit: column.unit.in_files(),
            estimate,
        });
        (column.name, estimate)
    });
    let figures = figures.collect();
    let broken = cell.broken.into_iter().map(|broken| BrokenEntry {
        again: of.again(cell.point, cell.protocol, broken.first),
        broken,
    });
    CellEntry {
        point: point(of, cell.point),
        protocol: cell.protocol.name(),
        seeds: cell.seeds,
        figures,
        broken: broken.collect(),
        inconclusive: cell.inconclusive,
    }
}

fn point(of: &Swept<'_>, point: u32) -> BTreeMap<String, String> {
    let paths = of.sweep.axes.iter().map(|axis| axis.path.clone());
    paths.zip(of.values(point)).collect()
}

/// A run, on a line of its own.
#[derive(Serialize, JsonSchema)]
pub struct Line<'a> {
    /// The value of every axis, by its path.
    point: BTreeMap<String, String>,
    protocol: &'a str,
    seed: u64,
    digest: &'a str,
    events: u64,
    /// By the names of `list metrics`; `null` where it means nothing.
    figures: BTreeMap<&'static str, Option<f64>>,
    broken: Vec<&'a str>,
    inconclusive: &'a [String],
}

/// A line of JSON a run; `reports/schemas/measure-run.schema.json` says what it is.
///
/// # Panics
/// Never: a line is plain data.
pub fn lines(of: &Swept<'_>) -> String {
    let mut text = String::new();
    for record in of.grid.records() {
        for run in &record.runs {
            let broken = run.found.iter().map(|found| found.promise.as_str());
            let figures = of.figures.iter().map(|c| (c.name, run.figure(c.name)));
            let line = serde_json::to_string(&Line {
                point: point(of, record.point),
                protocol: &run.protocol,
                seed: record.seed,
                digest: &run.digest,
                events: run.events,
                figures: figures.collect(),
                broken: broken.collect(),
                inconclusive: &run.inconclusive,
            });
            text.push_str(&line.expect("a line is plain data with string keys"));
            text.push('\n');
        }
    }
    text
}

/// What [`document`] writes, as a JSON Schema.
pub fn schema() -> Schema {
    schema_of::<Document<'static>>()
}

/// What a line of [`lines`] is, as a JSON Schema.
pub fn line_schema() -> Schema {
    schema_of::<Line<'static>>()
}

/// What the files in the folder of a sweep hold, as JSON Schemas: `sweep.json`, and
/// what follows the checksum on a line of `runs.jsonl`.
pub fn journal_schemas() -> [(&'static str, Schema); 2] {
    [
        ("manifest", schema_of::<Manifest>()),
        ("record", schema_of::<Record>()),
    ]
}
