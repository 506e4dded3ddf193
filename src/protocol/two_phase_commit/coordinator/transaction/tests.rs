//! Over every variant, every phase and everything that can happen in it.

use super::*;

const FIRST: ServiceId = ServiceId(0);
const SECOND: ServiceId = ServiceId(1);

fn course(presumption: Presumption, prepare: PrepareOrder) -> Course {
    Course {
        first: StepId(0),
        services: vec![FIRST, SECOND],
        participants: both(),
        variant: Variant {
            presumption,
            read_only_votes: true,
            prepare,
            ..Variant::default()
        },
        rules: Safeguards::all(),
    }
}

fn courses() -> Vec<Course> {
    let mut all = Vec::new();
    for presumption in [
        Presumption::Nothing,
        Presumption::Abort,
        Presumption::Commit,
    ] {
        for prepare in [PrepareOrder::Parallel, PrepareOrder::Serial] {
            all.push(course(presumption, prepare));
        }
    }
    all
}

fn both() -> Participants {
    [FIRST, SECOND].into_iter().collect()
}

fn one() -> Participants {
    [SECOND].into_iter().collect()
}

fn phases(course: &Course) -> Vec<Phase> {
    let after = |vote| {
        let ballot = Ballot::new(both()).with(course, FIRST, vote);
        Phase::Voting(ballot.expect("the first has not voted"))
    };
    let refused = |debt| Refused {
        reason: Reason::Conflict,
        tell: both(),
        debt,
    };
    let presumption = course.variant.presumption;
    let mut all = vec![
        Phase::Working(StepId(0)),
        Phase::Working(StepId(1)),
        Phase::Voting(Ballot::new(both())),
        after(Vote::Yes),
        after(Vote::ReadOnly),
        after(Vote::No(Reason::Late)),
        Phase::Deciding(both()),
        Phase::Deciding(one()),
        Phase::Ending(Decision::Commit),
    ];
    if presumption == Presumption::Commit {
        for refusal in [None, Some(Reason::Cancelled)] {
            all.push(Phase::Collecting { refusal });
        }
    }
    if presumption == Presumption::Nothing {
        for debt in [both(), Participants::new()] {
            all.push(Phase::Refuting(refused(Some(debt))));
        }
    }
    if presumption.acknowledges_commit() {
        all.extend([both(), one()].map(Phase::Committing));
    }
    let mut debts = vec![None];
    if presumption.acknowledges_abort() {
        all.extend([both(), one()].map(Phase::Aborting));
        all.push(Phase::Ending(Decision::Abort));
        debts.extend([Participants::new(), one(), both()].map(Some));
    }
    for debt in debts {
        let outcome = ClientOutcome::Refused(Reason::Conflict);
        all.push(Phase::Storing(outcome, debt.clone()));
        all.push(Phase::Restarting(debt));
    }
    let nobody = (presumption == Presumption::Commit).then(Participants::new);
    all.push(Phase::Storing(ClientOutcome::Committed, nobody));
    all
}

fn happenings() -> Vec<Happening> {
    let mut all = vec![
        Happening::Written,
        Happening::NotWritten,
        Happening::GaveUp,
        Happening::Rested,
        Happening::Cancelled,
    ];
    for service in [FIRST, SECOND] {
        for vote in [Vote::Yes, Vote::ReadOnly, Vote::No(Reason::Late)] {
            all.push(Happening::Voted { service, vote });
        }
        all.push(Happening::Acked(service));
        for result in [
            WorkResult::Done,
            WorkResult::Refused(Reason::Late),
            WorkResult::Conflict,
            WorkResult::Failed,
        ] {
            let step = StepId(service.0);
            all.push(Happening::Worked { step, result });
        }
    }
    all
}

/// A transition: from where, by what, to where, and what is done.
type Step = (Phase, Happening, Phase, Act);

fn transitions(course: &Course) -> Vec<Step> {
    let mut all = Vec::new();
    for phase in phases(course) {
        for happening in happenings() {
            if let Ok((to, act)) = phase.next(course, happening) {
                all.push((phase.clone(), happening, to, act));
            }
        }
    }
    all
}

/// Every transition of every variant.
fn everywhere(check: impl Fn(&Course, Step)) {
    for course in courses() {
        for step in transitions(&course) {
            check(&course, step);
        }
    }
}

fn decided(phase: &Phase) -> Option<Decision> {
    match phase.standing(Presumption::Abort) {
        Standing::Decided { decision, .. } => Some(decision),
        Standing::Uncertain | Standing::Unknown => None,
        Standing::Wait => match phase {
            // Not told yet, but it will not be anything else.
            Phase::Deciding(_) => Some(Decision::Commit),
            Phase::Refuting(_) => Some(Decision::Abort),
            _ => None,
        },
    }
}

