//! A bug of the bench is a panic with its invariant in words. It is caught at
//! the edge of a run, so that it can be told with its seed, and others go on.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// What the last panic of this thread said, and where.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on panics are recorded rather than printed. With `RUST_BACKTRACE`
/// set they are printed, too.
pub fn record_panics() {
    let print = panic::take_hook();
    let wants_backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    panic::set_hook(Box::new(move |info| {
        // Under test the hook is everybody's.
        if wants_backtrace || cfg!(test) {
            print(info);
        }
        let place = match info.location() {
            Some(place) => format!(" ({}:{})", place.file(), place.line()),
            None => String::new(),
        };
        let said = format!("{}{place}", words(info.payload()));
        LAST.with_borrow_mut(|last| *last = Some(said));
    }));
}

/// Does something; a panic becomes an error that says the invariant.
///
/// # Errors
/// What the panic said.
pub fn catch<T>(what: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(what)).map_err(|payload| {
        let recorded = LAST.with_borrow_mut(Option::take);
        recorded.unwrap_or_else(|| words(payload.as_ref()).to_owned())
    })
}

fn words(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words")
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
            told.starts_with("a vote is never taken back (src/lab/panics.rs:"),
            "{told}"
        );
    }
}
