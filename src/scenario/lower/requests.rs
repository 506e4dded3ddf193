//! Requests that are listed one by one.

use std::collections::BTreeSet;

use crate::business::Params;
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{At, RequestFile};
use crate::scenario::names::quote;
use crate::scenario::types::Wish;
use crate::vocab::{ClientId, RequestId, SimTime};

use super::Lowering;
use super::cast::Cast;

impl Lowering<'_> {
    /// The requests that the scenario lists, in order of time; `None` if it lists
    /// none.
    pub(super) fn listed(&mut self, cast: &Cast) -> Option<Vec<Wish>> {
        let file = self.file;
        if file.requests.is_empty() {
            return None;
        }
        self.refuse_arrivals();
        let mut seen = BTreeSet::new();
        let mut wishes = Vec::new();
        for (n, entry) in (0u32..).zip(&file.requests) {
            let Some(says) = &entry.says else { continue };
            let request = match &says.id {
                Some(id) => self.request_id(id),
                None => Some(RequestId {
                    client: ClientId(n),
                    n: 0,
                }),
            };
            let params = self.about(says, entry.span.clone(), cast);
            let wanted = self.transaction_named(says.transaction.as_ref(), entry.span.clone());
            let (Some(request), Some(mut params), Some(wanted)) = (request, params, wanted) else {
                continue;
            };
            if !file.transactions.is_empty() {
                params.0[Params::TRANSACTION] = wanted as u32;
            }
            if !seen.insert(request) {
                let span = says.id.as_ref().map_or(entry.span.clone(), At::span);
                self.problems.push(
                    Problem::at(span, format!("there are two requests {request}"))
                        .help("each request needs an `id` of its own, or none"),
                );
            }
            let at = SimTime::ZERO + says.at.get_ref().0;
            wishes.push(Wish {
                at,
                request,
                params,
            });
        }
        wishes.sort_by_key(|wish| (wish.at, wish.request));
        Some(wishes)
    }

    /// What would be ignored beside a list of requests is refused.
    fn refuse_arrivals(&mut self) {
        let workload = &self.file.workload;
        let transactions = workload.transactions.as_ref().map(At::span);
        let arrivals = workload.arrivals.as_ref().map(At::span);
        for (key, span) in [("transactions", transactions), ("arrivals", arrivals)] {
            let Some(span) = span else { continue };
            self.problems.push(
                Problem::at(
                    span,
                    format!("`workload.{key}` means nothing beside `[[requests]]`"),
                )
                .help("the requests are those that are listed, each at its own time"),
            );
        }
    }

    fn about(
        &mut self,
        says: &RequestFile,
        span: std::ops::Range<usize>,
        cast: &Cast,
    ) -> Option<Params> {
        let all: Vec<u8> = (0..cast.domains.len() as u8).collect();
        match &says.about {
            Some(about) => self.values(about, &all, cast),
            None if all.is_empty() => Some(Params::default()),
            None => {
                let names = cast.domains.iter().map(|d| &d.name);
                self.problems.push(
                    Problem::at(span, "this request does not say what it is about").help(format!(
                        "add `about = ..` with a value for each domain: {}",
                        crate::scenario::names::list(names)
                    )),
                );
                None
            }
        }
    }

    /// `c3.17`: the client and its how-many-th wish.
    fn request_id(&mut self, written: &At<String>) -> Option<RequestId> {
        let text = written.get_ref();
        let parts = text.strip_prefix('c').and_then(|t| t.split_once('.'));
        let id = parts.and_then(|(client, n)| {
            Some(RequestId {
                client: ClientId(client.parse().ok()?),
                n: n.parse().ok()?,
            })
        });
        let id = id.filter(|id| id.client.0 < u32::MAX);
        if id.is_none() {
            self.problems.push(
                Problem::at(
                    written.span(),
                    format!("{} is not the id of a request", quote(text)),
                )
                .help("like `c3.17`: the client's number and its how-many-th wish, both from 0"),
            );
        }
        id
    }
}
