//! Who wants what, and when: requests, readers, the operator.

use crate::business::{BusinessRow, Facet, KeyTemplate, Params, ResourceId, ResourceKind};
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{
    ArrivalsFile, ArrivalsKindFile, At, BurstFile, ImpulseFile, OperatorFile, RampFile,
};
use crate::scenario::names::{self, check_name, check_unique, quote};
use crate::scenario::types::{
    Arrivals, Burst, Choice, Dist, Impulse, OperatorEvent, Ramp, Reader, Workload,
};
use crate::scenario::value::{ChoiceFile, ItemFile, Time, ValueFile};
use crate::vocab::{Probability, SimDuration, SimTime};

use super::Lowering;
use super::cast::Cast;

const TRANSACTIONS: u32 = 100;
const CLIENTS: u32 = 8;
const THINK: SimDuration = SimDuration::from_millis(5);
const TIMEOUT: SimDuration = SimDuration::from_millis(250);
const RETRIES: u16 = 3;

/// A run of more transactions is refused.
pub const MOST_TRANSACTIONS: u32 = 10_000_000;
const MOST_CLIENTS: u64 = 1_000_000;
const MOST_RETRIES: u64 = 100;
const BURST: u32 = 10;
const MOST_BURST: u64 = 1_000;
const MOST_ROWS_READ: u64 = 10_000;
const STEEPEST_ZIPF: f64 = 10.0;

fn impulse(says: Option<&At<ImpulseFile>>) -> Option<Impulse> {
    let says = says?.get_ref();
    Some(Impulse {
        share: says.share.0,
        after: says.after.get_ref().0,
    })
}

