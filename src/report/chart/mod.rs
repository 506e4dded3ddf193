//! Charts: what was measured, drawn with plotters, as SVG or PNG.
//!
//! A chart is first a [`scene`]: shapes with their parts to play, which tests can
//! look at; then it is [`paint`]ed in a [`Theme`]. Fonts are built in, places are
//! computed without the platform's `libm`, and so the bytes are the same on every
//! machine.

mod axis;
mod curves;
mod paint;
mod scene;
mod theme;
mod timeline;

pub use curves::{Curve, Curves, Mean};
pub use theme::Theme;
pub use timeline::Timelines;

use scene::{Anchor, Ink, Scene, Style};

/// How broad every chart is, in pixels.
const WIDTH: f64 = 860.0;
const MARGIN: f64 = 22.0;

/// A chart that can be painted.
#[derive(Clone, Debug)]
pub struct Chart(Scene);

impl Chart {
    /// A run over time, all protocols on one time axis.
    pub fn timeline(of: &Timelines<'_>) -> Self {
        Chart(timeline::scene(of))
    }

    /// A figure against a parameter, a line a protocol.
    pub fn curves(of: &Curves) -> Self {
        Chart(curves::scene(of))
    }

    /// As SVG.
    pub fn svg(&self, theme: Theme) -> String {
        paint::svg(&self.0, theme)
    }

    /// As PNG, with two dots for each pixel.
    pub fn png(&self, theme: Theme) -> Vec<u8> {
        paint::png(&self.0, theme)
    }
}

/// What a chart says, and under it what it is about.
fn title(scene: &mut Scene, says: &str, about: &str) {
    let large = Style::of(17.0, Ink::Text).bold();
    // A long sentence gets smaller letters rather than an end that nobody sees.
    let room = scene.width - 2.0 * MARGIN;
    let broad = paint::breadth(says, large.size, true);
    let size = large.size * (room / broad).min(1.0);
    scene.words(says, (MARGIN, 32.0), Style { size, ..large });
    scene.words(about, (MARGIN, 52.0), Style::of(12.0, Ink::Quiet));
}

/// How it was made, in small print.
fn footer(scene: &mut Scene, made_by: &str) {
    let place = (scene.width - MARGIN, scene.height - 8.0);
    let style = Style::of(9.0, Ink::Quiet).at(Anchor::End);
    scene.words(made_by, place, style);
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::{Shape, Words};

    /// From left to right and from top to bottom.
    fn room(words: &Words) -> (f64, f64, f64, f64) {
        let broad = paint::breadth(&words.text, words.size, words.bold);
        let left = match words.anchor {
            Anchor::Start => words.x,
            Anchor::Middle => words.x - broad / 2.0,
            Anchor::End => words.x - broad,
        };
        (left, left + broad, words.y - words.size * 0.8, words.y)
    }

    /// No text runs into another one, or over the edge.
    pub(super) fn check_labels(chart: &Chart) {
        let texts: Vec<&Words> = chart
            .0
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Words(words) => Some(words),
                _ => None,
            })
            .collect();
        for (n, words) in texts.iter().enumerate() {
            let (left, right, top, bottom) = room(words);
            assert!(
                left >= 0.0 && right <= chart.0.width,
                "{words:?} leaves the paper"
            );
            assert!(
                top >= 0.0 && bottom <= chart.0.height,
                "{words:?} leaves the paper"
            );
            for other in &texts[n + 1..] {
                let (from, to, above, below) = room(other);
                let apart = right <= from || to <= left || bottom <= above || below <= top;
                assert!(apart, "{} runs into {}", words.text, other.text);
            }
        }
    }
}
