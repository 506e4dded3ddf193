//! Hunting, shrinking and ablating, from outside: the same bytes however a hunt
//! was cut up, killed or put together.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{MALL, ORDER, code, err, indoubt, json, no_folder, out, path, run};

/// A hunt that finds something, with more flags.
fn hunt(more: &[&str]) -> Vec<String> {
    let mut arguments: Vec<String> = ["hunt", MALL, "--without", "outbox", "--allow-holes"]
        .map(String::from)
        .into();
    arguments.extend(more.iter().map(ToString::to_string));
    arguments
}

fn hunted(more: &[&str]) -> Output {
    let arguments = hunt(more);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(&arguments)
}

#[test]
fn a_hunt_is_the_same_on_any_number_of_threads() {
    let one = hunted(&["--seeds", "0..60", "--jobs", "1", "--format", "json"]);
    let three = hunted(&["--seeds", "0..60", "--jobs", "3", "--format", "json"]);
    assert_eq!(code(&one), 1, "{}", err(&one));
    assert_eq!(out(&one), out(&three));
}

#[test]
fn shards_in_any_order_are_the_whole() {
    let whole = hunted(&["--seeds", "0..60", "--format", "json"]);
    let folders: Vec<PathBuf> = (1..=4)
        .map(|n| no_folder(&format!("hunt-shard-{n}")))
        .collect();
    for (n, folder) in (1..).zip(&folders) {
        let shard = format!("{n}/4");
        let dir = folder.to_str().expect("text");
        hunted(&["--seeds", "0..60", "--shard", &shard, "--out", dir]);
    }
    for order in [[0, 1, 2, 3], [3, 1, 0, 2]] {
        let dirs = order.map(|n: usize| folders[n].to_str().expect("text"));
        let mut arguments = vec!["merge", "--allow-holes", "--format", "json"];
        arguments.extend(dirs);
        let merged = run(&arguments);
        assert_eq!(code(&merged), 1, "{}", err(&merged));
        assert_eq!(out(&merged), out(&whole));
    }
    let some = [
        folders[0].to_str().expect("text"),
        folders[1].to_str().expect("text"),
    ];
    let half = run(&["merge", "--allow-holes", some[0], some[1]]);
    assert!(out(&half).contains("30 seeds of 60"), "{}", out(&half));
}

/// The job file is what it says: each pod's command, run here, writes its part.
#[cfg(unix)]
#[test]
fn the_pods_of_the_job_file_come_to_one_hunt() {
    let job = include_str!("../../examples/hunt-job.yaml");
    let (_, script) = job.split_once("- |\n").expect("the pod's command");
    let script: Vec<&str> = script
        .lines()
        .take_while(|l| l.starts_with("              "))
        .collect();
    let hunts = no_folder("hunt-job");
    let script = script
        .join("\n")
        .replace("/hunts/", &format!("{}/", hunts.display()))
        .replace("0..100000", "0..40");
    let bin = Path::new(env!("CARGO_BIN_EXE_indoubt"))
        .parent()
        .expect("a folder");
    let bins = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    for index in ["0", "1", "2", "3"] {
        let pod = Command::new("sh")
            .args(["-c", &script])
            .env("PATH", &bins)
            .env("JOB_COMPLETION_INDEX", index)
            .env("SHARDS", "4")
            .current_dir(path(""))
            .output()
            .expect("sh starts");
        assert_eq!(code(&pod), 0, "{}", err(&pod));
    }
    let parts = ["0", "1", "2", "3"].map(|n| hunts.join(n).display().to_string());
    let mut arguments = vec!["merge", "--format", "json"];
    arguments.extend(parts.iter().map(String::as_str));
    let whole = run(&["hunt", MALL, "--seeds", "0..40", "--format", "json"]);
    assert_eq!(out(&run(&arguments)), out(&whole));
}

