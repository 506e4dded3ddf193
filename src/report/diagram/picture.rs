//! Where everything stands in the picture: a grid of lanes and rows. A row is a
//! line high, or as many as its words need; deeds of one instant share one.

use super::room::{Anchor, Extent, LETTER, Place, REACH, Words, fit, long, regardless};
use super::{Diagram, Row, Shown};

/// How wide it is: as a slide.
pub(super) const WIDTH: f64 = 1280.0;
/// A line of words is so high.
pub(super) const LINE: f64 = 20.0;
/// Between the times and the first lane.
pub(super) const GUTTER: f64 = 22.0;
/// Between a lane and the words beside it.
pub(super) const BESIDE: f64 = 12.0;
/// Above and under what goes from edge to edge.
const AIR: f64 = 6.0;
/// How far apart lanes are at the least and at the most.
const APART: (f64, f64) = (96.0, 260.0);
/// What is kept free right of the last lane, if lanes are not too many for it.
const MARGIN: f64 = 24.0 * LETTER;
/// A shaft shows so much on either side of the words on it.
const SHAFT: f64 = 22.0;
/// A departure whose arrival is at most so many rows away needs no words.
const NEAR: usize = 5;
/// So often is it tried anew with more lines for words that had no room.
const TRIES: usize = 24;

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
    apart: f64,
    /// Where words end.
    pub(super) right: f64,
}

/// The whole sheet.
pub(super) struct Sheet {
    pub(super) grid: Grid,
    pub(super) width: f64,
    /// Under the last row.
    pub(super) bottom: f64,
    pub(super) rows: Vec<Placed>,
}

/// A message drawn from where it leaves to where it arrives, on its way past the
/// rows between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    pub(super) tail: (f64, f64),
    pub(super) head: (f64, f64),
}

/// How high rows are, and which share one.
struct Plan {
    lines: Vec<usize>,
    /// Whether a row stands beside the one before it.
    shared: Vec<bool>,
}

/// Places everything under a heading of this height.
pub(super) fn place(of: &Diagram, heading: f64) -> Sheet {
    let grid = Grid::of(of);
    let mut plan = Plan {
        lines: vec![1; of.rows.len()],
        shared: sharing(of, grid),
    };
    let mut tries = TRIES;
    loop {
        let mut rows = stacked(of, &plan, heading);
        let slopes = slopes(of, grid, &rows);
        let mut wanting = Vec::new();
        for (row, stacked) in rows.iter_mut().enumerate() {
            let words = said(of, row);
            if words.is_empty() {
                continue;
            }
            let places = grid.places(of, &plan, row);
            let taken = taken(stacked, &slopes);
            let anywhere = is_of_all(&of.rows[row]);
            let found = fit(&words, plan.lines[row], &places, &taken, anywhere);
            stacked.words = found.unwrap_or_else(|| {
                wanting.push(row);
                regardless(&words, &places)
            });
        }
        tries -= 1;
        if wanting.is_empty() || tries == 0 {
            let bottom = rows.last().map_or(heading, |row| row.bottom);
            let width = WIDTH.max(grid.right + BESIDE);
            return Sheet {
                grid,
                width,
                bottom,
                rows,
            };
        }
        for row in wanting {
            plan.give_room(row);
        }
    }
}

impl Plan {
    /// A row of its own, or one more line.
    fn give_room(&mut self, row: usize) {
        let group = self.group(row);
        if group.len() > 1 {
            self.shared[group].fill(false);
        } else {
            self.lines[row] += 1;
        }
    }

    /// The rows that stand beside one another with this one.
    fn group(&self, row: usize) -> std::ops::Range<usize> {
        let first = (0..=row).rfind(|&n| !self.shared[n]).unwrap_or(row);
        let more = self.shared[first + 1..]
            .iter()
            .take_while(|shared| **shared);
        first..first + 1 + more.count()
    }
}

