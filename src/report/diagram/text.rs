//! The diagram in a terminal: as wide as the page, readable without colour, and
//! without Unicode if that is asked for.

use anstyle::Style;
use textwrap::core::display_width;

use super::canvas::Canvas;
use super::signs::{Glyphs, Signs};
use super::{Diagram, Fate, Row, Shown, Sign, State};
use crate::report::page::Page;
use crate::report::style::{BAD, GOOD, KNOWN, PLAIN, QUIET, SECTION, paint};

/// How far apart lanes are at the most and at the least.
const APART: (usize, usize) = (20, 4);
/// What is kept free to the right of the last lane.
const MARGIN: usize = 22;

/// The diagram as text with ANSI styles, and what its signs mean.
pub fn text(of: &Diagram, signs: Signs, page: Page) -> String {
    let width = page.width();
    let times = of.rows.iter().map(|row| row.at.to_string().len());
    let time = times.max().unwrap_or(0).max("time, ms".len());
    let left = time + 2;
    let lanes = of.lanes.len();
    let room = width.saturating_sub(left + MARGIN);
    let apart = room / lanes.saturating_sub(1).max(1);
    let sheet = Sheet {
        of,
        signs,
        glyphs: signs.glyphs(),
        width,
        time,
        left,
        apart: apart.clamp(APART.1, APART.0),
    };
    let mut text = sheet.header();
    let mut before = None;
    for (nth, row) in of.rows.iter().enumerate() {
        let again = before == Some(row.at);
        text.push_str(&sheet.row(nth, row, again));
        if !matches!(row.what, Shown::Gap { .. } | Shown::Elided { .. }) {
            before = Some(row.at);
        }
    }
    text.push_str(&sheet.legend());
    text
}

struct Sheet<'a> {
    of: &'a Diagram,
    signs: Signs,
    glyphs: Glyphs,
    width: usize,
    /// How wide the times are.
    time: usize,
    /// Where the first lane stands.
    left: usize,
    apart: usize,
}

/// What is written beside or onto a row, and where it may go.
struct Label<'a> {
    words: &'a str,
    style: Style,
    /// The first cell to its right, and the first that is not to its left.
    right: usize,
    left: usize,
}

