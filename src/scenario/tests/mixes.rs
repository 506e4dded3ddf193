//! Several transactions in one scenario: what is read, and what is refused.

use super::SMALL;
use crate::business::{Params, StepKind};
use crate::protocol::{Entry, Family, Own, ProtocolKind};
use crate::scenario::{Arrivals, Scenario, parse, parse_with};
use crate::vocab::StepId;

const SWAP: &str = r#"
[[transactions]]
name = "swap"
weight = 3

[[transactions.steps]]
name = "give-up"
service = "characters"
kind = "retriable"
do = [{ revoke = "characters" }]

[[transactions.steps]]
name = "credit"
service = "points"
kind = "retriable"
resend-after = "7ms"
do = [{ give = "points", amount = 50 }]
"#;

/// The small scenario's purchase, and a swap.
fn mixed() -> String {
    let start = SMALL.find("[[steps]]").expect("it has steps");
    let end = SMALL.find("[workload]").expect("it has a workload");
    let steps = SMALL[start..end].replace("[[steps]]", "[[transactions.steps]]");
    format!(
        "{}[[transactions]]\nname = \"purchase\"\n{steps}{SWAP}\n{}",
        &SMALL[..start],
        &SMALL[end..]
    )
}

fn mixed_with(replaced: &str, by: &str) -> String {
    let text = mixed();
    assert!(text.contains(replaced), "there is no {replaced:?}");
    text.replacen(replaced, by, 1)
}

