//! Orchestrator and services on the stage: `tests/play/orchestrated`.

use super::{OrchestratedSaga, SagaMsg};
use crate::protocol::play::{Names, Scripted, Words, play};
use crate::vocab::TxId;

impl Scripted for SagaMsg {
    fn write(&self, names: Names<'_>) -> String {
        match *self {
            SagaMsg::Command { tx, step, params } => {
                format!("command {tx} {step} {}", names.params(&params))
            }
            SagaMsg::Undo {
                tx,
                step,
                params,
                reason,
            } => {
                let reason = names.reason(reason);
                format!("undo {tx} {step} {} {reason}", names.params(&params))
            }
            SagaMsg::Reply {
                tx,
                step,
                direction,
                reply,
            } => format!("step-reply {tx} {direction} {step} {}", names.reply(reply)),
        }
    }

    fn read(kind: &str, tx: TxId, words: &mut Words<'_>) -> Self {
        match kind {
            "command" => SagaMsg::Command {
                tx,
                step: words.step(),
                params: words.params(),
            },
            "undo" => SagaMsg::Undo {
                tx,
                step: words.step(),
                params: words.params(),
                reason: words.reason(),
            },
            "step-reply" => {
                let direction = words.direction();
                SagaMsg::Reply {
                    tx,
                    step: words.step(),
                    direction,
                    reply: words.reply(),
                }
            }
            other => panic!("`{other}` is no message of an orchestrated saga"),
        }
    }
}

#[test]
fn orchestrator_and_services_play_their_scripts() {
    play::<OrchestratedSaga>("orchestrated");
}
