//! [`Dialer`]: makes a connection to a server, including the lookup of names, TCP, a proxy and TLS.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::failure::cause;
use super::fair::Fair;
use super::headers::USER_AGENT;
use super::proxy::{Proxies, Proxy, ProxyKind};
use super::{socks, tunnel};
use crate::error::{Error, NetworkKind, Reason, Result};
use crate::tls;

/// The time and interval of TCP keep-alive probes, which detect a lost peer.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const KEEP_ALIVE_RETRIES: u32 = 3;
/// How long sent bytes may stay unacknowledged before the connection counts as lost.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Makes connections.
#[derive(Clone)]
pub(super) struct Dialer {
    tcp: HttpConnector<Resolver>,
    tls: Arc<rustls::ClientConfig>,
    /// The TLS settings for HTTPS proxies, with HTTP/1.1.
    proxy_tls: Arc<rustls::ClientConfig>,
    proxies: Arc<Proxies>,
    timeout: Duration,
}

/// A connection to a server.
pub(super) struct Line {
    stream: Fair<Box<dyn Stream>>,
    /// Whether the server and the client agreed on HTTP/2.
    pub(super) is_http2: bool,
    /// Whether the connection ends at a proxy that forwards requests.
    pub(super) is_proxied: bool,
    pub(super) addresses: Option<Addresses>,
}

/// The addresses of the connection that an answer arrived on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    pub(super) local: SocketAddr,
    /// The server's, or a proxy's.
    pub(super) peer: SocketAddr,
}

