//! Everything that has a name: what it is, and all that is to be said of it.
//! Nothing is defined here; each word comes from the place that defines it.

use serde::Serialize;

use super::glossary::{WORDS, Word};
use super::lessons::Lesson;
use super::{line_to_paste, quoted};
use crate::business::PromiseId;
use crate::fault::FaultKind;
use crate::measure::{Column, METRICS, Metric};
use crate::protocol::{Milestone, ProtocolKind, Safeguard};
use crate::scenario::{Accepted, Key, Place, RULES, Rule, keys};

/// The kinds of things that have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shelf {
    /// Protocols.
    Protocols,
    /// Safeguards.
    Safeguards,
    /// Kinds of faults.
    Faults,
    /// Milestones: what `on` accepts.
    Triggers,
    /// Promises that are judged in every run.
    Promises,
    /// Figures.
    Metrics,
    /// Rules that every scenario keeps.
    Rules,
    /// Keys of the scenario language.
    Keys,
    /// Words of the field.
    Words,
}

impl Shelf {
    /// All of them.
    pub const ALL: [Shelf; 9] = [
        Shelf::Protocols,
        Shelf::Safeguards,
        Shelf::Faults,
        Shelf::Triggers,
        Shelf::Promises,
        Shelf::Metrics,
        Shelf::Rules,
        Shelf::Keys,
        Shelf::Words,
    ];

    /// Its name on the command line, what a thing on it is called, and what is on
    /// it.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Shelf::Protocols => (
                "protocols",
                "protocol",
                "The protocols that are put on trial: `--protocol`.",
            ),
            Shelf::Safeguards => (
                "safeguards",
                "safeguard",
                "What the world does without each rule that keeps a protocol correct: `--without`.",
            ),
            Shelf::Faults => (
                "faults",
                "kind of fault",
                "What can go wrong: `kind` of a fault.",
            ),
            Shelf::Triggers => (
                "triggers",
                "trigger",
                "The moments that can set off a fault: `on` of a fault.",
            ),
            Shelf::Promises => (
                "promises",
                "promise",
                "What is judged in every run, beside a scenario's own promises.",
            ),
            Shelf::Metrics => (
                "metrics",
                "metric",
                "What is measured in every run: the table, and `figures` of JSON.",
            ),
            Shelf::Rules => (
                "rules",
                "rule of the scenario language",
                "What every scenario must keep; a file that does not is refused.",
            ),
            Shelf::Keys => (
                "keys",
                "key of the scenario language",
                "What a scenario file can say: the path, the default and a word on each.",
            ),
            Shelf::Words => (
                "words",
                "word of the field",
                "Words of the field, as they are meant here.",
            ),
        }
    }

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        self.words().0
    }

    /// What a thing on it is called.
    pub const fn one(self) -> &'static str {
        self.words().1
    }

    /// What is on it, in a sentence.
    pub const fn meaning(self) -> &'static str {
        self.words().2
    }

    /// The shelf of this name.
    pub fn named(name: &str) -> Option<Shelf> {
        Shelf::ALL.into_iter().find(|shelf| shelf.name() == name)
    }
}

/// Something that has a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term {
    /// A protocol.
    Protocol(ProtocolKind),
    /// A safeguard.
    Safeguard(Safeguard),
    /// A kind of fault and its meaning: an entry of [`FaultKind::MEANINGS`].
    Fault(&'static str, &'static str),
    /// A milestone.
    Trigger(Milestone),
    /// A promise that is built in.
    Promise(PromiseId),
    /// A figure.
    Metric(&'static Metric),
    /// One number of a figure that is a distribution: `latency.p95`.
    Quantile(&'static Metric, &'static Column),
    /// A rule of the scenario language.
    Rule(&'static Rule),
    /// A key of the scenario language.
    Key(&'static Key),
    /// A word that a key accepts.
    Accepted(&'static Key, &'static Accepted),
    /// A word of the field.
    Word(&'static Word),
}

/// A promise that breaks under a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// Who has to do without.
    pub protocol: &'static str,
    /// What breaks first.
    pub promise: &'static str,
}

/// All that is to be said of a term; what is empty means nothing for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// What it is called.
    pub name: &'static str,
    /// What kind of thing it is.
    pub is: &'static str,
    /// What it is, in a sentence or a phrase.
    pub meaning: &'static str,
    /// What happens without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without: Option<&'static str>,
    /// Who misses it, and which promise says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Missed>,
    /// The smallest fault by which it is missed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_fault: Option<&'static str>,
    /// The protocols that come to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub raised_by: Vec<&'static str>,
    /// The safeguards that it has a use for, or that keep it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub safeguards: Vec<&'static str>,
    /// What the table calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<&'static str>,
    /// What it is counted in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// Which number of a distribution it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantile: Option<&'static str>,
    /// Of which key it is a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<&'static str>,
    /// What a key accepts, in a phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepts: Option<&'static str>,
    /// The words that a key accepts.
    #[serde(skip_serializing_if = "<[Accepted]>::is_empty")]
    pub words: &'static [Accepted],
    /// What holds where a key is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<&'static str>,
    /// Whether a key must be there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Where else a key stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_at: Vec<&'static str>,
    /// The keys in a section.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub keys: &'static [String],
    /// By which names a scenario can allow itself to break it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_as: Vec<&'static str>,
    /// How a scenario says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// How the command line says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// Where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    /// What else has to do with it.
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    pub related: &'static [&'static str],
    /// The command that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub see: Option<String>,
}

