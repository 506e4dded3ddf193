//! Files that are based on others, and what is set beside them.

use std::path::Path;

use super::super::*;
use super::SMALL;
use crate::vocab::{Seed, SimDuration};

/// The scenario of `own.toml` among these files; `small.toml` is always there.
fn read(files: &[(&str, &str)], sets: &[&str]) -> Result<Scenario, ScenarioErrors> {
    let find = |path: &Path| {
        let path = path.to_string_lossy();
        let mut all = files.iter().chain(&[("small.toml", SMALL)]);
        let found = all.find(|(name, _)| *name == path);
        found
            .map(|(_, text)| text.to_string())
            .ok_or_else(|| "there is no such file".to_owned())
    };
    let own = find(Path::new("own.toml")).expect("own.toml is there");
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    scenario(Document::new("own.toml", own, &sets, Some(&find)))
}

fn good(files: &[(&str, &str)], sets: &[&str]) -> Scenario {
    read(files, sets).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The small scenario, based on it, with more.
fn small_and(more: &str) -> Scenario {
    let text = format!("base = \"small.toml\"\n{more}");
    good(&[("own.toml", &text)], &[])
}

fn set(sets: &[&str]) -> Scenario {
    good(&[("own.toml", SMALL)], sets)
}

#[test]
fn a_file_that_adds_nothing_is_its_base_under_another_name() {
    let mut own = small_and("");
    assert_eq!(own.name, "own");
    own.name = "small".to_owned();
    assert_eq!(own, parse("small.toml", SMALL).expect("it is right"));
}

#[test]
fn sections_are_merged_key_by_key() {
    let own = small_and(
        "[machines.points]\ndatabase = { flush = \"3ms\" }\n\
         [machines.characters.database]\nflush = \"4ms\"\n\
         [workload]\nretries = 7\n\
         [expect.orchestrated]\nfloors = \"may-break\"\n",
    );
    let base = parse("small.toml", SMALL).expect("it is right");
    assert_eq!(own.business, base.business, "the order is the base's");
    assert_eq!(own.machines[1].database.flush, SimDuration::from_millis(3));
    assert_eq!(own.machines[2].database.engine, Engine::Document);
    assert_eq!(own.machines[2].database.flush, SimDuration::from_millis(4));
    assert_eq!((own.workload.transactions, own.workload.retries), (20, 7));
    assert_eq!(own.expectations.len(), base.expectations.len() + 1);
}

#[test]
fn lists_are_replaced_as_a_whole() {
    assert!(small_and("faults = []").faults.is_empty());
    let own =
        small_and("[[faults]]\nkind = \"pause\"\ntarget = \"manager\"\npoint = 3\nlasts = \"1ms\"");
    assert_eq!(own.faults.len(), 1);
    assert_eq!(own.readers.len(), 1);
}

#[test]
fn a_spread_a_choice_and_a_section_of_another_kind_are_replaced_as_a_whole() {
    let own = small_and(
        "[workload]\narrivals = { kind = \"open\", every = \"2ms\" }\n\
         [domains.player]\nchoice = { zipf = 0.5 }\n\
         [resources.points]\nkind = \"counter\"\nfloor = -5\n",
    );
    assert!(matches!(own.workload.arrivals, Arrivals::Open { .. }));
    assert_eq!(own.workload.choices[0], Choice::Zipf(0.5));
    let other = small_and("[workload.arrivals]\nkind = \"closed\"\nclients = 9\n");
    let think = Dist::Fixed(SimDuration::from_millis(2));
    assert_eq!(
        other.workload.arrivals,
        Arrivals::Closed { clients: 9, think }
    );
}

#[test]
fn none_in_its_place_drops_a_section_of_the_base() {
    let seeded = "base = \"small.toml\"\n[seeded-faults]\ncount = 3\nuntil = \"1s\"\n";
    let own = "base = \"seeded.toml\"\nseeded-faults = \"none\"\nexpect = \"none\"\n";
    let own = good(&[("own.toml", own), ("seeded.toml", seeded)], &[]);
    assert_eq!(own.seeded, None);
    assert!(own.expectations.is_empty());
    assert_eq!(small_and("seeded-faults = \"none\"").seeded, None);
}

#[test]
fn a_base_is_found_from_the_folder_of_the_file_that_names_it() {
    let own = good(
        &[
            ("own.toml", "base = \"shared/a.toml\""),
            ("shared/a.toml", "base = \"b.toml\"\nseed = 5"),
            ("shared/b.toml", SMALL),
        ],
        &[],
    );
    assert_eq!((own.name.as_str(), own.seed), ("own", Seed(5)));
}

#[test]
fn what_is_set_is_on_top_and_the_last_word_counts() {
    let own = set(&[
        "seed=9",
        "workload.transactions = 7",
        "machines.points.database.flush=5ms",
        "steps.take-points.do=[{ take = \"points\", amount = 10 }]",
        "steps.0.compensation.do.0.amount=10",
        "faults.0.lasts=\"1ms\"",
        "expect.2pc.\"no points lost\"=may-break",
        "network.delay={ from = \"1ms\", to = \"2ms\" }",
        "seed=10",
        "seeded-faults=none",
    ]);
    assert_eq!(own.seed, Seed(10));
    assert_eq!(own.workload.transactions, 7);
    assert_eq!(own.machines[1].database.flush, SimDuration::from_millis(5));
    assert_eq!(own.faults[0].lasts, SimDuration::from_millis(1));
    let amount = |actions: &[crate::business::Action]| actions[0].kind;
    let taken = amount(&own.business.steps[0].actions);
    assert!(format!("{taken:?}").contains("10"), "{taken:?}");
}

macro_rules! refused {
    ($($name:ident: [$($file:literal = $text:expr),*] $(, $set:literal)*;)*) => {
        $(#[test]
        fn $name() {
            let errors = read(&[$(($file, $text)),*], &[$($set),*]);
            let errors = errors.expect_err("it is wrong").to_string();
            let mut settings = insta::Settings::clone_current();
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_snapshot!(stringify!($name), errors));
        })*
    };
}

