use std::collections::BTreeMap;

use super::{Figures, Meter};
use crate::history::{Event, Sink, What};
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;
use crate::vocab::SimTime;

/// How much of something there is at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// Business locks (and intents) that are held for writing.
    pub locks: u32,
    /// Branches that are prepared and have no outcome, through crashes.
    pub in_doubt: u32,
    /// Requests some of whose steps have effects that others can see, and others
    /// have not.
    pub half_done: u32,
}

/// Folds a history into levels over time, beside the figures.
pub struct Timeline {
    meter: Meter,
    now: Levels,
    changes: Vec<(SimTime, Levels)>,
    faults: Vec<Span>,
    /// Those that are on, by their position in the plan: which span is theirs.
    on: BTreeMap<u32, usize>,
    end: SimTime,
}

/// A fault of the plan, as long as it was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its position in the plan.
    pub fault: u32,
    /// Since when.
    pub from: SimTime,
    /// Until when; the end of the run, if it was on then.
    pub to: SimTime,
}

/// Levels over time, from the beginning of a run, when all are zero, to its end.
#[derive(Clone, Debug)]
pub struct Course {
    /// What changed and when, in order; one entry a moment at which anything did.
    pub changes: Vec<(SimTime, Levels)>,
    /// The faults that struck, in the order in which they began.
    pub faults: Vec<Span>,
    /// From when to when each step stood committed that was compensated later.
    pub debts: Vec<(SimTime, SimTime)>,
    /// When the run was over.
    pub end: SimTime,
    /// The figures of the same run.
    pub figures: Figures,
}

impl Timeline {
    /// A timeline of the runs of this scenario under a protocol.
    pub fn new(scenario: &Scenario, protocol: ProtocolKind) -> Self {
        Timeline {
            meter: Meter::new(scenario, protocol),
            now: Levels::default(),
            changes: Vec::new(),
            faults: Vec::new(),
            on: BTreeMap::new(),
            end: SimTime::ZERO,
        }
    }

    /// Everything that was heard.
    pub fn finish(mut self) -> Course {
        for &place in self.on.values() {
            self.faults[place].to = self.end;
        }
        Course {
            changes: self.changes,
            faults: self.faults,
            debts: self.meter.debts().to_vec(),
            end: self.end,
            figures: self.meter.finish(),
        }
    }

    /// Of several changes in one instant the last counts.
    fn note(&mut self, at: SimTime) {
        let levels = self.meter.levels();
        if levels == self.now {
            return;
        }
        self.now = levels;
        match self.changes.last_mut() {
            Some((last, before)) if *last == at => *before = levels,
            _ => self.changes.push((at, levels)),
        }
    }
}

impl Sink for Timeline {
    fn event(&mut self, event: &Event) {
        self.meter.event(event);
        self.end = event.at;
        self.note(event.at);
        match event.what {
            What::FaultBegan { fault } => {
                self.on.insert(fault, self.faults.len());
                let (from, to) = (event.at, event.at);
                self.faults.push(Span { fault, from, to });
            }
            What::FaultEnded { fault } => {
                if let Some(place) = self.on.remove(&fault) {
                    self.faults[place].to = event.at;
                }
            }
            _ => {}
        }
    }
}

impl Course {
    /// The mean of a level over each of so many equal stretches of the time from
    /// the beginning until `until`.
    ///
    /// # Panics
    /// When a stretch would be shorter than a microsecond.
    pub fn means(&self, until: SimTime, stretches: usize, of: fn(&Levels) -> u32) -> Vec<f64> {
        let edges = edges(until, stretches);
        let mut means = Vec::with_capacity(stretches);
        let mut changes = self.changes.iter().peekable();
        let mut level = 0;
        for edge in edges.windows(2) {
            let (mut from, to) = (edge[0], edge[1]);
            let mut sum = 0;
            while let Some((at, levels)) = changes.next_if(|(at, _)| *at < to) {
                sum += u64::from(level) * at.since(from).as_micros();
                (from, level) = (*at, of(levels));
            }
            sum += u64::from(level) * to.since(from).as_micros();
            means.push(sum as f64 / to.since(edge[0]).as_micros() as f64);
        }
        means
    }

