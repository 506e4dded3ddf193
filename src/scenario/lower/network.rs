//! How messages travel.

use std::collections::BTreeMap;

use crate::protocol::message_kinds;
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{At, LinkFile, WaysFile};
use crate::scenario::names;
use crate::scenario::types::{Dist, Link, Network, Sizes};
use crate::scenario::value::Rate;
use crate::vocab::{Probability, SimDuration};

use super::Lowering;
use super::cast::Cast;

/// One way within a zone.
const DELAY: SimDuration = SimDuration::from_micros(250);

/// More bytes than these are no headers, and no message.
const MOST_OVERHEAD: u64 = 1_000_000;
const MOST_SIZE: u64 = 1_000_000_000;

impl Lowering<'_> {
    pub(super) fn network(&mut self, cast: &Cast) -> Network {
        let file = self.file;
        let says = &file.network;
        let default = Link {
            delay: says.delay.map_or(Dist::Fixed(DELAY), |d| d.0),
            loss: self.rate_of_link(says.loss.as_ref(), "loss", Probability::NEVER),
            duplicate: rate(says.duplicate.as_ref(), Probability::NEVER),
            bandwidth: says.bandwidth.and_then(|bandwidth| bandwidth.0),
        };
        let mut links = BTreeMap::new();
        for said in &says.links {
            let LinkFile {
                from,
                to,
                ways,
                delay,
                loss,
                duplicate,
                bandwidth,
            } = said.get_ref();
            let ends = (self.node(cast, from), self.node(cast, to));
            let link = Link {
                delay: delay.map_or(default.delay, |d| d.0),
                loss: self.rate_of_link(loss.as_ref(), "loss", default.loss),
                duplicate: rate(duplicate.as_ref(), default.duplicate),
                bandwidth: bandwidth.map_or(default.bandwidth, |bandwidth| bandwidth.0),
            };
            let (Some(a), Some(b)) = ends else { continue };
            if a == b {
                self.problems.push(
                    Problem::at(to.span(), "a link from a node to itself")
                        .beside(from.span(), "the same node"),
                );
            }
            let mut taken = links.insert((a, b), link.clone()).is_some();
            if *ways == WaysFile::Both {
                taken |= links.insert((b, a), link).is_some();
            }
            if taken {
                self.problems.push(
                    Problem::at(said.span(), "this link was described before")
                        .help("a link goes both ways unless it says `ways = \"one-way\"`"),
                );
            }
        }
        Network {
            default,
            links,
            sizes: self.sizes(),
        }
    }

    fn sizes(&mut self) -> Sizes {
        let says = &self.file.network;
        let mut sizes = Sizes::default();
        let bounds = (0, MOST_OVERHEAD, " bytes");
        let overhead = says.overhead.as_ref();
        sizes.overhead = self.within_so_many(overhead, "overhead", bounds, sizes.overhead);
        let kinds = message_kinds();
        for (kind, size) in &says.sizes.0 {
            let names = ("message", "messages");
            let known = names::find(self.problems, kind, names, &kinds).is_some();
            let name = kind.get_ref().as_str();
            let bounds = (1, MOST_SIZE, " bytes for a whole message");
            let bytes = self.within_so_many(Some(size), name, bounds, 1);
            if known {
                sizes.of_kind.insert(name.to_owned(), bytes);
            }
        }
        sizes
    }

    /// A loss; one that lets nothing through for ever is refused.
    fn rate_of_link(
        &mut self,
        said: Option<&At<Rate>>,
        key: &str,
        default: Probability,
    ) -> Probability {
        if let Some(said) = said
            && said.get_ref().0.get() >= 1.0
        {
            self.problems.push(
                Problem::at(
                    said.span(),
                    format!("with this `{key}` nothing ever arrives"),
                )
                .help("a cut that ends is a fault: `kind = \"partition\"`"),
            );
        }
        rate(said, default)
    }
}

fn rate(said: Option<&At<Rate>>, default: Probability) -> Probability {
    said.map_or(default, |r| r.get_ref().0)
}
