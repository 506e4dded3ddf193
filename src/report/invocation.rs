use std::sync::OnceLock;

use crate::history::Digest;
use crate::protocol::{ProtocolKind, Safeguard};
use crate::scenario::Scenario;
use crate::vocab::Seed;

/// How a run was asked for, so that a line to paste asks for the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The scenario file, as it was given.
    pub file: String,
    /// The seed of the run.
    pub seed: Seed,
    /// The safeguards that were taken away.
    pub without: Vec<Safeguard>,
    /// The number of transactions, where it is not the scenario's own.
    pub transactions: Option<u32>,
    /// What was set on top of the file, as `path=value`.
    pub sets: Vec<String>,
    /// Whether faults and workload are those that a hunt draws for the seed.
    pub swarm: bool,
}

/// How lines to paste begin where nobody has said otherwise: as in a clone.
const IN_A_CLONE: &str = "cargo run --release --";

static PROGRAM: OnceLock<String> = OnceLock::new();

/// From now on lines to paste begin like this: the program as it was started. It
/// can be said once, before there are any.
pub(crate) fn set_program(words: String) {
    let _ = PROGRAM.set(words);
}

/// A line to paste: how the program was started, and what it is to do.
pub(crate) fn line_to_paste(words: &str) -> String {
    let program = PROGRAM.get().map_or(IN_A_CLONE, String::as_str);
    format!("{program} {words}")
}

/// What the program is to do, as words of a line to paste.
pub(super) fn words_of(line: &str) -> &str {
    let program = PROGRAM.get().map_or(IN_A_CLONE, String::as_str);
    line.strip_prefix(program).map_or(line, str::trim_start)
}

/// A line to paste as it begins in a clone: for what is shown to others, and is the
/// same however the program was started.
pub(super) fn in_a_clone(words: &str) -> String {
    format!("{IN_A_CLONE} {words}")
}

/// Whether a run is the very one that its scenario makes claims about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The scenario's own seed, safeguards and number of transactions.
    Pinned,
    /// Something else was asked for: what breaks on the pinned run may hold.
    Varied,
}

impl Invocation {
    /// The command that runs this again, under one protocol.
    pub fn line(&self, protocol: ProtocolKind) -> String {
        let seed = self.seed;
        let line = match protocol {
            ProtocolKind::Own(own) => format!("{} --seed {seed}", own.again),
            shipped => line_to_paste(&format!(
                "run {} --seed {seed} --protocol {shipped}",
                quoted(&self.file),
            )),
        };
        line + &self.changes()
    }

    /// The command that shrinks what breaks this promise under one protocol.
    pub fn shrink(&self, protocol: ProtocolKind, promise: &str) -> String {
        line_to_paste(&format!(
            "shrink {} --seed {} --protocol {protocol}{} --promise {}",
            quoted(&self.file),
            self.seed,
            self.changes(),
            quoted(promise)
        ))
    }

    /// The command that replays this under one protocol, and checks that the
    /// history is the same.
    pub fn replay(&self, protocol: ProtocolKind, digest: Digest) -> String {
        line_to_paste(&format!(
            "replay {} --seed {} --protocol {protocol}{} --digest {digest}",
            quoted(&self.file),
            self.seed,
            self.changes()
        ))
    }

    /// What is not as in the file, as flags.
    fn changes(&self) -> String {
        let mut line = String::new();
        if self.swarm {
            line.push_str(" --swarm");
        }
        for safeguard in &self.without {
            line.push_str(" --without ");
            line.push_str(safeguard.name());
        }
        if let Some(transactions) = self.transactions {
            line.push_str(&format!(" --transactions {transactions}"));
        }
        for set in &self.sets {
            line.push_str(" --set ");
            line.push_str(&quoted(set));
        }
        line
    }

    pub(super) fn standing(&self, scenario: &Scenario) -> Standing {
        let own = self.seed == scenario.seed
            && self.without.is_empty()
            && self.transactions.is_none()
            && self.sets.is_empty()
            && !self.swarm;
        if own {
            Standing::Pinned
        } else {
            Standing::Varied
        }
    }
}

/// A path, or another argument, as a POSIX shell must read it.
pub(crate) fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_to_paste_asks_for_the_same_run() {
        let mut invocation = Invocation {
            file: "scenarios/points-mall.toml".to_owned(),
            seed: Seed(7),
            without: vec![],
            transactions: None,
            sets: vec![],
            swarm: false,
        };
        assert_eq!(
            invocation.line(ProtocolKind::TwoPhaseCommit),
            "cargo run --release -- run scenarios/points-mall.toml --seed 7 --protocol 2pc"
        );
        invocation.without = vec![Safeguard::Outbox, Safeguard::InboxDedup];
        invocation.transactions = Some(50);
        assert_eq!(
            invocation.line(ProtocolKind::OrchestratedSaga),
            "cargo run --release -- run scenarios/points-mall.toml --seed 7 \
             --protocol orchestrated --without outbox --without inbox-dedup --transactions 50"
        );
        invocation.without.clear();
        invocation.sets = vec!["seed=3".to_owned(), "faults=[{ point = 1 }]".to_owned()];
        assert_eq!(
            invocation.line(ProtocolKind::Monolith),
            "cargo run --release -- run scenarios/points-mall.toml --seed 7 --protocol monolith \
             --transactions 50 --set seed=3 --set 'faults=[{ point = 1 }]'"
        );
    }

    #[test]
    fn a_path_is_quoted_where_a_shell_would_misread_it() {
        for (path, text) in [
            ("a/b-c.toml", "a/b-c.toml"),
            ("my mall.toml", "'my mall.toml'"),
            ("it's.toml", r"'it'\''s.toml'"),
            ("$HOME.toml", "'$HOME.toml'"),
            ("商城.toml", "'商城.toml'"),
        ] {
            assert_eq!(quoted(path), text);
        }
    }
}
