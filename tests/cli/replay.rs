//! Saved histories, replays, differences, reports: the binary from outside.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use indoubt::report;
use serde_json::Value;

use crate::support::{
    MALL, clone_of_it, code, committed, err, folder, indoubt, json, out, run, run_in, validates,
};

const DUAL: &str = "scenarios/lessons/04-dual-write.toml";
const DOUBT: &str = "scenarios/lessons/03-in-doubt.toml";

/// A saved history of the lesson of the dual write, without outbox.
fn saved(folder: &Path, name: &str, more: &[&str]) -> String {
    let file = folder.join(name).display().to_string();
    let arguments = [
        "run",
        DUAL,
        "--protocol",
        "choreographed",
        "--host",
        "direct",
        "--save",
        &file,
    ];
    let output = run(&[&arguments[..], more].concat());
    assert!(code(&output) <= 1, "{}", err(&output));
    assert!(out(&output).contains("Saved. Explain it with:"));
    file
}

#[test]
fn a_saved_history_is_replayed_bit_for_bit_and_explained() {
    let folder = folder("replay-saved");
    let file = saved(&folder, "dual.history", &["--without", "outbox"]);
    let replayed = run(&["replay", &file]);
    assert_eq!(
        code(&replayed),
        1,
        "it breaks what should hold: {}",
        err(&replayed)
    );
    let text = out(&replayed);
    assert!(text.contains("the same as saved."), "{text}");
    assert!(
        text.contains("VIOLATED all-or-nothing: request c0.0 took 50"),
        "{text}"
    );
    assert!(
        text.contains(&format!("cargo run --release -- replay {file}")),
        "{text}"
    );
    let again = saved(&folder, "again.history", &["--without", "outbox"]);
    assert_eq!(
        fs::read(&file).ok(),
        fs::read(&again).ok(),
        "the same bytes each time"
    );
    let difference = run(&["diff", &file, &again]);
    assert_eq!(code(&difference), 0, "{}", out(&difference));
    assert!(out(&difference).starts_with("The same history: 57 events, digest 31e00a9b636a94a7"));
}

#[test]
fn a_history_that_somebody_has_changed_parts_at_the_first_event_that_they_changed() {
    let folder = folder("replay-changed");
    let file = saved(&folder, "whole.history", &["--without", "outbox"]);
    let text = fs::read_to_string(&file).expect("it was written");
    let changed = folder.join("changed.history").display().to_string();
    let forged = text.replacen("1000 -> 950", "1000 -> 900", 1);
    assert_ne!(text, forged);
    fs::write(&changed, forged).expect("it is writable");
    let nth = text
        .lines()
        .position(|line| line.contains("1000 -> 950"))
        .expect("it is there");

    let replayed = run(&["replay", &changed]);
    assert_eq!(code(&replayed), 1);
    let told = out(&replayed);
    for words in [
        "Somebody has changed them.".to_owned(),
        format!("They part at event {nth}\n"),
        "saved     6.450 ms  points  committed c0.0: take-points; points[ash] 1000 -> 900"
            .to_owned(),
        "this run  6.450 ms  points  committed c0.0: take-points; points[ash] 1000 -> 950"
            .to_owned(),
    ] {
        assert!(told.contains(&words), "{words}\n{told}");
    }
    let difference = run(&["diff", &file, &changed]);
    assert_eq!(code(&difference), 1);
    assert!(out(&difference).starts_with(&format!("They part at event {nth}\n")));
}

#[test]
fn two_runs_of_another_kind_say_what_was_asked_for_differently() {
    let folder = folder("replay-other");
    let one = saved(&folder, "one.history", &["--without", "outbox"]);
    let other = saved(&folder, "other.history", &["--seed", "7"]);
    let difference = run(&["diff", &one, &other]);
    assert_eq!(code(&difference), 1);
    let text = out(&difference);
    assert!(text.contains("  seed: 1 and 7\n"), "{text}");
    assert!(
        text.contains("  safeguards: without outbox and all safeguards\n"),
        "{text}"
    );
    assert!(text.contains("They part at event "), "{text}");
}

