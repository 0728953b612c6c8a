//! [`OpenConnection`]: a dedicated connection for one request, opened before the request is sent. In between, the
//! caller can record that a request is about to be sent.

use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;
use hyper_util::rt::TokioIo;
use url::Url;

use super::answer::Answer;
use super::connector::Connector;
use super::single_exchange::{self, Stream};
use super::tunnel;
use crate::error::{Error, Result};

/// An open connection to a server, including TCP, a proxy's tunnel and TLS. It carries one HTTP/1.1 request. Dropping
/// it closes the connection unused.
pub struct OpenConnection {
    stream: Box<dyn Stream>,
    /// Whether it ends at a proxy that forwards requests.
    is_proxied: bool,
    connector: Connector,
}

impl OpenConnection {
    /// Connects to the server of `url`. If this fails, nothing was sent.
    pub async fn open(connector: &Connector, url: &Url) -> Result<Self> {
        let uri = url
            .as_str()
            .parse()
            .map_err(|_| Error::configuration("url", "is not one that HTTP can carry"))?;
        // The connection is not taken from the pool, since a server may close a reused connection at the moment when
        // the request is written.
        let line = connector.dialer(&[b"http/1.1"]).dial(uri).await?;
        let is_proxied = line.is_proxied;
        Ok(Self { stream: Box::new(TokioIo::new(line)), is_proxied, connector: connector.clone() })
    }

    /// Sends a request to the same server once, and reads the answer to its end, however it ends. The answer may take
    /// 128 seconds of this process's running time. Run this future to its end, since dropping it loses the answer.
    ///
    /// Fails only if nothing of an answer arrived. The error's `sent` says whether a byte of the request may have been
    /// sent.
    pub async fn post(self, url: &Url, headers: &HeaderMap, body: &[u8]) -> Result<Answer> {
        let mut headers = headers.clone();
        if self.is_proxied
            && let Some(proxy) = self.connector.proxies().of_url(url)?
            && let Some(login) = proxy.login.as_ref()
        {
            headers.insert(PROXY_AUTHORIZATION, tunnel::authorization(login)?);
        }
        // A proxy without a tunnel gets the whole URL as the target (RFC 9112 section 3.2.2).
        let request = single_exchange::request(url, &headers, body, self.is_proxied);
        single_exchange::exchange(self.stream, &request)
            .await
            .map_err(|error| error.on_the_way(false, || self.connector.proxies().destination_of(url)))
    }
}
