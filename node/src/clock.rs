//! Where a node takes the time from.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use carnet_proto::time::UnixSeconds;

/// A source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the time.
    fn now(&self) -> UnixSeconds;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> UnixSeconds {
        (**self).now()
    }
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(machine_seconds())
    }
}

/// A clock that starts where it is told, flows with the machine's and can be stepped forward.
///
/// It never goes back, also when the machine's clock does.
#[derive(Debug)]
pub struct SteppedClock {
    /// Seconds from the machine's clock to this one.
    offset: AtomicI64,
    /// Latest time told.
    latest: AtomicU64,
}

impl SteppedClock {
    /// Returns a clock that now shows `start`.
    #[must_use]
    pub fn starting_at(start: UnixSeconds) -> Self {
        Self::started(start.0, machine_seconds())
    }

    /// Moves forward by `seconds`.
    pub fn step(&self, seconds: u64) {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let add = |offset: i64| Some(offset.saturating_add(seconds));
        // The closure never declines.
        let _ = self.offset.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
    }

    /// Moves forward to `time`; does nothing if that has passed.
    pub fn step_to(&self, time: UnixSeconds) {
        self.step_to_at(time.0, machine_seconds());
    }

    /// Moves forward to the time of the machine; does nothing if this clock is ahead of it.
    pub fn catch_up(&self) {
        self.offset.fetch_max(0, Ordering::SeqCst);
    }

    fn started(start: u64, real: u64) -> Self {
        Self { offset: AtomicI64::new(difference(start, real)), latest: AtomicU64::new(start) }
    }

    fn step_to_at(&self, time: u64, real: u64) {
        self.offset.fetch_max(difference(time, real), Ordering::SeqCst);
    }

    fn now_at(&self, real: u64) -> u64 {
        let shown = real.saturating_add_signed(self.offset.load(Ordering::SeqCst));
        self.latest.fetch_max(shown, Ordering::SeqCst).max(shown)
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(self.now_at(machine_seconds()))
    }
}

/// A machine set before 1970 gets 0, which every validity check refuses.
fn machine_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn difference(time: u64, real: u64) -> i64 {
    let seconds = i64::try_from(time.abs_diff(real)).unwrap_or(i64::MAX);
    if time < real { -seconds } else { seconds }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: u64 = 1_800_000_000;
    const START: u64 = REAL - 30 * 86_400;

    #[test]
    fn it_starts_as_told_and_flows_with_the_machine() {
        let clock = SteppedClock::started(START, REAL);
        assert_eq!(clock.now_at(REAL), START);
        assert_eq!(clock.now_at(REAL + 7), START + 7);
        let ahead = SteppedClock::started(REAL + 60, REAL);
        assert_eq!(ahead.now_at(REAL + 1), REAL + 61);
    }

    #[test]
    fn steps_go_forward_only() {
        let clock = SteppedClock::started(START, REAL);
        clock.step(86_400);
        assert_eq!(clock.now_at(REAL + 1), START + 86_401);
        clock.step_to_at(START, REAL + 1);
        assert_eq!(clock.now_at(REAL + 1), START + 86_401);
        clock.step_to_at(START + 100_000, REAL + 1);
        assert_eq!(clock.now_at(REAL + 2), START + 100_001);
    }

    #[test]
    fn it_ends_at_the_time_of_the_machine() {
        let clock = SteppedClock::started(START, REAL);
        clock.catch_up();
        assert_eq!(clock.now_at(REAL + 3), REAL + 3);
        clock.step(10);
        clock.catch_up();
        assert_eq!(clock.now_at(REAL + 3), REAL + 13);
    }

    #[test]
    fn it_does_not_follow_a_machine_that_is_set_back() {
        let clock = SteppedClock::started(START, REAL);
        assert_eq!(clock.now_at(REAL + 100), START + 100);
        assert_eq!(clock.now_at(REAL - 3600), START + 100);
    }

    #[test]
    fn the_system_clock_is_past_the_year_2025() {
        assert!(SystemClock.now() > UnixSeconds(1_735_689_600));
    }
}
