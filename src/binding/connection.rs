//! How connections are made, as JavaScript says it.

use std::time::Duration;

use napi_derive::napi;

use crate::environment::{NAMES, Variables};
use crate::http::{ConnectOptions, ProxyChoice};
use crate::secret::Secret;
use crate::tls::ClientCertificate;

/// How connections are made, but for what is secret.
#[napi(object, object_to_js = false)]
pub struct NativeConnection {
    /// How long connecting may take, in milliseconds.
    pub connect_timeout: u32,
    /// False: through no proxy. True, without a URL: through the environment's.
    pub proxy: bool,
    /// Certificates to trust beside the default ones: PEM, and the line `system` for the operating system's.
    pub ca: Option<String>,
    /// The client's own certificate, in PEM.
    pub cert: Option<String>,
    /// The variables of the thread's environment that are set: names and values in turn. Default: those of the process.
    pub variables: Option<Vec<String>>,
}

/// `proxy_url` may hold a password; `key` is the key of `cert`.
pub(super) fn connect_options(
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

/// The names of the variables of the environment that the core reads.
#[napi(catch_unwind)]
pub fn environment_variables() -> Vec<&'static str> {
    NAMES.to_vec()
}

/// The environment of a thread, as names and values in turn.
pub(super) fn given(variables: Vec<String>) -> Variables {
    let mut pairs = variables.into_iter();
    let pair = || Some((pairs.next()?, Secret::new(pairs.next()?)));
    Variables::Given(std::iter::from_fn(pair).collect())
}
