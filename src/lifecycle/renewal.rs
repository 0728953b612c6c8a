//! [`GrantRenewal`]: the one-time refresh token of a grant, spent so that it is never lost.

use std::sync::Arc;
use std::time::Duration;

use super::source::{Exchange, ExchangeFuture, Held};
use crate::clock::{Clock, Moment};
use crate::credential::OAuthClient;
use crate::error::{Error, OAuthErrorCode, ReauthorizationReason, Result};
use crate::oauth::{TokenEndpoint, TokenRequest};
use crate::store::{GrantRecord, GrantState, Sealer, Store, StoredAccessToken, Swap, Version};
use crate::token::{AccessToken, RefreshToken, TokenSet};

/// How long an exchange may hold a grant. Longer than the token endpoint's deadline by what a commit may take.
const LEASE: Duration = Duration::from_secs(90);
/// How often a holder's lease is looked at by those who wait for it.
const LEASE_POLL: Duration = Duration::from_millis(200);
/// The first wait between two attempts to write down what an exchange yielded; it doubles up to the longest.
const FIRST_COMMIT_WAIT: Duration = Duration::from_millis(200);
/// The longest wait between two attempts to write down what an exchange yielded.
const LONGEST_COMMIT_WAIT: Duration = Duration::from_secs(5);

/// Renews one grant. The order of its steps is what keeps refresh tokens: see [`GrantRenewal::renew`].
#[derive(Debug)]
pub(super) struct GrantRenewal {
    pub(super) id: String,
    /// Names this process in leases.
    pub(super) owner: String,
    pub(super) endpoint: TokenEndpoint,
    pub(super) client: OAuthClient,
    pub(super) store: Arc<dyn Store>,
    pub(super) sealer: Arc<Sealer>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Exchange for GrantRenewal {
    fn next(self: Arc<Self>, held: Option<Arc<Held>>) -> ExchangeFuture {
        Box::pin(async move { self.renew(held.as_deref()).await })
    }
}

impl GrantRenewal {
    async fn renew(&self, held: Option<&Held>) -> Result<AccessToken> {
        let mut waiting: Option<Lease> = None;
        loop {
            // Somebody else may have renewed it: their token is ours too.
            let (version, record) = self.load().await?;
            let now = self.clock.now();
            if let Some(token) = adoptable(&record, held, now) {
                return Ok(token);
            }
            let unresolved = match record.state {
                GrantState::Idle { unresolved } => unresolved,
                GrantState::Exchanging { until, unresolved, .. } => {
                    let lease = waiting.filter(|lease| lease.version == version).unwrap_or(Lease {
                        version,
                        since: now,
                        until,
                    });
                    if !lease.is_over(now) {
                        waiting = Some(lease);
                        tokio::time::sleep(LEASE_POLL).await;
                        continue;
                    }
                    // Its holder died, or lost its way: nobody knows what became of that exchange.
                    unresolved.saturating_add(1)
                }
                GrantState::Ended { reason } => return Err(self.ended(reason)),
            };
            let until = now.unix_millis().saturating_add(millis(LEASE));
            let exchanging = GrantState::Exchanging { owner: self.owner.clone(), until, unresolved };
            let journal = GrantRecord { state: exchanging, ..record };
            // Journal before exchange: who finds this record later knows that the refresh token may be spent.
            if self.swap(version, &journal).await? == Swap::Won
                && let Some(token) = self.exchange(version + 1, journal, unresolved).await?
            {
                return Ok(token);
            }
        }
    }

    /// Spends the refresh token. None: the record was changed by somebody else meanwhile, who is to be believed.
    async fn exchange(
        &self,
        version: Version,
        journal: GrantRecord,
        unresolved: u32,
    ) -> Result<Option<AccessToken>> {
        let request = TokenRequest::RefreshToken(&journal.refresh);
        let error = match self.endpoint.exchange(&self.client, request, &*self.clock).await {
            // Commit before use: a token that nobody can renew later must not be the only one.
            Ok(tokens) => return Ok(self.commit(version, journal, tokens).await),
            Err(error) => error,
        };
        let (state, error) = match verdict(&error) {
            Verdict::Untouched => (GrantState::Idle { unresolved }, error),
            Verdict::Unknown => (GrantState::Idle { unresolved: unresolved.saturating_add(1) }, error),
            Verdict::Dead => {
                let reason = if unresolved == 0 {
                    ReauthorizationReason::RevokedOrExpired
                } else {
                    ReauthorizationReason::ResponseLost
                };
                (GrantState::Ended { reason }, self.ended(reason))
            }
        };
        match self.swap(version, &GrantRecord { state, ..journal }).await {
            // It was the refresh token of an earlier authorization that is dead, or unknown.
            Ok(Swap::Lost) => Ok(None),
            // Where this write fails, the journal stays; whoever finds it once its lease is over knows that the
            // outcome is unknown, which is then the truth.
            Ok(Swap::Won) | Err(_) => Err(error),
        }
    }