impl Term {
    /// Everything that has a name, shelf by shelf, in the order in which it is
    /// shown.
    pub fn all() -> Vec<Term> {
        Shelf::ALL.into_iter().flat_map(Term::on).collect()
    }

    /// Everything on one shelf.
    pub fn on(shelf: Shelf) -> Vec<Term> {
        match shelf {
            Shelf::Protocols => ProtocolKind::ALL.map(Term::Protocol).to_vec(),
            Shelf::Safeguards => Safeguard::ALL
                .iter()
                .copied()
                .map(Term::Safeguard)
                .collect(),
            Shelf::Faults => FaultKind::MEANINGS
                .map(|(name, meaning)| Term::Fault(name, meaning))
                .to_vec(),
            Shelf::Triggers => triggers(),
            Shelf::Promises => PromiseId::BUILT_IN.map(Term::Promise).to_vec(),
            Shelf::Metrics => METRICS.iter().map(Term::Metric).collect(),
            Shelf::Rules => RULES.iter().map(Term::Rule).collect(),
            Shelf::Keys => keys().iter().map(Term::Key).collect(),
            Shelf::Words => WORDS.iter().map(Term::Word).collect(),
        }
    }

    /// Where it stands.
    pub fn shelf(&self) -> Shelf {
        match self {
            Term::Protocol(_) => Shelf::Protocols,
            Term::Safeguard(_) => Shelf::Safeguards,
            Term::Fault(..) => Shelf::Faults,
            Term::Trigger(_) => Shelf::Triggers,
            Term::Promise(_) => Shelf::Promises,
            Term::Metric(_) | Term::Quantile(..) => Shelf::Metrics,
            Term::Rule(_) => Shelf::Rules,
            Term::Key(_) | Term::Accepted(..) => Shelf::Keys,
            Term::Word(_) => Shelf::Words,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Term::Protocol(protocol) => protocol.name(),
            Term::Safeguard(safeguard) => safeguard.name(),
            Term::Fault(name, _) => name,
            Term::Trigger(milestone) => milestone.name(),
            Term::Promise(promise) => promise.name(),
            Term::Metric(metric) => metric.name,
            Term::Quantile(_, column) => column.name,
            Term::Rule(rule) => rule.name,
            Term::Key(key) => key.path(),
            Term::Accepted(_, word) => &word.name,
            Term::Word(word) => word.name,
        }
    }

    /// All that is to be said of it.
    pub fn facts(&self) -> Facts {
        let mut facts = Facts {
            name: self.name(),
            is: match self {
                Term::Accepted(..) => "value of a key",
                _ => self.shelf().one(),
            },
            meaning: "",
            without: None,
            missed: Vec::new(),
            smallest_fault: None,
            raised_by: Vec::new(),
            safeguards: Vec::new(),
            label: None,
            unit: None,
            quantile: None,
            of: None,
            accepts: None,
            words: &[],
            default: None,
            required: false,
            also_at: Vec::new(),
            keys: &[],
            allowed_as: Vec::new(),
            example: None,
            setting: None,
            source: None,
            related: &[],
            see: None,
        };
        match *self {
            Term::Protocol(protocol) => {
                facts.meaning = protocol.meaning();
                facts.safeguards = safeguards(|s| s.used_by(protocol));
                facts.source = protocol.source();
                facts.see = Some(mall(&format!("--protocol {protocol}")));
            }
            Term::Safeguard(safeguard) => {
                facts.meaning = safeguard.meaning();
                facts.without = Some(safeguard.without());
                facts.missed = missed(safeguard);
                facts.smallest_fault = Some(safeguard.missed_by_fault());
                facts.source = Some(safeguard.source());
                facts.see =
                    Some(Lesson::on(safeguard).map_or_else(|| case(safeguard), Lesson::line));
            }
            Term::Fault(name, meaning) => {
                facts.meaning = meaning;
                facts.example = Some(fault_example(name));
            }
            Term::Trigger(milestone) => {
                facts.meaning = milestone.meaning();
                facts.raised_by = ProtocolKind::ALL
                    .into_iter()
                    .filter(|&protocol| milestone.raised_by(protocol))
                    .map(ProtocolKind::name)
                    .collect();
                facts.example = Some(format!(
                    "[[faults]]\nkind = \"crash\"\ntarget = \"points\"\non = \"{milestone}\"\n\
                     lasts = \"50ms\""
                ));
            }
            Term::Promise(promise) => {
                let keeps = |s: Safeguard| {
                    ProtocolKind::ALL
                        .into_iter()
                        .any(|protocol| s.missed_by(protocol) == Some(promise))
                };
                facts.meaning = promise.claim();
                facts.safeguards = safeguards(keeps);
                facts.source = promise.source();
                facts.see = match promise {
                    PromiseId::Isolation => Some(mall("--protocol orchestrated")),
                    _ => Lesson::of(promise).map(Lesson::line),
                };
            }
            Term::Metric(metric) => {
                facts.meaning = metric.meaning;
                facts.label = metric.label;
                facts.unit = Some(metric.unit.name());
            }
            Term::Quantile(metric, column) => {
                facts.meaning = metric.meaning;
                facts.label = metric.label;
                facts.unit = Some(column.unit.name());
                facts.quantile = column.quantile();
            }
            Term::Rule(rule) => {
                facts.meaning = rule.meaning;
                facts.without = Some(rule.without);
                facts.allowed_as = rule.breaches.iter().map(|b| b.name()).collect();
                facts.source = rule.source;
            }
            Term::Key(key) => {
                facts.meaning = &key.meaning;
                facts.accepts = Some(&key.accepts);
                facts.words = &key.words;
                facts.default = key.default.as_deref();
                facts.required = key.required;
                facts.also_at = key.places.iter().skip(1).map(Place::as_str).collect();
                facts.keys = &key.keys;
                facts.example = key.example(None);
                facts.setting = key.setting(None).map(setting);
            }
            Term::Accepted(key, word) => {
                facts.meaning = &word.meaning;
                facts.of = Some(key.path());
                facts.example = key.example(Some(word));
                facts.setting = key.setting(Some(word)).map(setting);
            }
            Term::Word(word) => {
                facts.meaning = word.meaning;
                facts.source = word.source;
                facts.related = word.related;
                facts.see = word.scenario.map(shipped);
            }
        }
        facts
    }
}

