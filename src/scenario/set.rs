//! `--set path=value`: one thing said on top of a scenario.
//!
//! The path goes through keys, as TOML writes them with dots between; in a list
//! of sections it goes by `name`, or by number counted from 0.

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::diagnostics::Problem;
use super::document::not_toml;
use super::file::At;
use super::merge::{self, Table, Value};
use super::names::{list, meant, number, quote};

const EXAMPLES: &str = "for example `workload.transactions=50`, `machines.points.database.flush=5ms`, `steps.take-points.kind=pivot` or `faults.0.lasts=1s`";

/// Sets what the text says, which begins at this address.
pub(super) fn set<'t>(
    document: &mut Table<'t>,
    text: &'t str,
    start: usize,
) -> Result<(), Problem> {
    let (path, value) = read(text).map_err(|problem| problem.shifted(start))?;
    let path: Vec<Key<'_>> = path
        .into_iter()
        .map(|key| {
            Spanned::new(
                key.span().start + start..key.span().end + start,
                key.into_inner(),
            )
        })
        .collect();
    put(document, &path, merge::shifted_value(value, start), false)
}

/// Sets what a line of a section says: a path and a value, each as a text, and all
/// that may have to be said about them is said at their places.
pub(super) fn set_at<'t>(
    document: &mut Table<'t>,
    path: &'t At<String>,
    value: &'t At<String>,
) -> Result<(), Problem> {
    let no_path = || Problem::at(path.span(), "this is no path").help(EXAMPLES);
    let written = path.get_ref();
    let keys = self::path(written, written.len()).map_err(|_| no_path())?;
    match keys.first().map(|key| key.get_ref().as_ref()) {
        None => return Err(no_path()),
        Some("base" | "sweep") => return Err(no_path().label("this cannot vary")),
        Some(_) => {}
    }
    let keys = keys.into_iter();
    let keys: Vec<Key<'_>> = keys
        .map(|key| Spanned::new(path.span(), key.into_inner()))
        .collect();
    let said = self::value(value.get_ref(), 0)
        .map_err(|_| Problem::at(value.span(), "this is not TOML"))?;
    put(document, &keys, merge::placed(said, &value.span()), false)
}

/// The path and the value; their spans are those of the text alone.
fn read(text: &str) -> Result<(Vec<Key<'static>>, Value<'_>), Problem> {
    let Some(equals) = equals_sign(text) else {
        return Err(
            Problem::at(0..text.len(), "this sets nothing: there is no `=` in it").help(EXAMPLES),
        );
    };
    let path = path(text, equals)?;
    match path.as_slice() {
        [] => Err(Problem::at(0..equals, "this is no path").help(EXAMPLES)),
        [key, ..] if key.get_ref() == "base" => {
            Err(Problem::at(key.span(), "the base is a matter of the file")
                .help("run the file that has this base, or write one"))
        }
        _ => Ok((path, value(text, equals + 1)?)),
    }
}

/// The `=` between path and value: the first that is not in quotes.
fn equals_sign(text: &str) -> Option<usize> {
    let mut quotes = None;
    for (at, c) in text.char_indices() {
        match (quotes, c) {
            (None, '=') => return Some(at),
            (None, '"' | '\'') => quotes = Some(c),
            (Some(open), c) if open == c => quotes = None,
            _ => {}
        }
    }
    None
}

type Key<'t> = Spanned<DeString<'t>>;

/// The keys of the path: what stands before the `=` as TOML reads it.
fn path(text: &str, equals: usize) -> Result<Vec<Key<'static>>, Problem> {
    let written = &text[..equals];
    // A key needs a value to be TOML.
    let keys = format!("{written}=0");
    let table = DeTable::parse(&keys).map_err(|error| {
        let span = error.span().unwrap_or(0..equals);
        Problem::at(
            span.start.min(equals)..span.end.min(equals),
            "this is no path",
        )
        .help(EXAMPLES)
    })?;
    let mut path = Vec::new();
    let mut rest = DeValue::Table(table.into_inner());
    while let DeValue::Table(table) = rest {
        let Some((key, value)) = table.into_iter().next() else {
            break;
        };
        let span = key.span();
        path.push(Spanned::new(span, key.into_inner().into_owned().into()));
        rest = value.into_inner();
    }
    Ok(path)
}

