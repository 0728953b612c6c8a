//! The grants of an app, listed page by page, and without their secrets.

use futures_util::future::try_join_all;

use super::app::OAuthApp;
use crate::error::{Error, ReauthorizationReason, Result};
use crate::store::{Due, GrantRecord, GrantState, NEVER, is_grant_id};

/// Records that are looked up, and loaded, at once.
const PAGE: usize = 100;

/// Where a grant stands, as far as its owner cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantStanding {
    /// It can be used.
    Active,
    /// It can be used, and somebody is spending its refresh token.
    Renewing,
    /// The customer has to authorize again.
    Ended,
}

/// Which grants to list. None of these: all.
#[derive(Debug, Clone, Copy, Default)]
pub struct GrantFilter {
    /// Those that stand so.
    pub standing: Option<GrantStanding>,
    /// Those whose refresh token dies before this, in milliseconds since the Unix epoch, and that have not ended.
    pub expires_before: Option<u64>,
}

/// What is known of a grant. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantInfo {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub standing: GrantStanding,
    /// Why it has ended, if it has.
    pub reason: Option<ReauthorizationReason>,
    /// The scopes that the server named, if it named any.
    pub scopes: Vec<String>,
    /// When its refresh token was issued.
    pub refresh_issued_at: u64,
    /// When its refresh token dies, or would have died.
    pub refresh_expires_at: u64,
    /// When its last access token dies, if it has one.
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
        let page = self.grants.store.due(before, PAGE, after.or(start).as_ref()).await?;
        let next = page.last().cloned();
        let of_grants = page.into_iter().filter(|place| is_grant_id(&place.id));
        let found = try_join_all(of_grants.map(|place| self.info(place.id))).await?;
        let grants = found.into_iter().flatten().filter(|grant| filter.passes(grant)).collect();
        Ok(GrantPage { grants, next })
    }

    async fn info(&self, id: String) -> Result<Option<GrantInfo>> {
        let Some(stored) = self.grants.store.load(&id).await? else { return Ok(None) };
        let record: GrantRecord =
            self.grants.sealer.open(&id, &stored).map_err(|error| error.about_record(&id))?;
        Ok(GrantInfo::new(id, record, self.grants.now()))
    }
}

impl GrantFilter {
    /// After which place the listing begins, and before when it ends.
    fn range(&self) -> Result<(Option<Due>, u64)> {
        match (self.standing, self.expires_before) {
            (Some(GrantStanding::Ended), Some(_)) => {
                let problem = "is for grants that have not ended: leave it out, or the state `ended`";
                Err(Error::configuration("expiresBefore", problem))
            }
            (Some(GrantStanding::Ended), None) => {
                let last_living = Due { due: NEVER - 1, id: String::new() };
                Ok((Some(last_living), NEVER + 1))
            }
            (_, Some(before)) => Ok((None, before)),
            (Some(GrantStanding::Active | GrantStanding::Renewing), None) => Ok((None, NEVER)),
            (None, None) => Ok((None, NEVER + 1)),
        }
    }

    /// The record may have changed since it was listed.
    fn passes(&self, grant: &GrantInfo) -> bool {
        let living = grant.standing != GrantStanding::Ended;
        self.standing.is_none_or(|standing| standing == grant.standing)
            && self.expires_before.is_none_or(|before| living && grant.refresh_expires_at < before)
    }
}

impl GrantInfo {
    /// None for a grant that was forgotten.
    fn new(id: String, record: GrantRecord, now: u64) -> Option<Self> {
        let (standing, reason) = match record.state {
            GrantState::Ended { reason: ReauthorizationReason::Forgotten } => return None,
            GrantState::Ended { reason } => (GrantStanding::Ended, Some(reason)),
            GrantState::Exchanging { until, .. } if until > now => (GrantStanding::Renewing, None),
            // Also one whose holder has died: whoever needs it takes it over.
            GrantState::Exchanging { .. } | GrantState::Idle { .. } => (GrantStanding::Active, None),
        };
        Some(Self {
            id,
            standing,
            reason,
            refresh_issued_at: record.refresh_issued_at,
            refresh_expires_at: record.refresh_expires_at(),
            access_expires_at: record.access.map(|access| access.expires_at),
            scopes: record.scopes,
        })
    }
}
