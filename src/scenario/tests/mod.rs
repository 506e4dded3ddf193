//! What the language accepts, and what it says of what it does not.

mod accepted;
mod allowed;
mod based;
mod mixes;
mod mutated;
mod reference;
mod refused;
mod schema;

/// A scenario with a little of everything.
const SMALL: &str = include_str!("small.toml");

/// The small scenario with some of its text replaced. The text must be there:
/// else the test would say nothing.
fn small_with(replaced: &str, by: &str) -> String {
    assert!(SMALL.contains(replaced), "small.toml has no {replaced:?}");
    SMALL.replacen(replaced, by, 1)
}