// Bases.
refused! {
    a_base_that_is_not_there: ["own.toml" = "base = \"smal.toml\""];
    a_base_that_is_no_path: ["own.toml" = "base = 3"];
    a_file_based_on_itself: ["own.toml" = "base = \"./own.toml\""];
    files_in_a_circle: ["own.toml" = "base = \"a/b.toml\"", "a/b.toml" = "seed = 1\nbase = \"../own.toml\""];
    bases_without_end:
        ["own.toml" = "base = \"1.toml\"", "1.toml" = "base = \"2.toml\"", "2.toml" = "base = \"3.toml\"",
         "3.toml" = "base = \"4.toml\"", "4.toml" = "base = \"5.toml\"", "5.toml" = "base = \"6.toml\"",
         "6.toml" = "base = \"7.toml\"", "7.toml" = "base = \"8.toml\"", "8.toml" = "base = \"small.toml\""];
    a_mistake_in_the_base: ["own.toml" = "base = \"a.toml\"", "a.toml" = "base = \"small.toml\"\n\nseed = \"one\"\n"];
    a_mistake_over_a_base: ["own.toml" = "base = \"small.toml\"\n\n[workload]\nretires = 3\n"];
    a_base_that_is_not_toml: ["own.toml" = "base = \"a.toml\"\n[workload", "a.toml" = "seed = = 1"];
    a_promise_that_two_files_disagree_about:
        ["own.toml" = "base = \"small.toml\"\n[resources.points]\ninitial = 10\nfloor = 20\n"];
    a_fault_whose_service_is_only_in_the_base:
        ["own.toml" = "base = \"small.toml\"\n[[faults]]\nkind = \"crash\"\ntarget = \"point\"\nat = \"1ms\"\nlasts = \"1ms\"\n"];
    a_pivot_of_this_file_and_a_floor_of_the_base:
        ["own.toml" = "base = \"a.toml\"\n[resources.points]\nkind = \"entitlement\"\n", "a.toml" = SMALL];
}

