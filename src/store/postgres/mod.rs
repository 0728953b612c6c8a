//! [`PostgresStore`]: records in PostgreSQL.
//!
//! Each operation is one unnamed statement, so that a pooler may run every one on a different connection.

mod connect;
mod failure;
mod pool;
mod sql;
mod target;
mod tls;
mod url;

use std::fmt;

use tokio::sync::OnceCell;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres_rustls::MakeRustlsConnect;

use self::failure::Failure;
use self::pool::{Effect, Params, Pool};
use self::sql::{SCHEMA, Sql};
use self::target::Target;
use super::interface::{BEFORE_ALL, Due, Removal, Store, StoreFuture, Stored, Swap, Version, signed};
use super::namespace::Namespace;
use crate::environment::Variables;
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::secret::Secret;

const CONNECTIONS: usize = 4;

/// Options of a [`PostgresStore`].
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:5432/database?sslmode=verify-full`, or the same as `host=… user=…`. Several hosts
    /// are separated by commas. The parameters are those of libpq (see `docs/stores.md`). By default, as in libpq, TLS
    /// is used if the server offers it, and its certificate is not verified. With `ca`, the certificate is verified.
    pub url: Secret,
    /// Separates apps that share a database: 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`.
    pub namespace: Option<String>,
    /// Authorities to trust in addition to Mozilla's or those of `sslrootcert`, in PEM.
    pub ca: Option<String>,
    /// How many connections may be open, 1 or more. Default: `connection_limit` of the URL, or 4.
    pub connections: Option<usize>,
    /// The environment variables, which can name further authorities to trust.
    pub variables: Variables,
}

/// A store in PostgreSQL, reached directly or through a pooler in transaction mode.
///
/// It needs the tables `smartrecruiters_records` and `smartrecruiters_schema`, and creates them if it has the right to.
/// Ids can have up to 2,000 bytes.
pub struct PostgresStore {
    pool: Pool,
    sql: Sql,
    namespace: Namespace,
    fingerprint: Fingerprint,
    /// Set once the tables are known to exist.
    ready: OnceCell<()>,
}

impl PostgresStore {
    /// Checks the options, and opens no connection yet. Fails with [`Error::Configuration`] that names the option at
    /// fault.
    pub fn new(options: PostgresOptions) -> Result<Self> {
        let namespace = Namespace::new(options.namespace)?;
        let fingerprint = Fingerprint::of(&("postgres", &options.url, &options.ca, namespace.as_str()));
        let target = Target::parse(options.url.expose(), options.ca.as_deref())?;
        let connections = options.connections.or(target.connections).unwrap_or(CONNECTIONS);
        if connections == 0 {
            return Err(Error::configuration("connections", "must be 1 or more"));
        }
        let tls = MakeRustlsConnect::new(target.tls.client_config(&options.variables)?);
        let sql = Sql::new(target.schema.as_deref());
        let pool = Pool::new(target, tls, connections);
        Ok(Self { pool, sql, namespace, fingerprint, ready: OnceCell::new() })
    }

    /// Runs one reading statement, after making sure that the tables exist.
    async fn read(&self, operation: &'static str, sql: &str, params: &Params<'_>) -> Result<Vec<Row>> {
        self.ready.get_or_try_init(|| self.migrate(operation)).await?;
        self.pool.query(Effect::Reads, sql, params).await.map_err(|failure| failed(operation, failure))
    }

    /// Runs one statement that changes a record. Returns whether it changed one.
    async fn change(&self, operation: &'static str, sql: &str, params: &Params<'_>) -> Result<bool> {
        self.ready.get_or_try_init(|| self.migrate(operation)).await?;
        match self.pool.query(Effect::Writes, sql, params).await {
            Ok(rows) => Ok(rows.len() == 1),
            // A database with a stricter default isolation reports in this way that another transaction was faster.
            Err(failure) if failure.code == Some(SqlState::T_R_SERIALIZATION_FAILURE) => Ok(false),
            Err(failure) => Err(failed(operation, failure)),
        }
    }

