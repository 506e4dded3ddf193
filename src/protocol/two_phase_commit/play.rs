//! The plays of two-phase commit; see `tests/play/2pc`.

use super::{Standing, TwoPhaseCommit, TwoPhaseMsg, Vote, WorkResult};
use crate::protocol::Decision;
use crate::protocol::play::{Names, Scripted, Words, play};
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
            TwoPhaseMsg::Vote { tx, vote } => match vote {
                Vote::Yes => format!("vote {tx} yes"),
                Vote::No(reason) => format!("vote {tx} no {}", names.reason(*reason)),
            },
            TwoPhaseMsg::Decision { tx, decision } => match decision {
                Decision::Commit => format!("commit {tx}"),
                Decision::Abort => format!("abort {tx}"),
            },
            TwoPhaseMsg::Ack { tx } => format!("ack {tx}"),
            TwoPhaseMsg::Inquire { tx } => format!("inquire {tx}"),
            TwoPhaseMsg::Answer { tx, standing } => match standing {
                Standing::Decided(Decision::Commit) => format!("answer {tx} commit"),
                Standing::Decided(Decision::Abort) => format!("answer {tx} abort"),
                Standing::Wait => format!("answer {tx} wait"),
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
            "prepare" => {
                words.expect("done");
                let mut ops = super::Ops::new();
                while !words.is_over() {
                    ops.push(words.step());
                }
                TwoPhaseMsg::Prepare { tx, ops }
            }
            "vote" => {
                let vote = match words.next() {
                    "yes" => Vote::Yes,
                    "no" => Vote::No(words.reason()),
                    other => panic!("`{other}`: no vote"),
                };
                TwoPhaseMsg::Vote { tx, vote }
            }
            "commit" => TwoPhaseMsg::Decision {
                tx,
                decision: Decision::Commit,
            },
            "abort" => TwoPhaseMsg::Decision {
                tx,
                decision: Decision::Abort,
            },
            "ack" => TwoPhaseMsg::Ack { tx },
            "inquire" => TwoPhaseMsg::Inquire { tx },
            "answer" => {
                let standing = match words.next() {
                    "commit" => Standing::Decided(Decision::Commit),
                    "abort" => Standing::Decided(Decision::Abort),
                    "wait" => Standing::Wait,
                    other => panic!("`{other}`: no answer to an inquiry"),
                };
                TwoPhaseMsg::Answer { tx, standing }
            }
            other => panic!("`{other}`: no message of two-phase commit"),
        }
    }
}
