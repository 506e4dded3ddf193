//! What stands around the picture: what it shows, what its signs mean, the
//! lanes' names, and the command that shows it again.

use super::picture::{BESIDE, GUTTER, Grid, LINE, Sheet, Slope, WIDTH};
use super::room::{Anchor, Words, long};
use super::svg::{arrow, bar, line, sign_at, text};
use super::{Diagram, Fate, Shown, Sign, State};

/// Room at the edges.
const EDGE: f64 = 20.0;
/// A letter of the title, of the small print and of the legend is so wide.
const TITLE: f64 = 13.4;
const SMALL: f64 = 7.3;
const LEGEND: f64 = 8.5;
/// Between two entries of the legend.
const BETWEEN: f64 = 26.0;

/// What a picture shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caption {
    /// In one line: which promise broke, or which request it is.
    pub title: String,
    /// The run: scenario, protocol, seed.
    pub run: String,
    /// The command that shows it again.
    pub again: String,
}

/// What the legend explains.
#[derive(Clone, Copy)]
enum Meaning {
    Message(Fate),
    Deed(Sign),
    State(State),
}

/// The frame of a diagram.
pub(super) struct Frame<'a> {
    of: &'a Diagram,
    run: String,
    title: Vec<String>,
    again: Vec<String>,
    /// The legend: a sign, its words, and where it stands.
    legend: Vec<(Meaning, &'static str, (f64, f64))>,
    /// Where the legend begins and ends.
    extent: (f64, f64),
    /// In how many lines the lanes' names stand.
    names: usize,
}

impl<'a> Frame<'a> {
    pub(super) fn of(of: &'a Diagram, caption: &Caption) -> Self {
        let wrapped = |words: &str, letter: f64| -> Vec<String> {
            let lines = textwrap::wrap(words, ((WIDTH - 2.0 * EDGE) / letter) as usize);
            lines.iter().map(ToString::to_string).collect()
        };
        let title = wrapped(&caption.title, TITLE);
        let top = EDGE + (LINE + 8.0) * title.len() as f64 + LINE * 1.75;
        let (legend, bottom) = legend(of, top);
        let apart = Grid::of(of).apart();
        let close = of.lanes.iter().any(|name| long(name) + BESIDE > apart);
        Frame {
            of,
            run: caption.run.clone(),
            title,
            again: wrapped(&caption.again, SMALL),
            legend,
            extent: (top, bottom),
            names: if close { 2 } else { 1 },
        }
    }

    /// How high it is above the first row.
    pub(super) fn heading(&self) -> f64 {
        self.extent.1 + LINE * (self.names as f64 + 1.0)
    }

    /// How high it is under the last one.
    pub(super) fn footing(&self) -> f64 {
        EDGE + LINE * self.again.len() as f64
    }

    pub(super) fn draw(&self, svg: &mut String, sheet: &Sheet) {
        let at = |x: f64, words: &[String]| Words {
            lines: words.to_vec(),
            x,
            anchor: Anchor::Start,
        };
        let mut y = EDGE + LINE / 2.0;
        for title in &self.title {
            text(svg, &at(EDGE, std::slice::from_ref(title)), y, "title");
            y += LINE + 8.0;
        }
        text(
            svg,
            &at(EDGE, std::slice::from_ref(&self.run)),
            y,
            "run quiet",
        );
        for (meaning, words, (x, y)) in &self.legend {
            meaning.draw(svg, (*x, *y));
            let words = [(*words).to_owned()];
            text(svg, &at(x + meaning.wide(), &words), *y, "legend quiet");
        }
        self.lanes(svg, sheet);
        text(
            svg,
            &at(EDGE, &self.again),
            sheet.bottom + EDGE,
            "small quiet",
        );
    }

