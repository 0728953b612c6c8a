//! [`Failure`]: why PostgreSQL could not be used, with the host and the remedy.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use tokio_postgres::error::{DbError, SqlState};

use super::target::Host;
use crate::error::{Cause, StoreProblem};
use crate::tls;

/// Why a connection could not be made, or a statement failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) problem: StoreProblem,
    /// The SQLSTATE, if the server answered.
    pub(super) code: Option<SqlState>,
    /// Whether TLS failed.
    pub(super) is_tls: bool,
    /// Whether a statement failed because of its connection, which was closed. Another connection may work.
    pub(super) is_replaced: bool,
}

/// The server's message, without its detail, which quotes rows.
#[derive(Debug, thiserror::Error)]
#[error("{message} (SQLSTATE {code})")]
struct Refusal {
    message: String,
    code: String,
}

/// The driver's message for a failed handshake, which identifies it, since the driver's error kinds are private.
const TLS_FAILED: &str = "error performing TLS handshake";

impl Failure {
    /// Converts an error of the driver.
    pub(super) fn of(at: &Host, error: tokio_postgres::Error) -> Self {
        if let Some(refusal) = error.as_db_error() {
            return Self::refused(at, refusal);
        }
        let is_tls = error.to_string() == TLS_FAILED;
        let text = if is_tls { tls(at, &error) } else { lost(at, &error) };
        let cause: Option<Cause> = error.into_source().map(Arc::from);
        Self { problem: StoreProblem::new(text, cause), code: None, is_tls, is_replaced: false }
    }

    /// An answer or a connection did not arrive within its time limit.
    pub(super) fn late(at: impl fmt::Display, what: &str) -> Self {
        let text =
            format!("PostgreSQL at {at} {what} in time; check that its machine runs and can be reached");
        Self::new(text)
    }

    /// The server can be reached, but not used.
    pub(super) fn new(text: String) -> Self {
        Self { problem: StoreProblem::new(text, None), code: None, is_tls: false, is_replaced: false }
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.code == Some(SqlState::READ_ONLY_SQL_TRANSACTION)
    }

    /// Whether all connections to this server must be replaced: the server is read-only or shutting down, or the
    /// connection is lost.
    pub(super) fn is_of_the_connection(&self) -> bool {
        self.code.as_ref().is_none_or(|code| {
            let ending = [
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
                SqlState::CANNOT_CONNECT_NOW,
                SqlState::IDLE_SESSION_TIMEOUT,
            ];
            self.is_read_only() || ending.contains(code) || code.code().starts_with("08")
        })
    }

    fn refused(at: &Host, refusal: &DbError) -> Self {
        let (message, code) = (refusal.message(), refusal.code());
        let text = match code.code() {
            "28P01" => format!(
                "PostgreSQL at {at} refuses the user or the password ({message}); check both in `url`, and that they \
                 are percent-encoded"
            ),
            "28000" => format!(
                "PostgreSQL at {at} does not let this user in ({message}); check the user and `sslmode` in `url`, and the \
                 server's pg_hba.conf"
            ),
            "3D000" => format!(
                "PostgreSQL at {at} does not have the database ({message}); create it, or correct its name in `url`"
            ),
            "3F000" => format!(
                "PostgreSQL at {at} does not have the schema ({message}); create it, or correct `schema` in `url`"
            ),
            "42501" => format!(
                "the user of `url` lacks a right in PostgreSQL at {at} ({message}); grant it what docs/stores.md lists"
            ),
            "42P01" => format!(
                "a table of smartrecruiters is gone from PostgreSQL at {at} ({message}); restore it, or create it as \
                 docs/stores.md shows"
            ),
            "25006" => format!(
                "PostgreSQL at {at} accepts no writes ({message}): it is a standby, or default_transaction_read_only is \
                 on; make it writable, or name the other hosts in `url`, too"
            ),
            "53100" => format!("the disk of PostgreSQL at {at} is full ({message}); make room on it"),
            "53200" => format!("PostgreSQL at {at} has no memory left ({message}); give it more"),
            "53300" => format!(
                "PostgreSQL at {at} has too many connections ({message}); lower `connections`, raise max_connections, \
                 or put a pooler in front of it"
            ),
            "57P01" | "57P02" => format!(
                "PostgreSQL at {at} closed the connection because it shuts down, or because an administrator ended it \
                 ({message}); the next use connects again"
            ),
            "57P03" => format!(
                "PostgreSQL at {at} accepts no connections at present ({message}); it is starting or shutting down"
            ),
            "57014" | "55P03" => format!(
                "PostgreSQL at {at} did not finish a statement in the time that it allows ({message}); check \
                 statement_timeout, lock_timeout and what holds locks"
            ),
            code => format!("PostgreSQL at {at} answered: {message} (SQLSTATE {code}); its log may say more"),
        };
        let cause = Refusal { message: message.to_owned(), code: code.code().to_owned() };
        let problem = StoreProblem::new(text, Some(Arc::new(cause)));
        Self { problem, code: Some(code.clone()), is_tls: false, is_replaced: false }
    }
}

/// The message for a failure other than TLS.
fn lost(at: &Host, error: &tokio_postgres::Error) -> String {
    let cause = error.source();
    if let Some(error) = cause.and_then(|cause| cause.downcast_ref::<io::Error>()) {
        return match error.kind() {
            io::ErrorKind::ConnectionRefused => format!(
                "no connection to PostgreSQL at {at}: it was refused; check that the server runs, and the host and \
                 port in `url`"
            ),
            io::ErrorKind::NotFound => {
                format!(
                    "there is no socket of PostgreSQL at {at}; check that the server runs, and `host` in `url`"
                )
            }
            io::ErrorKind::TimedOut => {
                format!("PostgreSQL at {at} does not answer; check that its machine runs and can be reached")
            }
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                format!(
                    "PostgreSQL at {at} closed the connection before it answered; check the server's log, and whether it \
                 only speaks TLS"
                )
            }
            _ => format!("no connection to PostgreSQL at {at}: {error}; check `url` and the network"),
        };
    }
    match cause {
        Some(cause) => format!("PostgreSQL at {at}: {error}: {cause}; check `url` and the server"),
        None => format!("PostgreSQL at {at}: {error}; the next use connects again"),
    }
}

fn tls(at: &Host, error: &tokio_postgres::Error) -> String {
    if let Some(why) = tls::explain(error) {
        return format!("the certificate of PostgreSQL at {at}, or its TLS, was not accepted: {why}");
    }
    let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    format!(
        "TLS with PostgreSQL at {at} failed: {why}; check `sslmode` in `url`, and that the server has ssl = on"
    )
}
