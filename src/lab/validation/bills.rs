//! What a single transaction costs, message by message and record by record.

use std::fmt;
use std::ops::RangeInclusive;

use super::observed;
use crate::history::{Class, Event, Sink, What};
use crate::protocol::ProtocolKind;
use crate::vocab::Seed;

/// As many participants, or steps of a saga.
pub const PARTICIPANTS: RangeInclusive<u32> = 2..=8;

const FILE: (&str, &str) = shipped!("scenarios/validation/counts.toml");

/// What one transaction cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Messages of the protocol; those of clients, and two-phase commit's of work,
    /// count apart.
    pub messages: u32,
    /// Log records that somebody waits for.
    pub forced: u32,
    /// Log records that nobody waits for.
    pub unforced: u32,
}

/// A number for n participants: so many for each, and so many more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear(pub u32, pub i32);

/// What the literature says that a transaction of n participants costs.
#[derive(Clone, Debug)]
pub struct Tariff {
    /// Which transaction.
    pub name: String,
    /// Under which protocol.
    pub protocol: ProtocolKind,
    /// Messages.
    pub messages: Linear,
    /// Forced records.
    pub forced: Linear,
    /// Records that are not forced.
    pub unforced: Linear,
    counted: Counted,
    case: Case,
    presumption: &'static str,
}

/// What counts.
#[derive(Clone, Copy, Debug)]
struct Counted {
    messages: &'static [&'static str],
    /// So many of the messages are not needed.
    saved: u32,
    records: &'static [Class],
}

/// What becomes of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Commits,
    /// The last one refuses, when all others have voted.
    Aborts,
    /// The first one only reads.
    OneReads,
    AllRead,
}

/// A tariff, and what transactions of 2 to 8 participants cost.
#[derive(Clone, Debug)]
pub struct Charged {
    /// Which.
    pub tariff: Tariff,
    /// How many participants, and the bill.
    pub bills: Vec<(u32, Bill)>,
}

const TWO_PHASE: Counted = Counted {
    messages: &["prepare", "vote", "commit", "abort", "ack"],
    saved: 0,
    records: &[
        Class::Collecting,
        Class::Prepared,
        Class::Decision,
        Class::Commit,
        Class::Abort,
        Class::End,
    ],
};

/// Who initiates needs no PREPARE, and neither acknowledgements nor what is written
/// after the decision count.
const GRAY_LAMPORT: Counted = Counted {
    messages: &["prepare", "vote", "commit", "abort"],
    saved: 1,
    records: &[Class::Collecting, Class::Prepared, Class::Decision],
};

const ORCHESTRATED: Counted = Counted {
    messages: &["command", "undo", "step-reply"],
    saved: 0,
    records: &[Class::SagaLog, Class::End, Class::Outcome, Class::Step],
};

const CHOREOGRAPHED: Counted = Counted {
    messages: &["publish"],
    saved: 0,
    records: &[Class::Step],
};

/// What the literature says: Mohan, Lindsay & Obermarck 1986 and Lampson & Lomet 1993 of
/// two-phase commit, Garcia-Molina & Salem 1987 of sagas, and Gray & Lamport 2006 in
/// their own way of counting.
pub fn tariffs() -> Vec<Tariff> {
    use Case::{Aborts, AllRead, Commits, OneReads};
    let bill = |name, protocol, presumption, case, counted, bill: &[(u32, i32)]| Tariff {
        name,
        protocol,
        messages: Linear(bill[0].0, bill[0].1),
        forced: Linear(bill[1].0, bill[1].1),
        unforced: Linear(bill[2].0, bill[2].1),
        counted,
        case,
        presumption,
    };
    let two_phase = |presumption, case, of: [(u32, i32); 3]| {
        let name = format!("2pc, presumed {presumption}: {}", case_name(case));
        bill(
            name,
            ProtocolKind::TwoPhaseCommit,
            presumption,
            case,
            TWO_PHASE,
            &of,
        )
    };
    let saga = |protocol, case, counted, [messages, forced]: [(u32, i32); 2]| {
        let name = format!("{protocol}: {}", case_name(case));
        bill(
            name,
            protocol,
            "abort",
            case,
            counted,
            &[messages, forced, (0, 0)],
        )
    };
    let orchestrated = |case, of| saga(ProtocolKind::OrchestratedSaga, case, ORCHESTRATED, of);
    let choreographed = |case, of| saga(ProtocolKind::ChoreographedSaga, case, CHOREOGRAPHED, of);
    vec![
        two_phase("nothing", Commits, [(4, 0), (2, 1), (0, 1)]),
        two_phase("abort", Commits, [(4, 0), (2, 1), (0, 1)]),
        two_phase("commit", Commits, [(3, 0), (1, 2), (1, 0)]),
        Tariff {
            name: "2pc, presumed abort: commits; as Gray & Lamport count".to_owned(),
            counted: GRAY_LAMPORT,
            ..two_phase("abort", Commits, [(3, -1), (1, 1), (0, 0)])
        },
        two_phase("nothing", Aborts, [(4, -2), (2, 0), (0, 1)]),
        two_phase("abort", Aborts, [(3, -1), (1, -1), (1, 0)]),
        two_phase("commit", Aborts, [(4, -2), (2, -1), (0, 2)]),
        two_phase("nothing", OneReads, [(4, -2), (2, -1), (0, 1)]),
        two_phase("abort", OneReads, [(4, -2), (2, -1), (0, 1)]),
        two_phase("commit", OneReads, [(3, -1), (1, 1), (1, -1)]),
        two_phase("nothing", AllRead, [(2, 0), (0, 0), (0, 0)]),
        two_phase("abort", AllRead, [(2, 0), (0, 0), (0, 0)]),
        two_phase("commit", AllRead, [(2, 0), (0, 1), (0, 1)]),
        orchestrated(Commits, [(2, 0), (2, 1)]),
        orchestrated(Aborts, [(4, -2), (4, -1)]),
        choreographed(Commits, [(1, 0), (1, 0)]),
        choreographed(Aborts, [(2, -1), (2, -1)]),
    ]
}

