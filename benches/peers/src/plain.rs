//! Two-phase commit, presuming abort, as one writes it with `async` functions for
//! a simulator that carries such code: what both peers run, to the letter. It is
//! of the same shape as the bench's: the work one step after the other, PREPARE and
//! COMMIT to all at once, row locks from the work to the decision, forced records
//! before a yes, before the decision and before an acknowledgement.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as RowLock, OwnedMutexGuard};

/// As in the scenario: its clients, accounts and balances.
const CLIENTS: u32 = 64;
const THINK: Duration = Duration::from_millis(1);
const ACCOUNTS: u32 = 10_000;
pub(crate) const INITIAL: i64 = 1_000_000;

/// As the bench has it, where a scenario says nothing.
pub(crate) const LATENCY: Duration = Duration::from_micros(250);
const STATEMENT: Duration = Duration::from_micros(100);
const FLUSH: Duration = Duration::from_millis(1);
const LOCK_TIMEOUT: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_millis(200);
const CLIENT_PATIENCE: Duration = Duration::from_millis(250);

/// Who lives where.
const COORDINATOR: Node = 0;
const PARTICIPANTS: [Node; 3] = [1, 2, 3];
pub(crate) const SERVERS: [Node; 4] = [0, 1, 2, 3];
pub(crate) const CLIENT_HOST: Node = 4;
pub(crate) const PORT: u16 = 7000;

/// A machine of the simulated network.
pub(crate) type Node = u8;
type Tx = u64;
type Account = u32;

/// Where it answers.
pub(crate) fn address(node: Node) -> SocketAddr {
    ([192, 168, 0, 1 + node], PORT).into()
}

/// What one asks of another.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Client: take one of this account at each participant, or nowhere.
    Transfer(Account),
    /// Coordinator: take one of this account, in a branch that stays open.
    Work(Tx, Account),
    /// Coordinator: prepare your branch, and vote.
    Prepare(Tx),
    /// Coordinator: this was decided.
    Commit(Tx),
    /// Coordinator: this was not decided, and will not be.
    Abort(Tx),
}

/// What one is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// Committed; done; a vote for it; acknowledged.
    Yes,
    /// Aborted; not done; a vote against it.
    No,
}

/// What a simulator gives to those who live in it.
pub(crate) trait Host: Clone + Send + Sync + 'static {
    /// Asks somebody; `None` if there is no answer in time.
    fn call(
        &self,
        to: Node,
        request: Request,
        patience: Duration,
    ) -> impl Future<Output = Option<Answer>> + Send;

    /// Answers whoever asks, many at a time.
    fn serve<A>(&self, answer: impl Fn(Request) -> A + Clone + Send + 'static)
    where
        A: Future<Output = Answer> + Send + 'static;

    /// Does something beside what one does.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);

    /// Waits.
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;

    /// Does something, but gives it up after this time.
    fn within<F: Future + Send>(
        time: Duration,
        task: F,
    ) -> impl Future<Output = Option<F::Output>> + Send;
}

/// What is said to a log.
#[derive(Debug)]
#[expect(dead_code, reason = "nobody crashes, so nobody reads a log")]
enum Record {
    Prepared(Tx, Account, i64),
    Committed(Tx),
    Ended(Tx),
}

/// Appends a record and waits until it is on disk.
async fn force<H: Host>(log: &Mutex<Vec<Record>>, record: Record) {
    lock(log).push(record);
    H::sleep(FLUSH).await;
}

/// One service's database.
struct Participant {
    rows: Vec<Arc<RowLock<i64>>>,
    branches: Mutex<BTreeMap<Tx, Branch>>,
    log: Mutex<Vec<Record>>,
}

/// What a transaction did here. It holds the lock of its row, which is first come,
/// first served.
struct Branch {
    account: Account,
    row: OwnedMutexGuard<i64>,
    after: i64,
}

impl Participant {
    fn new() -> Self {
        let row = |_| Arc::new(RowLock::new(INITIAL));
        Participant {
            rows: (0..ACCOUNTS).map(row).collect(),
            branches: Mutex::default(),
            log: Mutex::default(),
        }
    }

    fn live<H: Host>(self: Arc<Self>, host: &H) {
        host.serve(move |request| {
            let this = Arc::clone(&self);
            async move {
                match request {
                    Request::Work(tx, account) => this.work::<H>(tx, account).await,
                    Request::Prepare(tx) => this.prepare::<H>(tx).await,
                    Request::Commit(tx) => this.commit::<H>(tx).await,
                    Request::Abort(tx) => this.abort(tx),
                    Request::Transfer(_) => Answer::No,
                }
            }
        });
    }

    async fn work<H: Host>(&self, tx: Tx, account: Account) -> Answer {
        let row = Arc::clone(&self.rows[account as usize]);
        let Some(row) = H::within(LOCK_TIMEOUT, row.lock_owned()).await else {
            return Answer::No;
        };
        H::sleep(STATEMENT).await;
        if *row < 1 {
            return Answer::No;
        }
        let after = *row - 1;
        let branch = Branch {
            account,
            row,
            after,
        };
        lock(&self.branches).insert(tx, branch);
        Answer::Yes
    }

    async fn prepare<H: Host>(&self, tx: Tx) -> Answer {
        let record = match lock(&self.branches).get(&tx) {
            Some(branch) => Record::Prepared(tx, branch.account, branch.after),
            None => return Answer::No,
        };
        force::<H>(&self.log, record).await;
        Answer::Yes
    }

