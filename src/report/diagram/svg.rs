//! The diagram as a picture: SVG by hand, so that the same diagram is the same
//! bytes, and with colours that suit a light page and a dark one.

use std::fmt::Write;

use super::frame::{Caption, Frame};
use super::picture::{self, BESIDE, GUTTER, LINE, Placed, Sheet, Slope};
use super::room::{Anchor, Words, long};
use super::{Diagram, Fate, Row, Shown, Sign, State};

/// What does not depend on the page's colour. What a colour says, a word or a
/// shape says as well.
const STYLE: &str = "\
svg { color-scheme: light dark }
text { font: 16px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', \
monospace; white-space: pre }
.title { font-size: 22px; font-weight: 600 } .name { font-weight: 600 } \
.run { font-size: 15px } .legend { font-size: 14px } .small { font-size: 12px }
line, path { fill: none } .lane { stroke-width: 1.5 } .down { stroke-width: 2; stroke-dasharray: 1 6 }
.lock { opacity: .5 } .doubt { opacity: .6 } .paused { opacity: .5 }
.arrow { stroke-width: 1.8 } .late { stroke-dasharray: 6 4 } .copy { stroke-dasharray: 11 3 }
.deed { stroke-width: 1.5 } .death { stroke-width: 3 } .rule { stroke-width: 2.4 } \
.dots { stroke-dasharray: 1 5; stroke-width: 1.5 }
";

/// The colours of a page: by name there would be fewer words, but many a program
/// that shows pictures knows no names in them.
fn colours([page, ink, quiet, line, lock, doubt, bad, warn]: [&str; 8]) -> String {
    format!(
        ".page, .back {{ fill: {page} }} text, .head, .deed {{ fill: {ink} }} .deed {{ stroke: {page} }}
.arrow {{ stroke: {ink} }} .lane {{ stroke: {line} }} .quiet {{ fill: {quiet} }} .dots {{ stroke: {quiet} }}
.lock {{ fill: {lock} }} .doubt {{ fill: {doubt} }} .paused {{ fill: {warn} }}
.bad {{ fill: {bad} }} .death, .down, .rule {{ stroke: {bad} }}
.told, .head.warn {{ fill: {warn} }} .arrow.warn, .rule.warn {{ stroke: {warn} }}
"
    )
}

fn style() -> String {
    let light = colours([
        "#ffffff", "#1f2328", "#59636e", "#afb8c1", "#0969da", "#bc4c00", "#cf222e", "#9a6700",
    ]);
    let dark = colours([
        "#0d1117", "#e6edf3", "#9198a1", "#545d68", "#58a6ff", "#f0883e", "#ff7b72", "#d29922",
    ]);
    format!("{STYLE}{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n")
}

/// The diagram as an SVG document under a caption.
pub fn svg(of: &Diagram, caption: &Caption) -> String {
    let frame = Frame::of(of, caption);
    let sheet = picture::place(of, frame.heading());
    let mut svg = String::new();
    let (width, height) = (px(sheet.width), px(sheet.bottom + frame.footing()));
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\">"
    );
    let _ = writeln!(svg, "<title>{}</title>", escaped(&caption.title));
    let _ = writeln!(svg, "<style>\n{}</style>", style());
    let _ = writeln!(
        svg,
        "<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>"
    );
    frame.draw(&mut svg, &sheet);
    for lane in 0..of.lanes.len() {
        lane_of(&mut svg, of, &sheet, (lane, frame.heading()));
    }
    // First all lines, then all words, so that no lane crosses a word.
    for (row, placed) in of.rows.iter().zip(&sheet.rows) {
        shape(&mut svg, &sheet, row, placed);
    }
    let mut before = None;
    for (row, placed) in of.rows.iter().zip(&sheet.rows) {
        let timeless = matches!(row.what, Shown::Gap { .. } | Shown::Elided { .. });
        if !timeless && before != Some(row.at) {
            before = Some(row.at);
            let time = Words {
                lines: vec![row.at.to_string()],
                x: sheet.grid.left - GUTTER,
                anchor: Anchor::End,
            };
            text(&mut svg, &time, placed.y, "quiet");
        }
        told(&mut svg, row, placed);
    }
    svg.push_str("</svg>\n");
    svg
}

