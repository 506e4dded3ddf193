//! The simulated machines: agenda and clock, network, disk, store, broker, mail
//! provider, clients, the driver of machines, the injector; and the hosts that
//! carry it.
//!
//! - [`agenda`]: everything that will happen, in order: the only clock.
//! - [`World`]: the synchronous event loop; [`host`] carries its machines.
//! - `effects`: the driver: takes a machine's effects in, in crash order.
//! - `life`: how a process boots, recovers and opens its mailbox.
//! - `messages`, `network`: what is sent, and what becomes of it.
//! - [`store`], [`disk`]: databases; `databases` is the driver's side of them.
//! - `broker`, `provider`, `clients`, `readers`: everybody who is no machine;
//!   `arrivals`: when requests come, `chooser`: what they are about.
//! - `injector`: applies the fault plan.
//! - `points`: where a fault can strike.
//! - `in_flight`: who still owns something.

pub mod agenda;
mod arrivals;
mod broker;
mod chooser;
mod clients;
mod databases;
pub mod disk;
mod effects;
mod happening;
pub mod host;
mod in_flight;
mod injector;
mod life;
mod links;
mod messages;
mod network;
mod points;
mod process;
mod provider;
mod readers;
mod run;
pub mod store;
#[allow(
    clippy::module_inception,
    reason = "the world's own type has the world's name"
)]
mod world;

pub use run::{RunEnd, RunSpec};
pub use world::{Next, World};
