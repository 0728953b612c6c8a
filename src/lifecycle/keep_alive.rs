//! Keep-alive: grants that are not in use are renewed before their refresh tokens expire.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::app::OAuthApp;
use super::background::{BackgroundOptions, KeepAliveOptions};
use super::grants::Grants;
use super::renewal::KeptAlive;
use crate::error::{Error, Result};
use crate::once::Event;
use crate::random;
use crate::store::{Due, GrantRecord, GrantState, REFRESH_TOKEN_LIFETIME, is_grant_id};

/// Grants that are listed at a time.
const PAGE: usize = 1_000;
/// Bounds of the number of concurrent renewals, which otherwise is the number begun per second.
const LEAST_AT_ONCE: usize = 8;
const MOST_AT_ONCE: usize = 64;
/// A pass ends after this many renewals in a row found the token endpoint down.
const FAILURES: u32 = 5;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The first pass in the background begins within this time, at a random moment, so that processes that start together
/// do not all begin at once.
const FIRST_PASS: Duration = Duration::from_secs(60);
/// By what share the time between passes varies at random, since the processes of a fleet often start together.
const SPREAD: f64 = 0.1;

/// The progress of a pass of keep-alive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeepAliveProgress {
    /// Grants that the pass renewed.
    pub renewed: u64,
    /// Grants that another process renewed meanwhile, or is renewing.
    pub skipped: u64,
    /// Grants that could not be renewed. Those that have not ended are tried again in the next pass.
    pub failed: u64,
    /// Grants known to be still due, among the at most 1,000 that are listed at a time.
    pub remaining: u64,
}

impl OAuthApp {
    /// Renews the grants that are due, and calls `progress` after each. If several processes do so, each grant is
    /// renewed by one of them. Grants that a pass leaves, because it is stopped or the token endpoint is down, remain
    /// due for the next one.
    pub async fn keep_alive(
        self: Arc<Self>,
        options: KeepAliveOptions,
        progress: impl Fn(KeepAliveProgress) + Send,
    ) -> Result<KeepAliveProgress> {
        keep_alive(&self.grants, options, progress).await
    }

    /// Schedules passes in the background, the first within a minute, as long as this app or one of its grants is in
    /// use. A pass that fails is reported to listeners. The caller must spawn the returned future. Apps that share
    /// their grants share the passes with equal options too: the futures of all but the first end at once.
    pub fn keep_alive_in_background(
        &self,
        options: BackgroundOptions,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (wanted, begun) = self.grants.background.join(options);
        // Only the first call of an app sets its handle. A later one's handle is dropped here.
        let _ = self.passes.set(wanted);
        let grants = Arc::clone(&self.grants);
        async move {
            let Some(mut wanted) = begun else { return };
            tokio::select! {
                // Nothing is ever sent, so this resolves when the last handle is dropped. Exchanges in flight continue.
                _ = wanted.changed() => {}
                () = passes(&grants, options) => {}
            }
        }
    }
}

async fn passes(grants: &Arc<Grants>, BackgroundOptions { pass, every }: BackgroundOptions) {
    let mut wait = every.min(FIRST_PASS).mul_f64(random::fraction());
    loop {
        tokio::time::sleep(wait).await;
        if let Err(error) = keep_alive(grants, pass, |_| {}).await {
            grants.vault.report(&Event::KeepAliveFailed { error });
        }
        wait = every.mul_f64(1.0 - SPREAD + 2.0 * SPREAD * random::fraction());
    }
}

async fn keep_alive(
    grants: &Arc<Grants>,
    options: KeepAliveOptions,
    progress: impl Fn(KeepAliveProgress) + Send,
) -> Result<KeepAliveProgress> {
    let lifetime = REFRESH_TOKEN_LIFETIME.saturating_sub(options.idle);
    let before = now(grants).saturating_add(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX));
    let mut pass = Pass::new(grants, before, options.per_second, progress);
    let mut after = None;
    loop {
        if pass.queue.is_empty() {
            pass.queue = next_page(grants, before, &mut after).await?;
        }
        if pass.queue.is_empty() || pass.is_over() {
            return Ok(pass.end().await);
        }
        pass.renew().await?;
    }
}

/// The next page of grants that are due before `before`, or an empty list if there are no more. Grants that failed, or
/// that another process is renewing, are still due but lie before `after`.
async fn next_page(grants: &Grants, before: u64, after: &mut Option<Due>) -> Result<Vec<String>> {
    loop {
        let places = grants.vault.records.store().due(before, PAGE, after.as_ref()).await?;
        let Some(last) = places.last() else { return Ok(Vec::new()) };
        *after = Some(last.clone());
        let ids = places.into_iter().map(|place| place.id).filter(|id| is_grant_id(id));
        let mut ids: Vec<_> = ids.collect();
        if !ids.is_empty() {
            // Other processes go through the same page. In random order they seldom collide.
            ids.sort_by_cached_key(|_| random::fraction().to_bits());
            return Ok(ids);
        }
    }
}