    /// How many steps stood committed, on the mean over each of the stretches, that
    /// were compensated later.
    ///
    /// # Panics
    /// When a stretch would be shorter than a microsecond.
    pub fn debt(&self, until: SimTime, stretches: usize) -> Vec<f64> {
        spread_over(&self.debts, until, stretches)
    }

    /// How many requests were committed in each of the stretches, a second.
    ///
    /// # Panics
    /// When a stretch would be shorter than a microsecond.
    pub fn throughput(&self, until: SimTime, stretches: usize) -> Vec<f64> {
        let edges = edges(until, stretches);
        let before = |at: SimTime| self.figures.commits.partition_point(|&when| when < at);
        let rates = edges.windows(2).map(|edge| {
            let committed = before(edge[1]) - before(edge[0]);
            committed as f64 * 1e6 / edge[1].since(edge[0]).as_micros() as f64
        });
        rates.collect()
    }
}

/// How many of these spans of time lie over each of so many equal stretches of the
/// time from the beginning until `until`, on the mean.
///
/// # Panics
/// When a stretch would be shorter than a microsecond.
pub fn spread_over(spans: &[(SimTime, SimTime)], until: SimTime, stretches: usize) -> Vec<f64> {
    let edges = edges(until, stretches);
    let mut covered = vec![0; stretches];
    for &(from, to) in spans {
        let first = edges
            .partition_point(|&edge| edge <= from)
            .saturating_sub(1);
        for (edge, covered) in edges.windows(2).zip(&mut covered).skip(first) {
            if edge[0] >= to {
                break;
            }
            *covered += to.min(edge[1]).since(from.max(edge[0])).as_micros();
        }
    }
    let lengths = edges
        .windows(2)
        .map(|edge| edge[1].since(edge[0]).as_micros());
    let covered = covered.into_iter().zip(lengths);
    covered
        .map(|(covered, length)| covered as f64 / length as f64)
        .collect()
}

/// The edges of equal stretches, to the microsecond.
fn edges(until: SimTime, stretches: usize) -> Vec<SimTime> {
    let all = until.as_micros();
    let stretches = stretches as u64;
    assert!(
        stretches > 0 && all >= stretches,
        "a stretch lasts at least a microsecond"
    );
    (0..=stretches)
        .map(|n| SimTime::from_micros(all * n / stretches))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> SimTime {
        SimTime::from_micros(micros)
    }

    fn course(changes: &[(u64, u32)], commits: &[u64]) -> Course {
        let locks = |locks| Levels {
            locks,
            ..Levels::default()
        };
        Course {
            changes: changes.iter().map(|&(t, n)| (at(t), locks(n))).collect(),
            faults: Vec::new(),
            debts: Vec::new(),
            end: at(100),
            figures: Figures {
                commits: commits.iter().map(|&t| at(t)).collect(),
                ..Figures::default()
            },
        }
    }

    #[test]
    fn a_span_counts_in_every_stretch_as_far_as_it_reaches() {
        let spans = [(at(10), at(50)), (at(30), at(40)), (at(70), at(500))];
        let means = spread_over(&spans, at(80), 4);
        // 0 to 20: half of one; one and a half; half of one; half of one.
        assert_eq!(means, [0.5, 1.5, 0.5, 0.5]);
    }

    #[test]
    fn a_mean_weighs_each_level_with_the_time_that_it_lasted() {
        let course = course(&[(10, 4), (30, 0), (60, 1)], &[]);
        let means = course.means(at(80), 4, |levels| levels.locks);
        // 0 to 20: ten of nothing and ten of 4; then ten of 4; nothing; all of 1.
        assert_eq!(means, [2.0, 2.0, 0.0, 1.0]);
    }

    #[test]
    fn a_commit_counts_in_the_stretch_that_it_begins() {
        let course = course(&[], &[0, 19, 20, 79, 80]);
        let rates = course.throughput(at(80), 4);
        assert_eq!(rates, [100_000.0, 50_000.0, 0.0, 50_000.0]);
    }
}
