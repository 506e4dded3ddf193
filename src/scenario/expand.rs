//! A whole scenario as one text, after its bases and what was set: TOML again.

use std::fmt::{self, Display};

use toml::de::DeValue;

use super::merge::{Table, Value};

/// The table as TOML; whatever was said first comes first.
pub(super) fn text(document: &Table<'_>) -> String {
    let mut text = String::new();
    section(&mut text, "", document);
    text.trim_start().to_owned()
}

/// A section under its header: first its values, then the sections in it.
fn section(text: &mut String, path: &str, table: &Table<'_>) {
    let entries = in_order(table);
    let (sections, values): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|(_, value)| is_section(path, value));
    if !values.is_empty() || sections.is_empty() {
        header(text, &format!("[{path}]"), path);
    }
    for (key, value) in values {
        text.push_str(&format!("{} = {}\n", Key(key), Inline(value)));
    }
    for (key, value) in sections {
        let path = match path {
            "" => Key(key).to_string(),
            path => format!("{path}.{}", Key(key)),
        };
        match value.get_ref() {
            DeValue::Table(table) => section(text, &path, table),
            DeValue::Array(entries) => {
                for entry in entries {
                    header(text, &format!("[[{path}]]"), &path);
                    if let DeValue::Table(table) = entry.get_ref() {
                        for (key, value) in in_order(table) {
                            text.push_str(&format!("{} = {}\n", Key(key), Inline(value)));
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

fn header(text: &mut String, header: &str, path: &str) {
    if !path.is_empty() {
        text.push_str(&format!("\n{header}\n"));
    }
}

/// Whether a value is written under a header of its own: what is at the top, and
/// what has a name.
fn is_section(path: &str, value: &Value<'_>) -> bool {
    match value.get_ref() {
        DeValue::Table(_) => path.is_empty() || super::merge::has_names(path),
        DeValue::Array(entries) => {
            let tables = entries
                .iter()
                .all(|e| matches!(e.get_ref(), DeValue::Table(_)));
            !entries.is_empty() && tables && (path.is_empty() || path == "network")
        }
        _ => false,
    }
}

/// The entries in the order in which they were written.
fn in_order<'a, 't>(table: &'a Table<'t>) -> Vec<(&'a str, &'a Value<'t>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
        .into_iter()
        .map(|(key, value)| (key.get_ref().as_ref(), value))
        .collect()
}

/// A key as TOML writes it.
struct Key<'k>(&'k str);

impl Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !self.0.is_empty() && self.0.chars().all(bare) {
            f.write_str(self.0)
        } else {
            quoted(self.0).fmt(f)
        }
    }
}

/// A value as TOML, on one line.
pub(super) fn inline(value: &Value<'_>) -> String {
    Inline(value).to_string()
}

/// A value on one line.
struct Inline<'v, 't>(&'v Value<'t>);

impl Display for Inline<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get_ref() {
            DeValue::String(text) => quoted(text).fmt(f),
            DeValue::Integer(number) => number.fmt(f),
            DeValue::Float(number) => number.fmt(f),
            DeValue::Boolean(word) => word.fmt(f),
            DeValue::Datetime(time) => time.fmt(f),
            DeValue::Array(entries) => {
                let entries: Vec<String> = entries.iter().map(|e| Inline(e).to_string()).collect();
                write!(f, "[{}]", entries.join(", "))
            }
            DeValue::Table(table) => {
                let entries: Vec<String> = in_order(table)
                    .into_iter()
                    .map(|(key, value)| format!("{} = {}", Key(key), Inline(value)))
                    .collect();
                match entries.as_slice() {
                    [] => f.write_str("{}"),
                    entries => write!(f, "{{ {} }}", entries.join(", ")),
                }
            }
        }
    }
}

fn quoted(text: &str) -> toml::Value {
    toml::Value::String(text.to_owned())
}
