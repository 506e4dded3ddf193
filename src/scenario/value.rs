//! Values as people write them: durations, distributions, amounts, choices.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::file::At;
use super::types::Dist;
use crate::vocab::{Bandwidth, Probability, SimDuration};

/// A duration: a number and a unit.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Time(pub(super) SimDuration);

impl Time {
    /// The longest duration that a scenario may name.
    const LONGEST: SimDuration = SimDuration::from_secs(3_600);

    fn read<E: Error>(text: &str) -> Result<Self, E> {
        let duration: SimDuration = text.parse().map_err(E::custom)?;
        if duration > Time::LONGEST {
            let what = "is longer than an hour; that is the longest that a scenario may name";
            return Err(E::custom(format_args!(
                "{} {what}",
                super::names::quote(text)
            )));
        }
        Ok(Time(duration))
    }
}

const DURATION: &str =
    "a duration: a number and a unit, like \"250us\", \"1.5ms\", \"2s\" or \"1m\"";

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(DURATION)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
                Time::read(text)
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// A distribution: `"1ms"`, `{ from, to }` or `{ least, mean }`.
#[derive(Clone, Copy)]
pub(super) struct DistFile(pub(super) Dist);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DistTable {
    from: Option<Time>,
    to: Option<Time>,
    least: Option<Time>,
    mean: Option<Time>,
}

impl DistTable {
    fn read<E: Error>(self) -> Result<Dist, E> {
        let DistTable {
            from,
            to,
            least,
            mean,
        } = self;
        match (from, to, least, mean) {
            (Some(Time(from)), Some(Time(to)), None, None) if from <= to => {
                Ok(Dist::Uniform(from, to))
            }
            (Some(_), Some(_), None, None) => Err(E::custom(
                "`from` is longer than `to`: nothing lies between",
            )),
            (None, None, least, Some(Time(mean))) => Ok(Dist::Exponential {
                least: least.map_or(SimDuration::ZERO, |t| t.0),
                mean,
            }),
            _ => Err(E::custom(
                "this distribution is not whole; write `{ from = \"1ms\", to = \"2ms\" }` (all between as likely) or `{ least = \"1ms\", mean = \"2ms\" }` (exponential, on top of the least)",
            )),
        }
    }
}

