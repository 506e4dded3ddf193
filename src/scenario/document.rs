//! A scenario file, the files that it is based on and what is set beside it:
//! first their texts, then one table of all that they say.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::diagnostics::{Problem, Problems};
use super::merge::{self, Table};
use super::names::quote;
use super::set;
use super::sources::Sources;

/// A base has a base has a base: so many files in all.
const MOST_FILES: usize = 8;

/// Where other files come from; the error says why one cannot be read.
pub(super) type Library<'l> = &'l dyn Fn(&Path) -> Result<String, String>;

/// The texts of a scenario.
pub(super) struct Document {
    pub(super) sources: Sources,
    /// Where each file begins, that of the deepest base first.
    files: Vec<usize>,
    /// And each `--set`.
    sets: Vec<usize>,
    /// What is wrong with the way in which files name their bases.
    problem: Option<Problem>,
}

struct SourceFile {
    name: String,
    text: String,
}

impl Document {
    /// Fetches a file's bases. Without a library the text must stand for itself.
    pub(super) fn new(
        name: &str,
        text: String,
        sets: &[String],
        library: Option<Library<'_>>,
    ) -> Self {
        let (files, mut problem) = with_bases(name, text, library);
        let mut sources = Sources::default();
        let add = |(n, file): (usize, &SourceFile)| {
            let start = sources.add(&file.name, &file.text);
            // Only the base of the last one can be wrong: else there were more.
            if n == 0 {
                problem = problem.take().map(|problem| problem.shifted(start));
            }
            start
        };
        let files = files.iter().rev().enumerate().map(add).collect();
        sources.last_is_main();
        let sets = sets.iter().map(|set| sources.add("--set", set)).collect();
        Document {
            sources,
            files,
            sets,
            problem,
        }
    }

    /// The same, with another flag's name for what is set.
    pub(super) fn set_by(mut self, flag: &str) -> Self {
        for &start in &self.sets {
            self.sources.rename(start, flag);
        }
        self
    }

    /// All that is said, in one table; `None` if some of it cannot be read.
    pub(super) fn table(&self, problems: &mut Problems) -> Option<Table<'_>> {
        let mut merged = Some(Table::new());
        for &start in &self.files {
            let own = table(self.sources.at(start).text, start, problems);
            merged = laid_over(merged, own, start);
        }
        if let Some(problem) = &self.problem {
            problems.push(problem.clone());
            return None;
        }
        let mut merged = merged?;
        for &start in &self.sets {
            let text = self.sources.at(start).text;
            if let Err(problem) = set::set(&mut merged, text, start) {
                problems.push(problem);
            }
        }
        Some(merged)
    }
}

fn laid_over<'t>(
    base: Option<Table<'t>>,
    over: Option<Table<'t>>,
    start: usize,
) -> Option<Table<'t>> {
    let (mut base, mut over) = (base?, over?);
    // What a scenario is called is its own.
    base.remove("name");
    over.remove("base");
    merge::documents(&mut base, merge::shifted(over, start));
    Some(base)
}

/// The file, its base, the base's base and so on, as far as they can be had.
fn with_bases(
    name: &str,
    text: String,
    library: Option<Library<'_>>,
) -> (Vec<SourceFile>, Option<Problem>) {
    let mut files = vec![SourceFile {
        name: name.to_owned(),
        text,
    }];
    loop {
        match base_of(&files, library) {
            Ok(Some(base)) => files.push(base),
            Ok(None) => return (files, None),
            Err(problem) => return (files, Some(problem)),
        }
    }
}

/// The base of the last of these files.
fn base_of(
    files: &[SourceFile],
    library: Option<Library<'_>>,
) -> Result<Option<SourceFile>, Problem> {
    let Some(base) = files.last().map(|f| f.base()).transpose()?.flatten() else {
        return Ok(None);
    };
    let wrong = |title: String| Problem::at(base.span(), title);
    let Some(library) = library else {
        let title = "a text that is not read from a file has no base";
        return Err(wrong(title.to_owned())
            .help("the path of a base goes from the folder of the file that names it"));
    };
    let from = files.last().map_or("", |file| &file.name);
    let folder = Path::new(from).parent().unwrap_or(Path::new(""));
    let path = folder.join(base.get_ref());
    let name = path.display().to_string();
    let same = |file: &SourceFile| plain(Path::new(&file.name)) == plain(&path);
    if files.iter().any(same) {
        let chain: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
        return Err(
            wrong("this file is in the end based on itself".to_owned()).help(format!(
                "each has the next as its base: {}, {name}",
                chain.join(", ")
            )),
        );
    }
    if files.len() == MOST_FILES {
        let title = format!("more than {MOST_FILES} files, each the base of another");
        return Err(wrong(title).help("let files share one base instead"));
    }
    let text = library(&path).map_err(|why| {
        wrong(format!("the base {} cannot be read: {why}", quote(&name)))
            .help("the path goes from the folder of this file")
    })?;
    Ok(Some(SourceFile { name, text }))
}

/// The path without detours.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        let inside = matches!(plain.components().next_back(), Some(Component::Normal(_)));
        match component {
            Component::CurDir => {}
            Component::ParentDir if inside => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

impl SourceFile {
    /// What the file says of its base.
    fn base(&self) -> Result<Option<Spanned<String>>, Problem> {
        let Ok(table) = DeTable::parse(&self.text) else {
            return Ok(None);
        };
        let Some(said) = table.get_ref().get("base") else {
            return Ok(None);
        };
        match said.get_ref() {
            DeValue::String(path) if !path.is_empty() => {
                Ok(Some(Spanned::new(said.span(), path.clone().into_owned())))
            }
            _ => Err(Problem::at(
                said.span(),
                "a base is the path of a scenario file, in quotes",
            )
            .help(
                "for example `base = \"points-mall.toml\"`: what is not said here is as it says",
            )),
        }
    }
}

/// The table of a text; `None` if it is not TOML.
fn table<'t>(text: &'t str, start: usize, problems: &mut Problems) -> Option<Table<'t>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Some(table.into_inner());
    }
    // The parser goes on after a mistake, and may stumble over its rest.
    let mut told = 0;
    for error in errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        if span.start < told {
            continue;
        }
        let problem = match twice(text, &error, &span) {
            Some(name) => {
                told = end(text, &span, "\n[");
                Problem::at(span, format!("the section `[{name}]` is there twice"))
                    .help(format!("where there may be several, each is `[[{name}]]`"))
            }
            None => {
                told = end(text, &span, "\n");
                not_toml(&error, span)
            }
        };
        problems.push(problem.shifted(start));
    }
    None
}

/// The name of a section that is there once more, if that is the mistake.
fn twice<'t>(text: &'t str, error: &Error, span: &Range<usize>) -> Option<&'t str> {
    let begin = text.get(..span.start)?.rfind('\n').map_or(0, |n| n + 1);
    let line = text[begin..].lines().next()?;
    let name = line.trim_start().strip_prefix('[')?.split(']').next()?;
    (error.message() == "duplicate key" && !name.starts_with('[')).then_some(name)
}

/// Where the next of these begins, from a place on.
fn end(text: &str, from: &Range<usize>, next: &str) -> usize {
    let rest = text.get(from.start..).unwrap_or_default();
    rest.find(next).map_or(text.len(), |n| from.start + n)
}

/// Text that is not TOML.
pub(super) fn not_toml(error: &Error, span: Range<usize>) -> Problem {
    let message = error.message();
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let mut problem = Problem::at(span, format!("this is not TOML: {what}"));
    if !["", "nothing"].contains(&expected) {
        problem = problem.label(format!("expected {expected}"));
    }
    problem
}
