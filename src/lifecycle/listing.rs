//! Lists the grants of an app page by page, without their secrets.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;

use super::app::OAuthApp;
use crate::error::{Error, ReauthorizationReason, Result};
use crate::store::{Due, GrantRecord, GrantState, NEVER, Refusal, after_events, is_grant_id};

/// Records that are listed and loaded at a time.
const PAGE: usize = 100;

/// The state of a grant, as the app's owner sees it.
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

/// What is known about a grant, without its tokens. Times are in milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantInfo {
    /// The grant's id.
    pub id: String,
    /// The grant's state.
    pub state: ListedGrantState,
    /// Why the grant has ended, if it has.
    pub reason: Option<ReauthorizationReason>,
    /// The last refusal of the grant's refresh token, if the server keeps refusing it.
    pub refusal: Option<Refusal>,
    /// The scopes that were granted, or else requested; empty if neither is known.
    pub scopes: Vec<String>,
    /// Text that the app's owner keeps with the grant.
    pub metadata: BTreeMap<String, String>,
    /// When the grant's refresh token was issued.
    pub refresh_issued_at: u64,
    /// When the grant's refresh token expires, or would have expired.
    pub refresh_expires_at: u64,
    /// When the grant's last access token expires, if it has one.
    pub access_expires_at: Option<u64>,
}

/// One page of an app's grants.
#[derive(Debug, Clone)]
pub struct GrantPage {
    /// The grants of the page. It may be empty even if there is a next page.
    pub grants: Vec<GrantInfo>,
    /// The position after which the next page begins. `None` on the last page.
    pub next: Option<Due>,
}

impl OAuthApp {
    /// One page of grants. `after` is the previous page's `next`, or `None` for the first page. Grants are ordered by
    /// the expiry of their refresh tokens, and ended ones come last. A grant that is renewed meanwhile may appear on
    /// two pages. Forgotten grants do not appear.
    pub async fn grants(&self, filter: GrantFilter, after: Option<Due>) -> Result<GrantPage> {
        let (start, before) = filter.range()?;
        let page = self.grants.vault.records.store().due(before, PAGE, after.or(start).as_ref()).await?;
        // There may be a million events between the grants that live and those that have ended.
        let next = page.last().cloned().map(after_events);
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
    /// The range of the store's index to list: after which entry it begins, and before which time it ends.
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

    /// Whether a grant matches the filter. Checked again after loading, since the record may have changed since it was
    /// listed.
    fn passes(&self, grant: &GrantInfo) -> bool {
        let living = grant.state != ListedGrantState::Ended;
        self.state.is_none_or(|state| state == grant.state)
            && self.expires_before.is_none_or(|before| living && grant.refresh_expires_at < before)
    }
}

impl GrantInfo {
    /// Describes a record. `None` for a grant that was forgotten.
    fn new(id: String, record: GrantRecord, now: u64) -> Option<Self> {
        let (state, reason) = match record.state {
            GrantState::Ended { reason: ReauthorizationReason::Forgotten } => return None,
            GrantState::Ended { reason } => (ListedGrantState::Ended, Some(reason)),
            _ if record.refused.is_some() => (ListedGrantState::Refused, None),
            _ if !record.unread.is_empty() => (ListedGrantState::Unread, None),
            GrantState::Exchanging { until, .. } if until > now => (ListedGrantState::Renewing, None),
            // The next use takes over from a process that crashed, and finishes an interrupted move.
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
