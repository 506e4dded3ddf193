//! Charts: what was measured, drawn with plotters, as SVG or PNG.
//!
//! A chart is first a [`scene`]: shapes with their parts to play, which tests can
//! look at; then it is [`paint`]ed in a [`Theme`]. Fonts are built in, places are
//! computed without the platform's `libm`, and so the bytes are the same on every
//! machine.

mod axis;
mod bars;
mod curves;
mod paint;
mod plot;
mod poster;
mod queues;
mod scene;
mod spreads;
mod theme;
mod timeline;

pub(in crate::report) use axis::number;
pub use bars::Bills;
pub(in crate::report) use curves::quantity;
pub use curves::{Curve, Curves, Mean};
pub use queues::Queues;
pub use spreads::Spreads;
pub use theme::Theme;
pub use timeline::Timelines;

use crate::protocol::ProtocolKind;
use crate::report::heading::first_sentence;
use crate::scenario::Scenario;
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

    /// What messages and forced writes a commit takes, a bar a protocol.
    pub fn bills(of: &Bills<'_>) -> Self {
        Chart(bars::scene(of))
    }

    /// How something is spread, a line a protocol.
    pub fn spreads(of: &Spreads<'_>) -> Self {
        Chart(spreads::scene(of))
    }

    /// Who waits for which row when, a band a row, all protocols on one time axis.
    pub fn queues(of: &Queues<'_>) -> Self {
        Chart(queues::scene(of))
    }

    /// Several charts on one sheet, in two columns.
    pub fn poster(says: &str, about: &str, charts: &[Chart], made_by: &str) -> Self {
        let charts: Vec<&Scene> = charts.iter().map(|chart| &chart.0).collect();
        Chart(poster::scene(says, about, &charts, made_by))
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

/// How it was made, in small print: a long command in smaller letters.
fn footer(scene: &mut Scene, made_by: &str) {
    const SIZE: f64 = 9.0;
    let place = (scene.width - MARGIN, scene.height - 8.0);
    let room = scene.width - 2.0 * MARGIN;
    let size = SIZE * (room / paint::breadth(made_by, SIZE, false)).min(1.0);
    let style = Style::of(size, Ink::Quiet).at(Anchor::End);
    scene.words(made_by, place, style);
}

/// What a chart is about: the scenario, and what its file says of it first.
fn about(scenario: &Scenario) -> String {
    let sentence = first_sentence(&scenario.about);
    let words: Vec<&str> = sentence.split_whitespace().collect();
    format!("{}: {}", scenario.name, words.join(" "))
}

/// Those who have the most and the least of something, if both are something and it
/// is not the same; of equals the first.
fn extremes<T>(
    of: &[(ProtocolKind, T)],
    figure: impl Fn(&T) -> Option<f64>,
) -> Option<[&(ProtocolKind, T); 2]> {
    let known: Vec<(f64, &(ProtocolKind, T))> = of
        .iter()
        .filter_map(|one| Some((figure(&one.1)?, one)))
        .collect();
    let first = |better: fn(f64, f64) -> bool| {
        known
            .iter()
            .copied()
            .reduce(|best, one| if better(one.0, best.0) { one } else { best })
    };
    let (most, least) = (first(|a, b| a > b)?, first(|a, b| a < b)?);
    (most.0 > least.0).then_some([most.1, least.1])
}

/// The colour of the nth of those that are compared: a protocol has its own in every
/// chart, and one that somebody brought that of its place.
fn ink(name: &str, n: usize) -> Ink {
    let shipped = ProtocolKind::ALL.iter();
    let place = shipped
        .map(|kind| kind.name())
        .position(|known| known == name);
    Ink::Series(place.unwrap_or(ProtocolKind::ALL.len() + n))
}

/// Each name where its line ends, moved so far that none runs into another or under
/// the floor; in the order of the lines.
fn line_names<'a>(
    scene: &mut Scene,
    (x, floor): (f64, f64),
    ends: impl IntoIterator<Item = Option<(&'a str, f64)>>,
) {
    const SIZE: f64 = 12.0;
    const APART: f64 = 16.0;
    let ends = ends.into_iter().enumerate();
    let mut ends: Vec<(f64, usize, &str)> = ends
        .filter_map(|(n, end)| end.map(|(name, y)| (y, n, name)))
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut places: Vec<f64> = ends.iter().map(|(y, ..)| *y).collect();
    for n in 1..places.len() {
        places[n] = places[n].max(places[n - 1] + APART);
    }
    // What was moved over the edge moves all before it up again.
    for n in (0..places.len()).rev() {
        let most = places.get(n + 1).map_or(floor, |below| below - APART);
        places[n] = places[n].min(most);
    }
    for ((_, n, name), y) in ends.into_iter().zip(places) {
        scene.words(name, (x, y + 4.0), Style::of(SIZE, ink(name, n)).bold());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::history::Sink;
    use crate::lab::{self, HostChoice, RunOptions};
    use crate::measure::{Bill, Meter, Timed};
    use crate::protocol::Safeguards;
    use crate::scenario;
    use scene::{Shape, Words};

    pub(super) fn shipped(file: &str) -> Arc<Scenario> {
        let path = format!("{}/scenarios/{file}", env!("CARGO_MANIFEST_DIR"));
        Arc::new(scenario::load(path).unwrap_or_else(|errors| panic!("{errors}")))
    }

    /// What a sink hears of a scenario under each protocol.
    pub(super) fn heard<S: Sink>(
        scenario: &Arc<Scenario>,
        sink: impl Fn(ProtocolKind) -> S,
    ) -> Vec<(ProtocolKind, S)> {
        let options = RunOptions {
            seed: scenario.seed,
            safeguards: Safeguards::all(),
            host: HostChoice::Direct,
        };
        let hear = |protocol| {
            let mut sink = sink(protocol);
            lab::run(scenario, protocol, &options, &mut sink).expect("it can run");
            (protocol, sink)
        };
        ProtocolKind::ALL.map(hear).into()
    }

    /// What stands on top of a chart.
    fn says(chart: &Chart) -> &str {
        let mut shapes = chart.0.shapes.iter();
        let words = shapes.find_map(|shape| match shape {
            Shape::Words(words) => Some(words.text.as_str()),
            _ => None,
        });
        words.expect("a chart has a title")
    }

    fn costs(scenario: &Arc<Scenario>) -> Chart {
        let bills = heard(scenario, |protocol| Bill::new(scenario, protocol));
        let costs = bills.into_iter().map(|(who, bill)| (who, bill.finish()));
        Chart::bills(&Bills {
            scenario,
            costs: &costs.collect::<Vec<_>>(),
            made_by: "indoubt chart",
        })
    }

    fn spread(scenario: &Arc<Scenario>, what: Timed) -> Chart {
        let meters = heard(scenario, |protocol| Meter::new(scenario, protocol));
        let spreads = meters
            .iter()
            .map(|(who, meter)| (*who, meter.distribution(what)));
        Chart::spreads(&Spreads {
            scenario,
            what,
            spreads: &spreads.collect::<Vec<_>>(),
            made_by: "indoubt chart",
        })
    }

    fn queues(scenario: &Arc<Scenario>) -> Chart {
        let meters = heard(scenario, |protocol| {
            Meter::new(scenario, protocol).keeping_waits()
        });
        let waits = meters
            .iter()
            .map(|(who, meter)| (*who, meter.waits().to_vec()));
        let ends = meters.iter().map(|(_, meter)| meter.last_word_at());
        Chart::queues(&Queues {
            scenario,
            waits: &waits.collect::<Vec<_>>(),
            end: ends.max().expect("a protocol"),
            made_by: "indoubt chart",
        })
    }

    #[test]
    fn no_label_of_any_chart_of_a_run_runs_into_another() {
        for file in [
            "points-mall.toml",
            "lessons/01-happy-path.toml",
            "lessons/22-six-steps.toml",
        ] {
            let scenario = shipped(file);
            check_labels(&costs(&scenario));
            check_labels(&queues(&scenario));
            for what in [Timed::Latency, Timed::LockWait, Timed::LockHold] {
                check_labels(&spread(&scenario, what));
            }
        }
    }

    #[test]
    fn a_title_says_who_pays_most_and_who_least() {
        let happy = shipped("lessons/01-happy-path.toml");
        let bill =
            "A commit costs 20 messages and 7 forced writes under 2pc, 2 and 1 under monolith";
        assert_eq!(says(&costs(&happy)), bill);
        assert_eq!(says(&queues(&happy)), "Nobody waits for a lock");
        let hot = shipped("lessons/13-hot-row.toml");
        let slow = "One request in a hundred takes 50 ms or longer under 2pc, 13 ms under monolith";
        assert_eq!(says(&spread(&hot, Timed::Latency)), slow);
        let queue = "On average 8.9 wait for points[ash] under 2pc, 0.3 under choreographed";
        assert_eq!(says(&queues(&hot)), queue);
    }

    #[test]
    fn the_parts_of_a_bill_are_the_figures_of_the_table() {
        let mall = shipped("points-mall.toml");
        for (protocol, bill) in heard(&mall, |protocol| Bill::new(&mall, protocol)) {
            let costs = bill.finish();
            let committed = costs.figures.committed as f64;
            let messages: u64 = costs.messages.iter().map(|(_, n)| n).sum();
            let forced: u64 = costs.forced.iter().map(|(_, n)| n).sum();
            let sums = (messages as f64 / committed, forced as f64 / committed);
            assert_eq!(
                sums,
                (costs.figures.messages, costs.figures.forced_writes),
                "{protocol}"
            );
        }
    }

    #[test]
    fn a_poster_shows_every_chart_in_the_shorter_of_two_columns() {
        let happy = shipped("lessons/01-happy-path.toml");
        let charts = [
            costs(&happy),
            spread(&happy, Timed::Latency),
            spread(&happy, Timed::LockHold),
        ];
        let poster = Chart::poster("Three charts", "of one run", &charts, "indoubt gallery");
        check_labels(&poster);
        let high: Vec<f64> = charts.iter().map(|chart| chart.0.height).collect();
        let second = high[1] + high[2];
        assert!(poster.0.height > second.max(high[0]) && poster.0.height < second + high[0]);
        assert!(poster.0.width > 2.0 * WIDTH);
    }

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
