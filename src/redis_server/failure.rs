//! [`Failure`]: why Redis could not be used, in words, and whether the command may have been executed.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError};

use super::url::Address;
use crate::error::Cause;
use crate::tls;

/// Why Redis could not be used. Its words quote neither the URL nor what the server said beyond a code and the name of a
/// command: its text is not ours to vouch for.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// What happened, where, and what to do about it.
    pub(crate) problem: Cow<'static, str>,
    /// The error underneath.
    pub(crate) cause: Option<Cause>,
    /// Whether the server refused the command for what the server is at present, before it changed anything: another
    /// connection may lead to a server that takes it.
    pub(super) is_refusal_for_now: bool,
    /// Whether the connection was lost before the answer came.
    pub(super) is_lost: bool,
    /// Whether the user may not run the command.
    pub(crate) is_forbidden: bool,
    /// Whether the server does not have the script.
    pub(super) lacks_script: bool,
}

impl Failure {
    fn new(problem: impl Into<Cow<'static, str>>, cause: Option<Cause>) -> Self {
        Self {
            problem: problem.into(),
            cause,
            is_refusal_for_now: false,
            is_lost: false,
            is_forbidden: false,
            lacks_script: false,
        }
    }

    /// Something that Redis holds, or says, is not what it should be.
    pub(crate) fn other(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::new(problem, None)
    }

    /// There is no connection.
    pub(super) fn unreachable(at: &Address, error: io::Error) -> Self {
        let problem = match tls::explain(&error) {
            Some(why) => format!("the TLS connection to Redis at {at} failed: {why}"),
            None => match error.kind() {
                io::ErrorKind::TimedOut => format!(
                    "there was no connection to Redis at {at} in time; check `url`, and firewalls in between"
                ),
                io::ErrorKind::ConnectionRefused => format!(
                    "Redis at {at} refuses connections; check that the server runs, and host and port in `url`"
                ),
                io::ErrorKind::NotFound if matches!(at, Address::Unix(_)) => {
                    format!("there is no socket of Redis at {at}; check that the server runs, and `url`")
                }
                _ => format!("Redis at {at} cannot be reached ({error}); check `url` and the network"),
            },
        };
        Self::new(problem, Some(Arc::new(error)))
    }

    /// The name of the host has no address.
    pub(super) fn unresolved(host: &str, error: Option<io::Error>) -> Self {
        let problem =
            format!("the host name {host:?} of Redis cannot be resolved; check `url` and the network");
        Self::new(problem, error.map(|error| Arc::new(error) as Cause))
    }

    /// The server is connected, and silent.
    pub(super) fn no_answer(at: &Address) -> Self {
        Self::new(format!("Redis at {at} did not answer in time; check its load, and the network"), None)
    }

    /// The client was refused before any command.
    pub(super) fn at_login(at: &Address, tls: bool, error: RedisError) -> Self {
        if error.kind() == ErrorKind::AuthenticationFailed {
            let problem = format!("Redis at {at} refuses the user or the password of `url`; check both");
            return Self::new(problem, Some(Arc::new(error)));
        }
        let is_closed = error.is_connection_dropped();
        let mut failure = Self::of(at, error);
        if is_closed && !tls {
            failure.problem = format!(
                "Redis at {at} closed the connection at once; if it speaks TLS alone, `url` has to begin with rediss://"
            )
            .into();
        }
        failure
    }

    /// A command failed.
    pub(super) fn of(at: &Address, error: RedisError) -> Self {
        let code = code(&error).map(str::to_owned);
        let problem = match code.as_deref() {
            Some(code) => refused(at, code, &error),
            None => match tls::explain(&error) {
                Some(why) => format!("the TLS connection to Redis at {at} failed: {why}"),
                None if error.is_timeout() => return Self::no_answer(at),
                None if error.is_io_error() => {
                    format!(
                        "the connection to Redis at {at} ended before its answer; it is made again when next used"
                    )
                }
                None => format!("Redis at {at} gave an answer that cannot be read ({})", error.category()),
            },
        };
        let code = code.as_deref();
        Self {
            is_refusal_for_now: code.is_some_and(|code| FOR_NOW.contains(&code)),
            is_lost: error.is_connection_dropped(),
            is_forbidden: code == Some("NOPERM"),
            lacks_script: code == Some("NOSCRIPT"),
            // The server's text may quote arguments, and so records.
            ..Self::new(problem, error.is_io_error().then(|| Arc::new(error) as Cause))
        }
    }
}

