//! How connections are made: timeouts, proxies, whom to trust. Everything that opens one starts here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::body::OutgoingBody;
use super::dial::Dialer;
use super::proxy::{Proxies, ProxyChoice};
use crate::environment::Variables;
use crate::error::Result;
use crate::tls::{self, ClientCertificate};

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
    pub client_certificate: Option<ClientCertificate>,
    /// Where the environment's variables are read.
    pub variables: Variables,
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
            client_certificate: None,
            variables: Variables::default(),
        }
    }
}

impl Connector {
    /// Reads certificates and proxies; opens nothing.
    pub fn new(options: ConnectOptions) -> Result<Self> {
        let tls = tls::client_config(
            options.ca.as_deref(),
            options.client_certificate.as_ref(),
            &options.variables,
        )?;
        let proxies = Arc::new(Proxies::new(&options.proxy, |name| options.variables.get(name))?);
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
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A `Proxy` prints its password.
        f.debug_struct("Connector").field("options", &self.options).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::secret::Secret;

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
        let client_certificate =
            ClientCertificate { certificate: "canary".into(), key: Secret::new("canary") };
        assert_eq!(
            with(ConnectOptions {
                client_certificate: Some(client_certificate),
                ..ConnectOptions::default()
            }),
            "cert"
        );
    }
}
