//! Clients: everybody who wants something of the services.

use std::collections::BTreeSet;

use super::agenda::Handle;
use super::arrivals;
use super::chooser::Chooser;
use super::happening::Happening;
use super::world::{World, request};
use crate::business::Params;
use crate::history::{Sink, What};
use crate::protocol::{ClientMsg, ClientOutcome, Milestone, Note, Protocol, Safeguard, Wire};
use crate::scenario::{Arrivals, Impulse, Scenario};
use crate::vocab::{
    Chance, ClientId, FastMap, Identity, Probability, RequestId, RequestKey, SimTime, Stream, TxId,
};

/// Everybody's wishes.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    chance: Chance,
    choices: Vec<Chooser>,
    /// How many requests were begun, of how many.
    started: u32,
    total: u32,
    /// When clients stop asking.
    until: Option<SimTime>,
    /// Closed loop: the next request's number of every client.
    next: Vec<u32>,
    waiting: FastMap<RequestId, Waiting>,
    leave_out: BTreeSet<RequestId>,
    budget: Option<RetryBudget>,
}

/// A request without a final answer.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    params: Params,
    retry: u16,
    /// Whether the first of its retries was a click, which needs no time-out and
    /// is not counted as one.
    clicked: bool,
    /// Its time-out, once it is set, or its next retry.
    timeout: Option<Handle>,
}

/// How many retries all clients together may still make: a token bucket.
#[derive(Clone, Copy, Debug)]
struct RetryBudget {
    /// In millionths of a retry, so that shares add up exactly.
    left: u64,
    /// What a request adds.
    earns: u64,
}

impl RetryBudget {
    const RETRY: u64 = 1_000_000;
    /// What they begin with, and the most that they can save up: a few that fail early
    /// may try again, and a long calm does not pay for a storm.
    const MOST: u64 = 10 * Self::RETRY;

    fn new(share: Probability) -> Self {
        RetryBudget {
            left: Self::MOST,
            earns: libm::round(share.get() * Self::RETRY as f64) as u64,
        }
    }

    fn earn(&mut self) {
        self.left = (self.left + self.earns).min(Self::MOST);
    }

    /// Whether there was a retry left to spend.
    fn spend(&mut self) -> bool {
        let rest = self.left.checked_sub(Self::RETRY);
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }
}

impl Clients {
    pub(super) fn new(scenario: &Scenario, chance: Chance, leave_out: BTreeSet<RequestId>) -> Self {
        let workload = &scenario.workload;
        let clients = match workload.arrivals {
            Arrivals::Closed { clients, .. } => clients as usize,
            Arrivals::Open { .. } | Arrivals::Listed(_) => 0,
        };
        Clients {
            chance,
            choices: workload
                .choices
                .iter()
                .zip(&scenario.business.domains)
                .map(|(choice, domain)| Chooser::new(*choice, domain))
                .collect(),
            started: 0,
            total: workload.transactions,
            until: workload.until.map(|until| SimTime::ZERO + until),
            next: vec![0; clients],
            waiting: FastMap::default(),
            leave_out,
            budget: workload.retry_budget.map(RetryBudget::new),
        }
    }

    /// Whether no request is begun any more at this time, or later.
    pub(super) fn arrivals_are_over(&self, now: SimTime) -> bool {
        self.started >= self.total || self.until.is_some_and(|until| now >= until)
    }

    /// What a request is about: a function of the seed and of who asks for the
    /// how-many-th time.
    pub(super) fn params(&self, stream: Stream, who: Identity) -> Params {
        let mut params = Params::default();
        for (d, chooser) in self.choices.iter().enumerate() {
            let unit = self.chance.unit(stream, who.with(d as u64));
            params.0[d] = chooser.choose(unit);
        }
        params
    }
}

impl<P: Protocol, S: Sink> World<P, S> {
    pub(super) fn schedule_first_requests(&mut self) {
        let scenario = std::sync::Arc::clone(&self.scenario);
        match &scenario.workload.arrivals {
            &Arrivals::Closed { clients, think } => {
                for client in 0..clients {
                    let who = Identity::named("think").with(u64::from(client));
                    let first = think.draw(self.chance, Stream::Workload, who);
                    self.agenda
                        .push(SimTime::ZERO + first, who, Happening::Ask(ClientId(client)));
                }
            }
            Arrivals::Open { .. } => self.schedule_arrival(0),
            Arrivals::Listed(wishes) => {
                let wanted = wishes.iter().take(self.clients.total as usize);
                for (n, wish) in (0u32..).zip(wanted) {
                    let who = Identity::named("listed").with(u64::from(n));
                    self.agenda.push(wish.at, who, Happening::Wish(n));
                }
            }
        }
    }

