//! One crate, one arrow: a room may use the rooms under it, never those above
//! or beside it.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms and their layers, from the bottom.
const LAYERS: [(&str, u32); 12] = [
    ("vocab", 0),
    ("business", 1),
    ("protocol", 2),
    ("fault", 3),
    ("history", 3),
    ("scenario", 4),
    ("world", 5),
    ("check", 5),
    ("measure", 5),
    ("lab", 6),
    ("report", 7),
    ("cli", 8),
];

fn layer(room: &str) -> u32 {
    let found = LAYERS.iter().find(|(name, _)| *name == room);
    found
        .unwrap_or_else(|| panic!("`{room}` is no room of the house: add it to the table"))
        .1
}

fn files(under: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(under).expect("the source is there") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// The rooms that a file's code names after `crate::`. Comments do not count.
fn rooms_used(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut used = Vec::new();
    for after in code.split("crate::").skip(1) {
        let names = match after.strip_prefix('{') {
            Some(list) => top_level_names(list),
            None => vec![first_word(after)],
        };
        used.extend(names.into_iter().filter(|name| !name.is_empty()));
    }
    used
}

fn first_word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect()
}

/// `a::b, c::{d, e}}` gives `a` and `c`.
fn top_level_names(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (i, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(first_word(list[start..i].trim()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(first_word(list[start..i].trim()));
                start = i + 1;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn every_room_uses_only_rooms_under_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (room, own) in LAYERS {
        for file in files(&source.join(room)) {
            let text = fs::read_to_string(&file).expect("a readable file");
            for used in rooms_used(&text) {
                seen += 1;
                if used != room && layer(&used) >= own {
                    wrong.push(format!("{} uses `{used}`", file.display()));
                }
            }
        }
    }
    assert!(
        seen > 100,
        "the test has lost sight of the code: {seen} uses"
    );
    assert!(wrong.is_empty(), "against the arrow:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_hosts_name_madsim() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let naming: Vec<PathBuf> = files(&source)
        .into_iter()
        .filter(|file| {
            let text = fs::read_to_string(file).expect("a readable file");
            text.contains("use madsim") || text.contains("madsim::runtime")
        })
        .collect();
    assert_eq!(naming, [source.join("world/host/madsim.rs")]);
}

#[test]
fn the_test_reads_nested_imports() {
    let text = "use crate::{a::{b, c}, d};\n// use crate::nothing;\nuse crate::e::f;";
    assert_eq!(rooms_used(text), ["a", "d", "e"]);
}
