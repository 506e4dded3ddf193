//! What each figure is called, counted in, and defined by.

/// A figure of the table and of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its key in JSON, and the name of its field in [`Figures`](super::Figures).
    pub name: &'static str,
    /// What the table calls it; `None`: the table has no row for it.
    pub label: Option<&'static str>,
    /// What it is counted in.
    pub unit: Unit,
    /// Its definition, in a sentence.
    pub meaning: &'static str,
}

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Requests.
    Requests,
    /// Requests and readers.
    RequestsAndReaders,
    /// Branches of two-phase commit.
    Branches,
    /// Steps and compensations of sagas.
    Steps,
    /// Requests a second of model time.
    PerSecond,
    /// So many a committed request.
    PerCommit,
    /// A time: milliseconds on the screen, microseconds in JSON.
    Time,
    /// A distribution of times: count, p50, p95, p99, max.
    Times,
}

impl Unit {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Requests => "requests",
            Unit::Steps => "steps and compensations",
            Unit::RequestsAndReaders => "requests and readers",
            Unit::Branches => "branches",
            Unit::PerSecond => "requests per second of model time",
            Unit::PerCommit => "per committed request",
            Unit::Time => "ms on the screen, µs in JSON",
            Unit::Times => "p50, p95, p99, max; ms on the screen, µs in JSON",
        }
    }
}

/// All figures, in the order of JSON.
pub const METRICS: &[Metric] = &[
    metric(
        "started",
        Some("started"),
        Unit::Requests,
        "Requests that clients began.",
    ),
    metric(
        "committed",
        Some("committed"),
        Unit::Requests,
        "Requests whose every step has effect in the stores when the run is over; a mail does not \
         count.",
    ),
    metric(
        "refused",
        Some("refused"),
        Unit::Requests,
        "Requests that have no effect in any store when the run is over, and of which nothing is \
         left that could still come to one.",
    ),
    metric(
        "compensated",
        Some("of them compensated"),
        Unit::Requests,
        "Refused requests that had committed effects which were compensated.",
    ),
    metric(
        "undecided",
        Some("undecided"),
        Unit::Requests,
        "Requests that are neither committed nor refused when the run is over: some steps have \
         effect and others have not, or something is left over.",
    ),
    metric(
        "unknown",
        Some("unknown to the client"),
        Unit::Requests,
        "Requests whose client gave up without a final answer.",
    ),
    metric(
        "window",
        None,
        Unit::Time,
        "The time over which rates are taken: the shortest run of those that are compared, to its \
         last request or its client's last word.",
    ),
    metric(
        "throughput",
        Some("committed per second"),
        Unit::PerSecond,
        "Committed requests whose last effect was committed within the window; unknown if they are \
         fewer than ten.",
    ),
    metric(
        "latency",
        Some("latency, ms"),
        Unit::Times,
        "From the request to the client's final answer, whichever it is.",
    ),
    metric(
        "accepted",
        Some("first answer, ms"),
        Unit::Times,
        "From the request to the first answer of any kind.",
    ),
    metric(
        "messages",
        Some("messages"),
        Unit::PerCommit,
        "Protocol messages sent, resends included, without the clients' requests and the replies \
         to them.",
    ),
    metric(
        "local_transactions",
        Some("local transactions"),
        Unit::PerCommit,
        "Local transactions that took effect; preparing through a table of intents is one of its \
         own.",
    ),
    metric(
        "forced_writes",
        Some("forced writes"),
        Unit::PerCommit,
        "Log records that somebody waited for to be on disk, without the operator's.",
    ),
    metric(
        "lock_wait",
        Some("lock wait, ms"),
        Unit::Times,
        "How long transactions and readers waited for business locks, of those waits that there \
         were; one that ended in a conflict counts.",
    ),
    metric(
        "blocked",
        Some("blocked or turned away"),
        Unit::RequestsAndReaders,
        "Requests and readers that had to wait for a lock, or were turned away by a conflict; \
         each counts once.",
    ),
    metric(
        "lock_hold",
        Some("lock hold, ms"),
        Unit::Times,
        "How long business locks (and intents) were held for writing.",
    ),
    metric(
        "mark_hold",
        Some("mark hold, ms"),
        Unit::Times,
        "How long semantic locks (marks) were on rows, from the commit that set them to the one \
         that took them away.",
    ),
    metric(
        "prepared",
        None,
        Unit::Branches,
        "Branches that were prepared.",
    ),
    metric(
        "longest_in_doubt",
        Some("longest in doubt, ms"),
        Unit::Time,
        "The longest time that a branch was prepared without an outcome, through crashes.",
    ),
    metric(
        "longest_inconsistency",
        Some("longest window, ms"),
        Unit::Time,
        "The longest time during which others could have seen a part of a request's effects \
         without the rest; rows under a semantic lock are not to be seen.",
    ),
    metric(
        "inconsistent",
        Some("transactions"),
        Unit::Requests,
        "Requests of whose effects others could have seen a part without the rest.",
    ),
    metric(
        "parked",
        None,
        Unit::Steps,
        "How often a saga parked a step or a compensation that nobody answered.",
    ),
];

const fn metric(
    name: &'static str,
    label: Option<&'static str>,
    unit: Unit,
    meaning: &'static str,
) -> Metric {
    Metric {
        name,
        label,
        unit,
        meaning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Figures;

    #[test]
    fn every_figure_is_defined_in_the_order_in_which_it_is_written() {
        let figures = serde_json::to_string(&Figures::default()).expect("plain data");
        let places: Vec<Option<usize>> = METRICS
            .iter()
            .map(|metric| figures.find(&format!("\"{}\":", metric.name)))
            .collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted());
        let object: serde_json::Value = serde_json::from_str(&figures).expect("an object");
        assert_eq!(object.as_object().map(|o| o.len()), Some(METRICS.len()));
    }
}
