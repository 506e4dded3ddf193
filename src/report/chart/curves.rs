//! A figure against a parameter: a line a protocol, with the interval of its mean.

use super::axis::{Axis, Scale, number};
use super::scene::{Anchor, Ink, Scene, Style};
use super::{MARGIN, WIDTH, footer, line_names, paint, title};

/// A figure against a parameter that varies.
#[derive(Clone, Debug)]
pub struct Curves {
    /// What is to be seen, in a sentence.
    pub says: String,
    /// What it is about, in small letters.
    pub about: String,
    /// The parameter, with its unit.
    pub across: String,
    /// Its values as they are written, in order.
    pub values: Vec<String>,
    /// The figure, with its unit.
    pub up: String,
    /// A line each.
    pub curves: Vec<Curve>,
    /// What the bounds of the lines are, if they have any.
    pub bound: Option<String>,
    /// The command that made it.
    pub made_by: String,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What it is called.
    pub name: String,
    /// Its means, a value each, with the interval where there is one; nothing where
    /// nothing was measured.
    pub means: Vec<Option<Mean>>,
    /// What it cannot be above, a value each; nothing where there is no bound.
    pub bounds: Vec<Option<f64>>,
}

/// A mean, and between what it is likely to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// From where to where.
    pub interval: Option<(f64, f64)>,
}

const HEIGHT: f64 = 480.0;
const LEFT: f64 = 76.0;
/// For the names of the lines.
const RIGHT: f64 = 132.0;
const TOP: f64 = 96.0;
const BOTTOM: f64 = 66.0;
const SMALL: f64 = 11.0;
const NAMES: f64 = 12.0;

pub(super) fn scene(of: &Curves) -> Scene {
    let mut scene = Scene::new(WIDTH, HEIGHT);
    title(&mut scene, &of.says, &of.about);
    let (across, numeric) = across(&of.values);
    let tops = of.curves.iter().flat_map(|curve| &curve.means).flatten();
    let most = tops.map(|m| m.interval.map_or(m.mean, |(_, high)| high.max(m.mean)));
    let up = Axis::from_zero(most.fold(0.0, f64::max), (HEIGHT - BOTTOM, TOP), 6);
    draw_up(&mut scene, of, &up);
    draw_across(&mut scene, of, &across);
    if let Some(bound) = &of.bound {
        let place = (WIDTH - RIGHT, TOP - 18.0);
        let style = Style::of(SMALL, Ink::Quiet).at(Anchor::End);
        scene.words(&format!("dashed: {bound}"), place, style);
    }
    for (n, curve) in of.curves.iter().enumerate() {
        draw_bounds(&mut scene, curve, (&across, &numeric), &up, Ink::Series(n));
        draw_curve(&mut scene, curve, (&across, &numeric), &up, Ink::Series(n));
    }
    let ends = of.curves.iter().map(|curve| {
        let last = curve.means.iter().rev().flatten().next()?;
        Some((curve.name.as_str(), up.place(last.mean)))
    });
    line_names(&mut scene, (WIDTH - RIGHT + 10.0, HEIGHT - BOTTOM), ends);
    footer(&mut scene, &of.made_by);
    scene
}

/// An axis over the values, and the number that each stands at: their own where
/// they are numbers (doublings equally far apart, if that is how they go), else one
/// after the other.
fn across(values: &[String]) -> (Axis, Vec<f64>) {
    let places = (LEFT, WIDTH - RIGHT);
    let numbers: Option<Vec<f64>> = values.iter().map(|v| v.parse().ok()).collect();
    let numbers =
        numbers.filter(|n| n.is_sorted_by(|a, b| a < b) && n.iter().all(|n| n.is_finite()));
    let Some(numbers) = numbers else {
        let nth: Vec<f64> = (0..values.len()).map(|n| n as f64).collect();
        return (Axis::over(&nth, places, Scale::Linear), nth);
    };
    let doubles = |pair: &[f64]| pair[0] > 0.0 && pair[1] >= 1.9 * pair[0];
    let scale = match numbers.len() > 2 && numbers.windows(2).all(doubles) {
        true => Scale::Doubling,
        false => Scale::Linear,
    };
    (Axis::over(&numbers, places, scale), numbers)
}

fn draw_up(scene: &mut Scene, of: &Curves, up: &Axis) {
    let style = Style::of(SMALL, Ink::Quiet).at(Anchor::End);
    for &tick in up.ticks() {
        let y = up.place(tick);
        scene.line(vec![(LEFT, y), (WIDTH - RIGHT, y)], 0.75, Ink::Rule);
        scene.words(&number(tick), (LEFT - 8.0, y + 4.0), style);
    }
    let name = Style::of(NAMES, Ink::Text).bold();
    scene.words(&of.up, (MARGIN, TOP - 18.0), name);
}

