//! Keep-alive: grants that nobody uses are renewed before their refresh tokens die.

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

/// Grants that are looked up at once.
const PAGE: usize = 1_000;
/// Renewals at once: as many as begin in a second, but for these bounds.
const LEAST_AT_ONCE: usize = 8;
const MOST_AT_ONCE: usize = 64;
/// A pass ends when this many renewals in a row found the token endpoint down.
const FAILURES: u32 = 5;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The first pass in the background comes within this time: not while everybody starts, and not all at once.
const FIRST_PASS: Duration = Duration::from_secs(60);
/// How much earlier or later than it should the next pass comes at most, as a share: fleets start together.
const SPREAD: f64 = 0.1;

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
        keep_alive(&self.grants, options, progress).await
    }

    /// Has passes come by themselves, the first of them soon, as long as this app or a grant of it is in use. Of a
    /// pass that fails, listeners hear. Whoever calls this runs the future that it gives. Apps that share their grants
    /// share the passes too, if they want the same: only one of these futures has anything to do.
    pub fn keep_alive_in_background(
        &self,
        options: BackgroundOptions,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (wanted, begun) = self.grants.background.join(options);
        // Once for an app; what it wants later is gone again here.
        let _ = self.passes.set(wanted);
        let grants = Arc::clone(&self.grants);
        async move {
            let Some(mut wanted) = begun else { return };
            tokio::select! {
                // Nobody ever sends: those who want it are gone. Exchanges that have begun go on.
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

/// The next grants that are due before some time. What failed, or is being renewed by another process, is due still: it
/// lies behind. None: there are no more.
async fn next_page(grants: &Grants, before: u64, after: &mut Option<Due>) -> Result<Vec<String>> {
    loop {
        let places = grants.vault.records.store().due(before, PAGE, after.as_ref()).await?;
        let Some(last) = places.last() else { return Ok(Vec::new()) };
        *after = Some(last.clone());
        let ids = places.into_iter().map(|place| place.id).filter(|id| is_grant_id(id));
        let mut ids: Vec<_> = ids.collect();
        if !ids.is_empty() {
            // Others go through the same ones: in another order they seldom meet.
            ids.sort_by_cached_key(|_| random::fraction().to_bits());
            return Ok(ids);
        }
    }
}

/// Renews one grant, finishes the move that it was left in, or removes what is left of a forgotten one.
pub(super) async fn keep_one_alive(grants: &Arc<Grants>, id: &str, before: u64) -> Result<KeptAlive> {
    let vault = &grants.vault;
    match vault.find::<GrantRecord>(id).await? {
        Some((_, GrantRecord { state: GrantState::Moving { to, .. }, .. })) => {
            grants.finish_move(id, &to).await?;
            Ok(KeptAlive::Skipped)
        }
        Some((version, record)) if record.is_removable(vault.now().unix_millis()) => {
            // A store that cannot remove keeps it, and it is due again in the next pass.
            vault.remove(id, version).await?;
            Ok(KeptAlive::Skipped)
        }
        _ => {
            let kept = grants.renewal(id).keep_alive(before).await?;
            if kept == KeptAlive::Renewed
                && let Some(source) = grants.sources.find(id)
            {
                // What it waits after, a refusal for example, is over.
                source.reset(None);
            }
            Ok(kept)
        }
    }
}

/// Whether an error says something about the token endpoint, not about one grant: there is no connection to it, it is
/// overloaded or out of order.
fn endpoint_is_down(error: &Error) -> bool {
    matches!(error, Error::TokenUnavailable { status: None | Some(429 | 500..), .. })
}

fn now(grants: &Grants) -> u64 {
    grants.vault.now().unix_millis()
}

/// One pass.
struct Pass<'a, Progress> {
    grants: &'a Arc<Grants>,
    before: u64,
    pace: Interval,
    at_once: usize,
    progress: Progress,
    /// Known to be due, and not yet tried.
    queue: Vec<String>,
    done: KeepAliveProgress,
    failures_in_a_row: u32,
}

impl<'a, Progress: Fn(KeepAliveProgress) + Send> Pass<'a, Progress> {
    fn new(grants: &'a Arc<Grants>, before: u64, per_second: u32, progress: Progress) -> Self {
        let mut pace = interval(Duration::from_secs(1) / per_second.max(1));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let at_once = usize::try_from(per_second).unwrap_or(MOST_AT_ONCE).clamp(LEAST_AT_ONCE, MOST_AT_ONCE);
        let done = KeepAliveProgress::default();
        Self { grants, before, pace, at_once, progress, queue: Vec::new(), done, failures_in_a_row: 0 }
    }

    /// Whether the token endpoint seems to be down.
    fn is_over(&self) -> bool {
        self.failures_in_a_row >= FAILURES
    }

    /// Renews what is in the queue, or as much of it as there is a point in trying.
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
                // In a task of its own: a pass that is stopped must not stop an exchange.
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
                // What one grant fails of says nothing about the others, however many follow each other.
                self.failures_in_a_row =
                    if endpoint_is_down(&error) { self.failures_in_a_row + 1 } else { 0 };
                self.warn_of_expiry(id).await;
            }
        }
    }

    /// What is left was not tried, but who owns it must know how long it lives.
    async fn end(mut self) -> KeepAliveProgress {
        let left = std::mem::take(&mut self.queue);
        for id in &left {
            self.warn_of_expiry(id).await;
        }
        KeepAliveProgress { remaining: left.len() as u64, ..self.done }
    }

    async fn warn_of_expiry(&self, id: &str) {
        // Where the store fails, the renewal's own error has said so.
        let Ok(Some(expires_at)) = self.grants.expires_at(id).await else { return };
        let left = Duration::from_millis(expires_at.saturating_sub(now(self.grants)));
        if let Some(days) = [1, 3, 7].into_iter().find(|days| left < DAY * u32::from(*days)) {
            self.grants.vault.report(&Event::Expiring { grant_id: id.to_owned(), expires_at, days });
        }
    }
}

#[cfg(test)]
mod tests;
