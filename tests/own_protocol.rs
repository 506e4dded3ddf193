//! Protocols that somebody brings: the examples, on trial like all others.

use std::sync::Arc;

use indoubt::business::PromiseId;
use indoubt::check::Verdict;
use indoubt::fault::{Fault, FaultKind, Moment};
use indoubt::history::{Event, Part, Sink, What};
use indoubt::lab::{self, HostChoice, RunError, RunOptions, Trial};
use indoubt::protocol::{
    Entry, Family, Milestone, Note, Own, Protocol, ProtocolKind, Role, Safeguard, Safeguards,
    Setting,
};
use indoubt::scenario::{self, Scenario};
use indoubt::vocab::{Seed, SimDuration, StepId};
use indoubt::world::host::task::Tasks;

use own_async::MiniSaga;
use own_machine::BestEffort;

#[allow(dead_code, unreachable_pub, reason = "an example is a program")]
#[path = "../examples/own_async.rs"]
mod own_async;
#[allow(dead_code, unreachable_pub, reason = "an example is a program")]
#[path = "../examples/own_machine.rs"]
mod own_machine;

fn mall() -> Scenario {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/points-mall.toml");
    scenario::load(file).unwrap_or_else(|errors| panic!("{errors}"))
}

fn options(seed: Seed, host: HostChoice) -> RunOptions {
    RunOptions {
        seed,
        safeguards: Safeguards::all(),
        host,
    }
}

fn run<P: Protocol>(scenario: &Arc<Scenario>, options: &RunOptions, sink: impl Sink) -> Trial {
    lab::run_own::<P, _>(scenario, options, sink).unwrap_or_else(|error| panic!("{error}"))
}

fn verdict(trial: &Trial, promise: PromiseId) -> &Verdict {
    let mut verdicts = trial.verdicts.iter();
    let found = verdicts.find(|(id, ..)| *id == promise);
    &found.expect("every promise is judged").1
}

/// That a promise broke, with its evidence as text.
fn breach(trial: &Trial, promise: PromiseId) -> String {
    match verdict(trial, promise) {
        Verdict::Violated(violation) => {
            let lines = violation.evidence.iter().map(|e| e.line.clone());
            let lines: Vec<String> = lines.collect();
            format!("{}\n{}", violation.what, lines.join("\n"))
        }
        other => panic!("{promise:?} under {}: {other:?}", trial.protocol),
    }
}

const EQUATION: PromiseId = PromiseId::Equation(0);

#[test]
fn best_effort_loses_points_where_the_shipped_protocols_do_not() {
    let mall = Arc::new(mall());
    let options = options(mall.seed, HostChoice::Direct);
    for protocol in ProtocolKind::ALL {
        let shipped = lab::run(&mall, protocol, &options, ()).expect("it can run");
        assert_eq!(*verdict(&shipped, PromiseId::AllOrNothing), Verdict::Holds);
        assert_eq!(*verdict(&shipped, EQUATION), Verdict::Holds);
    }
    let own = run::<BestEffort>(&mall, &options, ());
    for promise in [PromiseId::AllOrNothing, EQUATION] {
        let evidence = breach(&own, promise);
        assert!(evidence.contains("take-points took 50"), "{evidence}");
        assert!(
            evidence.contains("unlock-character is refused"),
            "{evidence}"
        );
    }
    // The first service forgot in a crash, and was asked again.
    breach(&own, PromiseId::NoEffectTwice);
    // Promises of two-phase commit mean nothing to it.
    for promise in [PromiseId::Agreement, PromiseId::Votes] {
        let judged = verdict(&own, promise);
        assert!(
            matches!(judged, Verdict::NotApplicable { .. }),
            "{judged:?}"
        );
    }
}

