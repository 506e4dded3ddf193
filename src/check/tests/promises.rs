use insta::assert_snapshot;

use super::story::{breach, verdict, verdicts};
use crate::business::PromiseId;
use crate::check::Verdict;
use crate::protocol::ProtocolKind::{
    ChoreographedSaga, Monolith, OrchestratedSaga, TwoPhaseCommit,
};

/// A saga that runs through.
const SAGA: &str = "
    alice asks
    alice does take
    alice does grant
    alice does ship
    alice is mailed
    alice is told committed
    alice is quiet
    rest points[alice]=50
";

/// A saga that is refused at its pivot, and undone.
const REFUNDED_SAGA: &str = "
    alice asks
    alice does take
    alice does grant
    alice is refused ship: parcels
    alice undoes grant: parcels
    alice undoes take: parcels
    alice is told refused: parcels
    alice is quiet
    rest points[alice]=100
";

/// Two-phase commit.
const TWO_PHASES: &str = "
    alice asks
    alice works points
    alice prepares points
    alice prepares characters
    alice prepares post
    alice asks-for-votes
    alice votes points yes
    alice votes characters yes
    alice votes post yes
    alice decides commit
    alice is told committed
    alice commits points
    alice commits characters
    alice commits post
    alice acks points
    alice acks characters
    alice acks post
    alice is mailed
    alice is quiet
    rest points[alice]=50
";

/// The same up to the votes, to be gone on with.
fn after_the_votes(rest: &str) -> String {
    let (votes, _) = TWO_PHASES.split_once("alice decides").expect("a decision");
    format!("{votes}\n{rest}")
}

#[test]
fn every_promise_that_means_something_holds_for_a_plain_run() {
    for (protocol, history, applicable) in [
        (OrchestratedSaga, SAGA, 9),
        (OrchestratedSaga, REFUNDED_SAGA, 9),
        (ChoreographedSaga, SAGA, 9),
        (TwoPhaseCommit, TWO_PHASES, 11),
        (Monolith, SAGA, 8),
    ] {
        let verdicts = verdicts(protocol, history);
        let held = |(_, v): &&(PromiseId, Verdict)| *v == Verdict::Holds;
        let inapplicable =
            |(_, v): &&(PromiseId, Verdict)| matches!(v, Verdict::NotApplicable { .. });
        assert_eq!(
            verdicts.iter().filter(held).count(),
            applicable,
            "{protocol}: {verdicts:?}"
        );
        assert_eq!(
            verdicts.iter().filter(inapplicable).count(),
            12 - applicable,
            "{protocol}: {verdicts:?}"
        );
    }
}

#[test]
fn a_history_without_an_end_keeps_no_promise() {
    let verdict = verdict(OrchestratedSaga, PromiseId::AllOrNothing, "alice asks");
    assert!(
        matches!(verdict, Verdict::Inconclusive { .. }),
        "{verdict:?}"
    );
}

#[test]
fn half_a_transaction_is_neither_all_nor_nothing() {
    let half = "
        alice asks
        alice does take
        alice is quiet
        rest points[alice]=50
    ";
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::AllOrNothing, half), @r"
    request c0.0 took 50 from points[alice] but did not grant pokemon[alice/pikachu] or take 1 from parcels
      2.000 points: take took 50 from points[alice] (c0.0)
    ");
}

#[test]
fn a_death_is_evidence_only_where_it_may_be_why() {
    let half = |rest: &str| {
        let history = format!("alice asks\nalice does take\n{rest}\nrest points[alice]=50");
        breach(OrchestratedSaga, PromiseId::AllOrNothing, &history)
    };
    let unknown = half("manager dies\nmanager dies");
    assert_eq!(unknown.matches("dies").count(), 0, "{unknown}");
    let turned = half("alice turns grant: time-out\nmanager dies\nmanager dies");
    assert_eq!(turned.matches("dies").count(), 1, "{turned}");
}

