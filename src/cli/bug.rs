//! A bug of the bench, told with a line to paste.

pub(super) use crate::lab::{catch, record_panics};
use crate::report::{line_to_paste, quoted};

/// The arguments of this process, as a line to paste.
pub(super) fn this_very_command() -> String {
    let words = std::env::args_os().skip(1);
    let words: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
    line_to_paste(&words.join(" "))
}
