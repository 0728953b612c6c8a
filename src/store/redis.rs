//! [`RedisStore`]: records in Redis or Valkey.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, ToRedisArgs, cmd};

use super::interface::{Due, Removal, Store, StoreFuture, Stored, Swap, Version, signed};
use super::namespace::Namespace;
use crate::environment::Variables;
use crate::error::{Error, Result, StoreProblem};
use crate::fingerprint::Fingerprint;
use crate::redis_server::{Failure, RedisScript, RedisServer, Schema};
use crate::secret::Secret;

/// The time limit for a connection, and for an answer. After a failover that leaves a connection open and silent, a
/// renewal fails, is tried again a second later on a new connection, and succeeds within five seconds.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The version of the keys and fields below. It is raised when they change.
const SCHEMA: u32 = 1;

/// The number of digits of `due` in a member of the index: as many as a `u64` can have.
const DUE_DIGITS: usize = 20;

/// A record is a hash with `version`, `content` and `due`. The index is a sorted set whose members consist of `due` in
/// digits and the id. They all have the score 0 and are therefore ordered by their bytes. A script runs alone, so
/// nothing changes between its lines. Only its first write can fail, and then nothing has changed.
static SWAP: LazyLock<RedisScript> = LazyLock::new(|| {
    RedisScript::new(
        "local record = redis.call('HMGET', KEYS[1], 'version', 'due')
         if (record[1] or '0') ~= ARGV[1] then return 0 end
         redis.call('ZADD', KEYS[2], 0, ARGV[5] .. ARGV[4])
         redis.call('HSET', KEYS[1], 'version', ARGV[2], 'content', ARGV[3], 'due', ARGV[5])
         if record[2] and record[2] ~= ARGV[5] then redis.call('ZREM', KEYS[2], record[2] .. ARGV[4]) end
         return 1",
    )
});

/// Removes a record. One that does not exist has no version, which never equals the expected one.
static REMOVE: LazyLock<RedisScript> = LazyLock::new(|| {
    RedisScript::new(
        "local record = redis.call('HMGET', KEYS[1], 'version', 'due')
         if record[1] ~= ARGV[1] then return 0 end
         redis.call('DEL', KEYS[1])
         redis.call('ZREM', KEYS[2], record[2] .. ARGV[2])
         return 1",
    )
});

/// Options of a [`RedisStore`].
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// `redis://user:password@host:6379/0`, `rediss://…` with TLS, `unix:///run/redis/redis.sock`,
    /// `redis-sentinel://host:26379,host:26379/service` or `redis-cluster://host:6379,host:6379`.
    pub url: Secret,
    /// Separates apps that share a database: 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`.
    pub namespace: Option<String>,
    /// Authorities to trust in addition to the default ones, as [`crate::tls::client_config`] reads them.
    pub ca: Option<String>,
    /// The environment variables, which can name further authorities to trust.
    pub variables: Variables,
}

/// A store in Redis or Valkey.
///
/// Its keys begin with `smartrecruiters:{namespace}:`, and so lie in one slot of a cluster. A swap is as durable as the
/// server's settings make it, which [`RedisStore::warnings`] checks. `docs/redis.md` lists the rights that the user in
/// the URL needs.
pub struct RedisStore {
    server: RedisServer,
    namespace: Namespace,
    fingerprint: Fingerprint,
}

impl RedisStore {
    /// Checks the options, and opens no connection yet. Fails with [`Error::Configuration`] that names the option at
    /// fault.
    pub fn new(options: RedisOptions) -> Result<Self> {
        let namespace = Namespace::new(options.namespace)?;
        let fingerprint = Fingerprint::of(&("redis", &options.url, &options.ca, namespace.as_str()));
        let schema = Schema { key: key(&namespace, "schema"), version: SCHEMA };
        let server =
            RedisServer::new(&options.url, options.ca.as_deref(), &options.variables, TIMEOUT, Some(schema))?;
        Ok(Self { server, namespace, fingerprint })
    }

    /// Runs a command that changes nothing. All keys of the store are in one place, which any of them leads to.
    async fn ask<T: FromRedisValue>(&self, operation: &'static str, command: &Cmd) -> Result<T> {
        self.server.read(&self.key("due"), command).await.map_err(|failure| failed(operation, failure))
    }

