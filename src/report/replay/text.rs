//! The screen of a replay, and of two histories side by side.

use super::{Compared, Replay, Subject};
use crate::report::Judgement;
use crate::report::claims::claim;
use crate::report::diagram::{self, Signs, in_ascii};
use crate::report::page::{Page, section};
use crate::report::quoted;
use crate::report::saved::{Header, Parting, Told};
use crate::report::style::{BAD, GOOD, QUIET, TITLE, paint};
use crate::report::words::{counted, list};

/// A replay as text with ANSI styles.
pub fn screen(of: &Replay<'_>, page: Page) -> String {
    let text = told(of, page);
    match of.signs {
        Signs::Unicode => text,
        Signs::Ascii => in_ascii(&text),
    }
}

fn told(of: &Replay<'_>, page: Page) -> String {
    if !of.beside.is_empty() {
        return held(of, page);
    }
    let mut text = title(of);
    text.push_str(&comparison(of, page));
    match of.subject {
        Subject::Broken(promise, violation) => {
            let name = of.scenario.promise_name(promise);
            text.push_str(&section(&format!(
                "Violated under {}: {name}",
                of.trial.protocol
            )));
            text.push_str(&page.paragraph(&claim(of.scenario, promise), "  promised  ", HANG));
            text.push_str(&page.paragraph(&violation.what, "  found     ", HANG));
        }
        Subject::Request(request) => {
            text.push_str(&section(&format!(
                "Request {request} under {}",
                of.trial.protocol
            )));
        }
        Subject::Everything => {
            text.push_str(&section(&format!(
                "The whole run under {}",
                of.trial.protocol
            )));
        }
        Subject::Nothing(request) => {
            let held = format!("No promise broke under {}.", of.trial.protocol);
            text.push('\n');
            text.push_str(&page.paragraph(&held, "", ""));
            text.push_str(&match request {
                Some(request) => format!(
                    "  --request {request} draws a request all the same, --all the whole run\n"
                ),
                None => "  --all draws the whole run\n".to_owned(),
            });
            return text;
        }
    }
    text.push('\n');
    text.push_str(&diagram::text(&of.diagram, of.signs, page));
    text.push_str(&others(of, page));
    text + &section("Again") + &format!("  {}\n", of.again)
}

/// No promise broke under any protocol: what each run comes to, and how to look
/// at one all the same.
fn held(of: &Replay<'_>, page: Page) -> String {
    let of_all = format!("seed {}, every protocol", of.trial.seed);
    let mut text = paint(TITLE, &of.scenario.name) + "  " + &paint(QUIET, &of_all) + "\n";
    let rows = of.trials().map(|trial| {
        let said = match of.judged(trial) {
            Judgement::AsExpected => "as expected",
            Judgement::Inconclusive => "inconclusive",
            Judgement::NotAsExpected => "not as expected: something should break",
        };
        let words = format!("no promise broke, {said}; digest {}", trial.digest);
        (trial.protocol.name().to_owned(), words)
    });
    text.push_str(&page.entries(&rows.collect::<Vec<_>>()));
    text.push('\n');
    text.push_str(&page.paragraph(
        "Look at a request all the same, under the protocol that you name:",
        "",
        "",
    ));
    // Of something distributed, if there is any.
    let shown = of.trials().nth(1).unwrap_or(of.trial);
    let line = of.invocation.replay(shown.protocol, shown.digest);
    let what = match of.subject {
        Subject::Nothing(Some(request)) => format!("--request {request}"),
        _ => "--all".to_owned(),
    };
    text + &format!("  {line} {what}\n")
}

const HANG: &str = "            ";

fn title(of: &Replay<'_>) -> String {
    format!(
        "{}  {}\n",
        paint(TITLE, &of.scenario.name),
        paint(QUIET, &of.run())
    )
}

