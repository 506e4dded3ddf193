//! The language as a JSON Schema, made from the types of the file: what editors
//! show and complete.
//!
//! It knows the keys, their types and their words, but not what refers to what:
//! that is what [`load`](super::load) checks.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::file::File;
use super::merge::DROPPED;
use super::rules::Breach;
use super::types::Expectation;
use crate::fault::{FaultKind, Seeded};
use crate::protocol::{Milestone, ProtocolKind, Safeguard, message_kinds};

/// The sections of which a base may have said what must be there.
const MERGED: [&str; 4] = ["DomainFile", "ResourceFile", "ArrivalsFile", "SeededFile"];

/// What a section says of [`DROPPED`] in its place.
pub(super) const DROPS: &str = "Drops what the base has here.";

/// The JSON Schema (draft 7) of scenario files, for editors; a line
/// `#:schema scenario.schema.json` at the top of a file names it.
pub fn schema() -> String {
    format!("{:#}\n", value())
}

/// The same as data.
pub(super) fn value() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<File>().to_value();
    without_null(&mut schema);
    on_one_line(&mut schema);
    schema["title"] = json!("An InDoubt scenario");
    // The base is dealt with before there is a file to read.
    schema["properties"]["base"] = json!({
        "description": "The scenario file that this one is based on; what is not said here is as it says. The path goes from this file's folder. Default: none.",
        "type": "string",
        "examples": ["points-mall.toml"]
    });
    for section in MERGED {
        if let Some(section) = schema["definitions"][section].as_object_mut() {
            section.remove("required");
        }
    }
    schema.sort_all_objects();
    schema
}

/// Comments are broken where the line ends; what an editor shows is not.
fn on_one_line(schema: &mut Value) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(on_one_line),
        Value::Object(object) => {
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            object.values_mut().for_each(on_one_line);
        }
        _ => {}
    }
}

/// TOML has no null: what may be left out is just left out.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(without_null),
        Value::Object(object) => {
            no_null_type(object);
            object.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

fn no_null_type(object: &mut Map<String, Value>) {
    let null = json!({ "type": "null" });
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| *choice != null);
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    let Some(Value::Array(types)) = object.get_mut("type") else {
        return;
    };
    types.retain(|name| name != "null");
    if let [one] = types.as_slice() {
        let one = one.clone();
        object.insert("type".to_owned(), one);
    }
}

/// A section, or `"none"` in its place to drop the base's.
pub(super) struct Section<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for Section<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let section = generator.subschema_for::<T>();
        json_schema!({
            "anyOf": [
                section,
                { "description": DROPS, "const": DROPPED }
            ]
        })
    }
}

/// What is expected of which promise under which protocol.
pub(super) struct Expectations;

impl JsonSchema for Expectations {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Expectations".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let promises = generator.subschema_for::<Expectation>();
        let protocols: Map<String, Value> = ProtocolKind::ALL
            .into_iter()
            .map(|protocol| {
                let section = json!({
                    "description": format!("What is expected under {protocol}, by the promise's name."),
                    "anyOf": [
                        { "type": "object", "additionalProperties": promises },
                        { "description": DROPS, "const": DROPPED }
                    ],
                    "examples": [{ "isolation": "may-break" }]
                });
                (protocol.name().to_owned(), section)
            })
            .collect();
        json_schema!({
            "type": "object",
            "properties": protocols,
            "additionalProperties": false
        })
    }
}

/// What varies: values by path, or by keys with dots between, which make tables.
pub(super) struct Sweeps;

impl JsonSchema for Sweeps {
    fn schema_name() -> Cow<'static, str> {
        "Sweeps".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let deeper = generator.subschema_for::<Sweeps>();
        json_schema!({
            "description": "Paths, each with its values: a list, or a range.",
            "examples": [{ "workload.arrivals.clients": "1..256" }],
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    { "description": "The values, one after another.", "type": "array", "minItems": 1 },
                    {
                        "description": "A range: doubled, 1..256; multiplied, 1..1000*10; or added to, 1..9+2.",
                        "type": "string",
                        "pattern": "^.+[.][.].+$|^\\[.*\\]$"
                    },
                    deeper
                ]
            }
        })
    }
}

fn words(words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": words })
}

/// Words, and what each means.
fn told<'w>(all: impl IntoIterator<Item = (&'w str, &'w str)>) -> Schema {
    let all = all.into_iter();
    let each = all.map(|(word, meaning)| json!({ "const": word, "description": meaning }));
    json_schema!({ "oneOf": each.collect::<Vec<Value>>() })
}

fn list_of(each: Schema) -> Schema {
    json_schema!({ "type": "array", "items": each })
}

pub(super) fn rules(_: &mut SchemaGenerator) -> Schema {
    list_of(told(
        Breach::ALL.map(|breach| (breach.name(), breach.meaning())),
    ))
}

pub(super) fn safeguards(_: &mut SchemaGenerator) -> Schema {
    list_of(told(Safeguard::ALL.iter().map(|s| (s.name(), s.meaning()))))
}

