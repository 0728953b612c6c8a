//! [`GrantRenewal`]: the one-time refresh token of a grant, spent so that it is never lost.

use std::sync::Arc;

use super::events::Event;
use super::flights::{InFlight, Preparing};
use super::grants::Grants;
use super::lease::{
    FIRST_COMMIT_WAIT, LEASE_MILLIS, LEASE_POLL, LONGEST_COMMIT_WAIT, LONGEST_JOURNAL, Lease, is_running,
};
use super::protocol::{Commit, Step, adoptable, after_failure, commit, leased_until, renewed, step};
use super::source::{Exchange, ExchangeFuture, Held};
use crate::clock::Moment;
use crate::error::{Error, ReauthorizationReason, Result};
use crate::oauth::{TokenConnection, TokenRequest};
use crate::store::{GrantRecord, GrantState, Swap, Version};
use crate::token::{AccessToken, TokenSet};
use crate::torture::reach;

/// Renews one grant. The order of its steps is what keeps refresh tokens: see [`GrantRenewal::renew`].
#[derive(Debug)]
pub(super) struct GrantRenewal {
    pub(super) id: String,
    pub(super) grants: Arc<Grants>,
}

/// What became of a grant that is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KeptAlive {
    /// It was renewed.
    Renewed,
    /// Somebody else renewed it, is renewing it, or ended it.
    Skipped,
}

/// How a record came to be good enough.
enum Renewal<T> {
    /// It already was.
    Found(T),
    /// By an exchange, which yielded this token.
    Exchanged(AccessToken),
}

impl Exchange for GrantRenewal {
    fn next(self: Arc<Self>, held: Option<Arc<Held>>) -> ExchangeFuture {
        Box::pin(async move { self.renew(held.as_deref()).await })
    }
}

impl GrantRenewal {
    async fn renew(&self, held: Option<&Held>) -> Result<AccessToken> {
        // Somebody else may have renewed it: their token is ours too.
        let adopt = |record: &GrantRecord, now| match record.state {
            // Its tokens are somebody else's now.
            GrantState::Ended { reason: ReauthorizationReason::Exported } => None,
            _ => adoptable(record.access.as_ref(), &record.scopes, held, now),
        };
        match self.renew_unless(adopt).await? {
            Renewal::Found(token) | Renewal::Exchanged(token) => Ok(token),
        }
    }

    /// Renews the grant if its refresh token dies before `before`, in milliseconds since the Unix epoch, unless
    /// somebody else does.
    pub(super) async fn keep_alive(&self, before: u64) -> Result<KeptAlive> {
        let settled = |record: &GrantRecord, now: Moment| match &record.state {
            GrantState::Exchanging { until, .. } if is_running(*until, now) => Some(()),
            _ if record.due() >= before => Some(()),
            _ => None,
        };
        Ok(match self.renew_unless(settled).await? {
            Renewal::Found(()) => KeptAlive::Skipped,
            Renewal::Exchanged(_) => KeptAlive::Renewed,
        })
    }

    async fn renew_unless<T>(
        &self,
        enough: impl Fn(&GrantRecord, Moment) -> Option<T>,
    ) -> Result<Renewal<T>> {
        let renewal = self.try_renew_unless(enough).await;
        let grant_id = self.id.clone();
        match &renewal {
            Ok(Renewal::Found(_)) | Err(Error::ReauthorizationRequired { .. }) => {}
            Ok(Renewal::Exchanged(_)) => self.tell(&Event::Renewed { grant_id }),
            Err(error) => self.tell(&Event::RenewalFailed { grant_id, error: error.clone() }),
        }
        renewal
    }

    async fn try_renew_unless<T>(
        &self,
        enough: impl Fn(&GrantRecord, Moment) -> Option<T>,
    ) -> Result<Renewal<T>> {
        let mut waiting: Option<Lease> = None;
        loop {
            let preparing = Preparing::begin();
            let (version, record) = self.load().await?;
            reach("loaded");
            let now = self.grants.clock.now();
            if let Some(found) = enough(&record, now) {
                return Ok(Renewal::Found(found));
            }
            let lease = Lease::of(version, leased_until(&record.state), now, waiting);
            let unresolved = match step(&record.state, lease.is_over(now)) {
                Step::Exchange { unresolved } => unresolved,
                Step::Wait => {
                    drop(preparing);
                    waiting = Some(lease);
                    tokio::time::sleep(LEASE_POLL).await;
                    continue;
                }
                Step::End(reason) => return Err(self.ended(reason)),
            };
            // Connect before journal: what fails here was never in doubt, and costs nothing.
            reach("connecting");
            let connection = self.grants.endpoint.connect().await?;
            reach("connected");
            let _in_flight = InFlight::begin()?;
            drop(preparing);
            let now = self.grants.clock.now();
            let until = now.unix_millis().saturating_add(LEASE_MILLIS);
            let exchanging = GrantState::Exchanging { owner: self.grants.owner.clone(), until, unresolved };
            let journal = GrantRecord { state: exchanging, ..record };
            // Journal before exchange: who finds this record later knows that the refresh token may be spent. What was
            // decided above was so of this version alone.
            reach("journalling");
            if self.swap(version, &journal).await? == Swap::Lost {
                continue;
            }
            reach("journalled");
            if self.grants.clock.now().since(now) < LONGEST_JOURNAL
                && let Some(token) = self.exchange(connection, version + 1, journal).await?
            {
                return Ok(Renewal::Exchanged(token));
            }
        }
    }

