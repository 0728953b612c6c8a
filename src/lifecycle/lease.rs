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

    /// By its holder's clock or, where that is ahead of ours, by ours.
    pub(crate) fn is_over(self, now: Moment) -> bool {
        self.until <= now.unix_millis() || now.since(self.since) >= LEASE
    }
}
