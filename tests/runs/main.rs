//! Whole runs: scenarios through the world, judged.

mod countermeasures;
mod counts;
mod determinism;
mod found;
mod identity;
mod safeguards;
mod support;
mod sweep;