fn comparison(of: &Replay<'_>, page: Page) -> String {
    let trial = of.trial;
    let events = counted(trial.events, "event", "events");
    let run = format!("Replayed: {events}, digest {}", trial.digest);
    match &of.compared {
        Compared::Nothing => page.paragraph(&format!("{run}."), "", ""),
        Compared::Digest(digest) if *digest == trial.digest => {
            paint(GOOD, &format!("{run}, as it should be.")) + "\n"
        }
        Compared::Digest(digest) => {
            let words = format!(
                "{run}, but it should be {digest}: another run than was meant. Save both (`run \
                 ... --save FILE`), and `diff` says where they part."
            );
            painted(&page.paragraph(&words, "", ""))
        }
        Compared::Saved(digest, None) if *digest == trial.digest => {
            paint(GOOD, &format!("{run}, the same as saved.")) + "\n"
        }
        Compared::Saved(digest, None) => {
            let words = format!(
                "{run}. Every event is as saved, but the digest in the file is {digest}: it \
                 belongs to another history."
            );
            painted(&page.paragraph(&words, "", ""))
        }
        Compared::Saved(digest, Some(parting)) => {
            let words = match *digest == trial.digest {
                true => format!(
                    "{run}, the same as the file says; but the events in the file are not those \
                     of this run. Somebody has changed them."
                ),
                false => format!("{run}, but the saved history has {digest}."),
            };
            painted(&page.paragraph(&words, "", "")) + &parted(parting, ("saved", "this run"))
        }
    }
}

fn painted(text: &str) -> String {
    text.lines().map(|line| paint(BAD, line) + "\n").collect()
}

/// Where two histories part: the event that both have last, and what each has
/// instead.
fn parted(of: &Parting, (one, other): (&str, &str)) -> String {
    let same_words = match (&of.one, &of.other) {
        (Some(one), Some(other)) => seen(one) == seen(other),
        _ => false,
    };
    let told = |told: &Option<Told>| match told {
        None => "nothing: it is over".to_owned(),
        // What the words leave out must tell them apart.
        Some(told) if same_words => format!("{}  {}", seen(told), told.whole()),
        Some(told) => seen(told),
    };
    let width = one.len().max(other.len()).max("both".len());
    let mut text = section(&format!("They part at event {}", of.nth));
    if let Some(before) = &of.before {
        text.push_str(&format!("  {:width$}  {}\n", "both", seen(before)));
    }
    text.push_str(&format!("  {one:width$}  {}\n", told(&of.one)));
    text.push_str(&format!("  {other:width$}  {}\n", told(&of.other)));
    text
}

/// Time, node and words.
fn seen(told: &Told) -> String {
    format!("{} ms  {}  {}", told.at, told.node, told.words())
}

fn others(of: &Replay<'_>, page: Page) -> String {
    let others = of.others();
    if others.is_empty() {
        return String::new();
    }
    let names: Vec<String> = others
        .iter()
        .map(|promise| {
            let name = of.scenario.promise_name(*promise);
            format!("--promise {}", quoted(name))
        })
        .collect();
    let words = format!("Broken as well, and shown by {}.", list(names));
    format!("\n{}", page.paragraph(&words, "", ""))
}

/// Two saved histories side by side.
pub fn difference(
    (one, header): (&str, &Header),
    (other, theirs): (&str, &Header),
    parting: Option<&Parting>,
) -> String {
    let Some(parting) = parting else {
        let events = counted(header.events, "event", "events");
        let digest = match header.digest == theirs.digest {
            true => format!("digest {}", header.digest),
            false => format!(
                "although their headers say digest {} and {}",
                header.digest, theirs.digest
            ),
        };
        return paint(GOOD, &format!("The same history: {events}, {digest}")) + "\n";
    };
    let mut text = String::new();
    let differences = header.differences(theirs);
    if !differences.is_empty() {
        text.push_str("Not the same was asked for:\n");
        for difference in differences {
            text.push_str(&format!("  {difference}\n"));
        }
    }
    text + parted(parting, (one, other)).trim_start_matches('\n')
}
