//! What a database promises, a sentence each; and all of it at once against a
//! plain model.

mod bench;
mod crashes;
mod locking;
mod model;
mod policies;
mod preparing;
mod rivals;
mod sessions;
mod statements;
