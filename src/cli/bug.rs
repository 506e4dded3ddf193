//! A bug of the bench is a panic with its invariant in words. It is caught at
//! the edge of a run and told with its seed and a line to paste.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

/// What the last panic said, and where.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// From now on panics are recorded rather than printed. With `RUST_BACKTRACE`
/// set they are printed, too.
pub(super) fn record_panics() {
    let print = panic::take_hook();
    let wants_backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    panic::set_hook(Box::new(move |info| {
        if wants_backtrace {
            print(info);
        }
        let payload = info.payload();
        let message = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without words");
        let place = match info.location() {
            Some(place) => format!(" ({}:{})", place.file(), place.line()),
            None => String::new(),
        };
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{message}{place}"));
    }));
}

/// Does something; a panic becomes an error that says the invariant.
pub(super) fn catch<T>(what: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(what)).map_err(|_| {
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        last.take()
            .unwrap_or_else(|| "a panic that nobody recorded".to_owned())
    })
}

/// The arguments of this process, as a line to paste.
pub(super) fn this_very_command() -> String {
    let mut line = "cargo run --release --".to_owned();
    for argument in std::env::args().skip(1) {
        line.push(' ');
        line.push_str(&crate::report::quoted(&argument));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_invariant_that_it_says() {
        record_panics();
        assert_eq!(catch(|| 7), Ok(7));
        let told = catch(|| panic!("a vote is never taken back")).expect_err("it panics");
        assert!(
            told.starts_with("a vote is never taken back (src/cli/bug.rs:"),
            "{told}"
        );
    }
}
