//! The command line of InDoubt.

fn main() {}
