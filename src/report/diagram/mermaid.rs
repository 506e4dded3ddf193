//! The diagram as a Mermaid `sequenceDiagram`, which trackers draw. Only the
//! plainest of its syntax: participants, arrows, notes.

use std::fmt::Write;

use super::{Diagram, Fate, Shown, Sign, State};

/// Longer words are broken, or a note would be as wide as the page.
const WIDEST: usize = 60;

/// The diagram as Mermaid, without a fence.
pub fn mermaid(of: &Diagram) -> String {
    let mut text = "sequenceDiagram\n".to_owned();
    for (lane, name) in of.lanes.iter().enumerate() {
        let _ = writeln!(text, "    participant L{lane} as {}", plain(name));
    }
    let edge = format!("L0,L{}", of.lanes.len().saturating_sub(1));
    let edge = if of.lanes.len() < 2 { "L0" } else { &edge };
    for (nth, row) in of.rows.iter().enumerate() {
        let at = row.at;
        let line = match &row.what {
            Shown::Departure { from, to, words } => note(
                &format!("L{from}"),
                &format!("{at} {words} leaves for {}", of.lanes[*to]),
            ),
            Shown::Arrow {
                from,
                to,
                words,
                fate,
                departed,
                ..
            } => {
                let arrow = match fate {
                    Fate::Lost => "-x",
                    Fate::Copy | Fate::Late => "-->>",
                    Fate::Arrived if departed.is_some() => "-->>",
                    Fate::Arrived => "->>",
                };
                format!("L{from}{arrow}L{to}: {}", plain(&format!("{at} {words}")))
            }
            Shown::Mark {
                lane, sign, words, ..
            } => {
                let forced = match sign {
                    Sign::Forced => ", forced to disk",
                    Sign::Deed | Sign::Death => "",
                };
                note(&format!("L{lane}"), &format!("{at} {words}{forced}"))
            }
            Shown::Banner {
                violation: true,
                words,
            } => note(edge, &format!("{at} VIOLATED {words}")),
            Shown::Banner {
                violation: false,
                words,
            } => note(edge, &format!("{at} {words}")),
            Shown::Gap { lasts } => note(edge, &format!("{lasts} later{}", in_doubt(of, nth))),
            Shown::Elided { words } => note(edge, words),
        };
        let _ = writeln!(text, "    {line}");
    }
    text
}

/// Who is in doubt at a row, where time passes.
fn in_doubt(of: &Diagram, row: usize) -> String {
    let doubtful = |&lane: &usize| of.state(lane, row) == Some(State::InDoubt);
    let lanes: Vec<&str> = (0..of.lanes.len())
        .filter(doubtful)
        .map(|lane| of.lanes[lane].as_str())
        .collect();
    match lanes.is_empty() {
        true => String::new(),
        false => format!(", in doubt: {}", lanes.join(", ")),
    }
}

fn note(over: &str, words: &str) -> String {
    let lines = textwrap::wrap(words, WIDEST);
    let lines: Vec<String> = lines.iter().map(|line| plain(line)).collect();
    format!("Note over {over}: {}", lines.join("<br/>"))
}

/// Words that mean nothing to Mermaid: what would end a statement, begin an
/// entity, or look like markup is written as an entity.
fn plain(words: &str) -> String {
    let mut text = String::new();
    for glyph in words.chars() {
        match glyph {
            '#' | ';' | '<' | '&' | '"' | '%' | '{' | '}' | '`' | '\\' => {
                let _ = write!(text, "#{};", u32::from(glyph));
            }
            control if control.is_control() => text.push(' '),
            _ => text.push(glyph),
        }
    }
    // The word alone would end a block.
    match text.trim() {
        "" => "-".to_owned(),
        word if word.eq_ignore_ascii_case("end") => format!("({word})"),
        word => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_mermaid_would_misread_are_entities() {
        assert_eq!(plain("c0.0#1.0; 1 -> 2"), "c0.0#35;1.0#59; 1 -> 2");
        assert_eq!(plain("end"), "(end)");
        assert_eq!(plain(""), "-");
    }
}