impl Addresses {
    fn of(tcp: &TcpStream) -> Option<Self> {
        Some(Self { local: tcp.local_addr().ok()?, peer: tcp.peer_addr().ok()? })
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Dialer {
    /// A dialer whose `tls` says which authorities to trust and which protocols to offer.
    pub(super) fn new(tls: rustls::ClientConfig, proxies: Arc<Proxies>, timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_keepalive(Some(KEEP_ALIVE));
        tcp.set_keepalive_interval(Some(KEEP_ALIVE));
        tcp.set_keepalive_retries(Some(KEEP_ALIVE_RETRIES));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        let mut proxy_tls = tls.clone();
        proxy_tls.alpn_protocols.clear();
        Self { tcp, tls: Arc::new(tls), proxy_tls: Arc::new(proxy_tls), proxies, timeout }
    }

    /// Connects to the server of `uri`. If that fails, nothing of a request was sent.
    pub(super) async fn dial(self, uri: http::Uri) -> Result<Line> {
        let (timeout, proxies) = (self.timeout, Arc::clone(&self.proxies));
        let connected = tokio::time::timeout(timeout, self.connect(&uri)).await;
        let destination =
            || proxies.destination(uri.scheme_str(), uri.host().unwrap_or_default(), port(&uri));
        connected
            .unwrap_or(Err(Error::ConnectTimeout { to: None }))
            .map_err(|error| error.on_the_way(false, destination))
    }

    async fn connect(mut self, uri: &http::Uri) -> Result<Line> {
        let host =
            uri.host().ok_or(Error::Internal { problem: "a URL without a host got past its check" })?;
        let is_secure = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let port = port(uri);
        let proxies = Arc::clone(&self.proxies);
        let proxy = proxies.of(uri.scheme_str(), host, port)?;
        let (stream, addresses, is_proxied) = match proxy {
            None => {
                let tcp = self.tcp(uri.clone(), host).await?;
                let addresses = Addresses::of(&tcp);
                (Box::new(tcp) as Box<dyn Stream>, addresses, false)
            }
            Some(proxy) => {
                let tcp = self.tcp(address(&proxy.host, proxy.port)?, "of the proxy").await?;
                let addresses = Addresses::of(&tcp);
                let forwards = proxy.speaks_http() && !is_secure;
                let stream = self.through(proxy, tcp, host, port, forwards).await?;
                (stream, addresses, forwards)
            }
        };
        if !is_secure {
            return Ok(Line { stream: Fair::new(stream), is_http2: false, is_proxied, addresses });
        }
        let secure = secure(&self.tls, host, stream).await.map_err(|error| tls_failed(&error))?;
        let is_http2 = secure.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Line { stream: Fair::new(Box::new(secure)), is_http2, is_proxied: false, addresses })
    }

    /// Makes a TCP connection. `whose` describes the host in the error for a name that is not found.
    async fn tcp(&mut self, to: http::Uri, whose: &str) -> Result<TcpStream> {
        let connected = self.tcp.call(to).await;
        connected.map(TokioIo::into_inner).map_err(|error| {
            if let Some(Unresolved(error)) = cause(&error) {
                return Error::network(NetworkKind::Dns, false, Reason::of_lookup(whose, error));
            }
            match cause::<io::Error>(&error) {
                Some(error) if error.kind() == io::ErrorKind::TimedOut => Error::ConnectTimeout { to: None },
                Some(error) => refused(error),
                None => Error::network(NetworkKind::Connect, false, Reason::new(error.to_string(), None)),
            }
        })
    }

    /// Connects through a proxy to a server, unless the proxy forwards requests itself.
    async fn through(
        &self,
        proxy: &Proxy,
        tcp: TcpStream,
        host: &str,
        port: u16,
        forwards: bool,
    ) -> Result<Box<dyn Stream>> {
        let mut stream: Box<dyn Stream> = Box::new(tcp);
        if proxy.kind == ProxyKind::Https {
            let secure = secure(&self.proxy_tls, &proxy.host, stream).await;
            stream = Box::new(secure.map_err(|error| match tls::Failure::of(&error) {
                Some(failure) => {
                    let reason = Reason::new(format!("at the proxy, {failure}"), failure.node_code);
                    Error::network(NetworkKind::Tls, false, reason)
                }
                None => refused(&error),
            })?);
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match proxy.kind {
            ProxyKind::Http | ProxyKind::Https if forwards => {}
            ProxyKind::Http | ProxyKind::Https => {
                let authorization = proxy.login.as_ref().map(tunnel::authorization).transpose()?;
                let authority = format!("{host}:{port}");
                let opened = tunnel::open(&mut stream, &authority, authorization.as_ref(), USER_AGENT);
                let early = opened.await.map_err(|error| refused(&error))?;
                if !early.is_empty() {
                    stream = Box::new(Resumed { early: io::Cursor::new(early), stream });
                }
            }
            ProxyKind::Socks5 => {
                let mut found = tokio::net::lookup_host((bare, port)).await.map_err(|error| {
                    Error::network(NetworkKind::Dns, false, Reason::of_lookup(bare, &error))
                })?;
                let found = found.next().map_or_else(|| bare.to_owned(), |found| found.ip().to_string());
                let connected = socks::connect(&mut stream, &found, port, proxy.login.as_ref());
                connected.await.map_err(|error| refused(&error))?;
            }
            ProxyKind::Socks5h => {
                let connected = socks::connect(&mut stream, bare, port, proxy.login.as_ref());
                connected.await.map_err(|error| refused(&error))?;
            }
        }
        Ok(stream)
    }
}

fn port(uri: &http::Uri) -> u16 {
    uri.port_u16().unwrap_or(if uri.scheme() == Some(&http::uri::Scheme::HTTPS) { 443 } else { 80 })
}

/// The address of a proxy, as the connector takes it.
fn address(host: &str, port: u16) -> Result<http::Uri> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    format!("http://{host}:{port}")
        .parse()
        .map_err(|_| Error::configuration("proxy", "must name a host that a URL can hold"))
}

fn refused(error: &io::Error) -> Error {
    Error::network(NetworkKind::Connect, false, Reason::of_io(error))
}

fn tls_failed(error: &io::Error) -> Error {
    match tls::Failure::of(error) {
        Some(failure) => {
            Error::network(NetworkKind::Tls, false, Reason::new(failure.to_string(), failure.node_code))
        }
        None => refused(error),
    }
}

/// Starts TLS on `stream`. The server's certificate must be valid for `host`.
async fn secure(
    config: &Arc<rustls::ClientConfig>,
    host: &str,
    stream: Box<dyn Stream>,
) -> io::Result<tokio_rustls::client::TlsStream<Box<dyn Stream>>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(Arc::clone(config)).connect(name, stream).await
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A stream with bytes that were already read from it.
struct Resumed {
    early: io::Cursor<Vec<u8>>,
    stream: Box<dyn Stream>,
}

impl AsyncRead for Resumed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let early = Pin::new(&mut self.early).poll_read(context, buffer);
        if early.is_ready() && buffer.filled().len() > before {
            return early;
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Resumed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// How many names are looked up at a time. The operating system's resolver blocks a thread for as long as it takes, so the
/// runtime needs more threads than these: SQLite works on the others.
pub const LOOKUPS: usize = 768;

static PLACES: Semaphore = Semaphore::const_new(LOOKUPS);

/// Looks names up by the operating system's resolver.
#[derive(Clone)]
struct Resolver {
    machine: GaiResolver,
    /// The addresses of every name, in place of the resolver's.
    #[cfg(test)]
    known: Option<Vec<SocketAddr>>,
}

impl Resolver {
    fn new() -> Self {
        Self {
            machine: GaiResolver::new(),
            #[cfg(test)]
            known: None,
        }
    }
}

/// A name that cannot be looked up.
#[derive(Debug, thiserror::Error)]
#[error("the host name could not be looked up")]
struct Unresolved(#[source] io::Error);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Unresolved;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Unresolved>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        self.machine.poll_ready(context).map_err(Unresolved)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        #[cfg(test)]
        if let Some(known) = self.known.clone() {
            return Box::pin(async move { Ok(known.into_iter()) });
        }
        let mut machine = self.machine.clone();
        Box::pin(async move {
            let _place = PLACES.acquire().await.map_err(|closed| Unresolved(io::Error::other(closed)))?;
            Ok(machine.call(name).await.map_err(Unresolved)?.collect::<Vec<_>>().into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;
    use crate::http::{ConnectOptions, Connector, ProxyChoice};

    /// RFC 8305: an address that does not answer must not hold up one of the other family.
    #[tokio::test]
    async fn an_address_that_swallows_connections_does_not_hold_up_the_other_family() {
        // A listener whose queue is full takes no connection and refuses none.
        let silent = TcpSocket::new_v6().unwrap();
        silent.bind("[::1]:0".parse().unwrap()).unwrap();
        let silent = silent.listen(0).unwrap();
        let _queued = TcpStream::connect(silent.local_addr().unwrap()).await.unwrap();
        let answering = TcpListener::bind("127.0.0.1:0").await.unwrap();

        let patient = ConnectOptions {
            connect_timeout: Duration::from_secs(3600),
            proxy: ProxyChoice::Direct,
            ..ConnectOptions::default()
        };
        let mut dialer = Connector::new(patient).unwrap().dialer(&[]);
        let mut resolver = Resolver::new();
        resolver.known = Some(vec![silent.local_addr().unwrap(), answering.local_addr().unwrap()]);
        dialer.tcp = HttpConnector::new_with_resolver(resolver);
        let call = tokio::spawn(dialer.dial("http://api.test".parse().unwrap()));
        let (mut connection, _) = answering.accept().await.unwrap();
        connection.write_all(b"hi").await.unwrap();
        let mut line = call.await.unwrap().unwrap();
        assert_eq!(line.read_u16().await.unwrap(), u16::from_be_bytes(*b"hi"));
        assert_eq!(line.addresses.map(|addresses| addresses.local), connection.peer_addr().ok());
    }
}
