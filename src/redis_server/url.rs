//! [`ServerUrl`]: the parsed URL of a Redis server.

use std::fmt::Display;
use std::path::PathBuf;
use std::slice;

use percent_encoding::percent_decode_str;
use redis::{ProtocolVersion, RedisConnectionInfo};
use url::{Host, Url};

use crate::error::{Error, Result};
use crate::secret::Secret;

const DEFAULT_PORT: u16 = 6379;

const DEFAULT_SENTINEL_PORT: u16 = 26379;

/// The settings in the URL of a Redis server, of the Sentinels that know it, or of a cluster.
pub(super) struct ServerUrl {
    pub(super) place: Place,
    /// Whether to use TLS.
    pub(super) tls: bool,
    /// User, password, database and protocol.
    pub(super) login: RedisConnectionInfo,
    /// How many replicas must have a write before it counts, if the URL says so.
    pub(super) replicas: Option<usize>,
}

/// Where the server is found.
pub(super) enum Place {
    /// One server.
    Server(Address),
    /// The primary of `service`, which any of `sentinels` knows.
    Sentinels { sentinels: Vec<Address>, service: String, login: RedisConnectionInfo },
    /// A cluster, which any of these nodes knows.
    Cluster(Vec<Address>),
}

impl Place {
    /// The addresses that the URL names.
    pub(super) fn addresses(&self) -> &[Address] {
        match self {
            Self::Server(address) => slice::from_ref(address),
            Self::Sentinels { sentinels: addresses, .. } | Self::Cluster(addresses) => addresses,
        }
    }
}

/// The three kinds of [`Place`], as the scheme names them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Server,
    Sentinels,
    Cluster,
}

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Address {
    /// A host name or an address, and a port.
    Tcp { host: String, port: u16, family: Family },
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Which kinds of a host's addresses are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Family {
    Any,
    V4,
    V6,
}

impl Address {
    /// Reads `host:port`, as servers name each other. A missing host means that of `at`, the server that wrote it.
    pub(super) fn named(by: &str, at: &Self) -> Option<Self> {
        let (host, port) = by.rsplit_once(':')?;
        Self::reported(host, port.parse().ok()?, at)
    }

    /// The address that the server `at` reports. A missing host means its own.
    pub(super) fn reported(host: &str, port: u16, at: &Self) -> Option<Self> {
        let Self::Tcp { host: own, family, .. } = at else { return None };
        let host = if ["", "?"].contains(&host) { own } else { host.trim_matches(['[', ']']) };
        Some(Self::Tcp { host: host.to_owned(), port, family: *family })
    }
}

impl Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