#[test]
fn half_a_transaction_says_nothing_when_the_run_was_stopped() {
    let stopped = "
        alice asks
        alice does take
        rest stopped points[alice]=50
    ";
    let verdict = verdict(OrchestratedSaga, PromiseId::AllOrNothing, stopped);
    assert!(
        matches!(verdict, Verdict::Inconclusive { .. }),
        "{verdict:?}"
    );
}

#[test]
fn what_is_found_broken_after_the_retention_window_is_still_told() {
    let long_ago = "
        alice asks
        alice does take
        alice is quiet
        later
        bob asks
        bob is told refused: withdrawn
        bob is quiet
        rest points[alice]=50
    ";
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::AllOrNothing, long_ago), @r"
    request c0.0 took 50 from points[alice] but did not grant pokemon[alice/pikachu] or take 1 from parcels
      2.000 points: take took 50 from points[alice] (c0.0)
    ");
}

#[test]
fn an_equation_is_judged_as_soon_as_a_request_is_quiet() {
    let lost = "
        alice asks
        alice does take
        alice is quiet
        alice undoes take: time-out
        alice is quiet
        rest points[alice]=100
    ";
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::Equation(0), lost), @r"
    request c0.0 took 50 from points[alice], and that leaves `taken(points) - given_back(points) = 50 * granted(pokemon) + in_flight(points)` unbalanced for alice: 50 against 0
      2.000 points: take took 50 from points[alice] (c0.0)
    ");
}

#[test]
fn an_equation_tells_a_requests_share_from_the_sum() {
    let stuck = "
        alice asks
        alice does take
        alice/1 asks
        alice/1 does take
        rest points[alice]=0
    ";
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::Equation(0), stuck), @r"
    request c0.0 took 50 from points[alice], and that leaves `taken(points) - given_back(points) = 50 * granted(pokemon) + in_flight(points)` unbalanced for alice: 100 against 0 (of which this request's are 50 against 0)
      2.000 points: take took 50 from points[alice] (c0.0)
    ");
}

#[test]
fn an_equation_notices_a_lost_update() {
    let overwritten = SAGA.replace("points[alice]=50", "points[alice]=100");
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::Equation(0), &overwritten), @r"
    an update of points[alice] was lost: it holds 100, but its effects add up to 50
      8.000 at the end points[alice] holds 100
    ");
}

#[test]
fn a_fresh_key_has_effect_twice() {
    let twice = "
        alice asks
        alice does take
        alice does grant
        alice asks again
        alice+1 does take
        alice+1 does grant
        alice does ship
        alice is quiet
        rest points[alice]=0
    ";
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::NoEffectTwice, twice), @r"
    request c0.0 took 50 from points[alice] once more, after take had effect already
      1.000 clients: c0.0 is asked for
      2.000 points: take took 50 from points[alice] (c0.0)
      4.000 clients: c0.0 is asked for again, retry 1
      5.000 points: take took 50 from points[alice] (c0.0+1)
    and 1 more
    ");
}

#[test]
fn a_second_attempt_after_a_refund_is_no_second_effect() {
    let again = "
        alice asks
        alice does take
        alice turns grant: time-out
        alice undoes take: time-out
        alice#1 does take
        alice#1 does grant
        alice#1 does ship
        alice is quiet
        rest points[alice]=50
    ";
    let verdict = verdict(OrchestratedSaga, PromiseId::NoEffectTwice, again);
    assert_eq!(verdict, Verdict::Holds);
}

#[test]
fn a_null_compensation_breaks_nothing() {
    let null = "
        alice asks
        alice does take
        alice turns grant: time-out
        alice null grant
        alice undoes take: time-out
        alice is quiet
        rest points[alice]=100
    ";
    let verdict = verdict(OrchestratedSaga, PromiseId::Compensation, null);
    assert_eq!(verdict, Verdict::Holds);
}

