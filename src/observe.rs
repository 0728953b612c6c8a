//! What the core reports to its observers: the steps of one call to that call's [`Observer`], and what happens to tokens,
//! grants and stores to every [`Watcher`] of the process. Nothing is reported, or made, while there is none.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::error::{Error, ErrorCode};

static WATCHED: AtomicBool = AtomicBool::new(false);
static WATCHERS: Mutex<Vec<Weak<Watcher>>> = Mutex::new(Vec::new());
static CREDENTIALS: AtomicU64 = AtomicU64::new(0);

/// Receives the steps of one call. It is called on the core's thread and must not block.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(Report) + Send + Sync>);

/// A step of a call.
#[derive(Debug, Clone)]
pub enum Report {
    /// The call has waited for its turn within the rate limits.
    Turn {
        /// How long it waited.
        waited: Duration,
    },
    /// An attempt has ended.
    Attempt(AttemptReport),
}

/// One attempt of a call: a request that was sent, or for which a connection was being made.
#[derive(Debug, Clone)]
pub struct AttemptReport {
    /// The number of the attempt, counted from 1.
    pub number: u32,
    /// How long the attempt waited for its turn within the rate limits.
    pub queued: Duration,
    /// How long it then waited for a free connection and an access token.
    pub prepared: Duration,
    /// How long the request itself took: to the headers of the answer, or to the end of a body that is read at once.
    pub took: Duration,
    /// The HTTP status, if an answer arrived.
    pub status: Option<u16>,
    /// Why there is no answer. Neither this nor a status means that the call ended before the attempt did.
    pub error: Option<ErrorCode>,
    /// The server's id of the request.
    pub request_id: Option<String>,
    /// The header lines of the answer, without cookies and quotes of the credential. Empty without an answer.
    pub headers: String,
    /// The address that the answer came from: the server's, or a proxy's.
    pub peer: Option<SocketAddr>,
    /// Whether the answer came by HTTP/2.
    pub is_http2: bool,
    /// How long the endpoint is paused after a 429.
    pub paused: Option<Duration>,
    /// What follows.
    pub next: Next,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: its outcome is that of the call.
    End,
    /// Another attempt with a new access token.
    Reauthorize,
    /// Another attempt after this pause.
    Retry(Duration),
}

impl Observer {
    /// An observer that calls `observe` for each step.
    pub fn new(observe: impl Fn(Report) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    /// Reports a step.
    pub fn report(&self, report: Report) {
        (self.0)(report);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// Something that happened in this process, and does not belong to one call.
#[derive(Debug, Clone)]
pub enum Observation {
    /// A credential has obtained an access token, or failed to.
    Token {
        /// Whose token it is.
        owner: TokenOwner,
        /// How long that took.
        took: Duration,
        /// How long the token can be used, or why there is none.
        outcome: Result<Duration, Error>,
    },
    /// The tokens of a grant were renewed, or could not be, or must soon be.
    Renewal {
        /// The grant's id.
        grant_id: String,
        /// How it ended.
        outcome: RenewalOutcome,
        /// Why it failed, if it failed.
        error: Option<Error>,
    },
    /// A store has failed.
    Store {
        /// The method of the store.
        operation: &'static str,
        /// The number of the credential whose tokens the store shares, if it does.
        credential: Option<u64>,
        /// How it failed.
        error: Error,
    },
}

/// How the renewal of a grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewalOutcome {
    /// The new tokens are stored.
    Renewed,
    /// It failed for now.
    Failed,
    /// The authorization server refuses the refresh token for now.
    Refused,
    /// The customer has to authorize again.
    ReauthorizationRequired,
    /// The refresh token expires in less than this many days, and could not be renewed.
    Expiring(u8),
}

/// Whose an access token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOwner {
    /// What kind of credential.
    pub kind: TokenOwnerKind,
    /// The client id, the grant's id or the customer's company id.
    pub id: String,
    /// The number of the credential in this process.
    pub credential: u64,
}

/// A kind of credential that has access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOwnerKind {
    /// A client id and secret.
    Client,
    /// A grant of an app.
    Grant,
    /// A customer of a partner.
    Customer,
}

/// Receives the observations of this process. It is called on any of the core's tasks and must not block.
pub struct Watcher(Box<dyn Fn(Observation) + Send + Sync>);

impl Watcher {
    /// Watches this process for as long as the returned value is held: calls `watch` for each observation.
    pub fn start(watch: impl Fn(Observation) + Send + Sync + 'static) -> Arc<Self> {
        let watcher = Arc::new(Self(Box::new(watch)));
        watchers().push(Arc::downgrade(&watcher));
        WATCHED.store(true, Ordering::Relaxed);
        watcher
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut all = watchers();
        all.retain(|watcher| watcher.strong_count() > 0);
        WATCHED.store(!all.is_empty(), Ordering::Relaxed);
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

/// Passes an observation to all watchers, if there is one. `observation` is called only if there are watchers.
pub(crate) fn observe(observation: impl FnOnce() -> Option<Observation>) {
    if !WATCHED.load(Ordering::Relaxed) {
        return;
    }
    // Called without the lock: the end of a watcher takes it.
    let watching: Vec<_> = watchers().iter().filter_map(Weak::upgrade).collect();
    let Some(observation) = observation() else { return };
    for watcher in watching {
        (watcher.0)(observation.clone());
    }
}

/// A number for a credential, by which its observations are recognized.
pub(crate) fn number_credential() -> u64 {
    CREDENTIALS.fetch_add(1, Ordering::Relaxed)
}

fn watchers() -> MutexGuard<'static, Vec<Weak<Watcher>>> {
    WATCHERS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail() {
        observe(|| {
            Some(Observation::Store { operation: "load", credential: Some(u64::MAX), error: Error::Closed })
        });
    }

    #[test]
    fn every_watcher_is_told_until_it_is_dropped() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let watch = |name: &'static str| {
            let seen = Arc::clone(&seen);
            Watcher::start(move |observation| {
                // Other tests of this process may observe something of their own.
                if matches!(observation, Observation::Store { credential: Some(u64::MAX), .. }) {
                    seen.lock().unwrap().push(name);
                }
            })
        };
        let (one, two) = (watch("one"), watch("two"));
        fail();
        drop(one);
        fail();
        drop(two);
        fail();
        assert_eq!(*seen.lock().unwrap(), ["one", "two", "two"]);
    }
}
