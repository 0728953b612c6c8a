//! [`Lease`]: when another process's lease on a record is over, and the time budget of a one-time operation.

use std::time::Duration;

use crate::clock::Moment;
use crate::store::Version;

/// How long a one-time operation may hold its record, in milliseconds: the longest journal, the 128 seconds that an
/// answer may take, and half a minute for the commit.
pub(crate) const LEASE_MILLIS: u64 = 180_000;
/// [`LEASE_MILLIS`] as a duration.
pub(crate) const LEASE: Duration = Duration::from_millis(LEASE_MILLIS);
/// The longest time for writing the journal. A journal that took longer leaves too little of the lease for the request
/// and its commit, so the operation begins again once that lease is over.
pub(crate) const LONGEST_JOURNAL: Duration = Duration::from_secs(20);
/// The largest difference between the clocks of two machines that is allowed for, in milliseconds. A lease that ended
/// by its holder's clock counts as over this much later by the local clock.
pub(crate) const CLOCK_SKEW_MILLIS: u64 = 300_000;
/// The interval at which a process that waits for a lease loads the record.
pub(crate) const LEASE_POLL: Duration = Duration::from_millis(200);
/// The most time that counts as watched between two looks. A process that was stopped in between has not watched: the
/// holder may have been stopped with it, and may be about to read its answer.
const LONGEST_LOOK: Duration = Duration::from_secs(5);
/// How many looks it takes to accept that a lease ended long ago, for the same reason.
const LEAST_LOOKS: u32 = 5;
/// The first wait between two attempts to store an outcome. It doubles up to [`LONGEST_COMMIT_WAIT`].
pub(crate) const FIRST_COMMIT_WAIT: Duration = Duration::from_millis(200);
/// The longest wait between two attempts to store an outcome.
pub(crate) const LONGEST_COMMIT_WAIT: Duration = Duration::from_secs(5);

/// A lease in a record, and for how long this process has watched it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    version: Version,
    until: u64,
    last_look: Moment,
    watched: Duration,
    looks: u32,
}

impl Lease {
    /// Looks at the lease that ends at `until` (milliseconds since the Unix epoch) in version `version` of the record.
    /// `before` is the result of the previous look, if there was one. If the version has changed, it is another lease.
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

    /// Whether the lease was watched for its whole length, or ended long ago. The wall clock alone is not enough: if it
    /// is ahead, this process would present the token that the holder is presenting.
    pub(crate) fn is_over(self) -> bool {
        self.is_over_after(LEASE)
    }

    /// The same for a lease of another length.
    pub(crate) fn is_over_after(self, length: Duration) -> bool {
        let is_long_past = self.until.saturating_add(CLOCK_SKEW_MILLIS) <= self.last_look.unix_millis();
        self.watched >= length || (is_long_past && self.looks >= LEAST_LOOKS)
    }
}

/// Whether a lease until `until` (milliseconds since the Unix epoch) may belong to an operation in progress, for a
/// process that does not watch it. A lease that ends further ahead was written by a wrong clock.
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
