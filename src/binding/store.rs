//! [`NativeStore`]: a handle of any store, and the stores that the core brings along.

use std::path::PathBuf;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use super::calls::{CallId, NativeCompletions};
use super::convert::{NativeError, either, given};
use crate::secret::Secret;
use crate::store::{
    MemoryStore, PostgresOptions, PostgresStore, RedisOptions, RedisStore, SqliteOptions, SqliteStore, Store,
};

/// A store of grants, customers and tokens.
#[napi]
pub struct NativeStore(pub(super) Arc<dyn Store>);

/// Makes a store in memory.
#[napi(catch_unwind)]
pub fn memory_store() -> NativeStore {
    NativeStore(Arc::new(MemoryStore::new()))
}

/// Makes a store in an SQLite file. `create` also creates missing folders of `path`.
#[napi(catch_unwind)]
pub fn sqlite_store(
    path: String,
    create: bool,
    namespace: Option<String>,
) -> Either<NativeStore, NativeError> {
    let options = SqliteOptions { path: PathBuf::from(path), create, namespace };
    either(SqliteStore::new(options).map(|store| NativeStore(Arc::new(store))))
}

/// Makes a store in Redis. `url` may hold a password. `variables` are the variables of the environment that are set, as
/// alternating names and values.
#[napi(catch_unwind)]
pub fn redis_store(
    url: String,
    variables: Vec<String>,
    namespace: Option<String>,
    ca: Option<String>,
) -> Either<NativeStore, NativeError> {
    let options = RedisOptions { url: Secret::new(url), namespace, ca, variables: given(variables) };
    either(RedisStore::new(options).map(|store| NativeStore(Arc::new(store))))
}

/// Makes a store in PostgreSQL. `url` may hold a password. `variables` are the variables of the environment that are set,
/// as alternating names and values.
#[napi(catch_unwind)]
pub fn postgres_store(
    url: String,
    variables: Vec<String>,
    namespace: Option<String>,
    ca: Option<String>,
    connections: Option<u32>,
) -> Either<NativeStore, NativeError> {
    let connections = connections.map(|connections| connections as usize);
    let options =
        PostgresOptions { url: Secret::new(url), namespace, ca, connections, variables: given(variables) };
    either(PostgresStore::new(options).map(|store| NativeStore(Arc::new(store))))
}

#[napi]
impl NativeStore {
    /// Resolves with sentences about settings of the server that could lose records; an empty list if none are known.
    #[napi(catch_unwind)]
    pub fn warnings(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<Vec<String>>,
    ) -> napi::Result<()> {
        let store = Arc::clone(&self.0);
        completions.start(env, call_id, async move { store.warnings().await })
    }
}
