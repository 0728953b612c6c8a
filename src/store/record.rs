//! [`GrantRecord`]: what a store holds of a grant, its lease and crash journal included.

use std::time::Duration;

use super::NEVER;
use crate::error::{Error, ReauthorizationReason, Result};
use crate::secret::Secret;
use crate::token::RefreshToken;

/// A refresh token dies when it was not used for 28 days (vendor: OAuth 2.0).
pub const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(28 * 24 * 3600);

/// Ids that begin so are of customers' credentials.
pub const CUSTOMER_PREFIX: &str = "customer:";
/// Ids that begin so are of access tokens that a fleet shares.
pub const TOKEN_PREFIX: &str = "token:";

/// Whether a record of this id is a grant.
pub fn is_grant_id(id: &str) -> bool {
    ![CUSTOMER_PREFIX, TOKEN_PREFIX].iter().any(|prefix| id.starts_with(prefix))
}

/// Refuses an id for a grant that is another kind of record's.
pub fn check_grant_id(id: &str) -> Result<()> {
    if is_grant_id(id) {
        Ok(())
    } else {
        let problem =
            format!("must not begin with `{CUSTOMER_PREFIX}` or `{TOKEN_PREFIX}`: other records do");
        Err(Error::configuration("id", problem))
    }
}

/// What a store can hold, in the clear: `seal.rs` makes of it what a store gets to see.
pub trait Record: Sized {
    /// The record as JSON.
    fn encode(&self) -> Result<Vec<u8>>;

    /// The record of JSON that [`Record::encode`] made; an [`Error::Store`](crate::error::Error::Store) that quotes
    /// nothing if it is another kind's, or of another version.
    fn decode(bytes: &[u8]) -> Result<Self>;
}

/// A grant as it is stored. Times are milliseconds since the Unix epoch: other machines read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRecord {
    /// The access token of the last exchange, if there was one.
    pub access: Option<StoredAccessToken>,
    /// The refresh token that the next renewal spends.
    pub refresh: RefreshToken,
    /// When the refresh token was issued.
    pub refresh_issued_at: u64,
    /// The scopes that the server named, if it named any.
    pub scopes: Vec<String>,
    /// Whether the refresh token before this one may have been presented twice: a server that answers reuse by
    /// revoking the whole family (RFC 9700 section 4.14.2) may then refuse this one too.
    pub contested: bool,
    /// Whether somebody is exchanging it.
    pub state: GrantState,
}

/// An access token as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccessToken {
    /// The token.
    pub value: Secret,
    /// When its life began.
    pub issued_at: u64,
    /// When it dies.
    pub expires_at: u64,
}

/// Where a grant stands. `unresolved` counts exchanges of its refresh token whose outcome nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantState {
    /// Nobody is exchanging it.
    Idle {
        /// Exchanges of unknown outcome so far.
        unresolved: u32,
    },
    /// Somebody is: lock and crash journal in one.
    Exchanging {
        /// Who: a random id of one process.
        owner: String,
        /// Until when nobody else may.
        until: u64,
        /// Exchanges of unknown outcome before this one.
        unresolved: u32,
    },
    /// The customer has to authorize again. The tokens stay, for whoever wants to know what happened.
    Ended {
        /// Why.
        reason: ReauthorizationReason,
    },
}

impl GrantRecord {
    /// When the refresh token dies unless it is used, in milliseconds since the Unix epoch; at most [`NEVER`].
    pub fn refresh_expires_at(&self) -> u64 {
        let lifetime = u64::try_from(REFRESH_TOKEN_LIFETIME.as_millis()).unwrap_or(u64::MAX);
        self.refresh_issued_at.saturating_add(lifetime).min(NEVER)
    }

    /// The same, but [`NEVER`] for a grant that has ended.
    pub fn due(&self) -> u64 {
        match self.state {
            GrantState::Idle { .. } | GrantState::Exchanging { .. } => self.refresh_expires_at(),
            GrantState::Ended { .. } => NEVER,
        }
    }
}
