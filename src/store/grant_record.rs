//! [`GrantRecord`]: what a store holds of a grant, including its lease and crash journal.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::encoding::{PlainAccessToken, json, parsed, unreadable};
use super::interface::NEVER;
use super::record::{Record, StoredAccessToken};
use super::unread::{PlainUnread, UnreadAnswer};
use crate::error::{ReauthorizationReason, Result};
use crate::secret::Secret;
use crate::token::RefreshToken;

/// A refresh token expires if it is not used for 28 days (vendor: OAuth 2.0).
pub const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(28 * 24 * 3600);
/// How long the record of a forgotten grant stays, in milliseconds. Without it, a process that read the grant just
/// before and was then stopped could write its old content over a new authorization, since the new record would start
/// again at version 1.
const TOMBSTONE_MILLIS: u64 = 24 * 3600 * 1000;
/// The version of the JSON below. It is raised when that changes; older versions stay readable.
const SCHEMA: u32 = 1;

/// A grant as it is stored. Times are milliseconds since the Unix epoch, because other machines read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRecord {
    /// The access token of the last exchange, if there was one.
    pub access: Option<StoredAccessToken>,
    /// The refresh token that the next renewal spends.
    pub refresh: RefreshToken,
    /// When the refresh token was issued. In the record of a forgotten grant, when it was forgotten.
    pub refresh_issued_at: u64,
    /// The scopes that were granted or, if the server did not name any, requested. Empty if neither is known.
    pub scopes: Vec<String>,
    /// Text that the app's owner keeps with the grant.
    pub metadata: BTreeMap<String, String>,
    /// The ticket of the last move between ids. The record that the grant left has the same ticket as the one that it
    /// arrived in.
    pub origin: Option<String>,
    /// Whether the previous refresh token may have been presented twice. A server that answers reuse by revoking all
    /// tokens of the grant (RFC 9700 section 4.14.2) may then refuse this one too.
    pub contested: bool,
    /// Answers to the exchange of `refresh` that arrived and could not be used yet.
    pub unread: Vec<UnreadAnswer>,
    /// The last refusal of `refresh`, if the server keeps refusing it.
    pub refused: Option<Refusal>,
    /// Whether a process is exchanging the refresh token.
    pub state: GrantState,
}

/// A refusal of a token exchange that does not end the grant: the server may accept the refresh token later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refusal {
    /// When the refresh token was first refused, in milliseconds since the Unix epoch.
    pub since: u64,
    /// How many times in a row it has been refused.
    pub times: u32,
    /// The earliest time at which any process presents the token again, in milliseconds since the Unix epoch.
    pub retry_at: u64,
    /// The HTTP status of the last refusal.
    pub status: u16,
    /// The server's error code. Empty if it named none.
    pub code: String,
    /// The server's description of the refusal, if it sent one.
    pub description: Option<String>,
}

/// The state of a grant. `unresolved` counts the exchanges of its refresh token whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantState {
    /// No process is exchanging the refresh token.
    Idle {
        /// The number of exchanges so far whose outcome is unknown.
        unresolved: u32,
    },
    /// A process is exchanging the refresh token. This is lock and crash journal in one.
    Exchanging {
        /// A random id of the process.
        owner: String,
        /// The end of the lease. No other process may exchange the refresh token before it.
        until: u64,
        /// The number of earlier exchanges whose outcome is unknown.
        unresolved: u32,
    },
    /// The grant is being moved to another id, which owns it now. The next use finishes the move.
    Moving {
        /// The id to move to.
        to: String,
        /// A random id of this move, which distinguishes it from others between the same ids.
        ticket: String,
    },
    /// The customer has to authorize again. The tokens stay in the record, to help explain what happened.
    Ended {
        /// Why the grant ended.
        reason: ReauthorizationReason,
    },
}

impl GrantRecord {
    /// An idle grant with a refresh token and nothing else.
    pub fn new(refresh: RefreshToken, refresh_issued_at: u64) -> Self {
        Self {
            access: None,
            refresh,
            refresh_issued_at,
            scopes: Vec::new(),
            metadata: BTreeMap::new(),
            origin: None,
            contested: false,
            unread: Vec::new(),
            refused: None,
            state: GrantState::Idle { unresolved: 0 },
        }
    }

