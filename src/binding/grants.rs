//! What JavaScript gets to know of grants: nothing secret.

use napi_derive::napi;

use super::error::NativeReauthorizationReason;
use super::store::{NativeDue, number, whole};
use crate::lifecycle::{GrantFilter, GrantInfo, GrantPage, GrantStanding};

/// Where a grant stands.
#[napi(string_enum = "lowercase")]
pub enum NativeGrantStanding {
    /// It can be used.
    Active,
    /// It can be used, and somebody is spending its refresh token.
    Renewing,
    /// The customer has to authorize again.
    Ended,
}

impl From<GrantStanding> for NativeGrantStanding {
    fn from(standing: GrantStanding) -> Self {
        match standing {
            GrantStanding::Active => Self::Active,
            GrantStanding::Renewing => Self::Renewing,
            GrantStanding::Ended => Self::Ended,
        }
    }
}

impl From<NativeGrantStanding> for GrantStanding {
    fn from(standing: NativeGrantStanding) -> Self {
        match standing {
            NativeGrantStanding::Active => Self::Active,
            NativeGrantStanding::Renewing => Self::Renewing,
            NativeGrantStanding::Ended => Self::Ended,
        }
    }
}

/// Which grants to list.
#[napi(object, object_to_js = false)]
pub struct NativeGrantFilter {
    /// Those that stand so.
    pub state: Option<NativeGrantStanding>,
    /// Those whose refresh token dies before this, in milliseconds since the Unix epoch.
    pub expires_before: Option<f64>,
}

impl From<NativeGrantFilter> for GrantFilter {
    fn from(filter: NativeGrantFilter) -> Self {
        Self { standing: filter.state.map(Into::into), expires_before: filter.expires_before.map(whole) }
    }
}

/// What is known of a grant. Times are milliseconds since the Unix epoch.
#[napi(object, object_from_js = false)]
pub struct NativeGrantInfo {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: NativeGrantStanding,
    /// Why it has ended.
    pub reason: Option<NativeReauthorizationReason>,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// When its refresh token was issued.
    pub refresh_token_issued_at: f64,
    /// When its refresh token dies.
    pub refresh_token_expires_at: f64,
    /// When its access token dies.
    pub access_token_expires_at: Option<f64>,
}

impl From<GrantInfo> for NativeGrantInfo {
    fn from(grant: GrantInfo) -> Self {
        Self {
            id: grant.id,
            state: grant.standing.into(),
            reason: grant.reason.map(Into::into),
            scopes: grant.scopes,
            refresh_token_issued_at: number(grant.refresh_issued_at),
            refresh_token_expires_at: number(grant.refresh_expires_at),
            access_token_expires_at: grant.access_expires_at.map(number),
        }
    }
}

/// Some of an app's grants.
#[napi(object, object_from_js = false)]
pub struct NativeGrantPage {
    /// The grants.
    pub grants: Vec<NativeGrantInfo>,
    /// After which place the next page begins; nothing after the last.
    pub next: Option<NativeDue>,
}

impl From<GrantPage> for NativeGrantPage {
    fn from(GrantPage { grants, next }: GrantPage) -> Self {
        Self { grants: grants.into_iter().map(Into::into).collect(), next: next.map(Into::into) }
    }
}
