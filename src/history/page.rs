//! What is being hashed, a page at a time: a vector that may have to grow with every
//! field was a fifth of the time of a whole run.

use xxhash_rust::xxh3::Xxh3;

use crate::vocab::Bytes;

/// So much is gathered before it is hashed.
const PAGE: usize = 4096;

/// What is being hashed: the bytes of the page that is not full yet, and the
/// hash of all pages before it.
#[derive(Clone)]
pub(super) struct Page {
    bytes: Box<[u8; PAGE]>,
    filled: usize,
    before: Box<Xxh3>,
}

impl Default for Page {
    fn default() -> Self {
        Page {
            bytes: Box::new([0; PAGE]),
            filled: 0,
            before: Box::default(),
        }
    }
}

impl Page {
    /// The hash of everything so far.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = self.before.clone();
        hasher.update(&self.bytes[..self.filled]);
        hasher.digest()
    }

    /// Hashes the page, and these bytes, for which it had no room.
    #[cold]
    fn turn(&mut self, bytes: &[u8]) {
        self.before.update(&self.bytes[..self.filled]);
        self.before.update(bytes);
        self.filled = 0;
    }
}

impl Bytes for Page {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let end = self.filled + bytes.len();
        match self.bytes.get_mut(self.filled..end) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.filled = end;
            }
            None => self.turn(bytes),
        }
    }

    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        let rest = self.bytes.get_mut(self.filled..).unwrap_or_default();
        match rest.first_chunk_mut::<N>() {
            Some(place) => {
                *place = bytes;
                self.filled += N;
            }
            None => self.turn(&bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::vocab::Encoder;

    #[test]
    fn where_a_page_ends_does_not_matter() {
        let mut page = Page::default();
        let mut whole = Xxh3::new();
        for n in 0..2_000u64 {
            let word = "x".repeat((n % 7) as usize);
            let Ok(()) = (n, &word).serialize(&mut Encoder(&mut page));
            let mut alone = Page::default();
            let Ok(()) = (n, &word).serialize(&mut Encoder(&mut alone));
            whole.update(&alone.bytes[..alone.filled]);
        }
        assert_eq!(page.digest(), whole.digest());
    }
}
