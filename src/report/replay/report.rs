//! A bug report for a tracker, in Markdown: what was promised, what happened,
//! the diagram, and all that is needed to run it again.

use std::fmt::Write;

use super::account::account;
use super::{Replay, Subject};
use crate::report::claims::claim;
use crate::report::diagram::mermaid;
use crate::report::invocation::{in_a_clone, words_of};
use crate::report::{Invocation, quoted};

/// The report. `toml` is the whole scenario with everything that was set.
pub fn markdown(of: &Replay<'_>, toml: &str) -> String {
    let mut text = String::new();
    let protocol = of.trial.protocol;
    let scenario = &of.scenario.name;
    match of.subject {
        Subject::Broken(promise, violation) => {
            let name = of.scenario.promise_name(promise);
            let _ = writeln!(text, "# {name}: violated under {protocol} in {scenario}\n");
            let _ = writeln!(text, "**Promised:** {}\n", claim(of.scenario, promise));
            let _ = writeln!(text, "**Found:** {}.", violation.what);
            if violation.more > 0 {
                let _ = writeln!(text, "(And {} more of the kind.)", violation.more);
            }
            text.push('\n');
        }
        Subject::Request(request) => {
            let _ = writeln!(text, "# Request {request} under {protocol} in {scenario}\n");
        }
        Subject::Everything | Subject::Nothing(_) => {
            let _ = writeln!(text, "# {scenario} under {protocol}\n");
        }
    }
    for safeguard in of.trial.safeguards.missing() {
        let _ = writeln!(text, "**Without** `{safeguard}`: {}\n", safeguard.without());
    }
    text.push_str("## What happened\n\n");
    for (n, sentence) in account(of).iter().enumerate() {
        let _ = writeln!(text, "{}. {}", n + 1, plain(sentence));
    }
    let _ = writeln!(text, "\n```mermaid\n{}```\n", mermaid(&of.diagram));
    text.push_str(&again(of, toml));
    text
}

/// What is needed to see it again, elsewhere. The scenario has everything that was
/// set, so the line needs no more than a file of that text.
fn again(of: &Replay<'_>, toml: &str) -> String {
    let file = file_name(&of.scenario.name);
    let alone = Invocation {
        file: file.clone(),
        // What a hunt draws is in the text, and so is what was set.
        transactions: of.invocation.transactions.filter(|_| !of.invocation.swarm),
        sets: Vec::new(),
        swarm: false,
        ..of.invocation.clone()
    };
    let line = alone.replay(of.trial.protocol, of.trial.digest);
    let line = in_a_clone(words_of(&line));
    let fence = fence(toml);
    let toml = toml.trim_end();
    format!(
        "## See it again\n\n\
         Save the scenario as `{file}` in a clone of InDoubt, and paste\n\n\
         ```console\n$ {line}\n```\n\n\
         It gives the same history, bit for bit, and says so.\n\n\
         {fence}toml\n{toml}\n{fence}\n\n\
         ## Versions\n\n\
         - indoubt {}\n\
         - scenario `{}`, seed {}, {}\n\
         - history of {} events, digest `{}`\n",
        env!("CARGO_PKG_VERSION"),
        of.scenario.name,
        of.trial.seed,
        of.trial.protocol,
        of.trial.events,
        of.trial.digest,
    )
}

/// A file's name that no shell and no file system misreads.
fn file_name(scenario: &str) -> String {
    let safe = |c: char| {
        if c.is_alphanumeric() || c == '-' || c == '_' {
            c
        } else {
            '-'
        }
    };
    let name: String = scenario.chars().map(safe).collect();
    let name = name.trim_matches('-');
    let file = format!("{}.toml", if name.is_empty() { "scenario" } else { name });
    match quoted(&file) == file {
        true => file,
        false => "scenario.toml".to_owned(),
    }
}

/// A fence that is longer than any in the text.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// Words that Markdown would take for markup are escaped.
fn plain(sentence: &str) -> String {
    let mut text = String::new();
    for glyph in sentence.chars() {
        if matches!(glyph, '*' | '_' | '`' | '<' | '#' | '\\' | '[' | ']' | '|') {
            text.push('\\');
        }
        text.push(glyph);
    }
    text
}