#[test]
fn a_saga_without_a_log_pays_twice_when_its_manager_crashes() {
    let without_the_crash = Arc::new(mall());
    let with_it = Arc::new(own_async::mall().expect("the scenario is valid"));
    let options = options(with_it.seed, HostChoice::Direct);
    let on_a_good_day = run::<Tasks<MiniSaga>>(&without_the_crash, &options, ());
    for (promise, judged, _) in &on_a_good_day.verdicts {
        let broken = matches!(judged, Verdict::Violated(_));
        let of_sagas = *promise == PromiseId::Isolation;
        assert!(!broken || of_sagas, "{promise:?}: {judged:?}");
    }
    let evidence = breach(
        &run::<Tasks<MiniSaga>>(&with_it, &options, ()),
        PromiseId::NoEffectTwice,
    );
    assert_eq!(
        evidence.matches("take-points took 50").count(),
        2,
        "{evidence}"
    );
    let shipped = lab::run(&with_it, ProtocolKind::OrchestratedSaga, &options, ());
    let shipped = shipped.expect("it can run");
    assert_eq!(*verdict(&shipped, PromiseId::NoEffectTwice), Verdict::Holds);
}

#[test]
fn two_runs_give_the_same_digest() {
    let mall = Arc::new(own_async::mall().expect("the scenario is valid"));
    let options = options(Seed(3), HostChoice::Direct);
    let machine = || run::<BestEffort>(&mall, &options, ()).digest;
    let tasks = || run::<Tasks<MiniSaga>>(&mall, &options, ()).digest;
    assert_eq!(machine(), machine());
    assert_eq!(tasks(), tasks());
    assert_ne!(machine(), tasks());
}

#[cfg(madsim)]
#[test]
fn both_hosts_give_the_same_digest() {
    use indoubt::lab::Hosts;

    let mut mall = own_async::mall().expect("the scenario is valid");
    mall.workload.transactions = 100;
    let mall = Arc::new(mall);
    for seed in (0..12).map(Seed) {
        let options = options(seed, HostChoice::Both);
        let machine = run::<BestEffort>(&mall, &options, ());
        let tasks = run::<Tasks<MiniSaga>>(&mall, &options, ());
        assert_eq!(machine.hosts, Hosts::Agree, "machine, seed {seed}");
        assert_eq!(tasks.hosts, Hosts::Agree, "tasks, seed {seed}");
    }
}

/// One purchase, and a crash of the manager between the answer to its first step
/// and the call of the second: what comes after that `await` never happens.
#[test]
fn a_crash_drops_a_task_in_mid_await() {
    let mut mall = mall();
    mall.workload.transactions = 1;
    mall.readers.clear();
    mall.operator.clear();
    mall.seeded = None;
    mall.faults = vec![Fault {
        kind: FaultKind::CrashProcess(mall.nodes.manager()),
        when: Moment::On {
            milestone: Milestone::OrchestratorStepDone,
            node: None,
            nth: 1,
        },
        lasts: SimDuration::from_millis(40),
    }];
    let manager = mall.nodes.manager();
    let mall = Arc::new(mall);
    for host in hosts() {
        let mut history: Vec<Event> = Vec::new();
        let trial = run::<Tasks<MiniSaga>>(&mall, &options(Seed(1), host), &mut history);
        let of_manager = history.iter().filter(|event| event.node == manager);
        let told: Vec<String> = of_manager.filter_map(told_of_a_manager).collect();
        assert_eq!(
            told,
            [
                "call 1 of life 1",
                "step 1 done in life 1",
                "dies",
                "up",
                // The new process begins at the top of the function: the client
                // asks again, and nothing is left of the first life.
                "call 1 of life 2",
                "step 1 done in life 2",
                "call 2 of life 2",
                "step 2 done in life 2",
                "call 3 of life 2",
                "step 3 done in life 2",
            ]
        );
        breach(&trial, PromiseId::NoEffectTwice);
    }
}

fn hosts() -> Vec<HostChoice> {
    let mut hosts = vec![HostChoice::Direct];
    if lab::has_madsim() {
        hosts.push(HostChoice::Madsim);
    }
    hosts
}