    /// The names of the lanes, every other one a line higher where they are too
    /// close for one line.
    fn lanes(&self, svg: &mut String, sheet: &Sheet) {
        let bottom = self.heading() - LINE;
        let middle = |name: &str, x: f64| Words {
            lines: vec![name.to_owned()],
            x,
            anchor: Anchor::Middle,
        };
        let time = Words {
            anchor: Anchor::End,
            ..middle("time, ms", sheet.grid.left - GUTTER)
        };
        for (lane, name) in self.of.lanes.iter().enumerate() {
            let x = sheet.grid.lane(lane);
            let higher = self.names > 1 && lane % 2 == 1;
            let y = if higher { bottom - LINE } else { bottom };
            if higher {
                line(svg, "lane", (x, bottom - LINE / 2.0), (x, self.heading()));
            }
            // The times stand to the left of the first lane.
            let name = match lane {
                0 => Words {
                    anchor: Anchor::Start,
                    ..middle(name, x - BESIDE / 2.0)
                },
                _ => middle(name, x),
            };
            text(svg, &name, y, "name");
        }
        text(svg, &time, bottom, "quiet");
    }
}

/// A sign, what it means, and where that is told.
type Explained = (Meaning, &'static str, (f64, f64));

/// The signs that are used, in as many lines as they need, and where they end.
fn legend(of: &Diagram, top: f64) -> (Vec<Explained>, f64) {
    let has = |which: &dyn Fn(&Shown) -> bool| of.rows.iter().any(|row| which(&row.what));
    let all = [
        (Meaning::Message(Fate::Arrived), "a message"),
        (Meaning::Message(Fate::Late), "a late one"),
        (Meaning::Message(Fate::Copy), "a copy of one"),
        (Meaning::Message(Fate::Lost), "a lost one"),
        (Meaning::Deed(Sign::Deed), "a deed"),
        (
            Meaning::Deed(Sign::Forced),
            "with its log record forced to disk",
        ),
        (Meaning::Deed(Sign::Death), "a death or a standstill"),
        (Meaning::State(State::Locked), "holds locks"),
        (Meaning::State(State::InDoubt), "in doubt"),
        (Meaning::State(State::Paused), "stands still"),
        (Meaning::State(State::Down), "down"),
    ];
    let used = all.into_iter().filter(|(meaning, _)| match meaning {
        Meaning::Message(wanted) => {
            has(&|what| matches!(what, Shown::Arrow { fate, .. } if fate == wanted))
        }
        Meaning::Deed(wanted) => {
            has(&|what| matches!(what, Shown::Mark { sign, .. } if sign == wanted))
        }
        Meaning::State(state) => of.shows(*state),
    });
    let (mut x, mut y) = (EDGE, top);
    let mut placed = Vec::new();
    for (meaning, words) in used {
        let wide = meaning.wide() + LEGEND * words.len() as f64;
        if x + wide > WIDTH - EDGE && x > EDGE {
            (x, y) = (EDGE, y + LINE + 2.0);
        }
        placed.push((meaning, words, (x, y)));
        x += wide + BETWEEN;
    }
    (placed, y + LINE)
}

impl Meaning {
    /// How much room its sign takes.
    fn wide(self) -> f64 {
        match self {
            Meaning::Message(_) => 46.0,
            Meaning::Deed(_) | Meaning::State(_) => 22.0,
        }
    }

    fn draw(self, svg: &mut String, (x, y): (f64, f64)) {
        match self {
            Meaning::Message(fate) => {
                let way = Slope {
                    tail: (x, y),
                    head: (x + self.wide() - 8.0, y),
                };
                arrow(svg, way, fate);
            }
            Meaning::Deed(sign) => sign_at(svg, (x + 7.0, y), sign),
            Meaning::State(state) => {
                let (x, top, bottom) = (x + 7.0, y - LINE / 2.0, y + LINE / 2.0);
                let class = if state == State::Down { "down" } else { "lane" };
                line(svg, class, (x, top), (x, bottom));
                bar(svg, state, (x, top), bottom);
            }
        }
    }
}
