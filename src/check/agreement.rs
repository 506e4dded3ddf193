//! **Agreement**: a transaction has one outcome for all participants, it is
//! never reversed, and a yes vote binds.
//!
//! - *One outcome*: no participant commits what another rolled back, nor rolls
//!   back what is durably decided to commit.
//! - *Never reversed*: a branch that committed durably, or was acknowledged, is
//!   not rolled back later; one that was rolled back when prepared does not
//!   commit. An unforced abort that a crash lost, so that the branch comes back
//!   as prepared, is no reversal; nor is a commit that was neither on disk nor
//!   told to anybody.
//! - *A yes vote binds*: a participant that voted yes can still commit when the
//!   decision is to commit, and does not abort by itself while no abort is
//!   decided.
//!
//! Judged by what the databases did to the branches; votes, acknowledgements
//! and aborts of the coordinator have no other trace than their notes.
//!
//! Not claimed: that the outcome is the right one (*votes*), nor that a branch
//! in doubt ever learns of it (*everything ends*).

use smallvec::SmallVec;

use super::court::Court;
use super::promise::{Breach, Closing, Findings, Promise};
use super::record::{Attempt, Deed, Fact, Record};
use super::words;
use crate::history::RollbackReason;
use crate::protocol::Decision;
use crate::vocab::NodeId;

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct Agreement {
    findings: Findings,
}