    /// The record that remains of a grant that was forgotten or moved to another id at `now`. It holds no token.
    pub fn tombstone(now: u64) -> Self {
        let state = GrantState::Ended { reason: ReauthorizationReason::Forgotten };
        Self { state, ..Self::new(RefreshToken(Secret::new("")), now) }
    }

    /// Whether this is a [`GrantRecord::tombstone`] that is no longer needed at `now`.
    pub fn is_removable(&self, now: u64) -> bool {
        self.state == GrantState::Ended { reason: ReauthorizationReason::Forgotten } && self.due() <= now
    }

    /// When the refresh token expires unless it is used, in milliseconds since the Unix epoch; at most [`NEVER`].
    pub fn refresh_expires_at(&self) -> u64 {
        let lifetime = u64::try_from(REFRESH_TOKEN_LIFETIME.as_millis()).unwrap_or(u64::MAX);
        self.refresh_issued_at.saturating_add(lifetime).min(NEVER)
    }
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plain {
    schema: u32,
    access: Option<PlainAccessToken>,
    refresh_token: String,
    refresh_issued_at: u64,
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[zeroize(skip)]
    metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(default)]
    contested: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unread: Vec<PlainUnread>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[zeroize(skip)]
    refused: Option<Refusal>,
    state: PlainState,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", tag = "is")]
enum PlainState {
    Idle { unresolved: u32 },
    Exchanging { owner: String, until: u64, unresolved: u32 },
    Moving { to: String, ticket: String },
    RevokedOrExpired,
    ResponseLost,
    Forgotten,
    Exported,
}

impl Record for GrantRecord {
    fn encode(&self) -> Result<Vec<u8>> {
        json(&Plain {
            schema: SCHEMA,
            access: self.access.as_ref().map(PlainAccessToken::of),
            refresh_token: self.refresh.0.expose().to_owned(),
            refresh_issued_at: self.refresh_issued_at,
            scopes: self.scopes.clone(),
            metadata: self.metadata.clone(),
            origin: self.origin.clone(),
            contested: self.contested,
            unread: PlainUnread::all(&self.unread),
            refused: self.refused.clone(),
            state: (&self.state).into(),
        })
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
            metadata: std::mem::take(&mut plain.metadata),
            origin: plain.origin.take(),
            contested: plain.contested,
            unread: plain.unread.iter().filter_map(PlainUnread::decode).collect(),
            refused: plain.refused.take(),
            state: (&mut plain.state).into(),
        })
    }

    /// When the refresh token expires, or [`NEVER`] for a grant that has ended. A grant that is being moved is due at
    /// once, and a forgotten one when its record can be removed.
    fn due(&self) -> u64 {
        match self.state {
            GrantState::Idle { .. } | GrantState::Exchanging { .. } => self.refresh_expires_at(),
            GrantState::Moving { .. } => 0,
            GrantState::Ended { reason: ReauthorizationReason::Forgotten } => {
                self.refresh_issued_at.saturating_add(TOMBSTONE_MILLIS).min(NEVER)
            }
            GrantState::Ended { .. } => NEVER,
        }
    }
}

impl From<&GrantState> for PlainState {
    fn from(state: &GrantState) -> Self {
        match state {
            GrantState::Idle { unresolved } => Self::Idle { unresolved: *unresolved },
            GrantState::Exchanging { owner, until, unresolved } => {
                Self::Exchanging { owner: owner.clone(), until: *until, unresolved: *unresolved }
            }
            GrantState::Moving { to, ticket } => Self::Moving { to: to.clone(), ticket: ticket.clone() },
            GrantState::Ended { reason } => match reason {
                ReauthorizationReason::RevokedOrExpired => Self::RevokedOrExpired,
                ReauthorizationReason::ResponseLost => Self::ResponseLost,
                ReauthorizationReason::Forgotten => Self::Forgotten,
                ReauthorizationReason::Exported => Self::Exported,
            },
        }
    }
}

