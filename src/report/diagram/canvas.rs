//! A line of a terminal as cells, each with a glyph and a style.

use anstyle::Style;
use textwrap::core::display_width;

use crate::report::style::{PLAIN, paint};

/// Stands in the second cell of a glyph that takes two.
const TAKEN: char = '\0';

/// A line under way.
#[derive(Clone)]
pub(super) struct Canvas(Vec<(char, Style)>);

impl Canvas {
    /// An empty line of so many cells.
    pub(super) fn new(width: usize) -> Self {
        Canvas(vec![(' ', PLAIN); width])
    }

    /// How many cells it has.
    pub(super) fn width(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is in a cell.
    pub(super) fn is_blank(&self, at: usize) -> bool {
        self.0.get(at).is_none_or(|(glyph, _)| *glyph == ' ')
    }

    /// Puts a glyph into a cell.
    pub(super) fn put(&mut self, at: usize, glyph: char, style: Style) {
        if let Some(cell) = self.0.get_mut(at) {
            *cell = (glyph, style);
        }
    }

    /// Writes text from a cell on; what has no room is cut off.
    pub(super) fn write(&mut self, at: usize, text: &str, style: Style) {
        let mut at = at;
        for glyph in text.chars() {
            let wide = wide(glyph);
            if at + wide > self.0.len() {
                return;
            }
            if wide > 0 {
                self.put(at, glyph, style);
            }
            (1..wide).for_each(|more| self.put(at + more, TAKEN, style));
            at += wide;
        }
    }

    /// The line with its styles, without blanks at its end.
    pub(super) fn text(&self) -> String {
        let end = self.0.iter().rposition(|(glyph, _)| *glyph != ' ');
        let cells = &self.0[..end.map_or(0, |end| end + 1)];
        let mut text = String::new();
        for run in cells.chunk_by(|(_, a), (_, b)| a == b) {
            let glyphs = run.iter().map(|(glyph, _)| *glyph);
            let glyphs: String = glyphs.filter(|&glyph| glyph != TAKEN).collect();
            text.push_str(&paint(run[0].1, &glyphs));
        }
        text
    }
}

/// How many cells a glyph takes.
fn wide(glyph: char) -> usize {
    display_width(glyph.encode_utf8(&mut [0; 4]))
}

/// A text without anything that ASCII has not.
pub(in crate::report) fn in_ascii(text: &str) -> String {
    let plain = |glyph: char| match glyph {
        'µ' => 'u',
        '–' | '—' => '-',
        '’' | '‘' => '\'',
        '×' => 'x',
        ascii if ascii.is_ascii() => ascii,
        _ => '?',
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_glyph_takes_two_cells_and_is_never_cut_in_half() {
        let mut line = Canvas::new(7);
        line.write(0, "商城 shop", PLAIN);
        assert_eq!(line.text(), "商城 sh");
        let mut line = Canvas::new(3);
        line.write(0, "商城", PLAIN);
        assert_eq!(line.text(), "商");
    }

    #[test]
    fn what_ascii_has_not_is_replaced() {
        assert_eq!(in_ascii("250 µs – 商城"), "250 us - ??");
    }
}
