//! [`PostgresStore`]: grants in PostgreSQL.
//!
//! Each operation is one statement without a name, so that a pooler may give every one another connection.

use std::fmt;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use tokio::sync::OnceCell;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::namespace::Namespace;
use super::{BEFORE_ALL, Due, Removal, Store, StoreFuture, Stored, Swap, Version, signed};
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::secret::Secret;
use crate::tls;

/// For a connection, and for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECTIONS: usize = 4;
/// The tables below. Raised when they change.
const SCHEMA: i32 = 1;

/// Ids are bytes: text cannot hold every character in every database.
///
/// The lock, which ends with the transaction that these statements are together, lets one process create the tables:
/// `IF NOT EXISTS` alone fails when two do so at once. Its number is arbitrary.
const TABLES: &str = "
    SELECT pg_advisory_xact_lock(6003965734177215074);
    CREATE TABLE IF NOT EXISTS smartrecruiters_grants (
        namespace text COLLATE \"C\" NOT NULL,
        id bytea NOT NULL,
        version bigint NOT NULL,
        content bytea NOT NULL,
        due bigint NOT NULL,
        PRIMARY KEY (namespace, id)
    );
    CREATE INDEX IF NOT EXISTS smartrecruiters_grants_due
        ON smartrecruiters_grants (namespace, due, id);
    CREATE TABLE IF NOT EXISTS smartrecruiters_schema (only_row boolean PRIMARY KEY, version integer NOT NULL);
    INSERT INTO smartrecruiters_schema VALUES (true, 1) ON CONFLICT DO NOTHING;
";

/// Options of a [`PostgresStore`].
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:5432/database?sslmode=require`. TLS is used where the server offers it, unless
    /// `sslmode` says `require` or `disable`.
    pub url: Secret,
    /// Keeps apart what shares a database: 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`.
    pub namespace: Option<String>,
    /// Certificates to trust beside the default ones, as [`tls::client_config`] reads them.
    pub ca: Option<String>,
    /// How many connections may be open, 1 or more. Default: 4.
    pub connections: Option<usize>,
}

/// A store in PostgreSQL, directly or through a pooler in transaction mode.
///
/// It needs two tables, `smartrecruiters_grants` and `smartrecruiters_schema`, and creates them if it may. Ids of up
/// to 2,000 bytes fit.
pub struct PostgresStore {
    pool: Pool,
    namespace: Namespace,
    fingerprint: Fingerprint,
    /// Set once the tables are known to be there.
    ready: OnceCell<()>,
}

type Params<'a> = [(&'a (dyn ToSql + Sync), Type)];

impl PostgresStore {
    /// Checks the options; opens nothing yet.
    pub fn new(options: PostgresOptions) -> Result<Self> {
        let namespace = Namespace::new(options.namespace)?;
        let fingerprint = Fingerprint::of(&("postgres", &options.url, &options.ca, namespace.as_str()));
        let connections = options.connections.unwrap_or(CONNECTIONS);
        if connections == 0 {
            return Err(Error::configuration("connections", "must be 1 or more"));
        }
        // The parser's own message may quote the URL.
        let config: Config = options.url.expose().parse().ok().filter(has_host).ok_or_else(|| {
            Error::configuration(
                "url",
                "must be a URL such as postgres://user:password@db.example.com:5432/app?sslmode=require",
            )
        })?;
        let tls = MakeRustlsConnect::new(tls::client_config(options.ca.as_deref(), None)?);
        // Connections that died are found out by their closing, which costs no query.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(with_timeouts(config), tls, recycling))
            .max_size(connections)
            .wait_timeout(Some(TIMEOUT))
            .create_timeout(Some(TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|_| Error::Internal { problem: "the connection pool could not be set up" })?;
        Ok(Self { pool, namespace, fingerprint, ready: OnceCell::new() })
    }

    /// Runs one statement, on tables that are there.
    async fn query(&self, operation: &'static str, sql: &str, params: &Params<'_>) -> Result<Vec<Row>> {
        self.ready.get_or_try_init(|| self.migrate(operation)).await?;
        self.run(operation, sql, params).await?.map_err(|error| failed(operation, &error))
    }

    /// Runs one statement that changes one record, and returns whether it did.
    async fn change(&self, operation: &'static str, sql: &str, params: &Params<'_>) -> Result<bool> {
        self.ready.get_or_try_init(|| self.migrate(operation)).await?;
        match self.run(operation, sql, params).await? {
            Ok(rows) => Ok(rows.len() == 1),
            // How a database whose default isolation is stricter reports that another transaction was first.
            Err(error) if error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) => Ok(false),
            Err(error) => Err(failed(operation, &error)),
        }
    }

    /// The outer error: there was no connection, or no answer. The inner one: the server's.
    async fn run(
        &self,
        operation: &'static str,
        sql: &str,
        params: &Params<'_>,
    ) -> Result<Result<Vec<Row>, tokio_postgres::Error>> {
        let client = self.client(operation).await?;
        match tokio::time::timeout(TIMEOUT, client.query_typed(sql, params)).await {
            Ok(answer) => Ok(answer),
            Err(_) => Err(gave_up(operation, client)),
        }
    }

