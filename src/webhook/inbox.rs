//! [`Inbox`]: the events that a receiver accepted, each of which is handled by one process of its fleet.
//!
//! An event is stored before it is accepted, so a process that ends loses nothing: its lease ends, and another process
//! handles the event. An event may therefore be handled twice, if a process ends or stands still between handling it
//! and writing that down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, Notify, watch};

use super::callback_authentication::{CallbackAuthentication, TokenRefusal};
use super::event::{Delivery, event};
use super::keys::Keys;
use super::records::{Claim, LEASE, Records, Settled};
use super::signature::{Tolerance, check_age};
use super::walker::{Fresh, Walker};
use crate::clock::Clock;
use crate::error::{Error, Result, WebhookRefusal};
use crate::once::{FIRST_COMMIT_WAIT, LONGEST_COMMIT_WAIT};
use crate::random;
use crate::secret::Secret;
use crate::store::{
    Due, EventBand, EventRecord, EventState, SealedStore, Sealing, Store, Swap, WebhookEvent,
};

/// How often the lease of an event that is being handled is extended.
const EXTEND_EVERY: Duration = Duration::from_secs(10);
/// How long the outcome of an attempt is written again while the store fails.
const SETTLE_PATIENCE: Duration = Duration::from_secs(60);
/// How long one process alone may change the subscriptions. The vendor waits 20 seconds for a handshake.
const SUBSCRIBING: Duration = Duration::from_secs(60);
/// How often a process that waits for that asks the store.
const SUBSCRIBING_POLL: Duration = Duration::from_millis(250);
/// Dead letters that are listed at a time.
const PAGE: usize = 100;
/// Places in the index that are counted at a time, and how often: a count must not take longer the worse things are.
const COUNTED: (usize, usize) = (1000, 20);

/// Options of an [`Inbox`].
#[derive(Debug)]
pub struct InboxOptions {
    /// Separates inboxes in one store.
    pub name: String,
    /// Where events are stored.
    pub store: Arc<dyn Store>,
    /// How records are encrypted.
    pub sealing: Option<Sealing>,
    /// The secret keys of the subscriptions, the present one first.
    pub secrets: Vec<Secret>,
    /// How far a signature's time may be from the present.
    pub tolerance: Tolerance,
    /// How the vendor authenticates besides its signature.
    pub authentication: Option<CallbackAuthentication>,
    /// After how many failures an event is given up.
    pub attempts: u32,
}

/// A receiver's events.
#[derive(Debug)]
pub struct Inbox {
    records: Records,
    keys: Keys,
    tolerance: Tolerance,
    authentication: Option<CallbackAuthentication>,
    walker: AsyncMutex<Walker>,
    fresh: Fresh,
    /// Whether this process handles events.
    handles: AtomicBool,
    arrived: Notify,
    closed: watch::Sender<bool>,
}

/// What a request brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// A new event, which is stored now.
    Stored,
    /// An event that was stored before.
    Duplicate,
}

/// What an entry of the vendor's log brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenIn {
    /// Whether the event was new.
    pub accepted: Accepted,
    /// Whether its signature could be verified.
    pub verified: bool,
}

/// Why an attempt no longer holds its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    /// Its lease ended before it could be extended.
    Lost,
    /// It took too long.
    TimedOut,
}

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The event.
    pub event: WebhookEvent,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub error: String,
    /// When it arrived, in milliseconds since the Unix epoch.
    pub received_at: u64,
    /// When it was given up, in milliseconds since the Unix epoch.
    pub since: u64,
}

/// A page of the events that were given up.
#[derive(Debug, Clone)]
pub struct DeadLetterPage {
    /// The events. There may be none even if there is a next page.
    pub letters: Vec<DeadLetter>,
    /// The place after which the next page begins. `None` on the last page.
    pub next: Option<Due>,
}

/// How many events an inbox holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Those that are to be handled, or being handled.
    pub waiting: u32,
    /// Those that were given up.
    pub dead: u32,
}

impl Inbox {
    /// Makes an inbox. The store is not used before it is needed.
    pub fn new(options: InboxOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        let InboxOptions { name, store, sealing, secrets, tolerance, authentication, attempts } = options;
        Ok(Self {
            keys: Keys::new(&secrets, &name),
            records: Records { store: SealedStore::new(store, sealing)?, clock, inbox: name, attempts },
            tolerance,
            authentication,
            walker: AsyncMutex::default(),
            fresh: Fresh::default(),
            handles: AtomicBool::new(false),
            arrived: Notify::new(),
            closed: watch::Sender::new(false),
        })
    }

    /// Verifies a request with the keys that this process knows, and reads its event. Stores nothing.
    pub fn verify(&self, delivery: &Delivery, body: &[u8]) -> Result<WebhookEvent> {
        self.check(delivery, body).map_err(|reason| Error::WebhookRefused { reason })?;
        event(delivery, body)
    }

    /// The signature that the vendor would send with a request. Fails with [`Error::WebhookRefused`] without a key.
    pub fn sign(&self, delivery: &Delivery, body: &[u8]) -> Result<String> {
        self.keys.sign(delivery, body).ok_or(Error::WebhookRefused { reason: WebhookRefusal::NoKey })
    }

