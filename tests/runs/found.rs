//! What was once found to break, and holds now: every scenario in `tests/found`,
//! on its seed and some more.

use std::fs;
use std::sync::Arc;

use indoubt::vocab::Seed;

use crate::support::{on_all_cores, path, protocols, shipped, surprises_of};

const MORE_SEEDS: u64 = 10;

#[test]
fn what_was_once_found_to_break_holds() {
    let mut files: Vec<String> = fs::read_dir(path("tests/found"))
        .expect("the folder is there")
        .map(|entry| {
            entry
                .expect("a readable entry")
                .file_name()
                .into_string()
                .expect("a plain name")
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let scenario = Arc::new(shipped(&format!("tests/found/{file}")));
        let found = on_all_cores(MORE_SEEDS, |n| {
            let seed = Seed(scenario.seed.0 + n);
            let mut found = Vec::new();
            for protocol in protocols(&scenario) {
                found.extend(surprises_of(&scenario, protocol, seed));
            }
            found
        });
        // Sagas without a countermeasure have no isolation; nothing else may break.
        let found: Vec<&String> = found
            .iter()
            .filter(|s| !s.contains(": isolation:"))
            .collect();
        assert!(found.is_empty(), "{file}: {found:#?}");
    }
}
