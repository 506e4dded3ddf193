//! Two-phase commit, presumed abort.
