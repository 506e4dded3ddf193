//! The steps of the transaction, in an order that a saga can follow.

use std::ops::Range;

use crate::business::{
    Action, ActionKind, Compensation, No, ResourceId, ResourceKind, Step, StepKind,
};
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{CompensationFile, File, StepFile};
use crate::scenario::names::{self, check_name, check_unique, quote};
use crate::scenario::rules::Breach;
use crate::vocab::ServiceId;

use super::Lowering;
use super::actions::Place;
use super::cast::{Cast, MOST};
use super::transactions::Part;

const ORDER: &str = "the order is compensable steps, then at most one pivot, then retriable steps: before the pivot a saga can only go back, after it only on (Mehrotra, Rastogi, Korth & Silberschatz 1992)";

impl Lowering<'_> {
    pub(super) fn steps(&mut self, cast: &Cast) -> Vec<Step> {
        let file = self.file;
        if file.steps.is_empty() && file.transactions.is_empty() {
            self.problems.push(
                Problem::missing("the scenario has no steps")
                    .help("a transaction is made of `[[steps]]`, each with `name`, `service`, `kind` and `do`"),
            );
        }
        if let Some(one_too_many) = file.steps.get(MOST) {
            let span = one_too_many.span.clone();
            self.problems
                .push(Problem::at(span, format!("more than {MOST} steps")));
        }
        self.refuse_too_many_steps();
        let mut seen = Vec::new();
        let mut all = Vec::new();
        for part in self.parts.clone() {
            self.check_order(&part);
            let mut steps = Vec::new();
            for says in written(file, &part) {
                let name = says.name.get_ref();
                check_name(self.problems, "a step", name, says.name.span());
                check_unique(self.problems, "steps", &mut seen, name, says.name.span());
                steps.extend(self.step(says, cast));
            }
            self.semantic_locks(cast, &part, &steps);
            let confirming = self.reservations(cast, &part, &mut steps);
            let releasing = Self::releases(&part, &steps);
            steps.extend(confirming);
            steps.extend(releasing);
            all.push(steps);
        }
        self.refuse_opposite_orders(cast, &all);
        all.into_iter().flatten().collect()
    }

    /// Compensable steps, at most one pivot, retriable steps.
    fn check_order(&mut self, part: &Part) {
        let mut pivot: Option<Range<usize>> = None;
        let mut retriable: Option<Range<usize>> = None;
        for says in written(self.file, part) {
            let span = says.kind.span();
            let name = quote(says.name.get_ref());
            let wrong = match says.kind.get_ref() {
                StepKind::Compensable => match (&pivot, &retriable) {
                    (Some(pivot), _) => Some((
                        Breach::CompensableAfterPivot,
                        format!("the step {name} is compensable, but comes after the pivot"),
                        "nothing is undone any more from here on",
                        pivot.clone(),
                        "the pivot",
                    )),
                    (None, Some(retriable)) => Some((
                        Breach::RetriableBeforePivot,
                        format!("the step {name} is compensable, but comes after a retriable one"),
                        "if it failed, the retriable step could not be undone",
                        retriable.clone(),
                        "never undone",
                    )),
                    (None, None) => None,
                },
                StepKind::Pivot => match (&pivot, &retriable) {
                    (Some(first), _) => Some((
                        Breach::SecondPivot,
                        format!("the step {name} is a second pivot"),
                        "if it failed, the first could not be undone",
                        first.clone(),
                        "the first pivot",
                    )),
                    (None, Some(retriable)) => Some((
                        Breach::RetriableBeforePivot,
                        format!("the pivot {name} comes after a retriable step"),
                        "if it failed, the retriable step could not be undone",
                        retriable.clone(),
                        "never undone",
                    )),
                    (None, None) => None,
                },
                StepKind::Retriable => None,
            };
            if let Some((rule, title, label, beside, why)) = wrong {
                self.broken(
                    rule,
                    Problem::at(span.clone(), title)
                        .label(label)
                        .beside(beside, why)
                        .help(ORDER),
                );
            }
            match says.kind.get_ref() {
                StepKind::Pivot => pivot = pivot.or(Some(span)),
                StepKind::Retriable => retriable = retriable.or(Some(span)),
                StepKind::Compensable => {}
            }
        }
    }

    fn step(&mut self, says: &StepFile, cast: &Cast) -> Option<Step> {
        let known: Vec<&str> = cast.services.iter().map(String::as_str).collect();
        let service = names::find(
            self.problems,
            &says.service,
            ("service", "services"),
            &known,
        )
        .map(|n| ServiceId(n as u8));
        let kind = *says.kind.get_ref();
        let actions = self.actions(&says.actions, service, Place::In(kind), cast);
        let compensation = self.compensation(says, service, cast);
        self.check_no(says, &actions, cast);
        Some(Step {
            name: says.name.get_ref().clone(),
            service: service?,
            kind,
            actions,
            compensation,
            check: says.check,
            no: says.no.as_ref().map_or(No::Answer, |no| *no.get_ref()),
            semantic_lock: says
                .semantic_lock
                .as_ref()
                .is_some_and(|lock| *lock.get_ref()),
            releases: None,
            confirms: None,
        })
    }

    /// How a no looks means something only where one can be said.
    fn check_no(&mut self, says: &StepFile, actions: &[Action], cast: &Cast) {
        let Some(no) = &says.no else { return };
        let written = says.actions.get_ref().len();
        let may_say_no = |action: &Action| match action.kind {
            ActionKind::Take(_) => has_floor(cast, action.resource),
            ActionKind::Grant => true,
            _ => false,
        };
        let rereads = |action: &Action| action.seen.is_some_and(|seen| seen.reread);
        let can = actions.iter().any(|a| may_say_no(a) || rereads(a));
        // Where an action is wrong, nobody knows.
        if can || actions.len() < written {
            return;
        }
        self.problems.push(
            Problem::at(no.span(), "this step never says no")
                .label("so it looks like nothing")
                .help("no is said by what takes from a counter with a floor, grants, or rereads"),
        );
    }

    /// Marks that go when a saga has succeeded need a step that takes them away.
    fn releases(part: &Part, steps: &[Step]) -> Vec<Step> {
        let locking = steps
            .iter()
            .zip(part.written.start..)
            .filter(|(step, _)| step.semantic_lock);
        locking
            .map(|(step, place)| Step {
                name: format!("release-{}", step.name),
                service: step.service,
                kind: StepKind::Retriable,
                actions: Vec::new(),
                compensation: None,
                check: step.check,
                no: No::Answer,
                semantic_lock: false,
                releases: Some(part.id(place)),
                confirms: None,
            })
            .collect()
    }

    /// Only what can be taken back is marked; and if two steps marked rows of one
    /// resource, two sagas could wait for each other's for ever.
    fn semantic_locks(&mut self, cast: &Cast, part: &Part, steps: &[Step]) {
        let file = self.file;
        let mut locked: Vec<(ResourceId, Range<usize>)> = Vec::new();
        for says in written(file, part) {
            let Some(lock) = says.semantic_lock.as_ref().filter(|lock| *lock.get_ref()) else {
                continue;
            };
            if *says.kind.get_ref() != StepKind::Compensable {
                self.problems.push(
                    Problem::at(
                        lock.span(),
                        "only a compensable step can have a semantic lock",
                    )
                    .beside(says.kind.span(), "what this does is never taken back")
                    .help("a semantic lock tells others that a row may still be taken back"),
                );
                continue;
            }
            let step = steps.iter().find(|step| step.name == *says.name.get_ref());
            for action in step.into_iter().flat_map(|step| &step.actions) {
                match locked.iter().find(|(id, _)| *id == action.resource) {
                    Some((_, first)) => {
                        let name = &cast.resource_names[action.resource.0 as usize];
                        self.problems.push(
                            Problem::at(
                                lock.span(),
                                format!("two steps have a semantic lock on `{name}`"),
                            )
                            .beside(first.clone(), "the first")
                            .help("two sagas that hold one each and want the other's would wait for ever"),
                        );
                    }
                    None => locked.push((action.resource, lock.span())),
                }
            }
        }
    }

    fn compensation(
        &mut self,
        says: &StepFile,
        service: Option<ServiceId>,
        cast: &Cast,
    ) -> Option<Compensation> {
        let name = quote(says.name.get_ref());
        match (&says.compensation, says.kind.get_ref()) {
            // There is nothing to undo.
            (None, StepKind::Compensable) if only_looks(says) => None,
            (None, StepKind::Compensable) => {
                self.broken(
                    Breach::NoCompensation,
                    Problem::at(
                        says.kind.span(),
                        format!("the step {name} is compensable, but has no compensation"),
                    )
                    .help("say what undoes it: `compensation = { name = \"refund\", do = [{ give = \"points\", amount = 50 }] }`"),
                );
                None
            }
            (Some(compensation), StepKind::Pivot | StepKind::Retriable) => {
                self.problems.push(
                    Problem::at(
                        compensation.span(),
                        format!("the step {name} has a compensation, but is never undone"),
                    )
                    .beside(says.kind.span(), "only a compensable step is undone")
                    .help(ORDER),
                );
                None
            }
            (Some(compensation), StepKind::Compensable) => {
                let CompensationFile { name, actions } = compensation.get_ref();
                check_name(self.problems, "a compensation", name.get_ref(), name.span());
                Some(Compensation {
                    name: name.get_ref().clone(),
                    actions: self.actions(actions, service, Place::InCompensation, cast),
                })
            }
            (None, _) => None,
        }
    }
}

/// What is written of the steps of a transaction.
pub(super) fn written<'f>(file: &'f File, part: &Part) -> impl Iterator<Item = &'f StepFile> {
    let all = file.steps[part.written.clone()].iter();
    all.take(MOST).filter_map(|entry| entry.says.as_ref())
}

fn has_floor(cast: &Cast, id: ResourceId) -> bool {
    let kind = cast.resource(id).map(|resource| &resource.kind);
    matches!(kind, Some(ResourceKind::Counter { floor, .. }) if *floor != i64::MIN)
}

fn only_looks(step: &StepFile) -> bool {
    let mut actions = step.actions.get_ref().iter();
    actions.all(|action| action.get_ref().look.is_some())
}
