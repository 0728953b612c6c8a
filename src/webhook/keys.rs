//! [`Keys`]: the secret keys that an inbox verifies with: those that its owner gave, and those that a process of its
//! fleet requested from the vendor and stored.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::event::Delivery;
use super::signature::SigningKeys;
use crate::clock::Moment;
use crate::error::{Result, WebhookRefusal};
use crate::secret::Secret;
use crate::store::{InboxRecord, SealedStore, Swap, inbox_record_id};

/// The least time between two readings of the stored keys. A stranger's request has no right signature, and must not
/// cause more of them.
const LEAST_AGE: Duration = Duration::from_secs(10);
/// The most keys that are stored. A former key stays valid for a day.
const MOST: usize = 16;

/// The keys of an inbox.
#[derive(Debug)]
pub(super) struct Keys {
    given: SigningKeys,
    stored: Mutex<Stored>,
    id: String,
}

#[derive(Debug, Default)]
struct Stored {
    keys: SigningKeys,
    read_at: Option<Moment>,
}

impl Keys {
    pub(super) fn new(given: &[Secret], inbox: &str) -> Self {
        Self { given: SigningKeys::new(given), stored: Mutex::default(), id: inbox_record_id(inbox) }
    }

    /// Checks a signature with the keys that this process knows.
    pub(super) fn check(&self, delivery: &Delivery, body: &[u8]) -> Result<(), WebhookRefusal> {
        let stored = self.stored();
        match self.given.check(delivery, body) {
            Err(WebhookRefusal::NoMatch) if stored.keys.is_empty() && self.given.is_empty() => {
                Err(WebhookRefusal::NoKey)
            }
            Err(WebhookRefusal::NoMatch) => stored.keys.check(delivery, body),
            checked => checked,
        }
    }

    /// Whether this process knows a key.
    pub(super) fn any(&self) -> bool {
        !self.given.is_empty() || !self.stored().keys.is_empty()
    }

    /// The signature that the vendor would send. `None` without a key.
    pub(super) fn sign(&self, delivery: &Delivery, body: &[u8]) -> Option<String> {
        self.given.sign(delivery, body).or_else(|| self.stored().keys.sign(delivery, body))
    }

    /// Reads the stored keys, unless they were read just before. Returns whether it did.
    pub(super) async fn read(&self, store: &SealedStore, now: Moment) -> Result<bool> {
        if self.stored().read_at.is_some_and(|at| now.since(at) < LEAST_AGE) {
            return Ok(false);
        }
        let (_, record) = store.load::<InboxRecord>(&self.id).await?;
        *self.stored() = Stored { keys: SigningKeys::new(&record.secrets), read_at: Some(now) };
        Ok(true)
    }

    /// Whether the stored keys were never read.
    pub(super) fn are_unread(&self) -> bool {
        self.stored().read_at.is_none()
    }

    /// Stores a key that was requested from the vendor.
    pub(super) async fn remember(&self, store: &SealedStore, now: Moment, secret: Secret) -> Result<()> {
        let keep = move |record: &mut InboxRecord| {
            record.secrets.retain(|known| *known != secret);
            record.secrets.insert(0, secret.clone());
            record.secrets.truncate(MOST);
        };
        let record = self.change(store, keep).await?;
        *self.stored() = Stored { keys: SigningKeys::new(&record.secrets), read_at: Some(now) };
        Ok(())
    }

    /// Lets the receiver answer the vendor's handshakes until `until`, in milliseconds since the Unix epoch.
    pub(super) async fn expect_handshake(&self, store: &SealedStore, until: u64) -> Result<()> {
        self.change(store, |record| record.handshake_until = until).await.map(drop)
    }

    /// Until when handshakes are expected, in milliseconds since the Unix epoch.
    pub(super) async fn handshake_until(&self, store: &SealedStore) -> Result<u64> {
        Ok(store.load::<InboxRecord>(&self.id).await?.1.handshake_until)
    }

    /// Lets `subscriber` alone change the subscriptions until `until`, unless another one may at `now`, both in
    /// milliseconds since the Unix epoch. Returns whether it may.
    pub(super) async fn begin_subscribing(
        &self,
        store: &SealedStore,
        subscriber: &str,
        now: u64,
        until: u64,
    ) -> Result<bool> {
        loop {
            let (version, mut record) = store.load::<InboxRecord>(&self.id).await?;
            // The answer to an earlier attempt of the same subscriber may have been lost.
            if record.subscriber_until > now && record.subscriber != subscriber {
                return Ok(false);
            }
            subscriber.clone_into(&mut record.subscriber);
            record.subscriber_until = until;
            if store.swap(&self.id, version, &record).await? == Swap::Won {
                return Ok(true);
            }
        }
    }

    /// Lets other processes change the subscriptions, if `subscriber` still may.
    pub(super) async fn end_subscribing(&self, store: &SealedStore, subscriber: &str) -> Result<()> {
        let end = |record: &mut InboxRecord| {
            if record.subscriber == subscriber {
                record.subscriber_until = 0;
            }
        };
        self.change(store, end).await.map(drop)
    }

    async fn change(&self, store: &SealedStore, change: impl Fn(&mut InboxRecord)) -> Result<InboxRecord> {
        loop {
            let (version, mut record) = store.load::<InboxRecord>(&self.id).await?;
            change(&mut record);
            if store.swap(&self.id, version, &record).await? == Swap::Won {
                return Ok(record);
            }
        }
    }

    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
