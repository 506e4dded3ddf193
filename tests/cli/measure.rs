//! Measuring, from outside: the same bytes however it was run, numbers that can be
//! computed again, and refusals that say what is accepted.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use indoubt::report::sweep;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use crate::support::{
    ORDER, code, committed, err, folder, indoubt, json, no_folder, out, run, validates,
};

const SWEEP: &str = "network.delay=[50us, 1ms]";

/// A small sweep, with more flags.
fn measured(more: &[&str]) -> Output {
    let mut arguments = vec![
        "measure",
        ORDER,
        "--sweep",
        SWEEP,
        "--transactions",
        "40",
        "--protocol",
        "2pc",
        "--protocol",
        "orchestrated",
    ];
    arguments.extend(more);
    run(&arguments)
}

/// The rows of a CSV document, and a look into them by column.
struct Csv {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    fn of(output: &Output) -> Self {
        let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
        let header = reader.headers().expect("a header");
        let header = header.iter().map(str::to_owned).collect();
        let records = reader.records().map(|record| record.expect("a row"));
        let rows = records
            .map(|record| record.iter().map(str::to_owned).collect())
            .collect();
        Csv { header, rows }
    }

    fn field<'a>(&self, row: &'a [String], name: &str) -> &'a str {
        let place = self.header.iter().position(|column| column == name);
        &row[place.unwrap_or_else(|| panic!("no column {name}"))]
    }
}

#[test]
fn the_same_bytes_on_any_number_of_threads_and_in_every_format() {
    for format in ["text", "csv", "parquet", "json", "jsonl"] {
        let on = |jobs| measured(&["--seeds", "0..3", "--jobs", jobs, "--format", format]);
        let (one, three) = (on("1"), on("3"));
        assert_eq!(code(&one), code(&three), "{}", err(&one));
        assert!(!one.stdout.is_empty());
        assert!(one.stdout == three.stdout, "{format}");
    }
}

#[test]
fn what_is_killed_and_gone_on_with_is_the_whole() {
    let flags = ["--seeds", "0..12", "--format", "csv"];
    let whole = measured(&flags);
    let dir = no_folder("measure-killed");
    let dir = dir.to_str().expect("text");
    let mut with_out = flags.to_vec();
    with_out.extend(["--out", dir]);
    let mut arguments = vec!["measure", ORDER, "--sweep", SWEEP, "--transactions", "40"];
    arguments.extend(["--protocol", "2pc", "--protocol", "orchestrated"]);
    arguments.extend(&with_out);
    for wait in [30, 60, 90] {
        let mut child = indoubt(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let _ = child.kill();
        let _ = child.wait();
    }
    // What a kill may do to the end of the file, and a bad disk to its middle.
    let lines = Path::new(dir).join("runs.jsonl");
    let mut text = fs::read_to_string(&lines).unwrap_or_default();
    text.push_str("0123456789abcdef {\"point\":0,\"seed\":0,\"runs\":[]}\n00");
    fs::create_dir_all(dir).expect("writable");
    fs::write(&lines, text).expect("writable");
    let resumed = measured(&with_out);
    assert_eq!(code(&resumed), code(&whole), "{}", err(&resumed));
    assert_eq!(out(&resumed), out(&whole));
    let again = measured(&with_out);
    assert_eq!(out(&again), out(&whole), "everything is in the journal");
    let other = measured(&["--seeds", "0..13", "--out", dir]);
    assert_eq!(code(&other), 2);
    assert!(
        err(&other).contains("another range of seeds"),
        "{}",
        err(&other)
    );
}

#[test]
fn a_mean_and_its_interval_can_be_computed_again_from_the_runs() {
    let seeds = ["--seeds", "0..4", "--format", "csv"];
    let runs = Csv::of(&measured(&seeds));
    let mut flags = seeds.to_vec();
    flags.extend(["--rows", "cells"]);
    let cells = Csv::of(&measured(&flags));
    let mut checked = 0;
    for cell in &cells.rows {
        let (figure, delay) = (
            cells.field(cell, "figure"),
            cells.field(cell, "network.delay"),
        );
        let protocol = cells.field(cell, "protocol");
        let of_cell = runs.rows.iter().filter(|row| {
            runs.field(row, "network.delay") == delay && runs.field(row, "protocol") == protocol
        });
        let numbers: Vec<f64> = of_cell
            .filter_map(|row| runs.field(row, figure).parse().ok())
            .collect();
        let n = numbers.len() as f64;
        assert_eq!(cells.field(cell, "seeds"), numbers.len().to_string());
        if numbers.len() != 4 {
            continue;
        }
        let number = |name| cells.field(cell, name).parse::<f64>().expect("a number");
        let mean = numbers.iter().sum::<f64>() / n;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // Student's t of 3 degrees of freedom.
        let half = 3.182 * (variance / n).sqrt();
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + a.abs());
        assert!(close(number("mean"), mean), "{figure}");
        assert!(close(number("low"), mean - half), "{figure}");
        assert!(close(number("high"), mean + half), "{figure}");
        checked += 1;
    }
    assert!(checked > 100, "only {checked} cells were looked at");
}

