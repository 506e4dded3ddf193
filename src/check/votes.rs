//! **Votes**: the decision is to commit only if every participant voted yes; and
//! if all voted yes in time, within one life of the coordinator, it is to
//! commit.
//!
//! A yes is known by the participant's own note, or by its prepared branch and
//! the coordinator's note that it has the vote (a participant may die between
//! its vote and its note). A *read-only* is a yes, and has no prepared branch. *In time* means: all votes reached the coordinator
//! before it decided and before its time-out; *one life*: neither its process
//! nor its database died between the first vote and the decision.
//!
//! Not claimed: that participants carry the decision out (*agreement*); nor
//! anything about an attempt of which a vote came late.

use smallvec::SmallVec;

use super::court::Court;
use super::promise::{Breach, Closing, End, Findings, Promise};
use super::record::{Attempt, Deed, Fact, Record};
use super::words;
use crate::protocol::Decision;
use crate::vocab::{NodeId, SimTime};

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct Votes {
    findings: Findings,
}

impl Promise for Votes {
    fn closed(&mut self, court: &Court, closing: &Closing<'_>) {
        let record = closing.record;
        for &attempt in &closing.attempts {
            let ballot = Ballot {
                court,
                record,
                attempt,
                facts: record.of_attempt(attempt).collect(),
            };
            let unfounded = ballot.unfounded_commit();
            let Some((at, how, what)) = unfounded.or_else(|| ballot.ignored_yes(closing.end))
            else {
                continue;
            };
            self.findings.violated(at, Some(record.request), || {
                let of_attempt = |fact: &Fact| tells(fact) && fact.deed.concerns(attempt);
                Breach {
                    how,
                    what,
                    evidence: words::evidence(court, record, of_attempt),
                }
            });
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

/// The votes on one attempt.
struct Ballot<'a> {
    court: &'a Court,
    record: &'a Record,
    attempt: Attempt,
    /// Those of the attempt: gone through once for every participant.
    facts: SmallVec<[&'a Fact; 32]>,
}

impl Ballot<'_> {
    fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().copied()
    }

    fn commit(&self) -> Option<&Fact> {
        self.facts()
            .find(|fact| decision(fact) == Some(Decision::Commit))
    }

    /// A commit that somebody had not voted yes on.
    fn unfounded_commit(&self) -> Option<(SimTime, &'static str, String)> {
        let commit = self.commit()?;
        let node = self
            .court
            .participants(self.record)
            .iter()
            .find(|&&node| !self.voted_yes(node, commit.nth))?;
        let node = words::node_name(self.court, *node);
        let tx = self.attempt.tx(self.record.request);
        let what = format!("{tx} is committed, but {node} had not voted yes");
        let how = "commit without a yes";
        self.record.whole.then_some((commit.at, how, what))
    }

    fn voted_yes(&self, node: NodeId, before: u32) -> bool {
        let (mut noted, mut heard, mut prepared) = (false, false, false);
        for fact in self.facts().take_while(|fact| fact.nth <= before) {
            match fact.deed {
                Deed::Voted { yes, .. } if fact.node == node => {
                    if !yes {
                        return false;
                    }
                    noted = true;
                }
                Deed::Heard { service, yes, .. } if self.node_of(service) == node => heard = yes,
                Deed::Prepared { .. } if fact.node == node => prepared = true,
                _ => {}
            }
        }
        noted || (heard && (prepared || self.court.may_vote_unprepared(node, self.record)))
    }

    fn node_of(&self, service: crate::vocab::ServiceId) -> NodeId {
        self.court.scenario.nodes.service(service)
    }

    fn manager_died_between(&self, from: u32, to: u32) -> bool {
        let manager = self.court.scenario.nodes.manager();
        self.record.died_between(manager, from, to)
    }

    /// All votes were yes and in time, and the coordinator did not commit.
    fn ignored_yes(&self, end: End) -> Option<(SimTime, &'static str, String)> {
        let complete = self.all_yes_in_time()?;
        if self.commit().is_some() {
            return None;
        }
        let abort = self
            .facts()
            .find(|fact| decision(fact) == Some(Decision::Abort));
        let until = abort.map_or(u32::MAX, |fact| fact.nth);
        if self.manager_died_between(complete.nth, until) {
            return None;
        }
        let tx = self.attempt.tx(self.record.request);
        match abort {
            Some(abort) => {
                let what = format!("all participants voted yes on {tx} in time, but it is aborted");
                Some((abort.at, "all yes, but aborted", what))
            }
            None if end == End::Stopped => None,
            None => {
                let what = format!("all participants voted yes on {tx}, and nothing was decided");
                Some((complete.at, "all yes, but undecided", what))
            }
        }
    }

    /// The vote that made all of them yes, if that was in time and in one life.
    fn all_yes_in_time(&self) -> Option<&Fact> {
        let mut asked: Option<SimTime> = None;
        let mut first: Option<u32> = None;
        let mut yes: SmallVec<[NodeId; 8]> = SmallVec::new();
        for fact in self.facts() {
            if decision(fact).is_some() {
                return None;
            }
            match fact.deed {
                Deed::WorkDone { .. } => asked = Some(fact.at),
                Deed::Heard { yes: false, .. } => return None,
                Deed::Heard { service, .. } => {
                    let from = *first.get_or_insert(fact.nth);
                    if self.manager_died_between(from, fact.nth) {
                        yes.clear();
                        first = Some(fact.nth);
                    }
                    let node = self.node_of(service);
                    if !yes.contains(&node) {
                        yes.push(node);
                    }
                    if yes.len() == self.court.participants(self.record).len() {
                        let patience = self.court.scenario.policies.give_up_after;
                        let in_time = asked.is_some_and(|asked| fact.at.since(asked) < patience);
                        return in_time.then_some(fact);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// The decision that a fact shows.
fn decision(fact: &Fact) -> Option<Decision> {
    match fact.deed {
        Deed::Decided { decision, .. } => Some(decision),
        Deed::Logged { .. } | Deed::BranchCommitted { .. } => Some(Decision::Commit),
        _ => None,
    }
}

/// Whether a fact says something about votes and decision.
fn tells(fact: &Fact) -> bool {
    matches!(
        fact.deed,
        Deed::Down(_)
            | Deed::WorkDone { .. }
            | Deed::Prepared { .. }
            | Deed::Voted { .. }
            | Deed::Heard { .. }
            | Deed::Decided { .. }
            | Deed::Logged { .. }
            | Deed::RolledBack { .. }
    )
}
