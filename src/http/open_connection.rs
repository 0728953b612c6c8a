//! [`OpenConnection`]: a connection of its own for one request, open before there is a request. What has to be done
//! between the two, such as writing down that a request is about to leave, is the caller's.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBuf};
use tower_layer::Layer;
use tower_service::Service;
use url::Url;

use super::connector::Connector;
use super::dial::cause;
use super::failure::network_error;
use crate::error::{Error, Result};

/// A connection to a server, with all that leads there: TCP, the tunnel of a proxy, TLS. It carries one request, and
/// closes unused if this is dropped.
pub struct OpenConnection(reqwest::Client);

impl OpenConnection {
    /// Connects to the server of `url`.
    pub async fn open(connector: &Connector, url: &Url) -> Result<Self> {
        connector.proxies().of_url(url)?;
        let client = connector.single_use(Keep::default())?;
        // Never sent: the connection that is made for it is kept instead.
        let first = reqwest::Request::new(http::Method::POST, url.clone());
        match client.execute(first).await {
            Err(error) if cause::<Kept>(&error).is_some() => Ok(Self(client)),
            Err(error) => Err(network_error(error)),
            Ok(_) => Err(Error::Internal { problem: "a request was sent that only opens a connection" }),
        }
    }

    /// Sends a request to the same server. The error says whether a byte of it may have left.
    pub async fn send(self, request: reqwest::Request) -> Result<reqwest::Response> {
        self.0.execute(request).await.map_err(network_error)
    }
}

/// Keeps the connection of a client's first request for its second. As a layer around the client's own connector it
/// has no part in how connections are made: proxies, certificates and addresses are those of every other call.
#[derive(Clone, Default)]
pub(super) struct Keep(Arc<Mutex<Option<Box<dyn Any + Send>>>>);

impl Keep {
    fn place(&self) -> MutexGuard<'_, Option<Box<dyn Any + Send>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

/// Why the connector gives no connection: in either case nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("the connection is kept for the next request")]
pub(super) struct Kept;

/// The same, after the connection was kept.
#[derive(Debug, thiserror::Error)]
#[error("the server closed the connection before the request was sent")]
pub(super) struct Closed;

impl<Connect, Target> Service<Target> for Keeping<Connect>
where
    Connect: Service<Target>,
    Connect::Future: Send + 'static,
    Connect::Response: Read + Unpin + Send + 'static,
    Connect::Error: From<Kept> + From<Closed>,
{
    type Response = Connect::Response;
    type Error = Connect::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.connect.poll_ready(context)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        let kept = self.keep.place().take().and_then(|kept| kept.downcast::<Self::Response>().ok());
        if let Some(mut connection) = kept {
            return Box::pin(async move {
                if is_over(&mut *connection).await { Err(Closed.into()) } else { Ok(*connection) }
            });
        }
        let (connecting, keep) = (self.connect.call(target), self.keep.clone());
        Box::pin(async move {
            let connection = connecting.await?;
            *keep.place() = Some(Box::new(connection));
            Err(Kept.into())
        })
    }
}

/// Whether the server has closed the connection, or spoken before it was spoken to, as far as that is known here.
async fn is_over(connection: &mut (impl Read + Unpin)) -> bool {
    let mut byte = [MaybeUninit::uninit()];
    let mut byte = ReadBuf::uninit(&mut byte);
    poll_fn(|context| Poll::Ready(Pin::new(&mut *connection).poll_read(context, byte.unfilled()).is_ready()))
        .await
}
