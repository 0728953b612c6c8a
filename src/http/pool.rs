//! [`Pool`]: the connections to servers. Each is used again once its answer was read.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::channel::Channel;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;
use url::{Position, Url};

use super::dial::{Addresses, Dialer};
use super::failure::{Interrupted, sending_failed, unsent};
use crate::clock::instant;
use crate::error::{Error, Result};

/// The most connections to one server. More make a server slower and no client faster: 64 connections served 512
/// concurrent calls better than 512 did.
pub(super) const CONNECTIONS: usize = 64;
/// How long an idle connection is kept. It is shorter than the usual 60 s of servers and load balancers, so that the
/// client closes it before they do.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// After how long an idle HTTP/2 connection is sent a PING, and how long the reply may take before the connection is
/// closed. A lost peer would otherwise go unnoticed.
const HTTP2_PING: Duration = Duration::from_secs(15);
/// The most header fields of an answer over HTTP/1.1. Answers over HTTP/2 are only bounded by their size.
const MOST_FIELDS: usize = 1000;
/// The longest head of an answer, in bytes: twice what the largest real ones take.
const LONGEST_HEAD: u32 = 512 * 1024;

/// A request's body in the form that hyper sends.
pub(super) type OutgoingBody = Either<Full<Bytes>, Channel<Bytes, Interrupted>>;

/// Connections that requests share, by HTTP/2 if the server supports it, or else by HTTP/1.1.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

/// An answer whose body is still to be read, and the connection that it arrives on.
pub(super) struct Answered {
    pub(super) response: Response<Incoming>,
    pub(super) addresses: Option<Addresses>,
    pub(super) lease: Lease,
}

/// The use of a connection for one answer. Drop it after the answer's body: the connection is then free for others if
/// the body was read to its end, and closed if not.
pub(super) struct Lease(Option<(Arc<Shared>, Connection)>);

struct Shared {
    dialer: Dialer,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    servers: Mutex<Servers>,
    /// Notified when a connection becomes free.
    freed: Notify,
    /// Where the tasks of connections run. A lease can be dropped on any thread.
    runtime: OnceLock<Handle>,
}

#[derive(Default)]
struct Servers {
    all: Vec<Server>,
    /// Whether a task closes the connections that were idle for too long.
    is_watched: bool,
}

/// The free connections to one server, those that were used last at the end.
struct Server {
    origin: Arc<Origin>,
    idle: Vec<Idle>,
    /// An HTTP/2 connection, which carries any number of requests.
    http2: Option<Idle>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

/// A server as URLs name it.
struct Origin {
    is_secure: bool,
    host: String,
    port: u16,
    /// The `Host` header (RFC 9112 section 3.2).
    header: HeaderValue,
}

enum Sender {
    Http1(http1::SendRequest<OutgoingBody>),
    Http2(http2::SendRequest<OutgoingBody>),
}

struct Connection {
    origin: Arc<Origin>,
    sender: Sender,
    /// Whether the connection ends at a proxy that forwards requests.
    is_proxied: bool,
    addresses: Option<Addresses>,
}

impl Pool {
    /// A pool of connections made by `dialer`. None is open yet.
    pub(super) fn new(dialer: Dialer) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .max_headers(MOST_FIELDS)
            .max_buf_size(LONGEST_HEAD as usize)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(LONGEST_HEAD)
            .keep_alive_interval(HTTP2_PING)
            .keep_alive_timeout(HTTP2_PING)
            .adaptive_window(true);
        Self(Arc::new(Shared {
            dialer,
            http1,
            http2,
            servers: Mutex::default(),
            freed: Notify::new(),
            runtime: OnceLock::new(),
        }))
    }

    /// Sends `request` to `url`. Calls `connected` when it is about to be written. A connection that the server closed
    /// while it was free is replaced, if nothing of the request was written to it.
    pub(super) async fn send(
        &self,
        mut request: Request<OutgoingBody>,
        url: &Url,
        connected: impl Fn(),
    ) -> Result<Answered> {
        let uri: Uri = url[..Position::AfterQuery].parse().map_err(|_| {
            Error::configuration(
                "path",
                "leads to a URL that HTTP cannot carry: encode its unusual characters",
            )
        })?;
        loop {
            let (mut connection, is_reused) = match self.0.take(url) {
                Some(connection) => (connection, true),
                None => self.0.open(url, &uri).await?,
            };
            connected();
            connection.address(&mut request, &uri);
            let mut error = match connection.send(request).await {
                Ok(response) => {
                    let addresses = connection.addresses;
                    let lease = Lease(Some((Arc::clone(&self.0), connection)));
                    return Ok(Answered { response, addresses, lease });
                }
                Err(error) => error,
            };
            match error.take_message() {
                Some(unwritten) if is_reused => {
                    self.0.forget(&connection);
                    request = unwritten;
                }
                Some(_) => return Err(unsent(error.into_error())),
                None => return Err(sending_failed(error.into_error())),
            }
        }
    }
}

