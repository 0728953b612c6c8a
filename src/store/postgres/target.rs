//! [`Target`]: which servers a connection string names, and how to connect to them.
//!
//! Parameters have the same meaning as in libpq. Parameters of frameworks are followed if they concern this store, and
//! otherwise ignored.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslNegotiation};

use super::tls::{Authorities, TlsOptions};
use super::url::Parameters;
use crate::error::{Error, Result};

const PORT: u16 = 5432;
/// The default time limit for connecting to one host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The default time limit for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time limit that the URL can set, since the lease on an exchange must outlast a store that does not
/// answer.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(20);
/// How long sent data may stay unacknowledged by the server.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(5);
/// How long a connection may be idle before the operating system probes it.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
const MOST_CONNECTIONS: usize = 1_000;

/// Parameters of frameworks, and of libpq for features that are not used here. None of them changes what is stored,
/// where, or how safely.
const IGNORED: [&str; 14] = [
    "pgbouncer",
    "pool_timeout",
    "statement_cache_size",
    "uselibpqcompat",
    "supa",
    "workaround",
    "pool",
    "pool_mode",
    "prepareThreshold",
    "client_encoding",
    "sslcompression",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
];

/// One server of a connection string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    /// A host name, an address, or the folder of a Unix-domain socket.
    pub(super) name: String,
    /// The address of the host, if it was given.
    pub(super) address: Option<IpAddr>,
    pub(super) port: u16,
}

impl Host {
    pub(super) fn is_socket(&self) -> bool {
        self.address.is_none() && self.name.starts_with('/')
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, port, .. } = self;
        if self.is_socket() {
            write!(f, "{name}/.s.PGSQL.{port}")
        } else if name.contains(':') {
            write!(f, "[{name}]:{port}")
        } else {
            write!(f, "{name}:{port}")
        }
    }
}

/// Whether a connection is encrypted. This is the part of `sslmode` that does not concern verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    Never,
    /// Encrypted only if the server refuses an unencrypted connection.
    IfDemanded,
    /// Encrypted if the server offers it.
    IfOffered,
    Always,
}

/// Which kind of server is accepted: `target_session_attrs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    Any,
    Writable,
    Primary,
}

/// The servers of a store, and how to connect to them.
pub(super) struct Target {
    /// One or more hosts, the preferred one first.
    pub(super) hosts: Vec<Host>,
    /// Whether each connection tries the hosts in a random order.
    pub(super) shuffle: bool,
    /// The settings that are the same for all hosts.
    pub(super) config: Config,
    pub(super) encryption: Encryption,
    pub(super) tls: TlsOptions,
    pub(super) session: Session,
    /// The schema of the tables. Default: the first one of the user's `search_path`.
    pub(super) schema: Option<String>,
    /// How many connections may be open.
    pub(super) connections: Option<usize>,
    pub(super) connect_timeout: Duration,
    pub(super) answer_timeout: Duration,
}

/// Parameters as given, which can only be interpreted together.
#[derive(Default)]
struct Given {
    hosts: String,
    addresses: String,
    ports: String,
    sslmode: Option<&'static str>,
    /// The `sslmode` that the frameworks' parameter `ssl` implies if there is no `sslmode`.
    ssl: Option<&'static str>,
    session: Option<Session>,
    fallback_application_name: Option<String>,
    /// Whether Prisma's `sslaccept` asks for a verified certificate.
    strict: bool,
}

impl Target {
    /// Reads a connection string. `ca` holds authorities to trust in addition to the default ones, in PEM.
    pub(super) fn parse(text: &str, ca: Option<&str>) -> Result<Self> {
        let parameters = Parameters::parse(text)?;
        let mut config = Config::new();
        config.tcp_user_timeout(ACKNOWLEDGED_WITHIN).keepalives_idle(KEEPALIVE_AFTER);
        let mut target = Self {
            hosts: Vec::new(),
            shuffle: false,
            config,
            encryption: Encryption::IfOffered,
            tls: TlsOptions { ca: ca.map(str::to_owned), ..TlsOptions::default() },
            session: Session::Any,
            schema: None,
            connections: None,
            connect_timeout: CONNECT_TIMEOUT,
            answer_timeout: ANSWER_TIMEOUT,
        };
        let mut given = Given::default();
        for (index, (name, value)) in parameters.pairs.iter().enumerate() {
            if !target.set(&mut given, name, value)? {
                return Err(wrong(match parameters.shown(index) {
                    Some(name) => {
                        format!("has the parameter `{name}`, which is not known here; leave it out")
                    }
                    None => {
                        "has a parameter that is not known here; a password in it must be percent-encoded"
                            .to_owned()
                    }
                }));
            }
        }
        target.put_together(&given)?;
        Ok(target)
    }

