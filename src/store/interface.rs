//! [`Store`]: the interface of every store, and the types in it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::error::Result;
use crate::fingerprint::Fingerprint;

/// The future of a store's method. It is boxed so that [`Store`] is object-safe.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The version of a record, which counts its changes. 0 means that there is no record.
pub type Version = u64;

/// A record as a store holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// The record's version, 1 or more.
    pub version: Version,
    /// The record's content, which is opaque to the store.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Stored {
    /// Leaves out the content, which holds tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("version", &self.version).finish_non_exhaustive()
    }
}

/// The due time of records that never need attention: the last instant of a JavaScript `Date`, in milliseconds since
/// the Unix epoch. It places them after all records that do need attention.
pub const NEVER: u64 = 8_640_000_000_000_000;

/// A record's place in the order of [`Store::due`]: first by `due`, then by the bytes of `id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When the record next needs attention, in milliseconds since the Unix epoch, or [`NEVER`].
    pub due: u64,
    /// The record's id.
    pub id: String,
}

/// The outcome of a [`Store::swap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// The record was written.
    Won,
    /// The record no longer has the expected version, since another process changed it. Nothing was written.
    Lost,
}

/// The outcome of a [`Store::remove`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The record was removed.
    Removed,
    /// The record no longer has the expected version, since another process changed or removed it. Nothing was removed.
    Lost,
    /// The store cannot remove records. It is a user's own store without the optional method.
    Unsupported,
}

/// A store of versioned records.
///
/// `swap` is atomic, and durable once it returned. A swap that fails with an error may have happened, or may still
/// happen later. Load the record and compare.
pub trait Store: fmt::Debug + Send + Sync {
    /// Whether records outlive the process. A durable store requires encryption keys, unless the user opts out.
    fn is_durable(&self) -> bool {
        true
    }

    /// The namespace that separates this store's records from those of other apps in the same database. Empty if there
    /// is none. A record's encryption is bound to it.
    #[expect(clippy::unnecessary_literal_bound, reason = "other stores return their own")]
    fn namespace(&self) -> &str {
        ""
    }

    /// A fingerprint of the store's kind, place and namespace. Two stores with the same fingerprint hold the same
    /// records. `None` if that is not known.
    fn fingerprint(&self) -> Option<Fingerprint> {
        None
    }

    /// Describes settings of the database by which records could be lost. Empty if there are none.
    fn warnings(&self) -> StoreFuture<'_, Vec<String>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Whether the store is gone for good, so that every call fails from now on. That is the case for a user's own
    /// store whose JavaScript environment has ended. Writes to such a store are not repeated, and their content is
    /// lost.
    fn is_gone(&self) -> bool {
        false
    }

    /// Loads the record of `id`, or `None` if there is none.
    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>>;

    /// Writes `bytes` as version `expected + 1` if the record's version is still `expected`. With 0, the record must
    /// not exist yet.
    ///
    /// `due` is when the record next needs attention, in milliseconds since the Unix epoch, or [`NEVER`].
    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap>;

    /// Removes the record of `id` if its version is still `expected`. No record has version 0, so a removal with 0 is
    /// always lost.
    ///
    /// A removal is as atomic and durable as a swap, and fails in the same ways. An id that is used again starts at
    /// version 1, so a process that remembers version 1 from before the removal could swap the new record. Remove only
    /// records whose ids are not used again, or whose late writers do no harm. Keep a tombstone in place of others.
    fn remove<'a>(&'a self, id: &'a str, expected: Version) -> StoreFuture<'a, Removal> {
        let _ = (id, expected);
        Box::pin(std::future::ready(Ok(Removal::Unsupported)))
    }

    /// The first `limit` records that are due before `before` (milliseconds since the Unix epoch), in the order of
    /// [`Due`]. With `after`, the first ones after that place, whether or not it still has a record.
    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>>;
}

/// A time before any at which a record is due.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) const BEFORE_ALL: i64 = -1;

/// A number as databases hold it, which is signed. A number that does not fit becomes the largest one.
#[cfg(any(feature = "sqlite", feature = "redis", feature = "postgres"))]
pub(super) fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