    /// Writes down what an exchange yielded, for as long as it takes: there is no second copy, and no second
    /// exchange. The right to write is with whoever spent the refresh token that the record holds; a record with
    /// another one is a new authorization, which wins: then none.
    async fn commit(&self, version: Version, journal: GrantRecord, tokens: TokenSet) -> Option<AccessToken> {
        let access = tokens.access.clone();
        let spent = journal.refresh.clone();
        let record = renewed(journal, tokens);
        let mut version = version;
        let mut wait = FIRST_COMMIT_WAIT;
        loop {
            match self.try_commit(version, &record, &spent).await {
                Ok(Commit::Done) => return Some(access),
                Ok(Commit::Superseded) => return None,
                Ok(Commit::Again(now)) => version = now,
                Err(_) => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_COMMIT_WAIT);
                }
            }
        }
    }

    async fn try_commit(
        &self,
        version: Version,
        record: &GrantRecord,
        spent: &RefreshToken,
    ) -> Result<Commit> {
        let swap = self.swap(version, record).await;
        if let Ok(Swap::Won) = swap {
            return Ok(Commit::Done);
        }
        // Also after an error: the swap may have been written, and only its answer lost.
        let (version, current) = self.load().await?;
        if current.access == record.access {
            return Ok(Commit::Done);
        }
        if current.refresh != *spent {
            return Ok(Commit::Superseded);
        }
        swap.map(|_| Commit::Again(version))
    }

    async fn load(&self) -> Result<(Version, GrantRecord)> {
        let stored = self.store.load(&self.id).await?.ok_or_else(|| Error::Store {
            operation: "load",
            problem: format!("there is no grant {:?}; exchange() or import() makes one", self.id).into(),
        })?;
        Ok((stored.version, self.sealer.open(&self.id, &stored)?))
    }

    async fn swap(&self, version: Version, record: &GrantRecord) -> Result<Swap> {
        let bytes = self.sealer.seal(&self.id, version + 1, record)?;
        self.store.swap(&self.id, version, bytes, record.due()).await
    }

    fn ended(&self, reason: ReauthorizationReason) -> Error {
        Error::ReauthorizationRequired { grant_id: self.id.clone(), reason }
    }
}

/// Somebody else's exchange, as long as we have watched it.
#[derive(Clone, Copy)]
struct Lease {
    version: Version,
    since: Moment,
    until: u64,
}

impl Lease {
    /// By its holder's clock or, where that is ahead of ours, by ours.
    fn is_over(self, now: Moment) -> bool {
        self.until <= now.unix_millis() || now.since(self.since) >= LEASE
    }
}

/// What one attempt to write down an exchange came to.
enum Commit {
    /// It is written.
    Done,
    /// The record has this version by now, and still holds the refresh token that was spent: write again.
    Again(Version),
    /// The record is a new authorization.
    Superseded,
}

/// What a failed exchange tells of the refresh token.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It was not used: the request never left, or the answer is not about the grant.
    Untouched,
    /// It may be spent: the request left and no usable answer came.
    Unknown,
    /// The server says that it is no good.
    Dead,
}

fn verdict(error: &Error) -> Verdict {
    match error {
        Error::TokenRefused { error: OAuthErrorCode::InvalidGrant, .. } => Verdict::Dead,
        // A 2xx without a token: the server has done its part.
        Error::TokenInvalid { .. } => Verdict::Unknown,
        Error::TokenUnavailable { sent: true, status, .. } => match status {
            None | Some(429 | 500..) => Verdict::Unknown,
            Some(_) => Verdict::Untouched,
        },
        _ => Verdict::Untouched,
    }
}

/// The stored token, if it is one to use in place of `held`.
fn adoptable(record: &GrantRecord, held: Option<&Held>, now: Moment) -> Option<AccessToken> {
    let access = record.access.as_ref()?;
    if held.is_some_and(|held| held.token.value == access.value) {
        return None;
    }
    let token = AccessToken {
        value: access.value.clone(),
        scopes: record.scopes.clone(),
        issued: now.at_unix_millis(access.issued_at),
        lifetime: Duration::from_millis(access.expires_at.saturating_sub(access.issued_at)),
    };
    let usable = token.freshness(now, Duration::ZERO) != crate::token::Freshness::Expired;
    usable.then_some(token)
}

fn renewed(record: GrantRecord, tokens: TokenSet) -> GrantRecord {
    let issued_at = tokens.access.issued.unix_millis();
    let (refresh, refresh_issued_at) = match tokens.refresh {
        Some(refresh) => (refresh, issued_at),
        // RFC 6749 section 6: no new one means keep the old.
        None => (record.refresh, record.refresh_issued_at),
    };
    let scopes = if tokens.access.scopes.is_empty() { record.scopes } else { tokens.access.scopes.clone() };
    GrantRecord {
        access: Some(stored(&tokens.access)),
        refresh,
        refresh_issued_at,
        scopes,
        state: GrantState::Idle { unresolved: 0 },
    }
}

/// An access token as a record holds it.
pub(super) fn stored(access: &AccessToken) -> StoredAccessToken {
    StoredAccessToken {
        value: access.value.clone(),
        issued_at: access.issued.unix_millis(),
        expires_at: access.expires_at(),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
