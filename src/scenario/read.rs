//! From text to a [`File`], section by section: a mistake in one section does
//! not hide those of the others.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeValue, Error, ValueDeserializer};

use super::diagnostics::{Problem, Problems};
use super::file::{At, AxisFile, Entry, ExpectFile, File, Named};
use super::merge::{DROPPED, Table, Value};
use super::names::{list, meant, quote};
use super::{axis, expand};

/// The keys of the file's top level.
const SECTIONS: [&str; 29] = [
    "base",
    "name",
    "about",
    "seed",
    "settle",
    "first-steps",
    "allow",
    "without",
    "defaults",
    "machines",
    "network",
    "broker",
    "provider",
    "policies",
    "two-phase-commit",
    "orchestrated-saga",
    "choreographed-saga",
    "domains",
    "resources",
    "steps",
    "transactions",
    "workload",
    "requests",
    "readers",
    "operator",
    "faults",
    "seeded-faults",
    "promises",
    "sweep",
];

/// What the file says; sections that are wrong are left at their defaults.
pub(super) fn read(table: Table<'_>, problems: &mut Problems) -> File {
    let mut file = Sections { problems }.file(table);
    collect_steps(&mut file, problems);
    keep_first_steps(&mut file, problems);
    file
}

/// Puts the steps of several transactions into one list.
fn collect_steps(file: &mut File, problems: &mut Problems) {
    let Some(first) = file.transactions.first() else {
        return;
    };
    if let Some(step) = file.steps.first() {
        problems.push(
            Problem::at(step.span.clone(), "there are `steps` and `transactions`")
                .beside(first.span.clone(), "the first of several transactions")
                .help("one transaction is written as `[[steps]]`; several are `[[transactions]]`, each with a `name` and its own `[[transactions.steps]]`"),
        );
        file.steps.clear();
    }
    for says in file.transactions.iter_mut().filter_map(|t| t.says.as_mut()) {
        says.count = says.steps.len();
        file.steps.extend(says.steps.drain(..).map(|step| Entry {
            span: step.span(),
            says: Some(step.into_inner()),
        }));
    }
}

/// Leaves out the steps that `first-steps` leaves out.
fn keep_first_steps(file: &mut File, problems: &mut Problems) {
    let Some(first) = &file.first_steps else {
        return;
    };
    if !file.transactions.is_empty() {
        let title = "`first-steps` means nothing for several transactions";
        problems.push(Problem::at(first.span(), title).help("leave steps out of one of them"));
        return;
    }
    let (wanted, all) = (usize::from(*first.get_ref()), file.steps.len());
    if wanted == 0 || wanted > all {
        let title = format!("`first-steps` cannot be {wanted}");
        let label = format!("from 1 to {all}: so many steps there are");
        problems.push(Problem::at(first.span(), title).label(label));
        return;
    }
    file.steps.truncate(wanted);
}

struct Sections<'p> {
    problems: &'p mut Problems,
}

