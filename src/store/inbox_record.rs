//! [`InboxRecord`]: what all processes of an inbox know: the secret keys of its subscriptions, and whether one of them is
//! being activated.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::encoding::{json, parsed, unreadable};
use super::record::{INBOX_PREFIX, Record};
use crate::error::Result;
use crate::secret::Secret;

/// The version of the JSON below. It is raised when that changes.
const SCHEMA: u32 = 1;

/// What all processes of an inbox know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxRecord {
    /// The secret keys that were requested from the vendor, the latest first.
    pub secrets: Vec<Secret>,
    /// Until when the vendor may check that the receiver is there, in milliseconds since the Unix epoch.
    pub handshake_until: u64,
    /// The process that changes the subscriptions at the vendor.
    pub subscriber: String,
    /// Until when that process alone may change them, in milliseconds since the Unix epoch.
    pub subscriber_until: u64,
}

/// The id of an inbox's record.
pub fn inbox_record_id(inbox: &str) -> String {
    format!("{INBOX_PREFIX}{inbox}")
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plain {
    schema: u32,
    secrets: Vec<String>,
    handshake_until: u64,
    subscriber: String,
    subscriber_until: u64,
}

impl Record for InboxRecord {
    fn encode(&self) -> Result<Vec<u8>> {
        json(&Plain {
            schema: SCHEMA,
            secrets: self.secrets.iter().map(|secret| secret.expose().to_owned()).collect(),
            handshake_until: self.handshake_until,
            subscriber: self.subscriber.clone(),
            subscriber_until: self.subscriber_until,
        })
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let mut plain = parsed::<Plain>(bytes)?;
        if plain.schema != SCHEMA {
            return Err(unreadable());
        }
        Ok(Self {
            secrets: std::mem::take(&mut plain.secrets).into_iter().map(Secret::new).collect(),
            handshake_until: plain.handshake_until,
            subscriber: std::mem::take(&mut plain.subscriber),
            subscriber_until: plain.subscriber_until,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_the_store_and_prints_no_secret() {
        let record = InboxRecord {
            secrets: vec![Secret::new("canary")],
            handshake_until: 7,
            subscriber: "process".into(),
            subscriber_until: 8,
        };
        assert_eq!(InboxRecord::decode(&record.encode().unwrap()).unwrap(), record);
        assert!(!format!("{record:?}").contains("canary"));
        assert!(InboxRecord::decode(br#"{"schema":2,"secrets":[],"handshakeUntil":1}"#).is_err());
    }
}