pub(super) fn fault_kind(_: &mut SchemaGenerator) -> Schema {
    told(FaultKind::MEANINGS)
}

pub(super) fn seeded_kinds(_: &mut SchemaGenerator) -> Schema {
    let drawn = |(name, _): &(&str, &str)| Seeded::KINDS.contains(name);
    list_of(told(FaultKind::MEANINGS.into_iter().filter(drawn)))
}

pub(super) fn message(_: &mut SchemaGenerator) -> Schema {
    words(&message_kinds())
}

pub(super) fn milestone(_: &mut SchemaGenerator) -> Schema {
    told(Milestone::ALL.iter().map(|m| (m.name(), m.meaning())))
}

/// The schemas of values that are read by hand, in [`value`](super::value).
macro_rules! written {
    ($($type:ty, $name:literal: $schema:tt;)*) => {
        $(impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        })*
    };
}

written! {
    super::value::Time, "Duration": {
        "description": "A duration: a number and a unit in quotes, at most an hour; \"0\" needs no unit.",
        "type": "string",
        "pattern": "^\\s*(0|[0-9]+(\\.[0-9]{0,6})?\\s*(us|µs|ms|s|m|min))\\s*$",
        "examples": ["50ms", "250us", "1.5ms", "2s", "1m"]
    };
    super::value::Rate, "Probability": {
        "description": "A probability, 0 to 1.",
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "examples": [0.1]
    };
    super::value::BandwidthFile, "Bandwidth": {
        "description": "A bandwidth: a number and a unit in quotes, 1kbit/s to 1000Gbit/s, or \"none\".",
        "type": "string",
        "pattern": "^(none|\\s*[0-9]+(\\.[0-9]+)?\\s*[kMG]bit/s\\s*)$",
        "examples": ["10Mbit/s", "64kbit/s", "1.5Gbit/s", "none"]
    };
    super::value::AmountFile, "Amount": {
        "description": "A whole number, or a domain in braces: its value, counted from 1.",
        "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": 1_000_000_000 },
            { "type": "string", "pattern": "^\\{.+\\}$" }
        ],
        "examples": [50, "{quantity}"]
    };
    super::value::FloorFile, "Floor": {
        "description": "A whole number, or \"none\".",
        "anyOf": [{ "type": "integer" }, { "const": "none" }],
        "examples": [100, "none"]
    };
    super::value::OneOrMany, "Nodes": {
        "description": "The name of a node, or a list of such names.",
        "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
        "examples": ["points", ["points", "characters"]]
    };
    super::value::ItemFile, "Item": {
        "description": "An item: its name, or a value for each domain of its key, counted from 0.",
        "anyOf": [
            { "type": "string" },
            { "type": "object", "additionalProperties": { "type": ["string", "integer"] } }
        ],
        "examples": ["pikachu", { "character": 7 }]
    };
    super::value::ChoiceFile, "Choice": {
        "description": "How a value is chosen.",
        "examples": [{ "zipf": 0.9 }, { "hot": 3, "share": 0.5 }],
        "anyOf": [
            { "description": "Each as likely as any other.", "const": "uniform" },
            {
                "description": "The n-th in proportion to 1/n^zipf.",
                "type": "object",
                "properties": { "zipf": { "type": "number", "exclusiveMinimum": 0, "maximum": 10 } },
                "required": ["zipf"],
                "additionalProperties": false
            },
            {
                "description": "The first `hot` values with probability `share` together.",
                "type": "object",
                "properties": {
                    "hot": { "type": "integer", "minimum": 1 },
                    "share": { "type": "number", "minimum": 0, "maximum": 1 }
                },
                "required": ["hot", "share"],
                "additionalProperties": false
            }
        ]
    };
}

impl JsonSchema for super::value::SizesFile {
    fn schema_name() -> Cow<'static, str> {
        "Sizes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A table of messages, each with its size in bytes, 1 to 1_000_000_000.",
            "type": "object",
            "propertyNames": { "enum": message_kinds() },
            "additionalProperties": { "type": "integer", "minimum": 1, "maximum": 1_000_000_000 },
            "examples": [{ "work": 2048, "prepare": 128 }]
        })
    }
}

impl JsonSchema for super::value::DistFile {
    fn schema_name() -> Cow<'static, str> {
        "Spread".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<super::value::Time>();
        json_schema!({
            "description": "A spread: a duration, all between `from` and `to`, or an exponential one of this `mean` on top of the `least`.",
            "examples": [{ "from": "1ms", "to": "2ms" }, { "least": "1ms", "mean": "2ms" }],
            "anyOf": [
                time,
                {
                    "type": "object",
                    "properties": { "from": time, "to": time },
                    "required": ["from", "to"],
                    "additionalProperties": false
                },
                {
                    "type": "object",
                    "properties": { "least": time, "mean": time },
                    "required": ["mean"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
