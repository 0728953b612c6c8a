//! Stores for grants, customers' credentials, shared tokens and webhook events. A store holds one versioned record per id, and changes
//! it only by compare-and-swap.
//!
//! The lease and the crash journal are part of a record, so every store gives the same guarantees with four methods:
//! `load`, `swap`, `remove` and `due`.//! Nothing here knows about HTTP.

mod customer_record;
mod encoding;
mod event_record;
mod export;
mod grant_record;
mod inbox_record;
mod interface;
mod key_text;
mod memory;
#[cfg(any(feature = "redis", feature = "postgres", feature = "sqlite"))]
mod namespace;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod seal;
mod sealed;
#[cfg(feature = "sqlite")]
mod sqlite;
mod token_record;
mod unread;

#[cfg(test)]
mod contract;
#[cfg(test)]
pub(crate) mod scripted;

#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresOptions, PostgresStore};
#[cfg(feature = "redis")]
pub use self::redis::{RedisOptions, RedisStore};
pub use customer_record::{CustomerRecord, CustomerState, customer_id};
pub use event_record::{
    EVENT_RETENTION, EventBand, EventRecord, EventState, WebhookEvent, after_events, event_record_id,
    event_record_prefix,
};
pub use grant_record::{GrantRecord, GrantState, REFRESH_TOKEN_LIFETIME, Refusal};
pub use inbox_record::{InboxRecord, inbox_record_id};
pub use interface::{Due, NEVER, Removal, Store, StoreFuture, Stored, Swap, Version};
pub use memory::MemoryStore;
pub use record::{
    CUSTOMER_PREFIX, EVENT_PREFIX, Record, StoredAccessToken, TOKEN_PREFIX, check_grant_id, is_grant_id,
};
pub use seal::{Sealer, Sealing, SealingKey};
pub use sealed::SealedStore;
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};
pub use token_record::{TokenRecord, token_id};
pub use unread::UnreadAnswer;
pub(crate) use unread::keep;

#[cfg(test)]
use crate::error::Error;