    /// Open loop: the n-th request comes from the n-th client.
    fn schedule_arrival(&mut self, n: u32) {
        if n >= self.clients.total {
            return;
        }
        let who = Identity::named("arrival").with(u64::from(n));
        let arrivals = &self.scenario.workload.arrivals;
        if let Some(at) = arrivals::next(arrivals, self.chance, who, self.now) {
            self.agenda.push(at, who, Happening::Ask(ClientId(n)));
        }
    }

    /// A client asks for what it wants next.
    pub(super) fn ask(&mut self, client: ClientId) {
        if self.clients.arrivals_are_over(self.now) {
            return;
        }
        self.clients.started += 1;
        let n = match self.clients.next.get_mut(client.0 as usize) {
            Some(next) => {
                *next += 1;
                *next - 1
            }
            None => {
                self.schedule_arrival(client.0 + 1);
                0
            }
        };
        let request = RequestId { client, n };
        if self.clients.leave_out.contains(&request) {
            self.think_and_ask_again(request);
            return;
        }
        let who = Identity::named("wish")
            .with(u64::from(client.0))
            .with(u64::from(n));
        let mut params = self.clients.params(Stream::Workload, who);
        if self.setting.business.variety() > 1 {
            params.0[Params::TRANSACTION] = self.setting.wanted.by(request) as u32;
        }
        self.want(request, params);
    }

    /// The time of a listed request has come.
    pub(super) fn wish(&mut self, n: u32) {
        let Arrivals::Listed(wishes) = &self.scenario.workload.arrivals else {
            return;
        };
        let wish = wishes[n as usize];
        self.clients.started += 1;
        self.want(wish.request, wish.params);
    }

    fn want(&mut self, request: RequestId, params: Params) {
        self.clients.waiting.insert(
            request,
            Waiting {
                params,
                retry: 0,
                clicked: false,
                timeout: None,
            },
        );
        if let Some(budget) = &mut self.clients.budget {
            budget.earn();
        }
        self.in_flight.hold(request);
        self.disturbed_until(self.now);
        self.schedule_impulses(request);
        self.send_request(request, params, 0);
    }

    /// Whether this client will take its wish back, or click twice.
    fn schedule_impulses(&mut self, wish: RequestId) {
        let workload = &self.scenario.workload;
        for (name, impulse, happening) in [
            ("cancel", workload.cancel, Happening::Cancel(wish)),
            (
                "double-click",
                workload.double_click,
                Happening::ClickAgain(wish),
            ),
        ] {
            let who = Identity::named(name)
                .with(u64::from(wish.client.0))
                .with(u64::from(wish.n));
            let stream = Stream::Workload;
            if let Some(Impulse { share, after }) = impulse
                && self.chance.happens(stream, who, share)
            {
                let after = after.draw(self.chance, stream, who.with(1));
                self.agenda.push(self.now + after, who, happening);
            }
        }
    }

    /// A client that has no final answer yet takes its wish back. It goes on
    /// waiting, for it may be too late.
    pub(super) fn cancel(&mut self, request: RequestId) {
        let Some(Waiting { params, retry, .. }) = self.clients.waiting.get(&request).copied()
        else {
            return;
        };
        let key = self.key_of(request, retry);
        let cancel = Wire::Client(ClientMsg::Cancel { key, params });
        let entry = self.setting.entry(request);
        self.send(self.setting.nodes.clients(), entry, cancel);
    }

    /// A client that has no final answer yet, and has not tried again, asks
    /// again.
    pub(super) fn click_again(&mut self, request: RequestId) {
        let waiting = self.clients.waiting.get_mut(&request);
        let Some(waiting) = waiting.filter(|w| w.retry == 0) else {
            return;
        };
        waiting.retry = 1;
        waiting.clicked = true;
        let (params, timeout) = (waiting.params, waiting.timeout.take());
        if let Some(timeout) = timeout {
            self.agenda.take_back(timeout);
        }
        self.send_request(request, params, 1);
    }

    /// The idempotency key that a try carries.
    fn key_of(&self, request: RequestId, retry: u16) -> RequestKey {
        let fresh = if self.keeps(Safeguard::IdempotentClientRetry) {
            0
        } else {
            retry
        };
        RequestKey { request, fresh }
    }

