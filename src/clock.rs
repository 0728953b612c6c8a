//! The only module that reads a clock (clippy forbids it elsewhere), so that tests can set the time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// One reading of both clocks.
///
/// Neither clock alone is reliable for a token's age: the monotonic one may stand still while a machine sleeps, and the
/// wall clock can be set back. The elapsed time is therefore the longer of what the two say.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    monotonic: Instant,
    wall: SystemTime,
}

impl Moment {
    /// The time since `earlier`: the longer of what the two clocks say.
    pub fn since(self, earlier: Self) -> Duration {
        let monotonic = self.monotonic.saturating_duration_since(earlier.monotonic);
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        monotonic.max(wall)
    }

    /// How long the monotonic clock ran since `earlier`. It cannot be set, and may stand still while the machine
    /// sleeps.
    pub fn ran_since(self, earlier: Self) -> Duration {
        self.monotonic.saturating_duration_since(earlier.monotonic)
    }

    /// The moment at which the wall clock showed `millis` milliseconds since the Unix epoch.
    #[must_use]
    pub fn at_unix_millis(self, millis: u64) -> Self {
        let wall = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(self.wall);
        let ago = self.wall.duration_since(wall).unwrap_or_default();
        Self { monotonic: self.monotonic.checked_sub(ago).unwrap_or(self.monotonic), wall }
    }

    /// The time of the wall clock, in milliseconds since the Unix epoch.
    pub fn unix_millis(self) -> u64 {
        let millis = self.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        u64::try_from(millis).unwrap_or(u64::MAX)
    }
}

/// A source of the current time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The current time.
    fn now(&self) -> Moment;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    fn now(&self) -> Moment {
        Moment { monotonic: Instant::now(), wall: SystemTime::now() + ahead() }
    }
}

/// The time of the runtime's timers. In a paused runtime it stands still, as its timers do.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
pub fn instant() -> Instant {
    Instant::now()
}

/// By how much this process's wall clock is set ahead, which is zero.
#[cfg(not(feature = "torture"))]
const fn ahead() -> Duration {
    Duration::ZERO
}

/// By how much this process's wall clock is set ahead: `SMARTRECRUITERS_TORTURE_AHEAD`, in milliseconds. A process
/// under test thus finds the leases of others over without waiting.
#[cfg(feature = "torture")]
fn ahead() -> Duration {
    static AHEAD: std::sync::LazyLock<Duration> = std::sync::LazyLock::new(|| {
        #[expect(clippy::disallowed_methods, reason = "a process is tortured by those who start it")]
        let text = std::env::var("SMARTRECRUITERS_TORTURE_AHEAD").unwrap_or_default();
        Duration::from_millis(text.parse().unwrap_or_default())
    });
    *AHEAD
}

/// A clock that stands still until it is moved, for tests that span minutes to months.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Moment>>);

impl ManualClock {
    /// A clock that starts at the current time.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(SystemClock.now())))
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        let mut moment = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        moment.monotonic += by;
        moment.wall += by;
    }

    /// Sets only the wall clock back, as an administrator may.
    pub fn set_wall_back(&self, by: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wall -= by;
    }

    /// Simulates a sleeping machine: the wall clock moves on, and the monotonic one stands still.
    pub fn suspend(&self, length: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wall += length;
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_while_the_machine_sleeps() {
        let clock = ManualClock::new();
        let start = clock.now();
        clock.suspend(Duration::from_secs(7200));
        assert_eq!(clock.now().since(start), Duration::from_secs(7200));
    }

    #[test]
    fn a_moment_of_another_machine_is_as_long_ago_as_the_wall_clock_says() {
        let now = SystemClock.now();
        assert_eq!(now.since(now.at_unix_millis(now.unix_millis() - 60_000)).as_secs(), 60);
        assert_eq!(now.since(now.at_unix_millis(now.unix_millis() + 60_000)), Duration::ZERO);
        assert_eq!(now.since(now.at_unix_millis(u64::MAX)), Duration::ZERO);
        assert!(now.since(now.at_unix_millis(0)).as_secs() > 50 * 365 * 24 * 3600);
    }

    #[test]
    fn a_wall_clock_set_back_does_not_turn_back_time() {
        let clock = ManualClock::new();
        let start = clock.now();
        clock.advance(Duration::from_secs(60));
        clock.set_wall_back(Duration::from_secs(3600));
        assert_eq!(clock.now().since(start), Duration::from_secs(60));
    }
}
