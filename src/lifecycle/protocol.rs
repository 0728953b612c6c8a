//! The decisions that keep a one-time refresh token: pure, so that the model in `protocol/model.rs` explores the same
//! ones that [`GrantRenewal`](super::renewal::GrantRenewal) makes.

use std::time::Duration;

use super::lease::LEASE_MILLIS;
use super::source::Held;
use crate::clock::Moment;
use crate::error::{Error, OAuthErrorCode, ReauthorizationReason};
use crate::store::{GrantRecord, GrantState, StoredAccessToken};
use crate::token::{AccessToken, Freshness, TokenSet};

/// What to do with a record whose access token is not to be used any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Write the journal, then spend its refresh token, of which so many exchanges are unresolved.
    Exchange {
        /// Exchanges of unknown outcome before this one.
        unresolved: u32,
    },
    /// Somebody else is exchanging it.
    Wait,
    /// The grant is over.
    End(ReauthorizationReason),
}

/// Decides by the record's state, and whether the lease in it is over.
pub(super) fn step(state: &GrantState, lease_is_over: bool) -> Step {
    match state {
        GrantState::Idle { unresolved } => Step::Exchange { unresolved: *unresolved },
        GrantState::Exchanging { .. } if !lease_is_over => Step::Wait,
        // Its holder died, or lost its way: nobody knows what became of that exchange.
        GrantState::Exchanging { unresolved, .. } => {
            Step::Exchange { unresolved: unresolved.saturating_add(1) }
        }
        GrantState::Ended { reason } => Step::End(*reason),
    }
}

/// The state in which a failed exchange leaves the record that was its `journal`.
pub(super) fn after_failure(journal: &GrantRecord, error: &Error) -> GrantState {
    let unresolved = unresolved(&journal.state);
    match verdict(error) {
        Verdict::Untouched => GrantState::Idle { unresolved },
        Verdict::Unknown => GrantState::Idle { unresolved: unresolved.saturating_add(1) },
        Verdict::Dead if unresolved == 0 && !journal.contested => {
            GrantState::Ended { reason: ReauthorizationReason::RevokedOrExpired }
        }
        Verdict::Dead => GrantState::Ended { reason: ReauthorizationReason::ResponseLost },
    }
}

fn unresolved(state: &GrantState) -> u32 {
    match state {
        GrantState::Idle { unresolved } | GrantState::Exchanging { unresolved, .. } => *unresolved,
        GrantState::Ended { .. } => 0,
    }
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

/// What an attempt to write down an exchange came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Commit {
    /// It is written.
    Done,
    /// The record still holds the refresh token that was spent: write again, over whatever else it says.
    Again {
        /// Somebody else took the exchange over, and may have spent the token, too.
        contested: bool,
    },
    /// The record is a new authorization.
    Superseded,
}

/// Decides, after a swap that was not known to be won, by the record as it now is.
pub(super) fn commit(written: &GrantRecord, journal: &GrantRecord, current: &GrantRecord) -> Commit {
    if current.access == written.access {
        Commit::Done
    } else if current.refresh == journal.refresh {
        Commit::Again { contested: current.state != journal.state }
    } else {
        Commit::Superseded
    }
}

/// The record after the exchange of which `record` is the journal.
pub(super) fn renewed(record: GrantRecord, tokens: TokenSet) -> GrantRecord {
    let issued_at = tokens.issued.unix_millis();
    // Who took an exchange of the token before over may still be about to send it, as long as a lease is.
    let soon = issued_at.saturating_sub(record.refresh_issued_at) < LEASE_MILLIS;
    let contested = unresolved(&record.state) > 0 || (record.contested && soon);
    let (refresh, refresh_issued_at) = match tokens.refresh {
        Some(refresh) => (refresh, issued_at),
        // RFC 6749 section 6: no new one means keep the old.
        None => (record.refresh, record.refresh_issued_at),
    };
    let scopes = tokens.access.as_ref().map(|access| access.scopes.clone());
    let scopes = scopes.filter(|scopes| !scopes.is_empty()).unwrap_or(record.scopes);
    GrantRecord {
        access: tokens.access.as_ref().map(stored),
        refresh,
        refresh_issued_at,
        scopes,
        contested,
        state: GrantState::Idle { unresolved: 0 },
    }
}

/// Until when a record is somebody's, in milliseconds since the Unix epoch; 0 if it is nobody's.
pub(super) fn leased_until(state: &GrantState) -> u64 {
    if let GrantState::Exchanging { until, .. } = state { *until } else { 0 }
}

/// The token in a record, if it is one to use in place of `held`.
pub(super) fn adoptable(
    access: Option<&StoredAccessToken>,
    scopes: &[String],
    held: Option<&Held>,
    now: Moment,
) -> Option<AccessToken> {
    let access = access?;
    if held.is_some_and(|held| held.token.value == access.value) {
        return None;
    }
    let token = AccessToken {
        value: access.value.clone(),
        scopes: scopes.to_vec(),
        issued: now.at_unix_millis(access.issued_at),
        lifetime: Duration::from_millis(access.expires_at.saturating_sub(access.issued_at)),
    };
    (token.freshness(now, Duration::ZERO) != Freshness::Expired).then_some(token)
}

/// An access token as a record holds it.
pub(super) fn stored(access: &AccessToken) -> StoredAccessToken {
    StoredAccessToken {
        value: access.value.clone(),
        issued_at: access.issued.unix_millis(),
        expires_at: access.expires_at(),
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
