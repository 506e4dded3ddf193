//! An outcome as table, trace and JSON; never runs anything.