fn safeguards(which: impl Fn(Safeguard) -> bool) -> Vec<&'static str> {
    let all = Safeguard::ALL.iter().copied();
    all.filter(|&s| which(s)).map(Safeguard::name).collect()
}

fn missed(safeguard: Safeguard) -> Vec<Missed> {
    ProtocolKind::ALL
        .into_iter()
        .filter_map(|protocol| {
            let promise = safeguard.missed_by(protocol)?;
            Some(Missed {
                protocol: protocol.name(),
                promise: promise.name(),
            })
        })
        .collect()
}

/// All triggers, those of one role together.
fn triggers() -> Vec<Term> {
    let role = |milestone: &Milestone| milestone.name().split('.').next();
    let first = |of: &Milestone| Milestone::ALL.iter().position(|m| role(m) == role(of));
    let mut all = Milestone::ALL.to_vec();
    all.sort_by_key(first);
    all.into_iter().map(Term::Trigger).collect()
}

/// The smallest fault by which a safeguard is missed, for who has no lesson.
fn case(safeguard: Safeguard) -> String {
    line_to_paste(&format!(
        "run tests/safeguards/{safeguard}.toml --without {safeguard}"
    ))
}

fn setting(what: String) -> String {
    format!("--set {}", quoted(&what))
}

/// The command that runs a shipped scenario.
pub(super) fn shipped(file: &str) -> String {
    line_to_paste(&format!("run {}", quoted(file)))
}

/// The command that measures a shipped scenario at what it varies.
pub(super) fn measured(file: &str) -> String {
    line_to_paste(&format!("measure {}", quoted(file)))
}

fn mall(flags: &str) -> String {
    line_to_paste(&format!("run scenarios/points-mall.toml {flags}"))
}

/// A fault of this kind, as a scenario of points and characters says it.
fn fault_example(kind: &str) -> String {
    let which = match kind {
        "partition" => "from = \"manager\"\nto = [\"points\", \"characters\"]",
        "latency-spike" => "extra = \"20ms\"\nto = \"points\"",
        "loss" => "message = \"vote\"\nmost = 1",
        "duplicate" => "message = \"request\"\nafter = \"20ms\"",
        _ => "target = \"points\"",
    };
    format!("[[faults]]\nkind = \"{kind}\"\n{which}\nat = \"40ms\"\nlasts = \"100ms\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_names_one_thing() {
        let mut names: Vec<&str> = Term::all().iter().map(Term::name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_example_is_accepted_by_the_scenario_language() {
        let root = env!("CARGO_MANIFEST_DIR");
        let base = std::fs::read_to_string(format!("{root}/tests/safeguards/mall.base.toml"))
            .expect("the base is there");
        // What a key is in, and what goes with it, its own example does not say.
        let whole = Term::all()
            .into_iter()
            .filter(|term| term.shelf() != Shelf::Keys);
        for term in whole {
            if let Some(example) = term.facts().example {
                let text = format!("{base}\n{example}\n");
                crate::scenario::parse(term.name(), &text)
                    .unwrap_or_else(|errors| panic!("{errors}"));
            }
        }
    }
}