    /// Runs a script on the record of `id` and the index. Returns whether it changed them.
    async fn change(
        &self,
        operation: &'static str,
        script: &RedisScript,
        id: &str,
        arguments: &impl ToRedisArgs,
    ) -> Result<bool> {
        let keys = [self.record_key(id), self.key("due")];
        let answer = self.server.run_durably(script, &keys, arguments).await;
        answer.map_err(|failure| failed(operation, failure))
    }

    /// The problems that are known. A setting that the server does not report is not a problem, since managed servers
    /// hide some.
    async fn warnings_of(&self, info: &Info) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.server.may_lose_writes() {
            warnings.push(
                "Redis loses the newest records when a replica takes over that does not have them yet (`url` has \
                 replicas=0); remove it, so that a write counts when a replica has it"
                    .to_owned(),
            );
        }
        // Records have no expiry, so `volatile-*` policies evict none.
        if let Some(policy) = info.field("maxmemory_policy").filter(|policy| policy.starts_with("allkeys")) {
            warnings.push(format!(
                "Redis may evict records to save memory (maxmemory-policy is {policy}); set it to noeviction"
            ));
        }
        match info.field("aof_enabled") {
            Some("0") => warnings.push(
                "Redis loses records when it restarts (appendonly is no); set appendonly to yes, and appendfsync to \
                 always"
                    .to_owned(),
            ),
            Some("1") => {
                let question = cmd("CONFIG").arg("GET").arg("appendfsync").to_owned();
                let answer: Result<Vec<String>, Failure> = self.server.read(&self.key("due"), &question).await;
                let fsync = answer.ok().and_then(|pair| pair.into_iter().nth(1));
                if let Some(fsync) = fsync.filter(|fsync| fsync != "always") {
                    warnings.push(format!(
                        "Redis loses the last second of writes, and so records, when its machine fails (appendfsync is \
                         {fsync}); set it to always"
                    ));
                }
            }
            _ => {}
        }
        warnings
    }

    fn key(&self, name: &str) -> String {
        key(&self.namespace, name)
    }

    fn record_key(&self, id: &str) -> String {
        self.key(&format!("records:{id}"))
    }
}

/// A key of a namespace. The braces are a hash tag, which alone determines the slot in a cluster.
fn key(namespace: &Namespace, name: &str) -> String {
    format!("smartrecruiters:{{{}}}:{name}", namespace.as_str())
}

fn failed(operation: &'static str, failure: Failure) -> Error {
    Error::Store { operation, problem: StoreProblem::new(failure.problem, failure.cause) }
}

impl fmt::Debug for RedisStore {
    /// Leaves out the URL, which may hold a password.
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
            match self.server.read::<String>(&self.key("due"), &cmd("INFO")).await {
                Ok(info) => Ok(self.warnings_of(&Info(info)).await),
                Err(failure) if failure.is_forbidden() => Ok(vec![UNKNOWN_SETTINGS.to_owned()]),
                Err(failure) => Err(failed("load", failure)),
            }
        })
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            let mut command = cmd("HMGET");
            command.arg(self.record_key(id)).arg("version").arg("content");
            let (version, bytes): (Option<Version>, Option<Vec<u8>>) = self.ask("load", &command).await?;
            Ok(version.zip(bytes).map(|(version, bytes)| Stored { version, bytes }))
        })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let arguments = (expected, expected.saturating_add(1), bytes, id, digits(due));
            let won = self.change("swap", &SWAP, id, &arguments).await?;
            Ok(if won { Swap::Won } else { Swap::Lost })
        })
    }

    fn remove<'a>(&'a self, id: &'a str, expected: Version) -> StoreFuture<'a, Removal> {
        Box::pin(async move {
            let removed = self.change("remove", &REMOVE, id, &(expected, id)).await?;
            Ok(if removed { Removal::Removed } else { Removal::Lost })
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        // `(` excludes the place itself, and `-` means the beginning.
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

/// The answer to `INFO`.
struct Info(String);

impl Info {
    /// A field of the answer. `None` if the server does not report it, as some managed servers do.
    fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }
}

const UNKNOWN_SETTINGS: &str = "Redis does not say whether its settings keep records safe, since the user may not run \
                                INFO; grant +info, or check maxmemory-policy and appendonly yourself";

/// Reads a member of the index.
fn place(member: &str) -> Result<Due> {
    let parts = member.split_at_checked(DUE_DIGITS);
    parts.and_then(|(due, id)| Some(Due { due: due.parse().ok()?, id: id.to_owned() })).ok_or_else(|| {
        let problem =
            "the index of records holds a member that smartrecruiters did not write; remove it".into();
        Error::Store { operation: "due", problem }
    })
}
