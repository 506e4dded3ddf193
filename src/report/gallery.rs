//! A gallery: charts that belong together, with what is to be seen in each, and the
//! page that shows them.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::invocation::in_a_clone;

/// What a gallery shows, in order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gallery {
    /// The heading of its page.
    pub title: String,
    /// What the page begins with, as Markdown.
    pub about: String,
    /// All charts on one sheet, if that is wanted.
    pub poster: Option<Poster>,
    /// Its charts.
    #[serde(rename = "chart")]
    pub charts: Vec<Entry>,
}

/// All charts on one sheet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poster {
    /// What stands on top.
    pub says: String,
    /// What it is about, in smaller letters.
    pub about: String,
}

/// A chart of a gallery.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What its file is called.
    pub name: String,
    /// The heading over it.
    pub heading: String,
    /// What is to be seen, as Markdown.
    pub text: String,
    /// The command that draws it, as after the name of the program, without the file
    /// that it is drawn to.
    pub command: String,
}

/// A picture on light and on dark paper: where it is, from the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// On light paper.
    pub light: PathBuf,
    /// On dark paper.
    pub dark: PathBuf,
}

impl Gallery {
    /// Reads a gallery.
    ///
    /// # Errors
    /// What is wrong with the file, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let gallery: Gallery = toml::from_str(text).map_err(|error| error.to_string())?;
        for (n, entry) in gallery.charts.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if entry.name.is_empty() || !entry.name.chars().all(plain) || entry.name == POSTER {
                return Err(format!(
                    "`{}` cannot be a chart's name: it is a file's, of a-z, 0-9 and -, and not \
                     `{POSTER}`",
                    entry.name
                ));
            }
            if gallery.charts[..n]
                .iter()
                .any(|other| other.name == entry.name)
            {
                return Err(format!("two charts are called `{}`", entry.name));
            }
        }
        Ok(gallery)
    }

    /// The charts of these names; all, if none is named.
    ///
    /// # Errors
    /// When there is none of a name.
    pub fn wanted(&self, names: &[String]) -> Result<Vec<&Entry>, String> {
        let known = |name: &String| self.charts.iter().any(|entry| entry.name == *name);
        if let Some(unknown) = names.iter().find(|name| !known(name)) {
            let names: Vec<&str> = self
                .charts
                .iter()
                .map(|entry| entry.name.as_str())
                .collect();
            return Err(format!(
                "there is no chart `{unknown}`; there are {}",
                names.join(", ")
            ));
        }
        let wanted = |entry: &&Entry| names.is_empty() || names.contains(&entry.name);
        Ok(self.charts.iter().filter(wanted).collect())
    }

    /// The page, as Markdown.
    pub fn page(&self) -> String {
        let mut page = format!("# {}\n\n{}\n", self.title, self.about.trim());
        if let Some(poster) = &self.poster {
            let _ = write!(page, "\n{}\n", Picture::poster().markdown(&poster.says));
        }
        for (n, entry) in self.charts.iter().enumerate() {
            let _ = write!(
                page,
                "\n## {}. {}\n\n{}\n\n{}\n\n```console\n$ {}\n```\n",
                n + 1,
                entry.heading,
                entry.text.trim(),
                entry.picture().markdown(&entry.heading),
                in_a_clone(&entry.to_file()),
            );
        }
        page
    }
}

/// What the sheet with all charts is called.
const POSTER: &str = "poster";

impl Picture {
    fn named(name: &str) -> Self {
        let file = |ending: &str| Path::new("gallery").join(format!("{name}{ending}.svg"));
        Picture {
            light: file(""),
            dark: file("-dark"),
        }
    }

    /// The sheet with all charts.
    pub fn poster() -> Self {
        Picture::named(POSTER)
    }

    /// As readers of light and of dark pages see it.
    fn markdown(&self, says: &str) -> String {
        format!(
            "<picture>\n  <source media=\"(prefers-color-scheme: dark)\" srcset=\"{}\">\n  <img \
             alt=\"{says}\" src=\"{}\">\n</picture>",
            self.dark.display(),
            self.light.display(),
        )
    }
}

impl Entry {
    /// Where it is drawn to.
    pub fn picture(&self) -> Picture {
        Picture::named(&self.name)
    }

    /// The command with the flag that says where to.
    fn to_file(&self) -> String {
        let flag = match self.command.starts_with("measure") {
            true => "--chart",
            false => "--out",
        };
        format!("{} {flag} {}.svg", self.command.trim(), self.name)
    }

    /// The program's arguments, its own name first.
    ///
    /// # Errors
    /// When the command draws nothing, or a quotation mark has no other.
    pub fn arguments(&self) -> Result<Vec<String>, String> {
        let words = shlex::split(&self.to_file());
        let words = words.ok_or("a quotation mark of the command has no other")?;
        match words.first().map(String::as_str) {
            Some("chart" | "measure") => {}
            _ => return Err("a chart is drawn by `chart` or by `measure`".to_owned()),
        }
        Ok(["indoubt".to_owned()].into_iter().chain(words).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"
        title = "Two charts"
        about = "Of them."

        [[chart]]
        name = "costs"
        heading = "What it costs"
        text = "Look."
        command = "chart a.toml --of costs"

        [[chart]]
        name = "cliff"
        heading = "The cliff"
        text = "Look again."
        command = "measure a.toml --set 'about=it is so'"
    "#;

    #[test]
    fn a_page_shows_every_chart_with_the_command_that_draws_it() {
        insta::assert_snapshot!(Gallery::parse(TWO).expect("a gallery").page());
    }

    #[test]
    fn a_command_is_read_as_a_shell_reads_it() {
        let gallery = Gallery::parse(TWO).expect("a gallery");
        let words = gallery.charts[1].arguments();
        let wanted = [
            "indoubt",
            "measure",
            "a.toml",
            "--set",
            "about=it is so",
            "--chart",
        ];
        assert_eq!(words.expect("words")[..6], wanted);
    }

    #[test]
    fn what_is_wrong_with_a_gallery_is_said() {
        let same = TWO.replace("name = \"cliff\"", "name = \"costs\"");
        assert_eq!(
            Gallery::parse(&same).err(),
            Some("two charts are called `costs`".to_owned())
        );
        let path = TWO.replace("name = \"cliff\"", "name = \"../cliff\"");
        assert!(Gallery::parse(&path).is_err_and(|why| why.contains("cannot be a chart's name")));
        let key = TWO.replace("heading", "headline");
        assert!(Gallery::parse(&key).is_err_and(|why| why.contains("headline")));
        let gallery = Gallery::parse(TWO).expect("a gallery");
        let unknown = gallery.wanted(&["cliffs".to_owned()]).err();
        assert_eq!(
            unknown.as_deref(),
            Some("there is no chart `cliffs`; there are costs, cliff")
        );
    }
}
