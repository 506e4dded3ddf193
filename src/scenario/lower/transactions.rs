//! Several transactions, and where the steps of each are.

use std::ops::Range;

use crate::business::{Action, ActionKind, Params, ResourceId, Step, Transaction};
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{At, File, StepFile};
use crate::scenario::names::{self, check_name, check_unique, quote};
use crate::vocab::StepId;

use super::Lowering;
use super::cast::{Cast, MOST};

/// The most transactions.
const MOST_TRANSACTIONS: usize = 16;
/// The largest weight.
const HEAVIEST: u64 = 1_000_000;

/// The steps of one transaction.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Where they stand among the steps of the file.
    pub(super) written: Range<usize>,
    /// The id of the first.
    pub(super) first: usize,
    /// How many there are, with those that the bench adds at the end.
    pub(super) steps: usize,
}

impl Part {
    /// The id of a step of it, by its place in the file.
    pub(super) fn id(&self, written: usize) -> StepId {
        StepId((self.first + written - self.written.start) as u8)
    }
}

/// The parts of a file: one, if it is not a mix.
pub(super) fn parts(file: &File) -> Vec<Part> {
    let mut first = 0;
    let parts = file.parts().into_iter().map(|written| {
        let says = file.steps[written.clone()]
            .iter()
            .filter_map(|s| s.says.as_ref());
        let steps = written.len() + says.map(added).sum::<usize>();
        let part = Part {
            written,
            first,
            steps,
        };
        first += steps;
        part
    });
    parts.collect()
}

/// How many steps the bench adds for the sake of this one.
fn added(says: &StepFile) -> usize {
    let is = |says: &Option<At<bool>>| says.as_ref().is_some_and(|yes| *yes.get_ref());
    usize::from(is(&says.semantic_lock)) + usize::from(is(&says.reserve_then_confirm))
}