    async fn commit<H: Host>(&self, tx: Tx) -> Answer {
        if lock(&self.branches).contains_key(&tx) {
            force::<H>(&self.log, Record::Committed(tx)).await;
        }
        if let Some(mut branch) = lock(&self.branches).remove(&tx) {
            *branch.row = branch.after;
        }
        Answer::Yes
    }

    fn abort(&self, tx: Tx) -> Answer {
        lock(&self.branches).remove(&tx);
        Answer::Yes
    }

    /// The sum of all balances.
    fn total(&self) -> i64 {
        let balance = |row: &Arc<RowLock<i64>>| *row.try_lock().expect("no branch is open");
        self.rows.iter().map(balance).sum()
    }
}

/// Leads the transactions.
#[derive(Default)]
struct Coordinator {
    begun: AtomicU64,
    /// Those of which somebody may still have to be told.
    open: Mutex<BTreeSet<Tx>>,
    log: Mutex<Vec<Record>>,
}

impl Coordinator {
    fn live<H: Host>(self: Arc<Self>, host: &H) {
        let own = host.clone();
        host.serve(move |request| {
            let (this, host) = (Arc::clone(&self), own.clone());
            async move {
                match request {
                    Request::Transfer(account) => this.transfer(host, account).await,
                    _ => Answer::No,
                }
            }
        });
    }

    async fn transfer<H: Host>(self: Arc<Self>, host: H, account: Account) -> Answer {
        let tx = self.begun.fetch_add(1, Ordering::Relaxed);
        lock(&self.open).insert(tx);
        let agreed = work(&host, tx, account).await && vote(&host, tx).await;
        if agreed {
            force::<H>(&self.log, Record::Committed(tx)).await;
            H::spawn(self.tell_commit(host, tx));
            Answer::Yes
        } else {
            H::spawn(self.tell_abort(host, tx));
            Answer::No
        }
    }

    /// Until everybody has acknowledged it.
    async fn tell_commit<H: Host>(self: Arc<Self>, host: H, tx: Tx) {
        let tell = async |to| {
            let request = Request::Commit(tx);
            while host.call(to, request, PATIENCE).await.is_none() {}
        };
        join_all(PARTICIPANTS.map(tell)).await;
        lock(&self.log).push(Record::Ended(tx));
        lock(&self.open).remove(&tx);
    }

    /// Once: whoever does not hear it presumes it.
    async fn tell_abort<H: Host>(self: Arc<Self>, host: H, tx: Tx) {
        let tell = |to| host.call(to, Request::Abort(tx), PATIENCE);
        join_all(PARTICIPANTS.map(tell)).await;
        lock(&self.open).remove(&tx);
    }
}

/// The steps, one after the other, as long as they are done.
async fn work<H: Host>(host: &H, tx: Tx, account: Account) -> bool {
    for to in PARTICIPANTS {
        let request = Request::Work(tx, account);
        if host.call(to, request, PATIENCE).await != Some(Answer::Yes) {
            return false;
        }
    }
    true
}

/// Whether all vote for it; all are asked at once.
async fn vote<H: Host>(host: &H, tx: Tx) -> bool {
    let ask = |to| host.call(to, Request::Prepare(tx), PATIENCE);
    let votes = join_all(PARTICIPANTS.map(ask)).await;
    votes.iter().all(|vote| *vote == Some(Answer::Yes))
}

/// Everybody who takes part, and the work there is.
#[derive(Clone)]
pub(crate) struct System {
    coordinator: Arc<Coordinator>,
    participants: [Arc<Participant>; 3],
    transactions: u32,
    claimed: Arc<AtomicU32>,
}

impl System {
    pub(crate) fn new(transactions: u32) -> Self {
        System {
            coordinator: Arc::default(),
            participants: PARTICIPANTS.map(|_| Arc::new(Participant::new())),
            transactions,
            claimed: Arc::default(),
        }
    }

    /// A server's life.
    pub(crate) fn live<H: Host>(self, node: Node, host: &H) {
        match PARTICIPANTS.iter().position(|id| *id == node) {
            Some(n) => Arc::clone(&self.participants[n]).live(host),
            None => self.coordinator.live(host),
        }
    }

    /// All clients, until the work is done and no branch is open any more.
    pub(crate) async fn clients<H: Host>(self, host: H) {
        join_all((0..CLIENTS).map(|client| self.client(&host, client))).await;
        while !lock(&self.coordinator.open).is_empty() {
            H::sleep(THINK).await;
        }
    }

    /// One after the other, a thought between two. Whoever is refused asks again.
    async fn client<H: Host>(&self, host: &H, client: u32) {
        for n in 0.. {
            if self.claimed.fetch_add(1, Ordering::Relaxed) >= self.transactions {
                return;
            }
            H::sleep(THINK).await;
            let account = mix(u64::from(client) << 32 | n) % u64::from(ACCOUNTS);
            let request = Request::Transfer(account as Account);
            loop {
                match host.call(COORDINATOR, request, CLIENT_PATIENCE).await {
                    Some(Answer::Yes) => break,
                    Some(Answer::No) => {}
                    None => panic!("no fault, and yet a client is left without an answer"),
                }
            }
        }
    }

    /// Holds that every transaction was committed, exactly once and everywhere: each
    /// takes one of the balances of each participant, and nothing else is taken.
    pub(crate) fn verify(&self) {
        let left = i64::from(ACCOUNTS) * INITIAL - i64::from(self.transactions);
        for participant in &self.participants {
            assert_eq!(participant.total(), left, "what is left of all balances");
        }
    }
}

/// A good enough draw of what it is given (SplitMix64).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// What is locked here is never left half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
