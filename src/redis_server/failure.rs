//! [`Failure`]: why Redis could not be used, and whether the command may have been executed.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError};

use super::url::Address;
use crate::error::Cause;
use crate::tls;

/// Why Redis could not be used. The message quotes neither the URL nor the server's text, which might hold secrets, but
/// only an error code and the name of a command.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// What happened, where, and what to do about it.
    pub(crate) problem: Cow<'static, str>,
    /// The error that caused it, if any.
    pub(crate) cause: Option<Cause>,
    /// What the caller in this module can do about it.
    pub(super) kind: Kind,
    /// Where the keys are instead, if the server is a node of a cluster.
    pub(super) redirect: Option<Redirect>,
}

/// How a node of a cluster sends the client to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Redirect {
    /// Another node has the slot from now on, and this one knows which.
    Moved,
    /// The slot is being moved to the node, which already has the key of this command.
    Ask(Address),
}

/// What a failure means for its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The server refused the command because of its current state, before anything was changed. Another connection may
    /// lead to a server that accepts it.
    RefusedForNow,
    /// The keys are being moved to another node of a cluster, and some of them are at neither place.
    BeingMoved,
    /// The connection was lost before the answer arrived.
    Lost,
    /// The user may not run the command.
    Forbidden,
    /// The server does not have the script.
    NoScript,
    /// Anything else.
    Other,
}

impl Failure {
    fn new(problem: impl Into<Cow<'static, str>>, cause: Option<Cause>) -> Self {
        Self { problem: problem.into(), cause, kind: Kind::Other, redirect: None }
    }

    /// A failure because Redis holds or answers something unexpected.
    pub(crate) fn other(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::new(problem, None)
    }

    /// A failure because not enough replicas have confirmed a write in time, which the server itself has.
    pub(super) fn too_few_replicas(at: &Address, confirmed: usize, wanted: usize) -> Self {
        Self::other(format!(
            "Redis at {at} has the write, but {confirmed} instead of {wanted} replicas confirmed it in time; check the \
             replicas, or write `replicas=0` in `url` if a failover may lose records"
        ))
    }

    /// The failure of all Sentinels, of which the last one failed like this.
    pub(super) fn of_all_sentinels(self) -> Self {
        let problem = format!(
            "no Sentinel says where the primary is (their login is `sentinel_username` and `sentinel_password` in `url`): {}",
            self.problem
        );
        Self { problem: problem.into(), ..self }
    }

    /// A failure because a Sentinel does not watch the service.
    pub(super) fn unknown_service(at: &Address) -> Self {
        Self::other(format!(
            "the Sentinel at {at} watches no service with the name in `url`; check the name after the hosts"
        ))
    }

    /// The failure of all nodes of a cluster to say where the keys are, of which the last one failed like this.
    pub(super) fn of_all_nodes(self) -> Self {
        let problem = format!("no node of the cluster says where the keys are: {}", self.problem);
        Self { problem: problem.into(), ..self }
    }

    /// A failure because no node has the slot.
    pub(super) fn unserved_slot(at: &Address) -> Self {
        let problem =
            format!("Redis at {at} says that no node of the cluster has these keys; check the cluster");
        Self { kind: Kind::RefusedForNow, ..Self::other(problem) }
    }

    /// A failure to connect.
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

    /// A failure because the host name has no address.
    pub(super) fn unresolved(host: &str, error: Option<io::Error>) -> Self {
        let problem =
            format!("the host name {host:?} of Redis cannot be resolved; check `url` and the network");
        Self::new(problem, error.map(|error| Arc::new(error) as Cause))
    }

    /// A failure because a connected server does not start TLS. A server without TLS waits for the end of a line.
    pub(super) fn no_tls(at: &Address) -> Self {
        Self::new(
            format!(
                "Redis at {at} did not answer the TLS handshake in time; if it does not speak TLS on this port, `url` has to \
                 begin with redis://"
            ),
            None,
        )
    }

    /// A failure because a connected server does not answer.
    pub(super) fn no_answer(at: &Address) -> Self {
        Self::new(format!("Redis at {at} did not answer in time; check its load, and the network"), None)
    }

