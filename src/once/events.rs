//! [`Event`]: what an app's owner wants to hear of its grants, whoever made it happen.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::process_warning::warn_process;
use crate::error::{Error, ReauthorizationReason};

/// What happened in this process, most of it to a grant.
#[derive(Debug, Clone)]
pub enum Event {
    /// Its tokens were renewed and stored.
    Renewed {
        /// Its id.
        grant_id: String,
    },
    /// They were not, for now; or they were, and could not be stored yet.
    RenewalFailed {
        /// Its id.
        grant_id: String,
        /// Why.
        error: Error,
    },
    /// It has ended.
    ReauthorizationRequired {
        /// Its id.
        grant_id: String,
        /// Why.
        reason: ReauthorizationReason,
    },
    /// The authorization server refuses its refresh token, and may accept it later. Reported once, at the first refusal.
    Refused {
        /// Its id.
        grant_id: String,
        /// Since when, in milliseconds since the Unix epoch.
        since: u64,
        /// The refusal, with the server's own words.
        error: Error,
    },
    /// Its refresh token dies soon, and keep-alive failed to renew it.
    Expiring {
        /// Its id.
        grant_id: String,
        /// When, in milliseconds since the Unix epoch.
        expires_at: u64,
        /// In less than so many days: 7, 3 or 1.
        days: u8,
    },
    /// A pass of keep-alive in the background failed as a whole. The next one comes in its time.
    KeepAliveFailed {
        /// Why.
        error: Error,
    },
    /// The store's settings could lose grants.
    StoreWarning {
        /// How, and what to do about it.
        message: String,
    },
    /// Rekeying could not seal a record anew.
    RekeyFailed {
        /// The record's id: a grant's, or that of another kind.
        id: String,
        /// Why.
        error: Error,
    },
}

/// Who hears of events. Called on the core's thread: it must not block.
pub struct Listener(Box<dyn Fn(Event) -> bool + Send + Sync>);

impl Listener {
    /// A listener that calls `listen`, until that says that nobody is there to hear any more.
    pub fn new(listen: impl Fn(Event) -> bool + Send + Sync + 'static) -> Self {
        Self(Box::new(listen))
    }
}

impl Default for Listener {
    /// Nobody.
    fn default() -> Self {
        Self::new(|_| false)
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// The listeners of all apps that share grants, each for as long as its app holds it.
#[derive(Debug, Default)]
pub struct Listeners(Mutex<Vec<Weak<Listener>>>);

impl Listeners {
    /// Adds a listener, for as long as what this returns is held.
    pub fn add(&self, listener: Listener) -> Arc<Listener> {
        let listener = Arc::new(listener);
        let mut all = self.all();
        all.retain(|listener| listener.strong_count() > 0);
        all.push(Arc::downgrade(&listener));
        listener
    }

    /// Reports an event to all listeners. Whether there was one to hear it.
    pub fn report(&self, event: &Event) -> bool {
        let mut heard = false;
        // Not under the lock: what a listener does is its own affair.
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

    /// Reports that the tokens of a grant are lost, because the store that they belong to `is_gone`. Where no listener is
    /// left, as none is after the end of a worker, the whole process is warned.
    pub fn report_loss(&self, grant_id: &str, error: Error) {
        let lost = Event::RenewalFailed { grant_id: grant_id.to_owned(), error };
        if !self.report(&lost) {
            warn_process(format!(
                "the new tokens of grant {grant_id:?} could not be stored and are lost: the thread that its store's \
                 object belongs to has ended. The customer has to authorize again. End a worker that has a store of \
                 its own only once `app.settled()` has resolved"
            ));
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Weak<Listener>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
