//! The grants of an app, listed page by page, and without their secrets.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;

use super::app::OAuthApp;
use crate::error::{Error, ReauthorizationReason, Result};
use crate::store::{Due, GrantRecord, GrantState, NEVER, Refusal, is_grant_id};

/// Records that are looked up, and loaded, at once.
const PAGE: usize = 100;

/// The state of a grant, as far as the app's owner cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedGrantState {
    /// The grant can be used.
    Active,
    /// The grant can be used, and a process is spending its refresh token.
    Renewing,
    /// The authorization server refuses the refresh token, and may accept it later.
    Refused,
    /// An answer to the exchange of the refresh token arrived and could not be used yet.
    Unread,
    /// The customer has to authorize again.
    Ended,
}

/// Which grants to list; by default all.
#[derive(Debug, Clone, Copy, Default)]
pub struct GrantFilter {
    /// Only grants in this state.
    pub state: Option<ListedGrantState>,
    /// Only grants that have not ended and whose refresh token expires before this time, in milliseconds since the Unix
    /// epoch.
    pub expires_before: Option<u64>,
}

/// What is known of a grant. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantInfo {
    /// The grant's id.
    pub id: String,
    /// The grant's state.
    pub state: ListedGrantState,
    /// Why it has ended, if it has.
    pub reason: Option<ReauthorizationReason>,
    /// The last refusal of its refresh token, if that keeps being refused.
    pub refusal: Option<Refusal>,
    /// The scopes that were granted, or else requested; empty if neither is known.
    pub scopes: Vec<String>,
    /// What the app's owner noted about it.
    pub metadata: BTreeMap<String, String>,
    /// When its refresh token was issued.
    pub refresh_issued_at: u64,
    /// When its refresh token expires, or would have expired.
    pub refresh_expires_at: u64,
    /// When its last access token expires, if it has one.
    pub access_expires_at: Option<u64>,
}

/// Some of an app's grants.
#[derive(Debug, Clone)]
pub struct GrantPage {
    /// The grants. There may be none although there is a next page.
    pub grants: Vec<GrantInfo>,
    /// After which place the next page begins. None: this was the last.
    pub next: Option<Due>,
}

impl OAuthApp {
    /// The grants of the page `after` this place, or of the first: in the order in which their refresh tokens die,
    /// those that have ended last. One that is renewed meanwhile may be on two pages. Forgotten ones are on none.
    pub async fn grants(&self, filter: GrantFilter, after: Option<Due>) -> Result<GrantPage> {
        let (start, before) = filter.range()?;
        let page = self.grants.vault.records.store().due(before, PAGE, after.or(start).as_ref()).await?;
        let next = page.last().cloned();
        let of_grants = page.into_iter().filter(|place| is_grant_id(&place.id));
        let found = try_join_all(of_grants.map(|place| self.info(place.id))).await?;
        let grants = found.into_iter().flatten().filter(|grant| filter.passes(grant)).collect();
        Ok(GrantPage { grants, next })
    }

    async fn info(&self, id: String) -> Result<Option<GrantInfo>> {
        let vault = &self.grants.vault;
        let found = vault.find::<GrantRecord>(&id).await.map_err(|error| error.about_record(&id))?;
        Ok(found.and_then(|(_, record)| GrantInfo::new(id, record, vault.now().unix_millis())))
    }
}

impl GrantFilter {
    /// After which place the listing begins, and before when it ends.
    fn range(&self) -> Result<(Option<Due>, u64)> {
        match (self.state, self.expires_before) {
            (Some(ListedGrantState::Ended), Some(_)) => {
                let problem = "is for grants that have not ended: leave it out, or the state `ended`";
                Err(Error::configuration("expiresBefore", problem))
            }
            (Some(ListedGrantState::Ended), None) => {
                let last_living = Due { due: NEVER - 1, id: String::new() };
                Ok((Some(last_living), NEVER + 1))
            }
            (_, Some(before)) => Ok((None, before)),
            (Some(_), None) => Ok((None, NEVER)),
            (None, None) => Ok((None, NEVER + 1)),
        }
    }

    /// The record may have changed since it was listed.
    fn passes(&self, grant: &GrantInfo) -> bool {
        let living = grant.state != ListedGrantState::Ended;
        self.state.is_none_or(|state| state == grant.state)
            && self.expires_before.is_none_or(|before| living && grant.refresh_expires_at < before)
    }
}

impl GrantInfo {
    /// None for a grant that was forgotten.
    fn new(id: String, record: GrantRecord, now: u64) -> Option<Self> {
        let (state, reason) = match record.state {
            GrantState::Ended { reason: ReauthorizationReason::Forgotten } => return None,
            GrantState::Ended { reason } => (ListedGrantState::Ended, Some(reason)),
            _ if record.refused.is_some() => (ListedGrantState::Refused, None),
            _ if !record.unread.is_empty() => (ListedGrantState::Unread, None),
            GrantState::Exchanging { until, .. } if until > now => (ListedGrantState::Renewing, None),
            // The next use takes over from a holder that died, and finishes a move.
            GrantState::Exchanging { .. } | GrantState::Moving { .. } | GrantState::Idle { .. } => {
                (ListedGrantState::Active, None)
            }
        };
        Some(Self {
            id,
            state,
            reason,
            refusal: record.refused.clone(),
            metadata: record.metadata.clone(),
            refresh_issued_at: record.refresh_issued_at,
            refresh_expires_at: record.refresh_expires_at(),
            access_expires_at: record.access.map(|access| access.expires_at),
            scopes: record.scopes,
        })
    }
}
