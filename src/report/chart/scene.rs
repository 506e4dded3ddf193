//! A picture as data: shapes in pixels, and what part each plays.

/// What a shape is for; a [`Theme`](super::Theme) gives it its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// What is read first.
    Text,
    /// What is read if somebody wants to know more.
    Quiet,
    /// Lines to measure by.
    Rule,
    /// What all is drawn on.
    Paper,
    /// Behind a panel.
    Panel,
    /// While a fault was on.
    Fault,
    /// One of the things that are compared: a protocol by its place among those that
    /// ship, then what else there is.
    Series(usize),
}

/// Which side of its place a text stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A text on one line; `y` is where its letters stand.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    pub(super) text: String,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) anchor: Anchor,
    pub(super) ink: Ink,
}

/// One shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// A filled rectangle.
    Box {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        ink: Ink,
        opacity: f64,
    },
    /// A line through points.
    Line {
        points: Vec<(f64, f64)>,
        ink: Ink,
        width: f64,
    },
    /// What points enclose.
    Area {
        points: Vec<(f64, f64)>,
        ink: Ink,
        opacity: f64,
    },
    /// A dot.
    Dot {
        x: f64,
        y: f64,
        ink: Ink,
        /// From its middle to its edge.
        radius: f64,
    },
    Words(Words),
}

/// A picture, in the order in which it is painted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Scene {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    pub(super) fn rect_of(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        (ink, opacity): (Ink, f64),
    ) {
        self.shapes.push(Shape::Box {
            x,
            y,
            width,
            height,
            ink,
            opacity,
        });
    }

    pub(super) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), ink: Ink) {
        self.rect_of((x, y), (width, height), (ink, 1.0));
    }

    pub(super) fn line(&mut self, points: Vec<(f64, f64)>, width: f64, ink: Ink) {
        self.shapes.push(Shape::Line { points, ink, width });
    }

    /// A line in short strokes, each as long as the gap after it.
    pub(super) fn dashed(&mut self, points: &[(f64, f64)], width: f64, ink: Ink) {
        const STROKE: f64 = 5.0;
        for pair in points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let strokes = libm::sqrt(dx * dx + dy * dy) / STROKE;
            let at = |n: f64| {
                let share = (n / strokes).min(1.0);
                (from.0 + share * dx, from.1 + share * dy)
            };
            let mut n = 0.0;
            while n < strokes {
                self.line(vec![at(n), at(n + 1.0)], width, ink);
                n += 2.0;
            }
        }
    }

    /// All of another picture, moved so far, on a sheet of its own.
    pub(super) fn place(&mut self, other: &Scene, (right, down): (f64, f64)) {
        self.rect((right, down), (other.width, other.height), Ink::Paper);
        let move_all =
            |points: &[(f64, f64)]| points.iter().map(|(x, y)| (x + right, y + down)).collect();
        for shape in &other.shapes {
            let mut shape = shape.clone();
            match &mut shape {
                Shape::Box { x, y, .. }
                | Shape::Dot { x, y, .. }
                | Shape::Words(Words { x, y, .. }) => {
                    (*x, *y) = (*x + right, *y + down);
                }
                Shape::Line { points, .. } | Shape::Area { points, .. } => {
                    *points = move_all(points)
                }
            }
            self.shapes.push(shape);
        }
    }

    pub(super) fn area(&mut self, points: Vec<(f64, f64)>, opacity: f64, ink: Ink) {
        self.shapes.push(Shape::Area {
            points,
            ink,
            opacity,
        });
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), radius: f64, ink: Ink) {
        self.shapes.push(Shape::Dot { x, y, radius, ink });
    }

    pub(super) fn words(&mut self, text: &str, (x, y): (f64, f64), style: Style) {
        let Style {
            size,
            bold,
            anchor,
            ink,
        } = style;
        self.shapes.push(Shape::Words(Words {
            text: text.to_owned(),
            x,
            y,
            size,
            bold,
            anchor,
            ink,
        }));
    }
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) anchor: Anchor,
    pub(super) ink: Ink,
}

impl Style {
    pub(super) const fn of(size: f64, ink: Ink) -> Self {
        Style {
            size,
            bold: false,
            anchor: Anchor::Start,
            ink,
        }
    }

    pub(super) const fn bold(self) -> Self {
        Style { bold: true, ..self }
    }

    pub(super) const fn at(self, anchor: Anchor) -> Self {
        Style { anchor, ..self }
    }
}