    async fn client(&self, operation: &'static str) -> Result<Object> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => failed(operation, &error),
            _ => Error::Store { operation, problem: "no connection to PostgreSQL in time".into() },
        })
    }

    /// Creates the tables where they are missing. Where they are there, no right to create any is needed.
    async fn migrate(&self, operation: &'static str) -> Result<()> {
        let Some(schema) = self.schema(operation).await? else {
            return self.create(operation).await;
        };
        if schema == SCHEMA {
            return Ok(());
        }
        let problem = "the tables are of a newer version of smartrecruiters".into();
        Err(Error::Store { operation, problem })
    }

    async fn create(&self, operation: &'static str) -> Result<()> {
        let client = self.client(operation).await?;
        match tokio::time::timeout(TIMEOUT, client.batch_execute(TABLES)).await {
            Ok(done) => done.map_err(|error| failed(operation, &error)),
            Err(_) => Err(gave_up(operation, client)),
        }
    }

    /// The version of the tables; none if there are none.
    async fn schema(&self, operation: &'static str) -> Result<Option<i32>> {
        match self.run(operation, "SELECT version FROM smartrecruiters_schema", &[]).await? {
            Ok(rows) => {
                rows.first().map(|row| row.try_get(0)).transpose().map_err(|error| failed(operation, &error))
            }
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
            Err(error) => Err(failed(operation, &error)),
        }
    }
}

impl fmt::Debug for PostgresStore {
    /// Without the URL, which may hold a password.
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
            let rows = self.query("load", sql, &[]).await?;
            let warning = |row: Row| {
                let name: &str = row.try_get(0)?;
                Ok(format!("PostgreSQL loses grants when its machine fails ({name} is off); set it to on"))
            };
            rows.into_iter().map(warning).collect::<Result<_, _>>().map_err(|error| failed("load", &error))
        })
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            let sql = "SELECT version, content FROM smartrecruiters_grants WHERE namespace = $1 AND id = $2";
            let params: &Params<'_> = &[(&self.namespace(), Type::TEXT), (&id.as_bytes(), Type::BYTEA)];
            let rows = self.query("load", sql, params).await?;
            let stored = |row: &Row| {
                Ok(Stored { version: row.try_get::<_, i64>(0)?.unsigned_abs(), bytes: row.try_get(1)? })
            };
            rows.first().map(stored).transpose().map_err(|error| failed("load", &error))
        })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let sql = if expected == 0 {
                "INSERT INTO smartrecruiters_grants (namespace, id, version, content, due)
                 VALUES ($1, $2, $5 + 1, $3, $4) ON CONFLICT DO NOTHING RETURNING 1"
            } else {
                "UPDATE smartrecruiters_grants SET version = version + 1, content = $3, due = $4
                 WHERE namespace = $1 AND id = $2 AND version = $5 RETURNING 1"
            };
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
            let sql = "DELETE FROM smartrecruiters_grants
                       WHERE namespace = $1 AND id = $2 AND version = $3 RETURNING 1";
            let expected = signed(expected);
            let params: &Params<'_> =
                &[(&self.namespace(), Type::TEXT), (&id.as_bytes(), Type::BYTEA), (&expected, Type::INT8)];
            Ok(if self.change("remove", sql, params).await? { Removal::Removed } else { Removal::Lost })
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        let (due, id) =
            after.map_or((BEFORE_ALL, String::new()), |after| (signed(after.due), after.id.clone()));
        Box::pin(async move {
            let sql = "SELECT due, id FROM smartrecruiters_grants
                       WHERE namespace = $1 AND due < $2 AND (due, id) > ($3, $4) ORDER BY due, id LIMIT $5";
            let (before, limit) = (signed(before), signed(limit));
            let params: &Params<'_> = &[
                (&self.namespace(), Type::TEXT),
                (&before, Type::INT8),
                (&due, Type::INT8),
                (&id.as_bytes(), Type::BYTEA),
                (&limit, Type::INT8),
            ];
            let rows = self.query("due", sql, params).await?;
            let place = |row: &Row| {
                let id = String::from_utf8_lossy(row.try_get(1)?).into_owned();
                Ok(Due { due: row.try_get::<_, i64>(0)?.unsigned_abs(), id })
            };
            rows.iter().map(place).collect::<Result<_, _>>().map_err(|error| failed("due", &error))
        })
    }
}

fn has_host(config: &Config) -> bool {
    !config.get_hosts().is_empty() || !config.get_hostaddrs().is_empty()
}

/// A peer that is gone without a word must not hold an exchange's lease for long. What the URL says stays.
fn with_timeouts(mut config: Config) -> Config {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(TIMEOUT);
    }
    config
}

/// The connection goes, too: its answer may come yet, before that of the next statement.
fn gave_up(operation: &'static str, client: Object) -> Error {
    drop(Object::take(client));
    Error::Store { operation, problem: "PostgreSQL did not answer in time".into() }
}

/// Without what PostgreSQL calls the detail, in which it quotes rows.
fn failed(operation: &'static str, error: &tokio_postgres::Error) -> Error {
    let problem = match error.as_db_error() {
        Some(refusal) => format!("PostgreSQL: {} ({})", refusal.message(), refusal.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("PostgreSQL: {error}: {source}"),
            None => format!("PostgreSQL: {error}"),
        },
    };
    Error::Store { operation, problem: problem.into() }
}
