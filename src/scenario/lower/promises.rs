//! Promises in the scenario's own words, and what is expected of all promises.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::business::equation::{Measure, Term};
use crate::business::{Equation, PromiseId, ResourceId, ResourceKind};
use crate::protocol::ProtocolKind;
use crate::scenario::diagnostics::Problem;
use crate::scenario::equation::{self, RawTerm, Word};
use crate::scenario::file::{At, ExpectFile, PromiseFile};
use crate::scenario::names::{self, quote};
use crate::scenario::types::{Expectation, Scenario};

use super::Lowering;
use super::cast::Cast;

/// The most promises in own words.
const MOST: usize = 64;
/// The largest factor of a term.
const LARGEST_FACTOR: i64 = 1_000_000;
const MEASURES: [&str; 5] = ["taken", "given", "given_back", "granted", "in_flight"];

/// An expression and where it stands in the file.
struct Place<'e> {
    text: &'e str,
    span: Range<usize>,
    /// Where its first character is, unless escapes make its characters
    /// untraceable.
    start: Option<usize>,
}

impl Place<'_> {
    /// The place of a part of the expression.
    fn of(&self, part: Range<usize>) -> Range<usize> {
        match self.start {
            Some(start) => start + part.start..start + part.end,
            None => self.span.clone(),
        }
    }
}

