//! [`Proxies`]: which proxy a request goes through, by the `proxy` option or the environment variables.

use std::fmt;

use url::{Host, Url};

use super::no_proxy::NoProxy;
use crate::error::{Destination, Error, Result};
use crate::secret::Secret;

/// How to write the URL of a proxy.
const REMEDY: &str =
    "must be an http, https, socks5 or socks5h URL, such as http://user:password@proxy.example.com:3128";

/// Which proxy to connect through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum ProxyChoice {
    /// The proxy of `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY`, except for hosts in `NO_PROXY` and loopback addresses.
    #[default]
    Environment,
    /// No proxy.
    Direct,
    /// The proxy at this URL, for every host. The URL may have a user and a password.
    Url(Secret),
}

/// Which proxy each request goes through.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxies {
    http: Option<Result<Proxy>>,
    https: Option<Result<Proxy>>,
    direct: NoProxy,
}

/// A proxy server.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    pub(super) kind: ProxyKind,
    /// The proxy's host name, or its address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) login: Option<Login>,
}

/// The protocol of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyKind {
    /// HTTP without TLS.
    Http,
    /// HTTP inside TLS.
    Https,
    /// SOCKS version 5 (RFC 1928), where this process looks host names up.
    Socks5,
    /// SOCKS version 5, where the proxy looks host names up.
    Socks5h,
}

/// A user name and password for a proxy.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Secret,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl Proxies {
    /// Reads a choice. `variable` reads an environment variable. An unusable `proxy` option is an error here. An
    /// unusable variable is an error of each request that would use it.
    pub(super) fn new(
        choice: &ProxyChoice,
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self> {
        match choice {
            ProxyChoice::Direct => Ok(Self::default()),
            ProxyChoice::Url(url) => {
                let proxy = Proxy::parse("proxy", url.expose())?;
                let https = Some(Ok(proxy.clone()));
                Ok(Self { http: Some(Ok(proxy)), https, direct: NoProxy::default() })
            }
            ProxyChoice::Environment => {
                let of = |own: &'static str| {
                    [own, "ALL_PROXY"]
                        .into_iter()
                        .find_map(|name| Some((name, variable(name).filter(|url| !url.trim().is_empty())?)))
                        .map(|(name, url)| Proxy::parse(name, &url))
                };
                let direct = NoProxy::with_loopback(&variable("NO_PROXY").unwrap_or_default());
                Ok(Self { http: of("HTTP_PROXY"), https: of("HTTPS_PROXY"), direct })
            }
        }
    }

    /// The proxy for the server of `url`, or `None` if it is reached directly.
    pub(super) fn of_url(&self, url: &Url) -> Result<Option<&Proxy>> {
        let port = url.port_or_known_default().unwrap_or_default();
        self.of(Some(url.scheme()), url.host_str().unwrap_or_default(), port)
    }

    /// Where a request to `url` goes, for errors.
    pub(super) fn destination_of(&self, url: &Url) -> Destination {
        let port = url.port_or_known_default().unwrap_or_default();
        self.destination(Some(url.scheme()), url.host_str().unwrap_or_default(), port)
    }

    /// Where a request to this server goes, for errors.
    pub(super) fn destination(&self, scheme: Option<&str>, host: &str, port: u16) -> Destination {
        let proxy = self.of(scheme, host, port).ok().flatten();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Destination { host, port, proxy: proxy.map(Proxy::shown) }
    }

    /// The proxy for a server, or `None` if it is reached directly.
    pub(super) fn of(&self, scheme: Option<&str>, host: &str, port: u16) -> Result<Option<&Proxy>> {
        let proxy = if scheme == Some("https") { &self.https } else { &self.http };
        match proxy {
            None => Ok(None),
            Some(_) if self.direct.covers(host, port) => Ok(None),
            Some(proxy) => proxy.as_ref().map(Some).map_err(Clone::clone),
        }
    }
}

