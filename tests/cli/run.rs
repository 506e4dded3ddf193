//! The binary, from outside: flags, exit codes, bytes.

use std::io::{Read, Write};
use std::process::{Output, Stdio};

use indoubt::protocol::{ProtocolKind, Safeguard};

use crate::support::{MALL, code, err, indoubt, json, out, run};

/// A small run of the mall, with more flags.
fn small(more: &[&str]) -> Output {
    let mut arguments = vec!["run", MALL, "--transactions", "20", "--host", "direct"];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    let help = run(&["--help"]);
    assert_eq!(code(&help), 0);
    for word in [
        "run",
        "check",
        "new",
        "schema",
        "Exit codes:",
        "70",
        "inconclusive",
    ] {
        assert!(out(&help).contains(word), "{word}");
    }
}

#[test]
fn help_for_run_explains_every_protocol_and_every_safeguard() {
    let help = out(&run(&["run", "--help"]));
    let names = ProtocolKind::ALL.iter().map(|p| p.name());
    for name in names.chain(Safeguard::ALL.iter().map(|s| s.name())) {
        assert!(help.contains(&format!("- {name}:")), "{name}");
    }
    assert!(help.contains("Examples:"));
}

#[test]
fn a_usage_error_says_what_is_accepted() {
    for (arguments, accepted) in [
        (vec!["run", MALL, "--without", "luck"], "inbox-dedup"),
        (vec!["run", MALL, "--protocol", "3pc"], "choreographed"),
        (vec!["run", MALL, "--seed", "x"], "or `random`"),
        (vec!["run", MALL, "--transactions", "0"], "1..=10000000"),
        (
            vec!["run", MALL, "--transactions", "10000001"],
            "1..=10000000",
        ),
        (vec!["run", MALL, "--host", "tokio"], "direct"),
        (vec!["run", MALL, "--format", "xml"], "json"),
        (vec!["run"], "<SCENARIO>"),
        (vec!["walk"], "help"),
        (
            vec!["run", MALL, "--trace", "--format", "json"],
            "leave out --format json",
        ),
    ] {
        let refused = run(&arguments);
        assert_eq!(code(&refused), 2, "{arguments:?}");
        assert!(err(&refused).contains(accepted), "{}", err(&refused));
        assert_eq!(out(&refused), "", "{arguments:?}");
    }
}

#[test]
fn a_scenario_that_is_not_there_or_not_right_is_an_error_with_its_place() {
    let missing = run(&["run", "no/such.toml"]);
    assert_eq!(code(&missing), 2);
    assert!(err(&missing).contains("no/such.toml"));

    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = directory.join("wrong-key.toml");
    let text = std::fs::read_to_string(MALL).expect("the mall is there");
    let wrong = text.replace("transactions = 300", "transactoins = 300");
    std::fs::write(&file, &wrong).expect("the target directory is writable");
    let refused = run(&["run", &file.display().to_string()]);
    assert_eq!(code(&refused), 2);
    let line = wrong.lines().position(|line| line.contains("transactoins"));
    let place = format!("wrong-key.toml:{}:", line.expect("it is there") + 1);
    assert!(err(&refused).contains(&place), "{}", err(&refused));
    assert!(err(&refused).contains("transactions"), "{}", err(&refused));
    assert!(!err(&refused).contains('\u{1b}'), "nobody asked for colour");
}

#[test]
fn the_same_command_gives_the_same_bytes_wherever_it_runs() {
    let first = small(&[]);
    let mut again = indoubt(&["run", MALL, "--transactions", "20", "--host", "direct"]);
    again
        .env("TZ", "Asia/Tokyo")
        .env("LANG", "tr_TR.UTF-8")
        .env("COLUMNS", "200");
    let again = again.output().expect("the binary starts");
    assert_eq!(out(&first), out(&again));
    assert_eq!(code(&first), code(&again));
}

