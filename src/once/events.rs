//! [`Event`]: what happened to an app's grants, reported to the app's owner.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::error::{Error, ReauthorizationReason};
use crate::observe::{Observation, RenewalOutcome, observe};
use crate::warning::{WarningKind, warn_process};

/// Something that happened in this process, usually to a grant.
#[derive(Debug, Clone)]
pub enum Event {
    /// The grant's tokens were renewed and stored.
    Renewed {
        /// The grant's id.
        grant_id: String,
    },
    /// The grant's tokens could not be renewed for now, or were renewed and could not be stored yet.
    RenewalFailed {
        /// The grant's id.
        grant_id: String,
        /// Why it failed.
        error: Error,
    },
    /// The grant has ended. The customer has to authorize again.
    ReauthorizationRequired {
        /// The grant's id.
        grant_id: String,
        /// Why the grant ended.
        reason: ReauthorizationReason,
    },
    /// The authorization server refuses the grant's refresh token, and may accept it later. Reported once, at the first
    /// refusal.
    Refused {
        /// The grant's id.
        grant_id: String,
        /// When it was first refused, in milliseconds since the Unix epoch.
        since: u64,
        /// The refusal, with the server's description.
        error: Error,
    },
    /// The grant's refresh token expires soon, and keep-alive failed to renew it.
    Expiring {
        /// The grant's id.
        grant_id: String,
        /// When the refresh token expires, in milliseconds since the Unix epoch.
        expires_at: u64,
        /// The refresh token expires in less than this many days: 7, 3 or 1.
        days: u8,
    },
    /// A pass of keep-alive in the background failed as a whole. The next one runs as scheduled.
    KeepAliveFailed {
        /// Why it failed.
        error: Error,
    },
    /// The store's settings could cause grants to be lost.
    StoreWarning {
        /// How grants could be lost, and what to do about it.
        message: String,
    },
    /// Rekeying could not encrypt a record again.
    RekeyFailed {
        /// The id of the record, which need not be a grant.
        id: String,
        /// Why it failed.
        error: Error,
    },
}

impl Event {
    /// The event as those see it who watch the whole process, if it is about a renewal.
    fn observation(&self) -> Option<Observation> {
        let (grant_id, outcome, error) = match self {
            Self::Renewed { grant_id } => (grant_id, RenewalOutcome::Renewed, None),
            Self::RenewalFailed { grant_id, error } => (grant_id, RenewalOutcome::Failed, Some(error)),
            Self::Refused { grant_id, error, .. } => (grant_id, RenewalOutcome::Refused, Some(error)),
            Self::ReauthorizationRequired { grant_id, .. } => {
                (grant_id, RenewalOutcome::ReauthorizationRequired, None)
            }
            Self::Expiring { grant_id, days, .. } => (grant_id, RenewalOutcome::Expiring(*days), None),
            Self::KeepAliveFailed { .. } | Self::StoreWarning { .. } | Self::RekeyFailed { .. } => {
                return None;
            }
        };
        Some(Observation::Renewal { grant_id: grant_id.clone(), outcome, error: error.cloned() })
    }
}

/// A receiver of events. It is called on the core's thread and must not block.
pub struct Listener(Box<dyn Fn(Event) -> bool + Send + Sync>);

impl Listener {
    /// A listener that calls `listen` for each event, until `listen` returns false because its receiver is gone.
    pub fn new(listen: impl Fn(Event) -> bool + Send + Sync + 'static) -> Self {
        Self(Box::new(listen))
    }
}

impl Default for Listener {
    /// A listener without a receiver.
    fn default() -> Self {
        Self::new(|_| false)
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// The listeners of all apps that share grants. Each is registered as long as its app holds it.
#[derive(Debug, Default)]
pub struct Listeners(Mutex<Vec<Weak<Listener>>>);

impl Listeners {
    /// Registers a listener for as long as the returned value is held.
    pub fn add(&self, listener: Listener) -> Arc<Listener> {
        let listener = Arc::new(listener);
        let mut all = self.all();
        all.retain(|listener| listener.strong_count() > 0);
        all.push(Arc::downgrade(&listener));
        listener
    }

    /// Reports an event to all listeners. Returns whether one of them received it.
    pub fn report(&self, event: &Event) -> bool {
        observe(|| event.observation());
        let mut heard = false;
        // Listeners are called without the lock, since they may use these listeners themselves.
        let listening: Vec<_> = self.all().iter().filter_map(Weak::upgrade).collect();
        for listener in listening {
            if (listener.0)(event.clone()) {
                heard = true;
            } else {
                self.all().retain(|other| !std::ptr::eq(other.as_ptr(), &raw const *listener));
            }
        }
        heard
    }

    /// Reports that the tokens of a grant are lost because their store `is_gone`. If no listener is left, as after the
    /// end of a worker, the whole process is warned.
    pub fn report_loss(&self, grant_id: &str, error: Error) {
        let lost = Event::RenewalFailed { grant_id: grant_id.to_owned(), error };
        if !self.report(&lost) {
            let message = format!(
                "the new tokens of grant {grant_id:?} could not be stored and are lost: the thread that its store's \
                 object belongs to has ended. The customer has to authorize again. End a worker that has a store of \
                 its own only once `app.settled()` has resolved"
            );
            warn_process(WarningKind::StoreGone, message);
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Weak<Listener>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
