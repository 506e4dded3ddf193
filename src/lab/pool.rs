//! Work on all cores, each piece of it told as soon as it is done.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

/// Does these pieces of work on so many threads and gives each answer to `observe`,
/// in the order in which they are done, until that says [`ControlFlow::Break`] or
/// there are none left. What is in flight then is still done.
pub(super) fn as_done<W: Send, A: Send>(
    pieces: impl IntoIterator<Item = W, IntoIter: Send>,
    threads: usize,
    work: impl Fn(W) -> A + Sync,
    mut observe: impl FnMut(A) -> ControlFlow<()>,
) {
    let pieces = Mutex::new(pieces.into_iter());
    let next = || pieces.lock().ok()?.next();
    let stop = AtomicBool::new(false);
    let (done, answers) = mpsc::sync_channel(threads.max(1) * 4);
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            let done = done.clone();
            let (next, stop, work) = (&next, &stop, &work);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed)
                    && let Some(piece) = next()
                {
                    if done.send(work(piece)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        for answer in answers {
            if observe(answer).is_break() {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
}
