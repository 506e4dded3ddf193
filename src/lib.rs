//! InDoubt puts a distributed transaction on trial.

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
