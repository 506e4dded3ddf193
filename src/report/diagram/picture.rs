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
/// Between the times and the first lane.
pub(super) const GUTTER: f64 = 44.0;
/// How far apart lanes are.
pub(super) const APART: f64 = 150.0;
/// What is kept free right of the last lane.
pub(super) const MARGIN: f64 = 250.0;
/// Where the first row begins, under the lanes' names.
pub(super) const TOP: f64 = 48.0;
/// Between a lane and the words beside it.
pub(super) const BESIDE: f64 = 10.0;
/// Between an arrow's shaft and the next row.
const UNDER: f64 = 4.0;
/// Words beside a lane are broken there at the latest.
const WIDEST: f64 = 340.0;

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

/// Where lanes stand.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    /// The first lane, right of the times.
    pub(super) left: f64,
    pub(super) width: f64,
}

/// The whole sheet.
pub(super) struct Sheet {
    pub(super) grid: Grid,
    pub(super) height: f64,
    pub(super) rows: Vec<Placed>,
}

/// Places everything.
pub(super) fn place(of: &Diagram) -> Sheet {
    let times = of.rows.iter().map(|row| row.at.to_string().len());
    let left = LETTER * times.max().unwrap_or(0) as f64 + GUTTER;
    let lanes = of.lanes.len().max(1);
    let width = left + APART * (lanes - 1) as f64 + MARGIN;
    let grid = Grid { left, width };
    let mut y = TOP;
    let mut rows = Vec::with_capacity(of.rows.len());
    for row in &of.rows {
        let words = grid.words(&row.what);
        let mut height = LINE * words.lines.len() as f64 + AIR;
        let at = match &row.what {
            // The words of an arrow stand over its shaft; others beside their sign.
            Shown::Arrow { .. } | Shown::Departure { .. } if words.anchor == Anchor::Middle => {
                height += UNDER;
                height - UNDER
            }
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
        grid,
        height: y + 16.0,
        rows,
    }
}

impl Grid {
    /// Where a lane stands.
    pub(super) fn lane(self, lane: usize) -> f64 {
        self.left + APART * lane as f64
    }

    /// Where what goes from edge to edge begins and ends.
    pub(super) fn edges(self) -> (f64, f64) {
        (self.left - BESIDE, self.width - BESIDE)
    }

    fn words(self, what: &Shown) -> Words {
        match what {
            Shown::Mark { lane, words, .. } => self.beside(words, (*lane, *lane)),
            Shown::Departure { from, to, words } => {
                self.along(&format!("{words} leaves"), (*from, *to))
            }
            Shown::Arrow {
                from, to, words, ..
            } => self.along(words, (*from, *to)),
            Shown::Banner {
                violation: true,
                words,
            } => self.across(&format!("VIOLATED {words}")),
            Shown::Banner {
                violation: false,
                words,
            }
            | Shown::Elided { words } => self.across(words),
            Shown::Gap { lasts } => self.across(&format!("{lasts} later")),
        }
    }

    /// Over the shaft of an arrow if there is room, else beside it.
    fn along(self, words: &str, (from, to): (usize, usize)) -> Words {
        let (one, other) = (self.lane(from), self.lane(to));
        let shaft = (one - other).abs() - 24.0;
        if long(words) <= shaft {
            let x = f64::midpoint(one, other);
            return Words {
                lines: vec![words.to_owned()],
                x,
                anchor: Anchor::Middle,
            };
        }
        self.beside(words, (from.min(to), from.max(to)))
    }

    /// To the right if there is room, else to the left, else broken where there
    /// is more of it.
    fn beside(self, words: &str, (left, right): (usize, usize)) -> Words {
        let (left, right) = (self.lane(left), self.lane(right));
        let to_right = self.width - right - 2.0 * BESIDE;
        let to_left = left - self.left - BESIDE;
        let needed = long(words);
        let goes_left = needed > to_right && to_left > to_right;
        let room = if goes_left { to_left } else { to_right };
        let lines = broken(words, room.min(WIDEST));
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

    /// From edge to edge, beside the first lane.
    fn across(self, words: &str) -> Words {
        let (_, right) = self.edges();
        let x = self.left + BESIDE;
        Words {
            lines: broken(words, right - x - BESIDE),
            x,
            anchor: Anchor::Start,
        }
    }
}

/// How long words are, in pixels.
pub(super) fn long(words: &str) -> f64 {
    LETTER * display_width(words) as f64
}

fn broken(words: &str, room: f64) -> Vec<String> {
    let letters = (room / LETTER) as usize;
    let lines = textwrap::wrap(words, letters.max(1));
    lines.iter().map(ToString::to_string).collect()
}
