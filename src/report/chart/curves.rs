//! A figure against a parameter: a line a protocol, with the interval of its mean.

use super::axis::{Axis, Scale};
use super::plot::{self, FLOOR, HEIGHT, LEFT, NAMED, RIGHT, SMALL, TOP};
use super::scene::{Anchor, Ink, Scene, Style};
use super::{WIDTH, footer, ink, line_names, paint, title};
use crate::vocab::{Bandwidth, SimDuration};

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

/// A dot on a line, from its middle to its edge; and one that stands alone.
const DOT: f64 = 2.5;
const DOT_ALONE: f64 = 4.5;
/// From a dot to the next curve's, where there is nothing between two values.
const ASIDE: f64 = 12.0;

pub(super) fn scene(of: &Curves) -> Scene {
    let mut scene = Scene::new(WIDTH, HEIGHT);
    title(&mut scene, &of.says, &of.about);
    let across = Across::over(&of.values);
    let tops = of.curves.iter().flat_map(|curve| &curve.means).flatten();
    let most = tops.map(|m| m.interval.map_or(m.mean, |(_, high)| high.max(m.mean)));
    let up = plot::up(most.fold(0.0, f64::max));
    plot::draw_up(&mut scene, &up, &of.up);
    draw_across(&mut scene, of, &across);
    let any_dashed = of.curves.iter().any(|curve| {
        let mut pairs = curve.bounds.windows(2);
        let low = |bound: &Option<f64>| is_in_sight(*bound, &up);
        match across.ordered {
            true => pairs.any(|two| two.iter().all(low)),
            false => curve.bounds.iter().any(low),
        }
    });
    if let Some(bound) = of.bound.as_ref().filter(|_| any_dashed) {
        let place = (RIGHT, TOP - 18.0);
        let style = Style::of(SMALL, Ink::Quiet).at(Anchor::End);
        scene.words(&format!("dashed: {bound}"), place, style);
    }
    for n in 0..of.curves.len() {
        draw_bounds(&mut scene, of, n, &across, &up);
        draw_curve(&mut scene, of, n, &across, &up);
    }
    let ends = of.curves.iter().map(|curve| {
        let last = curve.means.iter().rev().flatten().next()?;
        Some((curve.name.as_str(), up.place(last.mean)))
    });
    line_names(&mut scene, NAMED, ends);
    footer(&mut scene, &of.made_by);
    scene
}

/// The parameter: an axis, where on it each value stands, and whether there is
/// anything between two of them.
struct Across {
    axis: Axis,
    stands_at: Vec<f64>,
    ordered: bool,
}

impl Across {
    /// Numbers and durations stand where they are (doublings equally far apart, if
    /// that is how they go), from left to right as they are written; words one after
    /// the other.
    fn over(values: &[String]) -> Self {
        let places = (LEFT, RIGHT);
        let numbers: Option<Vec<f64>> = values.iter().map(|value| quantity(value)).collect();
        let ascending = |n: &Vec<f64>| n.is_sorted_by(|a, b| a < b);
        let descending = |n: &Vec<f64>| n.is_sorted_by(|a, b| a > b);
        let Some(numbers) = numbers.filter(|n| ascending(n) || descending(n)) else {
            let nth: Vec<f64> = (0..values.len()).map(|n| n as f64).collect();
            // Half a step of air on both sides: nothing begins or ends here.
            let half = (places.1 - places.0) / (2.0 * values.len().max(1) as f64);
            let places = (places.0 + half, places.1 - half);
            return Across {
                axis: Axis::over(&nth, places, Scale::Linear),
                stands_at: nth,
                ordered: false,
            };
        };
        let places = match ascending(&numbers) {
            true => places,
            false => (places.1, places.0),
        };
        let doubles = |pair: &[f64]| {
            let (less, more) = (pair[0].min(pair[1]), pair[0].max(pair[1]));
            less > 0.0 && more >= 1.9 * less
        };
        let scale = match numbers.len() > 2 && numbers.windows(2).all(doubles) {
            true => Scale::Doubling,
            false => Scale::Linear,
        };
        Across {
            axis: Axis::over(&numbers, places, scale),
            stands_at: numbers,
            ordered: true,
        }
    }

