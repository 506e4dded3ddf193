//! The keys of the language: where each stands, what it means and what it accepts.
//! Nothing is defined here; all of it comes from the [schema](super::schema).

use std::collections::VecDeque;
use std::fmt;
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;

use super::schema::{self, DROPS};

/// A key of the language, or a section.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Where it stands; the shortest comes first.
    pub places: Vec<Place>,
    /// What it is, in a sentence or more.
    pub meaning: String,
    /// What may stand there, in a phrase.
    pub accepts: String,
    /// The words that may stand there, if it accepts no others.
    pub words: Vec<Accepted>,
    /// What holds where it is not said.
    pub default: Option<String>,
    /// Whether it must be there.
    pub required: bool,
    /// The keys in it, if it is a section.
    pub keys: Vec<String>,
    /// A value that it accepts.
    example: Option<Value>,
}

/// A word that a key accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// As it is written.
    pub name: String,
    /// What it means; empty where its name is all there is to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// Whether it is a value as it stands, and no form that a value has.
    #[serde(skip)]
    whole: bool,
}

/// Where a key stands: `steps.<name>.kind`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    steps: Vec<Step>,
    text: String,
    short: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A word of the language.
    Key(String),
    /// A name that the scenario chose.
    Name,
    /// An entry of a list, by its name or its number.
    Entry(&'static str),
}

impl Step {
    fn as_str(&self) -> &str {
        match self {
            Step::Key(key) => key,
            Step::Name => "<name>",
            Step::Entry(which) => which,
        }
    }

    fn key(&self) -> Option<&str> {
        match self {
            Step::Key(key) => Some(key),
            _ => None,
        }
    }
}

impl Place {
    fn new(steps: Vec<Step>) -> Self {
        let words: Vec<&str> = steps.iter().map(Step::as_str).collect();
        let keys = steps.iter().filter_map(Step::key);
        Place {
            text: words.join("."),
            short: keys.collect::<Vec<_>>().join("."),
            steps,
        }
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.steps.clone();
        steps.push(step);
        Place::new(steps)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The words of the language in it.
    pub fn short(&self) -> &str {
        &self.short
    }

    /// Whether this path leads here; names and numbers may be left out.
    pub fn is(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('.').collect();
        leads(&path, &self.steps)
    }

    /// Whether this is the end of a path that leads here.
    pub fn ends_with(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('.').collect();
        (0..self.steps.len())
            .any(|n| matches!(self.steps[n], Step::Key(_)) && leads(&path, &self.steps[n..]))
    }

    /// What the document has here: all of it, where it has several.
    fn values<'v>(&self, document: &'v toml::Table) -> Vec<&'v toml::Value> {
        let Some((Step::Key(first), rest)) = self.steps.split_first() else {
            return Vec::new();
        };
        let start: Vec<&toml::Value> = document.get(first).into_iter().collect();
        rest.iter().fold(start, |values, step| {
            values
                .into_iter()
                .flat_map(|value| step.of(value))
                .collect()
        })
    }

    /// This value here, as a scenario says it.
    fn line(&self, value: &str) -> String {
        fn said(steps: &[Step], value: &str) -> String {
            let entry = steps.iter().position(|step| matches!(step, Step::Entry(_)));
            let keys = |steps: &[Step]| {
                let words: Vec<&str> = steps.iter().map(Step::as_str).collect();
                words.join(".")
            };
            match entry {
                None => format!("{} = {value}", keys(steps)),
                Some(n) => format!(
                    "{} = [{{ {} }}]",
                    keys(&steps[..n]),
                    said(&steps[n + 1..], value)
                ),
            }
        }
        let by_name = |step: &Step| !matches!(step, Step::Key(_));
        let (header, steps) = match self.steps.iter().position(by_name) {
            Some(n) if matches!(self.steps[n], Step::Entry(_)) => {
                let above = Place::new(self.steps[..n].to_vec());
                (format!("[[{above}]]\n"), &self.steps[n + 1..])
            }
            Some(n) => {
                let above = Place::new(self.steps[..=n].to_vec());
                (format!("[{above}]\n"), &self.steps[n + 1..])
            }
            None if self.steps.len() > 1 => {
                (format!("[{}]\n", self.steps[0].as_str()), &self.steps[1..])
            }
            None => (String::new(), &self.steps[..]),
        };
        format!("{header}{}", said(steps, value))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Step {
    /// What a value has under this step.
    fn of<'v>(&self, value: &'v toml::Value) -> Vec<&'v toml::Value> {
        match (self, value) {
            (Step::Key(key), toml::Value::Table(table)) => table.get(key).into_iter().collect(),
            (Step::Name, toml::Value::Table(table)) => table.iter().map(|(_, of)| of).collect(),
            (Step::Entry(_), toml::Value::Array(array)) => array.iter().collect(),
            _ => Vec::new(),
        }
    }
}