/// Renews one grant, finishes its interrupted move, or removes the record of a forgotten one.
pub(super) async fn keep_one_alive(grants: &Arc<Grants>, id: &str, before: u64) -> Result<KeptAlive> {
    let vault = &grants.vault;
    match vault.find::<GrantRecord>(id).await? {
        Some((_, GrantRecord { state: GrantState::Moving { to, .. }, .. })) => {
            grants.finish_move(id, &to).await?;
            Ok(KeptAlive::Skipped)
        }
        Some((version, record)) if record.is_removable(vault.now().unix_millis()) => {
            // A store that cannot remove records keeps it, and it is due again in the next pass.
            vault.remove(id, version).await?;
            Ok(KeptAlive::Skipped)
        }
        _ => {
            let kept = grants.renewal(id).keep_alive(before).await?;
            if kept == KeptAlive::Renewed
                && let Some(source) = grants.sources.find(id)
            {
                // The renewal succeeded, so the source need not wait any longer after a failure.
                source.reset(None);
            }
            Ok(kept)
        }
    }
}

/// Whether an error concerns the token endpoint as a whole, in place of one grant: it cannot be reached, is overloaded,
/// or fails.
fn endpoint_is_down(error: &Error) -> bool {
    matches!(error, Error::TokenUnavailable { status: None | Some(429 | 500..), .. })
}

fn now(grants: &Grants) -> u64 {
    grants.vault.now().unix_millis()
}

/// One pass of keep-alive.
struct Pass<'a, Progress> {
    grants: &'a Arc<Grants>,
    before: u64,
    pace: Interval,
    at_once: usize,
    progress: Progress,
    /// Grants known to be due and not tried yet.
    queue: Vec<String>,
    done: KeepAliveProgress,
    failures_in_a_row: u32,
}

impl<'a, Progress: Fn(KeepAliveProgress) + Send> Pass<'a, Progress> {
    fn new(grants: &'a Arc<Grants>, before: u64, per_second: u32, progress: Progress) -> Self {
        // Of more than a billion in a second, the period would be none, which an interval does not take.
        let period = (Duration::from_secs(1) / per_second.max(1)).max(Duration::from_nanos(1));
        let mut pace = interval(period);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let at_once = usize::try_from(per_second).unwrap_or(MOST_AT_ONCE).clamp(LEAST_AT_ONCE, MOST_AT_ONCE);
        let done = KeepAliveProgress::default();
        Self { grants, before, pace, at_once, progress, queue: Vec::new(), done, failures_in_a_row: 0 }
    }

    /// Whether the token endpoint seems to be down.
    fn is_over(&self) -> bool {
        self.failures_in_a_row >= FAILURES
    }

    /// Renews the grants in the queue, until the token endpoint seems to be down.
    async fn renew(&mut self) -> Result<()> {
        let panicked = |_: JoinError| Error::Internal { problem: "a renewal by keep-alive panicked" };
        let mut running = JoinSet::new();
        loop {
            if running.len() < self.at_once
                && !self.is_over()
                && let Some(id) = self.queue.pop()
            {
                self.pace.tick().await;
                let (grants, due, before) = (Arc::clone(self.grants), id.clone(), self.before);
                // Each renewal runs in a task of its own, so that stopping a pass does not stop an exchange.
                let renewed = tokio::spawn(async move { keep_one_alive(&grants, &due, before).await });
                running.spawn(async move { (id, renewed.await) });
                continue;
            }
            let Some(kept) = running.join_next().await else { return Ok(()) };
            let (id, kept) = kept.map_err(panicked)?;
            self.count(&id, kept.map_err(panicked)?).await;
            self.done.remaining = (self.queue.len() + running.len()) as u64;
            (self.progress)(self.done);
        }
    }

    async fn count(&mut self, id: &str, kept: Result<KeptAlive>) {
        match kept {
            Ok(KeptAlive::Renewed) => {
                self.done.renewed += 1;
                self.failures_in_a_row = 0;
            }
            Ok(KeptAlive::Skipped) => self.done.skipped += 1,
            Err(error) => {
                self.done.failed += 1;
                // Only failures of the endpoint count. A grant's own failure says nothing about other grants.
                self.failures_in_a_row =
                    if endpoint_is_down(&error) { self.failures_in_a_row + 1 } else { 0 };
                self.warn_of_expiry(id).await;
            }
        }
    }

    /// Ends the pass. Grants that were not tried are still checked for their expiry, so that their owner is warned.
    async fn end(mut self) -> KeepAliveProgress {
        let left = std::mem::take(&mut self.queue);
        for id in &left {
            self.warn_of_expiry(id).await;
        }
        KeepAliveProgress { remaining: left.len() as u64, ..self.done }
    }

    async fn warn_of_expiry(&self, id: &str) {
        // If the store fails, the renewal's error has reported that.
        let Ok(Some(expires_at)) = self.grants.expires_at(id).await else { return };
        let left = Duration::from_millis(expires_at.saturating_sub(now(self.grants)));
        if let Some(days) = [1, 3, 7].into_iter().find(|days| left < DAY * u32::from(*days)) {
            self.grants.vault.report(&Event::Expiring { grant_id: id.to_owned(), expires_at, days });
        }
    }
}

#[cfg(test)]
mod tests;