#[test]
fn what_is_no_history_is_an_error_with_its_place_and_never_a_panic() {
    let folder = folder("replay-broken");
    let file = saved(&folder, "whole.history", &[]);
    let text = fs::read(&file).expect("it was written");
    let half = text.len() / 2;
    let mut not_text = text.clone();
    not_text[half] = 0xff;
    let header = String::from_utf8(text.clone()).expect("text");
    let (header, rest) = header.split_once('\n').expect("a header");
    let with_header = |from: &str, to: &str| {
        assert!(header.contains(from), "{from}");
        format!("{}\n{rest}", header.replacen(from, to, 1)).into_bytes()
    };
    for (name, bytes, why) in [
        ("empty", vec![], "it is no saved history"),
        ("noise", vec![0xff, 0xfe, 0, 10], "it is no saved history"),
        ("cut", text[..half].to_vec(), "this is no event"),
        ("bytes", not_text, "it is not text"),
        (
            "foreign",
            with_header("history-1", "history-2"),
            "its format is `indoubt-history-2`",
        ),
        (
            "protocol",
            with_header("choreographed", "3pc"),
            "this build has no protocol `3pc`",
        ),
        (
            "scenario",
            with_header("take-points", "take points"),
            "its scenario is not right",
        ),
        (
            "digest",
            with_header("\"digest\":\"", "\"digest\":\"x"),
            "is not a digest",
        ),
    ] {
        let broken = folder.join(name).display().to_string();
        fs::write(&broken, bytes).expect("it is writable");
        let refused = run(&["replay", &broken]);
        assert_eq!(code(&refused), 2, "{name}: {}", err(&refused));
        assert!(err(&refused).contains(why), "{name}: {}", err(&refused));
        assert!(err(&refused).contains(&broken), "{}", err(&refused));
        assert_eq!(out(&refused), "", "{name}");
    }
    for arguments in [
        vec!["replay", "no/such.history"],
        vec!["replay", "no/such.toml"],
        vec!["replay", "scenarios"],
        vec!["diff", &file, "no/such.history"],
        vec!["diff", DUAL, &file],
    ] {
        let refused = run(&arguments);
        assert_eq!(code(&refused), 2, "{arguments:?}: {}", err(&refused));
    }
}

#[test]
fn a_usage_error_says_what_is_accepted() {
    let folder = folder("replay-usage");
    let file = saved(&folder, "whole.history", &[]);
    for (arguments, accepted) in [
        (
            vec!["run", DUAL, "--save", "x"],
            "say which with --protocol",
        ),
        (vec!["replay", &file, "--seed", "3"], "leave out --seed"),
        (
            vec!["replay", DUAL, "--svg", "x.svg"],
            "no promise broke under monolith, 2pc",
        ),
        (
            vec!["replay", DUAL, "--request", "c0.0"],
            "with --protocol 2pc --request c0.0",
        ),
        (
            vec!["replay", DUAL, "--promise", "luck"],
            "no promise is called `luck`; there are `all-or-nothing`",
        ),
        (
            vec!["replay", DUAL, "--promise", "votes"],
            "`votes` did not break under monolith, 2pc",
        ),
        (
            vec!["replay", DUAL, "--digest", "xyz"],
            "16 hexadecimal digits",
        ),
        (
            vec!["replay", DUAL, "--digest", "0123456789abcdef"],
            "no run has the digest",
        ),
        (vec!["replay", DUAL, "--request", "seven"], "c3.1 is"),
        (
            vec!["replay", DUAL, "--protocol", "2pc", "--request", "c9.9"],
            "nobody asked for c9.9 in this run, but for c0.0",
        ),
        (
            vec!["replay", DUAL, "--protocol", "2pc", "--promise", "luck"],
            "`all-or-nothing`",
        ),
        (
            vec!["replay", DUAL, "--protocol", "2pc", "--promise", "votes"],
            "was not broken under 2pc (none was): say --request c0.0 instead",
        ),
        (
            vec!["replay", DUAL, "--protocol", "2pc", "--svg", "x.svg"],
            "say with --request",
        ),
    ] {
        let refused = run(&arguments);
        assert_eq!(code(&refused), 2, "{arguments:?}: {}", out(&refused));
        assert!(
            err(&refused).contains(accepted),
            "{arguments:?}: {}",
            err(&refused)
        );
    }
}

#[test]
fn where_all_is_well_under_every_protocol_that_is_said_of_each() {
    let replayed = run(&["replay", DUAL]);
    assert_eq!(code(&replayed), 0, "{}", err(&replayed));
    let text = out(&replayed);
    for protocol in ["monolith", "2pc", "orchestrated", "choreographed"] {
        let line = text.lines().find(|line| line.trim().starts_with(protocol));
        let line = line.expect("a line for each protocol");
        assert!(line.contains("no promise broke, as expected"), "{text}");
    }
    assert!(text.contains("--request c0.0\n"), "{text}");
}