fn leads(path: &[&str], steps: &[Step]) -> bool {
    match (path, steps) {
        ([], []) => true,
        ([word, path @ ..], [Step::Key(key), steps @ ..]) => word == key && leads(path, steps),
        (_, [Step::Name | Step::Entry(_), steps @ ..]) => {
            leads(path, steps)
                || path
                    .split_first()
                    .is_some_and(|(_, path)| leads(path, steps))
        }
        _ => false,
    }
}

impl Key {
    /// Where it stands, as it is written.
    pub fn path(&self) -> &str {
        self.places.first().map_or("", Place::as_str)
    }

    /// The key alone.
    pub fn name(&self) -> &str {
        let short = self.places.first().map_or("", Place::short);
        short.rsplit('.').next().unwrap_or(short)
    }

    /// As a scenario says it, with this word or with a value of its own choice.
    pub fn example(&self, word: Option<&Accepted>) -> Option<String> {
        let value = self.value(word)?;
        Some(self.places.first()?.line(&value.to_string()))
    }

    /// The same on the command line: `workload.retries=3`.
    pub fn setting(&self, word: Option<&Accepted>) -> Option<String> {
        let value = self.value(word)?;
        let path = self.path().replace("<n>", "0");
        // What cannot be taken for anything else needs no quotes.
        let bare = |text: &&str| {
            let letters = text.starts_with(|c: char| c.is_ascii_digit() || c.is_ascii_lowercase())
                && text.ends_with(|c: char| c.is_ascii_lowercase());
            letters
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-/".contains(c))
        };
        let value = match value.as_str().filter(bare) {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        };
        (!["base", "sweep"].contains(&path.as_str())).then(|| format!("{path}={value}"))
    }

    fn value(&self, word: Option<&Accepted>) -> Option<toml::Value> {
        let mut value = self.example.clone()?;
        if let Some(word) = word {
            let place = match &mut value {
                Value::Array(list) => list.first_mut()?,
                Value::Object(table) => table.values_mut().next()?,
                one => one,
            };
            *place = Value::from(word.name.as_str());
        }
        toml::Value::try_from(value)
            .ok()
            .filter(|_| word.is_none_or(|word| word.whole))
    }

    /// Whether the text of a scenario file says something here, or this word.
    pub fn is_said_in(&self, text: &str, word: Option<&Accepted>) -> bool {
        let Ok(document) = text.parse::<toml::Table>() else {
            return false;
        };
        let mut values = self.places.iter().flat_map(|place| place.values(&document));
        values.any(|value| word.is_none_or(|word| has(value, &word.name)))
    }
}

/// Whether a value is this word, or has it.
fn has(value: &toml::Value, word: &str) -> bool {
    match value {
        toml::Value::String(text) => text == word,
        toml::Value::Array(all) => all.iter().any(|value| has(value, word)),
        toml::Value::Table(table) => table.iter().any(|(_, value)| has(value, word)),
        _ => false,
    }
}

/// All keys, in the order of the alphabet.
pub fn keys() -> &'static [Key] {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| Language(schema::value()).keys());
    &KEYS
}

/// The schema.
struct Language(Value);

/// What the schema says of a value.
#[derive(Clone, Copy)]
struct Says<'s> {
    /// The definition that it is, if it has a name.
    definition: Option<&'s str>,
    node: &'s Value,
}

