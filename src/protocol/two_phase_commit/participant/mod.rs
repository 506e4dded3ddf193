//! A service's part: it does work in a branch, votes, and does as it is told.

mod branch;

use std::sync::Arc;

use branch::{Abort, Act, Ended, Happening, Rules, State, Testimony, Work};

use super::Presumption;
use super::message::{OnePhaseOutcome, Standing, TwoPhaseMsg, Vote, WorkResult};
use crate::business::ActionKind;
use crate::protocol::attempt::key_number;
use crate::protocol::machine::Lane;
use crate::protocol::retained::Retained;
use crate::protocol::{
    Cx, Decision, Detail, Durable, Effect, End, Force, Input, Key, Machine, Milestone, Note, Out,
    Outcome, Preparing, Safeguard, Setting, Stamp, Tag, Txn, Wire, plan,
};
use crate::vocab::{Direction, FastMap, NodeId, ServiceId, StepId, TxId};

/// A participant: its branches by transaction.
#[derive(Clone, Debug)]
pub struct Participant {
    setting: Arc<Setting>,
    /// Which service it is.
    service: ServiceId,
    rules: Rules,
    branches: FastMap<TxId, Branch>,
    /// How branches ended, for what comes late or twice: without it, work that
    /// is overtaken by its ABORT would open a branch that nobody ends.
    ended: Retained<TxId, Ended>,
}

/// A branch that is not over.
#[derive(Clone, Debug)]
struct Branch {
    state: State,
    /// How often the database could not say whether it had finished it.
    failures: u32,
    /// Whether the coordinator was asked what was decided, and has not answered.
    unanswered: bool,
}

impl Participant {
    /// A participant with an empty memory.
    pub fn new(setting: &Arc<Setting>, service: ServiceId) -> Self {
        Participant {
            setting: Arc::clone(setting),
            service,
            rules: Rules {
                safeguards: setting.safeguards,
                presumption: setting.two_phase.presumption,
                may_leave_reading: may_leave_reading(setting, service),
                locks: setting.two_phase.locks,
            },
            branches: FastMap::default(),
            ended: Retained::new(setting.policies.retention),
        }
    }

    /// Something happened to a branch: it takes its transition.
    fn happened(&mut self, cx: Cx, tx: TxId, happening: Happening, out: &mut Out<TwoPhaseMsg>) {
        let rules = self.rules;
        if matches!(happening, Happening::Wait)
            && let Some(branch) = self.branches.get_mut(&tx)
        {
            branch.unanswered = false;
        }
        let ran_out = matches!(happening, Happening::Idle | Happening::Doubtful);
        let live = self.branches.get(&tx);
        let next = match live {
            Some(branch) => branch.state.next(rules, happening),
            None => match self.ended.get(&tx) {
                Some(ended) => State::Ended(*ended).next(rules, happening),
                None => State::Unheard.next(rules, happening),
            },
        };
        if let Ok((state, act)) = next {
            let armed = live.and_then(|branch| branch.state.timer(rules));
            if let Some(armed) = armed
                && state.timer(rules) != Some(armed)
                && !ran_out
            {
                out.disarm(key(tx, armed));
            }
            self.enter(cx, tx, state);
            self.act(tx, act, out);
        }
    }

    /// Another participant is in doubt, and asks.
    fn testify(&mut self, cx: Cx, tx: TxId, to: NodeId, out: &mut Out<TwoPhaseMsg>) {
        let rules = self.rules;
        let testimony = match (self.branches.get(&tx), self.ended.get(&tx)) {
            (Some(branch), _) => branch.state.testimony(rules),
            (None, Some(ended)) => State::Ended(*ended).testimony(rules),
            (None, None) => State::Unheard.testimony(rules),
        };
        match testimony {
            Testimony::Says(standing) => out.send(to, TwoPhaseMsg::Answer { tx, standing }),
            Testimony::Abort => {
                self.happened(cx, tx, Happening::Asked, out);
                abort_for(tx, to, Tag::Finish, Force::Always, out);
            }
            Testimony::LookUp => abort_for(tx, to, Tag::Inquire, Force::Lazy, out),
        }
    }

