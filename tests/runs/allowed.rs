//! Rules of the craft that a scenario breaks by name: it runs under every
//! protocol, and what was promised breaks under a saga, and under no other.

use std::sync::Arc;

use indoubt::business::PromiseId;
use indoubt::check::Verdict;
use indoubt::lab::{self, HostChoice, RunOptions};
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::Seed;

/// Two counters, an entitlement that is often refused, a mail; faults and lost
/// messages.
const GROUND: &str = r#"
[domains.player]
size = 4

[domains.show]
size = 6

[resources.points]
kind = "counter"
service = "points"
key = "{player}"
initial = 60

[resources.bonus]
kind = "counter"
service = "welcome"
key = "{player}"
initial = 0

[resources.seat]
kind = "entitlement"
service = "seats"
key = "{player}/{show}"

[resources.mail]
kind = "action"
service = "welcome"
key = "{player}"

[network]
loss = 0.02
duplicate = 0.02

[workload]
transactions = 40
arrivals = { kind = "closed", clients = 4, think = "1ms" }
timeout = "100ms"

[policies]
give-up-after = "40ms"

[seeded-faults]
count = 4
until = "200ms"
shortest = "5ms"
longest = "80ms"
"#;

const TAKE: &str = r#"
[[steps]]
name = "take"
service = "points"
kind = "compensable"
do = [{ take = "points", amount = 20 }]
compensation = { name = "refund", do = [{ give = "points", amount = 20 }] }
"#;

const SEAT: &str = r#"
[[steps]]
name = "seat"
service = "seats"
kind = "pivot"
do = [{ grant = "seat" }]
"#;

/// What others have given, spent.
const SPEND: &str = r#"
[[steps]]
name = "spend"
service = "welcome"
kind = "pivot"
do = [{ take = "bonus", amount = 10 }]
"#;

/// A step that gives a bonus, with more to say about it.
fn bonus(more: &str) -> String {
    format!("[[steps]]\nname = \"bonus\"\nservice = \"welcome\"\n{more}\n")
}

/// What is allowed, the steps that need it, and the promises of which some saga
/// breaks one.
fn breaches() -> Vec<(&'static str, String, &'static [PromiseId])> {
    let gives = "do = [{ give = \"bonus\", amount = 5 }]";
    let undone = "compensation = { name = \"unbonus\", do = [{ take = \"bonus\", amount = 5 }] }";
    let mails = "do = [{ perform = \"mail\" }]";
    let compensable = "kind = \"compensable\"";
    vec![
        (
            "compensable-after-pivot",
            [SEAT, TAKE].concat(),
            &[PromiseId::AllOrNothing],
        ),
        (
            "second-pivot",
            [
                SEAT,
                &TAKE.replace("compensable", "pivot").replace(
                    "compensation = { name = \"refund\", do = [{ give = \"points\", amount = 20 }] }",
                    "",
                ),
            ]
            .concat(),
            &[PromiseId::AllOrNothing],
        ),
        (
            "retriable-before-pivot",
            [&bonus(&format!("kind = \"retriable\"\n{gives}")), SEAT].concat(),
            &[PromiseId::AllOrNothing],
        ),
        (
            "no-compensation",
            [&bonus(&format!("{compensable}\n{gives}")), SEAT].concat(),
            &[PromiseId::AllOrNothing],
        ),
        (
            "irrevocable-before-pivot",
            [
                &bonus(&format!(
                    "{compensable}\n{mails}\ncompensation = {{ name = \"sorry\", do = [{{ give = \"bonus\", amount = 1 }}] }}"
                )),
                SEAT,
            ]
            .concat(),
            &[PromiseId::Irrevocable],
        ),
        (
            "irrevocable-compensation",
            [
                &bonus(&format!(
                    "{compensable}\n{gives}\ncompensation = {{ name = \"regret\", {mails} }}"
                )),
                SEAT,
            ]
            .concat(),
            &[PromiseId::Irrevocable],
        ),
        (
            "compensation-can-fail",
            [&bonus(&format!("{compensable}\n{gives}\n{undone}")), SPEND].concat(),
            &[PromiseId::Floors],
        ),
        (
            "retriable-can-fail",
            [SEAT, &TAKE.replace("compensable", "retriable").replace(
                "compensation = { name = \"refund\", do = [{ give = \"points\", amount = 20 }] }",
                "",
            )]
            .concat(),
            &[PromiseId::EverythingEnds],
        ),
    ]
}

fn scenario_of(rule: &str, steps: &str) -> Scenario {
    let text = format!("allow = [\"{rule}\"]\n{GROUND}\n{steps}");
    scenario::parse("allowed.toml", &text).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn what_is_allowed_runs_and_shows_why_the_rule_is_there() {
    for (rule, steps, promises) in breaches() {
        let scenario = Arc::new(scenario_of(rule, &steps));
        let mut broken = Vec::new();
        for protocol in ProtocolKind::ALL {
            for seed in 1..=12 {
                let options = RunOptions {
                    seed: Seed(seed),
                    safeguards: Safeguards::all(),
                    host: HostChoice::Direct,
                };
                let trial = lab::run(&scenario, protocol, &options, ())
                    .unwrap_or_else(|error| panic!("{rule}: {error}"));
                let violated = trial
                    .verdicts
                    .iter()
                    .filter(|(_, verdict, _)| matches!(verdict, Verdict::Violated(_)));
                broken.extend(violated.map(|(promise, _, _)| (protocol, *promise)));
            }
        }
        let shown = promises
            .iter()
            .any(|promise| broken.iter().any(|(_, broken)| broken == promise));
        assert!(shown, "{rule}: {broken:?}");
        let safe = [ProtocolKind::Monolith, ProtocolKind::TwoPhaseCommit];
        broken.retain(|(protocol, _)| safe.contains(protocol));
        assert!(broken.is_empty(), "{rule}: {broken:?}");
    }
}