    /// A failure because the client was refused before any command.
    pub(super) fn at_login(at: &Address, tls: bool, error: RedisError) -> Self {
        if error.kind() == ErrorKind::AuthenticationFailed {
            let problem = format!("Redis at {at} refuses the user or the password of `url`; check both");
            return Self::new(problem, Some(Arc::new(error)));
        }
        let is_closed = error.is_connection_dropped();
        let mut failure = Self::of(at, error);
        if is_closed && !tls {
            failure.problem = format!(
                "Redis at {at} closed the connection at once; if it only speaks TLS, `url` has to begin with rediss://"
            )
            .into();
        }
        failure
    }

    /// A failure of a command.
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
        let kind = match code.as_deref() {
            Some("NOPERM") => Kind::Forbidden,
            Some("NOSCRIPT") => Kind::NoScript,
            Some("TRYAGAIN") => Kind::BeingMoved,
            Some(code) if FOR_NOW.contains(&code) => Kind::RefusedForNow,
            _ if error.is_connection_dropped() => Kind::Lost,
            _ => Kind::Other,
        };
        let redirect = redirect(at, code.as_deref(), &error);
        // The server's error text may quote arguments, and thus records, so only errors of the connection become the
        // cause.
        Self { kind, redirect, ..Self::new(problem, error.is_io_error().then(|| Arc::new(error) as Cause)) }
    }

    /// Whether the server refused the command because of its current state, before it changed anything.
    pub(super) fn is_for_now(&self) -> bool {
        matches!(self.kind, Kind::RefusedForNow | Kind::BeingMoved)
    }

    /// Whether the connection can be used again after the failure.
    pub(super) fn keeps_connection(&self) -> bool {
        matches!(self.kind, Kind::NoScript | Kind::BeingMoved)
    }

    /// Whether the user may not run the command.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.kind == Kind::Forbidden
    }
}

fn redirect(at: &Address, code: Option<&str>, error: &RedisError) -> Option<Redirect> {
    match code? {
        "MOVED" => Some(Redirect::Moved),
        "ASK" => error.redirect_node().and_then(|(node, _)| Address::named(node, at)).map(Redirect::Ask),
        _ => None,
    }
}

/// Error codes by which a server refuses a command because of its current state, before it changes anything.
const FOR_NOW: [&str; 8] =
    ["READONLY", "MASTERDOWN", "LOADING", "CLUSTERDOWN", "NOREPLICAS", "UNBLOCKED", "MOVED", "ASK"];