fn draw_across(scene: &mut Scene, of: &Curves, across: &Axis) {
    let floor = HEIGHT - BOTTOM;
    let style = Style::of(SMALL, Ink::Quiet).at(Anchor::Middle);
    let mut free = f64::NEG_INFINITY;
    for (value, &tick) in of.values.iter().zip(across.ticks()) {
        let x = across.place(tick);
        scene.line(vec![(x, floor), (x, floor + 4.0)], 1.0, Ink::Quiet);
        // Where values are close together, not all of them have room.
        let half = paint::breadth(value, SMALL, false) / 2.0;
        if x - half > free {
            scene.words(value, (x, floor + 18.0), style);
            free = x + half + 4.0;
        }
    }
    let name = Style::of(NAMES, Ink::Text).bold().at(Anchor::End);
    scene.words(&of.across, (WIDTH - RIGHT, floor + 38.0), name);
}

/// The bounds that the axis reaches: of the others there is nothing to be seen.
fn draw_bounds(
    scene: &mut Scene,
    curve: &Curve,
    (across, numeric): (&Axis, &[f64]),
    up: &Axis,
    ink: Ink,
) {
    let most = up.ticks().last().copied().unwrap_or(0.0);
    let reached = numeric.iter().zip(&curve.bounds).map(|(&x, bound)| {
        bound
            .filter(|b| *b <= most)
            .map(|b| (across.place(x), up.place(b)))
    });
    let points: Vec<Option<(f64, f64)>> = reached.collect();
    for stretch in points.split(Option::is_none) {
        let stretch: Vec<(f64, f64)> = stretch.iter().copied().flatten().collect();
        scene.dashed(&stretch, 1.2, ink);
    }
}

fn draw_curve(
    scene: &mut Scene,
    curve: &Curve,
    (across, numeric): (&Axis, &[f64]),
    up: &Axis,
    ink: Ink,
) {
    let known: Vec<(f64, Mean)> = numeric
        .iter()
        .zip(&curve.means)
        .filter_map(|(&x, mean)| Some((across.place(x), (*mean)?)))
        .collect();
    let edge = |pick: fn((f64, f64)) -> f64| {
        let points = known.iter().map(move |(x, m)| {
            let value = pick(m.interval.unwrap_or((m.mean, m.mean)));
            (*x, up.place(value.max(0.0)))
        });
        points.collect::<Vec<_>>()
    };
    let mut band = edge(|(low, _)| low);
    band.extend(edge(|(_, high)| high).into_iter().rev());
    if known.len() > 1 {
        scene.area(band, 0.16, ink);
    }
    let points: Vec<(f64, f64)> = known.iter().map(|(x, m)| (*x, up.place(m.mean))).collect();
    for &point in &points {
        scene.dot(point, ink);
    }
    scene.line(points, 2.0, ink);
}

#[cfg(test)]
mod tests {
    use super::super::tests::check_labels;
    use super::super::{Chart, Theme};
    use super::*;

    fn curves(values: &[&str], lines: &[&[f64]]) -> Curves {
        let names = ["monolith", "2pc", "orchestrated", "choreographed"];
        let curve = |(name, means): (&str, &&[f64])| Curve {
            name: name.to_owned(),
            means: means
                .iter()
                .map(|&mean| {
                    let interval = Some((mean * 0.9, mean * 1.1));
                    (mean >= 0.0).then_some(Mean { mean, interval })
                })
                .collect(),
            bounds: means.iter().map(|&mean| Some(mean * 1.2)).collect(),
        };
        Curves {
            says: "On one hot row 2pc commits a quarter of what a saga does".to_owned(),
            about: "hot-row: clients who all want the same row".to_owned(),
            across: "clients".to_owned(),
            values: values.iter().map(ToString::to_string).collect(),
            up: "committed a second".to_owned(),
            curves: names.into_iter().zip(lines).map(curve).collect(),
            bound: Some("1 / what a commit holds the busiest row".to_owned()),
            made_by: "indoubt measure scenarios/lessons/13-hot-row.toml".to_owned(),
        }
    }

    #[test]
    fn names_that_end_at_one_place_stand_one_under_another() {
        let same: &[f64] = &[10.0, 20.0, 30.0];
        for values in [["1", "2", "4"], ["0", "0.6", "0.9"], ["50us", "1ms", "2ms"]] {
            check_labels(&Chart::curves(&curves(&values, &[same, same, same, same])));
            check_labels(&Chart::curves(&curves(&values, &[&[0.0; 3], &[0.0; 3]])));
        }
    }

    #[test]
    fn values_that_stand_close_together_do_not_run_into_each_other() {
        let values: Vec<String> = (0..200).map(|n| n.to_string()).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let line: Vec<f64> = (0..200).map(f64::from).collect();
        check_labels(&Chart::curves(&curves(&values, &[&line])));
    }

    #[test]
    fn what_was_not_measured_is_not_drawn() {
        let with_hole = Chart::curves(&curves(&["1", "2", "4"], &[&[1.0, -1.0, 3.0]]));
        let dots = with_hole.svg(Theme::Light).matches("<circle").count();
        assert_eq!(dots, 2);
    }
}
