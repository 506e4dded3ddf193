//! The fingerprints of the histories, and whether the hosts agree on them.

use textwrap::core::display_width;

use super::Comparison;
use super::page::{Page, section};
use super::style::{BAD, paint};
use super::words::counted;
use crate::lab::{Hosts, Trial};
use crate::vocab::SimTime;

pub(super) fn histories(of: &Comparison<'_>, page: Page) -> String {
    let mut text = section("Histories");
    let names = of.trials.iter().map(|trial| trial.protocol.name().len());
    let width = names.max().unwrap_or(0);
    for trial in of.trials {
        text.push_str(&line(trial, width, page));
    }
    text
}

fn line(trial: &Trial, width: usize, page: Page) -> String {
    let name = trial.protocol.name();
    let history = format!(
        "  {name:width$}  {}  {} in {};",
        trial.digest,
        counted(trial.events, "event", "events"),
        trial.ended.since(SimTime::ZERO),
    );
    let hosts = hosts(trial);
    match display_width(&history) + 1 + display_width(&hosts) <= page.width() {
        true => format!("{history} {hosts}\n"),
        false => format!("{history}\n{:1$}{hosts}\n", "", width + 4),
    }
}

fn hosts(trial: &Trial) -> String {
    match trial.hosts {
        Hosts::Direct => "direct host".to_owned(),
        Hosts::Madsim => "madsim host".to_owned(),
        Hosts::Agree => "direct = madsim".to_owned(),
        Hosts::Differ { madsim } => paint(BAD, &format!("direct ≠ madsim {madsim}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Digest;
    use crate::report::fixture;

    #[test]
    fn a_history_however_long_stays_on_the_page() {
        let scenario = fixture::scenario();
        let mut trials = fixture::trials(&scenario);
        let madsim = Digest(1);
        for (trial, events) in trials.iter_mut().zip([1, 123_456_789, 12_345_678_901, 7]) {
            trial.events = events;
            trial.ended = SimTime::from_micros(123_456_789);
        }
        trials[3].hosts = Hosts::Differ { madsim };
        let text: String = trials
            .iter()
            .map(|trial| line(trial, 13, Page::NARROW))
            .collect();
        let text = anstream::adapter::strip_str(&text).to_string();
        assert!(text.lines().all(|line| display_width(line) <= 80));
        insta::assert_snapshot!(text);
    }
}
