//! How connections are made: timeouts, proxies, whom to trust. Everything that opens one starts here.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::body::OutgoingBody;
use super::dial::Dialer;
use super::open_connection::Keep;
use super::proxy::{Proxies, Proxy};
use crate::error::{Error, Result};
use crate::secret::Secret;

pub(super) const USER_AGENT: &str = concat!("smartrecruiters/", env!("CARGO_PKG_VERSION"));
/// More connections make a server slower, not a client faster: 64 served 512 calls in flight better than 512 did.
pub(super) const CONNECTIONS: usize = 64;
/// Shorter than the usual 60 s of servers and load balancers, so that we close an idle connection before they do.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// An HTTP/2 connection whose peer is gone says nothing: it is asked after this long, and given up after another.
const HTTP2_PING: Duration = Duration::from_secs(15);
/// The most header fields of an answer over HTTP/1.1; an answer over HTTP/2 is bounded by its size alone.
pub(super) const MOST_FIELDS: usize = 1000;
/// The longest head of an answer, in bytes: twice what the largest real ones take.
pub(super) const LONGEST_HEAD: u32 = 512 * 1024;

/// Whom all clients of this process trust. Read for the first of them: it takes longer than all else there.
static MACHINE: OnceLock<Arc<RootCertStore>> = OnceLock::new();

/// How connections are made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConnectOptions {
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// Through what.
    pub proxy: ProxyChoice,
    /// Certificates to trust beside Mozilla's, in PEM.
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

/// A client certificate and its key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The certificate, and those that it was signed by.
    pub certificate: String,
    /// Its key.
    pub key: Secret,
}

/// Makes connections.
#[derive(Clone)]
pub struct Connector {
    options: Arc<ConnectOptions>,
    proxies: Arc<Proxies>,
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
        let tls = tls(options.ca.as_deref(), options.identity.as_ref())?;
        let proxies = Arc::new(Proxies::new(&options.proxy, variable)?);
        Ok(Self { options: Arc::new(options), proxies, tls })
    }

    /// What it was made of.
    pub fn options(&self) -> &Arc<ConnectOptions> {
        &self.options
    }

    /// Which proxies requests go through.
    pub(super) fn proxies(&self) -> &Arc<Proxies> {
        &self.proxies
    }

    /// A client for API calls, which reuse connections: HTTP/2 where the server speaks it, else HTTP/1.1.
    pub(super) fn pooled(&self) -> Client<Dialer, OutgoingBody> {
        Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(CONNECTIONS)
            .http1_max_headers(MOST_FIELDS)
            .http1_max_buf_size(LONGEST_HEAD as usize)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http2_max_header_list_size(LONGEST_HEAD)
            .http2_keep_alive_interval(HTTP2_PING)
            .http2_keep_alive_timeout(HTTP2_PING)
            .http2_adaptive_window(true)
            .build(self.dialer(&[b"h2", b"http/1.1"]))
    }

    /// Makes single connections on which one of these protocols is spoken, the first that the server knows.
    pub(super) fn dialer(&self, alpn: &[&[u8]]) -> Dialer {
        Dialer::new(self.tls(alpn), Arc::clone(&self.proxies), self.options.connect_timeout)
    }

    fn tls(&self, alpn: &[&[u8]]) -> rustls::ClientConfig {
        let mut tls = self.tls.clone();
        tls.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        tls
    }

    /// A client for one request on a connection of its own, since a reused one may be closed by the server in the very
    /// moment that a one-time refresh token is written to it. `keep` keeps that connection until there is the request.
    pub(super) fn single_use(&self, keep: Keep) -> Result<reqwest::Client> {
        build(self.builder(&[b"http/1.1"]).pool_max_idle_per_host(0).http1_only().connector_layer(keep))
    }

    fn builder(&self, alpn: &[&[u8]]) -> reqwest::ClientBuilder {
        let proxies = Arc::clone(&self.proxies);
        reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls(alpn))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.options.connect_timeout)
            .tcp_nodelay(true)
            .user_agent(USER_AGENT)
            .proxy(reqwest::Proxy::custom(move |url| proxies.of_url(url).ok()?.map(Proxy::url)))
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

fn tls(ca: Option<&str>, identity: Option<&Identity>) -> Result<rustls::ClientConfig> {
    let mut roots = machine_roots()?;
    if let Some(ca) = ca {
        trust(Arc::make_mut(&mut roots), "ca", ca.as_bytes())?;
    }
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| Error::Internal { problem: "TLS could not be set up" })?
            .with_root_certificates(roots);
    let Some(identity) = identity else { return Ok(config.with_no_client_auth()) };
    let chain = certificates("cert", identity.certificate.as_bytes())?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes())
        .map_err(|_| Error::configuration("key", "must be a private key in PEM, not encrypted"))?;
    config.with_client_auth_cert(chain, key).map_err(|error| match error {
        rustls::Error::InvalidCertificate(_) => Error::configuration("cert", "must be certificates in PEM"),
        _ => Error::configuration("key", "must be the key of `cert`, of a kind that TLS 1.2 or 1.3 knows"),
    })
}

/// Mozilla's roots, and those that the environment names.
fn machine_roots() -> Result<Arc<RootCertStore>> {
    if let Some(roots) = MACHINE.get() {
        return Ok(Arc::clone(roots));
    }
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let mut read = None;
    for name in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] {
        // Both often name the same file.
        let path = variable(name).filter(|path| !path.is_empty() && read.as_ref() != Some(path));
        let Some(path) = path else { continue };
        let pem = std::fs::read(&path)
            .map_err(|_| Error::configuration(name, "names a file that cannot be read"))?;
        trust(&mut roots, name, &pem)?;
        read = Some(path);
    }
    Ok(Arc::clone(MACHINE.get_or_init(|| Arc::new(roots))))
}

fn trust(roots: &mut RootCertStore, field: &'static str, pem: &[u8]) -> Result<()> {
    let (added, _) = roots.add_parsable_certificates(certificates(field, pem)?);
    if added == 0 {
        return Err(Error::configuration(field, "must hold certificates that can be trusted"));
    }
    Ok(())
}

fn certificates(field: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| Error::configuration(field, "must be certificates in PEM"))?;
    if found.is_empty() {
        return Err(Error::configuration(field, "must hold a certificate in PEM"));
    }
    Ok(found)
}

/// A variable of the environment that belongs to the machine's network, in either case: the one place that reads any.
fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    let read = |name: &str| std::env::var(name).ok();
    read(name).or_else(|| read(&name.to_ascii_lowercase()))
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
    fn a_proxy_that_cannot_be_is_refused_and_its_password_stays_hidden() {
        let with = |url: &str| {
            let proxy = ProxyChoice::Url(Secret::new(url));
            Connector::new(ConnectOptions { proxy, ..ConnectOptions::default() })
        };
        for bad in ["ftp://canary.example", "http://", "", "http://canary:99999999"] {
            assert_eq!(field(with(bad)), "proxy", "{bad}");
        }
        let connector = with("http://u:canary@p").unwrap();
        let shown = format!("{connector:?} {:?} {:?}", connector.pooled(), connector.proxies());
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
}
