//! What a commit costs: a bar a protocol, a part of it each kind of message or record.

use super::axis::number;
use super::scene::{Anchor, Ink, Scene, Style};
use super::{MARGIN, WIDTH, about, extremes, footer, ink, paint, title};
use crate::measure::Costs;
use crate::protocol::ProtocolKind;
use crate::report::words;
use crate::scenario::Scenario;

/// What a commit costs under several protocols.
#[derive(Clone, Copy, Debug)]
pub struct Bills<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// Under which protocols, and what it cost.
    pub costs: &'a [(ProtocolKind, Costs)],
    /// The seed, and the command that made it.
    pub made_by: &'a str,
}

/// A bar: whose, and its parts in order.
struct Bar {
    name: &'static str,
    parts: Vec<(&'static str, f64)>,
}

const LEFT: f64 = 118.0;
const RIGHT: f64 = 60.0;
const TOP: f64 = 78.0;
const HEAD: f64 = 30.0;
const BAR: f64 = 18.0;
/// From one bar to the next: under each stands what its parts are.
const EACH: f64 = 44.0;
const SMALL: f64 = 11.0;
/// What is less than this is not worth a name.
const LEAST: f64 = 0.05;

pub(super) fn scene(of: &Bills<'_>) -> Scene {
    let bars = |parts: fn(&Costs) -> Vec<(&'static str, u64)>| {
        let bar = |(protocol, costs): &(ProtocolKind, Costs)| {
            let committed = costs.figures.committed.max(1) as f64;
            let parts = parts(costs).into_iter();
            Bar {
                name: protocol.name(),
                parts: parts
                    .map(|(kind, n)| (kind, n as f64 / committed))
                    .collect(),
            }
        };
        of.costs.iter().map(bar).collect::<Vec<_>>()
    };
    let groups = [
        (
            "messages per committed request",
            bars(|costs| costs.messages.clone()),
        ),
        (
            "forced writes per committed request",
            bars(|costs| {
                let forced = costs.forced.iter();
                forced
                    .map(|(class, n)| (words::record(*class), *n))
                    .collect()
            }),
        ),
    ];
    let group = HEAD + of.costs.len() as f64 * EACH;
    let mut scene = Scene::new(WIDTH, TOP + 2.0 * group + 34.0);
    title(&mut scene, &headline(of), &about(of.scenario));
    for (n, (name, bars)) in groups.iter().enumerate() {
        draw(&mut scene, name, bars, TOP + n as f64 * group);
    }
    footer(&mut scene, of.made_by);
    scene
}

fn draw(scene: &mut Scene, name: &str, bars: &[Bar], top: f64) {
    scene.words(name, (LEFT, top + 15.0), Style::of(12.0, Ink::Text).bold());
    let whole = |bar: &Bar| bar.parts.iter().map(|(_, n)| n).sum::<f64>();
    let most = bars.iter().map(whole).fold(f64::MIN_POSITIVE, f64::max);
    for (n, bar) in bars.iter().enumerate() {
        let y = top + HEAD + n as f64 * EACH;
        let ink = ink(bar.name, n);
        let label = Style::of(SMALL, ink).bold().at(Anchor::End);
        scene.words(bar.name, (LEFT - 8.0, y + BAR - 5.0), label);
        let mut x = LEFT;
        for (nth, (_, part)) in bar.parts.iter().enumerate() {
            let broad = part / most * (WIDTH - RIGHT - LEFT);
            let shade = if nth % 2 == 0 { 0.9 } else { 0.55 };
            scene.rect_of((x, y), (broad, BAR), (ink, shade));
            x += broad;
        }
        let sum = Style::of(SMALL, Ink::Text).bold();
        scene.words(&rounded(whole(bar)), (x + 6.0, y + BAR - 5.0), sum);
        let parts = bar.parts.iter().filter(|(_, n)| *n >= LEAST);
        let parts: Vec<String> = parts
            .map(|(kind, n)| format!("{kind} {}", rounded(*n)))
            .collect();
        small_print(scene, &parts.join("  \u{b7}  "), y + BAR + 13.0);
    }
}

/// A line under a bar, in smaller letters if it is long.
fn small_print(scene: &mut Scene, text: &str, y: f64) {
    let room = WIDTH - MARGIN - LEFT;
    let size = 10.0 * (room / paint::breadth(text, 10.0, false)).min(1.0);
    scene.words(text, (LEFT, y), Style::of(size, Ink::Quiet));
}

fn rounded(value: f64) -> String {
    number(libm::round(value * 10.0) / 10.0)
}

/// Who pays most for a commit, and who least.
fn headline(of: &Bills<'_>) -> String {
    let messages = |costs: &Costs| (costs.figures.committed > 0).then_some(costs.figures.messages);
    let Some([(first, most), (other, least)]) = extremes(of.costs, messages) else {
        return "What a committed request costs".to_owned();
    };
    let bill = |costs: &Costs| {
        let (messages, writes) = (costs.figures.messages, costs.figures.forced_writes);
        (rounded(messages), rounded(writes))
    };
    let ((messages, writes), (fewer, less)) = (bill(most), bill(least));
    format!(
        "A commit costs {messages} messages and {writes} forced writes under {first}, {fewer} and \
         {less} under {other}"
    )
}
