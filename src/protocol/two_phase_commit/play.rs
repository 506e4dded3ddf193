//! The plays of two-phase commit; see `tests/play/2pc`.

use super::{OnePhaseOutcome, Standing, TwoPhaseCommit, TwoPhaseMsg, Vote, WorkResult};
use crate::protocol::Decision;
use crate::protocol::play::{Names, Scripted, Words, decided, play};
use crate::vocab::TxId;

#[test]
fn coordinator_and_participant_play_their_parts() {
    play::<TwoPhaseCommit>("2pc");
}

impl Scripted for TwoPhaseMsg {
    fn write(&self, names: Names<'_>) -> String {
        match self {
            TwoPhaseMsg::Work { tx, step, params } => {
                format!("work {tx} step {step} {}", names.params(params))
            }
            TwoPhaseMsg::Worked { tx, step, result } => {
                let result = match result {
                    WorkResult::Done => "done".to_owned(),
                    WorkResult::Refused(reason) => format!("refused {}", names.reason(*reason)),
                    WorkResult::Conflict => "conflict".to_owned(),
                    WorkResult::Failed => "failed".to_owned(),
                };
                format!("worked {tx} step {step} {result}")
            }
            TwoPhaseMsg::Prepare { tx, ops } => {
                let ops: Vec<String> = ops.iter().map(ToString::to_string).collect();
                format!("prepare {tx} done {}", ops.join(" "))
            }
            TwoPhaseMsg::CommitOnePhase { tx, ops } => {
                let ops: Vec<String> = ops.iter().map(ToString::to_string).collect();
                format!("commit-one-phase {tx} done {}", ops.join(" "))
            }
            TwoPhaseMsg::OnePhase { tx, outcome } => match outcome {
                OnePhaseOutcome::Committed => format!("one-phase-outcome {tx} committed"),
                OnePhaseOutcome::Refused(reason) => {
                    format!("one-phase-outcome {tx} refused {}", names.reason(*reason))
                }
            },
            TwoPhaseMsg::Vote { tx, vote } => match vote {
                Vote::Yes => format!("vote {tx} yes"),
                Vote::ReadOnly => format!("vote {tx} read-only"),
                Vote::No(reason) => format!("vote {tx} no {}", names.reason(*reason)),
            },
            TwoPhaseMsg::Decision { tx, decision, ack } => {
                format!("{} {tx}{}", decided(*decision), acked(*decision, *ack))
            }
            TwoPhaseMsg::Ack { tx } => format!("ack {tx}"),
            TwoPhaseMsg::Inquire { tx } => format!("inquire {tx}"),
            TwoPhaseMsg::Answer { tx, standing } => match standing {
                Standing::Decided { decision, ack } => {
                    let told = decided(*decision);
                    format!("answer {tx} {told}{}", acked(*decision, *ack))
                }
                Standing::Wait => format!("answer {tx} wait"),
                Standing::Uncertain => format!("answer {tx} uncertain"),
                Standing::Unknown => format!("answer {tx} unknown"),
            },
        }
    }

    fn read(kind: &str, tx: TxId, words: &mut Words<'_>) -> Self {
        match kind {
            "work" => {
                words.expect("step");
                let (step, params) = (words.step(), words.params());
                TwoPhaseMsg::Work { tx, step, params }
            }
            "worked" => {
                words.expect("step");
                let step = words.step();
                let result = match words.next() {
                    "done" => WorkResult::Done,
                    "refused" => WorkResult::Refused(words.reason()),
                    "conflict" => WorkResult::Conflict,
                    "failed" => WorkResult::Failed,
                    other => panic!("`{other}`: no result of work"),
                };
                TwoPhaseMsg::Worked { tx, step, result }
            }
            "prepare" | "commit-one-phase" => {
                words.expect("done");
                let mut ops = super::Ops::new();
                while !words.is_over() {
                    ops.push(words.step());
                }
                match kind {
                    "prepare" => TwoPhaseMsg::Prepare { tx, ops },
                    _ => TwoPhaseMsg::CommitOnePhase { tx, ops },
                }
            }
            "one-phase-outcome" => {
                let outcome = match words.next() {
                    "committed" => OnePhaseOutcome::Committed,
                    "refused" => OnePhaseOutcome::Refused(words.reason()),
                    other => panic!("`{other}`: no outcome of one phase"),
                };
                TwoPhaseMsg::OnePhase { tx, outcome }
            }
            "vote" => {
                let vote = match words.next() {
                    "yes" => Vote::Yes,
                    "read-only" => Vote::ReadOnly,
                    "no" => Vote::No(words.reason()),
                    other => panic!("`{other}`: no vote"),
                };
                TwoPhaseMsg::Vote { tx, vote }
            }
            "commit" | "abort" => {
                let decision = decision(kind);
                let ack = ack(decision, words);
                TwoPhaseMsg::Decision { tx, decision, ack }
            }
            "ack" => TwoPhaseMsg::Ack { tx },
            "inquire" => TwoPhaseMsg::Inquire { tx },
            "answer" => {
                let standing = match words.next() {
                    "wait" => Standing::Wait,
                    "uncertain" => Standing::Uncertain,
                    "unknown" => Standing::Unknown,
                    word @ ("commit" | "abort") => {
                        let decision = decision(word);
                        let ack = ack(decision, words);
                        Standing::Decided { decision, ack }
                    }
                    other => panic!("`{other}`: no answer to an inquiry"),
                };
                TwoPhaseMsg::Answer { tx, standing }
            }
            other => panic!("`{other}`: no message of two-phase commit"),
        }
    }
}

/// Whether it is to be acknowledged, where that is not as under presumed abort.
fn acked(decision: Decision, ack: bool) -> &'static str {
    match (decision, ack) {
        (Decision::Commit, true) | (Decision::Abort, false) => "",
        (Decision::Commit, false) => " unacknowledged",
        (Decision::Abort, true) => " ack",
    }
}

fn ack(decision: Decision, words: &mut Words<'_>) -> bool {
    match words.rest() {
        "" => decision == Decision::Commit,
        "ack" => true,
        "unacknowledged" => false,
        other => panic!("`{other}`: no word on acknowledgements"),
    }
}

fn decision(word: &str) -> Decision {
    match word {
        "commit" => Decision::Commit,
        _ => Decision::Abort,
    }
}