impl Promise for Agreement {
    fn closed(&mut self, court: &Court, closing: &Closing<'_>) {
        let record = closing.record;
        for &attempt in &closing.attempts {
            if let Some((last, wrong)) = judge(court, record, attempt) {
                self.findings.violated(last.at, Some(record.request), || {
                    let tx = attempt.tx(record.request).to_string();
                    let tells = |fact: &Fact| {
                        fact.nth <= last.nth
                            && fact.deed.concerns(attempt)
                            && wrong.is_shown_by(fact)
                    };
                    let evidence = words::evidence(court, record, tells);
                    Breach {
                        how: wrong.how(),
                        what: wrong.in_words(court, &tx),
                        evidence,
                    }
                });
            }
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

/// A participant's branch, as its database and its notes tell.
#[derive(Clone, Copy, Debug)]
struct Branch {
    node: NodeId,
    voted_yes: bool,
    /// It ended the branch by itself.
    unilateral: bool,
    /// A crash took the prepared branch, or a commit that counted.
    lost_prepared: bool,
    lost_outcome: bool,
    outcome: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Whether it is on disk or was acknowledged.
    Committed {
        counts: bool,
    },
    RolledBack {
        prepared: bool,
    },
}

impl Branch {
    /// Whether it has committed, or had so that it counted.
    fn has_committed(&self) -> bool {
        self.lost_outcome || matches!(self.outcome, Some(Outcome::Committed { .. }))
    }
}

/// An attempt, as far as it was heard.
#[derive(Default)]
struct Story {
    branches: SmallVec<[Branch; 4]>,
    /// The commit record is durably in the coordinator's log.
    decided: bool,
    abort_decided: bool,
}

/// The first thing that breaks agreement in an attempt.
fn judge<'r>(court: &Court, record: &'r Record, attempt: Attempt) -> Option<(&'r Fact, Wrong)> {
    let mut story = Story::default();
    record.of_attempt(attempt).find_map(|fact| {
        // Who only reads votes yes on a branch that it never prepares.
        if matches!(fact.deed, Deed::Voted { yes: true, .. })
            && court.may_vote_unprepared(fact.node, record)
        {
            story.done_again(fact.node);
        }
        Some((fact, story.hear(fact)?))
    })
}

/// What can be wrong, and where.
enum Wrong {
    TwoOutcomes {
        committed: NodeId,
        rolled_back: NodeId,
    },
    AgainstTheDecision(NodeId),
    CommitReversed(NodeId),
    AbortReversed(NodeId),
    VoteForgotten(NodeId),
    VoteBroken(NodeId),
}

impl Wrong {
    /// Whose branch is not as it should be.
    fn accused(&self) -> NodeId {
        match *self {
            Wrong::TwoOutcomes { rolled_back, .. } => rolled_back,
            Wrong::AgainstTheDecision(node)
            | Wrong::CommitReversed(node)
            | Wrong::AbortReversed(node)
            | Wrong::VoteForgotten(node)
            | Wrong::VoteBroken(node) => node,
        }
    }

    fn how(&self) -> &'static str {
        match self {
            Wrong::TwoOutcomes { .. } => "two outcomes",
            Wrong::AgainstTheDecision(_) => "against the decision",
            Wrong::CommitReversed(_) => "commit reversed",
            Wrong::AbortReversed(_) => "abort reversed",
            Wrong::VoteForgotten(_) => "vote forgotten",
            Wrong::VoteBroken(_) => "vote broken",
        }
    }

    /// Whether a fact belongs to the evidence: of votes and prepares only those
    /// of the accused.
    fn is_shown_by(&self, fact: &Fact) -> bool {
        match fact.deed {
            Deed::Down(_)
            | Deed::Lost { .. }
            | Deed::Decided { .. }
            | Deed::Logged { .. }
            | Deed::LogLost { .. }
            | Deed::BranchCommitted { .. }
            | Deed::BranchLost { .. }
            | Deed::RolledBack { .. }
            | Deed::Acked { .. } => true,
            Deed::Prepared { .. }
            | Deed::PreparedLost { .. }
            | Deed::Restored { .. }
            | Deed::Voted { .. }
            | Deed::Unilateral { .. } => fact.node == self.accused(),
            _ => false,
        }
    }

    fn in_words(&self, court: &Court, tx: &str) -> String {
        let name = |node: NodeId| words::node_name(court, node);
        match *self {
            Wrong::TwoOutcomes {
                committed,
                rolled_back,
            } => format!(
                "{} committed its branch of {tx}, but {} rolled its own back",
                name(committed),
                name(rolled_back)
            ),
            Wrong::AgainstTheDecision(node) => format!(
                "{tx} is decided to commit, but {} rolled its branch back",
                name(node)
            ),
            Wrong::CommitReversed(node) => format!(
                "{} committed its branch of {tx}, and rolled it back afterwards",
                name(node)
            ),
            Wrong::AbortReversed(node) => format!(
                "{} rolled its branch of {tx} back, and committed it afterwards",
                name(node)
            ),
            Wrong::VoteForgotten(node) => format!(
                "{} voted yes on {tx} and forgot the branch, but {tx} is to commit",
                name(node)
            ),
            Wrong::VoteBroken(node) => format!(
                "{} voted yes on {tx}, and aborted it when nobody had decided so",
                name(node)
            ),
        }
    }
}

impl Story {
    fn branch(&mut self, node: NodeId) -> &mut Branch {
        let at = match self.branches.iter().position(|b| b.node == node) {
            Some(at) => at,
            None => {
                self.branches.push(Branch {
                    node,
                    voted_yes: false,
                    unilateral: false,
                    lost_prepared: false,
                    lost_outcome: false,
                    outcome: None,
                });
                self.branches.len() - 1
            }
        };
        &mut self.branches[at]
    }

    /// What was undone before it was ever prepared was done again.
    fn done_again(&mut self, node: NodeId) {
        let branch = self.branch(node);
        if branch.outcome == Some(Outcome::RolledBack { prepared: false }) {
            branch.outcome = None;
        }
    }

