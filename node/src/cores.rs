//! Work that is spread over the cores.

use std::panic::resume_unwind;
use std::thread;

/// Least items for which a thread is started: signing or checking that many takes a millisecond.
const LEAST_PER_THREAD: usize = 32;

/// Does the same work for each item, on as many cores as there are; the results are in the order of
/// the items. Blocks.
pub(crate) fn spread<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(items.len() / LEAST_PER_THREAD);
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let work = &work;
    thread::scope(|scope| {
        let parts = items.chunks(items.len().div_ceil(threads));
        let parts = parts.map(|part| scope.spawn(|| part.iter().map(work).collect::<Vec<_>>()));
        let parts: Vec<_> = parts.collect();
        let joined = parts.into_iter().map(|part| part.join().unwrap_or_else(|e| resume_unwind(e)));
        joined.flatten().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for count in [0, 1, 31, 64, 65, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let expected: Vec<usize> = (1..=count).collect();
            assert_eq!(spread(&items, |item| item + 1), expected);
        }
    }
}
