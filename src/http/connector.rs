//! How connections are made: timeouts, proxies, whom to trust. Everything that opens one starts here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use reqwest::{NoProxy, Proxy};
use zeroize::Zeroizing;

use super::open_connection::Keep;
use crate::environment::variable;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::tls::{self, Identity};

pub(super) const USER_AGENT: &str = concat!("smartrecruiters/", env!("CARGO_PKG_VERSION"));
/// More connections make a server slower, not a client faster: 64 served 512 calls in flight better than 512 did.
pub(super) const CONNECTIONS: usize = 64;
/// Shorter than the usual 60 s of servers and load balancers, so that we close an idle connection before they do.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// An HTTP/2 connection whose peer is gone says nothing: it is asked after this long, and given up after another.
const HTTP2_PING: Duration = Duration::from_secs(15);
/// Never through a proxy of the environment: what goes to loopback may be in the clear.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// How connections are made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConnectOptions {
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// Through what.
    pub proxy: ProxyChoice,
    /// Certificates to trust beside the default ones, as [`tls::client_config`] reads them.
    pub ca: Option<String>,
    /// The client's own certificate.
    pub identity: Option<Identity>,
}

/// Through what to connect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum ProxyChoice {
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; never to loopback.
    #[default]
    Environment,
    /// Nothing.
    Direct,
    /// This URL for everything, perhaps with user and password.
    Url(Secret),
}

/// Makes connections.
#[derive(Clone)]
pub struct Connector {
    options: Arc<ConnectOptions>,
    proxies: Vec<Proxy>,
    tls: rustls::ClientConfig,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            proxy: ProxyChoice::default(),
            ca: None,
            identity: None,
        }
    }
}

impl Connector {
    /// Reads certificates and proxies; opens nothing.
    pub fn new(options: ConnectOptions) -> Result<Self> {
        let tls = tls::client_config(options.ca.as_deref(), options.identity.as_ref())?;
        let proxies = proxies(&options.proxy)?;
        Ok(Self { options: Arc::new(options), proxies, tls })
    }

    /// What it was made of.
    pub fn options(&self) -> &Arc<ConnectOptions> {
        &self.options
    }

    /// A client for API calls, which reuse connections: HTTP/2 where the server speaks it, else HTTP/1.1.
    pub(super) fn pooled(&self) -> Result<reqwest::Client> {
        let builder = self.builder(&[b"h2", b"http/1.1"]);
        build(
            builder
                .pool_idle_timeout(IDLE_TIMEOUT)
                .pool_max_idle_per_host(CONNECTIONS)
                .http2_keep_alive_interval(HTTP2_PING)
                .http2_keep_alive_timeout(HTTP2_PING)
                .http2_adaptive_window(true),
        )
    }

    /// What proves to an HTTP proxy who asks, where a request goes through it without a tunnel: to a URL of `http`.
    pub(super) fn proxy_authorization(&self) -> Option<HeaderValue> {
        let url = match &self.options.proxy {
            ProxyChoice::Direct => return None,
            ProxyChoice::Url(url) => proxy_url("proxy", url.expose()).ok()?,
            ProxyChoice::Environment => {
                let (name, url) = proxy_of_environment("HTTP_PROXY")?;
                proxy_url(name, &url).ok()?
            }
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) =
            (decoded(url.username()), Zeroizing::new(decoded(url.password().unwrap_or_default())));
        if user.is_empty() && password.is_empty() {
            return None;
        }
        let pair = Zeroizing::new(format!("{user}:{}", &*password));
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair.as_bytes()))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// A client for one request on a connection of its own, since a reused one may be closed by the server in the very
    /// moment that a one-time refresh token is written to it. `keep` keeps that connection until there is the request.
    pub(super) fn single_use(&self, keep: Keep) -> Result<reqwest::Client> {
        build(self.builder(&[b"http/1.1"]).pool_max_idle_per_host(0).http1_only().connector_layer(keep))
    }

    fn builder(&self, alpn: &[&[u8]]) -> reqwest::ClientBuilder {
        let mut tls = self.tls.clone();
        tls.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.options.connect_timeout)
            .tcp_nodelay(true)
            .user_agent(USER_AGENT)
            // Those of the environment are in `proxies`, without loopback.
            .no_proxy();
        self.proxies.iter().cloned().fold(builder, reqwest::ClientBuilder::proxy)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A `Proxy` prints its password.
        f.debug_struct("Connector").field("options", &self.options).finish_non_exhaustive()
    }
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder.build().map_err(|_| Error::Internal { problem: "the HTTP client could not be set up" })
}

