//! Several charts on one sheet.

use super::scene::{Ink, Scene, Style};
use super::{MARGIN, WIDTH, footer};

const TOP: f64 = 104.0;
const GAP: f64 = 18.0;

/// The charts in reading order, each in the shorter of two columns.
pub(super) fn scene(says: &str, about: &str, charts: &[&Scene], made_by: &str) -> Scene {
    let mut columns = [TOP, TOP];
    let mut places = Vec::with_capacity(charts.len());
    for chart in charts {
        let n = usize::from(columns[1] < columns[0]);
        places.push((MARGIN + n as f64 * (WIDTH + GAP), columns[n]));
        columns[n] += chart.height + GAP;
    }
    let height = columns[0].max(columns[1]) + MARGIN;
    let mut scene = Scene::new(2.0 * MARGIN + 2.0 * WIDTH + GAP, height);
    scene.rect((0.0, 0.0), (scene.width, scene.height), Ink::Panel);
    scene.words(says, (MARGIN, 52.0), Style::of(32.0, Ink::Text).bold());
    scene.words(about, (MARGIN, 82.0), Style::of(16.0, Ink::Quiet));
    for (chart, place) in charts.iter().zip(places) {
        scene.place(chart, place);
    }
    footer(&mut scene, made_by);
    scene
}
