//! [`TokenRecord`]: an access token of client credentials, shared by all processes that have these credentials.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::encoding::{PlainAccessToken, json, parsed, unreadable};
use super::record::{Record, StoredAccessToken, TOKEN_PREFIX};
use super::seal::sha256;
use crate::error::Result;
use crate::secret::Secret;

/// The version of the JSON below. It is raised when that changes; records of older versions are overwritten.
const SCHEMA: u32 = 1;
/// How many bytes of a hash distinguish the secrets of one client.
const SECRET_HASH_LEN: usize = 2;

/// An access token that processes share. Times are milliseconds since the Unix epoch, because other machines read them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenRecord {
    /// The access token of the last exchange, if there was one.
    pub access: Option<StoredAccessToken>,
    /// The token's scopes, as far as the server named them.
    pub scopes: Vec<String>,
    /// The end of the lease of the process that is obtaining the next token. 0 if there is none.
    pub leased_until: u64,
}

/// The id of the record that all processes with this client's secret share, for this token endpoint.
///
/// The id depends on the secret, so that no process adopts a token that was obtained with another secret. It reveals
/// only 16 bits of a hash of the secret: too few to confirm a guess of a weak secret for someone who can read the
/// store. If two secrets share a record by chance, that does no harm, since both belong to the same client.
pub fn token_id(client_id: &str, secret: &Secret, token_url: &str) -> String {
    let secret: [u8; SECRET_HASH_LEN] = sha256(&[
        b"smartrecruiters client secret",
        &[0],
        client_id.as_bytes(),
        &[0],
        secret.expose().as_bytes(),
    ]);
    let hash: [u8; 32] = sha256(&[&secret, token_url.as_bytes(), &[0], client_id.as_bytes()]);
    format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(hash))
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plain {
    schema: u32,
    access: Option<PlainAccessToken>,
    scopes: Vec<String>,
    leased_until: u64,
}

impl Record for TokenRecord {
    fn encode(&self) -> Result<Vec<u8>> {
        json(&Plain {
            schema: SCHEMA,
            access: self.access.as_ref().map(PlainAccessToken::of),
            scopes: self.scopes.clone(),
            leased_until: self.leased_until,
        })
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let mut plain = parsed::<Plain>(bytes)?;
        if plain.schema != SCHEMA {
            return Err(unreadable());
        }
        Ok(Self {
            access: plain.access.as_mut().map(PlainAccessToken::take),
            scopes: std::mem::take(&mut plain.scopes),
            leased_until: plain.leased_until,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_token_survives_the_store() {
        let access = StoredAccessToken { value: Secret::new("at"), issued_at: 1, expires_at: 2 };
        for access in [None, Some(access)] {
            let record = TokenRecord { access, scopes: vec!["jobs_read".into()], leased_until: 3 };
            assert_eq!(TokenRecord::decode(&record.encode().unwrap()).unwrap(), record);
        }
        for foreign in [&b"{}"[..], br#"{"schema":2,"access":null,"scopes":[],"leasedUntil":0}"#, b"canary"] {
            assert!(!format!("{:?}", TokenRecord::decode(foreign).unwrap_err()).contains("canary"));
        }
    }

    #[test]
    fn each_client_secret_and_token_endpoint_has_a_record_of_its_own() {
        let id = |client: &str, secret: &str, url: &str| token_id(client, &Secret::new(secret), url);
        let ids = [
            id("client", "secret", "https://a/token"),
            id("client", "other", "https://a/token"),
            id("other", "secret", "https://a/token"),
            id("client", "secret", "https://b/token"),
        ];
        for (index, one) in ids.iter().enumerate() {
            assert!(one.starts_with(TOKEN_PREFIX) && one.len() == TOKEN_PREFIX.len() + 43, "{one}");
            assert!(!ids[..index].contains(one));
        }
        assert_eq!(ids[0], id("client", "secret", "https://a/token"));
    }

    #[test]
    fn an_id_confirms_no_guess_of_a_weak_secret() {
        let real = token_id("client", &Secret::new("hunter2"), "https://a/token");
        // As many secrets as there are hashes of 16 bits, four times over: one at least looks like the real one.
        let looks_real =
            |guess: u32| token_id("client", &Secret::new(guess.to_string()), "https://a/token") == real;
        assert!((0..4 * 65_536).any(looks_real));
    }
}