impl Language {
    fn keys(&self) -> Vec<Key> {
        // What a key is known by: its definition's name, and its own.
        let mut known: Vec<(String, Key)> = Vec::new();
        let mut sections = VecDeque::from([(Place::new(Vec::new()), "", &self.0)]);
        while let Some((above, of, section)) = sections.pop_front() {
            for (name, says) in properties(section) {
                let place = above.then(Step::Key(name.clone()));
                let id = match of {
                    "" => place.to_string(),
                    of => format!("{of} {name}"),
                };
                match known.iter_mut().find(|(known, _)| *known == id) {
                    Some((_, key)) => key.places.push(place.clone()),
                    None => known.push((id, self.key(place.clone(), says))),
                }
                if let Some((place, inside)) = self.inside(place, says) {
                    sections.push_back((place, inside.definition.unwrap_or(""), inside.node));
                }
            }
        }
        let mut keys: Vec<Key> = known.into_iter().map(|(_, key)| key).collect();
        keys.sort_by(|a, b| a.path().cmp(b.path()));
        keys
    }

    fn key(&self, place: Place, says: &Value) -> Key {
        let told = Told::of(text(says));
        let one = self.one(says);
        let list = one.node["type"] == "array";
        let of = if list {
            self.one(&one.node["items"])
        } else {
            one
        };
        let of = match of.node.get("additionalProperties") {
            Some(each) if each.is_object() && !list => self.one(each),
            _ => of,
        };
        let words = words(of.node);
        let keys = self
            .inside(place.clone(), says)
            .map_or(Vec::new(), |(_, inside)| {
                properties(inside.node)
                    .map(|(name, _)| name.clone())
                    .collect()
            });
        let mut meaning = told.meaning;
        if !words.is_empty() && of.definition.is_some() {
            // The first sentence says again what the key is.
            let all = one_line(text(of.node));
            if let Some((_, more)) = all.split_once(". ") {
                meaning = format!("{meaning} {more}");
            }
        }
        Key {
            accepts: self.accepts(&place, says),
            example: self.example(says, told.default.as_deref(), &words, list),
            places: vec![place],
            meaning,
            words,
            default: told.default,
            required: told.required,
            keys,
        }
    }

    /// What a value is, under its name and past the section's `"none"`.
    fn one<'s>(&'s self, node: &'s Value) -> Says<'s> {
        let (mut definition, mut node) = (None, node);
        loop {
            if let Some(path) = node["$ref"].as_str() {
                let name = path.rsplit('/').next().unwrap_or(path);
                (definition, node) = (Some(name), &self.0["definitions"][name]);
                continue;
            }
            let choices = node.get("anyOf").or_else(|| node.get("allOf"));
            let choices = choices.and_then(Value::as_array).into_iter().flatten();
            let mut choices = choices.filter(|choice| choice["description"] != DROPS);
            match (choices.next(), choices.next()) {
                (Some(only), None) => node = only,
                _ => return Says { definition, node },
            }
        }
    }

