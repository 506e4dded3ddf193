//! The outbox's other half: polls it, hands letters over, marks them as sent.
//!
//! A letter was committed together with the change that it speaks of. The relay
//! hands it to the broker or the provider until it is confirmed, and only then
//! deletes its row: *at least once*. A crash between confirm and mark hands it
//! over again, which the receiver's inbox (the provider's key) absorbs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::attempt::{key_number, step_of};
use super::machine::Lane;
use super::{
    Answer, BrokerMsg, Case, Change, Cx, Durable, Effect, End, Force, Input, Key, Letter,
    LetterBody, LetterId, Machine, Message, Milestone, Note, Out, Outcome, ProviderMsg, Row,
    Safeguard, Setting, Stamp, Tag, Txn, Wire,
};
use crate::vocab::{Direction, StepId, TxId};

/// A machine together with the relay that empties its node's outbox: one relay
/// a process, so that the letters of a transaction keep their order.
#[derive(Clone, Debug)]
pub struct WithRelay<M> {
    relay: Relay,
    machine: M,
}

impl<M: Machine> WithRelay<M> {
    /// The machine, with a relay beside it.
    pub fn new(setting: &Arc<Setting>, machine: M) -> Self {
        WithRelay {
            relay: Relay::new(setting),
            machine,
        }
    }
}

impl<M: Machine> Machine for WithRelay<M> {
    type Msg = M::Msg;

    fn recover(&mut self, cx: Cx, durable: Durable, out: &mut Out<M::Msg>) {
        self.machine.recover(cx, durable, out);
        self.relay.recover(out);
    }

    fn reconnected(&mut self, cx: Cx, durable: Durable, out: &mut Out<M::Msg>) {
        self.machine.reconnected(cx, durable, out);
    }

    fn step(&mut self, cx: Cx, input: Input<M::Msg>, out: &mut Out<M::Msg>) {
        match RelayInput::of(input) {
            Ok(input) => self.relay.step(input, out),
            Err(input) => self.machine.step(cx, input, out),
        }
    }
}

/// Polls the outbox, hands letters over and marks them as sent.
///
/// It keeps in memory only what it is waiting for; the outbox is the truth, and
/// whatever it forgets it finds there again.
#[derive(Clone, Debug)]
pub struct Relay {
    setting: Arc<Setting>,
    /// The letters that are on their way, in the order of their transactions.
    letters: BTreeMap<LetterId, Handover>,
    /// Letters that were marked while a reading of the outbox was under way: it
    /// may still show them.
    marked_meanwhile: Vec<LetterId>,
}

/// How far a letter is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Handover {
    /// Handed over; the answer is due.
    Published(Letter),
    /// Its row is being deleted.
    Marking,
}

impl Relay {
    /// A relay that waits for nothing yet.
    pub fn new(setting: &Arc<Setting>) -> Self {
        Relay {
            setting: Arc::clone(setting),
            letters: BTreeMap::new(),
            marked_meanwhile: Vec::new(),
        }
    }

    /// A new process polls; what was on its way before, it finds in the outbox.
    fn recover<M>(&mut self, out: &mut Out<M>) {
        self.poll_again(out);
    }

    fn step<M: Message>(&mut self, input: RelayInput, out: &mut Out<M>) {
        match input {
            RelayInput::PollDue => self.read_outbox(out),
            RelayInput::Read(letters) => {
                for letter in letters {
                    self.take_up(letter, out);
                }
                self.poll_again(out);
            }
            RelayInput::Confirmed(id) => self.confirmed(id, out),
            RelayInput::Unanswered(id) => {
                if let Some(&Handover::Published(letter)) = self.letters.get(&id) {
                    self.hand_over(letter, out);
                }
            }
            RelayInput::Marked(id) => {
                self.letters.remove(&id);
                self.marked_meanwhile.push(id);
                out.observe(Note::step(Milestone::RelayMarked, id.tx, id.step));
            }
            // The row may still be there: then the next poll finds it, and it
            // is handed over once more rather than not at all.
            RelayInput::MarkFailed(id) => {
                self.letters.remove(&id);
            }
        }
    }

    /// Asks for letters: as many new ones as a batch holds, whatever waits for
    /// its answer. A provider that is away must not hold up the broker's.
    fn read_outbox<M>(&mut self, out: &mut Out<M>) {
        self.marked_meanwhile.clear();
        out.push(Effect::Unsent {
            call: POLL,
            limit: self.setting.policies.relay_batch + self.letters.len(),
        });
    }

    fn poll_again<M>(&self, out: &mut Out<M>) {
        out.push(Effect::Poll {
            key: POLL,
            every: self.setting.policies.poll_every,
        });
    }

    fn take_up<M>(&mut self, letter: Letter, out: &mut Out<M>) {
        let under_way = self.letters.contains_key(&letter.id);
        if under_way || self.marked_meanwhile.contains(&letter.id) || self.must_wait(&letter) {
            return;
        }
        self.hand_over(letter, out);
    }

    /// Events of one transaction to one queue keep their order: a later one
    /// stays in the outbox until the earlier is confirmed.
    fn must_wait(&self, letter: &Letter) -> bool {
        let LetterBody::Event { to: queue, .. } = letter.body else {
            return false;
        };
        let (first, last) = letters_of(letter.id.tx);
        self.letters.range(first..=last).any(|(_, handover)| {
            matches!(handover, Handover::Published(Letter { body: LetterBody::Event { to, .. }, .. })
                if *to == queue)
        })
    }

