//! The reference in the module's documentation says what the code does.

use super::super::*;

const REFERENCE: &str = include_str!("../mod.rs");

const LEAST: &str = r#"
[resources.stock]
kind = "counter"
service = "shop"
initial = 100

[[steps]]
name = "sell"
service = "shop"
kind = "pivot"
do = [{ take = "stock", amount = 1 }]
"#;

/// Every default as the reference has it.
const DEFAULTS: &str = r#"
name = "shop"
about = ""
seed = 1
settle = "10s"

[machines.manager]
process = { workers = 8, service-time = "100us", restart = "20ms" }

[machines.shop.database]
engine = "locking"
lock-policy = "wait"
prepare = "native"
statement = "100us"
flush = "1ms"
group-commit = "0"
lock-timeout = "50ms"
lazy-flush = "10ms"
restart = "20ms"
replay = "2us"
checkpoint-every = 1000

[network]
delay = "250us"
loss = 0
duplicate = 0

[broker]
flush = "1ms"
redeliver-after = "50ms"
restart = "20ms"

[provider]
service-time = "1ms"

[workload]
transactions = 100
arrivals = { kind = "closed", clients = 8, think = "5ms" }
timeout = "250ms"
retries = 3
backoff = "0"
jitter = 0
warm-up = "0"

[policies]
resend-after = "20ms"
give-up-after = "200ms"
inquire-after = "30ms"
idle-branch-after = "300ms"
conflict-retries = 8
conflict-backoff = "1ms"
jitter = 0
poll-every = "5ms"
relay-batch = 32
message-life = "5s"

[two-phase-commit]
presumption = "abort"
read-only-votes = false
prepare = "parallel"
locks = "early"
cooperative-termination = false
one-phase = false

[orchestrated-saga]
steps = "serial"

[choreographed-saga]
steps = "serial"
"#;

#[test]
fn the_defaults_are_those_of_the_reference() {
    let read = |text: &str| parse("shop.toml", text).unwrap_or_else(|e| panic!("{e}"));
    let spelled_out = format!(
        "{DEFAULTS}{}",
        LEAST.replace("initial", "floor = 0\nkey = \"\"\ninitial")
    );
    assert_eq!(read(LEAST), read(&spelled_out));
    for line in DEFAULTS.lines() {
        let Some((key, value)) = line.split_once(" = ") else {
            continue;
        };
        if value.starts_with('{') || ["name", "about"].contains(&key) {
            continue;
        }
        let told = |row: &str| row.contains(key) && row.contains(&format!("`{value}`"));
        assert!(REFERENCE.lines().any(told), "`{key}` is {value} by default");
    }
}

#[test]
fn the_reference_knows_every_key() {
    for section in [
        "",
        "[defaults]",
        "[machines.a.database]",
        "[machines.a.process]",
        "[network]",
        "[[network.links]]",
        "[broker]",
        "[provider]",
        "[policies]",
        "[two-phase-commit]",
        "[orchestrated-saga]",
        "[choreographed-saga]",
        "[domains.a]",
        "[resources.a]",
        "[[steps]]",
        "[[steps]]\n[steps.compensation]",
        "[[transactions]]",
        "[workload]",
        "[workload.arrivals]",
        "[[requests]]",
        "[[readers]]",
        "[[operator]]",
        "[[faults]]",
        "[seeded-faults]",
        "[[promises]]",
    ] {
        let errors = parse("a.toml", &format!("{section}\nzzz = 1\n"))
            .unwrap_err()
            .to_string();
        let accepted = errors
            .split_once("accepted keys: ")
            .or_else(|| errors.split_once("sections and keys: "))
            .unwrap_or_else(|| panic!("{section}: {errors}"));
        let keys = accepted.1.split("\n\n").next().unwrap_or_default();
        for key in keys.split('`').skip(1).step_by(2) {
            let told = [
                format!("`{key}"),
                format!(".{key}`"),
                format!("[{key}"),
                format!("{key} = "),
            ];
            assert!(
                told.iter().any(|t| REFERENCE.contains(t)),
                "{section} {key}"
            );
        }
    }
}