impl Shared {
    /// A free connection to the server of `url`.
    fn take(&self, url: &Url) -> Option<Connection> {
        let mut servers = self.servers();
        let server = servers.all.iter_mut().find(|server| server.origin.is_of(url))?;
        let now = instant();
        if let Some(http2) = &mut server.http2 {
            if let Some(clone) = http2.connection.to_share().filter(|_| !http2.is_over(now)) {
                http2.since = now;
                return Some(clone);
            }
            server.http2 = None;
        }
        while let Some(at) = server.idle.iter().rposition(|idle| idle.connection.is_ready()) {
            let idle = server.idle.remove(at);
            if !idle.is_over(now) {
                return Some(idle.connection);
            }
        }
        None
    }

    /// A new connection to the server of `url`, or one that became free before it was made. Says whether it was used
    /// before. A connection that is no longer waited for is given up: while a server does not answer, impatient calls
    /// would otherwise leave more and more of them behind.
    async fn open(self: &Arc<Self>, url: &Url, uri: &Uri) -> Result<(Connection, bool)> {
        self.runtime.get_or_init(Handle::current);
        // Boxed, since few calls have to connect, and the state of connecting is large.
        let mut connecting = Box::pin(self.connect(url, uri));
        loop {
            tokio::select! {
                biased;
                connected = &mut connecting => return Ok((connected?, false)),
                () = self.freed.notified() => {
                    if let Some(connection) = self.take(url) {
                        return Ok((connection, true));
                    }
                }
            }
        }
    }

    async fn connect(self: &Arc<Self>, url: &Url, uri: &Uri) -> Result<Connection> {
        let origin = Arc::new(Origin::of(url)?);
        let line = self.dialer.clone().dial(uri.clone()).await?;
        // One connection is enough for all calls that waited for one.
        if line.is_http2
            && let Some(connection) = self.take(url)
        {
            return Ok(connection);
        }
        let (is_http2, is_proxied, addresses) = (line.is_http2, line.is_proxied, line.addresses);
        let line = TokioIo::new(line);
        // A connection that ends says so in the results of its requests.
        let sender = if is_http2 {
            let (sender, connection) = self.http2.handshake(line).await.map_err(unsent)?;
            tokio::spawn(connection);
            Sender::Http2(sender)
        } else {
            let (sender, connection) = self.http1.handshake(line).await.map_err(unsent)?;
            tokio::spawn(connection);
            Sender::Http1(sender)
        };
        let connection = Connection { origin, sender, is_proxied, addresses };
        if let Some(clone) = connection.to_share() {
            self.put(clone);
        }
        Ok(connection)
    }

    /// Adds a free connection.
    fn put(self: &Arc<Self>, connection: Connection) {
        let mut servers = self.servers();
        if !servers.all.iter().any(|server| *server.origin == *connection.origin) {
            let origin = Arc::clone(&connection.origin);
            servers.all.push(Server { origin, idle: Vec::new(), http2: None });
        }
        let server = servers.all.iter_mut().find(|server| *server.origin == *connection.origin);
        let Some(server) = server else { return };
        let idle = Idle { connection, since: instant() };
        match &idle.connection.sender {
            Sender::Http2(_) => {
                server.http2 = Some(idle);
                self.freed.notify_waiters();
            }
            Sender::Http1(_) => {
                if server.idle.len() >= CONNECTIONS {
                    server.idle.retain(|idle| !idle.connection.is_closed());
                }
                if server.idle.len() < CONNECTIONS {
                    server.idle.push(idle);
                    self.freed.notify_one();
                }
            }
        }
        let starts_watch = !std::mem::replace(&mut servers.is_watched, true);
        drop(servers);
        if starts_watch && let Some(runtime) = self.runtime.get() {
            runtime.spawn(watch(Arc::downgrade(self)));
        }
    }

