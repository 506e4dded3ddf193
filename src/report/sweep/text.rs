//! A sweep on a screen: a group a figure, a row a point, a column a protocol.

use super::Swept;
use super::cells::{title, words};
use crate::lab::hunt::Outcome;
use crate::lab::sweep::{Broken, Cell};
use crate::measure::Column;
use crate::protocol::ProtocolKind;
use crate::report::page::{Page, section};
use crate::report::style::{BAD, GOOD, KNOWN, QUIET, TITLE, paint};
use crate::report::table::{Cell as Field, Table};
use crate::report::words::counted;
use crate::scenario::Expectation;

/// So many promises that broke are shown; JSON has all.
const MOST_BROKEN: usize = 8;

/// The sweep for people.
pub fn screen(of: &Swept<'_>, page: Page) -> String {
    let cells = of.grid.cells(of.sweep);
    let mut text = heading(of, page);
    text.push('\n');
    text.push_str(&table(of, &cells).render(page));
    text.push_str(&notes(of, &cells, page));
    text.push_str(&broken(of, &cells, page));
    text.push_str(&verdict(of, &cells, page));
    text
}

fn heading(of: &Swept<'_>, page: Page) -> String {
    let scenario = of.sweep.subject.scenario();
    let mut text = format!(
        "{}  {}\n",
        paint(TITLE, &scenario.name),
        paint(QUIET, "measured")
    );
    let axes: Vec<String> = of
        .sweep
        .axes
        .iter()
        .map(|axis| format!("{} in {}", axis.path, axis.values.join(", ")))
        .collect();
    for axis in axes {
        text.push_str(&page.paragraph(&axis, "", "  "));
    }
    if !of.manifest.without.is_empty() {
        let line = format!("Without {}.", of.manifest.without.join(", "));
        text.push_str(&page.paragraph(&line, "", ""));
    }
    text + &page.paragraph(&extent(of), "", "")
}

fn extent(of: &Swept<'_>) -> String {
    let points = counted(of.sweep.points.len() as u64, "point", "points");
    let seeds = of.sweep.seeds;
    let (done, wanted) = (of.grid.done(), of.sweep.wanted());
    let stopped = match done < wanted {
        true => format!(" Stopped early: {done} of {wanted} are done."),
        false => String::new(),
    };
    let means = match seeds.count() {
        1 => format!(
            "One seed, {}: single runs, so nobody knows how far chance goes, and there are no \
             intervals.",
            seeds.from
        ),
        n => format!(
            "{n} seeds, {seeds}: means over the seeds, with 95 % confidence intervals (Student's t)."
        ),
    };
    format!("{points}. {means}{stopped}")
}

fn table(of: &Swept<'_>, cells: &[Cell]) -> Table {
    let protocols = &of.sweep.protocols;
    let mut table = Table::new(protocols.iter().map(ToString::to_string));
    let labels: Vec<String> = (0..of.sweep.points.len() as u32)
        .map(|point| label(of, point))
        .collect();
    for &column in of.figures.iter().filter(|column| tells(cells, column)) {
        table.group(&title(column));
        for (point, label) in (0..).zip(&labels) {
            let fields = protocols.iter().map(|&protocol| {
                let cell = cell_of(cells, point, protocol);
                let estimate = cell.and_then(|cell| cell.figure(column.name));
                let text = estimate.map_or("–".to_owned(), |e| words(column, e));
                field(text, cell)
            });
            table.row(label, fields.collect::<Vec<_>>());
        }
    }
    table
}

/// Whether a figure is anything else than 0 or nothing, in some cell.
fn tells(cells: &[Cell], column: &Column) -> bool {
    let means = cells.iter().filter_map(|cell| cell.figure(column.name));
    means.into_iter().any(|estimate| estimate.mean != 0.0)
}

/// What the row of a point is called: `clients 8, zipf 0.9`.
fn label(of: &Swept<'_>, point: u32) -> String {
    let axes = &of.sweep.axes;
    let names: Vec<&str> = axes.iter().map(|axis| axis.short_name()).collect();
    let values = axes.iter().zip(of.values(point));
    let named = values.map(|(axis, value)| {
        let short = axis.short_name();
        let unique = names.iter().filter(|name| **name == short).count() == 1;
        let name = if unique { short } else { &axis.path };
        format!("{name} {value}")
    });
    match axes.is_empty() {
        true => "as it stands".to_owned(),
        false => named.collect::<Vec<_>>().join(", "),
    }
}

fn cell_of(cells: &[Cell], point: u32, protocol: ProtocolKind) -> Option<&Cell> {
    let mut cells = cells.iter();
    cells.find(|cell| cell.point == point && cell.protocol == protocol)
}

