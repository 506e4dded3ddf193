//! Paragraphs within the page, sections, entries.

use std::borrow::Cow;

use textwrap::core::display_width;

use super::style::{SECTION, paint};

/// Entries whose lead is wider than this do not push the others aside.
const WIDEST_LEAD: usize = 26;

/// How wide what is written may be. Lines to paste are never broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    width: usize,
}

impl Page {
    /// 80 columns, which every terminal has: what is piped gets it always, so
    /// that the same command gives the same bytes.
    pub const NARROW: Page = Page { width: 80 };
    /// Longer lines are hard to read.
    const WIDEST: usize = 120;

    /// The page for a terminal of so many columns: from 80 to 120.
    pub fn of(columns: usize) -> Page {
        Page {
            width: columns.clamp(Page::NARROW.width, Page::WIDEST),
        }
    }

    /// So many columns.
    pub(super) fn width(self) -> usize {
        self.width
    }

    /// A paragraph within the page.
    pub(super) fn paragraph(self, text: &str, lead: &str, hang: &str) -> String {
        let mut wrapped = String::new();
        for line in lines(text, self.width, lead, hang) {
            wrapped.push_str(line.trim_end());
            wrapped.push('\n');
        }
        wrapped
    }

    /// A list with a sign before every entry.
    pub(super) fn bullets(self, sentences: &[String]) -> String {
        sentences
            .iter()
            .map(|sentence| self.paragraph(sentence, "  - ", "    "))
            .collect()
    }

    /// Entries with their leads in a column of their own. A lead may be
    /// coloured.
    pub(super) fn entries(self, of: &[(String, String)]) -> String {
        self.columns(of, WIDEST_LEAD)
    }

    /// Entries whose leads are at most so wide; a wider one does not push the
    /// others aside.
    pub(super) fn columns(self, of: &[(String, String)], widest: usize) -> String {
        let width_of = |lead: &str| display_width(&anstream::adapter::strip_str(lead).to_string());
        let width = of
            .iter()
            .map(|(lead, _)| width_of(lead))
            .filter(|width| *width <= widest)
            .max()
            .unwrap_or(0);
        let hang = " ".repeat(width + 4);
        let mut text = String::new();
        for (lead, body) in of {
            let own = width_of(lead);
            text.push_str("  ");
            text.push_str(lead);
            text.push_str(&" ".repeat(width.saturating_sub(own) + 2));
            // The first line may begin further right than the others.
            let indent = " ".repeat(own.max(width) + 4);
            for (n, line) in lines(body, self.width, &indent, &hang).iter().enumerate() {
                text.push_str(if n == 0 { line.trim_start() } else { line });
                text.push('\n');
            }
        }
        text
    }
}

/// A section's title, after an empty line.
pub(super) fn section(title: &str) -> String {
    format!("\n{}\n", paint(SECTION, title))
}

/// Wraps, but never between a number and its unit.
fn lines(text: &str, width: usize, lead: &str, hang: &str) -> Vec<String> {
    const UNITS: [&str; 3] = ["ms", "s", "µs"];
    let mut glued = String::new();
    for word in text.split_whitespace() {
        let bare = word.trim_end_matches([',', '.', ')', ';', ':']);
        let after_number = glued.ends_with(|c: char| c.is_ascii_digit());
        if !glued.is_empty() {
            glued.push(match UNITS.contains(&bare) && after_number {
                true => '\u{a0}',
                false => ' ',
            });
        }
        glued.push_str(word);
    }
    let options = textwrap::Options::new(width)
        .initial_indent(lead)
        .subsequent_indent(hang)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(&glued, options)
        .into_iter()
        .map(|line: Cow<'_, str>| line.replace('\u{a0}', " "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_with_its_unit() {
        let text = "x".repeat(70) + " for 120 ms, then";
        assert_eq!(
            Page::NARROW.paragraph(&text, "", "  "),
            format!("{} for\n  120 ms, then\n", "x".repeat(70))
        );
    }

    #[test]
    fn entries_stand_in_columns_and_a_long_lead_does_not_push_the_others() {
        let entry = |lead: &str, body: &str| (lead.to_owned(), body.to_owned());
        let long = "a body that is long enough to be wrapped at least once on a page of eighty";
        insta::assert_snapshot!(
            Page::NARROW.entries(&[
                entry("at 4 ms", "short"),
                entry("at 1.21 s", long),
                entry("at the 40th coordinator.deciding", long),
            ]),
            @r"
          at 4 ms    short
          at 1.21 s  a body that is long enough to be wrapped at least once on a page
                     of eighty
          at the 40th coordinator.deciding  a body that is long enough to be wrapped at
                     least once on a page of eighty
        "
        );
    }
}
