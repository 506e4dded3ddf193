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
