//! The diagram as a picture: SVG by hand, so that the same diagram is the same
//! bytes, and with colours that suit a light page and a dark one.

use std::fmt::Write;

use super::picture::{self, AIR, Anchor, BESIDE, GUTTER, LINE, Placed, Sheet, TOP, long};
use super::{Diagram, Fate, Row, Shown, Sign, State};

/// Every colour has a name; which it is, the page decides. What a colour says,
/// a word or a shape says as well.
const STYLE: &str = "\
svg { color-scheme: light dark; --page: #ffffff; --ink: #1f2328; --quiet: #6e7781; \
--line: #afb8c1; --lock: #0969da; --doubt: #bc4c00; --bad: #cf222e; --warn: #9a6700 }
@media (prefers-color-scheme: dark) { svg { --page: #0d1117; --ink: #e6edf3; \
--quiet: #9198a1; --line: #3d444d; --lock: #58a6ff; --doubt: #f0883e; --bad: #ff7b72; \
--warn: #d29922 } }
text { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', \
monospace; fill: var(--ink); stroke: var(--page); stroke-width: 4px; \
stroke-linejoin: round; paint-order: stroke; white-space: pre }
.page { fill: var(--page) } .name { font-weight: 600 } .quiet { fill: var(--quiet) }
.lane { stroke: var(--line); stroke-width: 1.5 } .down { stroke: var(--bad); \
stroke-width: 1.5; stroke-dasharray: 1 5 }
.lock { fill: var(--lock); opacity: .45 } .doubt { fill: var(--doubt); opacity: .55 } \
.paused { fill: var(--warn); opacity: .45 }
.arrow { stroke: var(--ink); stroke-width: 1.4; fill: none } .late { stroke-dasharray: 5 3 } \
.copy { stroke-dasharray: 9 2 }
.warn { stroke: var(--warn) } .head { fill: var(--ink); stroke: none } \
.head.warn { fill: var(--warn) }
.deed { fill: var(--ink); stroke: var(--page); stroke-width: 1 } .death { stroke: var(--bad); \
stroke-width: 2.4 }
.bad { fill: var(--bad) } .rule { stroke: var(--bad); stroke-width: 2 } \
.rule.warn { stroke: var(--warn) } .told { fill: var(--warn) }
.dots { stroke: var(--quiet); stroke-dasharray: 1 4 }
";

/// The diagram as an SVG document under a title.
pub fn svg(of: &Diagram, title: &str) -> String {
    let sheet = picture::place(of);
    let mut svg = String::new();
    let (width, height) = (px(sheet.grid.width), px(sheet.height));
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\">"
    );
    let _ = writeln!(svg, "<title>{}</title>", escaped(title));
    let _ = writeln!(svg, "<style>\n{STYLE}</style>");
    let _ = writeln!(
        svg,
        "<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>"
    );
    for (n, name) in of.lanes.iter().enumerate() {
        lane_of(&mut svg, of, &sheet, n);
        let at = (sheet.grid.lane(n), TOP - 24.0);
        words(
            &mut svg,
            at,
            Anchor::Middle,
            "name",
            std::slice::from_ref(name),
        );
    }
    // First all lines, then all words, so that no line crosses a word.
    for (row, placed) in of.rows.iter().zip(&sheet.rows) {
        shape(&mut svg, &sheet, row, placed);
    }
    let mut before = None;
    for (row, placed) in of.rows.iter().zip(&sheet.rows) {
        let timeless = matches!(row.what, Shown::Gap { .. } | Shown::Elided { .. });
        if !timeless && before != Some(row.at) {
            before = Some(row.at);
            let at = (sheet.grid.left - GUTTER + BESIDE, placed.y + 4.0);
            words(&mut svg, at, Anchor::End, "quiet", &[row.at.to_string()]);
        }
        told(&mut svg, row, placed);
    }
    svg.push_str("</svg>\n");
    svg
}

/// A lane: its line, dotted while it is down, and bars for what it holds.
fn lane_of(svg: &mut String, of: &Diagram, sheet: &Sheet, n: usize) {
    let x = sheet.grid.lane(n);
    let end = sheet.height - 10.0;
    let mut from = TOP - 12.0;
    for (row, placed) in sheet.rows.iter().enumerate() {
        let down = |row: usize| of.state(n, row) == Some(State::Down);
        let begins = down(row) && (row == 0 || !down(row - 1));
        let ends = !down(row) && row > 0 && down(row - 1);
        if begins {
            line(svg, "lane", (x, from), (x, placed.y));
            from = placed.y;
        } else if ends {
            line(svg, "down", (x, from), (x, placed.y));
            from = placed.y;
        }
    }
    let still = of.state(n, sheet.rows.len().saturating_sub(1)) == Some(State::Down);
    line(
        svg,
        if still { "down" } else { "lane" },
        (x, from),
        (x, end),
    );
    for span in of.spans.iter().filter(|span| span.lane == n) {
        let (class, wide) = match span.state {
            State::Locked => ("lock", 5.0),
            State::InDoubt => ("doubt", 11.0),
            State::Paused => ("paused", 11.0),
            State::Down => continue,
        };
        let top = sheet.rows[span.from].y;
        let bottom = sheet.rows.get(span.to).map_or(end, |placed| placed.y);
        let meaning = match span.state {
            State::Locked => "holds locks",
            State::InDoubt => "in doubt",
            State::Paused | State::Down => "stands still",
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
}

/// The lines and signs of a row.
fn shape(svg: &mut String, sheet: &Sheet, row: &Row, placed: &Placed) {
    let y = placed.y;
    let lane = |lane: usize| sheet.grid.lane(lane);
    let (left, right) = sheet.grid.edges();
    match &row.what {
        // Drawn from its arrival.
        Shown::Departure { .. } => {}
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
            arrow(svg, (lane(*from), start), (lane(*to), y), *fate);
        }
        Shown::Mark { lane: at, sign, .. } => sign_at(svg, (lane(*at), y), *sign),
        Shown::Banner { violation, .. } => {
            let class = if *violation { "rule" } else { "rule warn" };
            for y in [placed.top + 1.0, placed.bottom - 1.0] {
                line(svg, class, (left, y), (right, y));
            }
        }
        // After the words, not through them.
        Shown::Gap { .. } | Shown::Elided { .. } => {
            let longest = placed.words.lines.iter().map(|words| long(words));
            let end = placed.words.x + longest.fold(0.0, f64::max) + BESIDE;
            if end < right {
                line(svg, "dots", (end, y), (right, y));
            }
        }
    }
}

fn arrow(svg: &mut String, tail: (f64, f64), end: (f64, f64), fate: Fate) {
    let class = match fate {
        Fate::Arrived => "arrow",
        Fate::Late => "arrow late warn",
        Fate::Copy => "arrow copy warn",
        Fate::Lost => "arrow warn",
    };
    let way = if end.0 < tail.0 { -1.0 } else { 1.0 };
    if fate == Fate::Lost {
        let x = end.0 - way * 12.0;
        line(svg, class, tail, (x, end.1));
        cross(svg, "arrow warn", (x, end.1), 4.0);
        return;
    }
    let x = end.0 - way * 2.0;
    line(svg, class, tail, (x - way * 6.0, end.1));
    let class = if fate == Fate::Arrived {
        "head"
    } else {
        "head warn"
    };
    let _ = writeln!(
        svg,
        "<path class=\"{class}\" d=\"M{} {} l{} -4 v8 z\"/>",
        px(x),
        px(end.1),
        px(-way * 8.0),
    );
}

fn sign_at(svg: &mut String, (x, y): (f64, f64), sign: Sign) {
    match sign {
        Sign::Deed => {
            let (x, y) = (px(x), px(y));
            let _ = writeln!(
                svg,
                "<circle class=\"deed\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>"
            );
        }
        Sign::Forced => {
            let (x, y) = (px(x - 4.5), px(y - 4.5));
            let _ = writeln!(
                svg,
                "<rect class=\"deed\" x=\"{x}\" y=\"{y}\" width=\"9\" height=\"9\">\
                 <title>its log record was forced to disk</title></rect>"
            );
        }
        Sign::Death => cross(svg, "death", (x, y), 5.0),
    }
}

fn cross(svg: &mut String, class: &str, (x, y): (f64, f64), half: f64) {
    line(svg, class, (x - half, y - half), (x + half, y + half));
    line(svg, class, (x - half, y + half), (x + half, y - half));
}

/// The words of a row.
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
    let first = placed.top + AIR / 2.0 + LINE - 3.5;
    let of = &placed.words;
    words(svg, (of.x, first), of.anchor, class, &of.lines);
}

fn words(svg: &mut String, (x, y): (f64, f64), anchor: Anchor, class: &str, lines: &[String]) {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    for (n, text) in lines.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            px(x),
            px(y + LINE * n as f64),
            escaped(text),
        );
    }
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
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
fn px(pixels: f64) -> String {
    let tenths = libm::round(pixels * 10.0) as i64;
    match tenths % 10 {
        0 => format!("{}", tenths / 10),
        tenth => {
            let sign = if tenths < 0 { "-" } else { "" };
            format!("{sign}{}.{}", tenths.abs() / 10, tenth.abs())
        }
    }
}

fn escaped(text: &str) -> String {
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
