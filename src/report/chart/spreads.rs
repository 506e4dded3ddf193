//! How something is spread: the share of all that lasts no longer than so long, with
//! room for the last in a hundred and in a thousand.

use super::axis::{self, Axis};
use super::plot::{self, FLOOR, HEIGHT, LEFT, NAMED, RIGHT, SMALL};
use super::scene::{Anchor, Ink, Scene, Style};
use super::{WIDTH, about, extremes, footer, ink, line_names, title};
use crate::measure::{Distribution, Timed};
use crate::protocol::ProtocolKind;
use crate::report::words::grouped;
use crate::scenario::Scenario;
use crate::vocab::SimDuration;

/// A distribution under several protocols.
#[derive(Clone, Copy, Debug)]
pub struct Spreads<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// What is spread.
    pub what: Timed,
    /// Under which protocols, and how.
    pub spreads: &'a [(ProtocolKind, Distribution)],
    /// The seed, and the command that made it.
    pub made_by: &'a str,
}

/// What can stand under the axis.
const SHARES: [(f64, &str); 6] = [
    (0.0, "0 %"),
    (0.5, "50 %"),
    (0.9, "90 %"),
    (0.99, "99 %"),
    (0.999, "99.9 %"),
    (0.9999, "99.99 %"),
];

pub(super) fn scene(of: &Spreads<'_>) -> Scene {
    let mut scene = Scene::new(WIDTH, HEIGHT);
    title(&mut scene, &headline(of), &about(of.scenario));
    let longest = of
        .spreads
        .iter()
        .filter_map(|(_, spread)| spread.quantile(1.0));
    let most = longest.map(millis).fold(0.0, f64::max);
    let up = plot::up(most);
    let counts = of.spreads.iter().map(|(_, spread)| spread.count);
    let last = rarity(1.0 - 1.0 / counts.max().unwrap_or(0).max(10) as f64);
    let across = Across(last);
    draw_axes(&mut scene, of, &up, &across);
    for (n, (protocol, spread)) in of.spreads.iter().enumerate() {
        let line = line(spread, &across, &up);
        scene.line(line, 2.0, ink(protocol.name(), n));
    }
    let ends = of
        .spreads
        .iter()
        .map(|(protocol, spread)| Some((protocol.name(), up.place(millis(spread.quantile(1.0)?)))));
    line_names(&mut scene, NAMED, ends);
    footer(&mut scene, of.made_by);
    scene
}

/// How rare what is above a share is: 0 for all, 1 for one in ten, 2 for one in a
/// hundred.
fn rarity(share: f64) -> f64 {
    -libm::log10(1.0 - share)
}

/// The axis of shares, which ends at this rarity.
struct Across(f64);

impl Across {
    fn place(&self, share: f64) -> f64 {
        let along = if share < 1.0 {
            rarity(share).min(self.0)
        } else {
            self.0
        };
        LEFT + along / self.0 * (RIGHT - LEFT)
    }
}

/// The duration of each share, in steps.
fn line(spread: &Distribution, across: &Across, up: &Axis) -> Vec<(f64, f64)> {
    let mut x = across.place(0.0);
    let mut points = Vec::with_capacity(2 * spread.steps.len());
    for &(duration, share) in &spread.steps {
        let y = up.place(millis(duration));
        points.push((x, y));
        x = across.place(share);
        points.push((x, y));
    }
    points
}

fn draw_axes(scene: &mut Scene, of: &Spreads<'_>, up: &Axis, across: &Across) {
    let (name, of_what, no_longer) = match of.what {
        Timed::Latency => (
            "time to the final answer, ms",
            "requests",
            "answered no later",
        ),
        Timed::LockWait => ("wait for a lock, ms", "waits", "that last no longer"),
        Timed::LockHold => ("lock held for writing, ms", "locks", "held no longer"),
    };
    plot::draw_up(scene, up, name);
    let style = Style::of(SMALL, Ink::Quiet);
    for (share, text) in SHARES
        .into_iter()
        .filter(|(share, _)| rarity(*share) <= across.0)
    {
        let x = across.place(share);
        plot::tick(scene, x);
        scene.words(text, (x, FLOOR + 18.0), style.at(Anchor::Middle));
    }
    let counts = of
        .spreads
        .iter()
        .map(|(protocol, spread)| format!("{} {}", protocol.name(), grouped(spread.count)));
    let counts: Vec<String> = counts.collect();
    scene.words(
        &format!("{of_what}: {}", counts.join(", ")),
        (LEFT, FLOOR + 38.0),
        style,
    );
    plot::name_across(scene, &format!("share of {of_what} {no_longer}"));
}

/// Whose slow ones are slowest: of locks the usual one says more.
fn headline(of: &Spreads<'_>) -> String {
    let (share, says) = match of.what {
        Timed::Latency => (0.99, "One request in a hundred takes"),
        Timed::LockWait => (0.99, "One wait in a hundred lasts"),
        Timed::LockHold => (0.5, "Every other lock is held for"),
    };
    let at = |spread: &Distribution| spread.quantile(share).map(millis);
    match extremes(of.spreads, at) {
        Some([(first, most), (other, least)]) => {
            let time = |spread: &Distribution| spread.quantile(share).unwrap_or_default();
            let (most, least) = (time(most), time(least));
            format!("{says} {most} or longer under {first}, {least} under {other}")
        }
        None => match of
            .spreads
            .iter()
            .find_map(|(_, spread)| spread.quantile(share))
        {
            Some(same) => format!("{says} {same} or longer under all of them"),
            None => "Nobody waits".to_owned(),
        },
    }
}

fn millis(duration: SimDuration) -> f64 {
    axis::millis(duration.as_micros())
}
