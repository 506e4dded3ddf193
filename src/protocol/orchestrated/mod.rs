//! The saga with an orchestrator.