impl Proxy {
    /// The proxy's URL without user and password.
    fn shown(&self) -> String {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks5 => "socks5",
            ProxyKind::Socks5h => "socks5h",
        };
        let Self { host, port, .. } = self;
        if host.contains(':') {
            format!("{scheme}://[{host}]:{port}")
        } else {
            format!("{scheme}://{host}:{port}")
        }
    }

    /// Reads a proxy as curl does: a URL, or a host and port.
    fn parse(field: &'static str, text: &str) -> Result<Self> {
        let malformed = || Error::configuration(field, REMEDY);
        let text = text.trim();
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&text).map_err(|_| malformed())?;
        let (kind, default_port) = match url.scheme() {
            "http" => (ProxyKind::Http, 80),
            "https" => (ProxyKind::Https, 443),
            "socks5" => (ProxyKind::Socks5, 1080),
            // Desktop environments write `socks` for the version in which the proxy looks names up.
            "socks5h" | "socks" => (ProxyKind::Socks5h, 1080),
            _ => return Err(malformed()),
        };
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(malformed()),
        };
        let decoded =
            |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let login = (!url.username().is_empty() || url.password().is_some()).then(|| Login {
            user: decoded(url.username()),
            password: Secret::new(decoded(url.password().unwrap_or_default())),
        });
        Ok(Self { kind, host, port: url.port().unwrap_or(default_port), login })
    }

    /// Whether the proxy speaks HTTP, so that requests without TLS are sent to the proxy itself.
    pub(super) fn speaks_http(&self) -> bool {
        matches!(self.kind, ProxyKind::Http | ProxyKind::Https)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &'static [(&str, &str)]) -> Proxies {
        let variable =
            |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        Proxies::new(&ProxyChoice::Environment, variable).unwrap()
    }

    fn host(proxies: &Proxies, scheme: &str, host: &str) -> Option<String> {
        proxies.of(Some(scheme), host, 443).unwrap().map(|proxy| format!("{}:{}", proxy.host, proxy.port))
    }

    #[test]
    fn each_scheme_has_its_variable_before_the_one_for_all() {
        let proxies = environment(&[("HTTPS_PROXY", "http://a:1"), ("ALL_PROXY", "b:2")]);
        assert_eq!(host(&proxies, "https", "api.test").as_deref(), Some("a:1"));
        assert_eq!(host(&proxies, "http", "api.test").as_deref(), Some("b:2"));
        let empty = environment(&[("HTTPS_PROXY", " "), ("ALL_PROXY", "socks://c")]);
        assert_eq!(host(&empty, "https", "api.test").as_deref(), Some("c:1080"));
        assert_eq!(host(&empty, "https", "127.0.0.1"), None);
    }

    #[test]
    fn a_variable_that_cannot_be_used_is_an_error_of_the_request_that_needs_it() {
        let proxies = environment(&[("HTTPS_PROXY", "ftp://canary.example"), ("NO_PROXY", "api.test")]);
        assert!(proxies.of(Some("https"), "api.test", 443).unwrap().is_none());
        assert!(proxies.of(Some("http"), "other.test", 80).unwrap().is_none());
        let error = proxies.of(Some("https"), "other.test", 443).unwrap_err().to_string();
        assert!(error.starts_with("HTTPS_PROXY: must be") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn urls_name_the_kind_the_place_and_the_login() {
        let proxy = Proxy::parse("proxy", "socks5h://us%40er:p%3Aw@[::1]:9").unwrap();
        assert_eq!((proxy.kind, proxy.host.as_str(), proxy.port), (ProxyKind::Socks5h, "::1", 9));
        let login = proxy.login.as_ref().unwrap();
        assert_eq!((login.user.as_str(), login.password.expose()), ("us@er", "p:w"));
        assert!(!format!("{proxy:?}").contains("p:w"));
        for (url, kind, port) in [
            ("proxy.test", ProxyKind::Http, 80),
            ("proxy.test:3128", ProxyKind::Http, 3128),
            ("https://proxy.test", ProxyKind::Https, 443),
            ("socks5://proxy.test", ProxyKind::Socks5, 1080),
        ] {
            let proxy = Proxy::parse("proxy", url).unwrap();
            assert_eq!((proxy.kind, proxy.host.as_str(), proxy.port), (kind, "proxy.test", port));
        }
        for bad in ["", "http://", "socks4://proxy.test", "ftp://proxy.test", "http://proxy.test:99999999"] {
            assert!(Proxy::parse("proxy", bad).is_err(), "{bad}");
        }
    }
}
