//! [`GrantRenewal`]: spends the refresh token of a grant by the steps of [`run`], so that its successor is not lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::adoption::adoptable;
use super::grants::Grants;
use super::source::{CurrentToken, Exchange, ExchangeFuture, TokenSource};
use crate::clock::Moment;
use crate::error::{Error, OAuthErrorCode, ReauthorizationReason, Result, TokenAnswer};
use crate::http::Answer;
use crate::oauth::{TokenConnection, TokenRequest, is_worth_keeping, read_tokens};
use crate::once::{
    Event, FIRST_COMMIT_WAIT, LONGEST_COMMIT_WAIT, OneTime, OneTimeRecord as _, Ran, is_running, run,
};
use crate::once::{TokenOwner, TokenOwnerKind, number_credential};
use crate::store::{GrantRecord, GrantState, Record as _, Refusal, Swap, UnreadAnswer};
use crate::token::{AccessToken, TokenSet};

/// Renews one grant.
#[derive(Debug)]
pub(super) struct GrantRenewal {
    pub(super) id: String,
    /// The number by which the observations of its tokens are recognized.
    credential: u64,
    /// Held so that the app's grants stay shared while a client uses one of them.
    pub(super) grants: Arc<Grants>,
    /// Whether this process renewed the grant last. It will probably do so again: each process renews a token a fixed
    /// time before it expires, so the one with the longest time is the first.
    renewed_here: AtomicBool,
}

/// The outcome of keep-alive for one grant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KeptAlive {
    /// The grant was renewed.
    Renewed,
    /// There was nothing to do: another process renewed it, is renewing it, or ended it.
    Skipped,
}

impl Exchange for GrantRenewal {
    fn next(self: Arc<Self>, held: Option<Arc<CurrentToken>>) -> ExchangeFuture {
        Box::pin(async move { self.renew(held.as_deref()).await })
    }

    fn owner(&self) -> TokenOwner {
        TokenOwner { kind: TokenOwnerKind::Grant, id: self.id.clone(), credential: self.credential }
    }

    /// A refresh token works once, so an exchange may be repeated only if nothing was sent.
    fn may_repeat(&self, error: &Error) -> bool {
        matches!(error, Error::TokenUnavailable { sent: false, .. })
    }
}

impl GrantRenewal {
    /// Obtains an access token other than `held`, either one that another process stored or by an exchange.
    pub(super) async fn renew(&self, held: Option<&CurrentToken>) -> Result<AccessToken> {
        let adopt = |record: &GrantRecord, now: Moment| {
            if record.state == EXPORTED {
                // Its tokens belong to the app that imported it.
                return Ok(None);
            }
            match adoptable(record.access.as_ref(), &record.scopes, held, now) {
                Some(token) => Ok(Some(token)),
                None => wait_after_refusal(record, now).map(|()| None),
            }
        };
        let ran = self.run_unless(adopt).await;
        if let Err(Error::UnknownGrant { .. }) = ran {
            // A process may have crashed while it moved the grant to another id.
            self.grants.finish_any_move(&self.id).await?;
        }
        match ran? {
            Ran::Found(token) => Ok(token),
            // An answer without a usable access token still yields a refresh token, which the next use spends.
            Ran::Yielded(tokens) => tokens.access.ok_or_else(Error::no_access_token),
        }
    }

    /// Renews the grant if its refresh token expires before `before`, in milliseconds since the Unix epoch, unless
    /// another process does.
    pub(super) async fn keep_alive(&self, before: u64) -> Result<KeptAlive> {
        let settled = |record: &GrantRecord, now: Moment| match &record.state {
            GrantState::Exchanging { until, .. } if is_running(*until, now) => Ok(Some(())),
            GrantState::Ended { .. } => Ok(Some(())),
            _ if record.due() >= before => Ok(Some(())),
            _ => wait_after_refusal(record, now).map(|()| None),
        };
        Ok(match self.run_unless(settled).await? {
            Ran::Found(()) => KeptAlive::Skipped,
            Ran::Yielded(_) => KeptAlive::Renewed,
        })
    }

    async fn run_unless<T: Send>(
        &self,
        enough: impl Fn(&GrantRecord, Moment) -> Result<Option<T>> + Send,
    ) -> Result<Ran<T, TokenSet>> {
        let ran = run(&self.grants.vault, self, enough).await;
        let grant_id = self.id.clone();
        self.renewed_here.store(matches!(ran, Ok(Ran::Yielded(_))), Ordering::Relaxed);
        match &ran {
            Ok(Ran::Found(_)) | Err(Error::ReauthorizationRequired { .. }) => {}
            Ok(Ran::Yielded(_)) => self.report(&Event::Renewed { grant_id }),
            Err(error) => self.report(&Event::RenewalFailed { grant_id, error: error.clone() }),
        }
        ran
    }

    fn report(&self, event: &Event) {
        self.grants.vault.report(event);
    }

    /// The error that says why the grant of this record can be neither used nor renewed.
    pub(super) fn unusable(&self, record: &GrantRecord) -> Error {
        match &record.state {
            GrantState::Ended { reason } => self.ended(*reason),
            GrantState::Moving { .. } => Error::UnknownGrant { grant_id: self.id.clone() },
            GrantState::Idle { .. } | GrantState::Exchanging { .. } => Error::TokenInvalid {
                status: None,
                answer: Box::default(),
                problem: "the answer to its authorization is kept in the store, and can be read by a later release at \
                          most; send the user through authorizationUrl()"
                    .into(),
            },
        }
    }

    fn ended(&self, reason: ReauthorizationReason) -> Error {
        Error::ReauthorizationRequired { grant_id: self.id.clone(), reason }
    }
}

pub(super) const EXPORTED: GrantState = GrantState::Ended { reason: ReauthorizationReason::Exported };