    /// The database has answered for one that is in doubt. Of what it knows nothing it
    /// says that it is aborted: that is the truth only if it has just made it true, for
    /// it may have forgotten.
    fn testified(&self, tx: TxId, call: Key, result: &Outcome, out: &mut Out<TwoPhaseMsg>) {
        let standing = match result {
            Outcome::Committed { .. } => self.rules.decided(Decision::Commit),
            Outcome::Aborted if call.tag == Tag::Finish => self.rules.decided(Decision::Abort),
            Outcome::Aborted => Standing::Unknown,
            // Whoever asks will ask again.
            _ => return,
        };
        let asker = u16::try_from(call.n - FOR_ANOTHER).expect("a node's number");
        out.send(NodeId(asker), TwoPhaseMsg::Answer { tx, standing });
    }

    /// What a branch with such checks may become when it is to be prepared. With
    /// nothing presumed a no is as durable as any other decision (Mohan, Lindsay &
    /// Obermarck 1986, section 2). Who has something to judge at PREPARE keeps what
    /// it was judged by until the decision.
    fn preparing(&self, checks: &Txn) -> Preparing {
        let variant = self.setting.two_phase;
        Preparing {
            force_no: variant.presumption == Presumption::Nothing,
            release_read_only: variant.read_only_votes && checks.cases.is_empty(),
        }
    }

    fn enter(&mut self, cx: Cx, tx: TxId, state: State) {
        match state {
            State::Ended(ended) => {
                if self.branches.remove(&tx).is_some() || self.ended.get(&tx).is_none() {
                    self.ended.remember(cx.now, tx, ended);
                }
            }
            state => match self.branches.get_mut(&tx) {
                Some(branch) => branch.state = state,
                None => {
                    self.ended.take(&tx);
                    let failures = 0;
                    let branch = Branch {
                        state,
                        failures,
                        unanswered: false,
                    };
                    self.branches.insert(tx, branch);
                }
            },
        }
    }

    fn act(&mut self, tx: TxId, act: Act, out: &mut Out<TwoPhaseMsg>) {
        match act {
            Act::RunStatement(step, params) => {
                let statement = plan::work(&self.setting, tx, step, &params);
                run_statement(tx, step, statement, out);
            }
            Act::ReplyDone(step) => {
                out.observe(Note::step(Milestone::ParticipantWorked, tx, step));
                self.reply(tx, step, WorkResult::Done, out);
                out.arm(
                    key(tx, Tag::GiveUp),
                    self.setting.policies.idle_branch_after,
                );
            }
            Act::ReplyDoneAgain(step) => self.reply(tx, step, WorkResult::Done, out),
            Act::ReplyFailed(step, result) => self.reply(tx, step, result, out),
            Act::AskToPrepare(work) => {
                let checks = deferred_checks(&self.setting, &work);
                let preparing = self.preparing(&checks);
                force_prepared(tx, checks, preparing, out);
            }
            Act::AskToCommitOnePhase(work) => {
                commit_one_phase(tx, deferred_checks(&self.setting, &work), out);
            }
            Act::CommittedOnePhase => {
                out.observe(Note::new(Milestone::ParticipantCommitted, tx));
                self.say(tx, OnePhaseOutcome::Committed, out);
            }
            Act::SayCommitted => self.say(tx, OnePhaseOutcome::Committed, out),
            Act::SayRefused(reason) => self.say(tx, OnePhaseOutcome::Refused(reason), out),
            Act::VoteYes => {
                out.observe(Note::new(Milestone::ParticipantPrepared, tx));
                self.vote(tx, Vote::Yes, out);
                self.arm_doubt(tx, out);
            }
            Act::VoteYesAgain => self.vote(tx, Vote::Yes, out),
            Act::VoteReadOnly => self.vote(tx, Vote::ReadOnly, out),
            Act::VoteNo(reason) => self.vote(tx, Vote::No(reason), out),
            Act::RollBack(how) => roll_back(tx, how, out),
            Act::GiveUp(how) => {
                out.observe(Note::new(Milestone::ParticipantGaveUp, tx));
                roll_back(tx, how, out);
            }
            Act::AskToCommit { ack } => commit(tx, ack, out),
            Act::CommittedAndAck => {
                out.observe(Note::new(Milestone::ParticipantCommitted, tx));
                self.acknowledge(tx, out);
            }
            Act::Committed => out.observe(Note::new(Milestone::ParticipantCommitted, tx)),
            Act::AbortedAndAck | Act::AckAgain => self.acknowledge(tx, out),
            Act::FinishLater => self.finish_later(tx, out),
            Act::Inquire => {
                self.inquire(tx, out);
                self.arm_doubt(tx, out);
            }
            Act::FoundInDoubt => {
                out.observe(Note::new(Milestone::ParticipantInDoubt, tx));
                self.inquire(tx, out);
                self.arm_doubt(tx, out);
            }
            Act::Forget => {}
        }
    }

