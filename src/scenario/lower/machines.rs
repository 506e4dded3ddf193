//! Machines, broker and provider: what the file says, else `[defaults]`, else
//! the bench's own.

use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{At, DatabaseFile, MachineFile, ProcessFile};
use crate::scenario::names;
use crate::scenario::types::{
    BrokerSpec, DatabaseSpec, Dist, Engine, LockPolicy, MachineSpec, Preparation, ProcessSpec,
    ProviderSpec,
};
use crate::scenario::value::Time;
use crate::vocab::SimDuration;

use super::Lowering;
use super::cast::Cast;

/// The bench's own machine: a database on a cloud volume that waits for locks
/// and can prepare.
mod default {
    use super::SimDuration;

    pub(super) const STATEMENT: SimDuration = SimDuration::from_micros(100);
    pub(super) const FLUSH: SimDuration = SimDuration::from_millis(1);
    pub(super) const GROUP_COMMIT: SimDuration = SimDuration::ZERO;
    pub(super) const LOCK_TIMEOUT: SimDuration = SimDuration::from_millis(50);
    pub(super) const LAZY_FLUSH: SimDuration = SimDuration::from_millis(10);
    pub(super) const REPLAY: SimDuration = SimDuration::from_micros(2);
    pub(super) const CHECKPOINT_EVERY: u32 = 1_000;
    pub(super) const RESTART: SimDuration = SimDuration::from_millis(20);
    pub(super) const WORKERS: u32 = 8;
    pub(super) const SERVICE_TIME: SimDuration = SimDuration::from_micros(100);
    pub(super) const REDELIVER_AFTER: SimDuration = SimDuration::from_millis(50);
    pub(super) const PROVIDER_TIME: SimDuration = SimDuration::from_millis(1);
}

/// The most workers of a process.
const MOST_WORKERS: u64 = 10_000;

impl Lowering<'_> {
    /// The manager's machine, then one for every service.
    pub(super) fn machines(&mut self, cast: &Cast) -> Vec<MachineSpec> {
        let names = std::iter::once("manager").chain(cast.services.iter().map(String::as_str));
        names.map(|name| self.machine(name)).collect()
    }

    fn machine(&mut self, name: &str) -> MachineSpec {
        let file = self.file;
        let nothing = MachineFile::default();
        let says = file
            .machines
            .iter()
            .find(|m| m.name.get_ref() == name)
            .and_then(|m| m.says.as_ref())
            .unwrap_or(&nothing);
        MachineSpec {
            name: name.to_owned(),
            process: self.process(&says.process, &file.defaults.process),
            database: self.database(name, &says.database, &file.defaults.database),
        }
    }

    fn process(&mut self, own: &ProcessFile, or: &ProcessFile) -> ProcessSpec {
        let workers = own.workers.as_ref().or(or.workers.as_ref());
        ProcessSpec {
            workers: self.within(workers, "workers", 1, MOST_WORKERS, default::WORKERS),
            service_time: own
                .service_time
                .or(or.service_time)
                .map_or(Dist::Fixed(default::SERVICE_TIME), |d| d.0),
            restart: pick(own.restart, or.restart, default::RESTART),
        }
    }

    fn database(&mut self, name: &str, own: &DatabaseFile, or: &DatabaseFile) -> DatabaseSpec {
        let engine = own.engine.as_ref().or(or.engine.as_ref());
        let engine_is = engine.map_or(Engine::Locking, |e| *e.get_ref());
        let checkpoint_every = own
            .checkpoint_every
            .as_ref()
            .or(or.checkpoint_every.as_ref());
        let lock_timeout = own.lock_timeout.as_ref().or(or.lock_timeout.as_ref());
        let lock_policy = own.lock_policy.as_ref().or(or.lock_policy.as_ref());
        self.check_locks(engine, own);
        DatabaseSpec {
            engine: engine_is,
            lock_policy: lock_policy.map_or_else(LockPolicy::default, |p| *p.get_ref()),
            prepare: self.preparation(name, engine, own, or),
            statement: pick(own.statement, or.statement, default::STATEMENT),
            flush: pick(own.flush, or.flush, default::FLUSH),
            group_commit: pick(own.group_commit, or.group_commit, default::GROUP_COMMIT),
            lock_timeout: self.positive(lock_timeout, "lock-timeout", default::LOCK_TIMEOUT),
            lazy_flush: pick(own.lazy_flush, or.lazy_flush, default::LAZY_FLUSH),
            restart: pick(own.restart, or.restart, default::RESTART),
            replay: pick(own.replay, or.replay, default::REPLAY),
            checkpoint_every: self.within(
                checkpoint_every,
                "checkpoint-every",
                1,
                u64::from(u32::MAX),
                default::CHECKPOINT_EVERY,
            ),
        }
    }

    /// What a machine says itself of locks that its engine does not wait for.
    fn check_locks(&mut self, engine: Option<&At<Engine>>, own: &DatabaseFile) {
        let document = engine.is_some_and(|e| *e.get_ref() == Engine::Document);
        if let (Some(timeout), true) = (&own.lock_timeout, document) {
            self.problems.push(
                Problem::at(
                    timeout.span(),
                    "`lock-timeout` means nothing for a document engine",
                )
                .label("it never waits for a lock: it answers a conflict at once"),
            );
        }
        if let (Some(policy), Some(engine), true) = (&own.lock_policy, engine, document) {
            self.problems.push(
                Problem::at(
                    policy.span(),
                    "`lock-policy` means nothing for a document engine",
                )
                .beside(engine.span(), "answers a conflict at once")
                .help("a locking engine with `lock-policy = \"no-wait\"` does so too"),
            );
        }
    }

    /// How a database takes part in two-phase commit. A document store has no
    /// prepared transactions; a table of intents must be asked for by name.
    fn preparation(
        &mut self,
        name: &str,
        engine: Option<&At<Engine>>,
        own: &DatabaseFile,
        or: &DatabaseFile,
    ) -> Preparation {
        let document = engine.is_some_and(|e| *e.get_ref() == Engine::Document);
        let unsaid = if document {
            Preparation::Never
        } else {
            Preparation::Native
        };
        let said = own.prepare.as_ref().or(or.prepare.as_ref());
        let is = said.map_or(unsaid, |p| *p.get_ref());
        if let (Some(said), Some(engine), true, Preparation::Native) = (said, engine, document, is)
        {
            self.problems.push(
                Problem::at(
                    said.span(),
                    format!("the document engine of {} cannot prepare natively", names::quote(name)),
                )
                .beside(engine.span(), "has no prepared transactions")
                .help("`intents` joins two-phase commit through a table of intents, at its cost; `never` stays out of it"),
            );
        }
        is
    }

    pub(super) fn broker(&mut self) -> BrokerSpec {
        let says = &self.file.broker;
        let redeliver = says.redeliver_after.as_ref();
        BrokerSpec {
            flush: pick(says.flush, None, default::FLUSH),
            redeliver_after: self.positive(redeliver, "redeliver-after", default::REDELIVER_AFTER),
            restart: pick(says.restart, None, default::RESTART),
        }
    }

    pub(super) fn provider(&self) -> ProviderSpec {
        let said = self.file.provider.service_time;
        ProviderSpec {
            service_time: said.map_or(Dist::Fixed(default::PROVIDER_TIME), |d| d.0),
        }
    }
}

fn pick(own: Option<Time>, or: Option<Time>, default: SimDuration) -> SimDuration {
    own.or(or).map_or(default, |time| time.0)
}