impl Sections<'_> {
    fn file(&mut self, table: Table<'_>) -> File {
        let mut file = File::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => file.name = self.one(value),
                "about" => file.about = self.one(value),
                "seed" => file.seed = self.one(value),
                "settle" => file.settle = self.one(value),
                "first-steps" => file.first_steps = self.one(value),
                "allow" => file.allow = self.one(value).unwrap_or_default(),
                "without" => file.without = self.one(value).unwrap_or_default(),
                "defaults" => file.defaults = self.one(value).unwrap_or_default(),
                "machines" => file.machines = self.named(value),
                "network" => file.network = self.one(value).unwrap_or_default(),
                "broker" => file.broker = self.one(value).unwrap_or_default(),
                "provider" => file.provider = self.one(value).unwrap_or_default(),
                "policies" => file.policies = self.one(value).unwrap_or_default(),
                "two-phase-commit" => file.two_phase = self.one(value).unwrap_or_default(),
                "orchestrated-saga" => file.orchestrated = self.one(value).unwrap_or_default(),
                "choreographed-saga" => file.choreographed = self.one(value).unwrap_or_default(),
                "domains" => file.domains = self.named(value),
                "resources" => file.resources = self.named(value),
                "steps" => file.steps = self.list("steps", value),
                "transactions" => file.transactions = self.list("transactions", value),
                "workload" => file.workload = self.one(value).unwrap_or_default(),
                "requests" => file.requests = self.list("requests", value),
                "readers" => file.readers = self.list("readers", value),
                "operator" => file.operator = self.list("operator", value),
                "faults" => file.faults = self.list("faults", value),
                // A base's section, dropped.
                "seeded-faults" if value.get_ref().as_str() == Some(DROPPED) => {}
                "seeded-faults" => {
                    let span = value.span();
                    file.seeded = Some(Entry {
                        says: self.one(value),
                        span,
                    });
                }
                "promises" => file.promises = self.list("promises", value),
                "sweep" if value.get_ref().as_str() == Some(DROPPED) => {}
                "sweep" => file.sweep = self.axes(value),
                "expect" => file.expect = self.expect(value),
                other => self.unknown_section(other, key.span()),
            }
        }
        file
    }

    /// A section that is one value.
    fn one<T: DeserializeOwned>(&mut self, value: Value<'_>) -> Option<T> {
        let span = value.span();
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(says) => Some(says),
            Err(error) => {
                self.problems.push(not_so(&error, span));
                None
            }
        }
    }

    /// Sections `[kind.name]`, in the order of the file.
    fn named<T: DeserializeOwned>(&mut self, value: Value<'_>) -> Vec<Named<T>> {
        let mut named: Vec<Named<T>> = self
            .entries(value)
            .into_iter()
            .map(|(name, value)| Named {
                name,
                says: self.one(value),
            })
            .collect();
        named.sort_by_key(|n| n.name.span().start);
        named
    }

    /// Sections `[[kind]]`.
    fn list<T: DeserializeOwned>(&mut self, kind: &str, value: Value<'_>) -> Vec<Entry<T>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(array) => array
                .into_iter()
                .map(|value| Entry {
                    span: value.span(),
                    says: self.one(value),
                })
                .collect(),
            other => {
                self.problems.push(
                    Problem::at(span.clone(), format!("`{kind}` is a list of sections"))
                        .help(format!("write `[[{kind}]]` above each of them")),
                );
                // What it says is read all the same, as the only one.
                let one = match other {
                    DeValue::Table(_) => Some(Spanned::new(span.clone(), other)),
                    _ => None,
                };
                let says = one.map(|one| self.one(one));
                Vec::from_iter(says.map(|says| Entry { says, span }))
            }
        }
    }

    /// The lines of `[sweep]`, in the order of the file. A path may be one key in
    /// quotes, or keys with dots between, which make tables.
    fn axes(&mut self, value: Value<'_>) -> Vec<AxisFile> {
        let mut axes = Vec::new();
        self.axes_under(None, value, &mut axes);
        axes.sort_by_key(|axis| axis.path.span().start);
        axes
    }

    fn axes_under(&mut self, above: Option<&str>, value: Value<'_>, axes: &mut Vec<AxisFile>) {
        for (key, value) in self.entries(value) {
            let path = match above {
                None => key.get_ref().clone(),
                Some(above) => format!("{above}.{}", key.get_ref()),
            };
            let span = value.span();
            let values = match value.get_ref() {
                DeValue::Table(_) => {
                    self.axes_under(Some(&path), value, axes);
                    continue;
                }
                DeValue::Array(values) => values
                    .iter()
                    .map(|value| At::new(value.span(), expand::inline(value)))
                    .collect(),
                DeValue::String(range) => match axis::values_of(range) {
                    Ok(values) => {
                        let values = values.into_iter();
                        values.map(|v| At::new(span.clone(), v)).collect()
                    }
                    Err(why) => {
                        let (what, help) = why.split_once("; ").unwrap_or((&why, ""));
                        let problem = Problem::at(span, what);
                        self.problems.push(match help {
                            "" => problem,
                            help => problem.help(help),
                        });
                        continue;
                    }
                },
                _ => Vec::new(),
            };
            if values.is_empty() {
                self.problems.push(
                    Problem::at(span, format!("{} has no values to vary over", quote(&path)))
                        .help("give it a list, `[1, 2, 8]`, or a range in quotes, `\"1..256\"`"),
                );
                continue;
            }
            let path = At::new(key.span(), path);
            axes.push(AxisFile { path, values });
        }
    }

    /// Sections `[expect.protocol]`.
    fn expect(&mut self, value: Value<'_>) -> Vec<ExpectFile> {
        let mut all = Vec::new();
        for (protocol, value) in self.entries(value) {
            let promises = self.entries(value).into_iter();
            let says = promises
                .filter_map(|(promise, value)| Some((promise, self.one(value)?)))
                .collect();
            all.push(ExpectFile { protocol, says });
        }
        all
    }

    /// The entries of a table.
    fn entries<'t>(&mut self, value: Value<'t>) -> Vec<(At<String>, Value<'t>)> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => table
                .into_iter()
                .map(|(key, value)| {
                    let span = key.span();
                    (At::new(span, key.into_inner().into_owned()), value)
                })
                .collect(),
            _ => {
                self.problems.push(
                    Problem::at(span, "a section is wanted here, not a value")
                        .help("write a header like `[machines.points]` and its keys under it"),
                );
                Vec::new()
            }
        }
    }

    fn unknown_section(&mut self, name: &str, span: Range<usize>) {
        let mut known = SECTIONS.to_vec();
        known.push("expect");
        self.problems.push(
            Problem::at(
                span,
                format!("a scenario has no section or key {}", quote(name)),
            )
            .accepts(name, "sections and keys", &known),
        );
    }
}

