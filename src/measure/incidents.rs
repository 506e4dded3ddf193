use serde::Serialize;

use crate::business::BusinessRow;
use crate::history::Owner;
use crate::vocab::{NodeId, RequestId, SimDuration, TxId};

/// What one would tell of a run by name: the worst of each kind. [`Figures`]
/// say how much there was of it.
///
/// [`Figures`]: super::Figures
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incidents {
    /// The branch in doubt that kept most others waiting; if none kept anybody
    /// waiting, the one that was in doubt longest.
    pub doubt: Option<Doubt>,
    /// The longest wait for a lock.
    pub wait: Option<Wait>,
    /// What rows lacked while requests were half done, a resource each, in the
    /// scenario's order.
    pub shortages: Vec<Shortage>,
}

/// A branch in doubt: prepared, and without an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// Whose branch.
    pub tx: TxId,
    /// In the database of which node.
    pub node: NodeId,
    /// For how long.
    pub lasted: SimDuration,
    /// How many requests and readers waited for its locks meanwhile, or were
    /// turned away by them; each counts once.
    pub kept: u64,
    /// The row that most of them wanted, and how many did.
    pub wanted: Option<(BusinessRow, u64)>,
}

/// A wait for a lock on a business row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// Who waited.
    pub who: Owner,
    /// For which row.
    pub row: BusinessRow,
    /// Who held it when the wait began.
    pub behind: Owner,
    /// For how long.
    pub lasted: SimDuration,
}

/// What rows of a counter lacked: a request had taken something from each, and
/// was half done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shortage {
    /// How many rows, up to [`Shortage::MOST_ROWS`].
    pub rows: u64,
    /// The least that one lacked, and the most.
    pub by: (i64, i64),
    /// The longest time for which one did; to the end of the run if it never had
    /// it back.
    pub longest: SimDuration,
    /// Whether that one never had it back.
    pub to_the_end: bool,
    /// Which row that was.
    pub row: BusinessRow,
    /// Whose request had taken it.
    pub request: RequestId,
}

impl Shortage {
    /// Rows are told apart up to so many: memory is bounded.
    pub const MOST_ROWS: u64 = 10_000;
}
