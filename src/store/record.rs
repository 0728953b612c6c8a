//! [`Record`]: the unencrypted content of a store's record, and which ids belong to which kind of record.

use super::interface::NEVER;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::token::AccessToken;

/// Ids of customers' credentials begin with this prefix.
pub const CUSTOMER_PREFIX: &str = "customer:";
/// Ids of access tokens that processes share begin with this prefix.
pub const TOKEN_PREFIX: &str = "token:";
/// Ids of webhook events begin with this prefix.
pub const EVENT_PREFIX: &str = "event:";
/// Ids of what the processes of a webhook receiver share begin with this prefix.
pub(super) const INBOX_PREFIX: &str = "webhooks:";
/// The prefixes of all records that are not grants.
const RESERVED: [&str; 4] = [CUSTOMER_PREFIX, TOKEN_PREFIX, EVENT_PREFIX, INBOX_PREFIX];

/// Whether a record with this id is a grant.
pub fn is_grant_id(id: &str) -> bool {
    !RESERVED.iter().any(|prefix| id.starts_with(prefix))
}

/// Refuses a grant id that is reserved for another kind of record.
pub fn check_grant_id(id: &str) -> Result<()> {
    if is_grant_id(id) {
        Ok(())
    } else {
        let problem =
            format!("must not begin with `{}`, which are reserved for other records", RESERVED.join("`, `"));
        Err(Error::configuration("id", problem))
    }
}

/// The unencrypted content of a store's record. `seal.rs` turns it into the bytes that the store holds.
pub trait Record: Sized {
    /// The record as JSON.
    fn encode(&self) -> Result<Vec<u8>>;

    /// Reads the JSON that [`Record::encode`] wrote. Fails with an [`Error::Store`](crate::error::Error::Store) that
    /// quotes nothing if the bytes are those of another kind of record, or of another version.
    fn decode(bytes: &[u8]) -> Result<Self>;

    /// When the record next needs attention, in milliseconds since the Unix epoch. Default: [`NEVER`].
    fn due(&self) -> u64 {
        NEVER
    }
}

/// An access token as it is stored. Times are milliseconds since the Unix epoch, because other machines read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccessToken {
    /// The access token.
    pub value: Secret,
    /// When the token was issued.
    pub issued_at: u64,
    /// When the token expires.
    pub expires_at: u64,
}

impl StoredAccessToken {
    /// The stored form of an access token.
    pub fn of(access: &AccessToken) -> Self {
        Self {
            value: access.value.clone(),
            issued_at: access.issued.unix_millis(),
            expires_at: access.expires_at(),
        }
    }
}
