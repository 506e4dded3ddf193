//! `list` and `explain`, from outside.

use indoubt::report::Term;
use indoubt::report::lessons::LESSONS;
use serde_json::Value;

use crate::support::{err, json, out, run};

#[test]
fn every_shelf_can_be_listed_as_text_and_as_json() {
    for what in [
        "scenarios",
        "lessons",
        "protocols",
        "safeguards",
        "faults",
        "triggers",
        "promises",
        "metrics",
        "rules",
        "keys",
        "words",
    ] {
        let text = run(&["list", what]);
        assert_eq!(text.status.code(), Some(0), "{what}");
        let document = json(&run(&["list", what, "--format", "json"]));
        assert_eq!(document["list"], what);
        assert!(!document["entries"].as_array().expect("a list").is_empty());
        assert!(out(&run(&["list"])).contains(what));
    }
}

#[test]
fn a_scenario_that_does_not_parse_is_listed_as_such() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("listed");
    std::fs::create_dir_all(folder.join("under")).expect("the target directory is writable");
    std::fs::write(folder.join("under/wrong.toml"), "nonsense = 1\n").expect("writable");
    std::fs::write(folder.join("no-scenario.txt"), "").expect("writable");
    let listed = run(&["list", "scenarios", &folder.display().to_string()]);
    assert_eq!(listed.status.code(), Some(0));
    let text = out(&listed);
    assert!(text.contains("wrong.toml  does not parse\n"), "{text}");
    assert!(!text.contains("no-scenario"), "{text}");
    let missing = run(&["list", "scenarios", "no/such/folder"]);
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn a_misspelt_name_is_answered_with_the_one_that_was_meant() {
    let refused = run(&["explain", "force-decison"]);
    assert_eq!(refused.status.code(), Some(2));
    let says = String::from_utf8(refused.stderr).expect("text");
    assert!(says.contains("did you mean `force-decision`?"), "{says}");
}

#[test]
fn everything_that_is_listed_can_be_explained() {
    for term in Term::all() {
        assert_eq!(Term::named(term.name()), Some(term));
    }
    let page = run(&["explain", "outbox", "--format", "json"]);
    let document: Value = json(&page);
    assert_eq!(document["name"], "outbox");
}

#[test]
fn a_key_is_explained_with_what_it_accepts_and_a_scenario_that_says_it() {
    let page = out(&run(&["explain", "workload.retries"]));
    for told in [
        "accepts  a whole number, 0 to 100\n",
        "default  3\n",
        "  [workload]\n  retries = 3\n",
        "  --set workload.retries=3\n",
        "-- run scenarios/lessons/11-client-clicks-twice.toml\n",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let document = json(&run(&["explain", "lock-policy", "--format", "json"]));
    assert_eq!(document["default"], "\"wait\"");
    assert_eq!(document["words"][2]["name"], "wait-die");
    assert_eq!(
        document["also_at"][0],
        "machines.<name>.database.lock-policy"
    );
    let measured = out(&run(&["explain", "sweep"]));
    assert!(measured.contains("-- measure scenarios/"), "{measured}");
}

#[test]
fn several_things_of_one_name_are_listed_by_their_paths() {
    let several = run(&["explain", "kind"]);
    assert_eq!(several.status.code(), Some(0), "{}", err(&several));
    assert!(out(&several).contains("\n  workload.arrivals.kind  "));
    let document = json(&run(&["explain", "kind", "--format", "json"]));
    assert_eq!(document["entries"][1]["name"], "resources.<name>.kind");
}

#[test]
fn shells_complete_what_can_be_explained_and_the_help_does_not_list_it() {
    for shell in ["bash", "zsh"] {
        let script = out(&run(&["completions", shell]));
        assert!(
            script.contains("steps.semantic-lock") && script.contains("in-doubt"),
            "{shell}"
        );
    }
    let help = out(&run(&["explain", "--help"]));
    assert!(!help.contains("semantic-lock"), "{help}");
}

/// What a lesson says breaks, breaks: its own line is run.
#[test]
fn every_lesson_shows_what_it_says() {
    for lesson in LESSONS {
        let line = lesson.line();
        let (_, arguments) = line.split_once(" -- ").expect("the program's arguments");
        let mut arguments: Vec<&str> = arguments.split(' ').collect();
        arguments.extend(["--host", "direct", "--format", "json"]);
        let run = run(&arguments);
        assert_eq!(run.status.code(), Some(1), "{line}");
        let document: Value = json(&run);
        let promises = document["trials"][0]["promises"].as_array();
        let broken = promises.expect("a list").iter().find(|promise| {
            promise["promise"] == lesson.promise.name() && promise["verdict"] == "violated"
        });
        assert!(broken.is_some(), "{line}: {} holds", lesson.promise.name());
    }
}
