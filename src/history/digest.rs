use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::page::Page;
use super::{Event, Sink};
use crate::vocab::Encoder;

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

/// A digest that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: it has 16 hexadecimal digits, like 31e00a9b636a94a7")]
pub struct ParseDigestError(String);

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_hex = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        number
            .map(Digest)
            .ok_or_else(|| ParseDigestError(text.to_owned()))
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

/// Folds a history into its digest: XXH3 over the encoding of every event,
/// which is the same on every platform.
#[derive(Clone, Default)]
pub struct DigestSink {
    page: Page,
    events: u64,
}

impl DigestSink {
    /// The digest of everything so far.
    pub fn digest(&self) -> Digest {
        Digest(self.page.digest())
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }
}

impl Sink for DigestSink {
    fn event(&mut self, event: &Event) {
        let Ok(()) = event.serialize(&mut Encoder(&mut self.page));
        self.events += 1;
    }
}
