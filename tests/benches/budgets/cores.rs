//! The same work for each of many items, on all cores.

use std::thread;

/// Does it for the numbers below `count`; results in their order.
pub fn spread<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = count.div_ceil(threads);
    thread::scope(|scope| {
        let shares = (0..threads).map(|thread| {
            let numbers = (thread * share).min(count)..count.min((thread + 1) * share);
            let work = &work;
            scope.spawn(move || numbers.map(work).collect::<Vec<_>>())
        });
        let shares: Vec<_> = shares.collect();
        shares.into_iter().flat_map(|share| share.join().expect("a share")).collect()
    })
}