#[test]
fn the_json_document_has_a_trial_a_protocol_with_every_promise() {
    let document = json(&small(&["--format", "json"]));
    let keys: Vec<&str> = [
        "format",
        "scenario",
        "seed",
        "judgement",
        "faults",
        "trials",
    ]
    .to_vec();
    for key in keys {
        assert!(!document[key].is_null(), "{key}");
    }
    let trials = document["trials"].as_array().expect("a list");
    let protocols: Vec<&str> = trials
        .iter()
        .map(|trial| trial["protocol"].as_str().expect("a name"))
        .collect();
    assert_eq!(protocols, ProtocolKind::ALL.map(ProtocolKind::name));
    for trial in trials {
        assert_eq!(trial["digest"].as_str().map(str::len), Some(16));
        assert_eq!(trial["figures"]["started"], 20);
        assert!(trial["promises"].as_array().expect("a list").len() >= 12);
    }
}

#[test]
fn a_random_seed_is_shown_and_gives_the_same_run_again() {
    let random = small(&["--seed", "random", "--format", "json"]);
    let seed = json(&random)["seed"].to_string();
    let again = small(&["--seed", &seed, "--format", "json"]);
    assert_eq!(out(&random), out(&again));
    assert!(out(&small(&["--seed", &seed])).contains(&format!("seed {seed}")));
}

#[test]
fn a_protocol_that_is_named_is_the_only_one_that_runs() {
    let text = out(&small(&[
        "--protocol",
        "monolith",
        "--protocol",
        "monolith",
    ]));
    assert!(text.contains("monolith"));
    assert!(!text.contains("choreographed"));
}

#[test]
fn a_trace_begins_with_its_legend_and_ends_with_the_rest() {
    let text = out(&small(&["--protocol", "orchestrated", "--trace"]));
    assert!(text.starts_with("Kinds of lines\n"));
    let column = |kind: &str| {
        text.lines()
            .any(|line| line.split_whitespace().nth(2) == Some(kind))
    };
    assert!(text.contains("time, ms"));
    assert!(
        column("rest"),
        "the last event has neither node nor transaction"
    );
}

