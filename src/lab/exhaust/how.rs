//! By what two violations of a promise are the same.

use crate::check::Violation;

/// The violation's sentence without whose and how much: what is said of one
/// request, or of one number, is the same as what is said of another.
pub(super) fn how(violation: &Violation) -> String {
    let particular = |word: &str| word.contains(|c: char| c.is_ascii_digit());
    let words = violation.what.split_whitespace();
    let words: Vec<&str> = words
        .map(|word| if particular(word) { ".." } else { word })
        .collect();
    words.join(" ")
}
