//! Simulated against theory: the short form here; the committed page is the long one.

use std::fs;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use indoubt::lab::validation::{
    Charged, Claim, Difference, Effort, Validated, charged, experiments, tariffs, validate,
};
use indoubt::report::validation;

use crate::support::path;

#[test]
fn what_is_measured_is_what_theory_says() {
    let threads = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let found = validate(experiments(Effort::Quick), threads, || {});
    let bills = charged(tariffs());
    let page = validation::page(&bills, &found, Effort::Quick);
    assert!(bills.iter().all(Charged::holds), "{page}");
    let all = || found.iter().flat_map(Validated::comparisons);
    assert!(all().all(|of| of.holds()), "{page}");
    // Something is exact, and something is drawn.
    assert!(all().any(|of| matches!(of.experiment.claim, Claim::Equal(_))));
    let drawn = |of: Option<Difference>| matches!(of, Some(Difference::Share(by)) if by != 0.0);
    assert!(all().any(|of| drawn(of.difference())));
}

/// That takes minutes, so here only what it is about is compared:
/// `indoubt validate --full --out reports/validation.md` writes it anew.
#[test]
fn the_committed_page_is_about_these_numbers_and_all_of_them_are_within() {
    let page = fs::read_to_string(path("reports/validation.md")).expect("it is there");
    assert!(!page.contains("**outside**"));
    for theory in experiments(Effort::Full) {
        assert!(page.contains(&format!("\n## {}\n\n{}\n", theory.name, theory.says)));
        for of in &theory.experiments {
            let row = format!("\n| {} | {} | ", of.name, of.claim);
            assert!(page.contains(&row), "{row}");
        }
    }
    for of in tariffs() {
        let (messages, forced, unforced) = (of.messages, of.forced, of.unforced);
        let row = format!("\n| {} | {messages} | {forced} | {unforced} |", of.name);
        assert!(page.contains(&row), "{row}");
    }
}
