//! [`Turn`]: what a call holds once it may be sent; and the names of what the schedule keeps.

use super::in_progress::Started;
use crate::http::Priority;

/// An endpoint of the scheduler, by the order in which endpoints were first used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct EndpointIndex(pub(super) usize);

/// A call that waits for its turn, or has not collected its turn yet. Ids are never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WaiterId {
    pub(crate) endpoint: EndpointIndex,
    pub(super) priority: Priority,
    /// The waiter's place in its queue: lower numbers go first.
    pub(super) position: i64,
}

/// What a call holds that may be sent. Each turn has to be ended once, by [`cancel`], [`finish`], [`abandon`] or
/// [`stop_reading`].
///
/// [`cancel`]: super::Scheduler::cancel
/// [`finish`]: super::Scheduler::finish
/// [`abandon`]: super::Scheduler::abandon
/// [`stop_reading`]: super::Scheduler::stop_reading
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) endpoint: EndpointIndex,
    /// The call's place in the endpoint's window.
    pub(super) ticket: u64,
    /// When the call began among the credential's requests in progress.
    pub(super) started: Started,
    /// The number of the call's shared permit, if processes share the limits.
    pub(super) permit: Option<u64>,
}
