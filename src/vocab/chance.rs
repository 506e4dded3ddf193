use std::fmt;

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{RequestKey, SimDuration, TxId};

/// The one number from which all chance of a run comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A named source of chance. Streams do not share draws: adding a draw to one
/// leaves every other as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u64)]
pub enum Stream {
    /// Who asks for what, and when.
    Workload = 1,
    /// How long a message travels.
    Latency = 2,
    /// Whether a message is lost.
    Loss = 3,
    /// Whether a message is duplicated, and how much later the copy comes.
    Duplication = 4,
    /// The order of what happens at one instant.
    Order = 5,
    /// The fault plan.
    Faults = 6,
    /// What a power loss leaves of unsynced writes.
    Disk = 7,
    /// Service times.
    Service = 8,
    /// Background readers.
    Readers = 9,
    /// By how much waits before retries are lengthened.
    Jitter = 10,
    /// What a hunt draws for a seed: workload and faults.
    Swarm = 11,
}

/// Who or what a draw is for. The same identity always draws the same, whatever
/// else happens in the run: that is what makes shrinking, ablation and pairing
/// honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(u64, u64);

impl Identity {
    /// An identity made of nothing yet.
    pub const fn new() -> Self {
        Identity(0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03)
    }

    /// The identity of a name.
    pub fn named(name: &str) -> Self {
        Identity::new().with(xxhash_rust::xxh3::xxh3_64(name.as_bytes()))
    }

    /// This identity, further told apart by `part`.
    #[must_use]
    pub fn with(self, part: u64) -> Self {
        Identity(
            mix(self.0 ^ part),
            mix(self.1.rotate_left(23) ^ part.wrapping_mul(0xff51_afd7_ed55_8ccd)),
        )
    }

    /// Further told apart by an idempotency key.
    #[must_use]
    pub fn with_key(self, key: RequestKey) -> Self {
        self.with(u64::from(key.request.client.0) << 32 | u64::from(key.request.n))
            .with(u64::from(key.fresh))
    }

    /// Further told apart by a transaction.
    #[must_use]
    pub fn with_tx(self, tx: TxId) -> Self {
        self.with_key(tx.key)
            .with(u64::from(tx.epoch) << 16 | u64::from(tx.attempt))
    }

    /// 64 bits of it, for orders and look-ups.
    pub fn bits(self) -> u64 {
        mix(self.0 ^ self.1.rotate_left(32))
    }
}

impl Default for Identity {
    fn default() -> Self {
        Identity::new()
    }
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014): every bit of the
/// input reaches every bit of the output.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// All chance of a run: a function of seed, stream and identity.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    seed: Seed,
    /// What makes the order of an instant this seed's own.
    order: u64,
}

impl Chance {
    /// The chance of the runs of this seed.
    pub fn new(seed: Seed) -> Self {
        Chance {
            seed,
            order: mix(seed.0 ^ Stream::Order as u64),
        }
    }

    /// A generator that belongs to this identity alone.
    pub fn draw(&self, stream: Stream, who: Identity) -> ChaCha8Rng {
        let mut key = [0u8; 32];
        key[0..8].copy_from_slice(&self.seed.0.to_le_bytes());
        key[8..16].copy_from_slice(&(stream as u64).to_le_bytes());
        key[16..24].copy_from_slice(&who.0.to_le_bytes());
        key[24..32].copy_from_slice(&who.1.to_le_bytes());
        ChaCha8Rng::from_seed(key)
    }

    /// A rank within an instant: stable for the identity, different for every
    /// seed, cheap.
    pub fn rank(&self, who: Identity) -> u64 {
        who.with(self.order).bits()
    }

    /// A number in `[0, 1)`.
    pub fn unit(&self, stream: Stream, who: Identity) -> f64 {
        unit(&mut self.draw(stream, who))
    }

    /// Whether something of this probability happens to this identity.
    pub fn happens(&self, stream: Stream, who: Identity, p: Probability) -> bool {
        p.0 > 0.0 && self.unit(stream, who) < p.0
    }

    /// A part of a share of this duration: each as likely, in whole microseconds.
    pub fn part(
        &self,
        stream: Stream,
        who: Identity,
        of: SimDuration,
        share: Probability,
    ) -> SimDuration {
        if of.is_zero() || share == Probability::NEVER {
            return SimDuration::ZERO;
        }
        let micros = of.as_micros() as f64 * share.get() * self.unit(stream, who);
        SimDuration::from_micros(libm::round(micros) as u64)
    }

    /// An exponentially distributed duration with this mean, in whole
    /// microseconds.
    pub fn exponential(&self, stream: Stream, who: Identity, mean: SimDuration) -> SimDuration {
        let u = self.unit(stream, who);
        let micros = -libm::log(1.0 - u) * mean.as_micros() as f64;
        SimDuration::from_micros(libm::round(micros) as u64)
    }
}

/// A number in `[0, 1)` with 53 bits.
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// A probability, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Probability(f64);

impl Probability {
    /// Never.
    pub const NEVER: Probability = Probability(0.0);
    /// Always.
    pub const ALWAYS: Probability = Probability(1.0);

    /// A probability; `None` outside 0 to 1.
    pub fn new(p: f64) -> Option<Self> {
        (0.0..=1.0).contains(&p).then_some(Probability(p))
    }

    /// As a number from 0 to 1.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let p = f64::deserialize(deserializer)?;
        Probability::new(p)
            .ok_or_else(|| serde::de::Error::custom("a probability is a number from 0 to 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_seed_stream_and_identity_and_on_nothing_else() {
        let chance = Chance::new(Seed(1));
        let who = Identity::named("client").with(3);
        let first = chance.unit(Stream::Latency, who);
        assert_eq!(first, chance.unit(Stream::Latency, who));
        assert_ne!(first, chance.unit(Stream::Loss, who));
        assert_ne!(first, chance.unit(Stream::Latency, who.with(0)));
        assert_ne!(first, Chance::new(Seed(2)).unit(Stream::Latency, who));
    }

    #[test]
    fn exponential_durations_have_the_mean_that_was_asked_for() {
        let chance = Chance::new(Seed(7));
        let mean = SimDuration::from_millis(10);
        let total: SimDuration = (0..20_000)
            .map(|n| chance.exponential(Stream::Latency, Identity::new().with(n), mean))
            .sum();
        let average = total.as_micros() as f64 / 20_000.0;
        assert!((average / 10_000.0 - 1.0).abs() < 0.03, "{average}");
    }
}
