//! One table over another: what a file says over what its base says.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// A value of a document, with its place.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;
/// A table of a document.
pub(super) type Table<'t> = DeTable<'t>;

/// Values that are written as a table, but are one value: half of one and half
/// of another would be neither.
const WHOLE: [&str; 5] = ["delay", "service-time", "think", "after", "choice"];
/// The sections whose keys are names that the scenario chose.
const NAMED: [&str; 4] = ["machines", "domains", "resources", "expect"];
/// What stands in the place of a section to drop the base's.
pub(super) const DROPPED: &str = "none";

/// Whether the keys of a section are names that the scenario chose, and no words
/// of the language.
pub(super) fn has_names(section: &str) -> bool {
    NAMED.contains(&section)
}

/// Puts a document over another.
pub(super) fn documents<'t>(base: &mut Table<'t>, over: Table<'t>) {
    for (key, value) in over {
        entry(base, key, value, false);
    }
}

/// Puts one value over what a table has under its key. `named` says that the key
/// is a name that the scenario chose.
pub(super) fn entry<'t>(
    base: &mut Table<'t>,
    key: Spanned<DeString<'t>>,
    value: Value<'t>,
    named: bool,
) {
    let whole = !named && WHOLE.contains(&key.get_ref().as_ref());
    let names = !named && has_names(key.get_ref());
    let span = value.span();
    match (base.get_mut(&key).map(Spanned::get_mut), value.into_inner()) {
        (Some(DeValue::Table(_)), DeValue::String(text)) if text == DROPPED => {
            base.remove(&key);
        }
        (Some(DeValue::Table(under)), DeValue::Table(over))
            if !whole && !another_kind(under, &over) =>
        {
            for (key, value) in over {
                entry(under, key, value, names);
            }
        }
        (_, value) => {
            base.remove(&key);
            base.insert(key, Spanned::new(span, value));
        }
    }
}

/// Whether a table says that it is of another `kind`: then the keys of the old
/// one mean nothing any more.
fn another_kind(base: &Table<'_>, over: &Table<'_>) -> bool {
    let kind = |table: &Table<'_>| table.get("kind")?.get_ref().as_str().map(str::to_owned);
    match (kind(base), kind(over)) {
        (Some(base), Some(over)) => base != over,
        _ => false,
    }
}

/// The same table, so much further on in the space of addresses.
pub(super) fn shifted(table: Table<'_>, by: usize) -> Table<'_> {
    table
        .into_iter()
        .map(|(key, value)| {
            let span = key.span();
            let key = Spanned::new(span.start + by..span.end + by, key.into_inner());
            (key, shifted_value(value, by))
        })
        .collect()
}

/// The same value, so much further on.
pub(super) fn shifted_value(value: Value<'_>, by: usize) -> Value<'_> {
    let span = value.span();
    let inner = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(shifted(table, by)),
        DeValue::Array(array) => {
            DeValue::Array(array.into_iter().map(|v| shifted_value(v, by)).collect())
        }
        other => other,
    };
    Spanned::new(span.start + by..span.end + by, inner)
}

/// The same value, all of it at one place.
pub(super) fn placed<'t>(value: Value<'t>, at: &std::ops::Range<usize>) -> Value<'t> {
    let inner = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(
            table
                .into_iter()
                .map(|(key, value)| {
                    let key = Spanned::new(at.clone(), key.into_inner());
                    (key, placed(value, at))
                })
                .collect(),
        ),
        DeValue::Array(array) => DeValue::Array(array.into_iter().map(|v| placed(v, at)).collect()),
        other => other,
    };
    Spanned::new(at.clone(), inner)
}
