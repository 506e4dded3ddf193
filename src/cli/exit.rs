use std::io;
use std::process::ExitCode;

use crate::lab::RunError;
use crate::report::Judgement;
use crate::scenario::{ScenarioErrors, Style};

use super::output;

/// What the process answers to whoever called it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything is as the scenario expects.
    AsExpected = 0,
    /// Something is not.
    NotAsExpected = 1,
    /// What was asked for cannot be run, read or written.
    Usage = 2,
    /// The run does not say.
    Inconclusive = 3,
    /// The bench has a bug (`EX_SOFTWARE` of sysexits.h).
    Bug = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

impl From<Judgement> for Exit {
    fn from(judgement: Judgement) -> Exit {
        match judgement {
            Judgement::AsExpected => Exit::AsExpected,
            Judgement::Inconclusive => Exit::Inconclusive,
            Judgement::NotAsExpected => Exit::NotAsExpected,
        }
    }
}

/// Why a command could not do what it was asked for.
#[derive(Debug)]
pub(super) enum Failure {
    /// The flags cannot be meant.
    Usage(String),
    /// The scenario file is wrong.
    Scenario(ScenarioErrors),
    /// The scenario and the protocol, or the build, do not go together.
    Run(RunError),
    /// The output could not be written.
    Output(io::Error),
    /// The bench has a bug.
    Bug {
        /// What should have been true.
        invariant: String,
        /// A line to paste that shows it again.
        again: String,
    },
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

impl Failure {
    /// Says it on standard error, and what to answer.
    pub(super) fn tell(&self) -> Exit {
        match self {
            // Whoever reads has read enough.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Exit::AsExpected;
            }
            Failure::Output(error) => output::complain(&format!("cannot write: {error}")),
            Failure::Usage(why) => output::complain(why),
            Failure::Run(why) => output::complain(&why.to_string()),
            Failure::Scenario(errors) => output::say(&errors.render(Style::Coloured)),
            Failure::Bug { invariant, again } => {
                output::complain(&format!(
                    "a bug of the bench, not of the scenario: {invariant}"
                ));
                output::say(&format!("please report it with: {again}"));
                return Exit::Bug;
            }
        }
        Exit::Usage
    }
}
