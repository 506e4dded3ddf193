//! What is wrong with a scenario file: where, what, and what is accepted.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::names::{list, meant};

/// How wide the text beside the file's own may be.
const WIDTH: usize = 80;

/// Everything that is wrong with a scenario file, in the order of the file.
/// [`Display`](fmt::Display) is [`render`](Self::render) without colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioErrors {
    file: String,
    text: String,
    problems: Vec<Problem>,
}

/// How diagnostics are dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// With the escape codes of a terminal.
    Coloured,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// What is wrong, in the scenario's words.
    title: String,
    /// Where; `None` if it is nowhere in the file, because it is missing.
    span: Option<Range<usize>>,
    /// What is said right there.
    label: String,
    /// Other places that have to do with it.
    context: Vec<(Range<usize>, String)>,
    /// What is accepted, and why.
    help: Vec<String>,
}

impl Problem {
    /// Something wrong at this place.
    pub(super) fn at(span: Range<usize>, title: impl Into<String>) -> Self {
        Problem {
            title: title.into(),
            span: Some(span),
            label: String::new(),
            context: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Something that the file does not say anywhere.
    pub(super) fn missing(title: impl Into<String>) -> Self {
        Problem {
            span: None,
            ..Problem::at(0..0, title)
        }
    }

    /// What is said right under the underlined text.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Another place that has to do with it.
    pub(super) fn beside(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.context.push((span, label.into()));
        self
    }

    /// What is accepted, or why it is so.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Which of the names that there are was probably meant, and which there
    /// are.
    pub(super) fn accepts(self, written: &str, plural: &str, names: &[&str]) -> Self {
        let problem = match meant(written, names.iter().copied()) {
            Some(name) => self.label(format!("did you mean `{name}`?")),
            None => self,
        };
        problem.help(match names {
            [] => format!("the scenario has no {plural}"),
            names => format!("{plural}: {}", list(names)),
        })
    }
}

/// Problems as they are found. Reading goes on after one, so that a file's
/// mistakes come in one go.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// The most that are shown: more than these nobody reads.
    const MOST: usize = 20;

    pub(super) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems of this file, in its order.
    pub(super) fn of(mut self, file: &str, text: &str) -> ScenarioErrors {
        self.0
            .sort_by_key(|p| p.span.as_ref().map_or(usize::MAX, |span| span.start));
        ScenarioErrors {
            file: file.to_owned(),
            text: text.to_owned(),
            problems: self.0,
        }
    }
}

impl ScenarioErrors {
    /// A file that could not even be read.
    pub(super) fn unreadable(file: &str, why: &str) -> Self {
        let mut problems = Problems::default();
        problems.push(Problem::missing(format!("the file cannot be read: {why}")));
        problems.of(file, "")
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.problems.len()
    }

    /// The diagnostics as text: file, line, column, the text in question
    /// underlined, what is wrong with it and what is accepted.
    pub fn render(&self, style: Style) -> String {
        let renderer = match style {
            Style::Plain => Renderer::plain(),
            Style::Coloured => Renderer::styled(),
        };
        let shown = self.problems.len().min(Problems::MOST);
        let mut text = String::new();
        for problem in &self.problems[..shown] {
            text.push_str(&renderer.render(&[self.group(problem)]));
            text.push_str("\n\n");
        }
        if shown < self.problems.len() {
            let more = self.problems.len() - shown;
            text.push_str(&format!("and {more} more\n\n"));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let title = Level::ERROR.primary_title(problem.title.as_str());
        let mut group = Group::with_title(title);
        if problem.span.is_none() {
            group = group.element(Origin::path(self.file.as_str()));
        }
        if let Some(span) = &problem.span {
            let mut snippet = Snippet::source(self.text.as_str())
                .path(self.file.as_str())
                .annotation(
                    AnnotationKind::Primary
                        .span(self.within(span))
                        .label((!problem.label.is_empty()).then(|| Cow::from(&problem.label))),
                );
            for (span, label) in &problem.context {
                snippet = snippet.annotation(
                    AnnotationKind::Context
                        .span(self.within(span))
                        .label(label.as_str()),
                );
            }
            group = group.element(snippet);
        }
        group.elements(
            problem
                .help
                .iter()
                .map(|help| Level::HELP.message(wrapped(help))),
        )
    }

    /// The span, cut to what the text has.
    fn within(&self, span: &Range<usize>) -> Range<usize> {
        let end = span.end.min(self.text.len());
        span.start.min(end)..end
    }
}

/// Broken into lines, but never within a name.
fn wrapped(help: &str) -> String {
    let options = textwrap::Options::new(WIDTH)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(help, options)
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Style::Plain))
    }
}

impl std::error::Error for ScenarioErrors {}
