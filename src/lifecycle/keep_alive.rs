//! Keep-alive: grants that nobody uses are renewed before their refresh tokens die.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::app::OAuthApp;
use super::events::Event;
use super::renewal::KeptAlive;
use crate::error::{Error, Result};
use crate::random;
use crate::store::{Due, REFRESH_TOKEN_LIFETIME};

/// Grants that are looked up at once.
const PAGE: usize = 1_000;
/// Renewals at once.
const AT_ONCE: usize = 8;
/// A pass ends when so many renewals in a row failed for a reason that passes: the token endpoint is down.
const FAILURES: u32 = 5;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Options of one pass.
#[derive(Debug, Clone, Copy)]
pub struct KeepAliveOptions {
    /// Renew what was not renewed for so long; less than the 28 days that a refresh token lives.
    pub idle: Duration,
    /// How many exchanges to begin in a second at most.
    pub per_second: u32,
}

/// How far a pass has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeepAliveProgress {
    /// Grants that it renewed.
    pub renewed: u64,
    /// Grants that somebody else renewed meanwhile, or is renewing.
    pub skipped: u64,
    /// Grants that could not be renewed: they ended, or their turn comes again in the next pass.
    pub failed: u64,
    /// Grants that are known to be due still, of at most 1,000 that are looked up at once.
    pub remaining: u64,
}

impl OAuthApp {
    /// Renews the grants that are due, each by one of however many processes do this, and tells `progress` after
    /// each. What a pass leaves, because it is stopped or the token endpoint is down, is due in the next.
    pub async fn keep_alive(
        self: Arc<Self>,
        options: KeepAliveOptions,
        progress: impl Fn(KeepAliveProgress) + Send,
    ) -> Result<KeepAliveProgress> {
        let lifetime = REFRESH_TOKEN_LIFETIME.saturating_sub(options.idle);
        let before = self.now().saturating_add(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX));
        let mut pace = interval(Duration::from_secs(1) / options.per_second.max(1));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut done = KeepAliveProgress::default();
        let mut after = None;
        let mut failures_in_a_row = 0;
        // The page before was gone through to its end, unless the token endpoint is down.
        while done.remaining == 0 {
            // What failed, or is being renewed by somebody else, is due still: it lies behind.
            let mut places = self.due(before, PAGE, after.as_ref()).await?;
            done.remaining = places.len() as u64;
            let Some(last) = places.last() else { break };
            after = Some(last.clone());
            // Others go through the same ones: in another order they seldom meet.
            places.sort_by_cached_key(|_| random::fraction().to_bits());
            let mut running = JoinSet::new();
            let mut places = places.into_iter();
            loop {
                if running.len() < AT_ONCE
                    && failures_in_a_row < FAILURES
                    && let Some(Due { id, .. }) = places.next()
                {
                    pace.tick().await;
                    // In a task of its own: a pass that is stopped must not stop an exchange.
                    let renewal = self.renewal(&id);
                    let renewed = tokio::spawn(async move { renewal.keep_alive(before).await });
                    running.spawn(async move { (id, renewed.await) });
                    continue;
                }
                let Some(kept) = running.join_next().await else { break };
                let panicked = |_| Error::Internal { problem: "a renewal by keep-alive panicked" };
                let (id, kept) = kept.map_err(panicked)?;
                done.remaining -= 1;
                match kept.map_err(panicked)? {
                    Ok(KeptAlive::Renewed) => {
                        done.renewed += 1;
                        failures_in_a_row = 0;
                    }
                    Ok(KeptAlive::Skipped) => done.skipped += 1,
                    Err(error) => {
                        done.failed += 1;
                        failures_in_a_row = if error.is_transient() { failures_in_a_row + 1 } else { 0 };
                        self.warn_of_expiry(&id).await;
                    }
                }
                progress(done);
            }
        }
        Ok(done)
    }

    async fn warn_of_expiry(&self, id: &str) {
        // Where the store fails, the renewal's own error has said so.
        let Ok(Some(expires_at)) = self.expires_at(id).await else { return };
        let left = Duration::from_millis(expires_at.saturating_sub(self.now()));
        if let Some(days) = [1, 3, 7].into_iter().find(|days| left <= DAY * u32::from(*days)) {
            self.listener.tell(Event::Expiring { grant_id: id.to_owned(), expires_at, days });
        }
    }
}
