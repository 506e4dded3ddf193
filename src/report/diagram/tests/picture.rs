//! What must be true of every picture: its words can be read.

use crate::report::diagram::Diagram;
use crate::report::diagram::picture::{LINE, Placed, Sheet, place, said, slopes};

/// A rectangle: from its left and upper edge to its right and lower one.
type Edges = (f64, f64, f64, f64);

/// Where the words of a row are, a line each.
fn boxes(row: &Placed) -> impl Iterator<Item = Edges> {
    (0..).zip(&row.words.lines).map(|(n, line)| {
        let (from, to) = row.words.extent(line);
        let middle = row.y + LINE * f64::from(n);
        (from, middle - LINE / 2.0, to, middle + LINE / 2.0)
    })
}

/// Rows lie under one another or share a line; their words are on the sheet, not
/// over one another, and no arrow on its way to another row goes through them.
pub(super) fn no_words_overlap(diagram: &Diagram) {
    let sheet = place(diagram, 100.0);
    let mut end = 0.0;
    for (nth, row) in sheet.rows.iter().enumerate() {
        let beside = nth > 0 && row.top == sheet.rows[nth - 1].top;
        assert!(beside || row.top >= end, "row {nth}");
        assert!(row.y >= row.top && row.y <= row.bottom);
        end = f64::max(end, row.bottom);
        let words = said(diagram, nth);
        let placed = row.words.lines.join(" ");
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(letters(&placed), letters(&words), "nothing is left out");
        for (left, top, right, bottom) in boxes(row) {
            // Times stand to the left of the first lane.
            let on_sheet = left >= sheet.grid.left - 12.0 && right <= sheet.width;
            assert!(on_sheet && bottom <= sheet.bottom, "{placed}");
            assert!(
                top >= row.top - 0.1 && bottom <= row.bottom + 0.1,
                "{placed}"
            );
        }
    }
    no_arrow_goes_through(diagram, &sheet);
    let all: Vec<Edges> = sheet.rows.iter().flat_map(boxes).collect();
    for (nth, one) in all.iter().enumerate() {
        // Further down they are on other lines.
        for other in &all[nth + 1..all.len().min(nth + 12)] {
            let across = one.0 < other.2 && other.0 < one.2;
            let down = one.1 + 0.1 < other.3 && other.1 + 0.1 < one.3;
            assert!(!(across && down), "{one:?} {other:?}");
        }
    }
}

fn no_arrow_goes_through(diagram: &Diagram, sheet: &Sheet) {
    let slopes = slopes(diagram, sheet.grid, &sheet.rows);
    for row in &sheet.rows {
        for (left, top, right, bottom) in boxes(row) {
            for slope in &slopes {
                if let Some((from, to)) = slope.within((top, bottom)) {
                    assert!(to < left || from > right, "{slope:?} {:?}", row.words);
                }
            }
        }
    }
}
