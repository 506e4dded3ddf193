//! The words: ids, model time, probability, seeds and named random streams.
//!
//! Everything above speaks in these; nothing here knows what a protocol is.

mod bandwidth;
mod chance;
mod encoding;
mod ids;
mod time;

pub use bandwidth::{Bandwidth, ParseBandwidthError};
pub use chance::{Chance, Identity, Probability, Seed, Stream};
pub use encoding::encoded_size;
pub(crate) use encoding::{Bytes, Encoder};
pub use ids::{
    ClientId, Direction, NodeId, ParseRequestError, RequestId, RequestKey, ServiceId, StepId, TxId,
};
pub use time::{ParseDurationError, SimDuration, SimTime};

/// A hash map for look-ups only. Its hasher is fixed, but its order is still
/// nobody's business: never iterate one where the order can reach a history.
#[allow(clippy::disallowed_types, reason = "a fixed hasher, never iterated")]
pub type FastMap<K, V> = std::collections::HashMap<K, V, rustc_hash::FxBuildHasher>;

/// A hash set for membership only; see [`FastMap`].
#[allow(clippy::disallowed_types, reason = "a fixed hasher, never iterated")]
pub type FastSet<K> = std::collections::HashSet<K, rustc_hash::FxBuildHasher>;

/// A map that remembers insertion order: to be iterated.
pub type OrderedMap<K, V> = indexmap::IndexMap<K, V, rustc_hash::FxBuildHasher>;