/// TOML that is not what the section wants, in words of the scenario rather than
/// of serde. The phrases taken apart are those of `serde::de::Error`.
fn not_so(error: &Error, section: Range<usize>) -> Problem {
    let span = error.span().unwrap_or(section);
    let message = error.message();
    if let Some(rest) = message.strip_prefix("unknown field ") {
        return unknown(span, "key", "keys", rest);
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        return unknown(span, "value", "values", rest);
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        let key = backticked(rest).next().unwrap_or_default();
        return Problem::at(span, format!("`{key}` is missing"))
            .label(format!("this needs a key `{key}`"));
    }
    for prefix in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((got, wanted)) = message
            .strip_prefix(prefix)
            .and_then(|rest| rest.split_once(", expected "))
        {
            return Problem::at(span, format!("{} does not fit here", got_in_words(got)))
                .label(format!("expected {}", wanted_in_words(got, wanted)));
        }
    }
    let (what, help) = message.split_once("; ").unwrap_or((message, ""));
    let problem = Problem::at(span, what);
    match help {
        "" => problem,
        help => problem.help(help),
    }
}

/// `` `flsh`, expected one of `statement`, `flush` ``
fn unknown(span: Range<usize>, singular: &str, plural: &str, rest: &str) -> Problem {
    let (written, known) = rest.split_once(", expected ").unwrap_or((rest, ""));
    let written = written.trim_matches('`');
    let known: Vec<&str> = backticked(known).collect();
    let mut problem = Problem::at(span, format!("unknown {singular} {}", quote(written)));
    if let Some(name) = meant(written, known.iter().copied()) {
        problem = problem.label(format!("did you mean `{name}`?"));
    }
    problem.help(format!("accepted {plural}: {}", list(known)))
}

/// What stands between backticks.
fn backticked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// `string "many"` and the like, as it stands in the file.
fn got_in_words(got: &str) -> String {
    let (kind, value) = got.split_once(' ').unwrap_or((got, ""));
    match (kind, value) {
        ("map", _) => "a table".to_owned(),
        ("sequence", _) => "a list".to_owned(),
        ("string", value) => format!("the text {value}"),
        ("integer", value) => {
            // A number that no type of Rust holds names one all the same.
            let number = value.split_once('`').map_or(value, |(_, rest)| rest);
            let number = number.split_once('`').map_or(number, |(number, _)| number);
            format!("the number {number}")
        }
        ("floating", _) => {
            let number = backticked(got).next().unwrap_or_default();
            format!("the number {number}")
        }
        ("boolean", value) => format!("the word {}", value.trim_matches('`')),
        _ => got.to_owned(),
    }
}

fn wanted_in_words<'a>(got: &str, wanted: &'a str) -> &'a str {
    let is_whole = got.starts_with("integer `") && !got.contains('-');
    match wanted {
        "u16" | "u32" | "u64" if is_whole => "a smaller number",
        "u16" | "u32" | "u64" => "a whole number, and none below zero",
        "i64" => "a whole number",
        "f64" => "a number",
        "a string" => "text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        struct_name if struct_name.starts_with("struct ") => "a table",
        enum_name if enum_name.contains("enum ") => "a word in quotes",
        other => other,
    }
}
