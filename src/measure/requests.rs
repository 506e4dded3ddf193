use std::collections::BTreeSet;

use smallvec::SmallVec;

use super::incidents::Shortage;
use super::shortages::{Lacks, Shortages};
use super::tally::Tally;
use crate::business::Business;
use crate::history::Effect;
use crate::vocab::{Direction, OrderedMap, RequestId, SimTime, StepId};

/// What became of every request, by what the stores committed: by its changes of
/// business rows. A mail is no row; whether it is sent is another question, which
/// a promise of its own answers.
pub(super) struct Requests {
    /// Of each transaction, which steps change business rows: of all that there are.
    steps: Vec<Vec<bool>>,
    open: OrderedMap<RequestId, Request>,
    shortages: Shortages,
    pub(super) tally: Tally,
}

/// What a local transaction did to business rows.
#[derive(Clone, Copy)]
pub(super) struct Change<'e> {
    pub(super) effects: &'e [Effect],
    /// Whether its record is on disk.
    pub(super) durable: bool,
    /// Whether it left a semantic lock on them.
    pub(super) marked: bool,
}

/// A request that somebody may still do something for.
pub(super) struct Request {
    /// Which transaction it is for.
    wanted: usize,
    pub(super) asked: SimTime,
    /// Whether its client has had any answer.
    pub(super) answered: bool,
    /// Whether its client has had the final answer.
    pub(super) told: bool,
    pub(super) blocked: bool,
    /// Whether its client has given up.
    pub(super) gave_up: bool,
    /// Whether it began after the warm-up: else it is in no figure but rates.
    pub(super) counts: bool,
    /// How often each step took effect, less how often it was undone.
    runs: SmallVec<[i16; 8]>,
    last_effect: SimTime,
    /// When each step last took effect.
    done_at: SmallVec<[SimTime; 8]>,
    /// The steps whose effects are under a semantic lock.
    marked: SmallVec<[StepId; 2]>,
    /// Since when others can see that some steps have effect and others have
    /// not.
    partial_since: Option<SimTime>,
    was_partial: bool,
    was_compensated: bool,
    /// What it has taken and not given back.
    lacks: Lacks,
    /// Whether an effect of it was committed before its record was on disk: a
    /// crash may take it back even after the request is quiet.
    buffered: bool,
}

impl Requests {
    pub(super) fn new(business: &Business) -> Self {
        let changes = |id: StepId| {
            let mut actions = business.step(id).actions.iter();
            actions.any(|action| action.kind.changes())
        };
        let steps = (0..business.variety()).map(|n| {
            let all = business.step_ids();
            let own = |id: StepId| business.steps_of(n).any(|own| own == id);
            all.map(|id| own(id) && changes(id)).collect()
        });
        Requests {
            steps: steps.collect(),
            open: OrderedMap::default(),
            shortages: Shortages::new(business),
            tally: Tally::of(business.transactions.len()),
        }
    }

    /// A request that was not seen before.
    pub(super) fn begin(&mut self, id: RequestId, wanted: usize, asked: SimTime, counts: bool) {
        self.tally.started += u64::from(counts);
        if let Some(mix) = self.tally.mix.get_mut(wanted) {
            mix.started += u64::from(counts);
        }
        let steps = self.steps[wanted].len();
        self.open.insert(
            id,
            Request {
                wanted,
                asked,
                answered: false,
                told: false,
                blocked: false,
                gave_up: false,
                counts,
                runs: SmallVec::from_elem(0, steps),
                last_effect: asked,
                done_at: SmallVec::from_elem(asked, steps),
                marked: SmallVec::new(),
                partial_since: None,
                was_partial: false,
                was_compensated: false,
                lacks: Lacks::new(),
                buffered: false,
            },
        );
    }

    pub(super) fn get(&mut self, id: RequestId) -> Option<&mut Request> {
        self.open.get_mut(&id)
    }

    /// A local transaction took effect on behalf of this request.
    pub(super) fn committed(&mut self, id: RequestId, at: SimTime, change: Change<'_>) {
        let Change {
            effects,
            durable,
            marked,
        } = change;
        let tally = &mut self.tally;
        let Some(request) = self.open.get_mut(&id) else {
            return;
        };
        if effects.is_empty() {
            return;
        }
        for_each_run(effects, |step, direction| match direction {
            Direction::Forward => {
                request.runs[step.index()] += 1;
                request.done_at[step.index()] = at;
                if marked {
                    request.marked.push(step);
                }
            }
            Direction::Backward => {
                request.runs[step.index()] -= 1;
                request.was_compensated = true;
                if request.counts {
                    tally.debts.push((request.done_at[step.index()], at));
                }
            }
        });
        request.buffered |= !durable;
        if request.counts {
            for effect in effects {
                self.shortages.changed(at, id, &mut request.lacks, effect);
            }
        }
        if !request.look_again(&self.steps[request.wanted], at, &mut self.tally) {
            self.shortages.whole(at, id, &mut request.lacks);
        }
    }

