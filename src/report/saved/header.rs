use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Unreadable;
use crate::history::Digest;
use crate::lab::Trial;
use crate::protocol::{ProtocolKind, Safeguard};
use crate::report::Invocation;
use crate::scenario::{self, Scenario};
use crate::vocab::Seed;

/// What this build reads and writes. Raised when the file's shape changes.
pub(super) const FORMAT: &str = "indoubt-history-1";

/// What was run: all that a replay needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Which shape the file has.
    format: String,
    /// The version of the bench that wrote it.
    pub version: String,
    /// The scenario's name.
    pub scenario: String,
    /// The file that it came from, for people.
    pub file: String,
    /// Under which protocol.
    pub protocol: String,
    /// From which seed.
    pub seed: u64,
    /// Without which safeguards, beside those that the scenario does without.
    pub without: Vec<String>,
    /// How many transactions.
    pub transactions: u32,
    /// How many events follow.
    pub events: u64,
    /// The fingerprint of the history.
    pub digest: String,
    /// The whole scenario, with everything that was set.
    pub toml: String,
}

impl Header {
    /// The header of a run. `toml` is the whole scenario, see
    /// [`scenario::expand`].
    pub fn of(scenario: &Scenario, invocation: &Invocation, trial: &Trial, toml: String) -> Self {
        let without = invocation.without.iter();
        let without = without.map(|safeguard| safeguard.name().to_owned());
        Header {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.name.clone(),
            file: invocation.file.clone(),
            protocol: trial.protocol.name().to_owned(),
            seed: trial.seed.0,
            without: without.collect(),
            transactions: scenario.workload.transactions,
            events: trial.events,
            digest: trial.digest.to_string(),
            toml,
        }
    }

    /// Whether this build knows the file's shape.
    pub(super) fn check(&self) -> Result<(), Unreadable> {
        match self.format == FORMAT {
            true => Ok(()),
            false => Err(foreign(&self.format, &self.version)),
        }
    }

    /// The scenario, and how many transactions it is cut down to, if it is.
    ///
    /// # Errors
    /// When this build does not take it for right.
    pub fn scenario(&self) -> Result<(Arc<Scenario>, Option<u32>), Unreadable> {
        let parsed = scenario::parse("the scenario in the history", &self.toml);
        let mut scenario = parsed.map_err(|errors| {
            let errors = errors.render(scenario::Style::Plain);
            let errors = errors.trim_end();
            Unreadable::header(format!("its scenario is not right:\n{errors}"))
        })?;
        let fewer =
            (scenario.workload.transactions != self.transactions).then_some(self.transactions);
        if let Some(transactions) = fewer {
            scenario.workload.limit(transactions);
        }
        Ok((Arc::new(scenario), fewer))
    }

    /// The protocol.
    ///
    /// # Errors
    /// When this build has none of this name.
    pub fn protocol(&self) -> Result<ProtocolKind, Unreadable> {
        ProtocolKind::named(&self.protocol).ok_or_else(|| {
            Unreadable::header(format!("this build has no protocol `{}`", self.protocol))
        })
    }

    /// The safeguards that were taken away.
    ///
    /// # Errors
    /// When this build does not know one.
    pub fn without(&self) -> Result<Vec<Safeguard>, Unreadable> {
        let named = |name: &String| {
            Safeguard::named(name)
                .ok_or_else(|| Unreadable::header(format!("this build has no safeguard `{name}`")))
        };
        self.without.iter().map(named).collect()
    }

    /// The seed.
    pub fn seed(&self) -> Seed {
        Seed(self.seed)
    }

    /// The fingerprint.
    ///
    /// # Errors
    /// When it is none.
    pub fn digest(&self) -> Result<Digest, Unreadable> {
        self.digest
            .parse()
            .map_err(|error| Unreadable::header(format!("{error}")))
    }

    /// What two runs were told differently, each as `seed: 1 and 2`.
    pub fn differences(&self, other: &Header) -> Vec<String> {
        let list = |names: &[String]| match names {
            [] => "all safeguards".to_owned(),
            names => format!("without {}", names.join(", ")),
        };
        let of = |h: &Header| {
            [
                ("bench", h.version.clone()),
                ("scenario", h.scenario.clone()),
                ("protocol", h.protocol.clone()),
                ("seed", h.seed.to_string()),
                ("safeguards", list(&h.without)),
                ("transactions", h.transactions.to_string()),
            ]
        };
        let pairs = of(self).into_iter().zip(of(other));
        let mut told: Vec<String> = pairs
            .filter(|((_, ours), (_, theirs))| ours != theirs)
            .map(|((what, ours), (_, theirs))| format!("{what}: {ours} and {theirs}"))
            .collect();
        if self.toml != other.toml && self.scenario == other.scenario {
            told.push("the text of the scenario".to_owned());
        }
        told
    }
}

/// A shape that this build does not know.
pub(super) fn foreign(format: &str, version: &str) -> Unreadable {
    Unreadable::header(format!(
        "its format is `{format}`, written by version {version}; this is version {}, which reads \
         `{FORMAT}`",
        env!("CARGO_PKG_VERSION")
    ))
}
