//! What the language means by what it accepts.

use super::super::*;
use super::{SMALL, small_with};
use crate::business::{
    ActionKind, Amount, Business, BusinessRow, Facet, PromiseId, Reason, ResourceId, Step,
};
use crate::fault::{FaultKind, Moment, Ways};
use crate::protocol::{Milestone, ProtocolKind};
use crate::vocab::{Bandwidth, NodeId, Seed, SimDuration, SimTime, StepId};

fn read(text: &str) -> Scenario {
    parse("small.toml", text).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn the_shipped_scenarios_are_valid_and_run_under_every_protocol() {
    for path in ["scenarios/points-mall.toml", "scenarios/order-stock.toml"] {
        let scenario = load(path).unwrap_or_else(|errors| panic!("{errors}"));
        for protocol in ProtocolKind::ALL {
            assert_eq!(scenario.can_run(protocol), Ok(()), "{path}");
        }
    }
}

#[test]
fn a_scenario_of_a_dozen_lines_has_all_it_needs() {
    let scenario = read(
        r#"
        [resources.stock]
        kind = "counter"
        service = "shop"
        initial = 5

        [[steps]]
        name = "sell"
        service = "shop"
        kind = "pivot"
        do = [{ take = "stock", amount = 1 }]
        "#,
    );
    assert_eq!(scenario.name, "small");
    assert_eq!(scenario.seed, Seed(1));
    assert_eq!(scenario.business.services, ["shop"]);
    let names: Vec<&str> = scenario.machines.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["manager", "shop"]);
    assert!(scenario.plan(Seed(1)).faults.is_empty());
    let expected = scenario.expects(ProtocolKind::OrchestratedSaga, PromiseId::Isolation);
    assert_eq!(expected, Expectation::Holds);
}

#[test]
fn a_service_needs_a_section_only_if_there_is_something_to_say_about_its_machine() {
    let text = small_with("[machines.points]\n", "").replace("[machines.welcome]\n", "");
    let services = read(&text).business.services;
    assert_eq!(services, ["characters", "points", "welcome"]);
}

#[test]
fn ids_follow_the_order_of_the_file_and_not_of_the_alphabet() {
    let business = read(SMALL).business;
    assert_eq!(business.services, ["points", "characters", "welcome"]);
    let domains: Vec<&str> = business.domains.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(domains, ["player", "character"]);
    let resources: Vec<&str> = business.resources.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(resources, ["points", "characters", "mail"]);
}

#[test]
fn a_transaction_can_be_made_of_the_first_steps_alone() {
    let all = read(SMALL).business.steps;
    let two = parse_with("small.toml", SMALL, &["first-steps=2".to_owned()]);
    let two = two
        .unwrap_or_else(|errors| panic!("{errors}"))
        .business
        .steps;
    assert_eq!(two, all[..2]);
}

#[test]
fn a_machine_has_its_own_words_then_the_defaults_then_the_bench_s() {
    let text = small_with(
        "[machines.points]",
        "[defaults]\ndatabase = { flush = \"2ms\", lock-timeout = \"9ms\", lock-policy = \"wait-die\" }\n\n\
         [machines.points]\ndatabase = { flush = \"3ms\" }",
    );
    let machines = read(&text).machines;
    let flushes: Vec<u64> = machines
        .iter()
        .map(|m| m.database.flush.as_micros())
        .collect();
    assert_eq!(flushes, [2_000, 3_000, 2_000, 2_000]);
    assert_eq!(
        machines[1].database.lock_timeout,
        SimDuration::from_millis(9)
    );
    assert_eq!(
        machines[1].database.statement,
        SimDuration::from_micros(100)
    );
    assert_eq!(machines[1].database.lock_policy, LockPolicy::WaitDie);
    assert_eq!(machines[2].database.engine, Engine::Document);
}

#[test]
fn a_document_store_joins_two_phase_commit_only_if_the_file_asks_for_intents() {
    let asked = read(SMALL);
    assert_eq!(asked.machines[2].database.prepare, Preparation::Intents);
    assert_eq!(asked.can_run(ProtocolKind::TwoPhaseCommit), Ok(()));

    let unasked = read(&small_with(", prepare = \"intents\"", ""));
    assert_eq!(unasked.machines[2].database.prepare, Preparation::Never);
    let why = unasked.can_run(ProtocolKind::TwoPhaseCommit).unwrap_err();
    assert_eq!(why, "the database of `characters` cannot prepare");
    assert_eq!(unasked.can_run(ProtocolKind::OrchestratedSaga), Ok(()));
}

