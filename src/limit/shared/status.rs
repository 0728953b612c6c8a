//! [`SharedStatus`]: whether the shared window can be reached, and what holds while it cannot.

use std::time::Duration;

use crate::limit::credential_id::CredentialId;

/// How long a process sends nothing after it lost the shared window: the server may remember what other processes sent for
/// that time.
const QUIET: Duration = Duration::from_millis(1100);

/// The relation of one credential's limits to the shared window.
#[derive(Debug)]
pub(crate) struct SharedStatus {
    credential: CredentialId,
    /// The number of processes that share the window, by its last reply.
    members: usize,
    /// Since when the window cannot be reached.
    lost: Option<Duration>,
    /// The number of the next permit.
    next: u64,
}

impl SharedStatus {
    pub(crate) fn new(credential: CredentialId) -> Self {
        Self { credential, members: 1, lost: None, next: 0 }
    }

    /// The credential whose limits are shared.
    pub(crate) fn credential(&self) -> CredentialId {
        self.credential
    }

    /// Whether the shared window can be reached, so that each request needs one of its permits.
    pub(crate) fn is_reached(&self) -> bool {
        self.lost.is_none()
    }

    /// Until when no request may be sent after the window was lost. `None` while the window can be reached.
    pub(crate) fn quiet_until(&self) -> Option<Duration> {
        self.lost.map(|since| since + QUIET)
    }

    /// The number of processes that share the window, by its last reply.
    pub(crate) fn members(&self) -> usize {
        self.members
    }

    /// Reserves numbers for `wanted` permits, and returns the first.
    pub(crate) fn number(&mut self, wanted: usize) -> u64 {
        let first = self.next;
        self.next += wanted as u64;
        first
    }

    /// Notes that the window was reached. Returns whether it was lost before.
    pub(crate) fn reached(&mut self, members: usize) -> bool {
        self.members = members.max(1);
        self.lost.take().is_some()
    }

    /// Notes that the window cannot be reached. Returns whether that is new.
    pub(crate) fn lost(&mut self, now: Duration) -> bool {
        let is_new = self.lost.is_none();
        self.lost.get_or_insert(now);
        is_new
    }
}
