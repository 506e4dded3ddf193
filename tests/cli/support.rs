//! How the binary is started, and what came of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) const MALL: &str = "scenarios/points-mall.toml";
pub(crate) const ORDER: &str = "scenarios/order-stock.toml";

/// Something in the repository.
pub(crate) fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// A folder of a test's own, which is not there.
pub(crate) fn no_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// An empty folder of a test's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = no_folder(name);
    fs::create_dir_all(&folder).expect("the target directory is writable");
    folder
}

/// A copy of what a clone has for a user to run, so that commands may write.
pub(crate) fn clone_of_it(name: &str) -> PathBuf {
    let clone = no_folder(name);
    for folder in ["scenarios", "tests/safeguards", "reports"] {
        let from = path(folder);
        copy(&from, &clone.join(folder));
    }
    clone
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the target directory is writable");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("a readable entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copy(&from, &to),
            false => fs::copy(&from, &to).map(drop).expect("it can be copied"),
        }
    }
}

/// A program, in an environment without opinions about colour.
pub(crate) fn program(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("RUST_BACKTRACE");
    command
}

/// A run of the binary at the root of the repository.
pub(crate) fn indoubt<A: AsRef<std::ffi::OsStr>>(arguments: &[A]) -> Command {
    let mut command = program(env!("CARGO_BIN_EXE_indoubt"), &path(""));
    command.args(arguments);
    command
}

pub(crate) fn run<A: AsRef<std::ffi::OsStr>>(arguments: &[A]) -> Output {
    indoubt(arguments).output().expect("the binary starts")
}

/// A run of the binary in another folder.
pub(crate) fn run_in<A: AsRef<std::ffi::OsStr>>(folder: &Path, arguments: &[A]) -> Output {
    let mut command = indoubt(arguments);
    command.current_dir(folder);
    command.output().expect("the binary starts")
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("a JSON document")
}

/// The committed schema; with `UPDATE_SCHEMAS` set, it is written anew.
pub(crate) fn committed(name: &str, derived: &schemars::Schema) -> jsonschema::Validator {
    let file = path("reports/schemas").join(name);
    let mut text = serde_json::to_string_pretty(derived).expect("a schema is JSON");
    text.push('\n');
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&file, &text).expect("the repository is writable");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        kept, text,
        "{name} is not what the types say: UPDATE_SCHEMAS=1 cargo test --test cli"
    );
    let schema: Value = serde_json::from_str(&kept).expect("a schema is JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

pub(crate) fn validates(schema: &jsonschema::Validator, document: &Value) {
    let wrong: Vec<String> = schema
        .iter_errors(document)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
