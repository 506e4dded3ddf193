//! InDoubt puts a distributed transaction on trial before production does: one
//! scenario file, one seed, and two-phase commit, an orchestrated saga, a
//! choreographed saga and a monolith run side by side under the same workload
//! and the same faults. Every run is judged by promises, and measured.
//!
//! One run is a pure function: `(Scenario, Protocol, seed, FaultPlan) -> History
//! -> Verdicts`. The same build, scenario and seed give the same history, bit
//! for bit, on any machine.
//!
//! # The house
//!
//! A room may use the rooms under it, never those above or beside it (a test
//! guards the table).
//!
//! | layer | room | holds |
//! | --- | --- | --- |
//! | 8 | [`cli`] | flags, files, terminal, exit codes; the only room that prints |
//! | 7 | [`report`] | an outcome as table, trace, diagram, bug report and JSON; a history in a file; never runs anything |
//! | 6 | [`lab`] | experiments: run once, on either host or on both |
//! | 5 | [`world`] | the simulated machines: agenda, network, disk, store, broker, provider, clients, the driver, the injector, the hosts |
//! | 5 | [`check`] | promises: folds from a history to a verdict with evidence |
//! | 5 | [`measure`] | figures: folds from a history to counts, quantiles and windows |
//! | 4 | [`scenario`] | the scenario language: from a TOML file to a `Scenario` that cannot be invalid |
//! | 3 | [`history`] | what happened, in order: events and their digest |
//! | 3 | [`fault`] | what can go wrong, as data: kinds, moments, plans, drawn faults |
//! | 2 | [`protocol`] | the protocols as state machines: input in, effects out |
//! | 1 | [`business`] | what is being done: resources, steps, compensations, equations |
//! | 0 | [`vocab`] | the words: ids, model time, probability, seeds and random streams |
//!
//! # Where to start reading
//!
//! - A protocol: [`protocol::machine`] says what a machine is; then
//!   [`protocol::two_phase_commit`], which reads like the paper.
//! - The world: [`world::World::next`] and `World::take` are the whole loop.
//! - A promise: [`check`] has a file for each.
//! - A run from above: [`lab::run`]; of your own protocol: [`lab::run_own`]; many
//!   of them: [`lab::hunt`] and [`lab::sweep`].
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//! use indoubt::lab::{self, HostChoice, RunOptions};
//! use indoubt::protocol::{ProtocolKind, Safeguard, Safeguards};
//! use indoubt::{check::Verdict, scenario};
//!
//! let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/points-mall.toml");
//! let mut mall = scenario::load(file)?;
//! mall.workload.transactions = 40;
//! let mall = Arc::new(mall);
//!
//! let options = RunOptions {
//!     seed: mall.seed,
//!     safeguards: Safeguards::all(),
//!     host: HostChoice::Direct,
//! };
//! let trial = lab::run(&mall, ProtocolKind::TwoPhaseCommit, &options, ())?;
//! assert!(trial.verdicts.iter().all(|(_, verdict, _)| !matches!(verdict, Verdict::Violated(_))));
//! println!("{} committed, digest {}", trial.figures.committed, trial.digest);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A protocol of your own, as a machine
//!
//! Implement [`protocol::Machine`] (input in, effects out) for each role, and
//! [`protocol::Protocol`], which says who plays which role and, as
//! [`protocol::Own`], what the bench must know: a name, whom clients call, and
//! the [`protocol::Family`], that is, which promises mean something. Then
//! [`lab::run_own`] runs it on any scenario, and its [`lab::Trial`] stands beside
//! the others in a [`report::Comparison`]. No special build is needed.
//! [`protocol::plan`] makes local transactions of the scenario's steps;
//! [`protocol::relay::WithRelay`] hands over what they stage. [`protocol::Mix`] makes a
//! machine for each transaction where a scenario has several; without it such a scenario
//! is refused.
//! `examples/own_machine.rs` is to be copied: best effort, as teams write it, and
//! what it breaks.
//!
//! # A protocol of your own, as `async` code
//!
//! Implement [`world::host::task::AsyncProtocol`]: one `async fn` a process, that
//! awaits messages, local transactions and time, and spawns a task a transaction.
//! A crash drops it wherever it awaits; a restart begins it anew. Run it as
//! [`world::host::task::Tasks`] with [`lab::run_own`], on both hosts and with the
//! same digest. `examples/own_async.rs` is to be copied: a saga by hand, whose
//! only log is its stack.
//!
//! # What is not modelled
//!
//! One database a service, with one disk and no replicas; row locks without
//! intention or gap locks (no phantoms: a transaction names its rows); clocks
//! that do not drift; links that are shared, or that drop what they have no room
//! for; a coordinator that fails over to another machine; data that is corrupted
//! at rest; operators who end an in-doubt branch by hand.

pub mod business;
pub mod check;
pub mod cli;
pub mod fault;
pub mod history;
pub mod lab;
pub mod measure;
pub mod protocol;
pub mod report;
pub mod scenario;
pub mod vocab;
pub mod world;