fn proxies(choice: &ProxyChoice) -> Result<Vec<Proxy>> {
    match choice {
        ProxyChoice::Direct => Ok(Vec::new()),
        ProxyChoice::Url(url) => {
            let proxy = Proxy::all(proxy_url("proxy", url.expose())?);
            Ok(vec![proxy.map_err(|_| malformed_proxy("proxy"))?])
        }
        ProxyChoice::Environment => {
            let direct = format!("{LOOPBACK},{}", variable("NO_PROXY").unwrap_or_default());
            let direct = NoProxy::from_string(&direct);
            let of = |name: &'static str, proxy: fn(url::Url) -> reqwest::Result<Proxy>| {
                let Some((name, url)) = proxy_of_environment(name) else { return Ok(None) };
                let proxy = proxy(proxy_url(name, &url)?).map_err(|_| malformed_proxy(name))?;
                Ok(Some(proxy.no_proxy(direct.clone())))
            };
            let found = [of("HTTPS_PROXY", Proxy::https)?, of("HTTP_PROXY", Proxy::http)?];
            Ok(found.into_iter().flatten().collect())
        }
    }
}

/// The proxy that the environment names by `name` or for all, and by which name.
fn proxy_of_environment(name: &'static str) -> Option<(&'static str, String)> {
    [name, "ALL_PROXY"]
        .into_iter()
        .find_map(|name| Some((name, variable(name).filter(|url| !url.is_empty())?)))
}

/// A proxy as curl takes it: a URL, or a host and port.
fn proxy_url(field: &'static str, text: &str) -> Result<url::Url> {
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    url::Url::parse(&text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
        .ok_or_else(|| malformed_proxy(field))
}

fn malformed_proxy(field: &'static str) -> Error {
    Error::configuration(
        field,
        "must be an http or https URL, such as http://user:password@proxy.example.com:3128",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<T>(result: Result<T>) -> String {
        match result {
            Err(Error::Configuration { field, problem }) => {
                assert!(!problem.contains("canary"));
                field.into_owned()
            }
            Err(other) => panic!("expected a configuration error, got {other:?}"),
            Ok(_) => panic!("it was taken"),
        }
    }

    #[test]
    fn proxies_are_urls_or_hosts_and_their_passwords_stay_hidden() {
        for good in
            ["http://user:pw@proxy.example.com:3128", "https://proxy.example.com", "proxy.example.com:3128"]
        {
            assert_eq!(proxies(&ProxyChoice::Url(Secret::new(good))).unwrap().len(), 1, "{good}");
        }
        for bad in ["socks5://canary.example", "http://", "", "http://canary:99999999"] {
            assert_eq!(field(proxies(&ProxyChoice::Url(Secret::new(bad)))), "proxy", "{bad}");
        }
        let proxy = ProxyChoice::Url(Secret::new("http://u:canary@p"));
        let connector = Connector::new(ConnectOptions { proxy, ..ConnectOptions::default() }).unwrap();
        let shown = format!("{connector:?} {:?}", connector.pooled().unwrap());
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn certificates_that_are_none_are_refused_by_name() {
        let with = |options: ConnectOptions| field(Connector::new(options));
        let ca = |text: &str| ConnectOptions { ca: Some(text.to_owned()), ..ConnectOptions::default() };
        let garbage = "-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n";
        assert_eq!(with(ca("")), "ca");
        assert_eq!(with(ca("canary")), "ca");
        assert_eq!(with(ca(garbage)), "ca");
        let identity = Identity { certificate: "canary".into(), key: Secret::new("canary") };
        assert_eq!(with(ConnectOptions { identity: Some(identity), ..ConnectOptions::default() }), "cert");
    }

    /// RFC 8305: an address that does not answer must not hold up one of the other family.
    #[tokio::test]
    async fn an_address_that_swallows_connections_does_not_hold_up_the_other_family() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        use tokio::net::{TcpListener, TcpSocket, TcpStream};

        // Whose queue is full: it takes no connection and refuses none.
        let silent = TcpSocket::new_v6().unwrap();
        silent.bind("[::1]:0".parse().unwrap()).unwrap();
        let silent = silent.listen(0).unwrap();
        let _queued = TcpStream::connect(silent.local_addr().unwrap()).await.unwrap();
        let answering = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [silent.local_addr().unwrap(), answering.local_addr().unwrap()];

        let patient = ConnectOptions {
            connect_timeout: Duration::from_secs(3600),
            proxy: ProxyChoice::Direct,
            ..ConnectOptions::default()
        };
        let builder = Connector::new(patient).unwrap().builder(&[b"http/1.1"]);
        let client = build(builder.resolve_to_addrs("api.test", &addresses)).unwrap();
        let call = tokio::spawn(client.get("http://api.test/").send());
        let (mut connection, _) = answering.accept().await.unwrap();
        assert!(connection.read_u8().await.is_ok());
        connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        assert_eq!(call.await.unwrap().unwrap().status(), 204);
    }
}
