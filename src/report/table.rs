//! Rows of labels and right-aligned cells, as wide as they need to be.

use std::fmt::Write;

use anstyle::Style;
use textwrap::core::display_width;

use super::page::PAGE;
use super::style::{PLAIN, SECTION, TITLE, paint};

/// Between two columns.
const GAP: usize = 2;
/// A label is wrapped rather than made wider than the page allows, but not to
/// less than this.
const NARROWEST_LABEL: usize = 20;

/// A table with a column a protocol.
pub(super) struct Table {
    heads: Vec<String>,
    lines: Vec<Line>,
}

enum Line {
    Group(String),
    Row { label: String, cells: Vec<Cell> },
}

/// What stands in a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) style: Style,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Cell {
            text: text.into(),
            style: PLAIN,
        }
    }

    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
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
        debug_assert_eq!(cells.len(), self.heads.len(), "a cell a column");
        self.lines.push(Line::Row {
            label: format!("  {label}"),
            cells,
        });
    }

    pub(super) fn render(&self) -> String {
        let widths = self.column_widths();
        let label_width = self.label_width(&widths);
        let mut text = " ".repeat(label_width);
        for (head, width) in self.heads.iter().zip(&widths) {
            push_cell(&mut text, head, TITLE, *width);
        }
        text.push('\n');
        for line in &self.lines {
            match line {
                Line::Group(name) => {
                    let _ = writeln!(text, "{}", paint(SECTION, name));
                }
                Line::Row { label, cells } => {
                    push_row(&mut text, label, cells, label_width, &widths)
                }
            }
        }
        text
    }

    fn column_widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.heads.iter().map(|head| display_width(head)).collect();
        for line in &self.lines {
            if let Line::Row { cells, .. } = line {
                for (width, cell) in widths.iter_mut().zip(cells) {
                    *width = (*width).max(display_width(&cell.text));
                }
            }
        }
        widths
    }

    fn label_width(&self, columns: &[usize]) -> usize {
        let longest = self
            .lines
            .iter()
            .map(|line| match line {
                Line::Group(_) => 0,
                Line::Row { label, .. } => display_width(label),
            })
            .max()
            .unwrap_or(0);
        let taken: usize = columns.iter().map(|width| width + GAP).sum();
        longest.min(PAGE.saturating_sub(taken).max(NARROWEST_LABEL))
    }
}

fn push_row(text: &mut String, label: &str, cells: &[Cell], label_width: usize, widths: &[usize]) {
    let indent = label.len() - label.trim_start().len();
    let lead = " ".repeat(indent);
    let hang = format!("{lead}  ");
    let options = textwrap::Options::new(label_width)
        .initial_indent(&lead)
        .subsequent_indent(&hang)
        .break_words(true);
    let mut label_lines = textwrap::wrap(label.trim_start(), options).into_iter();
    let first = label_lines.next().unwrap_or_default();
    text.push_str(&first);
    text.push_str(&" ".repeat(label_width.saturating_sub(display_width(&first))));
    for (cell, width) in cells.iter().zip(widths) {
        push_cell(text, &cell.text, cell.style, *width);
    }
    text.push('\n');
    for more in label_lines {
        text.push_str(&more);
        text.push('\n');
    }
}

fn push_cell(text: &mut String, cell: &str, style: Style, width: usize) {
    let pad = GAP + width.saturating_sub(display_width(cell));
    text.push_str(&" ".repeat(pad));
    text.push_str(&paint(style, cell));
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
        insta::assert_snapshot!(anstream::adapter::strip_str(&table.render()));
    }
}
