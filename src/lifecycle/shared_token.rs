//! [`ClientExchange`]: exchanges client credentials for access tokens, which processes share if they have a store for
//! them.
//!
//! Nothing can be lost here, since client credentials can be exchanged any number of times. The store only saves
//! exchanges: a store that fails or a leaseholder that is late costs one more exchange, and never a call.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::adoption::adoptable;
use super::source::{CurrentToken, Exchange, ExchangeFuture};
use crate::clock::{Clock, Moment};
use crate::credential::OAuthClient;
use crate::error::{Error, Result};
use crate::oauth::{TokenEndpoint, TokenRequest};
use crate::once::LEASE_POLL;
use crate::once::TokenOwner;
use crate::store::{Removal, SealedStore, StoredAccessToken, Swap, TokenRecord, Version, token_id};
use crate::token::AccessToken;

/// How long one process may take to obtain a token for all others, in milliseconds. It is many times what an exchange
/// takes.
const LEASE_MILLIS: u64 = 30_000;
/// The longest wait for another process: the length of a lease by this process's own clock.
const LONGEST_WAIT: Duration = Duration::from_millis(LEASE_MILLIS);
/// How long the store may take, which is no shorter than an exchange.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// Exchanges a client's id and secret for access tokens.
#[derive(Debug)]
pub(super) struct ClientExchange {
    pub(super) endpoint: TokenEndpoint,
    pub(super) client: OAuthClient,
    pub(super) owner: TokenOwner,
    pub(super) clock: Arc<dyn Clock>,
    /// Where the token is shared, if it is shared.
    pub(super) shared: Option<SharedToken>,
    /// Limits concurrent exchanges. Clients of one endpoint share it.
    pub(super) turns: Arc<Semaphore>,
}

/// The record in a store for one client's access token.
#[derive(Debug)]
pub(super) struct SharedToken {
    store: SealedStore,
    id: String,
}

/// How to obtain a token in place of `held`.
#[derive(Debug)]
enum Step {
    /// Use this token, which another process stored.
    Adopt(AccessToken),
    /// Wait, since another process is obtaining one.
    Wait,
    /// Obtain one, and share it.
    Exchange,
}

fn step(record: &TokenRecord, held: Option<&CurrentToken>, now: Moment, waited_enough: bool) -> Step {
    match adoptable(record.access.as_ref(), &record.scopes, held, now) {
        Some(token) => Step::Adopt(token),
        None if record.leased_until > now.unix_millis() && !waited_enough => Step::Wait,
        None => Step::Exchange,
    }
}

impl Exchange for ClientExchange {
    fn next(self: Arc<Self>, held: Option<Arc<CurrentToken>>) -> ExchangeFuture {
        Box::pin(async move { self.token(held.as_deref()).await })
    }

    fn owner(&self) -> TokenOwner {
        self.owner.clone()
    }

    fn may_repeat(&self, error: &Error) -> bool {
        is_unavailable(error)
    }
}

/// Whether the token endpoint could not be reached, was overloaded, or failed. Client credentials can be exchanged any
/// number of times, so such an exchange may be repeated.
pub(super) fn is_unavailable(error: &Error) -> bool {
    matches!(error, Error::TokenUnavailable { status: None | Some(429 | 500..), .. })
}

impl ClientExchange {
    /// A token other than `held`, either one that another process stored or by an exchange.
    pub(super) async fn token(&self, held: Option<&CurrentToken>) -> Result<AccessToken> {
        let Some(shared) = &self.shared else { return self.exchange_in_turn().await };
        let began = self.clock.now();
        loop {
            let Some((version, record)) = shared.look().await? else { return self.exchange_in_turn().await };
            let now = self.clock.now();
            match step(&record, held, now, now.since(began) >= LONGEST_WAIT) {
                Step::Adopt(token) => return Ok(token),
                Step::Wait => tokio::time::sleep(LEASE_POLL).await,
                Step::Exchange => {
                    if let Some(exchanged) = self.exchange_for_all(shared, version, record).await {
                        return exchanged;
                    }
                }
            }
        }
    }

    /// Takes the lease, exchanges and stores the token. `None` if another process took the lease first.
    async fn exchange_for_all(
        &self,
        shared: &SharedToken,
        version: Version,
        record: TokenRecord,
    ) -> Option<Result<AccessToken>> {
        let _turn = self.turns.acquire().await;
        let leased_until = self.clock.now().unix_millis().saturating_add(LEASE_MILLIS);
        let leased = TokenRecord { leased_until, ..record };
        match shared.write(version, &leased).await {
            Some(Swap::Lost) => return None,
            Some(Swap::Won) => {}
            // Whether the lease was written is unknown, so this token is not shared.
            None => return Some(self.exchange().await),
        }
        let exchanged = self.exchange().await;
        let free = TokenRecord { leased_until: 0, ..leased };
        let next = match &exchanged {
            Ok(token) => TokenRecord {
                access: Some(StoredAccessToken::of(token)),
                scopes: token.scopes.clone(),
                ..free
            },
            // The lease is released after a failure, so that others can try without waiting.
            Err(_) => free,
        };
        shared.write(version.saturating_add(1), &next).await;
        Some(exchanged)
    }

