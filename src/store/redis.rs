//! [`RedisStore`]: grants in Redis or Valkey.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, Cmd, ConnectionInfo, FromRedisValue, IntoConnectionInfo as _, RedisError, Script,
    TlsCertificates, cmd,
};
use tokio::sync::OnceCell;

use super::namespace::Namespace;
use super::{Due, Store, StoreFuture, Stored, Swap, Version, signed};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// For a connection, and for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The keys and fields below. Raised when they change.
const SCHEMA: u32 = 1;

/// So many digits has `due` in a member of the index: as many as a `u64` can have.
const DUE_DIGITS: usize = 20;

/// A record is a hash with `version`, `content` and `due`; the index a sorted set, whose members all have the score 0,
/// and so the order of their bytes: `due` in digits, then the id. A script runs alone, so that nothing changes between
/// its lines. Where its first write fails, all is as it was; no other can.
static SWAP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local record = redis.call('HMGET', KEYS[1], 'version', 'due')
         if (record[1] or '0') ~= ARGV[1] then return 0 end
         redis.call('ZADD', KEYS[2], 0, ARGV[5] .. ARGV[4])
         redis.call('HSET', KEYS[1], 'version', ARGV[2], 'content', ARGV[3], 'due', ARGV[5])
         if record[2] and record[2] ~= ARGV[5] then redis.call('ZREM', KEYS[2], record[2] .. ARGV[4]) end
         return 1",
    )
});

/// Options of a [`RedisStore`].
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// `redis://user:password@host:6379/0`, or `rediss://…` with TLS.
    pub url: Secret,
    /// Keeps apart what shares a database: 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`.
    pub namespace: Option<String>,
    /// Certificates to trust in place of Mozilla's, in PEM.
    pub ca: Option<String>,
}

/// A store in Redis or Valkey.
///
/// Its keys begin with `smartrecruiters:{namespace}:`, all in one slot of a cluster. A swap is as durable as the
/// server makes it: [`RedisStore::warnings`] tells what is wrong with its settings.
pub struct RedisStore {
    client: Client,
    namespace: Namespace,
    /// One connection for all calls, made when first used and again when it is lost.
    connection: OnceCell<ConnectionManager>,
}

impl RedisStore {
    /// Checks the options; opens nothing yet.
    pub fn new(options: RedisOptions) -> Result<Self> {
        let namespace = Namespace::new(options.namespace)?;
        // The parser's own message may quote the URL.
        let bad_url = |_| {
            Error::configuration(
                "url",
                "must be a URL such as redis://user:password@redis.example.com:6379/0",
            )
        };
        let server = with_timeout(options.url.expose().into_connection_info().map_err(bad_url)?);
        let client = match options.ca {
            None => Client::open(server).map_err(bad_url)?,
            Some(ca) => {
                let trusted = TlsCertificates { client_tls: None, root_cert: Some(ca.into_bytes()) };
                Client::build_with_tls(server, trusted).map_err(|_| {
                    Error::configuration(
                        "ca",
                        "must be certificates in PEM, for a URL that begins with rediss://",
                    )
                })?
            }
        };
        Ok(Self { client, namespace, connection: OnceCell::new() })
    }

    /// Runs a command that changes nothing.
    async fn ask<T: FromRedisValue>(&self, operation: &'static str, command: &Cmd) -> Result<T> {
        let mut connection = self.connection(operation).await?;
        let mut answer = command.query_async(&mut connection).await;
        if answer.as_ref().is_err_and(RedisError::is_unrecoverable_error) {
            // That a connection is gone shows when it is used. Reading twice is no harm.
            answer = command.query_async(&mut connection).await;
        }
        answer.map_err(|error| failed(operation, &error))
    }

    async fn connection(&self, operation: &'static str) -> Result<ConnectionManager> {
        let connect = || async {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(TIMEOUT))
                .set_response_timeout(Some(TIMEOUT))
                // Callers hear at once that the server is down; they know how long they can wait.
                .set_number_of_retries(0);
            let mut connection = self
                .client
                .get_connection_manager_with_config(config)
                .await
                .map_err(|error| failed(operation, &error))?;
            let key = self.key("schema");
            let found: (u32,) = redis::pipe()
                .cmd("SETNX")
                .arg(&key)
                .arg(SCHEMA)
                .ignore()
                .get(&key)
                .query_async(&mut connection)
                .await
                .map_err(|error| failed(operation, &error))?;
            if found != (SCHEMA,) {
                let problem = "the namespace is of a newer version of smartrecruiters".into();
                return Err(Error::Store { operation, problem });
            }
            Ok(connection)
        };
        self.connection.get_or_try_init(connect).await.cloned()
    }

    /// A key of this namespace. The braces are a hash tag: they decide alone about the slot in a cluster.
    fn key(&self, name: &str) -> String {
        format!("smartrecruiters:{{{}}}:{name}", self.namespace.as_str())
    }

    fn grant_key(&self, id: &str) -> String {
        self.key(&format!("grant:{id}"))
    }
}

