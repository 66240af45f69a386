//! Work that is spread over the cores.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Items that a thread takes at once: signing or checking that many takes a millisecond, so that a core
/// that is busy with something else keeps nobody waiting for longer.
const SHARE: usize = 32;

/// Does the same work for each item, on as many cores as there are; the results are in the order of
/// the items. Blocks.
pub(crate) fn spread<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(items.len() / SHARE);
    if threads < 2 {
        return items.into_iter().map(work).collect();
    }
    let count = items.len();
    let left = Mutex::new(items.into_iter().enumerate());
    let share = || -> Vec<(usize, T)> {
        left.lock().unwrap_or_else(PoisonError::into_inner).by_ref().take(SHARE).collect()
    };
    let shares = || {
        let mut done = Vec::with_capacity(count / threads + SHARE);
        loop {
            let share = share();
            if share.is_empty() {
                return done;
            }
            done.extend(share.into_iter().map(|(at, item)| (at, work(item))));
        }
    };
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(shares)).collect();
        let mut results = shares();
        for other in others {
            results.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    });
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for count in [0, 1, 31, 64, 65, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let expected: Vec<usize> = (1..=count).collect();
            assert_eq!(spread(items, |item| item + 1), expected);
        }
    }
}
