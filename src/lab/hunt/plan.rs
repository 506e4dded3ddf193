use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::vocab::Seed;

/// Seeds from one to another, the last not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SeedRange {
    /// The first.
    pub from: u64,
    /// The first that is not in it.
    pub until: u64,
}

impl SeedRange {
    /// How many there are.
    pub fn count(self) -> u64 {
        self.until.saturating_sub(self.from)
    }

    /// Parts of at most so many, in order.
    pub fn chunks(self, size: u64) -> impl Iterator<Item = SeedRange> {
        let step = usize::try_from(size.max(1)).unwrap_or(usize::MAX);
        (self.from..self.until)
            .step_by(step)
            .map(move |from| SeedRange {
                from,
                until: self.until.min(from.saturating_add(size)),
            })
    }

    /// Whether a seed is one of them.
    pub fn holds(self, seed: u64) -> bool {
        (self.from..self.until).contains(&seed)
    }
}

impl FromStr for SeedRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no range of seeds: write `0..10000`, or `10000` for it");
        let number = |part: &str| part.replace('_', "").parse::<u64>().map_err(|_| wrong());
        let (from, until) = match text.split_once("..") {
            Some((from, until)) => (number(from)?, number(until)?),
            None => (0, number(text)?),
        };
        match from < until {
            true => Ok(SeedRange { from, until }),
            false => Err(format!("there is no seed in `{text}`")),
        }
    }
}

impl std::fmt::Display for SeedRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.from, self.until)
    }
}

/// A part of the seeds: every `of`-th, from the `n`-th on, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Shard {
    /// The how-many-th part, from 1.
    pub n: u64,
    /// Of how many.
    pub of: u64,
}

impl Shard {
    /// All of them.
    pub const WHOLE: Shard = Shard { n: 1, of: 1 };

    /// How many of a range belong to this part.
    pub fn count(self, range: SeedRange) -> u64 {
        let first = range.from.saturating_add(self.n - 1);
        range.until.saturating_sub(first).div_ceil(self.of)
    }

    /// The seeds of a range that belong to this part.
    pub fn seeds(self, range: SeedRange) -> impl Iterator<Item = Seed> + Send {
        let first = range.from.saturating_add(self.n - 1);
        (first..range.until)
            .step_by(usize::try_from(self.of).unwrap_or(usize::MAX))
            .map(Seed)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let shard = parts.and_then(|(n, of)| {
            Some(Shard {
                n: n.parse().ok()?,
                of: of.parse().ok()?,
            })
        });
        shard
            .filter(|shard| (1..=shard.of).contains(&shard.n))
            .ok_or_else(|| format!("`{text}` is no shard: write `3/16` for the third of sixteen"))
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.n, self.of)
    }
}