    fn hand_over<M>(&mut self, letter: Letter, out: &mut Out<M>) {
        let id = letter.id;
        let setting = &self.setting;
        match letter.body {
            LetterBody::Action(action) => {
                let with_key = setting.safeguards.keep(Safeguard::ProviderKey);
                let key = with_key.then_some(id);
                let order = ProviderMsg::HandOver { id, action, key };
                out.send_wire(setting.nodes.provider(), Wire::Provider(order));
            }
            LetterBody::Event { to, event } => {
                let publish = BrokerMsg::Publish { to, id, event };
                out.send_wire(setting.nodes.broker(), Wire::Broker(publish));
            }
        }
        out.observe(Note::step(Milestone::RelayPublished, id.tx, id.step));
        if setting.safeguards.keep(Safeguard::ConfirmBeforeMark) {
            out.arm(key_of(id, Tag::Confirm), setting.policies.resend_after);
            self.letters.insert(id, Handover::Published(letter));
        } else {
            self.mark(id, out);
        }
    }

    fn confirmed<M>(&mut self, id: LetterId, out: &mut Out<M>) {
        match self.letters.get(&id) {
            Some(Handover::Published(_)) => {
                out.disarm(key_of(id, Tag::Confirm));
                out.observe(Note::step(Milestone::RelayConfirmed, id.tx, id.step));
                self.mark(id, out);
            }
            // A second answer; or one to a letter that an earlier process, or
            // one without an outbox, handed over.
            Some(Handover::Marking) | None => {}
        }
    }

    /// Deletes the row. Lazily: if the mark is lost, the letter is only handed
    /// over once more, and a force for every letter would buy nothing else.
    fn mark<M>(&mut self, id: LetterId, out: &mut Out<M>) {
        let mut txn = Txn::default();
        let gone = Change::Delete(Row::Outbox(id));
        txn.cases.push(Case::always([gone], Answer::Done));
        self.letters.insert(id, Handover::Marking);
        out.push(Effect::Execute {
            call: key_of(id, Tag::Mark),
            stamp: Stamp::bookkeeping(id.tx),
            lane: Lane::Control,
            branch: None,
            txn: Box::new(txn),
            end: End::Commit,
            force: Force::Lazy,
        });
    }
}

/// What concerns the relay, out of everything that comes to its process.
enum RelayInput {
    /// There are letters, and it is time to look.
    PollDue,
    /// What the outbox holds; nothing if it could not be read.
    Read(Vec<Letter>),
    /// The broker, or the provider, has it.
    Confirmed(LetterId),
    /// Nobody has said so in time.
    Unanswered(LetterId),
    /// The row is gone.
    Marked(LetterId),
    /// The row may still be there.
    MarkFailed(LetterId),
}

impl RelayInput {
    /// The input as the relay's, or back as somebody else's.
    fn of<M>(input: Input<M>) -> Result<RelayInput, Input<M>> {
        match input {
            Input::Message {
                body:
                    Wire::Broker(BrokerMsg::Confirm(id)) | Wire::Provider(ProviderMsg::Accepted(id)),
                ..
            } => Ok(RelayInput::Confirmed(id)),
            Input::Timer(key) if key.tag == Tag::Poll => Ok(RelayInput::PollDue),
            Input::Timer(key) if key.tag == Tag::Confirm => {
                Ok(RelayInput::Unanswered(letter_of(key)))
            }
            Input::Executed { call, result } if call.tag == Tag::Poll => {
                Ok(RelayInput::Read(match result {
                    Outcome::Letters(letters) => letters,
                    _ => Vec::new(),
                }))
            }
            Input::Executed { call, result } if call.tag == Tag::Mark => {
                let id = letter_of(call);
                Ok(match result {
                    Outcome::Committed { .. } => RelayInput::Marked(id),
                    _ => RelayInput::MarkFailed(id),
                })
            }
            other => Err(other),
        }
    }
}

/// The poll is nobody's.
const POLL: Key = Key {
    tx: TxId::NOBODY,
    tag: Tag::Poll,
    n: 0,
};

/// The key of a call or timer for a letter: its step's number, then its place.
fn key_of(id: LetterId, tag: Tag) -> Key {
    Key {
        tx: id.tx,
        tag,
        n: key_number(id.step, id.direction) * PLACES + u32::from(id.n),
    }
}

/// The letter that a key of [`key_of`] is for.
fn letter_of(key: Key) -> LetterId {
    let (step, direction) = step_of(key.n / PLACES);
    LetterId {
        tx: key.tx,
        step,
        direction,
        n: (key.n % PLACES) as u8,
    }
}

/// More than a step has letters.
const PLACES: u32 = 1_000;

/// The least and the greatest letter of a transaction.
fn letters_of(tx: TxId) -> (LetterId, LetterId) {
    let letter = |step, direction, n| LetterId {
        tx,
        step: StepId(step),
        direction,
        n,
    };
    (
        letter(0, Direction::Forward, 0),
        letter(u8::MAX, Direction::Backward, u8::MAX),
    )
}

#[cfg(test)]
mod tests {
    use crate::protocol::choreographed::ChoreographedSaga;
    use crate::protocol::play::play;

    #[test]
    fn the_relay_plays_its_scripts() {
        play::<ChoreographedSaga>("relay");
    }
}