    fn reply(&self, tx: TxId, step: StepId, result: WorkResult, out: &mut Out<TwoPhaseMsg>) {
        let worked = TwoPhaseMsg::Worked { tx, step, result };
        out.send(self.setting.nodes.manager(), worked);
        out.observe(Note::step(Milestone::ParticipantWorkReplied, tx, step));
    }

    fn vote(&self, tx: TxId, vote: Vote, out: &mut Out<TwoPhaseMsg>) {
        out.send(self.setting.nodes.manager(), TwoPhaseMsg::Vote { tx, vote });
        out.observe(Note {
            milestone: Milestone::ParticipantVoted,
            tx,
            detail: Detail::Vote {
                yes: !matches!(vote, Vote::No(_)),
            },
        });
    }

    fn say(&self, tx: TxId, outcome: OnePhaseOutcome, out: &mut Out<TwoPhaseMsg>) {
        let said = TwoPhaseMsg::OnePhase { tx, outcome };
        out.send(self.setting.nodes.manager(), said);
    }

    fn acknowledge(&self, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        out.send(self.setting.nodes.manager(), TwoPhaseMsg::Ack { tx });
        out.observe(Note::new(Milestone::ParticipantAcked, tx));
    }

    /// Asks the coordinator; and if that has left the question before this one
    /// unanswered, the other participants too, where they help each other.
    fn inquire(&mut self, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        if !self.setting.safeguards.keep(Safeguard::ParticipantInquiry) {
            return;
        }
        let nodes = &self.setting.nodes;
        out.send(nodes.manager(), TwoPhaseMsg::Inquire { tx });
        let branch = self.branches.get_mut(&tx);
        let unanswered = branch.is_some_and(|b| std::mem::replace(&mut b.unanswered, true));
        if unanswered && self.setting.two_phase.cooperative_termination {
            let participants = self.setting.business.participants().into_iter();
            for other in participants.filter(|other| *other != self.service) {
                out.send(nodes.service(other), TwoPhaseMsg::Inquire { tx });
            }
        }
        out.observe(Note::new(Milestone::ParticipantInquired, tx));
    }

    /// In doubt: if nobody tells, something is due after a while; unless it
    /// neither asks nor decides alone.
    fn arm_doubt(&self, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        if let Some(tag) = State::InDoubt.timer(self.rules) {
            out.arm(key(tx, tag), self.setting.policies.inquire_after);
        }
    }

    fn finish_later(&mut self, tx: TxId, out: &mut Out<TwoPhaseMsg>) {
        if let Some(branch) = self.branches.get_mut(&tx) {
            let wait = self.setting.policies.backoff(branch.failures);
            branch.failures += 1;
            out.arm(key(tx, Tag::Retry), wait);
        }
    }

