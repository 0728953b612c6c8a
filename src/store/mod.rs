//! Where records live (grants, customers' credentials, shared tokens): one versioned record per id, changed by compare-and-swap alone.
//!
//! Lease and crash journal are part of the record ([`record`]), so every store gives the same guarantees from
//! three methods. Nothing here knows HTTP.

mod customer_record;
mod encoding;
mod export;
mod grant_record;
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

use std::fmt;
use std::future::Future;
use std::pin::Pin;

#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresOptions, PostgresStore};
#[cfg(feature = "redis")]
pub use self::redis::{RedisOptions, RedisStore};
pub use customer_record::{CustomerRecord, CustomerState, customer_id};
pub use grant_record::{GrantRecord, GrantState, REFRESH_TOKEN_LIFETIME, Refusal};
pub use memory::MemoryStore;
pub use record::{CUSTOMER_PREFIX, Record, StoredAccessToken, TOKEN_PREFIX, check_grant_id, is_grant_id};
pub use seal::{Sealer, Sealing, SealingKey};
pub use sealed::SealedStore;
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};
pub use token_record::{TokenRecord, token_id};
pub use unread::UnreadAnswer;
pub(crate) use unread::keep;

#[cfg(test)]
use crate::error::Error;
use crate::error::Result;
use crate::fingerprint::Fingerprint;

/// The future of a store's method, as an object-safe trait needs it.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Counts the changes of one record. 0: there is no record.
pub type Version = u64;

/// A record as the store holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its version, 1 or more.
    pub version: Version,
    /// Its content, opaque to the store.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Stored {
    /// Without the content, which holds tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("version", &self.version).finish_non_exhaustive()
    }
}

/// When a record is due that never needs attention: at the last instant of a JavaScript `Date`, in milliseconds since
/// the Unix epoch. It is in the order of all records, after those that do.
pub const NEVER: u64 = 8_640_000_000_000_000;

/// A record's place in the order of [`Store::due`]: by `due`, then by the bytes of `id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When it next needs attention, in milliseconds since the Unix epoch, or [`NEVER`].
    pub due: u64,
    /// Its id.
    pub id: String,
}

/// What a [`Store::swap`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// The record is now this one.
    Won,
    /// Somebody else changed the record since the version that was expected; nothing was written.
    Lost,
}

/// What a [`Store::remove`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// There is not a record of this id any more.
    Removed,
    /// Another process changed or removed the record since the version that was expected; nothing was removed.
    Lost,
    /// This store cannot remove records: it is a user's own, without the optional method.
    Unsupported,
}

/// Where records live.
///
/// `swap` is atomic and, once answered, durable. A swap that fails with an error may or may not have happened, or
/// may happen yet: load and compare.
pub trait Store: fmt::Debug + Send + Sync {
    /// Whether records outlive the process. They are then sealed, unless the user says otherwise.
    fn is_durable(&self) -> bool {
        true
    }

    /// What this store's records are kept apart by from those of others in the same place; empty if by nothing.
    /// It is part of what a record is sealed with.
    #[expect(clippy::unnecessary_literal_bound, reason = "other stores return their own")]
    fn namespace(&self) -> &str {
        ""
    }

    /// What and where it is, namespace included: two stores of one fingerprint hold the same records. None: nothing is
    /// known of others.
    fn fingerprint(&self) -> Option<Fingerprint> {
        None
    }

    /// What is wrong with the place's settings: how records could be lost there. Empty if all is well.
    fn warnings(&self) -> StoreFuture<'_, Vec<String>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Whether the store has gone for good, so that every call of it fails from now on: that of a user whose JavaScript
    /// environment has ended. What only this store could have kept is then lost, and writing it is not tried again.
    fn is_gone(&self) -> bool {
        false
    }

    /// The record of `id`, or none.
    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>>;

    /// Writes `bytes` as version `expected + 1`, if the record still has version `expected` (0: if there is none).
    ///
    /// `due` is when the record next needs attention, in milliseconds since the Unix epoch, or [`NEVER`].
    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap>;

    /// Removes the record of `id` if it still has version `expected`. A version of 0 is that of no record, so such a
    /// removal is lost.
    ///
    /// It is as atomic and as durable as a swap, and fails as one does. An id that is used again begins at version 1:
    /// a process that remembers version 1 from before the removal could then swap the new record. Remove only records
    /// whose ids do not come back, or whose late writers do no harm; keep a tombstone in place of the others.
    fn remove<'a>(&'a self, id: &'a str, expected: Version) -> StoreFuture<'a, Removal> {
        let _ = (id, expected);
        Box::pin(std::future::ready(Ok(Removal::Unsupported)))
    }

    /// The first `limit` records that are due before `before` (milliseconds since the Unix epoch), in their order;
    /// with `after`, those of them that come after that place, whether or not a record is there any more.
    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>>;
}

/// Less than any time at which a record is due.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
const BEFORE_ALL: i64 = -1;

/// A number as databases hold it: signed. What does not fit is later, or more, than anything that does.
#[cfg(any(feature = "sqlite", feature = "redis", feature = "postgres"))]
fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