    /// Creates the tables if they are missing. If they exist, no right to create tables is needed.
    async fn migrate(&self, operation: &'static str) -> Result<()> {
        match self.schema().await.map_err(|failure| failed(operation, failure))? {
            Some(SCHEMA) => Ok(()),
            Some(_) => {
                let problem = "the tables are of a newer version of smartrecruiters; use that version".into();
                Err(Error::Store { operation, problem })
            }
            None => self.pool.execute(&self.sql.tables).await.map_err(|failure| failed(operation, failure)),
        }
    }

    /// The version of the tables, or `None` if they do not exist.
    async fn schema(&self) -> Result<Option<i32>, Failure> {
        match self.pool.query(Effect::Reads, &self.sql.schema, &[]).await {
            Ok(rows) => Ok(rows.first().and_then(|row| row.try_get(0).ok())),
            Err(failure) if failure.code == Some(SqlState::UNDEFINED_TABLE) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

fn failed(operation: &'static str, failure: Failure) -> Error {
    Error::Store { operation, problem: failure.problem }
}

/// The error for an answer without the requested columns.
fn unreadable(operation: &'static str, error: &tokio_postgres::Error) -> Error {
    let problem =
        format!("PostgreSQL gave an answer that cannot be read: {error}; check the tables' columns");
    Error::Store { operation, problem: problem.into() }
}

impl fmt::Debug for PostgresStore {
    /// Leaves out the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("namespace", &self.namespace.as_str()).finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
    fn namespace(&self) -> &str {
        self.namespace.as_str()
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        Some(self.fingerprint)
    }

    fn warnings(&self) -> StoreFuture<'_, Vec<String>> {
        Box::pin(async move {
            let sql = "SELECT name, setting FROM pg_settings
                       WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'";
            let rows = self.read("load", sql, &[]).await?;
            let warning = |row: Row| {
                let name: &str = row.try_get(0)?;
                Ok(format!("PostgreSQL loses records when its machine fails ({name} is off); set it to on"))
            };
            rows.into_iter()
                .map(warning)
                .collect::<Result<_, _>>()
                .map_err(|error| unreadable("load", &error))
        })
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            let params: &Params<'_> = &[(&self.namespace(), Type::TEXT), (&id.as_bytes(), Type::BYTEA)];
            let rows = self.read("load", &self.sql.load, params).await?;
            let stored = |row: &Row| {
                Ok(Stored { version: row.try_get::<_, i64>(0)?.unsigned_abs(), bytes: row.try_get(1)? })
            };
            rows.first().map(stored).transpose().map_err(|error| unreadable("load", &error))
        })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let sql = if expected == 0 { &self.sql.create } else { &self.sql.replace };
            let (due, expected) = (signed(due), signed(expected));
            let params: &Params<'_> = &[
                (&self.namespace(), Type::TEXT),
                (&id.as_bytes(), Type::BYTEA),
                (&bytes, Type::BYTEA),
                (&due, Type::INT8),
                (&expected, Type::INT8),
            ];
            Ok(if self.change("swap", sql, params).await? { Swap::Won } else { Swap::Lost })
        })
    }

    fn remove<'a>(&'a self, id: &'a str, expected: Version) -> StoreFuture<'a, Removal> {
        Box::pin(async move {
            let expected = signed(expected);
            let params: &Params<'_> =
                &[(&self.namespace(), Type::TEXT), (&id.as_bytes(), Type::BYTEA), (&expected, Type::INT8)];
            Ok(if self.change("remove", &self.sql.remove, params).await? {
                Removal::Removed
            } else {
                Removal::Lost
            })
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        let (due, id) =
            after.map_or((BEFORE_ALL, String::new()), |after| (signed(after.due), after.id.clone()));
        Box::pin(async move {
            let (before, limit) = (signed(before), signed(limit));
            let params: &Params<'_> = &[
                (&self.namespace(), Type::TEXT),
                (&before, Type::INT8),
                (&due, Type::INT8),
                (&id.as_bytes(), Type::BYTEA),
                (&limit, Type::INT8),
            ];
            let rows = self.read("due", &self.sql.due, params).await?;
            let place = |row: &Row| {
                let id = String::from_utf8_lossy(row.try_get(1)?).into_owned();
                Ok(Due { due: row.try_get::<_, i64>(0)?.unsigned_abs(), id })
            };
            rows.iter().map(place).collect::<Result<_, _>>().map_err(|error| unreadable("due", &error))
        })
    }
}
