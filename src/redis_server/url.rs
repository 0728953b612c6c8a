//! [`ServerUrl`]: the parsed URL of a Redis server.

use std::fmt::Display;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use redis::{ProtocolVersion, RedisConnectionInfo};
use url::{Host, Url};

use crate::error::{Error, Result};
use crate::secret::Secret;

const DEFAULT_PORT: u16 = 6379;

/// The settings in the URL of a Redis server.
pub(super) struct ServerUrl {
    pub(super) address: Address,
    /// Whether to use TLS.
    pub(super) tls: bool,
    /// User, password, database and protocol.
    pub(super) login: RedisConnectionInfo,
}

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A host name or an address, and a port.
    Tcp { host: String, port: u16, family: Family },
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Which kinds of a host's addresses are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Any,
    V4,
    V6,
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
    /// Reads `redis://user:password@host:6379/0`, `rediss://…` or `unix:///run/redis.sock?db=0`, or the same with
    /// `valkey`.
    ///
    /// Fails with [`Error::Configuration`] that never quotes a part of the URL that may hold a secret.
    pub(super) fn parse(url: &Secret) -> Result<Self> {
        let text = url.expose();
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
        let (tls, unix) = match scheme.as_str() {
            "redis" | "valkey" => (false, false),
            "rediss" | "valkeys" | "redis+tls" | "redis+ssl" => (true, false),
            "unix" | "redis+unix" | "valkey+unix" | "redis+socket" => (false, true),
            scheme if scheme.contains("sentinel") => return Err(bad_url(SENTINEL)),
            scheme if scheme.contains("cluster") => return Err(bad_url(CLUSTER)),
            _ => return Err(bad_url(FORM)),
        };
        if !unix && authority(text).contains(',') {
            return Err(bad_url(CLUSTER));
        }
        let url = Url::parse(text).map_err(|_| bad_url(FORM))?;
        if let Some(fragment) = url.fragment() {
            return Err(bad_url(if fragment == "insecure" { INSECURE } else { FRAGMENT }));
        }
        let mut login = RedisConnectionInfo::default()
            // The user then needs no right to CLIENT commands.
            .set_skip_set_lib_name();
        let (mut user, mut password) =
            (decoded(url.username())?, url.password().map(decoded).transpose()?.unwrap_or_default());
        let (mut family, mut database) = (Family::Any, String::new());
        if !unix {
            url.path().trim_start_matches('/').clone_into(&mut database);
        }
        for (name, value) in url.query_pairs() {
            match &*name {
                "db" => database = value.into_owned(),
                "protocol" => login = login.set_protocol(protocol(&value)?),
                "family" => family = self::family(&value)?,
                "user" | "username" if unix => user = value.into_owned(),
                "pass" | "password" if unix => password = value.into_owned(),
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
        login = login.set_db(database.into());
        match (user.is_empty(), password.is_empty()) {
            (_, false) => login = login.set_password(password),
            (false, true) => return Err(bad_url(NO_PASSWORD)),
            (true, true) => {}
        }
        if !user.is_empty() {
            login = login.set_username(user);
        }
        let address = if unix { Address::Unix(socket(&url)?) } else { tcp(&url, family)? };
        Ok(Self { address, tls, login })
    }
}

const FORM: &str = "must be a URL such as redis://user:password@redis.example.com:6379/0, rediss://… for TLS, or \
                    unix:///run/redis/redis.sock; characters such as @, : or / in user or password are written as %40, \
                    %3A or %2F";
const SENTINEL: &str = "names Sentinels, which are not supported; give the redis:// URL of a name, proxy or load \
                        balancer that leads to the primary";
const CLUSTER: &str = "names several nodes or a cluster, which is not supported; give the redis:// URL of one server \
                       without cluster mode, or of a proxy";
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
        format!("has {name}, which is not known; known are `db`, `family` and `protocol`"),
    )
}

/// The part of a URL between `//` and the path.
fn authority(url: &str) -> &str {
    let rest = url.split_once("//").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}