#[test]
fn one_seed_has_no_interval_and_says_so() {
    let text = out(&measured(&["--seeds", "3..4"]));
    assert!(text.contains("One seed, 3: single runs"), "{text}");
    assert!(!text.contains('±'), "{text}");
    let cells = Csv::of(&measured(&[
        "--seeds", "3..4", "--format", "csv", "--rows", "cells",
    ]));
    let throughput = cells.rows.iter();
    let mut throughput = throughput.filter(|row| cells.field(row, "figure") == "throughput");
    let row = throughput.next().expect("a row");
    assert!(cells.field(row, "mean").parse::<f64>().is_ok());
    assert_eq!(
        (cells.field(row, "low"), cells.field(row, "high")),
        ("", "")
    );
}

#[test]
fn several_axes_make_their_product_and_the_last_goes_round_first() {
    let runs = Csv::of(&measured(&[
        "--sweep",
        "workload.retries=0..2",
        "--seeds",
        "0..1",
        "--format",
        "csv",
    ]));
    let points: Vec<(String, String)> = runs
        .rows
        .iter()
        .filter(|row| runs.field(row, "protocol") == "2pc")
        .map(|row| {
            let at = |path| runs.field(row, path).to_owned();
            (at("network.delay"), at("workload.retries"))
        })
        .collect();
    let wanted: Vec<(String, String)> = ["50us", "1ms"]
        .into_iter()
        .flat_map(|delay| ["0", "1", "2"].map(|retries| (delay.to_owned(), retries.to_owned())))
        .collect();
    assert_eq!(points, wanted);
}

#[test]
fn a_run_of_a_sweep_is_the_run_that_its_line_shows_again() {
    let runs = Csv::of(&measured(&["--seeds", "7..8", "--format", "csv"]));
    let row = &runs.rows[0];
    let again = json(&run(&[
        "run",
        ORDER,
        "--seed",
        "7",
        "--protocol",
        runs.field(row, "protocol"),
        "--transactions",
        "40",
        "--set",
        &format!("network.delay={}", runs.field(row, "network.delay")),
        "--format",
        "json",
    ]));
    assert_eq!(again["trials"][0]["digest"], runs.field(row, "digest"));
}

