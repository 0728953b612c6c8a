//! [`Records`]: the records of an inbox's events, and every change of one.
//!
//! waiting → being handled → handled, or waiting again after a failure, or given up. Each change is one
//! compare-and-swap.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::backoff::backoff;
use crate::clock::Clock;
use crate::error::Result;
use crate::random;
use crate::store::{
    EventRecord, EventState, Record as _, Removal, SealedStore, Swap, Version, WebhookEvent, event_record_id,
    event_record_prefix,
};

/// How long one attempt may hold its event without renewing its lease.
pub(super) const LEASE: Duration = Duration::from_secs(30);
/// The most characters of a handler's error that are kept.
const LONGEST_ERROR: usize = 500;
/// The error of an event that was given up because no attempt at it came to an end.
const NEVER_SETTLED: &str =
    "each process that handled this event ended, or lost its lease, before it had finished";

/// The records of an inbox.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) store: SealedStore,
    pub(super) clock: Arc<dyn Clock>,
    /// The inbox's name.
    pub(super) inbox: String,
    /// After how many failures an event is given up.
    pub(super) attempts: u32,
}

/// An event that this process handles, until its lease ends.
#[derive(Debug)]
pub struct Claim {
    /// The event.
    pub event: WebhookEvent,
    /// How often handling it began, this time included.
    pub attempt: u32,
    /// When it arrived, in milliseconds since the Unix epoch.
    pub received_at: u64,
    name: String,
    /// The version of the record, as far as this process knows it.
    version: AtomicU64,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It was handled, and copies of it are recognized.
    Handled,
    /// It failed, and is handled again at this time, in milliseconds since the Unix epoch.
    Again(u64),
    /// It failed too often, and was given up.
    Dead,
    /// The lease had ended, so another process handles the event.
    Lost,
}

impl Records {
    pub(super) fn id(&self, event: &str) -> String {
        event_record_id(&self.inbox, event)
    }

    /// Whether a record is one of this inbox.
    pub(super) fn is_ours(&self, record_id: &str) -> bool {
        record_id.starts_with(&event_record_prefix(&self.inbox))
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now().unix_millis()
    }

    /// The record of an event that has just arrived.
    pub(super) fn arrived(&self, event: WebhookEvent) -> EventRecord {
        let now = self.now();
        EventRecord { received_at: now, attempts: 0, state: EventState::Waiting { event, next: now } }
    }

    pub(super) async fn swap(&self, event: &str, version: Version, record: &EventRecord) -> Result<Swap> {
        self.store.swap(&self.id(event), version, record).await
    }

    pub(super) async fn find(&self, event: &str) -> Result<Option<(Version, EventRecord)>> {
        let id = self.id(event);
        self.store.find(&id).await.map_err(|error| error.about_record(&id))
    }

    /// Takes an event to handle it. `None` if another process changed the record first, or if the event was given up
    /// because too many attempts at it never came to an end.
    pub(super) async fn claim(&self, version: Version, record: EventRecord) -> Result<Option<Claim>> {
        let (EventState::Waiting { event, .. } | EventState::Handling { event, .. }) = record.state else {
            return Ok(None);
        };
        let (received_at, attempts) = (record.received_at, record.attempts);
        if attempts >= self.attempts {
            let state =
                EventState::Dead { event: event.clone(), error: NEVER_SETTLED.into(), since: self.now() };
            self.swap(&event.id, version, &EventRecord { received_at, attempts, state }).await?;
            return Ok(None);
        }
        let attempt = attempts.saturating_add(1);
        let name = random::text::<16>()?;
        let taken = self.handling(&event, &name, attempt, received_at);
        let won = self.swap(&event.id, version, &taken).await? == Swap::Won;
        let version = AtomicU64::new(version.saturating_add(1));
        Ok(won.then_some(Claim { event, attempt, received_at, name, version }))
    }

    /// Extends the lease of an attempt. Returns false if it has ended, and another process took the event.
    pub(super) async fn extend(&self, claim: &Claim) -> Result<bool> {
        let record = self.handling(&claim.event, &claim.name, claim.attempt, claim.received_at);
        self.swap_claimed(claim, &record).await
    }

    /// Writes down that an attempt has ended: with success, or with the words of an error.
    pub(super) async fn settle(&self, claim: &Claim, failure: Option<&str>) -> Result<Settled> {
        let (received_at, attempts) = (claim.received_at, claim.attempt);
        let (state, settled) = match failure {
            None => (EventState::Handled, Settled::Handled),
            Some(error) if attempts >= self.attempts => {
                let error = error.chars().take(LONGEST_ERROR).collect();
                (EventState::Dead { event: claim.event.clone(), error, since: self.now() }, Settled::Dead)
            }
            Some(_) => {
                let wait = backoff(attempts, random::fraction());
                let next = self.now().saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                (EventState::Waiting { event: claim.event.clone(), next }, Settled::Again(next))
            }
        };
        let written = self.swap_claimed(claim, &EventRecord { received_at, attempts, state }).await?;
        Ok(if written { settled } else { Settled::Lost })
    }

    /// Changes the record of an event that this process has claimed, if it still has.
    async fn swap_claimed(&self, claim: &Claim, record: &EventRecord) -> Result<bool> {
        loop {
            let version = claim.version.load(Ordering::Relaxed);
            if self.swap(&claim.event.id, version, record).await? == Swap::Won {
                claim.version.store(version.saturating_add(1), Ordering::Relaxed);
                return Ok(true);
            }
            // A write whose answer was lost has raised the version too.
            match self.find(&claim.event.id).await? {
                Some((version, found)) if found.is_claimed_by(&claim.name) => {
                    claim.version.store(version, Ordering::Relaxed);
                }
                Some((_, found)) => return Ok(found == *record),
                None => return Ok(false),
            }
        }
    }

    fn handling(&self, event: &WebhookEvent, claim: &str, attempts: u32, received_at: u64) -> EventRecord {
        let lease = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        let until = self.now().saturating_add(lease);
        let state = EventState::Handling { event: event.clone(), claim: claim.to_owned(), until };
        EventRecord { received_at, attempts, state }
    }

    /// Removes a record whose time is over. Returns false if the store cannot remove records.
    pub(super) async fn remove_expired(&self, record_id: &str, before: u64) -> Result<bool> {
        let Some(stored) = self.store.store().load(record_id).await? else { return Ok(true) };
        // A record that was changed since it was listed may be in use again. One that cannot be read, because its key
        // is gone, was not.
        let changed = self.store.sealer().open::<EventRecord>(record_id, &stored);
        if changed.is_ok_and(|record| record.due() >= before) {
            return Ok(true);
        }
        let removal = self.store.remove(record_id, stored.version).await?;
        Ok(removal != Removal::Unsupported)
    }
}
