//! The rules of the craft, which a scenario may break by name: to show why they
//! are there.

use crate::scenario::diagnostics::{Problem, Problems};
use crate::scenario::file::{At, File};
use crate::scenario::names::quote;
use crate::scenario::rules::Breach;

use super::Lowering;

/// What the scenario allows, and whether it made use of it.
pub(super) struct Allowed<'f>(Vec<(Breach, &'f At<String>, bool)>);

impl<'f> Allowed<'f> {
    pub(super) fn of(file: &'f File, problems: &mut Problems) -> Self {
        let mut allowed: Vec<(Breach, &At<String>, bool)> = Vec::new();
        for written in &file.allow {
            let name = written.get_ref();
            let Some(breach) = Breach::named(name) else {
                problems.push(
                    Problem::at(
                        written.span(),
                        format!("there is no rule {} to allow the breach of", quote(name)),
                    )
                    .accepts(
                        name,
                        "what can be allowed",
                        &Breach::ALL.map(Breach::name),
                    ),
                );
                continue;
            };
            match allowed.iter().find(|(r, _, _)| *r == breach) {
                Some((_, first, _)) => problems.push(
                    Problem::at(written.span(), format!("{} is allowed twice", quote(name)))
                        .beside(first.span(), "the first time"),
                ),
                None => allowed.push((breach, written, false)),
            }
        }
        Allowed(allowed)
    }

    /// What it allows, in the order of the file.
    pub(super) fn breaches(&self) -> Vec<Breach> {
        self.0.iter().map(|(breach, ..)| *breach).collect()
    }
}

impl Lowering<'_> {
    /// A rule is broken: that is a problem, unless the scenario allows it.
    pub(super) fn broken(&mut self, breach: Breach, problem: Problem) {
        if let Some((_, _, used)) = self.allowed.0.iter_mut().find(|(r, _, _)| *r == breach) {
            *used = true;
            return;
        }
        self.problems.push(problem.help(format!(
            "to show why the rule is there, allow it: `allow = [\"{}\"]` at the top of the file",
            breach.name()
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
