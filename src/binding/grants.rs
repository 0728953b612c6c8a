//! What JavaScript gets to know of grants: nothing secret.

use std::collections::HashMap;

use napi_derive::napi;

use super::error::NativeReauthorizationReason;
use super::store::{NativeDue, number, whole};
use crate::lifecycle::{GrantFilter, GrantInfo, GrantPage, ListedGrantState};
use crate::store::Refusal;

/// Where a grant stands.
#[napi(string_enum = "lowercase")]
pub enum NativeGrantState {
    /// It can be used.
    Active,
    /// It can be used, and a process is spending its refresh token.
    Renewing,
    /// The authorization server refuses its refresh token, and may accept it later.
    Refused,
    /// It keeps an answer that could not be used yet.
    Unread,
    /// The customer has to authorize again.
    Ended,
}

impl From<ListedGrantState> for NativeGrantState {
    fn from(state: ListedGrantState) -> Self {
        match state {
            ListedGrantState::Active => Self::Active,
            ListedGrantState::Renewing => Self::Renewing,
            ListedGrantState::Refused => Self::Refused,
            ListedGrantState::Unread => Self::Unread,
            ListedGrantState::Ended => Self::Ended,
        }
    }
}

impl From<NativeGrantState> for ListedGrantState {
    fn from(state: NativeGrantState) -> Self {
        match state {
            NativeGrantState::Active => Self::Active,
            NativeGrantState::Renewing => Self::Renewing,
            NativeGrantState::Refused => Self::Refused,
            NativeGrantState::Unread => Self::Unread,
            NativeGrantState::Ended => Self::Ended,
        }
    }
}

/// Which grants to list.
#[napi(object, object_to_js = false)]
pub struct NativeGrantFilter {
    /// Those that stand so.
    pub state: Option<NativeGrantState>,
    /// Those whose refresh token dies before this, in milliseconds since the Unix epoch.
    pub expires_before: Option<f64>,
}

impl From<NativeGrantFilter> for GrantFilter {
    fn from(filter: NativeGrantFilter) -> Self {
        Self { state: filter.state.map(Into::into), expires_before: filter.expires_before.map(whole) }
    }
}

/// A refusal that does not end a grant.
#[napi(object, object_from_js = false)]
pub struct NativeRefusal {
    /// Since when, in milliseconds since the Unix epoch.
    pub since: f64,
    /// How many times in a row.
    pub times: u32,
    /// When it is asked again at the earliest, in milliseconds since the Unix epoch.
    pub retry_at: f64,
    /// The HTTP status.
    pub status: u16,
    /// The server's error code.
    pub code: String,
    /// The server's own words.
    pub description: Option<String>,
}

impl From<Refusal> for NativeRefusal {
    fn from(refusal: Refusal) -> Self {
        Self {
            since: number(refusal.since),
            times: refusal.times,
            retry_at: number(refusal.retry_at),
            status: refusal.status,
            code: refusal.code,
            description: refusal.description,
        }
    }
}

/// What is known of a grant. Times are milliseconds since the Unix epoch.
#[napi(object, object_from_js = false)]
pub struct NativeGrantInfo {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: NativeGrantState,
    /// Why it has ended.
    pub reason: Option<NativeReauthorizationReason>,
    /// The last refusal of its refresh token, if that keeps being refused.
    pub refusal: Option<NativeRefusal>,
    /// Its scopes; empty if they are not known.
    pub scopes: Vec<String>,
    /// What is noted about it.
    pub metadata: HashMap<String, String>,
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
            state: grant.state.into(),
            reason: grant.reason.map(Into::into),
            refusal: grant.refusal.map(Into::into),
            scopes: grant.scopes,
            metadata: HashMap::from_iter(grant.metadata),
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