    async fn exchange_in_turn(&self) -> Result<AccessToken> {
        let _turn = self.turns.acquire().await;
        self.exchange().await
    }

    async fn exchange(&self) -> Result<AccessToken> {
        let request = TokenRequest::ClientCredentials;
        let connection = self.endpoint.connect().await?;
        let tokens = connection.exchange(&self.client, request, &*self.clock).await?;
        tokens.access.ok_or_else(Error::no_access_token)
    }
}

impl SharedToken {
    /// The record for the tokens that this client obtains at `token_url`.
    pub(super) fn new(store: SealedStore, client: &OAuthClient, token_url: &str) -> Self {
        let id = token_id(&client.id, &client.secret, token_url);
        Self { store, id }
    }

    /// Loads the shared record. `None` if the store cannot be reached.
    ///
    /// Fails if the record is encrypted with an unknown key. That is a configuration mistake which would otherwise go
    /// unnoticed and make every process exchange on its own. A damaged record counts as empty, and is overwritten.
    async fn look(&self) -> Result<Option<(Version, TokenRecord)>> {
        match self.within("load", self.store.load_bytes(&self.id)).await {
            Some(Some(bytes)) => Ok(Some((bytes.version, self.store.open_or_default(&self.id, &bytes)?))),
            Some(None) => Ok(Some((0, TokenRecord::default()))),
            None => Ok(None),
        }
    }

    async fn write(&self, version: Version, record: &TokenRecord) -> Option<Swap> {
        self.within("swap", self.store.swap(&self.id, version, record)).await
    }

    /// The store's result, if it arrived in time and was not an error.
    async fn within<T>(&self, operation: &'static str, answer: impl Future<Output = Result<T>>) -> Option<T> {
        let answer = tokio::time::timeout(STORE_PATIENCE, answer).await;
        if answer.is_err() {
            self.store.report_late(operation, STORE_PATIENCE);
        }
        answer.ok()?.ok()
    }

    /// Removes the token from the store.
    pub(super) async fn forget(&self) -> Result<()> {
        loop {
            let version = self.store.version(&self.id).await?;
            if version == 0 {
                return Ok(());
            }
            let gone = match self.store.remove(&self.id, version).await? {
                Removal::Removed => true,
                Removal::Lost => false,
                Removal::Unsupported => {
                    self.store.swap(&self.id, version, &TokenRecord::default()).await? == Swap::Won
                }
            };
            if gone {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::lifecycle::source::hold;
    use crate::secret::Secret;

    fn token(clock: &ManualClock, value: &str) -> AccessToken {
        AccessToken {
            value: Secret::new(value),
            scopes: vec!["jobs_read".into()],
            issued: clock.now(),
            lifetime: Duration::from_secs(1800),
        }
    }

    #[test]
    fn a_token_is_adopted_or_waited_for_or_got_for_all() {
        let clock = ManualClock::new();
        let (ours, theirs) = (hold(token(&clock, "ours")), token(&clock, "theirs"));
        clock.advance(Duration::from_secs(60));
        let now = clock.now();
        let shown = |access: Option<&AccessToken>, leased_until, held: Option<&CurrentToken>, waited| {
            let record =
                TokenRecord { access: access.map(StoredAccessToken::of), scopes: Vec::new(), leased_until };
            match step(&record, held, now, waited) {
                Step::Adopt(token) => token.value.expose().to_owned(),
                other => format!("{other:?}"),
            }
        };
        let (live, over) = (now.unix_millis() + 1, now.unix_millis());
        let table = [
            (None, 0, None, false, "Exchange"),
            (None, live, None, false, "Wait"),
            (None, live, None, true, "Exchange"),
            (None, over, None, false, "Exchange"),
            (Some(&theirs), 0, None, false, "theirs"),
            (Some(&theirs), 0, Some(&*ours), false, "theirs"),
            (Some(&theirs), live, Some(&*ours), false, "theirs"),
            // Which was refused, or is too old.
            (Some(&ours.token), 0, Some(&*ours), false, "Exchange"),
            (Some(&ours.token), live, Some(&*ours), false, "Wait"),
            (Some(&ours.token), over, Some(&*ours), false, "Exchange"),
        ];
        for (index, (access, leased_until, held, waited, expected)) in table.into_iter().enumerate() {
            assert_eq!(shown(access, leased_until, held, waited), expected, "line {index}");
        }
        clock.advance(Duration::from_secs(1740));
        let record =
            TokenRecord { access: Some(StoredAccessToken::of(&theirs)), scopes: Vec::new(), leased_until: 0 };
        assert!(matches!(step(&record, None, clock.now(), false), Step::Exchange), "it has expired");
    }
}
