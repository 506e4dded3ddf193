//! Where everything stands in the picture: a grid of lanes and rows, rows as
//! high as their words need.

use textwrap::core::display_width;

use super::{Diagram, Shown};

/// A letter of the picture's fixed-width type is so wide, in pixels.
pub(super) const LETTER: f64 = 6.6;
/// A line of words is so high.
pub(super) const LINE: f64 = 14.0;
/// Between a row's words and the next row.
pub(super) const AIR: f64 = 8.0;
/// Where the first lane stands, right of the times.
pub(super) const LEFT: f64 = 96.0;
/// How far apart lanes are.
pub(super) const APART: f64 = 150.0;
/// What is kept free right of the last lane.
pub(super) const MARGIN: f64 = 250.0;
/// Where the first row begins, under the lanes' names.
pub(super) const TOP: f64 = 48.0;
/// Between a lane and the words beside it.
pub(super) const BESIDE: f64 = 10.0;
/// Words beside a lane are broken at so many letters at the latest.
const WIDEST: usize = 52;

/// Where the words of a row stand.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    pub(super) lines: Vec<String>,
    pub(super) x: f64,
    pub(super) anchor: Anchor,
}

/// What of a line of words stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A row in its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    /// Its upper edge.
    pub(super) top: f64,
    /// Where its arrow or sign stands.
    pub(super) y: f64,
    /// Its lower edge.
    pub(super) bottom: f64,
    pub(super) words: Words,
}

/// The whole sheet.
pub(super) struct Sheet {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) rows: Vec<Placed>,
}

/// Where a lane stands.
pub(super) fn lane(lane: usize) -> f64 {
    LEFT + APART * lane as f64
}

/// Places everything.
pub(super) fn place(of: &Diagram) -> Sheet {
    let lanes = of.lanes.len().max(1);
    let width = lane(lanes - 1) + MARGIN;
    let mut y = TOP;
    let mut rows = Vec::with_capacity(of.rows.len());
    for row in &of.rows {
        let words = words(&row.what, width, lanes);
        let height = LINE * words.lines.len() as f64 + AIR;
        // The words of an arrow stand on its shaft; others beside their sign.
        let on_shaft = words.anchor == Anchor::Middle;
        let at = match &row.what {
            Shown::Arrow { .. } | Shown::Departure { .. } if on_shaft => height - AIR / 2.0,
            Shown::Arrow { .. } | Shown::Departure { .. } | Shown::Mark { .. } => {
                AIR / 2.0 + LINE / 2.0
            }
            Shown::Banner { .. } | Shown::Gap { .. } | Shown::Elided { .. } => height / 2.0,
        };
        rows.push(Placed {
            top: y,
            y: y + at,
            bottom: y + height,
            words,
        });
        y += height;
    }
    Sheet {
        width,
        height: y + 16.0,
        rows,
    }
}

fn words(what: &Shown, width: f64, lanes: usize) -> Words {
    match what {
        Shown::Mark {
            lane: at, words, ..
        } => beside(words, (lane(*at), lane(*at)), width),
        Shown::Departure { from, to, words } => {
            along(&format!("{words} leaves"), (lane(*from), lane(*to)), width)
        }
        Shown::Arrow {
            from, to, words, ..
        } => along(words, (lane(*from), lane(*to)), width),
        Shown::Banner { violation, words } => {
            let lead = if *violation { "VIOLATED " } else { "" };
            across(&format!("{lead}{words}"), width, lanes)
        }
        Shown::Gap { lasts } => across(&format!("{lasts} later"), width, lanes),
        Shown::Elided { words } => across(words, width, lanes),
    }
}

/// On the shaft of an arrow if there is room, else beside it.
fn along(words: &str, (from, to): (f64, f64), width: f64) -> Words {
    let shaft = (from - to).abs() - 24.0;
    if display_width(words) as f64 * LETTER <= shaft {
        let x = f64::midpoint(from, to);
        return Words {
            lines: vec![words.to_owned()],
            x,
            anchor: Anchor::Middle,
        };
    }
    beside(words, (from.min(to), from.max(to)), width)
}

/// To the right if there is room, else to the left, else broken where there is
/// more of it.
fn beside(words: &str, (left, right): (f64, f64), width: f64) -> Words {
    let letters = |pixels: f64| (pixels.max(LETTER) / LETTER) as usize;
    let to_right = letters(width - right - 2.0 * BESIDE);
    let to_left = letters(left - LEFT + APART / 3.0 - BESIDE);
    let needed = display_width(words);
    let goes_left = needed > to_right && (needed <= to_left || to_left > to_right);
    let room = if goes_left { to_left } else { to_right };
    let lines = textwrap::wrap(words, room.clamp(8, WIDEST.max(8)));
    let lines = lines.iter().map(|line| line.to_string()).collect();
    match goes_left {
        true => Words {
            lines,
            x: left - BESIDE,
            anchor: Anchor::End,
        },
        false => Words {
            lines,
            x: right + BESIDE,
            anchor: Anchor::Start,
        },
    }
}

fn across(words: &str, width: f64, _lanes: usize) -> Words {
    let room = ((width - LEFT - 2.0 * BESIDE) / LETTER) as usize;
    let lines = textwrap::wrap(words, room.max(8));
    let lines = lines.iter().map(|line| line.to_string()).collect();
    Words {
        lines,
        x: LEFT + BESIDE,
        anchor: Anchor::Start,
    }
}