/// The server's error code. Redis 6 wraps the error of a command in a script: `ERR Error running script (…): -READONLY
/// You …`.
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
        // Redis 6 and 7 report this differently for a command in a script.
        let words =
            ["can't run this command", "can't access at least one of the keys", "ACL failure in script"];
        if words.iter().any(|words| detail.contains(words)) {
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
            let what = match command(error) {
                Some(command) => format!("run `{command}`"),
                None if error.detail().is_some_and(|detail| detail.contains("access")) => {
                    "use the keys smartrecruiters:*".to_owned()
                }
                None => "run a command of the script".to_owned(),
            };
            format!(
                "Redis at {at} says that the user may not {what}; grant the rights that docs/redis.md lists"
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
        "MOVED" | "ASK" => {
            let node = error.redirect_node().map(|(node, _)| node).filter(|node| is_plain(node));
            let node = node.map_or_else(String::new, |node| format!(" (these are at {node})"));
            format!(
                "Redis at {at} is a node of a cluster and does not hold these keys{node}; `url` has to begin with \
                 redis-cluster:// or rediss-cluster://"
            )
        }
        "TRYAGAIN" => {
            format!(
                "Redis at {at} is moving these keys to another node of the cluster; try again when it has"
            )
        }
        "CROSSSLOT" => format!(
            "Redis at {at} does not find these keys in one slot of the cluster, though they have one hash tag; check \
             proxies that change keys"
        ),
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

/// The name of the command that the user may not run, taken from the server's message.
fn command(error: &RedisError) -> Option<&str> {
    let (_, rest) = error.detail()?.split_once('\'')?;
    let (name, _) = rest.split_once('\'')?;
    let is_command = name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'|');
    is_command.then_some(name)
}

fn is_plain(node: &str) -> bool {
    node.len() <= 255 && node.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-_[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis_server::url::Family;

    fn answered(line: &str) -> Failure {
        let at = Address::Tcp { host: "redis.test".into(), port: 6379, family: Family::Any };
        let value = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        Failure::of(&at, value.extract_error().unwrap_err())
    }

    #[test]
    fn what_a_server_refuses_for_now_is_known_also_from_within_a_script_of_redis_6() {
        for line in [
            "READONLY You can't write against a read only replica. script: 0a, on @user_script:3.",
            "ERR Error running script (call to f_0a): @user_script:3: @user_script: 3: -READONLY You can't write \
             against a read only replica.",
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            "LOADING Redis is loading the dataset in memory",
            "CLUSTERDOWN Hash slot not served",
            "NOREPLICAS Not enough good replicas to write.",
            "UNBLOCKED force unblock from blocking operation",
            "MOVED 3999 10.0.0.2:6380",
            "ASK 3999 10.0.0.2:6380",
        ] {
            assert_eq!(answered(line).kind, Kind::RefusedForNow, "{line}");
        }
        for line in ["ERR unknown command", "OOM command not allowed", "NOPERM no", "WRONGTYPE no", "BUSY no"]
        {
            assert_ne!(answered(line).kind, Kind::RefusedForNow, "{line}");
        }
        assert_eq!(answered("NOSCRIPT No matching script.").kind, Kind::NoScript);
        let moving = answered("TRYAGAIN Multiple keys request during rehashing of slot");
        assert!(moving.is_for_now() && moving.keeps_connection());
    }

    #[test]
    fn a_node_of_a_cluster_names_the_one_that_has_the_keys() {
        let at = |host: &str| Address::Tcp { host: host.into(), port: 6380, family: Family::Any };
        assert_eq!(answered("MOVED 3999 10.0.0.2:6380").redirect, Some(Redirect::Moved));
        assert_eq!(answered("ASK 3999 10.0.0.2:6380").redirect, Some(Redirect::Ask(at("10.0.0.2"))));
        assert_eq!(answered("ASK 3999 :6380").redirect, Some(Redirect::Ask(at("redis.test"))));
        for line in ["ASK 3999 canary", "ASK", "READONLY 3999 10.0.0.2:6380"] {
            assert_eq!(answered(line).redirect, None, "{line}");
        }
    }

    #[test]
    fn each_refusal_says_where_and_what_to_do_and_quotes_no_argument() {
        for (line, words) in [
            ("NOAUTH Authentication required.", "asks for a password"),
            ("WRONGPASS invalid username-password pair", "refuses the user or the password"),
            ("NOPERM User canary has no permissions to run the 'evalsha' command", "may not run `evalsha`"),
            ("NOPERM No permissions to access a key", "keys smartrecruiters:*"),
            (
                "ERR The user executing the script can't run this command or subcommand script: 0a",
                "of the script",
            ),
            (
                "ERR ACL failure in script: User canary has no permissions to run the 'zadd' command",
                "run `zadd`",
            ),
            ("MOVED 3999 10.0.0.2:6380", "these are at 10.0.0.2:6380"),
            ("ASK 3999 10.0.0.2:6380", "redis-cluster://"),
            ("TRYAGAIN Multiple keys request during rehashing of slot", "moving these keys"),
            ("CROSSSLOT Keys in request don't hash to the same slot", "one slot of the cluster"),
            ("OOM command not allowed when used memory > 'maxmemory'.", "no memory"),
            ("MISCONF Errors writing to the AOF file: canary", "cannot write to its disk"),
            ("WRONGTYPE Operation against a key", "holds something else"),
            ("BUSY Redis is busy running a script.", "SCRIPT KILL"),
            ("ERR unknown command 'EVALSHA', with args beginning with: 'canary'", "the error ERR"),
        ] {
            let failure = answered(line);
            assert!(failure.problem.contains(words), "{line}: {}", failure.problem);
            assert!(failure.problem.contains("redis.test:6379"), "{}", failure.problem);
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        }
    }
}
