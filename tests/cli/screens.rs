//! Traces, schemas, the quiet screen, and what a package ships: from outside.

use std::path::PathBuf;
use std::process::Output;

use indoubt::report;
use serde_json::Value;

use crate::support::{MALL, ORDER, committed, err, json, out, run, validates};

/// A run of a few transactions on the direct host.
fn small(scenario: &str, more: &[&str]) -> Output {
    let mut arguments = vec!["run", scenario, "--transactions", "5", "--host", "direct"];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn the_document_of_a_run_is_what_its_schema_says() {
    let schema = committed("run.schema.json", &report::json::schema());
    for scenario in [MALL, ORDER] {
        for more in [vec![], vec!["--without", "outbox"]] {
            let mut arguments = vec!["run", scenario, "--host", "direct", "--format", "json"];
            arguments.extend(more);
            let document: Value = json(&run(&arguments));
            validates(&schema, &document);
        }
    }
    let foreign = serde_json::json!({ "format": 1, "scenario": "mall" });
    assert!(!schema.is_valid(&foreign), "a schema that refuses nothing");
}

#[test]
fn every_line_of_a_json_trace_is_what_its_schema_says() {
    let schema = committed("trace.schema.json", &report::trace::json::schema());
    for scenario in [MALL, ORDER] {
        let text = out(&small(scenario, &["--trace=json"]));
        assert!(text.lines().count() > 100);
        for line in text.lines() {
            validates(&schema, &serde_json::from_str(line).expect("JSON"));
        }
    }
}

#[test]
fn a_json_trace_says_the_same_as_the_lines() {
    let flags = ["--protocol", "2pc"];
    let lines = out(&small(MALL, &[&flags[..], &["--trace"]].concat()));
    let json = out(&small(MALL, &[&flags[..], &["--trace=json"]].concat()));
    let first: Value = serde_json::from_str(json.lines().next().expect("a line")).expect("JSON");
    let says = first["says"].as_str().expect("words");
    assert!(lines.contains(says));
    let kinds = |kind: &str| {
        let kind = format!("  {kind:11}  ");
        lines
            .lines()
            .skip(34)
            .filter(|line| line.contains(&kind))
            .count()
    };
    let sent = json
        .lines()
        .filter(|line| line.contains("\"kind\":\"sent\""));
    assert_eq!(kinds("sent"), sent.count());
}

#[test]
fn a_filter_shows_only_what_it_asks_for() {
    let lines = |filters: &[&str]| -> Vec<Value> {
        let mut more = vec!["--protocol", "2pc", "--trace", "json"];
        for filter in filters {
            more.extend(["--filter", filter]);
        }
        let text = out(&small(MALL, &more));
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    let all = lines(&[]).len();
    let one = lines(&["tx=c0.0"]);
    assert!(!one.is_empty() && one.len() < all);
    for line in &one {
        assert!(line["tx"].as_str().is_some_and(|tx| tx.starts_with("c0.0")));
    }
    let some = lines(&["node=points,kind=prepare", "kind=committed", "to=1s"]);
    assert!(!some.is_empty());
    for line in &some {
        assert_eq!(line["node"], "points");
        assert!(line["kind"] == "committed" || line["message"]["kind"] == "prepare");
    }
    let late = lines(&["from=5ms"]);
    assert!(late.iter().all(|line| line["at"].as_u64() >= Some(5_000)));
}

#[test]
fn a_filter_that_cannot_be_meant_is_refused_with_what_is_accepted() {
    for (filter, accepted) in [
        ("colour=red", "`tx`, `node`, `kind`, `from`, `to`"),
        ("node=moon", "`points`"),
        ("kind=comitted", "did you mean `committed`?"),
        ("from=soon", "1.5ms"),
        ("from=50ms,to=10ms", "ends before it begins"),
        ("c0.0", "KEY=VALUE"),
    ] {
        let refused = small(MALL, &["--trace", "--filter", filter]);
        assert_eq!(refused.status.code(), Some(2), "{filter}");
        assert!(err(&refused).contains(accepted), "{}", err(&refused));
    }
    let alone = small(MALL, &["--filter", "tx=c0.0"]);
    assert_eq!(alone.status.code(), Some(2), "there is no trace to filter");
}

#[test]
fn lanes_fit_eighty_columns_and_name_every_node_once() {
    let text = out(&small(ORDER, &["--protocol", "2pc", "--trace", "lanes"]));
    let (lanes, _) = text.split_once("\n\n").expect("the legend");
    assert!(lanes.lines().count() < 24);
    let drawn = text
        .lines()
        .filter(|line| line.contains('│') || line.contains('─'));
    for line in drawn {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let heads = text.lines().filter(|line| line.contains("time, ms"));
    assert_eq!(heads.count(), 1);
}

#[test]
fn quiet_is_a_line_a_protocol_and_what_is_not_expected() {
    let quiet = run(&["run", MALL, "--host", "direct", "-q"]);
    assert_eq!(quiet.status.code(), Some(0));
    insta::assert_snapshot!(out(&quiet), @r"
    monolith       as expected
    2pc            as expected
    orchestrated   ~ as expected; broken, as the scenario says: isolation
    choreographed  ~ as expected; broken, as the scenario says: isolation
    ");
    let broken = [
        "run",
        MALL,
        "--host",
        "direct",
        "--quiet",
        "--without",
        "outbox",
    ];
    let text = out(&run(&broken));
    assert!(text.contains("✗ not as expected: "), "{text}");
    assert!(text.contains("\nchoreographed\n  - all-or-nothing: request c"));
    assert!(!text.contains("- isolation"), "as the scenario says");
}

#[test]
fn completions_and_manual_pages_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        assert_eq!(script.status.code(), Some(0));
        assert!(out(&script).contains("explain"), "{shell}");
    }
    assert!(out(&run(&["man"])).contains("indoubt"));
    assert!(out(&run(&["man", "run"])).contains("without"));
    let refused = run(&["man", "walk"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("`explain`"));
}

#[test]
fn verbose_shows_every_figure_and_the_width_is_what_is_asked_for() {
    let text = out(&small(MALL, &["--verbose", "--width", "100"]));
    for figure in [
        "outbox_lag.p95, ms",
        "inconsistency_exposure, ms",
        "throughput, requests",
    ] {
        assert!(text.contains(figure), "{figure} in {text}");
    }
    let widest = |width| {
        let text = out(&small(MALL, &["--width", width]));
        let lines = text.lines().filter(|line| !line.contains("indoubt run"));
        lines.map(|line| line.chars().count()).max()
    };
    assert!(widest("80") <= Some(80));
    assert!(widest("120") > Some(100) && widest("120") <= Some(120));
    assert_eq!(small(MALL, &["--width", "20"]).status.code(), Some(2));
}

#[test]
fn a_run_is_compared_with_itself_changed_and_the_whole_side_decides() {
    let small = ["--transactions", "50"];
    let flags = [
        "run",
        MALL,
        "--host",
        "direct",
        "--compare",
        "without=outbox",
    ];
    let compared = run(&[&flags[..], &small].concat());
    let text = out(&compared);
    assert_eq!(compared.status.code(), Some(0), "{text}");
    assert!(text.contains("\nchanged  without outbox") || text.contains("  changed  without"));
    for line in text.lines().filter(|line| !line.contains("cargo run")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let schema = committed("compare.schema.json", &report::json::contrast_schema());
    let document = json(&run(&[&flags[..], &small, &["--format", "json"]].concat()));
    validates(&schema, &document);
    assert_eq!(document["change"], "without outbox");
    assert_eq!(document["changed"]["without"][0], "outbox");
}

/// Whatever the file says can be changed: rows that only one side has stand there, and
/// a protocol that cannot run with the change is said to.
#[test]
fn a_run_is_compared_with_one_of_another_file() {
    let lesson = "scenarios/lessons/17-semantic-lock.toml";
    let change = "steps.take-points.semantic-lock=false";
    let text = out(&run(&[
        "run",
        lesson,
        "--protocol",
        "orchestrated",
        "--compare",
        change,
    ]));
    assert!(text.contains(&format!("changed  {change}")), "{text}");
    let row = text
        .lines()
        .find(|line| line.contains("mark hold, ms     max"));
    let cells = row.unwrap_or_default().split_whitespace().rev();
    assert_eq!(cells.take(2).collect::<Vec<_>>(), ["–", "8.40"], "{text}");

    let change = "machines.points.database.prepare=never";
    let text = out(&small(MALL, &["--compare", change]));
    assert!(text.contains("2pc cannot run here"), "{text}");
}

#[test]
fn a_change_that_cannot_be_meant_is_refused_with_what_is_accepted() {
    for (change, accepted) in [
        ("luck", "`without=SAFEGUARD`, `seed=N` or"),
        ("without=outbx", "did you mean `outbox`?"),
        ("seed=many", "whole number"),
        ("witout=outbox", "witout"),
        ("workload.retires=3", "did you mean `retries`?"),
    ] {
        let refused = small(MALL, &["--compare", change]);
        assert_eq!(refused.status.code(), Some(2), "{change}");
        assert!(err(&refused).contains(accepted), "{}", err(&refused));
    }
    let traced = small(MALL, &["--compare", "seed=7", "--trace"]);
    assert_eq!(traced.status.code(), Some(2), "two runs have no one trace");
}

#[test]
fn what_hunts_and_ablations_write_is_what_their_schemas_say() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screens-hunt");
    let _ = std::fs::remove_dir_all(&dir);
    let schema = committed("hunt.schema.json", &report::hunt::schema());
    let mut hunt = vec!["hunt", MALL, "--without", "outbox", "--seeds", "0..20"];
    hunt.extend(["--format", "json", "--out", dir.to_str().expect("text")]);
    let document: Value = json(&run(&hunt));
    validates(&schema, &document);
    for (name, derived) in report::hunt::journal_schemas() {
        let schema = committed(&format!("hunt-{name}.schema.json"), &derived);
        let text = match name {
            "manifest" => std::fs::read_to_string(dir.join("hunt.json")).expect("a manifest"),
            _ => {
                let lines = std::fs::read_to_string(dir.join("seeds.jsonl")).expect("a journal");
                let (_, json) = lines
                    .lines()
                    .next()
                    .expect("a line")
                    .split_once(' ')
                    .expect("two");
                json.to_owned()
            }
        };
        validates(&schema, &serde_json::from_str(&text).expect("JSON"));
    }
    let schema = committed("ablate.schema.json", &report::ablation::schema());
    let mut ablate = vec!["ablate", MALL, "--safeguard", "outbox", "--seeds", "0..30"];
    ablate.extend(["--format", "json"]);
    let document: Value = json(&run(&ablate));
    validates(&schema, &document);
}

/// What a run says happened, and the worst of it as data.
fn told(scenario: &str) -> (String, Value) {
    let output = run(&["run", scenario, "--host", "direct", "--format", "json"]);
    let document: Value = json(&output);
    let sentences = document["story"].as_array().expect("sentences");
    assert!((1..=5).contains(&sentences.len()), "{scenario}");
    let lines = sentences
        .iter()
        .map(|sentence| sentence.as_str().expect("words"));
    let text = lines.map(|line| format!("- {line}\n")).collect();
    (text, document)
}

#[test]
fn what_happened_is_told_by_name() {
    let scenarios = [
        MALL,
        ORDER,
        "scenarios/lessons/01-happy-path.toml",
        "scenarios/lessons/03-in-doubt.toml",
        "scenarios/lessons/13-hot-row.toml",
        "scenarios/lessons/16-dirty-read.toml",
        "scenarios/lessons/18-semantic-lock-on-a-hot-row.toml",
        "scenarios/lessons/22-six-steps.toml",
    ];
    let stories = scenarios.map(|scenario| format!("{scenario}\n{}", told(scenario).0));
    insta::assert_snapshot!(stories.join("\n"));
}

/// Nobody has to believe the story: the trace says the same.
#[test]
fn the_doubt_that_is_told_is_in_the_trace_from_its_preparation_to_its_outcome() {
    for scenario in [MALL, ORDER, "scenarios/lessons/03-in-doubt.toml"] {
        let (_, document) = told(scenario);
        let trials = document["trials"].as_array().expect("a list");
        let two_phase = trials.iter().find(|trial| trial["protocol"] == "2pc");
        let doubt = &two_phase.expect("it ran")["incidents"]["doubt"];
        let text = |key: &str| doubt[key].as_str().expect("a name").to_owned();
        let filter = format!(
            "tx={},node={},kind=prepared,kind=committed,kind=rolled-back",
            text("transaction"),
            text("node")
        );
        let flags = ["--host", "direct", "--protocol", "2pc", "--trace=json"];
        let traced = run(&[&["run", scenario, "--filter", &filter], &flags[..]].concat());
        let times: Vec<u64> = out(&traced)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .map(|line| line["at"].as_u64().expect("a time"))
            .collect();
        let [prepared, .., outcome] = times[..] else {
            panic!("{scenario}: no beginning or no end: {times:?}");
        };
        assert_eq!(doubt["lasted"], outcome - prepared, "{scenario}");
        assert!(doubt["kept"].as_u64() > Some(0), "{scenario}");
    }
}