    /// The section that stands here, or each of those that do.
    fn inside<'s>(&'s self, place: Place, says: &'s Value) -> Option<(Place, Says<'s>)> {
        let one = self.one(says);
        if one.node["type"] == "array" {
            let each = self.one(&one.node["items"]);
            let named = each.node["properties"].get("name").is_some();
            let which = if named { "<name>" } else { "<n>" };
            return is_section(each).then(|| (place.then(Step::Entry(which)), each));
        }
        let by_name = one
            .node
            .get("additionalProperties")
            .map(|each| self.one(each));
        match by_name.filter(|each| is_section(*each)) {
            Some(each) => Some((place.then(Step::Name), each)),
            None => is_section(one).then_some((place, one)),
        }
    }

    /// What may stand there, in a phrase.
    fn accepts(&self, place: &Place, says: &Value) -> String {
        let one = self.one(says);
        let node = one.node;
        let top = place.steps.len() == 1;
        match node["type"].as_str() {
            Some("array") => {
                let each = self.one(&node["items"]);
                return match each.node["type"].as_str() {
                    _ if is_section(each) && (top || place.as_str() == "network.links") => {
                        format!("sections, each under `[[{place}]]`")
                    }
                    _ if is_section(each) => "a list of tables".to_owned(),
                    _ if !words(each.node).is_empty() => "a list of these".to_owned(),
                    Some("string") => "a list of texts".to_owned(),
                    _ => format!("a list, each {}", self.accepts(place, &node["items"])),
                };
            }
            Some("object") => {
                let by_name = node.get("additionalProperties").map(|each| self.one(each));
                return match by_name {
                    _ if is_section(one) && top => "a section".to_owned(),
                    _ if is_section(one) => "a table".to_owned(),
                    Some(each) if is_section(each) => {
                        format!("sections, each under `[{place}.<name>]`")
                    }
                    Some(each) if !words(each.node).is_empty() => {
                        "a table with one of these to each name".to_owned()
                    }
                    _ => small(text(node)),
                };
            }
            _ => {}
        }
        if !words(node).is_empty() {
            return "one of these".to_owned();
        }
        let described = one
            .definition
            .map(|_| text(node))
            .filter(|text| !text.is_empty());
        match (described, node["type"].as_str()) {
            (Some(text), _) => small(text),
            (None, Some("boolean")) => "true or false".to_owned(),
            (None, Some("integer")) => {
                let bound = |which: &str| node[which].as_i64();
                let number = |n| super::names::number(n);
                match (bound("minimum"), bound("maximum")) {
                    (Some(least), Some(most)) => {
                        format!("a whole number, {} to {}", number(least), number(most))
                    }
                    (Some(least), None) => format!("a whole number, at least {}", number(least)),
                    _ => "a whole number".to_owned(),
                }
            }
            _ => "a text".to_owned(),
        }
    }

    /// A value to show: the schema's own, or the default, or what differs from it.
    fn example(
        &self,
        says: &Value,
        default: Option<&str>,
        words: &[Accepted],
        list: bool,
    ) -> Option<Value> {
        let own = |node: &Value| node["examples"].get(0).cloned();
        if let Some(example) = own(says) {
            return Some(example);
        }
        let one = self.one(says);
        let written = default.and_then(|default| serde_json::from_str::<Value>(default).ok());
        let other =
            |word: &&Accepted| word.whole && written != Some(Value::from(word.name.as_str()));
        if let Some(word) = words.iter().find(other) {
            let word = Value::from(word.name.as_str());
            return Some(if list { Value::from(vec![word]) } else { word });
        }
        if one.node["type"] == "boolean" {
            return Some(Value::from(written != Some(Value::from(true))));
        }
        let nothing = |value: &Value| value.as_f64() == Some(0.0) || *value == "0";
        let telling = written.filter(|value| words.is_empty() && !nothing(value));
        let least = || {
            let number = one.node["type"] == "integer";
            number.then(|| Value::from(one.node["minimum"].as_i64().unwrap_or_default().max(1)))
        };
        telling.or_else(|| own(one.node)).or_else(least)
    }
}

fn is_section(of: Says<'_>) -> bool {
    of.node.get("properties").is_some()
}

fn properties(section: &Value) -> impl Iterator<Item = (&String, &Value)> {
    section["properties"].as_object().into_iter().flatten()
}

