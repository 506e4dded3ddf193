//! A run whole and changed, side by side: only what differs, and the promises.

use indexmap::IndexMap;

use super::page::{Page, section};
use super::style::{KNOWN, PLAIN, QUIET};
use super::table::{Cell, Line, Table};
use super::words::list;
use super::{Comparison, explanation, figures, heading, story, text};
use crate::lab::Trial;
use crate::protocol::ProtocolKind;

/// Tables of more protocols than these do not fit a page of 80 columns.
const A_TABLE: usize = 2;
/// Stands in the changed column where nothing differs.
const SAME: &str = "=";
/// The part of a label that its first row alone shows.
const SPREAD: usize = 18;

/// One scenario, run twice: as it was asked for, and with a change.
#[derive(Clone, Copy, Debug)]
pub struct Contrast<'a> {
    /// What is changed, in words: `without outbox`, `seed 7`.
    pub change: &'a str,
    /// What the change means, in a sentence; may be empty.
    pub meaning: &'a str,
    /// The run as it was asked for.
    pub whole: Comparison<'a>,
    /// The same run with the change: the same protocols.
    pub changed: Comparison<'a>,
}

impl Contrast<'_> {
    /// The protocols whose histories are the same, bit for bit.
    pub fn same(&self) -> impl Iterator<Item = ProtocolKind> {
        let pairs = self.whole.trials.iter().zip(self.changed.trials);
        pairs
            .filter(|(whole, changed)| whole.digest == changed.digest)
            .map(|(whole, _)| whole.protocol)
    }
}

/// The contrast as text: what is compared, tables of what differs, every broken
/// promise of the changed run, and what each side comes to.
pub fn screen(of: &Contrast<'_>, page: Page) -> String {
    let mut text = heading::title(&of.whole, page);
    text.push_str(&sides(of, page));
    let trials = of.whole.trials.len();
    let differs = |&n: &usize| of.whole.trials[n].digest != of.changed.trials[n].digest;
    let different: Vec<usize> = (0..trials).filter(differs).collect();
    for some in different.chunks(A_TABLE) {
        text.push('\n');
        text.push_str(&table(of, some).render(page));
    }
    // What is the same is neither shown nor explained.
    let trials: Vec<Trial> = different
        .iter()
        .map(|&n| of.changed.trials[n].clone())
        .collect();
    let changed = Comparison {
        trials: &trials,
        ..of.changed
    };
    if !different.is_empty() {
        text.push_str("  = the same as in the whole run\n");
        text.push_str(&figures::signs(&changed));
    }
    let same: Vec<&str> = of.same().map(ProtocolKind::name).collect();
    if !same.is_empty() {
        let words = format!(
            "Nothing differs under {}: the histories are the same, bit for bit.",
            list(same)
        );
        text.push('\n');
        text.push_str(&page.paragraph(&words, "", ""));
    }
    for unable in of.changed.unable {
        let words = format!("{} cannot run here: {}.", unable.protocol, unable.why);
        text.push_str(&format!("\n{}", page.paragraph(&words, "", "")));
    }
    text.push_str(&explanation::explanations(&changed, page));
    text.push('\n');
    for (side, comparison) in [("whole", &of.whole), ("changed", &of.changed)] {
        let (judgement, words) = story::conclusion(comparison);
        let lead = format!("{side:7}  ");
        text.push_str(&text::judged(judgement, &lead, &words, page));
    }
    text
}

fn sides(of: &Contrast<'_>, page: Page) -> String {
    let invocation = of.whole.invocation;
    let mut whole = format!("seed {}", invocation.seed);
    for safeguard in &invocation.without {
        whole.push_str(&format!(", without {safeguard}"));
    }
    let meaning = match of.meaning {
        "" => String::new(),
        meaning => format!(": {meaning}"),
    };
    let entries = [
        ("whole".to_owned(), whole),
        ("changed".to_owned(), format!("{}{meaning}", of.change)),
    ];
    section("Compared") + &page.entries(&entries)
}

