//! Parts of the JSON that all kinds of records share.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::record::StoredAccessToken;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// An access token in a record's JSON.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlainAccessToken {
    token: String,
    issued_at: u64,
    expires_at: u64,
}

impl PlainAccessToken {
    pub(super) fn of(access: &StoredAccessToken) -> Self {
        Self {
            token: access.value.expose().to_owned(),
            issued_at: access.issued_at,
            expires_at: access.expires_at,
        }
    }

    /// Moves the token out of the JSON.
    pub(super) fn take(&mut self) -> StoredAccessToken {
        StoredAccessToken {
            value: Secret::new(std::mem::take(&mut self.token)),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        }
    }
}

/// Serializes a record.
pub(super) fn json(plain: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(plain).map_err(|_| Error::Internal { problem: "a record has no JSON form" })
}

/// Reads a record's JSON. The error leaves out the parser's message, which may quote the content.
pub(super) fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|_| unreadable())
}

pub(super) fn unreadable() -> Error {
    Error::Store {
        operation: "load",
        problem: "the record is not one of this version of smartrecruiters; it was left as it is".into(),
    }
}
