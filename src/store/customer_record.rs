//! [`CustomerRecord`]: the credentials that were issued to a partner for one customer.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::encoding::{json, parsed, unreadable};
use super::record::{CUSTOMER_PREFIX, Record};
use super::unread::{PlainUnread, UnreadAnswer};
use crate::error::Result;
use crate::secret::Secret;

/// The version of the JSON below. It is raised when that changes; older versions stay readable.
const SCHEMA: u32 = 1;

/// A partner's customer as it is stored. Times are milliseconds since the Unix epoch, because other machines read them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerRecord {
    /// How often the customer was disconnected on purpose. Credentials that were requested before a disconnection and
    /// arrive after it are discarded.
    pub disconnects: u32,
    /// Answers to requests for the customer's credentials that arrived and could not be used yet.
    pub unread: Vec<UnreadAnswer>,
    /// Whether the customer is connected.
    pub state: CustomerState,
}

/// The state of a customer. `unresolved` counts the requests for its credentials whose outcome is unknown. Such a
/// request may have had the credentials issued, which happens only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerState {
    /// The store has no credentials of the customer, and no process is requesting them.
    Disconnected {
        /// The number of requests so far whose outcome is unknown.
        unresolved: u32,
    },
    /// A process is requesting the credentials. This is lock and crash journal in one.
    Connecting {
        /// A random id of the process.
        owner: String,
        /// The end of the lease. No other process may request the credentials before it.
        until: u64,
        /// The number of earlier requests whose outcome is unknown.
        unresolved: u32,
    },
    /// The store has the customer's credentials.
    Connected {
        /// The customer's `client_id`.
        client_id: String,
        /// The customer's `client_secret`.
        client_secret: Secret,
        /// When the store received the credentials.
        connected_at: u64,
    },
}

impl Default for CustomerState {
    fn default() -> Self {
        Self::Disconnected { unresolved: 0 }
    }
}

/// The id of a customer's record.
pub fn customer_id(company_id: &str) -> String {
    format!("{CUSTOMER_PREFIX}{company_id}")
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plain {
    schema: u32,
    disconnects: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unread: Vec<PlainUnread>,
    state: PlainState,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "is")]
enum PlainState {
    Disconnected { unresolved: u32 },
    Connecting { owner: String, until: u64, unresolved: u32 },
    Connected { client_id: String, client_secret: String, connected_at: u64 },
}

impl Record for CustomerRecord {
    fn encode(&self) -> Result<Vec<u8>> {
        let state = match &self.state {
            CustomerState::Disconnected { unresolved } => {
                PlainState::Disconnected { unresolved: *unresolved }
            }
            CustomerState::Connecting { owner, until, unresolved } => {
                PlainState::Connecting { owner: owner.clone(), until: *until, unresolved: *unresolved }
            }
            CustomerState::Connected { client_id, client_secret, connected_at } => PlainState::Connected {
                client_id: client_id.clone(),
                client_secret: client_secret.expose().to_owned(),
                connected_at: *connected_at,
            },
        };
        let unread = PlainUnread::all(&self.unread);
        json(&Plain { schema: SCHEMA, disconnects: self.disconnects, unread, state })
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let mut plain = parsed::<Plain>(bytes)?;
        if plain.schema != SCHEMA {
            return Err(unreadable());
        }
        let state = match &mut plain.state {
            PlainState::Disconnected { unresolved } => {
                CustomerState::Disconnected { unresolved: *unresolved }
            }
            PlainState::Connecting { owner, until, unresolved } => CustomerState::Connecting {
                owner: std::mem::take(owner),
                until: *until,
                unresolved: *unresolved,
            },
            PlainState::Connected { client_id, client_secret, connected_at } => CustomerState::Connected {
                client_id: std::mem::take(client_id),
                client_secret: Secret::new(std::mem::take(client_secret)),
                connected_at: *connected_at,
            },
        };
        let unread = plain.unread.iter().filter_map(PlainUnread::decode).collect();
        Ok(Self { disconnects: plain.disconnects, unread, state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_customer_survives_the_store() {
        for state in [
            CustomerState::Disconnected { unresolved: 2 },
            CustomerState::Connecting { owner: "p".into(), until: 9, unresolved: 1 },
            CustomerState::Connected {
                client_id: "id".into(),
                client_secret: Secret::new("canary"),
                connected_at: 7,
            },
        ] {
            let unread =
                vec![UnreadAnswer { bytes: zeroize::Zeroizing::new(b"canary".to_vec()), asked_at: 8 }];
            let record = CustomerRecord { disconnects: 3, unread, state };
            assert_eq!(CustomerRecord::decode(&record.encode().unwrap()).unwrap(), record);
            assert!(!format!("{record:?}").contains("canary"));
        }
    }

    #[test]
    fn foreign_bytes_are_refused_without_being_quoted() {
        let future = br#"{"schema":9,"disconnects":0,"state":{"is":"disconnected","unresolved":0}}"#;
        for bytes in [&b"{}"[..], b"canary", br#"{"clientSecret":"canary"}"#, future] {
            assert!(!format!("{:?}", CustomerRecord::decode(bytes).unwrap_err()).contains("canary"));
        }
    }
}
