use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A place in the simulated world: a machine with a process and perhaps a
/// database on it, the broker, the mail provider, or the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u16);

/// A service of the scenario, by its position in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceId(pub u8);

/// A step of the business transaction, from 0 in the order of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepId(pub u8);

impl StepId {
    /// The position as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A client of the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClientId(pub u32);

/// What a client wanted once: its n-th request. Never changes over retries;
/// the checkers judge by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId {
    /// Who wants it.
    pub client: ClientId,
    /// The how-many-th wish of that client, from 0.
    pub n: u32,
}

/// The idempotency key that a client sends along. Equal over all retries of one
/// [`RequestId`] unless the safeguard `idempotent-client-retry` is taken away:
/// then every retry carries a `fresh` one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestKey {
    /// What is wanted.
    pub request: RequestId,
    /// 0, or the number of the retry that made up a key of its own.
    pub fresh: u16,
}

/// An attempt to do what a request wants. `(epoch, attempt)` is unique for the
/// request: `epoch` counts the starts of the process that named it, so that a
/// restart cannot use an id again. A choreographed saga has no process that
/// names it: its id is the request key, with both at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TxId {
    /// The idempotency key that it serves.
    pub key: RequestKey,
    /// The durable start epoch of the transaction manager that began it.
    pub epoch: u32,
    /// Attempts of this request within that epoch, from 0.
    pub attempt: u16,
}

impl TxId {
    /// Stands where there is no transaction: a process that starts, a relay's
    /// poll.
    pub const NOBODY: TxId = TxId {
        key: RequestKey {
            request: RequestId {
                client: ClientId(u32::MAX),
                n: u32::MAX,
            },
            fresh: 0,
        },
        epoch: 0,
        attempt: 0,
    };

    /// What the client wanted.
    pub fn request(self) -> RequestId {
        self.key.request
    }
}

// Nearly everything that is looked up is looked up by one of these two: each is
// hashed in as few words as it has.

impl Hash for RequestId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.client.0) << 32 | u64::from(self.n));
    }
}

impl Hash for TxId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let RequestKey { request, fresh } = self.key;
        let attempt = u64::from(self.attempt) << 16 | u64::from(fresh);
        request.hash(state);
        state.write_u64(u64::from(self.epoch) << 32 | attempt);
    }
}

/// Whether a step does or undoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// The step itself.
    Forward,
    /// Its compensation.
    Backward,
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node{}", self.0)
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 + 1)
    }
}

impl fmt::Display for RequestId {
    /// `c3.17`: the client and its how-many-th request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}.{}", self.client.0, self.n)
    }
}

/// A request's name that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no request: c3.1 is the second wish of client 3")]
pub struct ParseRequestError(String);

impl FromStr for RequestId {
    type Err = ParseRequestError;

    /// Reads `c3.17`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        };
        let parts = text.strip_prefix('c').and_then(|rest| rest.split_once('.'));
        parts
            .and_then(|(client, n)| {
                let client = ClientId(number(client)?);
                Some(RequestId {
                    client,
                    n: number(n)?,
                })
            })
            .ok_or_else(|| ParseRequestError(text.to_owned()))
    }
}

impl fmt::Display for RequestKey {
    /// `c3.17`, or `c3.17+2` for the fresh key of the second retry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.request)?;
        if self.fresh > 0 {
            write!(f, "+{}", self.fresh)?;
        }
        Ok(())
    }
}

impl fmt::Display for TxId {
    /// `c3.17`, with `#epoch.attempt` where they say something.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == TxId::NOBODY {
            return f.write_str("-");
        }
        write!(f, "{}", self.key)?;
        if self.epoch > 0 || self.attempt > 0 {
            write!(f, "#{}.{}", self.epoch, self.attempt)?;
        }
        Ok(())
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Forward => "do",
            Direction::Backward => "undo",
        })
    }
}
