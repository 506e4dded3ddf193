//! Over every state and everything that can happen in it.

use super::*;
use crate::protocol::Reply;

const STEP: StepId = StepId(0);

fn work() -> Work {
    done(Work::new(Params::default()), STEP).0.into_work()
}

impl State {
    fn into_work(self) -> Work {
        match self {
            State::Open(work) => work,
            other => panic!("{other:?} is not open"),
        }
    }
}

fn states() -> Vec<State> {
    let ends = [
        Ended::Committed,
        Ended::Aborted,
        Ended::AtWork(STEP, WorkResult::Conflict),
        Ended::VotedNo(Reason::Amnesia),
        Ended::Unilaterally,
        Ended::ReadOnly,
    ];
    let working = State::Working {
        work: Work::new(Params::default()),
        step: STEP,
    };
    let locking = |then| State::Locking {
        work: work(),
        done: 0,
        then,
    };
    let mut all = vec![
        State::Unheard,
        working,
        State::Open(work()),
        locking(Then::Prepare),
        locking(Then::CommitOnePhase),
        State::Preparing,
        State::InDoubt,
        State::Committing { ack: true },
        State::Committing { ack: false },
        State::CommittingOnePhase,
    ];
    for how in [
        Abort::Lazy,
        Abort::Forced,
        Abort::Acknowledged,
        Abort::OnePhase,
    ] {
        all.extend(ends.map(|ended| State::RollingBack(ended, how)));
    }
    all.extend(ends.map(State::Ended));
    all
}

fn happenings() -> Vec<Happening> {
    let outcomes = [
        Outcome::Open(Vec::new()),
        Outcome::Prepared,
        Outcome::ReadOnly,
        Outcome::Committed {
            reply: Reply::Done,
            replayed: false,
            reads: Vec::new(),
        },
        Outcome::Refused(Reason::Late),
        Outcome::Conflict,
        Outcome::Aborted,
        Outcome::Unknown,
    ];
    let params = Params::default();
    let mut all = vec![
        Happening::Work { step: STEP, params },
        Happening::Prepare { ops: work().ops },
        Happening::Prepare { ops: Ops::new() },
        Happening::CommitOnePhase { ops: work().ops },
        Happening::CommitOnePhase { ops: Ops::new() },
        Happening::Wait,
        Happening::NoHelp,
        Happening::Asked,
        Happening::Found,
        Happening::Idle,
        Happening::Doubtful,
        Happening::Rested,
    ];
    for decision in [Decision::Commit, Decision::Abort] {
        all.extend([true, false].map(|ack| Happening::Told { decision, ack }));
    }
    all.extend(outcomes.iter().cloned().map(Happening::Ran));
    all.extend(outcomes.iter().cloned().map(Happening::Prepared));
    all.extend(outcomes.map(Happening::Finished));
    all
}

fn rules(presumption: Presumption) -> Rules {
    Rules {
        safeguards: Safeguards::all(),
        presumption,
        may_leave_reading: false,
        locks: LockTime::Early,
    }
}

const PRESUMPTIONS: [Presumption; 3] = [
    Presumption::Nothing,
    Presumption::Abort,
    Presumption::Commit,
];

/// Every transition that there is, whatever is presumed, from every state, by
/// everything.
fn transitions() -> Vec<(State, Happening, State, Act)> {
    PRESUMPTIONS.into_iter().flat_map(under).collect()
}

fn under(presumption: Presumption) -> Vec<(State, Happening, State, Act)> {
    let mut all = Vec::new();
    for locks in [LockTime::Early, LockTime::AtPrepare] {
        let rules = Rules {
            locks,
            ..rules(presumption)
        };
        for state in states() {
            for happening in happenings() {
                if let Ok((to, act)) = state.next(rules, happening.clone()) {
                    all.push((state.clone(), happening, to, act));
                }
            }
        }
    }
    all
}

#[test]
fn who_is_in_doubt_stays_in_doubt_until_it_is_told() {
    for (from, by, to, _) in transitions() {
        if from == State::InDoubt && to != State::InDoubt {
            assert!(
                matches!(by, Happening::Told { .. }),
                "{by:?} leads to {to:?}"
            );
        }
    }
}

