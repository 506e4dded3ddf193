//! Lock policies in whole runs: whatever the policy, and whatever goes wrong, the
//! promises hold; and where waiting ends in circles, wait-die and wound-wait have
//! none.

use std::sync::Arc;

use indoubt::check::{Coverage, Sometimes};
use indoubt::protocol::{ProtocolKind, Safeguards};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::Seed;

#[cfg(madsim)]
use crate::support::apart;
use crate::support::{
    on_all_cores, path, protocols, run_into, surprises, surprises_of, with_faults,
};

const SEEDS: u64 = 25;

fn shipped_under(name: &str, policy: &str) -> Arc<Scenario> {
    let set = format!("defaults.database.lock-policy={policy}");
    let scenario = scenario::load_with(path(name), &[set]);
    Arc::new(with_faults(scenario.unwrap_or_else(|e| panic!("{e}"))))
}

fn keeps_its_promises_under(policy: &str) {
    let names = ["scenarios/points-mall.toml", "scenarios/order-stock.toml"];
    for name in names {
        let scenario = shipped_under(name, policy);
        let found = on_all_cores(SEEDS, |seed| {
            let trials = protocols(&scenario)
                .into_iter()
                .map(|protocol| surprises_of(&scenario, protocol, Seed(seed)));
            trials.flatten().collect()
        });
        let first = found.first();
        assert!(
            found.is_empty(),
            "{name}, {policy}: {} broke: {first:?}",
            found.len()
        );
    }
}

#[test]
fn the_shipped_scenarios_keep_their_promises_under_no_wait() {
    keeps_its_promises_under("no-wait");
}

#[test]
fn the_shipped_scenarios_keep_their_promises_under_wait_die() {
    keeps_its_promises_under("wait-die");
}

#[test]
fn the_shipped_scenarios_keep_their_promises_under_wound_wait() {
    keeps_its_promises_under("wound-wait");
}

#[test]
fn the_shipped_scenarios_keep_their_promises_under_time_outs_alone() {
    keeps_its_promises_under("time-out");
}

#[cfg(madsim)]
#[test]
fn both_hosts_give_the_same_digest_under_every_policy() {
    for policy in ["no-wait", "wait-die", "wound-wait", "time-out"] {
        let scenario = shipped_under("scenarios/order-stock.toml", policy);
        let parted = on_all_cores(4, |seed| {
            let apart = |protocol| apart(&scenario, protocol, Seed(seed));
            protocols(&scenario).into_iter().filter_map(apart).collect()
        });
        assert!(parted.is_empty(), "{policy}: {}", parted.join("\n"));
    }
}

/// Everybody looks at a row of the first bank, writes one of the second, then writes
/// what it has looked at: two that have looked wait for each other at the first bank,
/// or for each other over both. Nobody waits as long as a lock time-out unless it
/// waits in a circle.
fn quotes(policy: &str) -> Arc<Scenario> {
    let text = format!(
        r#"
name = "quotes"
about = "Looks at one bank, writes at another, and then at the first."
seed = 1

[defaults]
database = {{ lock-policy = "{policy}", lock-timeout = "1s" }}

[policies]
give-up-after = "3s"
idle-branch-after = "5s"
conflict-retries = 100

[domains.a]
size = 4

[domains.b]
size = 4

[resources]
north = {{ kind = "counter", service = "one", key = "{{a}}", initial = 0, floor = "none" }}
south = {{ kind = "counter", service = "two", key = "{{b}}", initial = 0, floor = "none" }}

[[steps]]
name = "look"
service = "one"
kind = "compensable"
do = [{{ look = "north" }}]

[[steps]]
name = "pay"
service = "two"
kind = "compensable"
do = [{{ give = "south", amount = 1 }}]
compensation = {{ name = "pay-back", do = [{{ take = "south", amount = 1 }}] }}

[[steps]]
name = "write"
service = "one"
kind = "pivot"
do = [{{ give = "north", amount = 1, as-seen-in = "look" }}]

[workload]
transactions = 300
arrivals = {{ kind = "closed", clients = 8, think = {{ least = "0", mean = "2ms" }} }}
timeout = "30s"
"#
    );
    Arc::new(scenario::parse("quotes.toml", &text).unwrap_or_else(|e| panic!("{e}")))
}

/// What conflicts two-phase commit has met there.
fn conflicts(policy: &str) -> Vec<Sometimes> {
    let scenario = quotes(policy);
    let mut coverage = Coverage::new(&scenario);
    let protocol = ProtocolKind::TwoPhaseCommit;
    let trial = run_into(
        &scenario,
        protocol,
        Seed(1),
        Safeguards::all(),
        &mut coverage,
    );
    assert_eq!(surprises(&scenario, &trial), [] as [String; 0]);
    let all = [
        Sometimes::Deadlock,
        Sometimes::Died,
        Sometimes::Wounded,
        Sometimes::LockTimeout,
        Sometimes::WriteConflict,
    ];
    let seen = coverage.seen();
    all.into_iter().filter(|what| seen.contains(what)).collect()
}

#[test]
fn where_waits_form_circles_wait_die_and_wound_wait_have_none_in_or_across_databases() {
    use Sometimes::{Deadlock, Died, LockTimeout, Wounded, WriteConflict};
    assert_eq!(conflicts("wait"), [Deadlock, LockTimeout]);
    assert_eq!(conflicts("time-out"), [LockTimeout]);
    assert_eq!(conflicts("wait-die"), [Died]);
    assert_eq!(conflicts("wound-wait"), [Wounded]);
    assert_eq!(conflicts("no-wait"), [WriteConflict]);
}