    /// How far the n-th curve stands aside, so that none hides another.
    fn aside(&self, of: &Curves, n: usize) -> f64 {
        match self.ordered {
            true => 0.0,
            false => (n as f64 - (of.curves.len() as f64 - 1.0) / 2.0) * ASIDE,
        }
    }

    /// Where the values stand on the paper.
    fn places(&self) -> impl Iterator<Item = f64> + '_ {
        self.stands_at.iter().map(|&value| self.axis.place(value))
    }
}

/// A number, a duration in microseconds, or a bandwidth in bits a second.
pub(in crate::report) fn quantity(value: &str) -> Option<f64> {
    let number = value.parse().ok().filter(|n: &f64| n.is_finite());
    let duration = || value.parse::<SimDuration>().ok();
    let bandwidth = || value.parse::<Bandwidth>().ok();
    number
        .or_else(|| duration().map(|time| time.as_micros() as f64))
        .or_else(|| bandwidth().map(|bandwidth| bandwidth.bits() as f64))
}

fn draw_across(scene: &mut Scene, of: &Curves, across: &Across) {
    let style = Style::of(SMALL, Ink::Quiet).at(Anchor::Middle);
    let mut free = f64::NEG_INFINITY;
    let mut values: Vec<(f64, &String)> = across.places().zip(&of.values).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (x, value) in values {
        plot::tick(scene, x);
        // Where values are close together, not all of them have room.
        let half = paint::breadth(value, SMALL, false) / 2.0;
        if x - half > free {
            scene.words(value, (x, FLOOR + 18.0), style);
            free = x + half + 4.0;
        }
    }
    plot::name_across(scene, &of.across);
}

/// The bounds that the axis reaches: of the others there is nothing to be seen.
fn draw_bounds(scene: &mut Scene, of: &Curves, n: usize, across: &Across, up: &Axis) {
    let (curve, aside) = (&of.curves[n], across.aside(of, n));
    let ink = ink(&curve.name, n);
    let reached = across.places().zip(&curve.bounds);
    let points: Vec<Option<(f64, f64)>> = reached
        .map(|(x, bound)| {
            let bound = bound.filter(|_| is_in_sight(*bound, up));
            bound.map(|b| (x, up.place(b)))
        })
        .collect();
    if !across.ordered {
        for (x, y) in points.into_iter().flatten() {
            let x = x + aside;
            scene.dashed(&[(x - ASIDE, y), (x + ASIDE, y)], 1.2, ink);
        }
        return;
    }
    for stretch in points.split(Option::is_none) {
        let stretch: Vec<(f64, f64)> = stretch.iter().copied().flatten().collect();
        scene.dashed(&stretch, 1.2, ink);
    }
}

/// Whether a bound is within the axis.
fn is_in_sight(bound: Option<f64>, up: &Axis) -> bool {
    let most = up.ticks().last().copied().unwrap_or(0.0);
    bound.is_some_and(|bound| bound <= most)
}

/// A line with its band; where there is nothing between two values, dots with their
/// intervals.
fn draw_curve(scene: &mut Scene, of: &Curves, n: usize, across: &Across, up: &Axis) {
    let (curve, aside) = (&of.curves[n], across.aside(of, n));
    let ink = ink(&curve.name, n);
    let known: Vec<(f64, Mean)> = across
        .places()
        .zip(&curve.means)
        .filter_map(|(x, mean)| Some((x + aside, (*mean)?)))
        .collect();
    let edge = |pick: fn((f64, f64)) -> f64| {
        let points = known.iter().map(move |(x, m)| {
            let value = pick(m.interval.unwrap_or((m.mean, m.mean)));
            (*x, up.place(value.max(0.0)))
        });
        points.collect::<Vec<_>>()
    };
    let (low, high) = (edge(|(low, _)| low), edge(|(_, high)| high));
    let points: Vec<(f64, f64)> = known.iter().map(|(x, m)| (*x, up.place(m.mean))).collect();
    if !across.ordered {
        for ((low, high), &point) in low.into_iter().zip(high).zip(&points) {
            scene.line(vec![low, high], 2.0, ink);
            scene.dot(point, DOT_ALONE, ink);
        }
        return;
    }
    if known.len() > 1 {
        let band = low.into_iter().chain(high.into_iter().rev());
        scene.area(band.collect(), 0.16, ink);
    }
    for &point in &points {
        scene.dot(point, DOT, ink);
    }
    scene.line(points, 2.0, ink);
}