impl Lowering<'_> {
    pub(super) fn workload(&mut self, cast: &Cast) -> Workload {
        let file = self.file;
        let says = &file.workload;
        let (transactions, arrivals) = match self.listed(cast) {
            Some(wishes) => (wishes.len() as u32, Arrivals::Listed(wishes)),
            None => {
                let most = u64::from(MOST_TRANSACTIONS);
                let said = says.transactions.as_ref();
                let transactions = self.within(said, "transactions", 1, most, TRANSACTIONS);
                (transactions, self.arrivals(says.arrivals.as_ref()))
            }
        };
        Workload {
            transactions,
            arrivals,
            choices: self.choices(cast),
            timeout: self.positive(says.timeout.as_ref(), "timeout", TIMEOUT),
            retries: self.within(says.retries.as_ref(), "retries", 0, MOST_RETRIES, RETRIES),
            backoff: says.backoff.map_or(SimDuration::ZERO, |time| time.0),
            jitter: says.jitter.map_or(Probability::NEVER, |share| share.0),
            retry_budget: says.retry_budget.as_ref().map(|share| share.get_ref().0),
            cancel: impulse(says.cancel.as_ref()),
            double_click: impulse(says.double_click.as_ref()),
            until: self.until(says.until.as_ref()),
            warm_up: says.warm_up.map_or(SimDuration::ZERO, |time| time.0),
        }
    }

    /// When clients stop asking: not where each request has a time of its own.
    fn until(&mut self, says: Option<&At<Time>>) -> Option<SimDuration> {
        let says = says?;
        if !self.file.requests.is_empty() {
            self.problems.push(
                Problem::at(says.span(), "`until` means nothing beside `[[requests]]`")
                    .help("each of them has its own time"),
            );
        }
        Some(self.positive(Some(says), "until", SimDuration::ZERO))
    }

    fn arrivals(&mut self, says: Option<&At<ArrivalsFile>>) -> Arrivals {
        let closed = |clients, think| Arrivals::Closed { clients, think };
        let Some(arrivals) = says else {
            return closed(CLIENTS, Dist::Fixed(THINK));
        };
        let says = arrivals.get_ref();
        let kind = *says.kind.get_ref();
        for (key, span, means_something) in [
            (
                "clients",
                says.clients.as_ref().map(At::span),
                ArrivalsKindFile::Closed,
            ),
            (
                "think",
                says.think.as_ref().map(At::span),
                ArrivalsKindFile::Closed,
            ),
            (
                "every",
                says.every.as_ref().map(At::span),
                ArrivalsKindFile::Open,
            ),
            (
                "poisson",
                says.poisson.as_ref().map(At::span),
                ArrivalsKindFile::Open,
            ),
            (
                "ramp",
                says.ramp.as_ref().map(At::span),
                ArrivalsKindFile::Open,
            ),
            (
                "burst",
                says.burst.as_ref().map(At::span),
                ArrivalsKindFile::Open,
            ),
        ] {
            if let Some(span) = span
                && kind != means_something
            {
                let (word, help) = match kind {
                    ArrivalsKindFile::Closed => (
                        "closed",
                        "a closed loop has so many `clients`, each of which asks again once it has its answer and did `think`",
                    ),
                    ArrivalsKindFile::Open => (
                        "open",
                        "in an open loop requests come `every` so often, as a `poisson` process or like clockwork, answered or not",
                    ),
                };
                self.problems.push(
                    Problem::at(
                        span,
                        format!("`{key}` means nothing for arrivals of kind \"{word}\""),
                    )
                    .beside(says.kind.span(), "by this")
                    .help(help),
                );
            }
        }
        match kind {
            ArrivalsKindFile::Closed => closed(
                self.within(says.clients.as_ref(), "clients", 1, MOST_CLIENTS, CLIENTS),
                says.think
                    .as_ref()
                    .map_or(Dist::Fixed(THINK), |d| d.get_ref().0),
            ),
            ArrivalsKindFile::Open => {
                if says.every.is_none() {
                    self.problems.push(
                        Problem::at(
                            arrivals.span(),
                            "open arrivals do not say how often requests come",
                        )
                        .help("`every = \"4ms\"`: the mean time between two"),
                    );
                }
                Arrivals::Open {
                    every: self.positive(says.every.as_ref(), "every", THINK),
                    poisson: says.poisson.as_ref().is_none_or(|p| *p.get_ref()),
                    ramp: says.ramp.as_ref().map(|ramp| self.ramp(ramp.get_ref())),
                    burst: says.burst.as_ref().map(|burst| self.burst(burst.get_ref())),
                }
            }
        }
    }

    fn ramp(&mut self, says: &RampFile) -> Ramp {
        Ramp {
            to: self.positive(Some(&says.to), "to", THINK),
            over: self.positive(Some(&says.over), "over", THINK),
        }
    }

    fn burst(&mut self, says: &BurstFile) -> Burst {
        let every = self.positive(Some(&says.every), "every", THINK);
        let lasts = self.positive(Some(&says.lasts), "lasts", THINK);
        if lasts >= every {
            self.problems.push(
                Problem::at(says.lasts.span(), "a burst lasts until the next begins")
                    .label("less than `every`")
                    .beside(says.every.span(), "by this")
                    .help("without a time between them they are no bursts: requests that always come often have a small `every` of their own"),
            );
        }
        Burst {
            every,
            lasts,
            times: self.within(says.times.as_ref(), "times", 2, MOST_BURST, BURST),
        }
    }

    /// How the value of every domain is chosen.
    fn choices(&mut self, cast: &Cast) -> Vec<Choice> {
        let file = self.file;
        let says = |n: usize| file.domains[n].says.as_ref()?.choice.as_ref();
        (0..cast.domains.len())
            .map(|n| match says(n) {
                Some(choice) => self.choice(choice, cast.domains[n].size),
                None => Choice::Uniform,
            })
            .collect()
    }

    fn choice(&mut self, choice: &At<ChoiceFile>, size: u32) -> Choice {
        match choice.get_ref() {
            ChoiceFile::Uniform => Choice::Uniform,
            ChoiceFile::Zipf(theta) => {
                let value = *theta.get_ref();
                if !(value > 0.0 && value <= STEEPEST_ZIPF) {
                    self.problems.push(
                        Problem::at(theta.span(), format!("`zipf` cannot be {value}"))
                            .label(format!("more than 0, at most {STEEPEST_ZIPF}"))
                            .help("the n-th value is chosen in proportion to 1/n^zipf; 0.9 is lively, 0 would be \"uniform\""),
                    );
                }
                Choice::Zipf(value)
            }
            ChoiceFile::Hot { hot, share } => {
                let n = *hot.get_ref();
                if n == 0 || n >= size {
                    self.problems.push(
                        Problem::at(hot.span(), format!("{n} of {size} values cannot be the hot ones"))
                            .label(match size {
                                1 => "the domain has only one value".to_owned(),
                                _ => format!("from 1 to {}", size - 1),
                            })
                            .help("some are hot, and some are not: the first `hot` values are chosen with probability `share`, the others share the rest"),
                    );
                }
                Choice::HotSet {
                    hot: n,
                    share: share.0,
                }
            }
        }
    }

    pub(super) fn readers(&mut self, cast: &Cast) -> Vec<Reader> {
        let file = self.file;
        let mut seen = Vec::new();
        let mut readers = Vec::new();
        for says in file.readers.iter().filter_map(|r| r.says.as_ref()) {
            let name = says.name.get_ref();
            check_name(self.problems, "a reader", name, says.name.span());
            check_unique(self.problems, "readers", &mut seen, name, says.name.span());
            let every = self.positive(Some(&says.every), "every", THINK);
            let Some(id) = self.resource_named(cast, &says.resource) else {
                continue;
            };
            if let Some(ResourceKind::Action) = cast.resource(id).map(|r| &r.kind) {
                self.problems.push(
                    Problem::at(says.resource.span(), "a real action cannot be read")
                        .help("a reader reads a counter or an entitlement"),
                );
            }
            readers.push(Reader {
                name: name.clone(),
                resource: id,
                every,
                rows: self.rows_read(says.rows.as_ref(), cast, id),
            });
        }
        readers
    }

    /// How many rows a reader reads: no more than there are.
    fn rows_read(&mut self, says: Option<&At<u32>>, cast: &Cast, id: ResourceId) -> u32 {
        let there = cast.resource(id).and_then(|r| r.key.rows(&cast.domains));
        let most = there.map_or(MOST_ROWS_READ, |rows| rows.min(MOST_ROWS_READ));
        self.within(says, "rows", 1, most, 1)
    }

    pub(super) fn resource_named(&mut self, cast: &Cast, name: &At<String>) -> Option<ResourceId> {
        let known: Vec<&str> = cast.resource_names.iter().map(String::as_str).collect();
        let found = names::find(self.problems, name, ("resource", "resources"), &known)?;
        Some(ResourceId(found as u8))
    }

    pub(super) fn operator(&mut self, cast: &Cast) -> Vec<OperatorEvent> {
        let file = self.file;
        file.operator
            .iter()
            .filter_map(|entry| {
                let says = entry.says.as_ref()?;
                let (written, withdraw) = match (&says.withdraw, &says.restore) {
                    (Some(resource), None) => (resource, true),
                    (None, Some(resource)) => (resource, false),
                    _ => {
                        self.problems.push(
                            Problem::at(entry.span.clone(), "the operator must do one thing here")
                                .help("either `withdraw = \"characters\"` or `restore = \"characters\"`, with `items`"),
                        );
                        return None;
                    }
                };
                self.operator_event(says, written, withdraw, cast)
            })
            .collect()
    }

    fn operator_event(
        &mut self,
        says: &OperatorFile,
        written: &At<String>,
        withdraw: bool,
        cast: &Cast,
    ) -> Option<OperatorEvent> {
        let id = self.resource_named(cast, written)?;
        let ResourceKind::Entitlement { item } = &cast.resource(id)?.kind else {
            self.problems.push(
                Problem::at(
                    written.span(),
                    format!("{} is not an entitlement", quote(written.get_ref())),
                )
                .help("only what is granted can be withdrawn from sale, or put back"),
            );
            return None;
        };
        if says.items.get_ref().is_empty() {
            self.problems
                .push(Problem::at(says.items.span(), "no item is named here"));
        }
        let rows = says
            .items
            .get_ref()
            .iter()
            .filter_map(|at| self.item_key(at, item, cast))
            .map(|key| BusinessRow {
                resource: id,
                facet: Facet::Sale,
                key,
            })
            .collect();
        Some(OperatorEvent {
            at: SimTime::ZERO + says.at.get_ref().0,
            rows,
            withdraw,
        })
    }

    /// The row number of an item.
    fn item_key(&mut self, at: &At<ItemFile>, template: &KeyTemplate, cast: &Cast) -> Option<u64> {
        let params = self.values(at, &template.domains, cast)?;
        Some(template.key(&params, &cast.domains))
    }

    /// A value for each of these domains.
    pub(super) fn values(&mut self, at: &At<ItemFile>, of: &[u8], cast: &Cast) -> Option<Params> {
        let mut params = Params::default();
        match at.get_ref() {
            ItemFile::Words(text) => {
                let parts: Vec<&str> = text.split('/').collect();
                if parts.len() != of.len() {
                    self.problems.push(self.not_an_item(at, of, cast));
                    return None;
                }
                for (part, &d) in parts.into_iter().zip(of) {
                    *params.0.get_mut(d as usize)? =
                        self.value(at.span(), ValueFile::Name(part.to_owned()), d, cast)?;
                }
            }
            ItemFile::Values(values) => {
                let mut given = Vec::new();
                for (name, value) in values {
                    let known: Vec<&str> = of
                        .iter()
                        .map(|&d| cast.domains[d as usize].name.as_str())
                        .collect();
                    let n = names::find(
                        self.problems,
                        name,
                        ("domain in this item's key", "domains of it"),
                        &known,
                    )?;
                    let d = of[n];
                    *params.0.get_mut(d as usize)? =
                        self.value(value.span(), value.get_ref().clone(), d, cast)?;
                    given.push(d);
                }
                if given.len() != of.len() {
                    self.problems.push(self.not_an_item(at, of, cast));
                    return None;
                }
            }
        }
        Some(params)
    }

    fn not_an_item(&self, at: &At<ItemFile>, of: &[u8], cast: &Cast) -> Problem {
        let of = names::list(of.iter().map(|&d| &cast.domains[d as usize].name));
        Problem::at(at.span(), "this does not name one item").help(format!(
            "an item needs a value for each domain of its key: {of}"
        ))
    }

    /// A value of a domain by its name, its number, or `character-3`.
    fn value(
        &mut self,
        span: std::ops::Range<usize>,
        value: ValueFile,
        d: u8,
        cast: &Cast,
    ) -> Option<u32> {
        let domain = &cast.domains[d as usize];
        let found = match &value {
            ValueFile::Number(n) => u32::try_from(*n).ok(),
            ValueFile::Name(name) => {
                let named = domain.names.iter().position(|n| n == name);
                let numbered = || {
                    name.strip_prefix(&format!("{}-", domain.name))?
                        .parse()
                        .ok()
                };
                named.map(|n| n as u32).or_else(numbered)
            }
        };
        let found = found.filter(|&n| n < domain.size);
        if found.is_none() {
            let written = match &value {
                ValueFile::Number(n) => n.to_string(),
                ValueFile::Name(name) => name.clone(),
            };
            let last = domain.value_name(domain.size - 1);
            let mut problem = Problem::at(
                span,
                format!("there is no {} {}", domain.name, quote(&written)),
            )
            .help(format!(
                "there are {}, numbered from 0; the last is `{last}`",
                domain.size
            ));
            if let Some(name) = names::meant(&written, domain.names.iter().map(String::as_str)) {
                problem = problem.label(format!("did you mean `{name}`?"));
            }
            self.problems.push(problem);
        }
        found
    }
}