#[test]
fn from_all_votes_on_nothing_leads_to_an_abort() {
    everywhere(|_, (from, by, to, act)| {
        let commits = decided(&from) == Some(Decision::Commit);
        let aborts = matches!(act, Act::Abort { .. }) || decided(&to) == Some(Decision::Abort);
        assert!(!(commits && aborts), "{from:?} by {by:?}");
    });
}

#[test]
fn a_decision_is_announced_only_when_it_is_written() {
    everywhere(|_, (from, by, _, act)| {
        if matches!(act, Act::Announce(_) | Act::AnnounceAndForget(_)) {
            assert!(matches!(from, Phase::Deciding(_)), "{from:?}");
            assert_eq!(by, Happening::Written);
        }
    });
}

#[test]
fn it_is_decided_by_the_last_vote_and_by_nothing_else() {
    everywhere(|course, (from, by, to, _)| {
        let decides = decided(&to) == Some(Decision::Commit);
        if decides && decided(&from).is_none() {
            let Phase::Voting(ballot) = &from else {
                panic!("{from:?} by {by:?}");
            };
            assert_eq!(ballot.awaited, one(), "{course:?}");
            assert_eq!(ballot.refusal, None);
            assert!(matches!(
                by,
                Happening::Voted {
                    service: SECOND,
                    vote: Vote::Yes | Vote::ReadOnly
                }
            ));
        }
    });
}

#[test]
fn what_is_aborted_stays_aborted() {
    everywhere(|_, (from, by, to, _)| {
        if decided(&from) == Some(Decision::Abort) {
            assert_eq!(decided(&to), Some(Decision::Abort), "{from:?} by {by:?}");
        }
    });
}

#[test]
fn nobody_is_asked_to_prepare_before_the_record_that_stands_against_the_presumption() {
    everywhere(|course, (from, by, _, act)| {
        if course.variant.presumption == Presumption::Commit && act == Act::SendPrepare {
            assert_eq!(from, Phase::Collecting { refusal: None });
            assert_eq!(by, Happening::Written);
        }
    });
}

#[test]
fn with_nothing_presumed_no_abort_of_what_may_be_prepared_is_told_before_it_is_written() {
    everywhere(|course, (from, by, _, act)| {
        let Act::Abort { refused, stored } = act else {
            return;
        };
        if course.variant.presumption == Presumption::Nothing {
            let nobody_was_asked = matches!(from, Phase::Working(_) | Phase::Collecting { .. });
            assert!(stored || nobody_was_asked, "{from:?} by {by:?}");
        }
        let may_be_prepared = matches!(from, Phase::Voting(_) | Phase::Refuting(_));
        let remembered = refused.debt.is_some();
        let acks = course.variant.presumption.acknowledges_abort();
        assert!(!may_be_prepared || remembered == acks, "{from:?} by {by:?}");
    });
}

#[test]
fn what_is_not_presumed_is_forgotten_only_with_its_end_record() {
    everywhere(|course, (from, by, to, act)| {
        let forgets = matches!(
            act,
            Act::Forget
                | Act::AnnounceAndForget(_)
                | Act::Tell(_, Rest::Forget)
                | Act::Restart(Rest::Forget)
        );
        match (forgets, decided(&from)) {
            (true, Some(decision)) => {
                let presumed = course.variant.presumption.of_the_unknown() == decision
                    && course.variant.presumption != Presumption::Nothing;
                let ended = matches!(from, Phase::Ending(_));
                let no_debt = matches!(from, Phase::Storing(_, None) | Phase::Restarting(None));
                assert!(presumed || ended || no_debt, "{from:?} by {by:?} to {to:?}");
            }
            (forgets, _) => assert!(!forgets, "{from:?} by {by:?}"),
        }
    });
}

#[test]
fn the_end_follows_the_last_acknowledgement_or_the_request() {
    everywhere(|_, (from, by, to, act)| {
        let ends = matches!(
            act,
            Act::End | Act::Tell(_, Rest::End) | Act::Restart(Rest::End)
        );
        assert_eq!(
            ends,
            matches!(to, Phase::Ending(_)) && !matches!(from, Phase::Ending(_)),
            "{from:?} by {by:?}"
        );
        let nobody = Some(Participants::new());
        let paid = match &from {
            Phase::Committing(awaited) | Phase::Aborting(awaited) => *awaited == one(),
            Phase::Storing(_, debt) | Phase::Restarting(debt) => *debt == nobody,
            _ => false,
        };
        assert!(!ends || paid, "{from:?} by {by:?}");
    });
}