#[cfg(test)]
mod tests {
    use super::super::scene::Shape;
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

    /// Where the dots of a chart stand, from left to right on the paper.
    fn dots(chart: &Chart) -> Vec<f64> {
        let dots = chart.0.shapes.iter().filter_map(|shape| match shape {
            Shape::Dot { x, .. } => Some(*x),
            _ => None,
        });
        dots.collect()
    }

    #[test]
    fn numbers_and_durations_stand_where_they_are_and_words_one_after_the_other() {
        let rise: &[f64] = &[1.0, 2.0, 3.0];
        let at = |values: &[&str]| dots(&Chart::curves(&curves(values, &[rise])));
        let [a, b, c] = at(&["2ms", "3ms", "6ms"])[..] else {
            panic!("three dots")
        };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(
            near(c - b, 3.0 * (b - a)),
            "{a}, {b}, {c}: 3 ms are a quarter of the way"
        );
        let down = at(&["6ms", "3ms", "2ms"]);
        assert!(
            near(down[1], a + 3.0 * (b - a)),
            "{down:?}: as written, from left to right"
        );
        let [a, b, c] = at(&["wait", "no-wait", "wait-die"])[..] else {
            panic!("three dots")
        };
        assert!(near(c - b, b - a) && a > LEFT && c < RIGHT);
    }

    #[test]
    fn a_protocol_has_its_own_colour_whoever_stands_beside_it() {
        let rise: &[f64] = &[1.0, 2.0, 3.0];
        let mut of = curves(&["1", "2", "4"], &[rise, rise, rise, rise]);
        of.curves[1].name = "best-effort".to_owned();
        let colours = |of: &Curves| {
            let chart = Chart::curves(of);
            let bold = chart.0.shapes.iter().filter_map(|shape| match shape {
                Shape::Words(words) => match words.ink {
                    Ink::Series(n) => Some((words.text.clone(), n)),
                    _ => None,
                },
                _ => None,
            });
            let mut colours: Vec<_> = bold.collect();
            colours.sort();
            colours
        };
        let all = colours(&of);
        let places: Vec<usize> = all.iter().map(|(_, n)| *n).collect();
        assert_eq!(places, [5, 3, 0, 2], "{all:?}");
        of.curves.remove(0);
        assert!(colours(&of).contains(&("orchestrated".to_owned(), 2)));
    }

    #[test]
    fn there_is_no_line_between_words() {
        let rise: &[f64] = &[1.0, 2.0, 3.0];
        for (values, line) in [(["a", "b", "c"], false), (["1", "2", "3"], true)] {
            let chart = Chart::curves(&curves(&values, &[rise, rise]));
            let longest = chart.0.shapes.iter().filter_map(|shape| match shape {
                Shape::Line {
                    points,
                    ink: Ink::Series(_),
                    ..
                } => Some(points.len()),
                _ => None,
            });
            assert_eq!(longest.max() == Some(3), line, "{values:?}");
            check_labels(&chart);
        }
    }

    #[test]
    fn what_was_not_measured_is_not_drawn() {
        let with_hole = Chart::curves(&curves(&["1", "2", "4"], &[&[1.0, -1.0, 3.0]]));
        let dots = with_hole.svg(Theme::Light).matches("<circle").count();
        assert_eq!(dots, 2);
    }
}
