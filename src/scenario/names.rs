//! Names in scenarios: what may be one, and which was meant.

use std::fmt::Display;
use std::ops::Range;

use super::diagnostics::{Problem, Problems};
use super::file::At;

/// The longest name: traces have fixed columns.
const LONGEST: usize = 64;

/// Text of the file as it is quoted in a diagnostic: on one line, without
/// control characters, and not endless.
pub(super) fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    quoted = quoted.replace("\\\"", "\"").replace("\\'", "'");
    if text.chars().count() > 60 {
        quoted.push('…');
    }
    format!("`{quoted}`")
}

/// `a`, `b` and `c`.
pub(super) fn list<I>(names: I) -> String
where
    I: IntoIterator<Item: Display>,
{
    let names: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The name that was probably meant.
pub(super) fn meant<'n>(
    written: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let allowed = (written.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// A whole number as TOML lets it be written: `10_000_000`.
pub(super) fn number(number: impl Display) -> String {
    let digits = number.to_string();
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits.as_str()),
    };
    let mut grouped = sign.to_owned();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) && digits.len() > 4 {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    grouped
}

/// The position of a name among those that there are, or a problem that says so.
pub(super) fn find(
    problems: &mut Problems,
    written: &At<String>,
    (singular, plural): (&str, &str),
    names: &[&str],
) -> Option<usize> {
    let name = written.get_ref().as_str();
    let found = names.iter().position(|&n| n == name);
    if found.is_none() {
        problems.push(
            Problem::at(
                written.span(),
                format!("there is no {singular} {}", quote(name)),
            )
            .accepts(name, plural, names),
        );
    }
    found
}

/// Complains unless this can be a name: it must stand in templates, equations
/// and the columns of a trace.
pub(super) fn check_name(problems: &mut Problems, what: &str, name: &str, span: Range<usize>) {
    let mut characters = name.chars();
    let good = characters.next().is_some_and(char::is_alphabetic)
        && characters.all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        && name.chars().count() <= LONGEST;
    if !good {
        problems.push(
            Problem::at(span, format!("{} cannot be the name of {what}", quote(name))).help(
                format!("a name begins with a letter; letters, digits, `-` and `_` follow, at most {LONGEST} characters in all"),
            ),
        );
    }
}

/// Complains about a name that was given before.
pub(super) fn check_unique(
    problems: &mut Problems,
    what: &str,
    seen: &mut Vec<(String, Range<usize>)>,
    name: &str,
    span: Range<usize>,
) {
    if let Some((_, first)) = seen.iter().find(|(n, _)| n == name) {
        problems.push(
            Problem::at(
                span.clone(),
                format!("there are two {what} called {}", quote(name)),
            )
            .label("the second")
            .beside(first.clone(), "the first"),
        );
    }
    seen.push((name.to_owned(), span));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_meant_and_a_far_one_is_not() {
        let names = ["points", "characters", "welcome"];
        assert_eq!(meant("pionts", names), Some("points"));
        assert_eq!(meant("character", names), Some("characters"));
        assert_eq!(meant("billing", names), None);
    }

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!(number(1_000), "1000");
        assert_eq!(number(-10_000_000), "-10_000_000");
    }

    #[test]
    fn quoted_text_stays_on_one_line() {
        assert_eq!(quote("a\nb"), "`a\\nb`");
        assert_eq!(quote("it's \"so\""), "`it's \"so\"`");
        assert!(quote(&"x".repeat(1_000)).chars().count() < 70);
    }
}