impl OneTime for GrantRenewal {
    type Record = GrantRecord;
    type Connection = TokenConnection;

    fn id(&self) -> &str {
        &self.id
    }

    fn absent(&self) -> Result<GrantRecord> {
        Err(Error::UnknownGrant { grant_id: self.id.clone() })
    }

    fn is_expected_to_ask(&self) -> bool {
        self.renewed_here.load(Ordering::Relaxed)
    }

    async fn connect(&self) -> Result<TokenConnection> {
        self.grants.endpoint.connect().await
    }

    async fn ask(&self, connection: TokenConnection, journal: &GrantRecord) -> Result<Answer> {
        connection.ask(&self.grants.client, TokenRequest::RefreshToken(&journal.refresh)).await
    }

    fn read(&self, answer: &Answer, sent: Moment, journal: &GrantRecord) -> Result<TokenSet> {
        read_tokens(answer, sent, Some(&journal.refresh))
    }

    fn is_worth_keeping(&self, answer: &Answer, journal: &GrantRecord) -> bool {
        is_worth_keeping(answer, Some(&journal.refresh))
    }

    fn why_unusable(&self, record: &GrantRecord) -> Error {
        self.unusable(record)
    }

    fn explain(&self, journal: &GrantRecord, written: &GrantRecord, error: Error) -> Error {
        let grant_id = self.id.clone();
        match (&written.state, &written.refused) {
            (GrantState::Ended { reason }, _) => {
                self.report(&Event::ReauthorizationRequired { grant_id, reason: *reason });
                self.ended(*reason)
            }
            (_, Some(Refusal { since, .. })) if journal.refused.is_none() => {
                self.report(&Event::Refused { grant_id, since: *since, error: error.clone() });
                error
            }
            _ => error,
        }
    }

    fn unwritten(&self, error: Error, _times: u32) {
        self.report(&Event::RenewalFailed { grant_id: self.id.clone(), error });
    }

    fn lost(&self, error: Error) {
        self.grants.vault.listeners.report_loss(&self.id, error);
    }
}

impl Grants {
    /// The tokens of the grant with this id. The store is not asked whether it exists before they are used.
    pub(super) fn source(self: &Arc<Self>, id: &str) -> Arc<TokenSource> {
        self.sources.get(id, || TokenSource::new(Arc::new(self.renewal(id)), Arc::clone(&self.vault.clock)))
    }

    pub(super) fn renewal(self: &Arc<Self>, id: &str) -> GrantRenewal {
        GrantRenewal {
            id: id.to_owned(),
            credential: number_credential(),
            grants: Arc::clone(self),
            renewed_here: AtomicBool::new(false),
        }
    }

    /// Stores a new authorization. It replaces whatever is in the store, even during a renewal.
    pub(super) async fn replace(self: &Arc<Self>, id: &str, record: &GrantRecord) -> Result<()> {
        self.vault.replace(id, record).await?;
        self.source(id).reset(None);
        Ok(())
    }

    /// Stores a new authorization, and retries for as long as it takes, since there is no second copy of its tokens.
    pub(super) async fn keep(self: &Arc<Self>, id: &str, record: &GrantRecord, access: Option<AccessToken>) {
        let mut wait = FIRST_COMMIT_WAIT;
        while let Err(error) = self.vault.replace(id, record).await {
            if self.vault.records.is_gone() {
                return self.vault.listeners.report_loss(id, error);
            }
            self.vault.report(&Event::RenewalFailed { grant_id: id.to_owned(), error });
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_COMMIT_WAIT);
            // The record may have been written, and only the store's answer lost.
            if let Ok(Some((_, current))) = self.vault.find::<GrantRecord>(id).await
                && current.refresh == record.refresh
            {
                break;
            }
        }
        self.source(id).reset(access);
    }
}

impl Grants {
    /// Stores an unread answer to the exchange of a code, and retries for as long as it takes. If the id has a grant
    /// that has not ended, the answer is added to it and the grant stays usable. Otherwise the answer is stored in
    /// `bare`.
    pub(super) async fn keep_unread(&self, id: &str, unread: &UnreadAnswer, bare: &GrantRecord) {
        let mut wait = FIRST_COMMIT_WAIT;
        loop {
            let kept = match self.vault.find::<GrantRecord>(id).await {
                Ok(Some((version, current))) => {
                    let lives = !matches!(current.state, GrantState::Ended { .. });
                    let record = if lives { current } else { bare.clone() };
                    self.vault.swap(id, version, &record.keeping(unread.clone())).await
                }
                Ok(None) => self.vault.swap(id, 0, &bare.clone().keeping(unread.clone())).await,
                Err(error) => Err(error),
            };
            match kept {
                Ok(Swap::Won) => return,
                Ok(Swap::Lost) => {}
                Err(error) if self.vault.records.is_gone() => {
                    return self.vault.listeners.report_loss(id, error);
                }
                Err(error) => self.vault.report(&Event::RenewalFailed { grant_id: id.to_owned(), error }),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_COMMIT_WAIT);
        }
    }
}

/// Fails with the last refusal of the refresh token while it is too early to present the token again.
fn wait_after_refusal(record: &GrantRecord, now: Moment) -> Result<()> {
    match &record.refused {
        Some(refusal) if now.unix_millis() < refusal.retry_at => Err(Error::TokenRefused {
            error: if refusal.code.is_empty() {
                OAuthErrorCode::Unnamed
            } else {
                OAuthErrorCode::parse(&refusal.code)
            },
            status: refusal.status,
            answer: Box::new(TokenAnswer {
                description: refusal.description.clone(),
                retry_after: Some(Duration::from_millis(refusal.retry_at - now.unix_millis())),
                ..TokenAnswer::default()
            }),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
