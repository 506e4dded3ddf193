//! What a service's database promises.