impl fmt::Debug for RedisStore {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("namespace", &self.namespace.as_str()).finish_non_exhaustive()
    }
}

impl Store for RedisStore {
    fn namespace(&self) -> &str {
        self.namespace.as_str()
    }

    fn warnings(&self) -> StoreFuture<'_, Vec<String>> {
        Box::pin(async move {
            let info: String = self.ask("load", cmd("INFO").arg("everything")).await?;
            let setting = |name: &str| {
                info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or("unknown")
            };
            let mut warnings = Vec::new();
            let policy = setting("maxmemory_policy");
            if policy != "noeviction" {
                warnings.push(format!(
                    "Redis may evict grants to save memory (maxmemory-policy is {policy}); set it to noeviction"
                ));
            }
            if setting("aof_enabled") == "1" {
                // A managed server may not tell.
                let fsync: Result<Vec<String>> =
                    self.ask("load", cmd("CONFIG").arg("GET").arg("appendfsync")).await;
                let fsync =
                    fsync.ok().and_then(|pair| pair.into_iter().nth(1)).unwrap_or_else(|| "unknown".into());
                if fsync != "always" {
                    warnings.push(format!(
                        "Redis loses the last second of writes, and so grants, when its machine fails (appendfsync is \
                         {fsync}); set it to always"
                    ));
                }
            } else {
                warnings.push(
                    "Redis loses grants when it restarts (appendonly is no); set appendonly to yes, and appendfsync to \
                     always"
                        .to_owned(),
                );
            }
            Ok(warnings)
        })
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            let mut command = cmd("HMGET");
            command.arg(self.grant_key(id)).arg("version").arg("content");
            let (version, bytes): (Option<Version>, Option<Vec<u8>>) = self.ask("load", &command).await?;
            Ok(version.zip(bytes).map(|(version, bytes)| Stored { version, bytes }))
        })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let mut connection = self.connection("swap").await?;
            let won: bool = SWAP
                .key(self.grant_key(id))
                .key(self.key("due"))
                .arg(expected)
                .arg(expected.saturating_add(1))
                .arg(bytes)
                .arg(id)
                .arg(digits(due))
                .invoke_async(&mut connection)
                .await
                .map_err(|error| failed("swap", &error))?;
            Ok(if won { Swap::Won } else { Swap::Lost })
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        // `(` leaves the place itself out; `-` is before all.
        let start = after.map_or("-".to_owned(), |after| format!("({}{}", digits(after.due), after.id));
        let end = format!("({}", digits(before));
        Box::pin(async move {
            let mut command = cmd("ZRANGE");
            command.arg(self.key("due")).arg(start).arg(end).arg("BYLEX");
            command.arg("LIMIT").arg(0).arg(signed(limit));
            let members: Vec<String> = self.ask("due", &command).await?;
            members.iter().map(|member| place(member)).collect()
        })
    }
}

fn digits(due: u64) -> String {
    format!("{due:0DUE_DIGITS$}")
}

/// What a member of the index says.
fn place(member: &str) -> Result<Due> {
    let parts = member.split_at_checked(DUE_DIGITS);
    parts.and_then(|(due, id)| Some(Due { due: due.parse().ok()?, id: id.to_owned() })).ok_or_else(|| {
        Error::Store { operation: "due", problem: "somebody else has written to the index of records".into() }
    })
}

/// A server that is gone without a word is found out by this alone: its connection is still open.
fn with_timeout(server: ConnectionInfo) -> ConnectionInfo {
    let settings = server.tcp_settings().clone();
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(TIMEOUT);
    server.set_tcp_settings(settings)
}

/// By the kind of error and the server's error code alone: its text is not ours to vouch for.
fn failed(operation: &'static str, error: &RedisError) -> Error {
    let problem: Cow<'static, str> = match error.code() {
        Some("NOAUTH" | "WRONGPASS" | "NOPERM") => {
            "Redis refuses the user or its password; check `url` and the user's rights".into()
        }
        Some(code) => format!("Redis answered {code}").into(),
        None if error.is_timeout() => "Redis did not answer in time".into(),
        None if error.is_io_error() => "no connection to Redis; check `url` and the network".into(),
        None => format!("Redis: {}", error.category()).into(),
    };
    Error::Store { operation, problem }
}
