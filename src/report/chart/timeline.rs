//! A run over time: how much of what there was, all protocols on one time axis.

use std::collections::BTreeSet;

use super::axis::{Axis, millis, number};
use super::scene::{Anchor, Ink, Scene, Style};
use super::{WIDTH, about, footer, ink, paint, title};
use crate::fault::FaultPlan;
use crate::measure::{Course, Figures, Levels, Span};
use crate::protocol::ProtocolKind;
use crate::report::words;
use crate::scenario::Scenario;
use crate::vocab::{SimDuration, SimTime};

/// A run under several protocols, told over time.
#[derive(Clone, Copy, Debug)]
pub struct Timelines<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// With which faults.
    pub plan: &'a FaultPlan,
    /// Under which protocols, and how it went.
    pub courses: &'a [(ProtocolKind, Course)],
    /// The seed, and the command that made it.
    pub made_by: &'a str,
}

/// What is drawn of each protocol, and in which unit.
const STRIPS: [(&str, What); 5] = [
    ("committed a second", What::Throughput),
    ("locks held", What::Level(|l| l.locks)),
    ("branches in doubt", What::Level(|l| l.in_doubt)),
    (
        "half-done requests that others can see",
        What::Level(|l| l.half_done),
    ),
    ("steps to be compensated", What::Debt),
];

#[derive(Clone, Copy)]
enum What {
    Throughput,
    Level(fn(&Levels) -> u32),
    /// Steps that stand and will be compensated.
    Debt,
}

const LEFT: f64 = 118.0;
const RIGHT: f64 = 54.0;
const TOP: f64 = 78.0;
const STRIP: f64 = 34.0;
const BETWEEN: f64 = 5.0;
/// Above each group, for its name.
const HEAD: f64 = 24.0;
/// A pixel and a half of time each.
const STRETCHES: usize = 420;
const SMALL: f64 = 11.0;

pub(super) fn scene(of: &Timelines<'_>) -> Scene {
    let until = last_change(of);
    let groups = groups(of, until);
    let group = HEAD + of.courses.len() as f64 * (STRIP + BETWEEN);
    let struck = struck(of);
    let notes = struck.len() as f64 * 15.0;
    let bottom = TOP + groups.len() as f64 * group;
    let mut scene = Scene::new(WIDTH, bottom + 62.0 + notes);
    let time = Axis::until(millis(until.as_micros()), (LEFT, WIDTH - RIGHT), 8);
    let headline = headline(of);
    title(&mut scene, &headline, &about(of.scenario));
    for (n, group_of) in groups.iter().enumerate() {
        draw_group(&mut scene, of, group_of, TOP + n as f64 * group, &time);
    }
    // Each row of the first group says which band is which fault's.
    for (n, (_, course)) in of.courses.iter().enumerate().filter(|_| !groups.is_empty()) {
        let top = TOP + HEAD + n as f64 * (STRIP + BETWEEN);
        number_bands(&mut scene, &course.faults, &struck, &time, top);
    }
    draw_time(&mut scene, &time, bottom);
    let style = Style::of(SMALL, Ink::Quiet);
    let broad = paint::breadth(&struck.len().to_string(), SMALL, true);
    for (n, fault) in struck.iter().enumerate() {
        let y = bottom + 46.0 + n as f64 * 15.0;
        let (number, words) = ((n + 1).to_string(), in_words(of, *fault));
        scene.rect((LEFT, y - 9.0), (10.0, 10.0), Ink::Fault);
        scene.words(&number, (LEFT + 16.0, y), style.bold());
        scene.words(&words, (LEFT + 22.0 + broad, y), style);
    }
    footer(&mut scene, of.made_by);
    scene
}

/// What is drawn of all protocols, under its name.
struct Group {
    name: &'static str,
    /// A series a protocol.
    all: Vec<Vec<f64>>,
    most: f64,
}

/// What there is to be seen: of what never happened there is nothing.
fn groups(of: &Timelines<'_>, until: SimTime) -> Vec<Group> {
    let group = |(name, what): (&'static str, What)| {
        let courses = of.courses.iter();
        let all: Vec<Vec<f64>> = courses.map(|(_, c)| values(c, what, until)).collect();
        let most = all.iter().flatten().copied().fold(0.0, f64::max);
        Group { name, all, most }
    };
    let all = STRIPS.map(group).into_iter();
    all.filter(|group| group.most > 0.0).collect()
}

