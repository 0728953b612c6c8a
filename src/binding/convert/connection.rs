//! [`NativeConnection`]: how connections are made.

use std::time::Duration;

use napi_derive::napi;

use super::variables::given;
use crate::environment::Variables;
use crate::http::{ConnectOptions, ProxyChoice};
use crate::secret::Secret;
use crate::tls::ClientCertificate;

/// How connections are made. What is secret is a separate argument: no object that holds a secret is ever converted.
#[napi(object, object_to_js = false)]
pub struct NativeConnection {
    /// How long connecting may take, in milliseconds.
    pub connect_timeout: u32,
    /// Whether a proxy may be used: the one of the argument `proxyUrl`, or else the environment's.
    pub proxy: bool,
    /// Certificates to trust in addition to the default ones: PEM, where the line `system` stands for those of the
    /// operating system.
    pub ca: Option<String>,
    /// The client's own certificate, in PEM.
    pub cert: Option<String>,
    /// The variables of the thread's environment that are set, as alternating names and values. Default: those of the
    /// process.
    pub variables: Option<Vec<String>>,
}

/// The connection options of the core. `proxy_url` may hold a password, and `key` is the key of `cert`.
pub(crate) fn connect_options(
    connection: NativeConnection,
    proxy_url: Option<String>,
    key: Option<String>,
) -> ConnectOptions {
    let NativeConnection { connect_timeout, proxy, ca, cert, variables } = connection;
    let environment = if proxy { ProxyChoice::Environment } else { ProxyChoice::Direct };
    ConnectOptions {
        connect_timeout: Duration::from_millis(connect_timeout.into()),
        proxy: proxy_url.map_or(environment, |url| ProxyChoice::Url(Secret::new(url))),
        ca,
        client_certificate: cert
            .zip(key)
            .map(|(certificate, key)| ClientCertificate { certificate, key: Secret::new(key) }),
        variables: variables.map_or_else(Variables::default, given),
    }
}
