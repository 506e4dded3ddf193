//! The simulated machines: agenda and clock, network, disk, store, broker, mail
//! provider, clients, the driver of machines, the injector; and the hosts that
//! carry it.

pub mod store;
