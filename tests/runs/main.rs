//! Whole runs: scenarios through the world, judged.

mod allowed;
mod clients;
mod countermeasures;
mod counts;
mod determinism;
mod found;
mod identity;
mod lessons;
mod links;
mod mixes;
mod parallel_steps;
mod policies;
mod presumptions;
mod safeguards;
mod support;
mod sweep;
mod validation;
