//! [`Link`]: one connection that all calls share, from the attempt to connect until it fails.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, RedisConnectionInfo, Value};
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::failure::Failure;
use super::url::{Address, Family};

/// How long sent bytes may stay unacknowledged before the connection counts as lost. A lost machine acknowledges
/// nothing, and a slow one does so at once.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(3);
/// The interval of keep-alive probes on an idle connection, so that a lost one is detected before it is needed.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// A key with a version number. Each new connection first reads it, and writes it if it is missing. Only a server that
/// accepts writes passes this check.
pub(crate) struct Schema {
    /// The name of the key.
    pub(crate) key: String,
    /// The version that this release reads and writes.
    pub(crate) version: u32,
}

/// Opens connections to servers that have the same login.
pub(super) struct Dialer {
    pub(super) tls: Option<TlsConnector>,
    pub(super) login: RedisConnectionInfo,
    /// The time limit for connecting, and for an answer.
    pub(super) timeout: Duration,
    /// What each new connection checks.
    pub(super) schema: Option<Schema>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Dialer {
    /// Connects, logs in, and checks the schema. When the connection ends, `closed` becomes true.
    pub(super) async fn connect(
        &self,
        address: &Address,
        closed: Arc<AtomicBool>,
    ) -> Result<Arc<Connection>, Failure> {
        let stream = self.open(address).await?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(Some(self.timeout));
        let login = MultiplexedConnection::new_with_config(&self.login, stream, config);
        let (redis, driver) = timeout(self.timeout, login)
            .await
            .map_err(|_| Failure::no_answer(address))?
            .map_err(|error| Failure::at_login(address, self.tls.is_some(), error))?;
        let driver = tokio::spawn(async move {
            driver.await;
            // The next call does not try to use this connection.
            closed.store(true, Ordering::Release);
        });
        let connection = Connection { redis, address: address.clone(), driver: driver.abort_handle() };
        if let Some(schema) = &self.schema {
            connection.check(schema).await?;
        }
        Ok(Arc::new(connection))
    }

    async fn open(&self, address: &Address) -> Result<Box<dyn Stream>, Failure> {
        let (host, stream) = match address {
            Address::Tcp { host, port, family } => {
                let stream = timeout(self.timeout, self.open_tcp(address, host, *port, *family)).await;
                (host, stream.map_err(|_| Failure::unreachable(address, io::ErrorKind::TimedOut.into()))??)
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path).await;
                return Ok(Box::new(stream.map_err(|error| Failure::unreachable(address, error))?));
            }
            #[cfg(not(unix))]
            Address::Unix(_) => {
                return Err(Failure::unreachable(address, io::ErrorKind::Unsupported.into()));
            }
        };
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(host.clone()).map_err(|_| {
            Failure::other(format!("Redis at {address} has a host that no certificate can name"))
        })?;
        match timeout(self.timeout, tls.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(error)) => Err(Failure::unreachable(address, error)),
            Err(_) => Err(Failure::no_tls(address)),
        }
    }

    /// Connects to the first of the host's addresses that answers. Each gets its share of the time. The name is looked
    /// up each time, since it may have another address after a failover.
    async fn open_tcp(
        &self,
        at: &Address,
        host: &str,
        port: u16,
        family: Family,
    ) -> Result<TcpStream, Failure> {
        let found = tokio::net::lookup_host((host, port))
            .await
            .map_err(|error| Failure::unresolved(host, Some(error)))?;
        let wanted = |address: &SocketAddr| match family {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        };
        let addresses: Vec<SocketAddr> = found.filter(wanted).collect();
        let share = self.timeout / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut failure = Failure::unresolved(host, None);
        for address in addresses {
            let stream = timeout(share, TcpStream::connect(address)).await;
            match stream.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).and_then(watched) {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = Failure::unreachable(at, error),
            }
        }
        Err(failure)
    }
}

/// Sets the options by which a lost server is detected.
fn watched(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(stream)
}

