//! How connections are made: timeouts, proxies and trusted authorities. Everything that opens a connection starts here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::dial::Dialer;
use super::pool::Pool;
use super::proxy::{Proxies, ProxyChoice};
use crate::environment::Variables;
use crate::error::Result;
use crate::tls::{self, ClientCertificate};

/// How connections are made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConnectOptions {
    /// How long connecting may take. Default: 10 seconds.
    pub connect_timeout: Duration,
    /// Which proxy to use. Default: that of the environment variables.
    pub proxy: ProxyChoice,
    /// Authorities to trust in addition to the default ones, as [`tls::client_config`] reads them.
    pub ca: Option<String>,
    /// The client's own certificate.
    pub client_certificate: Option<ClientCertificate>,
    /// The environment variables for proxies and trusted authorities.
    pub variables: Variables,
}

/// Makes connections with one set of [`ConnectOptions`].
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
    /// Reads certificates and proxies. Opens no connection. Fails with
    /// [`Error::Configuration`](crate::error::Error::Configuration) that names the option or variable at fault.
    pub fn new(options: ConnectOptions) -> Result<Self> {
        let tls = tls::client_config(
            options.ca.as_deref(),
            options.client_certificate.as_ref(),
            &options.variables,
        )?;
        let proxies = Arc::new(Proxies::new(&options.proxy, |name| options.variables.get(name))?);
        Ok(Self { options: Arc::new(options), proxies, tls })
    }

    /// The options that this was created with.
    pub fn options(&self) -> &Arc<ConnectOptions> {
        &self.options
    }

    /// Which proxies requests go through.
    pub(super) fn proxies(&self) -> &Arc<Proxies> {
        &self.proxies
    }

    /// Connections for API calls, which are used again.
    pub(super) fn pooled(&self) -> Pool {
        Pool::new(self.dialer(&[b"h2", b"http/1.1"]))
    }

    /// Makes single connections that use the first of these protocols that the server supports.
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
