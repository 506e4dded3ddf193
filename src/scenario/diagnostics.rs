//! What is wrong with a scenario file: where, what, and what is accepted.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::names::{list, meant};
use super::sources::{Source, Sources};

/// How wide the text beside the file's own may be.
const WIDTH: usize = 80;

/// Everything that is wrong with a scenario file, in the order of the file; what
/// is wrong with its base comes before that.
/// [`Display`](fmt::Display) is [`render`](Self::render) without colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioErrors {
    sources: Sources,
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

    /// The same, so much further on in the space of addresses.
    pub(super) fn shifted(mut self, by: usize) -> Self {
        let on = |span: Range<usize>| span.start + by..span.end + by;
        self.span = self.span.map(on);
        self.context = self.context.into_iter().map(|(s, l)| (on(s), l)).collect();
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

    pub(super) fn append(&mut self, mut other: Problems) {
        self.0.append(&mut other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems of these texts, in their order.
    pub(super) fn of(mut self, sources: Sources) -> ScenarioErrors {
        self.0
            .sort_by_key(|p| p.span.as_ref().map_or(usize::MAX, |span| span.start));
        ScenarioErrors {
            sources,
            problems: self.0,
        }
    }
}

impl ScenarioErrors {
    /// A file that could not even be read, and what to do about it.
    pub(super) fn unreadable(file: &str, why: &str, help: Vec<String>) -> Self {
        let mut problems = Problems::default();
        let problem = Problem::missing(format!("the file cannot be read: {why}"));
        problems.push(Problem { help, ..problem });
        let mut sources = Sources::default();
        sources.add(file, "");
        problems.of(sources)
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
        match &problem.span {
            None => group = group.element(Origin::path(self.sources.main_name())),
            Some(span) => {
                let own = self.sources.at(span.start);
                let label = (!problem.label.is_empty()).then(|| Cow::from(&problem.label));
                let primary = AnnotationKind::Primary.span(own.within(span)).label(label);
                group = group.element(self.snippet(own, Some(primary), problem));
                for other in self.others(own, problem) {
                    group = group.element(self.snippet(other, None, problem));
                }
            }
        }
        group.elements(
            problem
                .help
                .iter()
                .map(|help| Level::HELP.message(wrapped(help))),
        )
    }

    /// What is shown of one text.
    fn snippet<'a>(
        &'a self,
        source: Source<'a>,
        primary: Option<Annotation<'a>>,
        problem: &'a Problem,
    ) -> Snippet<'a, Annotation<'a>> {
        let beside = problem
            .context
            .iter()
            .filter(|(span, _)| self.sources.at(span.start).start == source.start)
            .map(|(span, label)| {
                AnnotationKind::Context
                    .span(source.within(span))
                    .label(label.as_str())
            });
        Snippet::source(source.text)
            .path(source.name)
            .annotations(primary.into_iter().chain(beside))
    }

    /// The other texts that have to do with a problem.
    fn others<'a>(&'a self, own: Source<'a>, problem: &'a Problem) -> Vec<Source<'a>> {
        let mut others: Vec<Source<'a>> = Vec::new();
        for (span, _) in &problem.context {
            let source = self.sources.at(span.start);
            if source.start != own.start && others.iter().all(|o| o.start != source.start) {
                others.push(source);
            }
        }
        others
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
