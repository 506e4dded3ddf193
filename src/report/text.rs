//! The screen.

use super::page::{Page, section};
use super::style::{BAD, GOOD, KNOWN, paint};
use super::{Comparison, Judgement, explanation, figures, heading, histories, notes, story};

/// A comparison as text: heading, table, what happened, every broken promise
/// with a line to paste, and last what it all comes to. With ANSI styles; not
/// wider than the page but for lines to paste and names that are wider.
pub fn screen(of: &Comparison<'_>, page: Page) -> String {
    told(of, page, false)
}

/// The same, and every figure that is measured.
pub fn verbose(of: &Comparison<'_>, page: Page) -> String {
    told(of, page, true)
}

fn told(of: &Comparison<'_>, page: Page, every_figure: bool) -> String {
    let mut text = heading::heading(of, page);
    text.push('\n');
    text.push_str(&figures::table(of, page));
    text.push_str(&figures::signs(of));
    if every_figure {
        text.push('\n');
        text.push_str(&figures::every(of, page));
    }
    text.push_str(&list_of("Notes", &notes::notes(of), page));
    text.push_str(&histories::histories(of, page));
    text.push_str(&list_of("What happened", &story::story(of), page));
    text.push_str(&explanation::explanations(of, page));
    text.push('\n');
    text.push_str(&conclusion(of, page));
    text
}

/// A comparison in short: a line a protocol, and what is not as the scenario
/// expects.
pub fn quiet(of: &Comparison<'_>, page: Page) -> String {
    let mut text = figures::verdicts(of, page);
    text.push_str(&explanation::surprises(of, page));
    text
}

fn list_of(title: &str, sentences: &[String], page: Page) -> String {
    if sentences.is_empty() {
        return String::new();
    }
    section(title) + &page.bullets(sentences)
}

pub(super) fn conclusion(of: &Comparison<'_>, page: Page) -> String {
    let (judgement, words) = story::conclusion(of);
    judged(judgement, "", &words, page)
}

/// A sentence in the colour of its judgement, behind a word that says of what.
pub(super) fn judged(judgement: Judgement, lead: &str, words: &str, page: Page) -> String {
    let style = match judgement {
        Judgement::AsExpected => GOOD,
        Judgement::Inconclusive => KNOWN,
        Judgement::NotAsExpected => BAD,
    };
    page.paragraph(words, lead, &" ".repeat(lead.len()))
        .lines()
        .map(|line| format!("{}\n", paint(style, line)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::business::PromiseId;
    use crate::protocol::{ProtocolKind, Safeguard};
    use crate::report::{Unable, fixture};
    use crate::scenario::Expectation;

    fn plain(of: &Comparison<'_>) -> String {
        anstream::adapter::strip_str(&screen(of, Page::NARROW)).to_string()
    }

    #[test]
    fn four_protocols_side_by_side_fit_eighty_columns() {
        let scenario = fixture::scenario();
        let text = plain(&Comparison {
            scenario: &scenario,
            invocation: &fixture::invocation(),
            trials: &fixture::trials(&scenario),
            unable: &[],
        });
        for line in text.lines().filter(|line| !line.contains("cargo run")) {
            assert!(textwrap::core::display_width(line) <= 80, "{line}");
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_wide_page_is_used_and_no_page_is_wider_than_a_hundred_and_twenty() {
        let scenario = fixture::scenario();
        let of = Comparison {
            scenario: &scenario,
            invocation: &fixture::invocation(),
            trials: &fixture::trials(&scenario),
            unable: &[],
        };
        let text = screen(&of, Page::of(200));
        let text = anstream::adapter::strip_str(&text).to_string();
        let lines = text.lines().filter(|line| !line.contains("cargo run"));
        let widest = lines.map(textwrap::core::display_width).max();
        assert!(widest.is_some_and(|width| (100..=120).contains(&width)));
        assert!(text.contains("\n  no points lost without an entitlement "));
        assert_eq!(Page::of(40), Page::NARROW);
    }

    #[test]
    fn a_promise_that_holds_against_expectation_is_told_with_a_line_to_paste() {
        let scenario = fixture::scenario();
        let mut trials = fixture::trials(&scenario);
        trials.drain(..2);
        let floors = trials[0].verdicts.iter_mut();
        floors
            .filter(|(promise, ..)| *promise == PromiseId::Floors)
            .for_each(|(_, _, expectation)| *expectation = Expectation::Breaks);
        let text = plain(&Comparison {
            scenario: &scenario,
            invocation: &fixture::invocation(),
            trials: &trials[..1],
            unable: &[],
        });
        let title =
            "Not violated under orchestrated: floors, although the scenario says that it breaks\n";
        let (_, told) = text.split_once(title).expect("it is told");
        assert!(told.starts_with("  promised  No counter falls under its floor.\n"));
        let line = fixture::invocation().line(ProtocolKind::OrchestratedSaga);
        assert!(told.contains(&line), "{told}");
        assert!(text.ends_with("Not as the scenario expects: orchestrated (floors).\n"));
    }

    #[test]
    fn without_words_about_it_one_empty_line_follows_the_heading() {
        let mut scenario = fixture::scenario();
        scenario.about.clear();
        let text = plain(&Comparison {
            scenario: &scenario,
            invocation: &fixture::invocation(),
            trials: &fixture::trials(&scenario),
            unable: &[],
        });
        assert!(!text.contains("\n\n\n"), "{text}");
    }

    #[test]
    fn a_promise_that_breaks_against_expectation_is_told_at_the_end() {
        let scenario = fixture::scenario();
        let mut invocation = fixture::invocation();
        invocation.without = vec![Safeguard::Outbox, Safeguard::CompensationTombstone];
        let trials = fixture::trials_without_outbox(&scenario);
        let unable = [Unable {
            protocol: ProtocolKind::TwoPhaseCommit,
            why: "the database of `characters` cannot prepare".to_owned(),
        }];
        insta::assert_snapshot!(plain(&Comparison {
            scenario: &scenario,
            invocation: &invocation,
            trials: &trials[2..],
            unable: &unable,
        }));
    }
}
