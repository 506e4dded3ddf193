//! What a database promises, a sentence each.

mod bench;

use bench::*;

use super::Crash;
use crate::protocol::{Decision, Force, Outcome};

mod commits {
    use super::*;

    #[test]
    fn a_forced_commit_is_answered_after_statement_and_flush_and_survives() {
        let mut db = Bench::new();
        let call = db.local(1, add(&[(0, -30)]));
        db.pass(STATEMENT + FLUSH - 1);
        assert_eq!(db.outcome(call), None);
        assert_eq!(db.balance(0), INITIAL);
        db.pass(1);
        assert_eq!(db.outcome(call), Some(&done()));
        db.die_and_recover(Crash::PowerLoss);
        assert_eq!(db.balance(0), INITIAL - 30);
    }

    #[test]
    fn a_prepared_branch_survives_and_can_be_committed() {
        let mut db = Bench::new();
        db.open(1, add(&[(0, -30)]));
        db.settle();
        let vote = db.prepare(1, add(&[]));
        db.settle();
        assert_eq!(db.outcome(vote), Some(&Outcome::Prepared));
        db.die_and_recover(Crash::PowerLoss);
        assert_eq!(db.durable().prepared, [tx(1)]);
        let end = db.finish(1, Decision::Commit, Force::Always);
        db.settle();
        assert_eq!(db.outcome(end), Some(&done()));
        assert_eq!(db.balance(0), INITIAL - 30);
        assert!(db.rest().left.is_empty());
        assert!(db.owned.values().all(|&n| n == 0));
    }
}
