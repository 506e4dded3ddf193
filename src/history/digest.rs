use std::fmt;

use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use super::{Event, Sink};

/// The fingerprint of a history: two histories are equal, bit for bit, exactly
/// if their digests are (but for one chance in 2^64).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Digest(pub u64);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:016x}", self.0))
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

/// Folds a history into its digest: XXH3 over the postcard encoding of every
/// event, which is fixed by its specification and the same on every platform.
pub struct DigestSink {
    hasher: Box<Xxh3>,
    buffer: Vec<u8>,
    events: u64,
}

impl DigestSink {
    /// The digest of everything so far.
    pub fn digest(&self) -> Digest {
        Digest(self.hasher.digest())
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }
}

impl Default for DigestSink {
    fn default() -> Self {
        DigestSink {
            hasher: Box::default(),
            buffer: vec![0; 512],
            events: 0,
        }
    }
}

impl Sink for DigestSink {
    fn event(&mut self, event: &Event) {
        // Nearly every event fits at once; the last one of a run may not.
        loop {
            match postcard::to_slice(event, &mut self.buffer) {
                Ok(encoded) => {
                    self.hasher.update(encoded);
                    self.events += 1;
                    return;
                }
                Err(postcard::Error::SerializeBufferFull) => {
                    let larger = self.buffer.len() * 4;
                    self.buffer.resize(larger, 0);
                }
                Err(error) => unreachable!("an event is plain data, yet: {error}"),
            }
        }
    }
}