    /// Applies one parameter. Returns false if it is unknown.
    fn set(&mut self, given: &mut Given, name: &str, value: &str) -> Result<bool> {
        let config = &mut self.config;
        match name {
            "host" => value.clone_into(&mut given.hosts),
            "hostaddr" => value.clone_into(&mut given.addresses),
            "port" => value.clone_into(&mut given.ports),
            "user" => drop(config.user(value)),
            "password" => drop(config.password(value)),
            "dbname" => drop(config.dbname(value)),
            "options" => drop(config.options(value)),
            "application_name" => drop(config.application_name(value)),
            "fallback_application_name" => given.fallback_application_name = Some(value.to_owned()),
            "target_session_attrs" => given.session = Some(session(value)?),
            "load_balance_hosts" => {
                self.shuffle = one_of(name, value, &[("disable", false), ("random", true)])?;
            }
            "sslmode" => given.sslmode = Some(sslmode(value)?),
            "ssl" => given.ssl = Some(if is_true(name, value)? { "verify-full" } else { "disable" }),
            "sslaccept" => {
                given.strict |= one_of(name, value, &[("strict", true), ("accept_invalid_certs", false)])?;
            }
            "sslrootcert" if value == "system" => self.tls.authorities = Authorities::System,
            "sslrootcert" => self.tls.authorities = Authorities::File(value.to_owned()),
            "sslcert" => self.tls.certificate = Some(value.to_owned()),
            "sslkey" => self.tls.key = Some(value.to_owned()),
            "sslsni" => self.tls.sends_no_name = !is_true(name, value)?,
            "ssl_min_protocol_version" => {
                let versions = [("TLSv1", false), ("TLSv1.1", false), ("TLSv1.2", false), ("TLSv1.3", true)];
                self.tls.only_version_13 = one_of(name, value, &versions)?;
            }
            "sslnegotiation" => {
                let kinds = [("postgres", SslNegotiation::Postgres), ("direct", SslNegotiation::Direct)];
                let kind = one_of(name, value, &kinds)?;
                self.tls.direct = kind == SslNegotiation::Direct;
                config.ssl_negotiation(kind);
            }
            "channel_binding" => {
                let kinds = [
                    ("disable", ChannelBinding::Disable),
                    ("prefer", ChannelBinding::Prefer),
                    ("require", ChannelBinding::Require),
                ];
                config.channel_binding(one_of(name, value, &kinds)?);
            }
            "gssencmode" => {
                one_of(name, value, &[("disable", ()), ("prefer", ())])?;
            }
            "connect_timeout" => self.connect_timeout = seconds(name, value, CONNECT_TIMEOUT)?,
            "socket_timeout" => self.answer_timeout = seconds(name, value, ANSWER_TIMEOUT)?,
            "tcp_user_timeout" => {
                config.tcp_user_timeout(Duration::from_millis(number(name, value)?));
            }
            "keepalives" => drop(config.keepalives(is_true(name, value)?)),
            "keepalives_idle" => {
                config.keepalives_idle(Duration::from_secs(number(name, value)?));
            }
            "keepalives_interval" => {
                config.keepalives_interval(Duration::from_secs(number(name, value)?));
            }
            "keepalives_count" => {
                config.keepalives_retries(u32::try_from(number(name, value)?).unwrap_or(u32::MAX));
            }
            "schema" => self.schema = Some(value.to_owned()).filter(|schema| !schema.is_empty()),
            "connection_limit" => {
                let limit = usize::try_from(number(name, value)?).unwrap_or(MOST_CONNECTIONS);
                self.connections = Some(limit.clamp(1, MOST_CONNECTIONS));
            }
            name => return Ok(IGNORED.contains(&name)),
        }
        Ok(true)
    }

    fn put_together(&mut self, given: &Given) -> Result<()> {
        self.hosts = hosts(given)?;
        // If there are several servers, only the primary accepts writes.
        let default = if self.hosts.len() > 1 { Session::Writable } else { Session::Any };
        self.session = given.session.unwrap_or(default);
        if self.config.get_application_name().is_none() {
            self.config
                .application_name(given.fallback_application_name.as_deref().unwrap_or("smartrecruiters"));
        }
        let trusts_given = self.tls.ca.is_some() || self.tls.authorities != Authorities::Default;
        let mode = match given.sslmode.or(given.ssl) {
            Some("disable") => "disable",
            _ if given.strict => "verify-full",
            Some(mode) => mode,
            // Authorities are given so that certificates are verified by them.
            None if trusts_given => "verify-full",
            None => "prefer",
        };
        if self.tls.authorities == Authorities::System && mode != "verify-full" {
            return Err(wrong("has `sslrootcert=system`, which needs `sslmode=verify-full`"));
        }
        if self.tls.direct && matches!(mode, "disable" | "allow" | "prefer") {
            return Err(wrong(
                "has `sslnegotiation=direct`, which needs `sslmode=require` or a stricter one",
            ));
        }
        self.encryption = match mode {
            "disable" => Encryption::Never,
            "allow" => Encryption::IfDemanded,
            "prefer" => Encryption::IfOffered,
            _ => Encryption::Always,
        };
        self.tls.verifies_authority = match mode {
            "verify-ca" | "verify-full" => true,
            "no-verify" => false,
            // libpq verifies certificates if authorities are given.
            _ => trusts_given,
        };
        self.tls.verifies_name = mode == "verify-full";
        Ok(())
    }
}

