//! A sweep as CSV: for DuckDB, Polars, pandas and spreadsheets.

use super::{Swept, plain};

/// A row a run: the axes, protocol and seed, what broke, and every figure that
/// is shown; empty where it means nothing.
pub fn runs(of: &Swept<'_>) -> String {
    let mut header = axes(of);
    header.extend(
        [
            "protocol",
            "seed",
            "digest",
            "events",
            "broken",
            "inconclusive",
        ]
        .map(str::to_owned),
    );
    header.extend(of.figures.iter().map(|column| column.name.to_owned()));
    let mut rows = vec![header];
    for record in of.grid.records() {
        for run in &record.runs {
            let mut row = of.values(record.point);
            let broken = run.found.iter().map(|found| found.promise.as_str());
            row.extend([
                run.protocol.clone(),
                record.seed.to_string(),
                run.digest.clone(),
                run.events.to_string(),
                broken.collect::<Vec<_>>().join("; "),
                run.inconclusive.join("; "),
            ]);
            row.extend(of.figures.iter().map(|c| number(run.figure(c.name))));
            rows.push(row);
        }
    }
    written(&rows)
}

/// A row a cell and figure: the axes, protocol, figure and its unit, over how many
/// seeds, mean and 95 % confidence interval; empty where there is none.
pub fn cells(of: &Swept<'_>) -> String {
    let mut header = axes(of);
    let more = [
        "protocol", "figure", "unit", "seeds", "mean", "low", "high", "broken",
    ];
    header.extend(more.map(str::to_owned));
    let mut rows = vec![header];
    for cell in of.grid.cells(of.sweep) {
        let broken: Vec<&str> = cell.broken.iter().map(|b| b.promise.as_str()).collect();
        for &column in of.figures {
            let estimate = cell.figure(column.name);
            let mut row = of.values(cell.point);
            row.extend([
                cell.protocol.name().to_owned(),
                column.name.to_owned(),
                column.unit.in_files().to_owned(),
                estimate.map_or(0, |e| e.seeds).to_string(),
                number(estimate.map(|e| e.mean)),
                number(estimate.and_then(|e| e.low)),
                number(estimate.and_then(|e| e.high)),
                broken.join("; "),
            ]);
            rows.push(row);
        }
    }
    written(&rows)
}

fn axes(of: &Swept<'_>) -> Vec<String> {
    of.sweep.axes.iter().map(|axis| plain(&axis.path)).collect()
}

/// The shortest text that reads back as the same number.
fn number(number: Option<f64>) -> String {
    number.map_or(String::new(), |number| number.to_string())
}

fn written(rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row)
            .expect("all rows are as long as their header, and memory can be written");
    }
    let bytes = writer.into_inner().expect("memory can be written");
    String::from_utf8(bytes).expect("text was written")
}
