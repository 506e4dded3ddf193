//! `chart` and `measure --chart`, from outside.

use crate::support::{code, err, folder, out, run};

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