    fn hear(&mut self, fact: &Fact) -> Option<Wrong> {
        let node = fact.node;
        match fact.deed {
            Deed::Prepared { .. } => {
                let branch = self.branch(node);
                branch.lost_prepared = false;
                branch.unilateral = false;
                self.done_again(node);
            }
            Deed::Voted { yes, .. } => self.branch(node).voted_yes |= yes,
            // One that ends an idle branch before its vote is free to do so.
            Deed::Unilateral { .. } => {
                let branch = self.branch(node);
                branch.unilateral = branch.voted_yes;
            }
            Deed::Decided { decision, .. } => self.abort_decided |= decision == Decision::Abort,
            Deed::Logged { durable, .. } => {
                self.decided |= durable;
                return self.against_commit();
            }
            Deed::LogLost { .. } => self.decided = false,
            Deed::BranchCommitted { durable, .. } => return self.committed(node, durable),
            Deed::Acked { .. } => {
                if let Some(Outcome::Committed { counts }) = &mut self.branch(node).outcome {
                    *counts = true;
                }
            }
            Deed::BranchLost { .. } => {
                let branch = self.branch(node);
                branch.lost_outcome |= branch.outcome == Some(Outcome::Committed { counts: true });
                branch.outcome = None;
            }
            Deed::PreparedLost { .. } => {
                let branch = self.branch(node);
                branch.lost_prepared = true;
                if branch.voted_yes && self.commit_stands() {
                    return Some(Wrong::VoteForgotten(node));
                }
            }
            Deed::Restored { .. } => {
                let branch = self.branch(node);
                if matches!(branch.outcome, Some(Outcome::RolledBack { .. })) {
                    branch.outcome = None;
                }
            }
            Deed::RolledBack { why, prepared, .. } => return self.rolled_back(node, why, prepared),
            _ => {}
        }
        None
    }

    fn committed(&mut self, node: NodeId, durable: bool) -> Option<Wrong> {
        let branch = self.branch(node);
        let before = branch.outcome;
        branch.outcome = Some(Outcome::Committed { counts: durable });
        branch.lost_outcome = false;
        branch.lost_prepared = false;
        if before == Some(Outcome::RolledBack { prepared: true }) {
            return Some(Wrong::AbortReversed(node));
        }
        self.against_commit()
    }

    /// What stands against a commit, once there is one.
    fn against_commit(&self) -> Option<Wrong> {
        if !self.commit_stands() {
            return None;
        }
        let mut branches = self.branches.iter();
        branches.find_map(|branch| match branch.outcome {
            Some(Outcome::RolledBack { .. }) => Some(self.rolled_back_alone(branch.node)),
            None if branch.voted_yes && branch.lost_prepared => {
                Some(Wrong::VoteForgotten(branch.node))
            }
            _ => None,
        })
    }

    fn rolled_back_alone(&self, rolled_back: NodeId) -> Wrong {
        match self.branches.iter().find(|b| b.has_committed()) {
            Some(branch) => Wrong::TwoOutcomes {
                committed: branch.node,
                rolled_back,
            },
            None => Wrong::AgainstTheDecision(rolled_back),
        }
    }

    fn rolled_back(&mut self, node: NodeId, why: RollbackReason, prepared: bool) -> Option<Wrong> {
        let (decided, abort_decided) = (self.decided, self.abort_decided);
        let branch = self.branch(node);
        let committed = matches!(branch.outcome, Some(Outcome::Committed { .. }));
        if !prepared {
            // Late work may open a branch again, which then ends idle: nothing
            // that was promised to anybody.
            if !committed {
                branch.outcome = Some(Outcome::RolledBack { prepared });
            }
            return None;
        }
        if committed || branch.lost_outcome {
            return Some(Wrong::CommitReversed(node));
        }
        branch.outcome = Some(Outcome::RolledBack { prepared });
        let by_itself = branch.unilateral || why != RollbackReason::Asked;
        if decided {
            return Some(self.rolled_back_alone(node));
        }
        if branch.voted_yes && by_itself && !abort_decided {
            return Some(Wrong::VoteBroken(node));
        }
        self.against_commit()
    }

    /// Whether the outcome is to commit: decided durably, or carried out
    /// somewhere.
    fn commit_stands(&self) -> bool {
        self.decided || self.branches.iter().any(Branch::has_committed)
    }
}