/// A field of the table; what broke a promise that is expected to hold is marked.
fn field(text: String, cell: Option<&Cell>) -> Field {
    match cell {
        None => Field::styled("–", QUIET),
        Some(cell) if cell.unexpected().next().is_some() => Field::styled(format!("✗ {text}"), BAD),
        Some(cell) if !cell.inconclusive.is_empty() => Field::styled(format!("? {text}"), KNOWN),
        Some(_) => Field::plain(text),
    }
}

/// What the signs mean, and what is not in the table.
fn notes(of: &Swept<'_>, cells: &[Cell], page: Page) -> String {
    let mut lines = Vec::new();
    if cells.iter().any(|cell| cell.unexpected().next().is_some()) {
        lines.push("✗ a promise that is expected to hold broke there; see below".to_owned());
    }
    let open = |cell: &&Cell| !cell.inconclusive.is_empty() && cell.unexpected().next().is_none();
    if let Some(cell) = cells.iter().find(open) {
        let promises: Vec<&str> = cell.inconclusive.keys().map(String::as_str).collect();
        lines.push(format!(
            "? some runs there do not say whether all promises hold: {}",
            promises.join(", ")
        ));
    }
    let untold = of.figures.iter().filter(|column| !tells(cells, column));
    let untold: Vec<&str> = untold.map(|column| column.name).collect();
    if !untold.is_empty() {
        lines.push(format!("0 or nothing everywhere: {}", untold.join(", ")));
    }
    let partly = cells.iter().any(|cell| {
        let shown = of.figures.iter().filter_map(|c| cell.figure(c.name));
        shown.into_iter().any(|e| e.seeds < cell.seeds)
    });
    if partly {
        lines.push(
            "A mean is over the seeds on which the figure means something: CSV and JSON say how \
             many."
                .to_owned(),
        );
    }
    for &protocol in &of.sweep.protocols {
        let scenario = of.sweep.subject.scenario();
        if let Err(why) = scenario.can_run(protocol) {
            lines.push(format!("{protocol} cannot run here: {why}"));
        }
    }
    let lines = lines.iter().map(|line| page.paragraph(line, "  ", "    "));
    lines.collect()
}

fn broken(of: &Swept<'_>, cells: &[Cell], page: Page) -> String {
    let all: Vec<(&Cell, &Broken)> = cells
        .iter()
        .flat_map(|cell| cell.unexpected().map(move |broken| (cell, broken)))
        .collect();
    if all.is_empty() {
        return String::new();
    }
    let mut text = section("Broken, and expected to hold");
    for (cell, broken) in all.iter().take(MOST_BROKEN) {
        let name = format!("{} {}", cell.protocol, broken.promise);
        let seeds = format!(
            "{}: on {} of {}",
            label(of, cell.point),
            broken.seeds,
            counted(cell.seeds, "seed", "seeds")
        );
        text.push_str(&format!(
            "  {}  {}\n",
            paint(BAD, &name),
            paint(QUIET, &seeds)
        ));
        text.push_str(&page.paragraph(&broken.what, "    ", "    "));
        let again = of.again(cell.point, cell.protocol, broken.first);
        text.push_str(&format!("    {again}\n"));
    }
    if let Some(more) = all.len().checked_sub(MOST_BROKEN + 1) {
        text.push_str(&format!("  and {} more: --format json has all\n", more + 1));
    }
    text
}

fn verdict(of: &Swept<'_>, cells: &[Cell], page: Page) -> String {
    let unexpected: usize = cells.iter().map(|cell| cell.unexpected().count()).sum();
    let known = cells.iter().flat_map(|cell| &cell.broken);
    let known = known.filter(|b| b.expected != Expectation::Holds).count() as u64;
    let known = match known {
        0 => String::new(),
        n => format!("; {} broke as allowed", counted(n, "promise", "promises")),
    };
    let (style, says) = match of.outcome() {
        Outcome::AsExpected => (
            GOOD,
            format!("Every promise that is expected to hold held in every run{known}."),
        ),
        Outcome::Inconclusive if of.grid.done() < of.sweep.wanted() => {
            (KNOWN, "Stopped before the end.".to_owned())
        }
        Outcome::Inconclusive => (
            KNOWN,
            format!(
                "Inconclusive: nothing broke that is expected to hold, but some runs do not say{known}."
            ),
        ),
        Outcome::NotAsExpected => (
            BAD,
            format!(
                "{} broke that should hold: what is measured there is not worth its cost.",
                counted(unexpected as u64, "promise", "promises")
            ),
        ),
        Outcome::Bug => (BAD, "A bug of the bench: please report it.".to_owned()),
    };
    let says = page.paragraph(&says, "", "");
    format!(
        "\n{}\n{}\n",
        paint(style, says.trim_end()),
        paint(QUIET, of.command)
    )
}
