//! What JavaScript learns about grants: nothing secret.

use std::collections::HashMap;

use napi_derive::napi;

use super::convert::{NativeDue, NativeReauthorizationReason, number, whole};
use crate::lifecycle::{GrantFilter, GrantInfo, GrantPage, ListedGrantState};
use crate::store::Refusal;

/// The state of a grant.
#[napi(string_enum = "lowercase")]
pub enum NativeGrantState {
    /// The grant can be used.
    Active,
    /// The grant can be used, and a process is spending its refresh token.
    Renewing,
    /// The authorization server refuses the refresh token, and may accept it later.
    Refused,
    /// The grant keeps the response to a renewal that could not be used yet.
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
    /// Lists only grants in this state.
    pub state: Option<NativeGrantState>,
    /// Lists only grants whose refresh token expires before this time, in milliseconds since the Unix epoch.
    pub expires_before: Option<f64>,
}

impl From<NativeGrantFilter> for GrantFilter {
    fn from(filter: NativeGrantFilter) -> Self {
        Self { state: filter.state.map(Into::into), expires_before: filter.expires_before.map(whole) }
    }
}

/// A refusal of a refresh token that does not end the grant.
#[napi(object, object_from_js = false)]
pub struct NativeRefusal {
    /// When the refresh token was refused first, in milliseconds since the Unix epoch.
    pub since: f64,
    /// How many times in a row it has been refused.
    pub times: u32,
    /// When the authorization server is asked again at the earliest, in milliseconds since the Unix epoch.
    pub retry_at: f64,
    /// The HTTP status of the last refusal.
    pub status: u16,
    /// The error code of the authorization server.
    pub code: String,
    /// The authorization server's description of the error.
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

/// What is known about a grant, without its tokens. Times are milliseconds since the Unix epoch.
#[napi(object, object_from_js = false)]
pub struct NativeGrantInfo {
    /// The id of the grant in the store.
    pub id: String,
    /// The state of the grant.
    pub state: NativeGrantState,
    /// The reason why the grant has ended, if it has.
    pub reason: Option<NativeReauthorizationReason>,
    /// The last refusal of the refresh token, while it keeps being refused.
    pub refusal: Option<NativeRefusal>,
    /// The scopes of the grant; empty if they are not known.
    pub scopes: Vec<String>,
    /// The notes about the grant.
    pub metadata: HashMap<String, String>,
    /// When the refresh token was issued.
    pub refresh_token_issued_at: f64,
    /// When the refresh token expires.
    pub refresh_token_expires_at: f64,
    /// When the access token expires, if there is one.
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

/// A page of an app's grants.
#[napi(object, object_from_js = false)]
pub struct NativeGrantPage {
    /// The grants of the page.
    pub grants: Vec<NativeGrantInfo>,
    /// The place after which the next page begins; undefined on the last page.
    pub next: Option<NativeDue>,
}

impl From<GrantPage> for NativeGrantPage {
    fn from(GrantPage { grants, next }: GrantPage) -> Self {
        Self { grants: grants.into_iter().map(Into::into).collect(), next: next.map(Into::into) }
    }
}