#[test]
fn values_that_are_none_are_refused_with_what_is_accepted() {
    for (sweep, says) in [
        ("workload.retries", "there is no `=` in it"),
        ("workload.retries=3", "`1..256` doubles"),
        ("workload.retries=5..1", "ends before it begins"),
        ("workload.retries=[]", "there is no value in it"),
        ("workload.retries=[101]", "from 0 to 100"),
        ("workload.retires=[1, 2]", "did you mean `retries`?"),
        ("network.delay=[1, 2]", "--sweep:1:15"),
        ("network.delay=[1ms]", "is swept twice"),
    ] {
        let refused = match sweep {
            "network.delay=[1ms]" => measured(&["--sweep", sweep]),
            _ => run(&["measure", ORDER, "--sweep", sweep]),
        };
        assert_eq!(code(&refused), 2, "{sweep}");
        assert!(err(&refused).contains(says), "{sweep}: {}", err(&refused));
    }
    let figure = run(&["measure", ORDER, "--figure", "latency.p94"]);
    assert_eq!(code(&figure), 2);
    assert!(err(&figure).contains("latency.p95"), "{}", err(&figure));
}

/// A scenario of its own folder that is based on a shipped one.
fn scenario(name: &str, more: &str) -> String {
    let base = crate::support::path(ORDER);
    let text = format!("base = {:?}\n{more}", base.display().to_string());
    let file = folder(name).join("own.toml");
    fs::write(&file, text).expect("writable");
    file.display().to_string()
}

#[test]
fn the_file_says_what_varies_and_the_command_line_has_the_last_word() {
    let file = scenario(
        "measure-file",
        "[sweep]\n\"workload.retries\" = \"0..1\"\nnetwork.delay = [\"50us\", \"1ms\"]\n",
    );
    let flags = [
        "--seeds",
        "0..1",
        "--protocol",
        "2pc",
        "--transactions",
        "20",
    ];
    let measure = |more: &[&str]| {
        let mut arguments = vec!["measure", file.as_str(), "--format", "json"];
        arguments.extend(flags);
        arguments.extend(more);
        json(&run(&arguments))
    };
    let own = measure(&[]);
    let points: Vec<&serde_json::Value> = own["cells"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|cell| &cell["point"])
        .collect();
    assert_eq!(points.len(), 4);
    assert_eq!(points[1]["network.delay"], "1ms");
    assert_eq!(points[1]["workload.retries"], "0");
    let flag = measure(&["--sweep", "network.delay=[2ms]"]);
    assert_eq!(flag["cells"].as_array().map(Vec::len), Some(2));
    assert_eq!(flag["cells"][0]["point"]["network.delay"], "2ms");
    let plain = run(&[
        "run",
        &file,
        "--protocol",
        "2pc",
        "--transactions",
        "20",
        "--quiet",
    ]);
    assert_ne!(code(&plain), 2, "a run does not heed it");
}

#[test]
fn a_file_that_varies_what_is_not_there_is_told_where() {
    let file = scenario(
        "measure-wrong",
        "[sweep]\n\"workload.retires\" = [1, 2]\n\"network.delay\" = [\"1ms\", 7]\n",
    );
    for command in ["check", "run", "measure"] {
        let refused = run(&[command, &file]);
        assert_eq!(code(&refused), 2, "{command}");
        let says = err(&refused);
        assert!(says.contains("own.toml:3:1"), "{says}");
        assert!(says.contains("did you mean `retries`?"), "{says}");
        assert!(says.contains("own.toml:4:27"), "{says}");
    }
}

#[test]
fn a_promise_that_breaks_is_marked_and_answered_with_one() {
    let flags = ["--without", "outbox", "--seeds", "2024..2026"];
    let sweep = ["--sweep", "network.delay=[250us]"];
    let mut arguments = vec!["measure", crate::support::MALL];
    arguments.extend(flags.iter().chain(&sweep));
    arguments.extend(["--protocol", "choreographed"]);
    let broken = run(&arguments);
    let text = out(&broken);
    assert_eq!(code(&broken), 1, "{text}");
    assert!(text.contains("✗ "), "{text}");
    let again = text.lines().find(|line| line.contains(" -- run "));
    let (_, line) = again
        .and_then(|l| l.split_once(" -- "))
        .expect("a line to paste");
    let line: Vec<&str> = line.split(' ').collect();
    assert_eq!(code(&run(&line)), 1, "{line:?}");
}

