//! The fingerprints of the histories, and whether the hosts agree on them.

use super::Comparison;
use super::page::section;
use super::style::{BAD, paint};
use super::words::counted;
use crate::lab::{Hosts, Trial};

pub(super) fn histories(of: &Comparison<'_>) -> String {
    let mut text = section("Histories");
    let names = of.trials.iter().map(|trial| trial.protocol.name().len());
    let width = names.max().unwrap_or(0);
    for trial in of.trials {
        text.push_str(&format!(
            "  {:width$}  {}  {}, over at {}; {}\n",
            trial.protocol.name(),
            trial.digest,
            counted(trial.events, "event", "events"),
            trial.ended.since(crate::vocab::SimTime::ZERO),
            hosts(trial),
        ));
    }
    text
}

fn hosts(trial: &Trial) -> String {
    match trial.hosts {
        Hosts::Direct => "direct host".to_owned(),
        Hosts::Madsim => "madsim host".to_owned(),
        Hosts::Agree => "direct = madsim".to_owned(),
        Hosts::Differ { madsim } => paint(BAD, &format!("direct ≠ madsim {madsim}")),
    }
}