fn draw_group(scene: &mut Scene, of: &Timelines<'_>, group: &Group, top: f64, time: &Axis) {
    let Group { name, all, most } = group;
    scene.words(name, (LEFT, top + 15.0), Style::of(12.0, Ink::Text).bold());
    for (n, (series, (protocol, course))) in all.iter().zip(of.courses).enumerate() {
        let y = top + HEAD + n as f64 * (STRIP + BETWEEN);
        let size = (WIDTH - RIGHT - LEFT, STRIP);
        scene.rect((LEFT, y), size, Ink::Panel);
        for span in &course.faults {
            let [from, to] = [span.from, span.to].map(|at| time.place(millis(at.as_micros())));
            // What lasts for an instant must be seen, too.
            scene.rect((from, y), ((to - from).max(1.5), STRIP), Ink::Fault);
        }
        let height = Axis::from_zero(*most, (y + STRIP, y + 2.0), 4);
        let ink = ink(protocol.name(), n);
        draw_steps(scene, series, (time, &height), ink);
        let label = Style::of(SMALL, ink).at(Anchor::End);
        scene.words(protocol.name(), (LEFT - 8.0, y + STRIP / 2.0 + 4.0), label);
        if n == 0 {
            let top_value = height.ticks().last().copied().unwrap_or(0.0);
            let style = Style::of(SMALL, Ink::Quiet);
            scene.words(&number(top_value), (WIDTH - RIGHT + 5.0, y + 9.0), style);
            scene.words("0", (WIDTH - RIGHT + 5.0, y + STRIP), style);
        }
    }
}

/// At the beginning of each band the number of its fault; where several are too close
/// together, one after the other.
fn number_bands(scene: &mut Scene, spans: &[Span], struck: &[u32], time: &Axis, top: f64) {
    const SIZE: f64 = 9.0;
    const APART: f64 = 2.0;
    let mut begin: Vec<(f64, usize)> = spans
        .iter()
        .filter_map(|span| {
            let n = struck.iter().position(|fault| *fault == span.fault)?;
            Some((time.place(millis(span.from.as_micros())), n + 1))
        })
        .collect();
    begin.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    // Where each text stands, and ends, and the numbers in it.
    let mut texts: Vec<(f64, f64, Vec<usize>)> = Vec::new();
    for (x, number) in begin {
        let (mut x, mut numbers) = (x + APART, vec![number]);
        loop {
            let broad = paint::breadth(&joined(&numbers), SIZE, false);
            let left = x.min(WIDTH - RIGHT - broad);
            match texts.pop_if(|(_, end, _)| *end + APART > left) {
                Some((before, _, mut all)) => {
                    numbers.retain(|number| !all.contains(number));
                    all.append(&mut numbers);
                    (x, numbers) = (before, all);
                }
                None => {
                    texts.push((left, left + broad, numbers));
                    break;
                }
            }
        }
    }
    for (left, _, numbers) in texts {
        let style = Style::of(SIZE, Ink::Quiet);
        scene.words(&joined(&numbers), (left, top + SIZE), style);
    }
}

fn joined(numbers: &[usize]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}

fn values(course: &Course, what: What, until: SimTime) -> Vec<f64> {
    match what {
        What::Level(level) => course.means(until, STRETCHES, level),
        What::Debt => course.debt(until, STRETCHES),
        What::Throughput => {
            // Wider stretches: single commits are no rate.
            let wide = course.throughput(until, STRETCHES / 10);
            wide.iter().flat_map(|&rate| [rate; 10]).collect()
        }
    }
}

fn draw_steps(scene: &mut Scene, series: &[f64], (time, height): (&Axis, &Axis), ink: Ink) {
    let (left, right) = (time.place(0.0), WIDTH - RIGHT);
    let step = (right - left) / series.len() as f64;
    let floor = height.place(0.0);
    let mut points = vec![(left, floor)];
    let mut x = left;
    for same in series.chunk_by(|a, b| a == b) {
        let y = height.place(same[0]);
        points.push((x, y));
        x += same.len() as f64 * step;
        points.push((x, y));
    }
    points.push((right, floor));
    scene.area(points.clone(), 0.35, ink);
    scene.line(points, 1.0, ink);
}

fn draw_time(scene: &mut Scene, time: &Axis, bottom: f64) {
    let style = Style::of(SMALL, Ink::Quiet);
    for &tick in time.ticks() {
        let x = time.place(tick);
        scene.line(vec![(x, bottom), (x, bottom + 4.0)], 1.0, Ink::Quiet);
        scene.words(&number(tick), (x, bottom + 17.0), style.at(Anchor::Middle));
    }
    let words = "time since the beginning, ms";
    scene.words(words, (LEFT, bottom + 30.0), style);
}

/// Who fell far behind the others; else who was longest in doubt, and who showed half of
/// its work for longest.
fn headline(of: &Timelines<'_>) -> String {
    let committed = || {
        let all = of.courses.iter();
        all.map(|(who, course)| (course.figures.committed, course.figures.started, *who))
    };
    let least = committed().min_by_key(|&(committed, ..)| committed);
    let most = committed().rev().max_by_key(|&(committed, ..)| committed);
    if let (Some((few, started, who)), Some((many, _, whose))) = (least, most)
        && 4 * few < 3 * many
    {
        return format!("{who} commits {few} of {started} requests, {whose} {many}");
    }
    let longest = |figure: fn(&Figures) -> SimDuration| {
        let of_all = of.courses.iter().map(|(who, c)| (figure(&c.figures), *who));
        // Of equals, the one that is drawn first.
        of_all
            .rev()
            .max_by_key(|&(longest, _)| longest)
            .filter(|(longest, _)| !longest.is_zero())
    };
    let doubt = longest(|f| f.longest_in_doubt);
    let shown = longest(|f| f.longest_inconsistency);
    match (doubt, shown) {
        (Some((doubt, who)), Some((shown, whose))) => {
            format!(
                "{who} holds locks in doubt for {doubt}; {whose} shows half-done work for {shown}"
            )
        }
        (Some((doubt, who)), None) => format!("{who} holds locks in doubt for {doubt}"),
        (None, Some((shown, whose))) => format!("{whose} shows half-done work for {shown}"),
        (None, None) => "Nobody is in doubt, and nothing half done is to be seen".to_owned(),
    }
}