#[test]
fn an_amount_can_be_a_domain_s_value() {
    let business = read(&small_with("amount = 50", "amount = \"{character}\"")).business;
    let taken = business.steps[0].actions[0].kind;
    assert_eq!(taken, ActionKind::Take(Amount::Param(1)));
}

#[test]
fn a_compensation_may_take_from_a_counter_without_a_floor() {
    let text = small_with("initial = 100", "initial = 100\nfloor = \"none\"")
        .replace("give = \"points\"", "take = \"points\"");
    let points = &read(&text).business.resources[0];
    assert_eq!(
        points.kind,
        crate::business::ResourceKind::Counter {
            initial: 100,
            floor: i64::MIN
        }
    );
}

#[test]
fn an_item_is_named_by_its_name_or_its_number() {
    let items = "[\"eevee\", \"character-3\", { character = 4 }, { character = \"pikachu\" }]";
    let operator = read(&small_with("[\"pikachu\"]", items)).operator;
    let row = |key| BusinessRow {
        resource: ResourceId(1),
        facet: Facet::Sale,
        key,
    };
    assert_eq!(operator[0].rows, [row(1), row(3), row(4), row(0)]);
    assert_eq!(operator[0].at, SimTime::from_micros(10_000));
    assert!(operator[0].withdraw);
}

#[test]
fn a_promise_keeps_its_signs_and_factors_and_drops_a_zero() {
    let text = small_with(
        "taken(points) - given_back(points) = 50 * granted(characters)",
        "- given_back( points )+taken(points)-50*granted(characters) = 0",
    );
    let scenario = read(&text);
    let equation = &scenario.business.equations[0];
    let factors: Vec<i64> = equation.left.iter().map(|t| t.factor).collect();
    assert_eq!(factors, [-1, 1, -50]);
    assert!(equation.right.is_empty());
    assert_eq!(
        scenario.promise_name(PromiseId::Equation(0)),
        "no points lost"
    );
}

#[test]
fn what_is_expected_can_name_a_promise_in_own_words() {
    let text = small_with(
        "isolation = ",
        "\"no points lost\" = \"breaks\"\nisolation = ",
    );
    let scenario = read(&text);
    let expected = |promise| scenario.expects(ProtocolKind::OrchestratedSaga, promise);
    assert_eq!(expected(PromiseId::Equation(0)), Expectation::Breaks);
    assert_eq!(expected(PromiseId::Isolation), Expectation::MayBreak);
    assert_eq!(expected(PromiseId::Floors), Expectation::Holds);
}

#[test]
fn a_fault_waits_for_a_milestone_at_a_node() {
    let text = small_with(
        "at = \"20ms\"",
        "on = \"participant.voted\"\nnode = \"characters\"\nnth = 3",
    );
    let fault = &read(&text).faults[0];
    assert_eq!(fault.kind, FaultKind::CrashProcess(NodeId(1)));
    assert_eq!(
        fault.when,
        Moment::On {
            milestone: Milestone::ParticipantVoted,
            node: Some(NodeId(2)),
            nth: 3
        }
    );
}

#[test]
fn a_partition_has_groups_and_a_direction() {
    let text = small_with(
        "kind = \"crash\"\ntarget = \"points\"",
        "kind = \"partition\"\nfrom = \"points\"\nto = [\"manager\", \"clients\"]\nways = \"one-way\"",
    );
    assert_eq!(
        read(&text).faults[0].kind,
        FaultKind::Partition {
            from: vec![NodeId(1)],
            to: vec![NodeId(0), NodeId(6)],
            ways: Ways::OneWay,
        }
    );
}

#[test]
fn a_link_goes_both_ways_unless_it_says_otherwise() {
    let link = "[[network.links]]\nfrom = \"manager\"\nto = \"points\"\ndelay = \"2ms\"\n";
    let both = read(&small_with("[workload]", &format!("{link}\n[workload]"))).network;
    let there = both.link(NodeId(0), NodeId(1));
    assert_eq!(there.delay, Dist::Fixed(SimDuration::from_millis(2)));
    assert_eq!(both.link(NodeId(1), NodeId(0)), there);

    let one_way = format!("{link}ways = \"one-way\"\n\n[workload]");
    let one = read(&small_with("[workload]", &one_way)).network;
    assert_eq!(one.link(NodeId(0), NodeId(1)), there);
    assert_eq!(one.link(NodeId(1), NodeId(0)), &both.default);
}