#[test]
fn a_yes_is_said_only_in_doubt() {
    for (from, by, to, act) in transitions() {
        if matches!(act, Act::VoteYes | Act::VoteYesAgain) {
            assert_eq!(to, State::InDoubt, "{from:?} by {by:?}");
        }
    }
}

#[test]
fn no_statement_runs_and_nothing_is_prepared_in_a_branch_that_is_over() {
    for (from, by, _, act) in transitions() {
        let over = matches!(from, State::RollingBack(..) | State::Ended(_));
        let goes_on = matches!(
            act,
            Act::RunStatement(..) | Act::AskToPrepare(_) | Act::AskToCommitOnePhase(_)
        );
        assert!(!(over && goes_on), "{from:?} by {by:?}");
    }
}

#[test]
fn what_is_committed_is_never_undone_and_what_is_undone_never_committed() {
    for (from, by, to, _) in transitions() {
        let undone = |s: &State| match s {
            State::RollingBack(ended, _) | State::Ended(ended) => {
                !matches!(ended, Ended::Committed | Ended::ReadOnly)
            }
            _ => false,
        };
        let committed =
            |s: &State| matches!(s, State::Committing { .. } | State::Ended(Ended::Committed));
        assert!(!(committed(&from) && undone(&to)), "{from:?} by {by:?}");
        // Only the database knows better than a process that has forgotten.
        let told_by_database = matches!(by, Happening::Finished(Outcome::Committed { .. }));
        assert!(
            !(undone(&from) && committed(&to)) || told_by_database,
            "{from:?} by {by:?}"
        );
    }
}

#[test]
fn an_acknowledgement_follows_the_database_or_is_a_repeat() {
    for (from, by, _, act) in transitions() {
        match act {
            Act::CommittedAndAck => assert!(
                matches!(by, Happening::Finished(Outcome::Committed { .. })),
                "{from:?} by {by:?}"
            ),
            Act::AckAgain => assert!(
                matches!(from, State::Committing { .. } | State::Ended(_))
                    || matches!(from, State::RollingBack(Ended::Unilaterally, _)),
                "{from:?} by {by:?}"
            ),
            _ => {}
        }
    }
}

#[test]
fn an_abort_is_acknowledged_only_when_its_record_is_on_disk_or_there_was_nothing_to_record() {
    for (from, by, to, act) in transitions() {
        if act == Act::AbortedAndAck {
            assert!(
                matches!(from, State::RollingBack(_, Abort::Acknowledged)),
                "{from:?} by {by:?}"
            );
        }
        let acknowledges = matches!(
            by,
            Happening::Told {
                decision: Decision::Abort,
                ..
            }
        ) && act == Act::AckAgain;
        if acknowledges {
            assert_eq!(to, State::Ended(Ended::ReadOnly), "{from:?}");
        }
        if let State::RollingBack(_, how) = &to
            && let Act::RollBack(asked) = act
        {
            assert_eq!(asked, *how, "{from:?} by {by:?}");
        }
    }
}

#[test]
fn nothing_is_acknowledged_that_is_not_to_be() {
    for (from, by, _, act) in transitions() {
        let unacknowledged = matches!(by, Happening::Told { ack: false, .. })
            || matches!(
                from,
                State::Committing { ack: false }
                    | State::RollingBack(_, Abort::Lazy | Abort::Forced)
            ) && matches!(by, Happening::Finished(_));
        let acks = matches!(
            act,
            Act::AckAgain | Act::CommittedAndAck | Act::AbortedAndAck
        );
        assert!(!(unacknowledged && acks), "{from:?} by {by:?}");
    }
}

/// Whoever has voted no is not asked for an acknowledgement; if it is not certain
/// that it was never prepared, its record must not be lost, or it would be told
/// what is presumed.
#[test]
fn a_no_of_what_may_be_prepared_is_forced_where_abort_is_not_presumed() {
    for presumption in PRESUMPTIONS {
        for (from, by, to, act) in under(presumption) {
            let amnesia = matches!(
                to,
                State::RollingBack(Ended::VotedNo(_), how)
                    if how != Abort::OnePhase && !matches!(from, State::RollingBack(..) | State::Ended(_))
            );
            if amnesia {
                let how = match presumption {
                    Presumption::Abort => Abort::Lazy,
                    Presumption::Nothing | Presumption::Commit => Abort::Forced,
                };
                assert_eq!(act, Act::RollBack(how), "{from:?} by {by:?}");
            }
        }
    }
}