/// Not every client comes to ask for something: nobody is to guess who does.
#[test]
fn where_nothing_broke_a_request_is_named_that_there_is() {
    let run_of = |more: &[&str]| {
        let clients = "workload.arrivals={ kind = 'closed', clients = 9, think = '50ms' }";
        let arguments = ["replay", MALL, "--transactions", "3", "--set", clients];
        run(&[&arguments[..], more].concat())
    };
    let first = "c3.0";
    let flag = format!("--request {first}");
    for more in [&[][..], &["--protocol", "choreographed"]] {
        let replayed = run_of(more);
        assert!(out(&replayed).contains(&flag), "{}", out(&replayed));
    }
    for more in [
        &["--protocol", "2pc", "--promise", "floors"][..],
        &["--promise", "floors"],
        &["--all"],
    ] {
        let refused = run_of(more);
        assert!(err(&refused).contains(&flag), "{}", err(&refused));
    }
    let drawn = run_of(&["--protocol", "2pc", "--request", first]);
    assert_eq!(code(&drawn), 0, "{}", err(&drawn));
    let refused = run_of(&["--protocol", "2pc", "--request", "c0.0"]);
    let named = format!("nobody asked for c0.0 in this run, but for {first}, ");
    assert!(err(&refused).contains(&named), "{}", err(&refused));
}

#[test]
fn the_story_tells_what_was_decided_who_heard_it_what_was_lost_and_who_decided_otherwise() {
    let file = folder("replay-story").join("bug.md").display().to_string();
    let arguments = [
        "replay",
        "scenarios/points-mall.toml",
        "--protocol",
        "2pc",
        "--swarm",
        "--seed",
        "95",
        "--without",
        "force-decision",
        "--report",
        &file,
    ];
    assert_eq!(code(&run(&arguments)), 1);
    let report = fs::read_to_string(&file).expect("it is written");
    let told = report.lines().filter(|line| {
        line.split_once(". ")
            .is_some_and(|(n, _)| n.parse::<u32>().is_ok())
    });
    let told: Vec<&str> = told.collect();
    assert!(told.len() <= 10, "{report}");
    let mut rest = told.iter();
    for turn in [
        "request: ash",
        "is in the log's buffer; a crash loses the record",
        "points hears from manager: commit; at 22.856 ms: take-points took 50",
        "hear from manager: answer abort; then each: rolls back",
        "request, again",
        "points hears from manager: commit \\#2.2",
        "That breaks the promise",
    ] {
        assert!(
            rest.any(|line| line.contains(turn)),
            "{turn}\n{}",
            told.join("\n")
        );
    }
}

#[test]
fn a_digest_is_checked_and_finds_its_protocol() {
    let digest = ["--without", "outbox", "--digest", "31e00a9b636a94a7"];
    let same = run(&[&["replay", DUAL], &digest[..]].concat());
    assert!(
        out(&same).contains("choreographed, without outbox\n"),
        "{}",
        out(&same)
    );
    assert!(out(&same).contains("as it should be."));
    let other = [
        "replay",
        DUAL,
        "--protocol",
        "2pc",
        "--digest",
        "31e00a9b636a94a7",
    ];
    let other = run(&other);
    assert_eq!(code(&other), 1);
    assert!(
        out(&other).contains("another run than was meant"),
        "{}",
        out(&other)
    );
}