#[test]
fn the_request_waits_for_no_acknowledgement() {
    for course in courses() {
        for debt in [None, Some(Participants::new()), Some(both())] {
            let (_, act) = Phase::Restarting(debt.clone())
                .next(&course, Happening::Rested)
                .expect("the wait is over");
            assert!(matches!(act, Act::Restart(_)), "{debt:?}");
            let refused = ClientOutcome::Refused(Reason::Late);
            let (_, act) = Phase::Storing(refused, debt.clone())
                .next(&course, Happening::Written)
                .expect("it is stored");
            assert!(matches!(act, Act::Tell(..)), "{debt:?}");
        }
    }
}

#[test]
fn who_has_only_read_is_told_nothing() {
    for course in courses() {
        let read = |vote| {
            let ballot = Ballot::new(both());
            let ballot = ballot.with(&course, FIRST, Vote::ReadOnly);
            let service = SECOND;
            Phase::Voting(ballot.expect("nobody has voted"))
                .next(&course, Happening::Voted { service, vote })
                .expect("the second votes")
        };
        assert_eq!(read(Vote::Yes), (Phase::Deciding(one()), Act::Decide));
        assert_eq!(read(Vote::ReadOnly).1, Act::Conclude);
        let tells = match read(Vote::No(Reason::Late)) {
            (Phase::Refuting(refused), Act::Refute(_)) | (_, Act::Abort { refused, .. }) => {
                refused.tell
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(tells, Participants::new());
    }
}

#[test]
fn a_serial_vote_ends_with_the_first_no_and_only_those_who_were_asked_may_be_prepared() {
    let course = course(Presumption::Commit, PrepareOrder::Serial);
    let vote = |phase: &Phase, service, vote| {
        let happening = Happening::Voted { service, vote };
        phase.next(&course, happening)
    };
    let begun = Phase::Voting(Ballot::new(both()));
    assert_eq!(vote(&begun, SECOND, Vote::Yes), Err(Ignored::Unasked));
    let refused = |step: Result<(Phase, Act), Ignored>| match step {
        Ok((_, Act::Abort { refused, .. })) => refused,
        other => panic!("{other:?}"),
    };
    let first_no = refused(vote(&begun, FIRST, Vote::No(Reason::Late)));
    assert_eq!(first_no.tell, one());
    assert_eq!(first_no.debt, Some(Participants::new()));
    let silent = refused(begun.next(&course, Happening::GaveUp));
    assert_eq!(silent.tell, both());
    assert_eq!(silent.debt, Some([FIRST].into_iter().collect()));
    let (asked, act) = vote(&begun, FIRST, Vote::Yes).expect("it was asked");
    assert_eq!(act, Act::SendNextPrepare);
    let second_no = refused(vote(&asked, SECOND, Vote::No(Reason::Late)));
    assert_eq!(second_no.debt, Some([FIRST].into_iter().collect()));
}

fn one_phase() -> impl Iterator<Item = Course> {
    courses().into_iter().map(|mut course| {
        course.services = vec![SECOND];
        course.participants = one();
        course.variant.one_phase = true;
        course
    })
}

#[test]
fn one_phase_is_for_a_single_participant() {
    let last = |course: &Course| {
        let step = StepId(course.services.len() as u8 - 1);
        let result = WorkResult::Done;
        Phase::Working(step).next(course, Happening::Worked { step, result })
    };
    for course in one_phase() {
        assert_eq!(last(&course), Ok((Phase::HandingOver, Act::HandOver)));
        let two = Course {
            services: vec![FIRST, SECOND],
            participants: both(),
            ..course
        };
        let (phase, _) = last(&two).expect("the work is done");
        assert_ne!(phase, Phase::HandingOver);
    }
}

#[test]
fn what_is_handed_over_is_decided_by_the_participant_and_by_nothing_else() {
    for course in one_phase() {
        for happening in happenings() {
            let next = Phase::HandedOver.next(&course, happening);
            assert!(next.is_err(), "{happening:?} leads to {next:?}");
        }
        let said = |outcome| Phase::HandedOver.next(&course, Happening::OnePhase(outcome));
        let outcome = ClientOutcome::Committed;
        assert_eq!(
            said(OnePhaseOutcome::Committed),
            Ok((Phase::Concluding(outcome), Act::TellAndConclude(outcome)))
        );
        let refused = said(OnePhaseOutcome::Refused(Reason::Late));
        assert!(matches!(
            refused,
            Ok((Phase::Storing(..), Act::Abort { .. }))
        ));
    }
}

#[test]
fn nothing_is_handed_over_before_that_is_written() {
    for course in one_phase() {
        let written = Phase::HandingOver.next(&course, Happening::Written);
        assert_eq!(written, Ok((Phase::HandedOver, Act::SendCommitOnePhase)));
        for happening in [Happening::GaveUp, Happening::Cancelled] {
            assert!(Phase::HandingOver.next(&course, happening).is_err());
        }
        let again = Phase::HandingOver.next(&course, Happening::NotWritten);
        assert_eq!(again, Ok((Phase::HandingOver, Act::WriteLater)));
    }
}
