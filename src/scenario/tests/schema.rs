//! The schema that editors use says the same as the reader.

use std::fs;

use serde_json::Value;

use super::super::{keys, parse_with, schema};
use super::{SMALL, small_with};

const COMMITTED: &str = "scenarios/scenario.schema.json";

fn generated() -> Value {
    serde_json::from_str(&schema()).expect("a schema is JSON")
}

/// What the schema has against a text.
fn against(text: &str) -> Vec<String> {
    let read: Value = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    let validator = jsonschema::validator_for(&generated()).expect("it is a schema");
    let errors = validator.iter_errors(&read);
    errors
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

#[test]
fn the_committed_schema_is_the_one_of_the_code() {
    let committed = fs::read_to_string(COMMITTED).expect("it is there");
    assert!(
        committed == schema(),
        "write it anew: cargo run -- schema > {COMMITTED}"
    );
}

#[test]
fn every_shipped_scenario_names_the_schema_and_fits_it() {
    for (folder, up) in [("scenarios", "."), ("scenarios/lessons", "..")] {
        let named = format!("#:schema {up}/scenario.schema.json");
        let mut seen = 0;
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("a readable entry").path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let text = fs::read_to_string(&path).expect("a readable file");
                let first = text.lines().next();
                assert_eq!(first, Some(named.as_str()), "{}", path.display());
                assert_eq!(against(&text), [""; 0], "{}", path.display());
                seen += 1;
            }
        }
        assert!(seen >= 2, "{folder}: {seen}");
    }
}

#[test]
fn what_the_reader_takes_fits_the_schema() {
    let more = [
        (
            "name = \"small\"",
            "base = \"mall.toml\"\nseeded-faults = \"none\"",
        ),
        ("[expect.orchestrated]", "[expect.2pc]"),
        ("name = \"small\"", "allow = [\"second-pivot\"]"),
        (
            "choice = { hot = 2, share = 0.5 }",
            "choice = { zipf = 0.5 }",
        ),
        (
            "think = \"2ms\"",
            "think = { least = \"0\", mean = \"1.5 ms\" }",
        ),
        ("at = \"20ms\"", "on = \"coordinator.all-votes\""),
        ("[\"pikachu\"]", "[{ character = 3 }]"),
        ("amount = 50", "amount = \"{character}\""),
    ];
    assert_eq!(against(SMALL), [""; 0]);
    for (replaced, by) in more {
        assert_eq!(against(&small_with(replaced, by)), [""; 0], "{by}");
    }
}

#[test]
fn slips_of_the_pen_do_not_fit_the_schema() {
    for (replaced, by) in [
        ("transactions = 20", "transactoins = 20"),
        ("[workload]", "[worklaod]"),
        ("kind = \"pivot\"", "kind = \"pivto\""),
        ("kind = \"crash\"", "kind = \"crahs\""),
        ("every = \"5ms\"", "every = 5"),
        ("every = \"5ms\"", "every = \"5\""),
        ("share = 0.5", "share = 1.5"),
        ("[expect.orchestrated]", "[expect.orchestration]"),
        (
            "isolation = \"may-break\"",
            "isolation = \"breaks-sometimes\"",
        ),
        ("name = \"small\"", "allow = [\"everything\"]"),
    ] {
        assert_ne!(against(&small_with(replaced, by)), [""; 0], "{by}");
    }
}

#[test]
fn every_key_has_a_sentence() {
    let schema = generated();
    let definitions = schema["definitions"].as_object().expect("definitions");
    let sections = definitions
        .iter()
        .map(|(name, section)| (name.as_str(), section));
    for (name, section) in sections.chain([("the file", &schema)]) {
        let keys = section["properties"].as_object().into_iter().flatten();
        for (key, says) in keys {
            let sentence = says["description"].as_str().unwrap_or_default();
            assert!(sentence.ends_with('.'), "{name}: {key}: {sentence:?}");
        }
    }
}

#[test]
fn the_schema_and_the_reader_bound_numbers_alike() {
    for (path, least, most) in [
        ("defaults.process.workers", 1, 10_000),
        ("policies.conflict-retries", 0, 1_000),
        ("policies.park-after", 1, 1_000),
        ("policies.relay-batch", 1, 10_000),
        ("steps.<name>.conflict-retries", 0, 1_000),
        ("steps.<name>.park-after", 1, 1_000),
        ("domains.<name>.size", 1, 10_000_000),
        ("workload.transactions", 1, 10_000_000),
        ("workload.retries", 0, 100),
        ("workload.arrivals.clients", 1, 1_000_000),
        ("seeded-faults.count", 0, 10_000),
    ] {
        let key = keys().iter().find(|key| key.path() == path);
        let number = |n: i64| super::super::names::number(n);
        let accepts = format!("a whole number, {} to {}", number(least), number(most));
        assert_eq!(
            key.map(|key| key.accepts.as_str()),
            Some(accepts.as_str()),
            "{path}"
        );
        let path = path
            .replace("steps.<name>", "steps.0")
            .replace("<name>", "player");
        for beyond in [least - 1, most + 1] {
            let sets = [format!("{path}={beyond}")];
            assert!(
                parse_with("small.toml", SMALL, &sets).is_err(),
                "{path} = {beyond}"
            );
        }
    }
}