#[test]
fn colour_is_for_those_who_see_it() {
    let coloured = |output: Output| out(&output).contains('\u{1b}');
    let with = |name: &str, value: &str, more: &[&str]| {
        let mut arguments = vec!["run", MALL, "--transactions", "2", "--host", "direct"];
        arguments.extend(more);
        let mut command = indoubt(&arguments);
        command
            .env(name, value)
            .output()
            .expect("the binary starts")
    };
    assert!(!coloured(small(&[])), "a pipe is no terminal");
    assert!(coloured(small(&["--color", "always"])));
    assert!(coloured(with("CLICOLOR_FORCE", "1", &[])));
    assert!(!coloured(with("NO_COLOR", "1", &[])));
    assert!(!coloured(with(
        "CLICOLOR_FORCE",
        "1",
        &["--color", "never"]
    )));
    assert!(coloured(with("NO_COLOR", "1", &["--color", "always"])));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = indoubt(&["run", MALL, "--trace", "--host", "direct"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stdout.take().expect("it is piped");
    let mut first = [0u8; 16];
    pipe.read_exact(&mut first).expect("a trace is longer");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(err(&output), "");
    assert_eq!(code(&output), 0);
}

#[test]
fn the_shipped_scenarios_are_as_they_expect() {
    for scenario in [MALL, "scenarios/order-stock.toml"] {
        let output = run(&["run", scenario, "--host", "direct"]);
        assert_eq!(code(&output), 0, "{}", out(&output));
        assert!(out(&output).ends_with("As the scenario expects.\n"));
    }
}

#[test]
fn a_safeguard_that_is_taken_away_breaks_a_promise_and_says_how_to_see_it_again() {
    let output = run(&["run", MALL, "--host", "direct", "--without", "outbox"]);
    assert_eq!(code(&output), 1, "{}", out(&output));
    let text = out(&output);
    let again = "cargo run --release -- run scenarios/points-mall.toml --seed 2024 --protocol";
    let line = text.lines().find(|line| line.contains(again));
    assert!(line.is_some_and(|line| line.ends_with("--without outbox")));
    assert!(text.contains("Not as the scenario expects: "));
}

#[test]
fn what_is_set_is_in_the_heading_and_in_the_line_to_paste() {
    let slow = "machines.points.database.flush=5ms";
    let more = ["--host", "direct", "--set", "seed=11", "--set", slow];
    let text = out(&run(&[&["run", MALL], &more[..]].concat()));
    assert!(text.contains("Set on top of the file\n  seed=11\n  machines.points"));
    let lines: Vec<&str> = text.lines().filter(|l| l.contains("cargo run")).collect();
    assert!(!lines.is_empty());
    let set = "--seed 11 --protocol ";
    for line in lines {
        assert!(line.contains(set), "{line}");
        assert!(
            line.ends_with(&format!(" --set seed=11 --set {slow}")),
            "{line}"
        );
    }
}

#[test]
fn a_mistake_in_a_set_is_underlined() {
    let refused = small(&["--set", "workload.retires=1"]);
    assert_eq!(code(&refused), 2);
    assert!(
        err(&refused).contains("--> --set:1:10"),
        "{}",
        err(&refused)
    );
    assert!(err(&refused).contains("did you mean `retries`?"));
}

#[test]
fn check_says_what_a_file_is_and_what_is_wrong_with_another() {
    let checked = run(&["check", MALL, "--set", "workload.transactions=7"]);
    assert_eq!(code(&checked), 0);
    assert_eq!(
        out(&checked),
        "scenarios/points-mall.toml: ok, 3 services, 3 steps, 7 transactions\n"
    );
    let never = "machines.points.database.prepare=never";
    let checked = run(&["check", MALL, "no/such.toml", "--set", never]);
    assert_eq!(code(&checked), 2);
    assert!(out(&checked).contains("; 2pc cannot run it: the database of `points` cannot prepare"));
    assert!(err(&checked).contains("no/such.toml"));
}

#[test]
fn check_tells_the_steps_of_the_file_from_those_that_are_added() {
    for (lesson, steps) in [
        (
            "17-semantic-lock",
            "3 steps and 1 that releases a semantic lock",
        ),
        (
            "28-reserve-then-confirm",
            "3 steps and 1 that confirms a reservation",
        ),
    ] {
        let file = format!("scenarios/lessons/{lesson}.toml");
        let text = out(&run(&["check", &file]));
        assert!(text.contains(&format!(", {steps}, ")), "{text}");
    }
}

#[test]
fn check_reads_standard_input_and_its_base_from_the_current_folder() {
    let checked = |arguments: &[&str]| {
        let mut child = indoubt(&[&["check", "-"], arguments].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let text = b"base = \"scenarios/points-mall.toml\"\nseed = 7\n";
        let mut input = child.stdin.take().expect("it is piped");
        input.write_all(text).expect("it reads");
        drop(input);
        child.wait_with_output().expect("it ends")
    };
    let good = checked(&[]);
    assert!(out(&good).starts_with("standard input: ok, 3 services, 3 steps"));
    assert!(out(&checked(&["--expanded"])).contains("seed = 7\n"));
    let wrong = checked(&["--set", "seed=many"]);
    assert_eq!(code(&wrong), 2);
}

#[test]
fn several_safeguards_are_taken_away_with_commas_between() {
    let document = json(&small(&[
        "--without",
        "outbox,inbox-dedup",
        "--format",
        "json",
    ]));
    assert_eq!(
        document["without"],
        serde_json::json!(["outbox", "inbox-dedup"])
    );
}

#[test]
fn an_expanded_scenario_gives_the_same_run() {
    let sets = ["--set", "workload.transactions=9"];
    let expanded = run(&[&["check", MALL, "--expanded"], &sets[..]].concat());
    assert_eq!(code(&expanded), 0, "{}", err(&expanded));
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("expanded.toml");
    std::fs::write(&file, expanded.stdout).expect("the target directory is writable");
    let digests = |arguments: &[&str]| {
        let mut all = vec!["run", "--format", "json", "--host", "direct"];
        all.extend(arguments);
        let trials = json(&run(&all))["trials"].clone();
        let trials = trials.as_array().expect("a list").clone();
        trials
            .into_iter()
            .map(|t| t["digest"].clone())
            .collect::<Vec<_>>()
    };
    let same = digests(&[&file.display().to_string()]);
    assert_eq!(same, digests(&[&[MALL], &sets[..]].concat()));
}

#[test]
fn the_schema_that_is_printed_is_the_committed_one() {
    let printed = run(&["schema"]);
    assert_eq!(code(&printed), 0);
    let committed = std::fs::read_to_string("scenarios/scenario.schema.json");
    assert_eq!(out(&printed), committed.expect("it is there"));
}

#[test]
fn a_new_scenario_runs_and_holds_and_is_never_written_over() {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("new");
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).expect("the target directory is writable");
    let name = directory.join("tickets").display().to_string();
    let file = format!("{name}.toml");

    let written = run(&["new", &name]);
    assert_eq!(code(&written), 0, "{}", err(&written));
    assert!(out(&written).contains("-- run "));
    assert_eq!(code(&run(&["check", &file])), 0);
    let held = run(&["run", &file, "--host", "direct"]);
    assert_eq!(code(&held), 0, "{}", out(&held));
    assert!(
        out(&held).contains("tickets"),
        "it has the name of its file"
    );

    std::fs::write(&file, "mine").expect("it is writable");
    for again in [&name, &file] {
        let refused = run(&["new", again]);
        assert_eq!(code(&refused), 2);
        assert!(err(&refused).contains("is there already"));
    }
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "mine");
    assert_eq!(code(&run(&["new", "no/such/folder/x"])), 2);
}

#[test]
fn a_promise_in_the_scenarios_own_words_is_explained_by_a_part_of_its_name() {
    let explained = run(&["explain", "points", "--scenario", MALL]);
    assert_eq!(code(&explained), 0, "{}", err(&explained));
    assert!(out(&explained).starts_with("no points lost without an entitlement"));
    assert!(out(&explained).contains("For every player: taken(points)"));
    let format = ["--format", "json"];
    let document = json(&run(&[
        &["explain", "points", "--scenario", MALL],
        &format[..],
    ]
    .concat()));
    assert_eq!(document["scenario"], "points-mall");
    for (arguments, told) in [
        (
            vec!["explain", "luck", "--scenario", MALL],
            "promises `no points lost without an entitlement`",
        ),
        (
            vec!["explain", "luck-that-nobody-knows"],
            "`--scenario FILE`",
        ),
    ] {
        let refused = run(&arguments);
        assert_eq!(code(&refused), 2);
        assert!(err(&refused).contains(told), "{}", err(&refused));
    }
}

#[test]
fn what_is_set_and_what_is_allowed_are_data_in_json_and_told_on_the_screen() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("allowed.toml");
    let mall = std::fs::read_to_string(MALL).expect("the mall is there");
    let text = mall
        .replace(
            "seed = 2024",
            "seed = 2024\nallow = [\"irrevocable-before-pivot\"]",
        )
        .replace("#:schema", "# schema")
        .replace(
            "do = [{ take = \"points\", amount = 50 }]\ncomp",
            "do = [{ take = \"points\", amount = 50 }, { perform = \"receipt\" }]\ncomp",
        )
        + "\n[resources.receipt]\nkind = \"action\"\nservice = \"points\"\nkey = \"{player}/{character}\"\n";
    std::fs::write(&file, text).expect("the target directory is writable");
    let file = file.display().to_string();
    let set = ["--set", "workload.transactions=5", "--host", "direct"];
    let text = out(&run(&[&["run", &file], &set[..]].concat()));
    assert!(
        text.contains("(`allow`)\n  irrevocable-before-pivot  A real action"),
        "{text}"
    );
    let document = json(&run(
        &[&["run", &file, "--format", "json"], &set[..]].concat()
    ));
    assert_eq!(document["allows"][0], "irrevocable-before-pivot");
    assert_eq!(document["sets"][0]["path"], "workload.transactions");
    assert_eq!(document["sets"][0]["value"], "5");
    let story = document["story"].as_array().expect("sentences");
    assert!((1..=5).contains(&story.len()));
}
