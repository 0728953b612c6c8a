//! [`SharedWindow`]: a window that many processes take permits from; and the messages between a process and the window.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::limit::credential_id::CredentialId;

/// How long a permit is valid after its process last reported it. When a process dies, its permits then become free.
pub const LEASE: Duration = Duration::from_secs(10);
/// How often a process reports that it is alive and which permits it still holds.
pub(crate) const RENEWAL: Duration = Duration::from_secs(3);

/// Where processes share the limits of credentials.
pub trait SharedWindow: fmt::Debug + Send + Sync {
    /// Reports what became of permits, and requests new ones. If the call fails, the window may have handled it or not.
    fn ask(&self, request: PermitRequest) -> SharedFuture<'_>;

    /// Called after each failed request: until the window can be reached again, this process keeps the limits alone, as one
    /// of `members` processes.
    fn lost(&self, members: usize, error: &Error);

    /// Called when the window can be reached again.
    fn restored(&self);
}

/// The future of [`SharedWindow::ask`].
pub type SharedFuture<'a> = Pin<Box<dyn Future<Output = Result<PermitReply>> + Send + 'a>>;

/// What a process reports and requests for one endpoint of a credential.
#[derive(Debug, Clone)]
pub struct PermitRequest {
    /// The credential and its API.
    pub credential: CredentialId,
    /// The endpoint's name.
    pub endpoint: String,
    /// The endpoint's limit of requests in any second.
    pub per_second: usize,
    /// The endpoint's limit of requests in progress.
    pub concurrent: usize,
    /// The credential's limit of requests in progress, if it is counted over all endpoints.
    pub concurrent_over_all: Option<usize>,
    /// How many permits the process wants. They are numbered from `first` on.
    pub wanted: usize,
    /// The number of the first wanted permit.
    pub first: u64,
    /// Whether the process has kept the limits alone until now, and its last requests are not known to the window.
    pub is_returning: bool,
    /// What became of permits, and which ones the process still holds, by the permits' numbers.
    pub reports: Vec<(u64, PermitReport)>,
}

/// What became of a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermitReport {
    /// The process holds the permit, and the request is not answered.
    Pending,
    /// The process holds the permit, and is reading the answer.
    Open,
    /// The server received the request.
    Received {
        /// The least time that has passed since.
        ago: Duration,
        /// How long the server counts the request.
        second: Duration,
    },
    /// The server has finished the request.
    Finished,
    /// The process gave the request up; the server may work on it for this long.
    GivenUp(Duration),
    /// The request was never sent.
    Unused,
    /// The request was answered with 429: no process gets a permit for this long.
    Refused(Duration),
}

/// The shared window's reply to a [`PermitRequest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitReply {
    /// How many of the wanted permits were granted.
    pub granted: usize,
    /// After what time another request for permits can succeed.
    pub wait: Duration,
    /// The number of processes that share the window.
    pub members: usize,
}
