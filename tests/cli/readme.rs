//! The README is a course that somebody types along: every command in it is run,
//! and what it shows is what is printed.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::{clone_of_it, path, run_in};

const README: &str = include_str!("../../README.md");

/// Stands in the README for lines that are left out.
const ELIDED: &str = "…";

/// Commands that are not run here, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("cargo test", "runs this very test"),
    ("cargo doc --no-deps --open", "opens a browser"),
    (
        "cargo run --release --example own_machine",
        "an example is another binary: tests/own_protocol.rs runs it",
    ),
    (
        "cargo run --release --example own_async",
        "an example is another binary: tests/own_protocol.rs runs it",
    ),
];

/// Commands that are meant to end with another code than 0.
const EXIT_CODES: &[(&str, i32)] = &[
    (
        "cargo run --release -- hunt scenarios/points-mall.toml --protocol 2pc --without force-decision --seeds 0..200",
        1,
    ),
    (
        "cargo run --release -- run scenarios/points-mall.toml --without outbox --quiet",
        1,
    ),
    (
        "cargo run --release -- exhaust scenarios/points-mall.toml --protocol 2pc --without force-decision",
        1,
    ),
    (
        "cargo run --release -- replay scenarios/lessons/04-dual-write.toml --protocol choreographed --without outbox",
        1,
    ),
    ("cargo run --release -- diff a.history b.history", 1),
];

/// A command of the README, and what it shows of its output.
struct Shown {
    command: String,
    output: Vec<String>,
}

/// The commands in its `console` blocks, in order.
fn commands() -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    for block in README.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for line in block.lines() {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push(Shown {
                    command: command
                        .split(" #")
                        .next()
                        .unwrap_or_default()
                        .trim()
                        .to_owned(),
                    output: Vec::new(),
                }),
                (None, Some(shown)) => shown.output.push(line.to_owned()),
                (None, None) => panic!("output before any command: {line}"),
            }
        }
    }
    for shown in &mut commands {
        while shown.output.last().is_some_and(|line| line.is_empty()) {
            shown.output.pop();
        }
    }
    commands
}

fn run(command: &str, folder: &Path) -> Output {
    let words = command
        .strip_prefix("cargo run --release -- ")
        .or_else(|| command.strip_prefix("indoubt "))
        .unwrap_or_else(|| panic!("neither run here nor listed as not run: {command}"));
    run_in(folder, &shlex::split(words).expect("as a shell reads it"))
}

/// Whether what is shown is what was printed: piece by piece, in order, from the
/// first line to the last but for what is marked as left out.
fn compare(shown: &[String], printed: &str) -> Result<(), String> {
    let printed: Vec<&str> = printed.lines().collect();
    let mut at = 0;
    let pieces: Vec<&[String]> = shown.split(|line| line == ELIDED).collect();
    for (n, piece) in pieces.iter().enumerate() {
        let is = |place: usize| {
            let lines = printed.get(place..place + piece.len());
            lines.is_some_and(|lines| lines.iter().zip(*piece).all(|(a, b)| a == b))
        };
        let found = match n {
            0 => is(0).then_some(0),
            _ => (at..=printed.len()).find(|&place| is(place)),
        };
        let found = found.ok_or_else(|| piece.join("\n"))?;
        at = found + piece.len();
    }
    match pieces.last() {
        Some(last) if !last.is_empty() && at != printed.len() => {
            Err(format!("more follows: {}", printed[at]))
        }
        _ => Ok(()),
    }
}

#[test]
fn every_command_runs_and_prints_what_is_shown() {
    let clone = clone_of_it("readme");
    let mut wrong = Vec::new();
    for Shown { command, output } in commands() {
        if NOT_RUN.iter().any(|(known, _)| *known == command) {
            assert!(output.is_empty(), "nobody checks what `{command}` shows");
            continue;
        }
        let ran = run(&command, &clone);
        let expected = EXIT_CODES.iter().find(|(known, _)| *known == command);
        if ran.status.code() != Some(expected.map_or(0, |(_, code)| *code)) {
            let said = String::from_utf8_lossy(&ran.stderr);
            wrong.push(format!("{command}: {}\n{said}", ran.status));
        }
        let printed = String::from_utf8(ran.stdout).expect("text");
        if !output.is_empty()
            && let Err(missing) = compare(&output, &printed)
        {
            wrong.push(format!(
                "{command} does not print:\n{missing}\nbut:\n{printed}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_is_said_of_commands_is_said_of_commands_that_are_there() {
    let commands: Vec<String> = commands().into_iter().map(|shown| shown.command).collect();
    let listed = NOT_RUN.iter().map(|(command, _)| *command);
    for command in listed.chain(EXIT_CODES.iter().map(|(command, _)| *command)) {
        assert!(commands.iter().any(|known| known == command), "{command}");
    }
}

#[test]
fn every_lesson_is_named_in_the_order_of_reading() {
    let folder = path("scenarios/lessons");
    let entries = fs::read_dir(folder).expect("the lessons are there");
    let names = entries.map(|entry| entry.expect("a readable entry").file_name());
    let names = names.map(|name| name.into_string().expect("a name in UTF-8"));
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".toml")).collect();
    names.sort();
    let places: Vec<Option<usize>> = names
        .iter()
        .map(|name| README.find(&format!("(scenarios/lessons/{name})")))
        .collect();
    for (name, place) in names.iter().zip(&places) {
        assert!(place.is_some(), "{name}");
    }
    assert!(places.is_sorted(), "they are read in another order");
}

#[test]
fn what_is_not_printed_is_found_out() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let printed = "a\nb\nc\nd\n";
    for shown in ["a\nb\nc\nd", "a\n…\nd", "…\nb\nc\n…", "a\n…", "…\nd"] {
        assert_eq!(compare(&lines(shown), printed), Ok(()), "{shown}");
    }
    for shown in [
        "b",
        "a\nc",
        "a\n…\nc",
        "…\nc\n…\nb\n…",
        "a\nb\nc\nd\ne",
        "…\nx\n…",
    ] {
        assert!(compare(&lines(shown), printed).is_err(), "{shown}");
    }
}
