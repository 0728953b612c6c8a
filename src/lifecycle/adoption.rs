//! Whether a process may use the access token in a record in place of its own.

use std::time::Duration;

use super::source::CurrentToken;
use crate::clock::Moment;
use crate::store::StoredAccessToken;
use crate::token::{AccessToken, Freshness};

/// The token in a record, if it is another one than `held` and has not expired.
pub(super) fn adoptable(
    access: Option<&StoredAccessToken>,
    scopes: &[String],
    held: Option<&CurrentToken>,
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