    /// Branches that the database found prepared: in doubt, unless this process
    /// knows better.
    fn found(&mut self, cx: Cx, durable: Durable, out: &mut Out<TwoPhaseMsg>) {
        for tx in durable.prepared {
            self.happened(cx, tx, Happening::Found, out);
        }
    }
}

impl Machine for Participant {
    type Msg = TwoPhaseMsg;

    fn recover(&mut self, cx: Cx, durable: Durable, out: &mut Out<TwoPhaseMsg>) {
        self.found(cx, durable, out);
    }

    fn reconnected(&mut self, cx: Cx, durable: Durable, out: &mut Out<TwoPhaseMsg>) {
        self.found(cx, durable, out);
    }

    fn step(&mut self, cx: Cx, input: Input<TwoPhaseMsg>, out: &mut Out<TwoPhaseMsg>) {
        self.ended.prune(cx.now);
        let (tx, happening) = match input {
            Input::Message {
                from,
                body: Wire::Peer(TwoPhaseMsg::Inquire { tx }),
            } => return self.testify(cx, tx, from, out),
            Input::Message {
                body: Wire::Peer(message),
                ..
            } => heard(message),
            Input::Message { body, .. } => panic!("{}: no message to a participant", body.kind()),
            Input::Executed { call, result } if call.n >= FOR_ANOTHER && call.tag != Tag::Work => {
                return self.testified(call.tx, call, &result, out);
            }
            Input::Executed { call, result } => {
                let happening = match call.tag {
                    Tag::Work => Happening::Ran(result),
                    Tag::Prepare => Happening::Prepared(result),
                    Tag::Finish => Happening::Finished(result),
                    tag => panic!("{}: {tag:?} is no call of a participant", call.tx),
                };
                (call.tx, happening)
            }
            Input::Timer(key) => {
                let happening = match key.tag {
                    Tag::GiveUp => Happening::Idle,
                    Tag::Inquire => Happening::Doubtful,
                    Tag::Retry => Happening::Rested,
                    tag => panic!("{}: {tag:?} is no timer of a participant", key.tx),
                };
                (key.tx, happening)
            }
        };
        self.happened(cx, tx, happening, out);
    }
}

/// Whether it may leave at PREPARE without a record, for all that it does is look.
fn may_leave_reading(setting: &Setting, service: ServiceId) -> bool {
    let steps = setting.business.steps.iter();
    let mut here = steps.filter(|step| step.service == service);
    setting.two_phase.read_only_votes
        && here.all(|step| step.actions.iter().all(|a| a.kind == ActionKind::Look))
}

fn heard(message: TwoPhaseMsg) -> (TxId, Happening) {
    match message {
        TwoPhaseMsg::Work { tx, step, params } => (tx, Happening::Work { step, params }),
        TwoPhaseMsg::Prepare { tx, ops } => (tx, Happening::Prepare { ops }),
        TwoPhaseMsg::CommitOnePhase { tx, ops } => (tx, Happening::CommitOnePhase { ops }),
        TwoPhaseMsg::Decision { tx, decision, ack } => (tx, Happening::Told { decision, ack }),
        TwoPhaseMsg::Answer { tx, standing } => match standing {
            Standing::Decided { decision, ack } => (tx, Happening::Told { decision, ack }),
            Standing::Wait => (tx, Happening::Wait),
            Standing::Uncertain | Standing::Unknown => (tx, Happening::NoHelp),
        },
        TwoPhaseMsg::Worked { tx, .. }
        | TwoPhaseMsg::Vote { tx, .. }
        | TwoPhaseMsg::OnePhase { tx, .. }
        | TwoPhaseMsg::Ack { tx }
        | TwoPhaseMsg::Inquire { tx } => panic!("{tx}: a message to the coordinator"),
    }
}

