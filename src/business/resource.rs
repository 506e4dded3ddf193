use std::num::NonZeroU8;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::vocab::{Identity, ServiceId};

/// A resource of the scenario, by its position in [`Business::resources`].
///
/// [`Business::resources`]: super::Business::resources
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceId(pub u8);

/// What requests are parameterised by: a named, numbered set (`player`, 200 of
/// them).
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// Its name in key templates.
    pub name: String,
    /// How many there are; at least 1.
    pub size: u32,
    /// Names of the first few, if the scenario gives them.
    pub names: Vec<String>,
}

impl Domain {
    /// The name of the n-th: its own, or `player-17`.
    pub fn value_name(&self, n: u32) -> String {
        match self.names.get(n as usize) {
            Some(name) => name.clone(),
            None => format!("{}-{n}", self.name),
        }
    }
}

/// What a request is about: a value for every domain, in their order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Params(pub [u32; Params::MOST]);

impl Params {
    /// The most domains that a scenario may have.
    pub const MOST: usize = 4;
}

/// Which domains make up a key, in order: `{player}/{character}`. Empty for a
/// resource with a single row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTemplate {
    /// Positions in [`Business::domains`](super::Business::domains).
    pub domains: Vec<u8>,
}

impl KeyTemplate {
    /// The row number that these parameters name: mixed radix over the domains.
    pub fn key(&self, params: &Params, domains: &[Domain]) -> u64 {
        self.domains.iter().fold(0, |key, &d| {
            key * u64::from(domains[d as usize].size) + u64::from(params.0[d as usize])
        })
    }

    /// How many rows there are; `None` if they cannot be numbered.
    pub fn rows(&self, domains: &[Domain]) -> Option<u64> {
        self.domains.iter().try_fold(1u64, |rows, &d| {
            rows.checked_mul(u64::from(domains[d as usize].size))
        })
    }

    /// The value of each of the key's domains, in the template's order.
    pub fn parts(&self, mut key: u64, domains: &[Domain]) -> Vec<(u8, u32)> {
        let mut parts: Vec<(u8, u32)> = self
            .domains
            .iter()
            .rev()
            .map(|&d| {
                let size = u64::from(domains[d as usize].size);
                let value = (key % size) as u32;
                key /= size;
                (d, value)
            })
            .collect();
        parts.reverse();
        parts
    }
}

/// Something that steps act on.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its name in the scenario.
    pub name: String,
    /// Whose database holds it.
    pub service: ServiceId,
    /// How its rows are keyed.
    pub key: KeyTemplate,
    /// What it is.
    pub kind: ResourceKind,
}

/// The types of resource.
#[derive(Clone, Debug, PartialEq)]
pub enum ResourceKind {
    /// A number per key that must not fall under a floor: points, stock, money.
    Counter {
        /// What every row begins with.
        initial: i64,
        /// What no row may fall under.
        floor: i64,
    },
    /// Granted or not, per key. Its item can be withdrawn from sale.
    Entitlement {
        /// How the item that is on sale is keyed: a part of the key
        /// (`{character}` of `{player}/{character}`).
        item: KeyTemplate,
    },
    /// Something done in the real world, that cannot be taken back: a mail.
    Action,
}

impl Resource {
    /// The row that a request's parameters name.
    pub fn row(&self, id: ResourceId, params: &Params, domains: &[Domain]) -> BusinessRow {
        BusinessRow {
            resource: id,
            facet: Facet::Value,
            key: self.key.key(params, domains),
        }
    }

    /// The `nth` of the rows that a request about these parameters draws: of all rows
    /// each as likely, no two the same. There must be so many.
    pub fn drawn_row(
        &self,
        id: ResourceId,
        nth: NonZeroU8,
        params: &Params,
        domains: &[Domain],
    ) -> BusinessRow {
        let rows = self.key.rows(domains).unwrap_or(u64::MAX);
        let whose = params
            .0
            .iter()
            .fold(Identity::named(&self.name), |of, &p| of.with(u64::from(p)));
        let draws = (0..).map(|n| scaled(whose.with(n).bits(), rows));
        let mut drawn: SmallVec<[u64; 16]> = SmallVec::new();
        for key in draws {
            // Drawn without putting back.
            if !drawn.contains(&key) {
                drawn.push(key);
            }
            if drawn.len() == usize::from(nth.get()) {
                break;
            }
        }
        BusinessRow {
            resource: id,
            facet: Facet::Value,
            key: drawn.last().copied().unwrap_or_default(),
        }
    }