#[test]
fn a_link_has_the_bandwidth_of_the_network_unless_it_says_otherwise() {
    let link = |to, bandwidth| {
        format!("[[network.links]]\nfrom = \"manager\"\nto = \"{to}\"\n{bandwidth}\n")
    };
    let links = [
        link("points", "bandwidth = \"64kbit/s\""),
        link("characters", "bandwidth = \"none\""),
        link("welcome", "loss = 0.5"),
    ];
    let says = format!(
        "[network]\nbandwidth = \"1.5Mbit/s\"\n\n{}\n[workload]",
        links.concat()
    );
    let network = read(&small_with("[workload]", &says)).network;
    let bits = |to| {
        let link = network.link(NodeId(0), NodeId(to));
        link.bandwidth.map(Bandwidth::bits)
    };
    let whole = Some(1_500_000);
    assert_eq!([1, 2, 3].map(bits), [Some(64_000), None, whole]);
    assert_eq!(network.default.bandwidth.map(Bandwidth::bits), whole);
    assert!(network.is_bounded() && !read(SMALL).network.is_bounded());
}

#[test]
fn a_message_is_as_large_as_what_it_says_and_the_overhead_or_as_is_said_of_it() {
    let says = "[network]\noverhead = 40\nsizes = { work = 2048 }\n\n[workload]";
    let sizes = read(&small_with("[workload]", says)).network.sizes;
    assert_eq!(sizes.size("work", || 30), 2_048);
    assert_eq!(sizes.size("worked", || 30), 70);
    assert_eq!(read(SMALL).network.sizes.size("work", || 30), 130);
}

#[test]
fn what_is_remembered_outlives_every_message_and_every_retry() {
    let short = read(SMALL);
    let fault = "kind = \"crash\"\ntarget = \"points\"\nat = \"20ms\"\nlasts = \"30s\"";
    let long = read(&small_with(
        "kind = \"crash\"\ntarget = \"points\"\nat = \"20ms\"\nlasts = \"10ms\"",
        fault,
    ));
    for (scenario, life) in [(short, 5), (long, 30)] {
        let workload = &scenario.workload;
        let least = SimDuration::from_secs(life) + workload.longest_wait();
        assert!(scenario.policies.retention > least);
    }
}

#[test]
fn a_retention_that_is_long_enough_is_taken_as_it_is_written() {
    let text = small_with("[workload]", "[policies]\nretention = \"7s\"\n\n[workload]");
    assert_eq!(read(&text).policies.retention, SimDuration::from_secs(7));
}

#[test]
fn seeded_faults_are_drawn_from_the_seed_alone() {
    let scenario = read(&small_with(
        "[[faults]]",
        "[seeded-faults]\ncount = 4\nuntil = \"100ms\"\nkinds = [\"pause\"]\n\n[[faults]]",
    ));
    let plan = scenario.plan(Seed(5));
    assert_eq!(plan.faults.len(), 5);
    assert_eq!(plan, scenario.plan(Seed(5)));
    assert_ne!(plan, scenario.plan(Seed(6)));
    let drawn = &plan.faults[1..];
    assert!(drawn.iter().all(|f| matches!(f.kind, FaultKind::Pause(_))));
}

#[test]
fn reasons_speak_the_scenario_s_words() {
    let business = read(SMALL).business;
    let reason = Reason::Withdrawn(ResourceId(1));
    assert_eq!(
        business.reason_in_words(reason),
        "characters withdrawn from sale"
    );
}

#[test]
fn a_step_is_parked_as_it_says_itself_or_else_as_the_policies_say() {
    let text = small_with("kind = \"pivot\"", "kind = \"pivot\"\npark-after = 3")
        + "\n[policies]\npark-after = 8\nparked-for = \"2s\"\n";
    let policies = read(&text).policies;
    let parked = |step| policies.step(step).parking.map(|p| (p.after, p.lasts));
    let lasts = Some(SimDuration::from_secs(2));
    assert_eq!(parked(StepId(0)), Some((8, lasts)));
    assert_eq!(parked(StepId(1)), Some((3, lasts)));
    assert_eq!(read(SMALL).policies.parking, None);
}

#[test]
fn a_step_that_reserves_has_a_last_step_that_takes_and_in_one_go_neither() {
    let business = read(&small_with(
        "kind = \"compensable\"",
        "kind = \"compensable\"\nreserve-then-confirm = true",
    ))
    .business;
    let kinds = |business: &Business| -> Vec<(String, ActionKind)> {
        let first = |step: &Step| (step.name.clone(), step.actions[0].kind);
        business.steps.iter().map(first).collect()
    };
    let fifty = Amount::Fixed(50);
    let saga = kinds(&business);
    assert_eq!(saga[0].1, ActionKind::Reserve(fifty));
    let last = ("confirm-take-points".to_owned(), ActionKind::Take(fifty));
    assert_eq!(saga.last(), Some(&last));
    assert_eq!(kinds(&business.in_one_go()), kinds(&read(SMALL).business));
}