impl ServerUrl {
    /// Reads `redis://user:password@host:6379/0`, `rediss://…`, `unix:///run/redis.sock?db=0`,
    /// `redis-sentinel://user:password@host:26379,host:26379/service/0` or `redis-cluster://host:6379,host:6379`, or the
    /// same with `valkey`.
    ///
    /// Fails with [`Error::Configuration`] that never quotes a part of the URL that may hold a secret.
    pub(super) fn parse(url: &Secret) -> Result<Self> {
        let text = url.expose();
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
        let (base, kind) = kind(&scheme);
        let (tls, unix) = match base {
            "redis" | "valkey" => (false, false),
            "rediss" | "valkeys" | "redis+tls" | "redis+ssl" => (true, false),
            "unix" | "redis+unix" | "valkey+unix" | "redis+socket" if kind == Kind::Server => (false, true),
            base if base.ends_with("unix") || base.ends_with("socket") => return Err(bad_url(SOCKET_ONLY)),
            base if base.contains("sentinel") => return Err(bad_url(SENTINEL)),
            base if base.contains("cluster") => return Err(bad_url(CLUSTER)),
            _ => return Err(bad_url(FORM)),
        };
        // The hosts are read one by one. The URL with the first of them has everything else.
        let (before, hosts, after) = around_hosts(text);
        let (first, others) = match hosts.split_once(',') {
            Some((first, others)) if !unix => (first, Some(others)),
            _ => (hosts, None),
        };
        if kind == Kind::Server && others.is_some() {
            return Err(bad_url(SEVERAL));
        }
        let url = Secret::new([before, first, after].concat());
        let url = Url::parse(url.expose()).map_err(|_| bad_url(FORM))?;
        if let Some(fragment) = url.fragment() {
            return Err(bad_url(if fragment == "insecure" { INSECURE } else { FRAGMENT }));
        }
        let mut protocol = ProtocolVersion::default();
        let [mut user, mut sentinel_user, mut sentinel_password, mut database, mut service] =
            [const { String::new() }; 5];
        decoded(url.username())?.clone_into(&mut user);
        let mut password = url.password().map(decoded).transpose()?.unwrap_or_default();
        let (mut family, mut replicas) = (Family::Any, None);
        let path = url.path().trim_start_matches('/');
        match kind {
            _ if unix => {}
            Kind::Sentinels => {
                let (name, number) = path.split_once('/').unwrap_or((path, ""));
                (service, database) = (decoded(name)?, number.to_owned());
            }
            Kind::Server | Kind::Cluster => path.clone_into(&mut database),
        }
        for (name, value) in url.query_pairs() {
            match &*name {
                "db" => database = value.into_owned(),
                "protocol" => protocol = self::protocol(&value)?,
                "family" => family = self::family(&value)?,
                "replicas" => replicas = Some(self::replicas(&value)?),
                "user" | "username" if unix => user = value.into_owned(),
                "pass" | "password" if unix => password = value.into_owned(),
                "sentinel_username" if kind == Kind::Sentinels => sentinel_user = value.into_owned(),
                "sentinel_password" if kind == Kind::Sentinels => sentinel_password = value.into_owned(),
                "ssl_cert_reqs" if value == "none" => return Err(bad_url(INSECURE)),
                // A parameter of other clients, whose value is always in force here.
                "ssl_cert_reqs" if value == "required" => {}
                _ => return Err(unknown_parameter(&name)),
            }
        }
        let database = match database.as_str() {
            "" => 0,
            digits => digits.parse::<u32>().map_err(|_| bad_url(DATABASE))?,
        };
        if kind == Kind::Cluster && database != 0 {
            return Err(bad_url(CLUSTER_DATABASE));
        }
        let login = login(user, password)?.set_db(database.into()).set_protocol(protocol);
        let place = match kind {
            Kind::Server if unix => Place::Server(Address::Unix(socket(&url)?)),
            Kind::Server => Place::Server(tcp(&url, DEFAULT_PORT, family)?),
            Kind::Cluster => Place::Cluster(addresses(&url, others, DEFAULT_PORT, family)?),
            Kind::Sentinels => {
                // Redis allows only these, so that nothing else is sent, such as a mistyped password.
                let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
                if service.is_empty() || !service.bytes().all(is_allowed) {
                    return Err(bad_url(SERVICE));
                }
                let sentinels = addresses(&url, others, DEFAULT_SENTINEL_PORT, family)?;
                Place::Sentinels { sentinels, service, login: self::login(sentinel_user, sentinel_password)? }
            }
        };
        Ok(Self { place, tls, login, replicas })
    }
}

/// Splits a scheme into that of one server and what it leads to.
fn kind(scheme: &str) -> (&str, Kind) {
    for (word, kind) in [("sentinel", Kind::Sentinels), ("cluster", Kind::Cluster)] {
        if let Some(base) = scheme.strip_suffix(word).and_then(|base| base.strip_suffix(['-', '+'])) {
            return (base, kind);
        }
    }
    (scheme, Kind::Server)
}

const FORM: &str = "must be a URL such as redis://user:password@redis.example.com:6379/0, rediss://… for TLS, or \
                    unix:///run/redis/redis.sock; characters such as @, : or / in user or password are written as %40, \
                    %3A or %2F";
const SENTINEL: &str = "names Sentinels in a form that is not known; write redis-sentinel://user:password@host:26379,\
                        host:26379/service, or rediss-sentinel://… for TLS";
const CLUSTER: &str = "names a cluster in a form that is not known; write redis-cluster://user:password@host:6379,\
                       host:6379, or rediss-cluster://… for TLS";
const SEVERAL: &str = "names several hosts; write redis-cluster://… for the nodes of a cluster, or \
                       redis-sentinel://…/service for Sentinels";
const SOCKET_ONLY: &str = "asks for a socket together with TLS, Sentinels or a cluster, which is not supported; a socket \
                           is unix:///run/redis/redis.sock, and leads to one server without TLS";