impl From<&mut PlainState> for GrantState {
    fn from(plain: &mut PlainState) -> Self {
        let reason = match plain {
            PlainState::Idle { unresolved } => return Self::Idle { unresolved: *unresolved },
            PlainState::Exchanging { owner, until, unresolved } => {
                let owner = std::mem::take(owner);
                return Self::Exchanging { owner, until: *until, unresolved: *unresolved };
            }
            PlainState::Moving { to, ticket } => {
                return Self::Moving { to: std::mem::take(to), ticket: std::mem::take(ticket) };
            }
            PlainState::RevokedOrExpired => ReauthorizationReason::RevokedOrExpired,
            PlainState::ResponseLost => ReauthorizationReason::ResponseLost,
            PlainState::Forgotten => ReauthorizationReason::Forgotten,
            PlainState::Exported => ReauthorizationReason::Exported,
        };
        Self::Ended { reason }
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::error::ErrorCode;

    fn record(state: GrantState) -> GrantRecord {
        GrantRecord {
            access: Some(StoredAccessToken { value: Secret::new("at"), issued_at: 1, expires_at: 2 }),
            scopes: vec!["jobs_read".into()],
            contested: true,
            state,
            ..GrantRecord::new(RefreshToken(Secret::new("rt")), 3)
        }
    }

    fn idle() -> GrantRecord {
        record(GrantState::Idle { unresolved: 0 })
    }

    #[test]
    fn every_record_survives_the_store() {
        for state in [
            GrantState::Idle { unresolved: 2 },
            GrantState::Exchanging { owner: "p".into(), until: 9, unresolved: 1 },
            GrantState::Moving { to: "acme".into(), ticket: "t".into() },
            GrantState::Ended { reason: ReauthorizationReason::RevokedOrExpired },
            GrantState::Ended { reason: ReauthorizationReason::ResponseLost },
            GrantState::Ended { reason: ReauthorizationReason::Forgotten },
            GrantState::Ended { reason: ReauthorizationReason::Exported },
        ] {
            let bare = record(state);
            let refusal = Refusal {
                since: 4,
                times: 5,
                retry_at: 6,
                status: 400,
                code: "account_suspended".into(),
                description: Some("ask your administrator".into()),
            };
            let full = GrantRecord {
                metadata: BTreeMap::from([("company".into(), "Société".into())]),
                origin: Some("provisional".into()),
                unread: vec![UnreadAnswer { bytes: Zeroizing::new(vec![0, 255]), asked_at: 7 }],
                refused: Some(refusal),
                ..bare.clone()
            };
            for record in [bare, full] {
                assert_eq!(GrantRecord::decode(&record.encode().unwrap()).unwrap(), record);
            }
        }
    }

    #[test]
    fn a_record_says_nothing_of_what_it_does_not_have() {
        let text = String::from_utf8(idle().encode().unwrap()).unwrap();
        for field in ["metadata", "origin", "unread", "refused"] {
            assert!(!text.contains(field), "{text}");
        }
    }

    #[test]
    fn a_record_that_does_not_say_so_is_not_contested() {
        let text = String::from_utf8(idle().encode().unwrap()).unwrap();
        let without = text.replace(r#""contested":true,"#, "");
        assert_ne!(without, text);
        let decoded = GrantRecord::decode(without.as_bytes()).unwrap();
        assert_eq!(decoded, GrantRecord { contested: false, ..idle() });
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
        assert_eq!(idle().due(), 3 + 28 * 24 * 3600 * 1000);
        let ended = record(GrantState::Ended { reason: ReauthorizationReason::ResponseLost });
        assert_eq!(ended.due(), NEVER);
        assert_eq!(ended.refresh_expires_at(), idle().due());
        let late = GrantRecord { refresh_issued_at: u64::MAX, ..idle() };
        assert_eq!(late.due(), NEVER, "as late as a date can be");
        assert_eq!(
            record(GrantState::Moving { to: "b".into(), ticket: "t".into() }).due(),
            0,
            "the move is finished soon"
        );
    }

    #[test]
    fn the_record_of_a_forgotten_grant_can_be_removed_after_a_day() {
        let forgotten = GrantRecord::tombstone(5);
        assert!(!forgotten.is_removable(5 + 86_400_000 - 1));
        assert!(forgotten.is_removable(5 + 86_400_000));
        assert!(!idle().is_removable(u64::MAX));
    }
}
