//! The rules of the craft, which a scenario may break by name: to show why they
//! are there.

use crate::scenario::diagnostics::{Problem, Problems};
use crate::scenario::file::{At, File};
use crate::scenario::names::quote;
use crate::scenario::rules::Breach;

use super::Lowering;

/// A rule that sagas need, and that teams are known to break.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rule {
    CompensableAfterPivot,
    SecondPivot,
    RetriableBeforePivot,
    NoCompensation,
    IrrevocableBeforePivot,
    IrrevocableCompensation,
    CompensationCanFail,
    RetriableCanFail,
}

impl Rule {
    const ALL: [Rule; 8] = [
        Rule::CompensableAfterPivot,
        Rule::SecondPivot,
        Rule::RetriableBeforePivot,
        Rule::NoCompensation,
        Rule::IrrevocableBeforePivot,
        Rule::IrrevocableCompensation,
        Rule::CompensationCanFail,
        Rule::RetriableCanFail,
    ];

    /// What breaking it is called in a scenario.
    fn name(self) -> &'static str {
        match self {
            Rule::CompensableAfterPivot => "compensable-after-pivot",
            Rule::SecondPivot => "second-pivot",
            Rule::RetriableBeforePivot => "retriable-before-pivot",
            Rule::NoCompensation => "no-compensation",
            Rule::IrrevocableBeforePivot => "irrevocable-before-pivot",
            Rule::IrrevocableCompensation => "irrevocable-compensation",
            Rule::CompensationCanFail => "compensation-can-fail",
            Rule::RetriableCanFail => "retriable-can-fail",
        }
    }

    fn named(name: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// What can be allowed.
pub(in crate::scenario) fn rules() -> [&'static str; 8] {
    Rule::ALL.map(Rule::name)
}

/// What the scenario allows, and whether it made use of it.
pub(super) struct Allowed<'f>(Vec<(Rule, &'f At<String>, bool)>);

impl<'f> Allowed<'f> {
    pub(super) fn of(file: &'f File, problems: &mut Problems) -> Self {
        let mut allowed: Vec<(Rule, &At<String>, bool)> = Vec::new();
        for written in &file.allow {
            let name = written.get_ref();
            let Some(rule) = Rule::named(name) else {
                problems.push(
                    Problem::at(
                        written.span(),
                        format!("there is no rule {} to allow the breach of", quote(name)),
                    )
                    .accepts(
                        name,
                        "what can be allowed",
                        &Rule::ALL.map(Rule::name),
                    ),
                );
                continue;
            };
            match allowed.iter().find(|(r, _, _)| *r == rule) {
                Some((_, first, _)) => problems.push(
                    Problem::at(written.span(), format!("{} is allowed twice", quote(name)))
                        .beside(first.span(), "the first time"),
                ),
                None => allowed.push((rule, written, false)),
            }
        }
        Allowed(allowed)
    }

    /// What it allows, in the order of the file.
    pub(super) fn breaches(&self) -> Vec<&'static Breach> {
        let names = self.0.iter().map(|(rule, ..)| rule.name());
        names.filter_map(Breach::named).collect()
    }
}

impl Lowering<'_> {
    /// A rule is broken: that is a problem, unless the scenario allows it.
    pub(super) fn broken(&mut self, rule: Rule, problem: Problem) {
        if let Some((_, _, used)) = self.allowed.0.iter_mut().find(|(r, _, _)| *r == rule) {
            *used = true;
            return;
        }
        self.problems.push(problem.help(format!(
            "to show why the rule is there, allow it: `allow = [\"{}\"]` at the top of the file",
            rule.name()
        )));
    }

    /// Refuses what is allowed for nothing: the scenario would say of itself that
    /// it breaks a rule which it keeps.
    pub(super) fn check_allowed(&mut self) {
        for (_, written, used) in &self.allowed.0 {
            if !used {
                self.problems.push(
                    Problem::at(
                        written.span(),
                        format!("nothing here needs {}", quote(written.get_ref())),
                    )
                    .help("allow what the scenario does, and nothing else"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::rules::BREACHES;

    #[test]
    fn what_can_be_allowed_is_explained() {
        let explained: Vec<&str> = BREACHES.iter().map(|breach| breach.name).collect();
        assert_eq!(explained, rules());
    }
}
