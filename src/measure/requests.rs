use std::collections::BTreeSet;

use smallvec::SmallVec;

use crate::business::Business;
use crate::history::Effect;
use crate::vocab::{Direction, OrderedMap, RequestId, SimDuration, SimTime, StepId};

/// What became of every request, by what the stores committed: by its changes of
/// business rows. A mail is no row; whether it is sent is another question, which
/// a promise of its own answers.
pub(super) struct Requests {
    /// Which steps change business rows.
    steps: Vec<bool>,
    open: OrderedMap<RequestId, Request>,
    pub(super) tally: Tally,
}

/// What is kept of the requests that are over.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) started: u64,
    pub(super) committed: u64,
    pub(super) refused: u64,
    pub(super) compensated: u64,
    pub(super) undecided: u64,
    pub(super) inconsistent: u64,
    pub(super) longest_inconsistency: SimDuration,
    pub(super) commits: Vec<SimTime>,
    /// Since when the first of the requests that nobody does anything for any
    /// more is half done.
    half_done_since: Option<SimTime>,
}

impl Tally {
    /// Half of a request was there for so long.
    fn lasted(&mut self, time: SimDuration) {
        self.longest_inconsistency = self.longest_inconsistency.max(time);
    }
}

/// A request that somebody may still do something for.
pub(super) struct Request {
    pub(super) asked: SimTime,
    /// Whether its client has had any answer.
    pub(super) answered: bool,
    /// Whether its client has had the final answer.
    pub(super) told: bool,
    pub(super) blocked: bool,
    /// How often each step took effect, less how often it was undone.
    runs: SmallVec<[i16; 8]>,
    last_effect: SimTime,
    /// Since when some steps have effect and others have not.
    partial_since: Option<SimTime>,
    was_partial: bool,
    was_compensated: bool,
    /// Whether an effect of it was committed before its record was on disk: a
    /// crash may take it back even after the request is quiet.
    buffered: bool,
}

impl Requests {
    pub(super) fn new(business: &Business) -> Self {
        let steps = business
            .steps
            .iter()
            .map(|step| step.actions.iter().any(|a| a.kind.changes()))
            .collect();
        Requests {
            steps,
            open: OrderedMap::default(),
            tally: Tally::default(),
        }
    }

    /// A request that was not seen before.
    pub(super) fn begin(&mut self, id: RequestId, asked: SimTime) {
        self.tally.started += 1;
        self.open.insert(
            id,
            Request {
                asked,
                answered: false,
                told: false,
                blocked: false,
                runs: SmallVec::from_elem(0, self.steps.len()),
                last_effect: asked,
                partial_since: None,
                was_partial: false,
                was_compensated: false,
                buffered: false,
            },
        );
    }

    pub(super) fn get(&mut self, id: RequestId) -> Option<&mut Request> {
        self.open.get_mut(&id)
    }

    /// A local transaction took effect on behalf of this request; `durable`: its
    /// record is on disk.
    pub(super) fn committed(
        &mut self,
        id: RequestId,
        at: SimTime,
        effects: &[Effect],
        durable: bool,
    ) {
        let Some(request) = self.open.get_mut(&id) else {
            return;
        };
        if effects.is_empty() {
            return;
        }
        for_each_run(effects, |step, direction| match direction {
            Direction::Forward => request.runs[step.index()] += 1,
            Direction::Backward => {
                request.runs[step.index()] -= 1;
                request.was_compensated = true;
            }
        });
        request.buffered |= !durable;
        request.look_again(&self.steps, at, &mut self.tally);
    }

    /// A crash took a commit back.
    pub(super) fn lost(&mut self, id: RequestId, at: SimTime, effects: &[Effect]) {
        let Some(request) = self.open.get_mut(&id) else {
            return;
        };
        for_each_run(effects, |step, direction| {
            request.runs[step.index()] += match direction {
                Direction::Forward => -1,
                Direction::Backward => 1,
            };
        });
        request.look_again(&self.steps, at, &mut self.tally);
    }

    /// Nothing owns this request any more.
    pub(super) fn quiet(&mut self, id: RequestId) {
        if self.open.get(&id).is_some_and(|r| !r.buffered)
            && let Some(request) = self.open.swap_remove(&id)
        {
            self.close(&request, None, false);
        }
    }

    /// The run is over, and of these requests something is left.
    pub(super) fn end(&mut self, at: SimTime, left: &BTreeSet<RequestId>) {
        for (id, request) in std::mem::take(&mut self.open) {
            self.close(&request, Some(at), left.contains(&id));
        }
        if let Some(since) = self.tally.half_done_since {
            self.tally.lasted(at.since(since));
        }
        self.tally.commits.sort_unstable();
    }

    fn close(&mut self, request: &Request, end: Option<SimTime>, left: bool) {
        let tally = &mut self.tally;
        let mut was_partial = request.was_partial;
        if let Some(since) = request.partial_since {
            was_partial = true;
            match end {
                Some(end) => tally.lasted(end.since(since)),
                // It is left so for good: others could see it until the run ends.
                None => {
                    let first = tally
                        .half_done_since
                        .map_or(since, |first| first.min(since));
                    tally.half_done_since = Some(first);
                }
            }
        }
        tally.inconsistent += u64::from(was_partial);
        match presence(&self.steps, &request.runs) {
            Presence::All => {
                tally.committed += 1;
                tally.commits.push(request.last_effect);
            }
            Presence::None if !left => {
                tally.refused += 1;
                tally.compensated += u64::from(request.was_compensated);
            }
            Presence::None | Presence::Partial => tally.undecided += 1,
        }
    }
}

impl Request {
    /// Looks again at what it has effect in, after a change.
    fn look_again(&mut self, steps: &[bool], at: SimTime, tally: &mut Tally) {
        self.last_effect = at;
        if presence(steps, &self.runs) == Presence::Partial {
            self.partial_since.get_or_insert(at);
        } else if let Some(since) = self.partial_since.take() {
            let lasted = at.since(since);
            // A change of two databases in one instant is seen by nobody.
            self.was_partial |= !lasted.is_zero();
            tally.lasted(lasted);
        }
    }
}

#[derive(PartialEq, Eq)]
enum Presence {
    None,
    Partial,
    All,
}

/// Which of the steps that change rows have effect.
fn presence(steps: &[bool], runs: &[i16]) -> Presence {
    let mut of = steps.iter().zip(runs).filter(|(changes, _)| **changes);
    let Some((_, &first)) = of.next() else {
        return Presence::None;
    };
    let first = first > 0;
    match (of.all(|(_, &runs)| (runs > 0) == first), first) {
        (true, true) => Presence::All,
        (true, false) => Presence::None,
        (false, _) => Presence::Partial,
    }
}

/// Calls for every step that a commit did or undid: the effects of one step
/// stand together.
fn for_each_run(effects: &[Effect], mut run: impl FnMut(StepId, Direction)) {
    let mut before = None;
    for effect in effects {
        let this = effect.stamp.step.map(|s| (s, effect.stamp.direction));
        if this != before
            && let Some((step, direction)) = this
        {
            run(step, direction);
        }
        before = this;
    }
}