    /// Spends the refresh token. None: the record was changed by somebody else meanwhile, who is to be believed.
    async fn exchange(
        &self,
        connection: TokenConnection<'_>,
        version: Version,
        journal: GrantRecord,
    ) -> Result<Option<AccessToken>> {
        let request = TokenRequest::RefreshToken(&journal.refresh);
        let answer = connection.exchange(&self.grants.client, request, &*self.grants.clock).await;
        reach("answered");
        let error = match answer {
            // Commit before use: a token that nobody can renew later must not be the only one.
            Ok(tokens) => return Ok(self.commit(version, journal, tokens).await),
            Err(error) => error,
        };
        let state = after_failure(&journal, &error);
        let ended = if let GrantState::Ended { reason } = state { Some(reason) } else { None };
        let failed = GrantRecord { state, ..journal.clone() };
        let mut version = version;
        reach("releasing");
        // Where this write fails, the journal stays; whoever finds it once its lease is over knows that the outcome is
        // unknown, which is then the truth.
        while let Ok(Swap::Lost) = self.swap(version, &failed).await {
            match self.find().await? {
                // Rekeying has sealed the journal anew.
                Some((now, current)) if current == journal => version = now,
                // It was the refresh token of an earlier authorization that is dead, or unknown.
                _ => return Ok(None),
            }
        }
        reach("released");
        let Some(reason) = ended else { return Err(error) };
        self.tell(&Event::ReauthorizationRequired { grant_id: self.id.clone(), reason });
        Err(self.ended(reason))
    }

    /// Writes down what an exchange yielded, for as long as it takes: there is no second copy, and no second
    /// exchange. The right to write is with whoever spent the refresh token that the record holds; a record with
    /// another one is a new authorization, which wins: then none.
    async fn commit(&self, version: Version, journal: GrantRecord, tokens: TokenSet) -> Option<AccessToken> {
        let access = tokens.access.clone();
        let mut record = renewed(journal.clone(), tokens);
        let mut version = version;
        let mut wait = FIRST_COMMIT_WAIT;
        let mut surprised = false;
        loop {
            reach("committing");
            let failed = match self.try_commit(&mut version, &record, &journal).await {
                Ok(Commit::Done) => {
                    reach("committed");
                    return Some(access);
                }
                Ok(Commit::Superseded) => return None,
                Ok(Commit::Again { contested }) => {
                    record.contested |= contested;
                    // Once, somebody may have got in between; again and again, the store does not do its part.
                    if !std::mem::replace(&mut surprised, true) {
                        continue;
                    }
                    Error::Store {
                        operation: "swap",
                        problem: "the record is never the one that it was".into(),
                    }
                }
                Err(error) if self.grants.store.is_gone() => {
                    self.grants.listeners.tell_of_loss(&self.id, error);
                    return None;
                }
                Err(error) => error,
            };
            self.tell(&Event::RenewalFailed { grant_id: self.id.clone(), error: failed });
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_COMMIT_WAIT);
        }
    }

    /// Moves `version` to that of the record to write over. An error: wait before the next attempt.
    async fn try_commit(
        &self,
        version: &mut Version,
        record: &GrantRecord,
        journal: &GrantRecord,
    ) -> Result<Commit> {
        let swap = self.swap(*version, record).await;
        if let Ok(Swap::Won) = swap {
            return Ok(Commit::Done);
        }
        // Also after an error: the swap may have been written, and only its answer lost.
        let Some((now, current)) = self.find().await? else {
            // The store lost the journal; this is now the only copy of the grant.
            *version = 0;
            return swap.map(|_| Commit::Again { contested: false });
        };
        let next = commit(record, journal, &current);
        if let Commit::Again { .. } = next {
            swap?;
            *version = now;
        }
        Ok(next)
    }

    pub(super) async fn load(&self) -> Result<(Version, GrantRecord)> {
        self.find().await?.ok_or_else(|| Error::Store {
            operation: "load",
            problem: format!("there is no grant {:?}; exchange() or import() makes one", self.id).into(),
        })
    }

    pub(super) async fn find(&self) -> Result<Option<(Version, GrantRecord)>> {
        let Some(stored) = self.grants.store.load(&self.id).await? else { return Ok(None) };
        Ok(Some((stored.version, self.grants.sealer.open(&self.id, &stored)?)))
    }

    pub(super) async fn swap(&self, version: Version, record: &GrantRecord) -> Result<Swap> {
        let bytes = self.grants.sealer.seal(&self.id, version + 1, record)?;
        self.grants.store.swap(&self.id, version, bytes, record.due()).await
    }

    fn tell(&self, event: &Event) {
        self.grants.listeners.tell(event);
    }

    pub(super) fn ended(&self, reason: ReauthorizationReason) -> Error {
        Error::ReauthorizationRequired { grant_id: self.id.clone(), reason }
    }
}

#[cfg(test)]
mod tests;