#[test]
fn a_wrong_compensation_is_told() {
    let cases = [
        (
            "missing",
            REFUNDED_SAGA.replace("alice undoes take: parcels", ""),
        ),
        (
            "in the wrong order",
            REFUNDED_SAGA
                .replace("undoes grant", "undoes ?")
                .replace("undoes take", "undoes grant")
                .replace("undoes ?", "undoes take"),
        ),
        (
            "twice",
            REFUNDED_SAGA.replace(
                "alice undoes take: parcels",
                "alice undoes take: parcels\n alice undoes take: parcels",
            ),
        ),
        (
            "without a reason",
            REFUNDED_SAGA.replace("alice undoes take: parcels", "alice undoes take"),
        ),
        (
            "for another reason",
            REFUNDED_SAGA.replace("alice undoes take: parcels", "alice undoes take: withdrawn"),
        ),
        (
            "past the pivot",
            SAGA.replace("alice is mailed", "alice undoes grant: time-out"),
        ),
        ("of nothing", REFUNDED_SAGA.replace("alice does grant", "")),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(how, history)| {
            let breach = breach(OrchestratedSaga, PromiseId::Compensation, history);
            format!("{how}: {}", breach.lines().next().expect("a sentence"))
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    missing: request c0.0 failed, and take had effect, but there was no refund
    in the wrong order: revoke of request c0.0: it came after refund, which undoes an earlier step
    twice: refund of request c0.0: it was done 2 times, for 1 of take
    without a reason: refund of request c0.0: it carries no reason
    for another reason: refund of request c0.0: its reason (pokemon withdrawn from sale) was never on record
    past the pivot: revoke of request c0.0: the saga was past ship, which is never undone
    of nothing: revoke of request c0.0: grant had no effect to undo
    ");
}

#[test]
fn compensations_are_counted_as_the_evidence_shows_them() {
    let undone = "alice undoes take: parcels";
    let often = REFUNDED_SAGA.replace(undone, &[undone; 12].join("\n"));
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::Compensation, &often), @r"
    refund of request c0.0: it was done 12 times, for 1 of take
      2.000 points: take took 50 from points[alice] (c0.0)
      4.000 post: ship is refused: not enough parcels (c0.0)
      6.000 points: refund gave 50 back to points[alice]: not enough parcels (c0.0), 12 times
    ");
    let done = "alice does take";
    let twice = REFUNDED_SAGA.replace(done, &[done; 2].join("\n"));
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::Compensation, &twice), @r"
    request c0.0 failed, and take had effect 2 times, but refund only once
      2.000 points: take took 50 from points[alice] (c0.0)
      3.000 points: take took 50 from points[alice] (c0.0)
      5.000 post: ship is refused: not enough parcels (c0.0)
      7.000 points: refund gave 50 back to points[alice]: not enough parcels (c0.0)
    ");
}

#[test]
fn a_saga_turns_back_once() {
    let turned = "alice turns ship: parcels\n";
    let undone = REFUNDED_SAGA.replace("alice undoes take: parcels", "");
    let logged = undone.replace("alice undoes", &format!("{turned}{turned}alice undoes"));
    let told = breach(OrchestratedSaga, PromiseId::Compensation, &logged);
    assert_eq!(told.matches("turns back").count(), 1, "{told}");
}

#[test]
fn a_refund_without_its_reason_shows_its_evidence() {
    let bare = REFUNDED_SAGA.replace("alice undoes take: parcels", "alice undoes take");
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::Compensation, &bare), @r"
    refund of request c0.0: it carries no reason
      2.000 points: take took 50 from points[alice] (c0.0)
      3.000 characters: grant granted pokemon[alice/pikachu] (c0.0)
      4.000 post: ship is refused: not enough parcels (c0.0)
      5.000 characters: revoke took pokemon[alice/pikachu] back: not enough parcels (c0.0)
      6.000 points: refund gave 50 back to points[alice] (c0.0)
    ");
}