/// Which rows can stand beside the one before: deeds of one instant at different
/// lanes, whose words fit between.
fn sharing(of: &Diagram, grid: Grid) -> Vec<bool> {
    let mut first = 0;
    let rows = of.rows.iter().enumerate();
    let shared = rows.map(|(n, row)| {
        let group = &of.rows[first..=n];
        let shares = n > 0 && group[0].at == row.at && stand_together(group, grid);
        if !shares {
            first = n;
        }
        shares
    });
    shared.collect()
}

fn stand_together(rows: &[Row], grid: Grid) -> bool {
    let mut marks = Vec::new();
    for row in rows {
        let Shown::Mark { lane, words, .. } = &row.what else {
            return false;
        };
        marks.push((*lane, words));
    }
    marks.sort_by_key(|(lane, _)| *lane);
    let ends = marks
        .iter()
        .skip(1)
        .map(|(lane, _)| grid.lane(*lane) - BESIDE);
    let ends = ends.chain([grid.right]);
    let apart = marks.windows(2).all(|pair| pair[0].0 < pair[1].0);
    apart
        && marks
            .iter()
            .zip(ends)
            .all(|((lane, words), end)| grid.lane(*lane) + BESIDE + long(words) <= end)
}

/// Rows under one another, without their words.
fn stacked(of: &Diagram, plan: &Plan, heading: f64) -> Vec<Placed> {
    let mut rows: Vec<Placed> = Vec::with_capacity(of.rows.len());
    let mut under = heading;
    for (n, row) in of.rows.iter().enumerate() {
        let air = match row.what {
            Shown::Banner { .. } => AIR,
            _ => 0.0,
        };
        let top = match plan.shared[n] {
            true => rows[n - 1].top,
            false => under,
        };
        let bottom = top + LINE * plan.lines[n] as f64 + 2.0 * air;
        rows.push(Placed {
            top,
            y: top + air + LINE / 2.0,
            bottom,
            words: Words::default(),
        });
        under = under.max(bottom);
    }
    rows
}

/// The messages that leave in one row and arrive in another.
pub(super) fn slopes(of: &Diagram, grid: Grid, rows: &[Placed]) -> Vec<Slope> {
    let slope = |(row, placed): (&Row, &Placed)| match row.what {
        Shown::Arrow {
            from,
            to,
            departed: Some(departed),
            ..
        } => Some(Slope {
            tail: (grid.lane(from), rows.get(departed)?.y),
            head: (grid.lane(to), placed.y),
        }),
        _ => None,
    };
    of.rows.iter().zip(rows).filter_map(slope).collect()
}

/// What of a row slopes pass through.
fn taken(row: &Placed, slopes: &[Slope]) -> Vec<Extent> {
    let within = slopes
        .iter()
        .filter_map(|slope| slope.within((row.top, row.bottom)));
    within.collect()
}

impl Slope {
    /// From where to where it goes between two heights, if it does.
    pub(super) fn within(&self, (top, bottom): Extent) -> Option<Extent> {
        let ((x, y), (end, under)) = (self.tail, self.head);
        if under < top || y > bottom {
            return None;
        }
        let at = |height: f64| match under - y {
            0.0 => x,
            high => x + (end - x) * ((height - y) / high).clamp(0.0, 1.0),
        };
        let (one, other) = match under == y {
            true => (x, end),
            false => (at(top), at(bottom)),
        };
        Some((one.min(other), one.max(other)))
    }
}

/// Whether a row concerns no lane in particular.
fn is_of_all(row: &Row) -> bool {
    matches!(
        row.what,
        Shown::Banner { .. } | Shown::Gap { .. } | Shown::Elided { .. }
    )
}

