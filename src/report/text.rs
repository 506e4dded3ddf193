//! The screen.

use super::style::{BAD, GOOD, KNOWN, paint};
use super::{Comparison, Judgement, explanation, figures, heading, histories, story};

/// A comparison as text: heading, table, what happened, every broken promise
/// with a line to paste, and last what it all comes to. With ANSI styles; not
/// wider than 80 columns but for lines to paste.
pub fn screen(of: &Comparison<'_>) -> String {
    let mut text = heading::heading(of);
    text.push('\n');
    text.push_str(&figures::table(of));
    if let Some(signs) = figures::signs(of) {
        text.push_str(&format!("  {signs}\n"));
    }
    let notes = heading::footnotes(of);
    if !notes.is_empty() {
        text.push_str(&heading::section("Notes"));
        text.push_str(&bullets(&notes));
    }
    text.push_str(&histories::histories(of));
    let story = story::story(of);
    if !story.is_empty() {
        text.push_str(&heading::section("What happened"));
        text.push_str(&bullets(&story));
    }
    text.push_str(&explanation::explanations(of));
    let (judgement, conclusion) = story::conclusion(of);
    let style = match judgement {
        Judgement::AsExpected => GOOD,
        Judgement::Inconclusive => KNOWN,
        Judgement::NotAsExpected => BAD,
    };
    text.push_str(&format!("\n{}\n", paint(style, &conclusion)));
    text
}

fn bullets(sentences: &[String]) -> String {
    sentences
        .iter()
        .map(|sentence| heading::wrapped(sentence, "  - ", "    "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{ProtocolKind, Safeguard};
    use crate::report::{Unable, fixture};

    fn plain(of: &Comparison<'_>) -> String {
        anstream::adapter::strip_str(&screen(of)).to_string()
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
