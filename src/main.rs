//! The command line of InDoubt.

use std::process::ExitCode;

fn main() -> ExitCode {
    indoubt::cli::main()
}