/// A statement of the branch. It holds a worker while it runs; its locks it
/// holds until the decision.
fn run_statement(tx: TxId, step: StepId, statement: Txn, out: &mut Out<TwoPhaseMsg>) {
    out.push(Effect::Execute {
        call: Key {
            n: key_number(step, Direction::Forward),
            ..key(tx, Tag::Work)
        },
        stamp: Stamp::forward(tx, step),
        lane: Lane::Work,
        branch: Some(tx),
        txn: Box::new(statement),
        end: End::Open,
        force: Force::Lazy,
    });
}

/// The conditions that the branch's steps have put off until now.
fn deferred_checks(setting: &Setting, work: &Work) -> Txn {
    let mut checks = Txn::default();
    for &step in &work.ops {
        let more = plan::deferred_checks(setting, step, &work.params);
        checks.cases.extend(more.cases);
    }
    checks
}

/// The prepared record is on disk before the vote is sent: a yes binds. The vote
/// is in the answer to this.
fn force_prepared(tx: TxId, checks: Txn, preparing: Preparing, out: &mut Out<TwoPhaseMsg>) {
    out.push(Effect::Execute {
        call: key(tx, Tag::Prepare),
        stamp: Stamp::bookkeeping(tx),
        lane: Lane::Control,
        branch: Some(tx),
        txn: Box::new(checks),
        end: End::Prepare(preparing),
        force: Force::Guarded(Safeguard::ForcePrepare),
    });
}

/// The branch is committed by the participant's own decision, if its conditions hold.
/// Its record is on disk before anybody hears of it. The outcome is in the answer to
/// this.
fn commit_one_phase(tx: TxId, checks: Txn, out: &mut Out<TwoPhaseMsg>) {
    out.push(Effect::Execute {
        call: key(tx, Tag::Finish),
        stamp: Stamp::bookkeeping(tx),
        lane: Lane::Control,
        branch: Some(tx),
        txn: Box::new(checks),
        end: End::Commit,
        force: Force::Guarded(Safeguard::DurableBeforeAck),
    });
}

/// A commit record is on disk before its acknowledgement is sent, for after it
/// nobody can be asked any more. The acknowledgement is in the answer to this.
/// Where none is due, because what is forgotten is committed (presumed commit), the
/// record may be lazy: who loses it is in doubt again, and asks.
fn commit(tx: TxId, ack: bool, out: &mut Out<TwoPhaseMsg>) {
    let force = match ack {
        true => Force::Guarded(Safeguard::DurableBeforeAck),
        false => Force::Lazy,
    };
    finish(tx, Decision::Commit, force, out);
}

/// Under presumed abort, an abort needs no forced record and no acknowledgement:
/// what is not remembered is aborted (Mohan, Lindsay & Obermarck 1986, section 3).
/// Otherwise it is like any other decision.
fn roll_back(tx: TxId, how: Abort, out: &mut Out<TwoPhaseMsg>) {
    let force = match how {
        Abort::Lazy => Force::Lazy,
        Abort::Forced | Abort::OnePhase => Force::Always,
        Abort::Acknowledged => Force::Guarded(Safeguard::DurableBeforeAck),
    };
    finish(tx, Decision::Abort, force, out);
}

fn finish(tx: TxId, decision: Decision, force: Force, out: &mut Out<TwoPhaseMsg>) {
    out.push(Effect::Finish {
        call: key(tx, Tag::Finish),
        branch: tx,
        decision,
        force,
    });
}

/// Ends a branch, or finds it ended, on behalf of another participant that is in doubt:
/// the answer is for that one.
fn abort_for(tx: TxId, asker: NodeId, tag: Tag, force: Force, out: &mut Out<TwoPhaseMsg>) {
    out.push(Effect::Finish {
        call: Key {
            n: FOR_ANOTHER + u32::from(asker.0),
            ..key(tx, tag)
        },
        branch: tx,
        decision: Decision::Abort,
        force,
    });
}

/// Calls with this number and above are on behalf of another participant, whose node
/// is the rest of it.
const FOR_ANOTHER: u32 = 1;

fn key(tx: TxId, tag: Tag) -> Key {
    Key { tx, tag, n: 0 }
}
