use std::io::Cursor;

use super::*;
use crate::history::Sink;
use crate::lab::{self, HostChoice, RunOptions};
use crate::protocol::{ProtocolKind, Safeguards};
use crate::report::Invocation;
use crate::scenario;

/// A history of one small run, as a file.
fn saved() -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scenarios/lessons/01-happy-path.toml"
    );
    let scenario = std::sync::Arc::new(scenario::load(path).expect("a lesson is right"));
    let toml = scenario::expand(path, &[]).expect("a lesson is right");
    let options = RunOptions {
        seed: scenario.seed,
        safeguards: Safeguards::all(),
        host: HostChoice::Direct,
    };
    let run = |sink: &mut dyn Sink| {
        lab::run(&scenario, ProtocolKind::OrchestratedSaga, &options, sink).expect("it runs")
    };
    let trial = run(&mut ());
    let invocation = Invocation {
        file: "scenarios/lessons/01-happy-path.toml".to_owned(),
        seed: scenario.seed,
        without: vec![],
        transactions: None,
        sets: vec![],
        swarm: false,
    };
    let header = Header::of(&scenario, &invocation, &trial, toml);
    let mut writing =
        Writing::new(&header, (&scenario, &trial.plan), Vec::new()).expect("memory takes it");
    run(&mut writing);
    String::from_utf8(writing.finish().expect("memory takes it")).expect("it is text")
}

fn parting(one: &str, other: &str) -> Result<Option<Parting>, String> {
    let open = |text: &str| read(Cursor::new(text.to_owned())).map_err(|error| error.to_string());
    let ((_, one), (_, other)) = (open(one)?, open(other)?);
    first_difference(one, other).map_err(|(which, error)| format!("{which:?}: {error}"))
}

#[test]
fn a_history_is_the_same_as_itself_and_a_changed_event_is_named() {
    let saved = saved();
    assert_eq!(parting(&saved, &saved), Ok(None));
    let lines: Vec<&str> = saved.lines().collect();
    let (nth, line) = (1..)
        .zip(&lines[1..])
        .find(|(_, line)| line.contains("\"kind\":\"committed\""))
        .expect("something commits");
    let changed = saved.replacen(
        line,
        &line.replacen("\"committed\"", "\"rolled-back\"", 1),
        1,
    );
    let found = parting(&saved, &changed)
        .expect("both are whole")
        .expect("they part");
    assert_eq!(found.nth, nth);
    let kinds = |told: Option<Told>| told.map(|told| told.kind);
    assert_eq!(kinds(found.one), Some("committed".to_owned()));
    assert_eq!(kinds(found.other), Some("rolled-back".to_owned()));
    assert!(found.before.is_some());
}

#[test]
fn what_is_no_whole_history_is_refused_with_its_place() {
    let saved = saved();
    let lines: Vec<&str> = saved.lines().collect();
    let events = lines.len() - 1;
    let whole = |lines: &[&str]| lines.join("\n") + "\n";
    let foreign = saved.replacen("indoubt-history-1", "indoubt-history-9", 1);
    let mut more = lines.clone();
    more.push(lines[1]);
    for (text, why) in [
        (String::new(), "it is no saved history"),
        ("name = \"mall\"\n".to_owned(), "it is no saved history"),
        ("{}\n".to_owned(), "it is no saved history"),
        (
            foreign,
            "its format is `indoubt-history-9`, written by version",
        ),
        (
            saved.replacen("\"seed\":", "\"sede\":", 1),
            "line 1: its header is not right: unknown field `sede`",
        ),
        (
            whole(&lines[..events / 2]),
            &format!(
                "the file is cut short: {} of {events} events",
                events / 2 - 1
            ),
        ),
        (
            whole(&more),
            &format!("line {}: there are more events", events + 2),
        ),
        (
            saved[..saved.len() - 9].to_owned(),
            &format!("line {}: this is no event", events + 1),
        ),
        (
            saved.replacen(lines[3], "so it is", 1),
            "line 4: this is no event",
        ),
    ] {
        let refused = parting(&text, &saved).expect_err(why);
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn no_byte_of_a_file_can_make_it_panic() {
    let saved = saved();
    for cut in (0..saved.len()).step_by(997) {
        let _ = parting(&saved[..cut], &saved);
        let mut bytes = saved.clone().into_bytes();
        bytes[cut] = if bytes[cut] == b'9' { b'"' } else { b'9' };
        let broken = String::from_utf8(bytes).expect("it is ASCII");
        if let Ok((header, lines)) = read(Cursor::new(broken)) {
            let _ = (
                header.scenario(),
                header.protocol(),
                header.without(),
                header.digest(),
            );
            lines.for_each(drop);
        }
    }
}