/// The rows that differ under one of these protocols (by position), and the
/// promises; two columns a protocol.
fn table(of: &Contrast<'_>, protocols: &[usize]) -> Table {
    let heads = protocols.iter().flat_map(|&n| {
        let name = of.whole.trials[n].protocol;
        [format!("{name}\nwhole"), "\nchanged".to_owned()]
    });
    let mut table = Table::new(heads);
    let theirs = rows(figures::rows(&of.changed));
    let mut begun = "";
    let ours = rows(figures::rows(&of.whole));
    for (name, cells) in merged(&ours, &theirs) {
        let (ours, theirs) = cells;
        let differs = protocols
            .iter()
            .any(|&n| text_of(ours, n) != text_of(theirs, n));
        if !differs && name.0 != figures::PROMISES {
            continue;
        }
        if begun != name.0 {
            table.group(&name.0);
            begun = &name.0;
        }
        let pairs = protocols
            .iter()
            .flat_map(|&n| pair(cell(ours, n), cell(theirs, n)));
        table.row(&name.1, pairs.collect::<Vec<_>>());
    }
    table
}

/// A group and a label.
type Name = (String, String);
/// The cells of a row, where a side has it.
type Side<'a> = Option<&'a Vec<Cell>>;

/// The rows of a table by their names, in order.
fn rows(table: Table) -> IndexMap<Name, Vec<Cell>> {
    let (mut group, mut lead) = (String::new(), String::new());
    let mut rows = IndexMap::new();
    for line in table.lines {
        match line {
            Line::Group(name) => group = name,
            Line::Row { label, cells } => {
                let label = spelt_out(label.trim_start_matches("  "), &mut lead);
                rows.insert((group.clone(), label), cells);
            }
        }
    }
    rows
}

/// The rows of both sides: those of the one, and what only the other has where it has
/// it.
fn merged<'a>(
    ours: &'a IndexMap<Name, Vec<Cell>>,
    theirs: &'a IndexMap<Name, Vec<Cell>>,
) -> Vec<(&'a Name, (Side<'a>, Side<'a>))> {
    let mut all: Vec<_> = ours
        .iter()
        .map(|(name, cells)| (name, (Some(cells), theirs.get(name))))
        .collect();
    let mut place = 0;
    for (name, cells) in theirs {
        match all.iter().position(|(known, _)| *known == name) {
            Some(at) => place = at + 1,
            None => {
                all.insert(place, (name, (None, Some(cells))));
                place += 1;
            }
        }
    }
    all
}

fn cell(side: Side<'_>, n: usize) -> Cell {
    side.map_or_else(|| Cell::styled("–", QUIET), |cells| cells[n].clone())
}

fn text_of(side: Side<'_>, n: usize) -> Option<&str> {
    side.map(|cells| cells[n].text.as_str())
}

/// The label of a row that continues the one above it, in full.
fn spelt_out(label: &str, lead: &mut String) -> String {
    let quantile = ["p50", "p95", "p99", "max"]
        .into_iter()
        .find(|name| label.trim_end().ends_with(name));
    let Some(quantile) = quantile else {
        return label.to_owned();
    };
    let own = label.trim_end().trim_end_matches(quantile).trim();
    if !own.is_empty() {
        *lead = own.to_owned();
    }
    format!("{lead:<SPREAD$}{quantile}")
}

fn pair(whole: Cell, changed: Cell) -> [Cell; 2] {
    if whole.text == changed.text {
        return [whole, Cell::styled(SAME, QUIET)];
    }
    let changed = match changed.style == PLAIN {
        true => Cell::styled(changed.text, KNOWN),
        false => changed,
    };
    [whole, changed]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Safeguard;
    use crate::report::fixture;

    #[test]
    fn whole_and_changed_stand_side_by_side_on_a_page() {
        let scenario = fixture::scenario();
        let (invocation, mut other) = (fixture::invocation(), fixture::invocation());
        other.without = vec![Safeguard::Outbox];
        let whole = fixture::trials(&scenario);
        let mut changed = fixture::trials_without_outbox(&scenario);
        for trial in &mut changed[1..] {
            trial.digest.0 ^= 1;
            trial.figures.committed -= 20;
            trial.figures.latency.p95 = trial.figures.latency.p95 * 2;
        }
        let comparison = |invocation, trials| Comparison {
            scenario: &scenario,
            invocation,
            trials,
            unable: &[],
        };
        let text = screen(
            &Contrast {
                change: "without outbox",
                meaning: Safeguard::Outbox.without(),
                whole: comparison(&invocation, &whole),
                changed: comparison(&other, &changed),
            },
            Page::NARROW,
        );
        let text = anstream::adapter::strip_str(&text).to_string();
        for line in text.lines().filter(|line| !line.contains("cargo run")) {
            assert!(textwrap::core::display_width(line) <= 80, "{line}");
        }
        insta::assert_snapshot!(text);
    }
}
