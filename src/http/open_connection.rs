//! [`OpenConnection`]: a connection of its own for one request, open before there is a request. What has to be done
//! between the two, such as writing down that a request is about to leave, is the caller's.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection;
use tower_layer::Layer;
use tower_service::Service;
use url::Url;

use super::answer::Answer;
use super::connector::Connector;
use super::single_exchange;
use super::transport::{has_cause, network_error};
use crate::error::{Error, Result};

/// A connection to a server, with all that leads there: TCP, the tunnel of a proxy, TLS. It carries one request in
/// HTTP/1.1, and closes unused if this is dropped.
pub struct OpenConnection {
    stream: Box<dyn Stream>,
    connector: Connector,
}

/// What a connection is made of.
pub(super) trait Stream: Read + Write + Connection + Unpin + Send {}

impl<T: Read + Write + Connection + Unpin + Send> Stream for T {}

impl OpenConnection {
    /// Connects to the server of `url`. An error means that nothing was sent.
    pub async fn open(connector: &Connector, url: &Url) -> Result<Self> {
        let keep = Keep::default();
        let client = connector.single_use(keep.clone())?;
        // Never sent: the connection that is made for it is kept instead.
        let first = reqwest::Request::new(http::Method::POST, url.clone());
        match client.execute(first).await {
            Err(error) if has_cause::<Kept>(&error) => {
                let stream = keep.0.lock().unwrap_or_else(PoisonError::into_inner).take();
                let stream = stream.ok_or(Error::Internal { problem: "an open connection was not kept" })?;
                Ok(Self { stream, connector: connector.clone() })
            }
            Err(error) => Err(network_error(error)),
            Ok(_) => Err(Error::Internal { problem: "a request was sent that only opens a connection" }),
        }
    }

    /// Writes a request to the same server, once, and reads whatever comes back: to its end, and in whatever way it
    /// ends. An answer may take 128 seconds in which this process runs. Run it to its end: dropped, it loses the answer.
    ///
    /// An error means that nothing of an answer arrived; its `sent` says whether a byte of the request may have left.
    pub async fn post(self, url: &Url, headers: &HeaderMap, body: &[u8]) -> Result<Answer> {
        // A proxy without a tunnel is asked for the whole URL (RFC 9112 section 3.2.2).
        let is_proxied = url.scheme() == "http" && self.stream.connected().is_proxied();
        let mut headers = headers.clone();
        if let Some(authorization) = self.connector.proxy_authorization().filter(|_| is_proxied) {
            headers.insert(PROXY_AUTHORIZATION, authorization);
        }
        let request = single_exchange::request(url, &headers, body, is_proxied);
        single_exchange::exchange(self.stream, &request).await
    }
}

/// Keeps the connection of a client's first request. As a layer around the client's own connector it has no part in how
/// connections are made: proxies, certificates and addresses are those of every other call.
#[derive(Clone, Default)]
pub(super) struct Keep(Arc<Mutex<Option<Box<dyn Stream>>>>);

impl<Connect> Layer<Connect> for Keep {
    type Service = Keeping<Connect>;

    fn layer(&self, connect: Connect) -> Keeping<Connect> {
        Keeping { connect, keep: self.clone() }
    }
}

/// A connector whose connections are kept.
#[derive(Clone)]
pub(super) struct Keeping<Connect> {
    connect: Connect,
    keep: Keep,
}

/// Why the connector gives no connection.
#[derive(Debug, thiserror::Error)]
#[error("the connection is kept for a request of its own")]
pub(super) struct Kept;

impl<Connect, Target> Service<Target> for Keeping<Connect>
where
    Connect: Service<Target>,
    Connect::Future: Send + 'static,
    Connect::Response: Stream + 'static,
    Connect::Error: From<Kept>,
{
    type Response = Connect::Response;
    type Error = Connect::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.connect.poll_ready(context)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        let (connecting, keep) = (self.connect.call(target), self.keep.clone());
        Box::pin(async move {
            let stream = connecting.await?;
            *keep.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(stream));
            Err(Kept.into())
        })
    }
}
