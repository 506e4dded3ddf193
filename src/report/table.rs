//! Rows of labels and right-aligned cells, as wide as they need to be.

use std::iter::once;

use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Span, Style};

use super::page::Page;
use super::style::{PLAIN, SECTION, TITLE, paint};

/// Between two columns.
const GAP: usize = 2;
/// A label is wrapped rather than made wider than the page allows, but not to
/// less than this.
const NARROWEST_LABEL: usize = 20;

/// A table with a column a protocol.
pub(super) struct Table {
    heads: Vec<String>,
    pub(super) lines: Vec<Line>,
}

pub(super) enum Line {
    Group(String),
    Row { label: String, cells: Vec<Cell> },
}

/// What stands in a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) style: anstyle::Style,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Cell {
            text: text.into(),
            style: PLAIN,
        }
    }

    pub(super) fn styled(text: impl Into<String>, style: anstyle::Style) -> Self {
        Cell {
            text: text.into(),
            style,
        }
    }
}

impl Table {
    pub(super) fn new(heads: impl IntoIterator<Item = String>) -> Self {
        Table {
            heads: heads.into_iter().collect(),
            lines: Vec::new(),
        }
    }

    /// Begins a group of rows.
    pub(super) fn group(&mut self, name: &str) {
        self.lines.push(Line::Group(name.to_owned()));
    }

    /// Adds a row: a cell a column.
    pub(super) fn row(&mut self, label: &str, cells: impl IntoIterator<Item = Cell>) {
        let cells: Vec<Cell> = cells.into_iter().collect();
        assert_eq!(cells.len(), self.heads.len(), "a cell a column");
        self.lines.push(Line::Row {
            label: format!("  {label}"),
            cells,
        });
    }

    pub(super) fn render(&self, page: Page) -> String {
        // The labels get what the columns leave of the page.
        let columns = self.laid_out(|_| String::new()).total_width();
        let left = page.width().saturating_sub(columns).max(NARROWEST_LABEL);
        let table = self.laid_out(|label| wrapped(label, left)).to_string();
        table
            .lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect()
    }

    fn laid_out(&self, label_of: impl Fn(&str) -> String) -> tabled::Table {
        let mut rows = Builder::default();
        // A head of several lines is a row a line: an empty one is no colour.
        let depth = self.heads.iter().map(|head| head.lines().count()).max();
        let depth = depth.unwrap_or(0).max(1);
        for n in 0..depth {
            let line = |head: &String| paint(TITLE, head.lines().nth(n).unwrap_or_default());
            rows.push_record(once(String::new()).chain(self.heads.iter().map(line)));
        }
        for line in &self.lines {
            match line {
                Line::Group(name) => rows.push_record([paint(SECTION, name)]),
                Line::Row { label, cells } => {
                    let cells = cells.iter().map(|cell| paint(cell.style, &cell.text));
                    rows.push_record(once(label_of(label)).chain(cells));
                }
            }
        }
        let mut table = rows.build();
        table
            .with(Style::empty())
            .with(Padding::zero())
            .modify(Columns::new(1..), Padding::new(GAP, 0, 0, 0))
            .modify(Columns::new(1..), Alignment::right());
        for (row, line) in (depth..).zip(&self.lines) {
            if let Line::Group(_) = line {
                table.modify((row, 0), Span::column(self.heads.len() as isize + 1));
            }
        }
        table
    }
}

/// A label that goes on in a second line goes on further right.
fn wrapped(label: &str, width: usize) -> String {
    let name = label.trim_start();
    let lead = &label[..label.len() - name.len()];
    let hang = format!("{lead}  ");
    let options = textwrap::Options::new(width)
        .initial_indent(lead)
        .subsequent_indent(&hang);
    textwrap::fill(name, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_right_aligned_and_long_labels_wrap() {
        let mut table =
            Table::new(["monolith", "2pc", "orchestrated", "choreographed"].map(String::from));
        table.group("Promises");
        let words = |words: [&str; 4]| words.map(Cell::plain);
        table.row(
            "all-or-nothing",
            words(["holds", "holds", "holds", "✗ violated"]),
        );
        table.row(
            "no points are lost without an entitlement",
            words(["holds", "? inconclusive", "~ violated", "–"]),
        );
        insta::assert_snapshot!(anstream::adapter::strip_str(&table.render(Page::NARROW)));
    }
}
