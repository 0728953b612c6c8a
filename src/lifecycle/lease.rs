//! [`Lease`]: who waits for somebody else's lease on a record, and how long what works once may take.

use std::time::Duration;

use crate::clock::Moment;
use crate::store::Version;

/// How long what works once may hold its record, in milliseconds. Longer than the server's deadline by what a commit
/// may take.
pub(crate) const LEASE_MILLIS: u64 = 90_000;
/// [`LEASE_MILLIS`] as a duration.
pub(crate) const LEASE: Duration = Duration::from_millis(LEASE_MILLIS);
/// A journal that took longer leaves too little of the lease for the exchange and its commit: it is begun again, once
/// that lease is over. Longer than any store takes, and shorter than the lease by the server's deadline.
pub(crate) const LONGEST_JOURNAL: Duration = Duration::from_secs(20);
/// By how much the clocks of two machines are believed to differ at most, in milliseconds: a lease that ends by its
/// holder's clock is over by ours so much later.
pub(crate) const CLOCK_SKEW_MILLIS: u64 = 300_000;
/// How often a holder's lease is looked at by those who wait for it.
pub(crate) const LEASE_POLL: Duration = Duration::from_millis(200);
/// The first wait between two attempts to write down what an exchange yielded; it doubles up to the longest.
pub(crate) const FIRST_COMMIT_WAIT: Duration = Duration::from_millis(200);
/// The longest wait between two attempts to write down what an exchange yielded.
pub(crate) const LONGEST_COMMIT_WAIT: Duration = Duration::from_secs(5);

/// A lease in a record, as long as we have watched it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    version: Version,
    since: Moment,
    until: u64,
}

impl Lease {
    /// The lease until `until` (milliseconds since the Unix epoch; 0 for none) in the record's version `version`,
    /// watched since now unless it is the one that we watch.
    pub(crate) fn of(version: Version, until: u64, now: Moment, watched: Option<Self>) -> Self {
        watched.filter(|lease| lease.version == version).unwrap_or(Self { version, since: now, until })
    }

    /// Watched from beginning to end, or long past. (What the wall clocks say is not enough: one that is ahead would have
    /// us spend what its holder is spending.)
    pub(crate) fn is_over(self, now: Moment) -> bool {
        self.until.saturating_add(CLOCK_SKEW_MILLIS) <= now.unix_millis()
            || now.ran_since(self.since) >= LEASE
    }
}

/// Whether a lease until `until` (milliseconds since the Unix epoch) may be somebody's work in progress, for who does not
/// watch it. One that ends further ahead was written by a clock that was wrong.
pub(crate) fn is_running(until: u64, now: Moment) -> bool {
    let now = now.unix_millis();
    until > now && until <= now.saturating_add(LEASE_MILLIS + CLOCK_SKEW_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, ManualClock};

    const ALMOST: Duration = Duration::from_millis(LEASE_MILLIS - 1);
    const ALMOST_PAST: Duration = Duration::from_millis(LEASE_MILLIS + CLOCK_SKEW_MILLIS - 1);

    #[test]
    fn a_lease_is_over_when_it_was_watched_or_is_past_by_all_that_clocks_differ() {
        let clock = ManualClock::new();
        let until = clock.now().unix_millis() + LEASE_MILLIS;
        let lease = Lease::of(1, until, clock.now(), None);
        clock.suspend(ALMOST_PAST);
        assert!(!lease.is_over(clock.now()), "the holder's clock may be behind ours, or was set back");
        clock.suspend(Duration::from_millis(1));
        assert!(lease.is_over(clock.now()));

        let ahead = Lease::of(1, u64::MAX, clock.now(), None);
        clock.advance(ALMOST);
        assert!(!ahead.is_over(clock.now()));
        clock.advance(Duration::from_millis(1));
        assert!(ahead.is_over(clock.now()));
    }

    #[test]
    fn work_in_progress_does_not_end_weeks_from_now() {
        let now = ManualClock::new().now();
        let from_now = |millis| now.unix_millis() + millis;
        assert!(!is_running(from_now(0), now));
        assert!(is_running(from_now(1), now));
        assert!(is_running(from_now(LEASE_MILLIS + CLOCK_SKEW_MILLIS), now));
        assert!(!is_running(from_now(LEASE_MILLIS + CLOCK_SKEW_MILLIS + 1), now));
    }
}