/// Until nothing changes any more, and no fault is on.
fn last_change(of: &Timelines<'_>) -> SimTime {
    let courses = of.courses.iter().map(|(_, course)| {
        let change = course.changes.last().map(|(at, _)| *at);
        let commit = course.figures.commits.last().copied();
        let fault = course.faults.iter().map(|span| span.to).max();
        change
            .max(commit)
            .max(fault)
            .unwrap_or(course.end)
            .min(course.end)
    });
    let least = SimTime::from_micros(STRETCHES as u64);
    courses.max().map_or(least, |last| last.max(least))
}

/// The faults that struck anybody, by their positions in the plan, in the order in
/// which they first did.
fn struck(of: &Timelines<'_>) -> Vec<u32> {
    let spans = of.courses.iter().flat_map(|(_, course)| &course.faults);
    let mut all: Vec<(SimTime, u32)> = spans.map(|span| (span.from, span.fault)).collect();
    all.sort_unstable();
    let mut seen = BTreeSet::new();
    all.retain(|(_, fault)| seen.insert(*fault));
    all.into_iter().map(|(_, fault)| fault).collect()
}

/// What a fault of the plan does, and when.
fn in_words(of: &Timelines<'_>, fault: u32) -> String {
    let fault = of.plan.faults.get(fault as usize);
    fault.map_or(String::new(), |fault| {
        format!(
            "{}, {}",
            words::fault(of.scenario, fault),
            words::moment(of.scenario, &fault.when)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::scene::Shape;
    use super::super::tests::{check_labels, heard, shipped};
    use super::super::{Chart, Theme};
    use super::*;
    use crate::measure::Timeline;

    fn chart(file: &str) -> Chart {
        let scenario = shipped(file);
        let heard = heard(&scenario, |protocol| Timeline::new(&scenario, protocol));
        let courses = heard
            .into_iter()
            .map(|(protocol, heard)| (protocol, heard.finish()));
        let courses: Vec<_> = courses.collect();
        Chart::timeline(&Timelines {
            scenario: &scenario,
            plan: &scenario.plan(scenario.seed),
            courses: &courses,
            made_by: "indoubt chart",
        })
    }

    #[test]
    fn no_label_runs_into_another_and_the_same_run_is_the_same_bytes() {
        for file in ["points-mall.toml", "lessons/03-in-doubt.toml"] {
            let drawn = chart(file);
            check_labels(&drawn);
            assert_eq!(drawn.svg(Theme::Light), chart(file).svg(Theme::Light));
            assert_ne!(drawn.svg(Theme::Light), drawn.svg(Theme::Dark));
        }
    }

    #[test]
    fn bands_have_the_numbers_of_their_faults_and_close_ones_share_a_text() {
        let time = Axis::until(100.0, (LEFT, WIDTH - RIGHT), 8);
        let span = |fault, from| Span {
            fault,
            from: SimTime::from_micros(from),
            to: SimTime::from_micros(from + 1_000),
        };
        let spans = [
            span(7, 10_000),
            span(2, 10_100),
            span(5, 40_000),
            span(5, 40_100),
            span(9, 99_000),
            span(4, 100_000),
        ];
        let mut scene = Scene::new(WIDTH, 100.0);
        number_bands(&mut scene, &spans, &[7, 2, 5, 9, 4], &time, 0.0);
        let texts = scene.shapes.iter().filter_map(|shape| match shape {
            Shape::Words(words) => Some(words.text.as_str()),
            _ => None,
        });
        assert_eq!(texts.collect::<Vec<_>>(), ["1, 2", "3", "4, 5"]);
        check_labels(&Chart(scene));
    }

    #[test]
    fn the_title_says_who_fell_behind() {
        let svg = chart("performance/retry-storm.toml").svg(Theme::Light);
        let says = "2pc commits 389 of 771 requests, monolith 771";
        assert!(svg.contains(says), "{}", &svg[..2_000]);
    }

    #[test]
    fn the_title_says_who_was_in_doubt_and_for_how_long() {
        let svg = chart("lessons/03-in-doubt.toml").svg(Theme::Light);
        let says =
            "2pc holds locks in doubt for 331 ms; orchestrated shows half-done work for 324 ms";
        assert!(svg.contains(says), "{}", &svg[..2_000]);
    }
}
