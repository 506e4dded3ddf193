//! A bug of the bench, told with a line to paste.

pub(super) use crate::lab::{catch, record_panics};
use crate::report::{line_to_paste, quoted};

/// The arguments of this process, as a line to paste.
pub(super) fn this_very_command() -> String {
    let words: Vec<String> = std::env::args().skip(1).map(|word| quoted(&word)).collect();
    line_to_paste(&words.join(" "))
}