impl<'de> Deserialize<'de> for DistFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = DistFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{DURATION}; or {{ from, to }}, or {{ least, mean }}")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<DistFile, E> {
                Time::read(text).map(|t| DistFile(Dist::Fixed(t.0)))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DistFile, A::Error> {
                DistTable::deserialize(MapAccessDeserializer::new(map))?
                    .read()
                    .map(DistFile)
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// A probability.
#[derive(Clone, Copy)]
pub(super) struct Rate(pub(super) Probability);

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = Rate;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a probability, a number from 0 to 1")
            }
            fn visit_f64<E: Error>(self, p: f64) -> Result<Rate, E> {
                Probability::new(p).map(Rate).ok_or_else(|| {
                    E::custom(format_args!(
                        "`{p}` is not a probability, a number from 0 to 1"
                    ))
                })
            }
            fn visit_i64<E: Error>(self, p: i64) -> Result<Rate, E> {
                self.visit_f64(p as f64)
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// A bandwidth, or `"none"`: no bound.
#[derive(Clone, Copy)]
pub(super) struct BandwidthFile(pub(super) Option<Bandwidth>);

impl<'de> Deserialize<'de> for BandwidthFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = BandwidthFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a bandwidth: a number and a unit, like \"64kbit/s\", \"1.5Mbit/s\" or \"10Gbit/s\"; or \"none\"")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<BandwidthFile, E> {
                match text {
                    "none" => Ok(BandwidthFile(None)),
                    _ => text.parse().map(Some).map(BandwidthFile).map_err(E::custom),
                }
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// Sizes of messages, by name.
#[derive(Clone, Default)]
pub(super) struct SizesFile(pub(super) Vec<(At<String>, At<u32>)>);

impl<'de> Deserialize<'de> for SizesFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = SizesFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("messages, each with its size in bytes, like { work = 2048 }")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SizesFile, A::Error> {
                let mut sizes = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    sizes.push(entry);
                }
                Ok(SizesFile(sizes))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// How the value of a domain is chosen.
#[derive(Clone)]
pub(super) enum ChoiceFile {
    Uniform,
    Zipf(At<f64>),
    Hot { hot: At<u32>, share: Rate },
}

const CHOICE: &str = "\"uniform\", { zipf = 0.9 } or { hot = 3, share = 0.5 }";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoiceTable {
    zipf: Option<At<f64>>,
    hot: Option<At<u32>>,
    share: Option<Rate>,
}

impl<'de> Deserialize<'de> for ChoiceFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = ChoiceFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(CHOICE)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<ChoiceFile, E> {
                match text {
                    "uniform" => Ok(ChoiceFile::Uniform),
                    _ => Err(E::custom(format_args!(
                        "{} is not a choice; write {CHOICE}",
                        super::names::quote(text)
                    ))),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ChoiceFile, A::Error> {
                let table = ChoiceTable::deserialize(MapAccessDeserializer::new(map))?;
                match (table.zipf, table.hot, table.share) {
                    (Some(theta), None, None) => Ok(ChoiceFile::Zipf(theta)),
                    (None, Some(hot), Some(share)) => Ok(ChoiceFile::Hot { hot, share }),
                    _ => Err(A::Error::custom(format_args!(
                        "this choice is not whole; write {CHOICE}"
                    ))),
                }
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// An amount: a number, or `"{quantity}"`.
#[derive(Clone)]
pub(super) enum AmountFile {
    Fixed(i64),
    Template(String),
}

impl<'de> Deserialize<'de> for AmountFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = AmountFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a domain in braces like \"{quantity}\"")
            }
            fn visit_i64<E: Error>(self, amount: i64) -> Result<AmountFile, E> {
                Ok(AmountFile::Fixed(amount))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<AmountFile, E> {
                Ok(AmountFile::Template(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// A floor: a number, or `"none"`.
#[derive(Clone, Copy)]
pub(super) struct FloorFile(pub(super) Option<i64>);

impl<'de> Deserialize<'de> for FloorFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = FloorFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or \"none\"")
            }
            fn visit_i64<E: Error>(self, floor: i64) -> Result<FloorFile, E> {
                Ok(FloorFile(Some(floor)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<FloorFile, E> {
                match text {
                    "none" => Ok(FloorFile(None)),
                    _ => Err(E::custom(format_args!(
                        "{} is not a floor; write a whole number, or \"none\"",
                        super::names::quote(text)
                    ))),
                }
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// One name, or a list of them.
#[derive(Clone)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<At<String>>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a node, or a list of such names")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<OneOrMany, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(OneOrMany::Many)
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// An item on sale: `"pikachu"`, or `{ character = 3 }`.
#[derive(Clone)]
pub(super) enum ItemFile {
    Words(String),
    Values(Vec<(At<String>, At<ValueFile>)>),
}

impl<'de> Deserialize<'de> for ItemFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = ItemFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item: its name, or a value for each domain of its key, like { character = 3 }")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<ItemFile, E> {
                Ok(ItemFile::Words(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ItemFile, A::Error> {
                let mut values = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    values.push(entry);
                }
                Ok(ItemFile::Values(values))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// A value of a domain: its name, or its number counted from 0.
#[derive(Clone)]
pub(super) enum ValueFile {
    Name(String),
    Number(i64),
}

impl<'de> Deserialize<'de> for ValueFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = ValueFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of the domain: its name, or its number counted from 0")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<ValueFile, E> {
                Ok(ValueFile::Name(text.to_owned()))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<ValueFile, E> {
                Ok(ValueFile::Number(number))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}