#[test]
fn the_warm_up_is_left_out_of_the_figures() {
    let runs = |more: &[&str]| {
        let mut flags = vec!["--seeds", "0..1", "--format", "csv"];
        flags.extend(more);
        Csv::of(&measured(&flags))
    };
    let (all, warm) = (runs(&[]), runs(&["--warm-up", "30ms"]));
    let number = |csv: &Csv, figure: &str| -> f64 {
        csv.field(&csv.rows[0], figure).parse().expect("a number")
    };
    assert_eq!(number(&all, "started"), 40.0);
    assert!(number(&warm, "started") < 40.0);
    assert_eq!(
        number(&all, "window") - number(&warm, "window"),
        30_000.0,
        "the window begins later"
    );
    let digest = |csv: &Csv| csv.field(&csv.rows[0], "digest").to_owned();
    assert_eq!(
        digest(&all),
        digest(&warm),
        "it changes nothing that happens"
    );
}

#[test]
fn what_is_written_is_what_the_schemas_say() {
    let document = json(&measured(&["--seeds", "0..2", "--format", "json"]));
    validates(
        &committed("measure.schema.json", &sweep::schema()),
        &document,
    );
    let schema = committed("measure-run.schema.json", &sweep::line_schema());
    for line in out(&measured(&["--seeds", "0..2", "--format", "jsonl"])).lines() {
        validates(
            &schema,
            &serde_json::from_str(line).expect("a line of JSON"),
        );
    }
    let dir = no_folder("measure-schemas");
    let dir = dir.to_str().expect("text");
    measured(&["--seeds", "0..2", "--out", dir]);
    let [(_, manifest), (_, record)] = sweep::journal_schemas();
    let schema = committed("measure-manifest.schema.json", &manifest);
    let about = fs::read_to_string(Path::new(dir).join("sweep.json")).expect("it is there");
    validates(&schema, &serde_json::from_str(&about).expect("JSON"));
    let schema = committed("measure-record.schema.json", &record);
    let lines = fs::read_to_string(Path::new(dir).join("runs.jsonl")).expect("it is there");
    for line in lines.lines() {
        let (_, record) = line.split_once(' ').expect("a checksum first");
        validates(&schema, &serde_json::from_str(record).expect("JSON"));
    }
}

/// What Parquet's own reader reads is what stands in the CSV: the same columns, rows and
/// values, with nothing where that has nothing.
#[test]
fn a_parquet_file_holds_what_the_csv_holds() {
    for rows in ["runs", "cells"] {
        let flags = ["--seeds", "0..3", "--rows", rows, "--format"];
        let table = Csv::of(&measured(&[&flags[..], &["csv"]].concat()));
        let file = folder("parquet").join(format!("{rows}.parquet"));
        let written = measured(&[&flags[..], &["parquet"]].concat());
        fs::write(&file, written.stdout).expect("it can be written");
        let reader = SerializedFileReader::try_from(file.as_path()).expect("a file");
        let read = reader.get_row_iter(None).expect("rows");
        let read: Vec<Row> = read.map(|row| row.expect("a row")).collect();
        assert_eq!(read.len(), table.rows.len());
        for (row, of_csv) in read.iter().zip(&table.rows) {
            let names: Vec<&String> = row.get_column_iter().map(|(name, _)| name).collect();
            assert_eq!(names, table.header.iter().collect::<Vec<_>>());
            for ((name, field), text) in row.get_column_iter().zip(of_csv) {
                let same = match field {
                    Field::Null => text.is_empty(),
                    Field::Str(said) => said == text,
                    Field::ULong(number) => text.parse() == Ok(*number),
                    Field::Double(number) => text.parse() == Ok(*number),
                    other => panic!("{name}: {other:?} is no value of a sweep"),
                };
                assert!(same, "{name}: {field:?} is not {text}");
            }
        }
    }
}
