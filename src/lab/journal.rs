//! An experiment written down as it goes, a line a piece of work that is done:
//! `checksum json`. What a kill left half written is told from what is whole.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What an experiment is, written down: two with the same manifest find the same.
pub trait Manifest: Serialize + DeserializeOwned {
    /// What a piece of its work gives.
    type Record: Serialize + DeserializeOwned;
    /// What it is called: `hunt`.
    const WHAT: &'static str;
    /// The file that holds it.
    const ABOUT: &'static str;
    /// The file that holds a line a piece of work.
    const LINES: &'static str;

    /// In what it differs from another, in a word or two.
    fn differs_from(&self, other: &Self) -> Option<&'static str>;
}

/// A record as a line, its end included.
///
/// # Panics
/// When a record is not plain data with string keys.
pub fn line(record: &impl Serialize) -> String {
    let json = serde_json::to_string(record)
        .expect("a record is plain data with string keys, which JSON can always hold");
    format!("{:016x} {json}\n", checksum(&json))
}

/// What a line of a journal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<R> {
    /// A whole record.
    Whole(R),
    /// Not what was written: cut short, or changed.
    Damaged,
}

/// Reads a line, without its end.
pub fn read_line<R: DeserializeOwned>(line: &str) -> Line<R> {
    let whole = line.split_once(' ').and_then(|(sum, json)| {
        let sum = u64::from_str_radix(sum, 16).ok()?;
        let record = serde_json::from_str(json).ok()?;
        (sum == checksum(json)).then_some(record)
    });
    whole.map_or(Line::Damaged, Line::Whole)
}

fn checksum(json: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(json.as_bytes())
}

/// The first of these questions whose answer is yes.
pub(super) fn first_difference<const N: usize>(
    differs: [(bool, &'static str); N],
) -> Option<&'static str> {
    let mut differs = differs.into_iter();
    differs.find_map(|(differs, what)| differs.then_some(what))
}
