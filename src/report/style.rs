//! The few colours there are. Each only repeats what a word or a sign says.

use anstyle::{AnsiColor, Style};

/// Titles.
pub(super) const TITLE: Style = Style::new().bold();
/// Names of groups and sections.
pub(super) const SECTION: Style = AnsiColor::Cyan.on_default().bold();
/// What is there for completeness.
pub(super) const QUIET: Style = Style::new().dimmed();
/// As it should be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// Broken, and known to be.
pub(super) const KNOWN: Style = AnsiColor::Yellow.on_default();
/// Not as it should be.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold().underline();
/// Nothing special.
pub(super) const PLAIN: Style = Style::new();

/// The text in this style.
pub(super) fn paint(style: Style, text: &str) -> String {
    if style == PLAIN || text.is_empty() {
        return text.to_owned();
    }
    format!("{style}{text}{style:#}")
}
