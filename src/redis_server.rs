//! [`RedisServer`]: how a Redis or Valkey server is reached, for the store and for shared limits.

use std::borrow::Cow;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ConnectionInfo, IntoConnectionInfo as _, RedisError, TlsCertificates};
use tokio::sync::OnceCell;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// A server, and one connection to it for all calls, made when first used and again when it is lost.
pub(crate) struct RedisServer {
    client: Client,
    /// For a connection, and for an answer.
    timeout: Duration,
    connection: OnceCell<ConnectionManager>,
}

impl RedisServer {
    /// Checks the options; opens nothing yet. `ca` is trusted in place of Mozilla's certificates.
    pub(crate) fn new(url: &Secret, ca: Option<String>, timeout: Duration) -> Result<Self> {
        // The parser's own message may quote the URL.
        let bad_url = |_| {
            Error::configuration(
                "url",
                "must be a URL such as redis://user:password@redis.example.com:6379/0",
            )
        };
        let server = with_timeout(url.expose().into_connection_info().map_err(bad_url)?, timeout);
        let client = match ca {
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
        Ok(Self { client, timeout, connection: OnceCell::new() })
    }

    /// The connection. What of it is new is first shown to `check`.
    pub(crate) async fn checked_connection<Check>(
        &self,
        operation: &'static str,
        check: Check,
    ) -> Result<ConnectionManager>
    where
        Check: AsyncFnOnce(ConnectionManager) -> Result<()>,
    {
        let connect = || async {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(self.timeout))
                .set_response_timeout(Some(self.timeout))
                // Callers hear at once that the server is down; they know how long they can wait.
                .set_number_of_retries(0);
            let connection = self
                .client
                .get_connection_manager_with_config(config)
                .await
                .map_err(|error| failed(operation, &error))?;
            check(connection.clone()).await?;
            Ok(connection)
        };
        self.connection.get_or_try_init(connect).await.cloned()
    }

    /// The connection.
    pub(crate) async fn connection(&self, operation: &'static str) -> Result<ConnectionManager> {
        self.checked_connection(operation, async |_| Ok(())).await
    }
}

/// A server that is gone without a word is found out by this alone: its connection is still open.
fn with_timeout(server: ConnectionInfo, timeout: Duration) -> ConnectionInfo {
    let settings = server.tcp_settings().clone();
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(timeout);
    server.set_tcp_settings(settings)
}

/// By the kind of error and the server's error code alone: its text is not ours to vouch for.
pub(crate) fn failed(operation: &'static str, error: &RedisError) -> Error {
    let problem: Cow<'static, str> = match error.code() {
        Some("NOAUTH" | "WRONGPASS" | "NOPERM") => {
            "Redis refuses the user or its password; check `url` and the user's rights".into()
        }
        Some(code) => format!("Redis answered {code}").into(),
        None if error.is_timeout() => "Redis did not answer in time".into(),
        None if error.is_io_error() => "no connection to Redis; check `url` and the network".into(),
        None => format!("Redis: {}", error.category()).into(),
    };
    Error::Store { operation, problem: problem.into() }
}
