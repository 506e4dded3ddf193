//! Work on all cores: each piece of it told as soon as it is done, or all of it put
//! together as if one had done it.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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

/// Calls `work` with every number under `count`, on so many threads at once, and
/// gives its answers in the order of the numbers: all of them, or, if somebody
/// wants it to `stop`, the first so many.
pub(super) fn in_order<T: Send>(
    jobs: NonZeroUsize,
    count: usize,
    stop: impl Fn() -> bool + Sync,
    work: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let one_after_another = || {
        let mut done = Vec::new();
        while !stop() {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                break;
            }
            done.push((n, work(n)));
        }
        done
    };
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.get().min(count))
            .map(|_| scope.spawn(one_after_another))
            .collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    });
    done.sort_unstable_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_order_however_many_threads_there_are() {
        for jobs in [1, 2, 7] {
            let jobs = NonZeroUsize::new(jobs).expect("not zero");
            let squares = in_order(jobs, 100, || false, |n| n * n);
            assert!(
                squares
                    .iter()
                    .enumerate()
                    .all(|(n, square)| *square == n * n)
            );
        }
        let none: Vec<usize> = in_order(NonZeroUsize::MIN, 0, || false, |n| n);
        assert!(none.is_empty());
    }

    #[test]
    fn whoever_stops_it_has_the_first_answers_and_none_is_missing_among_them() {
        for jobs in [1, 2, 7] {
            let jobs = NonZeroUsize::new(jobs).expect("not zero");
            let worked = AtomicUsize::new(0);
            let enough = || worked.load(Ordering::Relaxed) >= 10;
            let answers = in_order(jobs, 100, enough, |n| {
                worked.fetch_add(1, Ordering::Relaxed);
                n
            });
            assert!((10..10 + jobs.get()).contains(&answers.len()));
            assert!(answers.iter().enumerate().all(|(n, answer)| *answer == n));
        }
    }
}
