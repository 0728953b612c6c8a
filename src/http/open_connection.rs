//! [`OpenConnection`]: a connection of its own for one request, open before there is a request. What has to be done
//! between the two, such as writing down that a request is about to leave, is the caller's.

use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;
use hyper_util::rt::TokioIo;
use url::Url;

use super::answer::Answer;
use super::connector::Connector;
use super::single_exchange::{self, Stream};
use super::tunnel;
use crate::error::{Error, Result};

/// A connection to a server, with all that leads there: TCP, the tunnel of a proxy, TLS. It carries one request in
/// HTTP/1.1, and closes unused if this is dropped.
pub struct OpenConnection {
    stream: Box<dyn Stream>,
    connector: Connector,
}

impl OpenConnection {
    /// Connects to the server of `url`. An error means that nothing was sent.
    pub async fn open(connector: &Connector, url: &Url) -> Result<Self> {
        let uri = url
            .as_str()
            .parse()
            .map_err(|_| Error::configuration("url", "is not one that HTTP can carry"))?;
        // Not one of the pool: a server may close a reused connection in the very moment that the request is written.
        let line = connector.dialer(&[b"http/1.1"]).dial(uri).await?;
        Ok(Self { stream: Box::new(TokioIo::new(line)), connector: connector.clone() })
    }

    /// Writes a request to the same server, once, and reads whatever comes back: to its end, and in whatever way it
    /// ends. An answer may take 128 seconds in which this process runs. Run it to its end: dropped, it loses the answer.
    ///
    /// An error means that nothing of an answer arrived; its `sent` says whether a byte of the request may have left.
    pub async fn post(self, url: &Url, headers: &HeaderMap, body: &[u8]) -> Result<Answer> {
        // A proxy without a tunnel is asked for the whole URL (RFC 9112 section 3.2.2).
        let is_proxied = url.scheme() == "http" && self.stream.connected().is_proxied();
        let mut headers = headers.clone();
        if is_proxied
            && let Some(proxy) = self.connector.proxies().of_url(url)?
            && let Some(login) = proxy.login.as_ref()
        {
            headers.insert(PROXY_AUTHORIZATION, tunnel::authorization(login)?);
        }
        let request = single_exchange::request(url, &headers, body, is_proxied);
        single_exchange::exchange(self.stream, &request)
            .await
            .map_err(|error| error.on_the_way(false, || self.connector.proxies().destination_of(url)))
    }
}
