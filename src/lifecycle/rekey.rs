//! Rekeying: encrypts all records of an app's store again with the first key, so that other keys can be dropped.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::app::OAuthApp;
use crate::error::{Error, Result};
use crate::once::Event;
use crate::random;
use crate::store::{Due, EVENT_PREFIX, EventRecord, GrantRecord, NEVER, Record as _, Swap, is_grant_id};

/// Records that are listed at a time.
const PAGE: usize = 100;
/// Records that are read and written concurrently.
const AT_ONCE: usize = 8;

/// The progress of rekeying.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RekeyProgress {
    /// Records that were encrypted again.
    pub resealed: u64,
    /// Records that were already encrypted with the first key.
    pub skipped: u64,
    /// Records that could not be decrypted, or that the store failed to load or to write.
    pub failed: u64,
}

impl OAuthApp {
    /// Encrypts every record in the app's namespace with the first key, and calls `progress` after each. Any number of
    /// processes may do so at the same time, while they keep renewing grants: records change by compare-and-swap, and
    /// their content stays the same.
    pub async fn rekey(self: Arc<Self>, progress: impl Fn(RekeyProgress) + Send) -> Result<RekeyProgress> {
        self.grants.vault.records.sealer().require_key("rekey()")?;
        let mut done = RekeyProgress::default();
        let mut after = None;
        loop {
            let mut page = self.grants.vault.records.store().due(NEVER + 1, PAGE, after.as_ref()).await?;
            let Some(last) = page.last() else { return Ok(done) };
            after = Some(last.clone());
            // Others go through the same ones: in another order they seldom meet.
            page.sort_by_cached_key(|_| random::fraction().to_bits());
            let mut running = JoinSet::new();
            let mut page = page.into_iter();
            loop {
                if running.len() < AT_ONCE
                    && let Some(place) = page.next()
                {
                    let app = Arc::clone(&self);
                    running.spawn(async move { (app.reseal(&place).await, place.id) });
                    continue;
                }
                let Some(resealed) = running.join_next().await else { break };
                let panicked = |_| Error::Internal { problem: "the sealing of a record panicked" };
                match resealed.map_err(panicked)? {
                    (Ok(true), _) => done.resealed += 1,
                    (Ok(false), _) => done.skipped += 1,
                    (Err(error), id) => {
                        done.failed += 1;
                        self.grants.vault.report(&Event::RekeyFailed { id, error });
                    }
                }
                progress(done);
            }
        }
    }

    /// Encrypts a record again. Returns false if there was no need: it is gone, or already encrypted with the first
    /// key.
    async fn reseal(&self, place: &Due) -> Result<bool> {
        let id = &place.id;
        let records = &self.grants.vault.records;
        loop {
            let Some(stored) = records.store().load(id).await? else { return Ok(false) };
            let Some(bytes) = records.sealer().reseal(id, &stored)? else { return Ok(false) };
            // A grant or an event may have changed since it was listed, and be due at another time.
            let due = if is_grant_id(id) {
                records.sealer().open::<GrantRecord>(id, &stored)?.due()
            } else if id.starts_with(EVENT_PREFIX) {
                records.sealer().open::<EventRecord>(id, &stored)?.due()
            } else {
                place.due
            };
            if records.store().swap(id, stored.version, bytes, due).await? == Swap::Won {
                return Ok(true);
            }
        }
    }
}
