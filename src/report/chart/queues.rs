//! Who waits for which row when: a heat map of time and rows, all protocols on one
//! time axis.

use super::axis::{Axis, millis, number};
use super::scene::{Anchor, Ink, Scene, Style};
use super::{WIDTH, about, footer, ink, paint, title};
use crate::business::BusinessRow;
use crate::measure::{Waited, spread_over};
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;
use crate::vocab::{OrderedMap, SimTime};

/// The waits for locks under several protocols.
#[derive(Clone, Copy, Debug)]
pub struct Queues<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// Under which protocols, and the waits that there were.
    pub waits: &'a [(ProtocolKind, Vec<Waited>)],
    /// When all of them were over.
    pub end: SimTime,
    /// The seed, and the command that made it.
    pub made_by: &'a str,
}

const LEFT: f64 = 168.0;
const RIGHT: f64 = 54.0;
const TOP: f64 = 78.0;
const HEAD: f64 = 24.0;
const BAND: f64 = 15.0;
const SMALL: f64 = 11.0;
/// So many rows are shown: those that are waited for most.
const ROWS: usize = 6;
const STRETCHES: usize = 160;
/// The least that can be seen on paper, and the most.
const SHADES: (f64, f64) = (0.12, 1.0);

pub(super) fn scene(of: &Queues<'_>) -> Scene {
    let rows = rows(of);
    let group = HEAD + rows.len().max(1) as f64 * (BAND + 1.0);
    let bottom = TOP + of.waits.len() as f64 * group;
    let mut scene = Scene::new(WIDTH, bottom + 84.0);
    title(&mut scene, &headline(of, &rows), &about(of.scenario));
    let end = of.end.max(SimTime::from_micros(STRETCHES as u64));
    let bands: Vec<Vec<Vec<f64>>> = of
        .waits
        .iter()
        .map(|(_, waits)| rows.iter().map(|row| waiting(waits, *row, end)).collect())
        .collect();
    let most = bands
        .iter()
        .flatten()
        .flatten()
        .copied()
        .fold(0.0, f64::max);
    for (n, ((protocol, _), bands)) in of.waits.iter().zip(&bands).enumerate() {
        let top = TOP + n as f64 * group;
        let ink = ink(protocol.name(), n);
        let name = Style::of(12.0, ink).bold();
        scene.words(protocol.name(), (LEFT, top + 15.0), name);
        for (nth, (row, band)) in rows.iter().zip(bands).enumerate() {
            let y = top + HEAD + nth as f64 * (BAND + 1.0);
            draw_band(&mut scene, band, most, (y, ink));
            let label = Style::of(fitting(of, *row), Ink::Quiet).at(Anchor::End);
            let row = of.scenario.business.row_name(*row);
            scene.words(&row, (LEFT - 8.0, y + BAND - 4.0), label);
        }
    }
    draw_time(&mut scene, end, bottom);
    draw_key(&mut scene, most, bottom + 58.0);
    footer(&mut scene, of.made_by);
    scene
}

/// The rows that are waited for most, over all protocols; of equals the first.
fn rows(of: &Queues<'_>) -> Vec<BusinessRow> {
    let mut times: OrderedMap<BusinessRow, u64> = OrderedMap::default();
    for waited in of.waits.iter().flat_map(|(_, waits)| waits) {
        *times.entry(waited.row).or_default() += waited.to.since(waited.from).as_micros();
    }
    let mut rows: Vec<(u64, BusinessRow)> =
        times.into_iter().map(|(row, time)| (time, row)).collect();
    rows.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    rows.into_iter().take(ROWS).map(|(_, row)| row).collect()
}

/// How many wait for a row, on the mean over each stretch of time.
fn waiting(waits: &[Waited], row: BusinessRow, end: SimTime) -> Vec<f64> {
    let here = waits.iter().filter(|waited| waited.row == row);
    let spans: Vec<(SimTime, SimTime)> = here.map(|waited| (waited.from, waited.to)).collect();
    spread_over(&spans, end, STRETCHES)
}