#[test]
fn ascii_is_ascii_and_no_line_of_a_diagram_is_wider_than_eighty() {
    for arguments in [
        vec!["replay", DOUBT, "--protocol", "2pc", "--request", "c0.0"],
        vec![
            "replay",
            "scenarios/points-mall.toml",
            "--protocol",
            "orchestrated",
        ],
        vec![
            "replay",
            DUAL,
            "--protocol",
            "monolith",
            "--without",
            "outbox",
            "--all",
        ],
    ] {
        let ascii = out(&run(&[&arguments[..], &["--ascii"]].concat()));
        assert!(ascii.is_ascii(), "{ascii}");
        let text = out(&run(&arguments));
        for line in text.lines().filter(|line| !line.contains("cargo run")) {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert_eq!(text, out(&run(&arguments)), "the same bytes each time");
    }
}

#[test]
fn a_report_has_a_short_story_and_its_one_line_works_from_its_own_text() {
    let folder = folder("replay-report");
    let file = folder.join("bug.md").display().to_string();
    let picture = folder.join("bug.svg").display().to_string();
    let arguments = [
        "replay",
        DUAL,
        "--without",
        "outbox",
        "--protocol",
        "choreographed",
    ];
    let arguments = [&arguments[..], &["--report", &file, "--svg", &picture]].concat();
    assert_eq!(code(&run(&arguments)), 1);
    let report = fs::read_to_string(&file).expect("it is written");
    let svg = fs::read_to_string(&picture).expect("it is written");
    // However the program was started.
    let by_name = indoubt(&arguments).env_remove("CARGO").output();
    assert_eq!(code(&by_name.expect("the binary starts")), 1);
    assert_eq!(fs::read_to_string(&file).ok().as_ref(), Some(&report));
    assert_eq!(fs::read_to_string(&picture).ok(), Some(svg));
    let others = fs::read_dir(&folder).expect("it is there").count();
    assert_eq!(others, 2, "nothing half-written is left");

    let numbered = report.lines().filter(|line| {
        line.split_once(". ")
            .is_some_and(|(n, _)| n.parse::<u32>().is_ok())
    });
    assert!((3..=10).contains(&numbered.count()), "{report}");
    assert!(report.contains("```mermaid\nsequenceDiagram\n"));
    assert!(report.contains("digest `31e00a9b636a94a7`"));

    // Whoever gets the report has nothing but its text and a clone.
    let block = |fence: &str| {
        let (_, rest) = report.split_once(fence).expect("a block");
        rest.split_once("```").expect("its end").0
    };
    let line = block("```console\n$ ").trim();
    let arguments: Vec<&str> = line
        .strip_prefix("cargo run --release -- ")
        .expect("a line to paste")
        .split(' ')
        .collect();
    let clone = folder.join("clone");
    fs::create_dir(&clone).expect("it is writable");
    fs::write(clone.join(arguments[1]), block("```toml\n")).expect("it is writable");
    let pasted = run_in(&clone, &arguments);
    assert_eq!(code(&pasted), 1, "{}", err(&pasted));
    assert!(
        out(&pasted).contains("31e00a9b636a94a7, as it should be."),
        "{}",
        out(&pasted)
    );
}

#[test]
fn what_cannot_be_written_is_an_error_and_what_was_there_stays() {
    let folder = folder("replay-unwritable");
    let nowhere = folder.join("no/such/folder/bug.md").display().to_string();
    let directory = folder.display().to_string();
    let more = ["--without", "outbox", "--protocol", "choreographed"];
    for file in [&nowhere, &directory] {
        for flag in ["--report", "--svg"] {
            let refused = run(&[&["replay", DUAL, flag, file], &more[..]].concat());
            assert_eq!(code(&refused), 2, "{flag} {file}");
            assert!(err(&refused).contains("cannot write"), "{}", err(&refused));
        }
        let save = ["run", DUAL, "--host", "direct", "--save", file];
        let refused = run(&[&save[..], &more[..]].concat());
        assert_eq!(code(&refused), 2, "--save {file}");
        assert_eq!(out(&refused), "", "no report as if all were well");
    }
    assert_eq!(fs::read_dir(&folder).expect("it is there").count(), 0);
    if Path::new("/dev/full").exists() {
        let save = ["run", DUAL, "--host", "direct", "--save", "/dev/full"];
        let refused = run(&[&save[..], &more[..]].concat());
        assert_eq!(code(&refused), 2, "{}", err(&refused));
        assert!(
            err(&refused).contains("cannot write /dev/full"),
            "{}",
            err(&refused)
        );
    }
}

#[test]
fn the_readme_shows_what_is_really_drawn() {
    let readme = include_str!("../../README.md");
    let (_, shown) = readme
        .split_once("```text\nViolated under choreographed")
        .expect("a diagram");
    let (shown, _) = shown.split_once("```").expect("its end");
    let arguments = [
        "replay",
        DUAL,
        "--protocol",
        "choreographed",
        "--without",
        "outbox",
    ];
    let printed = out(&run(&arguments));
    assert!(
        printed.contains(shown),
        "not drawn any more:\n{shown}\n{printed}"
    );
}

#[test]
fn the_documents_are_what_their_schemas_say() {
    let replay = committed("replay.schema.json", &report::replay::json::schema());
    let diff = committed(
        "diff.schema.json",
        &report::replay::json::difference_schema(),
    );
    let folder = folder("replay-json");
    let one = saved(&folder, "one.history", &["--without", "outbox"]);
    let other = saved(&folder, "other.history", &[]);
    let as_json = ["--format", "json"];
    for arguments in [
        vec!["replay", &one],
        vec!["replay", &other],
        vec!["replay", DUAL],
        vec!["replay", DOUBT, "--protocol", "2pc", "--request", "c0.0"],
        vec![
            "replay",
            DOUBT,
            "--protocol",
            "2pc",
            "--all",
            "--digest",
            "0123456789abcdef",
        ],
        vec![
            "replay",
            "scenarios/lessons/14-one-way.toml",
            "--protocol",
            "2pc",
            "--all",
        ],
    ] {
        validates(&replay, &json(&run(&[&arguments[..], &as_json].concat())));
    }
    validates(
        &diff,
        &json(&run(&["diff", &one, &other, "--format", "json"])),
    );
    validates(
        &diff,
        &json(&run(&["diff", &one, &one, "--format", "json"])),
    );
    assert!(!replay.is_valid(&serde_json::json!({ "format": 1 })));
}

// ---- lines to paste ----

/// The lines of an output that are meant to be pasted.
fn to_paste(text: &str) -> impl Iterator<Item = String> {
    const PASTED: &str = "cargo run --release -- ";
    text.lines().filter_map(|line| {
        let at = line.find(PASTED)?;
        Some(line[at + PASTED.len()..].trim_end_matches('`').to_owned())
    })
}

#[test]
fn every_line_that_is_printed_to_be_pasted_works() {
    let clone = clone_of_it("pasted");
    let folder = folder("replay-paste");
    let file = saved(&folder, "dual.history", &["--without", "outbox"]);
    let name = folder.join("tickets").display().to_string();
    let without = ["--without", "outbox", "--host", "direct"];
    let mut asked: Vec<Vec<String>> = [
        [&["run", DUAL], &without[..]].concat(),
        [
            &["run", DUAL, "--transactions", "1", "--set", "seed=3"],
            &without[..],
        ]
        .concat(),
        [&[
            "run",
            DUAL,
            "--compare",
            "without=outbox",
            "--host",
            "direct",
        ][..]]
        .concat(),
        vec![
            "run",
            DOUBT,
            "-q",
            "--host",
            "direct",
            "--without",
            "coordinator-recovery",
        ],
        vec!["replay", &file],
        vec![
            "replay",
            DUAL,
            "--without",
            "outbox",
            "--set",
            "promises.0.name=it's mine",
        ],
        vec!["replay", DOUBT, "--protocol", "2pc", "--request", "c0.0"],
        vec!["replay", DUAL],
        vec!["new", &name],
        [&["shrink", DUAL][..], &without[..2]].concat(),
    ]
    .into_iter()
    .map(|arguments| arguments.into_iter().map(str::to_owned).collect())
    .collect();
    let listed = run(&["list", "safeguards", "--format", "json"]);
    let listed: Value = json(&listed);
    let safeguards = listed["entries"].as_array().expect("a list");
    asked.extend(safeguards.iter().map(|safeguard| {
        let name = safeguard["name"].as_str().expect("a name");
        vec!["explain".to_owned(), name.to_owned()]
    }));

    let mut lines: BTreeSet<String> = BTreeSet::new();
    for arguments in &asked {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = run(&arguments);
        assert!(code(&output) <= 1, "{arguments:?}: {}", err(&output));
        lines.extend(to_paste(&out(&output)));
        lines.extend(to_paste(&err(&output)));
    }
    assert!(lines.len() >= 8, "the lines are out of sight: {lines:?}");
    for line in lines {
        let arguments = shlex::split(&line).expect("as a shell reads it");
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let pasted = run_in(&clone, &arguments);
        assert!(
            code(&pasted) <= 1,
            "{line}\n{}{}",
            out(&pasted),
            err(&pasted)
        );
        let known = line.contains("--digest");
        assert!(
            !known || out(&pasted).contains("as it should be"),
            "{line}\n{}",
            out(&pasted)
        );
    }
}