impl Sheet<'_> {
    fn place(&self, lane: usize) -> usize {
        self.left + lane * self.apart
    }

    /// The lanes' names; where they are too close for that, every other name
    /// stands a line higher.
    fn header(&self) -> String {
        let names: Vec<String> = self.of.lanes.iter().map(|n| self.signs.words(n)).collect();
        let fits = |(lane, name): (usize, &String)| display_width(name) <= self.room(lane, 1);
        let mut line = Canvas::new(self.width);
        line.write(0, &format!("{:>1$}", "time, ms", self.time), QUIET);
        if names.iter().enumerate().all(fits) {
            self.names(&mut line, &names, (0, 1));
            return line.text() + "\n";
        }
        let mut above = Canvas::new(self.width);
        self.names(&mut above, &names, (1, 2));
        self.names(&mut line, &names, (0, 2));
        for lane in (1..names.len()).step_by(2) {
            let at = self.place(lane);
            if line.is_blank(at) && line.is_blank(at - 1) {
                line.put(at, self.glyphs.lane, QUIET);
            }
        }
        above.text() + "\n" + &line.text() + "\n"
    }

    /// Every so many-th name, from one on.
    fn names(&self, line: &mut Canvas, names: &[String], (first, step): (usize, usize)) {
        for (lane, name) in names.iter().enumerate().skip(first).step_by(step) {
            let name = self.signs.cut(name, self.room(lane, step));
            line.write(self.place(lane), &name, SECTION);
        }
    }

    /// How long a lane's name may be, if so many lanes share its room.
    fn room(&self, lane: usize, share: usize) -> usize {
        match lane + share < self.of.lanes.len() {
            true => share * self.apart - 1,
            false => self.width.saturating_sub(self.place(lane)),
        }
    }

    /// A line with the lanes in their states, and nothing else.
    fn lanes(&self, row: usize) -> Canvas {
        let mut line = Canvas::new(self.width);
        for lane in 0..self.of.lanes.len() {
            let (glyph, style) = self.lane(self.of.state(lane, row), self.glyphs.lane);
            line.put(self.place(lane), glyph, style);
        }
        line
    }

    /// A lane in a state; in none it is the glyph that is given.
    fn lane(&self, state: Option<State>, calm: char) -> (char, Style) {
        match state {
            None => (calm, QUIET),
            Some(State::Locked) => (self.glyphs.locked, PLAIN),
            Some(State::InDoubt) => (self.glyphs.in_doubt, KNOWN),
            Some(State::Paused) => (self.glyphs.paused, KNOWN),
            // Nothing is there that could have a colour.
            Some(State::Down) => (self.glyphs.down, PLAIN),
        }
    }

    fn row(&self, nth: usize, row: &Row, again: bool) -> String {
        let mut line = self.lanes(nth);
        let between = self.lanes(nth);
        let time = if again {
            String::new()
        } else {
            row.at.to_string()
        };
        let time = format!("{time:>0$}", self.time);
        match &row.what {
            Shown::Gap { lasts } => self.gap(nth, &format!("{lasts} later")),
            Shown::Elided { words } => self.gap(nth, words),
            Shown::Banner { violation, words } => {
                line.write(0, &time, QUIET);
                self.banner(line, *violation, words)
            }
            Shown::Mark {
                lane, sign, words, ..
            } => {
                line.write(0, &time, QUIET);
                let at = self.place(*lane);
                let (glyph, style) = match sign {
                    Sign::Deed => (self.glyphs.deed, GOOD),
                    Sign::Forced => (self.glyphs.forced, GOOD),
                    Sign::Death => (self.glyphs.death, BAD),
                };
                line.put(at, glyph, style);
                let style = if *sign == Sign::Death { BAD } else { PLAIN };
                let label = Label {
                    words,
                    style,
                    right: at + 2,
                    left: at.saturating_sub(1),
                };
                self.labelled(line, &between, &label)
            }
            Shown::Departure { from, to, words } => {
                line.write(0, &time, QUIET);
                self.departure(&mut line, (*from, *to));
                let words = format!("{words} leaves");
                self.arrow_label(line, &between, (*from, *to), &words, PLAIN)
            }
            Shown::Arrow {
                from,
                to,
                words,
                fate,
                departed,
                ..
            } => {
                line.write(0, &time, QUIET);
                let style = if *fate == Fate::Lost { KNOWN } else { PLAIN };
                self.arrow(&mut line, (*from, *to), *fate, departed.is_some());
                self.arrow_label(line, &between, (*from, *to), words, style)
            }
        }
    }

    /// A message that leaves: an arrow without a head, that does not get there.
    fn departure(&self, line: &mut Canvas, (from, to): (usize, usize)) {
        let (tail, end) = (self.place(from), self.place(to));
        (tail.min(end)..=tail.max(end))
            .filter(|&at| at != end)
            .for_each(|at| line.put(at, self.glyphs.late, PLAIN));
        line.put(tail, self.glyphs.tail, PLAIN);
    }

    fn arrow(&self, line: &mut Canvas, (from, to): (usize, usize), fate: Fate, departed: bool) {
        let (tail, end) = (self.place(from), self.place(to));
        let (shaft, style) = match fate {
            Fate::Arrived if departed => (self.glyphs.late, PLAIN),
            Fate::Arrived => (self.glyphs.level, PLAIN),
            Fate::Late => (self.glyphs.late, KNOWN),
            Fate::Copy => (self.glyphs.copy, KNOWN),
            Fate::Lost => (self.glyphs.level, KNOWN),
        };
        (tail.min(end)..=tail.max(end)).for_each(|at| line.put(at, shaft, style));
        if !departed {
            line.put(tail, self.glyphs.tail, style);
        }
        let head = match fate {
            Fate::Lost => self.glyphs.lost,
            _ if end < tail => self.glyphs.left,
            _ => self.glyphs.right,
        };
        line.put(end, head, style);
    }

    /// The words of an arrow: on its shaft if there is room, else beside it.
    fn arrow_label(
        &self,
        mut line: Canvas,
        between: &Canvas,
        (from, to): (usize, usize),
        words: &str,
        style: Style,
    ) -> String {
        let (tail, end) = (self.place(from), self.place(to));
        let (left, right) = (tail.min(end), tail.max(end));
        let text = self.signs.words(words);
        let room = right.saturating_sub(left + 1);
        if display_width(&text) + 4 <= room {
            // After the tail, so that the eye reads along the arrow.
            let at = if tail < end { tail + 2 } else { end + 2 };
            line.write(at, &format!(" {text} "), style);
            return line.text() + "\n";
        }
        let label = Label {
            words,
            style,
            right: right + 2,
            left: left.saturating_sub(1),
        };
        self.labelled(line, between, &label)
    }

    /// Words beside a row: to the right if there is room, else to the left, else
    /// over several lines.
    fn labelled(&self, mut line: Canvas, between: &Canvas, label: &Label<'_>) -> String {
        let text = self.signs.words(label.words);
        let right = line.width().saturating_sub(label.right);
        let left = label.left.saturating_sub(self.left);
        let width = display_width(&text);
        if width <= right {
            self.onto(&mut line, label.right, &text, label.style);
            return line.text() + "\n";
        }
        if width <= left {
            self.onto(&mut line, label.left - width, &text, label.style);
            return line.text() + "\n";
        }
        let to_right = right >= left;
        let room = right.max(left).max(1);
        let mut lines = String::new();
        for (n, part) in textwrap::wrap(&text, room).iter().enumerate() {
            let mut line = if n == 0 {
                line.clone()
            } else {
                between.clone()
            };
            let at = if to_right {
                label.right
            } else {
                label.left - display_width(part)
            };
            self.onto(&mut line, at, part, label.style);
            lines.push_str(&(line.text() + "\n"));
        }
        lines
    }

    /// Writes with a blank on both sides, over the lanes that are in the way.
    fn onto(&self, line: &mut Canvas, at: usize, text: &str, style: Style) {
        let before = at.saturating_sub(1);
        if at > 0 && (0..self.of.lanes.len()).any(|lane| self.place(lane) == before) {
            // A lane that is too close would read as a letter.
            if at > self.left + 1 {
                line.put(before, ' ', PLAIN);
            }
        }
        line.write(at, text, style);
        let after = at + display_width(text);
        if (0..self.of.lanes.len()).any(|lane| self.place(lane) == after) {
            line.put(after, ' ', PLAIN);
        }
    }

    /// Nothing for a while, or nothing new: the lanes go on as dots.
    fn gap(&self, row: usize, words: &str) -> String {
        let mut line = Canvas::new(self.width);
        for lane in 0..self.of.lanes.len() {
            let (glyph, style) = self.lane(self.of.state(lane, row), self.glyphs.quiet);
            line.put(self.place(lane), glyph, style);
        }
        let bare = line.clone();
        let at = self.place(0) + 2;
        let label = Label {
            words,
            style: QUIET,
            right: at,
            left: self.left,
        };
        self.labelled(line, &bare, &label)
    }

    /// From edge to edge.
    fn banner(&self, line: Canvas, violation: bool, words: &str) -> String {
        let style = if violation { BAD } else { KNOWN };
        let lead = if violation { "VIOLATED " } else { "" };
        let text = self.signs.words(&format!("{lead}{words}"));
        let at = self.left + 4;
        let mut lines = String::new();
        for (n, part) in textwrap::wrap(&text, self.width - at - 1)
            .iter()
            .enumerate()
        {
            let mut line = if n == 0 {
                line.clone()
            } else {
                Canvas::new(self.width)
            };
            (self.left..self.width).for_each(|at| {
                line.put(at, if n == 0 { self.glyphs.rule } else { ' ' }, style);
            });
            line.write(at - 1, &format!(" {part} "), style);
            lines.push_str(&(line.text() + "\n"));
        }
        lines
    }

    /// The meaning of those signs that are used.
    fn legend(&self) -> String {
        let g = &self.glyphs;
        let level = g.level;
        let has = |which: &dyn Fn(&Shown) -> bool| self.of.rows.iter().any(|r| which(&r.what));
        let fate = |wanted: Fate| {
            has(&|what| matches!(what, Shown::Arrow { fate, .. } if *fate == wanted))
        };
        let mark =
            |wanted: Sign| has(&|what| matches!(what, Shown::Mark { sign, .. } if *sign == wanted));
        let apart = has(&|what| matches!(what, Shown::Departure { .. }));
        let late = g.late;
        let signs = [
            (fate(Fate::Arrived), format!("o{level}{level}> a message")),
            (
                fate(Fate::Lost),
                format!("o{level}{level}x one that is lost"),
            ),
            (fate(Fate::Copy), format!("o{0}{0}> a copy of one", g.copy)),
            (
                apart || fate(Fate::Late),
                format!("o{late}{late} {late}{late}> leaves, arrives later"),
            ),
            (mark(Sign::Deed), format!("{} a deed", g.deed)),
            (
                mark(Sign::Forced),
                format!("{} with its log record forced to disk", g.forced),
            ),
            (
                mark(Sign::Death),
                format!("{} a death or a standstill", g.death),
            ),
            (
                self.of.shows(State::Locked),
                format!("{} holds locks", g.locked),
            ),
            (
                self.of.shows(State::InDoubt),
                format!("{} in doubt", g.in_doubt),
            ),
            (
                self.of.shows(State::Paused),
                format!("{} stands still", g.paused),
            ),
            (self.of.shows(State::Down), "no line: down".to_owned()),
        ];
        let used: Vec<String> = signs
            .into_iter()
            .filter_map(|(used, words)| used.then_some(words.replace(' ', "\u{a0}")))
            .collect();
        let text = used.join(",  ");
        let lines = textwrap::wrap(&text, self.width);
        let lines = lines
            .iter()
            .map(|line| paint(QUIET, &line.replace('\u{a0}', " ")) + "\n");
        lines.collect()
    }
}
