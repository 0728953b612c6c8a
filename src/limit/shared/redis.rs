//! [`RedisLimits`]: the limits of credentials in Redis or Valkey, for any number of processes and machines.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::protocol::{LEASE, PermitReply, PermitReport, PermitRequest, SharedFuture, SharedWindow};
use crate::environment::Variables;
use crate::error::{Error, Result};
use crate::limit::credential_id::CredentialId;
use crate::random;
use crate::redis_server::{Failure, RedisScript, RedisServer};
use crate::secret::Secret;

/// How long a reply may take. Calls that wait longer are faster without the shared window.
const TIMEOUT: Duration = Duration::from_secs(1);

/// One script handles a whole request for permits, by the clock of the Redis server, and no other command runs meanwhile.
/// The keys of a credential are in one slot of a cluster.
///
/// `rate` has a place for each request of an endpoint, scored by when it is free. `busy` and `all` have a member for each
/// request in progress of the endpoint and of the credential, scored by when its lease ends. After Redis lost its data, or
/// when a process returns that kept the limits alone, no permits are granted for a second, since the requests of that
/// second are unknown.
static ASK: LazyLock<RedisScript> = LazyLock::new(|| RedisScript::new(include_str!("redis.lua")));

/// What happened to the limits that processes share.
#[derive(Debug, Clone)]
pub enum SharedEvent {
    /// Redis cannot be reached. Each process uses its part of the limits, by the number of processes that was last known.
    Degraded {
        /// The number of processes that shared the limits.
        members: usize,
        /// Why Redis cannot be reached.
        error: Error,
    },
    /// Redis can be reached again, and the limits are shared.
    Restored,
}

/// How to reach Redis.
#[derive(Debug, Clone)]
pub struct RedisLimitsOptions {
    /// `redis://user:password@host:6379/0`, `rediss://…` with TLS, `unix:///run/redis/redis.sock`,
    /// `redis-sentinel://host:26379,host:26379/service` or `redis-cluster://host:6379,host:6379`.
    pub url: Secret,
    /// Certificates to trust in addition to the default ones, as [`crate::tls::client_config`] reads them.
    pub ca: Option<String>,
    /// The environment's variables, which may name further certificates to trust.
    pub variables: Variables,
}

/// The limits of credentials in Redis or Valkey. Its keys begin with `smartrecruiters:limits:` and hold hashes.
pub struct RedisLimits {
    server: RedisServer,
    /// Identifies this process.
    member: String,
    lost: AtomicBool,
    listener: Box<dyn Fn(SharedEvent) + Send + Sync>,
}

impl RedisLimits {
    /// Checks the options, and opens no connection yet. `listener` is called on the core's thread and must not block.
    pub fn new(
        options: RedisLimitsOptions,
        listener: impl Fn(SharedEvent) + Send + Sync + 'static,
    ) -> Result<Arc<Self>> {
        let RedisLimitsOptions { url, ca, variables } = options;
        Ok(Arc::new(Self {
            server: RedisServer::new(&url, ca.as_deref(), &variables, TIMEOUT, None)?,
            member: random::text::<9>()?,
            lost: AtomicBool::new(false),
            listener: Box::new(listener),
        }))
    }

    async fn run(&self, request: PermitRequest) -> Result<PermitReply> {
        let credential = format!("smartrecruiters:limits:{{{}}}", request.credential);
        let endpoint = format!("{credential}:{}", CredentialId::new(&[request.endpoint.as_bytes()]));
        let of_credential = ["known", "quiet", "members", "all"].map(|name| format!("{credential}:{name}"));
        let of_endpoint = ["rate", "busy", "pause"].map(|name| format!("{endpoint}:{name}"));
        let keys = [&of_credential[..], &of_endpoint[..]].concat();
        let mut arguments = vec![
            self.member.clone(),
            LEASE.as_millis().to_string(),
            request.per_second.to_string(),
            request.concurrent.to_string(),
            request.concurrent_over_all.unwrap_or(usize::MAX >> 16).to_string(),
            request.wanted.to_string(),
            request.first.to_string(),
            u8::from(request.is_returning).to_string(),
        ];
        for (number, report) in request.reports {
            let (what, value) = match report {
                PermitReport::Pending => ("pending", 0.0),
                PermitReport::Open => ("open", 0.0),
                PermitReport::Received { ago, second } => ("received", millis(second) - millis(ago)),
                PermitReport::Finished => ("finished", 0.0),
                PermitReport::GivenUp(after) => ("given up", millis(after)),
                PermitReport::Unused => ("unused", 0.0),
                PermitReport::Refused(pause) => ("refused", millis(pause)),
            };
            arguments.extend([number.to_string(), what.to_owned(), value.to_string()]);
        }
        let (granted, wait, members): (usize, u64, usize) =
            self.server.run(&ASK, &keys, &arguments).await.map_err(failed)?;
        Ok(PermitReply { granted, wait: Duration::from_micros(wait), members })
    }
}

fn failed(failure: Failure) -> Error {
    Error::SharedLimits { problem: failure.problem, source: failure.cause }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

impl SharedWindow for RedisLimits {
    fn ask(&self, request: PermitRequest) -> SharedFuture<'_> {
        Box::pin(self.run(request))
    }

    fn lost(&self, members: usize, error: &Error) {
        if !self.lost.swap(true, Ordering::Relaxed) {
            (self.listener)(SharedEvent::Degraded { members, error: error.clone() });
        }
    }

    fn restored(&self) {
        if self.lost.swap(false, Ordering::Relaxed) {
            (self.listener)(SharedEvent::Restored);
        }
    }
}

impl fmt::Debug for RedisLimits {
    /// Leaves out the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimits").finish_non_exhaustive()
    }
}