fn read(text: &str) -> Scenario {
    parse("mix.toml", text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What is said of a text, and of which of its lines.
fn refused(text: &str, title: &str, at: &str) {
    let errors = parse("mix.toml", text).expect_err(title).to_string();
    assert!(errors.starts_with(&format!("error: {title}\n")), "{errors}");
    let mut lines = errors.lines().filter(|line| line.contains(" | "));
    assert!(lines.any(|line| line.contains(at)), "{errors}");
}

#[test]
fn the_steps_of_a_mix_are_numbered_on() {
    let business = read(&mixed()).business;
    let names: Vec<&str> = business.steps.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(
        names,
        ["take-points", "unlock", "welcome", "give-up", "credit"]
    );
    let [purchase, swap] = business.transactions.as_slice() else {
        panic!("there are two: {:?}", business.transactions);
    };
    assert_eq!((purchase.weight, purchase.steps.clone()), (1, 0..3));
    assert_eq!((swap.weight, swap.steps.clone()), (3, 3..5));
    assert_eq!(swap.name, "swap");

    let alone = business.alone(1);
    assert_eq!((alone.first, alone.last()), (StepId(3), StepId(4)));
    assert_eq!(alone.step(StepId(4)).name, "credit");
    assert_eq!(alone.participants().len(), 2);
    assert_eq!(business.place_of(StepId(2)), 0);
    assert_eq!(business.place_of(StepId(3)), 1);
}

#[test]
fn a_step_of_a_mix_has_its_own_policies() {
    let policies = read(&mixed()).policies;
    let own: Vec<StepId> = policies.steps.keys().copied().collect();
    assert_eq!(own, [StepId(4)]);
}

/// What the bench adds comes after the steps of its own transaction.
#[test]
fn what_one_transaction_marks_the_others_know() {
    let text = mixed_with(
        "kind = \"compensable\"",
        "kind = \"compensable\"\nsemantic-lock = true",
    );
    let business = read(&text).business;
    assert_eq!(business.steps[3].name, "release-take-points");
    assert_eq!(business.steps[3].releases, Some(StepId(0)));
    assert_eq!(business.transactions[1].steps, 4..6);
    let points = business.steps[0].actions[0].resource;
    let swap = business.alone(1);
    assert!(swap.marks(points) && !swap.steps.iter().any(|s| s.semantic_lock));

    // Nobody but a saga releases anything; all others keep their ids.
    let at_once = business.in_one_go();
    assert_eq!(at_once.alone(0).steps.len(), 3);
    assert_eq!(at_once.alone(1).first, StepId(4));
    assert_eq!(at_once.step(StepId(5)).kind, StepKind::Retriable);
}

#[test]
fn a_listed_request_says_which_transaction_it_is_for() {
    let listed = "[[requests]]\nat = \"1ms\"\nabout = \"ash/pikachu\"\n";
    let with = |more: &str| {
        let text = mixed();
        let start = text.find("transactions = 20").expect("it is there");
        let end = text.find("[[readers]]").expect("it is there");
        format!("{}\n{listed}{more}\n{}", &text[..start], &text[end..])
    };
    let scenario = read(&with("transaction = \"swap\""));
    let Arrivals::Listed(wishes) = &scenario.workload.arrivals else {
        panic!("they are listed");
    };
    assert_eq!(wishes[0].params, Params([0, 0, 0, 1]));
    assert_eq!(
        scenario.business.wanted_name(&wishes[0].params),
        Some("swap")
    );

    let which = "this request does not say which transaction it is for";
    refused(&with(""), which, "[[requests]]");
    let unknown = "there is no transaction `swop`";
    refused(&with("transaction = \"swop\""), unknown, "swop");
    let alone = SMALL.replacen(
        "[workload]\ntransactions = 20\narrivals = { kind = \"closed\", clients = 4, think = \"2ms\" }",
        &format!("{listed}transaction = \"swap\""),
        1,
    );
    refused(&alone, "there is only one transaction", "transaction = ");
}

#[test]
fn somebody_s_own_protocol_must_know_of_several_transactions() {
    const ONE: Own = Own {
        name: "one",
        family: Family::StepByStep,
        entry: Entry::FirstService,
        answers: "the first service",
        mixes: false,
        uses_broker: false,
        safeguards: &[],
        again: "cargo test",
    };
    const ANY: Own = Own { mixes: true, ..ONE };
    let (mix, small) = (read(&mixed()), read(SMALL));
    let why = "it does one transaction, and here are several";
    assert_eq!(mix.can_run(ProtocolKind::Own(&ONE)), Err(why.to_owned()));
    assert_eq!(mix.can_run(ProtocolKind::Own(&ANY)), Ok(()));
    assert_eq!(small.can_run(ProtocolKind::Own(&ONE)), Ok(()));
}

#[test]
fn a_weight_can_be_set_by_name() {
    let set = ["transactions.swap.weight=9".to_owned()];
    let scenario = parse_with("mix.toml", &mixed(), &set).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(scenario.business.transactions[1].weight, 9);
}

#[test]
fn steps_and_transactions_are_not_both_there() {
    let text = mixed_with(
        "[[transactions]]",
        "[[steps]]\nname = \"a\"\nservice = \"points\"\nkind = \"retriable\"\n\
         do = [{ give = \"points\", amount = 1 }]\n\n[[transactions]]",
    );
    refused(&text, "there are `steps` and `transactions`", "[[steps]]");
}

#[test]
fn a_mix_that_would_be_ambiguous_is_refused() {
    let same = mixed_with("name = \"swap\"", "name = \"purchase\"");
    refused(
        &same,
        "there are two transactions called `purchase`",
        "purchase",
    );
    let same = mixed_with("name = \"credit\"", "name = \"unlock\"");
    refused(&same, "there are two steps called `unlock`", "unlock");
}

#[test]
fn what_makes_no_mix_is_refused() {
    let weightless = mixed_with("weight = 3", "weight = 0");
    refused(&weightless, "`weight` cannot be 0", "weight = 0");

    let start = SWAP.find("[[transactions.steps]]").expect("it has steps");
    let empty = mixed_with(&SWAP[start..], "steps = []\n");
    refused(&empty, "the transaction `swap` has no steps", "\"swap\"");

    let first = mixed_with("name = \"small\"", "name = \"small\"\nfirst-steps = 2");
    let nothing = "`first-steps` means nothing for several transactions";
    refused(&first, nothing, "first-steps = 2");

    let domains = "[domains.a]\nsize = 2\n[domains.b]\nsize = 2\n\n[resources.points]";
    let four = mixed_with("[resources.points]", domains);
    refused(
        &four,
        "more than 3 domains beside `transactions`",
        "[domains.b]",
    );

    let more: String = (0..15)
        .map(|n| {
            format!(
                "[[transactions]]\nname = \"t{n}\"\n[[transactions.steps]]\nname = \"s{n}\"\n\
                 service = \"points\"\nkind = \"retriable\"\n\
                 do = [{{ give = \"points\", amount = 1 }}]\n"
            )
        })
        .collect();
    let many = mixed_with("[workload]", &format!("{more}\n[workload]"));
    refused(&many, "more than 16 transactions", "[[transactions]]");

    // Each transaction keeps the order of steps by itself.
    let wrong = mixed_with(
        "name = \"credit\"\nservice = \"points\"\nkind = \"retriable\"",
        "name = \"credit\"\nservice = \"points\"\nkind = \"pivot\"",
    );
    refused(
        &wrong,
        "the pivot `credit` comes after a retriable step",
        "pivot",
    );
}

#[test]
fn two_transactions_do_not_hold_what_the_other_wants() {
    let step = |name: &str, of: &str| {
        format!(
            "[[transactions.steps]]\nname = \"{name}\"\nservice = \"shop\"\n\
             kind = \"compensable\"\nsemantic-lock = true\n\
             do = [{{ take = \"{of}\", amount = 1 }}]\n\
             compensation = {{ name = \"undo-{name}\", do = [{{ give = \"{of}\", amount = 1 }}] }}\n"
        )
    };
    let counter = |name: &str| {
        format!("[resources.{name}]\nkind = \"counter\"\nservice = \"shop\"\ninitial = 9\n")
    };
    let mix = |of: [&str; 2]| {
        [
            counter("tea"),
            counter("cups"),
            "[[transactions]]\nname = \"one\"\n".to_owned(),
            step("a", "tea"),
            step("b", "cups"),
            "[[transactions]]\nname = \"other\"\n".to_owned(),
            step("c", of[0]),
            step("d", of[1]),
        ]
        .concat()
    };
    read(&mix(["tea", "cups"]));
    let title =
        "this transaction wants `tea` while it holds `cups`, and another the other way round";
    refused(&mix(["cups", "tea"]), title, "\"other\"");
}