fn draw_band(scene: &mut Scene, band: &[f64], most: f64, (y, ink): (f64, Ink)) {
    let broad = WIDTH - RIGHT - LEFT;
    scene.rect((LEFT, y), (broad, BAND), Ink::Panel);
    let step = broad / band.len() as f64;
    for (n, &waiting) in band
        .iter()
        .enumerate()
        .filter(|(_, waiting)| **waiting > 0.0)
    {
        let place = (LEFT + n as f64 * step, y);
        scene.rect_of(place, (step, BAND), (ink, shade(waiting, most)));
    }
}

fn shade(waiting: f64, most: f64) -> f64 {
    SHADES.0 + (SHADES.1 - SHADES.0) * (waiting / most)
}

/// How large the name of a row can be.
fn fitting(of: &Queues<'_>, row: BusinessRow) -> f64 {
    let name = of.scenario.business.row_name(row);
    SMALL * ((LEFT - 20.0) / paint::breadth(&name, SMALL, false)).min(1.0)
}

fn draw_time(scene: &mut Scene, end: SimTime, bottom: f64) {
    let time = Axis::until(millis(end.as_micros()), (LEFT, WIDTH - RIGHT), 8);
    let style = Style::of(SMALL, Ink::Quiet);
    for &tick in time.ticks() {
        let x = time.place(tick);
        scene.line(vec![(x, bottom + 2.0), (x, bottom + 6.0)], 1.0, Ink::Quiet);
        scene.words(&number(tick), (x, bottom + 19.0), style.at(Anchor::Middle));
    }
    scene.words("time since the beginning, ms", (LEFT, bottom + 34.0), style);
}

/// What the shades mean.
fn draw_key(scene: &mut Scene, most: f64, y: f64) {
    let style = Style::of(SMALL, Ink::Quiet);
    scene.words("waiting for the row:", (LEFT, y), style);
    let begin = LEFT + paint::breadth("waiting for the row: ", SMALL, false) + 6.0;
    if most == 0.0 {
        scene.words("nobody", (begin, y), style);
        return;
    }
    for (n, part) in [0.25, 0.5, 0.75, 1.0].into_iter().enumerate() {
        let x = begin + n as f64 * 66.0;
        scene.rect_of((x, y - 10.0), (14.0, 12.0), (Ink::Text, shade(part, 1.0)));
        scene.words(
            &number(libm::round(part * most * 10.0) / 10.0),
            (x + 19.0, y),
            style,
        );
    }
}

/// For what most wait, and how many at a time.
fn headline(of: &Queues<'_>, rows: &[BusinessRow]) -> String {
    let Some(&busiest) = rows.first() else {
        return "Nobody waits for a lock".to_owned();
    };
    let mean = |waits: &[Waited]| {
        let here = waits.iter().filter(|waited| waited.row == busiest);
        let all: u64 = here
            .map(|waited| waited.to.since(waited.from).as_micros())
            .sum();
        all as f64 / of.end.as_micros().max(1) as f64
    };
    let mut means: Vec<(f64, ProtocolKind)> = of
        .waits
        .iter()
        .map(|(protocol, waits)| (mean(waits), *protocol))
        .collect();
    means.sort_by(|a, b| b.0.total_cmp(&a.0));
    let said = |(mean, _): &(f64, ProtocolKind)| number(libm::round(mean * 10.0) / 10.0);
    let row = of.scenario.business.row_name(busiest);
    match (means.first(), means.last()) {
        (Some(most), Some(least)) if means.len() > 1 => {
            format!(
                "On average {} wait for {row} under {}, {} under {}",
                said(most),
                most.1,
                said(least),
                least.1
            )
        }
        (Some(most), _) => format!("On average {} wait for {row}", said(most)),
        _ => "Nobody waits for a lock".to_owned(),
    }
}