const CLUSTER_DATABASE: &str =
    "has the number of a database, but a cluster is only supported with database 0";
const SERVICE: &str =
    "must name the service that the Sentinels watch, as in redis-sentinel://host:26379/mymaster";
const REPLICAS: &str = "must have a number from 0 to 100 as `replicas`, or none";
const INSECURE: &str = "asks not to check the server's certificate, which is not supported; give the certificate of \
                        its authority, or its own, as `ca`";
const FRAGMENT: &str = "has a part after #, which means nothing here; write # in a user or password as %23";
const DATABASE: &str = "must end in the number of a database, such as /0, or in nothing";
const NO_PASSWORD: &str = "has a user without a password; write redis://user:password@…, or redis://:password@… for \
                           the default user";
const SOCKET: &str = "must have the path of a socket, such as unix:///run/redis/redis.sock";

fn bad_url(problem: &'static str) -> Error {
    Error::configuration("url", problem)
}

/// The error for an unknown parameter. A mistyped URL may have a password anywhere, so only a harmless name is quoted.
fn unknown_parameter(name: &str) -> Error {
    let is_plain = name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let name = if is_plain { format!("the parameter `{name}`") } else { "a parameter".to_owned() };
    Error::configuration(
        "url",
        format!(
            "has {name}, which is not known; known are `db`, `family`, `protocol` and \
             `replicas`, and for Sentinels `sentinel_username` and `sentinel_password`"
        ),
    )
}

/// The hosts of a URL, which are between `//` or the password and the path, and the text before and after them.
fn around_hosts(url: &str) -> (&str, &str, &str) {
    let start = url.find("//").map_or(url.len(), |at| at + 2);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    let start = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    (&url[..start], &url[start..end], &url[end..])
}

/// The address of a URL, followed by those of the other hosts.
fn addresses(url: &Url, others: Option<&str>, port: u16, family: Family) -> Result<Vec<Address>> {
    let first = tcp(url, port, family);
    let others = others.into_iter().flat_map(|others| others.split(','));
    let others = others.map(|host| {
        let url = Url::parse(&format!("redis://{host}")).map_err(|_| bad_url(FORM))?;
        tcp(&url, port, family)
    });
    std::iter::once(first).chain(others).collect()
}

fn login(user: String, password: String) -> Result<RedisConnectionInfo> {
    // The user then needs no right to CLIENT commands.
    let mut login = RedisConnectionInfo::default().set_skip_set_lib_name();
    match (user.is_empty(), password.is_empty()) {
        (_, false) => login = login.set_password(password),
        (false, true) => return Err(bad_url(NO_PASSWORD)),
        (true, true) => {}
    }
    if !user.is_empty() {
        login = login.set_username(user);
    }
    Ok(login)
}

fn tcp(url: &Url, default_port: u16, family: Family) -> Result<Address> {
    let host = match url.host().ok_or_else(|| bad_url(FORM))? {
        Host::Domain(name) => decoded(name)?,
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    if host.is_empty() || host.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err(bad_url(FORM));
    }
    Ok(Address::Tcp { host, port: url.port().unwrap_or(default_port), family })
}

fn socket(url: &Url) -> Result<PathBuf> {
    let path = decoded(url.path())?;
    if !cfg!(unix) || url.host().is_some() || path.trim_matches('/').is_empty() {
        return Err(bad_url(SOCKET));
    }
    Ok(PathBuf::from(path))
}

fn protocol(value: &str) -> Result<ProtocolVersion> {
    match value {
        "2" | "resp2" => Ok(ProtocolVersion::RESP2),
        "3" | "resp3" => Ok(ProtocolVersion::RESP3),
        _ => Err(bad_url("must have `resp2` or `resp3` as `protocol`, or none")),
    }
}

fn replicas(value: &str) -> Result<usize> {
    value.parse().ok().filter(|replicas| *replicas <= 100).ok_or_else(|| bad_url(REPLICAS))
}

fn family(value: &str) -> Result<Family> {
    match value {
        "0" => Ok(Family::Any),
        "4" => Ok(Family::V4),
        "6" => Ok(Family::V6),
        _ => Err(bad_url("must have 4, 6 or 0 (either) as `family`, or none")),
    }
}

fn decoded(text: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| bad_url(FORM))?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests;