/// A lane: its line, dotted while it is down, and bars for what it holds.
fn lane_of(svg: &mut String, of: &Diagram, sheet: &Sheet, (n, top): (usize, f64)) {
    let x = sheet.grid.lane(n);
    let mut from = top - LINE / 4.0;
    let states: Vec<Option<State>> = (0..sheet.rows.len()).map(|row| of.state(n, row)).collect();
    let mut row = 0;
    let mut before = None;
    for run in states.chunk_by(|a, b| a == b) {
        // A state begins at the sign of its first row, and ends at that of the next.
        let begins = sheet.rows[row].y;
        stretch(svg, before, (x, from), begins);
        (from, before) = (begins, run[0]);
        row += run.len();
    }
    stretch(svg, before, (x, from), sheet.bottom);
}

/// A stretch of a lane in one state.
fn stretch(svg: &mut String, state: Option<State>, (x, top): (f64, f64), bottom: f64) {
    let class = match state {
        Some(State::Down) => "down",
        _ => "lane",
    };
    line(svg, class, (x, top), (x, bottom));
    if let Some(state) = state {
        bar(svg, state, (x, top), bottom);
    }
}

/// A bar for a state that is not told by the lane itself.
pub(super) fn bar(svg: &mut String, state: State, (x, top): (f64, f64), bottom: f64) {
    let (class, wide, meaning) = match state {
        State::Locked => ("lock", 6.0, "holds locks"),
        State::InDoubt => ("doubt", 13.0, "in doubt"),
        State::Paused => ("paused", 13.0, "stands still"),
        State::Down => return,
    };
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\">\
         <title>{meaning}</title></rect>",
        px(x - wide / 2.0),
        px(top),
        px(wide),
        px((bottom - top).max(3.0)),
    );
}

/// The lines and signs of a row.
fn shape(svg: &mut String, sheet: &Sheet, row: &Row, placed: &Placed) {
    let y = placed.y;
    let lane = |lane: usize| sheet.grid.lane(lane);
    let (left, right) = sheet.grid.edges();
    match &row.what {
        // Its arrow is drawn from its arrival.
        Shown::Departure { from, .. } => dot(svg, (lane(*from), y), 3.0),
        Shown::Arrow {
            from,
            to,
            fate,
            departed,
            ..
        } => {
            let start = departed
                .and_then(|row| sheet.rows.get(row))
                .map_or(y, |row| row.y);
            let way = Slope {
                tail: (lane(*from), start),
                head: (lane(*to), y),
            };
            arrow(svg, way, *fate);
        }
        Shown::Mark { lane: at, sign, .. } => sign_at(svg, (lane(*at), y), *sign),
        Shown::Banner { violation, .. } => {
            let class = if *violation { "rule" } else { "rule warn" };
            for y in [placed.top + 2.0, placed.bottom - 2.0] {
                line(svg, class, (left, y), (right, y));
            }
        }
        // After the words, not through them.
        Shown::Gap { .. } | Shown::Elided { .. } => {
            let ends = placed
                .words
                .lines
                .iter()
                .map(|line| placed.words.extent(line).1);
            let end = ends.fold(left, f64::max) + BESIDE;
            if end < right {
                line(svg, "dots", (end, y), (right, y));
            }
        }
    }
}

