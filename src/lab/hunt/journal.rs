//! A hunt written down, a line a seed: `checksum json`. What a kill left half
//! written is told from what is whole.

use super::record::SeedRecord;

/// A record as a line, its end included.
pub fn line(record: &SeedRecord) -> String {
    let json = serde_json::to_string(record)
        .expect("a record is plain data with string keys, which JSON can always hold");
    format!("{:016x} {json}\n", checksum(&json))
}

/// What a line of a journal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A whole record.
    Whole(SeedRecord),
    /// Not what was written: cut short, or changed.
    Damaged,
}

/// Reads a line, without its end.
pub fn read_line(line: &str) -> Line {
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