/// The value, as TOML if it is; else it is taken for text, so that `5ms` needs
/// no quotes.
fn value(text: &str, start: usize) -> Result<Value<'_>, Problem> {
    let written = text[start..].trim();
    let start = text.len() - text[start..].trim_start().len();
    let span = start..start + written.len();
    match DeValue::parse(written) {
        Ok(value) => Ok(merge::shifted_value(value, start)),
        Err(error) if looks_like_toml(written) => {
            let at = error.span().unwrap_or(0..written.len());
            Err(not_toml(&error, at.start + start..at.end + start))
        }
        Err(_) => Ok(Spanned::new(span, DeValue::String(written.into()))),
    }
}

/// Whether it was meant to be more than a bare word.
fn looks_like_toml(written: &str) -> bool {
    written.starts_with(['[', '"', '\'']) || written.starts_with('{') && written.contains('=')
}

/// Puts the value where the path leads. `named` says that the keys of this table
/// are names that the scenario chose.
fn put<'t>(
    table: &mut Table<'t>,
    path: &[Key<'t>],
    value: Value<'t>,
    named: bool,
) -> Result<(), Problem> {
    match path {
        [] => {}
        [key] => merge::entry(table, key.clone(), value, named),
        [key, rest @ ..] => {
            let named = merge::has_names(key.get_ref()) && !named;
            let empty = || Spanned::new(key.span(), DeValue::Table(Table::new()));
            let inside = table.entry(key.clone()).or_insert_with(empty);
            put_inside(inside, key, rest, value, named)?;
        }
    }
    Ok(())
}

fn put_inside<'t>(
    inside: &mut Value<'t>,
    key: &Key<'t>,
    rest: &[Key<'t>],
    value: Value<'t>,
    named: bool,
) -> Result<(), Problem> {
    match inside.get_mut() {
        DeValue::Table(table) => put(table, rest, value, named),
        DeValue::Array(array) => put_into_list(array, key, rest, value),
        _ => Err(Problem::at(
            rest.first().unwrap_or(key).span(),
            format!(
                "{} is one value: there is nothing in it",
                quote(key.get_ref())
            ),
        )),
    }
}

fn put_into_list<'t>(
    array: &mut DeArray<'t>,
    list: &Key<'t>,
    path: &[Key<'t>],
    value: Value<'t>,
) -> Result<(), Problem> {
    let [which, rest @ ..] = path else {
        return Ok(());
    };
    let Some(entry) = position(array, which.get_ref()).and_then(|n| array.get_mut(n)) else {
        return Err(no_such(array, list, which));
    };
    if rest.is_empty() {
        *entry = value;
        return Ok(());
    }
    put_inside(entry, which, rest, value, false)
}

/// The entry of this name, or of this number.
fn position(array: &DeArray<'_>, which: &str) -> Option<usize> {
    let named = array.iter().position(|entry| name(entry) == Some(which));
    named.or_else(|| which.parse().ok())
}

fn name<'v>(entry: &'v Value<'_>) -> Option<&'v str> {
    let DeValue::Table(table) = entry.get_ref() else {
        return None;
    };
    table.get("name")?.get_ref().as_str()
}

fn no_such(array: &DeArray<'_>, list_name: &Key<'_>, which: &Key<'_>) -> Problem {
    let written = which.get_ref();
    let title = format!(
        "{} has no entry {}",
        quote(list_name.get_ref()),
        quote(written)
    );
    let problem = Problem::at(which.span(), title);
    let names: Vec<&str> = array.iter().filter_map(name).collect();
    let problem = match meant(written, names.iter().copied()) {
        Some(name) => problem.label(format!("did you mean `{name}`?")),
        None => problem,
    };
    problem.help(match (array.len(), names.as_slice()) {
        (0, _) => "the list is empty: set all of it, `[{ .. }]`".to_owned(),
        (1, []) => "it has one entry, number 0".to_owned(),
        (all, []) => format!("its entries are numbered from 0 to {}", number(all - 1)),
        (_, names) => format!("entries: {}, or their numbers from 0", list(names)),
    })
}