/// An arrow from its tail to its head, or to where it is lost.
pub(super) fn arrow(svg: &mut String, way: Slope, fate: Fate) {
    let class = match fate {
        Fate::Arrived => "arrow",
        Fate::Late => "arrow late warn",
        Fate::Copy => "arrow copy warn",
        Fate::Lost => "arrow warn",
    };
    let (x, y) = (way.head.0 - way.tail.0, way.head.1 - way.tail.1);
    let far = libm::sqrt(x * x + y * y).max(1.0);
    let (x, y) = (x / far, y / far);
    let before = |back: f64| (way.head.0 - back * x, way.head.1 - back * y);
    if fate == Fate::Lost {
        let end = before(14.0);
        line(svg, class, way.tail, end);
        return cross(svg, "arrow warn", end, 5.0);
    }
    let (tip, base) = (before(2.0), before(13.0));
    line(svg, class, way.tail, base);
    let warn = if fate == Fate::Arrived { "" } else { " warn" };
    let _ = writeln!(
        svg,
        "<path class=\"head{warn}\" d=\"M{} {} L{} {} L{} {} z\"/>",
        px(tip.0),
        px(tip.1),
        px(base.0 - 5.0 * y),
        px(base.1 + 5.0 * x),
        px(base.0 + 5.0 * y),
        px(base.1 - 5.0 * x),
    );
}

pub(super) fn sign_at(svg: &mut String, (x, y): (f64, f64), sign: Sign) {
    match sign {
        Sign::Deed => dot(svg, (x, y), 5.5),
        Sign::Forced => {
            let (x, y) = (px(x - 6.0), px(y - 6.0));
            let _ = writeln!(
                svg,
                "<rect class=\"deed\" x=\"{x}\" y=\"{y}\" width=\"12\" height=\"12\">\
                 <title>its log record was forced to disk</title></rect>"
            );
        }
        Sign::Death => cross(svg, "death", (x, y), 6.5),
    }
}

fn dot(svg: &mut String, (x, y): (f64, f64), radius: f64) {
    let (x, y, radius) = (px(x), px(y), px(radius));
    let _ = writeln!(
        svg,
        "<circle class=\"deed\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"
    );
}

fn cross(svg: &mut String, class: &str, (x, y): (f64, f64), half: f64) {
    line(svg, class, (x - half, y - half), (x + half, y + half));
    line(svg, class, (x - half, y + half), (x + half, y - half));
}

/// The words of a row, on the page's own colour: a lane or a shaft ends at them.
fn told(svg: &mut String, row: &Row, placed: &Placed) {
    let class = match &row.what {
        Shown::Banner {
            violation: true, ..
        } => "name bad",
        Shown::Mark {
            sign: Sign::Death, ..
        } => "bad",
        Shown::Banner { .. }
        | Shown::Arrow {
            fate: Fate::Lost | Fate::Late | Fate::Copy,
            ..
        } => "told",
        Shown::Gap { .. } | Shown::Elided { .. } => "quiet",
        _ => "",
    };
    for (n, words) in placed.words.lines.iter().enumerate() {
        let (from, _) = placed.words.extent(words);
        let _ = writeln!(
            svg,
            "<rect class=\"back\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            px(from - 4.0),
            px(placed.y + LINE * n as f64 - LINE / 2.0 + 1.0),
            px(long(words) + 8.0),
            px(LINE - 2.0),
        );
    }
    text(svg, &placed.words, placed.y, class);
}

/// Lines of text, the first of them centred at this height.
pub(super) fn text(svg: &mut String, words: &Words, y: f64, class: &str) {
    let anchor = match words.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    for (n, line) in words.lines.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            px(words.x),
            px(y + LINE * n as f64 + 5.5),
            escaped(line),
        );
    }
}

pub(super) fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
        px(from.0),
        px(from.1),
        px(to.0),
        px(to.1),
    );
}

/// Pixels with one decimal at the most; halves and tenths are exact enough to be
/// the same everywhere.
pub(super) fn px(pixels: f64) -> String {
    let tenths = libm::round(pixels * 10.0) as i64;
    match tenths % 10 {
        0 => format!("{}", tenths / 10),
        tenth => {
            let sign = if tenths < 0 { "-" } else { "" };
            format!("{sign}{}.{}", tenths.abs() / 10, tenth.abs())
        }
    }
}

pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for glyph in text.chars() {
        match glyph {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            control if control.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}
