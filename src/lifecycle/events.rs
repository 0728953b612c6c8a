//! [`Event`]: what an app's owner wants to hear of its grants, whoever made it happen.

use std::fmt;
use std::sync::Arc;

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
    /// Its refresh token dies soon, and keep-alive failed to renew it.
    Expiring {
        /// Its id.
        grant_id: String,
        /// When, in milliseconds since the Unix epoch.
        expires_at: u64,
        /// In less than so many days: 7, 3 or 1.
        days: u8,
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
#[derive(Clone)]
pub struct Listener(Arc<dyn Fn(Event) + Send + Sync>);

impl Listener {
    /// A listener that calls `listen`.
    pub fn new(listen: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listen))
    }

    pub(super) fn tell(&self, event: Event) {
        (self.0)(event);
    }
}

impl Default for Listener {
    /// Nobody.
    fn default() -> Self {
        Self::new(drop)
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