#[test]
fn who_has_only_read_is_over_and_says_so_again() {
    for presumption in PRESUMPTIONS {
        let rules = rules(presumption);
        let released = State::Preparing.next(rules, Happening::Prepared(Outcome::ReadOnly));
        let over = State::Ended(Ended::ReadOnly);
        assert_eq!(released, Ok((over.clone(), Act::VoteReadOnly)));
        let again = over.next(rules, Happening::Prepare { ops: work().ops });
        assert_eq!(again, Ok((over, Act::VoteReadOnly)));
    }
}

#[test]
fn whoever_says_abort_has_not_voted_yes_and_never_will() {
    for presumption in PRESUMPTIONS {
        for state in states() {
            let rules = rules(presumption);
            if state.testimony(rules) != Testimony::Abort {
                let asked = state.next(rules, Happening::Asked);
                assert!(asked.is_err(), "{state:?}");
                continue;
            }
            let after = match state.next(rules, Happening::Asked) {
                Ok((after, act)) => {
                    assert_eq!(act, Act::GiveUp(Abort::Forced), "{state:?}");
                    after
                }
                Err(_) => state,
            };
            for ops in [work().ops, Ops::new()] {
                let prepare = after.next(rules, Happening::Prepare { ops });
                let votes = matches!(
                    prepare,
                    Ok((
                        _,
                        Act::AskToPrepare(_) | Act::VoteYesAgain | Act::VoteReadOnly
                    ))
                );
                assert!(!votes, "{after:?}");
            }
        }
    }
}

#[test]
fn who_may_have_left_at_prepare_or_has_forgotten_never_says_abort() {
    for presumption in PRESUMPTIONS {
        let reader = Rules {
            may_leave_reading: true,
            ..rules(presumption)
        };
        assert_eq!(
            State::Unheard.testimony(rules(presumption)),
            Testimony::LookUp
        );
        for state in states() {
            assert_ne!(state.testimony(reader), Testimony::Abort, "{state:?}");
        }
    }
}

#[test]
fn who_has_voted_yes_is_uncertain_until_it_is_told() {
    for presumption in PRESUMPTIONS {
        let rules = rules(presumption);
        let says = |state: State| state.testimony(rules);
        assert_eq!(says(State::InDoubt), Testimony::Says(Standing::Uncertain));
        let ack = presumption.acknowledges_commit();
        let decision = Decision::Commit;
        let commit = Testimony::Says(Standing::Decided { decision, ack });
        assert_eq!(says(State::Ended(Ended::Committed)), commit);
        assert_eq!(says(State::Committing { ack: true }), commit);
    }
}

#[test]
fn in_one_phase_nothing_is_said_that_the_database_has_not() {
    for (from, by, _, act) in transitions() {
        let finished = |committed: bool| match &by {
            Happening::Finished(Outcome::Committed { .. }) => committed,
            Happening::Finished(_) => !committed,
            _ => false,
        };
        match act {
            Act::CommittedOnePhase => assert!(finished(true), "{from:?} by {by:?}"),
            Act::SayCommitted => assert!(
                finished(true) || from == State::Ended(Ended::Committed),
                "{from:?} by {by:?}"
            ),
            Act::SayRefused(_) => assert!(
                matches!(from, State::RollingBack(_, Abort::OnePhase)) && finished(false)
                    || matches!(from, State::Ended(Ended::VotedNo(_))),
                "{from:?} by {by:?}"
            ),
            _ => {}
        }
    }
}

#[test]
fn in_one_phase_a_refusal_is_on_disk_whatever_became_of_the_commit() {
    for outcome in [
        Outcome::Refused(Reason::Late),
        Outcome::Conflict,
        Outcome::Aborted,
        Outcome::Unknown,
    ] {
        let next = State::CommittingOnePhase
            .next(rules(Presumption::Abort), Happening::Finished(outcome))
            .expect("it is answered");
        assert_eq!(next.1, Act::RollBack(Abort::OnePhase));
    }
}
