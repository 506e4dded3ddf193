//! The outbox's other half: polls it, hands letters over, marks them as sent.
