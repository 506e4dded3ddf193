//! A mix of several business transactions.

use std::ops::Range;

use super::{Business, Params};
use crate::vocab::StepId;

/// One of the business transactions of a mix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its name in the scenario.
    pub name: String,
    /// How many of the requests are for it, in proportion to the others' weights; at
    /// least 1.
    pub weight: u32,
    /// The ids of its steps.
    pub steps: Range<u8>,
}

impl Params {
    /// In a mix, the place of the number of the transaction that a request is for,
    /// behind all domains.
    pub const TRANSACTION: usize = Params::MOST - 1;
}

impl Business {
    /// Which transaction of the mix a request about this is for, by its place in
    /// [`Business::transactions`]; 0 where there is only one.
    pub fn wanted(&self, params: &Params) -> usize {
        match self.transactions.is_empty() {
            true => 0,
            false => params.0[Params::TRANSACTION] as usize,
        }
    }

    /// The transaction of the mix that a request about this is for, by its name;
    /// `None` where there is only one.
    pub fn wanted_name(&self, params: &Params) -> Option<&str> {
        let wanted = self.transactions.get(self.wanted(params));
        wanted.map(|transaction| transaction.name.as_str())
    }

    /// The transaction that a step belongs to, by its place.
    pub fn place_of(&self, step: StepId) -> usize {
        let with = |one: &Transaction| one.steps.start > step.0;
        let later = self.transactions.iter().position(with);
        later.unwrap_or(self.variety()) - 1
    }

    /// How many transactions there are.
    pub fn variety(&self) -> usize {
        self.transactions.len().max(1)
    }

    /// The steps of the `n`th transaction, in order; all steps where there is only
    /// one.
    pub fn steps_of(
        &self,
        n: usize,
    ) -> impl DoubleEndedIterator<Item = StepId> + ExactSizeIterator + use<> {
        let all = self.first.0..self.first.0 + self.steps.len() as u8;
        let steps = self.transactions.get(n).map(|one| one.steps.clone());
        steps.unwrap_or(all).map(StepId)
    }

    /// The `n`th transaction alone, as the machines are given it that do it. Its
    /// steps keep their ids, and it knows what the others mark.
    pub fn alone(&self, n: usize) -> Business {
        let Some(transaction) = self.transactions.get(n) else {
            return self.clone();
        };
        let Range { start, end } = transaction.steps;
        let mut marked: Vec<_> = self.marked().collect();
        marked.sort_unstable();
        marked.dedup();
        Business {
            steps: self.steps[usize::from(start)..usize::from(end)].to_vec(),
            first: StepId(start),
            transactions: Vec::new(),
            marked_by_others: marked,
            ..self.clone()
        }
    }

    /// Each transaction alone.
    pub fn each_alone(&self) -> impl Iterator<Item = Business> {
        (0..self.variety()).map(|n| self.alone(n))
    }

    /// How many steps the longest transaction has.
    pub fn most_steps(&self) -> usize {
        let steps = (0..self.variety()).map(|n| self.steps_of(n).len());
        steps.max().unwrap_or_default()
    }
}
