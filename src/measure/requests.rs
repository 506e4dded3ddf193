use std::collections::BTreeSet;

use smallvec::SmallVec;

use crate::business::{Action, ActionKind, Business};
use crate::history::{Effect, Written};
use crate::protocol::{Reply, Row, Stamp, Value};
use crate::vocab::{Direction, OrderedMap, RequestId, SimDuration, SimTime, StepId};

/// What became of every request, by what the stores committed.
pub(super) struct Requests {
    steps: Vec<StepShape>,
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
}

/// How a step shows in a store: by changed business rows, or (a mail) only by
/// the commit that is stamped with it.
struct StepShape {
    forward_shows: bool,
    backward_shows: bool,
}

impl StepShape {
    fn shows(&self, direction: Direction) -> bool {
        match direction {
            Direction::Forward => self.forward_shows,
            Direction::Backward => self.backward_shows,
        }
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

/// What a commit, or the loss of one, did to the steps of a request.
pub(super) struct Commit<'a> {
    pub(super) at: SimTime,
    pub(super) stamp: Option<Stamp>,
    pub(super) effects: &'a [Effect],
    pub(super) writes: &'a [Written],
    pub(super) durable: bool,
}

impl Requests {
    pub(super) fn new(business: &Business) -> Self {
        let changes_rows =
            |actions: &[Action]| actions.iter().any(|a| a.kind != ActionKind::Perform);
        let steps = business
            .steps
            .iter()
            .map(|step| StepShape {
                forward_shows: changes_rows(&step.actions),
                backward_shows: step
                    .compensation
                    .as_ref()
                    .is_some_and(|c| changes_rows(&c.actions)),
            })
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

    /// A local transaction took effect on behalf of this request.
    pub(super) fn committed(&mut self, id: RequestId, commit: &Commit<'_>) {
        let Some(request) = self.open.get_mut(&id) else {
            return;
        };
        let mut changed = false;
        for_each_run(commit.effects, |step, direction| {
            changed = true;
            match direction {
                Direction::Forward => request.runs[step.index()] += 1,
                Direction::Backward => {
                    request.runs[step.index()] -= 1;
                    request.was_compensated = true;
                }
            }
        });
        for (step, direction) in silent_runs(&self.steps, commit) {
            changed = true;
            request.runs[step.index()] = match direction {
                Direction::Forward => 1,
                Direction::Backward => 0,
            };
        }
        if changed {
            request.buffered |= !commit.durable;
            self.settle(id, commit.at);
        }
    }

    /// A crash took a commit back.
    pub(super) fn lost(&mut self, id: RequestId, commit: &Commit<'_>) {
        let Some(request) = self.open.get_mut(&id) else {
            return;
        };
        for_each_run(commit.effects, |step, direction| {
            request.runs[step.index()] += match direction {
                Direction::Forward => -1,
                Direction::Backward => 1,
            };
        });
        for (step, direction) in silent_runs(&self.steps, commit) {
            request.runs[step.index()] = match direction {
                Direction::Forward => 0,
                Direction::Backward => 1,
            };
        }
        self.settle(id, commit.at);
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
        self.tally.commits.sort_unstable();
    }

    /// Looks again at what a request has effect in, after a change.
    fn settle(&mut self, id: RequestId, at: SimTime) {
        let request = self.open.get_mut(&id).expect("the caller has just seen it");
        request.last_effect = at;
        if presence(&self.steps, &request.runs, |step| step.forward_shows) == Presence::Partial {
            request.partial_since.get_or_insert(at);
            return;
        }
        if let Some(since) = request.partial_since.take() {
            let lasted = at.since(since);
            // A change of two databases in one instant is seen by nobody.
            request.was_partial |= !lasted.is_zero();
            self.tally.longest_inconsistency = self.tally.longest_inconsistency.max(lasted);
        }
    }

    fn close(&mut self, request: &Request, end: Option<SimTime>, left: bool) {
        let tally = &mut self.tally;
        let mut was_partial = request.was_partial;
        if let Some(since) = request.partial_since {
            was_partial = true;
            if let Some(end) = end {
                tally.longest_inconsistency = tally.longest_inconsistency.max(end.since(since));
            }
        }
        tally.inconsistent += u64::from(was_partial);
        match presence(&self.steps, &request.runs, |_| true) {
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

#[derive(PartialEq, Eq)]
enum Presence {
    None,
    Partial,
    All,
}

/// Which of the selected steps have effect.
fn presence(steps: &[StepShape], runs: &[i16], select: impl Fn(&StepShape) -> bool) -> Presence {
    let mut of = steps.iter().zip(runs).filter(|(step, _)| select(step));
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

/// The steps that a commit did or undid without changing a business row: those
/// whose letters it put into the outbox, and the one that it is stamped with,
/// unless it stored a no.
fn silent_runs(steps: &[StepShape], commit: &Commit<'_>) -> SmallVec<[(StepId, Direction); 2]> {
    let mut runs = SmallVec::new();
    let silent = |step: StepId, direction| !steps[step.index()].shows(direction);
    let mut said_no = false;
    for written in commit.writes {
        match (written.row, written.value) {
            (Row::Outbox(id), Some(_)) if silent(id.step, id.direction) => {
                runs.push((id.step, id.direction));
            }
            (Row::Inbox { .. }, Some(Value::Reply(Reply::Refused(_) | Reply::Null))) => {
                said_no = true;
            }
            _ => {}
        }
    }
    if said_no {
        return SmallVec::new();
    }
    if let Some(stamp) = commit.stamp
        && let Some(step) = stamp.step
        && silent(step, stamp.direction)
        && !runs.contains(&(step, stamp.direction))
    {
        runs.push((step, stamp.direction));
    }
    runs
}