#[test]
fn a_mail_goes_out_exactly_once_and_only_for_what_is_done() {
    let cases = [
        ("never", SAGA.replace("alice is mailed", "")),
        (
            "twice",
            SAGA.replace("alice is mailed", "alice is mailed\n alice is mailed"),
        ),
        (
            "for nothing",
            REFUNDED_SAGA.replace("alice does grant", "alice does grant\n alice is mailed"),
        ),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(how, history)| {
            let breach = breach(ChoreographedSaga, PromiseId::Irrevocable, history);
            format!("{how}: {}", breach.lines().next().expect("a sentence"))
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    never: request c0.0 committed, but mail was never done
    twice: request c0.0 committed, but mail was done 2 times
    for nothing: mail was done for request c0.0, of which not all was done
    ");
}

#[test]
fn a_counter_under_its_floor_is_told() {
    let overdrawn = "
        alice asks
        alice does take
        alice asks again
        alice+1 does take
        alice asks again
        alice+2 does take
        rest points[alice]=-50
    ";
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::Floors, overdrawn), @r"
    request c0.0 let points[alice] fall to -50, under its floor of 0
      2.000 points: take took 50 from points[alice] (c0.0)
      4.000 points: take took 50 from points[alice] (c0.0+1)
      6.000 points: take took 50 from points[alice] (c0.0+2)
      6.000 points[alice] went from 0 to -50
    and 1 more
    ");
}

#[test]
fn agreement_breaks_when_outcomes_differ_or_are_reversed_or_a_vote_is_forgotten() {
    let cases = [
        (
            "two outcomes",
            after_the_votes(
                "alice commits points
                 alice aborts characters
                 rest",
            ),
        ),
        (
            "against the decision",
            after_the_votes(
                "alice decides commit
                 alice aborts characters
                 rest",
            ),
        ),
        (
            "reversed",
            after_the_votes(
                "alice commits points unforced
                 alice acks points
                 alice loses points
                 alice aborts points
                 rest",
            ),
        ),
        (
            "a forgotten vote",
            after_the_votes(
                "alice forgets points
                 alice decides commit
                 alice commits post
                 rest",
            ),
        ),
        (
            "a broken vote",
            after_the_votes(
                "alice aborts points alone
                 rest",
            ),
        ),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(how, history)| {
            let breach = breach(TwoPhaseCommit, PromiseId::Agreement, history);
            format!("{how}: {}", breach.lines().next().expect("a sentence"))
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    two outcomes: points committed its branch of c0.0, but characters rolled its own back
    against the decision: c0.0 is decided to commit, but characters rolled its branch back
    reversed: points committed its branch of c0.0, and rolled it back afterwards
    a forgotten vote: points voted yes on c0.0 and forgot the branch, but c0.0 is to commit
    a broken vote: points voted yes on c0.0, and aborted it when nobody had decided so
    ");
}

#[test]
fn two_outcomes_show_who_did_what() {
    let two = after_the_votes(
        "alice decides commit
         manager dies
         alice commits points
         alice aborts characters
         rest",
    );
    assert_snapshot!(breach(TwoPhaseCommit, PromiseId::Agreement, &two), @r"
    points committed its branch of c0.0, but characters rolled its own back
      4.000 characters: c0.0 is prepared
      8.000 characters: votes yes on c0.0
     10.000 manager: the commit of c0.0 is on disk
     10.000 manager: decides to commit c0.0
     11.000 manager: the process dies
     12.000 points: commits its branch of c0.0
     13.000 characters: rolls its branch of c0.0 back
    ");
}

#[test]
fn a_lost_abort_that_comes_back_as_prepared_is_no_reversal() {
    let back = after_the_votes(
        "alice decides abort
         alice aborts points
         alice restores points
         alice aborts points
         alice aborts characters
         alice aborts post
         alice is quiet
         rest",
    );
    let verdict = verdict(TwoPhaseCommit, PromiseId::Agreement, &back);
    assert_eq!(verdict, Verdict::Holds);
}

#[test]
fn a_lost_commit_that_nobody_was_told_of_is_no_reversal() {
    let untold = after_the_votes(
        "alice decides commit
         alice commits points unforced
         alice loses points
         alice commits points
         alice commits characters
         alice commits post
         alice is quiet
         rest",
    );
    let verdict = verdict(TwoPhaseCommit, PromiseId::Agreement, &untold);
    assert_eq!(verdict, Verdict::Holds);
}

#[test]
fn a_commit_without_every_yes_is_told() {
    let no = TWO_PHASES.replace("alice votes post yes", "");
    assert_snapshot!(breach(TwoPhaseCommit, PromiseId::Votes, &no), @r"
    c0.0 is committed, but post had not voted yes
      3.000 points: c0.0 is prepared
      4.000 characters: c0.0 is prepared
      5.000 post: c0.0 is prepared
      6.000 manager: c0.0 asks for votes
      7.000 points: votes yes on c0.0
      7.000 manager: has the yes of points on c0.0
      8.000 characters: votes yes on c0.0
      8.000 manager: has the yes of characters on c0.0
      9.000 manager: the commit of c0.0 is on disk
      9.000 manager: decides to commit c0.0
    ");
}

#[test]
fn all_yes_in_time_must_commit() {
    let ignored = after_the_votes(
        "alice decides abort
         alice is quiet
         rest",
    );
    assert_snapshot!(breach(TwoPhaseCommit, PromiseId::Votes, &ignored), @r"
    all participants voted yes on c0.0 in time, but it is aborted
      3.000 points: c0.0 is prepared
      4.000 characters: c0.0 is prepared
      5.000 post: c0.0 is prepared
      6.000 manager: c0.0 asks for votes
      7.000 points: votes yes on c0.0
      8.000 characters: votes yes on c0.0
      8.000 manager: has the yes of characters on c0.0
      9.000 post: votes yes on c0.0
      9.000 manager: has the yes of post on c0.0
     10.000 manager: decides to abort c0.0
    ");
}

#[test]
fn all_yes_to_a_coordinator_that_dies_may_abort() {
    let died = after_the_votes(
        "manager dies
         manager restarts
         alice decides abort
         alice is quiet
         rest",
    );
    assert_eq!(
        verdict(TwoPhaseCommit, PromiseId::Votes, &died),
        Verdict::Holds
    );
}

#[test]
fn a_client_is_told_the_truth() {
    let cases = [
        (
            "done, it says",
            REFUNDED_SAGA.replace("told refused: parcels", "told committed"),
        ),
        (
            "refused, it says",
            SAGA.replace("told committed", "told refused: withdrawn"),
        ),
        (
            "both, it says",
            SAGA.replace(
                "alice is told committed",
                "alice is told committed\n alice is told refused: withdrawn",
            ),
        ),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(how, history)| {
            let breach = breach(OrchestratedSaga, PromiseId::ClientTruth, history);
            format!("{how}: {}", breach.lines().next().expect("a sentence"))
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    done, it says: request c0.0 was told: committed; yet it had no effect
    refused, it says: request c0.0 was told: refused, pokemon withdrawn from sale; yet it took 50 from points[alice] and granted pokemon[alice/pikachu] and took 1 from parcels
    both, it says: request c0.0 was told two things: committed; and refused, pokemon withdrawn from sale
    ");
}

#[test]
fn a_client_that_was_told_nothing_accepts_both() {
    for history in [SAGA, REFUNDED_SAGA] {
        let silent: String = history
            .lines()
            .filter(|line| !line.contains("is told"))
            .map(|line| format!("{line}\n"))
            .collect();
        let verdict = verdict(OrchestratedSaga, PromiseId::ClientTruth, &silent);
        assert_eq!(verdict, Verdict::Holds);
    }
}

#[test]
fn a_reader_must_not_see_what_is_only_prepared() {
    let peek = TWO_PHASES.replace(
        "alice decides commit",
        "reader sees points[alice] 50\n alice decides commit",
    );
    assert_snapshot!(breach(TwoPhaseCommit, PromiseId::PreparedUntouched, &peek), @r"
    balance-screen read points[alice], which c0.0 had changed and was still in doubt about
      3.000 points: c0.0 is prepared
      7.000 points: votes yes on c0.0
     10.000 points: balance-screen read points[alice]
    ");
}

#[test]
fn a_reader_may_see_what_was_there_before_the_intent() {
    let before = TWO_PHASES.replace(
        "alice decides commit",
        "reader sees points[alice] 100\n alice decides commit",
    );
    let verdict = verdict(TwoPhaseCommit, PromiseId::PreparedUntouched, &before);
    assert_eq!(verdict, Verdict::Holds);
}

#[test]
fn nobody_may_write_over_a_branch_that_a_crash_left_in_doubt() {
    let over = "
        alice asks
        bob asks
        alice prepares post
        alice restores post
        bob works post
        alice aborts post
        rest
    ";
    assert_snapshot!(breach(TwoPhaseCommit, PromiseId::PreparedUntouched, over), @r"
    c1.0 saw parcels, which c0.0 had changed and was still in doubt about
      3.000 post: c0.0 is prepared
      4.000 post: c0.0 is found prepared after a restart
      5.000 post: c1.0 saw parcels
    ");
}

#[test]
fn a_reader_that_saw_what_was_refunded_saw_what_never_was() {
    let seen = REFUNDED_SAGA.replace(
        "alice undoes grant: parcels",
        "reader sees points[alice] 50\n alice undoes grant: parcels",
    );
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::Isolation, &seen), @r"
    balance-screen read points[alice] as 50 after c0.0 took 50 from points[alice], which was undone 2 ms later
      2.000 points: take took 50 from points[alice] (c0.0)
      5.000 points: balance-screen reads points[alice] as 50
      7.000 points: refund gave 50 back to points[alice]: not enough parcels (c0.0)
    ");
}

#[test]
fn a_reader_of_what_is_never_undone_saw_nothing_wrong() {
    let seen = SAGA.replace(
        "alice does grant",
        "reader sees points[alice] 50\n alice does grant",
    );
    let verdict = verdict(OrchestratedSaga, PromiseId::Isolation, &seen);
    assert_eq!(verdict, Verdict::Holds);
}

#[test]
fn a_refusal_on_account_of_what_was_aborted_breaks_isolation() {
    let refused = "
        alice asks
        bob asks
        alice prepares post
        bob is refused ship: parcels
        alice aborts post
        alice is quiet
        bob is quiet
        rest
    ";
    assert_snapshot!(breach(TwoPhaseCommit, PromiseId::Isolation, refused), @r"
    request c1.0 was refused (not enough parcels) after c0.0 took 1 from parcels, which was undone 1 ms later
      3.000 post: ship took 1 from parcels (c0.0)
      4.000 post: ship of c1.0 is refused: not enough parcels
      5.000 post: c0.0 is rolled back
    ");
}

#[test]
fn a_writer_that_is_rolled_back_itself_has_seen_nothing() {
    let history = |bob_ends: &str| {
        format!(
            "alice asks
             bob asks
             alice prepares post
             bob works post
             bob prepares post
             {bob_ends}
             alice aborts post
             alice is quiet
             bob is quiet
             rest"
        )
    };
    let rolled_back = verdict(
        TwoPhaseCommit,
        PromiseId::Isolation,
        &history("bob aborts post"),
    );
    assert_eq!(rolled_back, Verdict::Holds);
    let committed = history("bob commits post");
    assert_snapshot!(breach(TwoPhaseCommit, PromiseId::Isolation, &committed), @r"
    request c1.0 relied on parcels after c0.0 took 1 from parcels, which was undone 3 ms later
      3.000 post: ship took 1 from parcels (c0.0)
      4.000 post: ship of c1.0 reads or tests parcels
      7.000 post: c0.0 is rolled back
    ");
}

#[test]
fn what_is_left_over_has_not_ended() {
    let left = SAGA.replace("rest points", "rest locked-by-alice points");
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::EverythingEnds, &left), @r"
    the run came to rest, and c0.0 still holds points[alice] at points
      8.000 c0.0 still holds points[alice] at points
    ");
}

#[test]
fn a_saga_that_is_given_up_half_done_has_not_ended() {
    let given_up = "
        alice asks
        alice does take
        alice gives up
        alice is quiet
        rest points[alice]=50
    ";
    assert_snapshot!(breach(OrchestratedSaga, PromiseId::EverythingEnds, given_up), @r"
    request c0.0 was given up half done: it took 50 from points[alice] but did not grant pokemon[alice/pikachu] or take 1 from parcels
      2.000 points: take took 50 from points[alice] (c0.0)
      3.000 manager: does not try any more (c0.0)
    ");
}
