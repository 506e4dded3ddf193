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
    /// A time: milliseconds on the screen, microseconds in JSON and CSV.
    Time,
    /// A distribution of times: count, p50, p95, p99, p999 (of a thousand), max.
    Times,
    /// Messages.
    Messages,
    /// How many of them there were.
    Number,
    /// A part of the whole, 0 to 1.
    Share,
    /// Steps, as a mean over time.
    Level,
}

impl Unit {
    /// As files have it, where a time is in microseconds.
    pub fn in_files(self) -> &'static str {
        match self {
            Unit::Time | Unit::Times => "µs",
            other => other.name(),
        }
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Requests => "requests",
            Unit::Steps => "steps and compensations",
            Unit::RequestsAndReaders => "requests and readers",
            Unit::Branches => "branches",
            Unit::PerSecond => "requests per second of model time",
            Unit::PerCommit => "per committed request",
            Unit::Time => "ms on the screen, µs in JSON and CSV",
            Unit::Messages => "messages",
            Unit::Number => "how many",
            Unit::Times => "p50, p95, p99, p999, max; ms on the screen, µs in JSON and CSV",
            Unit::Share => "a share, 0 to 1",
            Unit::Level => "steps, as a mean over time",
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
        "committed_share",
        None,
        Unit::Share,
        "Committed requests as a share of those that were started.",
    ),
    metric(
        "refused_share",
        None,
        Unit::Share,
        "Refused requests as a share of those that were started: the abort rate.",
    ),
    metric(
        "compensated_share",
        None,
        Unit::Share,
        "Compensated requests as a share of those that were started: the compensation rate.",
    ),
    metric(
        "window",
        None,
        Unit::Time,
        "The time over which rates are taken: from the end of the warm-up to the last request, or \
         its client's last word, of the shortest run of those that are compared.",
    ),
    metric(
        "throughput",
        Some("committed per second"),
        Unit::PerSecond,
        "Committed requests whose last effect was committed within the window, those of the warm-up \
         among them; unknown if they are fewer than ten.",
    ),
    metric(
        "goodput",
        None,
        Unit::PerSecond,
        "Committed requests whose last effect was committed within the window, and whose client \
         had the final answer before it gave up; unknown where throughput is. What was \
         compensated later is not committed.",
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
        "convergence",
        None,
        Unit::Times,
        "From the request until all stores agree on it: until its last effect is committed, \
         or the compensation of its last; of requests that had effects and did not end half \
         done.",
    ),
    metric(
        "messages",
        Some("messages"),
        Unit::PerCommit,
        "Protocol messages sent, resends included, without the clients' requests and the replies \
         to them.",
    ),
    metric(
        "bytes",
        None,
        Unit::PerCommit,
        "Bytes of the protocol messages sent: of each what it says, and network.overhead for its \
         frame and its headers; or what network.sizes says of it.",
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
        "How long transactions and readers waited for business locks, where they had to; a wait \
         that ended in a conflict counts.",
    ),
    metric(
        "blocked",
        Some("blocked or turned away"),
        Unit::RequestsAndReaders,
        "Requests and readers that had to wait for a lock, or were turned away by a conflict; \
         each counts once.",
    ),
    metric(
        "blocked_share",
        None,
        Unit::Share,
        "Requests that had to wait for a lock, or were turned away by a conflict, as a share \
         of those that were started.",
    ),
    metric(
        "lock_hold",
        Some("lock hold, ms"),
        Unit::Times,
        "How long business locks (and intents) were held for writing.",
    ),
    metric(
        "lock_demand",
        None,
        Unit::Time,
        "How long the row that was locked for longest was locked for writing, per committed \
         request: no more requests can be committed a second than its inverse.",
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
        "Branches of two-phase commit that were prepared.",
    ),
    metric(
        "prepared_lock_time",
        None,
        Unit::Time,
        "For how long branches were prepared without an outcome, through crashes, added up, each \
         as often as it has rows to change.",
    ),
    metric(
        "in_doubt_lock_time",
        None,
        Unit::Time,
        "The part of prepared_lock_time during which the manager's process was down, so that \
         nobody could have said the outcome: in-doubt lock-seconds. With a manager that never \
         goes down it is 0, however long longest_in_doubt is.",
    ),
    metric(
        "longest_in_doubt",
        Some("longest in doubt, ms"),
        Unit::Time,
        "The longest time that a branch was prepared without an outcome, through crashes: all the \
         time from its yes to its outcome, also with the manager up, which in_doubt_lock_time \
         leaves out.",
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
        "inconsistency_exposure",
        None,
        Unit::Time,
        "For how long others could have seen a part of a request's effects without the rest, \
         added up over requests; to the end of the run where it never ended.",
    ),
    metric(
        "compensation_debt",
        None,
        Unit::Level,
        "How many steps stood committed at a time that were compensated later, each from its \
         commit to its compensation's: the mean over the run's own window.",
    ),
    metric(
        "most_compensation_debt",
        None,
        Unit::Steps,
        "How many steps stood committed at a time, at the most, that were compensated later.",
    ),
    metric(
        "parked",
        None,
        Unit::Steps,
        "How often a saga parked a step or a compensation that nobody answered.",
    ),
    metric(
        "outbox_lag",
        None,
        Unit::Times,
        "From the commit that staged a letter in an outbox until the broker first had it on \
         disk, or the provider in its hands.",
    ),
    metric(
        "disk_utilisation",
        None,
        Unit::Share,
        "For which share of the run's own window the busiest database disk was flushing.",
    ),
    metric(
        "worker_utilisation",
        None,
        Unit::Share,
        "For which share of the time, from the beginning to the last work of any process, the \
         workers of the busiest one were busy, on average; one that waits for a lock or a disk \
         is.",
    ),
    metric(
        "link_utilisation",
        None,
        Unit::Share,
        "For which share of the time, from the beginning to the end of the last message on any \
         link, the busiest link was carrying one, one way; nothing where none has a bandwidth.",
    ),
    metric(
        "broker_backlog",
        None,
        Unit::Messages,
        "How many messages the broker held at a time, at the most, that were not acknowledged: \
         received, on its disk, delivered or parked; nothing where there is no broker.",
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
