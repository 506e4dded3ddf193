//! JSON documents: how they are written, and how their schemas come from their
//! types.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

/// Indented, with a line break at its end.
///
/// # Panics
/// When the document is not plain data with string keys.
pub(crate) fn written(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .expect("a document is plain data with string keys, which JSON can always hold");
    text.push('\n');
    text
}

/// Of what is written, not of what could be read.
pub(super) fn schema_of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>()
}

/// A protocol that cannot run the scenario.
#[derive(Serialize, JsonSchema)]
pub(super) struct UnableEntry<'a> {
    pub(super) protocol: &'static str,
    pub(super) why: &'a str,
}