    /// The row that says whether the item is on sale; `None` unless this is an
    /// entitlement.
    pub fn sale_row(
        &self,
        id: ResourceId,
        params: &Params,
        domains: &[Domain],
    ) -> Option<BusinessRow> {
        match &self.kind {
            ResourceKind::Entitlement { item } => Some(BusinessRow {
                resource: id,
                facet: Facet::Sale,
                key: item.key(params, domains),
            }),
            _ => None,
        }
    }

    /// The key in words: `player-3/pikachu`.
    pub fn key_name(&self, key: u64, facet: Facet, domains: &[Domain]) -> String {
        let template = match (&self.kind, facet) {
            (ResourceKind::Entitlement { item }, Facet::Sale) => item,
            _ => &self.key,
        };
        let names: Vec<String> = template
            .parts(key, domains)
            .into_iter()
            .map(|(d, value)| domains[d as usize].value_name(value))
            .collect();
        names.join("/")
    }

    /// What a row holds before anybody wrote it: the initial amount of a
    /// counter; 0 (not granted, not withdrawn) for everything else.
    pub fn initial(&self, facet: Facet) -> i64 {
        match (&self.kind, facet) {
            (ResourceKind::Counter { initial, .. }, Facet::Value) => *initial,
            _ => 0,
        }
    }
}

/// A number below `rows`, from 64 bits (Lemire 2019).
fn scaled(bits: u64, rows: u64) -> u64 {
    ((u128::from(bits) * u128::from(rows)) >> 64) as u64
}

/// Which side of a resource a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Facet {
    /// The amount of a counter, or whether an entitlement is granted (1) or
    /// not (0).
    Value,
    /// Whether an entitlement's item is withdrawn from sale (1) or not (0).
    Sale,
}

/// A row of business data. All hold a number; see [`Facet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BusinessRow {
    /// Of which resource.
    pub resource: ResourceId,
    /// Which side of it.
    pub facet: Facet,
    /// Which row: see [`KeyTemplate::key`].
    pub key: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ResourceId = ResourceId(0);

    fn drawn(rows: u32, request: u32, nth: u8) -> u64 {
        let domain = |name: &str, size| Domain {
            name: name.to_owned(),
            size,
            names: Vec::new(),
        };
        let domains = [domain("row", rows), domain("wish", 1_000_000)];
        let table = Resource {
            name: "rows".to_owned(),
            service: ServiceId(0),
            key: KeyTemplate { domains: vec![0] },
            kind: ResourceKind::Counter {
                initial: 0,
                floor: 0,
            },
        };
        let params = Params([0, request, 0, 0]);
        let nth = NonZeroU8::new(nth).expect("from 1");
        table.drawn_row(ID, nth, &params, &domains).key
    }

    #[test]
    fn a_request_draws_no_row_twice_and_always_the_same() {
        for request in 0..1_000 {
            let mut rows: Vec<u64> = (1..=8).map(|nth| drawn(8, request, nth)).collect();
            assert_eq!(drawn(8, request, 3), rows[2]);
            rows.sort_unstable();
            assert_eq!(rows, [0, 1, 2, 3, 4, 5, 6, 7]);
        }
    }

    #[test]
    fn every_row_is_as_likely_at_every_place() {
        for nth in [1, 2, 5] {
            let mut times = [0u32; 10];
            for request in 0..10_000 {
                times[drawn(10, request, nth) as usize] += 1;
            }
            // 1,000 expected, and 30 is a standard deviation.
            assert!(times.iter().all(|n| n.abs_diff(1_000) < 150), "{times:?}");
        }
    }
}
