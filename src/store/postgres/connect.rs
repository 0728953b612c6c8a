//! Connects to the first usable server of a [`Target`].

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::Failure;
use super::target::{Encryption, Host, Session, Target};
use crate::error::Result;
use crate::random;

/// How long to wait for a host before the next one is tried as well. A host that does not answer delays the others only
/// this long.
const NEXT_HOST_AFTER: Duration = Duration::from_secs(1);

/// A connection, and the task that drives it. After a drop, it ends once everything that was sent is answered.
pub(super) struct Connection {
    pub(super) client: Client,
    task: AbortHandle,
    pub(super) host: Host,
}

impl Connection {
    /// Ends the connection now, even if an answer is outstanding.
    pub(super) fn abort(&self) {
        self.task.abort();
    }
}

/// Tries the hosts in their order, each once the previous one has failed or is slow. The first usable connection is
/// returned.
pub(super) async fn connect(target: &Target, tls: &MakeRustlsConnect) -> Result<Connection, Failure> {
    let mut order: Vec<_> = target.hosts.iter().collect();
    if target.shuffle {
        order.sort_by_cached_key(|_| random::bytes::<8>().unwrap_or_default());
    }
    let mut hosts = order.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut failures = Vec::new();
    loop {
        attempts.extend(hosts.next().map(|host| attempt(target, tls, host)));
        let next = attempts.next();
        let outcome = if hosts.len() > 0 { timeout(NEXT_HOST_AFTER, next).await } else { Ok(next.await) };
        match outcome {
            Ok(Some(Ok(connection))) => return Ok(connection),
            Ok(Some(Err(failure))) => failures.push(failure),
            Ok(None) => return Err(none_of(target, failures)),
            Err(_slow) => {}
        }
    }
}

/// Combines the failures of all hosts.
fn none_of(target: &Target, mut failures: Vec<Failure>) -> Failure {
    if failures.len() > 1 {
        let problems: Vec<_> = failures.iter().map(|failure| failure.problem.to_string()).collect();
        let text = format!("none of the {} hosts can be used: {}", failures.len(), problems.join("; "));
        let code = failures.swap_remove(0).code;
        return Failure { code, ..Failure::new(text) };
    }
    failures.pop().unwrap_or_else(|| Failure::late(&target.hosts[0], "made no connection"))
}

async fn attempt(target: &Target, tls: &MakeRustlsConnect, host: &Host) -> Result<Connection, Failure> {
    match timeout(target.connect_timeout, open(target, tls, host)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::late(host, "made no connection")),
    }
}

/// Connects with or without TLS, as `sslmode` requires.
async fn open(target: &Target, tls: &MakeRustlsConnect, host: &Host) -> Result<Connection, Failure> {
    let (first, second) = match target.encryption {
        // As in libpq, a Unix-domain socket is never encrypted.
        _ if host.is_socket() => (SslMode::Disable, None),
        Encryption::Never => (SslMode::Disable, None),
        Encryption::IfDemanded => (SslMode::Disable, Some(SslMode::Require)),
        Encryption::IfOffered => (SslMode::Prefer, Some(SslMode::Disable)),
        Encryption::Always => (SslMode::Require, None),
    };
    let failure = match open_as(target, tls, host, first).await {
        Ok(connection) => return Ok(connection),
        Err(failure) => failure,
    };
    // A refused password is not tried again.
    let code = failure.code.as_ref().map(tokio_postgres::error::SqlState::code);
    let is_about_encryption = failure.is_tls || code == Some("28000") || code == Some("08P01");
    match second.filter(|_| is_about_encryption) {
        // The first attempt's failure is the one that the user has to fix.
        Some(second) => open_as(target, tls, host, second).await.map_err(|_| failure),
        None => Err(failure),
    }
}

async fn open_as(
    target: &Target,
    tls: &MakeRustlsConnect,
    host: &Host,
    mode: SslMode,
) -> Result<Connection, Failure> {
    let mut config = config_for(&target.config, host, target.connect_timeout);
    config.ssl_mode(mode);
    let (client, connection) = config.connect(tls.clone()).await.map_err(|error| Failure::of(host, error))?;
    let task = tokio::spawn(async move {
        // The waiting statement gets the failure.
        let _ = connection.await;
    });
    let connection = Connection { client, task: task.abort_handle(), host: host.clone() };
    check(target.session, &connection).await?;
    Ok(connection)
}

/// The settings for one host. A name may have two addresses, and the first one (often IPv6) may not answer, so each
/// gets half of the time.
fn config_for(base: &Config, host: &Host, timeout: Duration) -> Config {
    let mut config = base.clone();
    config.host(&host.name).port(host.port).connect_timeout(timeout / 2);
    if let Some(address) = host.address {
        config.hostaddr(address);
    }
    config
}

/// Checks that the server is of the kind that `target_session_attrs` asks for.
async fn check(session: Session, connection: &Connection) -> Result<(), Failure> {
    let (sql, wanted, problem) = match session {
        Session::Any => return Ok(()),
        Session::Writable => (
            "SHOW transaction_read_only",
            "off",
            "accepts no writes: it is a standby, or default_transaction_read_only is on",
        ),
        Session::Primary => ("SELECT pg_is_in_recovery()", "f", "is a standby"),
    };
    let Connection { client, host, .. } = connection;
    let answer = client.simple_query(sql).await.map_err(|error| Failure::of(host, error))?;
    let is_wanted = answer.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some(wanted),
        _ => false,
    });
    if is_wanted { Ok(()) } else { Err(Failure::new(format!("PostgreSQL at {host} {problem}"))) }
}
