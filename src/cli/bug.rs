//! A bug of the bench, told with a line to paste.

pub(super) use crate::lab::{catch, record_panics};

/// The arguments of this process, as a line to paste.
pub(super) fn this_very_command() -> String {
    let mut line = "cargo run --release --".to_owned();
    for argument in std::env::args().skip(1) {
        line.push(' ');
        line.push_str(&crate::report::quoted(&argument));
    }
    line
}
