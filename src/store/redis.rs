//! [`RedisStore`]: grants in Redis or Valkey.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{Cmd, FromRedisValue, RedisError, Script, cmd};

use super::namespace::Namespace;
use super::{Due, Store, StoreFuture, Stored, Swap, Version, signed};
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::redis_server::{RedisServer, failed};
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
    server: RedisServer,
    namespace: Namespace,
    fingerprint: Fingerprint,
}

impl RedisStore {
    /// Checks the options; opens nothing yet.
    pub fn new(options: RedisOptions) -> Result<Self> {
        let namespace = Namespace::new(options.namespace)?;
        let fingerprint = Fingerprint::of(&("redis", &options.url, &options.ca, namespace.as_str()));
        Ok(Self { server: RedisServer::new(&options.url, options.ca, TIMEOUT)?, namespace, fingerprint })
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
        let check = async |mut connection: ConnectionManager| {
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
            Ok(())
        };
        self.server.checked_connection(operation, check).await
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

    fn fingerprint(&self) -> Option<Fingerprint> {
        Some(self.fingerprint)
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
