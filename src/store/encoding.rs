//! Turns a [`GrantRecord`] into bytes and back. `seal.rs` then makes of them what a store gets to see.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::record::{GrantRecord, GrantState, Record, StoredAccessToken};
use crate::error::{Error, ReauthorizationReason, Result};
use crate::secret::Secret;
use crate::token::RefreshToken;

/// The layout below. Raised when it changes; older ones are read on.
const SCHEMA: u32 = 1;

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plain {
    schema: u32,
    access: Option<PlainAccessToken>,
    refresh_token: String,
    refresh_issued_at: u64,
    scopes: Vec<String>,
    #[serde(default)]
    contested: bool,
    state: PlainState,
}

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

    /// The token, which is then here no more.
    pub(super) fn take(&mut self) -> StoredAccessToken {
        StoredAccessToken {
            value: Secret::new(std::mem::take(&mut self.token)),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        }
    }
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", tag = "is")]
enum PlainState {
    Idle { unresolved: u32 },
    Exchanging { owner: String, until: u64, unresolved: u32 },
    RevokedOrExpired,
    ResponseLost,
    Forgotten,
    Exported,
}

impl Record for GrantRecord {
    fn encode(&self) -> Result<Vec<u8>> {
        let plain = Plain {
            schema: SCHEMA,
            access: self.access.as_ref().map(PlainAccessToken::of),
            refresh_token: self.refresh.0.expose().to_owned(),
            refresh_issued_at: self.refresh_issued_at,
            scopes: self.scopes.clone(),
            contested: self.contested,
            state: match &self.state {
                GrantState::Idle { unresolved } => PlainState::Idle { unresolved: *unresolved },
                GrantState::Exchanging { owner, until, unresolved } => {
                    PlainState::Exchanging { owner: owner.clone(), until: *until, unresolved: *unresolved }
                }
                GrantState::Ended { reason: ReauthorizationReason::RevokedOrExpired } => {
                    PlainState::RevokedOrExpired
                }
                GrantState::Ended { reason: ReauthorizationReason::ResponseLost } => PlainState::ResponseLost,
                GrantState::Ended { reason: ReauthorizationReason::Forgotten } => PlainState::Forgotten,
                GrantState::Ended { reason: ReauthorizationReason::Exported } => PlainState::Exported,
            },
        };
        json(&plain)
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let mut plain = parsed::<Plain>(bytes)?;
        if plain.schema != SCHEMA {
            return Err(unreadable());
        }
        Ok(Self {
            access: plain.access.as_mut().map(PlainAccessToken::take),
            refresh: RefreshToken(Secret::new(std::mem::take(&mut plain.refresh_token))),
            refresh_issued_at: plain.refresh_issued_at,
            scopes: std::mem::take(&mut plain.scopes),
            contested: plain.contested,
            state: match &mut plain.state {
                PlainState::Idle { unresolved } => GrantState::Idle { unresolved: *unresolved },
                PlainState::Exchanging { owner, until, unresolved } => GrantState::Exchanging {
                    owner: std::mem::take(owner),
                    until: *until,
                    unresolved: *unresolved,
                },
                PlainState::RevokedOrExpired => {
                    GrantState::Ended { reason: ReauthorizationReason::RevokedOrExpired }
                }
                PlainState::ResponseLost => GrantState::Ended { reason: ReauthorizationReason::ResponseLost },
                PlainState::Forgotten => GrantState::Ended { reason: ReauthorizationReason::Forgotten },
                PlainState::Exported => GrantState::Ended { reason: ReauthorizationReason::Exported },
            },
        })
    }
}

pub(super) fn json(plain: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(plain).map_err(|_| Error::Internal { problem: "a record has no JSON form" })
}

/// Without the parser's own message, which may quote what it read.
pub(super) fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|_| unreadable())
}

pub(super) fn unreadable() -> Error {
    Error::Store {
        operation: "load",
        problem: "the record is not one of this version of smartrecruiters; it was left as it is".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::store::NEVER;

    fn record(state: GrantState) -> GrantRecord {
        GrantRecord {
            access: Some(StoredAccessToken { value: Secret::new("at"), issued_at: 1, expires_at: 2 }),
            refresh: RefreshToken(Secret::new("rt")),
            refresh_issued_at: 3,
            scopes: vec!["jobs_read".into()],
            contested: true,
            state,
        }
    }

    #[test]
    fn every_record_survives_the_store() {
        for state in [
            GrantState::Idle { unresolved: 2 },
            GrantState::Exchanging { owner: "p".into(), until: 9, unresolved: 1 },
            GrantState::Ended { reason: ReauthorizationReason::RevokedOrExpired },
            GrantState::Ended { reason: ReauthorizationReason::ResponseLost },
            GrantState::Ended { reason: ReauthorizationReason::Forgotten },
            GrantState::Ended { reason: ReauthorizationReason::Exported },
        ] {
            let record = record(state);
            assert_eq!(GrantRecord::decode(&record.encode().unwrap()).unwrap(), record);
        }
    }

    #[test]
    fn a_record_that_does_not_say_so_is_not_contested() {
        let idle = record(GrantState::Idle { unresolved: 0 });
        let text = String::from_utf8(idle.encode().unwrap()).unwrap();
        let without = text.replace(r#""contested":true,"#, "");
        assert_ne!(without, text);
        assert_eq!(
            GrantRecord::decode(without.as_bytes()).unwrap(),
            GrantRecord { contested: false, ..idle }
        );
    }

    #[test]
    fn foreign_bytes_are_refused_without_being_quoted() {
        for bytes in [&b""[..], b"{}", b"canary", br#"{"schema":99,"refreshToken":"canary"}"#] {
            let error = GrantRecord::decode(bytes).unwrap_err();
            assert_eq!(error.code(), ErrorCode::Store);
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    #[test]
    fn a_grant_is_due_28_days_after_its_refresh_token_came_unless_it_has_ended() {
        let idle = record(GrantState::Idle { unresolved: 0 });
        assert_eq!(idle.due(), 3 + 28 * 24 * 3600 * 1000);
        let ended = record(GrantState::Ended { reason: ReauthorizationReason::ResponseLost });
        assert_eq!(ended.due(), NEVER);
        assert_eq!(ended.refresh_expires_at(), idle.due());
        assert_eq!(
            GrantRecord { refresh_issued_at: u64::MAX, ..idle }.due(),
            NEVER,
            "as late as a date can be"
        );
    }
}