// What is set.
refused! {
    a_set_without_an_equals_sign: ["own.toml" = SMALL], "workload.transactions";
    a_set_without_a_path: ["own.toml" = SMALL], "=3";
    a_set_with_a_broken_path: ["own.toml" = SMALL], "workload..transactions=3";
    a_set_of_an_unknown_key: ["own.toml" = SMALL], "workload.transactoins=50";
    a_set_of_an_unknown_section: ["own.toml" = SMALL], "workloda.transactions=50";
    a_set_of_the_wrong_type: ["own.toml" = SMALL], "workload.transactions=many";
    a_set_of_an_unknown_step: ["own.toml" = SMALL], "steps.take-point.kind=pivot";
    a_set_of_a_fault_too_many: ["own.toml" = SMALL], "faults.1.lasts=1s";
    a_set_inside_a_value: ["own.toml" = SMALL], "name.x=1";
    a_set_of_broken_toml: ["own.toml" = SMALL], "faults=[{ kind = \"crash\" ";
    a_set_of_the_base: ["own.toml" = SMALL], "base=other.toml";
    a_set_of_an_equation_with_a_hole: ["own.toml" = SMALL], "promises.0.equation=taken(points) = 50 * granted(character)";
    a_set_that_makes_the_file_wrong: ["own.toml" = SMALL], "steps.welcome.kind=pivot";
}

#[test]
fn a_text_that_stands_for_itself_has_no_base() {
    let errors = parse("own.toml", "base = \"small.toml\"").expect_err("there are no files");
    let text = errors.to_string();
    assert!(text.contains("own.toml:1:8"), "{text}");
    assert!(text.contains("a text that is not read from a file has no base"));
}

/// The document of `own.toml` as one text, and the scenario that it stands for.
fn both(files: &[(&str, &str)], sets: &[&str]) -> (String, Scenario) {
    let find = |path: &Path| {
        let found = files.iter().find(|(name, _)| Path::new(name) == path);
        found
            .map(|(_, text)| text.to_string())
            .ok_or_else(String::new)
    };
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let document = Document::new("own.toml", files[0].1.to_owned(), &sets, Some(&find));
    let text = expanded(&document);
    (text, scenario(document).unwrap_or_else(|e| panic!("{e}")))
}

#[test]
fn an_expanded_scenario_says_the_same() {
    let own = "base = \"small.toml\"\nabout = \"\"\"\nTwo \\\"lines\\\"\nof text.\n\"\"\"\nseed = 18446744073709551615\n\
               readers = []\n\
               [machines.zoo.database]\nflush = \"2ms\"\n[machines.ark]\n\
               [resources.hay]\nkind = \"counter\"\nservice = \"zoo\"\ninitial = 1\n\
               [resources.oars]\nkind = \"counter\"\nservice = \"ark\"\ninitial = 2\n\
               [domains.a]\nsize = 0x10\nchoice = { zipf = 1e-1 }\n\
               [network]\ndelay = { least = \"1ms\", mean = \"2ms\" }\n\
               [[network.links]]\nfrom = \"manager\"\nto = \"zoo\"\nloss = 0.5\n\
               [expect.2pc]\n\"no points lost\" = \"may-break\"\n";
    let sets = ["workload.timeout=1s", "steps.unlock.check=prepare"];
    let (text, scenario) = both(&[("own.toml", own), ("small.toml", SMALL)], &sets);
    let again = parse("own.toml", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(again, scenario, "{text}");
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("expanded", text));
}

#[test]
fn the_shipped_scenarios_expand_to_themselves() {
    for path in ["scenarios/points-mall.toml", "scenarios/order-stock.toml"] {
        let text = expand(path, &[]).unwrap_or_else(|e| panic!("{e}"));
        let again = parse("x.toml", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(again, load(path).expect("it is right"), "{path}");
    }
}
