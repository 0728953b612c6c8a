//! Sends one request on a pooled connection and reads its answer. Never follows a redirect, never retries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::sync::Semaphore;

use crate::error::{Cause, Error, NetworkKind, Phase, Result};
use crate::http::Target;
use crate::http::headers::header_lines;
use crate::secret::Secret;

const SMART_TOKEN: HeaderName = HeaderName::from_static("x-smarttoken");
const USER_AGENT: &str = concat!("smartrecruiters/", env!("CARGO_PKG_VERSION"));
/// More connections make a server slower, not a client faster: 64 served 512 calls in flight better than 512 did.
const CONNECTIONS: usize = 64;
/// Shorter than the usual 60 s of servers and load balancers, so that we close an idle connection before they do.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How connections are made; everything that opens one starts here.
#[derive(Debug, Clone)]
pub struct Connector {
    connect_timeout: Duration,
}

impl Connector {
    /// Connections that must stand within `connect_timeout`.
    pub fn new(connect_timeout: Duration) -> Self {
        Self { connect_timeout }
    }

    /// A client for API calls, which reuse connections.
    fn pooled(&self) -> Result<reqwest::Client> {
        build(self.builder()?.pool_idle_timeout(IDLE_TIMEOUT).pool_max_idle_per_host(CONNECTIONS))
    }

    /// A client for token exchanges: each on a connection of its own, since a reused one may be closed by the
    /// server in the very moment that a one-time refresh token is written to it.
    pub fn unpooled(&self) -> Result<reqwest::Client> {
        build(self.builder()?.pool_max_idle_per_host(0).http1_only())
    }

    fn builder(&self) -> Result<reqwest::ClientBuilder> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| Error::Internal { problem: "TLS could not be set up" })?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .tcp_nodelay(true)
            .user_agent(USER_AGENT))
    }
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder.build().map_err(|_| Error::Internal { problem: "the HTTP client could not be set up" })
}

/// What proves to the API who asks. Made for one request; its header is marked sensitive.
#[derive(Debug, Clone)]
pub struct Authorization {
    name: HeaderName,
    value: HeaderValue,
}

impl Authorization {
    /// An API key, in the vendor's own header.
    pub fn smart_token(key: &Secret) -> Result<Self> {
        Self::new(SMART_TOKEN, key.expose())
    }

    /// An access token (RFC 6750 section 2.1).
    pub fn bearer(token: &Secret) -> Result<Self> {
        let value = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
        Self::new(AUTHORIZATION, &value)
    }

    fn new(name: HeaderName, text: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(text).map_err(|_| Error::Internal {
            problem: "a credential that no header can carry got past its check",
        })?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

/// One request, ready to be sent more than once.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// The caller's headers.
    pub headers: HeaderMap,
    /// The body, if any.
    pub body: Option<Bytes>,
    /// The deadline of the whole call, retries and waiting included.
    pub timeout: Duration,
}

/// One answer, read to its end.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// The body as text, if its content type says that it is text and it is UTF-8.
    pub fn text(&self) -> Option<&str> {
        let content_type = self.headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_text = media_type.starts_with("text/")
            || matches!(
                media_type.as_str(),
                "application/json" | "application/xml" | "application/x-www-form-urlencoded"
            )
            || media_type.ends_with("+json")
            || media_type.ends_with("+xml");
        if is_text { std::str::from_utf8(&self.body).ok() } else { None }
    }

    /// The headers as text, one `name: value` a line.
    pub fn header_lines(&self) -> String {
        header_lines(&self.headers)
    }
}

/// What a call is doing now, so that a timeout can tell.
#[derive(Debug, Default)]
pub struct Progress(AtomicU8);

impl Progress {
    /// Notes that a phase has begun.
    pub fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    /// The phase that began last.
    pub fn phase(&self) -> Phase {
        let phase = self.0.load(Ordering::Relaxed);
        [Phase::Token, Phase::Response, Phase::Body]
            .into_iter()
            .find(|candidate| *candidate as u8 == phase)
            .unwrap_or(Phase::Queue)
    }
}

/// The connections that all clients of one configuration share.
#[derive(Debug)]
pub struct Transport {
    client: reqwest::Client,
    slots: Semaphore,
}

impl Transport {
    /// Connections made by `connector`, none open yet.
    pub fn new(connector: &Connector) -> Result<Self> {
        Ok(Self { client: connector.pooled()?, slots: Semaphore::new(CONNECTIONS) })
    }

    /// Waits for a free connection; it is given back when the permit is dropped.
    pub async fn admit(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        self.slots.acquire().await.map_err(|_| Error::Closed)
    }

    /// Sends `request` once and reads the answer.
    pub async fn send(
        &self,
        request: &Request,
        authorization: &Authorization,
        progress: &Progress,
    ) -> Result<Response> {
        progress.enter(Phase::Response);
        let mut outgoing = reqwest::Request::new(request.method.clone(), request.target.url().clone());
        outgoing.headers_mut().clone_from(&request.headers);
        outgoing.headers_mut().insert(authorization.name.clone(), authorization.value.clone());
        *outgoing.body_mut() = request.body.clone().map(reqwest::Body::from);
        let mut response = self.client.execute(outgoing).await.map_err(network_error)?;
        progress.enter(Phase::Body);
        Ok(Response {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: response.bytes().await.map_err(network_error)?,
        })
    }
}

/// What a failure of the transport means to the caller.
pub fn network_error(error: reqwest::Error) -> Error {
    let kind = if error.is_dns() {
        NetworkKind::Dns
    } else if has_cause::<rustls::Error>(&error) {
        NetworkKind::Tls
    } else if error.is_connect() {
        NetworkKind::Connect
    } else if cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_parse) {
        NetworkKind::Protocol
    } else {
        NetworkKind::Reset
    };
    let sent = !error.is_connect();
    // The URL's query may hold personal data; the caller knows the path.
    let source: Cause = Arc::new(error.without_url());
    Error::Network { kind, sent, source: Some(source) }
}

fn has_cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> bool {
    cause::<E>(error).is_some()
}

fn cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut current: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An io::Error's own `source` skips the error that it wraps.
        current = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}
