//! Words of the field that are no keys and have no page of their own elsewhere.

/// A word, and where more is said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// What it means here.
    pub meaning: &'static str,
    /// Where it comes from, if it is a paper's.
    pub source: Option<&'static str>,
    /// Names and keys that have to do with it.
    pub related: &'static [&'static str],
    /// A shipped scenario that shows it.
    pub scenario: Option<&'static str>,
}

macro_rules! words {
    ($($name:literal $meaning:literal [$($related:literal),*] $(lesson $lesson:literal)? $(source $source:literal)?;)*) => {
        /// All of them.
        pub(super) const WORDS: &[Word] = &[$(
            Word {
                name: $name,
                meaning: $meaning,
                source: words!(@some $($source)?),
                related: &[$($related),*],
                scenario: words!(@some $(concat!("scenarios/lessons/", $lesson, ".toml"))?),
            },
        )*];
    };
    (@some) => { None };
    (@some $some:expr) => { Some($some) };
}

words! {
    "saga"
        "A transaction that is done as a row of local ones, each committed at once: if one fails, those before it are undone by their compensations. Meanwhile others can see a half of it."
        ["orchestrated", "choreographed", "choreographed-saga", "steps", "isolation"]
        lesson "02-withdrawn" source "Garcia-Molina & Salem 1987";
    "manager"
        "The process that leads a transaction: the coordinator of two-phase commit, or the orchestrator of a saga. A choreographed saga and a monolith have none."
        ["coordinator-recovery", "machines"]
        lesson "03-in-doubt";
    "coordinator"
        "The manager under two-phase commit: it asks the participants to prepare, decides, and tells them."
        ["2pc", "force-decision", "two-phase-commit"];
    "orchestrator"
        "The manager under an orchestrated saga: it commands the steps, and has them undone if one fails."
        ["orchestrated", "saga-log-before-command", "orchestrated-saga"];
    "participant"
        "A service that has a part in a transaction under two-phase commit: it votes when it is asked to prepare, and then waits for the decision."
        ["2pc", "force-prepare", "votes"];
    "branch"
        "What one transaction does at one participant: it takes locks, is prepared, and is committed or rolled back."
        ["branch-check", "prepared", "policies.idle-branch-after"]
        lesson "24-half-forgotten-branch" source "Gray & Reuter 1993";
    "in doubt"
        "A branch that has voted yes and does not know the decision is in doubt: it may neither commit nor abort, and keeps its locks."
        ["longest_in_doubt", "in_doubt_lock_time", "participant-inquiry", "two-phase-commit.cooperative-termination"]
        lesson "03-in-doubt" source "Bernstein, Hadzilacos & Goodman 1987, chapter 7";
    "presumed abort"
        "The coordinator forgets an abort at once; whoever asks about a transaction that it does not know is told that it was aborted."
        ["two-phase-commit.presumption", "forget-after-all-acks"]
        lesson "25-forgotten-too-early" source "Mohan, Lindsay & Obermarck 1986, section 3";
    "forced write"
        "A log record that somebody waits for to be on disk. One that is only buffered is lost with the machine's power."
        ["forced_writes", "force-prepare", "force-decision", "defaults.database.flush"]
        lesson "23-yes-on-a-buffered-record";
    "conflict"
        "What a database answers to whoever cannot have a lock, or has come too late: it may try again."
        ["defaults.database.lock-policy", "policies.conflict-retries", "blocked"]
        lesson "13-hot-row";
    "deadlock"
        "A circle of transactions, each of which waits for a lock of the next. Who is given up, and when, is a matter of the lock policy."
        ["defaults.database.lock-policy", "defaults.database.lock-timeout"]
        source "Rosenkrantz, Stearns & Lewis 1978";
    "hot row"
        "A row that many transactions want at a time. They hold its lock one after another, and that bounds how many are committed a second."
        ["lock_demand", "lock_wait", "domains.choice"]
        lesson "13-hot-row";
    "dirty read"
        "Reading what somebody has written and may still take back. Between the steps of a saga anybody can."
        ["isolation", "prepared-untouched", "steps.semantic-lock"]
        lesson "16-dirty-read";
    "lost update"
        "Two read the same number, and each writes what it makes of it: what the first has written is lost."
        ["steps.do.as-seen-in", "steps.do.reread"]
        lesson "19-lost-update";
    "countermeasure"
        "What a saga does in the place of isolation, so that nobody is misled by the half of it: a semantic lock, a reservation, or reading again."
        ["steps.semantic-lock", "steps.reserve-then-confirm", "steps.do.reread", "isolation"]
        lesson "17-semantic-lock" source "Frank & Zahle 1998";
    "dual write"
        "A change in a database and a message that tells of it are two writes, and a crash between them leaves one without the other."
        ["outbox"]
        lesson "04-dual-write" source "Richardson 2018, chapter 3";
    "inbox"
        "Where a service notes the messages that it has dealt with, in the transaction of their effect: a repeat is answered from there, and not done again."
        ["inbox-dedup", "no-effect-twice", "policies.retention"]
        lesson "06-duplicate-delivery" source "Helland 2012";
    "relay"
        "What takes letters out of a service's outbox and hands them to the broker or to the provider."
        ["outbox", "confirm-before-mark", "policies.poll-every", "policies.relay-batch"]
        lesson "05-mark-before-confirm" source "Richardson 2018, chapter 3";
    "idempotent"
        "What may come twice and has effect once. It takes a key that is the same for every repeat."
        ["idempotent-client-retry", "provider-key", "inbox-dedup"]
        lesson "11-client-clicks-twice" source "Helland 2012";
    "tombstone"
        "What a compensation leaves that has found nothing to undo, so that its step is refused if it comes late."
        ["compensation-tombstone", "policies.retention"]
        lesson "07-later-than-its-compensation" source "Seata and DTM manuals: hanging and empty rollback";
    "dead letter"
        "A step or a compensation that was asked for too often in vain, and is parked until somebody looks."
        ["policies.park-after", "policies.parked-for", "parked"]
        lesson "27-parked";
    "swarm"
        "For every seed it is drawn which kinds of fault may occur, how many, when, and what the workload is like: with some left out, others have room. `hunt` does so, and `run --swarm`."
        ["seeded-faults", "workload"]
        source "Groce, Zhang, Eide, Chen & Regehr 2012";
    "hole"
        "What should have happened in some run of a hunt and never did: the hunt says nothing about it."
        ["swarm"];
    "digest"
        "A number made of all events of a run. A run that is shown again must have the same, and both hosts must agree on it."
        ["seed"];
    "model time"
        "The only clock of a run, in microseconds since it began. How long the computer takes over it is another matter."
        ["throughput", "window"];
}
