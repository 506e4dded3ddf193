//! The binary, from outside: flags, exit codes, bytes, files.

mod chart;
mod exhaust;
mod gallery;
mod hunt;
mod measure;
mod names;
mod readme;
mod replay;
mod run;
mod screens;
mod support;