    fn send_request(&mut self, wish: RequestId, params: Params, retry: u16) {
        let key = self.key_of(wish, retry);
        let clients = self.setting.nodes.clients();
        self.record(clients, What::Asked { key, params, retry });
        let entry = self.setting.entry(wish);
        self.send(clients, entry, request(key, params, retry));
        let timeout = self.scenario.workload.timeout;
        let who = Identity::named("client-timeout")
            .with_key(key)
            .with(u64::from(retry));
        let due = Happening::ClientTimeout {
            request: wish,
            retry,
        };
        let handle = self.agenda.push(self.now + timeout, who, due);
        if let Some(waiting) = self.clients.waiting.get_mut(&wish) {
            waiting.timeout = Some(handle);
        }
        let tx = TxId {
            key,
            epoch: 0,
            attempt: 0,
        };
        self.reach(clients, Note::new(Milestone::ClientSent, tx));
    }

    /// No answer in time: the client asks again, perhaps after a while, or gives up.
    pub(super) fn client_timeout(&mut self, request: RequestId, retry: u16) {
        let Some(waiting) = self.clients.waiting.get_mut(&request) else {
            return;
        };
        if waiting.retry != retry {
            return;
        }
        let workload = &self.scenario.workload;
        let clicks = u16::from(waiting.clicked);
        let tries_again = retry < workload.retries + clicks
            && self.clients.budget.as_mut().is_none_or(RetryBudget::spend);
        let clients = self.setting.nodes.clients();
        let key = RequestKey { request, fresh: 0 };
        let tx = TxId {
            key,
            epoch: 0,
            attempt: 0,
        };
        if tries_again {
            waiting.retry += 1;
            let (params, retry) = (waiting.params, waiting.retry);
            let backoff = workload.backoff(retry - clicks);
            let who = Identity::named("client-jitter")
                .with_key(key)
                .with(u64::from(retry));
            let chance = self.chance;
            let pause = backoff + chance.part(Stream::Workload, who, backoff, workload.jitter);
            self.reach(clients, Note::new(Milestone::ClientTimedOut, tx));
            if pause.is_zero() {
                return self.send_request(request, params, retry);
            }
            let who = Identity::named("client-retry")
                .with_key(key)
                .with(u64::from(retry));
            let due = Happening::ClientRetry { request, retry };
            let handle = self.agenda.push(self.now + pause, who, due);
            if let Some(waiting) = self.clients.waiting.get_mut(&request) {
                waiting.timeout = Some(handle);
            }
        } else {
            self.clients.waiting.remove(&request);
            self.reach(clients, Note::new(Milestone::ClientTimedOut, tx));
            self.record(clients, What::GaveUp { request });
            self.think_and_ask_again(request);
            self.in_flight.release(request);
        }
    }

    /// A client has waited long enough before its retry.
    pub(super) fn client_retry(&mut self, request: RequestId, retry: u16) {
        if let Some(waiting) = self.clients.waiting.get(&request).copied()
            && waiting.retry == retry
        {
            self.send_request(request, waiting.params, retry);
        }
    }

    /// An answer reached its client. One that wants nothing more ignores it.
    pub(super) fn told(&mut self, key: RequestKey, outcome: ClientOutcome) {
        let request = key.request;
        if !self.clients.waiting.contains_key(&request) {
            return;
        }
        let clients = self.setting.nodes.clients();
        self.record(clients, What::Told { key, outcome });
        if outcome.is_final() {
            if let Some(Waiting {
                timeout: Some(timeout),
                ..
            }) = self.clients.waiting.remove(&request)
            {
                self.agenda.take_back(timeout);
            }
            let tx = TxId {
                key,
                epoch: 0,
                attempt: 0,
            };
            self.reach(clients, Note::new(Milestone::ClientTold, tx));
            self.think_and_ask_again(request);
            self.in_flight.release(request);
        }
    }

    fn think_and_ask_again(&mut self, request: RequestId) {
        let Arrivals::Closed { think, .. } = self.scenario.workload.arrivals else {
            return;
        };
        let who = Identity::named("think")
            .with(u64::from(request.client.0))
            .with(u64::from(request.n) + 1);
        let pause = think.draw(self.chance, Stream::Workload, who);
        self.agenda
            .push(self.now + pause, who, Happening::Ask(request.client));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_budget_begins_with_ten_and_earns_its_share() {
        let mut budget = RetryBudget::new(Probability::new(0.1).expect("a probability"));
        let spent = (0..20).filter(|_| budget.spend()).count();
        assert_eq!(spent, 10);
        let later = (0..35).filter(|_| {
            budget.earn();
            budget.spend()
        });
        assert_eq!(later.count(), 3);
        (0..1_000).for_each(|_| budget.earn());
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10);
    }
}
