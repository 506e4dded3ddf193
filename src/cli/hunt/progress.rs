//! How far a hunt is: a bar on a terminal, a line now and then where it is piped.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::cli::output::say;
use crate::cli::progress::{self, counting};
use crate::lab::hunt::Summary;

/// So often a line is written where there is no terminal.
const LINES_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Progress {
    bar: Option<ProgressBar>,
    begun: Instant,
    last_line: Instant,
    before: u64,
    wanted: Option<u64>,
}

impl Progress {
    /// For so many seeds, of which some were done before.
    pub(super) fn new(wanted: u64, endless: bool, before: u64) -> Self {
        let wanted = (!endless).then_some(wanted);
        let bar = io::stderr().is_terminal().then(|| {
            let template = match endless {
                true => "{spinner} {pos} seeds, {rate}, {msg}".to_owned(),
                false => counting(" seeds, {rate}, {msg}"),
            };
            let bar = progress::bar(wanted, &template);
            bar.set_position(before);
            bar.set_message("0 findings");
            bar.reset_eta();
            bar
        });
        let now = Instant::now();
        Progress {
            bar,
            begun: now,
            last_line: now,
            before,
            wanted,
        }
    }

    /// One more seed is done.
    pub(super) fn seed(&mut self, so_far: &Summary) {
        let findings = so_far.found.len();
        let found = match findings {
            1 => "1 finding".to_owned(),
            n => format!("{n} findings"),
        };
        if let Some(bar) = &self.bar {
            bar.set_message(found);
            bar.set_position(so_far.seeds);
            return;
        }
        if self.last_line.elapsed() < LINES_EVERY {
            return;
        }
        self.last_line = Instant::now();
        let rate = (so_far.seeds - self.before) as f64 / self.begun.elapsed().as_secs_f64();
        let of = self.wanted.map_or(String::new(), |n| format!(" of {n}"));
        let seeds = so_far.seeds;
        say(&format!("{seeds}{of} seeds, {rate:.0} a second, {found}"));
    }

    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
