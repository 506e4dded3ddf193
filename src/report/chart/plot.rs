//! The frame of a chart with two axes: where its lines are, and what they are
//! measured by.

use super::axis::{Axis, number};
use super::scene::{Anchor, Ink, Scene, Style};
use super::{MARGIN, WIDTH};

pub(super) const HEIGHT: f64 = 480.0;
pub(super) const LEFT: f64 = 76.0;
/// Where lines end, and their names begin.
pub(super) const RIGHT: f64 = WIDTH - 132.0;
pub(super) const TOP: f64 = 96.0;
pub(super) const FLOOR: f64 = HEIGHT - 66.0;
pub(super) const SMALL: f64 = 11.0;
pub(super) const NAMES: f64 = 12.0;
/// Where the names of lines stand.
pub(super) const NAMED: (f64, f64) = (RIGHT + 10.0, FLOOR);

/// From nothing to the most, upwards.
pub(super) fn up(most: f64) -> Axis {
    Axis::from_zero(most, (FLOOR, TOP), 6)
}

/// The lines across by which heights are measured, and what they measure.
pub(super) fn draw_up(scene: &mut Scene, up: &Axis, name: &str) {
    let style = Style::of(SMALL, Ink::Quiet).at(Anchor::End);
    for &tick in up.ticks() {
        let y = up.place(tick);
        scene.line(vec![(LEFT, y), (RIGHT, y)], 0.75, Ink::Rule);
        scene.words(&number(tick), (LEFT - 8.0, y + 4.0), style);
    }
    let bold = Style::of(NAMES, Ink::Text).bold();
    scene.words(name, (MARGIN, TOP - 18.0), bold);
}

/// A mark under the floor.
pub(super) fn tick(scene: &mut Scene, x: f64) {
    scene.line(vec![(x, FLOOR), (x, FLOOR + 4.0)], 1.0, Ink::Quiet);
}

/// What the places from left to right are.
pub(super) fn name_across(scene: &mut Scene, name: &str) {
    let bold = Style::of(NAMES, Ink::Text).bold().at(Anchor::End);
    scene.words(name, (RIGHT, FLOOR + 38.0), bold);
}