    /// A crash took a commit back, and what it had taken.
    pub(super) fn lost(&mut self, id: RequestId, at: SimTime, effects: &[Effect]) {
        let Some(request) = self.open.get_mut(&id) else {
            return;
        };
        for_each_run(effects, |step, direction| {
            request.runs[step.index()] += match direction {
                Direction::Forward => -1,
                Direction::Backward => 1,
            };
            if direction == Direction::Backward && request.counts {
                let since = request.done_at[step.index()];
                let debts = &mut self.tally.debts;
                let paid = debts.iter().rposition(|&(from, _)| from == since);
                paid.map(|paid| debts.swap_remove(paid));
            }
        });
        if request.counts {
            for effect in effects {
                let back = Effect {
                    before: effect.after,
                    after: effect.before,
                    ..*effect
                };
                self.shortages.changed(at, id, &mut request.lacks, &back);
            }
        }
        if !request.look_again(&self.steps[request.wanted], at, &mut self.tally) {
            self.shortages.whole(at, id, &mut request.lacks);
        }
    }

    /// Nothing owns this request any more.
    pub(super) fn quiet(&mut self, id: RequestId) {
        if self.open.get(&id).is_some_and(|r| !r.buffered)
            && let Some(request) = self.open.swap_remove(&id)
        {
            self.close(id, &request, None, false);
        }
    }

    /// The run is over, and of these requests something is left. Who was short
    /// of what.
    pub(super) fn end(&mut self, at: SimTime, left: &BTreeSet<RequestId>) -> Vec<Shortage> {
        for (id, request) in std::mem::take(&mut self.open) {
            self.close(id, &request, Some(at), left.contains(&id));
        }
        self.tally.left_half_done(at);
        self.tally.commits.sort_unstable();
        self.tally.told_commits.sort_unstable();
        std::mem::take(&mut self.shortages).finish(at)
    }

    fn close(&mut self, id: RequestId, request: &Request, end: Option<SimTime>, left: bool) {
        self.shortages.left(id, &request.lacks);
        let tally = &mut self.tally;
        let became = presence(&self.steps[request.wanted], &request.runs);
        if became == Presence::All {
            tally.commits.push(request.last_effect);
            if request.told && !request.gave_up {
                tally.told_commits.push(request.last_effect);
            }
        }
        if !request.counts {
            return;
        }
        let mut was_partial = request.was_partial;
        if let Some(since) = request.partial_since {
            was_partial = true;
            match end {
                Some(end) => tally.lasted(end.since(since)),
                None => tally.leave_half_done(since),
            }
        }
        tally.inconsistent += u64::from(was_partial);
        let agreed = request.last_effect.since(request.asked);
        match became {
            Presence::All => {
                tally.committed += 1;
                if let Some(mix) = tally.mix.get_mut(request.wanted) {
                    mix.committed += 1;
                }
                tally.convergence.record(agreed);
            }
            Presence::None if !left => {
                tally.refused += 1;
                if let Some(mix) = tally.mix.get_mut(request.wanted) {
                    mix.refused += 1;
                }
                if request.was_compensated {
                    tally.compensated += 1;
                    tally.convergence.record(agreed);
                }
            }
            Presence::None | Presence::Partial => tally.undecided += 1,
        }
    }
}

impl Request {
    /// Looks again at what it has effect in, after a change; whether it is half
    /// done.
    fn look_again(&mut self, steps: &[bool], at: SimTime, tally: &mut Tally) -> bool {
        self.last_effect = at;
        let is_partial = presence(steps, &self.runs) == Presence::Partial;
        if is_partial && self.shows() {
            if self.partial_since.is_none() {
                self.partial_since = Some(at);
                tally.half_done += 1;
            }
        } else if let Some(since) = self.partial_since.take() {
            tally.half_done -= 1;
            let lasted = at.since(since);
            // A change of two databases in one instant is seen by nobody.
            self.was_partial |= !lasted.is_zero();
            if self.counts {
                tally.lasted(lasted);
            }
        }
        is_partial
    }

    /// Whether something of it is there that is not under a semantic lock.
    fn shows(&self) -> bool {
        let mut steps = (0..).map(StepId).zip(&self.runs);
        steps.any(|(step, &runs)| runs > 0 && !self.marked.contains(&step))
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
