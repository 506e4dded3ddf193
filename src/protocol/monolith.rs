//! The baseline: one database, one local transaction.
