//! Where two histories part.

use std::io::BufRead;

use super::read::Unreadable;
use super::write::told;
use super::{Lines, Told};
use crate::fault::FaultPlan;
use crate::history::{Event, Sink};
use crate::report::trace::Words;
use crate::scenario::Scenario;

/// The first event that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// The how-many-th event, from 1.
    pub nth: u64,
    /// The last event that both have.
    pub before: Option<Told>,
    /// What the first has instead; `None`: it is over.
    pub one: Option<Told>,
    /// What the other has.
    pub other: Option<Told>,
}

/// Where two saved histories part, if they do.
///
/// # Errors
/// When one of them cannot be read on, up to there.
pub fn first_difference<A: BufRead, B: BufRead>(
    mut one: Lines<A>,
    mut other: Lines<B>,
) -> Result<Option<Parting>, (Which, Unreadable)> {
    let mut before = None;
    for nth in 1.. {
        let ours = one
            .next()
            .transpose()
            .map_err(|error| (Which::One, error))?;
        let theirs = other
            .next()
            .transpose()
            .map_err(|error| (Which::Other, error))?;
        if ours != theirs {
            return Ok(Some(Parting {
                nth,
                before,
                one: ours,
                other: theirs,
            }));
        }
        if ours.is_none() {
            break;
        }
        before = ours;
    }
    Ok(None)
}

/// Which of two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The first.
    One,
    /// The second.
    Other,
}

/// Compares a saved history with a run, as it runs.
pub struct Comparing<'a, R> {
    words: Words<'a>,
    saved: Lines<R>,
    nth: u64,
    before: Option<Told>,
    found: Option<Result<Parting, Unreadable>>,
}

impl<'a, R: BufRead> Comparing<'a, R> {
    /// Nothing is compared yet.
    pub fn new((scenario, plan): (&'a Scenario, &'a FaultPlan), saved: Lines<R>) -> Self {
        Comparing {
            words: Words::new(scenario, plan),
            saved,
            nth: 0,
            before: None,
            found: None,
        }
    }

    /// Where the saved history (the first) and the run (the other) part, if they
    /// do.
    ///
    /// # Errors
    /// When the file cannot be read on, up to there.
    pub fn finish(mut self) -> Result<Option<Parting>, Unreadable> {
        if let Some(found) = self.found.take() {
            return found.map(Some);
        }
        let more = self.saved.next().transpose()?;
        Ok(more.map(|one| Parting {
            nth: self.nth + 1,
            before: self.before,
            one: Some(one),
            other: None,
        }))
    }
}

impl<R: BufRead> Sink for Comparing<'_, R> {
    fn event(&mut self, event: &Event) {
        if self.found.is_some() {
            return;
        }
        self.nth += 1;
        let ours = told(&self.words, event);
        let saved = match self.saved.next().transpose() {
            Ok(saved) => saved,
            Err(error) => {
                self.found = Some(Err(error));
                return;
            }
        };
        if saved.as_ref() == Some(&ours) {
            self.before = saved;
            return;
        }
        self.found = Some(Ok(Parting {
            nth: self.nth,
            before: self.before.take(),
            one: saved,
            other: Some(ours),
        }));
    }
}
