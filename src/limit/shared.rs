//! [`SharedWindow`]: a window and slots that many processes take from. What a process asks of it, and is told.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::pacing::Identity;
use crate::error::Result;

/// How long a permit is good whose process says nothing more of it: what one that dies holds, others then get.
pub const LEASE: Duration = Duration::from_secs(10);
/// How often a process says that it is there, and still holds what it holds.
pub(super) const RENEWAL: Duration = Duration::from_secs(3);

/// Where processes share the limits of credentials.
pub trait SharedWindow: fmt::Debug + Send + Sync {
    /// Reports, and asks for permits. Nothing is known of the outcome of a call that fails.
    fn ask(&self, ask: Ask) -> SharedFuture<'_>;

    /// It could not be reached, once more perhaps: until it is, limits are kept by this process alone.
    fn lost(&self, members: usize, error: &crate::error::Error);

    /// It can be reached again.
    fn restored(&self);
}

/// The future of [`SharedWindow::ask`].
pub type SharedFuture<'a> = Pin<Box<dyn Future<Output = Result<Told>> + Send + 'a>>;

/// What a process says and wants, of one endpoint of a credential.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The credential and its API.
    pub identity: Identity,
    /// The endpoint's name.
    pub endpoint: String,
    /// Requests that it takes in any second.
    pub per_second: usize,
    /// Requests that it takes at once.
    pub at_once: usize,
    /// Requests that the credential may have at once, if that is counted over all endpoints.
    pub at_once_over_all: Option<usize>,
    /// How many permits are wanted, numbered from `first` on.
    pub want: usize,
    /// The number of the first.
    pub first: u64,
    /// Whether this process has kept the limits alone until now.
    pub returns: bool,
    /// What became of permits, and which are still held.
    pub reports: Vec<(u64, Report)>,
}

/// What became of a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It is held, and its request is not answered.
    Pending,
    /// It is held, and its answer is being read.
    Open,
    /// The server received its request so long ago, at least; for so long it counts it.
    Received {
        /// How long ago.
        ago: Duration,
        /// What the server's second is taken for.
        second: Duration,
    },
    /// The server has done with its request.
    Ended,
    /// Nobody waits for the answer; the server may work on it for so long.
    Lingers(Duration),
    /// Its request never left.
    Unused,
    /// Its request was answered with 429: nobody gets a permit for so long.
    Refused(Duration),
}

/// What a process is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// How many permits it got of those that it wanted.
    pub granted: usize,
    /// When it is worth asking for more.
    pub wait: Duration,
    /// How many processes there are.
    pub members: usize,
}