/// An open connection. Dropping it closes it.
pub(super) struct Connection {
    redis: MultiplexedConnection,
    /// The server.
    pub(super) address: Address,
    driver: AbortHandle,
}

impl Connection {
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let mut redis = self.redis.clone();
        command.query_async(&mut redis).await.map_err(|error| Failure::of(&self.address, error))
    }

    /// Runs a command on a key that another node of the cluster is handing over to this one.
    pub(super) async fn ask_importing<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("ASKING").add_command(command.clone());
        // One write, so that no other caller's command comes between the two.
        let answers = self.redis.clone().send_packed_commands(&pipeline, 1, 1).await;
        let answer =
            answers.and_then(|answers| answers.into_iter().next().unwrap_or(Value::Nil).extract_error());
        answer
            .and_then(|value| Ok(redis::from_redis_value(value)?))
            .map_err(|error| Failure::of(&self.address, error))
    }

    /// Waits until `wanted` replicas have all that was written over this connection.
    pub(super) async fn wait_for_replicas(&self, wanted: usize, limit: Duration) -> Result<(), Failure> {
        let mut wait = redis::cmd("WAIT");
        wait.arg(wanted).arg(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        let confirmed: usize = self.ask(&wait).await?;
        if confirmed >= wanted {
            Ok(())
        } else {
            Err(Failure::too_few_replicas(&self.address, confirmed, wanted))
        }
    }

    async fn check(&self, schema: &Schema) -> Result<(), Failure> {
        let _: Option<String> = self.ask(&schema.writing()).await?;
        schema.check(self.ask(&schema.reading()).await?, format_args!("Redis at {}", self.address))
    }
}

impl Schema {
    /// The command that writes the version if there is none.
    pub(super) fn writing(&self) -> Cmd {
        redis::cmd("SET").arg(&self.key).arg(self.version).arg("NX").to_owned()
    }

    /// The command that reads the version.
    pub(super) fn reading(&self) -> Cmd {
        redis::cmd("GET").arg(&self.key).to_owned()
    }

    /// Checks the version that was read.
    pub(super) fn check(&self, found: u32, place: impl Display) -> Result<(), Failure> {
        if found == self.version {
            return Ok(());
        }
        Err(Failure::other(format!(
            "the records in {place} are of another version of smartrecruiters, {found} instead of {}; use one that \
             knows it, or another namespace",
            self.version
        )))
    }
}

impl Drop for Connection {
    /// The driver would otherwise wait for answers that are no longer needed.
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A shared connection, from the attempt to connect until it fails.
#[derive(Clone)]
pub(super) struct Link {
    connecting: Shared<BoxFuture<'static, Result<Arc<Connection>, Failure>>>,
    closed: Arc<AtomicBool>,
}

impl Link {
    /// `connect` gets the flag that becomes true when the connection ends.
    pub(super) fn new<F>(connect: impl FnOnce(Arc<AtomicBool>) -> F) -> Self
    where
        F: Future<Output = Result<Arc<Connection>, Failure>> + Send + 'static,
    {
        let closed = Arc::new(AtomicBool::new(false));
        // The attempt runs in a task of its own, since the caller that began it may be cancelled while others wait for
        // it.
        let attempt = tokio::spawn({
            let closed = Arc::clone(&closed);
            let connecting = connect(Arc::clone(&closed));
            async move {
                let result = connecting.await;
                if result.is_err() {
                    closed.store(true, Ordering::Release);
                }
                result
            }
        });
        let connecting = async move {
            attempt.await.unwrap_or_else(|_| Err(Failure::other("the attempt to connect was given up")))
        };
        Self { connecting: connecting.boxed().shared(), closed }
    }

    pub(super) async fn connected(&self) -> Result<Arc<Connection>, Failure> {
        self.connecting.clone().await
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Closes the connection after a failure of a command, unless the failure leaves it usable.
    pub(super) fn close_after(&self, failure: &Failure) {
        if !failure.keeps_connection() {
            self.close();
        }
    }

    /// Stops further calls from using the connection. Calls in flight may finish.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}