fn tcp(url: &Url, family: Family) -> Result<Address> {
    let host = match url.host().ok_or_else(|| bad_url(FORM))? {
        Host::Domain(name) => decoded(name)?,
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    if host.is_empty() || host.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err(bad_url(FORM));
    }
    Ok(Address::Tcp { host, port: url.port().unwrap_or(DEFAULT_PORT), family })
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
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<ServerUrl> {
        ServerUrl::parse(&Secret::new(url))
    }

    fn address(url: &str) -> String {
        parse(url).unwrap_or_else(|error| panic!("{url}: {error}")).address.to_string()
    }

    #[test]
    fn a_url_leads_to_a_host_or_a_socket() {
        for (url, expected) in [
            ("redis://redis.example.com", "redis.example.com:6379"),
            ("redis://redis.example.com:7000/3", "redis.example.com:7000"),
            ("REDISS://redis.example.com", "redis.example.com:6379"),
            ("valkeys://10.0.0.1:1", "10.0.0.1:1"),
            ("redis://[::1]:7000", "[::1]:7000"),
            ("redis://:p,w@redis.example.com", "redis.example.com:6379"),
            #[cfg(unix)]
            ("unix:///run/redis.sock?db=2", "/run/redis.sock"),
            #[cfg(unix)]
            ("redis+unix:///run/a%20b.sock", "/run/a b.sock"),
        ] {
            assert_eq!(address(url), expected);
        }
        assert!(parse("rediss://h").unwrap().tls && parse("redis+tls://h").unwrap().tls);
        assert!(!parse("redis://h").unwrap().tls);
    }

    #[test]
    fn user_password_database_and_protocol_are_decoded() {
        let login = parse("redis://us%3Aer:p%40ss%2Fw%23d@h/7?protocol=resp3&family=4").unwrap();
        assert_eq!(login.login.username(), Some("us:er"));
        assert_eq!(login.login.password(), Some("p@ss/w#d"));
        assert_eq!((login.login.db(), login.login.protocol()), (7, ProtocolVersion::RESP3));
        let plain = parse("redis://:pw@h?db=2&ssl_cert_reqs=required").unwrap().login;
        assert_eq!((plain.username(), plain.password(), plain.db()), (None, Some("pw"), 2));
        assert_eq!(plain.protocol(), ProtocolVersion::RESP2);
        let none = parse("redis://h/").unwrap().login;
        assert_eq!((none.username(), none.password(), none.db()), (None, None, 0));
        #[cfg(unix)]
        assert_eq!(parse("unix:///s?user=u&pass=p").unwrap().login.password(), Some("p"));
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name_and_never_quoted() {
        for (url, word) in [
            ("", "redis://user"),
            ("canary", "redis://user"),
            ("http://canary@host", "redis://user"),
            ("redis://", "redis://user"),
            ("redis://canary@host:99999999", "redis://user"),
            ("redis://u:can%FFary@host", "redis://user"),
            ("redis://canary@host", "without a password"),
            ("redis://u:canary@host/canary", "number of a database"),
            ("redis://u:canary@host?protocol=canary", "resp3"),
            ("redis://u:canary@host?family=canary", "family"),
            ("redis://u:canary@host?tls_insecure=canary", "`tls_insecure`"),
            ("redis://u:canary@host?canary-%20=1", "a parameter"),
            ("rediss://u:canary@host#insecure", "not to check"),
            ("rediss://u:canary@host?ssl_cert_reqs=none", "not to check"),
            ("redis://u:pw#canary@host", "redis://user"),
            ("redis://host/0#canary", "%23"),
            ("redis-sentinel://canary@a,b/mymaster", "Sentinel"),
            ("redis+sentinel://a/mymaster", "Sentinel"),
            ("redis-cluster://a", "cluster"),
            ("redis://u:canary@a:1,b:2", "cluster"),
            ("unix://canary", "socket"),
            ("unix:///", "socket"),
        ] {
            let Err(Error::Configuration { field, problem }) = parse(url).map(|_| ()) else {
                panic!("{url} was taken");
            };
            assert_eq!(field, "url");
            assert!(problem.contains(word), "{url}: {problem}");
            assert!(!problem.contains("canary"), "{url}: {problem}");
        }
    }
}