fn text(node: &Value) -> &str {
    node["description"].as_str().unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A sentence as a phrase.
fn small(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut letters = sentence.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}

/// The words that a value may be, or the forms that it may have; none if there are
/// others.
fn words(node: &Value) -> Vec<Accepted> {
    let word = |name: &Value, meaning: &str, whole| {
        Some(Accepted {
            name: name.as_str()?.to_owned(),
            meaning: one_line(meaning),
            whole,
        })
    };
    if let Some(names) = node["enum"].as_array() {
        return names
            .iter()
            .filter_map(|name| word(name, "", true))
            .collect();
    }
    let choices = node.get("oneOf").or_else(|| node.get("anyOf"));
    let choices = choices.and_then(Value::as_array).into_iter().flatten();
    let words = choices.map(|choice| {
        let meaning = Some(text(choice)).filter(|text| !text.is_empty())?;
        let keys: Vec<&str> = properties(choice).map(|(name, _)| name.as_str()).collect();
        match choice.get("const") {
            Some(name) => word(name, meaning, true),
            None if keys.is_empty() => None,
            None => word(
                &Value::from(format!("{{ {} }}", keys.join(", "))),
                meaning,
                false,
            ),
        }
    });
    words.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// What a sentence of the schema says, and what it says of the default.
struct Told {
    meaning: String,
    default: Option<String>,
    required: bool,
}

impl Told {
    /// What kind of value it is says `accepts` as well.
    const KINDS: [&str; 2] = [" A duration.", " A spread."];
    const DEFAULT: &str = " Default: ";
    const REQUIRED: &str = " It must be there";

    fn of(description: &str) -> Told {
        let mut text = one_line(description);
        let mut default = None;
        if let Some(at) = text.find(Told::DEFAULT) {
            let said = text.split_off(at);
            let said = said.trim_start_matches(Told::DEFAULT).trim_end_matches('.');
            default = Some(said.replace('`', ""));
        }
        let required = [".", ":"].map(|end| text.contains(&format!("{}{end}", Told::REQUIRED)));
        for kind in Told::KINDS {
            text = text.replacen(kind, "", 1);
        }
        let meaning = text.replacen(&format!("{}.", Told::REQUIRED), "", 1);
        Told {
            meaning,
            default,
            required: required.contains(&true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of every section, with what the schema says of it.
    fn told() -> Vec<(Key, Value)> {
        let language = Language(schema::value());
        let definitions = language.0["definitions"].as_object().expect("definitions");
        let sections = definitions.values().chain([&language.0]);
        let keys = sections.flat_map(properties).map(|(name, says)| {
            let place = Place::new(vec![Step::Key(name.clone())]);
            let mut says = says.clone();
            let key = language.key(place, &says);
            says["definitions"] = language.0["definitions"].clone();
            (key, says)
        });
        keys.collect()
    }

    #[test]
    fn every_example_fits_the_schema_and_only_sections_have_none() {
        for (key, says) in told() {
            let Some(example) = &key.example else {
                assert!(!key.keys.is_empty(), "{} has no example", key.path());
                continue;
            };
            let validator = jsonschema::validator_for(&says).expect("a schema");
            assert!(validator.is_valid(example), "{}: {example}", key.path());
        }
    }

    #[test]
    fn every_example_is_toml_and_says_what_it_is_an_example_of() {
        for key in keys() {
            let words = key.words.iter().filter(|word| word.whole).map(Some);
            for word in words.chain([None]) {
                let Some(example) = key.example(word) else {
                    continue;
                };
                let text = example.replace("<name>", "ash");
                assert!(key.is_said_in(&text, word), "{}: {example}", key.path());
            }
        }
    }

    #[test]
    fn a_default_is_the_last_that_is_said_of_a_key() {
        for key in keys() {
            let meaning = &key.meaning;
            assert!(meaning.ends_with('.'), "{}: {meaning}", key.path());
            assert!(!meaning.contains("Default"), "{}: {meaning}", key.path());
        }
    }

    #[test]
    fn a_value_of_a_dozen_sections_is_written_where_it_belongs() {
        let key = |path: &str| keys().iter().find(|key| key.path() == path).expect("a key");
        for (path, example, setting) in [
            ("seed", "seed = 1", "seed=1"),
            (
                "workload.retries",
                "[workload]\nretries = 3",
                "workload.retries=3",
            ),
            (
                "defaults.database.flush",
                "[defaults]\ndatabase.flush = \"1ms\"",
                "defaults.database.flush=1ms",
            ),
            (
                "resources.<name>.service",
                "[resources.<name>]\nservice = \"points\"",
                "resources.<name>.service=points",
            ),
            (
                "network.links.<n>.ways",
                "[[network.links]]\nways = \"one-way\"",
                "network.links.0.ways=one-way",
            ),
            (
                "steps.<name>.do.<n>.take",
                "[[steps]]\ndo = [{ take = \"points\" }]",
                "steps.<name>.do.0.take=points",
            ),
        ] {
            assert_eq!(key(path).example(None).as_deref(), Some(example));
            assert_eq!(key(path).setting(None).as_deref(), Some(setting));
        }
    }
}