fn told_of_a_manager(event: &Event) -> Option<String> {
    match &event.what {
        What::Sent {
            kind: "call",
            tx,
            step: Some(step),
            ..
        } => Some(format!("call {step} of life {}", tx.epoch)),
        What::Noted(note) if *note == done(note, StepId(0)) => Some(words(note, 1)),
        What::Noted(note) if *note == done(note, StepId(1)) => Some(words(note, 2)),
        What::Noted(note) if *note == done(note, StepId(2)) => Some(words(note, 3)),
        What::Down(Part::Process) => Some("dies".to_owned()),
        What::Up(Part::Process) => Some("up".to_owned()),
        _ => None,
    }
}

fn done(note: &Note, step: StepId) -> Note {
    Note::step(Milestone::OrchestratorStepDone, note.tx, step)
}

fn words(note: &Note, step: u8) -> String {
    format!("step {step} done in life {}", note.tx.epoch)
}

#[test]
fn a_safeguard_is_taken_away_only_from_a_protocol_that_has_it() {
    let mall = Arc::new(mall());
    let all = options(mall.seed, HostChoice::Direct);
    let less = RunOptions {
        safeguards: Safeguards::all().without(Safeguard::InboxDedup),
        ..all
    };
    let digest = |options: &RunOptions| run::<BestEffort>(&mall, options, ()).digest;
    assert_eq!(digest(&all), digest(&less));
    let without = run::<Tasks<MiniSaga>>(&mall, &less, ());
    breach(&without, PromiseId::NoEffectTwice);
}

#[test]
fn machines_of_your_own_are_not_to_be_had_by_name() {
    let mall = Arc::new(mall());
    let options = options(mall.seed, HostChoice::Direct);
    match lab::run(&mall, BestEffort::KIND, &options, ()) {
        Err(error @ RunError::CannotRun { .. }) => assert_eq!(
            error.to_string(),
            "best-effort cannot run this scenario: its machines do not ship with the bench: \
             use `lab::run_own`"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_protocol_must_have_somebody_where_its_clients_call() {
    enum CallsNobody {}

    impl Protocol for CallsNobody {
        type Machine = <BestEffort as Protocol>::Machine;
        const KIND: ProtocolKind = ProtocolKind::Own(&Own {
            name: "calls-nobody",
            family: Family::StepByStep,
            entry: Entry::Manager,
            answers: "nobody",
            mixes: false,
            uses_broker: false,
            safeguards: &[],
            again: "cargo test --test own_protocol --",
        });

        fn build(setting: &Arc<Setting>, role: Role) -> Option<Self::Machine> {
            BestEffort::build(setting, role)
        }
    }

    let mall = Arc::new(mall());
    let options = options(mall.seed, HostChoice::Direct);
    let refused = lab::run_own::<CallsNobody, _>(&mall, &options, ());
    let words = refused.expect_err("nobody is there").to_string();
    assert!(
        words.ends_with("it has nobody where clients call it"),
        "{words}"
    );
}

/// What runs on the madsim host runs within a madsim task: its clock (in slow
/// motion) and its chance are there.
#[cfg(madsim)]
mod within_madsim {
    use super::*;
    use indoubt::protocol::Durable;
    use indoubt::world::host::task::{AsyncProtocol, ServiceCx};

    enum AsksMadsim {}

    impl AsyncProtocol for AsksMadsim {
        type Msg = own_async::Call;
        const KIND: ProtocolKind = MiniSaga::KIND;

        fn plays(setting: &Setting, role: Role) -> bool {
            MiniSaga::plays(setting, role)
        }

        async fn run(cx: ServiceCx<own_async::Call>, durable: Durable) {
            let started = madsim::time::TimeHandle::current().elapsed();
            let _: u64 = madsim::rand::random();
            MiniSaga::run(cx, durable).await;
            unreachable!("it never ends, {started:?}");
        }
    }

    #[test]
    fn a_task_may_ask_madsim() {
        let mut mall = mall();
        mall.workload.transactions = 5;
        let mall = Arc::new(mall);
        let options = options(Seed(1), HostChoice::Madsim);
        let asking = run::<Tasks<AsksMadsim>>(&mall, &options, ());
        let not_asking = run::<Tasks<MiniSaga>>(&mall, &options, ());
        assert_eq!(asking.digest, not_asking.digest);
    }
}