/// What is said in a row; nothing of a message that arrives right away.
pub(super) fn said(of: &Diagram, row: usize) -> String {
    match &of.rows[row].what {
        Shown::Departure { words, .. } => {
            let mut near = of.rows[row..].iter().take(NEAR + 1);
            let arrives =
                |r: &Row| matches!(r.what, Shown::Arrow { departed, .. } if departed == Some(row));
            match near.any(arrives) {
                true => String::new(),
                false => format!("{words} leaves"),
            }
        }
        Shown::Arrow { words, .. } | Shown::Mark { words, .. } | Shown::Elided { words } => {
            words.clone()
        }
        Shown::Banner { violation, words } => match violation {
            true => format!("VIOLATED {words}"),
            false => words.clone(),
        },
        Shown::Gap { lasts } => format!("{lasts} later"),
    }
}

impl Grid {
    pub(super) fn of(of: &Diagram) -> Self {
        let times = of.rows.iter().map(|row| long(&row.at.to_string()));
        let left = times.fold(long("time, ms"), f64::max) + GUTTER + BESIDE;
        let between = of.lanes.len().saturating_sub(1).max(1) as f64;
        let apart = ((WIDTH - left - MARGIN) / between).clamp(APART.0, APART.1);
        let least = left + apart * (of.lanes.len().max(1) - 1) as f64 + MARGIN / 2.0;
        Grid {
            left,
            apart: libm::floor(apart),
            right: (WIDTH - BESIDE).max(least),
        }
    }

    /// Where a lane stands.
    pub(super) fn lane(self, lane: usize) -> f64 {
        self.left + self.apart * lane as f64
    }

    /// How far apart lanes are.
    pub(super) fn apart(self) -> f64 {
        self.apart
    }

    /// Where what goes from edge to edge begins and ends.
    pub(super) fn edges(self) -> Extent {
        (self.left - BESIDE, self.right)
    }

    /// Where the words of a row may stand, best first.
    fn places(self, of: &Diagram, plan: &Plan, row: usize) -> Vec<Place> {
        let right_of = |lane: usize| Place {
            from: self.lane(lane) + BESIDE,
            to: self.right,
            seek: Anchor::Start,
        };
        let left_of = |lane: usize| Place {
            from: self.left - BESIDE / 2.0,
            to: self.lane(lane) - BESIDE,
            seek: Anchor::End,
        };
        match of.rows[row].what {
            Shown::Mark { lane, .. } => match plan.group(row) {
                group if group.len() > 1 => {
                    let lanes = of.rows[group].iter().filter_map(lane_of);
                    let next = lanes.filter(|other| *other > lane).min();
                    let to = next.map_or(self.right, |next| self.lane(next) - BESIDE);
                    vec![Place {
                        to,
                        ..right_of(lane)
                    }]
                }
                _ => vec![right_of(lane), left_of(lane)],
            },
            // Behind its tail, away from where it goes.
            Shown::Departure { from, to, .. } if from < to => vec![left_of(from), right_of(from)],
            Shown::Departure { from, .. } => vec![right_of(from), left_of(from)],
            Shown::Arrow {
                from,
                to,
                departed: None,
                ..
            } => {
                let (left, right) = (from.min(to), from.max(to));
                let shaft = Place {
                    from: self.lane(left) + SHAFT,
                    to: self.lane(right) - SHAFT,
                    seek: Anchor::Middle,
                };
                vec![shaft, right_of(right), left_of(left)]
            }
            // Before its head, where it has not been; or behind it. One that comes in
            // flat leaves no room there: its tail is near enough.
            Shown::Arrow {
                from,
                to,
                departed: Some(departed),
                ..
            } => {
                let (before, behind, tail) = match from < to {
                    true => (right_of(to), left_of(to), left_of(from)),
                    false => (left_of(to), right_of(to), right_of(from)),
                };
                let each = self.apart * from.abs_diff(to) as f64 / (row - departed) as f64;
                match each / 2.0 > REACH {
                    true => vec![before, tail, behind],
                    false => vec![before, behind],
                }
            }
            Shown::Banner { .. } | Shown::Gap { .. } | Shown::Elided { .. } => {
                vec![right_of(0)]
            }
        }
    }
}

fn lane_of(row: &Row) -> Option<usize> {
    match row.what {
        Shown::Mark { lane, .. } => Some(lane),
        _ => None,
    }
}
