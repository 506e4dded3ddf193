//! Steps that reserve what they take, and the steps that make that final.

use std::ops::Range;

use crate::business::{Action, ActionKind, No, Step, StepKind};
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{At, StepFile};
use crate::vocab::StepId;

use super::Lowering;
use super::cast::Cast;
use super::steps::written;
use super::transactions::Part;

impl Lowering<'_> {
    /// Lets the steps that say so reserve what they would take; answers with the
    /// steps that take it in the end.
    pub(super) fn reservations(
        &mut self,
        cast: &Cast,
        part: &Part,
        steps: &mut [Step],
    ) -> Vec<Step> {
        let file = self.file;
        let mut confirming = Vec::new();
        for says in written(file, part) {
            let asked = says.reserve_then_confirm.as_ref();
            let Some(asked) = asked.filter(|asked| *asked.get_ref()) else {
                continue;
            };
            let place = steps.iter().position(|s| s.name == *says.name.get_ref());
            let Some(place) = place else { continue };
            let fits = self.can_reserve(says, asked, &steps[place])
                && self.is_alone(cast, asked.span(), steps, place);
            if fits {
                confirming.push(confirm(&steps[place], part.id(part.written.start + place)));
                reserve(&mut steps[place]);
            }
        }
        confirming
    }

    /// Whether what a step does can be reserved and given back.
    fn can_reserve(&mut self, says: &StepFile, asked: &At<bool>, step: &Step) -> bool {
        let problem = if step.kind != StepKind::Compensable {
            Problem::at(asked.span(), "only a compensable step can reserve")
                .beside(says.kind.span(), "what this does is never taken back")
                .help("what is reserved is made final once it is certain that the saga does not turn back; here it is")
        } else if step.semantic_lock {
            Problem::at(asked.span(), "a reservation needs no semantic lock").help(
                "nobody sees what is reserved, so there is nothing to mark; drop one of the two",
            )
        } else if !step.actions.iter().all(is_plain_taking) {
            Problem::at(says.actions.span(), "a step that reserves does nothing but take")
                .beside(asked.span(), "it reserves")
                .help("only an amount of a counter can be set aside; let another step do the rest, and take without `as-seen-in`")
        } else if !gives_back(step) {
            let span = says.compensation.as_ref().map_or(asked.span(), At::span);
            Problem::at(span, "this does not give back what was reserved")
                .beside(asked.span(), "it reserves")
                .help("a reservation is given back whole: the compensation gives each counter the amount that the step takes, and does nothing else")
        } else {
            return true;
        };
        self.problems.push(problem);
        false
    }

    /// Another step that takes from the same counter, or locks it, would wait for
    /// what its own saga has reserved.
    fn is_alone(&mut self, cast: &Cast, span: Range<usize>, steps: &[Step], place: usize) -> bool {
        let reserved = |action: &Action| {
            let mut mine = steps[place].actions.iter();
            mine.any(|own| own.resource == action.resource)
        };
        for (_, other) in steps.iter().enumerate().filter(|(n, _)| *n != place) {
            let wants = |action: &&Action| {
                let takes = matches!(action.kind, ActionKind::Take(_) | ActionKind::Reserve(_));
                (takes || other.semantic_lock) && reserved(action)
            };
            let Some(action) = other.actions.iter().find(wants) else {
                continue;
            };
            let counter = &cast.resource_names[action.resource.0 as usize];
            self.problems.push(
                Problem::at(
                    span,
                    format!("the step `{}` wants what this one has reserved", other.name),
                )
                .label(format!("of `{counter}`"))
                .help("a saga would wait for its own reservation: let one step take all that it needs of a counter"),
            );
            return false;
        }
        true
    }
}

fn is_plain_taking(action: &Action) -> bool {
    matches!(action.kind, ActionKind::Take(_)) && action.seen.is_none()
}

/// Whether the compensation gives back just what the step takes.
fn gives_back(step: &Step) -> bool {
    let taken = |action: &Action| match action.kind {
        ActionKind::Take(amount) => Some((action.resource, action.drawn, amount)),
        _ => None,
    };
    let given = |action: &Action| match action.kind {
        ActionKind::Give(amount) => Some((action.resource, action.drawn, amount)),
        _ => None,
    };
    let all: Vec<_> = step.actions.iter().map(taken).collect();
    let undo = step.compensation.iter().flat_map(|c| &c.actions);
    let back: Vec<_> = undo.map(given).collect();
    all.len() == back.len() && all.iter().all(|one| back.contains(one))
}

fn reserve(step: &mut Step) {
    let undo = step.compensation.iter_mut().flat_map(|c| &mut c.actions);
    for action in step.actions.iter_mut().chain(undo) {
        action.kind = match action.kind {
            ActionKind::Take(amount) => ActionKind::Reserve(amount),
            ActionKind::Give(amount) => ActionKind::Unreserve(amount),
            other => other,
        };
    }
}

/// The step that takes what this one, as it is written, would take.
fn confirm(step: &Step, id: StepId) -> Step {
    Step {
        name: format!("confirm-{}", step.name),
        kind: StepKind::Retriable,
        compensation: None,
        no: No::Answer,
        confirms: Some(id),
        ..step.clone()
    }
}
