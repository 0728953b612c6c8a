//! [`RedisLimits`]: the limits of credentials in Redis or Valkey, for any number of processes and machines.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::shared::{Ask, LEASE, Report, SharedFuture, SharedWindow, Told};
use crate::environment::Variables;
use crate::error::{Error, Result};
use crate::random;
use crate::redis_server::{Failure, RedisScript, RedisServer};
use crate::secret::Secret;

/// For an answer: a call that waits longer is better off without.
const TIMEOUT: Duration = Duration::from_secs(1);

/// All of it, in one script that runs alone, by the server's clock. The keys of a credential are in one slot of a cluster.
///
/// `rate` has a place for each request of an endpoint, scored by when it is free; `busy` and `all` have a slot for each
/// request in progress of the endpoint and of the credential, scored by when its lease ends. After it lost its memory, or
/// when a process comes back that kept the limits alone, nobody gets anything for a second: nobody knows what was sent.
static ASK: LazyLock<RedisScript> = LazyLock::new(|| RedisScript::new(include_str!("redis.lua")));

/// What happened to the limits that processes share.
#[derive(Debug, Clone)]
pub enum SharedEvent {
    /// Redis cannot be reached: each process keeps to its part of the limits, by the number of processes last seen.
    Degraded {
        /// How many there were.
        members: usize,
        /// Why.
        error: Error,
    },
    /// Redis can be reached again, and the limits are shared.
    Restored,
}

/// Where to find Redis.
#[derive(Debug, Clone)]
pub struct RedisLimitsOptions {
    /// `redis://user:password@host:6379/0`, `rediss://…` with TLS, or `unix:///run/redis/redis.sock`.
    pub url: Secret,
    /// Certificates to trust beside the default ones, as [`crate::tls::client_config`] reads them.
    pub ca: Option<String>,
    /// Where the environment's variables are read, which name further certificates to trust.
    pub variables: Variables,
}

/// The limits of credentials in Redis or Valkey. Its keys begin with `smartrecruiters:limits:` and hold hashes.
pub struct RedisLimits {
    server: RedisServer,
    /// Names this process.
    member: String,
    lost: AtomicBool,
    listener: Box<dyn Fn(SharedEvent) + Send + Sync>,
}

impl RedisLimits {
    /// Checks the options; opens nothing yet. `listener` is called on the core's thread and must not block.
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

    async fn run(&self, ask: Ask) -> Result<Told> {
        let credential = format!("smartrecruiters:limits:{{{}}}", ask.identity);
        let endpoint = format!("{credential}:{}", super::pacing::Identity::new(&[ask.endpoint.as_bytes()]));
        let of_credential = ["known", "quiet", "members", "all"].map(|name| format!("{credential}:{name}"));
        let of_endpoint = ["rate", "busy", "pause"].map(|name| format!("{endpoint}:{name}"));
        let keys = [&of_credential[..], &of_endpoint[..]].concat();
        let mut arguments = vec![
            self.member.clone(),
            LEASE.as_millis().to_string(),
            ask.per_second.to_string(),
            ask.at_once.to_string(),
            ask.at_once_over_all.unwrap_or(usize::MAX >> 16).to_string(),
            ask.want.to_string(),
            ask.first.to_string(),
            u8::from(ask.returns).to_string(),
        ];
        for (number, report) in ask.reports {
            let (what, value) = match report {
                Report::Pending => ("pending", 0.0),
                Report::Open => ("open", 0.0),
                Report::Received { ago, second } => ("received", millis(second) - millis(ago)),
                Report::Ended => ("ended", 0.0),
                Report::Lingers(until) => ("lingers", millis(until)),
                Report::Unused => ("unused", 0.0),
                Report::Refused(pause) => ("refused", millis(pause)),
            };
            arguments.extend([number.to_string(), what.to_owned(), value.to_string()]);
        }
        let (granted, wait, members): (usize, u64, usize) =
            self.server.run(&ASK, &keys, &arguments).await.map_err(failed)?;
        Ok(Told { granted, wait: Duration::from_micros(wait), members })
    }
}

fn failed(failure: Failure) -> Error {
    Error::SharedLimits { problem: failure.problem, source: failure.cause }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

impl SharedWindow for RedisLimits {
    fn ask(&self, ask: Ask) -> SharedFuture<'_> {
        Box::pin(self.run(ask))
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
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimits").finish_non_exhaustive()
    }
}