fn hosts(given: &Given) -> Result<Vec<Host>> {
    let list = |text: &str| -> Vec<String> {
        if text.is_empty() {
            Vec::new()
        } else {
            text.split(',').map(|part| part.trim().to_owned()).collect()
        }
    };
    let [names, addresses, ports] = [&given.hosts, &given.addresses, &given.ports].map(|text| list(text));
    let count = names.len().max(addresses.len());
    if count == 0 || names.iter().chain(&addresses).all(String::is_empty) {
        return Err(wrong(
            "names no host: write it as in postgres://user:password@db.example.com:5432/app, or as \
             ?host=/run/postgresql for a socket",
        ));
    }
    if [&names, &addresses].iter().any(|list| !list.is_empty() && list.len() != count) {
        return Err(wrong("must have as many entries in `hostaddr` as in `host`"));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(wrong("must have one port, or one for each host"));
    }
    let at = |list: &[String], index: usize| list.get(index).filter(|text| !text.is_empty()).cloned();
    let ports = ports.iter().map(|port| parse_port(port)).collect::<Result<Vec<_>>>()?;
    (0..count)
        .map(|index| {
            let address = at(&addresses, index)
                .map(|address| address.parse::<IpAddr>())
                .transpose()
                .map_err(|_| wrong("has a `hostaddr` that is not an IP address"))?;
            let name = at(&names, index)
                .or_else(|| address.map(|address| address.to_string()))
                .ok_or_else(|| wrong("has an empty entry in its list of hosts"))?;
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(PORT);
            Ok(Host { name, address, port })
        })
        .collect()
}

fn parse_port(text: &str) -> Result<u16> {
    if text.is_empty() {
        return Ok(PORT);
    }
    let problem =
        "has a port that is not a number of 1 to 65535; if it is a part of the password, percent-encode it";
    text.parse().ok().filter(|port| *port > 0).ok_or_else(|| wrong(problem))
}

fn session(value: &str) -> Result<Session> {
    match value {
        "any" => Ok(Session::Any),
        "read-write" => Ok(Session::Writable),
        "primary" => Ok(Session::Primary),
        "read-only" | "standby" | "prefer-standby" => Err(wrong(format!(
            "has `target_session_attrs={value}`, which leads to servers that accept no writes; this store needs \
             `read-write` or `primary`"
        ))),
        _ => Err(wrong("must have one of any, read-write and primary as `target_session_attrs`")),
    }
}

fn sslmode(value: &str) -> Result<&'static str> {
    // The last mode is node-postgres's: encrypted, but not verified.
    ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"]
        .into_iter()
        .find(|mode| *mode == value)
        .ok_or_else(|| {
            wrong("must have one of disable, allow, prefer, require, verify-ca and verify-full as `sslmode`")
        })
}

fn is_true(name: &str, value: &str) -> Result<bool> {
    one_of(name, value, &[("1", true), ("0", false), ("true", true), ("false", false)])
}

fn one_of<T: Copy>(name: &str, value: &str, choices: &[(&str, T)]) -> Result<T> {
    choices.iter().find(|(choice, _)| *choice == value).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let choices: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
        wrong(format!("must have one of {} as `{name}`", choices.join(", ")))
    })
}

fn number(name: &str, value: &str) -> Result<u64> {
    value.parse().map_err(|_| wrong(format!("must have a whole number as `{name}`")))
}

/// Reads a number of seconds. In libpq, 0 and less mean no limit. Here they mean the default, since a wait must end.
fn seconds(name: &str, value: &str, default: Duration) -> Result<Duration> {
    let seconds: i64 = value.parse().map_err(|_| wrong(format!("must have a whole number as `{name}`")))?;
    let given = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs);
    Ok(given.map_or(default, |given| given.min(LONGEST_TIMEOUT)))
}

fn wrong(problem: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::configuration("url", problem)
}

#[cfg(test)]
mod tests;
