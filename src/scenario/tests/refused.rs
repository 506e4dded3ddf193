//! Every way in which a file can be wrong, and what is said about it.

use super::small_with;
use crate::scenario::parse;

/// The diagnostics of the small scenario with some of its text replaced.
fn diagnostics(replaced: &str, by: &str) -> String {
    match parse("small.toml", &small_with(replaced, by)) {
        Ok(_) => panic!("{replaced:?} replaced by {by:?} is accepted"),
        Err(errors) => errors.to_string(),
    }
}

fn says(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

macro_rules! refused {
    ($($name:ident: $replaced:literal => $by:literal;)*) => {
        $(#[test]
        fn $name() {
            says(stringify!($name), &diagnostics($replaced, $by));
        })*
    };
}

// The text itself.
refused! {
    text_that_is_not_toml: "size = 10" => "size = = 10";
    a_key_that_is_there_twice: "size = 10" => "size = 10\nsize = 11";
    a_section_that_does_not_exist: "[workload]" => "[worklaod]";
    a_key_that_does_not_exist: "transactions = 20" => "transactoins = 20";
    a_key_that_is_missing: "per = \"player\"\n" => "";
    a_value_of_another_type: "size = 10" => "size = \"ten\"";
    a_negative_number: "size = 10" => "size = -10";
    a_word_that_is_none_of_those_accepted: "engine = \"document\"" => "engine = \"documents\"";
    a_list_written_as_several_sections: "[[readers]]" => "[readers]\nname = \"a\"\nevery = \"5ms\"\n[readers]";
    a_list_written_as_one_section: "[[readers]]" => "[readers]";
    a_section_written_as_a_value: "name = \"small\"" => "name = \"small\"\nmachines = 3";
}

// Requests that are listed, safeguards that are done without.
refused! {
    a_request_beside_arrivals: "[workload]" => "[[requests]]\nat = \"1ms\"\nabout = \"player-0/character-0\"\n\n[workload]";
    an_end_of_arrivals_beside_requests: "[workload]\ntransactions = 20" => "[[requests]]\nat = \"1ms\"\nabout = \"player-0/character-0\"\n\n[workload]\nuntil = \"1s\"";
    an_end_of_arrivals_at_once: "transactions = 20" => "transactions = 20\nuntil = \"0\"";
    a_request_about_nothing: "[workload]\ntransactions = 20" => "[[requests]]\nat = \"1ms\"\n\n[workload]";
    a_request_about_half_of_it: "[workload]\ntransactions = 20" => "[[requests]]\nat = \"1ms\"\nabout = { player = 1 }\n\n[workload]";
    a_request_about_somebody_unknown: "[workload]\ntransactions = 20" => "[[requests]]\nat = \"1ms\"\nabout = \"player-77/character-0\"\n\n[workload]";
    a_request_with_no_such_id: "[workload]\ntransactions = 20" => "[[requests]]\nat = \"1ms\"\nid = \"17\"\nabout = \"player-0/character-0\"\n\n[workload]";
    two_requests_of_one_id: "[workload]\ntransactions = 20" => "[[requests]]\nat = \"1ms\"\nid = \"c1.0\"\nabout = \"player-0/character-0\"\n[[requests]]\nat = \"2ms\"\nabout = \"player-0/character-0\"\n\n[workload]";
    fewer_steps_than_one: "name = \"small\"" => "name = \"small\"\nfirst-steps = 0";
    more_steps_than_there_are: "name = \"small\"" => "name = \"small\"\nfirst-steps = 9";
    a_safeguard_that_does_not_exist: "name = \"small\"" => "name = \"small\"\nwithout = [\"outbx\"]";
    a_safeguard_done_without_twice: "name = \"small\"" => "name = \"small\"\nwithout = [\"outbox\", \"outbox\"]";
}

// Durations and numbers.
refused! {
    a_duration_without_a_unit: "every = \"5ms\"" => "every = \"5\"";
    a_duration_that_is_a_number: "every = \"5ms\"" => "every = 5";
    a_duration_of_a_day: "at = \"10ms\"" => "at = \"1440m\"";
    a_reader_without_a_pause: "every = \"5ms\"" => "every = \"0\"";
    a_distribution_upside_down: "think = \"2ms\"" => "think = { from = \"3ms\", to = \"2ms\" }";
    half_a_distribution: "think = \"2ms\"" => "think = { from = \"3ms\" }";
    a_probability_above_one: "share = 0.5" => "share = 1.5";
    no_workers: "[machines.welcome]" => "[machines.welcome]\nprocess = { workers = 0 }";
    more_transactions_than_a_number_can_say: "transactions = 20" => "transactions = 99_999_999_999";
    too_many_transactions: "transactions = 20" => "transactions = 20_000_000";
    a_hot_set_of_everybody: "hot = 2" => "hot = 10";
    more_names_than_values: "size = 5" => "size = 1";
    a_key_with_too_many_values:
        "[domains.character]\nsize = 5" =>
        "[domains.a]\nsize = 10_000_000\n[domains.b]\nsize = 10_000_000\n[resources.many]\nkind = \"action\"\nservice = \"welcome\"\nkey = \"{player}/{character}/{a}/{b}\"\n[domains.character]\nsize = 10_000_000";
    a_fifth_domain:
        "[domains.player]" =>
        "[domains.a]\nsize = 1\n[domains.b]\nsize = 1\n[domains.c]\nsize = 1\n[domains.player]";
}

// Names.
refused! {
    a_service_that_does_not_exist: "service = \"points\"\nkind = \"comp" => "service = \"pionts\"\nkind = \"comp";
    a_service_with_a_reserved_name: "[machines.welcome]" => "[machines.broker]\n[machines.welcome]";
    a_name_that_cannot_stand_in_a_trace: "name = \"take-points\"" => "name = \"take points\"";
    two_steps_of_one_name: "name = \"unlock\"" => "name = \"take-points\"";
    a_domain_that_does_not_exist: "key = \"{player}\"" => "key = \"{players}\"";
    a_key_without_braces: "key = \"{player}\"" => "key = \"player\"";
    an_item_that_does_not_exist: "items = [\"pikachu\"]" => "items = [\"pikachoo\"]";
    an_item_number_out_of_range: "items = [\"pikachu\"]" => "items = [{ character = 5 }]";
    a_protocol_that_does_not_exist: "[expect.orchestrated]" => "[expect.orchestration]";
    a_promise_that_does_not_exist: "isolation = \"may-break\"" => "isolaton = \"may-break\"";
    an_expectation_that_does_not_exist: "isolation = \"may-break\"" => "isolation = \"breaks-sometimes\"";
}

// Resources and steps.
refused! {
    a_floor_for_an_entitlement: "item = \"{character}\"" => "item = \"{character}\"\nfloor = 0";
    a_counter_without_an_initial_amount: "initial = 100\n" => "";
    a_counter_that_begins_under_its_floor: "initial = 100" => "initial = 100\nfloor = 200";
    an_item_that_is_no_part_of_the_key: "key = \"{player}/{character}\"\nitem" => "key = \"{player}\"\nitem";
    a_document_store_that_prepares_natively: "prepare = \"intents\"" => "prepare = \"native\"";
    a_lock_timeout_where_nobody_waits: "engine = \"document\"" => "engine = \"document\", lock-timeout = \"5ms\"";
    a_lock_policy_where_nobody_asks_for_locks: "engine = \"document\"" => "engine = \"document\", lock-policy = \"wait-die\"";
    a_lock_policy_that_does_not_exist: "[machines.points]" => "[machines.points]\ndatabase = { lock-policy = \"die-wait\" }";
    a_resource_of_a_service_misspelt: "service = \"points\"\nkey = \"{player}\"" => "service = \"pionts\"\nkey = \"{player}\"";
    a_step_on_another_services_resource: "{ grant = \"characters\" }" => "{ take = \"points\", amount = 1 }";
    an_entitlement_that_is_taken_like_a_counter: "{ grant = \"characters\" }" => "{ take = \"characters\", amount = 1 }";
    an_action_without_a_verb: "{ grant = \"characters\" }" => "{ amount = 1 }";
    an_action_with_two_verbs: "{ grant = \"characters\" }" => "{ grant = \"characters\", revoke = \"characters\" }";
    an_action_without_an_amount: "{ take = \"points\", amount = 50 }" => "{ take = \"points\" }";
    an_amount_of_nothing: "take = \"points\", amount = 50" => "take = \"points\", amount = 0";
    an_amount_of_an_unknown_domain: "take = \"points\", amount = 50" => "take = \"points\", amount = \"{quantity}\"";
    one_resource_twice_in_a_step:
        "[{ take = \"points\", amount = 50 }]" =>
        "[{ take = \"points\", amount = 50 }, { give = \"points\", amount = 5 }]";
    a_step_that_does_nothing: "do = [{ grant = \"characters\" }]" => "do = []";
    a_compensable_step_after_the_pivot:
        "service = \"welcome\"\nkind = \"retriable\"\ndo = [{ perform = \"mail\" }]" =>
        "service = \"points\"\nkind = \"compensable\"\ndo = [{ take = \"points\", amount = 1 }]\ncompensation = { name = \"back\", do = [{ give = \"points\", amount = 1 }] }";
    a_second_pivot: "kind = \"retriable\"" => "kind = \"pivot\"";
    a_retriable_step_before_the_pivot:
        "[[steps]]\nname = \"unlock\"" =>
        "[[steps]]\nname = \"early\"\nservice = \"welcome\"\nkind = \"retriable\"\ndo = [{ perform = \"mail\" }]\n\n[[steps]]\nname = \"unlock\"";
    a_compensable_step_without_a_compensation:
        "compensation = { name = \"refund\", do = [{ give = \"points\", amount = 50 }] }\n" => "";
    a_pivot_with_a_compensation:
        "do = [{ grant = \"characters\" }]" =>
        "do = [{ grant = \"characters\" }]\ncompensation = { name = \"lock\", do = [{ revoke = \"characters\" }] }";
    a_mail_that_might_have_to_be_unsent:
        "service = \"points\"\nkind = \"compensable\"\ndo = [{ take = \"points\", amount = 50 }]" =>
        "service = \"welcome\"\nkind = \"compensable\"\ndo = [{ perform = \"mail\" }]";
    a_compensation_that_can_fail: "do = [{ give = \"points\", amount = 50 }]" => "do = [{ take = \"points\", amount = 50 }]";
    a_retriable_step_that_can_fail_for_good:
        "service = \"welcome\"\nkind = \"retriable\"\ndo = [{ perform = \"mail\" }]" =>
        "service = \"points\"\nkind = \"retriable\"\ndo = [{ take = \"points\", amount = 1 }]";
}

// Rules allowed to be broken.
refused! {
    a_breach_that_has_no_name: "name = \"small\"" => "allow = [\"compensation-may-fail\"]";
    a_breach_allowed_for_nothing: "name = \"small\"" => "allow = [\"second-pivot\"]";
    a_breach_allowed_twice: "name = \"small\"" => "allow = [\"second-pivot\", \"second-pivot\"]";
}

// Workload and operator.
refused! {
    clients_in_an_open_loop: "kind = \"closed\"" => "kind = \"open\", every = \"2ms\"";
    an_open_loop_without_a_rhythm: "kind = \"closed\", clients = 4, think = \"2ms\"" => "kind = \"open\"";
    a_ramp_in_a_closed_loop: "kind = \"closed\", clients = 4, think = \"2ms\"" => "kind = \"closed\", ramp = { to = \"1ms\", over = \"1s\" }";
    a_ramp_that_takes_no_time: "kind = \"closed\", clients = 4, think = \"2ms\"" => "kind = \"open\", every = \"2ms\", ramp = { to = \"1ms\", over = \"0\" }";
    a_burst_that_never_ends: "kind = \"closed\", clients = 4, think = \"2ms\"" => "kind = \"open\", every = \"2ms\", burst = { every = \"100ms\", lasts = \"100ms\" }";
    a_burst_that_is_none: "kind = \"closed\", clients = 4, think = \"2ms\"" => "kind = \"open\", every = \"2ms\", burst = { every = \"100ms\", lasts = \"10ms\", times = 1 }";
    a_retry_budget_above_one: "[workload]" => "[workload]\nretry-budget = 2";
    an_unknown_choice: "choice = { hot = 2, share = 0.5 }" => "choice = \"uniformly\"";
    points_withdrawn_from_sale: "withdraw = \"characters\"" => "withdraw = \"points\"";
    an_operator_who_does_nothing: "withdraw = \"characters\"\n" => "";
}

// Which two-phase commit.
refused! {
    a_presumption_that_there_is_not: "[workload]" => "[two-phase-commit]\npresumption = \"abrot\"\n\n[workload]";
    an_order_of_preparing_that_there_is_not: "[workload]" => "[two-phase-commit]\nprepare = \"at-once\"\n\n[workload]";
    a_time_of_locks_that_there_is_not: "[workload]" => "[two-phase-commit]\nlocks = \"at-prepair\"\n\n[workload]";
    read_only_votes_that_are_a_word: "[workload]" => "[two-phase-commit]\nread-only-votes = \"yes\"\n\n[workload]";
    one_phase_as_a_number: "[workload]" => "[two-phase-commit]\none-phase = 1\n\n[workload]";
    a_termination_that_is_a_word: "[workload]" => "[two-phase-commit]\ncooperative-termination = \"always\"\n\n[workload]";
    an_order_of_steps_that_there_is_not: "[workload]" => "[orchestrated-saga]\nsteps = \"paralel\"\n\n[workload]";
    a_choice_that_two_phase_commit_does_not_leave: "[workload]" => "[two-phase-commit]\npresume = \"commit\"\n\n[workload]";
}

// Faults and policies.
refused! {
    an_unknown_kind_of_fault: "kind = \"crash\"" => "kind = \"crahs\"";
    a_fault_on_a_node_nobody_has: "target = \"points\"" => "target = \"coordinator\"";
    a_crash_of_the_mail_provider: "target = \"points\"" => "target = \"provider\"";
    a_database_crash_of_the_broker: "kind = \"crash\"\ntarget = \"points\"" => "kind = \"database-crash\"\ntarget = \"broker\"";
    a_fault_without_an_end: "at = \"20ms\"\nlasts = \"10ms\"" => "at = \"20ms\"";
    a_fault_without_a_beginning: "at = \"20ms\"\nlasts" => "lasts";
    a_fault_with_two_beginnings: "at = \"20ms\"" => "at = \"20ms\"\npoint = 7";
    a_milestone_that_no_protocol_raises: "at = \"20ms\"" => "on = \"coordinator.all-vote\"";
    a_milestone_that_is_never_reached_there: "at = \"20ms\"" => "on = \"coordinator.all-votes\"\nnode = \"points\"";
    a_crash_with_a_rate: "target = \"points\"" => "target = \"points\"\nrate = 0.5";
    a_partition_of_one_from_itself: "kind = \"crash\"\ntarget = \"points\"" => "kind = \"partition\"\nfrom = [\"points\", \"welcome\"]\nto = [\"manager\", \"points\"]";
    a_lost_message_of_no_kind: "kind = \"crash\"\ntarget = \"points\"" => "kind = \"loss\"\nmessage = \"prepared\"";
    a_retention_that_is_too_short: "[workload]" => "[policies]\nretention = \"1s\"\n\n[workload]";
    a_message_life_that_is_too_short: "[workload]" => "[policies]\nmessage-life = \"10ms\"\n\n[workload]";
    seeded_faults_that_end_before_they_begin: "[[faults]]" => "[seeded-faults]\ncount = 3\nfrom = \"2s\"\nuntil = \"1s\"\n\n[[faults]]";
    seeded_faults_of_an_unknown_kind: "[[faults]]" => "[seeded-faults]\ncount = 3\nuntil = \"1s\"\nkinds = [\"crash\", \"powerloss\"]\n\n[[faults]]";
    parked_for_a_while_but_never_parked:
        "kind = \"pivot\"" => "kind = \"pivot\"\nparked-for = \"2s\"";
    parked_before_the_first_try:
        "kind = \"pivot\"" => "kind = \"pivot\"\npark-after = 0";
    a_retention_shorter_than_a_saga_can_be_parked:
        "[workload]" => "[policies]\npark-after = 8\nparked-for = \"2s\"\nretention = \"10s\"\n\n[workload]";
    a_link_that_lets_nothing_through: "[workload]" => "[network]\nloss = 1.0\n\n[workload]";
    a_bandwidth_that_is_a_number: "[workload]" => "[network]\nbandwidth = 10\n\n[workload]";
    a_bandwidth_in_bytes: "[workload]" => "[network]\nbandwidth = \"10MB/s\"\n\n[workload]";
    a_bandwidth_of_nothing: "[workload]" => "[network]\nbandwidth = \"0kbit/s\"\n\n[workload]";
    an_overhead_of_megabytes: "[workload]" => "[network]\noverhead = 2_000_000\n\n[workload]";
    a_size_of_no_message: "[workload]" => "[network]\nsizes = { prepared = 128 }\n\n[workload]";
    a_message_of_no_size: "[workload]" => "[network]\nsizes = { prepare = 0 }\n\n[workload]";
    sizes_that_are_one: "[workload]" => "[network]\nsizes = 128\n\n[workload]";
}

// Limits.
refused! {
    too_many_clients: "clients = 4" => "clients = 2_000_000";
    too_many_retries: "[workload]" => "[workload]\nretries = 101";
    too_many_workers: "[machines.welcome]" => "[machines.welcome]\nprocess = { workers = 20_000 }";
    too_many_seeded_faults: "[[faults]]" => "[seeded-faults]\ncount = 10_001\nuntil = \"1s\"\n\n[[faults]]";
    a_domain_that_is_too_large: "size = 10" => "size = 10_000_001";
    an_amount_that_is_too_large: "amount = 50 }]\ncomp" => "amount = 1_000_000_001 }]\ncomp";
    a_factor_that_is_too_large: "= 50 *" => "= 1000001 *";
    a_counter_that_begins_too_high: "initial = 100" => "initial = 1_000_000_000_000_001";
    a_zipf_that_is_too_steep: "choice = { hot = 2, share = 0.5 }" => "choice = { zipf = 11.0 }";
}

// Promises.
refused! {
    a_promise_that_can_never_be_judged:
        "equation = \"taken(points) - given_back(points) = 50 * granted(characters)\"" =>
        "equation = \"taken(coins) = 0\"\n\n[resources.coins]\nkind = \"counter\"\nservice = \"points\"\ninitial = 1";
    a_promise_of_zeros: "taken(points) - given_back(points) = 50 * granted(characters)" => "0 = 0";
    an_expectation_of_a_protocol_that_cannot_run:
        ", prepare = \"intents\" }" => " }\n[expect.2pc]\nvotes = \"holds\"";
    an_equation_without_an_equals_sign: "given_back(points) =" => "given_back(points)";
    an_equation_with_a_hole: "= 50 * granted(characters)" => "= 50 * ";
    an_equation_with_an_unclosed_measure: "taken(points) -" => "taken(points -";
    an_equation_with_an_unknown_measure: "given_back(points) =" => "givenback(points) =";
    an_equation_over_an_unknown_resource: "taken(points)" => "taken(poinst)";
    an_equation_that_counts_a_counter_as_granted: "granted(characters)" => "granted(points)";
    an_equation_with_a_bare_number: "= 50 * granted(characters)" => "= 50";
    a_promise_with_the_name_of_a_built_in_one: "name = \"no points lost\"" => "name = \"isolation\"";
}

// Countermeasures, and clients that change their minds.
refused! {
    a_semantic_lock_on_what_is_never_undone:
        "kind = \"pivot\"" => "kind = \"pivot\"\nsemantic-lock = true";
    a_reservation_of_what_is_never_given_back:
        "kind = \"pivot\"" => "kind = \"pivot\"\nreserve-then-confirm = true";
    a_reservation_with_a_semantic_lock:
        "kind = \"compensable\"" => "kind = \"compensable\"\nsemantic-lock = true\nreserve-then-confirm = true";
    a_reservation_of_what_is_given:
        "kind = \"compensable\"\ndo = [{ take" => "kind = \"compensable\"\nreserve-then-confirm = true\ndo = [{ give";
    a_reservation_that_is_not_given_back_whole:
        "kind = \"compensable\"\ndo = [{ take = \"points\", amount = 50" => "kind = \"compensable\"\nreserve-then-confirm = true\ndo = [{ take = \"points\", amount = 60";
    a_reservation_that_a_later_step_waits_for:
        "[[steps]]\nname = \"unlock\"\nservice = \"characters\"\nkind = \"pivot\"\ndo = [{ grant = \"characters\" }]" =>
        "reserve-then-confirm = true\n\n[[steps]]\nname = \"fee\"\nservice = \"points\"\nkind = \"pivot\"\ndo = [{ take = \"points\", amount = 1 }]";
    a_no_where_none_is_said:
        "kind = \"retriable\"" => "kind = \"retriable\"\nno = \"error\"";
    a_no_that_looks_like_nothing:
        "kind = \"pivot\"" => "kind = \"pivot\"\nno = \"exception\"";
    a_step_that_starts_from_what_nobody_looked_at:
        "do = [{ take = \"points\", amount = 50 }]" => "do = [{ take = \"points\", amount = 50, as-seen-in = \"quote\" }]";
    a_number_that_is_read_again_though_it_was_never_read:
        "do = [{ take = \"points\", amount = 50 }]" => "do = [{ take = \"points\", amount = 50, reread = true }]";
    a_compensation_that_restores_what_was_there:
        "do = [{ give = \"points\", amount = 50 }]" => "do = [{ give = \"points\", amount = 50, as-seen-in = \"take-points\" }]";
    a_look_at_an_entitlement:
        "do = [{ grant = \"characters\" }]" => "do = [{ look = \"characters\" }]";
    a_drawn_row_of_an_entitlement:
        "do = [{ grant = \"characters\" }]" => "do = [{ grant = \"characters\", drawn = 2 }]";
    more_drawn_rows_than_there_are:
        "do = [{ take = \"points\", amount = 50 }]" => "do = [{ take = \"points\", amount = 50, drawn = 11 }]";
    a_cancel_that_does_not_say_when:
        "transactions = 20" => "transactions = 20\ncancel = { share = 0.5 }";
}

#[test]
fn two_semantic_locks_on_one_resource_are_refused() {
    let text = small_with(
        "kind = \"compensable\"",
        "kind = \"compensable\"\nsemantic-lock = true",
    );
    let first = text.find("[[steps]]").expect("it has steps");
    let pivot = first + text[first + 1..].find("[[steps]]").expect("it has two") + 1;
    let again = text[first..pivot].replace("take-points", "take-more");
    let text = format!("{}{again}{}", &text[..pivot], &text[pivot..]);
    let errors = parse("small.toml", &text).expect_err("two sagas could wait for each other");
    says("two_semantic_locks_on_one_resource", &errors.to_string());
}

#[test]
fn an_equation_that_could_outgrow_64_bits_is_refused() {
    let text = small_with("amount = 50", "amount = 1_000_000_000")
        .replace("taken(points) -", "1000 * taken(points) -")
        .replace("transactions = 20", "transactions = 10_000_000");
    let errors = parse("small.toml", &text).expect_err("4 * 10^19 and more");
    says(
        "an_equation_that_could_outgrow_64_bits",
        &errors.to_string(),
    );
}

#[test]
fn several_mistakes_are_told_in_one_go_and_in_the_order_of_the_file() {
    let text = small_with("size = 5", "size = 0")
        .replace("engine = \"document\"", "engine = \"documents\"")
        .replace("kind = \"pivot\"", "kind = \"pivto\"")
        .replace("target = \"points\"", "target = \"point\"")
        .replace("taken(points) -", "taken(point) -");
    let errors = parse("small.toml", &text).expect_err("five mistakes");
    assert_eq!(errors.count(), 5, "{errors}");
    says("several_mistakes", &errors.to_string());
}

#[test]
fn an_empty_file_is_told_what_a_scenario_needs() {
    let errors = parse("empty.toml", "").expect_err("nothing there");
    says("an_empty_file", &errors.to_string());
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_so_is_the_one_that_was_meant() {
    let told = |file: &str| {
        let errors = crate::scenario::load(file).expect_err("no such file");
        let text = errors.to_string();
        assert!(
            text.starts_with("error: the file cannot be read: "),
            "{text}"
        );
        assert!(text.contains(&format!("--> {file}\n")), "{text}");
        text
    };
    let meant = "help: did you mean `scenarios/points-mall.toml`?";
    assert!(told("scenarios/points-mal.toml").contains(meant));
    assert!(told("scenarios/points-mall").contains(meant));
    let missing = told("scenarios/missing.toml");
    assert!(missing.contains("`indoubt list scenarios`"), "{missing}");
    assert!(!missing.contains("did you mean"), "{missing}");
    assert!(told("-").contains("only `check` reads from standard input"));
}
