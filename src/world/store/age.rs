use std::cmp::Reverse;

use super::api::Ticket;
use crate::history::Owner;
use crate::vocab::{ClientId, RequestId, RequestKey, TxId};

/// The time stamp by which wait-die and wound-wait tell older from younger: what
/// is less is older.
///
/// A time stamp has to be unique, equal wherever the transaction works, and kept
/// when it restarts, so that in the end it is the oldest there is (Rosenkrantz,
/// Stearns & Lewis, TODS 3(2), 1978). It need not be a time. Here it is the
/// request: the how-many-th wish of its client, then the client. Like a logical
/// clock (Lamport 1978) that counts each client's wishes, it is part of the
/// transaction's id, so every database knows it from the first message on, after
/// a crash too. Where every request has a client of its own (an open loop), it is
/// the order of arrival; in a closed loop, whoever is behind with its wishes comes
/// first. There are only so many older requests than any, and none is added later:
/// nobody starves.
///
/// Of two attempts of one request, the later is the older: the one before it is
/// over, or about to be, and must not stand in its way.
///
/// The operator is younger than every request, and a background reader younger
/// still: for a reader nobody is ever wounded, and for the operator only readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Age {
    /// Somebody works for a request.
    Request {
        n: u32,
        client: ClientId,
        fresh: u16,
        epoch: Reverse<u32>,
        attempt: Reverse<u16>,
        /// `None`: a branch, the same everywhere. Else a transaction of one call,
        /// which has locks in one database alone: first come, first.
        call: Option<Ticket>,
    },
    /// The operator; by its events.
    Operator(u32, Ticket),
    /// A reader; by the how-many-th read.
    Reader(u32, u32, Ticket),
}

impl Age {
    /// Of a branch.
    pub(super) fn of_branch(tx: TxId) -> Age {
        Age::of_request(tx, None)
    }

    /// Of a transaction that is one call.
    pub(super) fn of_call(owner: Owner, call: Ticket) -> Age {
        match owner {
            Owner::Tx(tx) => Age::of_request(tx, Some(call)),
            Owner::Operator(event) => Age::Operator(event, call),
            Owner::Reader(reader, read) => Age::Reader(read, reader, call),
        }
    }

    fn of_request(tx: TxId, call: Option<Ticket>) -> Age {
        let RequestKey { request, fresh } = tx.key;
        let RequestId { client, n } = request;
        Age::Request {
            n,
            client,
            fresh,
            epoch: Reverse(tx.epoch),
            attempt: Reverse(tx.attempt),
            call,
        }
    }

    pub(super) fn is_older_than(self, other: Age) -> bool {
        self < other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tx(client: u32, n: u32, epoch: u32, attempt: u16) -> TxId {
        let client = ClientId(client);
        TxId {
            key: RequestKey {
                request: RequestId { client, n },
                fresh: 0,
            },
            epoch,
            attempt,
        }
    }

    fn branch(client: u32, n: u32, attempt: u16) -> Age {
        Age::of_branch(tx(client, n, 1, attempt))
    }

    #[test]
    fn whoever_is_behind_with_its_wishes_is_older_then_the_client_s_number_decides() {
        assert!(branch(9, 0, 0).is_older_than(branch(1, 1, 0)));
        assert!(branch(1, 1, 0).is_older_than(branch(9, 1, 0)));
    }

    #[test]
    fn a_restart_keeps_its_age_towards_everybody_else() {
        for attempt in 0..3 {
            assert!(branch(1, 0, 0).is_older_than(branch(2, 0, attempt)));
            assert!(branch(2, 0, attempt).is_older_than(branch(3, 0, 0)));
        }
        let after_a_crash = Age::of_branch(tx(2, 0, 7, 0));
        assert!(branch(1, 0, 0).is_older_than(after_a_crash));
        assert!(after_a_crash.is_older_than(branch(3, 0, 0)));
    }

    #[test]
    fn an_attempt_is_older_than_the_one_that_it_comes_after() {
        assert!(branch(2, 0, 1).is_older_than(branch(2, 0, 0)));
        assert!(Age::of_branch(tx(2, 0, 2, 0)).is_older_than(branch(2, 0, 3)));
    }

    #[test]
    fn of_two_calls_of_one_transaction_the_first_is_older() {
        let call = |n| Age::of_call(Owner::Tx(tx(1, 0, 1, 0)), Ticket(n));
        assert!(call(3).is_older_than(call(4)));
        assert!(branch(1, 0, 0).is_older_than(call(3)));
    }

    #[test]
    fn readers_are_younger_than_the_operator_and_both_younger_than_requests() {
        let nobody = Age::of_call(Owner::Tx(TxId::NOBODY), Ticket(9));
        let operator = Age::of_call(Owner::Operator(0), Ticket(1));
        let reader = Age::of_call(Owner::Reader(0, 0), Ticket(0));
        assert!(nobody.is_older_than(operator));
        assert!(operator.is_older_than(reader));
    }
}