fn case_name(case: Case) -> &'static str {
    match case {
        Case::Commits => "commits",
        Case::Aborts => "the last refuses",
        Case::OneReads => "commits, one only reads",
        Case::AllRead => "all only read",
    }
}

/// Runs a transaction of every number of participants.
pub fn charged(tariffs: Vec<Tariff>) -> Vec<Charged> {
    let charge = |tariff: Tariff| Charged {
        bills: PARTICIPANTS.map(|n| (n, tariff.bill(n))).collect(),
        tariff,
    };
    tariffs.into_iter().map(charge).collect()
}

impl Charged {
    /// Whether all bills are what the tariff says.
    pub fn holds(&self) -> bool {
        let mut bills = self.bills.iter();
        bills.all(|&(n, bill)| self.tariff.says(n) == Some(bill))
    }
}

impl Tariff {
    /// The bill for so many participants.
    pub fn says(&self, participants: u32) -> Option<Bill> {
        Some(Bill {
            messages: self.messages.of(participants)?,
            forced: self.forced.of(participants)?,
            unforced: self.unforced.of(participants)?,
        })
    }

    /// The command line's words for the run.
    pub fn sets(&self, participants: u32) -> Vec<String> {
        let mut sets = vec![
            format!("first-steps={participants}"),
            format!("two-phase-commit.presumption={}", self.presumption),
        ];
        match self.case {
            Case::Commits => {}
            Case::Aborts => sets.extend([
                format!("resources.r{participants}.initial=0"),
                format!("machines.s{participants}.database.statement=5ms"),
            ]),
            Case::OneReads => sets.push(reads(1)),
            Case::AllRead => sets.extend((1..=participants).map(reads)),
        }
        sets
    }

    /// The scenario's file, from the project's folder.
    pub fn file(&self) -> &'static str {
        FILE.0
    }

    fn bill(&self, participants: u32) -> Bill {
        let till = Till {
            counted: self.counted,
            bill: Bill::default(),
        };
        let sets = self.sets(participants);
        let mut bill = observed(FILE, &sets, self.protocol, Seed(1), till).bill;
        bill.messages -= self.counted.saved;
        bill
    }
}

fn reads(step: u32) -> String {
    format!("steps.step{step}.do=[{{ look = \"r{step}\" }}]")
}

/// Adds it up.
#[derive(Clone, Copy, Debug)]
struct Till {
    counted: Counted,
    bill: Bill,
}

impl Sink for Till {
    fn event(&mut self, event: &Event) {
        let Counted {
            messages, records, ..
        } = self.counted;
        match event.what {
            What::Sent { kind, .. } => {
                self.bill.messages += u32::from(messages.contains(&kind));
            }
            What::Appended { class, forced, .. } if records.contains(&class) => match forced {
                true => self.bill.forced += 1,
                false => self.bill.unforced += 1,
            },
            _ => {}
        }
    }
}

impl Linear {
    /// The number; nothing if there is none.
    pub fn of(self, participants: u32) -> Option<u32> {
        (self.0 * participants).checked_add_signed(self.1)
    }
}

/// `4n - 2`.
impl fmt::Display for Linear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Linear(each, more) = *self;
        match each {
            0 => return write!(f, "{more}"),
            1 => write!(f, "n")?,
            _ => write!(f, "{each}n")?,
        }
        match more {
            0 => Ok(()),
            1.. => write!(f, " + {more}"),
            ..0 => write!(f, " − {}", more.unsigned_abs()),
        }
    }
}

/// `20 / 11 / 1`: messages, forced records, others.
impl fmt::Display for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {} / {}", self.messages, self.forced, self.unforced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_what_it_says() {
        for (formula, words, of_five) in [
            (Linear(4, -2), "4n − 2", Some(18)),
            (Linear(1, 1), "n + 1", Some(6)),
            (Linear(3, 0), "3n", Some(15)),
            (Linear(0, 2), "2", Some(2)),
            (Linear(0, -1), "-1", None),
        ] {
            assert_eq!(formula.to_string(), words);
            assert_eq!(formula.of(5), of_five);
        }
    }

    /// One message too many, or one record forced that need not be, is told.
    #[test]
    fn a_wrong_tariff_does_not_hold() {
        let right = tariffs().swap_remove(0);
        let mut dear = right.clone();
        dear.messages.1 += 1;
        let mut careless = right.clone();
        careless.forced = Linear(1, 2);
        careless.unforced = Linear(1, 0);
        let found = charged(vec![right, dear, careless]);
        let holds: Vec<bool> = found.iter().map(Charged::holds).collect();
        assert_eq!(holds, [true, false, false]);
    }
}
