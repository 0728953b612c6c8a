//! [`Lease`]: when the lease of another process on a record is over, and the time budget of a one-time operation.

use std::time::Duration;

use crate::clock::Moment;
use crate::store::Version;

/// How long a one-time operation may hold its record, in milliseconds: the longest journal, the 128 seconds that an
/// answer may take, and half a minute for the commit.
pub(crate) const LEASE_MILLIS: u64 = 180_000;
/// [`LEASE_MILLIS`] as a duration.
pub(crate) const LEASE: Duration = Duration::from_millis(LEASE_MILLIS);
/// A journal that took longer leaves too little of the lease for the request and its commit: the operation begins
/// again, once that lease is over.
pub(crate) const LONGEST_JOURNAL: Duration = Duration::from_secs(20);
/// By how much the clocks of two machines are believed to differ at most, in milliseconds: a lease that has ended by its
/// holder's clock is over by ours so much later.
pub(crate) const CLOCK_SKEW_MILLIS: u64 = 300_000;
/// How often a process that waits for a lease looks at it.
pub(crate) const LEASE_POLL: Duration = Duration::from_millis(200);
/// What one look at a lease counts for at most. A process that was stopped between two looks has not watched: the
/// holder may have been stopped with it, and may be about to read its answer.
const LONGEST_LOOK: Duration = Duration::from_secs(5);
/// How many looks it takes to believe that a lease is long past, for the same reason.
const LEAST_LOOKS: u32 = 5;
/// The first wait between two attempts to write an outcome down; it doubles up to the longest.
pub(crate) const FIRST_COMMIT_WAIT: Duration = Duration::from_millis(200);
/// The longest wait between two attempts to write an outcome down.
pub(crate) const LONGEST_COMMIT_WAIT: Duration = Duration::from_secs(5);

/// The lease in a record, as long as this process has watched it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    version: Version,
    until: u64,
    last_look: Moment,
    watched: Duration,
    looks: u32,
}

impl Lease {
    /// Looks at the lease that ends at `until` (milliseconds since the Unix epoch) in the record's version `version`.
    /// `before` is the lease of the look before, if there was one: of another version, it was another lease.
    pub(crate) fn look(version: Version, until: u64, now: Moment, before: Option<Self>) -> Self {
        match before.filter(|lease| lease.version == version) {
            Some(lease) => Self {
                last_look: now,
                watched: lease.watched + now.ran_since(lease.last_look).min(LONGEST_LOOK),
                looks: lease.looks.saturating_add(1),
                ..lease
            },
            None => Self { version, until, last_look: now, watched: Duration::ZERO, looks: 1 },
        }
    }

    /// Whether it was watched from beginning to end, or is long past. What the wall clock says is not enough: with one
    /// that is ahead, this process would spend what the holder is spending.
    pub(crate) fn is_over(self) -> bool {
        let is_long_past = self.until.saturating_add(CLOCK_SKEW_MILLIS) <= self.last_look.unix_millis();
        self.watched >= LEASE || (is_long_past && self.looks >= LEAST_LOOKS)
    }
}

/// Whether a lease until `until` (milliseconds since the Unix epoch) may be that of an operation in progress, for a
/// process that does not watch it. One that ends further ahead was written by a clock that was wrong.
pub(crate) fn is_running(until: u64, now: Moment) -> bool {
    let now = now.unix_millis();
    until > now && until <= now.saturating_add(LEASE_MILLIS + CLOCK_SKEW_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, ManualClock};

    /// Looks as often as it takes until the lease is over; how long that took, and how many looks.
    fn watch(clock: &ManualClock, until: u64, between: Duration) -> (Duration, u32) {
        let start = clock.now();
        let mut lease = Lease::look(1, until, clock.now(), None);
        while !lease.is_over() {
            clock.advance(between);
            lease = Lease::look(1, until, clock.now(), Some(lease));
        }
        (clock.now().since(start), lease.looks)
    }

    #[test]
    fn a_lease_is_over_when_it_was_watched_from_beginning_to_end() {
        for until in [0, u64::MAX] {
            let clock = ManualClock::new();
            let until = until.max(clock.now().unix_millis() + LEASE_MILLIS);
            assert_eq!(watch(&clock, until, LEASE_POLL).0, LEASE, "whatever the holder's clock says");
        }
    }

    #[test]
    fn a_lease_that_is_past_by_all_that_clocks_differ_is_over_after_a_second() {
        let clock = ManualClock::new();
        let until = clock.now().unix_millis() - CLOCK_SKEW_MILLIS;
        assert_eq!(watch(&clock, until, LEASE_POLL), (LEASE_POLL * 4, 5));
        assert_eq!(
            watch(&clock, until + 3_600_000, LEASE_POLL).0,
            LEASE,
            "the holder's clock may be behind ours"
        );
    }

    #[test]
    fn a_process_that_was_stopped_has_not_watched() {
        let clock = ManualClock::new();
        let until = clock.now().unix_millis() + LEASE_MILLIS;
        let first = Lease::look(1, until, clock.now(), None);
        clock.advance(LEASE * 10);
        let second = Lease::look(1, until, clock.now(), Some(first));
        assert!(!second.is_over(), "its holder may have been stopped with it, and reads its answer now");
        assert_eq!(second.watched, LONGEST_LOOK);
    }

    #[test]
    fn another_version_is_another_lease() {
        let clock = ManualClock::new();
        let until = clock.now().unix_millis() + LEASE_MILLIS;
        let mut lease = Lease::look(1, until, clock.now(), None);
        while !lease.is_over() {
            clock.advance(LEASE_POLL);
            lease = Lease::look(1, until, clock.now(), Some(lease));
        }
        assert!(!Lease::look(2, until, clock.now(), Some(lease)).is_over());
    }

    #[test]
    fn an_operation_in_progress_does_not_end_weeks_from_now() {
        let now = ManualClock::new().now();
        let from_now = |millis| now.unix_millis() + millis;
        assert!(!is_running(from_now(0), now));
        assert!(is_running(from_now(1), now));
        assert!(is_running(from_now(LEASE_MILLIS + CLOCK_SKEW_MILLIS), now));
        assert!(!is_running(from_now(LEASE_MILLIS + CLOCK_SKEW_MILLIS + 1), now));
    }
}
