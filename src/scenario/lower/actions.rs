//! What steps and compensations do.

use std::num::NonZeroU8;
use std::ops::Range;

use crate::business::{
    Action, ActionKind, Amount, Resource, ResourceId, ResourceKind, Seen, StepKind,
};
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{ActionFile, At, StepFile};
use crate::scenario::names::{self, quote};
use crate::scenario::rules::Breach;
use crate::scenario::value::AmountFile;
use crate::vocab::{ServiceId, StepId};

use super::Lowering;
use super::cast::Cast;
use super::transactions::Part;

/// The largest amount that an action may name.
const LARGEST_AMOUNT: i64 = 1_000_000_000;
/// The most actions of a step.
const MOST_ACTIONS: usize = 16;

/// Where an action stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    In(StepKind),
    InCompensation,
}

impl Lowering<'_> {
    pub(super) fn actions(
        &mut self,
        all: &At<Vec<At<ActionFile>>>,
        service: Option<ServiceId>,
        place: Place,
        cast: &Cast,
    ) -> Vec<Action> {
        if all.get_ref().is_empty() {
            self.problems.push(
                Problem::at(all.span(), "nothing is done here")
                    .help("for example `do = [{ take = \"points\", amount = 50 }]`"),
            );
        }
        if let Some(one_too_many) = all.get_ref().get(MOST_ACTIONS) {
            self.problems.push(Problem::at(
                one_too_many.span(),
                format!("more than {MOST_ACTIONS} actions in one step"),
            ));
        }
        let mut done: Vec<(Action, Range<usize>)> = Vec::new();
        for action in all.get_ref().iter().take(MOST_ACTIONS) {
            let Some(lowered) = self.action(action, service, place, cast) else {
                continue;
            };
            if let Some((_, first)) = done.iter().find(|(a, _)| a.resource == lowered.resource) {
                let name = &cast.resource_names[lowered.resource.0 as usize];
                self.problems.push(
                    Problem::at(
                        action.span(),
                        format!("`{name}` is changed twice in one step"),
                    )
                    .beside(first.clone(), "the first time")
                    .help("put both into one action, or into two steps"),
                );
            }
            done.push((lowered, action.span()));
        }
        done.into_iter().map(|(action, _)| action).collect()
    }

    fn action(
        &mut self,
        action: &At<ActionFile>,
        service: Option<ServiceId>,
        place: Place,
        cast: &Cast,
    ) -> Option<Action> {
        let (verb, written) = self.verb(action)?;
        let says = action.get_ref();
        let amount = match verb {
            "take" | "give" => self.amount(action, verb, cast),
            _ => {
                if let Some(amount) = &says.amount {
                    self.problems.push(
                        Problem::at(amount.span(), format!("`{verb}` has no amount"))
                            .help("only `take` and `give` have one"),
                    );
                }
                None
            }
        };
        let known: Vec<&str> = cast.resource_names.iter().map(String::as_str).collect();
        let found = names::find(self.problems, written, ("resource", "resources"), &known)?;
        let id = ResourceId(found as u8);
        let resource = cast.resource(id)?;
        if service.is_some_and(|s| s != resource.service) {
            let home = &cast.services[resource.service.0 as usize];
            let title = format!(
                "`{}` is not a resource of this step's service",
                resource.name
            );
            let held = format!("the service `{home}` holds it");
            let mut problem = Problem::at(written.span(), title).label(&held);
            if let Some(says) = &self.file.resources[found].says {
                let others = cast.services.iter().map(String::as_str);
                let here = match names::meant(home, others.filter(|other| other != home)) {
                    Some(like) => format!("{held}: did you mean `{like}`?"),
                    None => "it is said here".to_owned(),
                };
                problem = problem.beside(says.service.span(), here);
            }
            self.problems.push(problem.help(format!(
                "a step is one local transaction of one service: let a step of service `{home}` \
                 do it"
            )));
        }
        self.check_fit(verb, written, &resource.kind)?;
        let reread = says.reread.as_ref().is_some_and(|reread| *reread.get_ref());
        self.check_place((verb, reread), written, &resource.kind, place);
        let seen = self.seen(says, verb, written, &place);
        let drawn = self.drawn(says, resource, cast);
        let kind = match verb {
            "look" => ActionKind::Look,
            "take" => ActionKind::Take(amount?),
            "give" => ActionKind::Give(amount?),
            "grant" => ActionKind::Grant,
            "revoke" => ActionKind::Revoke,
            _ => ActionKind::Perform,
        };
        let resource = id;
        Some(Action {
            kind,
            resource,
            drawn,
            seen,
        })
    }

    /// Which of the rows that a request draws, where it is not the key that names one.
    fn drawn(&mut self, says: &ActionFile, of: &Resource, cast: &Cast) -> Option<NonZeroU8> {
        let written = says.drawn.as_ref()?;
        if !matches!(of.kind, ResourceKind::Counter { .. }) {
            self.problems.push(
                Problem::at(written.span(), "only the rows of a counter are drawn")
                    .label(format!("{} is none", quote(&of.name))),
            );
            return None;
        }
        let rows = of.key.rows(&cast.domains).unwrap_or(u64::MAX);
        let most = rows.min(u64::from(u8::MAX));
        NonZeroU8::new(self.within(Some(written), "drawn", 1, most, 1))
    }

    /// The earlier step whose number a taking or giving starts from.
    fn seen(
        &mut self,
        says: &ActionFile,
        verb: &str,
        written: &At<String>,
        place: &Place,
    ) -> Option<Seen> {
        let Some(name) = &says.as_seen_in else {
            if let Some(reread) = says.reread.as_ref().filter(|reread| *reread.get_ref()) {
                self.problems.push(
                    Problem::at(
                        reread.span(),
                        "nothing was read before that could be read again",
                    )
                    .help("`reread` goes with `as-seen-in`, the name of a step that has looked"),
                );
            }
            return None;
        };
        if !["take", "give"].contains(&verb) || *place == Place::InCompensation {
            self.problems.push(
                Problem::at(name.span(), "only a step that takes or gives can start from what was seen")
                    .help("a compensation undoes the meaning of its step, and never restores what was there before: others have been there since (Garcia-Molina & Salem 1987)"),
            );
            return None;
        }
        let looks = |step: &StepFile| {
            let actions = step.actions.get_ref().iter().map(At::get_ref);
            let row = |says: &ActionFile| says.drawn.as_ref().map(|nth| *nth.get_ref());
            let mut same = actions.filter(|action| row(action) == row(says));
            same.any(|action| {
                let look = action.look.as_ref();
                look.is_some_and(|look| look.get_ref() == written.get_ref())
            })
        };
        let file = self.file;
        let own = |part: &&Part| {
            let first = file.steps.get(part.written.start);
            first.is_some_and(|entry| entry.span.start <= name.span().start)
        };
        let part = self.parts.iter().rev().find(own).cloned();
        let part = part.unwrap_or_else(|| self.parts[0].clone());
        let steps = file.steps[part.written.clone()].iter();
        let steps = steps.zip(part.written.start..);
        let before = steps.take_while(|(entry, _)| entry.span.end <= name.span().start);
        let before: Vec<(&StepFile, StepId)> = before
            .filter_map(|(entry, n)| Some((entry.says.as_ref()?, part.id(n))))
            .filter(|(step, _)| looks(step))
            .collect();
        let known: Vec<&str> = before
            .iter()
            .map(|(step, _)| step.name.get_ref().as_str())
            .collect();
        let plural = format!("earlier steps that look at `{}`", written.get_ref());
        let found = names::find(self.problems, name, ("looking step", &plural), &known)?;
        Some(Seen {
            step: before[found].1,
            reread: says.reread.as_ref().is_some_and(|reread| *reread.get_ref()),
        })
    }

    /// The one verb of an action, and the resource it is for.
    fn verb<'a>(&mut self, action: &'a At<ActionFile>) -> Option<(&'static str, &'a At<String>)> {
        let says = action.get_ref();
        let given: Vec<(&'static str, &At<String>)> = [
            ("look", &says.look),
            ("take", &says.take),
            ("give", &says.give),
            ("grant", &says.grant),
            ("revoke", &says.revoke),
            ("perform", &says.perform),
        ]
        .into_iter()
        .filter_map(|(verb, resource)| Some((verb, resource.as_ref()?)))
        .collect();
        match given.as_slice() {
            [one] => Some(*one),
            [] => {
                self.problems.push(
                    Problem::at(action.span(), "this action does not say what it does")
                        .help("it has one of the keys `take`, `give` (a counter, with an `amount`), `look` (a counter), `grant`, `revoke` (an entitlement), `perform` (a real action)"),
                );
                None
            }
            [_, second, ..] => {
                self.problems.push(
                    Problem::at(
                        second.1.span(),
                        format!("`{}` is a second thing to do in one action", second.0),
                    )
                    .help("write an action for each: `do = [{ .. }, { .. }]`"),
                );
                None
            }
        }
    }

    fn amount(&mut self, action: &At<ActionFile>, verb: &str, cast: &Cast) -> Option<Amount> {
        let Some(amount) = &action.get_ref().amount else {
            self.problems.push(
                Problem::at(action.span(), format!("`{verb}` does not say how much"))
                    .help("`amount = 50`, or `amount = \"{quantity}\"` for a domain's value, counted from 1"),
            );
            return None;
        };
        match amount.get_ref() {
            AmountFile::Fixed(n) if (1..=LARGEST_AMOUNT).contains(n) => Some(Amount::Fixed(*n)),
            AmountFile::Fixed(n) => {
                self.problems.push(
                    Problem::at(amount.span(), format!("`amount` cannot be {n}"))
                        .label(format!("from 1 to {}", names::number(LARGEST_AMOUNT))),
                );
                None
            }
            AmountFile::Template(text) => {
                let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
                let name = inner.unwrap_or(text);
                let found = cast.domains.iter().position(|d| d.name == name);
                if let (Some(_), Some(d)) = (inner, found) {
                    return Some(Amount::Param(d as u8));
                }
                let known: Vec<&str> = cast.domains.iter().map(|d| d.name.as_str()).collect();
                self.problems.push(
                    Problem::at(amount.span(), format!("{} is not an amount", quote(text)))
                        .help("a whole number, or a domain in braces: its value, counted from 1")
                        .accepts(name, "domains", &known),
                );
                None
            }
        }
    }

    /// Whether a verb fits the type of the resource.
    fn check_fit(&mut self, verb: &str, written: &At<String>, kind: &ResourceKind) -> Option<()> {
        let (fits, is) = match kind {
            ResourceKind::Counter { .. } => (
                ["take", "give", "look"].contains(&verb),
                "a counter: `take`, `give` or `look` at",
            ),
            ResourceKind::Entitlement { .. } => (
                ["grant", "revoke"].contains(&verb),
                "an entitlement: `grant` or `revoke`",
            ),
            ResourceKind::Action => (verb == "perform", "a real action: `perform`"),
        };
        if fits {
            return Some(());
        }
        self.problems.push(
            Problem::at(
                written.span(),
                format!(
                    "{} cannot be what `{verb}` is for",
                    quote(written.get_ref())
                ),
            )
            .label(format!("it is {is} it")),
        );
        None
    }

    /// Whether a verb may stand where it stands.
    fn check_place(
        &mut self,
        (verb, reread): (&str, bool),
        written: &At<String>,
        kind: &ResourceKind,
        place: Place,
    ) {
        let floor = match kind {
            ResourceKind::Counter { floor, .. } => Some(*floor).filter(|&f| f != i64::MIN),
            _ => None,
        };
        let name = quote(written.get_ref());
        // These two no scenario can allow: what they would do has no meaning.
        let meaningless = match (place, verb) {
            (Place::InCompensation, "look") => Some(
                Problem::at(written.span(), "a compensation has nothing to look at")
                    .help("it undoes the meaning of its step, whatever the row holds by now"),
            ),
            (Place::In(StepKind::Retriable), "take" | "give") if reread => Some(
                Problem::at(
                    written.span(),
                    "this retriable step could fail for good: the row may have changed meanwhile",
                )
                .help("a retriable step succeeds if it is tried often enough; make it the pivot or a compensable step"),
            ),
            _ => None,
        };
        if let Some(problem) = meaningless {
            self.problems.push(problem);
            return;
        }
        let (rule, problem) = match (place, verb) {
            (Place::In(StepKind::Compensable), "perform") => (Breach::IrrevocableBeforePivot, Problem::at(
                written.span(),
                format!("the real action {name} is in a compensable step"),
            )
            .label("it cannot be taken back")
            .help("perform it in the pivot or in a retriable step after it, when it is certain that the transaction commits")),
            (Place::InCompensation, "perform") => (Breach::IrrevocableCompensation, Problem::at(
                written.span(),
                format!("the real action {name} is in a compensation"),
            )
            .help("nothing irrevocable may happen for a transaction that did not commit: that is the promise `irrevocable`")),
            (Place::InCompensation, "take") => {
                let Some(floor) = floor else { return };
                (Breach::CompensationCanFail, Problem::at(
                    written.span(),
                    format!("this compensation could fail: {name} may have been spent meanwhile"),
                )
                .label(format!("it has a floor, {floor}"))
                .help("a compensation must not fail. Let the step that gives be the pivot or a retriable one, so that it is never undone, or give the counter `floor = \"none\"`"))
            }
            (Place::In(StepKind::Retriable), "take") => {
                let Some(floor) = floor else { return };
                (Breach::RetriableCanFail, Problem::at(
                    written.span(),
                    format!("this retriable step could fail for good: {name} may run out"),
                )
                .label(format!("it has a floor, {floor}"))
                .help("a retriable step succeeds if it is tried often enough; make it the pivot or a compensable step, or give the counter `floor = \"none\"`"))
            }
            (Place::In(StepKind::Retriable), "grant") => (Breach::RetriableCanFail, Problem::at(
                written.span(),
                format!("this retriable step could fail for good: {name} may be withdrawn or granted already"),
            )
            .help("a retriable step succeeds if it is tried often enough; make it the pivot or a compensable step")),
            _ => return,
        };
        self.broken(rule, problem);
    }
}