    /// Checks how a request authenticates, besides its signature. `authorization` is its header of that name, and
    /// `header` that of `callbackAuthentication`.
    pub fn authenticate(&self, authorization: &str, header: &str) -> Result<()> {
        let accepts = |known: &CallbackAuthentication| known.accepts(authorization, header, self.seconds());
        if self.authentication.as_ref().is_none_or(accepts) {
            Ok(())
        } else {
            Err(Error::WebhookRefused { reason: WebhookRefusal::Unauthorized })
        }
    }

    /// Answers the vendor's request for an access token.
    pub fn issue_token(
        &self,
        authorization: &str,
        form: &[u8],
    ) -> Result<std::result::Result<String, TokenRefusal>> {
        match &self.authentication {
            Some(authentication) => authentication.issue(authorization, form, self.seconds()),
            None => Err(Error::configuration(
                "callbackAuthentication",
                "must be given, of type `oauth2`, for a token endpoint",
            )),
        }
    }

    /// Verifies a request and stores its event. Once this returns, the event will be handled.
    pub async fn accept(&self, delivery: &Delivery, body: &[u8]) -> Result<Accepted> {
        if self.keys.are_unread() && !self.keys.any() {
            self.read_keys().await?;
        }
        let mut checked = self.check(delivery, body);
        if matches!(checked, Err(WebhookRefusal::NoMatch | WebhookRefusal::NoKey)) && self.read_keys().await?
        {
            // Another process may have requested a new key.
            checked = self.check(delivery, body);
        }
        checked.map_err(|reason| Error::WebhookRefused { reason })?;
        self.store(event(delivery, body)?).await
    }

    /// Stores an event of the vendor's own log, unless this inbox has it. The log was read from the vendor, so an event
    /// whose signature cannot be verified, because its key is gone, is stored too.
    pub async fn take_in(&self, delivery: &Delivery, body: &[u8]) -> Result<TakenIn> {
        let verified = self.keys.check(delivery, body).is_ok();
        Ok(TakenIn { accepted: self.store(event(delivery, body)?).await?, verified })
    }

    fn check(&self, delivery: &Delivery, body: &[u8]) -> Result<(), WebhookRefusal> {
        // A subscription without a secret key has only its callback authentication, which the caller has checked.
        if self.keys.any() || self.authentication.is_none() {
            self.keys.check(delivery, body)?;
        }
        check_age(&delivery.timestamp, self.seconds(), self.tolerance)
    }

    async fn read_keys(&self) -> Result<bool> {
        self.keys.read(&self.records.store, self.records.clock.now()).await
    }

    async fn store(&self, event: WebhookEvent) -> Result<Accepted> {
        let id = event.id.clone();
        let record = self.records.arrived(event);
        if self.records.swap(&id, 0, &record).await? == Swap::Lost {
            return Ok(Accepted::Duplicate);
        }
        if self.handles.load(Ordering::Relaxed) {
            self.fresh.add(record);
            self.arrived.notify_one();
        }
        Ok(Accepted::Stored)
    }

    /// The next event that this process is to handle, once there is one. `None` once the inbox is closed. While the store
    /// fails, each call returns its error after a growing pause.
    pub async fn next(&self) -> Result<Option<Claim>> {
        self.handles.store(true, Ordering::Relaxed);
        let mut closed = self.closed.subscribe();
        let mut walker = self.walker.lock().await;
        loop {
            if *closed.borrow_and_update() {
                return Ok(None);
            }
            let claimed = walker.claim(&self.records, &self.fresh).await;
            if claimed.is_err() {
                walker.pause(self.records.clock.now());
            }
            if let Some(claim) = claimed? {
                return Ok(Some(claim));
            }
            let wait = walker.wait(self.records.clock.now());
            tokio::select! {
                () = self.arrived.notified() => {}
                () = tokio::time::sleep(wait) => {}
                _ = closed.changed() => {}
            }
        }
    }

    /// Keeps the lease of an event while it is handled. Returns once the lease has ended, or `timeout` is over.
    pub async fn hold(&self, claim: &Claim, timeout: Duration) -> AttemptEnd {
        let began = self.records.clock.now();
        let mut extended = began;
        loop {
            let now = self.records.clock.now();
            let left = timeout.saturating_sub(now.since(began));
            if left.is_zero() {
                return AttemptEnd::TimedOut;
            }
            tokio::time::sleep(left.min(EXTEND_EVERY)).await;
            let now = self.records.clock.now();
            match self.records.extend(claim).await {
                Ok(true) => extended = now,
                Ok(false) => return AttemptEnd::Lost,
                Err(_) => {
                    if now.since(extended) >= LEASE {
                        return AttemptEnd::Lost;
                    }
                }
            }
        }
    }

