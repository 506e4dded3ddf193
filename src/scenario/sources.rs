//! The texts of which a scenario is made, in one space of addresses: a span says
//! by itself which text it is in.

use std::ops::Range;

/// The texts, one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    /// All of them, with a line break between.
    text: String,
    /// Where each begins, in the order of the addresses.
    starts: Vec<(usize, String)>,
    /// Which of them is the file that was asked for.
    main: usize,
}

/// One text, and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Source<'s> {
    pub(super) name: &'s str,
    pub(super) text: &'s str,
    pub(super) start: usize,
}

impl Source<'_> {
    /// The span within this text, cut to what the text has.
    pub(super) fn within(&self, span: &Range<usize>) -> Range<usize> {
        let cut = |at: usize| at.saturating_sub(self.start).min(self.text.len());
        let end = cut(span.end);
        cut(span.start).min(end)..end
    }
}

impl Sources {
    /// Adds a text; its own addresses go up by what comes back.
    pub(super) fn add(&mut self, name: &str, text: &str) -> usize {
        let start = self.text.len();
        self.starts.push((start, name.to_owned()));
        self.text.push_str(text);
        self.text.push('\n');
        start
    }

    /// Calls the text that begins at this address by another name.
    pub(super) fn rename(&mut self, start: usize, name: &str) {
        let mut starts = self.starts.iter_mut();
        if let Some((_, known)) = starts.find(|(at, _)| *at == start) {
            name.clone_into(known);
        }
    }

    /// Says that the text that was added last is the file that was asked for.
    pub(super) fn last_is_main(&mut self) {
        self.main = self.starts.len().saturating_sub(1);
    }

    /// The name of the file that was asked for.
    pub(super) fn main_name(&self) -> &str {
        self.starts.get(self.main).map_or("", |(_, name)| name)
    }

    /// Everything, by address.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text in which an address lies.
    pub(super) fn at(&self, address: usize) -> Source<'_> {
        let next = self.starts.partition_point(|(start, _)| *start <= address);
        let Some((start, name)) = self.starts.get(next.saturating_sub(1)) else {
            return Source {
                name: "",
                text: "",
                start: 0,
            };
        };
        let end = self.starts.get(next).map_or(self.text.len(), |(s, _)| *s);
        Source {
            name,
            text: self.text.get(*start..end - 1).unwrap_or_default(),
            start: *start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_its_text() {
        let mut sources = Sources::default();
        assert_eq!(sources.add("base.toml", "seed = 1\n"), 0);
        let start = sources.add("own.toml", "seed = 2");
        sources.last_is_main();
        let set = sources.add("--set", "seed=3");
        assert_eq!(sources.main_name(), "own.toml");
        for (address, name) in [(0, "base.toml"), (8, "base.toml"), (start, "own.toml")] {
            assert_eq!(sources.at(address).name, name);
        }
        let end = sources.at(set - 1);
        assert_eq!((end.name, end.text), ("own.toml", "seed = 2"));
        assert_eq!(sources.at(set).within(&(set + 5..set + 9)), 5..6);
        assert_eq!(sources.at(9_999).text, "seed=3");
    }
}
