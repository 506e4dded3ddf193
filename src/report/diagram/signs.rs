//! The signs of the terminal: lines and boxes, or plain ASCII.

use textwrap::core::display_width;

use super::canvas::in_ascii;

/// With which signs it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// Lines and boxes.
    Unicode,
    /// Nothing that ASCII has not.
    Ascii,
}

/// The glyphs of a set of signs.
pub(super) struct Glyphs {
    pub(super) lane: char,
    pub(super) locked: char,
    pub(super) in_doubt: char,
    pub(super) paused: char,
    pub(super) down: char,
    pub(super) quiet: char,
    pub(super) tail: char,
    pub(super) level: char,
    pub(super) late: char,
    pub(super) copy: char,
    pub(super) left: char,
    pub(super) right: char,
    pub(super) lost: char,
    pub(super) deed: char,
    pub(super) forced: char,
    pub(super) death: char,
    pub(super) rule: char,
    /// Stands for what is cut off.
    pub(super) cut: char,
}

impl Signs {
    pub(super) fn glyphs(self) -> Glyphs {
        match self {
            Signs::Unicode => Glyphs {
                lane: '│',
                locked: '┃',
                in_doubt: '?',
                paused: '‖',
                down: ' ',
                quiet: '┊',
                tail: 'o',
                level: '─',
                late: '┄',
                copy: '═',
                left: '<',
                right: '>',
                lost: 'x',
                deed: '●',
                forced: '■',
                death: 'X',
                rule: '━',
                cut: '…',
            },
            Signs::Ascii => Glyphs {
                lane: '|',
                locked: '#',
                in_doubt: '?',
                paused: '"',
                down: ' ',
                quiet: ':',
                tail: 'o',
                level: '-',
                late: '.',
                copy: '=',
                left: '<',
                right: '>',
                lost: 'x',
                deed: '*',
                forced: '@',
                death: 'X',
                rule: '=',
                cut: '.',
            },
        }
    }

    pub(super) fn words(self, text: &str) -> String {
        match self {
            Signs::Unicode => text.to_owned(),
            Signs::Ascii => in_ascii(text),
        }
    }

    /// As much of a name as there is room for, and a sign that it has more.
    pub(super) fn cut(self, name: &str, room: usize) -> String {
        if display_width(name) <= room {
            return name.to_owned();
        }
        let mut text = String::new();
        for glyph in name.chars() {
            let longer = format!("{text}{glyph}");
            if display_width(&longer) >= room {
                break;
            }
            text = longer;
        }
        text.push(self.glyphs().cut);
        text
    }
}
