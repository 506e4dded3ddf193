//! A mix of business transactions: which one a request is for, and a machine for
//! each of them.

use std::sync::Arc;

use super::{Cx, Durable, Input, Machine, Out, Setting};
use crate::business::Business;
use crate::vocab::{Chance, FastMap, Identity, RequestId, Stream};

/// Which transaction of a mix every request is for: known of each by its name alone,
/// whoever asks.
#[derive(Clone, Debug, Default)]
pub enum Wanted {
    /// There is only one.
    #[default]
    One,
    /// It is drawn, by the weights.
    Drawn {
        /// From this.
        chance: Chance,
        /// The weights, each with those before it.
        sums: Vec<u64>,
    },
    /// The scenario says so of each.
    Listed(FastMap<RequestId, u8>),
}

impl Wanted {
    /// As it is drawn for the transactions of this business.
    pub fn drawn(chance: Chance, business: &Business) -> Self {
        let weights = business
            .transactions
            .iter()
            .map(|one| u64::from(one.weight));
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Wanted::Drawn {
            chance,
            sums: sums.collect(),
        }
    }

    /// The place in [`Business::transactions`] of the one that a request is for; 0
    /// where there is only one.
    pub fn by(&self, request: RequestId) -> usize {
        match self {
            Wanted::One => 0,
            Wanted::Drawn { chance, sums } => {
                let who = Identity::named("transaction")
                    .with(u64::from(request.client.0))
                    .with(u64::from(request.n));
                let all = sums.last().copied().unwrap_or_default();
                let at = (chance.unit(Stream::Workload, who) * all as f64) as u64;
                let wanted = sums.partition_point(|&sum| sum <= at);
                wanted.min(sums.len().saturating_sub(1))
            }
            Wanted::Listed(wanted) => wanted.get(&request).copied().map_or(0, usize::from),
        }
    }
}

/// A role of a protocol at one node, for a mix of transactions: a machine for each of
/// them, which knows of no other. Whatever comes, goes to the one whose request it
/// is about.
///
/// It stands inside of [`WithRelay`](super::relay::WithRelay): the letters of all
/// transactions wait in one outbox, and one relay hands them over. Where there is only
/// one transaction it is that one's machine, and nothing else.
#[derive(Clone, Debug)]
pub struct Mix<M> {
    setting: Arc<Setting>,
    /// By the places of their transactions.
    machines: Vec<M>,
}

impl<M: Machine> Mix<M> {
    /// The machines that `build` makes, each from what it is given at birth: the
    /// business with the steps of its own transaction alone.
    pub fn new(setting: &Arc<Setting>, build: impl Fn(&Arc<Setting>) -> M) -> Self {
        let all = 0..setting.business.variety();
        let machines = all.map(|n| build(&setting.alone(n))).collect();
        Mix {
            setting: Arc::clone(setting),
            machines,
        }
    }

    fn wanted(&self, request: RequestId) -> usize {
        self.setting.wanted.by(request)
    }

    /// What the database still knows, for each machine what is its own.
    fn split(&self, durable: Durable) -> Vec<Durable> {
        let empty = Durable {
            unsent: durable.unsent,
            ..Durable::default()
        };
        let mut parts = vec![empty; self.machines.len()];
        for tx in durable.prepared {
            parts[self.wanted(tx.request())].prepared.push(tx);
        }
        for (tx, entry) in durable.log {
            parts[self.wanted(tx.request())].log.push((tx, entry));
        }
        for (key, outcome) in durable.outcomes {
            parts[self.wanted(key.request)]
                .outcomes
                .push((key, outcome));
        }
        parts
    }
}

impl<M: Machine> Machine for Mix<M> {
    type Msg = M::Msg;

    fn recover(&mut self, cx: Cx, durable: Durable, out: &mut Out<M::Msg>) {
        let parts = self.split(durable);
        for (machine, part) in self.machines.iter_mut().zip(parts) {
            machine.recover(cx, part, out);
        }
    }

    fn reconnected(&mut self, cx: Cx, durable: Durable, out: &mut Out<M::Msg>) {
        let parts = self.split(durable);
        for (machine, part) in self.machines.iter_mut().zip(parts) {
            machine.reconnected(cx, part, out);
        }
    }

    fn step(&mut self, cx: Cx, input: Input<M::Msg>, out: &mut Out<M::Msg>) {
        let tx = match &input {
            Input::Message { body, .. } => body.tx(),
            Input::Executed { call: key, .. } | Input::Timer(key) => key.tx,
        };
        let wanted = self.wanted(tx.request());
        self.machines[wanted].step(cx, input, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::{ClientId, Seed};

    #[test]
    fn as_many_want_each_as_its_weight_says() {
        let sums = vec![3, 4, 10];
        let chance = Chance::new(Seed(7));
        let wanted = Wanted::Drawn { chance, sums };
        let mut times = [0u32; 3];
        for n in 0..10_000 {
            let client = ClientId(n % 8);
            times[wanted.by(RequestId { client, n })] += 1;
        }
        // A standard deviation is at most 50.
        for (times, expected) in times.into_iter().zip([3_000, 1_000, 6_000]) {
            assert!(times.abs_diff(expected) < 200, "{times} of {expected}");
        }
    }
}