    /// Writes down that an event was handled, or why it was not. Tries again for a minute while the store fails.
    pub async fn settle(&self, claim: &Claim, failure: Option<&str>) -> Result<Settled> {
        let began = self.records.clock.now();
        let mut wait = FIRST_COMMIT_WAIT;
        loop {
            match self.records.settle(claim, failure).await {
                Err(_) if self.records.clock.now().since(began) < SETTLE_PATIENCE => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_COMMIT_WAIT);
                }
                settled => return settled,
            }
        }
    }

    /// A page of the events that were given up: the first one, or the one after the place `after`.
    pub async fn dead_letters(&self, after: Option<Due>) -> Result<DeadLetterPage> {
        let (first, end) = (EventBand::Dead.first(), EventBand::Dead.at(u64::MAX));
        let places =
            self.records.store.store().due(end, PAGE, Some(after.as_ref().unwrap_or(&first))).await?;
        let next = places.last().filter(|_| places.len() == PAGE).cloned();
        let mut letters = Vec::new();
        for place in places.iter().filter(|place| self.records.is_ours(&place.id)) {
            let found = self.records.store.find::<EventRecord>(&place.id).await;
            let Some((_, record)) = found.map_err(|error| error.about_record(&place.id))? else { continue };
            let EventRecord { received_at, attempts, state } = record;
            if let EventState::Dead { event, error, since } = state {
                letters.push(DeadLetter { event, attempts, error, received_at, since });
            }
        }
        Ok(DeadLetterPage { letters, next })
    }

    /// Counts the events, up to 20,000 of each kind.
    pub async fn depth(&self) -> Result<Depth> {
        let waiting = self.count(EventBand::Ready).await?;
        Ok(Depth { waiting, dead: self.count(EventBand::Dead).await? })
    }

    async fn count(&self, band: EventBand) -> Result<u32> {
        let (at_a_time, times) = COUNTED;
        let (mut count, mut after) = (0, band.first());
        for _ in 0..times {
            let places = self.records.store.store().due(band.at(u64::MAX), at_a_time, Some(&after)).await?;
            let ours = places.iter().filter(|place| self.records.is_ours(&place.id)).count();
            count += u32::try_from(ours).unwrap_or(u32::MAX);
            match places.last() {
                Some(last) if places.len() == at_a_time => after = last.clone(),
                _ => break,
            }
        }
        Ok(count)
    }

    /// Lets an event that was given up be handled again, as if it had just arrived. Returns whether there was one.
    pub async fn repeat(&self, id: &str) -> Result<bool> {
        let now = self.records.now();
        let repeated = self.change_dead(id, |event| EventState::Waiting { event, next: now }).await?;
        if repeated {
            self.arrived.notify_one();
        }
        Ok(repeated)
    }

    /// Drops an event that was given up. Copies of it are recognized as before. Returns whether there was one.
    pub async fn drop_dead(&self, id: &str) -> Result<bool> {
        self.change_dead(id, |_| EventState::Handled).await
    }

    async fn change_dead(&self, id: &str, change: impl Fn(WebhookEvent) -> EventState) -> Result<bool> {
        loop {
            let Some((version, record)) = self.records.find(id).await? else { return Ok(false) };
            let EventState::Dead { event, .. } = record.state else { return Ok(false) };
            let changed = EventRecord { received_at: record.received_at, attempts: 0, state: change(event) };
            if self.records.swap(id, version, &changed).await? == Swap::Won {
                return Ok(true);
            }
        }
    }

    /// Stores a secret key that was requested from the vendor. All processes of the inbox verify with it.
    pub async fn remember_secret(&self, secret: Secret) -> Result<()> {
        self.keys.remember(&self.records.store, self.records.clock.now(), secret).await
    }

    /// Waits until no other process of the inbox changes its subscriptions at the vendor, and keeps the others from it
    /// for a minute. Returns the name for [`Inbox::end_subscribing`].
    pub async fn begin_subscribing(&self) -> Result<String> {
        let subscriber = random::text::<16>()?;
        loop {
            let now = self.records.now();
            let until = now.saturating_add(u64::try_from(SUBSCRIBING.as_millis()).unwrap_or(u64::MAX));
            if self.keys.begin_subscribing(&self.records.store, &subscriber, now, until).await? {
                return Ok(subscriber);
            }
            tokio::time::sleep(SUBSCRIBING_POLL).await;
        }
    }

    /// Lets the other processes of the inbox change its subscriptions.
    pub async fn end_subscribing(&self, subscriber: &str) -> Result<()> {
        self.keys.end_subscribing(&self.records.store, subscriber).await
    }

    /// Expects the vendor's handshake for this long, in all processes of the inbox. Zero ends that.
    pub async fn expect_handshake(&self, length: Duration) -> Result<()> {
        let length = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let until = if length == 0 { 0 } else { self.records.now().saturating_add(length) };
        self.keys.expect_handshake(&self.records.store, until).await
    }

    /// Whether the vendor's handshake is expected.
    pub async fn is_handshake_expected(&self) -> Result<bool> {
        Ok(self.keys.handshake_until(&self.records.store).await? > self.records.now())
    }

    /// Ends [`Inbox::next`] in this process. Events that are being handled can still be settled.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    fn seconds(&self) -> u64 {
        self.records.now() / 1000
    }
}

#[cfg(test)]
mod tests;
