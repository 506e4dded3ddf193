//! `chart` and `measure --chart`, from outside.

use crate::support::{clone_of_it, code, err, folder, out, run, run_in};

const DOUBT: &str = "scenarios/lessons/03-in-doubt.toml";
const HOT: &str = "scenarios/lessons/13-hot-row.toml";

#[test]
fn the_same_command_draws_the_same_bytes_as_what_the_name_says() {
    let folder = folder("charts");
    for (name, begins) in [("a.svg", &b"<svg"[..]), ("a.png", &b"\x89PNG"[..])] {
        let file = folder.join(name);
        let shown = file.display().to_string();
        let drawn = || {
            let done = run(&["chart", DOUBT, "--out", &shown]);
            assert_eq!(code(&done), 0, "{}", err(&done));
            assert!(out(&done).contains("is drawn"));
            std::fs::read(&file).expect("it is written")
        };
        let bytes = drawn();
        assert!(bytes.starts_with(begins), "{name}");
        assert_eq!(bytes, drawn(), "{name}");
    }
}

/// Whoever has only the picture and a clone can draw it again.
#[test]
fn the_small_print_is_the_command_that_draws_the_same_again() {
    let folder = folder("chart-again");
    let sweep = "workload.arrivals.clients=[1, 2]";
    let measured = ["measure", HOT, "--sweep", sweep, "--seeds", "0..2"];
    for (name, arguments) in [
        ("doubt.svg", vec!["chart", DOUBT, "--theme", "dark"]),
        ("waits.svg", vec!["chart", HOT, "--of", "lock-wait"]),
        ("hot.svg", [&measured[..], &["--format", "csv"]].concat()),
    ] {
        let file = folder.join(name).display().to_string();
        let flag = match arguments[0] {
            "chart" => "--out",
            _ => "--chart",
        };
        let drawn = run(&[&arguments[..], &[flag, &file]].concat());
        assert_eq!(code(&drawn), 0, "{}", err(&drawn));
        let svg = std::fs::read_to_string(&file).expect("it is written");
        let command = svg.lines().find_map(|line| line.strip_prefix("indoubt "));
        let command = command.expect("the small print").replace("&apos;", "'");
        let clone = clone_of_it("chart-again-clone");
        let again = run_in(
            &clone,
            &shlex::split(&command).expect("as a shell reads it"),
        );
        assert_eq!(code(&again), 0, "{command}: {}", err(&again));
        let again = std::fs::read_to_string(clone.join(name));
        assert_eq!(again.ok(), Some(svg), "{command}");
    }
}

#[test]
fn a_sweep_is_drawn_over_the_one_parameter_that_varies() {
    let file = folder("curves").join("hot.svg").display().to_string();
    let one = [
        "measure",
        HOT,
        "--seeds",
        "0..2",
        "--transactions",
        "40",
        "--chart",
        &file,
    ];
    let sweep = ["--sweep", "workload.arrivals.clients=1..4"];
    let done = run(&[&one[..], &sweep].concat());
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert_eq!(err(&done), format!("{file} is drawn.\n"));
    let svg = std::fs::read_to_string(&file).expect("it is written");
    assert!(
        svg.contains("workload.arrivals.clients"),
        "the parameter is named"
    );
    assert!(
        svg.contains("indoubt measure scenarios"),
        "and how it was made"
    );
    let two = ["--sweep", "workload.retries=0..1"];
    let refused = run(&[&one[..], &sweep, &two].concat());
    assert_eq!(code(&refused), 2);
    assert!(err(&refused).contains("a chart is drawn over one parameter, and 2 vary"));
    let text = run(&["chart", DOUBT, "--out", "picture.txt"]);
    assert_eq!(code(&text), 2);
    assert!(err(&text).contains("its name ends in .svg or .png"));
}
