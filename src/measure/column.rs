//! The figures as single numbers: what is averaged, compared and drawn.

use super::meaning;
use super::{Figures, Quantiles, Unit};
use crate::vocab::SimDuration;

/// A figure that is one number.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name: that of its [`Metric`](super::Metric), and after a dot which
    /// quantile of it.
    pub name: &'static str,
    /// What it is counted in; times are in microseconds.
    pub unit: Unit,
    value: fn(&Figures) -> Option<f64>,
}

impl Column {
    /// The number; `None` where it would mean nothing.
    pub fn value(&self, of: &Figures) -> Option<f64> {
        (self.value)(of)
    }

    /// The column of this name.
    pub fn named(name: &str) -> Option<&'static Column> {
        COLUMNS.iter().find(|column| column.name == name)
    }

    /// Which number of its figure it is, in words, if that is a distribution.
    pub fn quantile(&self) -> Option<&'static str> {
        let (_, quantile) = self.name.split_once('.')?;
        Some(match quantile {
            "count" => "how many there were",
            "p50" => "half of them took no longer",
            "p95" => "95 of a hundred took no longer",
            "p99" => "99 of a hundred took no longer",
            "p999" => "999 of a thousand took no longer",
            _ => "the longest",
        })
    }

    /// The name of the figure that it is or is a part of.
    pub fn metric(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

fn micros(duration: SimDuration) -> f64 {
    duration.as_micros() as f64
}

fn at(q: &Quantiles, quantile: SimDuration) -> Option<f64> {
    meaning::quantile(q, quantile).map(micros)
}

macro_rules! columns {
    ($($name:literal $unit:ident |$f:ident| $value:expr;)* @times $($field:ident)*) => {
        /// Every figure that is one number, in the order of their metrics.
        pub const COLUMNS: &[Column] = &[
            $(Column { name: $name, unit: Unit::$unit, value: |$f| $value },)*
            $(
                Column { name: concat!(stringify!($field), ".count"), unit: Unit::Number, value: |f| Some(f.$field.count as f64) },
                Column { name: concat!(stringify!($field), ".p50"), unit: Unit::Time, value: |f| at(&f.$field, f.$field.p50) },
                Column { name: concat!(stringify!($field), ".p95"), unit: Unit::Time, value: |f| at(&f.$field, f.$field.p95) },
                Column { name: concat!(stringify!($field), ".p99"), unit: Unit::Time, value: |f| at(&f.$field, f.$field.p99) },
                Column { name: concat!(stringify!($field), ".p999"), unit: Unit::Time, value: |f| at(&f.$field, f.$field.p999) },
                Column { name: concat!(stringify!($field), ".max"), unit: Unit::Time, value: |f| at(&f.$field, f.$field.max) },
            )*
        ];
    };
}

columns! {
    "started" Requests |f| Some(f.started as f64);
    "committed" Requests |f| Some(f.committed as f64);
    "refused" Requests |f| Some(f.refused as f64);
    "compensated" Requests |f| Some(f.compensated as f64);
    "undecided" Requests |f| Some(f.undecided as f64);
    "unknown" Requests |f| Some(f.unknown as f64);
    "committed_share" Share |f| meaning::share(f, f.committed_share);
    "refused_share" Share |f| meaning::share(f, f.refused_share);
    "compensated_share" Share |f| meaning::share(f, f.compensated_share);
    "window" Time |f| Some(micros(f.window));
    "throughput" PerSecond |f| meaning::throughput(f);
    "goodput" PerSecond |f| meaning::goodput(f);
    "messages" PerCommit |f| meaning::per_commit(f, f.messages);
    "bytes" PerCommit |f| meaning::per_commit(f, f.bytes);
    "local_transactions" PerCommit |f| meaning::per_commit(f, f.local_transactions);
    "forced_writes" PerCommit |f| meaning::per_commit(f, f.forced_writes);
    "blocked" RequestsAndReaders |f| Some(f.blocked as f64);
    "blocked_share" Share |f| meaning::share(f, f.blocked_share);
    "lock_demand" Time |f| meaning::lock_demand(f).map(micros);
    "prepared" Branches |f| Some(f.prepared as f64);
    "prepared_lock_time" Time |f| meaning::of_prepared(f, f.prepared_lock_time).map(micros);
    "in_doubt_lock_time" Time |f| meaning::of_prepared(f, f.in_doubt_lock_time).map(micros);
    "longest_in_doubt" Time |f| meaning::longest_in_doubt(f).map(micros);
    "longest_inconsistency" Time |f| meaning::longest_inconsistency(f).map(micros);
    "inconsistent" Requests |f| Some(f.inconsistent as f64);
    "inconsistency_exposure" Time |f| Some(micros(f.inconsistency_exposure));
    "compensation_debt" Level |f| meaning::over_window(f, f.compensation_debt);
    "most_compensation_debt" Steps |f| Some(f.most_compensation_debt as f64);
    "parked" Steps |f| Some(f.parked as f64);
    "disk_utilisation" Share |f| meaning::over_window(f, f.disk_utilisation);
    "worker_utilisation" Share |f| Some(f.worker_utilisation);
    "link_utilisation" Share |f| f.link_utilisation;
    "broker_backlog" Messages |f| f.broker_backlog.map(|held| held as f64);
    @times latency accepted convergence lock_wait lock_hold mark_hold outbox_lag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::METRICS;

    #[test]
    fn every_metric_has_columns_and_every_column_a_metric() {
        for metric in METRICS {
            let columns = COLUMNS.iter().filter(|c| c.metric() == metric.name);
            let columns: Vec<&Column> = columns.collect();
            match metric.unit {
                Unit::Times => assert!(columns.len() > 1, "{}", metric.name),
                unit => assert!(
                    columns.len() == 1 && columns[0].unit == unit,
                    "{}",
                    metric.name
                ),
            }
        }
        for column in COLUMNS {
            let known = METRICS.iter().any(|metric| metric.name == column.metric());
            assert!(known, "{}", column.name);
        }
    }
}
