#![cfg(any())] // until both remaining protocols are in
//! Whole runs: scenarios through the world, judged.

mod counts;
mod determinism;
mod identity;
mod safeguards;
mod support;
mod sweep;