impl Lowering<'_> {
    pub(super) fn equations(&mut self, cast: &Cast) -> Vec<Equation> {
        let file = self.file;
        if let Some(one_too_many) = file.promises.get(MOST) {
            let span = one_too_many.span.clone();
            self.problems
                .push(Problem::at(span, format!("more than {MOST} promises")));
        }
        let mut seen = Vec::new();
        let mut equations = Vec::new();
        for says in file
            .promises
            .iter()
            .take(MOST)
            .filter_map(|p| p.says.as_ref())
        {
            let (name, span) = (says.name.get_ref(), says.name.span());
            if name.trim().is_empty() || name.chars().any(char::is_control) {
                self.problems.push(Problem::at(
                    span.clone(),
                    "this promise has no name that can be shown",
                ));
            }
            if PromiseId::BUILT_IN.iter().any(|p| p.name() == name) {
                self.problems.push(
                    Problem::at(
                        span.clone(),
                        format!("{} is a promise that every scenario has", quote(name)),
                    )
                    .help("call yours something else"),
                );
            }
            names::check_unique(self.problems, "promises", &mut seen, name, span);
            equations.extend(self.equation(says, cast));
        }
        equations
    }

    fn equation(&mut self, says: &PromiseFile, cast: &Cast) -> Option<Equation> {
        let domains: Vec<&str> = cast.domains.iter().map(|d| d.name.as_str()).collect();
        let per = names::find(self.problems, &says.per, ("domain", "domains"), &domains);
        let place = self.place(&says.equation);
        let raw = match equation::read(place.text) {
            Ok(raw) => raw,
            Err(wrong) => {
                let width = place.text[wrong.at..]
                    .chars()
                    .next()
                    .map_or(0, char::len_utf8);
                self.problems.push(
                    Problem::at(
                        place.of(wrong.at..wrong.at + width),
                        "this equation cannot be read any further",
                    )
                    .label(format!("expected {}", wrong.expected))
                    .help("for example `taken(points) - given_back(points) = 50 * granted(characters) + in_flight(points)`"),
                );
                return None;
            }
        };
        let per = per?;
        let mut side = |raw: &[RawTerm<'_>]| -> Vec<Term> {
            raw.iter()
                .filter_map(|term| self.term(term, &place, cast))
                .collect()
        };
        let (left, right) = (side(&raw.left), side(&raw.right));
        Some(Equation {
            name: says.name.get_ref().clone(),
            per: per as u8,
            text: place.text.trim().to_owned(),
            left,
            right,
        })
    }

    fn place<'e>(&self, written: &'e At<String>) -> Place<'e> {
        let (text, span) = (written.get_ref().as_str(), written.span());
        let raw = &self.text[span.clone()];
        let quotes = if raw == text {
            0 // set by a word without quotes
        } else if raw.starts_with("\"\"\"") || raw.starts_with("'''") {
            3
        } else {
            1
        };
        let start = raw
            .get(quotes..)
            .is_some_and(|rest| rest.starts_with(text))
            .then_some(span.start + quotes);
        Place { text, span, start }
    }

    fn term(&mut self, raw: &RawTerm<'_>, place: &Place<'_>, cast: &Cast) -> Option<Term> {
        let factor = match &raw.factor {
            Some(word) => self.factor(word, place)?,
            None => 1,
        };
        let Some((measure, resource)) = &raw.measure else {
            if factor != 0 {
                let span = raw.factor.as_ref().map_or(0..0, |word| word.span.clone());
                self.problems.push(
                    Problem::at(place.of(span), format!("a bare {factor} cannot be part of a promise"))
                        .help("before the first transaction every measure is 0, so only 0 may stand alone; did you mean to multiply a measure?"),
                );
            }
            return None;
        };
        let name = At::new(place.of(resource.span.clone()), resource.text.to_owned());
        let id = self.resource_named(cast, &name)?;
        let measure = self.measure(measure, resource, place, id, cast)?;
        let factor = if raw.negative { -factor } else { factor };
        Some(Term { factor, measure })
    }

    fn factor(&mut self, word: &Word<'_>, place: &Place<'_>) -> Option<i64> {
        let factor = word.text.parse().ok().filter(|n| *n <= LARGEST_FACTOR);
        if factor.is_none() {
            self.problems.push(
                Problem::at(place.of(word.span.clone()), "this factor is too large")
                    .label(format!("at most {}", names::number(LARGEST_FACTOR))),
            );
        }
        factor
    }

    fn measure(
        &mut self,
        word: &Word<'_>,
        resource: &Word<'_>,
        place: &Place<'_>,
        id: ResourceId,
        cast: &Cast,
    ) -> Option<Measure> {
        let (measure, of_counter) = match word.text {
            "taken" => (Measure::Taken(id), true),
            "given" => (Measure::Given(id), true),
            "given_back" => (Measure::GivenBack(id), true),
            "in_flight" => (Measure::InFlight(id), true),
            "granted" => (Measure::Granted(id), false),
            other => {
                self.problems.push(
                    Problem::at(
                        place.of(word.span.clone()),
                        format!("there is no measure {}", quote(other)),
                    )
                    .accepts(other, "measures", &MEASURES),
                );
                return None;
            }
        };
        let fits = match cast.resource(id)?.kind {
            ResourceKind::Counter { .. } => of_counter,
            ResourceKind::Entitlement { .. } => !of_counter,
            ResourceKind::Action => false,
        };
        if !fits {
            self.problems.push(
                Problem::at(
                    place.of(resource.span.clone()),
                    format!("`{}` cannot be measured by `{}`", resource.text, word.text),
                )
                .help("`taken`, `given`, `given_back` and `in_flight` measure a counter, `granted` an entitlement; real actions have promises of their own"),
            );
            return None;
        }
        Some(measure)
    }

    /// What is expected of each promise under each protocol.
    pub(super) fn expectations(&mut self) -> BTreeMap<(ProtocolKind, PromiseId), Expectation> {
        let file = self.file;
        let own: Vec<Option<&str>> = file
            .promises
            .iter()
            .map(|p| Some(p.says.as_ref()?.name.get_ref().as_str()))
            .collect();
        let all_read = own.iter().all(Option::is_some);
        let mut expectations = BTreeMap::new();
        for ExpectFile { protocol, says } in &file.expect {
            let known = ProtocolKind::ALL.map(ProtocolKind::name);
            let found = names::find(self.problems, protocol, ("protocol", "protocols"), &known);
            for (promise, expectation) in says {
                let name = promise.get_ref().as_str();
                let built_in = PromiseId::BUILT_IN.into_iter().find(|p| p.name() == name);
                let in_own_words = || {
                    let n = own.iter().position(|&p| p == Some(name))?;
                    Some(PromiseId::Equation(n as u8))
                };
                match (built_in.or_else(in_own_words), found) {
                    (Some(id), Some(n)) => {
                        expectations.insert((ProtocolKind::ALL[n], id), *expectation);
                    }
                    (None, _) if all_read => self.no_promise(promise, &own),
                    _ => {}
                }
            }
        }
        expectations
    }

    /// Refuses to expect something of a protocol that cannot run here.
    pub(super) fn check_expected(&mut self, scenario: &Scenario) {
        for ExpectFile { protocol, says } in &self.file.expect {
            let Some(kind) = ProtocolKind::named(protocol.get_ref()) else {
                continue;
            };
            if let (Err(why), false) = (scenario.can_run(kind), says.is_empty()) {
                self.problems.push(
                    Problem::at(
                        protocol.span(),
                        format!("nothing can be expected of {kind}: it cannot run here"),
                    )
                    .label(why)
                    .help(format!(
                        "let the database join in (`prepare = \"native\"` or `\"intents\"`), or expect nothing of it: drop the section, or say `expect.{kind} = \"none\"` over a base"
                    )),
                );
            }
        }
    }

    fn no_promise(&mut self, written: &At<String>, own: &[Option<&str>]) {
        let mut known: Vec<&str> = own.iter().flatten().copied().collect();
        known.extend(PromiseId::BUILT_IN.map(PromiseId::name));
        self.problems.push(
            Problem::at(
                written.span(),
                format!("there is no promise {}", quote(written.get_ref())),
            )
            .accepts(written.get_ref(), "promises", &known),
        );
    }
}
