//! Flags, files, terminal, exit codes: the only room that prints.