    /// No longer gives out an HTTP/2 connection that took no request.
    fn forget(&self, connection: &Connection) {
        let mut servers = self.servers();
        let server = servers.all.iter_mut().find(|server| *server.origin == *connection.origin);
        if let (Sender::Http2(_), Some(server)) = (&connection.sender, server) {
            server.http2 = None;
        }
    }

    /// Closes the connections that were idle for too long. Returns when the next one will have been.
    fn close_idle(&self) -> Option<Instant> {
        let mut servers = self.servers();
        let now = instant();
        for server in &mut servers.all {
            server.idle.retain(|idle| !idle.is_over(now) && !idle.connection.is_closed());
            server.http2.take_if(|idle| idle.is_over(now) || idle.connection.is_closed());
        }
        servers.all.retain(|server| !server.idle.is_empty() || server.http2.is_some());
        let kept = servers.all.iter().flat_map(|server| server.idle.iter().chain(&server.http2));
        let next = kept.map(|idle| idle.since + IDLE_TIMEOUT).min();
        servers.is_watched = next.is_some();
        next
    }

    fn servers(&self) -> MutexGuard<'_, Servers> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections that are idle for too long, until none is left.
async fn watch(pool: Weak<Shared>) {
    let mut next = Some(instant() + IDLE_TIMEOUT);
    while let Some(end) = next {
        tokio::time::sleep_until(end).await;
        next = pool.upgrade().and_then(|shared| shared.close_idle());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((shared, mut connection)) = self.0.take() else { return };
        let Sender::Http1(sender) = &mut connection.sender else { return };
        if sender.is_ready() {
            shared.put(connection);
        } else if !sender.is_closed()
            && let Some(runtime) = shared.runtime.get().cloned()
        {
            // Its task has not yet seen that the answer was read, or closes it because the answer was not.
            runtime.spawn(async move {
                if let Sender::Http1(sender) = &mut connection.sender
                    && sender.ready().await.is_ok()
                {
                    shared.put(connection);
                }
            });
        }
    }
}

impl Idle {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= IDLE_TIMEOUT
    }
}

impl Origin {
    fn of(url: &Url) -> Result<Self> {
        let lost = || Error::Internal { problem: "a URL without a host got past its check" };
        let host = url.host_str().ok_or_else(lost)?.to_owned();
        let text = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let header = HeaderValue::from_str(&text).map_err(|_| lost())?;
        let port = url.port_or_known_default().ok_or_else(lost)?;
        Ok(Self { is_secure: url.scheme() == "https", host, port, header })
    }

    fn is_of(&self, url: &Url) -> bool {
        (url.scheme() == "https") == self.is_secure
            && url.host_str() == Some(&self.host)
            && url.port_or_known_default() == Some(self.port)
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        (self.is_secure, self.port) == (other.is_secure, other.port) && self.host == other.host
    }
}

impl Connection {
    fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_ready(),
            Sender::Http2(sender) => sender.is_ready(),
        }
    }

    fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// The same connection for another request, if it is open and uses HTTP/2.
    fn to_share(&self) -> Option<Self> {
        let Sender::Http2(http2) = &self.sender else { return None };
        let Self { origin, sender: _, is_proxied, addresses } = self;
        let (origin, sender) = (Arc::clone(origin), Sender::Http2(http2.clone()));
        (!http2.is_closed()).then_some(Self {
            origin,
            sender,
            is_proxied: *is_proxied,
            addresses: *addresses,
        })
    }

    /// Writes `uri` into the request as the protocol wants it (RFC 9112 section 3.2, RFC 9113 section 8.3.1).
    fn address(&self, request: &mut Request<OutgoingBody>, uri: &Uri) {
        let is_http1 = matches!(self.sender, Sender::Http1(_));
        if is_http1 {
            request.headers_mut().entry(HOST).or_insert_with(|| self.origin.header.clone());
        }
        *request.uri_mut() = match uri.path_and_query() {
            Some(path) if is_http1 && !self.is_proxied => path.clone().into(),
            _ => uri.clone(),
        };
    }

    async fn send(
        &mut self,
        request: Request<OutgoingBody>,
    ) -> std::result::Result<Response<Incoming>, TrySendError<Request<OutgoingBody>>> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.try_send_request(request).await,
            Sender::Http2(sender) => sender.try_send_request(request).await,
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

#[cfg(test)]
mod tests;