/// Numbers that are drawn, the same every time.
fn drawn(n: u64) -> u64 {
    (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33
}

fn kill_after(mut child: Child, time: Duration) -> bool {
    std::thread::sleep(time);
    let over = child.try_wait().expect("a child").is_some();
    let _ = child.kill();
    let _ = child.wait();
    over
}

#[test]
fn a_hunt_that_is_killed_fifty_times_comes_to_the_same() {
    let flags = [
        "--seeds",
        "0..3000",
        "--format",
        "json",
        "--cross-check",
        "0",
    ];
    let whole = hunted(&flags);
    let dir = no_folder("hunt-killed");
    let mut with_out = flags.to_vec();
    with_out.extend(["--out", dir.to_str().expect("text")]);
    let mut kills = 0;
    for n in 0..50 {
        let arguments = hunt(&with_out);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let child = indoubt(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        kills += u32::from(!kill_after(
            child,
            Duration::from_millis(10 + drawn(n) % 50),
        ));
    }
    assert!(kills >= 25, "it was over before most of the kills: {kills}");
    let resumed = hunted(&with_out);
    assert_eq!(code(&resumed), 1, "{}", err(&resumed));
    assert_eq!(out(&resumed), out(&whole));
    // Each seed is there once.
    let lines = std::fs::read_to_string(dir.join("seeds.jsonl")).expect("a journal");
    assert_eq!(lines.lines().count(), 3_000);
}

#[test]
fn what_is_damaged_is_run_again() {
    let dir = no_folder("hunt-damaged");
    let flags = [
        "--seeds",
        "0..20",
        "--format",
        "json",
        "--out",
        dir.to_str().expect("text"),
    ];
    let whole = hunted(&flags);
    let path = dir.join("seeds.jsonl");
    let mut bytes = std::fs::read(&path).expect("a journal");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes.truncate(bytes.len() - 7);
    std::fs::write(&path, &bytes).expect("writable");
    let again = hunted(&flags);
    assert_eq!(out(&again), out(&whole));
}

#[test]
fn a_folder_holds_one_hunt() {
    let dir = no_folder("hunt-one");
    let dir = dir.to_str().expect("text");
    hunted(&["--seeds", "0..5", "--out", dir]);
    let other = hunted(&["--seeds", "0..6", "--out", dir]);
    assert_eq!(code(&other), 2);
    assert!(
        err(&other).contains("another range of seeds"),
        "{}",
        err(&other)
    );
    let stranger = no_folder("hunt-stranger");
    let stranger = stranger.to_str().expect("text");
    run(&["hunt", ORDER, "--seeds", "0..5", "--out", stranger]);
    let merged = run(&["merge", dir, stranger]);
    assert_eq!(code(&merged), 2);
    assert!(
        err(&merged).contains("a part of another hunt"),
        "{}",
        err(&merged)
    );
    let nothing = run(&["merge", path("").to_str().expect("text")]);
    assert_eq!(code(&nothing), 2);
    assert!(
        err(&nothing).contains("there is no hunt in it"),
        "{}",
        err(&nothing)
    );
}

#[test]
fn where_nothing_can_be_written_it_says_so() {
    let unwritable = hunted(&["--seeds", "0..5", "--out", "/proc/hunt"]);
    assert_eq!(code(&unwritable), 2);
    assert!(
        err(&unwritable).contains("/proc/hunt"),
        "{}",
        err(&unwritable)
    );
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_ends_the_hunt_and_loses_nothing() {
    let dir = no_folder("hunt-full");
    let dir = dir.to_str().expect("text");
    // No file may become longer than a few blocks: what a full disk looks like.
    let script = format!(
        "trap '' XFSZ; ulimit -f 24; exec {} hunt {MALL} --without outbox --allow-holes \
         --seeds 0..400 --out {dir}",
        env!("CARGO_BIN_EXE_indoubt")
    );
    let full = Command::new("bash")
        .args(["-c", &script])
        .current_dir(path(""))
        .output()
        .expect("bash starts");
    assert_eq!(code(&full), 2, "{}{}", out(&full), err(&full));
    assert!(err(&full).contains("cannot write"), "{}", err(&full));
    let resumed = hunted(&["--seeds", "0..400", "--out", dir, "--format", "json"]);
    let whole = hunted(&["--seeds", "0..400", "--format", "json"]);
    assert_eq!(out(&resumed), out(&whole));
}

#[test]
fn every_line_to_paste_shows_what_it_is_for() {
    let report: Value = json(&hunted(&["--seeds", "0..40", "--format", "json"]));
    let found = report["summary"]["found"].as_array().expect("findings");
    let unexpected = found.iter().filter(|f| f["expected"] == "holds");
    let mut pasted = 0;
    for finding in unexpected {
        let again = report["again"].as_array().expect("lines").iter().find(|a| {
            ["protocol", "promise", "how"]
                .iter()
                .all(|key| a[key] == finding[key])
        });
        let line = again.expect("a line")["command"].as_str().expect("text");
        let arguments = line
            .strip_prefix("cargo run --release -- ")
            .expect("a command of this repository");
        let shown = run(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(code(&shown), 1, "{line}\n{}", err(&shown));
        let flat = out(&shown).split_whitespace().collect::<Vec<_>>().join(" ");
        let what = finding["what"].as_str().expect("text");
        assert!(flat.contains(what), "{line} does not show: {what}");
        pasted += 1;
    }
    // Shrinking takes a while: the first line stands for all.
    let text = out(&hunted(&["--seeds", "0..40"]));
    let lines = text.lines().map(str::trim);
    let mut lines = lines.filter_map(|line| line.strip_prefix("cargo run --release -- shrink "));
    let words = lines
        .next()
        .and_then(shlex::split)
        .expect("a line to paste");
    let promise = words.last().expect("words");
    let shrunk = indoubt(&["shrink"]).args(&words).output();
    let shrunk = shrunk.expect("the binary starts");
    assert_eq!(code(&shrunk), 0, "{}", err(&shrunk));
    let about = format!("{promise} breaks under ");
    assert!(out(&shrunk).contains(&about), "{}", out(&shrunk));
    assert!(pasted > 2, "a hunt without the outbox finds more");
}

#[test]
fn holes_and_what_was_not_seen_to_break_are_doubts() {
    let short = run(&["hunt", MALL, "--seeds", "0..2"]);
    assert_eq!(code(&short), 3, "{}", err(&short));
    assert!(out(&short).contains("Holes"), "{}", out(&short));
    // What is said to break, and is not seen to, is no pass.
    let set = "expect.2pc.floors=breaks";
    let unseen = run(&[
        "hunt",
        MALL,
        "--seeds",
        "0..2",
        "--allow-holes",
        "--set",
        set,
    ]);
    assert_eq!(code(&unseen), 3, "{}", err(&unseen));
    assert!(
        out(&unseen).contains("Expected to break, and not seen to\n  - floors under 2pc"),
        "{}",
        out(&unseen)
    );
}

#[test]
fn junit_names_what_broke() {
    let report = hunted(&["--seeds", "0..40", "--format", "junit"]);
    let xml = out(&report);
    assert!(xml.starts_with("<?xml"), "{xml}");
    assert!(xml.contains("<testsuite name=\"choreographed\""), "{xml}");
    assert!(xml.contains("<failure"), "{xml}");
    assert!(xml.contains("indoubt") && xml.contains("--swarm"), "{xml}");
}

/// The seeds of a hunt that show a finding, shrunk: small, the same twice, and a
/// file that stands for itself and breaks as it expects.
#[test]
fn a_shrunk_scenario_stands_for_itself_and_breaks_the_same_promise() {
    for (scenario, without, protocol) in [
        (MALL, "outbox", "choreographed"),
        (MALL, "force-decision", "2pc"),
        (MALL, "inbox-dedup", "orchestrated"),
        (ORDER, "reverse-order-compensation", "orchestrated"),
    ] {
        let arguments = [
            "hunt",
            scenario,
            "--protocol",
            protocol,
            "--without",
            without,
        ];
        let mut arguments = arguments.to_vec();
        arguments.extend(["--seeds", "0..200", "--format", "json", "--allow-holes"]);
        let report: Value = json(&run(&arguments));
        let found = report["summary"]["found"].as_array().expect("findings");
        let finding = found.iter().find(|f| f["expected"] == "holds");
        let finding = finding.unwrap_or_else(|| panic!("{without} is not missed in {scenario}"));
        let seed = finding["smallest"].to_string();
        let promise = finding["promise"].as_str().expect("text");
        let shrink = [
            "shrink",
            scenario,
            "--seed",
            &seed,
            "--swarm",
            "--protocol",
            protocol,
            "--without",
            without,
            "--promise",
            promise,
        ];
        let shrunk = run(&shrink);
        assert_eq!(code(&shrunk), 0, "{}", err(&shrunk));
        assert_eq!(out(&run(&shrink)), out(&shrunk), "the same twice");
        let text = out(&shrunk);
        assert!(!text.contains("\"0\""), "a time has a unit: {text}");
        let lines: Vec<&str> = text.lines().collect();
        for three in lines.windows(3).filter(|three| three[1].starts_with('[')) {
            let empty = three[2].is_empty();
            assert!(!empty || three[0].starts_with("# For"), "{text}");
        }
        let file = no_folder(&format!("hunt-shrunk-{without}.toml"));
        std::fs::write(&file, out(&shrunk)).expect("writable");
        let file = file.to_str().expect("text");
        let shown = run(&["run", file, "--protocol", protocol, "--format", "json"]);
        assert_eq!(code(&shown), 0, "it breaks as it expects: {}", err(&shown));
        let shown: Value = json(&shown);
        let faults = shown["faults"].as_array().expect("faults").len();
        let transactions = shown["transactions"].as_u64().expect("a number");
        assert!(faults <= 2 && transactions <= 2, "{faults}, {transactions}");
        let promises = shown["trials"][0]["promises"].as_array().expect("promises");
        let broken = promises.iter().find(|p| p["promise"] == promise);
        let broken = broken.expect("the promise");
        assert_eq!(broken["verdict"], "violated");
        assert_eq!(broken["violation"]["how"], finding["how"]);
    }
}

#[test]
fn where_nothing_breaks_there_is_nothing_to_shrink() {
    let nothing = run(&["shrink", MALL, "--protocol", "2pc", "--transactions", "5"]);
    assert_eq!(code(&nothing), 2);
    assert!(
        err(&nothing).contains("nothing to shrink"),
        "{}",
        err(&nothing)
    );
}

#[test]
fn an_ablation_says_what_each_safeguard_is_for() {
    let table = run(&[
        "ablate",
        MALL,
        "--safeguard",
        "outbox",
        "--safeguard",
        "force-prepare",
        "--seeds",
        "0..100",
        "--format",
        "json",
    ]);
    assert_eq!(code(&table), 0, "{}", err(&table));
    let table: Value = json(&table);
    let rows = table["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 8, "two safeguards, four protocols");
    let of = |without: &str, protocol: &str| {
        rows.iter()
            .find(|row| row["without"][0] == without && row["protocol"] == protocol)
            .expect("a row")
    };
    assert_eq!(of("force-prepare", "monolith")["outcome"], "not-used");
    assert_eq!(of("outbox", "choreographed")["outcome"], "broke");
    assert_eq!(of("outbox", "choreographed")["shrunk"]["transactions"], 1);
    assert_eq!(table["holes"].as_array().expect("holes").len(), 0);
}

/// A runner that panics on one seed, as a protocol or a check with a bug would.
fn panics_on_three(
    scenario: &std::sync::Arc<indoubt::scenario::Scenario>,
    protocol: indoubt::protocol::ProtocolKind,
    options: &indoubt::lab::RunOptions,
    sink: &mut dyn indoubt::history::Sink,
) -> Result<indoubt::lab::Trial, indoubt::lab::RunError> {
    assert_ne!(options.seed.0, 3, "a vote is never taken back");
    indoubt::lab::shipped(scenario, protocol, options, sink)
}

#[test]
fn a_panic_is_a_finding_and_the_hunt_goes_on() {
    use indoubt::lab::Subject;
    use indoubt::lab::hunt::{Hunt, Outcome, PANIC, SeedRange, Shard, Summary};
    let protocols = vec![indoubt::protocol::ProtocolKind::TwoPhaseCommit];
    let mall = path(MALL);
    let hunt = Hunt {
        subject: Subject::load(mall, &[]).expect("the mall is right"),
        protocols: protocols.clone(),
        safeguards: indoubt::protocol::Safeguards::all(),
        swarm: true,
        cross_check: 0,
        runner: panics_on_three,
    };
    let mut summary = Summary::default();
    let seeds = SeedRange { from: 0, until: 10 };
    hunt.run(Shard::WHOLE.seeds(seeds), 2, |record| {
        summary.take(&record);
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(summary.seeds, 10, "it went on");
    let found: Vec<_> = summary.unexpected().collect();
    let [(finding, group)] = found[..] else {
        panic!("one finding: {found:?}");
    };
    assert_eq!(finding.promise, PANIC);
    assert_eq!((group.first, group.seeds), (3, 1));
    assert!(
        group.what.contains("a vote is never taken back"),
        "{}",
        group.what
    );
    let outcome = summary.outcome(hunt.subject.scenario(), &protocols, true);
    assert_eq!(outcome, Outcome::Bug);
}
