//! [`RedisServer`]: a connection to a Redis or Valkey server, for the store and for shared limits.

mod connection;
mod failure;
mod script;
mod url;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, FromRedisValue, ToRedisArgs};

use self::connection::{Dialer, Link};
use self::failure::Kind;
use self::url::ServerUrl;
use crate::environment::Variables;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::tls;

pub(crate) use connection::Schema;
pub(crate) use failure::Failure;
pub(crate) use script::RedisScript;

/// The pauses between attempts at a command that the server refused because of its current state, such as being a
/// replica. During a failover, its host name may soon lead to the new primary.
const PAUSES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

/// A server, with one connection for all calls, which is made on first use.
///
/// After any failure the connection is closed, and the next call makes another one, since a server that answers with an
/// error may have become a replica, and its host name may lead elsewhere by now. Concurrent calls share one attempt to
/// connect, and its failure.
pub(crate) struct RedisServer {
    dialer: Arc<Dialer>,
    link: Mutex<Option<Link>>,
}

impl RedisServer {
    /// Checks the options, and opens no connection yet. [`tls::client_config`] reads `ca`. `timeout` limits both
    /// connecting and each answer.
    pub(crate) fn new(
        url: &Secret,
        ca: Option<&str>,
        variables: &Variables,
        timeout: Duration,
        schema: Option<Schema>,
    ) -> Result<Self> {
        let url = ServerUrl::parse(url)?;
        if ca.is_some() && !url.tls {
            let problem = "is for TLS, and so for a `url` that begins with rediss://";
            return Err(Error::configuration("ca", problem));
        }
        let tls = url.tls.then(|| tls::client_config(ca, None, variables)).transpose()?;
        let dialer = Dialer::new(url, tls, timeout, schema)?;
        Ok(Self { dialer: Arc::new(dialer), link: Mutex::new(None) })
    }

    /// Runs a reading command, which may safely run twice.
    pub(crate) async fn read<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let mut pauses = PAUSES.iter();
        loop {
            match self.once(command).await {
                // A lost connection may only be noticed when it is used.
                Err(failure) if matches!(failure.kind, Kind::RefusedForNow | Kind::Lost) => {
                    match pauses.next() {
                        Some(pause) => tokio::time::sleep(*pause).await,
                        None => return Err(failure),
                    }
                }
                result => return result,
            }
        }
    }

    /// Runs a script. If this fails, the script may have run, or may still run later.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        script: &RedisScript,
        keys: &[String],
        arguments: &impl ToRedisArgs,
    ) -> Result<T, Failure> {
        let mut pauses = PAUSES.iter();
        loop {
            match self.run_once(script, keys, arguments).await {
                Err(failure) if failure.kind == Kind::RefusedForNow => match pauses.next() {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None => return Err(failure),
                },
                result => return result,
            }
        }
    }

    async fn run_once<T: FromRedisValue>(
        &self,
        script: &RedisScript,
        keys: &[String],
        arguments: &impl ToRedisArgs,
    ) -> Result<T, Failure> {
        match self.once(&script.by_hash(keys, arguments)).await {
            Err(failure) if failure.kind == Kind::NoScript => {
                self.once(&script.by_text(keys, arguments)).await
            }
            result => result,
        }
    }

    async fn once<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let link = self.link();
        let connection = link.connected().await?;
        let result = connection.ask(command).await;
        if result.as_ref().is_err_and(|failure| failure.kind != Kind::NoScript) {
            link.close();
        }
        result
    }

    /// The current connection or connection attempt, or a new one.
    fn link(&self) -> Link {
        let mut place = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        match &*place {
            Some(link) if !link.is_closed() => link.clone(),
            _ => place.insert(Link::new(Arc::clone(&self.dialer))).clone(),
        }
    }
}