impl Lowering<'_> {
    /// The transactions of a mix; none, if the file has only steps.
    pub(super) fn transactions(&mut self) -> Vec<Transaction> {
        let file = self.file;
        if let Some(one_too_many) = file.transactions.get(MOST_TRANSACTIONS) {
            let what = format!("more than {MOST_TRANSACTIONS} transactions");
            let span = one_too_many.span.clone();
            self.problems.push(Problem::at(span, what));
        }
        if let (false, Some(fourth)) = (
            file.transactions.is_empty(),
            file.domains.get(Params::TRANSACTION),
        ) {
            let most = Params::TRANSACTION;
            self.problems.push(
                Problem::at(
                    fourth.name.span(),
                    format!("more than {most} domains beside `transactions`"),
                )
                .help("which transaction a request is for takes the place of the fourth"),
            );
        }
        let mut seen = Vec::new();
        let mut transactions = Vec::new();
        for (entry, part) in file.transactions.iter().zip(self.parts.clone()) {
            let Some(says) = &entry.says else { continue };
            let (name, span) = (says.name.get_ref(), says.name.span());
            check_name(self.problems, "a transaction", name, span.clone());
            check_unique(self.problems, "transactions", &mut seen, name, span.clone());
            if part.written.is_empty() {
                let what = format!("the transaction {} has no steps", quote(name));
                self.problems.push(
                    Problem::at(span, what)
                        .help("write them under it, each as `[[transactions.steps]]`"),
                );
            }
            let weight = self.within(says.weight.as_ref(), "weight", 1, HEAVIEST, 1);
            let end = (part.first + part.steps).min(usize::from(u8::MAX)) as u8;
            transactions.push(Transaction {
                name: name.clone(),
                weight,
                steps: part.first.min(usize::from(u8::MAX)) as u8..end,
            });
        }
        transactions
    }

    /// In a mix, the steps that the bench adds count too.
    pub(super) fn refuse_too_many_steps(&mut self) {
        let file = self.file;
        let all: usize = self.parts.iter().map(|part| part.steps).sum();
        let last = file.transactions.last();
        if let Some(last) = last.filter(|_| all > MOST && file.steps.len() <= MOST) {
            let what = format!("more than {MOST} steps, with those that the bench adds");
            self.problems.push(
                Problem::at(last.span.clone(), what)
                    .help("each semantic lock is released, and each reservation confirmed, by a step of its own"),
            );
        }
    }

    /// The transaction that a listed request is for, by its place.
    pub(super) fn transaction_named(
        &mut self,
        says: Option<&At<String>>,
        request: Range<usize>,
    ) -> Option<usize> {
        let file = self.file;
        let heads = file.transactions.iter().map(|entry| entry.says.as_ref());
        let known: Vec<&str> = heads
            .map(|says| says.map_or("", |says| says.name.get_ref().as_str()))
            .collect();
        match says {
            None if known.is_empty() => Some(0),
            None => {
                self.problems.push(
                    Problem::at(
                        request,
                        "this request does not say which transaction it is for",
                    )
                    .help(format!(
                        "add `transaction = ..`, one of: {}",
                        names::list(&known)
                    )),
                );
                None
            }
            Some(says) if known.is_empty() => {
                self.problems.push(
                    Problem::at(says.span(), "there is only one transaction")
                        .help("`transaction` goes with several `[[transactions]]`"),
                );
                None
            }
            Some(says) => names::find(self.problems, says, ("transaction", "transactions"), &known),
        }
    }

    /// A saga that holds a semantic lock, or a reservation, waits with it for that of
    /// another; so all must take them in one order.
    pub(super) fn refuse_opposite_orders(&mut self, cast: &Cast, steps: &[Vec<Step>]) {
        let all: Vec<Vec<Wait>> = steps.iter().map(|steps| waits(steps)).collect();
        for (n, waits) in all.iter().enumerate() {
            let mut circles = waits.iter().filter(|wait| {
                let mut others = all[..n].iter().flatten();
                others.any(|other| wait.may_be_for(other) && other.may_be_for(wait))
            });
            let Some(wait) = circles.next() else { continue };
            let says = self.file.transactions.get(n).and_then(|t| t.says.as_ref());
            let Some(says) = says else { continue };
            let name = |id: ResourceId| &cast.resource_names[id.0 as usize];
            let what = format!(
                "this transaction wants `{}` while it holds `{}`, and another the other way round",
                name(wait.wanted),
                name(wait.held)
            );
            self.problems.push(
                Problem::at(says.name.span(), what)
                    .help("two sagas that hold one each by a semantic lock or a reservation, and want the other's, would wait for ever: let all transactions go through them in one order"),
            );
        }
    }
}

/// What a transaction may have to wait for while it holds something.
struct Wait {
    held: ResourceId,
    /// Whether by a reservation, which only keeps away who takes too.
    reserved: bool,
    wanted: ResourceId,
    /// Whether to take of it.
    takes: bool,
}

impl Wait {
    /// Whether it may be for what the other holds.
    fn may_be_for(&self, other: &Wait) -> bool {
        self.wanted == other.held && self.held != other.held && (self.takes || !other.reserved)
    }
}

/// Everything that is held, with everything that is wanted after it.
fn waits(steps: &[Step]) -> Vec<Wait> {
    let takes =
        |action: &Action| matches!(action.kind, ActionKind::Take(_) | ActionKind::Reserve(_));
    let mut waits = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        let reserved = step.reserves();
        if !reserved && !step.semantic_lock {
            continue;
        }
        let later = steps[n + 1..].iter().filter(|s| s.confirms.is_none());
        let wanted = later.flat_map(|step| &step.actions);
        for wanted in wanted.filter(|action| action.kind != ActionKind::Perform) {
            let held = step.actions.iter();
            let held = held.filter(|action| action.kind.changes() || reserved);
            waits.extend(held.map(|held| Wait {
                held: held.resource,
                reserved,
                wanted: wanted.resource,
                takes: takes(wanted),
            }));
        }
    }
    waits
}