/// Codes by which a server refuses a command, before it changes anything, for what it is at present.
const FOR_NOW: [&str; 9] = [
    "READONLY",
    "MASTERDOWN",
    "LOADING",
    "CLUSTERDOWN",
    "NOREPLICAS",
    "UNBLOCKED",
    "TRYAGAIN",
    "MOVED",
    "ASK",
];

/// The server's error code. Redis 6 wraps that of a script's command: `ERR Error running script (…): -READONLY You …`.
fn code(error: &RedisError) -> Option<&str> {
    let code = error.code()?;
    let detail = error.detail().unwrap_or_default();
    if code == "ERR" {
        let inner = detail.split(" -").skip(1).filter_map(|rest| rest.split(' ').next());
        let mut known =
            inner.filter(|code| FOR_NOW.contains(code) || ["OOM", "MISCONF", "NOPERM"].contains(code));
        if let Some(inner) = known.next() {
            return Some(inner);
        }
        // Redis 6 and 7 say so of a command in a script, each in its own way.
        if detail.contains("can't run this command") || detail.starts_with("ACL failure in script") {
            return Some("NOPERM");
        }
    }
    Some(code)
}

fn refused(at: &Address, code: &str, error: &RedisError) -> String {
    match code {
        "NOAUTH" => {
            format!("Redis at {at} asks for a password; write it in `url`, as redis://user:password@…")
        }
        "WRONGPASS" => format!("Redis at {at} refuses the user or the password of `url`; check both"),
        "NOPERM" => {
            let command =
                command(error).map_or_else(String::new, |command| format!(" run `{command}`, or may not"));
            format!(
                "Redis at {at} says that the user may not{command} use the keys smartrecruiters:*; grant the rights \
                 that docs/redis.md lists"
            )
        }
        "READONLY" => {
            format!("Redis at {at} is a replica, which can only read; `url` has to lead to the primary")
        }
        "MASTERDOWN" => {
            format!("Redis at {at} is a replica that has lost its primary; `url` has to lead to the primary")
        }
        "LOADING" => format!("Redis at {at} is still reading its data from the disk; try again when it has"),
        "NOREPLICAS" => format!(
            "Redis at {at} has too few replicas to accept writes (min-replicas-to-write); check its replicas"
        ),
        "CLUSTERDOWN" => format!("Redis at {at} is a node of a cluster that is down; check the cluster"),
        "MOVED" | "ASK" | "CROSSSLOT" | "TRYAGAIN" => {
            let node = error.redirect_node().map(|(node, _)| node).filter(|node| is_plain(node));
            let node = node.map_or_else(String::new, |node| format!(" (these are at {node})"));
            format!(
                "Redis at {at} is a node of a cluster and does not hold these keys{node}; clusters of several nodes are \
                 not supported: give the URL of a server without cluster mode, or of a proxy"
            )
        }
        "OOM" => format!("Redis at {at} has no memory left (maxmemory); give it more"),
        "MISCONF" => format!(
            "Redis at {at} cannot write to its disk, and so accepts no writes; check its disk and log"
        ),
        "NOSCRIPT" => format!("Redis at {at} does not have the script"),
        "BUSY" => format!("Redis at {at} is busy with a script that does not end; SCRIPT KILL ends it"),
        "WRONGTYPE" => {
            format!(
                "a key of smartrecruiters in Redis at {at} holds something else; use another database or namespace"
            )
        }
        code => format!("Redis at {at} answered with the error {code}"),
    }
}

/// The name of the command that the user may not run, as the server quotes it.
fn command(error: &RedisError) -> Option<&str> {
    let (_, rest) = error.detail()?.split_once('\'')?;
    let (name, _) = rest.split_once('\'')?;
    let is_command = name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'|');
    is_command.then_some(name)
}

fn is_plain(node: &str) -> bool {
    node.len() <= 255 && node.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-_[]".contains(&byte))
}
